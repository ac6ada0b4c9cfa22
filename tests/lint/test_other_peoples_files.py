"""Templates and policies of other tools and other people: what is unknown is said once, and the rest is looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import in_all_cases
from remit.lint.files import lint_bytes, lint_found

if TYPE_CHECKING:
    from remit.lint.finding import Finding

TRUST = """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
"""
TYPO = '{"Effect": "Allow", "Action": "s3:GetObjectt", "Resource": "*"}'

JINJA = f"""\
Resources:
{TRUST}  {{{{ name }}}}Function:
    Type: AWS::Lambda::Function
    Properties:
      {{%- if zip %}}
      Handler: {{{{ handler }}}}
      {{%- else %}}
      Handler: b
      {{%- endif %}}
"""


def found(text: str, file: str = "policy.json") -> list[tuple[str, str, int]]:
    return [(one.rule, one.severity, one.line) for one in lint_bytes(text.encode(), file)]


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def granted_on(resource: str) -> str:
    """A template whose role may read what is written so."""
    statement = "Statement:\n              Effect: Allow\n              Action: s3:GetObject\n              Resource: "
    policies = "      Policies:\n        - PolicyName: data\n          PolicyDocument:\n            "
    return f"Resources:\n{TRUST}{policies}{statement}{resource}\n"


def of(rule: str, text: str, file: str = "policy.json") -> list[Finding]:
    return [one for one in lint_bytes(text.encode(), file) if one.rule == rule]


def test_a_key_that_stands_twice_in_json_does_not_keep_the_rest_from_being_looked_at() -> None:
    text = f'{{"Version": "2012-10-17", "Statement": [\n{TYPO},\n{{"Sid": "A", "Sid": "B",\n"Effect": "Allow", '
    text += '"Action": "sqs:SendMesage", "Resource": "*"}\n]}'
    assert [("R202", 2), ("R001", 3), ("R202", 4)] == [
        (rule, line) for rule, severity, line in found(text) if severity == "error"
    ]


def test_a_key_that_stands_twice_in_yaml_does_not_keep_the_rest_from_being_looked_at() -> None:
    text = f"Statement:\n  - {TYPO}\n  - Sid: A\n    Sid: B\n    Effect: Allow\n    Action: sqs:SendMesage\n"
    text += '    Resource: "*"\n'
    assert [("R202", 2), ("R001", 4), ("R202", 6)] == [
        (rule, line) for rule, severity, line in found(text, "policy.yaml") if severity == "error"
    ]


def test_what_stands_twice_is_looked_at_where_its_last_value_is() -> None:
    text = (
        '{"Statement": [{"Effect": "Allow", "Resource": "*",\n"Action": "s3:GetObjectt",\n"Action": "s3:PutObjectt"}]}'
    )
    assert [("R001", "error", 3), ("R202", "error", 3)] == [one for one in found(text) if one[1] == "error"]


def test_an_unknown_tag_is_one_mistake_and_the_rest_is_looked_at() -> None:
    text = f"Statement:\n  - {TYPO}\n  - {{Effect: Allow, Action: !Foo a, Resource: !Foo b}}\n"
    assert [("R202", 2), ("R001", 3)] == [
        (rule, line) for rule, severity, line in found(text, "policy.yaml") if severity == "error"
    ]


def test_a_broken_statement_does_not_keep_the_rest_from_being_looked_at() -> None:
    text = f'{{"Version": "2012-10-17", "Statement": [\n"oops",\n{{"Effect": "Allow", "Action": 1}},\n{TYPO}\n]}}'
    assert {("R103", 2), ("R202", 4)} <= {(rule, line) for rule, _, line in found(text)}


@pytest.mark.parametrize(
    ("dialect", "file", "text"),
    [
        ("Serverless", "template.yaml", granted_on("arn:aws:s3:::${opt:stage, self:service}/*")),
        ("CDK", "template.yaml", granted_on("${Token[TOKEN.1]}")),
        ("CDK", "template.yaml", granted_on("['#{Token[TOKEN.2]}']")),
        ("Jinja", "template.yaml", JINJA),
        (
            "templatefile",
            "policy.json.tpl",
            '{"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ${jsonencode(arns)}}]}',
        ),
        (
            "templatefile",
            "policy.json.tpl",
            '{"Statement": [{"Effect": "Allow", "Action": ${a}, "Resource": "arn:aws:s3:::${join(",", b)}-${c}/*"}]}',
        ),
        ("templatefile", "policy.json", policy(Action="${action}", Resource="arn:aws:s3:::${aws_s3_bucket.data.id}/*")),
        ("templatefile", "policy.json", policy(Action="s3:GetObject", Resource="${lower(var.arns[0])}")),
        ("Jinja", "policy.yaml", "Statement: [{Effect: '{{ e }}', Action: 's3:GetObject', Resource: '*'}]\n"),
        ("Jinja", "policy.yaml", "Statement:\n  - Effect: {{ e }}\n    Action: s3:GetObject\n    Resource: '*'\n"),
        ("Jinja", "policy.json", policy(Action="{{ action }}", Resource="{{ arn }}")),
    ],
)
def test_what_a_file_is_written_for_is_said_once_and_is_no_error(dialect: str, file: str, text: str) -> None:
    findings = lint_bytes(text.encode(), file)
    assert [] == [one for one in findings if one.severity == "error"]
    assert [True] == [dialect in one.message for one in findings if one.rule == "R143"]


@pytest.mark.parametrize(
    ("first", "second"),
    [('"{{ a }}"', '"{{ b }}"'), ("{{ a }}", "{{ b }}"), ('"<a>"', '"<b>"'), ('"${a}"', '"${b}"'), ("${a}", "${b}")],
)
def test_statements_in_which_different_places_are_filled_in_are_different(first: str, second: str) -> None:
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": PLACE}'
    different = ", ".join(statement.replace("PLACE", place) for place in (first, second))
    assert [] == of("R604", f'{{"Statement": [{different}]}}')
    equal = ", ".join(statement.replace("PLACE", place) for place in (first, first))
    assert 1 == len(of("R604", f'{{"Statement": [{equal}]}}'))


def test_a_file_whose_statements_all_have_principals_is_the_policy_of_a_resource() -> None:
    by_account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}
    by_anyone = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::data/*"}
    statements = [{**by_account, "Resource": "*"}, by_anyone]
    assert [] == of("R114", json.dumps({"Version": "2012-10-17", "Statement": statements}))


def test_a_list_of_resources_that_a_template_includes_is_no_policy() -> None:
    assert (
        lint_found(b"TargetEvent: {Type: AWS::Events::EventBus}\nStatements: {Type: AWS::SQS::Queue}\n", "a.yml")
        is None
    )


def test_mistakes_beside_what_a_tool_fills_in_are_found() -> None:
    text = f"Resources:\n  Site:\n    Type: {{{{ kind }}}}\n{TRUST}"
    assert ("R138", "error", 10) in found(text.replace("lambda.amazonaws.com", "lamdba.amazonaws.com"), "t.yaml")


def test_mistakes_within_a_loop_of_a_helm_chart_are_found() -> None:
    text = (
        "Statement:\n  {{- range .Values.queues }}\n  - Effect: Allow\n    Action: sqs:SendMesage\n"
        "    Resource: {{ .arn | quote }}\n  {{- end }}\n"
    )
    assert {("R202", "error", 4), ("R143", "note", 1)} <= set(found(text, "policy.yaml"))


def test_what_stays_unreadable_after_its_language_is_put_aside_says_so() -> None:
    (one,) = lint_bytes(b"{{ header }}\n{% for x in y %}\n- [\n{% endfor %}\n", "policy.yaml.j2")
    assert ("R143", "warning") == (one.rule, one.severity)
    assert one.message.startswith("policy.yaml.j2 cannot be read before it is filled in: ")


def test_places_that_a_tool_fills_in_are_said_once_in_a_policy() -> None:
    names = [f"arn:aws:sqs:${{aws_region}}:${{account_id}}:q{number}" for number in range(9)]
    text = policy(Action="sqs:SendMessage", Resource=names)
    (one,) = of("R143", text)
    tool = "Terraform's templatefile or envsubst (${aws_region})"
    assert ("note", f"this file is written for {tool}: what that puts in is not looked at") == (
        one.severity,
        one.message,
    )
    assert [] == [one for one in lint_bytes(text.encode(), "policy.json") if one.severity == "error"]


def test_a_reference_whose_name_a_tool_fills_in_is_closed() -> None:
    text = (
        "Resources:\n  {{ name }}Policy:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n"
        "        Statement:\n          - Effect: Allow\n            Action: sqs:SendMessage\n"
        "            Resource: !GetAtt {{ name }}Queue.Arn\n"
    )
    assert [] == of("R127", text, "template.yaml")


def test_a_trust_policy_whose_action_is_a_parameter_may_let_lambda_in() -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": {"Ref": "Action"}}
        ],
    }
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    template = {"Parameters": {"Action": {"Type": "String"}}, "Resources": resources}
    assert [] == of("R705", json.dumps(template), "template.json")


def test_what_is_proposed_has_one_wildcard_for_the_last_part() -> None:
    machine = "arn:aws:states:eu-west-1:111122223333:execution:Orders"
    (finding,) = of("R302", policy(Action="states:StopExecution", Resource=f"{machine}/*"))
    assert f"did you mean '{machine}:*'?" == finding.hint


def test_an_action_that_knows_the_tags_of_a_resource_is_not_sure_to_know_none() -> None:
    access_point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/orders"
    assert ["warning"] == [
        finding.severity for finding in of("R301", policy(Action="s3:GetAccessPoint", Resource=access_point))
    ]


def test_the_policy_in_an_authorizer_s_answer_is_looked_at() -> None:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:s3:::a"}
    answer = {"principalId": "a", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "context": {}}
    text = json.dumps(answer)
    assert ([], [], 1) == (of("R110", text), of("R111", text), len(of("R303", text)))


def test_what_the_serverless_framework_declares_is_no_unknown_reference() -> None:
    text = (
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
        "    Properties: {DisplayName: !Ref ApiGatewayRestApi}\n"
    )
    assert [("R143", "note", 1)] == [finding for finding in found(text, "resources.yml") if finding[0] != "R401"]
    assert [] == of("R401", text, "resources.yml")


@pytest.mark.parametrize("action", ["dyn?modb:GetItem", "s?:GetObject", "dyn*:GetItem"])
def test_a_wildcard_in_a_service_is_refused_whichever_sign_it_is(action: str) -> None:
    (finding,) = of("R204", policy(Action=action, Resource="*"))
    assert f"'{action}' has a wildcard in its service: IAM refuses it" == finding.message


@pytest.mark.parametrize(("name", "count"), [("orders-b", 1), ("orders-a", 0)])
def test_a_bucket_policy_that_names_its_bucket_by_reference_is_of_no_other_bucket(name: str, count: int) -> None:
    text = (
        "Resources:\n  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: orders-a}}\n  Policy:\n"
        "    Type: AWS::S3::BucketPolicy\n    Properties:\n      Bucket: !Ref Bucket\n      PolicyDocument:\n"
        "        Version: '2012-10-17'\n        Statement:\n          - Effect: Allow\n"
        "            Principal: {AWS: 'arn:aws:iam::111122223333:root'}\n            Action: s3:GetObject\n"
        f"            Resource: arn:aws:s3:::{name}/*\n"
    )
    assert count == len(of("R308", text, "template.yaml"))


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (["AWS::Region"], "error"),
        (["AWS::Region", "AWS::AccountId", "Queue.Arn"], "warning"),
    ],
)
def test_references_of_cloudformation_in_a_policy_file_are_said_once(names: list[str], severity: str) -> None:
    resources = [f"arn:aws:sqs:eu-west-1:111122223333:{number}-${{{name}}}" for name in names for number in range(3)]
    (finding,) = of("R129", policy(Action="sqs:SendMessage", Resource=resources))
    assert severity == finding.severity
    others = len(resources) - 1
    assert finding.message.endswith(f" is literal text: nothing replaces it, nor {others} more of this policy")


def test_the_attribute_of_a_custom_resource_may_be_a_whole_principal() -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Fn::GetAtt": ["Who", "Principal"]}, "Action": "sts:AssumeRole"}
        ],
    }
    resources = {
        "Who": {"Type": "Custom::Principal", "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:1:function:w"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
    }
    assert [] == of("R138", json.dumps({"Resources": resources}), "template.json")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("!GetAZs !Ref AWS::Region", "write the outer function in full"),
        ("the data LIF (e.g.: 10.0)", "put the text that holds `: ` in quotes"),
        ("{{resolve:ssm:name}}", "put a text that begins with { in quotes"),
    ],
)
def test_what_yaml_cannot_read_says_how_to_write_it(value: str, hint: str) -> None:
    text = f"Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: {value}\n"
    (finding,) = of("R001", text, "template.yaml")
    assert (True, 5) == (hint in (finding.hint or ""), finding.line)


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("s3:GetFoo*", "nearest: `s3:GetObject`"),
        ("sqs:Break*", "`remit explain 'sqs:*'` lists its actions"),
        ("sqs:Recieve*", "nearest: `sqs:Receive*`"),
    ],
)
def test_no_pattern_is_proposed_that_means_much_more(action: str, hint: str) -> None:
    (finding,) = of("R203", policy(Action=action, Resource="*"))
    assert hint == finding.hint


def test_tokens_of_the_cdk_are_said_once() -> None:
    text = policy(Action="sqs:SendMessage", Resource="arn:aws:sqs:${Token[AWS.Region.4]}:${Token[AWS.AccountId.9]}:q")
    assert [("R143", "note", 1)] == [one for one in found(text) if one[0] == "R143" or one[1] != "note"]


def test_forgotten_substitutions_are_said_once_in_a_policy() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "{account}", "aws:RequestedRegion": "{region}"}}
    text = policy(Action="sqs:*", Resource="arn:aws:sqs:{region}:{account}:orders", Condition=condition)
    (one,) = [one for one in lint_bytes(text.encode(), "policy.json") if one.severity == "error"]
    around = "'{region}' in 'arn:aws:sqs:{region}:{account}:orders'"
    assert f"{around} is a placeholder: nothing replaces it, nor 3 more of this policy" == one.message


@pytest.mark.parametrize("account", ["ACCOUNT_ID", "YOUR-ACCOUNT"])
def test_a_policy_whose_program_replaces_words_is_a_note(account: str) -> None:
    """`ACCOUNT_ID` stands in files that a program fills in; nobody can tell from the file."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "iam:GetRole", "Resource": f"arn:aws:iam::{account}:role/ROLE"},
            {"Effect": "Allow", "Action": "iam:GetUser", "Resource": f"arn:aws:iam::{account}:user/USER"},
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:REGION:{account}:orders"},
        ],
    }
    findings = [item for item in lint_bytes(json.dumps(policy).encode(), "policy.json") if item.rule == "R129"]
    message = f"this policy is a pattern for people to fill in ({account} and 1 more)"
    assert [("note", message)] == [(item.severity, item.message.partition(":")[0]) for item in findings]


