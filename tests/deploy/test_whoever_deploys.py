"""What whoever deploys may do, read of the account: their policies, groups and boundary, or what the simulator says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from answering import HERE, NUMBER, Answers, Refused, answering
from remit.deploy.deployer_check import caller_policies, check_caller, require_deployer
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.planned_stack import stack_of
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate

if TYPE_CHECKING:
    from remit.deployer.deployer_policy import Deployer
    from remit.iam.decide.evaluate import Layers

SESSION: Final = f"arn:aws:sts::{NUMBER}:assumed-role/deploys/ann"
USER: Final = f"arn:aws:iam::{NUMBER}:user/team/ann"
LIMIT: Final = f"arn:aws:iam::{NUMBER}:policy/limit"
OWN: Final = f"arn:aws:iam::{NUMBER}:policy/own"
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
DATE: Final = datetime(2026, 3, 1, tzinfo=UTC)


def document(*actions: str, effect: str = "Allow", on: str = "*") -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": list(actions), "Resource": on}]}
    )


def identity(kind: str, name: str, *, boundary: str | None = None) -> dict[str, Any]:
    limit = (
        {}
        if boundary is None
        else {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}}
    )
    trust = {"AssumeRolePolicyDocument": json.dumps(TRUST)} if kind == "Role" else {}
    return {
        kind: {
            "Path": "/",
            f"{kind}Name": name,
            f"{kind}Id": "A" * 16,
            "Arn": f"arn:aws:iam::{NUMBER}:{kind.lower()}/{name}",
            "CreateDate": DATE,
            **trust,
            **limit,
        }
    }


def managed(**documents: str) -> dict[str, Any]:
    """Managed policies by the last part of their ARNs, each in its second version."""
    return {
        "iam.GetPolicy": lambda PolicyArn: {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v2"}},  # noqa: N803 - AWS's names
        "iam.GetPolicyVersion": lambda PolicyArn, VersionId: {  # noqa: N803 - AWS's names
            "PolicyVersion": {"Document": documents[PolicyArn.rpartition("/")[2]], "VersionId": VersionId}
        },
    }


ROLE: Final = {
    "iam.GetRole": identity("Role", "deploys"),
    "iam.ListRolePolicies": {"PolicyNames": ["a", "b"]},
    "iam.GetRolePolicy": lambda RoleName, PolicyName: {  # noqa: N803 - AWS's names
        "RoleName": RoleName,
        "PolicyName": PolicyName,
        "PolicyDocument": document({"a": "sqs:CreateQueue", "b": "sns:CreateTopic"}[PolicyName]),
    },
    "iam.ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyName": "own", "PolicyArn": OWN}]},
    **managed(own=document("s3:PutObject"), limit=document("sqs:*", "s3:PutObject")),
}


def may(layers: Layers, action: str) -> bool:
    return evaluate(Request(action, "*"), layers).allowed


def test_a_role_has_its_inline_and_managed_policies() -> None:
    account, asked = answering(ROLE, caller=SESSION)

    layers = caller_policies(account)

    assert [
        may(layers, action) for action in ("sqs:CreateQueue", "sns:CreateTopic", "s3:PutObject", "sqs:DeleteQueue")
    ] == [True] * 3 + [False]
    assert asked.calls("iam.GetRole") == [{"RoleName": "deploys"}]
    assert asked.calls("iam.GetPolicyVersion") == [{"PolicyArn": OWN, "VersionId": "v2"}]


def test_its_boundary_limits_a_role() -> None:
    account, _ = answering({**ROLE, "iam.GetRole": identity("Role", "deploys", boundary=LIMIT)}, caller=SESSION)

    layers = caller_policies(account)

    assert [may(layers, action) for action in ("sqs:CreateQueue", "sns:CreateTopic", "s3:PutObject")] == [
        True,
        False,
        True,
    ]


def test_a_user_has_the_policies_of_each_group_and_those_of_aws() -> None:
    account, asked = answering(
        {
            "iam.GetUser": identity("User", "ann"),
            "iam.ListUserPolicies": {"PolicyNames": []},
            "iam.ListAttachedUserPolicies": {
                "AttachedPolicies": [{"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess"}]
            },
            "iam.ListGroupsForUser": {"Groups": [identity("Group", name)["Group"] for name in ("dev", "ops")]},
            "iam.ListGroupPolicies": lambda GroupName: {"PolicyNames": [f"of-{GroupName}"]},  # noqa: N803 - AWS's name
            "iam.GetGroupPolicy": lambda **named: {
                **named,
                "PolicyDocument": document(f"sns:{named['GroupName']}"),
            },
            "iam.ListAttachedGroupPolicies": {"AttachedPolicies": []},
        },
        caller=USER,
    )

    layers = caller_policies(account)

    assert [may(layers, action) for action in ("sqs:CreateQueue", "sns:dev", "sns:ops", "s3:PutObject")] == [
        True
    ] * 3 + [False]
    assert asked.calls("iam.GetUser") == [{"UserName": "ann"}]
    assert {name for name, _ in asked.asked} & {"iam.GetPolicy", "iam.GetPolicyVersion"} == set()


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        (f"arn:aws:iam::{NUMBER}:root", None),
        (f"arn:aws:sts::{NUMBER}:federated-user/x", "neither a role nor a user"),
        ("x", "neither a role nor a user"),
    ],
)
def test_the_root_user_may_do_anything_and_others_than_roles_and_users_cannot_be_read(
    caller: str, words: str | None
) -> None:
    account, _ = answering({}, caller=caller)
    if words is None:
        assert may(caller_policies(account), "iam:CreateRole")
    else:
        with pytest.raises(RemitError, match=words):
            caller_policies(account)


STACK: Final = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}}}


def need_of(template: dict[str, Any]) -> Deployer:
    return bound(deployer(stack_of("orders-dev", [template])), "aws", "eu-central-1", NUMBER)


def simulated(*allowed: str, missing: tuple[str, ...] = ()) -> Any:
    def simulate(ActionNames: list[str], **_: Any) -> Any:  # noqa: N803 - AWS's name
        results = [
            {
                "EvalActionName": name,
                "EvalDecision": "allowed" if name in allowed else "implicitDeny",
                "MissingContextValues": ["aws:SourceIp"] if name in missing else [],
            }
            for name in ActionNames
        ]
        return {"EvaluationResults": results}

    return simulate


@pytest.mark.parametrize(("caller", "source"), [(SESSION, f"arn:aws:iam::{NUMBER}:role/deploys"), (USER, USER)])
def test_where_policies_may_not_be_read_the_simulator_says_what_is_denied(caller: str, source: str) -> None:
    need = need_of(STACK)
    actions = [action for grant in need.grants for action in grant.statement.actions.patterns]
    lacking, unclear = "sqs:CreateQueue", "sqs:DeleteQueue"
    answers = {
        "iam.GetRole": Refused("AccessDenied", status=403),
        "iam.GetUser": Refused("AccessDenied", status=403),
        "iam.SimulatePrincipalPolicy": simulated(
            *(action for action in actions if action not in (lacking, unclear)), missing=(unclear,)
        ),
    }
    account, asked = answering(answers, caller=caller)

    check = check_caller(account, need)

    assert [(item.grant.statement.actions.patterns, item.request.action) for item in check.lacking] == [
        ((lacking,), lacking)
    ]
    assert check.lacking[0].request.resource == f"arn:aws:sqs:eu-central-1:{NUMBER}:jobs"
    assert len(check.undecided) == 1
    assert all(
        "*" not in call["ResourceArns"][0] or call["ResourceArns"] == ["*"]
        for call in asked.calls("iam.SimulatePrincipalPolicy")
    )
    assert {call["PolicySourceArn"] for call in asked.calls("iam.SimulatePrincipalPolicy")} == {source}


def test_who_may_neither_read_nor_simulate_hears_what_they_may_not_read() -> None:
    denied = Refused("AccessDenied", "User: x is not authorized to perform: iam:GetRole", 403)
    account, _ = answering(
        {"iam.GetRole": denied, "iam.SimulatePrincipalPolicy": Refused("AccessDenied", "no", 403)}, caller=SESSION
    )

    with pytest.raises(RemitError, match="iam:GetRole"):
        check_caller(account, need_of(STACK))


def required(
    policy: str,
    template: dict[str, Any],
    running: Any = None,
    *,
    limit: str | None = None,
    endpoint: str | None = None,
    is_limited: bool = False,
    **more: Any,
) -> tuple[tuple[str, ...], Answers]:
    """Ask whether a caller with one policy may deploy a template over what runs."""
    stack = {
        "StackName": "orders-dev",
        "StackId": "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/1",
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": DATE,
        "Tags": [{"Key": "remit:namespace", "Value": "orders-dev"}],
        **more,
    }
    answers = {
        "cloudformation.DescribeStacks": Refused("ValidationError", "it does not exist")
        if running is None
        else {"Stacks": [stack]},
        "cloudformation.GetTemplate": {"TemplateBody": json.dumps(running or {})},
        "iam.GetRole": identity("Role", "deploys", boundary=None if limit is None else LIMIT),
        "iam.ListRolePolicies": {"PolicyNames": ["a"]},
        "iam.GetRolePolicy": {"RoleName": "deploys", "PolicyName": "a", "PolicyDocument": policy},
        "iam.ListAttachedRolePolicies": {"AttachedPolicies": []},
        **managed(limit=limit or ""),
    }
    account, asked = answering(answers, caller=SESSION)
    built: Any = SimpleNamespace(namespace="orders-dev", body=json.dumps(template), folder=Path())
    account = replace(account, endpoint=endpoint, owner=account if is_limited else None)
    return require_deployer(built, account, {}), asked


TOPIC: Final = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}
BOTH: Final = {"Resources": {**STACK["Resources"], "News": TOPIC}}
ALL: Final = document("sqs:*", "sns:*")


def test_a_deploy_that_its_caller_may_carry_out_goes_on() -> None:
    assert required(ALL, BOTH)[0] == ()


@pytest.mark.parametrize("limit", [None, document("sns:*")])
def test_what_runs_already_counts_as_allowed(limit: str | None) -> None:
    assert required(document("sns:*"), BOTH, STACK, limit=limit)[0] == ()


@pytest.mark.parametrize(
    ("policy", "limit"),
    [(document("sqs:*", "sns:Tag*"), None), (ALL, document("sqs:*", "sns:TagResource")), (ALL, document("iam:*"))],
)
def test_what_a_new_resource_needs_and_the_caller_lacks_stops_it_within_a_boundary_too(
    policy: str, limit: str | None
) -> None:
    """What runs already is not asked for: neither of the caller nor of their boundary."""
    with pytest.raises(RemitError) as raised:
        required(policy, BOTH, STACK, limit=limit)

    errors = raised.value.all
    assert all(error.message.startswith(f"nothing was deployed: {SESSION} may not ") for error in errors)
    assert "sns:CreateTopic" in "".join(error.message for error in errors)
    assert "sqs:" not in "".join(error.message + (error.hint or "") for error in errors)
    assert "sns:Get" not in "".join(error.message for error in errors)
    assert [error.exit_code for error in errors] == [1] * len(errors)
    assert '"Action": "sns:CreateTopic"' in (errors[0].hint or "") or "sns:CreateTopic" in (errors[0].hint or "")
    assert "`--force` deploys without" in (errors[0].hint or "")


def test_on_this_machine_only_whoever_acts_as_another_may_lack_something() -> None:
    assert required(document("sqs:*"), BOTH, endpoint=HERE)[0] == ()
    with pytest.raises(RemitError, match="sns:CreateTopic"):
        required(document("sqs:*"), BOTH, endpoint=HERE, is_limited=True)


def test_within_a_boundary_that_allows_it_a_deploy_goes_on() -> None:
    assert required(ALL, BOTH, STACK, limit=ALL)[0] == ()


@pytest.mark.parametrize(
    ("running", "more", "reads"),
    [(BOTH, {}, False), (STACK, {"RoleARN": f"arn:aws:iam::{NUMBER}:role/works"}, False), (STACK, {}, True)],
)
def test_nothing_is_read_where_nothing_new_is_made_or_cloudformation_works_as_a_role(
    running: Any, more: dict[str, Any], *, reads: bool
) -> None:
    _, asked = required(document("sqs:*", "sns:*"), BOTH, running, **more)

    assert bool(asked.calls("iam.GetRole")) == reads


def test_what_a_later_deploy_may_be_spared_is_not_asked_for() -> None:
    """A service-linked role is there after the first deploy, and a key's own policy may let a caller use it."""
    key = f"arn:aws:kms:eu-central-1:{NUMBER}:key/1"
    template = {
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "KmsMasterKeyId": key}}}
    }

    assert required(document("sqs:*"), template)[0] == ()


