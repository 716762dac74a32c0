"""Made-up session files: what a first run of the suite leaves behind, and changes to it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from remedies import REMEDIES
from remedies.metrics import METRICS

Entry = dict[str, Any]
Edit = Callable[[dict[str, Any], Entry], Any]  # may change an entry in place; False drops it

# fmt: off
LOSES = {"weights_lost": 2, "optimizer_variables_lost": 4, "iterations_lost": 3,
         "outputs_changed": 1, "next_step_changed": 1, "silent_defects": 1,
         "second_generation_lost": 8}  # of the control, in the first round trip
WITNESSED = {"build_warnings": 1, "optimizer_warnings": 1, "second_generation_warnings": 2,
             "mask_rebuilt_as_float": 1, "rebuild_raised": 1, "next_step_raised": 1}
FIDELITY = {
    "control": LOSES | WITNESSED,
    "build_from_config": {"second_generation_lost": 8, "second_generation_warnings": 1},
}
LINES = {"control": 0, "build_from_config": 9, "build_from_config_pair": 14, "tf_cast": 1,
         "functional_bool_input": 16, "ops_where": 2}
HARM = {  # control, build_from_config, pair, cast, functional, ops_where
    "keras": (3, 0, 0, 0, 0, 0),
    "second_adam": (2, 2, 0, 0, 0, 0),
    "second_sgd": (2, 3, 0, 0, 0, 0),
    "two_arguments": (2, 1, 1, 2, 0, 2),
    "fed_float32": (1, 1, 1, 0, 0, 0),
    "frozen": (2, 2, 2, 2, 0, 2),
    "mixed_bfloat16": (3, 3, 3, 3, 3, 3),
    "model_in_model": (2, 2, 2, 0, 0, 0),
    "gather": (2, 0, 0, 0, 0, 2),
}
LOST = {"frozen": "optimizer state", "mixed_bfloat16": "outputs"}
FACTS = {"python": "3.12.1", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.5.5",
         "cpu": "Example 9000", "cores": "4", "ram": "16 GB", "os": "Linux", "gpu": ""}
COUNTS = {"instructions": 120, "fusions": 14, "compares": 3, "converts": 2,
          "bytes_moved": 1_234_567, "temporary_bytes": 65_536}
# fmt: on
SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,), "launches": 2}
HEALTH = {"steal": 0.012, "foreign_load": 0.31, "clock_share": 0.0004, "throttled": 0.0}


@dataclass
class Made:
    """What to make up; the fields are those that tests change."""

    workloads: tuple[str, ...] = ("image", "attention", "inpaint")
    devices: tuple[str, ...] = ("cpu",)
    jits: tuple[str, ...] = ("xla", "graph")
    batches: tuple[int, ...] = (32, 128)
    launches: int = 4
    noise: float = 0.002
    machine: str = "desk"
    commit: str = "ab" * 20
    identity: str = "0123456789ab"
    started: float = 1_790_000_000.0
    facts: dict[str, str] = field(default_factory=lambda: dict(FACTS))
    health: dict[str, float] = field(default_factory=lambda: dict(HEALTH))
    remedies: tuple[str, ...] = tuple(REMEDIES)
    edit: Edit | None = None
    seed: int = 0

    def write(self, folder: Path) -> Path:
        """Write the session files into `folder` and return it."""
        self.random = np.random.default_rng(self.seed)
        for number, (session, entries) in enumerate(self._sessions()):
            if self.edit:
                entries = [entry for entry in entries if self.edit(session, entry) is not False]
            started = self.started + number
            names = ("machine", "identity", "commit", "facts", "health")
            own = {name: getattr(self, name) for name in names}
            write(folder, session, entries, setting="default", started=started, **own)
        return folder

    def _sessions(self) -> Iterator[tuple[dict[str, Any], list[Entry]]]:
        yield {"kind": "recipes"}, [*self._recipes()]
        yield {"kind": "situations"}, [*self._situations()]
        for device in self.devices:
            for workload in self.workloads:
                fixed = {"workload": workload, "device": device}
                yield {"kind": "fidelity", **fixed}, [*self._fidelity()]
                for jit in self.jits:
                    for batch in self.batches:
                        cell = {**fixed, "jit": jit, "batch": batch}
                        yield {"kind": "identity", **cell}, [*self._identity()]
                        for launch in range(self.launches):
                            timed = {"kind": "step_times", **cell, "launch": launch}
                            yield timed, [*self._step_times(batch)]
                    cell = {**fixed, "jit": jit, "batch": self.batches[0]}
                    for launch in range(self.launches):
                        timed = {"kind": "first_steps", **cell, "launch": launch}
                        yield timed, [*self._first_steps()]
                for launch in range(self.launches):
                    yield {"kind": "saving", **fixed, "launch": launch}, [*self._files("save")]
                    yield {"kind": "loads", **fixed, "launch": launch}, [*self._files("load")]
            for launch in range(self.launches):
                yield {"kind": "kernels", "device": device, "launch": launch}, [*self._kernels()]

    def _recipes(self) -> Iterator[Entry]:
        for workload in self.workloads:
            for remedy in self.remedies:
                yield entry("recipe_lines", LINES[remedy], workload=workload, remedy=remedy)
        yield entry("functional_as_written_raises", 1)

    def _situations(self) -> Iterator[Entry]:
        for situation, harms in HARM.items():
            for remedy, harm in zip(REMEDIES, harms, strict=True):
                if remedy in self.remedies:
                    axes = {"situation": situation, "remedy": remedy}
                    state = LOST.get(situation, "weights, optimizer state") if harm > 1 else ""
                    yield entry("situation_harm", harm, state, **axes)

    def _fidelity(self) -> Iterator[Entry]:
        names = [name for name, metric in METRICS.items() if "remedy" in metric.axes]
        names = [name for name in names if METRICS[name].kind.value in ("defect", "evidence")]
        saved = {"weights_saved": 2, "optimizer_variables_saved": 6}
        for jit in self.jits:
            for remedy, mask_dtype in self._variants():
                axes = {"jit": jit, "remedy": remedy, "mask_dtype": mask_dtype}
                values = dict.fromkeys(names, 0) | saved | FIDELITY.get(remedy, {})
                del values["situation_harm"]
                yield from (entry(name, value, **axes) for name, value in values.items())

    def _variants(self) -> Iterator[tuple[str, str]]:
        for remedy in self.remedies:
            yield from ((remedy, dtype) for dtype in REMEDIES[remedy].mask_dtypes)

    def _identity(self) -> Iterator[Entry]:
        for step in ("train", "predict"):
            for remedy, mask_dtype in self._variants():
                axes = {"step": step, "remedy": remedy, "mask_dtype": mask_dtype}
                program, calls = _differs(step, remedy, mask_dtype)
                group = (2 if program else 0) + (1 if calls else 0)
                called = f"+{calls} Python calls: keras/src/trainers/trainer.py metrics"
                text = "; ".join(["+1 compare"] * program + [called] * (calls > 0))
                yield entry("program_differs", program, f"{program:016x}", **axes)
                yield entry("python_calls_differ", calls, f"{calls:016x}", **axes)
                yield entry("python_calls", 1874 + calls, **axes)
                yield entry("step_group", group, text, **axes)
                for name, value in COUNTS.items():
                    yield entry(name, value + program * (name == "compares"), **axes)

    def _step_times(self, batch: int) -> Iterator[Entry]:
        for step, scale in (("train", 1.0), ("predict", 0.4)):
            seconds = scale * 0.0012 * batch / 32 * self._launch(0.05)
            drawn: dict[tuple[int, int], tuple[float, float]] = {}
            for remedy, mask_dtype in (*self._variants(), ("placebo", "bool")):
                axes = {"step": step, "remedy": remedy, "mask_dtype": mask_dtype}
                program, calls = _differs(step, remedy, mask_dtype)
                key = (program, calls) if remedy != "placebo" else (-1, -1)
                ratio = (1 + 0.03 * program) * self._launch(self.noise)
                more = 3.1e-6 * (calls > 0) + self.random.normal(0, 1.5e-7)
                if key == (0, 0):
                    ratio, more = 1.0, 0.0
                ratio, more = drawn.setdefault(key, (ratio, more))
                yield from timed("step", seconds, ratio, **axes)
                if not program:
                    yield entry("python_extra_seconds", more, **axes)

    def _launch(self, noise: float) -> float:
        return float(np.exp(self.random.normal(0, noise)))

    def _first_steps(self) -> Iterator[Entry]:
        for remedy, mask_dtype in (*self._variants(), ("placebo", "bool")):
            axes = {"remedy": remedy, "mask_dtype": mask_dtype}
            slow = 1.15 if remedy == "functional_bool_input" else 1.0
            ratio = slow * self._launch(10 * self.noise)
            ratio = 1.0 if (remedy, mask_dtype) == ("ops_where", "bool") else ratio
            yield from timed("first_step", 0.9, ratio, **axes)

    def _files(self, kind: str) -> Iterator[Entry]:
        for size in (0, 1):
            for remedy in (*self.remedies, "placebo"):
                axes = {"size": size, "remedy": remedy}
                slow = 1.08 if remedy == "functional_bool_input" else 1.0
                ratio = slow * self._launch(5 * self.noise)
                ratio = 1.0 if remedy == "ops_where" else ratio
                yield from timed(kind, 0.012 + 0.2 * size, ratio, **axes)
                if kind == "save":
                    yield entry("file_bytes", 87_400 + 42_000_000 * size, **axes)

    def _kernels(self) -> Iterator[Entry]:
        for size in (10_000, 1_000_000, 100_000_000):
            for jit in self.jits:
                for kernel, mask_dtype in (("where", "bool"), ("where_cast", "bool"),
                                           ("where_cast", "float32")):  # fmt: skip
                    axes = {"jit": jit, "kernel": kernel, "mask_dtype": mask_dtype, "size": size}
                    slow = 1.3 if mask_dtype == "float32" and size > 10_000 else 1.0
                    ratio = 1.0 if kernel == "where" else slow * self._launch(2 * self.noise)
                    yield entry("where_seconds", size / 4e9 * ratio, **axes)
                    if kernel != "where":
                        yield entry("where_ratio", ratio, **axes)


def entry(metric: str, value: float, text: str = "", **axes: Any) -> Entry:
    """Return an entry of a session file."""
    return {"metric": metric, "axes": axes, "value": float(value), "text": text}


def timed(name: str, seconds: float, ratio: float, **axes: Any) -> Iterator[Entry]:
    """Yield the entries of a time: in seconds, and by its reference, which takes `seconds`."""
    yield entry(f"{name}_seconds", seconds * ratio, **axes)
    yield entry(f"{name}_ratio", ratio, **axes)


def write(
    folder: Path, session: dict[str, Any], entries: list[Entry], *, fail: bool = False, **facts: Any
) -> None:
    """Write one session file; `facts` are of the document."""
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"format": 1, "identity": "i", "machine": "m", "started": 1.0, "seconds": 1.0}
    outcome = {"status": "failed", "reason": "killed"} if fail else {"status": "done"}
    document = usual | outcome | {"session": session, "entries": [] if fail else entries} | facts
    name = "-".join(str(value) for value in (document["machine"], *session.values()))
    name = re.sub(r"[^\w.-]", "_", name)[:200]
    (folder / f"{name}.json").write_text(json.dumps(document))


def _differs(step: str, remedy: str, mask_dtype: str) -> tuple[int, int]:
    """Return whether the program differs, and by how many Python calls the step does."""
    calls = 54 if remedy == "functional_bool_input" and step == "train" else 0
    return int(mask_dtype == "float32"), calls


def only(metric: str, change: Callable[[Entry], Any], **where: Any) -> Edit:
    """Return an edit of the entries of `metric` whose session or axes are as `where` says."""

    def edit(session: dict[str, Any], made: Entry) -> Any:
        axes = session | made["axes"]
        if made["metric"] == metric and all(axes.get(k) == v for k, v in where.items()):
            return change(made)
        return None

    return edit


def together(*edits: Edit) -> Edit:
    """Return an edit that makes all `edits`."""

    def edit(session: dict[str, Any], made: Entry) -> Any:
        return not any(each(session, made) is False for each in edits)

    return edit


def scale(factor: float) -> Callable[[Entry], None]:
    def change(made: Entry) -> None:
        made["value"] *= factor

    return change


def put(value: float, text: str | None = None) -> Callable[[Entry], None]:
    def change(made: Entry) -> None:
        made["value"] = value
        if text is not None:
            made["text"] = text

    return change
