"""Keras itself over time, release by release or commit by commit, through asv's own matrix."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.engine.filing import ROOT, filed, name_machine
from benchmarks.engine.settings import SETTING_VARIABLE, SETTINGS
from benchmarks.engine.workers import run_on_leash
from remedies.versions import KERAS, TENSORFLOW, chosen, tensorflow_for

# The facts, what a `.keras` file loses, and what a step costs beside the reference.
_CORE = (
    r"^(?!.*'(gpu|attention|inpaint|jax)')"
    r"(environment|fidelity|steps\.ImageSteps\.track_(train|predict)_step(_ratio)?\b)"
)
INTERRUPTED = 130
EXAMPLES = """\
examples:
  scripts/track_keras --releases 3.5..latest
  scripts/track_keras --repository ../keras --commits v3.14.0..master --steps 8
  scripts/track_keras --repository https://github.com/keras-team/keras.git \\
      --commits v3.2.1..v3.3.3 --tensorflow 2.16.2 \\
      --find scenarios.Scenarios.track_scenario_pickle --invert

Environments are kept and used again, and so is every release and commit that was measured. What
each release keeps in every situation, with reasons, is scripts/keras_versions.
"""


@dataclass(frozen=True)
class Tracker:
    """Runs asv for versions of Keras.

    Attributes
    ----------
    folder : Path
        Holds the environments, the results and asv's logs.
    setting : str
        How much is measured of each version.
    """

    folder: Path
    setting: str

    @property
    def results(self) -> Path:
        """Where asv's results go."""
        return self.folder / "results"

    def prepare(self, keras: str) -> int:
        """Make the environment of a release, or find it made; return asv's exit status."""
        config = self._config(self.results, **_release(keras))
        # Any failure is told by the run that follows; `asv setup` ends with 1 in any case.
        return self._asv(config, f"setup-{keras}", "setup")

    def release(self, keras: str) -> int:
        """Measure what is missing of a release, and return asv's exit status."""
        with filed(self.results) as results:
            config = self._config(results, **_release(keras))
            return self._asv(config, keras, *self._run("HEAD^!"))

    def commits(self, repository: str, tensorflow: str, words: Sequence[str]) -> int:
        """Run asv over Keras' own commits with `words`, and return its exit status."""
        with filed(self.results) as results:
            config = self._config(results, **_repository(repository, tensorflow))
            return self._asv(config, "commits", *words)

    def history(self, commits: str, steps: int | None) -> list[str]:
        """Return asv's words for measuring a range of commits."""
        return [*self._run(commits), *([f"--steps={steps}"] if steps else [])]

    def _run(self, commits: str) -> list[str]:
        skip = "--skip-existing-successful"
        return ["run", skip, "--record-samples", f"--bench={_CORE}", commits]

    def _config(self, results: Path, **changes: Any) -> Path:
        config = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
        folders = {"benchmark_dir": ROOT / "benchmarks", "env_dir": self.folder / "env"}
        folders |= {"results_dir": results, "html_dir": self.folder / "html"}
        config |= {name: str(folder) for name, folder in folders.items()}
        config |= {"pythons": [f"{sys.version_info[0]}.{sys.version_info[1]}"]}
        file = self.folder / f"asv-{os.getpid()}-{changes.pop('name')}.conf.json"
        file.write_text(json.dumps(config | changes, indent=1), encoding="utf-8")
        return file

    def _asv(self, config: Path, name: str, *words: str) -> int:
        # A version manager's shim is no Python that virtualenv takes.
        own = Path(sys.executable).resolve().parent
        path = os.pathsep.join([str(own), os.environ.get("PATH", "")])
        known = {SETTING_VARIABLE: self.setting, "PATH": path}
        words = (words[0], "--config", str(config), *words[1:])
        try:
            return run_on_leash("asv", *words, log=self.folder / f"{name}.log", known=known)
        finally:
            config.unlink()


def _release(keras: str) -> dict[str, Any]:
    required = {"tensorflow-cpu": [tensorflow_for(keras)], "keras": [keras]}
    return {"name": keras, "repo": str(ROOT), "matrix": {"req": required | _common()}}