@pytest.mark.parametrize("action", ["sqs:SendMessage", "<action>"])
def test_a_policy_for_people_to_fill_in_is_a_note(action: str) -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "<my-org-id>"}}
    text = policy(Action=action, Resource="arn:aws:sqs:<region>:111122223333:orders", Condition=condition)
    findings = [
        one for one in lint_bytes(text.encode(), "policy.json") if one.rule == "R129" or one.severity == "error"
    ]
    count = 2 if action == "<action>" else 1
    first = "<action>" if action == "<action>" else "<region>"
    message = (
        f"this policy is a pattern for people to fill in ({first} and {count} more): what they put in is not looked"
    )
    assert [("note", message)] == [(one.severity, one.message[: len(message)]) for one in findings]


def test_a_template_with_a_placeholder_of_people_is_not_yet_right() -> None:
    text = f"Resources:\n{TRUST}      Policies:\n        - PolicyName: p\n          PolicyDocument:\n"
    text += '            Statement: {Effect: Allow, Action: "sqs:*", Resource: "arn:aws:sqs:<region>:111122223333:q"}\n'
    assert "error" in [one[1] for one in found(text, "template.yaml") if one[0] == "R129"]


def test_a_part_of_a_template_names_what_the_whole_declares_once() -> None:
    text = (
        f"Resources:\n{TRUST}      Tags: [{{Key: a, Value: !Ref WebAclZone}}, {{Key: b, Value: !GetAtt Kitchen.Arn}}]\n"
    )
    assert [("R401", "warning", 9)] == [one for one in found(text, "part.yaml") if one[0] == "R401"]
    whole = f"AWSTemplateFormatVersion: '2010-09-09'\n{text}"
    assert [("R401", "error", 10)] * 2 == [one for one in found(whole, "whole.yaml") if one[0] == "R401"]


