"""What the results say about the article's claims."""

import pytest

from reports.claims import claims
from reports.results import gather
from tests.reports.factory import Made, only, put, together

SMALL = {"workloads": ("image",), "jits": ("xla",), "batches": (32,)}


def outcomes(folder, edit=None, **changes):
    results = gather(Made(**SMALL | changes, edit=edit).write(folder))
    rows = claims(results).parts[0].rows
    return {row["claim"].split(".")[0]: row["outcome"] for row in rows}


@pytest.mark.parametrize(
    ("claim", "edit", "outcome"),
    [
        ("C1", only("load_raised", put(1)), "does not hold"),
        ("C2", only("build_warnings", put(0)), "does not hold"),
        ("C3", only("weights_lost", put(0)), "holds"),
        ("C4", only("mask_rebuilt_as_float", put(0)), "does not hold"),
        ("C5", only("rebuild_raised", put(0)), "does not hold"),
        ("C6", only("second_generation_lost", put(0)), "holds"),
        ("C7", only("weights_lost", put(1), remedy="tf_cast"), "does not hold"),
        ("C8", only("functional_as_written_raises", put(0)), "holds"),
        ("C12", only("situation_harm", put(1), remedy="functional_bool_input"), "does not hold"),
        ("C13", only("silent_defects", put(0)), "does not hold"),
    ],
)
def test_an_outcome_follows_its_evidence(folder, claim, edit, outcome):
    assert outcomes(folder, edit)[claim] == outcome


def test_an_open_comparison_establishes_nothing(folder):
    cast = {"remedy": "tf_cast", "mask_dtype": "bool"}
    edit = together(
        only("step_group", put(9, "+1 convert"), **cast), only("program_differs", put(1), **cast)
    )
    assert outcomes(folder, edit, noise=0.05)["C9"] == "not established"


def test_without_results_nothing_is_established(folder):
    found = outcomes(folder, lambda session, _: session["kind"] == "recipes")
    assert {outcome for name, outcome in found.items() if name != "C8"} == {"not established"}
