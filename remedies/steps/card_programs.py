"""Steps as TensorFlow hands them to XLA, and what XLA makes of them for a card that is not here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from remedies.devices import REFUSED, NotHereError
from remedies.steps import hlo, same_step


def lower(model: Any, step: str, inputs: Any, targets: Any, folder: Path) -> str:
    """Write what TensorFlow hands to XLA for a step into `folder`, and return the file's stem.

    Equal steps share one file, and how the model is compiled does not matter. TensorFlow's CPU
    build lowers a step to the text that its CUDA build lowers it to for a GPU.
    """
    jit, model.jit_compile = model.jit_compile, True
    try:
        fed = same_step.prepare(model, step, inputs, targets)
        compiler = same_step.compiler_of(model, step, fed)
        name = hlo.digest(hlo.read(compiler(stage="hlo")).text)
        if not (folder / f"{name}.pb").exists():
            (folder / f"{name}.pb").write_bytes(compiler(stage="hlo_serialized"))
        return name
    finally:
        model.jit_compile = jit


def compiled(target: Path, folder: Path, timeout: float | None = None) -> dict[str, dict[str, Any]]:
    """Return what a process without TensorFlow makes of the files in `folder` for a card.

    Raises
    ------
    NotHereError
        Where the compiler refuses the card, or is not done in `timeout` seconds.
    """
    command = [sys.executable, "-m", "remedies.steps.card_compiler", str(target), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise NotHereError(f"{target.name}: not compiled for in the time left") from None
    said = [text for text in done.stderr.splitlines() if text.strip()]
    if done.returncode == REFUSED:
        raise NotHereError(said[-1])
    if done.returncode < 0:
        raise NotHereError(f"{target.name}: XLA's compiler ended by signal {-done.returncode}")
    if done.returncode:
        raise RuntimeError(said[-1][:300] if said else f"the compiler ended: {done.returncode}")
    file = folder / f"{target.stem}.json"
    made: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return made
