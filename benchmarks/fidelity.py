"""What a save and load loses, remedy by remedy, and what Keras did and said meanwhile."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from benchmarks.variants import folder, own_classes, variants
from remedies import WORKLOADS, RoundTrip, build, keras_file_twice, round_trip

BATCH = 8
STEPS = 3  # of training before the model is saved
_VARIABLES = ("weights_lost", "weights_changed",
              "optimizer_variables_lost", "optimizer_variables_changed")  # fmt: skip


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield an entry for each defect of each variant, and for what Keras did while loading."""
    if not session.sources:
        yield Entry("functional_as_written_raises", functional_as_written_raises())
    for jit, variant in product(setting.round_trips[session.workload], variants(session)):
        data = WORKLOADS[session.workload].data(BATCH, variant.mask_dtype)
        place = folder(session, variant)
        model = build(session.workload, variant.remedy, jit=jit == "xla", folder=place)
        for _ in range(STEPS):
            model.train_on_batch(*data)
        with own_classes(session, variant):
            first = round_trip(model, *data)
            second = round_trip(model, *data, route=keras_file_twice, train=False)
        for metric, value in numbers(first, second).items():
            yield Entry(metric, value, {"jit": jit, **variant.axes})


def numbers(trip: RoundTrip, second: RoundTrip) -> dict[str, float]:
    """Return every number of a round trip and of a double one by metric."""
    build_warnings = sum("cannot be built automatically" in text for text in trip.warnings)
    optimizer_warnings = sum("optimizer" in text for text in trip.warnings)
    return asdict(trip.defects) | {
        "weights_saved": trip.saved["weight"],
        "optimizer_variables_saved": trip.saved["optimizer"],
        "load_raised": int(bool(trip.failure)),
        "next_step_raised": int(bool(trip.behaviour.problem)),
        "build_warnings": build_warnings,
        "optimizer_warnings": optimizer_warnings,
        "other_warnings": len(trip.warnings) - build_warnings - optimizer_warnings,
        "mask_rebuilt_as_float": int(trip.rebuilt_as_float),
        "rebuild_raised": int(bool(trip.swallowed)),
        "second_generation_lost": sum(getattr(second.defects, name) for name in _VARIABLES),
        "second_generation_warnings": len(second.warnings),
    }


def functional_as_written_raises() -> int:
    """Return 1 where `tf.where` straight on functional inputs raises, as the article writes it."""
    import keras
    import tensorflow as tf

    mask = keras.Input((2,), dtype="bool")
    try:
        tf.where(mask, keras.Input((2,)), 0)
    except (TypeError, ValueError):
        return 1
    return 0
