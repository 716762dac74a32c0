"""One session in a fresh process: ``python worker.py SETTING SESSION_JSON OUT``.

It prepares, says ``ready``, and measures once it reads ``go``. It ends when nobody listens.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any


def main(setting: str, session_json: str, out: str) -> None:
    """Measure the session and write its outcome to `out`, whole or not at all."""
    from benchmarks.engine.plan import Session
    from benchmarks.engine.pool import DISK_FULL
    from benchmarks.engine.settings import SETTINGS
    from benchmarks.engine.store import write_whole
    from remedies.devices import select

    session = Session(**json.loads(session_json))
    outcome: dict[str, Any]
    if session.backend:
        os.environ["KERAS_BACKEND"] = session.backend
    else:  # TensorFlow and Keras import these where they find them, and nothing here uses them
        sys.modules.update(dict.fromkeys(("jax", "matplotlib")))  # type: ignore[arg-type]
    if reason := select(session.device):
        outcome = {"status": "unavailable", "reason": reason}
    else:
        warnings.simplefilter("ignore")
        measure = import_module(f"benchmarks.engine.{session.kind}").measure
        entries = list(measure(session, SETTINGS[setting], _turn()))
        outcome = {"status": "done", "entries": entries}
    try:
        write_whole(Path(out), json.dumps(outcome, allow_nan=False))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(DISK_FULL)  # its log is on the same disk
    # The others wait, and taking TensorFlow down in good order takes it seconds.
    sys.stderr.flush()
    os._exit(0)


def _turn() -> Any:
    """Return a function that waits until this process has the machine to itself."""
    from benchmarks.engine.leash import hold

    told = threading.Event()
    out = os.fdopen(os.dup(1), "w")

    hold(told.set)

    def turn() -> None:
        print("ready", file=out, flush=True)
        told.wait()

    return turn


if __name__ == "__main__":
    # `benchmarks` is this checkout's, whatever an old wheel of Keras calls so. Else this checkout
    # comes last: the `remedies` that is installed is the one under test.
    sys.path[0] = str(Path(__file__).parents[2])
    import_module("benchmarks")
    sys.path.append(sys.path.pop(0))
    main(*sys.argv[1:])
