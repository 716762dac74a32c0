"""What trips through a file lost, in a user's words."""

from __future__ import annotations

from pathlib import Path

from remedies.difference import Difference
from remedies.rebuild import Swallowed
from remedies.trip import Trip

NOTHING = "nothing lost"
_NOUNS = {
    "weight": "weights",
    "optimizer": "optimizer variables",
    "plain": "variables that Keras does not track",
}


def losses(trip: Trip) -> str:
    """Return in one line what `trip` lost."""
    if trip.failure:
        return str(trip.failure)
    parts = [
        f"{len(differences)} of {trip.saved[kind]} {noun} {word}"
        for kind, noun in _NOUNS.items()
        for word in ("lost", "changed")
        if (differences := trip.of(kind, lost=word == "lost"))
    ]
    if values := trip.of("attribute", "setting"):
        parts.append(f"{names(values)} differ" + "s" * (len(values) == 1))
    if frozen := top_layers(trip.of("trainable")):
        parts.append(f"trainable flag lost: {', '.join(frozen)}")
    if policies := trip.of("policy"):
        parts.append(f"{len(policies)} layers change precision")
    if trip.outputs_changed:
        parts.append(f"{max(trip.outputs_changed, 0.01):.0%} of the outputs differ")
    if trip.step:
        parts.append(trip.step)
    if trip.settings:
        parts.append(f"compile settings differ: {', '.join(trip.settings)}")
    return ", ".join(parts) or NOTHING


def names(differences: list[Difference], most: int = 6) -> str:
    """Return the paths of some differences as the user writes them, the first few by name."""
    return selves([difference.path for difference in differences], most)


def selves(paths: list[str], most: int = 6) -> str:
    """Return paths as the user writes them, ``self.head, self.tail``, the first few by name."""
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(f"self.{path}" for path in paths[:most]) + more


def top_layers(differences: list[Difference]) -> list[str]:
    """Return the layers of some differences that lie in no other of them."""
    paths = [difference.path for difference in differences]
    inner = {path for path in paths if any(path.startswith(f"{outer}.") for outer in paths)}
    return [f"self.{path}" if path else "the model" for path in paths if path not in inner]


def place(swallowed: Swallowed) -> str:
    """Return ``file.py:12`` for an exception's place."""
    return f"{Path(swallowed.file).name}:{swallowed.line}"
