"""`tf.where` by itself, with and without a cast, beside a copy of the same values."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.health import Watch
from benchmarks.session import Entry, Session, comparison, seconds
from benchmarks.settings import JITS, Setting
from remedies.steps.sampling import Sampled, clock_for, sample

COPY = "copy"
KERNELS = ("where", "where_cast")
MASK_DTYPES = ("bool", "float32")
_WIDTH = {"bool": 1, "float32": 4}
# Values, both masks, a result and a mask in between that was cast, in multiples of the values.
_HELD = 3.5
_SHARE = 8
_UNKNOWN = 2**32


class Kernel(NamedTuple):
    """`where` or `where_cast`, compiled in some way, on one mask dtype."""

    kernel: str
    jit: str
    mask_dtype: str

    def __str__(self) -> str:
        return f"{self.kernel}, {self.jit}, {self.mask_dtype} mask"


def kernels() -> list[Kernel]:
    """Return the kernels that there are: `tf.where` refuses a float mask without a cast."""
    every = (Kernel(*values) for values in product(KERNELS, JITS, MASK_DTYPES))
    return [each for each in every if (each.kernel, each.mask_dtype) != ("where", "float32")]


def measure(session: Session, setting: Setting, watch: Watch) -> Iterator[Entry]:
    """Yield each kernel's time and bandwidth, and the copy's speed, at each size."""
    room = free_memory(session.device) / _SHARE
    for size in setting.sizes:
        if _HELD * size > room:
            continue
        series = calls(size)
        sampled = sample(series, COPY, setting.kernel, clock=clock_for(session.device))
        watch.clock(sampled.clock_share)
        yield from entries(size, sampled)


def entries(size: int, sampled: Sampled) -> Iterator[Entry]:
    """Yield one launch's values for one `size`."""
    yield Entry("copy_bytes_per_second", 2 * size / sampled.seconds(COPY), {"size": size})
    for each in kernels():
        axes = {**each._asdict(), "size": size}
        yield seconds("where_seconds", sampled, str(each), axes)
        share = kernel_bytes(size, each.mask_dtype) / (2 * size) / sampled.compared(str(each), COPY)
        yield Entry("where_bandwidth", share, axes)
        plain = str(Kernel("where", each.jit, "bool"))
        if str(each) != plain:
            yield comparison("where_ratio", sampled, str(each), plain, axes)


def kernel_bytes(size: int, mask_dtype: str) -> int:
    """Return the bytes that `tf.where(mask, values, 0)` must move: mask + values + result.

    Each is read or written once: ``size / 4`` elements of 1 (bool) or 4 (float32) bytes of mask,
    and twice `size`. A bool mask in between, which a cast may write and read, is not needed.

    Examples
    --------
    >>> kernel_bytes(400, "bool"), kernel_bytes(400, "float32")
    (900, 1200)
    """
    return size // 4 * _WIDTH[mask_dtype] + 2 * size


def calls(size: int) -> dict[str, Callable[[], object]]:
    """Return what to time for values of `size` bytes, already on the device."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    values = tf.identity(rng.random(size // 4, np.float32))
    chosen = rng.random(size // 4, np.float32) < 0.5
    masks = {dtype: tf.identity(chosen.astype(dtype)) for dtype in MASK_DTYPES}

    def where(mask: Any) -> Any:
        return tf.where(mask, values, 0)

    def where_cast(mask: Any) -> Any:
        return tf.where(tf.cast(mask, "bool"), values, 0)

    bodies = {"where": where, "where_cast": where_cast}
    # `tf.identity` gives back the same buffer. This writes into a new one, as the kernels do.
    copy = tf.function(lambda: tf.raw_ops.DeepCopy(x=values), autograph=False)
    return {COPY: copy} | {
        str(each): _bound(
            tf.function(bodies[each.kernel], jit_compile=each.jit == "xla", autograph=False),
            masks[each.mask_dtype],
        )
        for each in kernels()
    }


def free_memory(device: str) -> int:
    """Return the bytes of memory that `device` has free; 4 GiB where the system does not say."""
    try:
        return _free_on_gpu() if device == "gpu" else _free_on_host()
    except (ImportError, OSError, StopIteration):
        return _UNKNOWN


def _free_on_host() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kibibytes = next(text for text in lines if text.startswith("MemAvailable:")).split()[1]
    return 1024 * int(kibibytes)


def _free_on_gpu() -> int:
    import pynvml

    pynvml.nvmlInit()
    return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).free)


def _bound(function: Callable[[Any], object], mask: Any) -> Callable[[], object]:
    return lambda: function(mask)
