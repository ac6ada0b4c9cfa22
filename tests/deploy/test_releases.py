"""Releases: what a deploy keeps in the artefact bucket so that a stack can go back to it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from killed import killed_at
from random_cases import cases_of, in_all_cases
from released import KEEPS, NAME, deploy_app, deploy_version, kept, project_in, put, running, swap, zips
from remit.build import build
from remit.deploy.bucket import artefact_bucket
from remit.deploy.deployment import DeployJob
from remit.deploy.releases import read_release, release_keys
from remit.deploy.session import Account, connect
from remit.deploy.stack import settled
from remit.deploy.workflow import deploy
from remit.report.operators import WordedOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conftest import Spoil

    Remit = Callable[..., tuple[int, str, str]]

LOOKS_UP = """
from remit import App, existing

app = App()


@app.function(environment={"URL": existing.parameter("/shop/url"), "PASS": existing.parameter("/shop/db-password")})
def report(event, context):
    return 1
"""


class Notes(WordedOperator):
    """Nobody, who keeps what is noted."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def note(self, text: str) -> None:
        self.heard.append(text)

    def show(self, lines: Iterable[str]) -> None:
        pass


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A project without an AWS of its own."""
    return project_in(tmp_path)


def test_each_deploy_that_changes_something_keeps_the_template_that_runs_and_no_other_does(
    app: Path, account: Account
) -> None:
    for number in (0, 1):
        deploy_version(app, account, number)
        deploy_version(app, account, number)
    first, second = kept(account)
    assert (1, 2) == (first.number, second.number)
    assert running(account) == second.template != first.template
    stack = account.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
    assert stack["LastUpdatedTime"].isoformat()[:19] == second.at[:19]
    assert (account.caller, None, False) == (second.by, second.commit, second.is_clean)


def test_a_key_has_the_sha_256_of_its_bytes(app: Path, account: Account) -> None:
    deploy_version(app, account, 0)
    bucket = artefact_bucket(account)
    (key,) = release_keys(account, bucket, NAME)
    body = account.client("s3").get_object(Bucket=bucket.name, Key=key)["Body"].read()
    assert f"orders-dev/releases/000001-{hashlib.sha256(body).hexdigest()}.json" == key
    assert set(json.loads(body)["zips"]) == zips(account)


@pytest.mark.parametrize("is_clean", [True, False])
def test_the_commit_is_kept_and_whether_the_working_tree_had_more(
    app: Path, account: Account, *, is_clean: bool
) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        command = ["git", "-C", str(app), *who, *arguments]
        return subprocess.check_output(command, text=True).strip()

    put(app, 0)
    git("init", "-q")
    (app / ".gitignore").write_text(".remit\n")
    git("add", "--all")
    git("commit", "-qm", "first")
    if not is_clean:
        (app / "more.py").write_text("")
    deploy_version(app, account, 0)
    (release,) = kept(account)
    assert (git("rev-parse", "HEAD"), is_clean) == (release.commit, release.is_clean)


def test_the_newest_ones_stay_as_many_as_a_setting_says_with_their_zips(app: Path, account: Account) -> None:
    (app / "config").mkdir()
    (app / "config" / "deploy.py").write_text(KEEPS.format(3))
    for number in range(5):
        deploy_version(app, account, number)
    releases = kept(account)
    assert [3, 4, 5] == [release.number for release in releases]
    assert zips(account) == {key for release in releases for key in release.zips}
    assert 3 == len(zips(account))


def test_values_of_parameters_that_may_be_secret_are_not_kept_but_where_they_are_looked_up(
    app: Path, account: Account
) -> None:
    for name in ("/shop/url", "/shop/db-password"):
        account.client("ssm").put_parameter(Name=name, Type="String", Value=f"value-of-{name[6:]}", Overwrite=True)
    (app / "app.py").write_text(LOOKS_UP)
    assert deploy(DeployJob(build(app), account, yes=True)).ok
    (release,) = kept(account)
    assert ["value-of-url"] == list(release.parameters.values())
    assert {"/shop/url", "/shop/db-password"} == {value.name for value in release.looked_up}
    assert deploy(DeployJob(build(app), account, yes=True)).ok
    assert 1 == len(kept(account))


OTHER = "is of another stack or number, or no release that this remit can read"


def test_other_bytes_another_number_and_another_stack_are_noticed_and_the_next_deploy_keeps_what_runs(
    app: Path, account: Account
) -> None:
    deploy_version(app, account, 0)
    bucket = artefact_bucket(account)
    (key,) = release_keys(account, bucket, NAME)
    body = account.client("s3").get_object(Bucket=bucket.name, Key=key)["Body"].read()
    name = key.rpartition("/")[2]
    nothing = hashlib.sha256(b"[]").hexdigest()
    wrong = {
        f"{NAME}/releases/000003-{name[7:]}": (body, OTHER),
        f"orders-prod/releases/{name}": (body, OTHER),
        f"{NAME}/releases/000004-{nothing}.json": (b"[]", OTHER),
        key: (body + b" ", "has other bytes than its name says"),
        f"{NAME}/releases/000005-{nothing}.json": (None, "has other bytes than its name says"),
    }
    for wrong_key, (content, message) in wrong.items():
        if content is not None:
            swap(account, wrong_key, content)
        release = read_release(account, bucket, wrong_key)
        assert (f"{wrong_key} {message}", {}) == (release.damage, release.template)
    assert deploy(DeployJob(build(app), account)).ok
    assert [5] == [release.number for release in kept(account)]


def test_a_release_that_cannot_be_written_fails_no_deploy_and_the_next_one_writes_it(
    app: Path, account: Account
) -> None:
    deploy_version(app, account, 0)
    client, notes = account.client("s3"), Notes()
    refused: list[str] = []

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if "/releases/" in params["Key"] and not refused:
            refused.append(params["Key"])
            params["Bucket"] = "no bucket has a blank"

    client.meta.events.register("provide-client-params.s3.PutObject", refuse)
    put(app, 1)
    assert deploy(DeployJob(build(app), account, notes, yes=True)).ok
    assert [1] == [release.number for release in kept(account)]
    assert any(line.startswith("note: `remit rollback` cannot go back to this deploy: ") for line in notes.heard)
    assert deploy(DeployJob(build(app), account)).outcome is None
    assert [running(account)] == [release.template for release in kept(account)[1:]]


@pytest.fixture(scope="module")
def executes(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Which request of a second deploy executes its change set: the first is 1."""
    folder = tmp_path_factory.mktemp("counted")
    asked: list[str] = []
    keys = {"aws_access_key_id": "155555555555", "aws_secret_access_key": "local"}
    for number in (0, 1):
        put(folder, number)
        account = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
        asked.clear()
        account.session.events.register("before-send", lambda event_name, **_: asked.append(event_name))
        deploy_app(account, folder)
        for client in account._clients.values():
            client.close()
    return asked.index("before-send.cloudformation.ExecuteChangeSet") + 1


