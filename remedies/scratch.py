"""A folder for all that is written for a while, Keras' own temporary files among it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

from remedies.problem import placed


@contextlib.contextmanager
def scratch() -> Iterator[None]:
    """Send temporary files to a folder of their own and remove it afterwards, come what may.

    Keras leaves some of its behind where the disk is full.

    Raises
    ------
    OSError
        As the block does; one that names no file is given the temporary folder's name.
    """
    before, place = tempfile.tempdir, tempfile.gettempdir()
    try:
        with tempfile.TemporaryDirectory(prefix="remedies-") as folder:
            tempfile.tempdir = folder
            yield
    except OSError as error:
        raise placed(error, place) from error
    finally:
        tempfile.tempdir = before
