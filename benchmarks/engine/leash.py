"""A process that ends, with all that it started, when nobody holds its standard input any more.

``python leash.py MODULE ARGUMENT...`` runs a module so. However its parent ends, it ends too.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable


def hold(word: Callable[[], object] = lambda: None) -> None:
    """Watch the standard input from now on, and call `word` when something comes in there."""

    def listen() -> None:
        while os.read(0, 64):
            word()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(3)

    threading.Thread(target=listen, daemon=True).start()


if __name__ == "__main__":
    hold()
    del sys.path[0], sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
