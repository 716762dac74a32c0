"""Whatever is in a store of sessions: it is used, or measured again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.engine.plan import Session
from benchmarks.engine.store import Store

SESSION = Session("storage", "image", "cpu")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("status"), inner),
    max_leaves=5,
)
DATA = st.binary() | JSON.map(lambda made: json.dumps(made).encode()) | st.just(b"[" * 100_000)


@given(DATA)
@settings(max_examples=200)
def test_a_session_file_is_an_outcome_or_nothing(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.file(SESSION).write_bytes(data)
        found: dict[str, Any] | None = store.finished(SESSION)
        assert found is None or "status" in found
        assert store.missing([SESSION]) == ([] if found else [SESSION])
