"""A worker without TensorFlow: does what its session's workload says, and logs when it works."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))
from benchmarks.engine.store import write_whole  # noqa: E402
from benchmarks.engine.worker import _turn  # noqa: E402

session, out = json.loads(sys.argv[2]), Path(sys.argv[3])
journal = out.parent / "journal"


def log(what):
    with journal.open("a") as file:
        file.write(f"{what} {session['launch']}\n")


log("prepare")
match session["workload"]:
    case "crash":
        print("trace\nMemoryError: 3 GiB", file=sys.stderr)
        sys.exit(1)
    case "killed":
        print("WARNING: of long before", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    case "killed while it waits":
        os.close(0)
        print("ready", flush=True)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    case "segfault":
        print("WARNING: of long before", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    case "silent":
        sys.exit(7)
    case "full":
        sys.exit(28)
    case "hang":
        _turn()
        time.sleep(600)
    case "parent":
        _turn()
        subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", str(out)])
    case "garbage":
        out.write_text("{half")
        sys.exit(0)
    case "unavailable":
        out.write_text('{"status": "unavailable", "reason": "no CUDA build"}')
        sys.exit(0)
    case "measure":
        print("noise on stdout", flush=True)
        _turn()()
        log("begin")
        time.sleep(0.05)
        log("end")
write_whole(out, json.dumps({"status": "done", "entries": [1]}))
