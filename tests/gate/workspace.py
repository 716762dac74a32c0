"""One of GitHub's runners in miniature: a job's steps by their commands, with a stand-in `gh`."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
_GH = f"""#!{sys.executable}
import json, os, pathlib, shutil, subprocess, sys
state = pathlib.Path(os.environ["GH_STATE"])
words = sys.argv[1:]
if not os.environ.get("GH_TOKEN") or not os.environ.get("GH_REPO"):
    sys.exit("gh: no token or repository in this step")
def option(name):
    return next((words[i + 1] if w == name else w.split("=", 1)[1] for i, w in enumerate(words)
                 if w == name or w.startswith(name + "=")), "")
with (state / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[:2] == ["run", "download"]:
    source = state / "artifacts" / words[2] / option("--name")
    if not source.is_dir():
        sys.exit("gh: no artifact matches")
    shutil.copytree(source, option("--dir"), dirs_exist_ok=True)
elif words[1] == "list":
    name = "-".join([*words[:2], *filter(None, [option("--workflow")])])
    file = state / f"{{name}}.json"
    listed = file.read_text() if file.exists() else "[]"
    sys.exit(subprocess.run(["jq", "-r", option("--jq")], input=listed, text=True).returncode)
elif words[:2] == ["pr", "create"] and (state / "pr-create").exists():
    sys.exit("gh: there is one already")
elif option("--body-file"):
    shutil.copy(option("--body-file"), state / "body")
"""
_PYTHON = f"""#!{sys.executable}
import os, pathlib, sys
words = sys.argv[1:]
if words[:2] == ["-m", "venv"]:
    folder = pathlib.Path(words[2], "bin")
    folder.mkdir(parents=True)
    for name in ("python", "pip-audit"):
        (folder / name).write_text("#!/bin/sh\\nexit 0\\n")
        (folder / name).chmod(0o755)
elif words[:2] == ["-m", "reports"]:
    os.environ["PYTHONPATH"] = {str(ROOT)!r}
    os.execv({sys.executable!r}, [{sys.executable!r}, *words])
elif words[:4] == ["-m", "pip", "index", "versions"]:
    print(words[4], "(3.99.0)")
elif words[:2] == ["-m", "pytest"]:
    assert pathlib.Path({str(ROOT)!r}, words[2]).is_file() and os.environ["MATRIX"] == "all"
elif words[:2] == ["-m", "remedies.scenarios"]:
    assert words[2] == "--keras" and len(words) == 4
elif words[:2] == ["-m", "benchmarks"]:
    assert {{"--setting", "--shard", "--sessions"}} <= set(words), words
    pathlib.Path(words[-1]).mkdir()
    pathlib.Path(words[-1], "s.json").write_text(os.environ["REMEDIES_MACHINE"])
else:
    sys.exit(f"no such command here: {{words}}")
"""
_SCRIPT = """#!/bin/sh
printf '%s\\n' "$0 $*" >>"$GH_STATE/scripts"
case "$0" in *pr_check) echo "### a verdict"; exit "${PR_CHECK:-0}" ;; esac
"""


@dataclass
class Runner:
    """Runs the steps of a job that are commands; `state` is what is on GitHub."""

    folder: Path
    event: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.state, self.work = self.folder / "state", self.folder / "work"
        (self.work / "scripts").mkdir(parents=True)
        self.state.mkdir()
        (self.state / "calls").touch()
        _executable(self.folder / "bin" / "gh", _GH)
        for python in (self.folder / "bin" / "python", self.work / ".venv" / "bin" / "python"):
            _executable(python, _PYTHON)
        for script in (ROOT / "scripts").iterdir():
            if script.is_file():
                _executable(self.work / "scripts" / script.name, _SCRIPT)

    def offer(self, run, name):
        """Return the folder of an artifact that a workflow run leaves."""
        folder = self.state / "artifacts" / str(run) / name
        folder.mkdir(parents=True)
        return folder

    def lists(self, what, items):
        """Set what `gh` lists."""
        (self.state / f"{what}.json").write_text(json.dumps(items))

    def job(self, workflow, job):
        """Run the commands of a job and return its steps' outputs; they end with 0 or raise."""
        whole = yaml.safe_load((WORKFLOWS / workflow).read_text("utf-8"))
        return self.steps(whole["jobs"][job]["steps"], whole.get("env"))

    def steps(self, steps, shared=None):
        """Run steps one after the other, as GitHub does."""
        for step in (step for step in steps if "run" in step):
            self.run(step["run"], {**(shared or {}), **step.get("env", {})})
        output = self.folder / "output"
        lines = output.read_text().splitlines() if output.exists() else []
        return dict(line.split("=", 1) for line in lines)

    def run(self, command, env=None):
        """Run one command line as a step, with nothing of this process' environment."""
        assert "${{" not in command, "a command takes what GitHub says from its environment"
        known = {name: self._value(str(value)) for name, value in (env or {}).items()}
        known |= {
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
            "GH_STATE": str(self.state), "HOME": str(self.folder), "GITHUB_SHA": "b" * 40,
            "GITHUB_OUTPUT": str(self.folder / "output"), "GITHUB_ACTION_PATH": str(self.work),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"), **self.env,
        }  # fmt: skip
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
        subprocess.run(words, cwd=self.work, env=known, check=True)

    def calls(self, *start):
        """Return the calls of `gh` that start so."""
        every = map(json.loads, (self.state / "calls").read_text().splitlines())
        return [call for call in every if call[: len(start)] == list(start)]

    def _value(self, text):
        expression = r"\$\{\{\s*(.*?)\s*\}\}"
        return re.sub(expression, lambda match: self.event.get(match[1], "unknown"), text)


def _executable(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
