"""What was measured under JAX is shown, and never enters what is said of TensorFlow."""

import math

import pytest

import reports
from reports.answer import answer
from reports.claims import ledger
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import measured
from tests.reports.test_page import rendered

pytestmark = pytest.mark.usefixtures("undrawn")
CALLS_TENSORFLOW = {"control", "build_from_config", "tf_cast", "functional_bool_input"}


def on_jax_too(metric, cell):
    """Measure as usual; under JAX, `lax_select` loses state as the control does, and is slow."""
    if cell.get("backend") != "jax":
        return measured(metric, cell)
    if cell["remedy"] in CALLS_TENSORFLOW:
        return math.nan
    if cell["remedy"] != "lax_select":
        return measured(metric, cell)
    if metric == "train_step_ratio":
        return 2.0, 0.01, 400
    return measured(metric, cell | {"remedy": "control"})


def test_nothing_said_of_tensorflow_changes(folder: Folder, usual) -> None:
    folder.add(on_jax_too, jax=True)
    here, before = evidence_of(folder.root), evidence_of(usual)
    assert answer(here) == answer(before)
    assert ledger(here) == ledger(before)
    assert len(here.frame) == len(before.frame)


def test_what_jax_loses_and_costs_stands_in_a_section_of_its_own(folder: Folder) -> None:
    folder.add(on_jax_too, jax=True)
    page = rendered(folder.root)
    own = page.markdown.partition("## Under Keras' JAX backend")[2].partition("\n## ")[0]
    assert "| lax_select (image, bench-1) | loses state | 2 of 2 |" in own
    assert "| jnp_where (image, bench-1) | whole | 0 |" in own
    assert "~~2.000 [1.990, 2.010]~~" in own, "the speed of a broken model is no result"
    assert "lax_select" not in page.markdown.partition("## Under Keras' JAX backend")[0]
    assert 'id="jax"' in page.html and 'href="#jax"' in page.html


def test_what_calls_tensorflow_is_said_not_to_run(folder: Folder) -> None:
    folder.add(on_jax_too, jax=True)
    [line] = [one for one in rendered(folder.root).markdown.splitlines() if "their recipes" in one]
    assert all(name in line.replace("\\", "") for name in CALLS_TENSORFLOW)
    assert "ops_where" not in line.replace("\\", "")


def test_a_report_without_it_says_so(usual) -> None:
    page = rendered(usual)
    assert "Nothing was measured under Keras' JAX backend" in page.markdown
    assert 'id="jax"' not in page.html


def test_each_row_names_its_backend(folder: Folder) -> None:
    folder.add(on_jax_too, jax=True)
    frame = reports.load(folder.root)
    assert set(frame["backend"]) == {"tensorflow", "jax"}
    assert set(frame.loc[frame["remedy"] == "jnp_where", "backend"]) == {"jax"}
