"""What runs remit in CI: the shell of the GitHub action and of GitLab's template, on clones as a runner makes them.

The services that keep comments are a real HTTP server here. Actions of others are not run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from ci_jobs import GITHUB_BOT, GITLAB_BOT, TOKEN, UV, Comments, git, serving
from random_cases import cases_of, in_all_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB = yaml.safe_load((ROOT / ".gitlab/remit.yml").read_text("utf-8"))["remit"]


def role(action: str) -> str:
    """A template with one role that may do one thing."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    return json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}, indent=2)


@dataclass
class Job:
    """A runner: a repository, its clone, and what the job printed and wrote."""

    folder: Path
    comments: Comments
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> Path:
        return self.folder / "origin"

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text("utf-8")

    def commit(self, **files: str | None) -> None:
        """Commit files to the branch of the request; None deletes one."""
        git(self.origin, "checkout", "-q", "change")
        for name, content in files.items():
            path = self.origin / name.replace("_json", ".json").replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.unlink() if content is None else path.write_text(content, "utf-8")
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "-q", "--allow-empty", "-m", "a change")

    def clone(self, depth: int | None) -> Path:
        """A clone of the request's merge onto main, detached, without branches: as actions/checkout makes it."""
        git(self.origin, "checkout", "-q", "--detach", "main")
        git(self.origin, "merge", "-q", "--no-ff", "-m", "the merge", "change")
        git(self.origin, "update-ref", "refs/pull/7/merge", "HEAD")
        clone = Path(self.folder / f"clone-{len(list(self.folder.iterdir()))}")
        clone.mkdir()
        git(clone, "init", "-q")
        git(clone, "remote", "add", "origin", self.origin.as_uri())
        limit = [f"--depth={depth}"] if depth else []
        git(clone, "fetch", "-q", "--no-tags", *limit, "origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge")
        git(clone, "checkout", "-q", "--force", "refs/remotes/pull/7/merge")
        return clone

    def environment(self, clone: Path) -> dict[str, str]:
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name in ("uv", "uvx"):  # both run a program of an environment: here of this one
            (programs / name).write_text(UV)
            (programs / name).chmod(0o755)
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.folder), "CI": "true", "RUNNER_TEMP": str(clone.parent / "temporary")}

    def run(self, script: str, clone: Path, environment: dict[str, str]) -> int:
        """Run a step as a runner does: without a terminal, and with no standard input."""
        Path(environment["RUNNER_TEMP"]).mkdir(exist_ok=True)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(
            command, cwd=clone, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        self.log += ran.stdout + ran.stderr
        return ran.returncode

    def github(self, depth: int | None = 2, token: str = TOKEN, **inputs: str) -> int:
        """Run the action's own steps on a pull request: the exit code of the first that fails."""
        clone = self.clone(depth)
        event, output = self.folder / "event.json", self.folder / "output"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        output.write_text("")
        (self.folder / "summary.md").write_text("")
        environment = {
            **self.environment(clone),
            "GITHUB_API_URL": self.comments.address,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        values = {name: str(declared["default"]) for name, declared in ACTION["inputs"].items()}
        values |= {"token": token, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        expressions = {f"inputs.{name}": value for name, value in values.items()} | {"github.action_path": str(ROOT)}
        for step in ACTION["runs"]["steps"]:
            if "run" in step:
                variables = {name: filled(text, expressions) for name, text in step["env"].items()}
                code = self.run(step["run"], clone, environment | variables)
                self.outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
                expressions |= {f"steps.remit.outputs.{name}": value for name, value in self.outputs.items()}
                if code:
                    return code
        return 0

    def gitlab(self, token: str = TOKEN) -> int:
        """Run the script of GitLab's template on a merge request."""
        clone = self.clone(None)
        environment = {
            **self.environment(clone),
            **GITLAB["variables"],
            "CI_API_V4_URL": self.comments.address,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(clone, "rev-parse", "HEAD^1"),
            "CI_MERGE_REQUEST_IID": "7",
            "CI_PROJECT_ID": "1",
            **({"REMIT_GITLAB_TOKEN": token} if token else {}),
        }
        return self.run("\n".join(GITLAB["script"]), clone, environment)


def filled(text: str, expressions: dict[str, str]) -> str:
    """A value of the workflow with its expressions replaced; KeyError: one that no runner knows."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: expressions[found[1]], text)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """A repository with a template on main, and a branch that does not change it yet."""
    with serving(Comments(), GITHUB_BOT) as comments:
        yield started(tmp_path, comments)


@pytest.fixture
def gitlab_job(tmp_path: Path) -> Iterator[Job]:
    with serving(Comments(), GITLAB_BOT) as comments:
        yield started(tmp_path, comments)


def started(folder: Path, comments: Comments) -> Job:
    job = Job(folder, comments)
    job.origin.mkdir()
    git(job.origin, "init", "-q")
    (job.origin / "app.json").write_text(role("s3:GetObject"))
    (job.origin / "notes.json").write_text('{"Resource": "no template"}')
    git(job.origin, "add", ".")
    git(job.origin, "commit", "-qm", "a state")
    git(job.origin, "checkout", "-qb", "change")
    return job


def test_a_gain_is_refused_and_one_comment_is_kept_up_to_date(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"))
    assert job.github() == 1
    (body,) = job.comments.bodies
    assert body.startswith(
        "<!-- remit action: templates -->\n\n### `app.json`\n\n**1 cause gains access, 1 loses, 0 undecided; "
    )
    assert "s3:PutObject`" in body
    assert job.summary == body
    job.commit(app_json=role("s3:GetObject"))
    assert job.github() == 0
    (body,) = job.comments.bodies
    assert "**Access: unchanged.** No template differs." in body
    methods = [request.partition(" ")[0] for request in job.comments.asked if not request.startswith("GET")]
    assert methods == ["POST", "PATCH"]


def test_a_change_of_no_template_gets_no_comment(job: Job) -> None:
    job.commit(notes_json='{"Resource": "still none"}')
    assert job.github() == 0
    assert job.comments.bodies == []


def test_new_deleted_and_nested_templates_are_all_in_the_comment(job: Job) -> None:
    job.commit(app_json=None, stacks__new_json=role("sqs:SendMessage"))
    assert job.github() == 1
    (body,) = job.comments.bodies
    assert [line for line in body.splitlines() if line.startswith("### ")] == [
        "### `app.json`",
        "### `stacks/new.json`",
    ]
    assert "Role" in body


@in_all_cases
def test_files_that_are_named_are_compared_whatever_they_are(job: Job) -> None:
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    job.commit(app_json=role("s3:*"), policies__own_json=json.dumps(policy))
    assert job.github(files="policies/*.json") == 1
    (body,) = job.comments.bodies
    assert body.startswith("<!-- remit action: policies/*.json -->\n")
    assert "app.json" not in body


def test_findings_are_written_as_sarif(job: Job) -> None:
    job.commit(app_json=role("s3:Getobjekt"))
    job.github()
    sarif = json.loads(Path(job.outputs["sarif"]).read_text("utf-8"))
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "app.json"


def test_a_gain_may_be_let_pass_and_a_mistake_may_not(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"))
    assert job.github(fail_on_gain="false") == 0
    assert job.outputs["code"] == "1"
    job.commit(app_json='{"Resources": {"Role": []}}')
    assert job.github(fail_on_gain="false") == 2
    item = "- `not compared: resource 'Role' must be a mapping with a Type`: `app.json:1:24`"
    assert item in job.comments.bodies[0]
    assert "error: resource `Role` must be a mapping with a Type" in job.log


@pytest.mark.parametrize("token", cases_of(("of-a-fork", ""), 1))
def test_without_a_token_that_may_comment_the_job_says_so_and_ends_as_the_diff(job: Job, token: str) -> None:
    job.commit(app_json=role("s3:PutObject"))
    assert job.github(token=token) == 1
    assert job.comments.bodies == []
    reason = "there is no token" if not token else "github answered 403"
    assert f"::warning::no comment: {reason}; the job needs `permissions: pull-requests: write`" in job.log
    assert "1 cause gains access" in job.summary


def test_an_app_is_compared_in_its_own_environment(job: Job) -> None:
    text = (
        "from remit import App\n\napp = App()\n\n\n@app.function(policy=[{grant!r}])\ndef report(event, context): ...\n"
    )
    job.commit(**{"shop__app.py": text.format(grant="s3:GetObject")})
    git(job.origin, "branch", "-qf", "main", "change")
    job.commit(**{"shop__app.py": text.format(grant="s3:PutObject")})
    assert job.github(app="shop") == 1
    (body,) = job.comments.bodies
    counts = "1 cause gains access, 1 loses, 0 undecided; 1 of 1 functions concerned"
    assert body.startswith(f"<!-- remit action: shop -->\n**{counts}**")
    assert "`HEAD^1 (" in body


@in_all_cases
def test_a_service_that_does_not_answer_is_no_fault_of_the_change(job: Job) -> None:
    job.comments.address = "http://127.0.0.1:9"
    job.commit(app_json=role("s3:GetObject").replace('"*"', '"arn:aws:s3:::a/*"'))
    assert job.github() == 0
    assert "::warning::no comment: github does not answer: " in job.log


@in_all_cases
def test_a_comment_that_a_person_wrote_is_not_taken_for_it(job: Job) -> None:
    mark = "<!-- remit action: templates -->"
    job.comments.kept[3] = {"id": 3, "body": f"{mark}\nAll is well.", "user": {"login": "mallory", "type": "User"}}
    job.commit(app_json=role("s3:PutObject"))
    assert job.github() == 1
    assert [body.splitlines()[0] for body in job.comments.bodies] == [mark, mark]
    assert job.comments.bodies[0] == f"{mark}\nAll is well."


@in_all_cases
def test_its_comment_is_found_among_many(job: Job) -> None:
    for number in range(1, 251):
        job.comments.kept[number] = {"id": number, "body": "lgtm", **GITHUB_BOT}
    job.comments.kept[240]["body"] = "<!-- remit action: templates -->\nof yesterday"
    job.commit(app_json=role("s3:PutObject"))
    job.github()
    assert len(job.comments.kept) == 250
    assert "1 cause gains access" in job.comments.kept[240]["body"]


def test_a_clone_of_one_commit_is_told_what_it_needs(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"))
    assert job.github(depth=1) == 2
    assert "::error::this clone has no commit HEAD^1: give actions/checkout 'fetch-depth: 2'" in job.log


@in_all_cases
def test_a_template_that_cannot_be_read_does_not_hide_the_others(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"), broken_json='{"Resources": {"Role": []}}')
    assert job.github() == 2
    (body,) = job.comments.bodies
    assert "s3:PutObject" in body
    assert "not compared: resource 'Role' must be a mapping with a Type" in body
    assert job.outputs["code"] == "2"


@in_all_cases
def test_an_appspec_file_is_no_template(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"), **{"deploy__appspec.yaml": "version: 0.0\nResources:\n  - Service: {}\n"})
    assert job.github() == 1
    assert "appspec" not in job.comments.bodies[0]


def test_no_input_can_add_a_command_or_end_the_mark(job: Job) -> None:
    job.commit(app_json=role("s3:PutObject"))
    job.github(files="app.json $(touch${IFS}planted) --> `touch planted`")
    assert not list(job.folder.rglob("planted"))
    (body,) = job.comments.bodies
    assert body.splitlines()[0].count("-->") == 1


@in_all_cases
def test_a_name_that_begins_with_a_dash_or_has_a_blank_is_a_file(job: Job) -> None:
    job.commit(**{"--json_json": role("s3:PutObject"), "a b_json": role("s3:PutObject")})
    assert job.github() == 1
    assert "### `--json.json`" in job.comments.bodies[0]
    assert "### `a b.json`" in job.comments.bodies[0]


def test_gitlab_gets_the_same_comment_on_a_merge_request(gitlab_job: Job) -> None:
    gitlab_job.commit(app_json=role("s3:PutObject"))
    assert gitlab_job.gitlab() == 1
    gitlab_job.commit(app_json=role("s3:DeleteObject"))
    assert gitlab_job.gitlab() == 1
    (body,) = gitlab_job.comments.bodies
    assert "s3:DeleteObject`" in body
    methods = [request.partition(" ")[0] for request in gitlab_job.comments.asked if not request.startswith("GET")]
    assert methods == ["POST", "PUT"]
    assert "/projects/1/merge_requests/7/notes" in gitlab_job.comments.asked[0]


@in_all_cases
def test_without_a_token_gitlab_s_job_says_so_and_ends_as_the_diff(gitlab_job: Job) -> None:
    gitlab_job.commit(app_json=role("s3:PutObject"))
    assert gitlab_job.gitlab(token="") == 1
    assert "no comment: there is no token; REMIT_GITLAB_TOKEN needs the scope `api`" in gitlab_job.log
    gitlab_job.commit(app_json=role("s3:GetObject"))
    assert gitlab_job.gitlab(token="") == 0
    assert "no template differs" in gitlab_job.log


def test_the_actions_of_others_are_pinned_by_hash() -> None:
    files = [ROOT / "action.yml", *(ROOT / ".github/workflows").iterdir()]
    uses = [name for file in files for name in re.findall(r"uses: (\S+)", file.read_text("utf-8"))]
    assert [] == [name for name in uses if name != "./" and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)]


def test_a_hook_of_pre_commit_takes_the_names_of_templates_and_policies() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    pattern = re.compile(hooks["remit-diff"]["files"])
    taken = ("template.yaml", "infra/app.template.json", "iam/ci-policy.json", "a_trust.yml", "policy.json")
    assert [] == [name for name in taken if not pattern.search(name)]
    assert [] == [name for name in ("package.json", "docs/policy.md", "templates/x.yaml") if pattern.search(name)]
