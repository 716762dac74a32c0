"""The table of metrics: what each is called, counted in, and means. Nothing else spells a metric.

asv's benchmark methods, the frame's checks, the heads of reports, the schema of a verdict and the
tables of `docs/method.md` are made from `METRICS`.
"""

from dataclasses import dataclass
from enum import Enum

FIDELITY = ("workload", "device", "jit", "remedy", "mask_dtype")
STEP = ("workload", "batch", "device", "jit", "step", "remedy", "mask_dtype")


class Kind(str, Enum):
    """How a metric is compared."""

    DEFECT = "defect"  # exact; 0 is whole
    EVIDENCE = "evidence"  # exact; what Keras did, or how much there was to lose
    COUNT = "count"  # exact; a property of the program, of the recipe or of the file
    TIME = "time"  # seconds of one launch: the median of its rounds
    RATIO = "ratio"  # of one launch: the median over its rounds of time by the reference's time
    SPEED = "speed"  # bytes by second, or a share of the copy's


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str  # in session files, in the frame, and after track_ in asv
    unit: str  # what a value counts
    kind: Kind
    axes: tuple[str, ...]  # columns that tell its values apart, in the order of asv's parameters
    definition: str  # one sentence for the docs
    label: str  # as the head of a table
    history: bool  # whether asv keeps a series of it


_KINDS = {"seconds": Kind.TIME, "ratio": Kind.RATIO, "share": Kind.SPEED, "bytes/s": Kind.SPEED}
_NO_SERIES = ("step_group", "kernels", "temporary_bytes", "trace_seconds", "compile_seconds",
              "copy_bytes_per_second")  # fmt: skip


def _table(
    axes: tuple[str, ...], *rows: tuple[str, ...], kind: Kind | None = None
) -> dict[str, Metric]:
    """Return metrics by name; a row is name, unit, definition and, if not the name's, a label."""
    table = {}
    for name, unit, definition, *own in rows:
        words = name.removesuffix("_seconds").replace("_ratio", ", by the reference's")
        label = own[0] if own else words.replace("_", " ")
        compared = kind or _KINDS.get(unit, Kind.COUNT)
        history = name not in _NO_SERIES
        table[name] = Metric(name, unit, compared, axes, definition, label, history)
    return table


# fmt: off
DEFECTS = _table(
    FIDELITY,
    ("weights_lost", "weights", "Weights that the saved model had and the loaded model lacks."),
    ("weights_changed", "weights", "Weights that both have, with other values."),
    ("optimizer_variables_lost", "variables", "Optimizer variables that the loaded model lacks."),
    ("optimizer_variables_changed", "variables", "Optimizer variables that both have, changed."),
    ("iterations_lost", "steps", "Training steps that the loaded optimizer has forgotten.",
     "training steps forgotten"),
    ("outputs_changed", "share", "Share of the output values on the same inputs that differ."),
    ("next_step_changed", "steps", "1 where the next training step raises, or its result differs.",
     "next training step changed"),
    ("compile_changed", "settings", "Settings of compile() that differ after loading.",
     "compile settings changed"),
    ("silent_defects", "kinds of state", "Of weights, optimizer and compile settings: how many are "
     "lost with no warning.", "kinds of state lost with no warning"),
    ("second_generation_lost", "variables", "Variables that are lost or changed when the loaded "
     "model is saved and loaded again.", "lost by the second save and load"),
    kind=Kind.DEFECT,
)

EVIDENCE = _table(
    FIDELITY,
    ("weights_saved", "weights", "Weights of the saved model."),
    ("optimizer_variables_saved", "variables", "Optimizer variables of the saved model."),
    ("load_raised", "errors", "1 where loading the file raises."),
    ("next_step_raised", "errors", "1 where the loaded model's next training step raises."),
    ("build_warnings", "warnings", "Warnings while loading that the model cannot be built."),
    ("optimizer_warnings", "warnings", "Warnings while loading that speak of the optimizer."),
    ("other_warnings", "warnings", "Warnings while loading that speak of neither."),
    ("second_generation_warnings", "warnings", "Warnings while the second file is loaded."),
    ("mask_rebuilt_as_float", "rebuilds", "1 where loading called the model on a float mask."),
    ("rebuild_raised", "errors", "1 where the rebuild raised, and Keras swallowed that."),
    kind=Kind.EVIDENCE,
) | _table(
    (),
    ("functional_as_written_raises", "errors", "1 where `tf.where` straight on functional inputs "
     "raises, as the article writes it."),
    kind=Kind.EVIDENCE,
)

