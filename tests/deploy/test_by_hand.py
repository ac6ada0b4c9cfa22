"""What was changed by hand on a stack's roles, what that does to access, and how it is undone, on a real local AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hands import (
    ADMIN,
    HANDS,
    LIMIT,
    NAME,
    ROLE,
    STRANGERS,
    XRAY,
    add_inline,
    body,
    delete_inline,
    delete_role,
    deploy,
    deployed_role,
    edit_inline,
    swap_boundary,
)
from remit.deploy.account_roles import roles_one_by_one
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.drift import drift
from remit.deploy.execute import execute
from remit.deploy.manual_changes import ManualChanges, changed_by_hand, revert
from remit.deploy.role_repairs import repair
from remit.deploy.stack import describe
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.planned_stack import stack_of
from remit.errors import RemitError
from remit.holders import HeldPolicy, Holder, bounded, by_arn
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.report.manual_changes import by_hand_document, by_hand_lines
from stacks import WAITING, end_waiting, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Spoil
    from remit.deploy.role_repairs import Repair
    from remit.deploy.session import Account


@pytest.fixture
def role(account: Account) -> str:
    """The name of a deployed role that has everything."""
    return deployed_role(account)


def test_a_repair_is_shown_as_the_aws_cli_spells_it() -> None:
    code = repair("lambda.UpdateFunctionCode", FunctionName="orders", S3Bucket="zips", S3Key="orders.zip")
    assert code.command == "aws lambda update-function-code --function-name orders --s3-bucket zips --s3-key orders.zip"
    for is_on, option in ((True, "--enabled"), (False, "--no-enabled")):
        mapping = repair("lambda.UpdateEventSourceMapping", UUID="1", Enabled=is_on)
        assert mapping.command == f"aws lambda update-event-source-mapping --uuid 1 {option}"


def undo(account: Account, changes: ManualChanges) -> list[str]:
    """Put the roles back: the operations that it took."""
    made: list[Repair] = []
    revert(account, changes, NAME, made.append)
    return [repair.operation for repair in made]


@pytest.mark.parametrize(("hand", "calls"), HANDS)
def test_what_is_undone_is_as_it_was_deployed(
    account: Account, role: str, hand: Callable[[Any, str], None], calls: list[str]
) -> None:
    before = roles_one_by_one(account, [role])
    hand(account.client("iam"), role)
    changes = changed_by_hand(account, NAME)
    assert [change.resource for change in changes.drift] == ["ReportRole"]
    assert undo(account, changes) == calls
    assert roles_one_by_one(account, [role]) == before
    assert not changed_by_hand(account, NAME).found


def test_everything_at_once_is_undone_boundary_first(account: Account, role: str) -> None:
    before = roles_one_by_one(account, [role])
    for hand, _ in HANDS[:-1]:
        if hand is not edit_inline:
            hand(account.client("iam"), role)
    calls = undo(account, changed_by_hand(account, NAME))
    assert calls[0] == "iam.PutRolePermissionsBoundary"
    assert len(calls) == 6
    assert roles_one_by_one(account, [role]) == before


def test_a_boundary_put_by_hand_is_taken_off(account: Account) -> None:
    deploy(account, body())
    (held,) = account.client("iam").list_roles()["Roles"]
    swap_boundary(account.client("iam"), held["RoleName"])
    assert undo(account, changed_by_hand(account, NAME)) == ["iam.DeleteRolePermissionsBoundary"]


def test_a_role_that_is_gone_is_made_again_with_all_that_the_template_says(account: Account, role: str) -> None:
    iam = account.client("iam")
    before = iam.get_role(RoleName=role)["Role"]
    delete_role(iam, role)
    undo(account, changed_by_hand(account, NAME))
    after = iam.get_role(RoleName=role)["Role"]
    for name in ("Arn", "Path", "Description", "MaxSessionDuration", "PermissionsBoundary"):
        assert after[name] == before[name]
    assert after["Tags"] == ROLE["Tags"]


def test_a_repair_whose_answer_is_lost_is_done(account: Account, role: str, spoil: Spoil) -> None:
    delete_role(account.client("iam"), role)
    changes = changed_by_hand(account, NAME)
    spoil.lose_answer("iam.CreateRole")
    undo(account, changes)
    assert 0 == spoil.left["iam.CreateRole"]


def test_cloudformation_updates_a_role_that_was_made_again(account: Account, role: str) -> None:
    delete_role(account.client("iam"), role)
    undo(account, changed_by_hand(account, NAME))
    deploy(account, body(**ROLE | {"Description": "what it may do now"}))
    assert account.client("iam").get_role(RoleName=role)["Role"]["Description"] == "what it may do now"


def test_a_function_that_was_moved_runs_under_its_role_again(account: Account, role: str) -> None:
    iam, functions = account.client("iam"), account.client("lambda")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    other = iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    functions.update_function_configuration(FunctionName="orders-dev-report", Role=other)
    changes = changed_by_hand(account, NAME)
    assert [change.what for change in changes.drift] == ["function report was set by hand to run under role admin"]
    assert undo(account, changes) == ["lambda.UpdateFunctionConfiguration"]
    configuration = functions.get_function_configuration(FunctionName="orders-dev-report")
    assert configuration["Role"] == iam.get_role(RoleName=role)["Role"]["Arn"]


def test_what_was_added_is_told_with_the_access_that_it_gives(account: Account, role: str) -> None:
    add_inline(account.client("iam"), role)
    changes = changed_by_hand(account, NAME)
    lines = list(by_hand_lines(changes))
    assert lines[0] == "Changed by hand since the last deploy"
    assert lines[1].startswith(f"  ! ReportRole: policy debug of role {role} (ReportRole) was made by hand: ")
    assert lines[2] == "so that"
    assert lines[3].startswith("  + every level on *: *; ")
    document = by_hand_document(changes)
    assert (document["checked"], document["reason"]) == (True, None)
    assert [change["resource"] for change in document["changes"]] == ["ReportRole"]
    assert document["access"]["gained"] != []
    assert document["access"]["lost"] == []


def test_a_policy_that_may_not_be_read_is_undecided(account: Account, role: str, spoil: Spoil) -> None:
    iam = account.client("iam")
    arn = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(ADMIN))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    spoil.answer("iam.GetPolicy", 403, "AccessDenied", "no", times=9)
    lines = list(by_hand_lines(changed_by_hand(account, NAME)))
    assert f"  ? managed policy {arn} is attached: what it allows cannot be seen here" in lines
    assert (
        lines[lines.index(f"  ? managed policy {arn} is attached: what it allows cannot be seen here") + 1]
        == "      report"
    )


def test_a_role_that_may_not_be_read_leaves_it_open_and_names_the_permission(
    remote: Account, role: str, spoil_remote: Spoil
) -> None:
    add_inline(remote.client("iam"), role)
    words = f"User: arn:aws:iam::1:user/ci is not authorized to perform: iam:GetRole on resource: {role}"
    spoil_remote.answer("iam.GetRole", 403, "AccessDenied", words, times=9)
    changes = changed_by_hand(remote, NAME)
    assert (changes.found, changes.drift) == (True, ())
    assert list(by_hand_lines(changes)) == [
        (
            "  ? whether something was changed by hand is not known: "
            f"arn:aws:iam::1:user/ci may not iam:GetRole on {role} (GetRole)"
        )
    ]
    assert by_hand_document(changes)["checked"] is False


def test_lambda_is_asked_again_when_it_is_busy(remote: Account, role: str, spoil_remote: Spoil) -> None:
    assert role
    spoil_remote.answer("lambda.GetFunction", 503, "ServiceException", times=2)
    assert not changed_by_hand(remote, NAME).found
    assert spoil_remote.left == {"lambda.GetFunction": 0}


def test_nothing_is_looked_for_while_an_operation_runs(account: Account, role: str) -> None:
    add_inline(account.client("iam"), role)
    body_with_wait = json.loads(body(**ROLE))
    body_with_wait["Resources"] |= WAITING
    planned = plan(account, PlanRequest(NAME, json.dumps(body_with_wait)))
    assert planned is not None
    seen: list[bool] = []

    def look(_: object) -> None:
        stack = describe(account, NAME)
        if stack is not None and stack.busy and not seen:
            seen.append(changed_by_hand(account, NAME).found)
            end_waiting(account.client("cloudformation"), NAME)

    execute(account, planned, look)
    assert seen == [False]


def test_before_a_first_deploy_there_is_nothing_to_compare(account: Account) -> None:
    assert changed_by_hand(account, NAME) == ManualChanges()


def test_what_cannot_be_undone_stops_before_anything_is_written(account: Account) -> None:
    named = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": {"Fn::GetAtt": ["Queue", "QueueName"]}}
    deploy(account, template(named))
    iam = account.client("iam")
    (held,) = iam.list_roles()["Roles"]
    add_inline(iam, held["RoleName"])
    delete_inline(iam, held["RoleName"])
    made: list[Repair] = []
    with pytest.raises(
        RemitError, match=r"remit cannot undo this: policy remit of role .* was deleted by hand"
    ) as stop:
        revert(account, changed_by_hand(account, NAME), NAME, made.append)
    assert (made, stop.value.exit_code) == ([], 1)


def declared(trust: dict[str, Any], **more: Any) -> Holder:
    return Holder("ReportRole", trust=parse(trust), **more)


def differing(wanted: Holder, held: Holder) -> list[str]:
    return [change.what for change in drift(wanted, {}, held, "report", {})]


def test_a_boundary_that_was_taken_off_is_put_back() -> None:
    declared = Holder("ReportRole", limits=bounded(LIMIT), trust=parse(STRANGERS))
    (change,) = drift(declared, {}, Holder("report", trust=parse(STRANGERS), name="report"), "report", {})
    assert change.what == f"permissions boundary {LIMIT} was taken off by hand from role report (ReportRole)"
    assert [repair.operation for repair in change.repairs] == ["iam.PutRolePermissionsBoundary"]


def test_the_order_of_a_list_and_the_two_spellings_of_an_account_are_no_change() -> None:
    def trust(*principals: str) -> dict[str, Any]:
        who = {"AWS": list(principals), "Service": ["lambda.amazonaws.com"]}
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}],
        }

    root = "arn:aws:iam::111122223333:root"
    wanted = declared(trust("111122223333", "arn:aws:iam::111122223333:role/b"))
    held = Holder("report", trust=parse(trust("arn:aws:iam::111122223333:role/b", root)), name="report")
    assert differing(wanted, held) == []
    assert differing(declared(trust("999999999999")), held) == [
        "the trust policy of role report (ReportRole) was changed by hand"
    ]


def test_of_a_role_with_policies_that_only_the_deploy_knows_none_is_called_foreign() -> None:
    policies = (HeldPolicy("late", document=Policy(())), *by_arn(["arn:aws:iam::aws:policy/ReadOnlyAccess"]))
    held = Holder("report", policies, trust=parse(STRANGERS), name="report")
    assert differing(declared(STRANGERS, policies=(HeldPolicy(),)), held) == []
    assert len(differing(declared(STRANGERS), held)) == 2


def test_a_trust_policy_that_only_the_deploy_knows_is_not_compared() -> None:
    unknown = Holder("ReportRole", trust=Policy(()))
    assert differing(unknown, Holder("report", trust=parse(STRANGERS), name="report")) == []


@pytest.mark.parametrize("bounded", [False, True])
def test_the_deployers_policy_for_it_allows_every_call_on_the_stacks_roles_alone(
    account: Account, role: str, *, bounded: bool
) -> None:
    whole = json.loads(body(**ROLE if bounded else ROLE | {"PermissionsBoundary": {"Ref": "AWS::NoValue"}}))
    if not bounded:
        del whole["Resources"]["ReportRole"]["Properties"]["PermissionsBoundary"]
    stack = stack_of(NAME, [whole])
    policy = bound(deployer(stack, reverts=True), region="eu-central-1", account=account.account).policy
    without = bound(deployer(stack), region="eu-central-1", account=account.account).policy
    writes = ["Put", "Delete", "Attach", "Detach"]
    asked = {f"iam:{verb}RolePolicy" for verb in writes} | {"iam:CreateRole", "iam:UpdateAssumeRolePolicy"}
    asked |= {"iam:PutRolePermissionsBoundary" if bounded else "iam:DeleteRolePermissionsBoundary"}

    def allowed(of: Policy, action: str, name: str) -> bool:
        context: dict[str, Any] = {"iam:PermissionsBoundary": LIMIT} if bounded else {}
        if action.endswith("tachRolePolicy"):
            context["iam:PolicyARN"] = XRAY if action == "iam:AttachRolePolicy" else LIMIT
        arn = f"arn:aws:iam::{account.account}:role/apps/{name}"
        return evaluate(
            Request(action, arn, principal=f"arn:aws:iam::{account.account}:user/ci", context=context), of
        ).allowed

    assert {action for action in asked if not allowed(policy, action, role)} == set()
    assert {action for action in asked if allowed(policy, action, "orders-prod-ReportRole-1")} == set()
    assert {action for action in asked if not allowed(without, action, role)} >= {"iam:DetachRolePolicy"}
