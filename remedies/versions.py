"""The core of the matrix over many versions of Keras: ``python -m remedies.versions``.

TensorFlow is installed once per version of it, Keras into a folder of its own per version, which
comes first on the path. Both are kept, and so is every version that has been measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from remedies.scenarios.__main__ import require_folder
from remedies.scenarios.journal import digest
from remedies.scenarios.versions_table import markdown

# The pairs that were tried and install: one patch release per minor, and those in which the loss
# turned from an error to silence (3.0.2).
KERAS = (
    *("3.0.0", "3.0.1", "3.0.2"),
    *("3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1", "3.5.0", "3.6.0", "3.7.0", "3.8.0", "3.9.2"),
    *("3.10.0", "3.11.3", "3.12.4", "3.13.2", "3.14.1", "3.15.1"),
)
TENSORFLOW = {(3, 0): "2.16.2", (3, 6): "2.18.1", (3, 10): "2.21.0"}
_RANGE = re.compile(r"(?P<low>3(\.\d+)*)?\.\.(?P<high>3(\.\d+)*|latest)?")
_LIMIT_S = 1800


class InstallError(Exception):
    """A version that pip does not install here; the message is pip's own."""


def number(version: str) -> tuple[int, ...]:
    """Return ``3.10.0`` as (3, 10, 0), which sorts as versions do."""
    return tuple(int(part) for part in version.split("."))


def tensorflow_for(keras: str) -> str:
    """Return the TensorFlow that a version of Keras is run with."""
    return TENSORFLOW[max(low for low in TENSORFLOW if low <= number(keras)[:2])]


def chosen(given: Sequence[str], newest: Callable[[], str]) -> list[str]:
    """Return the versions that are named: each as it is, or those of `KERAS` in a range.

    Parameters
    ----------
    given : sequence of str
        Such as ``3.4.1``, ``3.5..3.9`` or ``3.5..latest``.
    newest : callable
        Returns the newest version that can be installed; asked where a range is open above.

    Raises
    ------
    ValueError
        For anything else.
    """
    found: list[str] = []
    for text in given:
        if parts := _RANGE.fullmatch(text):
            found += _between(parts["low"] or "3", parts["high"] or "latest", newest)
        elif re.fullmatch(r"3(\.\d+){2}", text):
            found.append(text)
        else:
            raise ValueError(f"unknown version {text!r}; write 3.4.1, 3.5..3.9 or 3.5..latest")
    return sorted(dict.fromkeys(found), key=number)


def _between(low: str, high: str, newest: Callable[[], str]) -> Iterable[str]:
    known = {*KERAS, newest()} if high == "latest" else set(KERAS)
    below = (99,) if high == "latest" else number(high)
    return (v for v in known if number(low) <= number(v) and number(v)[: len(below)] <= below)


