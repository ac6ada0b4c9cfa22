"""`remit check deployer --live`, and the look of a deploy at what its caller may do before it changes anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit
from random_cases import in_all_cases
from remit.deploy.deployer_check import caller_policies, check_caller
from remit.deploy.session import connect
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.planned_stack import stack_of
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from projects import Ran
    from remit.deploy.session import Account

PLACE = ("--region", "eu-central-1", "--account", "000000000000")
OWN = ["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"]
READS_ITSELF = {"Effect": "Allow", "Action": OWN, "Resource": "arn:aws:iam::*:role/have-*"}
QUEUE = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue"{more})
"""
TEMPLATE = {"Resources": {"Orders": {"Type": "AWS::SQS::Queue"}}}


@pytest.fixture
def policy(project: Path) -> dict[str, Any]:
    """What the deployer of the project with a queue needs, and to read its own role."""
    write(project)
    printed: dict[str, Any] = json.loads(remit("policy", "deployer", "-C", str(project), *PLACE).out)
    printed["Statement"].append(READS_ITSELF)
    return printed


def blind(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy of somebody who may not read their own role."""
    return {**policy, "Statement": [one for one in policy["Statement"] if one != READS_ITSELF]}


def write(project: Path, more: str = "") -> None:
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(QUEUE.format(more=more))


def without(policy: dict[str, Any], *gone: str) -> dict[str, Any]:
    statements = []
    for statement in policy["Statement"]:
        names = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        kept = [name for name in names if name not in gone]
        statements += [{**statement, "Action": kept}] if kept else []
    return {**policy, "Statement": statements}


@pytest.fixture
def ask(project: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Run a command as somebody with a policy, on the AWS of this machine."""

    def run(document: dict[str, Any], *command: str) -> Ran:
        file = tmp_path / "have.json"
        file.write_text(json.dumps(document))
        return remit(*command, "--local", "-C", str(project), "--as", str(file))

    return run


def test_the_own_role_is_read_and_compared(ask: Callable[..., Ran], policy: dict[str, Any]) -> None:
    enough = ask(policy, "check", "deployer", "--live")
    assert (0, True) == (enough.status, enough.out.endswith("needs: proven for every request\n")), enough
    lacking = json.loads(ask(without(policy, "sqs:CreateQueue"), "check", "deployer", "--live", "--json").out)
    assert [item["statement"]["Action"] for item in lacking["lacking"]] == ["sqs:CreateQueue"]
    assert lacking["undecided"] == []


def test_who_may_neither_read_nor_simulate_is_told_so(ask: Callable[..., Ran], policy: dict[str, Any]) -> None:
    ran = ask(blind(policy), "check", "deployer", "--live")
    assert (2, "", True) == (ran.status, ran.out, "may not iam:GetRole on arn:aws:iam::" in ran.err)


def test_a_deploy_that_lacks_something_stops_before_it_changes_anything(
    ask: Callable[..., Ran], policy: dict[str, Any], elsewhere: Account
) -> None:
    have = without(policy, "sqs:CreateQueue", "logs:CreateLogGroup")
    ran = ask(have, "deploy", "--yes")
    assert (1, "") == (ran.status, ran.out)
    assert "nothing was deployed" in ran.err
    assert "may not sqs:CreateQueue, which it needs to create DataQueue (AWS::SQS::Queue); no statement" in ran.err
    assert 'hint: add {"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": "arn:aws:sqs:' in ran.err
    assert "may not logs:CreateLogGroup, " in ran.err
    cloudformation = elsewhere.client("cloudformation")
    assert [] == cloudformation.list_stacks()["StackSummaries"]
    forced = ask(have, "deploy", "--yes", "--force")
    assert (1, True) == (forced.status, "is not authorized to perform: " in forced.err)


@in_all_cases
def test_what_runs_already_and_what_stays_is_not_asked_for(ask: Callable[..., Ran], policy: dict[str, Any]) -> None:
    assert 0 == ask(policy, "deploy", "--yes").status
    ran = ask(without(policy, "sqs:CreateQueue"), "deploy", "--yes")
    assert (0, True) == (ran.status, "no changes" in ran.err), ran.err


@in_all_cases
def test_a_name_that_is_new_is_asked_for(ask: Callable[..., Ran], policy: dict[str, Any], project: Path) -> None:
    assert 0 == ask(policy, "deploy", "--yes").status
    write(project, ', queue_name="orders"')
    ran = ask(policy, "deploy", "--yes")
    assert (1, True) == (ran.status, 'sqs:eu-central-1:000000000000:orders"' in ran.err), ran.err


def test_what_is_not_decided_is_noted_and_the_deploy_goes_on(ask: Callable[..., Ran], policy: dict[str, Any]) -> None:
    for statement in policy["Statement"]:
        if "sqs:CreateQueue" in statement["Action"]:
            statement["Condition"] = {"StringLike": {"aws:RequestedRegion": "eu-*"}}
    ran = ask(policy, "deploy", "--yes")
    note = "note: whether the caller may deploy this is not certain: aws:RequestedRegion decides "
    assert (0, True) == (ran.status, note in ran.err), ran.err


def test_who_may_not_read_its_own_role_hears_nothing(ask: Callable[..., Ran], policy: dict[str, Any]) -> None:
    ran = ask(blind(policy), "deploy", "--yes")
    assert (0, False) == (ran.status, "not certain" in ran.err), ran.err


@pytest.fixture
def user(elsewhere: Account, project: Path) -> Iterator[Account]:
    """A user with an inline policy, a managed one, a group with both, and a boundary, who may read all of it."""
    iam = elsewhere.client("iam")

    def document(*actions: str) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})

    def managed(name: str, *actions: str) -> str:
        return str(iam.create_policy(PolicyName=name, PolicyDocument=document(*actions))["Policy"]["Arn"])

    iam.create_user(UserName="ada", Path="/team/")
    iam.put_user_policy(UserName="ada", PolicyName="inline", PolicyDocument=document("iam:*", "sts:*"))
    iam.attach_user_policy(UserName="ada", PolicyArn=managed("of-user", "sqs:CreateQueue", "sqs:TagQueue"))
    iam.create_group(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="inline", PolicyDocument=document("sqs:Get*", "sqs:SetQ*"))
    iam.attach_group_policy(GroupName="team", PolicyArn=managed("of-group", "sqs:List*", "sqs:DeleteQueue"))
    iam.attach_group_policy(GroupName="team", PolicyArn="arn:aws:iam::aws:policy/AWSCloudFormationFullAccess")
    iam.add_user_to_group(UserName="ada", GroupName="team")
    limit = managed("limit", "iam:*", "sts:*", "sqs:*Queue*", "cloudformation:*")
    iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=limit)
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    running = aws.find(project)
    assert running is not None
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    account = connect(region="eu-central-1", endpoint=running.url, credentials=credentials)
    yield account
    for client in account._clients.values():
        client.close()


def test_a_user_has_the_policies_of_its_groups_within_its_boundary(user: Account) -> None:
    layers = caller_policies(user)
    assert 4 == len(layers.identity)  # what is inline counts as one
    assert 1 == len(layers.boundary)
    need = bound(deployer(stack_of("orders-dev", [TEMPLATE])), "aws", "eu-central-1", user.account)
    lacking = check_caller(user, need).lacking
    assert [item.grant.statement.actions.patterns for item in lacking] == [("sqs:UntagQueue",)]


def test_the_root_user_lacks_nothing(elsewhere: Account) -> None:
    assert elsewhere.caller.endswith(":root")
    need = bound(deployer(stack_of("orders-dev", [TEMPLATE])), "aws", "eu-central-1", elsewhere.account)
    assert check_caller(elsewhere, need).is_enough
