"""`remit check deployer --policy`: what a file of policies lacks for the deploy of an app, and how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit

if TYPE_CHECKING:
    from projects import Ran

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
PLACE = ("--region", "eu-central-1", "--account", "111122223333")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "orders"))


def printed(app: Path, *options: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(remit("policy", "deployer", "-C", str(app), *options).out)
    return document


def check(app: Path, document: Any, *options: str) -> Ran:
    file = app / "have.json"
    file.write_text(json.dumps(document))
    return remit("check", "deployer", "-C", str(app), "--policy", str(file), *options)


def without(document: dict[str, Any], *gone: str) -> dict[str, Any]:
    statements = []
    for statement in document["Statement"]:
        actions = statement["Action"]
        kept = [name for name in ([actions] if isinstance(actions, str) else actions) if name not in gone]
        statements += [{**statement, "Action": kept}] if kept else []
    return {**document, "Statement": statements}


@pytest.mark.parametrize("place", [(), PLACE, PLACE[:2]])
@pytest.mark.parametrize("purpose", ["deploy", "revert-drift", "bootstrap"])
def test_the_printed_policy_is_enough_wherever_it_is_for(app: Path, place: tuple[str, ...], purpose: str) -> None:
    # The ARN of a bucket says nothing of its region.
    told = place if purpose == "bootstrap" else ()
    ran = check(app, printed(app, "--for", purpose, *place), "--for", purpose, *told)
    assert (0, "") == (ran.status, ran.err)
    assert ran.out.endswith("needs: proven for every request\n")


def test_the_policy_of_a_deploy_is_not_enough_for_bootstrap_or_to_revert(app: Path) -> None:
    have = printed(app, *PLACE)
    for purpose, missing in (("bootstrap", "s3:CreateBucket"), ("revert-drift", "iam:DetachRolePolicy")):
        ran = check(app, have, "--for", purpose)
        assert (1, True) == (ran.status, missing in ran.out)


def test_what_is_lacking_is_told_with_the_statement_the_reason_and_a_request(app: Path) -> None:
    ran = check(app, without(printed(app, *PLACE), "sqs:TagQueue"))
    assert ran.status == 1
    heading, action, resource, reason, request, statement = (line.strip() for line in ran.out.splitlines())
    queue = "arn:aws:sqs:eu-central-1:111122223333:orders-dev-DataQueue-"
    assert heading == f"{app}/have.json lacks 1 action that the deploy of orders-dev needs"
    assert (action, resource) == ("Allow sqs:TagQueue", f"on {queue}*")
    assert reason.startswith("because to ")
    assert reason.endswith("create, read, update and delete DataQueue (AWS::SQS::Queue)")
    assert request.startswith(
        f"for example no statement of the identity's policies allows sqs:TagQueue on {queue}example; nearest: "
    )
    assert json.loads(statement) == {"Effect": "Allow", "Action": "sqs:TagQueue", "Resource": f"{queue}*"}


def test_programs_get_the_same_and_can_add_the_statements(app: Path) -> None:
    have = without(printed(app, *PLACE), "sqs:TagQueue", "iam:PassRole")
    ran = check(app, have, "--json")
    answer = json.loads(ran.out)
    assert (1, False, []) == (ran.status, answer["enough"], answer["undecided"])
    statements = [item["statement"] for item in answer["lacking"]]
    assert {statement["Action"] for statement in statements} == {"sqs:TagQueue", "iam:PassRole"}
    assert all(item["because"] and item["request"]["resource"].startswith("arn:") for item in answer["lacking"])
    assert all(item["request"]["action"] in item["reason"] for item in answer["lacking"])
    assert 0 == check(app, {"Version": "2012-10-17", "Statement": [*have["Statement"], *statements]}).status


def test_a_new_property_lacks_exactly_what_it_adds(app: Path) -> None:
    have = printed(app, *PLACE)
    data = app / "shared" / "resources" / "data.py"
    recovery = 'point_in_time_recovery_specification={"PointInTimeRecoveryEnabled": True},'
    data.write_text(data.read_text().replace('"AWS::DynamoDB::Table",', f'"AWS::DynamoDB::Table", {recovery}'))
    answer = json.loads(check(app, have, "--json").out)
    assert [item["statement"]["Action"] for item in answer["lacking"]] == ["dynamodb:UpdateContinuousBackups"]


def test_the_deployed_template_adds_what_the_update_needs_to_remove(app: Path) -> None:
    have = printed(app, *PLACE)
    deployed = app / "deployed.json"
    deployed.write_text(json.dumps({"Resources": {"Old": {"Type": "AWS::SNS::Topic"}}}))
    assert 0 == check(app, have).status
    ran = check(app, have, "--from", str(deployed))
    assert (1, True) == (ran.status, "sns:DeleteTopic" in ran.out)


def test_a_region_or_account_that_is_given_counts_before_the_one_that_the_policy_names(app: Path) -> None:
    have = printed(app, *PLACE)
    for other in (("--region", "us-east-1"), ("--account", "444455556666")):
        ran = check(app, have, *other)
        assert (1, True) == (ran.status, other[1] in ran.out)


def test_layers_may_be_given_with_a_boundary(app: Path) -> None:
    boundary = {"Statement": [{"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}]}
    answer = json.loads(check(app, {"identity": [printed(app, *PLACE)], "boundary": boundary}, "--json").out)
    actions = {name for item in answer["lacking"] for name in item["statement"]["Action"]}
    assert {name.partition(":")[0] for name in actions} == {"sqs"}


def test_what_a_statement_denies_is_told_with_that_statement(app: Path) -> None:
    have = printed(app, *PLACE)
    have["Statement"].append({"Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "*"})
    ran = check(app, have)
    last = len(have["Statement"]) - 1
    assert (1, True) == (ran.status, f"for example identity[0].Statement[{last}] denies sqs:CreateQueue on " in ran.out)


def test_the_policy_of_a_resource_is_refused(app: Path) -> None:
    ran = check(app, {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
    assert (2, True) == (ran.status, "names principals: it is the policy of a resource" in ran.err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "choose one of --policy FILE and --live"),
        (("--live", "--policy", "pyproject.toml"), "choose one of --policy FILE and --live"),
        (("--policy", "pyproject.toml", "--local"), "--local and --profile go with --live"),
        (("--policy", "nowhere.json"), "does not exist"),
        (("--policy", "pyproject.toml"), "pyproject.toml:"),
        (("--policy", "pyproject.toml", "--for", "nothing"), "'nothing' is not one of"),
    ],
)
def test_bad_input_is_told_and_exits_with_2(
    app: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(app)
    ran = remit("check", "deployer", *options)
    assert (2, "", True) == (ran.status, ran.out, message in ran.err), ran.err
