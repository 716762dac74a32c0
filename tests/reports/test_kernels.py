from __future__ import annotations

import math

from reports.kernels import kernels
from tests.reports.factory import Folder, evidence_of
from tests.reports.machine import altered

NBSP = "\N{NO-BREAK SPACE}"


def test_each_kernel_stands_beside_what_the_bytes_alone_would_take(folder: Folder) -> None:
    folder.add(later=True)
    graph, xla = kernels(evidence_of(folder.root))
    assert "cpu, graph" in graph.title and "cpu, xla" in xla.title
    rows = {(row[0].text, row[1].text.replace(NBSP, " ")): row for row in graph.table.rows}
    row = rows["tf.where after a cast, float32 mask", "1 GB"]
    texts = [cell.text.replace(NBSP, " ") for cell in row[3:]]
    assert texts == ["7", "3 GB", "250 ms", "90%"]
    assert "up to 1.333 times" in graph.alt


def test_the_measured_overhead_has_its_calculated_bound(folder: Folder) -> None:
    folder.add(later=True)
    sketch = next(iter(kernels(evidence_of(folder.root))))
    curves = sketch.plan.args[1][0][1]
    measured = {c.look: c.points for c in curves if not c.calculated}
    bound = {c.look: c.points for c in curves if c.calculated}
    assert measured.keys() == bound.keys() and len(bound) == 2
    widest = max(points[-1][1] for points in bound.values())
    assert math.isclose(widest, 3 / 2.25)


def test_a_size_that_is_no_number_is_not_drawn(folder: Folder) -> None:
    folder.add(altered(lambda m, c, v: math.nan if m.startswith("kernel") else v), later=True)
    assert list(kernels(evidence_of(folder.root))) == []
