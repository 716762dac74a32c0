from __future__ import annotations

import math
from pathlib import Path

import pytest

from reports.claims import ledger
from reports.vocabulary import CLAIMS
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import DEFECTS, altered

USUAL = {
    "C1": "holds",
    "C2": "holds",
    "C3": "does not hold",
    "C4": "holds",
    "C5": "holds",
    "C6": "holds only if",
    "C7": "holds",
    "C8": "holds only if",
    "C9": "holds only if",
    "C10": "does not hold",
    "C11": "holds",
    "C12": "not measured here",
    "C13": "holds",
}


def found(root: Path, name: str) -> tuple[str, str]:
    claim = next(c for c in ledger(evidence_of(root)) if c.name == name)
    return claim.finding.outcome.value, " ".join([claim.finding.why, *claim.finding.details])


def test_every_claim_of_the_article_gets_a_line(usual: Path) -> None:
    claims = ledger(evidence_of(usual))
    assert {c.name: c.finding.outcome.value for c in claims} == USUAL
    assert all(c.finding.why for c in claims) and list(CLAIMS) == [f"C{i}" for i in range(1, 14)]


def put(remedy: str, *metrics: str, value: float = 0):
    """Return a change that gives `metrics` of `remedy` another value wherever they have one."""

    def change(metric, cell, measured):
        hit = metric in metrics and cell.get("remedy", "") == remedy
        same = isinstance(measured, float) and math.isnan(measured)
        return value if hit and not same else measured

    return change


def ratios(remedy: str, ratio: float, half: float = 0.005, only: dict[str, str] | None = None):
    """Return a change that gives every step ratio of `remedy` another value."""

    def change(metric, cell, measured):
        mine = cell.get("remedy") == remedy and metric.endswith("step_ratio")
        there = all(cell.get(k) == v for k, v in (only or {}).items())
        return (ratio, half, 400) if mine and there and isinstance(measured, tuple) else measured

    return change


def casts(ratio: float, half: float = 0.005, mask: str = ""):
    def change(metric, cell, measured):
        mine = metric.startswith("cast_") and mask in ("", cell["mask_dtype"])
        return (ratio, half, 400) if mine and isinstance(measured, tuple) else measured

    return change


CHANGES = [
    ("C1", put("control", "load_raised", value=1), "does not hold", "raised in 2 of 2"),
    ("C1", put("control", "build_warnings", "optimizer_warnings"), "does not hold", "0 warnings"),
    ("C1", put("control", *DEFECTS), "does not hold", "lost in 0 of 2"),
    ("C2", put("control", "optimizer_warnings"), "does not hold", "0 about the optimizer"),
    ("C3", put("control", "weights_lost"), "holds", "4 of 6 optimizer variables are lost and no w"),
    ("C3", put("control", "weights_lost", value=1), "does not hold", "1 of 2 weights"),
    ("C4", put("control", "mask_rebuilt_as_float"), "does not hold", "in 0 of 2"),
    ("C5", put("control", "rebuild_raised"), "does not hold", "in 0 of 2"),
    ("C6", put("build_from_config", "weights_lost", value=2), "does not hold", "2 of 2 weights"),
    ("C6", put("build_from_config", "second_generation_lost"), "holds", "lost in 0 of 2"),
    ("C6", put("build_from_config", "second_generation_lost", value=3), "holds only if", "3 of 8"),
    (
        "C6",
        put("build_from_config", "second_generation_lost", value=math.nan),
        "holds",
        "not measured here",
    ),
    ("C7", put("tf_cast", "iterations_lost", value=3), "does not hold", "3 iterations lost"),
    ("C8", put("", "functional_as_written_raises"), "holds", "does not raise"),
    ("C8", put("functional_bool_input", "compile_changed", value=1), "does not hold", "1 compile"),
    ("C9", casts(1.001), "does not hold", "same in all 12 cells"),
    ("C9", casts(1.2), "holds", "slower in all 12 cells"),
    ("C9", casts(1.0, 0.5), "not measured here", "not settled"),
    ("C9", casts(1.2, mask="bool"), "holds only if", "the mask is fed as bool"),
    ("C10", ratios("functional_bool_input", 0.8), "holds", "faster in all 8 cells"),
    ("C10", ratios("functional_bool_input", 1.0, 0.5), "not measured here", "not settled"),
    ("C10", ratios("tf_cast", 1.3), "holds only if", "alternative is tf_cast"),
    ("C11", put("ops_where", "outputs_changed", value=0.5), "does not hold", "outputs changed"),
    ("C11", put("control", *DEFECTS), "does not hold", "lost in 0 of 2"),
    ("C13", put("control", *DEFECTS), "does not hold", "in 0 of 16"),
]


@pytest.mark.parametrize(("name", "change", "outcome", "figure"), CHANGES)
def test_a_claim_changes_with_the_results(folder: Folder, name, change, outcome, figure) -> None:
    folder.add(altered(change))
    said, why = found(folder.root, name)
    assert said == outcome and figure in why


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_without_evidence_is_not_measured(folder: Folder, name: str) -> None:
    folder.add(altered(lambda m, c, v: v if m in ("file_size", "recorded") else math.nan))
    assert found(folder.root, name)[0] == "not measured here"


def test_a_claim_that_is_true_of_some_says_of_which(folder: Folder) -> None:
    def only_graph(metric, cell, value):
        lossy = metric == "weights_lost" and cell["remedy"] == "tf_cast" and cell["jit"] == "xla"
        return 2 if lossy and value == value else value

    folder.add(altered(only_graph))
    outcome, why = found(folder.root, "C7")
    assert outcome == "holds only if" and why.startswith("jit is graph. No defect in 2 of 4")


def test_unreliable_speeds_are_no_evidence(folder: Folder) -> None:
    folder.add(altered(ratios("placebo", 1.1)))
    assert found(folder.root, "C10")[0] == "not measured here"


def test_complex_models_are_evidence_for_c12(folder: Folder) -> None:
    def lossy(metric, cell, value):
        hit = metric == "weights_lost" and cell["remedy"] == "build_from_config"
        return 1 if hit and cell["workload"] == "attention" and value == value else value

    folder.add(altered(lossy), workloads=["image", "attention"])
    outcome, why = found(folder.root, "C12")
    assert outcome == "holds" and "build_from_config" in why
    again = put("build_from_config", "second_generation_lost")
    folder.add(altered(again), workloads=["image", "attention"])
    assert found(folder.root, "C12")[0] == "does not hold"