SITUATIONS = _table(
    ("situation", "remedy"),
    ("situation_harm", "harm", "In a core situation: 0 whole, 1 raises, 2 lost with a warning, "
     "3 lost with no warning; its text says what is lost.", "harm"),
    kind=Kind.DEFECT,
)

RECIPES = _table(
    ("workload", "remedy"),
    ("recipe_lines", "lines", "Lines of code that differ from the control's.", "lines changed"),
)

PROGRAMS = _table(
    STEP,
    ("program_differs", "programs", "1 where the step's program is not the reference step's; its "
     "text is a fingerprint.", "another program"),
    ("python_calls_differ", "calls", "Python calls of one warm step that the reference step does "
     "not make, or makes and this step does not; its text is a fingerprint.", "other Python calls"),
    ("python_calls", "calls", "Python and built-in calls of one warm step.", "Python calls"),
    ("instructions", "instructions", "Instructions of the optimized program; without XLA nodes of "
     "the executed graph. For a card that is compiled for its text is the program's hash."),
    ("compares", "instructions", "Comparisons among them."),
    ("converts", "instructions", "Type conversions among them."),
    ("fusions", "instructions", "Fused kernels among them."),
    ("bytes_moved", "bytes", "Bytes that the program's kernels read and write: operands and "
     "results of every instruction of its entry computation. With XLA only."),
    ("step_group", "group", "Variants of a cell with one number are one step; its text says what "
     "differs from the reference step.", "distinct step"),
    ("kernels", "kernels", "Kernels that XLA writes itself for a GPU that is compiled for and not "
     "run; its text is a hash of their PTX."),
    ("temporary_bytes", "bytes", "Bytes that XLA sets aside for intermediate results there."),
)

STEPS = _table(
    STEP,
    ("step_seconds", "seconds", "Seconds of one warm `train_on_batch` or `predict_on_batch`; on a "
     "CPU processor seconds of one thread."),
    ("python_extra_seconds", "seconds", "Seconds that the Python around the program takes beyond "
     "the reference step's.", "Python alone, beyond the reference's"),
    ("step_ratio", "ratio", "The step's time by the reference step's in the same rounds."),
)

FIRST_STEPS = _table(
    ("workload", "batch", "device", "jit", "remedy", "mask_dtype"),
    ("first_step_seconds", "seconds", "From a compiled model to the end of its first step."),
    ("first_step_ratio", "ratio", "Its time by the reference's in the same round."),
    ("trace_seconds", "seconds", "The part of the first step that builds and traces."),
    ("compile_seconds", "seconds", "The part of the first step that compiles."),
)

SAVING = _table(
    ("workload", "device", "size", "remedy"),
    ("save_seconds", "seconds", "Seconds of `model.save`."),
    ("load_seconds", "seconds", "Seconds of `load_model`."),
    ("save_ratio", "ratio", "Its time by the reference's in the same rounds."),
    ("load_ratio", "ratio", "Its time by the reference's in the same rounds."),
    ("file_bytes", "bytes", "Bytes of the `.keras` file.", "file"),
)

KERNELS = _table(
    ("device", "jit", "kernel", "mask_dtype", "size"),
    ("where_seconds", "seconds", "Seconds of `tf.where(mask, values, 0)`.", "tf.where alone"),
    ("where_ratio", "ratio", "Its time by that of `tf.where` on a bool mask in the same rounds.",
     "tf.where, by that on a bool mask"),
    ("where_bandwidth", "share", "Bytes that it must move by its time, as a share of the speed of "
     "a copy.", "share of a copy's speed"),
) | _table(
    ("device", "size"),
    ("copy_bytes_per_second", "bytes/s", "Bytes by second of a copy of the same size.", "copy"),
)
# fmt: on

METRICS = (
    DEFECTS | EVIDENCE | SITUATIONS | RECIPES | PROGRAMS | STEPS | FIRST_STEPS | SAVING | KERNELS
)

# Every axis that a metric has, in the order in which names are written.
AXES = ("workload", "batch", "device", "jit", "step", "kernel", "situation", "remedy",
        "mask_dtype", "size")  # fmt: skip
