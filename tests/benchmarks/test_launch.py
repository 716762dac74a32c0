"""What a `setup_cache` hands to asv: all launches of a session together, and what failed."""

from benchmarks.engine import launch
from benchmarks.engine.plan import Session


def test_collect_joins_the_launches_and_lists_failures(monkeypatch, tmp_path):
    first = Session("storage", "image", "cpu")
    second = Session("storage", "image", "cpu", launch=1)
    broken = Session("storage", "attention", "cpu")

    def measured(*samples):
        found = {"samples": list(samples), "number": 1}
        entries = [{"metric": "save", "parameters": {"remedy": "tf_cast"}, "measured": found}]
        return {"status": "done", "entries": entries}

    def run(planned, setting, store):
        assert (setting, store) == ("quick", tmp_path)
        yield second, measured(3.0)  # sessions end in any order
        yield broken, {"status": "failed", "reason": "boom"}
        yield first, measured(1.0, 2.0)

    monkeypatch.setenv(launch.STORE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("REMEDIES_SETTING", "quick")
    monkeypatch.setattr(launch, "run", run)
    monkeypatch.setattr(launch, "sessions", lambda kind, setting: [first, second, broken])
    results = launch.collect("storage")
    names = ("workload", "remedy", "device")
    assert results.get("save", names, ("image", "tf_cast", "cpu"))["samples"] == [1.0, 2.0, 3.0]
    assert results.failures == [({"workload": "attention", "device": "cpu"}, "boom")]
