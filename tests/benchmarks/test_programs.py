"""The programs of the image workload's remedies, as XLA really compiles them here."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.engine import programs
from benchmarks.engine.hlo import read
from benchmarks.engine.plan import Session, sessions
from benchmarks.engine.programs import NoCompiledStepError, fingerprint, temporary_memory
from benchmarks.engine.settings import SETTINGS
from remedies import REMEDIES, WORKLOADS, build

ROOT = Path(__file__).parents[2]
BATCH = 4
CELL = Session("programs", "image", "cpu", batch=BATCH)
PIXELS = BATCH * 32 * 32 * 3
ELSEWHERE = f"""
import json, sys, keras
from benchmarks.engine.programs import fingerprint
from remedies import WORKLOADS, build
keras.utils.set_random_seed(int(sys.argv[1]))
data = keras.tree.map_structure(keras.ops.convert_to_tensor, WORKLOADS["image"].data({BATCH}))
model = build("image", "tf_cast", jit=True)
model.train_on_batch(*data)
print(json.dumps([fingerprint(model, step, *data).text for step in ("train", "predict")]))
"""


@pytest.fixture(scope="module")
def found():
    """Return (remedy, mask dtype, step) -> metric -> number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLA_FLAGS", "")
        entries = list(programs.measure(CELL, SETTINGS["full"], lambda: None))
    table = {}
    for entry in entries:
        where = entry["parameters"]
        cell = where["remedy"], where["mask_dtype"], where["step"]
        table.setdefault(cell, {})[entry["metric"].removeprefix("xla_")] = entry["measured"]
    return table


@pytest.fixture(scope="module")
def batch():
    import keras

    return keras.tree.map_structure(keras.ops.convert_to_tensor, WORKLOADS["image"].data(BATCH))


def test_every_remedy_mask_dtype_and_step_has_every_number(found):
    assert len(found) == 2 * sum(len(remedy.mask_dtypes) for remedy in REMEDIES.values())
    for numbers in found.values():
        assert len(numbers) == 9
        assert all(number >= 0 for number in numbers.values()), "no number is missing on a CPU"


@pytest.mark.parametrize("step", ["train", "predict"])
@pytest.mark.parametrize("remedy", REMEDIES)
def test_with_a_bool_mask_every_remedy_is_the_same_program(found, remedy, step):
    assert found[remedy, "bool", step]["differs"] == 0
    assert found[remedy, "bool", step] == found["ops_where", "bool", step]


@pytest.mark.parametrize("step", ["train", "predict"])
@pytest.mark.parametrize("remedy", ["tf_cast", "functional_bool_input", "ops_where"])
def test_a_float_mask_costs_exactly_the_compare(found, remedy, step):
    plain, cast = found["ops_where", "bool", step], found[remedy, "float32", step]
    assert cast == found["ops_where", "float32", step], "whichever way it is cast"
    assert cast["rest_differs"] == 0
    added = {name: cast[name] - plain[name] for name in plain}
    assert {name: number for name, number in added.items() if number} == {
        "instructions": 1,
        "compares": 1,
        "flops": PIXELS,
        "bytes": 3 * PIXELS,
    }


def test_a_model_that_computes_something_else_is_another_program(batch):
    from keras import Model

    class Shifted(type(build("image", "tf_cast"))):
        def call(self, inputs):
            return super().call(inputs) + 1

    shifted = Model.__new__(Shifted)
    shifted.__init__(name="shifted")
    shifted.compile(optimizer="adam", loss="mse", jit_compile=True)
    plain = fingerprint(build("image", "tf_cast", jit=True), "predict", *batch)
    assert fingerprint(shifted, "predict", *batch).fingerprint != plain.fingerprint


def test_a_program_is_the_same_text_in_another_process_with_other_seeds_and_after_a_step(batch):
    command = [sys.executable, "-c", ELSEWHERE, "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here = build("image", "ops_where", jit=True)
    texts = [fingerprint(here, step, *batch).text for step in ("train", "predict")]
    assert json.loads(done.stdout) == texts


def test_the_step_is_not_run_and_not_traced_again(batch):
    model = build("image", "ops_where", jit=True)
    fingerprint(model, "train", *batch)
    found = programs._functions(model.train_function, set())
    (step,) = (function for function in found if function._jit_compile)
    traced = step.experimental_get_tracing_count()
    assert int(model.optimizer.iterations) == 0
    model.train_on_batch(*batch)
    assert step.experimental_get_tracing_count() == traced, "it runs what was looked at"


def test_a_step_without_xla_is_refused_by_name(batch):
    model = build("image", "ops_where")
    with pytest.raises(NoCompiledStepError, match=r"ops_where.*no train step"):
        fingerprint(model, "train", *batch)


def test_temporary_memory_is_not_a_number_where_the_compiler_does_not_tell():
    def compiler(stage):
        raise ValueError(stage)

    assert math.isnan(temporary_memory(compiler))


def test_what_is_not_known_is_left_out_so_that_asv_shows_it_as_not_applicable(monkeypatch):
    lines = (
        "HloModule m",
        "ENTRY %e (x: f32[4]) -> f32[4] {",
        "  %x = f32[4] parameter(0)",
        '  ROOT %c = f32[4] custom-call(%x), custom_call_target="gemm"',
        "}",
    )

    def unknown(session):
        yield ("ops_where", "bool", "train"), (read("\n".join(lines)), refuses)

    def refuses(stage):
        raise ValueError(stage)

    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.setattr(programs, "_programs", unknown)
    metrics = {entry["metric"] for entry in programs.measure(CELL, SETTINGS["full"], lambda: None)}
    assert "xla_bytes" in metrics
    assert not {"xla_flops", "xla_temporary"} & metrics


def test_flags_of_the_user_are_kept(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_mine=1")
    monkeypatch.setattr(programs, "_programs", lambda session: iter(()))
    found = programs.measure(replace(CELL, device="gpu"), SETTINGS["full"], lambda: None)
    assert list(found) == []
    assert programs.os.environ["XLA_FLAGS"] == "--xla_mine=1 --xla_gpu_autotune_level=0"


def test_there_is_a_session_for_each_workload_and_device():
    planned = list(sessions("programs", SETTINGS["full"]))
    assert len(planned) == len(set(planned)) == 2 * len(WORKLOADS)
    assert all(s.batch == WORKLOADS[s.workload].batch and not s.jit for s in planned)
