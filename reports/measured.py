"""On what and how it was measured, and what was not."""

import math
from datetime import datetime, timezone
from typing import Any

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import MARGIN, Word, more_launches
from remedies.metrics import METRICS
from reports.parts import Part, Section
from reports.results import Results
from reports.wording import BASELINE, NOTHING, counted, listed, percent, prose

_HEALTH = {
    "health_foreign_load": "cores that other processes used, other sessions among them",
    "health_steal": "time that the hypervisor took",
    "health_clock_share": "the clock's share of a sample",
    "health_throttled": "time that a GPU was throttled",
}


def measured(results: Results) -> Section:
    """Return the section on how it was measured."""
    sessions, judged = results.run.sessions, results.judged
    decided = ~judged["word"].isin([Word.UNDECIDED.value, Word.UNRELIABLE.value])
    answer = (
        f"{counted(len(sessions), 'session')}, each a fresh process that measures one thing, gave "
        f"{counted(len(results.run.frame), 'value')} and {counted(len(judged), 'comparison')} of "
        f"a step, save, load or bare tf.where with the baseline's; {decided.sum():,} are decided."
    )
    limit = f"{100 * MARGIN:g}"
    method = [text.format(baseline=BASELINE, limit=limit) for text in prose("method")]
    machines = {
        machine: results.run.facts.get(machine, {}) | _when(own)
        for machine, own in sessions.groupby("machine", sort=True)
    }
    rows = [
        {"fact": name} | {machine: facts.get(name, NOTHING) for machine, facts in machines.items()}
        for name in dict.fromkeys(name for facts in machines.values() for name in facts)
    ]
    table = Part("table", "The machines.", rows)
    return Section("measured", "How it was measured", answer, [Part("note", "", method), table])


def _when(sessions: Any) -> dict[str, str]:
    ends = sessions["started"].agg(["min", "max"])
    first, last = (datetime.fromtimestamp(end, timezone.utc) for end in ends)
    facts = {
        "commit": listed(sorted({commit[:8] for commit in sessions["commit"]})) or NOTHING,
        "setting": listed(sorted({*sessions["setting"]})),
        "measured": f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC",
        "sessions": f"{len(sessions):,}, {sessions['seconds'].sum() / 60:,.0f} minutes in all",
    }
    for name, label in _HEALTH.items():
        if name in sessions and sessions[name].notna().any():
            ends = (sessions[name].median(), sessions[name].max())
            said = [f"{end:.2g}" if "load" in name else percent(end) for end in ends]
            facts[label] = "median {}, worst {}".format(*said)
    return facts


def missing(results: Results) -> Section:
    """Return the section on what was not measured, and what was left out."""
    frame = results.run.frame
    lines = [results.gpu] if results.timed in ([], ["cpu"]) else []
    for axis, names in (("workload", WORKLOADS), ("remedy", REMEDIES)):
        absent = [name for name in names if name not in {*frame[axis]}]
        lines += [f"{axis}: {listed(absent)}."] if absent else []
    absent = [metric.label for name, metric in METRICS.items() if name not in {*frame["metric"]}]
    lines += [f"{listed(absent)}."] if absent else []
    undecided = results.judged[results.judged["word"] == Word.UNDECIDED.value]
    if len(undecided):
        timed = undecided[(undecided["low"] > 0) & (undecided["high"] < math.inf)]
        more = sorted(more_launches(r.low, r.high, r.launches) for r in timed.itertuples())
        said = f"undecided: {counted(len(undecided), 'comparison')}"
        if more:
            said += f"; about {more[len(more) // 2]} more launches would decide half of them"
        lines.append(f"{said}.")
    failed = [f"{name}: {reason or 'no reason given'}." for name, reason in results.run.failures]
    left_out = [f"{note}." for note in (*results.older, *results.run.problems)]
    first = lines[0] if lines else "Everything that this suite measures was measured."
    lines.append("Other versions of Keras: docs/keras_versions.md in the repository.")
    parts = [Part("note", "", lines)]
    parts += [Part("note", "Sessions that gave no values", failed)] if failed else []
    parts += [Part("note", "Left out", left_out)] if left_out else []
    return Section("missing", "What was not measured", first, parts)
