"""The table of metrics: what each is called, counted in, and means. Nothing else spells a metric.

asv's benchmark methods, the frame's checks, the heads of reports, the schema of a verdict and the
tables of `docs/method.md` are made from `METRICS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

FIDELITY = ("workload", "device", "jit", "remedy", "mask_dtype")
STEP = ("workload", "batch", "device", "jit", "step", "remedy", "mask_dtype")
FIRST_STEP = ("workload", "batch", "device", "jit", "remedy", "mask_dtype")
STORAGE = ("workload", "device", "size", "remedy")
SITUATION = ("situation", "remedy")
RECIPE = ("workload", "remedy")
COPY = ("device", "size")
KERNEL = ("device", "jit", "kernel", "mask_dtype", "size")


class Kind(str, Enum):
    """How a metric is compared."""

    DEFECT = "defect"  # exact; 0 is whole
    EVIDENCE = "evidence"  # exact; what Keras did, or how much there was to lose
    COUNT = "count"  # exact; a property of the program or of the recipe
    TIME = "time"  # seconds of one launch: the median of its rounds
    RATIO = "ratio"  # of one launch: the median over its rounds of time by the reference's time
    BYTES = "bytes"  # exact, or a peak
    SPEED = "speed"  # bytes by second, or a share of the copy's


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str  # in session files, in the frame, and after track_ in asv
    unit: str  # what a value counts
    kind: Kind
    axes: tuple[str, ...]  # columns that tell its values apart, in the order of asv's parameters
    label: str  # as the head of a table
    definition: str  # one sentence for the docs
    history: bool = True  # whether asv keeps a series of it


def _table(*rows: Metric) -> dict[str, Metric]:
    return {row.name: row for row in rows}


_DEFECT, _EVIDENCE, _COUNT, _TIME, _RATIO, _BYTES, _SPEED = Kind

# fmt: off
DEFECTS = _table(
    Metric("weights_lost", "weights", _DEFECT, FIDELITY, "weights lost",
           "Weights that the saved model had and the loaded model lacks."),
    Metric("weights_changed", "weights", _DEFECT, FIDELITY, "weights changed",
           "Weights that both have, with other values."),
    Metric("optimizer_variables_lost", "variables", _DEFECT, FIDELITY, "optimizer variables lost",
           "Optimizer variables that the loaded model lacks."),
    Metric("optimizer_variables_changed", "variables", _DEFECT, FIDELITY, "optimizer variables changed",
           "Optimizer variables that both have, with other values."),
    Metric("iterations_lost", "steps", _DEFECT, FIDELITY, "training steps forgotten",
           "Training steps that the loaded optimizer has forgotten."),
    Metric("outputs_changed", "share", _DEFECT, FIDELITY, "outputs changed",
           "Share of the output values on the same inputs that differ."),
    Metric("next_step_changed", "steps", _DEFECT, FIDELITY, "next training step changed",
           "1 where the next training step raises, or its loss or weights differ."),
    Metric("compile_changed", "settings", _DEFECT, FIDELITY, "compile settings changed",
           "Settings of compile() that differ after loading."),
    Metric("silent_defects", "kinds of state", _DEFECT, FIDELITY, "kinds of state lost with no warning",
           "Of weights, optimizer and compile settings: how many are lost with no warning."),
    Metric("second_generation_lost", "variables", _DEFECT, FIDELITY, "lost by the second save and load",
           "Variables that are lost or changed when the loaded model is saved and loaded "
           "again."),
)

EVIDENCE = _table(
    Metric("weights_saved", "weights", _EVIDENCE, FIDELITY, "weights saved",
           "Weights of the saved model.", False),
    Metric("optimizer_variables_saved", "variables", _EVIDENCE, FIDELITY, "optimizer variables saved",
           "Optimizer variables of the saved model.", False),
    Metric("load_raised", "errors", _EVIDENCE, FIDELITY, "loading raised",
           "1 where loading the file raises.", False),
    Metric("next_step_raised", "errors", _EVIDENCE, FIDELITY, "next training step raised",
           "1 where the loaded model's next training step raises.", False),
    Metric("build_warnings", "warnings", _EVIDENCE, FIDELITY, "warnings about the build config",
           "Warnings while loading that the model cannot be built from its config.", False),
    Metric("optimizer_warnings", "warnings", _EVIDENCE, FIDELITY, "warnings about the optimizer",
           "Warnings while loading that speak of the optimizer.", False),
    Metric("other_warnings", "warnings", _EVIDENCE, FIDELITY, "other warnings",
           "Warnings while loading that speak of neither.", False),
    Metric("second_generation_warnings", "warnings", _EVIDENCE, FIDELITY, "warnings, second load",
           "Warnings while the second file is loaded.", False),
    Metric("mask_rebuilt_as_float", "rebuilds", _EVIDENCE, FIDELITY, "mask rebuilt as a float",
           "1 where Keras called the model on a float mask while it loaded it.", False),
    Metric("rebuild_raised", "errors", _EVIDENCE, FIDELITY, "rebuild raised",
           "1 where an exception was raised, and swallowed, while Keras rebuilt the model.", False),
    Metric("functional_as_written_raises", "errors", _EVIDENCE, (), "tf.where on a KerasTensor raises",
           "1 where `tf.where` straight on functional inputs raises, as the article writes "
           "it.", False),
)

SITUATIONS = _table(
    Metric("situation_harm", "harm", _DEFECT, SITUATION, "harm",
           "In a core situation: 0 whole, 1 raises, 2 lost with a warning, 3 lost with no "
           "warning."),
)

RECIPES = _table(
    Metric("recipe_lines", "lines", _COUNT, RECIPE, "lines changed",
           "Lines of code of the recipe that differ from the control's, by difflib."),
)

PROGRAMS = _table(
    Metric("program_differs", "programs", _COUNT, STEP, "another program",
           "1 where the step's program is not the reference step's; its text is a "
           "fingerprint, for a device that is only compiled for of what the program computes."),
    Metric("python_calls_differ", "calls", _COUNT, STEP, "other Python calls",
           "Python calls of one warm step that the reference step does not make, or makes "
           "and this step does not; its text is a fingerprint."),
    Metric("python_calls", "calls", _COUNT, STEP, "Python calls",
           "Python and built-in calls of one warm step."),
    Metric("step_group", "group", _COUNT, STEP, "distinct step",
           "Variants of a cell with one number are one step; its text says what differs from "
           "the reference step.", False),
    Metric("instructions", "instructions", _COUNT, STEP, "instructions",
           "Instructions of the optimized program; without XLA nodes of the executed graph. For a "
           "device that is only compiled for its text is a hash of the program's."),
    Metric("compares", "instructions", _COUNT, STEP, "compares",
           "Comparisons among them."),
    Metric("converts", "instructions", _COUNT, STEP, "converts",
           "Type conversions among them."),
    Metric("fusions", "instructions", _COUNT, STEP, "fusions",
           "Fused kernels among them."),
    Metric("kernels", "kernels", _COUNT, STEP, "kernels",
           "Kernels that XLA writes itself for a GPU that is compiled for and not run; its text "
           "is a hash of their PTX.", False),
    Metric("bytes_moved", "bytes", _COUNT, STEP, "bytes moved",
           "Bytes that the program's kernels read and write: operands and results of every "
           "instruction of its entry computation. With XLA only."),
    Metric("temporary_bytes", "bytes", _COUNT, STEP, "temporary bytes",
           "Bytes that XLA sets aside for intermediate results on a GPU that is compiled for and "
           "not run.", False),
)

STEPS = _table(
    Metric("step_seconds", "seconds", _TIME, STEP, "step",
           "Seconds that one warm call of `train_on_batch` or `predict_on_batch` takes."),
    Metric("step_ratio", "ratio", _RATIO, STEP, "step, by the reference's",
           "The step's time by the reference step's in the same rounds."),
    Metric("python_extra_seconds", "seconds", _TIME, STEP, "Python alone, beyond the reference's",
           "Seconds that the Python around the program takes longer than the reference "
           "step's, with the program replaced by its last result."),
)

FIRST_STEPS = _table(
    Metric("first_step_seconds", "seconds", _TIME, FIRST_STEP, "first step",
           "Seconds from a compiled model to the end of its first training step."),
    Metric("first_step_ratio", "ratio", _RATIO, FIRST_STEP, "first step, by the reference's",
           "Its time by the reference's in the same round."),
    Metric("trace_seconds", "seconds", _TIME, FIRST_STEP, "trace",
           "The part of the first step that builds and traces.", False),
    Metric("compile_seconds", "seconds", _TIME, FIRST_STEP, "compile",
           "The part of the first step that compiles.", False),
)

SAVING = _table(
    Metric("save_seconds", "seconds", _TIME, STORAGE, "save",
           "Seconds of `model.save`."),
    Metric("save_ratio", "ratio", _RATIO, STORAGE, "save, by the reference's",
           "Its time by the reference's in the same rounds."),
    Metric("load_seconds", "seconds", _TIME, STORAGE, "load",
           "Seconds of `load_model`."),
    Metric("load_ratio", "ratio", _RATIO, STORAGE, "load, by the reference's",
           "Its time by the reference's in the same rounds."),
    Metric("file_bytes", "bytes", _BYTES, STORAGE, "file",
           "Bytes of the `.keras` file."),
)

KERNELS = _table(
    Metric("where_seconds", "seconds", _TIME, KERNEL, "tf.where alone",
           "Seconds of `tf.where(mask, values, 0)` alone, with or without a cast."),
    Metric("where_ratio", "ratio", _RATIO, KERNEL, "tf.where, by that on a bool mask",
           "Its time by that of `tf.where` on a bool mask in the same rounds."),
    Metric("where_bandwidth", "share", _SPEED, KERNEL, "share of a copy's speed",
           "Bytes that it must move by its time, as a share of the speed of a copy."),
    Metric("copy_bytes_per_second", "bytes/s", _SPEED, COPY, "copy",
           "Bytes by second of a copy of the same size.", False),
)
# fmt: on

METRICS = (
    DEFECTS | EVIDENCE | SITUATIONS | RECIPES | PROGRAMS | STEPS | FIRST_STEPS | SAVING | KERNELS
)

# Every axis that a metric has, in the order in which names are written.
AXES = ("workload", "batch", "device", "jit", "step", "kernel", "situation", "remedy",
        "mask_dtype", "size")  # fmt: skip


def as_markdown() -> str:
    """Return the table of `docs/method.md`: a row a metric."""
    rows = ["| metric | unit | what it is |", "|---|---|---|"]
    rows += [f"| `{m.name}` | {m.unit} | {m.definition} |" for m in METRICS.values()]
    return "\n".join(rows) + "\n"
