"""`tf.where` by itself, with and without a cast, beside a copy of the same values."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.axes import JIT, KERNEL, MASK_DTYPE
from benchmarks.engine.line import clock
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Samples, ratios, sample
from benchmarks.engine.settings import Setting

COPY = "copy"
_WIDTH = {"bool": 1, "float32": 4}
# Values, both masks, a result and a mask in between that was cast, in multiples of the values.
_HELD = 3.5
_SHARE = 8
_UNKNOWN = 2**32


class Kernel(NamedTuple):
    """One line in the sampling: `where` or `where_cast`, compiled one way, on one mask dtype."""

    kernel: str
    jit: str
    mask_dtype: str

    def __str__(self) -> str:
        return f"{self.kernel}, {self.jit}, {self.mask_dtype} mask"


class NoCopyError(RuntimeError):
    """What should copy gave its input back, so nothing can be compared with its speed."""


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each kernel's time, bytes and bandwidth, and the copy's, at each size."""
    room = free_memory(session.device) / _SHARE
    ready = {size: calls(size) for size in setting.sizes if _HELD * size <= room}
    for series in ready.values():
        for call in series.values():
            call()
    turn()
    for size, series in ready.items():
        pairs = dict.fromkeys(series, COPY)
        found = sample(series, pairs, setting.kernel, clock=clock(session.device))
        for each in entries(size, found.samples, found.number):
            yield {**each, "parameters": each["parameters"] | {"size": size}}


def entries(size: int, times: Samples, number: int) -> Iterator[dict[str, Any]]:
    """Yield the entries of one `size`, from seconds by series, the copy among them."""
    speeds = [copy_bytes(size) / seconds for seconds in times[COPY]]
    yield entry("kernel_copy", {"samples": speeds, "number": 1})
    for line in lines():
        taken, needed = times[str(line)], kernel_bytes(size, line.mask_dtype)
        yield entry("kernel", {"samples": taken, "number": number}, **line._asdict())
        yield entry("kernel_bytes", needed, **line._asdict())
        share = [needed / copy_bytes(size) * ratio for ratio in ratios(times[COPY], taken)]
        yield entry("kernel_bandwidth", {"samples": share, "number": 1}, **line._asdict())
        if line.kernel != "where":
            plain = ratios(taken, times[str(Kernel("where", line.jit, "bool"))])
            yield entry("kernel_ratio", {"samples": plain, "number": 1}, **line._asdict())


def kernel_bytes(size: int, mask_dtype: str) -> int:
    """Return the bytes that `tf.where(mask, values, 0)` must move: mask + values + result.

    Each is read or written once: ``size / 4`` elements of 1 (bool) or 4 (float32) bytes of mask,
    and twice `size`. A bool mask in between, which a cast may write and read, is not needed.

    Parameters
    ----------
    size : int
        Bytes of the float32 values.
    mask_dtype : str
        ``"bool"`` or ``"float32"``.
    """
    return size // 4 * _WIDTH[mask_dtype] + 2 * size


def copy_bytes(size: int) -> int:
    """Return the bytes that a copy of `size` bytes moves: each is read and written."""
    return 2 * size


def lines() -> list[Kernel]:
    """Return the kernels that there are: `tf.where` refuses a float mask without a cast."""
    every = (Kernel(*values) for values in product(KERNEL, JIT, MASK_DTYPE))
    return [line for line in every if (line.kernel, line.mask_dtype) != ("where", "float32")]


def calls(size: int) -> dict[str, Callable[[], object]]:
    """Return what to time for values of `size` bytes, already on the device.

    Raises
    ------
    NoCopyError
        Where the copy returns the buffer that it was given.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    values = tf.identity(rng.random(size // 4, np.float32))
    chosen = rng.random(size // 4, np.float32) < 0.5
    masks = {dtype: tf.identity(chosen.astype(dtype)) for dtype in MASK_DTYPE}

    def where(mask: Any) -> Any:
        return tf.where(mask, values, 0)

    def where_cast(mask: Any) -> Any:
        return tf.where(tf.cast(mask, "bool"), values, 0)

    bodies = {"where": where, "where_cast": where_cast}
    # `tf.identity` gives back the same buffer. This allocates its result, as the kernels do.
    copy = tf.function(lambda: tf.raw_ops.DeepCopy(x=values), autograph=False)
    return {COPY: copied(copy, values)} | {
        str(line): _bound(
            tf.function(bodies[line.kernel], jit_compile=line.jit == "xla", autograph=False),
            masks[line.mask_dtype],
        )
        for line in lines()
    }


def copied(copy: Callable[[], Any], values: Any) -> Callable[[], Any]:
    """Return `copy`, once it has shown that it writes a buffer of its own.

    Raises
    ------
    NoCopyError
        Where it does not, or not the same values.
    """
    import tensorflow as tf

    result = copy()
    if _address(result) == _address(values) or not bool(tf.reduce_all(result == values)):
        raise NoCopyError("the copy to compare with returns its input or other values")
    return copy


def free_memory(device: str) -> int:
    """Return the bytes of memory that `device` has free; 4 GiB where nobody tells."""
    try:
        return _free_on_gpu() if device == "gpu" else _free_on_host()
    except (ImportError, OSError, StopIteration):
        return _UNKNOWN


def _free_on_host() -> int:
    known = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kibibytes = next(line for line in known if line.startswith("MemAvailable:")).split()[1]
    return 1024 * int(kibibytes)


def _free_on_gpu() -> int:
    import pynvml

    pynvml.nvmlInit()
    return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).free)


def _bound(function: Callable[[Any], object], mask: Any) -> Callable[[], object]:
    return lambda: function(mask)


def _address(tensor: Any) -> int:
    """Return where a tensor's numbers lie, on any device: the first field of what DLPack hands."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = (
        ctypes.POINTER(ctypes.c_void_p),
        (ctypes.py_object, ctypes.c_char_p),
    )
    return int(pointer(tensor.__dlpack__(), b"dltensor")[0] or 0)
