"""What no schema says: rights, pins, and that the workflows call what is there."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.engine.settings import SETTINGS
from reports.github.comment import BOT, LABEL, WORKFLOWS
from reports.github.nightly import ARTIFACT, WORKFLOW

ROOT = Path(__file__).parents[2]
FILES = {path.name: path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")}
PARSED: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in FILES.items()}
JOBS = {
    f"{name} {job}": about for name, one in PARSED.items() for job, about in one["jobs"].items()
}
WITH_STEPS = {name: job for name, job in JOBS.items() if "steps" in job}
ACTION = (ROOT / "action.yml").read_text("utf-8")
TEXTS = {**FILES, "action.yml": ACTION}
CALLS = "".join((*TEXTS.values(), (ROOT / "scripts/ci_gate").read_text("utf-8")))
PINNED = re.compile(r"uses: (actions/[a-z/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
# Of everything that a job with a right to write may start.
TRUSTED = re.compile(r"(python3 -m reports\.github |echo |exit 1$)")


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_workflow_grants_nothing_and_takes_its_turn(name: str) -> None:
    assert PARSED[name]["permissions"] == {}
    assert PARSED[name]["concurrency"]["group"]


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_says_what_it_may_do(name: str) -> None:
    assert JOBS[name]["permissions"]


@pytest.mark.parametrize("name", sorted(WITH_STEPS))
def test_a_job_ends_and_keeps_no_token(name: str) -> None:
    job = WITH_STEPS[name]
    assert job["timeout-minutes"] <= 350
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", sorted(WITH_STEPS))
def test_a_job_that_may_write_runs_the_standard_library_alone(name: str) -> None:
    job = WITH_STEPS[name]
    if "write" in job["permissions"].values():
        for line in "\n".join(commands(job)).splitlines():
            assert TRUSTED.match(line), line
        assert not any("setup-python" in step.get("uses", "") for step in job["steps"])


def test_only_the_job_that_deploys_may_publish() -> None:
    holders = {
        name for name, job in WITH_STEPS.items() if {"pages", "id-token"} & set(job["permissions"])
    }
    assert holders == {"publish.yml deploy"}


def test_no_secret_is_used_but_the_jobs_own_token() -> None:
    for text in TEXTS.values():
        assert "secrets." not in text
        assert "pull_request_target" not in text


def test_every_action_is_pinned_to_one_commit_of_one_release() -> None:
    pins: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for text in TEXTS.values():
        for line in text.splitlines():
            if "uses: " in line and not re.search(r"uses: (\./|\$/)", line):
                found = PINNED.search(line)
                assert found, line
                pins["/".join(found[1].split("/")[:2])].add((found[2], found[3]))
    assert len(pins) >= 6
    assert all(len(versions) == 1 for versions in pins.values())


def test_a_pull_request_writes_no_cache() -> None:
    for name, job in WITH_STEPS.items():
        for step in job["steps"]:
            assert not step.get("uses", "").startswith("actions/cache@"), name
            if step.get("uses", "").startswith("actions/cache/save@"):
                assert step["if"].startswith("github.event_name == 'push' && ")
            assert "cache" not in step.get("with", {}), name


def test_the_comment_knows_the_checks_and_the_nights_results() -> None:
    on = PARSED["comment.yml"][True]  # YAML reads `on` so
    assert sorted(on["workflow_run"]["workflows"]) == sorted(
        PARSED[Path(path).name]["name"] for path in WORKFLOWS
    )
    assert f"== '{LABEL}'" in FILES["pr-check-gpu.yml"]
    names = [
        step["with"]["name"]
        for job in ("judge",)
        for step in JOBS[f"nightly.yml {job}"]["steps"]
        if "upload" in step.get("uses", "")
    ]
    assert ARTIFACT in names
    assert WORKFLOW in FILES
    assert BOT == "github-actions[bot]"


def test_the_shards_are_all_there() -> None:
    shards = JOBS["nightly.yml measure"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))


def test_a_night_may_be_of_any_setting_that_there_is() -> None:
    asked = PARSED["nightly.yml"][True]["workflow_dispatch"]["inputs"][
        "setting"
    ]  # YAML reads `on` so
    assert set(asked["options"]) <= SETTINGS.keys()


@pytest.mark.parametrize("script", sorted(set(re.findall(r"scripts/\w+", CALLS))))
def test_a_script_that_is_called_is_there_and_takes_its_options(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o100
    calls = re.findall(rf"{script}\b(.*(?:\\\n.*)*)", CALLS)
    options = set(re.findall(r"--[a-z-]+", " ".join(calls)))
    source = "".join(p.read_text("utf-8") for p in _sources(script))
    assert not {option for option in options if option not in source}


def _sources(script: str) -> list[Path]:
    text = (ROOT / script).read_text("utf-8")
    modules = re.findall(r"-m ((?:reports|remedies|benchmarks)[\w.]*)", text)
    paths = [
        ROOT / (module.replace(".", "/") + end)
        for module in modules
        for end in (".py", "/__main__.py")
    ]
    return [ROOT / script, *(path for path in paths if path.exists())]