def test_of_what_an_address_decides_a_note_is_made() -> None:
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
                },
            ],
        }
    )

    undecided, _ = required(policy, STACK)

    assert "aws:SourceIp" in "".join(undecided)


MAIL: Final[dict[str, Any]] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "mail",
        "AssumeRolePolicyDocument": {},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    },
}
KEY: Final = f"arn:aws:kms:eu-central-1:{NUMBER}:key/1"
RICH: Final[dict[str, Any]] = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "KmsMasterKeyId": KEY}},
        "News": TOPIC,
        "Mail": MAIL,
        "Nets": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {"DBSubnetGroupName": "nets", "SubnetIds": ["subnet-0a"]},
        },
        "Db": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db", "KmsKeyId": KEY}},
    }
}


def test_each_statement_that_a_first_deploy_lacks_is_told_with_the_one_to_add() -> None:
    """Of writes alone; and neither of a service-linked role, nor of a key: an earlier deploy or its policy may do."""
    with pytest.raises(RemitError) as raised:
        required(document("sqs:CreateQueue", "rds:*", "secretsmanager:*"), RICH)

    role, topic = f"arn:aws:iam::{NUMBER}:role/mail", f"arn:aws:sns:eu-central-1:{NUMBER}:news"
    managed = {"ArnEquals": {"iam:PolicyARN": MAIL["Properties"]["ManagedPolicyArns"][0]}}
    lacking: list[tuple[list[str], str, str, dict[str, Any]]] = [
        (["sqs:TagQueue"], "Jobs (AWS::SQS::Queue)", f"arn:aws:sqs:eu-central-1:{NUMBER}:jobs", {}),
        (["sns:CreateTopic", "sns:TagResource"], "News (AWS::SNS::Topic)", topic, {}),
        (["iam:AttachRolePolicy"], "Mail (AWS::IAM::Role)", role, {"Condition": managed}),
        (["iam:CreateRole", "iam:TagRole", "iam:UntagRole"], "Mail (AWS::IAM::Role)", role, {}),
    ]
    expected = []
    for actions, what, arn, condition in lacking:
        statement = {
            "Effect": "Allow",
            "Action": actions if len(actions) > 1 else actions[0],
            "Resource": arn,
            **condition,
        }
        message = (
            f"nothing was deployed: {SESSION} may not {', '.join(actions)}, which it needs to create {what}; "
            f"no statement of the identity's policies allows {actions[0]} on {arn}"
        )
        expected.append((message, f"add {json.dumps(statement)}; `--force` deploys without", 1))
    assert [(error.message, error.hint, error.exit_code) for error in raised.value.all] == expected


