"""Join the results of several runners in one folder: ``scripts/merge DIR... --out DIR``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.combine import ConflictError, combined, described
from reports.files import LeftOutError, clean, load_json
from reports.results import FORMAT

_HOST = ("machine", "arch", "cpu", "num_cpu")
EXAMPLES = """\
examples:
  scripts/merge .asv/shards/* --out .asv/results
  scripts/merge downloaded/* --out merged && python -m reports build --results merged

What the folder after --out holds already takes part. Results of one machine, commit and
environment become one file, combination by combination; other machines stand side by side. Two
different results for the same combination are a conflict: then nothing is written.
"""
Files = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line of reason and nothing written."""
    given = _parser().parse_args(arguments)
    own = [given.out] if given.out.is_dir() and any(given.out.rglob("*.json")) else []
    try:
        files = merged([*own, *given.folders])
        write(files, given.out)
    except (ConflictError, LeftOutError, OSError) as error:
        print(f"scripts/merge: {error}", file=sys.stderr)
        return 2
    machines = sum(name.endswith("/machine.json") for name in files)
    print(f"{len(files) - machines - 1} result files, {machines} machines: {given.out}")
    return 0


def merged(folders: Sequence[Path]) -> Files:
    """Return what the files of a results folder with everything in `folders` hold, by their names.

    Raises
    ------
    ConflictError
        Where two of them disagree.
    LeftOutError
        Where one cannot be read.
    """
    found: Files = {}
    about: list[Mapping[str, Any]] = []
    for folder in folders:
        if not (folder / "benchmarks.json").is_file():
            raise LeftOutError(f"no results in {clean(str(folder))!r}: it has no benchmarks.json")
        about.append(_load(folder / "benchmarks.json"))
        for path in sorted(folder.glob("*/*.json")):
            name = f"{path.parent.name}/{path.name}"
            found[name] = _joined(name, found.get(name), _load(path))
    return {"benchmarks.json": described(about), **found}


def _load(path: Path) -> dict[str, Any]:
    try:
        return load_json(path)
    except LeftOutError as problem:
        raise LeftOutError(f"{clean(str(path))} {problem}") from None


def _joined(name: str, known: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    if name.endswith("/machine.json"):
        for key in _HOST if known else ():
            if known and known.get(key) != new.get(key):
                raise ConflictError(
                    f"two machines are named {clean(str(new.get('machine')))!r}, but their {key} "
                    f"is {clean(str(known.get(key)))} and {clean(str(new.get(key)))}; give them "
                    "names of their own (asv machine)"
                )
        return known or new
    if new.get("version") != FORMAT:
        raise LeftOutError(f"{clean(name)} is not of asv's result format {FORMAT}")
    return combined(clean(name), known, new) if known else new


def write(files: Files, out: Path) -> None:
    """Write `files` to `out`: all are written beside it first, and then moved in place."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.resolve().name}-", dir=out.parent) as work:
        for name, data in files.items():
            path = Path(work, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(data), encoding="utf-8")
        for name in files:  # benchmarks.json, which says what the others mean, is the first
            (out / name).parent.mkdir(exist_ok=True)
            shutil.move(Path(work, name), out / name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scripts/merge",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="asv's results")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where all go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
