"""What each recipe keeps under Keras' JAX backend, where JAX is installed."""

import importlib.util
import os
import subprocess
import sys

import pytest

from remedies import REMEDIES, WORKLOADS
from remedies.registry import JAX_REMEDIES, not_on_jax

TRIP = """
from remedies import WORKLOADS, build, keras_file_twice, round_trip
from remedies.registry import JAX_REMEDIES
data = WORKLOADS["image"].data(4)
for name in JAX_REMEDIES:
    model = build("image", name, jit=True)
    model.train_on_batch(*data)
    print(name, round_trip(model, *data, route=keras_file_twice).outcome.value)
"""


def test_what_calls_tensorflow_is_not_run_on_jax():
    for workload in WORKLOADS:
        assert [name for name in REMEDIES if not not_on_jax(workload, name)] == ["ops_where"]
        assert not any(not_on_jax(workload, name) for name in JAX_REMEDIES)


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="needs JAX")
def test_only_the_strict_operation_loses_the_model():
    known = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", TRIP], env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert found.pop("lax_select") == "warned"
    assert set(found) == set(JAX_REMEDIES) - {"lax_select"} and set(found.values()) == {"whole"}
