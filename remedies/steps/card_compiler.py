"""Compile steps for a GPU that is not here, in a process of its own.

That must not import TensorFlow, which holds an XLA of its own. Nothing is run, and no NVIDIA
library, driver or GPU is needed. The extra `gpuless` pins jax: its private interfaces are used.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from remedies.devices import NotHereError
from remedies.steps import hlo, same_step

REFUSED = 3  # exit status where a card cannot be compiled for
PROCESS = "from remedies.steps import card_compiler; card_compiler.main()"
# Without one of them XLA ends the process, or compiles for another maker's card.
_NEEDED = ('platform_name: "CUDA"', "cuda_compute_capability", "core_count", "threads_per_warp")


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


def compiled(target: Path, folder: Path, timeout: float | None = None) -> dict[str, Any]:
    """Return what a process without TensorFlow makes of each file in `folder` for a card.

    Raises NotHereError where the card is refused, or not compiled for in `timeout` seconds.
    """
    command = [sys.executable, "-c", PROCESS, str(target), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise NotHereError(f"{target.name}: not compiled for in the time left") from None
    said = done.stderr.strip().split("\n")[-1]
    if done.returncode == REFUSED:
        raise NotHereError(said)
    if done.returncode < 0:
        raise NotHereError(f"{target.name}: XLA's compiler ended by signal {-done.returncode}")
    if done.returncode:
        raise RuntimeError(said[:300] or f"the compiler ended: {done.returncode}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def main() -> None:
    """Print as JSON what XLA makes of every step; say in a line why it cannot."""
    target, folder = map(Path, sys.argv[1:])
    try:
        print(json.dumps(_programs(target, folder)))
    except OSError as error:
        sys.exit(str(error))
    except Exception as error:  # what jax and its plugin raise is of many kinds
        said = " ".join(str(error).split())[:200] or type(error).__name__
        print(f"{target.name}: not compiled for: {said}", file=sys.stderr)
        sys.exit(REFUSED)


def _programs(target: Path, folder: Path) -> dict[str, Any]:
    facts = target.read_text(encoding="utf-8")
    if absent := [name for name in _NEEDED if name not in facts]:
        raise ValueError(f"no description of a card, it lacks {absent[0]}")
    with tempfile.TemporaryDirectory(dir=folder) as dump:
        # Without the first the winner of a race between kernels would stand in the text; PTX alone
        # is dumped, for all else takes XLA minutes.
        flags = f"--xla_gpu_autotune_level=0 --xla_dump_to={dump} --xla_dump_emitter_re=ptx"
        os.environ |= {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"  # no NVIDIA library is installed
        from jax.experimental import topologies

        card = topologies.get_topology_desc(
            platform="cuda", target_config=facts, topology="1x1x1"
        ).devices[0]
        steps = sorted(folder.glob("*.pb"))
        return {step.stem: _program(step, card, Path(dump)) for step in steps}


def _program(step: Path, card: Any, dump: Path) -> dict[str, Any]:
    """Return the program of one step: its names, and how much of what there is in it."""
    import numpy as np
    from jax._src import compiler
    from jax._src.interpreters import mlir
    from jax._src.lib import _jax  # type: ignore[attr-defined,unused-ignore]
    from jaxlib.mlir import ir

    with mlir.make_ir_context():
        module = ir.Module.parse(_jax.mlir.hlo_to_stablehlo(step.read_bytes()))
        _take_out_copies(module)
        module.operation.attributes["sym_name"] = ir.StringAttr.get("step")
        options = compiler.get_compile_options(1, 1, device_assignment=np.array([[card.id]]))
        made = card.client.compile(
            module, executable_devices=_jax.DeviceList((card,)), compile_options=options
        )
    program = hlo.read(made.hlo_modules()[0].to_string())
    files = [*dump.glob("*.ptx")]
    ptx = sorted(re.sub(r"\s*//.*", "", file.read_text(encoding="utf-8")) for file in files)
    for file in files:
        file.unlink()
    if not ptx:
        raise OSError("XLA wrote no PTX: is there room on the disk?")
    counts = program.counts | {
        "kernels": sum(len(re.findall(r"\.entry \w+\(", text)) for text in ptx),
        "temporary_bytes": made.get_compiled_memory_stats().temp_size_in_bytes,
    }
    names = {"meaning": program.meaning, "text": program.fingerprint, "ptx": hlo.digest(*ptx)}
    return {"counts": counts, **names}


def _take_out_copies(module: Any) -> None:
    """Take out what TensorFlow puts before results in an argument's buffer: StableHLO has none."""
    bodies = (block for function in module.body for block in function.regions[0])
    for operation in [each.operation for block in bodies for each in block]:
        if operation.name == "mhlo.copy":
            operation.result.replace_all_uses_with(operation.operands[0])
            operation.erase()
