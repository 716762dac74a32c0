"""The core of the matrix over many versions of Keras, by default one of each minor release.

Each version of TensorFlow gets an environment, in which one version of Keras after the other is
installed and measured. What was measured is kept, and not measured again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# One patch release per minor, and those in which the loss turned from an error to silence (3.0.2).
KERAS = (
    *("3.0.0", "3.0.1", "3.0.2"),
    *("3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1", "3.5.0", "3.6.0", "3.7.0", "3.8.0", "3.9.2"),
    *("3.10.0", "3.11.3", "3.12.4", "3.13.2", "3.14.1", "3.15.1"),
)
# From which Keras on which TensorFlow is installed: the pairs that were tried and install.
TENSORFLOW = {(3, 0): "2.16.2", (3, 6): "2.18.1", (3, 10): "2.21.0"}
_LIMIT_S = 1800


class InstallError(Exception):
    """A version that pip does not install here; the message is pip's own."""


def number(version: str) -> tuple[int, ...]:
    """Return ``3.10.0`` as (3, 10, 0), which sorts as versions do.

    Raises
    ------
    ValueError
        For anything but a version of Keras 3.
    """
    if not re.fullmatch(r"3(\.\d+){2}", version):
        raise ValueError(f"unknown version {version!r}; write it as 3.4.1")
    return tuple(int(part) for part in version.split("."))


def tensorflow_for(keras: str) -> str:
    """Return the TensorFlow that a version of Keras is run with."""
    return TENSORFLOW[max(low for low in TENSORFLOW if low <= number(keras)[:2])]


def measure(keras: str, folder: Path) -> dict[str, Any]:
    """Return the software and the cells of the core under `keras`, measured if they are not kept.

    Raises
    ------
    InstallError
        Where pip does not install it, or the matrix does not run on it.
    """
    kept = folder / f"{keras}-{_digest()}.json"
    if not kept.exists():
        environment = folder / f"tensorflow-{tensorflow_for(keras)}"
        python = str(environment / "bin" / "python")
        if not environment.exists():
            _checked([sys.executable, "-m", "venv", str(environment)])
        packages = (f"keras=={keras}", f"tensorflow-cpu=={tensorflow_for(keras)}", "dm-tree")
        _checked([python, "-m", "pip", "install", "--quiet", *packages])
        part = folder / f"{keras}.part"
        _checked([python, "-m", "remedies.scenarios", "--scenario", "core", "--json", str(part)])
        if (other := json.loads(part.read_text("utf-8"))["versions"]["keras"]) != keras:
            raise InstallError(f"Keras {other} was installed in its place")
        part.replace(kept)
    return dict(json.loads(kept.read_text("utf-8")))


def _digest() -> str:
    """Return a name that changes with the code that measures."""
    code = b"".join(path.read_bytes() for path in sorted(ROOT.glob("remedies/**/*.py")))
    return hashlib.sha256(code).hexdigest()[:12]


def _checked(command: Sequence[str]) -> None:
    done = _run(command)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        errors = [line for line in lines if line.startswith("ERROR: ")]
        raise InstallError((errors or lines)[-1].removeprefix("ERROR: "))


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - this interpreter, pip, and this package's own module
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_S,
    )


def survey(versions: Sequence[str], folder: Path) -> dict[str, Any]:
    """Measure each version; one that fails costs that version alone.

    Returns
    -------
    dict
        `measured`, a list of software and cells by version, and `failed`, reasons by version.
    """
    measured, failed = [], {}
    for keras in versions:
        print(f"Keras {keras} on TensorFlow {tensorflow_for(keras)}", file=sys.stderr, flush=True)
        try:
            measured.append(measure(keras, folder))
        except (InstallError, OSError, subprocess.SubprocessError) as error:
            failed[keras] = str(error)
            print(f"Keras {keras}: FAILED, {error}", file=sys.stderr, flush=True)
    return {"measured": measured, "failed": failed}


def merged(published: dict[str, Any], surveyed: dict[str, Any]) -> dict[str, Any]:
    """Return the published survey with the versions of `surveyed` in place of its own."""
    both = (published, surveyed)
    cells = {data["versions"]["keras"]: data for part in both for data in part["measured"]}
    failed = published["failed"] | surveyed["failed"]
    return {
        "measured": [cells[keras] for keras in sorted(cells, key=number)],
        "failed": {keras: reason for keras, reason in failed.items() if keras not in cells},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where a version failed, or 2 for a wrong one."""
    parser = argparse.ArgumentParser("scripts/keras_versions", description=__doc__)
    parser.add_argument("--versions", nargs="+", metavar="V", default=KERAS, help="such as 3.4.1")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="of keras_versions.*")
    parser.add_argument("--folder", type=Path, default=Path(".asv/keras"), help="kept between runs")
    given = parser.parse_args(arguments)
    page, data = (given.output / f"keras_versions.{kind}" for kind in ("md", "json"))
    try:
        versions = sorted({*given.versions}, key=number)
        text, published = page.read_text("utf-8"), json.loads(data.read_text("utf-8"))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    given.folder.mkdir(parents=True, exist_ok=True)
    surveyed = merged(published, survey(versions, given.folder.resolve()))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from remedies.scenarios.rendering import survey_page

    page.write_text(survey_page(surveyed, text), "utf-8")
    data.write_text(to_json(surveyed), "utf-8")
    return int(any(keras in surveyed["failed"] for keras in versions))


def to_json(surveyed: dict[str, Any]) -> str:
    """Return a survey's JSON text, a version a line."""
    lines = ",\n".join(json.dumps(data, ensure_ascii=False) for data in surveyed["measured"])
    return f'{{"failed": {json.dumps(surveyed["failed"])},\n"measured": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    sys.exit(main())
