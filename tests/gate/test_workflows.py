"""What no schema says: rights, pins, and that every step's commands do what they are for."""

import re
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.settings import SETTINGS
from tests.gate.sessions import BASE, HEAD, concluded, night
from tests.gate.test_verdict import ROWS
from tests.gate.workspace import ROOT, WORKFLOWS, Runner

FILES = {path.name: path.read_text("utf-8") for path in WORKFLOWS.glob("*.yml")}
PARSED: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in FILES.items()}
JOBS = {f"{name} {job}": own for name, one in PARSED.items() for job, own in one["jobs"].items()}
WITH_STEPS = {name: job for name, job in JOBS.items() if "steps" in job}
ACTION = (ROOT / "action.yml").read_text("utf-8")


def commands(job):
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_workflow_grants_nothing_and_its_jobs_end_and_keep_no_token(name):
    assert PARSED[name]["permissions"] == {} and PARSED[name]["concurrency"]["group"]
    for job in PARSED[name]["jobs"].values():
        assert job["permissions"] and job.get("timeout-minutes", 0) <= 350
        for step in job.get("steps", ()):
            uses, more = step.get("uses", "./"), step.get("with", {})
            assert re.search(r"^actions/[a-z/-]+@[0-9a-f]{40}$|^\./", uses), "an action is pinned"
            assert "actions/checkout@" not in uses or more["persist-credentials"] is False
            assert "cache" not in more and not uses.startswith("actions/cache@")
            if uses.startswith("actions/cache/save@"):  # a pull request writes none
                assert step["if"].startswith("github.event_name == 'push' && ")


@pytest.mark.parametrize("name", sorted(WITH_STEPS))
def test_a_job_that_may_write_runs_gh_alone(name):
    job = WITH_STEPS[name]
    if "write" in job["permissions"].values():
        used = {step["uses"].split("@")[0] for step in job["steps"] if "uses" in step}
        may_checkout = {"actions/checkout"} if "contents" in job["permissions"] else set()
        assert used <= {"actions/download-artifact", "actions/deploy-pages"} | may_checkout
        text = "\n".join(commands(job))
        assert "python" not in text and "scripts/" not in text


@pytest.mark.parametrize(
    "name", ["comment.yml render", "pr-check-cpu.yml check", "pr-check-gpu.yml check"]
)
def test_what_runs_or_renders_a_contributors_work_may_write_nothing(name):
    assert JOBS[name]["permissions"] == {"contents": "read"}
    assert "github.token" not in str(JOBS[name]) + ACTION and "cache" not in str(JOBS[name])


def test_only_the_job_that_deploys_may_publish_and_no_secret_is_used():
    holders = {n for n, job in WITH_STEPS.items() if {"pages", "id-token"} & {*job["permissions"]}}
    assert holders == {"publish.yml deploy"}
    for text in (*FILES.values(), ACTION):
        assert "secrets." not in text and "pull_request_target" not in text