def _repository(repository: str, tensorflow: str) -> dict[str, Any]:
    local = Path(repository)
    here = (
        f"python -m pip install --no-deps --no-index --no-build-isolation {shlex.quote(str(ROOT))}"
    )
    config = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
    return {
        "name": "keras",
        "project": "keras",
        "project_url": "https://github.com/keras-team/keras",
        "repo": str(local.resolve()) if local.is_dir() else repository,
        "branches": ["master"],
        "install_command": [*config["install_command"], f"in-dir={{env_dir}} {here}"],
        "matrix": {"req": {"tensorflow-cpu": [tensorflow]} | _common()},
    }


def _common() -> dict[str, list[str]]:
    """Return what every environment has besides Keras; pip chooses a NumPy that fits."""
    config = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
    pinned = config["matrix"]["req"]
    return {name: pinned[name] for name in ("rich", "pip+asv_runner")} | {"setuptools": [""]}


def measure_releases(tracker: Tracker, versions: Sequence[str], jobs: int) -> list[str]:
    """Measure each release, and return those that asv did not measure whole."""
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(tracker.prepare, versions))
    failed = []
    for keras in versions:
        status = tracker.release(keras)
        told = f"not whole, see {tracker.folder / keras}.log" if status else "measured"
        print(f"Keras {keras} on TensorFlow {tensorflow_for(keras)}: {told}", flush=True)
        failed += [keras] * bool(status)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where something failed, 2 if it is wrong, 130 if interrupted."""
    parser = _parser()
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    name_machine()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _track(given, parser, folder)
    except KeyboardInterrupt:
        print("interrupted; what was measured is kept, the same command goes on", file=sys.stderr)
        return INTERRUPTED


def _track(given: argparse.Namespace, parser: argparse.ArgumentParser, folder: Path) -> int:
    if given.releases:
        try:
            versions = chosen(given.releases, _newest)
        except ValueError as error:
            parser.error(str(error))
        return int(bool(measure_releases(Tracker(folder, given.setting), versions, given.jobs)))
    if not (given.repository and given.commits):
        parser.error("name --releases, or --repository and --commits")
    tracker = Tracker(folder / "commits", given.setting)
    tracker.folder.mkdir(exist_ok=True)
    words = tracker.history(given.commits, given.steps)
    if given.find:
        words = ["find", *["--invert"] * given.invert, given.commits, given.find]
    status = tracker.commits(given.repository, given.tensorflow, words)
    log = tracker.folder / "commits.log"
    found = re.findall(r"^Greatest \w+ found.*", log.read_text(encoding="utf-8"), re.MULTILINE)
    print(*found, f"all that asv said is in {log}", sep="\n")
    return int(bool(status))


def _newest() -> str:
    command = [sys.executable, "-m", "pip", "index", "versions", "keras"]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    found = re.match(r"keras \((3[.\d]*)\)", done.stdout)
    return found[1] if found else KERAS[-1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scripts/track_keras",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument)
    add("--releases", nargs="+", metavar="V", help="such as 3.5..latest, 3.6..3.9 or 3.12.4")
    add("--repository", metavar="PATH_OR_URL", help="a clone of Keras, or where it can be cloned")
    add("--commits", metavar="RANGE", help="such as v3.14.0..master, as git log takes it")
    add("--steps", type=int, metavar="N", help="measure about N commits of the range, not all")
    add("--find", metavar="BENCHMARK", help="the commit of the range that changed it most")
    add("--invert", action="store_true", help="find what made it smaller, not larger")
    newest = list(TENSORFLOW.values())[-1]
    add("--tensorflow", default=newest, metavar="V", help=f"for --commits (default: {newest})")
    add("--setting", choices=SETTINGS, default="core", help="how much (default: core)")
    add("--jobs", type=int, default=2, help="environments made side by side")
    add("--folder", type=Path, default=ROOT / ".asv" / "keras", help="kept between runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