@pytest.mark.parametrize(
    "text",
    [
        "version: 0.0\nResources:\n  - TargetService: {Type: AWS::ECS::Service}\n",
        '[{"PolicyName": "orders", "PolicyDocument": {"Statement": []}}]',
        "{}",
        '{"Version": "1.2.0"}',
        '{"Id": "a", "Version": "1.2.0"}',
    ],
)
def test_a_list_of_other_things_in_a_folder_is_no_template_and_no_policy(text: str) -> None:
    assert lint_found(text.encode(), "some.yaml") is None


STATEMENT = {"Effect": "Allow", "Action": "nosuch:Do", "Resource": "*"}


@pytest.mark.parametrize(
    "value",
    [
        [STATEMENT],
        [{"Statement": [STATEMENT]}],
        [1, {"Statement": [STATEMENT]}],
        {"AWSTemplateFormatVersion": "2010-09-09", "Resources": [STATEMENT]},
    ],
)
def test_a_list_of_policies_or_statements_in_the_place_of_one_is_told(value: object) -> None:
    found = lint_found(json.dumps(value).encode(), "some.json") or ()
    assert [finding.rule for finding in found] == ["R103"]


def test_a_property_that_a_macro_takes_is_no_error() -> None:
    text = f"Transform: [RoleBuilder]\nResources:\n{TRUST}      Permissions: [a]\n"
    assert [("R402", "warning", 10)] == [one for one in found(text, "t.yaml") if one[0] == "R402"]


