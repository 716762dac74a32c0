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
from contextlib import suppress
from pathlib import Path


def hold(word: Callable[[], object] = lambda: None) -> None:
    """Watch the standard input from now on, and call `word` when something comes in there."""

    def listen() -> None:
        while os.read(0, 64):
            word()
        if os.getsid(0) == os.getpid():
            end_session(os.getpid())
        os._exit(3)

    threading.Thread(target=listen, daemon=True).start()


def end_session(leader: int) -> None:
    """Kill `leader` and every process of the session that it leads, on Linux in whatever group.

    asv gives its own server a group, which a signal to that of the leader does not reach.
    """
    others = (int(entry.name) for entry in Path("/proc").glob("[1-9]*"))
    for process in [other for other in others if other != leader]:
        with suppress(OSError):
            if os.getsid(process) == leader:
                os.kill(process, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    hold()
    del sys.path[0], sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
