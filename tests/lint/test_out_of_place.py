"""What only the deploy knows, and what another template language leaves, in a place that cannot hold it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import at
from remit.iam.placeholders import placeholder
from remit.lint.files import lint_bytes

if TYPE_CHECKING:
    from conftest import Make

OUT_OF_PLACE = {
    'f"arn:{aws.partition}:s3:{aws.region}::data/*"': ("s3:GetObject", "R302", "whose ARN has no region"),
    'f"arn:{aws.partition}:s3::{aws.account}:data/*"': ("s3:GetObject", "R302", "whose ARN has no account"),
    'f"arn:{aws.partition}:iam:{aws.region}:{aws.account}:role/x"': ("iam:PassRole", "R302", "whose ARN has no region"),
    'f"arn:{aws.partition}:iam:{aws.region}:{aws.account}:user/x"': ("iam:*", "R302", "whose ARN has no region"),
    'f"arn:{aws.partition}:dynamodb:{aws.partition}:{aws.account}:table/x"': (
        "dynamodb:GetItem",
        "R123",
        "the region is '{aws.partition}', which is none",
    ),
    'f"arn:{aws.region}:dynamodb:us-east-1:{aws.account}:table/x"': (
        "dynamodb:GetItem",
        "R124",
        "unknown partition '{aws.region}'",
    ),
    'f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.url_suffix}:table/x"': (
        "dynamodb:GetItem",
        "R122",
        "an account is a number",
    ),
    'f"arn:{aws.partition}:dynamodb:{aws.account}:{aws.account}:table/x"': (
        "dynamodb:GetItem",
        "R123",
        "the region is '{aws.account}', which is none",
    ),
    'f"arn:{aws.partition}:dynamodb:{aws.account}:{aws.region}:table/x"': (
        "dynamodb:GetItem",
        "R123",
        "region and account in the wrong order",
    ),
    'f"arn:{aws.partition}:{aws.region}:us-east-1:{aws.account}:table/x"': (
        "dynamodb:GetItem",
        "R126",
        "no resource has an ARN of service '{aws.region}'",
    ),
}


def _app(action: str, resource: str, condition: str = "{}") -> str:
    given = f"{{'Effect': 'Allow', 'Action': '{action}', 'Resource': {resource}"
    given += "}" if condition == "{}" else f", 'Condition': {condition}}}"
    return f"from remit import aws\n@app.function(policy={given})\ndef hello(event, context): ...\n"


@pytest.mark.parametrize("resource", OUT_OF_PLACE)
def test_a_late_bound_part_of_an_arn_must_be_what_stands_there(make: Make, resource: str) -> None:
    """As for a literal: the region of a bucket, a region in the partition's place."""
    action, rule, message = OUT_OF_PLACE[resource]
    error = make(app=_app(action, resource)).error()
    place = at(error).rpartition(":")[0]
    assert (rule, True, "app.py:10") == (error.rule, message in error.message, place)


BESIDE = {
    "s3:GetObject": "['arn:aws:s3:::b/*', f'arn:aws:s3:{aws.region}::c/*']",
    "s3:PutObject": "['arn:aws:s3:::b/*', 'arn:aws:s3:us-east-1::c/*']",
    "iam:GetRole": "['arn:aws:iam::111122223333:role/x', f'arn:aws:iam:{aws.region}:111122223333:role/y']",
    "*": "f'arn:aws:s3::{aws.account}:c/*'",
}


@pytest.mark.parametrize("action", BESIDE)
def test_such_an_arn_is_found_beside_others_and_for_every_action(make: Make, action: str) -> None:
    error = make(app=_app(action, BESIDE[action])).error()
    assert ("R302", True) == (error.rule, "names nothing: the ARN of such a" in error.message)


