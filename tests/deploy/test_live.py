"""The roles as they are in the account, after people changed them by hand, on a real local AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hands import ADMIN, FUNCTION, LOGS, NAME, deploy
from remit.deploy.account_roles import ManagedPolicyVersion, roles_in_one_list, roles_one_by_one
from remit.deploy.aws_calls import LIVE
from remit.deploy.drift import drift
from remit.deploy.expected_roles import deployed_version
from remit.deploy.live_roles import LiveRoles, _newer, live
from remit.deploy.session import Account
from remit.holders import HeldPolicy, Holder
from remit.iam.policy import Policy, parse
from stacks import READ, WRITE, template


@pytest.fixture
def role(account: Account) -> str:
    """A deployed role that serves a function; its name in the account."""
    deploy(account, template(READ, LOGS, resources=FUNCTION))
    return str(account.client("iam").list_roles()["Roles"][0]["RoleName"])


def found(account: Account) -> LiveRoles:
    there = live(account, NAME)
    assert there is not None
    return there


def told(account: Account) -> list[str]:
    return [item.sentence for item in found(account).drift]


def the_role(account: Account) -> Holder:
    (only,) = found(account).version.roles
    return only


def allowed(role: Holder) -> list[str]:
    return [name for grant in role.grants for name in grant.statement.actions.patterns]


def inline(account: Account, role: str, name: str, document: dict[str, Any]) -> None:
    account.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def test_what_is_not_deployed_has_no_roles(account: Account) -> None:
    assert live(account, NAME) is None
    assert deployed_version(account, NAME) is None


def test_the_recorded_roles_are_those_of_the_running_template_with_the_functions_names(
    account: Account, role: str
) -> None:
    there = deployed_version(account, NAME)
    assert there is not None
    (only,) = there.roles
    assert (only.logical_id, only.functions, only.trusts) == ("ReportRole", ("report",), ("lambda.amazonaws.com",))
    assert [grant.statement.resources.patterns for grant in only.grants if grant.statement.resources] == [
        ("*",), ("${ReportLogGroup.Arn}",),
    ]  # fmt: skip
    assert there.names["${AWS::AccountId}"] == account.account
    assert role.startswith("orders-dev-ReportRole-")


def test_untouched_roles_have_no_drift_and_their_references_are_what_iam_holds(account: Account, role: str) -> None:
    there = found(account)
    (only,) = there.version.roles
    assert (there.drift, there.notes) == ((), ())
    assert (only.logical_id, only.functions, only.managed, only.boundary) == ("ReportRole", ("report",), (), None)
    (logs,) = [grant for grant in only.grants if grant.statement.actions.patterns == ("logs:PutLogEvents",)]
    assert logs.statement.resources is not None
    assert logs.statement.resources.patterns == (there.version.names["${ReportLogGroup.Arn}"],)
    assert there.version.names["${ReportLogGroup.Arn}"] == (
        f"arn:aws:logs:eu-central-1:{account.account}:log-group:/aws/lambda/orders-dev-report:*"
    )
    assert there.version.names["${ReportRole}"] == role
    assert there.version.names["${Queue.Arn}"].startswith(f"arn:aws:sqs:eu-central-1:{account.account}:orders-dev-")


def test_the_names_of_each_resource_are_those_that_the_account_gives(account: Account, role: str) -> None:
    known = found(account).version.names
    queue = account.client("sqs").get_queue_attributes(QueueUrl=known["${Queue}"], AttributeNames=["QueueArn"])
    assert known["${Queue.Arn}"] == queue["Attributes"]["QueueArn"]
    assert known["${ReportRole.Arn}"] == account.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    function = account.client("lambda").get_function_configuration(FunctionName="orders-dev-report")
    assert known["${Report.Arn}"] == function["FunctionArn"]


def test_an_inline_policy_made_by_hand_is_named_with_the_command_that_removes_it(account: Account, role: str) -> None:
    inline(account, role, "debug", ADMIN)
    assert told(account) == [
        (
            f"policy debug of role {role} (ReportRole) was made by hand: a deploy does not remove it; "
            f"`aws iam delete-role-policy --role-name {role} --policy-name debug` does"
        )
    ]
    assert allowed(the_role(account)) == ["dynamodb:Query", "logs:PutLogEvents", "*"]
    assert the_role(account).grants[-1].because == f"policy debug of role {role} (ReportRole) was made by hand"


def test_a_deploy_does_not_remove_a_policy_made_by_hand(account: Account, role: str) -> None:
    inline(account, role, "debug", ADMIN)
    deploy(account, template(WRITE, LOGS, resources=FUNCTION))
    assert allowed(the_role(account)) == ["dynamodb:PutItem", "logs:PutLogEvents", "*"]


def test_a_policy_edited_by_hand_is_told(account: Account, role: str) -> None:
    inline(account, role, "remit", ADMIN)
    assert told(account) == [
        (
            f"policy remit of role {role} (ReportRole) was edited by hand: "
            "a deploy overwrites it only when it changes the policy itself"
        )
    ]
    assert allowed(the_role(account)) == ["*"]


def test_a_policy_deleted_by_hand_is_told(account: Account, role: str) -> None:
    account.client("iam").delete_role_policy(RoleName=role, PolicyName="remit")
    assert [line.partition(":")[0] for line in told(account)] == [
        f"policy remit of role {role} (ReportRole) was deleted by hand"
    ]
    assert allowed(the_role(account)) == []


def test_what_was_deleted_by_hand_is_told_in_the_templates_order() -> None:
    nothing, names = Policy(()), [f"policy{number}" for number in range(12)]
    declared = Holder("ReportRole", tuple(HeldPolicy(name, document=nothing) for name in names), trust=nothing)
    told = drift(declared, {}, Holder("report", trust=nothing, name="report"), "report", {})
    assert [one.policy for one in told] == names


def test_a_managed_policy_attached_by_hand_comes_with_its_document(account: Account, role: str) -> None:
    iam = account.client("iam")
    arn = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(ADMIN))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    there = found(account)
    assert [item.sentence for item in there.drift] == [
        (
            f"managed policy {arn} was attached by hand to role {role} (ReportRole): a deploy does not detach it; "
            f"`aws iam detach-role-policy --role-name {role} --policy-arn {arn}` does"
        )
    ]
    assert there.version.roles[0].managed == (arn,)
    assert there.version.documents == {arn: parse(ADMIN)}
    assert there.version.versions == {arn: "v1"}


def test_the_version_of_a_managed_policy_that_is_in_force_is_read(account: Account, role: str) -> None:
    iam = account.client("iam")
    arn = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(ADMIN))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    second = {"Version": "2012-10-17", "Statement": [READ]}
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(second), SetAsDefault=True)
    assert found(account).version.documents == {arn: parse(second)}


def test_a_boundary_put_by_hand_is_told(account: Account, role: str) -> None:
    iam = account.client("iam")
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(ADMIN))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    there = found(account)
    assert there.version.roles[0].boundary == arn
    assert there.version.documents == {arn: parse(ADMIN)}
    assert [item.what for item in there.drift] == [
        f"permissions boundary {arn} was put by hand on role {role} (ReportRole)"
    ]


def test_a_trust_policy_changed_by_hand_is_told_and_read(account: Account, role: str) -> None:
    everyone = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [everyone]}
    account.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))
    there = found(account)
    assert [item.what for item in there.drift] == [f"the trust policy of role {role} (ReportRole) was changed by hand"]
    assert the_role(account).trust == parse(document)
    assert there.version.roles[0].trusts == ()


def test_a_role_deleted_by_hand_is_told_and_left_out(account: Account, role: str) -> None:
    account.client("iam").delete_role_policy(RoleName=role, PolicyName="remit")
    account.client("iam").delete_role(RoleName=role)
    there = found(account)
    assert there.version.roles == ()
    assert [item.what for item in there.drift] == [f"role {role} (ReportRole) is gone: it was deleted by hand"]


def test_a_function_that_was_moved_to_another_role_is_that_roles(account: Account, role: str) -> None:
    iam = account.client("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    arn = iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    inline(account, "admin", "all", ADMIN)
    account.client("lambda").update_function_configuration(FunctionName="orders-dev-report", Role=arn)
    there = found(account)
    assert [(one.logical_id, one.functions) for one in there.version.roles] == [
        ("ReportRole", ()), ("admin", ("report",)),
    ]  # fmt: skip
    assert allowed(there.version.roles[1]) == ["*"]
    assert [item.what for item in there.drift] == ["function report was set by hand to run under role admin"]


def test_a_function_with_a_role_of_its_own_stays_that_roles_until_it_is_moved(account: Account) -> None:
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    mine, other = (
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"] for name in ("mine", "other")
    )
    own = {"Report": FUNCTION["Report"] | {"Properties": {**FUNCTION["Report"]["Properties"], "Role": mine}}}
    deploy(account, template(READ, resources=own))
    assert (found(account).version.others, found(account).drift) == ({"report": mine}, ())
    account.client("lambda").update_function_configuration(FunctionName="orders-dev-report", Role=other)
    there = found(account)
    assert [item.what for item in there.drift] == ["function report was set by hand to run under role other"]
    assert there.version.others == {}
    assert [(one.logical_id, one.functions) for one in there.version.roles] == [
        ("ReportRole", ()), ("other", ("report",)),
    ]  # fmt: skip


def test_roles_asked_for_all_at_once_are_the_same(account: Account, role: str) -> None:
    account.client("iam").attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    inline(account, role, "debug", ADMIN)
    assert roles_in_one_list(account, [role, "absent"]) == roles_one_by_one(account, [role, "absent"])
    assert set(roles_in_one_list(account, [role])) == {role}


def test_a_hundred_policies_of_a_role_are_all_read(account: Account, role: str) -> None:
    for number in range(120):
        inline(account, role, f"extra{number:03}", {"Version": "2012-10-17", "Statement": [READ]})
    assert len(the_role(account).grants) == 2 + 120


def test_the_stream_of_a_table_is_known_by_what_the_role_may_read(account: Account) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        },
    }
    stream = {"Fn::GetAtt": ["Orders", "StreamArn"]}
    reads = {"Effect": "Allow", "Action": ["dynamodb:GetRecords"], "Resource": stream}
    deploy(account, template(reads, resources={"Orders": table}))
    there = found(account)
    made = account.client("dynamodb").describe_table(TableName=there.version.names["${Orders}"])["Table"]
    assert there.version.names["${Orders.StreamArn}"] == made["LatestStreamArn"]
    assert (there.drift, there.notes) == ((), ())


UNTOLD = {"Fn::GetAtt": ["Queue", "QueueName"]}
NAMED = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": UNTOLD}
IN_AN_ARN = {**NAMED, "Resource": {"Fn::Sub": "arn:aws:sqs:*:*:${Queue.QueueName}"}}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": UNTOLD}},
}
CALLER = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]}},
}


@pytest.mark.parametrize("body", [template(NAMED, IN_AN_ARN), template(READ, resources={"Caller": CALLER})])
def test_a_reference_that_nothing_tells_is_noted_once_and_never_taken_for_an_edit(account: Account, body: str) -> None:
    deploy(account, body)
    there = found(account)
    assert there.drift == ()
    assert there.notes == ("what ${Queue.QueueName} is in the account is not known: it is compared as text",)


def test_aws_policies_newer_than_the_catalogue_are_noted() -> None:
    arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    assert list(_newer({arn: ManagedPolicyVersion("v999", parse(ADMIN))})) == [
        "AWSXRayDaemonWriteAccess is in version v999 in the account, and v2 in the catalogue"
    ]
    assert list(_newer({arn: ManagedPolicyVersion("v2", parse(ADMIN))})) == []


def test_the_table_of_calls_is_what_reading_the_account_calls(remote: Account, role: str) -> None:
    iam = remote.client("iam")
    arn = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(ADMIN))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    seen: set[str] = set()
    for service in ("cloudformation", "events", "iam", "lambda", "logs"):
        remote.client(service).meta.events.register(
            "before-send",
            lambda event_name, service=service, **_: seen.add(f"{service}.{event_name.rpartition('.')[2]}"),
        )
    found(remote)
    types = {"AWS::Lambda::Function", "AWS::Logs::LogGroup"}
    assert seen == {call.operation for call in LIVE if not call.of_type or call.of_type in types}


def test_of_many_functions_it_is_told_that_the_look_takes_a_while(remote: Account) -> None:
    report = FUNCTION["Report"]
    others = {
        f"Report{number}": {**report, "Properties": {**report["Properties"], "FunctionName": f"{NAME}-{number}"}}
        for number in range(16)
    }
    deploy(remote, template(READ, LOGS, resources={**FUNCTION, **others}))
    told: list[str] = []
    assert live(remote, NAME, told.append) is not None
    assert told == ["comparing 17 functions with AWS ..."]


def test_the_url_suffix_is_that_of_the_partition() -> None:
    account = Account("111122223333", "eusc-de-east-1", "aws-eusc", None)
    assert account.pseudo_parameters("orders-dev")["${AWS::URLSuffix}"] == "amazonaws.eu"
