from __future__ import annotations

import math
from pathlib import Path

from reports.costs import detail, summary
from reports.vocabulary import STEPS
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered
from tests.reports.test_claims import put, ratios


def detailed(evidence, *metrics):
    return detail(evidence, evidence.measured(*metrics), "")


def rows(table) -> dict[str, list]:
    return {row[0].text: list(row[1:]) for row in table.rows}


def test_the_summary_has_a_row_a_remedy_and_strikes_what_loses_state(usual: Path) -> None:
    (table,) = summary(evidence_of(usual))
    found = rows(table)
    assert list(found) == [
        "control",
        "build_from_config",
        "tf_cast",
        "functional_bool_input",
        "ops_where",
        "placebo",
    ]
    assert found["control"][0].text == "loses state"
    assert all(cell.struck and cell.note == "loses state" for cell in found["control"][1:6])
    assert not any(cell.struck for cell in found["tf_cast"])
    assert found["tf_cast"][1].text == "same" and found["tf_cast"][1].kind == "same"
    assert found["ops_where"][1].text == "the reference"


def test_small_and_large_files_are_told_apart(folder: Folder) -> None:
    folder.add(later=True)
    (table,) = summary(evidence_of(folder.root))
    assert table.rows[2][-1].text.replace("\N{NO-BREAK SPACE}", " ") == "56.7 KiB to 453.7 KiB"


def test_each_workload_device_and_machine_has_its_own_summary(folder: Folder) -> None:
    folder.add(workloads=["image", "attention"])
    folder.add(machine="other")
    captions = [table.caption.partition(":")[0] for table in summary(evidence_of(folder.root))]
    assert captions == ["attention on bench-1, cpu", "image on bench-1, cpu", "image on other, cpu"]


def test_every_interval_has_its_samples_and_verdict(usual: Path) -> None:
    table = detailed(evidence_of(usual), *STEPS)
    head = table.head
    assert head == (
        "Cell",
        "Measured",
        "Remedy",
        "Time [99 %]",
        "Ratio [99 %]",
        "n",
        "Verdict",
    )
    cell = next(r for r in table.rows if r[2].text == "tf_cast" and "xla, float32" in r[0].text)
    texts = [c.text.replace("\N{NO-BREAK SPACE}", " ") for c in cell]
    assert texts == [
        "image, cpu, xla, float32 mask, batch 128",
        "predict step",
        "tf_cast",
        "1.41 ms [1.37, 1.44]",
        "1.004 [0.995, 1.013]",
        "420",
        "same",
    ]


def test_several_machines_are_named_in_every_row(folder: Folder) -> None:
    folder.add()
    folder.add(machine="other")
    table = detailed(evidence_of(folder.root), "save")
    assert {row[0].text for row in table.rows} == {"bench-1: image, cpu", "other: image, cpu"}


def test_undecided_says_how_many_more_and_unreliable_says_why(folder: Folder) -> None:
    folder.add(altered(ratios("tf_cast", 1.0, 0.04)))
    table = detailed(evidence_of(folder.root), "train_step")
    notes = {row[-1].note for row in table.rows if row[2].text == "tf_cast"}
    wish = "undecided to 0.5\N{NO-BREAK SPACE}%: about 25,200 more samples"
    assert notes == {f"about 1,265 more samples would settle it; {wish}"}
    folder.add(altered(ratios("placebo", 1.2)))
    table = detailed(evidence_of(folder.root), "train_step")
    assert {row[-1].note for row in table.rows if row[-1].kind} == {
        "its placebo is [1.195, 1.205], not 1"
    }


def test_nothing_measured_makes_no_tables(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: v if m in ("weights_lost", "recorded") else math.nan))
    evidence = evidence_of(folder.root)
    assert summary(evidence) == [] and detailed(evidence, *STEPS).rows == ()


def test_an_unknown_remedy_is_one_row_among_others(folder: Folder) -> None:
    folder.add(altered(put("../x", "weights_lost", value=1)), remedies=["../x", "ops_where"])
    (table,) = summary(evidence_of(folder.root))
    assert list(rows(table)) == ["ops_where", "../x", "placebo"]
