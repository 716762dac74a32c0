"""What XLA makes of each step for a GPU that is not here: compiled, not run, and never timed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from benchmarks.variants import make, reference, tensors, variants
from remedies.devices import TARGETS
from remedies.steps.card_compiler import compiled, lower
from remedies.steps.same_step import STEPS


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield how each variant's step differs from the reference's, compiled for the session's card.

    There is no Python to compare, for nothing is run. Raises `NotHereError` where the compiler
    refuses the card.
    """
    data, files = tensors(session), {}
    with tempfile.TemporaryDirectory() as name:
        for variant in variants(session):
            model = make(session, variant, "xla")
            for step in STEPS:
                fed = data[variant.mask_dtype]
                files[step, variant] = lower(model, step, *fed, Path(name))
        programs = compiled(TARGETS[session.device], Path(name))
    for (step, variant), file in files.items():
        axes = {"jit": "xla", "step": step, **variant.axes}
        program, base = programs[file], programs[files[step, reference(variant)]]
        differs = int(program["meaning"] != base["meaning"])
        yield Entry("program_differs", differs, axes, program["meaning"])
        texts = {"instructions": program["text"], "kernels": program["ptx"]}
        for metric, value in program["counts"].items():
            yield Entry(metric, value, axes, texts.get(metric, ""))
