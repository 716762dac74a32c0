from __future__ import annotations

from reports.fidelity import Kept
from tests.reports.factory import STARTED, Folder, evidence_of
from tests.reports.machine import altered


def test_only_the_latest_commit_of_a_machine_and_environment_is_evidence(folder: Folder) -> None:
    folder.add(commit="a" * 40, started_at=STARTED)
    folder.add(commit="b" * 40, started_at=STARTED + 1)
    folder.add(commit="c" * 40, started_at=STARTED - 1)
    folder.add(commit="c" * 40, machine="other")
    evidence = evidence_of(folder.root)
    assert [(r.machine, r.commit[0]) for r in evidence.runs] == [("bench-1", "b"), ("other", "c")]
    assert set(evidence.everything["commit"].str[0]) == {"a", "b", "c"}
    assert set(evidence.frame["commit"].str[0]) == {"b", "c"}


def test_environments_of_one_machine_are_numbered(folder: Folder) -> None:
    folder.add(environment="keras3.10")
    folder.add(environment="keras3.15", facts={"keras": "3.10.0"})
    evidence = evidence_of(folder.root)
    assert [r.label for r in evidence.runs] == ["bench-1 #1", "bench-1 #2"]
    assert set(evidence.frame["run"]) == {"bench-1 #1", "bench-1 #2"}


def test_a_run_says_what_it_ran_on(folder: Folder) -> None:
    folder.add(facts={"gpu": "Imaginary GPU"})
    (run,) = evidence_of(folder.root).runs
    assert run.hardware == "Imaginary GPU, Imaginary CPU 3000, 4 cores"
    assert "keras 3.15.1" in run.software and run.day.startswith("2026-09-21")


def test_what_a_remedy_keeps_is_judged_where_it_was_tried_first(folder: Folder) -> None:
    folder.add(machine="with")
    only_steps = altered(
        lambda m, c, v: v if "train_step" in m or m == "recorded" else float("nan")
    )
    folder.add(only_steps, machine="without")
    evidence = evidence_of(folder.root)
    assert ("without", "image", "control") not in evidence.kept
    assert evidence.state("without", "image", "control") is Kept.LOSSY
    assert evidence.state("without", "image", "tf_cast") is Kept.WHOLE
    assert evidence.state("with", "image", "placebo") is Kept.UNKNOWN
