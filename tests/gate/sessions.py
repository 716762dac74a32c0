"""Made-up session files of a night: one cell and its files, on a machine whose noise repeats."""

import numpy as np

from reports.gate.verdict import conclude
from tests.reports import factory
from tests.reports.factory import Made, entry

__all__ = ["BASE", "FACTS", "HEAD", "concluded", "entry", "night", "write"]

BASE, HEAD = "a" * 40, "b" * 40
REMEDIES = ("ops_where", "tf_cast", "functional_bool_input")
FACTS = {"cpu": "Made-up 3000", "python": "3.12.1", "keras": "3.15.1", "numpy": "2.5.5"}


def night(
    folder,
    commit=BASE,
    *,
    slower=None,
    seed=0,
    cast=None,
    texts=None,
    without=(),
    failed=(),
    launches=4,
    batches=(32,),
    noise=0.002,
    **facts,
):
    """Write what a night measures, without some kinds of session, and return its folder.

    `slower` is how many times longer a remedy's step, save or load takes; `cast` and `texts` are
    what `tf_cast` has more of, by metric, and its fingerprints.
    """
    made = Made(("image",), jits=("xla",), batches=batches, launches=launches, remedies=REMEDIES)
    made.noise, made.random = noise, np.random.default_rng([seed, ord(commit[0])])
    for session, entries in made._sessions():
        if session["kind"] not in {"identity", "fidelity", "step_times", "saving"} - {*without}:
            continue
        for each in entries:
            remedy, step = each["axes"].get("remedy"), each["axes"].get("step")
            time = step or each["metric"].removesuffix("_seconds")
            if each["metric"].endswith("_seconds"):
                each["value"] *= (slower or {}).get((remedy, time), 1.0)
            if remedy == "tf_cast" and step != "predict":
                each["value"] += (cast or {}).get(each["metric"], 0)
                each["text"] = (texts or {}).get(each["metric"], each["text"])
        fail = session["kind"] in failed
        write(folder, session, entries, fail=fail, **{"commit": commit, "facts": FACTS} | facts)
    return folder


def concluded(*rows, **changes):
    """Return the verdict on some rows of head and base."""
    usual = {"device": "cpu", "base": BASE, "head": HEAD, "differs": []}
    return conclude(rows, **(usual | changes))


def write(folder, session, *rest, **facts):
    """Write one session file of a full run on the CPU."""
    session = {"device": "cpu", "jit": "", **session}
    factory.write(folder, session, *rest, **{"setting": "full", "health": {}} | facts)
