"""What a finding proposes is what was meant, and one mistake has one finding."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from remit.lint import lint_bytes, lint_document
from remit.lint.principals import of_service

AT = "eu-west-1:111122223333"


def found(action: str, resource: str | dict[str, str], **more: Any) -> list[tuple[str, str, str | None]]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
    return [(one.rule, one.message, one.hint) for one in lint_bytes(document, "policy.json", kind="identity")]


@pytest.mark.parametrize(
    ("action", "resource", "meant"),
    [
        ("s3:PutObject", "arn:aws:s3:::data/", "arn:aws:s3:::data/*"),
        ("s3:ListBucket", "arn:aws:s3:::*/*", "arn:aws:s3:::*"),
        ("sqs:SendMessage", "https://sqs.eu-west-1.amazonaws.com/111122223333/q", f"arn:aws:sqs:{AT}:q"),
        ("sqs:SendMessage", "https://eu-west-1.queue.amazonaws.com/111122223333/q", f"arn:aws:sqs:{AT}:q"),
        (
            "sqs:SendMessage",
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q",
            "arn:aws-cn:sqs:cn-north-1:111122223333:q",
        ),
        ("logs:CreateLogGroup", f"arn:aws:logs:{AT}:/aws/lambda/f", f"arn:aws:logs:{AT}:log-group:/aws/lambda/f"),
        ("ssm:GetParameter", f"arn:aws:ssm:{AT}:/shop/url", f"arn:aws:ssm:{AT}:parameter/shop/url"),
        ("sns:Publish", f"arn:aws:sns:{AT}:topic/orders", f"arn:aws:sns:{AT}:orders"),
        ("ec2:RunInstances", f"arn:aws:ec2:{AT}:instances/*", f"arn:aws:ec2:{AT}:instance/*"),
        ("states:StartExecution", f"arn:aws:states:{AT}:statemachine/m", f"arn:aws:states:{AT}:stateMachine:m"),
    ],
)
def test_the_arn_that_was_meant_is_proposed(action: str, resource: str, meant: str) -> None:
    ((_, _, hint),) = found(action, resource)
    assert hint == f"did you mean '{meant}'?"


@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
)
@pytest.mark.parametrize("suffix", ["", "IfExists"])
@pytest.mark.parametrize(
    ("key", "value"),
    [("aws:SourceArn", "arn:aws:sns:*:111122223333:orders"), ("aws:PrincipalTag/team", "data-*")],
)
def test_the_operator_that_a_wildcard_asks_for_is_one_for_the_type_of_its_key(
    operator: str, suffix: str, key: str, value: str
) -> None:
    def hints(spelled: str) -> dict[str, str | None]:
        findings = found("s3:GetObject", "arn:aws:s3:::data/*", Condition={spelled: {key: value}})
        return {rule: hint for rule, _, hint in findings}

    proposed = str(hints(f"{operator}{suffix}")["R508"]).removeprefix("use ")
    assert proposed.endswith(f"Like{suffix}")
    assert hints(proposed).keys().isdisjoint({"R501", "R506", "R508"})


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("events:PutEvents", f"arn:aws:events:{AT}:rule/nightly"),
        ("ec2:RunInstances", f"arn:aws:ec2:{AT}:vpc/vpc-0a1b2c3d"),
        ("iam:PassRole", "arn:aws:iam::111122223333:user/deployer"),
        ("ecs:RunTask", f"arn:aws:ecs:{AT}:cluster/web"),
    ],
)
def test_the_name_of_another_resource_is_not_proposed_as_one_of_the_right_type(action: str, resource: str) -> None:
    ((rule, _, hint),) = found(action, resource)
    assert rule == "R302"
    assert hint is not None
    assert resource.rpartition("/")[2] not in hint


def test_a_root_user_among_the_resources_is_the_one_who_asks() -> None:
    ((rule, _, hint),) = found("iam:CreateAccessKey", "arn:aws:iam::*:root", Effect="Deny")
    condition = '{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}'
    assert (rule, hint) == ("R302", f"a root user asks, and is no resource: compare {condition}")


def test_a_root_user_among_the_resources_is_no_slip_for_a_user_of_that_name() -> None:
    """The finding stands at the action: nothing is wrong with the ARN itself."""
    statement = {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:root"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)
    (finding,) = lint_bytes(document.encode(), "policy.json", kind="identity")
    assert "iam:CreateAccessKey" in document.splitlines()[finding.line - 1]


@pytest.mark.parametrize(
    ("principal", "hint"),
    [
        ("111122223333:root", "did you mean 'arn:aws:iam::111122223333:root'?"),
        ("arn:aws:iam::111122223333:Role/admin", "did you mean 'arn:aws:iam::111122223333:role/admin'?"),
        ("arn:aws:iam::111122223333:users/ann", "did you mean 'arn:aws:iam::111122223333:user/ann'?"),
        ("arn:aws:iam::111122223333:Root", "did you mean 'arn:aws:iam::111122223333:root'?"),
        ("arn:aws:iam::111122223333:group/staff", "name its users, or a role"),
    ],
)
def test_the_principal_that_was_meant_is_proposed(principal: str, hint: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    assert [one.hint for one in lint_document(document) if one.rule == "R138"] == [hint]


@pytest.mark.parametrize("resource", ["alias/shop", "key/alias/shop"])
def test_an_alias_of_a_key_is_compared_by_its_condition_key(resource: str) -> None:
    ((rule, _, hint),) = found("kms:Decrypt", f"arn:aws:kms:{AT}:{resource}")
    alias = "kms:ResourceAliases is 'alias/shop'"
    assert (rule, hint) == ("R302", f"name the key's ARN, or allow key/* if ForAnyValue:StringLike {alias}")


def test_an_operation_whose_action_is_not_known_is_not_said_to_need_none() -> None:
    ((rule, message, _),) = found("cloudhsm:DescribeHsm", "*")
    assert rule == "R202"
    assert message == "'cloudhsm:DescribeHsm' is an operation of the API that AWS's reference lists no action for"


def test_a_message_tells_of_the_type_that_it_proposes() -> None:
    ((_, message, _),) = found("bedrock:InvokeModel", f"arn:aws:bedrock:{AT}:foundation-model/anthropic.claude-v2")
    assert message.startswith("'bedrock:InvokeModel' acts on a foundation-model (arn:aws:bedrock:REGION::foundation")


def test_the_format_of_a_secrets_arn_is_no_secret() -> None:
    ((_, message, _),) = found("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{AT}:secret/db")
    assert "secret:SECRETID)" in message


@pytest.mark.parametrize(("element", "value"), [("Conditions", {}), ("Principal", "*")])
def test_an_element_that_does_not_belong_there_has_one_finding(element: str, value: Any) -> None:
    assert len(found("s3:GetObject", "arn:aws:s3:::data/*", **{element: value})) == 1


def test_leading_keys_are_a_trap_where_a_scan_has_none() -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:userid}"]}}
    ((rule, _, _),) = found("dynamodb:Scan", f"arn:aws:dynamodb:{AT}:table/scores", Condition=condition)
    assert rule == "R510"


@pytest.mark.parametrize(
    ("action", "resource", "meant"),
    [
        ("s3:GetObject", "arn:aws:s3:::arn:aws:s3:::data/*", "arn:aws:s3:::data/*"),
        (
            "dynamodb:GetItem",
            f"arn:aws:dynamodb:{AT}:table/arn:aws:dynamodb:{AT}:table/orders",
            f"arn:aws:dynamodb:{AT}:table/orders",
        ),
    ],
)
def test_an_arn_inside_of_an_arn_is_one_finding(action: str, resource: str, meant: str) -> None:
    assert found(action, resource) == [
        ("R121", f"'{resource}' is an ARN with another inside: nothing matches", f"did you mean '{meant}'?")
    ]


def test_an_object_may_be_called_as_an_arn() -> None:
    assert found("s3:GetObject", "arn:aws:s3:::data/arn:aws:s3:::other") == []


def test_an_arn_of_the_template_inside_of_an_arn_is_told_with_what_was_meant() -> None:
    text = """
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:${AWS::Partition}:s3:::${Bucket.Arn}/*"}
"""
    (one,) = lint_bytes(text.encode(), "template.yaml")
    assert (one.rule, one.hint) == ("R121", "did you mean '${Bucket.Arn}/*'?")


def test_a_misspelt_service_in_a_condition_is_told() -> None:
    condition = {"StringEquals": {"iam:PassedToService": "lamda.amazonaws.com"}}
    ((rule, _, hint),) = found("iam:PassRole", "arn:aws:iam::111122223333:role/app", Condition=condition)
    assert (rule, hint) == ("R515", "did you mean 'lambda.amazonaws.com'?")


def test_a_key_that_another_service_lists_is_known() -> None:
    one_instance = f"arn:aws:ec2:{AT}:instance/i-0a1b2c3d"
    only_as_ubuntu = {"StringEquals": {"ec2:osuser": "ubuntu"}}
    assert found("ec2-instance-connect:SendSSHPublicKey", one_instance, Condition=only_as_ubuntu) == []


def test_what_aws_tutorials_write_for_a_hook_of_a_deployment_is_a_note() -> None:
    group = f"arn:aws:codedeploy:{AT}:deploymentgroup:shop/*"
    statement = {"Effect": "Allow", "Action": "codedeploy:PutLifecycleEventHookExecutionStatus", "Resource": group}
    findings = lint_document({"Version": "2012-10-17", "Statement": [statement]})
    assert [(one.rule, one.severity) for one in findings if one.rule == "R301"] == [("R301", "note")]


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("s3:x-amz-server-side-encryption", "AES-256", "did you mean 'AES256'?"),
        ("s3:x-amz-acl", "bucket-owner-fullcontrol", "did you mean 'bucket-owner-full-control'?"),
        (
            "kms:ViaService",
            "s3:${AWS::Region}.amazonaws.com",
            "write a service in a region, as s3.eu-west-1.amazonaws.com",
        ),
        ("kms:ViaService", "s3.${AWS::Region}.${AWS::URLSuffix}", None),
        ("s3:x-amz-server-side-encryption", "aws:kms:dsse", None),
    ],
)
def test_a_value_that_a_key_never_has_is_told(key: str, value: str, hint: str | None) -> None:
    action, resource = ("kms:Decrypt", "*") if key.startswith("kms:") else ("s3:PutObject", "arn:aws:s3:::data/*")
    findings = found(action, resource, Condition={"StringEquals": {key: value}})
    assert [found_hint for rule, _, found_hint in findings if rule == "R515"] == ([] if hint is None else [hint])


def test_actions_that_differ_in_case_alone_stand_twice() -> None:
    actions = ["sqs:SendMessage", "SQS:sendmessage"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:sqs:{AT}:q"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
    assert [(one.rule, one.message) for one in lint_bytes(document, "policy.json") if one.rule == "R605"] == [
        ("R605", "'SQS:sendmessage' stands twice: actions ignore case")
    ]


@pytest.mark.parametrize("name", [f"dynamodb:{AT}:table/", f"lambda:{AT}:function:", f"secretsmanager:{AT}:secret:"])
def test_an_arn_that_ends_where_a_name_begins_lacks_it(name: str) -> None:
    service = name.partition(":")[0]
    action = {"dynamodb": "GetItem", "lambda": "InvokeFunction", "secretsmanager": "GetSecretValue"}[service]
    assert [
        rule for rule, message, _ in found(f"{service}:{action}", f"arn:aws:{name}") if "leaves out" in message
    ] == ["R136"]


def test_a_long_text_is_one_whatever_it_escapes() -> None:
    assert "R601" in [rule for rule, _, _ in found("s3:GetObject", "arn:aws:s3:::b/" + 'a"' * 1_100)]


def test_patterns_that_meet_after_their_wildcards_are_no_cover() -> None:
    """`s3:Get*` has actions beside `s3:Get*Acl`: a Deny of all but these does not take the whole Allow away."""
    allow = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
    deny = {"Effect": "Deny", "NotAction": "s3:Get*Acl", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]}).encode()
    assert "R606" not in [one.rule for one in lint_bytes(document, "policy.json")]


@pytest.mark.parametrize(
    ("operator", "effect"),
    [
        ("StringEquals", "it never matches"),
        ("StringNotEquals", "it always matches"),
        ("ForAnyValue:StringNotLike", "it matches whatever value the key has"),
        ("ForAllValues:StringEquals", "it is met by requests without the key alone"),
        ("StringEqualsIfExists", "it is met by requests without the key alone"),
    ],
)
def test_a_condition_without_values_is_a_warning_that_says_when_it_matches(operator: str, effect: str) -> None:
    condition = {operator: {"aws:PrincipalTag/team": []}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
    findings = [one for one in lint_bytes(document, "policy.json", kind="identity") if one.rule == "R108"]
    assert [(one.severity, one.message.partition(": ")[2]) for one in findings] == [("warning", effect)]


@pytest.mark.parametrize(
    ("effect", "element", "end"),
    [
        ("Allow", "Action", "it grants nothing"),
        ("Deny", "Action", "it denies nothing"),
        ("Deny", "NotAction", "it excepts nothing"),
    ],
)
def test_what_an_action_that_nobody_has_does_is_said_by_its_statement(effect: str, element: str, end: str) -> None:
    statement = {"Effect": effect, element: ["s3:GetObjct", "s3:Gat*", "dynamo:GetItem"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    found = [one for one in lint_document(document) if one.rule in ("R201", "R202", "R203")]
    assert [end] * 3 == [one.message[-len(end) :] for one in found]


def test_a_method_of_a_client_is_told_to_be_no_action() -> None:
    ((rule, message, hint),) = found("client:get_object", "*")
    assert (rule, message) == ("R204", "'client:get_object' is a call of an SDK, not an IAM action")
    assert hint == "did you mean `s3:GetObject`?"


def test_a_ref_in_a_policy_file_names_nothing() -> None:
    message = "Ref 'Bucket' names no resource: a policy file has no template around it"
    assert [("R401", message, "write the ARN")] == found("s3:GetObject", {"Ref": "Bucket"})


@pytest.mark.parametrize(("effect", "verb"), [("Allow", "grants"), ("Deny", "denies")])
@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_a_statement_that_excepts_everything_is_one_finding(effect: str, verb: str, element: str) -> None:
    """It is not said of it that it grants all others."""
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", element: "*"}
    statement.pop(element.removeprefix("Not"))
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
    findings = lint_bytes(document, "policy.json", kind="identity")
    message = f"{element} '*' excepts everything: the statement {verb} nothing"
    assert [(finding.rule, finding.message) for finding in findings] == [("R309", message)]


@pytest.mark.parametrize(
    ("principal", "meant"),
    [
        ("ec-2.amazonaws.com", "ec2"),
        ("lambda_.amazonaws.com", "lambda"),
        ("lamda.amazonaws.com", "lambda"),
        ("ec2.amazonaws.com", None),
    ],
)
def test_the_service_that_a_principal_means_is_proposed(principal: str, meant: str | None) -> None:
    problem = of_service(principal)
    assert (problem and problem[1]) == (meant and f"did you mean '{meant}.amazonaws.com'?")


def test_of_each_rule_about_a_whole_policy_a_hundred_findings_are_told() -> None:
    statements = [
        {"Sid": f"A{n // 2}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b{n}/*"}
        for n in range(260)
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()
    rules = Counter(one.rule for one in lint_bytes(document, "policy.json", kind="identity"))
    assert rules["R116"] == 100