def test_the_simulator_is_asked_for_each_statement_once_without_patterns_and_denials_are_told_as_it_gives_them() -> (
    None
):
    nodes = {"Type": "AWS::Redshift::Cluster", "Properties": {"ClusterIdentifier": "nodes"}}
    need = need_of({"Resources": {**RICH["Resources"], "Etl": {"Type": "AWS::S3::Bucket"}, "Nodes": nodes}})
    denied = {"sns:CreateTopic": "implicitDeny", "sns:DeleteTopic": "explicitDeny"}

    def simulate(ActionNames: list[str], **_: Any) -> Any:  # noqa: N803 - AWS's name
        results = [{"EvalActionName": name, "EvalDecision": denied.get(name, "allowed")} for name in ActionNames]
        return {"EvaluationResults": results}

    refused = Refused("AccessDenied", status=403)
    account, asked = answering({"iam.GetRole": refused, "iam.SimulatePrincipalPolicy": simulate}, caller=SESSION)
    check = check_caller(account, need)

    calls = []
    for grant in need.grants:
        assert grant.statement.resources is not None
        first = grant.statement.resources.patterns[0]
        example = first if first == "*" else first.replace("*", "example")
        names = [name for name in grant.statement.actions.patterns if "*" not in name]
        if names:
            source = f"arn:aws:iam::{NUMBER}:role/deploys"
            calls.append({"PolicySourceArn": source, "ActionNames": names, "ResourceArns": [example]})
    assert asked.calls("iam.SimulatePrincipalPolicy") == calls
    assert any("example" in call["ResourceArns"][0] for call in calls)
    assert any("*" in name for grant in need.grants for name in grant.statement.actions.patterns)
    topic = f"arn:aws:sns:eu-central-1:{NUMBER}:news"
    (lacking,) = check.lacking
    assert (lacking.grant.statement.actions.patterns, lacking.grant.because) == (
        tuple(denied), "to create, read, update and delete News (AWS::SNS::Topic)",
    )  # fmt: skip
    assert (lacking.request, lacking.denial) == (
        Request("sns:CreateTopic", topic), f"IAM's simulator denies sns:CreateTopic on {topic}",
    )  # fmt: skip
    assert check.undecided == ("IAM's simulator was asked for one request of each kind, which proves nothing",)
