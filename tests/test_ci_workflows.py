"""The workflows that `remit init --ci` writes, run step by step against the AWS on this machine as if it were AWS."""

from __future__ import annotations

import json
import re
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cfn_lint import findings
from ci_jobs import GITHUB_BOT, GITHUB_TOKENS, GITLAB_BOT, GITLAB_TOKENS, Comments, GitHub, GitLab, Runner, git, serving
from projects import inside, remit
from random_cases import in_all_cases
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIENCES = {GITHUB_TOKENS: "sts.amazonaws.com", GITLAB_TOKENS: "https://gitlab.com"}
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

    def takes(self, role: str, token: str) -> bool:
        """Whether STS gives credentials of a role for a token."""
        try:
            self.client("sts").assume_role_with_web_identity(
                RoleArn=role, RoleSessionName="job", WebIdentityToken=token
            )
        except ClientError:
            return False
        return True

    def remit(self, folder: Path, *arguments: str) -> Any:
        """Run a command with the owner's keys: what it prints with --json."""
        keys = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), self.keys, strict=True))
        with inside(folder, self.place | keys):
            ran = remit(*arguments, "--json")
        assert ran.status == 0, ran
        return json.loads(ran.out)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder whose AWS runs."""
    folder = tmp_path_factory.mktemp("account")
    aws.start(folder)
    yield folder
    aws.stop(folder)


@pytest.fixture
def owner(machine: Path) -> Owner:
    """An empty account with the identity providers of both services, of which the AWS here makes none in a stack."""
    running = aws.reset(machine)
    assert running is not None
    owner = Owner(running)
    for issuer, audience in AUDIENCES.items():
        owner.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=[audience])
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


def bootstrapped(runner: Runner, owner: Owner, service: str) -> None:
    """Make the bucket and the roles of each environment, and set the variables that they have."""
    runner.aws = owner.place
    for environment in ("prod", "pull"):
        stage = ("--stage", environment, "--repository", "acme/shop")
        made = owner.remit(runner.origin, "bootstrap", "--ci", service, *stage)
        runner.variables[environment] = made["roles"]["variables"]


GITHUB = [
    ("repo:acme/shop:environment:prod", True),
    ("repo:acme@12/shop@34:environment:prod", True),
    ("repo:acme/shop:environment:pull", False),
    ("repo:acme/shop:ref:refs/heads/main", False),
    ("repo:acme/shop:pull_request", False),
    ("repo:acme@12/shop@35:environment:prod", False),
    ("repo:mallory/shop:environment:prod", False),
]
GITLAB = [
    ("project_path:acme/shop:ref_type:branch:ref:main", True),
    ("project_path:acme/shop:ref_type:branch:ref:change", False),
    ("project_path:acme/shop:ref_type:tag:ref:main", False),
    ("project_path:acme/shop2:ref_type:branch:ref:main", False),
]


@pytest.mark.parametrize(
    ("service", "issuer", "subjects"), [("github", GITHUB_TOKENS, GITHUB), ("gitlab", GITLAB_TOKENS, GITLAB)]
)
def test_only_jobs_of_the_environment_or_the_branch_take_the_role_of_a_stage(
    tmp_path: Path, owner: Owner, service: str, issuer: str, subjects: list[tuple[str, bool]]
) -> None:
    """The gate and `remit evaluate` decide alike."""
    runner = Runner(tmp_path, Comments(), owner.place)
    started(runner, service)
    repositories = ("--repository", "acme/shop", *(("--repository", "acme@12/shop@34") if service == "github" else ()))
    arguments = ("bootstrap", "--ci", service, "--stage", "prod", *repositories)
    made = owner.remit(runner.origin, *arguments)["roles"]
    assert owner.remit(runner.origin, *arguments)["roles"] == made, "the second time there is nothing to do"
    role = made["variables"]["REMIT_DEPLOY_ROLE"]
    trust = owner.client("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    provider = trust["Statement"][0]["Principal"]["Federated"]
    host = issuer.removeprefix("https://")
    for subject, is_trusted in subjects:
        for audience, is_allowed in ((AUDIENCES[issuer], is_trusted), ("sts.example", False)):
            token = Path(runner.token(issuer, audience, subject)["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text()
            assert owner.takes(role, token) is is_allowed, subject
            decided = remit(
                "evaluate", "--resource-policy", str(tmp_path / "trust.json"), "--complete", "--principal", provider,
                "--action", "sts:AssumeRoleWithWebIdentity", "--resource", role,
                "--context", f"{host}:aud={audience}", "--context", f"{host}:sub={subject}",
            )  # fmt: skip
            assert decided.out.startswith("Allowed:") is is_allowed, subject


@pytest.mark.parametrize("stage", ["prod", "pull"])
@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_the_template_of_the_roles_has_no_findings_and_reaches_its_own_stage_alone(
    tmp_path: Path, service: str, stage: str
) -> None:
    runner = Runner(tmp_path, Comments())
    started(runner, service)
    options = ("--ci", service, "--repository", "acme/shop", "--stage", stage, "--print")
    printed = remit("bootstrap", *options, "-C", str(runner.origin))
    template = tmp_path / "roles.json"
    template.write_text(printed.out)
    assert remit("lint", str(template)).out == "nothing found\n"
    assert findings(template) == []
    named = set(re.findall(r"shop-[^\"/:]*", printed.out))
    reached = {name for name in named if fnmatchcase("shop-prod-HelloRole-1", name + "*")}
    assert named
    assert bool(reached) is (stage == "prod")


def test_previews_whose_roles_would_reach_another_stage_get_none(tmp_path: Path) -> None:
    runner = Runner(tmp_path, Comments())
    started(runner, "github")
    config = runner.origin / "config/deploy.py"
    options = ("bootstrap", "--ci", "github", "--repository", "acme/shop", "--print", "-C", str(runner.origin))
    written = config.read_text()
    for text in (written.replace('"pull"', '"pr"'), written.replace('config.stages = ["dev", "prod"]', "")):
        config.write_text(text)
        stage = "pr" if '"pr"' in text else "pull"
        ran = remit(*options, "--stage", stage)
        assert (ran.status, f"the roles of the previews {stage}* may reach other stages" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ci", "github"), "--ci and --repository go together"),
        (("--repository", "acme/shop"), "--ci and --repository go together"),
        (("--print",), "--print goes with them"),
        (("--ci", "github", "--repository", "acme"), "no repository is called 'acme'"),
        (("--ci", "gitlab", "--repository", "acme/*"), "no repository is called 'acme/*'"),
    ],
)
def test_what_is_wrong_with_the_roles_is_told_before_anything_is_made(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    runner = Runner(tmp_path, Comments())
    started(runner, "github")
    ran = remit("bootstrap", *arguments, "-C", str(runner.origin))
    assert (ran.status, message in ran.err) == (2, True), ran.err


def writes(comments: Comments) -> list[str]:
    return [request.partition(" ")[0] for request in comments.asked if not request.startswith("GET")]


@in_all_cases
def test_the_jobs_of_github_from_the_first_deploy_to_the_end_of_a_preview(github: GitHub, owner: Owner) -> None:
    bootstrapped(github, owner, "github")
    assert github.event("push") == {"deploy": "failure"}, github.log
    assert "shop-prod" not in owner.stacks()
    assert "HelloFunction" in github.summary.read_text()
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
    assert {"shop-prod", "shop-pull7"} <= owner.stacks()

    merge(github)
    assert github.event("push") == {"deploy": "success"}, github.log
    assert github.event("pull_request", "closed") == {"preview-ends": "success"}, github.log
    assert {"shop-prod", "shop-pull7"} & owner.stacks() == {"shop-prod"}
    assert [str(step) for step in github.steps if not step.name.startswith("uv sync")] == [
        "0 deploy: Plan",
        "1 deploy: Deploy",
        "0 deploy: Plan",
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
        "0 deploy: Plan",
        "0 deploy: Deploy",
        "0 preview-ends: Delete the preview",
    ]


def test_an_approval_of_the_environment_lets_a_gain_pass(github: GitHub, owner: Owner) -> None:
    bootstrapped(github, owner, "github")
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


def test_a_clone_without_the_commit_to_compare_with_does_not_pass_for_a_new_app(github: GitHub) -> None:
    change(github, ".github/workflows/remit.yml", "fetch-depth: 2", "fetch-depth: 1")
    assert github.event("pull_request", repository="ann/shop") == {"review": "failure"}
    assert github.comments.bodies == []


def test_a_request_from_a_fork_is_reviewed_and_gets_no_preview(github: GitHub) -> None:
    change(github, "config/deploy.py", "timeout = 30", "timeout = 20")
    github.comments.refuses = True
    assert github.event("pull_request", repository="mallory/shop") == {"review": "success"}
    assert github.event("pull_request", "closed", repository="mallory/shop") == {}


@in_all_cases
def test_the_jobs_of_gitlab_from_the_first_deploy_to_the_end_of_a_preview(tmp_path: Path, owner: Owner) -> None:
    with serving(Comments(), GITLAB_BOT) as comments:
        gitlab = GitLab(tmp_path, comments)
        started(gitlab, "gitlab")
        bootstrapped(gitlab, owner, "gitlab")
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
        assert "shop-pull7" in owner.stacks()

        merge(gitlab)
        assert gitlab.pipeline("push") == {"deploy": "success"}, gitlab.log
        assert gitlab.pipeline("merge_request_event", "preview-ends") == {"preview-ends": "success"}, gitlab.log
        assert "shop-pull7" not in owner.stacks()
