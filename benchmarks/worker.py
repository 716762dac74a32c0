"""One session in a fresh process: ``python worker.py SETTING SESSION_JSON FOLDER IDENTITY``."""

import inspect
import json
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

ONE_THREAD = ("identity", "step_times")  # kinds that have to run one and the same program


def main(setting: str, session_json: str, path: str, identity: str) -> None:
    """Measure the session and write its file, whole or not at all."""
    from benchmarks.runner import DISK_FULL
    from benchmarks.session import Folder, Session
    from remedies.devices import facts, use_one_thread
    from remedies.steps.same_step import use_fast_compilation

    threading.Thread(target=_end_with_the_run, daemon=True).start()
    given = json.loads(session_json)
    session = Session(**{**given, "sources": tuple(map(tuple, given["sources"]))})
    # TensorFlow and Keras import these where they find them, and nothing here uses them.
    sys.modules.update(dict.fromkeys(("jax", "matplotlib")))  # type: ignore[arg-type]
    if session.kind in ONE_THREAD and session.device == "cpu":
        use_one_thread()
    if session.kind == "identity":
        use_fast_compilation(session.device)
    outcome = {
        "commit": os.environ.get("REMEDIES_COMMIT", ""),
        "setting": setting,
        "machine": os.environ.get("REMEDIES_MACHINE", ""),
        "started": time.time(),
        "facts": facts(),
    }
    folder = Folder(Path(path), identity)
    began = time.perf_counter()
    measured, entries = _measured(session, setting, folder)
    outcome |= measured | {"seconds": time.perf_counter() - began}
    try:
        folder.write(session, outcome, entries)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(DISK_FULL)
    # Taking TensorFlow down in good order takes seconds.
    sys.stderr.flush()
    os._exit(0)


def _measured(session: Any, setting: str, folder: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return what the session's file says of the measurement, and the entries."""
    from benchmarks.session import DONE, UNAVAILABLE, Watch
    from benchmarks.settings import TIMED
    from benchmarks.settings import setting as chosen
    from benchmarks.variants import left_out
    from remedies.devices import NotHereError, select

    if reason := select(session.device):
        return {"status": UNAVAILABLE, "reason": reason}, []
    warnings.simplefilter("ignore")
    measure = import_module(f"benchmarks.{session.kind}").measure
    watch = Watch(session.device)
    offered = {"folder": folder, "watch": watch}
    asked = inspect.signature(measure).parameters
    own = {name: value for name, value in offered.items() if name in asked}
    try:
        entries = [*measure(session, chosen(setting), **own)]
    except NotHereError as error:
        return {"status": UNAVAILABLE, "reason": str(error)}, []
    # What is not timed does not depend on who else works, which is this run itself.
    outcome = {"status": DONE, "health": watch.health() if session.kind in TIMED else {}}
    if problems := left_out(session.workload):
        outcome["reason"] = f"left out {'; '.join(problems.values())}"
    return outcome, entries


def _end_with_the_run() -> None:
    """End this process, and what it started, when the one that runs it is gone."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # `benchmarks` is this checkout's, whatever an old wheel of Keras calls so. Else this checkout
    # comes last: the `remedies` that is installed is the one under test.
    sys.path[0] = str(Path(__file__).parents[1])
    import_module("benchmarks")
    sys.path.append(sys.path.pop(0))
    try:
        main(*sys.argv[1:])
    except Exception as error:
        # The thread that reads standard input would end Python with an error of its own.
        traceback.print_exc()
        with suppress(ImportError):
            print(import_module("remedies.problem").reason(error), file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
