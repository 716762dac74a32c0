"""The words of the results: axes, metrics, defects and remedies, and how a reader is told them."""

from __future__ import annotations

REFERENCE = "ops_where"
CONTROL = "control"
PLACEBO = "placebo"
YARDSTICK = "yardstick"

FIRST_AXES = ("workload", "remedy", "device", "jit", "mask_dtype", "batch")
LATER_AXES = ("kernel", "size", "step", "backend")
TENSORFLOW = "tensorflow"  # the backend of all results that name none
AXES = (*FIRST_AXES, *LATER_AXES)
KEY = ("machine", "commit", "environment", "metric", *AXES)
COLUMNS = (
    *KEY[:4],
    *FIRST_AXES,
    "value",
    "unit",
    "ci_low",
    "ci_high",
    "n",
    "ratio",
    "ratio_ci_low",
    "ratio_ci_high",
    "verdict",
    *LATER_AXES,  # at the end: whoever reads results.csv by position goes on working
)

REMEDIES = {
    "control": "nothing is done: raw tf.where in a subclassed model",
    "build_from_config": "keep tf.where, and build each layer in build_from_config",
    "build_from_config_pair": "keep tf.where, and write get_build_config beside build_from_config",
    "tf_cast": "keep tf.where, and cast the mask to bool first",
    "functional_bool_input": 'write the model functionally, with keras.Input(dtype="bool")',
    "ops_where": "call keras.ops.where in place of tf.where",
}

DEFECTS = {
    "weights_lost": "weights lost",
    "weights_changed": "weights changed",
    "optimizer_variables_lost": "optimizer variables lost",
    "optimizer_variables_changed": "optimizer variables changed",
    "iterations_lost": "iterations lost",
    "outputs_changed": "outputs changed",
    "next_step_changed": "next step changed",
    "compile_changed": "compile settings changed",
    "silent_defects": "lost without a word",
}

# What a defect is counted out of, where the results record it.
TOTALS = {
    "weights_lost": "weights_saved",
    "weights_changed": "weights_saved",
    "optimizer_variables_lost": "optimizer_variables_saved",
    "optimizer_variables_changed": "optimizer_variables_saved",
}

# Lost after save, load, save again, load; NaN in results that did not try it.
SECOND = "second_generation_lost"

CONTEXT = (
    SECOND,
    "second_generation_warnings",
    "weights_saved",
    "optimizer_variables_saved",
    "load_raised",
    "build_warnings",
    "optimizer_warnings",
    "other_warnings",
    "next_step_raised",
    "mask_rebuilt_as_float",
    "rebuild_raised",
)

STEPS = {"train_step": "training step", "predict_step": "predict step"}
COSTS = {
    **STEPS,
    "first_step": "first step (trace and compile)",
    "save": "save",
    "load": "load",
}
CASTS = {
    "cast_overhead_kernel": "the bare where-kernel",
    "cast_overhead_predict": "predict step",
    "cast_overhead_train": "training step",
}
FILE_SIZE = "file_size"
AS_WRITTEN = "functional_as_written_raises"

COMPILED = {
    "train_step_compiled": "training step, the compiled function alone",
    "predict_step_compiled": "predict step, the compiled function alone",
}
ON_DEVICE = {
    "train_step_device": "training step, the GPU alone",
    "predict_step_device": "predict step, the GPU alone",
}
PARTS = {
    "first_step_trace": "trace",
    "first_step_compile": "compile",
    "first_step_run": "run",
}
STORAGE = {
    "save": "save",
    "load": "load",
    "load_first_step": "load and first step",
    "load_fresh": "load, step, fresh process",
}
MEMORY = {
    "peak_host_memory": "host memory",
    "peak_device_memory": "device memory",
}
KERNEL, KERNEL_BYTES, KERNEL_SHARE, COPY = (
    "kernel",
    "kernel_bytes",
    "kernel_bandwidth",
    "kernel_copy",
)
KERNELS = {"where": "tf.where", "where_cast": "tf.where after a cast"}
PROGRAMS = {
    "xla_instructions": "instructions",
    "xla_converts": "converts",
    "xla_compares": "compares",
    "xla_fusions": "fusions",
    "xla_bytes": "bytes accessed",
    "xla_flops": "flops",
    "xla_temporary": "temporary bytes",
}
PROGRAM_DIFFERS = "xla_differs"
HEALTH = {
    "session_foreign_load": "used by other processes",
    "session_steal": "taken by the hypervisor",
    "session_clock_share": "clock's share of a sample",
    "session_unsteady": "warm-ups not steady",
    "session_throttled": "GPU slowed down",
    "session_celsius": "GPU temperature, °C",
    "session_rounds": "fewest rounds",
    "session_precise": "ended before the budget",
}
SCENARIO = "scenario_"
OUTCOMES = ("whole", "loud", "warned", "silent")  # a scenario's number counts from 0

UNITS = (
    dict.fromkeys((*COSTS, *COMPILED, *ON_DEVICE, *PARTS, *STORAGE, KERNEL), "seconds")
    | dict.fromkeys(CASTS, "ratio")
    | dict.fromkeys((FILE_SIZE, KERNEL_BYTES, *MEMORY), "bytes")
)

CLAIMS = {
    "C1": "Saving and reloading such a model does not crash; it only warns, so the damage is easy "
    "to miss.",
    "C2": "Two warnings appear: the model cannot be built from its build config, and the "
    "optimizer's variable count does not match.",
    "C3": "What is lost is the optimizer's state.",
    "C4": "Cause: when Keras rebuilds the model it does not know the input dtypes and assumes "
    "floatx.",
    "C5": "Cause, continued: tf.where is strict about its condition's dtype, so the rebuild fails.",
    "C6": "Remedy 1, build_from_config, makes the round trip whole.",
    "C7": "Remedy 2, tf.cast, makes the round trip whole.",
    "C8": "Remedy 3, the functional API with a bool input, avoids the problem.",
    "C9": "The cast of remedy 2 has a run-time cost.",
    "C10": "Where speed matters, prefer the functional API: no conversion happens at run time.",
    "C11": "In Keras 3.x prefer keras.ops.where to tf.where.",
    "C12": "For complex models prefer the functional API; a subclass must implement all of its "
    "serialization methods.",
    "C13": "After saving, always verify that the optimizer's state is really restored.",
}


def rank(remedy: str) -> tuple[int, str]:
    """Return a sort key: the known remedies in their order, then others, placebo, yardstick."""
    order = [*REMEDIES, "", PLACEBO, YARDSTICK]
    return (order.index(remedy) if remedy in order else len(REMEDIES), remedy)
