"""The answer that the page opens with, in sentences made from the verdicts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from reports import fidelity
from reports.evidence import Evidence, Run
from reports.fidelity import Kept
from reports.findings import Outcome
from reports.speeds import c9, tally
from reports.verdicts import Verdict
from reports.vocabulary import (
    CONTROL,
    PLACEBO,
    PROGRAM_DIFFERS,
    REFERENCE,
    REMEDIES,
    SECOND,
    STEPS,
    YARDSTICK,
    rank,
)
from reports.wording import counted, listed, number


def answer(evidence: Evidence) -> list[str]:
    """Return the answer as paragraphs: what keeps the model, what it costs, what to choose."""
    paragraphs = [
        *_kept(evidence),
        *(" ".join(_cost(evidence, run)) for run in evidence.runs),
        " ".join([*_programs(evidence), *_cast(evidence), *_unreliable(evidence)]),
        _choice(evidence),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _again(evidence: Evidence) -> str:
    return ", once and again" if evidence.trips[SECOND].notna().any() else ""


def standing(evidence: Evidence) -> dict[str, Kept]:
    """Return each remedy, in order, with the worst of what it keeps anywhere."""
    states: dict[str, set[Kept]] = defaultdict(set)
    for (_, _, remedy), state in evidence.kept.items():
        states[remedy].add(state)
    return {
        name: Kept.WHOLE if found == {Kept.WHOLE} else fidelity.worst(found - {Kept.WHOLE})
        for name, found in sorted(states.items(), key=lambda item: rank(item[0]))
    }


def _kept(evidence: Evidence) -> Iterator[str]:
    states = standing(evidence)
    if not states:
        yield "These results hold no round trip, so they do not say which remedy keeps the model."
        return
    whole = [n for n, s in states.items() if s is Kept.WHOLE and n != CONTROL]
    tried = [n for n in states if n != CONTROL]
    workloads = listed(sorted({w for _, w, _ in evidence.kept}))
    many = "All" if len(whole) == len(tried) > 1 else f"{len(whole)} of"
    yield (
        f"{many} {counted(len(tried), 'remedy', 'remedies')} tried on {workloads} "
        f"{'keeps' if len(whole) == 1 else 'keep'} the model whole through saving and loading"
        f"{_again(evidence)}: "
        f"{listed(whole) or 'none of them'}."
    )
    table = fidelity.summary(evidence.trips)
    for name in [n for n, s in states.items() if s is Kept.LOSSY]:
        rows = table[table["remedy"] == name]
        worst = fidelity.gravest(rows)
        warned = worst[["build_warnings", "optimizer_warnings", "other_warnings"]].sum()
        silent = ", some of it without a word" if worst["silent_defects"] else ""
        who = "Without a remedy (control)" if name == CONTROL else f"With {name}"
        yield (
            f"{who} state is lost{silent}: {listed(fidelity.losses(worst))}; loading gives "
            f"{counted(warned, 'warning')} and "
            f"{'raises' if worst['load_raised'] else 'does not raise'}."
        )
    for name in [n for n, s in states.items() if s is Kept.ONCE]:
        rows = table[(table["remedy"] == name) & (table[SECOND] > 0)]
        worst = rows.loc[rows[SECOND].idxmax()]
        yield (
            f"With {name} the first round trip is whole, but a second one, of the model just "
            f"loaded, loses {fidelity.amount(worst, SECOND)} weights and optimizer variables with "
            f"{counted(worst['second_generation_warnings'], 'warning')}."
        )


def _steps(evidence: Evidence, run: Run) -> Any:
    """Return the step times of `run` that compare a remedy which keeps the model."""
    rows = _sound(evidence, evidence.measured(*STEPS))
    return rows[(rows["run"] == run.label) & (rows["verdict"] != "")]


def _sound(evidence: Evidence, rows: Any) -> Any:
    """Return those of `rows` that measure a remedy which keeps the model."""
    sound = [
        r.remedy != PLACEBO and evidence.state(r.run, r.workload, r.remedy) is not Kept.LOSSY
        for r in rows.itertuples(index=False)
    ]
    return rows[pd.Series(sound, index=rows.index, dtype=bool)]


def _cost(evidence: Evidence, run: Run) -> Iterator[str]:
    rows = _steps(evidence, run)
    rows = rows[rows["verdict"] != Verdict.UNRELIABLE.value]
    for device, on_device in rows.groupby("device"):
        parts = []
        for metric, label in STEPS.items():
            cells = on_device[on_device["metric"] == metric]
            alike: dict[frozenset[str], list[str]] = defaultdict(list)
            for name, own in sorted(cells.groupby("remedy"), key=lambda group: rank(group[0])):
                alike[frozenset(own["verdict"])].append(name)
            parts += [
                f"with {listed(names)} a {label} is {tally(cells[cells['remedy'].isin(names)])}"
                for names in alike.values()
            ]
        yield f"Against {REFERENCE} on {run.label} ({device}), {'; '.join(parts)}."


def _programs(evidence: Evidence) -> Iterator[str]:
    rows = _sound(evidence, evidence.measured(PROGRAM_DIFFERS))
    rows = rows[~rows["remedy"].isin([REFERENCE, YARDSTICK])]
    names = sorted(set(rows["remedy"]), key=rank)
    differ = [n for n in names if rows.loc[rows["remedy"] == n, "value"].any()]
    if same := [n for n in names if n not in differ]:
        cells = rows["remedy"].isin(same).sum()
        yield (
            f"XLA compiles {listed(same)} to the same program as {REFERENCE} in all "
            f"{counted(cells, 'cell')}: there only the Python around the computation can differ."
        )
    if differ:
        own = rows[rows["remedy"].isin(differ)]
        yield (
            f"XLA compiles {listed(differ)} to another program than {REFERENCE} in "
            f"{number((own['value'] > 0).sum())} of {counted(len(own), 'cell')}."
        )


def _cast(evidence: Evidence) -> Iterator[str]:
    found = c9(evidence)
    condition = found.why.partition(". ")[0]
    if found.outcome is Outcome.ONLY_IF:
        yield f"The cast of tf_cast has a cost only if {condition}."
    elif found.outcome is Outcome.HOLDS:
        yield "The cast of tf_cast has a cost in every cell measured."
    elif found.outcome is Outcome.DOES_NOT_HOLD:
        yield "No cell shows a cost of the cast of tf_cast."


def _unreliable(evidence: Evidence) -> Iterator[str]:
    judged = evidence.frame[evidence.frame["verdict"] != ""]
    off = judged[judged["verdict"] == Verdict.UNRELIABLE.value]
    if len(off):
        # One of each kind: they differ in their figures.
        told = {re.sub(r"[\d.]+", "", text): text for text in sorted(set(off["unreliable"]))}
        yield (
            f"{number(len(off))} of {counted(len(judged), 'comparison')} are unreliable and are "
            f"not used as evidence (for example, {'; '.join(list(told.values())[:2])})."
        )


def _choice(evidence: Evidence) -> str:
    """Recommend the remedies that keep everything and are not slower anywhere."""
    whole = [n for n, s in standing(evidence).items() if s is Kept.WHOLE and n != CONTROL]
    if not whole:
        return ""
    verdicts: dict[str, set[str]] = defaultdict(set)
    for run in evidence.runs:
        for row in _steps(evidence, run).itertuples(index=False):
            if row.verdict != Verdict.UNRELIABLE.value:
                verdicts[row.remedy].add(row.verdict)
    slower = [n for n in whole if Verdict.SLOWER.value in verdicts[n]]
    faster = [n for n in whole if verdicts[n] and verdicts[n] <= {Verdict.FASTER.value}]
    compared = any(verdicts.values())
    timed = [n for n in whole if verdicts[n] or (compared and n == REFERENCE)]
    choose = faster or [n for n in timed if n not in slower] or whole
    ways = listed((f"{n} ({REMEDIES.get(n, 'described in its recipe')})" for n in choose), "or")
    why = "keeps the model whole"
    if faster:
        why += " and is faster in every cell"
    elif timed:
        why += " and is not shown to be slower in any cell"
    return f"So choose {ways}: each {why}." + (
        f" {listed(slower)} is slower in some cells." if len(slower) == 1 else ""
    )
