"""A verdict is proven field by field; whatever is in it, nothing but our own words gets out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.github.comment import MOST, compose
from reports.github.names import known
from reports.github.verdict import MOST_BYTES, WORDS, HostileError, read
from tests.github.conftest import LINK, row, verdict

NASTY = [
    "<script>alert(1)</script>",
    "@everyone",
    "[x](https://evil.example)",
    "<!-- remedies-gate -->",
    "| a | b |",
    "../../etc/passwd",
    "\u202egnp",
    "`",
]
NAMES = known()


def data(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_plain_verdict_is_read() -> None:
    found = read(data(verdict()))
    assert (found.rows[0].ratio, found.launches, found.unknown) == (1.01, 12, 0)


@pytest.mark.parametrize("field", sorted(verdict()))
@pytest.mark.parametrize("value", [None, True, -1, 1e400, "x", [], {}, [None], {"a": 1}])
def test_a_field_of_another_kind_is_refused_or_meant(field: str, value: Any) -> None:
    meant = [("control", None), ("smallest", None), ("differs", []), ("rows", [])]
    if (field, value) in meant:
        read(data(verdict(**{field: value})))
    else:
        with pytest.raises(HostileError):
            read(data(verdict(**{field: value})))


@pytest.mark.parametrize("field", sorted(row()))
def test_a_row_with_a_field_too_few_or_too_many_is_refused(field: str) -> None:
    short = row()
    del short[field]
    for bad in (short, row(extra=1), row(**{field: {}})):
        with pytest.raises(HostileError):
            read(data(verdict(bad)))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 1, "format": 1}',
        data(verdict()).replace(b"9.5", b"NaN"),
        data(verdict()).replace(b"9.5", b"Infinity"),
        data(verdict()).replace(b"9.5", b"1e999"),
        data(verdict()).replace(b"9.5", b"9" * 5000),
        data(verdict()) + b" " * MOST_BYTES,
        data(verdict(*[row()] * 2001)),
    ],
    ids=["empty", "bytes", "deep", "twice", "nan", "inf", "over", "digits", "large", "rows"],
)
def test_what_is_no_verdict_is_refused(text: bytes) -> None:
    with pytest.raises(HostileError):
        read(text)


def test_a_status_that_its_rows_deny_is_refused() -> None:
    with pytest.raises(HostileError, match="contradicts"):
        read(data(verdict(row(word="slower"))))


@pytest.mark.parametrize("name", NASTY[:-1])  # a back-tick is ours as well
def test_a_name_that_is_not_ours_is_counted_and_never_shown(name: str) -> None:
    found = read(data(verdict(row(remedy=name), row(metric=name), row())))
    text = compose(found, LINK)
    assert found.unknown == 2
    assert name not in text.removeprefix("<!-- remedies-gate -->")
    assert "2 rows have names" in text


def test_the_names_are_those_of_this_checkout() -> None:
    assert {"image", "attention", "inpaint"} <= NAMES["workload"]
    assert {"train_step_ratio", "weights_lost", "load"} <= NAMES["metric"]
    assert all(re.fullmatch(r"[a-z0-9_]*", name) for names in NAMES.values() for name in names)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NASTY) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {key: st.just(value) | JSON for key, value in row().items()}
        | {"word": st.sampled_from(WORDS), "ratio": st.floats() | st.none()}
    ),
    max_size=4,
)


@given(st.dictionaries(st.sampled_from(sorted(verdict())), JSON, max_size=2), ROWS)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_whatever_comes_is_refused_in_one_line_or_shown_in_our_words(
    changes: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    try:
        text = compose(read(data({**verdict(), "rows": rows, **changes}), NAMES), LINK)
    except HostileError as error:
        assert len(str(error).splitlines()) == 1
        assert not any(nasty in str(error) for nasty in NASTY)
        return
    assert len(text) < MOST
    assert "@" not in text
    assert text.count("http") == text.count(LINK)
    assert (
        re.sub(
            r"<!-- (remedies-gate|section .*|end of section) -->|</?(details|summary)>", "", text
        ).count("<")
        == 0
    )


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_bytes_are_refused(some: bytes) -> None:
    with pytest.raises(HostileError):
        read(some, NAMES)
