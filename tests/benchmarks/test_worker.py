"""A real session in a real process."""

from benchmarks.engine.plan import Session
from benchmarks.engine.pool import run


def test_a_real_worker_measures_a_real_session(tmp_path):
    session = Session("fidelity", "image", "cpu")
    [(_, outcome)] = run([session], "quick", tmp_path)
    assert outcome["status"] == "done", outcome
    lost = {
        entry["measured"]
        for entry in outcome["entries"]
        if entry["metric"] == "weights_lost" and entry["parameters"]["remedy"] == "control"
    }
    assert lost == {2}
    assert [file.name for file in tmp_path.iterdir()] == ["fidelity-image-cpu.json"]
