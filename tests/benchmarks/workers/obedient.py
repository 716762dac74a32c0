"""A worker without TensorFlow: does what its session's workload says, and logs when it works."""

import json
import sys
import time
from pathlib import Path

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
        import os

        os.kill(os.getpid(), 9)
    case "hang":
        time.sleep(600)
    case "garbage":
        out.write_text("{half")
        sys.exit(0)
    case "unavailable":
        out.write_text('{"status": "unavailable", "reason": "no CUDA build"}')
        sys.exit(0)
    case "measure":
        print("noise on stdout", flush=True)
        print("ready", flush=True)
        assert sys.stdin.readline() == "go\n"
        log("begin")
        time.sleep(0.05)
        log("end")
out.write_text(json.dumps({"status": "done", "entries": [1]}))
