"""What a save and load loses, remedy by remedy; 0 everywhere is a model that comes back whole.

The rest says how much there was to lose, and what Keras did and said while it loaded.
"""

from __future__ import annotations

from benchmarks.axes import DEVICE, JIT, MASK_DTYPE, ON_JAX, REMEDY, WORKLOAD
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Sessions:
    version = "1"

    def setup_cache(self) -> Results:
        return collect("fidelity")

    setup_cache.timeout = 6 * TIMEOUT  # type: ignore[attr-defined]


class Fidelity(_Sessions):
    params: tuple[list[str], ...] = (WORKLOAD, REMEDY, DEVICE, JIT, MASK_DTYPE)
    param_names: tuple[str, ...] = ("workload", "remedy", "device", "jit", "mask_dtype")
    track_weights_lost = tracked("weights_lost", "weights")
    track_weights_changed = tracked("weights_changed", "weights")
    track_optimizer_variables_lost = tracked("optimizer_variables_lost", "variables")
    track_optimizer_variables_changed = tracked("optimizer_variables_changed", "variables")
    track_iterations_lost = tracked("iterations_lost", "steps")
    track_outputs_changed = tracked("outputs_changed", "share")
    track_next_step_changed = tracked("next_step_changed", "steps")
    track_compile_changed = tracked("compile_changed", "settings")
    track_silent_defects = tracked("silent_defects", "kinds of state")

    track_weights_saved = tracked("weights_saved", "weights")
    track_optimizer_variables_saved = tracked("optimizer_variables_saved", "variables")
    track_load_raised = tracked("load_raised", "errors")
    track_next_step_raised = tracked("next_step_raised", "errors")
    track_build_warnings = tracked("build_warnings", "warnings")
    track_optimizer_warnings = tracked("optimizer_warnings", "warnings")
    track_other_warnings = tracked("other_warnings", "warnings")
    track_mask_rebuilt_as_float = tracked("mask_rebuilt_as_float", "rebuilds")
    track_second_generation_lost = tracked("second_generation_lost", "variables")
    track_second_generation_warnings = tracked("second_generation_warnings", "warnings")
    track_rebuild_raised = tracked("rebuild_raised", "errors")


class JaxFidelity(Fidelity):
    # What calls tf.* is not run there: n/a.
    params = (["jax"], WORKLOAD, [*dict.fromkeys([*REMEDY, *ON_JAX])], DEVICE, ["xla"], MASK_DTYPE)
    param_names = ("backend", *Fidelity.param_names)


class Article(_Sessions):
    params = (WORKLOAD, DEVICE)
    param_names = ("workload", "device")
    track_functional_as_written_raises = tracked("functional_as_written_raises", "errors")