CDK_STREAM = ["DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards", "SubscribeToShard"]


@pytest.mark.parametrize(
    ("actions", "resource"),
    [
        (
            [f"kinesis:{name}" for name in (*CDK_STREAM, "DescribeStream", "DescribeStreamConsumer", "ListStreams")],
            "arn:aws:kinesis:eu-west-1:111122223333:stream/orders",
        ),
        (
            [f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")],
            "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000",
        ),
        (
            ["ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters"],
            "arn:aws:ssm:eu-west-1:111122223333:parameter/orders",
        ),
    ],
)
def test_what_a_grant_of_the_cdk_lists_is_no_error(actions: list[str], resource: str) -> None:
    text = policy(Action=actions, Resource=resource)
    assert set() == {one[:2] for one in found(text) if one[1] != "note"}


def test_an_action_on_the_wrong_resource_without_the_rest_of_the_grant_is_an_error() -> None:
    text = policy(Action="kinesis:SubscribeToShard", Resource="arn:aws:kinesis:eu-west-1:111122223333:stream/orders")
    assert [("R302", "error", 1)] == found(text)


def test_a_key_of_a_family_without_its_name_is_completed() -> None:
    text = policy(Action="kms:Decrypt", Resource="*", Condition={"StringEquals": {"kms:EncryptionContext": "orders"}})
    assert ["did you mean `kms:EncryptionContext:KEY`?"] == [one.hint for one in of("R502", text)]


def test_a_principal_of_a_part_of_a_service_is_known() -> None:
    text = policy(Action="sts:AssumeRole", Principal={"Service": "monitoring.rds.amazonaws.com"})
    assert [] == of("R138", text)


def test_a_policy_that_denies_everyone_on_resources_is_no_trust_policy() -> None:
    text = policy(Effect="Deny", Principal="*", Action="sts:AssumeRoleWithSAML", Resource="*")
    assert [] == of("R107", text) + of("R138", text)


def test_a_name_that_may_begin_with_a_slash_fits() -> None:
    text = f"Resources:\n  Last: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: a}}}}\n{TRUST}"
    statement = "{Effect: Allow, Action: 'ssm:GetParameter', Resource: !Sub 'arn:aws:ssm:*:*:parameter${Last}'}"
    text += (
        f"      Policies: [{{PolicyName: a, PolicyDocument: {{Version: '2012-10-17', Statement: [{statement}]}}}}]\n"
    )
    assert [] == of("R302", text, "t.yaml")


def test_an_action_that_changes_what_the_resource_is_named_after_is_not_sure_to_know_no_resources() -> None:
    text = policy(Action="lambda:PassNetworkConnector", Resource="arn:aws:lambda:*:*:network-connector:*")
    assert ["warning"] == [one.severity for one in of("R301", text)]


def test_a_policy_of_a_template_counts_the_shortest_values() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arns = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{number:03}"} for number in range(49)]
    trust = {"Statement": [{**statement, "Condition": {"ArnLike": {"aws:SourceArn": arns}}}]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    assert [] == of("R601", json.dumps({"Resources": {"Role": role}}), "t.json")


def test_a_number_is_text_as_the_sid_of_a_template() -> None:
    text = f"Resources:\n{TRUST}".replace("{Effect", "{Sid: 1, Effect")
    assert [] == of("R103", text, "t.yaml")


def test_a_template_with_more_policies_than_any_may_have_says_how_far_it_was_looked_at() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:A"}]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    text = json.dumps({"Resources": {f"Role{number}": role for number in range(1_600)}}, indent=1)
    assert "the policies of its first 1,500 resources are looked at, and not of the other 100" in [
        one.message for one in of("R001", text, "template.json")
    ]


def test_a_plan_with_more_policies_than_are_looked_at_says_how_far_it_was() -> None:
    trust = policy(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    role = {"address": "aws_iam_role.r", "type": "aws_iam_role", "values": {"assume_role_policy": trust}}
    plan = {"planned_values": {"root_module": {"resources": [role] * 1_600}}}
    assert [one.message for one in of("R001", json.dumps(plan), "plan.json")] == [
        "the policies of its first 1,500 resources are looked at, and not of the other 100"
    ]


@in_all_cases
def test_a_large_file_of_yaml_is_looked_at_as_far_as_it_is_read() -> None:
    statement = f"  - {TYPO}\n"
    rest = '  - {Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}\n' * 35_000
    findings = lint_bytes(f"Statement:\n{statement}{rest}".encode(), "policy.yaml")
    messages = [one.message.partition(" characters: ")[2] for one in findings if one.rule == "R001"]
    assert "its first 32,258 lines of 35,002 are looked at" in messages


PLAN = {
    "terraform_version": "1.9.0",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_role.orders",
                    "type": "aws_iam_role",
                    "values": {
                        "assume_role_policy": policy(
                            Action="sts:AssumeRole", Principal={"Service": "lamdba.amazonaws.com"}
                        ),
                        "inline_policy": [{"policy": policy(Action="s3:GetObjectt", Resource="*")}],
                    },
                },
                {
                    "address": "aws_lambda_function.orders",
                    "type": "aws_lambda_function",
                    "values": {"environment": [{"variables": {"KEY": "AKIA" + "IOSFODNN7REALKEY"}}]},
                },
            ]
        }
    },
}


