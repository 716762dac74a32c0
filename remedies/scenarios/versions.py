"""The core of the matrix over many versions of Keras, by default over those that are published.

Each version of TensorFlow gets an environment, in which one version of Keras after the other is
installed and measured. What is measured is published at once.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "keras_versions.md"
ENVIRONMENTS = ROOT / ".asv" / "keras"
# From which Keras on which TensorFlow is installed: the pairs that were tried and install.
TENSORFLOW = {(3, 0): "2.16.2", (3, 6): "2.18.1", (3, 10): "2.21.0"}
_LIMIT_S = 1800


class InstallError(Exception):
    """A version that pip does not install here; the message is pip's own."""


def number(version: str) -> tuple[int, ...]:
    """Return ``3.10.0`` as (3, 10, 0), which sorts as versions do; no Keras 3: `ValueError`."""
    if not re.fullmatch(r"3(\.\d+){2}", version):
        raise ValueError(f"unknown version {version!r}; write it as 3.4.1")
    return tuple(int(part) for part in version.split("."))


def tensorflow_for(keras: str) -> str:
    """Return the TensorFlow that a version of Keras is run with."""
    return TENSORFLOW[max(low for low in TENSORFLOW if low <= number(keras)[:2])]


def survey(versions: Iterable[str]) -> int:
    """Measure each version and publish it among the others; without any, measure those again.

    One that fails costs itself alone; returns 1 where one failed, else 0.
    """
    from remedies.scenarios.rendering import listed, survey_page

    data, failures = PAGE.with_suffix(".json"), 0
    published = json.loads(data.read_text("utf-8"))["measured"]
    measured = {run["versions"]["keras"]: run for run in published}
    for keras in sorted({*versions} or {*measured}, key=number):
        print(f"Keras {keras} on TensorFlow {tensorflow_for(keras)}", file=sys.stderr, flush=True)
        try:
            measured[keras] = measure(keras)
        except (InstallError, OSError, subprocess.SubprocessError) as error:
            print(f"Keras {keras}: FAILED, {error}", file=sys.stderr, flush=True)
            failures = 1
            continue
        runs = [measured[keras] for keras in sorted(measured, key=number)]
        data.write_text(listed("measured", runs), "utf-8")
        PAGE.write_text(survey_page(PAGE.read_text("utf-8"), runs), "utf-8")
    return failures


def measure(keras: str) -> dict[str, Any]:
    """Return what the core measures under `keras`: the software's versions, and the cells.

    Raises `InstallError` where pip does not install it, or the matrix does not run on it.
    """
    environment = ENVIRONMENTS / f"tensorflow-{tensorflow_for(keras)}"
    python = str(environment / "bin" / "python")
    if not environment.exists():
        _run(sys.executable, "-m", "venv", str(environment))
    packages = (f"keras=={keras}", f"tensorflow-cpu=={tensorflow_for(keras)}", "dm-tree")
    _run(python, "-m", "pip", "install", "--quiet", *packages)
    output = ("--output", str(ENVIRONMENTS))
    _run(python, "-m", "remedies.scenarios", "--scenario", "core", *output)
    measured = dict(json.loads((ENVIRONMENTS / "fidelity.json").read_text("utf-8")))
    if (other := measured["versions"]["keras"]) != keras:
        raise InstallError(f"Keras {other} was installed in its place")
    return measured


def _run(*command: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - this interpreter, pip, and this package's own module
        command, env=environment, capture_output=True, text=True, check=False, timeout=_LIMIT_S
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        errors = [line for line in lines if line.startswith("ERROR: ")]
        raise InstallError((errors or lines)[-1].removeprefix("ERROR: "))
