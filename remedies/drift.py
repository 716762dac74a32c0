"""What a loaded model does otherwise although its weights came back: flags, policies, settings."""

from __future__ import annotations

from collections.abc import Iterator

from remedies.findings import Advice, Cause, Trip


def drifted(owner: str, trips: tuple[Trip, ...]) -> Iterator[Advice]:
    """Yield a cause for each kind of setting that the loaded layers lack."""
    for trip in trips[:1]:
        if trip.loaded.unfrozen:
            names = ", ".join(trip.loaded.unfrozen)
            yield Advice(
                Cause.FROZEN,
                f"trainable=False is kept for no layer inside a subclassed model: {names} would "
                "train again, and the optimizer's variables no longer fit.",
                f"after loading, trainable differs for {names}.",
                (
                    f"set trainable=False on {names} in {owner}.__init__",
                    "functional_bool_input: keras.Model(inputs, outputs) keeps the flag",
                ),
                ("tf_cast, ops_where, build_from_config_pair: none of them keeps the flag",),
            )
    for trip in trips:
        if trip.loaded.policies:
            yield Advice(
                Cause.PRECISION,
                "Layers made in __init__ take the dtype policy of the process that loads them, "
                "not the one they were saved with.",
                f"loaded under float32: {'; '.join(trip.loaded.policies[:4])}.",
                (
                    "set the policy before loading: "
                    "keras.config.set_dtype_policy(...), as in training",
                    "or give it to each layer in __init__: Dense(..., dtype=...)",
                ),
                ("tf_cast, ops_where, build_from_config_pair: none records the policies",),
            )
            return


def remaining(trips: tuple[Trip, ...]) -> Advice:
    """Return what is left to say where weights came back and something else did not."""
    defects = next(trip.result.defects for trip in trips if trip.result.defects)
    if defects.optimizer_variables_lost or defects.optimizer_variables_changed:
        return Advice(
            Cause.UNKNOWN,
            "The weights came back and the optimizer's variables did not.",
            "; ".join(trips[0].result.warnings[:2]),
            ("compare the optimizer before and after: its class, and which weights it trains",),
        )
    if defects.outputs_changed or defects.next_step_changed:
        return Advice(
            Cause.CONFIG,
            "All variables came back and the model computes something else: an argument is "
            "missing from a get_config(), or state lives outside Keras' variables.",
            do=("let get_config() return every argument of __init__",),
        )
    if defects.compile_changed:
        names = ", ".join(trips[0].result.settings_changed)
        return Advice(
            Cause.COMPILE,
            f"Compile settings differ after loading: {names}.",
            do=("call compile() again after loading, before training",),
        )
    return Advice(Cause.UNKNOWN, "Something was lost, and no known cause fits it.")
