"""Keras over time: what asv is asked for each release and range of commits."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.engine import tracking
from benchmarks.engine.tracking import Tracker, main


@pytest.fixture
def asked(monkeypatch):
    """Record each call of asv: its words, its configuration and its setting; 3.6.0 fails."""
    calls = []

    def run(module, *words, log, known):
        words = list(words)
        config = json.loads(Path(words.pop(words.index("--config") + 1)).read_text())
        words.remove("--config")
        calls.append((words, config, known["REMEDIES_SETTING"]))
        if words[0] == "find":
            log.write_text("· noise\nGreatest improvement found: 6e42834e <v3.3.0~44>\n")
        else:
            log.touch()
        keras = config["matrix"]["req"].get("keras")
        return 2 if keras == ["3.6.0"] else 0

    monkeypatch.setattr(tracking, "name_machine", lambda: None)
    monkeypatch.setattr(tracking, "run_on_leash", run)
    monkeypatch.setattr(tracking, "_newest", lambda: "3.15.1")
    return calls


def test_each_release_gets_its_own_matrix_and_one_that_fails_costs_itself(asked, tmp_path, capsys):
    assert main(["--releases", "3.5..3.7", "--folder", str(tmp_path)]) == 1
    runs = [config["matrix"]["req"] for words, config, _ in asked if words[0] == "run"]
    assert [req["keras"] for req in runs] == [["3.5.0"], ["3.6.0"], ["3.7.0"]]
    assert [req["tensorflow-cpu"] for req in runs] == [["2.16.2"], ["2.18.1"], ["2.18.1"]]
    said = capsys.readouterr().out.splitlines()
    assert [line.endswith(": measured") for line in said] == [True, False, True]
    assert str(tmp_path / "3.6.0.log") in said[1]


def test_environments_are_made_first_and_what_was_measured_is_skipped(asked, tmp_path):
    assert main(["--releases", "3.14..latest", "--folder", str(tmp_path)]) == 0
    kinds = [words[0] for words, _, _ in asked]
    assert kinds == ["setup", "setup", "run", "run"]
    assert all("--skip-existing-successful" in words for words, _, _ in asked[2:])
    assert {config["env_dir"] for _, config, _ in asked} == {str(tmp_path / "env")}
    assert {setting for _, _, setting in asked} == {"core"}
    assert not list(tmp_path.glob("*.conf.json"))


def test_commits_of_a_clone_share_one_environment_without_a_keras_of_its_own(asked, tmp_path):
    clone = tmp_path / "keras"
    clone.mkdir()
    words = ["--repository", str(clone), "--commits", "v3.14.0..master", "--steps", "8"]
    assert main([*words, "--folder", str(tmp_path)]) == 0
    [(words, config, _)] = asked
    assert words[-2:] == ["v3.14.0..master", "--steps=8"]
    assert config["repo"] == str(clone) and config["project"] == "keras"
    assert "keras" not in config["matrix"]["req"]
    assert config["matrix"]["req"]["tensorflow-cpu"] == ["2.21.0"]
    assert all("--no-deps" in command for command in config["install_command"])


def test_a_change_is_narrowed_to_one_commit(asked, tmp_path, capsys):
    words = ["--repository", "https://example.org/keras.git", "--commits", "a..b", "--invert"]
    words += ["--find", "scenarios.Scenarios.track_scenario_pickle", "--tensorflow", "2.16.2"]
    assert main([*words, "--folder", str(tmp_path)]) == 0
    [(words, config, _)] = asked
    assert words == ["find", "--invert", "a..b", "scenarios.Scenarios.track_scenario_pickle"]
    assert config["repo"] == "https://example.org/keras.git"
    assert "Greatest improvement found: 6e42834e <v3.3.0~44>" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--commits", "a..b"], ["--releases", "newest"]])
def test_a_wrong_command_says_what_is_allowed(asked, tmp_path, capsys, words):
    with pytest.raises(SystemExit) as end:
        main([*words, "--folder", str(tmp_path)])
    assert end.value.code == 2 and not asked
    said = capsys.readouterr().err.splitlines()[-1]
    assert "3.5..latest" in said or "--repository" in said


def test_only_the_core_is_selected_of_a_release(tmp_path):
    chosen = re.compile(tracking._CORE).search
    assert chosen("fidelity.Fidelity.track_weights_lost('image', 'control', 'cpu')")
    assert chosen("steps.ImageSteps.track_train_step_ratio('image', 'tf_cast', 'cpu')")
    assert not chosen("steps.ImageSteps.track_train_step_compiled('image', 'tf_cast', 'cpu')")
    assert not chosen("fidelity.Fidelity.track_weights_lost('image', 'control', 'gpu')")
    assert not chosen("storage.Storage.track_save('image', 'control', 'cpu')")
    assert Tracker(tmp_path, "core").results == tmp_path / "results"


def test_an_interrupted_run_says_so_and_leaves_no_configuration(tmp_path, monkeypatch, capsys):
    def run(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(tracking, "name_machine", lambda: None)
    monkeypatch.setattr(tracking, "run_on_leash", run)
    words = ["--repository", "x", "--commits", "a..b", "--folder", str(tmp_path)]
    assert main(words) == 130
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.rglob("*.conf.json"))
