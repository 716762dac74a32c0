from __future__ import annotations

from reports.health import memory, sessions
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered

NBSP = "\N{NO-BREAK SPACE}"


def test_each_session_says_what_disturbed_it(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: 1 if m == "session_unsteady" and v == 0 else v), later=True)
    table = sessions(evidence_of(folder.root))
    assert table and [row[0].text for row in table.rows] == [
        "bench-1, image, cpu, graph, batch 128",
        "bench-1, image, cpu, xla, batch 128",
    ]
    texts = [cell.text.replace(NBSP, " ") for cell in table.rows[0][1:]]
    dash = "\N{EN DASH}"
    assert texts == ["7 %", "1 %", "0.2 %", "100 %", dash, dash, "420", "50 %"]
    assert [cell.kind for cell in table.rows[0][1:]] == ["", "", "", "lost", "", "", "", ""]


def test_memory_has_a_row_a_remedy(folder: Folder) -> None:
    folder.add(later=True)
    table = memory(evidence_of(folder.root))
    assert table and len(table.rows) == 2 * 5
    assert [c.text for c in table.rows[0][1:]] == [f"900{NBSP}MB", "\N{EN DASH}"]


def test_nothing_recorded_makes_no_table(usual) -> None:
    assert sessions(evidence_of(usual)) is None and memory(evidence_of(usual)) is None