def test_the_policies_and_variables_of_a_terraform_plan_are_looked_at() -> None:
    findings = lint_bytes(json.dumps(PLAN).encode(), "plan.json")
    assert [
        ("R138", "aws_iam_role.orders"),
        ("R202", "aws_iam_role.orders"),
        ("R701", "variable KEY of aws_lambda_function.orders is an AWS access key"),
    ] == sorted((one.rule, one.message.partition(": ")[0]) for one in findings if one.severity == "error")


def data_source(*blocks: dict[str, Any]) -> str:
    """A plan with a data source that is read during the apply: what is unknown is null, or not there."""
    source = {
        "address": "data.aws_iam_policy_document.app",
        "mode": "data",
        "type": "aws_iam_policy_document",
        "values": {"statement": list(blocks), "version": None},
    }
    return json.dumps({"planned_values": {"root_module": {"resources": [source]}}})


def test_a_policy_of_a_data_source_that_is_read_during_the_apply_is_looked_at_as_far_as_it_is_known() -> None:
    of_table = {"actions": ["dynamodb:PutItm"], "resources": [None]}
    of_object = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::data/&{aws:usrname}"]}
    misspelt = {"test": "StringEqual", "variable": "aws:SourceVpc", "values": [None]}
    of_key = {"actions": ["kms:Decrypt"], "effect": "Deny", "condition": [misspelt]}
    findings = lint_bytes(data_source(of_table, of_object, of_key).encode(), "plan.json")
    assert [(one.rule, one.hint) for one in findings if one.severity != "note"] == [
        ("R128", "did you mean `${aws:username}`?"),
        ("R202", "did you mean `dynamodb:PutItem`?"),
        ("R501", "did you mean `StringEquals`?"),
    ]
    assert findings[0].message.startswith("data.aws_iam_policy_document.app: ")