def test_the_same_part_is_found_in_a_template_of_others() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": {"Fn::Sub": "arn:${AWS::Region}:dynamodb:${AWS::Region}:${AWS::Partition}:table/x"},
    }
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    template = {"Resources": {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": policy}}}
    found = lint_bytes(json.dumps(template).encode(), "template.json")
    assert {"R122", "R124"} == {one.rule for one in found if one.severity == "error"}


@pytest.mark.parametrize(
    "resource",
    [
        'f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.account}:table/{aws.region}-{aws.account}"',
        'f"arn:{aws.partition}:s3:::data-{aws.region}/{aws.account}/*"',
        'f"arn:{aws.partition}:s3:{aws.region}:{aws.account}:accesspoint/x/object/*"',
        'f"arn:{aws.partition}:s3:*:*:data/*"',
    ],
)
def test_where_such_a_part_belongs_it_stays(make: Make, resource: str) -> None:
    action = "dynamodb:GetItem" if "dynamodb" in resource else "s3:GetObject"
    assert make(app=_app(action, resource)).built().roles


@pytest.mark.parametrize("key", ["aws:{aws.region}", "s3:ExistingObjectTag/{aws.account}", "{aws.region}"])
def test_a_condition_key_is_known_before_the_deploy(make: Make, key: str) -> None:
    condition = f"{{'StringEquals': {{f'{key}': 'x'}}}}"
    error = make(app=_app("s3:GetObject", "'arn:aws:s3:::b/*'", condition)).error()
    message = f"the condition key '{key}' is filled in by nothing: CloudFormation fills in values, never keys"
    assert ("R502", message, "app.py:10:130") == (error.rule, error.message, at(error))


def test_a_condition_operator_is_known_before_the_deploy(make: Make) -> None:
    condition = "{f'String{aws.region}': {'aws:SourceVpc': 'x'}}"
    error = make(app=_app("s3:GetObject", "'arn:aws:s3:::b/*'", condition)).error()
    message = "policy.Condition.String${AWS::Region} is not an operator: CloudFormation fills in values, never keys"
    assert (message, "app.py:10:113") == (error.message, at(error))


def test_a_key_of_a_property_is_known_before_the_deploy(make: Make) -> None:
    source = "from remit import Shared, aws, resource\nclass Data(Shared):\n    role = resource(\n"
    source += "        'AWS::IAM::Role', {'AssumeRolePolicyDocument': {f'x-{aws.region}': 1}})\n"
    error = make(**{"shared/resources/data.py": source}).error()
    key = "`properties['AssumeRolePolicyDocument']` has the key 'x-${AWS::Region}'"
    message = f"{key}, and CloudFormation fills in values, never keys"
    assert (message, "shared/resources/data.py:4:57") == (error.message, at(error))


@pytest.mark.parametrize(
    "arn",
    [
        'f"arn:{aws.region}:iam::{aws.account}:policy/own"',
        'f"arn:{aws.partition}:iam::{aws.region}:policy/own"',
        'f"arn:{aws.partition}:iam::{aws.account}:policy/{{name}}"',
        '"arn:aws:iam::111122223333:policy/<name>"',
    ],
)
def test_the_arn_of_a_managed_policy_holds_nothing_of_the_kind(make: Make, arn: str) -> None:
    error = make(config=f"config.lambda_.iam.permissions_boundary = {arn}").error()
    assert ("is not an ARN of a managed policy" in error.message, "config/deploy.py:5:5") == (True, at(error))


LEFT = {
    "{region}": "{region}",
    "{ region }": "{ region }",
    "{}": "{}",
    "{{account}}": "{{account}}",
    "#{AWS::Region}": "#{AWS::Region}",
    "@{x}": "@{x}",
    "<region>": "<region>",
    "<your account id>": "<your account id>",
    "%s": "%s",
    "%s-queue": "%s",
    "%(region)s": "%(region)s",
    "$(region)": "$(region)",
    "${{ github.ref }}": "{{ github.ref }}",
    "${aws:username}-{x}": "{x}",
    "{a${aws:username}b}": "{a${aws:username}b}",
}
NOT_LEFT = [
    "${aws:username}",
    "${aws:PrincipalTag/team, 'x'}",
    "${AWS::Region}",
    "${DataQueue.Arn}",
    '${{"Fn::Sub":["{x}",{"A":{"Ref":"B"}}]}}',
    "{{resolve:ssm:/orders/name}}",
    "uploads/%2F%d0%bf",
    "100%",
    "log-stream:2026/[$LATEST]*",
    "function:x:$LATEST",
    "topic/$aws/things/#",
    "a<b",
    "price > 3",
]


@pytest.mark.parametrize("text", LEFT)
def test_placeholders_of_other_languages_are_known(text: str) -> None:
    assert LEFT[text] == placeholder(f"arn:aws:sqs:us-east-1:111122223333:{text}")


@pytest.mark.parametrize("text", NOT_LEFT)
def test_what_iam_or_cloudformation_fills_in_is_no_placeholder(text: str) -> None:
    assert placeholder(text) is None


@pytest.mark.parametrize("left", ["{region}", "#{AWS::StackName}", "<name>", "%s", "%(name)s", "{{name}}"])
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:LEFT"),
        ("sqs:SendMessage", "arn:aws:sqs:LEFT:111122223333:orders"),
        ("s3:GetObject", "arn:aws:s3:::data/LEFT/*"),
    ],
)
def test_a_placeholder_that_was_left_in_a_resource_is_an_error(
    make: Make, action: str, resource: str, left: str
) -> None:
    error = make(app=_app(action, f"'{resource.replace('LEFT', left)}'")).error()
    (placeholder,) = [mistake for mistake in error.all if mistake.rule == "R129"]
    place = at(placeholder).rpartition(":")[0]
    assert (True, "app.py:10") == (placeholder.message.startswith(f"'{left}' in "), place)


