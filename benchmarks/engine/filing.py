"""Files what sessions measured in asv's results: each file is replaced whole, or not at all."""

from __future__ import annotations

import filecmp
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine.launch import STORE_VARIABLE
from benchmarks.engine.selection import selection
from benchmarks.engine.settings import SETTING_VARIABLE
from benchmarks.engine.store import Store, locked, write_whole
from benchmarks.engine.workers import run_on_leash

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Filing:
    """Where and as what the results of a run are stored.

    Attributes
    ----------
    setting, commit : str
        What was measured.
    results : Path
        asv's results folder.
    machine : str
        The name that asv gives this machine; empty for its own.
    """

    setting: str
    commit: str
    results: Path
    machine: str = ""

    @property
    def log(self) -> Path:
        """Where asv's own tables go: into the folder, which is all that a runner hands on."""
        return self.results / "asv.log"


def file_away(run: Filing, store: Path) -> int:
    """Let `asv run` look up every result that `store` holds, and return its exit status.

    asv overwrites its files in place, so it works on copies. Those who file into the same folder
    do so one after the other.
    """
    name_machine(run.machine)
    chosen = [f"--bench={pattern}" for pattern in selection(run.setting, Store(store))]
    with filed(run.results) as copy, tempfile.TemporaryDirectory() as work:
        config = Path(work, "asv.conf.json")
        config.write_text(json.dumps(_config(copy)), encoding="utf-8")
        words = ["run", "--config", str(config), "--python=same", "--record-samples"]
        words += [f"--set-commit-hash={run.commit}", *chosen]
        words += [f"--machine={run.machine}"] if run.machine else []
        known = {SETTING_VARIABLE: run.setting, STORE_VARIABLE: str(store)}
        return run_on_leash("asv", *words, log=run.log, known=known)


@contextmanager
def filed(results: Path) -> Iterator[Path]:
    """Yield a copy of `results` to work on, and move what changed in it in place at the end.

    Whatever interrupts the block, `results` is as it was. One works at a time, the others wait.
    """
    results.mkdir(parents=True, exist_ok=True)
    with (
        locked(results / ".lock", wait=True),
        tempfile.TemporaryDirectory(prefix=f".{results.name}-", dir=results.parent) as work,
    ):
        for rest in results.parent.glob(f".{results.name}-*"):  # of killed runs
            if rest.name != Path(work).name:
                shutil.rmtree(rest, ignore_errors=True)
        copy = Path(work, "results")
        shutil.copytree(results, copy, ignore=shutil.ignore_patterns(".lock"))
        yield copy
        move(copy, results)


def move(source: Path, target: Path) -> None:
    """Put every file under `source` in its place under `target`, of the same file system.

    benchmarks.json, which says what the others mean, comes first.

    Raises
    ------
    OSError
        Where asv did not write one to its end; then nothing is moved.
    """
    files = sorted(source.rglob("*.json"), key=lambda file: file.name != "benchmarks.json")
    places = {file: target / file.relative_to(source) for file in files}
    changed = [f for f in files if not places[f].exists() or not filecmp.cmp(f, places[f], False)]
    for file in changed:
        _require_whole(file)
    for file in changed:
        place = places[file]
        place.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as whole:
            os.fsync(whole.fileno())
        file.replace(place)


def _require_whole(file: Path) -> None:
    try:
        json.loads(file.read_bytes())
    except ValueError:
        raise OSError(f"asv did not write {file.name} to its end, as on a full disk") from None


def git(*words: str) -> str:
    """Return what git says in this repository."""
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def _config(results: Path) -> dict[str, object]:
    config: dict[str, object] = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
    folders = {"repo": ROOT, "benchmark_dir": ROOT / "benchmarks", "results_dir": results}
    folders["env_dir"] = ROOT / ".asv" / "env"
    return config | {name: str(folder) for name, folder in folders.items()}


def name_machine(name: str = "") -> None:
    """Let asv know this machine as `name`; without one as it does, else by its host name."""
    from asv.machine import Machine

    file = Path("~/.asv-machine.json").expanduser()
    # Shards start together, and may share a home.
    with locked(file.with_suffix(".lock"), wait=True):
        known = json.loads(file.read_text("utf-8")) if file.exists() else {"version": 1}
        machines = known.keys() - {"version"}
        # Where asv knows one machine only, it takes every host for that.
        wanted = name or ("" if len(machines) == 1 else platform.node())
        if wanted and wanted not in machines:
            known[wanted] = {**Machine.get_defaults(), "machine": wanted}
            write_whole(file, json.dumps(known, indent=4))
