"""Files what sessions measured in asv's results: each file is replaced whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.axes import WORKLOAD
from benchmarks.engine.launch import STORE_VARIABLE
from benchmarks.engine.plan import SETTING_VARIABLE, SETTINGS
from benchmarks.engine.store import locked
from remedies.devices import DEVICES, missing

ROOT = Path(__file__).parents[2]
_ASV = (sys.executable, "-m", "asv")


def file_away(setting: str, store: Path, results: Path, log: Path) -> int:
    """Let `asv run` look up every result that `store` holds, and return its exit status.

    asv overwrites its files in place, so it works on copies. Those who file into the same folder
    do so one after the other.

    Parameters
    ----------
    setting : str
        Name of the setting that was measured.
    store, results : Path
        Where the sessions are, and asv's results folder.
    log : Path
        Where asv's own tables go.
    """
    results.mkdir(parents=True, exist_ok=True)
    commit = git("rev-parse", "HEAD")
    with (
        locked(results / ".lock", wait=True),
        tempfile.TemporaryDirectory(prefix=".filing-", dir=results.parent) as work,
    ):
        copy = Path(work, "results")
        shutil.copytree(results, copy, ignore=_all_but(commit[:8]))
        config = Path(work, "asv.conf.json")
        config.write_text(json.dumps(_config(copy)), encoding="utf-8")
        _name_machine()
        command = [*_ASV, "run", "--config", str(config), "--python=same", "--record-samples"]
        command += [f"--set-commit-hash={commit}", *_selection(setting)]
        known = os.environ | {SETTING_VARIABLE: setting, STORE_VARIABLE: str(store)}
        with log.open("w", encoding="utf-8") as out:
            status = subprocess.run(command, cwd=ROOT, env=known, stdout=out, stderr=out).returncode  # noqa: S603
        move(copy, results)
    return status


def move(source: Path, target: Path) -> None:
    """Put every file under `source` in its place under `target`, of the same file system.

    benchmarks.json, which says what the others mean, comes first.
    """
    files = sorted(source.rglob("*.json"), key=lambda file: file.name != "benchmarks.json")
    for file in files:
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as whole:
            os.fsync(whole.fileno())
        file.replace(place)


def git(*words: str) -> str:
    """Return what git says in this repository."""
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def _all_but(commit: str):  # type: ignore[no-untyped-def]
    def ignored(folder: str, names: list[str]) -> list[str]:
        return [n for n in names if Path(folder, n).is_file() and not n.startswith(commit)]

    return ignored


def _config(results: Path) -> dict[str, object]:
    config: dict[str, object] = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
    folders = {"repo": ROOT, "benchmark_dir": ROOT / "benchmarks", "results_dir": results}
    folders["env_dir"] = ROOT / ".asv" / "env"
    return config | {name: str(folder) for name, folder in folders.items()}


def _name_machine() -> None:
    if not Path("~/.asv-machine.json").expanduser().exists():
        command = [*_ASV, "machine", "--yes"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _selection(setting: str) -> list[str]:
    """Leave out what is not measured: a process for each combination would take minutes."""
    left_out = {device for device in DEVICES if missing(device)}
    left_out |= set(WORKLOAD) - set(SETTINGS[setting].workloads)
    return [f"--bench=^(?!.*'({'|'.join(sorted(left_out))})')"] if left_out else []
