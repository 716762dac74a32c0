"""What an interrupted run had finished, so that the same command measures only the rest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from remedies.scenarios.cell import Cell


def digest(facts: dict[str, str]) -> str:
    """Return a key that changes with the software in `facts` and with what measures a cell."""
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    here = Path(__file__).parent
    shared = [here.parent / f"{name}.py" for name in ("roundtrip", "state", "rebuild")]
    for path in sorted([*shared, *here.glob("*.py")]):
        found.update(path.read_bytes() if "table" not in path.name else b"")
    return found.hexdigest()[:16]


@dataclass(frozen=True)
class Journal:
    """A file of JSON lines, one per finished cell.

    Attributes
    ----------
    path : Path
        The file; it and its folder need not exist.
    key : str
        Cells written under another key are passed over.
    """

    path: Path
    key: str

    def cells(self) -> dict[tuple[str, str], Cell]:
        """Return the finished cells by remedy and scenario; a line cut short is no cell."""
        found: dict[tuple[str, str], Cell] = {}
        for text in self.path.read_text("utf-8").splitlines() if self.path.exists() else ():
            try:
                data = json.loads(text)
            except ValueError:
                continue
            if data.pop("key", "") == self.key:
                cell = Cell.from_json(data)
                found[cell.remedy, cell.scenario] = cell
        return found

    def add(self, cell: Cell) -> None:
        """Append a finished cell."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            # A leading newline parts it from a line that an interruption cut short.
            file.write("\n" + json.dumps({"key": self.key} | cell.to_json()))

    def close(self) -> None:
        """Remove the file: everything that was asked for is finished."""
        self.path.unlink(missing_ok=True)