def test_what_a_statement_of_a_data_source_excepts_stands_for_what_it_does_not_name() -> None:
    excepting = {"effect": "Deny", "not_actions": ["s3:GetObjct"], "not_resources": ["arn:aws:s3:::scratch/*"]}
    (finding,) = lint_bytes(data_source(excepting).encode(), "plan.json")
    assert "did you mean `s3:GetObject`?" == finding.hint


@pytest.mark.parametrize(
    ("principals", "resources", "rules"),
    [
        ([{"type": "Service", "identifiers": ["lambda.amazon.com"]}], None, ["R138"]),
        ([{"type": "AWS", "identifiers": [None]}], None, []),
        ([{"type": "Federated"}], None, []),
        ([{"type": "*", "identifiers": ["*"]}], [None], ["R216"]),
    ],
)
def test_the_principals_of_a_data_source_tell_of_which_kind_its_policy_is(
    principals: list[dict[str, Any]], resources: list[None] | None, rules: list[str]
) -> None:
    actions = ["sts:AssumeRole"] if resources is None else ["s3:GetObject"]
    block = {"actions": actions, "principals": principals, "resources": resources}
    findings = lint_bytes(data_source(block).encode(), "plan.json")
    assert [one.rule for one in findings if one.severity != "note"] == rules


