"""A worker that does what its session's workload says: measure, hang, crash, fill the disk."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = str(Path(__file__).parents[2])
sys.path.insert(0, ROOT)

from benchmarks.runner import DISK_FULL  # noqa: E402
from benchmarks.session import DONE, Entry, Folder, Session  # noqa: E402

setting, session_json, path, identity = sys.argv[1:]
own = json.loads(session_json)
session = Session(**{**own, "sources": ()})
with Path(path, "started").open("a", encoding="utf-8") as started:
    started.write(f"{session}\n")
match session.workload:
    case "hang":
        time.sleep(600)
    case "child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(path, "child").write_text(str(child.pid), encoding="utf-8")
        raise RuntimeError("it crashed beside its child")
    case "crash":
        raise RuntimeError("it crashed")
    case "memory":
        os.kill(os.getpid(), signal.SIGKILL)
    case "silent":
        sys.exit(0)
    case "full":
        sys.exit(DISK_FULL)
    case "pair" | "pair2":  # ends once two were started
        while len(Path(path, "started").read_text(encoding="utf-8").split()) < 2:
            time.sleep(0.05)
    case "slow":
        time.sleep(0.3)
Folder(Path(path), identity).write(session, {"status": DONE}, [Entry("recipe_lines", 1)])
