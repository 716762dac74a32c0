"""Compile steps for a GPU that is not here, in a process of its own.

    python -m remedies.steps.card_compiler TARGET.txtpb FOLDER

Reads FOLDER/*.pb, steps as TensorFlow lowers them (serialized HLO), and writes FOLDER/TARGET.json:
what XLA makes of each for the card that TARGET.txtpb describes. Nothing is run, and no NVIDIA
library, driver or GPU is needed. The process must not import TensorFlow, which holds an XLA of its
own. These are private interfaces of jax: the extra `gpuless` pins the version.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from remedies.devices import REFUSED
from remedies.steps import hlo

# Without one of them XLA ends the process, or compiles for another maker's card.
_NEEDED = ('platform_name: "CUDA"', "cuda_compute_capability", "core_count", "threads_per_warp")


def main(target: Path, folder: Path) -> int:
    """Write what XLA makes of every step; say in a line why it cannot."""
    try:
        made = _compiled(target, sorted(folder.glob("*.pb")), folder)
        partial = folder / f"{target.stem}.partial"
        partial.write_text(json.dumps(made), encoding="utf-8")
        partial.replace(folder / f"{target.stem}.json")
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # what jax and its plugin raise is of many kinds
        said = " ".join(str(error).split())[:200] or type(error).__name__
        print(f"{target.name}: not compiled for: {said}", file=sys.stderr)
        return REFUSED
    return 0


def _compiled(target: Path, steps: list[Path], folder: Path) -> dict[str, Any]:
    facts = target.read_text(encoding="utf-8")
    if absent := [name for name in _NEEDED if name not in facts]:
        raise ValueError(f"no description of a card, it lacks {absent[0]}")
    with tempfile.TemporaryDirectory(dir=folder) as dump:
        # Without the first the winner of a race between kernels would stand in the text; PTX alone
        # is dumped, for all else takes XLA minutes.
        flags = f"--xla_gpu_autotune_level=0 --xla_dump_to={dump} --xla_dump_emitter_re=ptx"
        os.environ |= {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"  # no NVIDIA library is installed
        device = card(facts)
        return {step.stem: compiled(step, device, Path(dump)) for step in steps}


def card(facts: str) -> Any:
    """Return the card that is described by `facts`, as a device that can be compiled for."""
    from jax.experimental import topologies

    made = topologies.get_topology_desc(platform="cuda", target_config=facts, topology="1x1x1")
    return made.devices[0]


def compiled(step: Path, device: Any, dump: Path) -> dict[str, Any]:
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
        options = compiler.get_compile_options(1, 1, device_assignment=np.array([[device.id]]))
        made = device.client.compile(
            module, executable_devices=_jax.DeviceList((device,)), compile_options=options
        )
    program = hlo.read(made.hlo_modules()[0].to_string())
    files = [*dump.glob("*.ptx")]
    ptx = sorted(re.sub(r"\s*//.*", "", file.read_text(encoding="utf-8")) for file in files)
    for file in files:
        file.unlink()
    if not ptx:
        raise OSError("XLA wrote no PTX: is there room on the disk?")
    kernels = sum(len(re.findall(r"\.entry \w+\(", text)) for text in ptx)
    temporary = made.get_compiled_memory_stats().temp_size_in_bytes
    counts = {**program.counts, "kernels": kernels, "temporary_bytes": temporary}
    names = {"meaning": program.meaning, "text": program.fingerprint, "ptx": hlo.digest(*ptx)}
    return {"counts": counts, **names}


def _take_out_copies(module: Any) -> None:
    """Take out what TensorFlow puts before results in an argument's buffer: StableHLO has none."""
    bodies = (block for function in module.body for block in function.regions[0])
    for operation in [each.operation for block in bodies for each in block]:
        if operation.name == "mhlo.copy":
            operation.result.replace_all_uses_with(operation.operands[0])
            operation.erase()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
