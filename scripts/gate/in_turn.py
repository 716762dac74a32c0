"""Two commits that pin other libraries: asv launches each in its own environment, in turn.

One process cannot hold two versions of a library, so whole launches are paired, A B B A. They are
noisier than pairs within a process by far: expect `undecided` below some ten percent.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.engine.filing import ROOT, filed, name_machine
from benchmarks.engine.settings import SETTING_VARIABLE
from benchmarks.engine.sides import NAMES
from benchmarks.engine.workers import run_on_leash
from reports.gate.asv_results import compared
from reports.gate.decision import SCREENING
from reports.gate.record import Record, RecordError, Row, dump, load
from scripts.gate.check import Pairs, Told

_SETTING = "launch"
_BENCHMARKS = (
    r"^(?!.*'(gpu|attention|inpaint|placebo|yardstick)')"
    r"(fidelity\.Fidelity|steps\.ImageSteps\.track_(train|predict)_step\b(?!_)|"
    r"storage\.\w+\.track_(save|load)\b(?!_))"
)


class AsvError(RuntimeError):
    """asv could not measure a commit; the message is one line that says which, and its log."""


@dataclass
class InTurn:
    """Launches of two commits through asv.

    Parameters
    ----------
    commits : dict of str to str
        ``base`` and ``head`` -> commit, in full.
    matrices : dict of str to dict
        ``base`` and ``head`` -> the matrix of that commit's ``asv.conf.json``.
    folder : Path
        Keeps asv's environments, its logs and every launch, so that the same check goes on.
    deadline : float
        Seconds since the epoch after which no launch is started.
    told : callable
        ``told(what, done, total)``.
    """

    commits: Mapping[str, str]
    matrices: Mapping[str, Mapping[str, Any]]
    folder: Path
    deadline: float
    told: Told = lambda *_: None

    def run(self, record: Record, results: Path) -> Record:
        """Launch both commits until screening is done or the time is up.

        The last launch of each commit stays in `results`, for ``asv compare``.
        """
        name_machine()
        seen: list[Record] = []
        for number in range(SCREENING):
            self.told("launches of both commits", number, SCREENING)
            kept = self.folder / f"launch-{number}.json"
            if not kept.exists():
                if time.time() >= self.deadline:
                    break
                dump(self._pair(number, results), kept)
            seen.append(load(kept))
        first = seen[0] if seen else record
        told = {"differs": first.differs, "unexplained": first.unexplained}
        return Record(**{**vars(record), **told, "rows": _joined(seen)})

    def _pair(self, number: int, results: Path) -> Record:
        """Launch both commits once, and return what they are beside each other."""
        with filed(results) as working:
            for name in NAMES if number % 2 == 0 else NAMES[::-1]:
                self._launch(name, number, working)
            try:
                return compared(working, self.commits["base"], self.commits["head"], 1)
            except RecordError as problem:
                raise AsvError(f"launch {number}: {problem}") from None

    def _launch(self, name: str, number: int, results: Path) -> None:
        """Have asv measure one commit once, in the environment that the commit itself pins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        commit, log = self.commits[name], self.folder / f"{name}-{number}.log"
        own = Path(sys.executable).resolve().parent
        known = {SETTING_VARIABLE: _SETTING}
        known["PATH"] = os.pathsep.join([str(own), os.environ.get("PATH", "")])
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            config = Path(work, "asv.conf.json")
            config.write_text(json.dumps(self._config(name, results)), encoding="utf-8")
            words = ("run", "--config", str(config), "--record-samples", f"--bench={_BENCHMARKS}")
            status = run_on_leash("asv", *words, f"{commit}^!", log=log, known=known)
        if status and not list(results.glob(f"*/{commit[:8]}-*.json")):
            raise AsvError(f"asv could not build or measure the {name} commit; see {log}")

    def _config(self, name: str, results: Path) -> dict[str, Any]:
        config = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
        folders = {"repo": ROOT, "benchmark_dir": ROOT / "benchmarks", "results_dir": results}
        folders |= {"env_dir": self.folder.parent / "environments"}
        known = {key: str(folder) for key, folder in folders.items()}
        pythons = [f"{sys.version_info[0]}.{sys.version_info[1]}"]
        return {**config, **known, "pythons": pythons, "matrix": self.matrices[name]}


def _joined(launches: Sequence[Record]) -> tuple[Row, ...]:
    """Return every row with all its launches, or as the first launch that lacks it tells."""
    rows: dict[Row, list[Row]] = {}
    for launch in launches:
        for row in launch.rows:
            rows.setdefault(row.bare, []).append(row)
    return tuple(_one(found) for found in rows.values())


def _one(found: Sequence[Row]) -> Row:
    for row in found:
        if row.state != "ok" or row.kind == "exact":
            return row
    pairs: Pairs = [(statistics.median(row.before), statistics.median(row.after)) for row in found]
    before, after = zip(*pairs, strict=True)
    return replace(found[0], before=before, after=after, stages=(0,) * len(pairs))