def test_the_names_that_workflows_share_are_the_same():
    on = PARSED["comment.yml"][True]  # YAML reads `on` so
    checks = [PARSED[f"pr-check-{device}.yml"]["name"] for device in ("cpu", "gpu")]
    assert on["workflow_run"]["workflows"] == checks
    inputs = PARSED["nightly.yml"][True]["workflow_dispatch"]["inputs"]
    assert set(inputs["setting"]["options"]) == SETTINGS.keys()
    shards = JOBS["nightly.yml measure"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    uploads = [step["with"]["name"] for step in JOBS["nightly.yml judge"]["steps"]
               if "upload-artifact" in step.get("uses", "")]  # fmt: skip
    assert uploads == ["sessions", "judged", "verdict"]
    assert "name: sessions" in FILES["publish.yml"]


EVENT = {
    "github.token": "a-token",
    "github.repository": "o/r",
    "github.ref_name": "main",
    "github.event.workflow_run.head_sha": HEAD,
    "github.event.workflow_run.html_url": "https://github.example/o/r/actions/runs/7",
    "github.event.workflow_run.head_branch": "--a 'branch'",
    "github.event.workflow_run.head_repository.owner.login": "someone",
    "github.event.workflow_run.name": "PR check (CPU)",
    "inputs.accept": "false",
    "matrix.kind": "cpu",
}


@pytest.fixture
def runner(tmp_path):
    if shutil.which("jq") is None:
        pytest.skip("gh's --jq is played by jq")
    made = Runner(tmp_path, dict(EVENT))
    made.lists("run-list-pr-check-cpu.yml", [{"databaseId": 7}])
    made.lists("pr-list", [
        {"number": 3, "headRefOid": HEAD, "headRepositoryOwner": {"login": "someone"}},
        {"number": 4, "headRefOid": HEAD, "headRepositoryOwner": {"login": "mallory"}},
        {"number": 5, "headRefOid": BASE, "headRepositoryOwner": {"login": "someone"}},
    ])  # fmt: skip
    return made


def claim(runner, run, device, text):
    (runner.offer(run, f"verdict-{device}") / "verdict.json").write_text(text)


def commented(runner):
    for job in ("fetch", "render", "post"):
        runner.job("comment.yml", job)


@pytest.mark.parametrize(
    ("device", "edits"), [("cpu", []), ("gpu", [["pr", "edit", "3", "--remove-label", "gpu"]])]
)
def test_verdicts_become_one_comment_and_a_gpu_run_spends_its_label(runner, device, edits):
    runner.event["github.event.workflow_run.name"] = f"PR check ({device.upper()})"
    runner.lists("run-list-pr-check-gpu.yml", [{"databaseId": 8}])
    claim(runner, 7, "cpu", concluded(*ROWS[6:9]).as_json())
    claim(runner, 8, "gpu", concluded(*ROWS, device="gpu").as_json())
    commented(runner)
    [call] = runner.calls("pr", "comment")
    assert call[2:5] == ["3", "--edit-last", "--create-if-none"]
    body = (runner.state / "body").read_text()
    assert body.index("### GPU: **regressed**") < body.index("### CPU: **none regressed**")
    assert EVENT["github.event.workflow_run.html_url"] in body
    assert runner.calls("pr", "edit") == edits


def test_no_verdict_and_no_open_request_post_nothing(runner):
    assert runner.job("comment.yml", "fetch") == {}
    claim(runner, 7, "cpu", concluded(*ROWS).as_json())
    runner.lists("pr-list", [])
    commented(runner)
    assert not runner.calls("pr", "comment")


@pytest.mark.parametrize(
    "text",
    ["{}", concluded(*ROWS).as_json().replace("b" * 40, "c" * 40), "@everyone", "x" * 3_000_000],
)
def test_a_hostile_claim_stops_before_anything_may_write(runner, text):
    claim(runner, 7, "cpu", text)
    with pytest.raises(subprocess.CalledProcessError):
        commented(runner)
    assert not runner.calls("pr")


@pytest.mark.parametrize(
    ("before", "tonight", "status", "judged"),
    [
        (True, {"slower": {("tf_cast", "train"): 3.0}}, "1", True),
        (True, {}, "0", True),
        (True, {"without": ["step_times"]}, "2", False),
        (False, {}, "0", True),
    ],
)
def test_a_night_is_judged_against_the_last_one_that_was_or_is_the_first(
    runner, before, tonight, status, judged
):
    runner.lists("run-list-nightly.yml", [{"databaseId": 9}, {"databaseId": 8}])
    runner.offer(9, "sessions")  # a night that was not judged
    if before:
        (runner.offer(8, "judged") / "judged").write_text(BASE)
        night(runner.offer(8, "sessions"), BASE)
    night(runner.work / "head", HEAD, **tonight)
    assert runner.job("nightly.yml", "judge")["status"] == status
    assert (runner.work / "judged").exists() is judged
    said = (runner.work / "verdict.md").read_text()
    assert ("none regressed" in said) is (before and status == "0")


def test_one_issue_is_opened_and_then_added_to(runner):
    (runner.work / "verdict.md").write_text("it is slower")
    steps = JOBS["nightly.yml tell"]["steps"]
    runner.steps(steps[1:])
    assert [call[:2] for call in runner.calls("issue")][1:] == [["issue", "create"]]
    title = steps[-1]["env"]["TITLE"]
    runner.lists("issue-list", [{"number": 1, "title": "other"}, {"number": 2, "title": title}])
    runner.steps(steps[1:])
    assert runner.calls("issue", "comment")[0][2] == "2"
    assert (runner.state / "body").read_text() == "it is slower"


def test_a_night_that_was_not_judged_fails_loudly(runner):
    steps = JOBS["nightly.yml tell"]["steps"]
    assert steps[0]["if"] == "needs.judge.outputs.status != '1'"
    with pytest.raises(subprocess.CalledProcessError):
        runner.steps(steps[:1])


@pytest.mark.parametrize(("status", "told"), [(0, "0"), (1, "1"), (2, "2"), (130, "2")])
def test_the_check_passes_its_status_on(runner, status, told):
    steps = yaml.safe_load(ACTION)["runs"]["steps"]
    runner.env["PR_CHECK"] = str(status)
    runner.event["runner.temp"] = str(runner.folder)
    assert runner.steps(steps[:1]) == {"status": told}
    assert "### a verdict" in (runner.folder / "summary").read_text()
    assert "--json" in (runner.state / "scripts").read_text()
    runner.event["steps.gate.outputs.status"] = told
    with pytest.raises(subprocess.CalledProcessError) if status else nullcontext():
        runner.steps(steps[-1:])


def test_a_survey_of_a_new_keras_becomes_one_pull_request(runner):
    survey = "docs/keras_versions.json", "docs/keras_versions.md"
    for file in survey:
        for folder, text in ((runner.work, '"keras": "3.98.0"'), (runner.work / "found", "new")):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
    assert runner.job("keras-watch.yml", "look") == {"new": "3.99.0"}
    runner.event["needs.look.outputs.new"] = "3.99.0"
    own = "git -c user.name=a -c user.email=a@b"
    runner.run(f"git init --quiet --bare ../o; git init --quiet; git remote add origin ../o;"
               f"git add docs; {own} commit --quiet --message docs")  # fmt: skip
    runner.job("keras-watch.yml", "propose")
    assert [call[:2] for call in runner.calls("pr")] == [["pr", "create"]]
    changed = "git --git-dir ../o show --name-only --format= keras-watch"
    runner.run(f"test \"$({changed} | xargs)\" = '{' '.join(survey)}'", {})
    (runner.state / "pr-create").touch()
    (runner.work / "found" / survey[0]).write_text("newer")
    runner.job("keras-watch.yml", "propose")
    assert runner.calls("pr", "edit")[0][2] == "keras-watch"


# Those of which a test above says more than that they run.
SHOWN = {"comment.yml fetch", "comment.yml render", "comment.yml post", "nightly.yml judge",
         "nightly.yml tell", "keras-watch.yml look", "keras-watch.yml propose"}  # fmt: skip


@pytest.mark.parametrize(
    "job", sorted({n for n, job in WITH_STEPS.items() if commands(job)} - SHOWN)
)
def test_every_other_command_runs(runner, job):
    runner.job(*job.split())
    ran = runner.state / "scripts"
    for line in ran.read_text().splitlines() if ran.exists() else ():
        script, *words = line.split()
        source = (ROOT / "scripts" / Path(script).name).read_text("utf-8")
        assert not {w for w in words if w.startswith("--") and w not in source}, line