@dataclass(frozen=True)
class Lab:
    """Where versions are installed and measured.

    Attributes
    ----------
    folder : Path
        Holds the environments and what was measured in them.
    tell : callable
        Given a line of progress.
    """

    folder: Path
    tell: Callable[[str], None]
    _lock: Lock = field(default_factory=Lock)

    def newest(self) -> str:
        """Return the newest Keras that pip finds, or the newest of `KERAS` where it finds none."""
        done = _run([sys.executable, "-m", "pip", "index", "versions", "keras"])
        found = re.match(r"keras \((3[.\d]*)\)", done.stdout)
        return found[1] if found else KERAS[-1]

    def measure(self, keras: str) -> dict[str, Any]:
        """Return what the core shows under `keras`; measured only if it was not before.

        Raises
        ------
        InstallError
            Where pip does not install it, or the matrix does not run on it.
        """
        tensorflow = tensorflow_for(keras)
        key = digest({"keras": keras, "tensorflow": tensorflow})
        kept = self.folder / f"measured-{keras}.json"
        if kept.exists() and (data := json.loads(kept.read_text("utf-8")))["key"] == key:
            self.tell(f"Keras {keras}: measured before")
            return dict(data)
        with self._lock:  # two versions may share a TensorFlow
            python = self._environment(tensorflow)
        path = self._keras(python, keras)
        start = time.monotonic()
        self.tell(f"Keras {keras} on TensorFlow {tensorflow}: measuring")
        data = {"key": key} | self._matrix(python, path, keras)
        kept.write_text(json.dumps(data), "utf-8")
        self.tell(f"Keras {keras}: {len(data['cells'])} cells, {time.monotonic() - start:.0f} s")
        return data

    def _environment(self, tensorflow: str) -> Path:
        folder = self.folder / f"tensorflow-{tensorflow}"
        python = folder / "bin" / "python"
        if not (folder / "ready").exists():
            self.tell(f"TensorFlow {tensorflow}: installing")
            _done([sys.executable, "-m", "venv", "--clear", str(folder)])
            _install(python, f"tensorflow-cpu=={tensorflow}", "rich", "dm-tree")
            (folder / "ready").touch()
        return python

    def _keras(self, python: Path, keras: str) -> Path:
        folder = self.folder / f"keras-{keras}"
        if not (folder / "ready").exists():
            _install(python, f"keras=={keras}", "--no-deps", "--upgrade", "--target", str(folder))
            (folder / "ready").touch()
        return folder

    def _matrix(self, python: Path, path: Path, keras: str) -> dict[str, Any]:
        made, journal = self.folder / f"cells-{keras}.json", self.folder / f"cells-{keras}.jsonl"
        command = [str(python), "-m", "remedies.scenarios", "--scenario", "core"]
        command += ["--json", str(made), "--journal", str(journal)]
        root = str(Path(__file__).parents[1])
        _done(command, PYTHONPATH=os.pathsep.join([str(path), root]))
        data: dict[str, Any] = json.loads(made.read_text("utf-8"))
        made.unlink()
        if data["versions"]["keras"] != keras:
            raise InstallError(f"Keras {data['versions']['keras']} was found in its place")
        return data


def _install(python: Path, *arguments: str) -> None:
    _done([str(python), "-m", "pip", "install", "--quiet", *arguments])


def _done(command: Sequence[str], **environment: str) -> None:
    done = _run(command, **environment)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        errors = [line for line in lines if line.startswith("ERROR: ")]
        raise InstallError((errors or lines)[-1].removeprefix("ERROR: "))


def _run(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - this interpreter, pip, and this package's own module
        command,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_S,
    )


def survey(versions: Sequence[str], lab: Lab, jobs: int) -> dict[str, Any]:
    """Measure each version, `jobs` at a time; one that fails costs that version alone.

    Returns
    -------
    dict
        `measured`, a list of versions and their cells, and `failed`, reasons by version.
    """

    def attempt(keras: str) -> dict[str, Any] | str:
        try:
            return lab.measure(keras)
        except (InstallError, OSError, subprocess.SubprocessError) as error:
            lab.tell(f"Keras {keras}: FAILED, {error}")
            return str(error)

    with ThreadPoolExecutor(jobs) as pool:
        results = dict(zip(versions, pool.map(attempt, versions), strict=True))
    measured = [
        {"versions": found["versions"], "cells": found["cells"]}
        for found in results.values()
        if isinstance(found, dict)
    ]
    return {
        "measured": measured,
        "failed": {keras: found for keras, found in results.items() if isinstance(found, str)},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("keras_versions", description=__doc__)
    parser.add_argument("--versions", nargs="+", default=["3.0..latest"], metavar="V")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2, help="versions measured side by side")
    parser.add_argument("--folder", type=Path, default=Path(".asv/keras"), help="kept between runs")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where a version failed, or 2 for a wrong one."""
    given = _parser().parse_args(arguments)
    lab = Lab(given.folder.resolve(), partial(print, file=sys.stderr, flush=True))
    try:
        versions = chosen(given.versions, lab.newest)
        for path in filter(None, (given.json, given.markdown)):
            require_folder(path)
    except (ValueError, NotADirectoryError) as error:
        print(error, file=sys.stderr)
        return 2
    lab.folder.mkdir(parents=True, exist_ok=True)
    found = survey(versions, lab, given.jobs)
    page = markdown(found)
    _write(given.json, json.dumps(found, indent=1) + "\n")
    _write(given.markdown, page)
    print(page)
    return int(bool(found["failed"]))


def _write(path: Path | None, text: str) -> None:
    if path:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
