from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.survey import MATRIX, VERSIONS, committed


def put(root: Path, name: Path, content: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


def test_the_committed_surveys_are_read_where_they_lie() -> None:
    found = committed()
    assert found.matrix and found.matrix.keras == found.versions[-1].keras
    assert found.matrix.outcomes["keras", "control"] == "warned"
    assert found.matrix.outcomes["frozen_sgd", "tf_cast"] == "silent"
    assert len(found.versions) >= 10


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"versions": 3, "cells": [[]]}', '{"cells": {}}']
)
def test_a_survey_that_cannot_be_read_is_not_there(tmp_path: Path, text: str) -> None:
    put(tmp_path, MATRIX, text)
    put(tmp_path, VERSIONS, text)
    assert committed(tmp_path).matrix is None and committed(tmp_path).versions == ()
    assert committed(tmp_path / "nowhere").versions == ()


def test_an_unknown_outcome_is_no_outcome(tmp_path: Path) -> None:
    cells = [
        {"scenario": "keras", "remedy": "a", "outcome": outcome} for outcome in ("whole", "odd")
    ]
    cells[1]["remedy"] = "b"
    put(tmp_path, MATRIX, json.dumps({"versions": {"keras": "3.1"}, "cells": cells}))
    found = committed(tmp_path).matrix
    assert found and found.keras == "3.1" and dict(found.outcomes) == {("keras", "a"): "whole"}