def test_what_is_no_module_of_a_plan_is_unreadable() -> None:
    assert [("R001", "error", 1)] == found('{"planned_values": {"root_module": 1}}', "plan.json")


@pytest.mark.parametrize(
    ("action", "severity"),
    [("sso-directory:SearchGroupsWithGroupName", "warning"), ("s3:Xyzzy", "error"), ("sso:ListInstancess", "error")],
)
def test_an_action_that_resembles_none_is_no_error_where_a_service_has_undocumented_ones(
    action: str, severity: str
) -> None:
    assert [severity] == [one.severity for one in of("R202", policy(Action=action, Resource="*"))]


def test_what_a_tool_fills_in_within_a_sub_of_a_policy_file_is_no_unknown_reference() -> None:
    text = """
- Effect: Allow
  Action: kms:CreateAlias
  Resource: !Sub "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:alias/${Env}*"
- Effect: Allow
  Action: kms:DescribeKey
  Resource: "arn:aws:kms:eu-west-1:111122223333:key/${env}"
"""
    policy_text = f'Version: "2012-10-17"\nStatement:{text}'
    assert [] == [item.message for item in lint_bytes(policy_text.encode(), "policy.yaml") if item.severity == "error"]


def role_with(**properties: Any) -> bytes:
    """A template of one role, with these properties."""
    trust = json.loads(policy(Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, **properties}}
    return json.dumps({"Resources": {"Role": role}, "Parameters": {"Name": {"Type": "String"}}}).encode()


