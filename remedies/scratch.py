"""Where a command works: in a folder that goes away, with advice meant for others kept back."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator

from remedies.problem import placed

_LOGGERS = ("tensorflow", "absl")


@contextlib.contextmanager
def scratch() -> Iterator[None]:
    """Send temporary files to a folder of their own and remove it afterwards, come what may.

    Keras leaves some of its behind where the disk is full. Its warnings and TensorFlow's are kept
    back: what they hint at is measured and said. An `OSError` that names no file is given the
    temporary folder's name.
    """
    before, place = tempfile.tempdir, tempfile.gettempdir()
    levels = [(logger, logger.level) for logger in map(logging.getLogger, _LOGGERS)]
    try:
        with tempfile.TemporaryDirectory(prefix="remedies-") as folder, warnings.catch_warnings():
            tempfile.tempdir = folder
            warnings.simplefilter("ignore")
            for logger, _ in levels:
                logger.setLevel(logging.ERROR)
            yield
    except OSError as error:
        raise placed(error, place) from error
    finally:
        tempfile.tempdir = before
        for logger, level in levels:
            logger.setLevel(level)
