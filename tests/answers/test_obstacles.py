"""What no statement can allow is told with its reason and what to change, and no fix is proposed for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from projects import ORDERS, Project, remit, write
from remit.answers.denial import Denial, parse
from remit.answers.denied_request import LoadedApp
from remit.answers.obstacles import Obstacle, obstacle_in_message, resource_to_allow
from remit.answers.why import why
from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import actions
from remit.iam.request import Request
from remit.roles.assign import assign

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
REGION = f"us-east-1:{ACCOUNT}"
UNHELPED = [
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:parameter/*", "no parameter that does not exist"),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:parameter/app/x:*", "no parameter that does not exist"),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:*", "no parameter that does not exist"),
    ("xray:GetGroup", f"arn:aws:xray:{REGION}:*", "all of the service's resources"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:user/bob", "is no role"),
    ("sts:AssumeRole", f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session", "is no role"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/a.amazonaws.com/A", "by its service alone"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/A", "Identity Center alone"),
    ("iam:DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/A", "Identity Center alone"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/a.amazonaws.com/A", "service-linked role"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess", "AWS alone changes its managed policies"),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:alias/aws/s3", "nobody can change the policy of alias/aws/s3"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:444455556666:alias/aws/s3", "no other account can use alias/aws/s3"),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:alias/aws/s3", "AWS alone changes the keys that it manages"),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:alias/mine", "kms:Decrypt is not asked on such a resource"),
    ("s3:ListBucket", "arn:aws:s3:::bucket/key", "s3:ListBucket is not asked on such a resource"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:user/x", "iam:PassRole is not asked on such a resource"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1::q", "leaves out the account"),
    ("sqs:SendMessage", f"arn:aws:sqs::{ACCOUNT}:q", "leaves out the region"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456****:table/t", "the account of the resource is masked"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:ACCOUNT_ID:table/t", "the account of the resource is masked"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:[account removed]:table/t", "the account of the resource is"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:XXXXXXXXXXXX:table/t", "the account of the resource is masked"),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:REGION:{ACCOUNT}:table/t", "the region of the resource is masked"),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:table/<table name>", "the name of the resource is masked"),
    ("ec2:StopInstances", f"arn:aws:ec2:{REGION}:instance/i-xxxxxxxx", "the name of the resource is masked"),
    ("s3:GetObject", "arn:aws:s3:::<bucket name>/x", "the name of the resource is masked"),
    ("s3:GetObject", f"arn:aws:s3:{REGION}:accesspoint/<name>/object/k", "the name of the resource is masked"),
    ("s3:GetObject", "arn:aws:s3:::BUCKET_NAME/x", "the name of the bucket is masked"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1", "cut off"),
]
HELPED = [
    ("ssm:GetParameters", "arn:aws:ssm:us-east-1::parameter/aws/service/ami/x"),
    ("s3:GetObject", "arn:aws:s3:::bucket/[id].js"),
    ("s3:GetObject", "arn:aws:s3:::bucket/a b...c"),
    ("ec2:RunInstances", f"arn:aws:ec2:{REGION}:instance/*"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:function:x:live"),
    ("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/m"),
    ("schemas:ListRegistries", f"arn:aws:schemas:{REGION}:*"),
    ("cloudformation:CreateChangeSet", "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"),
    ("events:PutEvents", f"arn:aws:events:{REGION}:event-bus/default"),
    ("ec2:DescribeInstances", f"arn:aws:ec2:{REGION}:instance/i-1"),
    ("dynamodb:Query", f"arn:aws:dynamodb:{REGION}:table/t/index/i"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/app"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:r*"),
    ("xray:PutTraceSegments", f"arn:aws:xray:{REGION}:*"),
]


def obstacle_of(action: str, resource: str) -> str:
    obstacle = obstacle_in_message(Request(action, resource, principal=USER))
    return "" if obstacle is None else obstacle.reason


@pytest.mark.parametrize(("action", "resource", "reason"), UNHELPED)
def test_what_no_statement_allows_has_its_reason(action: str, resource: str, reason: str) -> None:
    assert reason in obstacle_of(action, resource)


@pytest.mark.parametrize(("action", "resource"), HELPED)
def test_what_a_statement_may_allow_has_no_obstacle(action: str, resource: str) -> None:
    assert obstacle_of(action, resource) == ""


@pytest.mark.parametrize("service", ["dataexchange", "s3", "ssm", "sqs"])
def test_an_arn_leaves_out_its_account_only_where_every_form_of_it_has_one(service: str) -> None:
    """Some forms of one resource have an account, and others have none: `data-sets/x` of AWS Data Exchange."""
    for action in actions(service):
        known = catalogued(action)
        assert known is not None
        forms = {form for target in known.targets for form in target.type.arns}
        for form in forms:
            bare = form.replace("${Account}", "")
            arn = re.sub(r"\$\{\w+\}", "x", bare.replace("${Partition}", "aws").replace("${Region}", "eu-west-1"))
            assert ("leaves out the account" in obstacle_of(action, arn)) == (bare not in forms), (action, form)


def test_who_has_no_policies_is_told_before_what_is_wrong_with_the_resource() -> None:
    masked = Request(
        "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:ACCOUNT_ID:table/t", principal="events.amazonaws.com"
    )
    found = obstacle_in_message(masked)
    assert found is not None
    assert found.reason == "a service has no policies of its own"


OPERATIONS = {
    ("dynamodb", "ExecuteStatement"): (f"arn:aws:dynamodb:{REGION}:table/t/index/i", f"arn:aws:sqs:{REGION}:orders"),
    ("s3", "CopyObject"): ("arn:aws:s3:::files/a", f"arn:aws:sqs:{REGION}:orders"),
}
"""What a denial of an operation that needs several actions may be about."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_statement_helps_only_where_none_does_for_any_action_of_an_operation(operation: tuple[str, str]) -> None:
    service, name = operation
    for resource in OPERATIONS[operation]:
        cause = why(Denial(USER, service=service, operation=name, resource=resource), None)
        assert len(cause.actions) > 1
        assert (cause.obstacle is not None) == all(obstacle_of(action, resource) for action in cause.actions)