def test_a_placeholder_in_a_condition_on_an_arn_is_an_error(make: Make) -> None:
    condition = "{'ArnLike': {'aws:SourceArn': 'arn:aws:sns:us-east-1:111122223333:<topic>'}}"
    error = make(app=_app("sqs:SendMessage", "'*'", condition)).error()
    assert ("R129", "'<topic>'") == (error.rule, error.message.partition(" in ")[0])


def test_a_placeholder_in_a_typed_grant_or_a_trigger_is_an_error(make: Make) -> None:
    granted = "@app.function(policy=[queue.send('{queue}')])\ndef hello(event, context): ...\n"
    triggered = "@app.function(sqs('<orders>'))\ndef hello(event, context): ...\n"
    errors = [make(app=app).error() for app in (granted, triggered)]
    assert [("'{queue}'", "app.py:9:23"), ("sqs: nothing can be named '<orders>'", "app.py:9:15")] == [
        (error.message.partition(" in ")[0], at(error)) for error in errors
    ]


def test_a_placeholder_in_the_policy_of_a_shared_resource_is_an_error(make: Make) -> None:
    statement = "{'Effect': 'Allow', 'Action': 'sqs:*', 'Resource': 'arn:aws:sqs:us-east-1:111122223333:{name}'}"
    source = (
        "from remit import Shared, resource\nclass Data(Shared):\n    access = resource('AWS::IAM::ManagedPolicy',\n"
    )
    source += f"        policy_document={{'Version': '2012-10-17', 'Statement': [{statement}]}})\n"
    found = make(**{"shared/resources/data.py": source}).remit("lint")
    assert (1, True) == (found.status, "R129" in found.out)


def test_a_placeholder_that_is_meant_is_allowed_with_a_reason(make: Make) -> None:
    """A key of S3's may hold any sign."""
    app = "from remit import aws\n@app.function(policy=[\n    # remit: allow R129 because the keys are named so\n"
    app += "    s3.read('data', '{raw}/*'),\n])\ndef hello(event, context): ...\n"
    assert make(app=app).built().roles


@pytest.mark.parametrize(
    ("resource", "severity"),
    [
        ("arn:aws:sqs:us-east-1:111122223333:{queue}", "error"),
        ("arn:aws:s3:::data/{id}/*", "warning"),
        ("arn:aws:sqs:<region>:111122223333:orders", "note"),
    ],
)
def test_a_policy_file_tells_the_same_where_no_name_can_hold_it(resource: str, severity: str) -> None:
    action = "s3:GetObject" if ":s3:" in resource else "sqs:SendMessage"
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    found = lint_bytes(json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode(), "policy.json")
    assert [severity] == [one.severity for one in found if one.rule == "R129"]


@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_mistake_in_the_arn_of_a_principal_is_told_at_its_place_in_either_element(element: str) -> None:
    principals = {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::1111:role/reader"]}
    statement = {"Effect": "Deny", element: principals, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)
    line = text.partition('"arn:aws:iam::1111:')[0].count("\n") + 1
    (found,) = lint_bytes(text.encode(), "policy.json")
    assert ("R122", f"policy.json:{line}:6") == (found.rule, str(found.origin))
