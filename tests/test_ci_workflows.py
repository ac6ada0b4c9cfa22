"""The workflows that `remit init --ci` writes, run step by step against the AWS on this machine as if it were AWS."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ci_jobs import GITHUB_BOT, GITHUB_TOKENS, GITLAB_BOT, GITLAB_TOKENS, Comments, GitHub, GitLab, Runner, git, serving
from projects import inside, remit
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBJECTS = {
    GITHUB_TOKENS: ("sts.amazonaws.com", "repo:acme/shop:environment:{environment}"),
    GITLAB_TOKENS: ("https://gitlab.com", "project_path:acme/shop:ref_type:branch:ref:{branch}"),
}
GAIN = ("config.lambda_.iam.policy = []", 'config.lambda_.iam.policy = ["s3:PutObject"]')


class Owner:
    """The owner of an account on this machine, which remit takes for one of AWS's."""

    def __init__(self, running: aws.LocalAws) -> None:
        self.place = {"AWS_ENDPOINT_URL": running.url, "AWS_REGION": running.region}
        self.keys = (running.access_key_id, running.secret_access_key)

    def client(self, service: str) -> Any:
        place = {"endpoint_url": self.place["AWS_ENDPOINT_URL"], "region_name": self.place["AWS_REGION"]}
        return boto3.client(service, aws_access_key_id=self.keys[0], aws_secret_access_key=self.keys[1], **place)

    def stacks(self) -> set[str]:
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"] for stack in found}

    def role(self, name: str, issuer: str, **subject: str) -> str:
        """A role that the jobs of one environment may take, and that may do everything."""
        iam, (audience, pattern) = self.client("iam"), SUBJECTS[issuer]
        host = issuer.removeprefix("https://")
        claims = {f"{host}:aud": audience, f"{host}:sub": pattern.format(**subject)}
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::000000000000:oidc-provider/{host}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": claims},
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        all_of_it = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(all_of_it))
        return arn


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder whose AWS runs."""
    folder = tmp_path_factory.mktemp("account")
    aws.start(folder)
    yield folder
    aws.stop(folder)


@pytest.fixture
def owner(machine: Path) -> Owner:
    """An empty account with the artefact bucket and the identity providers of both services."""
    running = aws.reset(machine)
    assert running is not None
    owner = Owner(running)
    for issuer, (audience, _) in SUBJECTS.items():
        owner.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=[audience])
    keys = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), owner.keys, strict=True))
    with inside(machine, owner.place | keys):
        assert remit("bootstrap").status == 0
    return owner


def started(runner: Runner, service: str) -> None:
    """Make the repository: a new project on main, and the branch of a request."""
    made = remit("init", str(runner.folder / "shop"), "--ci", service, "--owners", "@acme/security")
    assert made.status == 0
    shutil.move(runner.folder / "shop", runner.origin)
    git(runner.origin, "init", "-q")
    git(runner.origin, "add", ".")
    git(runner.origin, "commit", "-qm", "a project")
    git(runner.origin, "checkout", "-qb", "change")


def change(runner: Runner, file: str, before: str, after: str) -> None:
    """Commit a change to the branch of the request."""
    path = runner.origin / file
    path.write_text(path.read_text().replace(before, after))
    committed(runner)


def committed(runner: Runner) -> None:
    git(runner.origin, "add", ".")
    git(runner.origin, "commit", "-qm", "a change")
    runner.merged()


def accept(runner: Runner) -> None:
    """Accept what the request gains, as the job says."""
    options = ("--stage", "prod", "--base", "main", "--accept", "stores reports")
    accepted = remit("diff", "-C", str(runner.origin), *options)
    assert accepted.status == 0, accepted
    committed(runner)


def merge(runner: Runner) -> None:
    git(runner.origin, "checkout", "-q", "main")
    git(runner.origin, "merge", "-q", "--ff-only", "change")
    git(runner.origin, "checkout", "-q", "change")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    """A repository on GitHub with the written workflow, and no AWS."""
    with serving(Comments(), GITHUB_BOT) as comments:
        runner = GitHub(tmp_path, comments)
        started(runner, "github")
        yield runner


def give(runner: Runner, owner: Owner, issuer: str, **subjects: dict[str, str]) -> None:
    """Give each environment of a repository a role, and say where the AWS is."""
    runner.aws = owner.place
    for name, subject in subjects.items():
        role = owner.role(f"deployer-{name}", issuer, **subject)
        runner.variables[name] = {"REMIT_DEPLOY_ROLE": role, "AWS_REGION": owner.place["AWS_REGION"]}


def writes(comments: Comments) -> list[str]:
    return [request.partition(" ")[0] for request in comments.asked if not request.startswith("GET")]


def test_the_jobs_of_github_from_the_first_deploy_to_the_end_of_a_preview(github: GitHub, owner: Owner) -> None:
    give(github, owner, GITHUB_TOKENS, prod={"environment": "prod"}, preview={"environment": "preview"})
    assert github.event("push") == {"deploy": "failure"}, github.log
    assert "shop-prod" not in owner.stacks()
    github.variables["prod"]["REMIT_DEPLOY_OPTIONS"] = "--first"
    assert github.event("push") == {"deploy": "success"}, github.log
    del github.variables["prod"]["REMIT_DEPLOY_OPTIONS"]

    change(github, "config/deploy.py", *GAIN)
    assert github.event("pull_request") == {"review": "failure"}
    (body,) = github.comments.bodies
    assert "s3:PutObject" in body
    assert github.summary.read_text().endswith(body)
    assert "::error::access is gained or undecided" in github.log
    accept(github)
    assert github.event("pull_request") == {"review": "success", "preview": "success"}, github.log
    (body,) = github.comments.bodies
    assert "stores reports" in body
    assert writes(github.comments) == ["POST", "PATCH"]
    assert {"shop-prod", "shop-pr7"} <= owner.stacks()

    merge(github)
    assert github.event("push") == {"deploy": "success"}, github.log
    assert github.event("pull_request", "closed") == {"preview-ends": "success"}, github.log
    assert {"shop-prod", "shop-pr7"} & owner.stacks() == {"shop-prod"}
    assert [str(step) for step in github.steps if not step.name.startswith("uv sync")] == [
        "1 deploy: Deploy",
        "0 deploy: Deploy",
        "0 review: Lint",
        "0 review: Access and resources",
        "0 review: Comment",
        "1 review: Verdict",
        "0 review: Lint",
        "0 review: Access and resources",
        "0 review: Comment",
        "0 review: Verdict",
        "0 preview: Deploy the preview",
        "0 deploy: Deploy",
        "0 preview-ends: Delete the preview",
    ]


def test_an_approval_of_the_environment_lets_a_gain_pass(github: GitHub, owner: Owner) -> None:
    give(github, owner, GITHUB_TOKENS, prod={"environment": "prod"})
    github.variables["prod"]["REMIT_DEPLOY_OPTIONS"] = "--yes"
    change(github, "config/deploy.py", *GAIN)
    merge(github)
    assert github.event("push") == {"deploy": "success"}, github.log


def test_a_comment_that_is_refused_is_a_warning_and_the_report_is_in_the_summary(github: GitHub) -> None:
    github.comments.refuses = True
    change(github, "config/deploy.py", *GAIN)
    assert github.event("pull_request") == {"review": "failure"}
    assert "::warning::no comment: github answered 403" in github.log
    assert "s3:PutObject" in github.summary.read_text()


def test_what_lint_finds_fails_the_review_after_the_comment(github: GitHub) -> None:
    change(github, "config/deploy.py", "policy = []", 'policy = ["s3:GetObjekt"]')
    assert github.event("pull_request") == {"review": "failure"}
    assert len(github.comments.bodies) == 1
    sarif = json.loads((github.folder / "temporary/remit.sarif").read_text())
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "config/deploy.py"
    assert "::error::remit lint finds errors" in github.log


def test_the_request_that_adds_the_app_has_nothing_to_compare_with(github: GitHub) -> None:
    git(github.origin, "checkout", "-q", "--orphan", "empty")
    git(github.origin, "rm", "-rqf", ".")
    git(github.origin, "commit", "-q", "--allow-empty", "-m", "nothing yet")
    git(github.origin, "branch", "-qM", "empty", "main")
    git(github.origin, "checkout", "-q", "change")
    git(github.origin, "rebase", "-q", "main")
    github.merged()
    assert github.event("pull_request", repository="ann/shop") == {"review": "success"}, github.log
    assert github.comments.bodies == ["The app is new: there is nothing to compare with.\n"]


def test_a_request_from_a_fork_is_reviewed_and_gets_no_preview(github: GitHub) -> None:
    change(github, "config/deploy.py", "timeout = 30", "timeout = 20")
    github.comments.refuses = True
    assert github.event("pull_request", repository="mallory/shop") == {"review": "success"}
    assert github.event("pull_request", "closed", repository="mallory/shop") == {}


def test_the_jobs_of_gitlab_from_the_first_deploy_to_the_end_of_a_preview(tmp_path: Path, owner: Owner) -> None:
    with serving(Comments(), GITLAB_BOT) as comments:
        gitlab = GitLab(tmp_path, comments)
        started(gitlab, "gitlab")
        give(gitlab, owner, GITLAB_TOKENS, prod={"branch": "main"}, preview={"branch": "change"})
        gitlab.variables["prod"]["REMIT_DEPLOY_OPTIONS"] = "--first"
        assert gitlab.pipeline("push") == {"deploy": "success"}, gitlab.log
        del gitlab.variables["prod"]["REMIT_DEPLOY_OPTIONS"]

        change(gitlab, "config/deploy.py", *GAIN)
        assert gitlab.pipeline("merge_request_event") == {"review": "failure"}
        assert "s3:PutObject" in comments.bodies[0]
        accept(gitlab)
        assert gitlab.pipeline("merge_request_event") == {"review": "success", "preview": "success"}, gitlab.log
        assert len(comments.bodies) == 1
        assert writes(comments) == ["POST", "PUT"]
        assert "shop-pr7" in owner.stacks()

        merge(gitlab)
        assert gitlab.pipeline("push") == {"deploy": "success"}, gitlab.log
        assert gitlab.pipeline("merge_request_event", "preview-ends") == {"preview-ends": "success"}, gitlab.log
        assert "shop-pr7" not in owner.stacks()
