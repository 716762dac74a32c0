"""On what and how it was measured, and what was not."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from remedies import REMEDIES, WORKLOADS
from remedies.devices import DEVICES
from remedies.intervals import Word
from reports.frame import order
from reports.parts import Section, table
from reports.recommendation import RULE
from reports.results import Results, cells
from reports.vocabulary import REFERENCE
from reports.wording import NOTHING, counted, listed, percent, span

_HEALTH = {
    "health_foreign_load": "cores that other processes used",
    "health_steal": "time that the hypervisor took",
    "health_clock_share": "the clock's share of a sample",
    "health_throttled": "time that a GPU was throttled",
}
MOST_LISTED = 50


def devices(results: Results) -> Section:
    """Return the section on devices: which were timed, and which only compiled for."""
    timed = results.axis("device", "step_seconds")
    programs = results.metric("program_differs")
    compiled = order(set(programs["device"]) - {*timed, ""}, DEVICES)
    answer = f"Steps were timed on {listed(timed) or 'no device'}"
    answer += f"; for {listed(compiled)} they were only compiled" if compiled else ""
    answer += "" if any(name != "cpu" for name in timed) else "; no GPU was measured"
    rows = []
    for device in (*timed, *compiled):
        own = programs[(programs["device"] == device) & (programs["remedy"] != "placebo")]
        own = own[own["mask_dtype"] == "bool"]
        differ = own[own["value"] > 0]
        rows.append(
            {
                "device": device,
                "how": "timed" if device in timed else "compiled, not run",
                "programs with a bool mask": f"{len(own) - len(differ)} of {len(own)} are "
                f"{REFERENCE}'s, exactly"
                if len(own)
                else NOTHING,
                "that differ": listed(order(set(differ["remedy"]), tuple(REMEDIES))) or "none",
                "cells": cells(own) or NOTHING,
            }
        )
    parts = [table(rows, "device", "Which programs each device runs.")] if rows else []
    return Section("devices", "Devices", f"{answer}.", parts)


def measured(results: Results) -> Section:
    """Return the section on how it was measured."""
    sessions = results.run.sessions
    judged = results.judged
    exact = int(judged["exact"].sum())
    decided = ~judged["word"].isin([Word.UNDECIDED.value, Word.UNRELIABLE.value])
    answer = (
        f"{counted(len(sessions), 'session')}, each a fresh process, gave "
        f"{counted(len(results.frame), 'value')}; {int(decided.sum()):,} of "
        f"{counted(len(judged), 'comparison')} are decided, {exact:,} of them exactly."
    )
    facts = [
        {"machine": machine} | results.run.facts.get(machine, {}) | _when(own)
        for machine, own in sessions.groupby("machine", sort=True)
    ]
    parts: list[Any] = [
        [
            f"The rule of the recommendation: {RULE}",
            "Same step, exactly: the compiled program and the Python calls around it are equal to "
            f"{REFERENCE}'s on a bool mask. That needs no clock and no interval.",
            "A cost in µs a step: the programs are equal and the Python around them is not. That "
            "alone is timed, with the program replaced by its last result.",
            "A ratio: the two are timed in turn, in random order, in one process; the interval is "
            "over launches (fresh processes), 99 %, widened for how many comparisons of the kind "
            "there are and for a look after each launch. The same: the interval lies within "
            f"{100 * results.threshold:g} % of 1.",
            "Unreliable: a second copy of the reference differed from it, the clock took more than "
            "0.5 % of a sample, or a GPU was throttled.",
            "Make it again: scripts/bench --full, then python -m reports build",
        ],
        table(
            [
                {"fact": name} | {row["machine"]: row.get(name, NOTHING) for row in facts}
                for name in dict.fromkeys(name for row in facts for name in row)
                if name != "machine"
            ],
            "fact",
            "The machines.",
        ),
        _counts(results),
    ]
    if health := _health(sessions):
        parts.append(health)
    return Section("measured", "How it was measured", answer, parts)


def _when(sessions: Any) -> dict[str, str]:
    first, last = sessions["started"].min(), sessions["started"].max()
    return {
        "commit": listed(sorted({commit[:8] for commit in sessions["commit"]})) or NOTHING,
        "setting": listed(sorted(set(sessions["setting"]))),
        "measured": f"{_moment(first)} to {_moment(last)}",
        "sessions": f"{len(sessions):,}, {sessions['seconds'].sum() / 60:,.0f} minutes in all",
    }


def _moment(started: float) -> str:
    try:
        return datetime.fromtimestamp(started, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def _counts(results: Results) -> Any:
    rows = []
    for metric, own in results.judged.groupby("metric", sort=False):
        words = own["word"].value_counts()
        launches = own.loc[~own["exact"].astype(bool), "launches"]
        rows.append(
            {"comparison": str(metric).removesuffix("_ratio").replace("_", " ")}
            | {"launches": span(launches) if len(launches) else NOTHING}
            | {word.value: f"{words.get(word.value, 0):,}" for word in Word}
        )
    rows = rows or [{"comparison": "none"}]
    return table(rows, "comparison", "How many comparisons ended in which word.")


def _health(sessions: Any) -> Any:
    rows = [
        {
            "health": label,
            "median of the sessions": _share(name, sessions[name].median()),
            "worst": _share(name, sessions[name].max()),
        }
        for name, label in _HEALTH.items()
        if name in sessions and sessions[name].notna().any()
    ]
    return table(rows, "health", "How quiet it was.") if rows else None


def _share(name: str, value: float) -> str:
    return f"{value:.2g}" if name == "health_foreign_load" else percent(value)


def missing(results: Results) -> Section:
    """Return the section on what was not measured, and what was left out."""
    frame = results.frame
    lines = []
    if not any(name != "cpu" for name in results.axis("device", "step_seconds")):
        lines.append("No GPU was measured: nothing here is a time on a GPU.")
    for axis, allowed in (("workload", WORKLOADS), ("remedy", REMEDIES), ("jit", ("xla", "graph"))):
        absent = [name for name in allowed if name not in set(frame[axis])]
        if absent:
            lines.append(f"{axis}: {listed(absent)}.")
    for name, label in (("situation_harm", "situations"), ("recipe_lines", "lines that change"),
                        ("first_step_ratio", "first steps"), ("load_ratio", "loads"),
                        ("save_ratio", "saves"), ("where_ratio", "tf.where alone")):  # fmt: skip
        if not (frame["metric"] == name).any():
            lines.append(f"{label[0].upper()}{label[1:]}.")
    failed = [f"{name}: {reason or 'no reason given'}." for name, reason in results.run.failures]
    undecided = (results.judged["word"] == Word.UNDECIDED.value).sum()
    if undecided:
        lines.append(f"{counted(undecided, 'comparison')} could not be decided.")
    left_out = [f"{problem}." for problem in results.run.problems]
    parts: list[Any] = [lines or ["Nothing that this suite measures."]]
    for head, more in (
        ("Sessions that gave no values:", failed),
        ("Left out:", [*(f"{note}." for note in results.older), *left_out]),
    ):
        if more:
            rest = [f"and {len(more) - MOST_LISTED} more."] if len(more) > MOST_LISTED else []
            parts.append([head, *more[:MOST_LISTED], *rest])
    first = lines[0] if lines else "Everything that this suite measures was measured."
    return Section("missing", "What was not measured", first, parts)