def test_the_key_of_a_service_is_told_with_what_to_use_instead_and_the_page_that_says_so() -> None:
    expected = Obstacle(
        "nobody can change the policy of alias/aws/s3, a key that AWS manages and its service uses",
        "use a key of your own, whose policy can allow it",
        "AWS KMS keys (AWS KMS Developer Guide)",
    )
    request = Request("kms:Decrypt", f"arn:aws:kms:{REGION}:alias/aws/s3", principal=USER)
    assert expected == obstacle_in_message(request)


def test_what_a_message_does_not_name_is_told_with_the_form_of_its_arn() -> None:
    obstacle = obstacle_in_message(Request("xray:GetGroup", f"arn:aws:xray:{REGION}:*", principal=USER))
    assert obstacle is not None
    assert "check its name, and allow arn:…:xray:…:…:group/…/…" == obstacle.instead


@pytest.fixture(scope="module")
def app_here(tmp_path_factory: pytest.TempPathFactory) -> LoadedApp:
    folder = tmp_path_factory.mktemp("app")
    write(folder, {"app.py": ORDERS.format(verb="query")})
    app = Project(folder).load()
    return LoadedApp(app, assign(app), folder)


@pytest.mark.parametrize(("action", "resource", "reason"), UNHELPED)
def test_a_message_has_no_fix_that_cannot_help_whether_or_not_its_role_is_known(
    action: str, resource: str, reason: str, app_here: LoadedApp
) -> None:
    namespace = app_here.app.namespace
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/{namespace}-ReportRole-1ABCDEFGHIJK/{namespace}-report"
    for principal, project in ((role, app_here), (USER, None), (role, None)):
        denial = parse(f"User: {principal} is not authorized to perform: {action} on resource: {resource}")
        assert denial is not None
        cause = why(denial, project)
        assert (reason in cause.conclusion, cause.answers) == (True, ())


POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}


def explained(folder: Path, action: str, resource: str) -> dict[str, Any]:
    (folder / "policy.json").write_text(json.dumps(POLICY))
    ran = remit("explain", str(folder / "policy.json"), action, resource, "--json")
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_explain_says_what_no_statement_allows_and_proposes_none(tmp_path: Path) -> None:
    document = explained(tmp_path, "iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert (document["fix"], document["obstacle"]) == (
        None,
        {
            "reason": "it cannot be done by anybody, since AWS alone changes its managed policies",
            "instead": "copy it to a managed policy of your own account, and change that",
            "source": "Managed policies and inline policies (IAM User Guide)",
        },
    )


def test_explain_names_no_empty_layer(tmp_path: Path) -> None:
    """Where the policy allows what nobody can do, no layer is silent."""
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    ran = remit("explain", str(tmp_path / "policy.json"), "iam:CreatePolicyVersion", arn)
    assert ran.out == (
        f"Not allowed: the policy may not iam:CreatePolicyVersion on {arn}\n"
        "  no statement helps: it cannot be done by anybody, since AWS alone changes its managed policies: "
        "see Managed policies and inline policies (IAM User Guide)\n"
        "instead: copy it to a managed policy of your own account, and change that\n"
    )


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/key"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*", "*"),
        ("ec2:DescribeInstances", f"arn:aws:ec2:{REGION}:instance/i-1", "*"),
        (
            "logs:CreateLogStream",
            f"arn:aws:logs:{REGION}:log-group:a:log-stream:",
            f"arn:aws:logs:{REGION}:log-group:a:*",
        ),
    ],
)
def test_a_statement_names_what_its_action_is_asked_on(action: str, resource: str, expected: str) -> None:
    assert resource_to_allow(action, resource) == expected
