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

PROGRAMS = ("identity",)  # kinds that look at programs and time nothing
ONE_THREAD = ("identity", "step_times")  # kinds that have to run one and the same program


def main(setting: str, session_json: str, folder_path: str, identity: str) -> None:
    """Measure the session and write its file, whole or not at all."""
    from benchmarks.health import Watch
    from benchmarks.runner import DISK_FULL
    from benchmarks.session import DONE, UNAVAILABLE, Folder, Session
    from benchmarks.settings import setting as chosen_setting
    from remedies.devices import NotHereError, facts, select, use_one_thread

    _end_with_the_run()
    current = json.loads(session_json)
    session = Session(**{**current, "sources": tuple(map(tuple, current["sources"]))})
    folder = Folder(Path(folder_path), identity)
    # TensorFlow and Keras import these where they find them, and nothing here uses them.
    sys.modules.update(dict.fromkeys(("jax", "matplotlib")))  # type: ignore[arg-type]
    if session.kind in ONE_THREAD and session.device == "cpu":
        use_one_thread()
    if session.kind in PROGRAMS:
        from remedies.steps.same_step import use_fast_compilation

        use_fast_compilation(session.device)
    outcome: dict[str, Any] = {
        "commit": os.environ.get("REMEDIES_COMMIT", ""),
        "setting": setting,
        "machine": os.environ.get("REMEDIES_MACHINE", ""),
        "started": time.time(),
        "facts": facts(),
        "health": {},
    }
    entries: list[Any] = []
    if reason := select(session.device):
        outcome |= {"status": UNAVAILABLE, "reason": reason}
    else:
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        measure = import_module(f"benchmarks.{session.kind}").measure
        watch = Watch(session.device)
        offered = {"folder": folder, "watch": watch}
        asked = inspect.signature(measure).parameters
        with watch:
            chosen = {name: value for name, value in offered.items() if name in asked}
            try:
                entries = list(measure(session, chosen_setting(setting), **chosen))
                outcome["status"] = DONE
                if left_out := _left_out(session.workload):
                    outcome["reason"] = left_out
            except NotHereError as error:
                outcome |= {"status": UNAVAILABLE, "reason": str(error)}
        seconds = time.perf_counter() - began
        # What is not timed does not depend on who else works, which is this run itself.
        outcome |= {"health": watch.shares if "watch" in asked else {}, "seconds": seconds}
    try:
        folder.write(session, outcome, entries)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(DISK_FULL)
    # Taking TensorFlow down in good order takes seconds.
    sys.stderr.flush()
    os._exit(0)


def _left_out(workload: str) -> str:
    """Return which recipes of a user's workload raise, and why; empty where none does."""
    from benchmarks.variants import raising
    from remedies.registry import NEEDED, REMEDIES, SHIPPED, WORKLOADS, recipes

    if not workload or workload in SHIPPED:
        return ""
    names = [name for name in recipes(WORKLOADS[workload].folder) if name in REMEDIES]
    why = {name: raising(workload, name) for name in names if name not in NEEDED}
    said = [f"{workload}/{name}.py, which raises {text}" for name, text in why.items() if text]
    return f"left out {'; '.join(said)}" if said else ""


def _end_with_the_run() -> None:
    """End this process, and what it started, when the one that runs it is gone."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


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
