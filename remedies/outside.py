"""Why values differ though their layers were built: they are in no file, or were altered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from remedies.archive import digest_of
from remedies.difference import Difference
from remedies.findings import Cause
from remedies.inventory import is_variable
from remedies.libraries import definer, of_framework, of_user
from remedies.losses import names, selves
from remedies.trip import Subject, Trip


def causes(subject: Subject, trip: Trip) -> Iterator[Cause]:
    """Yield why variables differ on `trip`, without being lost."""
    changed, plain = trip.of("weight", lost=False), trip.of("plain")
    own = [difference for difference in changed if _saves_itself(type(difference.owner))]
    recurrent = [difference for difference in [*plain, *changed] if is_recurrent(difference)]
    if own:
        yield _own_variables(own)
    if recurrent:
        yield _recurrent(recurrent)
    plain = [difference for difference in plain if not is_recurrent(difference)]
    if plain:
        yield _plain(plain)
    rest = [d for d in changed if not _saves_itself(type(d.owner)) and not is_recurrent(d)]
    if rest and not trip.of("policy"):
        yield _changed(subject, trip, rest)


def in_file(trip: Trip, difference: Difference) -> bool:
    """Whether the file of `trip` holds the values of a variable, wherever it does."""
    digest = digest_of(difference.before)
    entries = trip.archive.entries.values() if trip.archive else ()
    return any(entry.digest == digest for entry in entries)


def not_in_file(absent: list[Difference]) -> Cause:
    """Say that the file does not hold some weights at all, and what to rename, if anything."""
    holders = holders_of(absent)
    do = "keep each layer in a public attribute of its own, or in a list or dict of layers"
    hidden = [part for part in holders[0].split(".") if part.startswith("_")]
    if hidden:
        name = hidden[0].partition("[")[0]
        do = (
            f"rename the attribute {name}, to {name.strip('_')}_list or the like: Keras uses that "
            "name itself, and skips it when it saves"
        )
    return Cause(
        "not_in_file",
        f"The file does not hold {len(absent)} weights at all, those of {selves(holders)}: Keras "
        "does not reach them when it saves, so nothing brings them back.",
        "the file's arrays were compared with the model's variables.",
        (do,),
    )


def holders_of(differences: list[Difference]) -> list[str]:
    """Return the layers that differences are in, each once."""
    paths = [d.path.rpartition(".")[0] or d.path for d in differences]
    return list(dict.fromkeys(paths))


def is_recurrent(difference: Difference) -> bool:
    """Whether a stateful layer's state differs."""
    return bool(getattr(difference.owner, "stateful", False)) and "state" in difference.path


def _saves_itself(cls: type) -> bool:
    methods = ("save_own_variables", "load_own_variables")
    return any(hasattr(cls, name) and not of_framework(definer(cls, name)) for name in methods)


def _own_variables(differences: list[Difference]) -> Cause:
    classes = ", ".join(dict.fromkeys(type(d.owner).__name__ for d in differences))
    do = f"let save_own_variables and load_own_variables of {classes} keep every value as it is"
    if not all(of_user(type(d.owner)) for d in differences):
        do = (
            f"{classes} is a library's: after loading, set the values from a copy that you keep "
            "yourself, model.get_weights() before and model.set_weights() after"
        )
    return Cause(
        "own_save_and_load",
        f"{classes} has a save_own_variables or load_own_variables of its own, which gives back "
        f"other values (it resizes or converts them): {names(differences)}.",
        "the values differ from those that were saved, with no warning.",
        (do,),
    )


def _recurrent(differences: list[Difference]) -> Cause:
    return Cause(
        "recurrent_state",
        f"The recurrent state of a stateful layer ({names(differences)}) is in no file: the loaded "
        "model starts from zeros.",
        do=(
            "save the states beside the model (layer.states) and assign them after loading, or "
            "call reset_state() before saving if a fresh start is right",
        ),
    )


def _plain(differences: list[Difference]) -> Cause:
    import keras

    first = differences[0]
    owner, name = first.owner, first.path.rpartition(".")[2].partition("[")[0]
    cls = type(owner).__name__
    variable = getattr(owner, name, None)
    trains = is_variable(variable) and getattr(variable, "trainable", False)
    layer = "" if isinstance(owner, keras.Layer) else f"make {cls} a keras.layers.Layer, and "
    return Cause(
        "state_outside_the_file",
        f"{names(differences)}: variables that Keras does not track (a tf.Variable, or one in an "
        "object that is no layer) are in no file, and the loaded model makes new ones.",
        "the values differ after loading, and the file does not hold them.",
        (
            f"{layer}make it with self.{name} = self.add_weight(shape={np.shape(first.before)}, "
            f'name="{name.strip("_")}"{"" if trains else ", trainable=False"}) in '
            f"{cls}.__init__ or build()",
        ),
    )


def _changed(subject: Subject, trip: Trip, changed: list[Difference]) -> Cause:
    before, after = (
        sorted(digest_of(value) for value in values)
        for values in zip(*((d.before, d.after) for d in changed), strict=True)
    )
    absent = [difference for difference in changed if not in_file(trip, difference)]
    if before == after:
        owner = type(subject.model).__name__
        return Cause(
            "order",
            f"The values of {names(changed)} have changed places: on load the variables are made "
            "in another order than in training.",
            "the same values came back, each in another variable.",
            (f"make all layers in {owner}.__init__, and build them in the order of build()",),
        )
    if absent:
        return not_in_file(absent)
    return Cause(
        "unknown",
        f"The file holds the values of {names(changed)}, and loading does not put them back.",
        "; ".join(trip.warnings[:2]),
        ("load the weights once more after loading: model.load_weights(path)",),
    )