def test_a_managed_policy_by_a_dynamic_reference_is_known_to_the_deploy_alone() -> None:
    template = role_with(ManagedPolicyArns=["{{resolve:ssm:/team/policy:2}}"])
    assert [] == [item.message for item in lint_bytes(template, "template.json") if item.rule == "R706"]


@pytest.mark.parametrize("key", ["file", "$ref"])
def test_a_document_that_a_tool_takes_from_a_file_is_a_note(key: str) -> None:
    template = role_with(Policies=[{"PolicyName": "orders", "PolicyDocument": {key: "./policies/orders.yaml"}}])
    message = "the policy document is taken from './policies/orders.yaml' by a tool: what stands there is not looked at"
    findings = lint_bytes(template, "template.json")
    assert [("R110", "note", message)] == [(item.rule, item.severity, item.message) for item in findings]


def test_braces_of_code_are_not_references() -> None:
    """An f-string of Python's in a function's code; in a line of text it may well be a slip."""
    code = {"Fn::Sub": "def handler(event, context):\n    Name = '${Name}'\n    return f'{Name}'\n"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": code}, "Role": "x", "Runtime": "x"}}
    template = {"Resources": {"Function": function}, "Parameters": {"Name": {"Type": "String"}}}
    findings = lint_bytes(json.dumps(template).encode(), "template.json")
    assert [] == [item.message for item in findings if item.rule == "R401"]


@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_a_policy_of_updates_is_a_stack_policy_whichever_way_it_names_them(element: str) -> None:
    statement = {"Effect": "Deny", element: "Update:Replace", "Principal": "*", "Resource": "LogicalResourceId/Table"}
    assert [] == found(json.dumps({"Statement": [statement]}))


@pytest.mark.parametrize(("kind", "severity"), [("stateMachine", None), ("activity", None), ("execution", "error")])
def test_an_answer_to_a_task_is_allowed_on_the_machine_or_the_activity(kind: str, severity: str | None) -> None:
    """The reference names no resource for it; Step Functions names one where it denies."""
    resource = f"arn:aws:states:eu-west-1:111122223333:{kind}:orders"
    findings = found(policy(Action="states:SendTaskSuccess", Resource=resource))
    assert severity == next((name for _, name, _ in findings if name != "note"), None)


@pytest.mark.parametrize(("kind", "severities"), [("AWSQS::EKS::Cluster", []), ("AWSS::EKS::Cluster", ["error"])])
def test_a_type_of_an_extension_is_no_slip(kind: str, severities: list[str]) -> None:
    text = json.dumps({"Resources": {"Cluster": {"Type": kind, "Properties": {}}}})
    assert severities == [item.severity for item in lint_bytes(text.encode(), "t.json") if item.rule == "R402"]


def test_a_reference_in_the_place_of_a_service_resembles_none() -> None:
    text = granted_on('!Sub "arn:aws:${AWS::Region}:*::foundation-model/*"')
    hints = [item.hint for item in lint_bytes(text.encode(), "t.yaml") if item.rule == "R126"]
    assert ["the third part of an ARN is the service"] == hints


def test_a_bare_variable_in_the_place_of_a_json_value_is_of_another_tool() -> None:
    """As envsubst and Python's string.Template have it: `"Statement": [$STATEMENT]`."""
    statement = '{"Effect": "Allow", "Action": "s3:Get", "Resource": "*"}'
    text = f'{{"Version": "2012-10-17", "Statement": [$STATEMENT,\n{statement}]}}'
    assert [("R143", "note", 1), ("R202", "error", 2)] == found(text)
