"""What there is to compare, and how a wrong name is answered."""

import subprocess
import sys

import pytest

from remedies import REFERENCE, REMEDIES, WORKLOADS, UnknownNameError, recipe
from remedies.registry import require


def test_the_reference_is_a_remedy():
    assert REFERENCE in REMEDIES


@pytest.mark.parametrize(
    ("workload", "remedy", "named"),
    [("image", "prayer", "ops_where"), ("sound", "control", "attention")],
)
def test_an_unknown_name_is_named_with_all_that_are_allowed(workload, remedy, named):
    with pytest.raises(UnknownNameError, match=named):
        recipe(workload, remedy)


def test_require_returns_what_it_accepts():
    assert require("device", "cpu", ["cpu", "gpu"]) == "cpu"


def test_importing_the_package_imports_no_framework():
    code = "import remedies, sys; print({'tensorflow', 'keras', 'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_recipe_is_written():
    from importlib.util import find_spec

    for workload in WORKLOADS:
        for remedy in REMEDIES:
            assert find_spec(f"remedies.{workload}.{remedy}"), (workload, remedy)
