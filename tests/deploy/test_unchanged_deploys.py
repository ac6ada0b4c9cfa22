"""A deploy to the AWS on this machine that reads the same as the last, which changed nothing, ends as that did."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases_of
from remit.local.state_files import StateFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

REMEMBERED = "as it was the last time\n"


@pytest.fixture
def unchanged(remit: Remit, project: Path) -> tuple[int, str, str]:
    """A deploy that changed nothing, and is remembered in other words than its own."""
    assert remit("deploy", "--yes")[0] == 0
    ended = remit("deploy", "--yes")
    remember_otherwise(remit, project)
    return ended


def remember_otherwise(remit: Remit, project: Path) -> None:
    """Have the last deploy, which changed nothing, remembered in other words than its own."""
    answer = StateFiles.of(project).root / "answer.json"
    read, _ = json.loads(answer.read_text())
    answer.write_text(json.dumps((read, [(REMEMBERED.strip(), False)])))
    assert remit("deploy", "--yes")[1] == REMEMBERED


def told(ran: tuple[int, str, str]) -> tuple[int, str, list[str]]:
    """How a command ended, without the line on Python's own caches, which any process may have written."""
    code, out, err = ran
    return code, out, [line for line in err.splitlines() if "__pycache__" not in line]


def test_what_is_remembered_is_told_in_the_same_bytes(remit: Remit) -> None:
    codes = [remit("deploy", "--yes")[0]]
    looked = remit("deploy", "--yes")
    assert (codes, looked[0], "orders-dev in the AWS on this machine, eu-central-1: no changes" in looked[2]) == (
        [0],
        0,
        True,
    )
    documents = [told(remit("deploy", "--yes", "--json")) for _ in range(2)]
    assert told(remit("deploy", "--yes")) == told(looked)
    assert documents[0] == documents[1]


def test_it_is_told_again_without_a_look(remit: Remit, unchanged: tuple[int, str, str], elsewhere: Account) -> None:
    elsewhere.client("iam").list_roles()
    elsewhere.client("cloudformation").describe_stacks()
    elsewhere.client("s3").list_buckets()
    assert unchanged[0] == 0
    assert remit("deploy", "--yes")[1] == REMEMBERED


@pytest.mark.usefixtures("unchanged")
def test_caches_that_python_writes_into_the_project_are_no_change(remit: Remit, project: Path) -> None:
    caches = project / "__pycache__"
    shutil.rmtree(caches, ignore_errors=True)
    without = remit("deploy", "--yes")
    caches.mkdir(exist_ok=True)
    (caches / "app.cpython-31.pyc").write_bytes(b"")
    assert (without[1], remit("deploy", "--yes")[1]) == (REMEMBERED, REMEMBERED)


def role_edited(account: Account) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    name = account.client("iam").list_roles()["Roles"][0]["RoleName"]
    account.client("iam").put_role_policy(RoleName=name, PolicyName="debug", PolicyDocument=json.dumps(policy))


def role_deleted(account: Account) -> None:
    iam = account.client("iam")
    name = iam.list_roles()["Roles"][0]["RoleName"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def environment_edited(account: Account) -> None:
    functions = account.client("lambda")
    functions.update_function_configuration(FunctionName="orders-dev-report", Environment={"Variables": {"X": "1"}})


def function_deleted(account: Account) -> None:
    account.client("lambda").delete_function(FunctionName="orders-dev-report")


def logs_deleted(account: Account) -> None:
    account.client("logs").delete_log_group(logGroupName="/aws/lambda/orders-dev-report")


CHANGES = (role_edited, role_deleted, environment_edited, function_deleted, logs_deleted)


@pytest.mark.parametrize("change", cases_of(CHANGES, 1))
@pytest.mark.usefixtures("unchanged")
def test_what_is_changed_by_hand_is_seen(remit: Remit, elsewhere: Account, change: Callable[[Account], Any]) -> None:
    change(elsewhere)
    code, out, err = remit("deploy", "--yes")
    assert (code, out, "the stack was changed by hand" in err) == (1, "", True)


WRITES: dict[str, Callable[[Account], Any]] = {
    "query": lambda account: account.client("sqs").create_queue(QueueName="orders-other"),
    "form": lambda account: account.client("sns").create_topic(Name="orders-other"),
    "path": lambda account: account.client("s3").create_bucket(
        Bucket="orders-other", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    ),
    "target": lambda account: account.client("ssm").put_parameter(Name="orders-other", Value="1", Type="String"),
    "call": lambda account: account.client("lambda").invoke(FunctionName="orders-dev-report"),
}
"""A write in each form that requests have."""


def test_after_any_write_everything_is_looked_at(
    remit: Remit, project: Path, unchanged: tuple[int, str, str], elsewhere: Account
) -> None:
    for form, write in cases_of(tuple(WRITES.items()), 2):
        remember_otherwise(remit, project)
        write(elsewhere)
        assert remit("deploy", "--yes") == unchanged, form


def test_after_a_change_of_a_file_that_a_deploy_reads_everything_is_looked_at(
    remit: Remit, unchanged: tuple[int, str, str], project: Path
) -> None:
    files = (".env.local", "config/local/111122223333.yaml", ".remit/deployed/orders-dev@local.json")
    for file in cases_of(files, 1):
        remember_otherwise(remit, project)
        path = project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Resources: {}\n" if file.endswith("yaml") else "# nothing\n")
        _, out, _ = remit("deploy", "--yes")
        path.unlink()
        assert out != REMEMBERED, file
        assert out == unchanged[1] or file.endswith("yaml")
        for _ in range(2):  # one takes back what the file had put into AWS, one changes nothing
            remit("deploy", "--yes")


@pytest.mark.usefixtures("unchanged")
def test_a_mistake_in_what_is_accepted_is_told_also_where_nothing_changes(remit: Remit, project: Path) -> None:
    (project / "config").mkdir(exist_ok=True)
    (project / "config" / "accepted.json").write_text("[{}]")
    code, out, err = remit("deploy", "--yes")
    assert (code, out, "--> config/accepted.json:1:" in err) == (2, "", True)


@pytest.mark.usefixtures("unchanged")
def test_with_other_options_everything_is_looked_at(remit: Remit, project: Path) -> None:
    options = ("--plan", "--json", "--strict", "--simulate-delays", "--force", "--region=us-west-2")
    for option in cases_of(options, 2):
        remember_otherwise(remit, project)
        agreed = () if option == "--plan" else ("--yes",)  # a plan asks nobody
        assert remit("deploy", option, *agreed)[1] != REMEMBERED, option
        remit("deploy", "--yes")


def test_a_damaged_memory_is_none(remit: Remit, unchanged: tuple[int, str, str], project: Path) -> None:
    for content in cases_of(("[1, 2]", "[]", "{}", "", "\0"), 1):
        (StateFiles.of(project).root / "answer.json").write_text(content)
        assert remit("deploy", "--yes") == unchanged, content
