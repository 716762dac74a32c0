"""`tf.where` by itself, with and without a cast, beside a copy of the same values."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks.session import Entry, Session, Watch, timed
from benchmarks.settings import JITS, Setting
from remedies.steps.sampling import Sampled, clock_for

COPY = "copy"
_WIDTH = {"bool": 1, "float32": 4}  # bytes of an element of a mask


class Kernel(NamedTuple):
    """`where` or `where_cast`, compiled in some way, on one mask dtype."""

    kernel: str
    jit: str
    mask_dtype: str


# `tf.where` refuses a float mask without a cast.
KERNELS = [
    Kernel(name, jit, mask_dtype)
    for name, jit, mask_dtype in product(("where", "where_cast"), JITS, _WIDTH)
    if (name, mask_dtype) != ("where", "float32")
]


def measure(session: Session, setting: Setting, watch: Watch) -> Iterator[Entry]:
    """Yield each kernel's time and bandwidth, and the copy's speed, at each size."""
    clock = clock_for(session.device)
    for size in setting.sizes:
        yield from entries(size, watch.sample(calls(size), COPY, setting.kernel, clock=clock))


def entries(size: int, sampled: Sampled) -> Iterator[Entry]:
    """Yield one launch's values for one `size`."""
    yield Entry("copy_bytes_per_second", 2 * size / sampled.seconds(COPY), {"size": size})
    for kernel in KERNELS:
        name, plain = str(kernel), str(Kernel("where", kernel.jit, "bool"))
        axes = {**kernel._asdict(), "size": size}
        yield from timed("where", sampled, name, plain, axes)
        # It must read the mask and the values (4 bytes each), and write the result. A bool mask in
        # between, which a cast may write and read, is not needed.
        moved = (_WIDTH[kernel.mask_dtype] / 4 + 2) * size
        share = moved / (2 * size) / sampled.compared(name, COPY)
        yield Entry("where_bandwidth", share, axes)


def calls(size: int) -> dict[str, Callable[[], object]]:
    """Return what to time for values of `size` bytes, already on the device."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    values = tf.identity(rng.random(size // 4, np.float32))
    chosen = rng.random(size // 4, np.float32) < 0.5
    masks = {dtype: tf.identity(chosen.astype(dtype)) for dtype in _WIDTH}

    def where(mask: Any) -> Any:
        return tf.where(mask, values, 0)

    def where_cast(mask: Any) -> Any:
        return tf.where(tf.cast(mask, "bool"), values, 0)

    bodies = {"where": where, "where_cast": where_cast}
    # `tf.identity` gives back the same buffer. This writes into a new one, as the kernels do.
    copy = tf.function(lambda: tf.raw_ops.DeepCopy(x=values), autograph=False)
    made: dict[str, Callable[[], object]] = {COPY: copy}
    for kernel in KERNELS:
        jit, body = kernel.jit == "xla", bodies[kernel.kernel]
        compiled = tf.function(body, jit_compile=jit, autograph=False)
        made[str(kernel)] = partial(compiled, masks[kernel.mask_dtype])
    return made