@in_all_cases
@pytest.mark.parametrize(("offset", "when"), cases_of(tuple(product(range(-4, 13), ("before", "after"))), 1))
def test_after_a_deploy_that_was_killed_the_next_one_keeps_what_that_had_deployed(
    app: Path, account: Account, executes: int, offset: int, when: str
) -> None:
    """With changes of its own and without, at the requests before the change set is executed, and at all later ones."""
    next_number = 1 + (offset + (when == "after")) % 2
    deploy_version(app, account, 0)
    ran = [running(account)]
    put(app, 1)
    assert killed_at(str(executes + offset), when, account, deploy_app, app)
    settled(account, NAME, wait=True)
    ran.append(running(account))
    deploy_version(app, account, next_number)
    ran.append(running(account))
    different = [template for number, template in enumerate(ran) if number == 0 or template != ran[number - 1]]
    assert different == [release.template for release in kept(account)]
    assert zips(account) == {key for release in kept(account) for key in release.zips}


@pytest.mark.parametrize(
    "operation", cases_of(("s3.PutObject", "s3.ListObjectVersions", "s3.GetObject", "s3.DeleteObjects"), 1)
)
def test_a_lost_answer_makes_no_second_release(app: Path, account: Account, spoil: Spoil, operation: str) -> None:
    (app / "config").mkdir()
    (app / "config" / "deploy.py").write_text(KEEPS.format(1))
    deploy_version(app, account, 0)
    spoil.lose_answer(operation)
    deploy_version(app, account, 1)
    assert 0 == spoil.left[operation]
    assert [(2, running(account))] == [(release.number, release.template) for release in kept(account)]
