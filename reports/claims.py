"""The article's claims, and what the results say about each."""

from collections import Counter
from collections.abc import Callable

from remedies.words import Word
from reports.parts import Section, Table
from reports.results import EVERYTHING, UNKNOWN, Results, cells, losses, summary
from reports.vocabulary import CONTROL, REFERENCE, prose
from reports.wording import counted, listed, shared

HOLDS, FAILS, OPEN = "holds", "does not hold", "not established"
Finding = tuple[str, str]
Judge = Callable[[Results], Finding]
_NOTHING: Finding = (OPEN, "Not measured here.")
FUNCTIONAL = "functional_bool_input"

# What is true of each of the control's round trips where a claim holds: counts above 0 and at 0.
_TRIPS = {
    "C1": (("weights_lost",), ("load_raised",), "It loads without an error and loses weights"),
    "C2": (("build_warnings", "optimizer_warnings"), (), "Both warnings appear"),
    "C3": (("optimizer_variables_lost",), ("weights_lost",), "Only the optimizer loses state"),
    "C4": (("mask_rebuilt_as_float",), (), "Keras called it on a float mask"),
    "C5": (("rebuild_raised",), (), "The rebuild raised, and Keras went on,"),
    "C13": (("silent_defects",), (), "Some kind of state is lost with no warning"),
}


def claims(results: Results) -> Section:
    """Return the section on the claims."""
    rows = []
    for claim in prose("claims"):
        name = claim.partition(".")[0]
        judge = _OTHERS.get(name) or _trips(*_TRIPS[name])
        outcome, evidence = judge(results)
        rows.append({"claim": claim, "outcome": outcome, "evidence": evidence})
    counts = Counter(row["outcome"] for row in rows)
    answer = (
        "The article is the text that described the fault and proposed three remedies. Of its "
        f"{len(rows)} claims, quoted here, {counts[HOLDS]} hold, {counts[FAILS]} do not hold as "
        f"they are written; not established by these results: {counts[OPEN]}."
    )
    return Section("claims", "The article's claims", answer, [Table("", rows)])


def _trips(some: tuple[str, ...], none: tuple[str, ...], text: str) -> Judge:
    def judged(results: Results) -> Finding:
        trips = results.trips_of(CONTROL)
        if not all(name in trips and trips[name].notna().any() for name in (*some, *none)):
            return _NOTHING
        true = (trips[[*some]] > 0).all(axis=1) & (trips[[*none]] == 0).all(axis=1)
        lost = "; ".join(losses(trips)[:2]) or "nothing"
        scope = f"{counted(len(true), 'round trip')} ({cells(trips.reset_index())})"
        evidence = f"{text} in {true.sum()} of {scope}. The control loses: {lost}."
        return (HOLDS if true.all() else FAILS), evidence

    return judged


def _whole(remedy: str) -> Judge:
    def judged(results: Results) -> Finding:
        state, scope = results.keeps(remedy), cells(results.trips_of(remedy).reset_index())
        if state == UNKNOWN:
            return _NOTHING
        text = f"Keeps the model through two saves and loads: {state} ({scope})."
        return (HOLDS if state == EVERYTHING else FAILS), text

    return judged


def _c8(results: Results) -> Finding:
    outcome, text = _whole(FUNCTIONAL)(results)
    if not results.metric("functional_as_written_raises")["value"].max() > 0:
        return outcome, text
    return FAILS, f"As it is written, tf.where raises on a KerasTensor. In a layer: {text}"


def _cost(remedy: str, true: Word) -> Judge:
    """Judge a claim that all steps of `remedy` have the word `true`."""

    def judged(results: Results) -> Finding:
        rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
        if not len(rows):
            return _NOTHING
        words = {*rows["word"]}
        scope = f"{counted(len(rows), 'step')}; {cells(rows)}"
        text = f"Fed bool masks, against {REFERENCE}'s steps: {summary(rows)} ({scope})."
        floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
        text += f" Fed float32 masks: {summary(floats)}.{_compiled(results, remedy)}"
        unknown = words & {Word.UNDECIDED.value, Word.UNRELIABLE.value}
        return (HOLDS if words == {true.value} else OPEN if unknown else FAILS), text

    return judged


def _compiled(results: Results, remedy: str) -> str:
    """Say which programs differ on devices that were only compiled for: of no bearing on time."""
    programs = results.metric("program_differs", remedy=remedy)
    programs = programs[programs["device"].isin(results.compiled)]
    counts = shared(
        (device.upper(), f"{(own['value'] != 0).sum()} of {counted(len(own), 'step')} fed {mask}")
        for (mask, device), own in programs.groupby(["mask_dtype", "device"])
    )
    texts = "; ".join(f"for {cards}, {text} masks" for text, cards in counts.items())
    start = f" Compiled, not run, the program is not {REFERENCE}'s on bool masks"
    return f"{start}: {texts}." if counts else ""


def _c11(results: Results) -> Finding:
    own, control = results.keeps(REFERENCE), results.keeps(CONTROL)
    if UNKNOWN in (own, control):
        return _NOTHING
    rows = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    text = f"ops_where keeps: {own}; tf.where: {control}. The control's steps: {summary(rows)}."
    better = own == EVERYTHING != control and Word.FASTER.value not in {*rows["word"]}
    return (HOLDS if better else FAILS), text


def _c12(results: Results) -> Finding:
    if FUNCTIONAL not in (table := results.situations):
        return _NOTHING
    kept = results.survived
    best = [*kept[kept == kept.max()].index]
    text = f"Keeps the model in the most situations, {kept.max()} of {len(table)}: {listed(best)}."
    return (HOLDS if FUNCTIONAL in best else FAILS), text


_OTHERS: dict[str, Judge] = {
    "C6": _whole("build_from_config"),
    "C7": _whole("tf_cast"),
    "C8": _c8,
    "C9": _cost("tf_cast", Word.SLOWER),
    "C10": _cost(FUNCTIONAL, Word.FASTER),
    "C11": _c11,
    "C12": _c12,
}
