"""The roles of CloudFormation and SAM templates: statements with their lines, attachments, boundaries, conditions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from effort import calls_of
from remit.app import Resource
from remit.documents.read import ParsedFile
from remit.errors import Origin, RemitError
from remit.iam.comparison import StatementLocation
from remit.iam.policy import Globs, parse, render_statement
from remit.template.policy_documents import services
from remit.template.policy_files import read_side
from remit.template.role_resources import bearing, made_together, part, targets_in, units, with_targets_of
from remit.template.roles import roles_of, roles_where
from remit.template.sam.domains import authorizer_permissions
from remit.template.sam.resources import SamResource
from role_readers import read_policy, read_roles, read_template

if TYPE_CHECKING:
    from remit.template.roles import FileRoles

FOLDER = Path(__file__).with_name("data")


def read_file(name: str) -> FileRoles:
    path = FOLDER / name
    return read_roles(path.read_bytes(), path.name)


def told(read: FileRoles, role: str) -> list[tuple[str, str, int]]:
    """The statements of a role: effect and actions, reason, line."""
    found = next(one for one in read.roles if one.logical_id == role)
    return [
        (
            f"{one.statement.effect} {' '.join(one.statement.actions.patterns)}",
            one.because,
            one.origin.line if one.origin else 0,
        )
        for one in found.grants
    ]


def test_every_statement_of_a_role_has_its_line_and_what_put_it_there() -> None:
    assert told(read_file("template.yaml"), "Worker") == [
        ("Allow sns:Publish", "", 29),
        ("Allow s3:GetObject s3:PutObject", "if Wide", 34),
        ("Allow s3:GetObject", "unless Wide", 34),
        ("Allow iam:GetUser", "if Wide", 40),
        ("Allow sqs:SendMessage", "ManagedPolicy Shared", 45),
        ("Deny sns:Publish", "Policy Attached", 55),
        ("Allow ses:SendEmail", "RolePolicy Own if Wide", 62),
    ]


def test_a_number_that_is_a_sid_is_text_as_cloudformation_makes_it() -> None:
    text = (FOLDER / "template.yaml").read_text("utf-8")
    numbered = text.replace(
        "                Action: sns:Publish\n", "                Action: sns:Publish\n                Sid: 7\n", 1
    )
    worker = next(role for role in read_roles(numbered.encode(), "template.yaml").roles if role.logical_id == "Worker")
    assert worker.grants[0].statement.sid == "7"


def test_what_is_certain_is_put_in_and_the_rest_stays_late_bound() -> None:
    """A mapping by a parameter with one allowed value; not a parameter that has a default only."""
    worker = next(one for one in read_file("template.yaml").roles if one.logical_id == "Worker")
    assert [one.statement.resources.patterns for one in worker.grants[:3] if one.statement.resources] == [
        ("arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:orders-prod",),
        ("*",),
        ("arn:${AWS::Partition}:s3:::${Bucket}/*",),
    ]


def test_a_document_without_a_version_has_the_old_one_in_which_variables_are_text() -> None:
    worker = next(one for one in read_file("template.yaml").roles if one.logical_id == "Worker")
    assert [one.version for one in worker.grants] == ["2012-10-17"] * 3 + ["2008-10-17"] + ["2012-10-17"] * 3


def test_a_role_is_whole() -> None:
    read = read_file("template.yaml")
    worker = next(one for one in read.roles if one.logical_id == "Worker")
    assert worker.functions == ("Function", "BySub", "Machine")
    assert worker.managed == (
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    )
    assert worker.trusts == ("lambda.amazonaws.com",)
    assert worker.trust is not None
    assert worker.trust.statements[0].principals is not None
    assert worker.trust.statements[0].principals.patterns[1] == ("AWS", "arn:aws:iam::111122223333:root")
    assert (str(worker.trust_origin), str(worker.origin)) == ("template.yaml:13:7", "template.yaml:10:3")


def test_a_boundary_that_the_template_makes_can_be_read() -> None:
    read = read_file("template.yaml")
    worker = next(one for one in read.roles if one.logical_id == "Worker")
    assert worker.boundary == "${Limit}"
    assert [render_statement(one)["Action"] for one in read.documents["${Limit}"].statements] == [
        ["sns:*", "s3:GetObject"]
    ]


def test_policies_for_a_role_that_the_template_does_not_make_are_a_role_of_that_name() -> None:
    read = read_file("template.yaml")
    assert told(read, "elsewhere") == [("Deny sns:Publish", "Policy Attached", 55)]
    assert [(user.kind, user.name) for user in read.users] == [("user", "u")]


def test_a_role_says_whether_and_when_the_template_makes_it() -> None:
    role = {"Type": "AWS::IAM::Role", "Condition": "IsProd", "Properties": {}}
    kept = {"Type": "AWS::IAM::Role", "DeletionPolicy": "Retain", "DependsOn": "Policy"}
    document = {"Statement": [statement("s3:GetObject")]}
    policy = {"PolicyName": "p", "PolicyDocument": document, "Roles": ["elsewhere"]}
    resources = {"Mine": role, "Kept": kept, "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}
    template = {"Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}, "Resources": resources}
    roles = read_roles(json.dumps(template).encode(), "template.json").roles
    made_if = "it is there only if IsProd"
    outside = "the template does not make this role: it only attaches these policies to it"
    assert [(role.logical_id, role.condition, role.only_attached_to, role.notes) for role in roles] == [
        ("Mine", "IsProd", False, (made_if,)),
        ("Kept", None, False, ()),
        ("elsewhere", None, True, (outside,)),
    ]


def test_a_function_of_sam_has_the_role_that_sam_makes_at_the_lines_that_ask_for_it() -> None:
    everything = told(read_file("sam/policies.yaml"), "EverythingRole")
    assert [(actions.split(" ")[1], because, line) for actions, because, line in everything[:5]] == [
        ("s3:GetObject", "SAM's S3ReadPolicy", 24),
        ("dynamodb:GetItem", "SAM's DynamoDBCrudPolicy", 25),
        ("sqs:SendMessage", "", 31),
        ("sqs:*", "", 32),
        ("ses:*", "if IsProd", 33),
    ]
    assert told(read_file("sam/policies.yaml"), "NoPoliciesRole") == [
        ("Allow sqs:SendMessage", "SAM adds it for DeadLetterQueue", 52)
    ]


def test_a_condition_takes_one_way_throughout_a_statement() -> None:
    statement = {
        "Effect": "Allow",
        "Action": {"Fn::If": ["A", "s3:GetObject", "s3:PutObject"]},
        "Resource": {"Fn::If": ["A", "arn:aws:s3:::a/*", {"Fn::If": ["B", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"]}]},
    }
    read = of_role({"Policies": [inline(statement)]})
    assert [
        (*one.statement.actions.patterns, *one.statement.resources.patterns)
        for one in read.roles[0].grants
        if one.statement.resources
    ] == [
        ("s3:GetObject", "arn:aws:s3:::a/*"),
        ("s3:PutObject", "arn:aws:s3:::b/*"),
        ("s3:PutObject", "arn:aws:s3:::c/*"),
    ]


@pytest.mark.parametrize(
    ("principal", "services"),
    [
        ({"Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"], "AWS": "*"}},
         ("lambda.amazonaws.com", "edgelambda.amazonaws.com")),
        ({"NotPrincipal": {"Service": "lambda.amazonaws.com"}}, ()),
    ],
)  # fmt: skip
def test_a_role_trusts_the_services_that_an_allow_names(principal: dict[str, Any], services: tuple[str, ...]) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **principal}]}
    assert of_role({"AssumeRolePolicyDocument": trust}).roles[0].trusts == services


def test_a_condition_that_holds_outside_holds_inside() -> None:
    inner = {"Fn::If": ["A", inline(statement("s3:GetObject")), inline(statement("s3:PutObject"))]}
    read = of_role({"Policies": [{"Fn::If": ["A", inner, {"Ref": "AWS::NoValue"}]}]})
    assert told(read, "R") == [("Allow s3:GetObject", "if A", 1)]


def test_a_parameter_of_one_value_is_put_in_unless_a_substitution_s_own_variable_hides_it() -> None:
    own = {"Fn::Sub": ["arn:aws:s3:::${Stage}/*", {"Stage": "mine"}]}
    plain = {"Fn::Sub": "arn:aws:s3:::${Stage}/*"}
    template = {
        "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["prod"]}},
        "Resources": {
            "R": {
                "Type": "AWS::IAM::Role",
                "Properties": {"Policies": [inline(statement("s3:GetObject", own), statement("s3:PutObject", plain))]},
            }
        },
    }
    (role,) = read_template(json.dumps(template).encode(), "t.json").roles
    assert [one.statement.resources.patterns for one in role.grants if one.statement.resources] == [
        ("arn:aws:s3:::mine/*",),
        ("arn:aws:s3:::prod/*",),
    ]


NAMED = "arn:{}:iam::${{AWS::AccountId}}:policy/teams/shared"


@pytest.mark.parametrize(
    "named",
    [
        {"Ref": "P"},
        {"Fn::GetAtt": ["P", "PolicyArn"]},
        {"Fn::Sub": NAMED.format("aws")},
        {"Fn::Sub": NAMED.format("${AWS::Partition}")},
    ],
)
def test_a_managed_policy_of_the_template_is_known_by_each_text_that_names_it(named: dict[str, Any]) -> None:
    document = inline(statement("s3:GetObject"))["PolicyDocument"]
    own = {"ManagedPolicyName": "shared", "Path": "/teams/", "PolicyDocument": document}
    listing, bounded = {"ManagedPolicyArns": [named]}, {"PermissionsBoundary": named}
    template = {
        "Resources": {
            "P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": own},
            "R": {"Type": "AWS::IAM::Role", "Properties": listing},
            "B": {"Type": "AWS::IAM::Role", "Properties": bounded},
        }
    }
    read = read_template(json.dumps(template).encode(), "t.json")
    assert (told(read, "R"), read.roles[0].managed) == ([("Allow s3:GetObject", "ManagedPolicy P", 1)], ())
    assert [policy.name for policy in read.roles[0].policies] == ["${P}"]
    assert read.documents[str(read.roles[1].boundary)] == parse(document)
    assert read.held_policies == {"P"}


def test_a_policy_of_which_a_part_stands_elsewhere_is_no_whole_document_and_whoever_has_it_is_told() -> None:
    included = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/more.json"}}}
    document = {"Version": "2012-10-17", "Statement": [statement("s3:GetObject"), included]}
    template = {
        "Resources": {
            "P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
            "R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "P"}]}},
        }
    }
    read = read_template(json.dumps(template).encode(), "t.json")
    assert told(read, "R") == [("Allow s3:GetObject", "ManagedPolicy P", 1)]
    assert read.documents == {}
    (note,) = read.roles[0].notes
    assert note.startswith("what P says is known at the deploy only: ")


def test_what_runs_under_a_role_names_it_by_reference_arn_or_an_arn_that_ends_with_its_name() -> None:
    roles = {
        "ByRef": {"Fn::GetAtt": ["R", "Arn"]},
        "ByName": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/teams/worker"},
        "BySub": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/teams/${R}"},
        "Other": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/teams/other"},
        "Imported": {"Fn::Sub": "${Prefix}/worker"},
        "Elsewhere": "arn:aws:iam::111122223333:role/else",
    }
    functions = {name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": role}} for name, role in roles.items()}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "worker", "Path": "/teams/"}}
    read = read_template(json.dumps({"Resources": {"R": role, **functions}}).encode(), "t.json")
    assert read.roles[0].functions == ("ByRef", "ByName", "BySub")
    assert read.others == {
        "Other": "arn:aws:iam::${AWS::AccountId}:role/teams/other",
        "Imported": "${Prefix}/worker",
        "Elsewhere": "arn:aws:iam::111122223333:role/else",
    }


def test_what_runs_under_one_of_two_roles_runs_under_both() -> None:
    chosen = {"Fn::If": ["IsProd", {"Fn::GetAtt": ["A", "Arn"]}, {"Fn::GetAtt": ["B", "Arn"]}]}
    resources = {name: {"Type": "AWS::IAM::Role", "Properties": {}} for name in "AB"}
    resources["F"] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": chosen}}
    template = {"Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}}, "Resources": resources}
    read = read_template(json.dumps(template).encode(), "t.json")
    assert {"A": ("F",), "B": ("F",)} == {role.logical_id: role.functions for role in read.roles}


def test_an_inline_policy_that_is_a_name_is_refused_with_where_it_belongs() -> None:
    with pytest.raises(RemitError) as caught:
        of_role({"Policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]})
    assert caught.value.hint == "a managed policy stands in ManagedPolicyArns"


def test_a_holder_that_the_template_does_not_make_stands_at_the_first_policy_for_it() -> None:
    policies = {name: policy_of_a("elsewhere", {"Statement": statement("s3:*")}) for name in ("First", "Second")}
    read = read_template(json.dumps({"Resources": policies}, indent=1).encode(), "t.json")
    assert [role.origin and role.origin.line for role in read.roles] == [3]


@pytest.mark.parametrize("written", [json.dumps, lambda document: f"\n  {json.dumps(document)}"])
def test_a_document_in_text_may_begin_with_blanks_where_sub_fills_it(written: Any) -> None:
    document = written({"Version": "2012-10-17", "Statement": [statement("s3:*", "${Data.Arn}")]})
    (role,) = of_role({"Policies": [{"PolicyName": "p", "PolicyDocument": {"Fn::Sub": document}}]}).roles
    assert [grant.statement.resources for grant in role.grants] == [Globs(("${Data.Arn}",))]


@pytest.mark.parametrize(
    ("document", "source"),
    [
        ({"Fn::ToJsonString": {"Ref": "Other"}}, '${{"Fn::ToJsonString":{"Ref":"Other"}}}'),
        ("\n  policies/worker.json\nand more", "policies/worker.json"),
        ("x" * 100, "x" * 80),
    ],
)
def test_a_document_that_is_put_in_is_told_by_where_it_comes_from(document: Any, source: str) -> None:
    (role,) = of_role({"Policies": [{"PolicyName": "p", "PolicyDocument": document}]}).roles
    assert role.notes == (f"some of its inline policies are known at the deploy only: {source}",)
    assert [policy.document for policy in role.policies] == [None]


def test_a_list_of_policies_that_the_deploy_knows_alone_is_held_as_one_that_cannot_be_read() -> None:
    (role,) = of_role({"Policies": {"Ref": "Policies"}}).roles
    assert [(policy.document, policy.grants) for policy in role.policies] == [(None, ())]


def test_a_boundary_that_a_condition_may_leave_out_limits_nothing() -> None:
    boundary = {"Fn::If": ["A", "arn:aws:iam::111122223333:policy/b", {"Ref": "AWS::NoValue"}]}
    (role,) = of_role({"PermissionsBoundary": boundary}).roles
    assert role.boundary is None
    assert role.notes == ("a condition decides on its permissions boundary: what is said here holds for the widest",)


def test_what_only_the_deploy_knows_is_told() -> None:
    (role,) = of_role({"Policies": [{"Ref": "P"}], "AssumeRolePolicyDocument": {"Ref": "T"}}).roles
    assert role.notes == (
        "some of its inline policies are known at the deploy only: ${P}",
        "who may take it on is known at the deploy only: ${T}",
    )


def test_a_document_in_text_is_read() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    (role,) = of_role({"Policies": [{"PolicyName": "p", "PolicyDocument": text}]}).roles
    assert [one.statement.actions.patterns for one in role.grants] == [("s3:*",)]


def test_a_document_in_a_text_that_sub_fills_is_read_with_its_references_and_variables() -> None:
    statements = [
        {
            **statement("s3:GetObject", "arn:aws:s3:::${Data}/${!aws:username}/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/${Team}": "${Owner}", "aws:ResourceTag/${Owner}": "x"}},
        }
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    document = {"Fn::Sub": [text, {"Owner": {"Ref": "Somebody"}}]}
    (role,) = of_role({"Policies": [{"PolicyName": "a", "PolicyDocument": document}]}).roles
    (grant,) = role.grants
    assert render_statement(grant.statement) == {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::${Data}/${aws:username}/*",
        "Condition": {"StringEquals": {"aws:ResourceTag/${Team}": "${Somebody}", "aws:ResourceTag/${Somebody}": "x"}},
    }


def statement(action: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def inline(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}


def of_role(properties: dict[str, Any]) -> FileRoles:
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    return read_template(json.dumps(template).encode(), "t.json")


def test_json_and_yaml_are_told_apart_by_what_they_hold() -> None:
    assert read_policy(b"Statement: []", "p.txt").is_policy
    assert read_policy(b'{"Statement": []}', "p.txt").is_policy


SAM_FUNCTION = '{"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": %s}}}'
REFUSED = {
    "a list": ("[]", "is not a policy document, a CloudFormation template or a Terraform plan", "t.json:1:1"),
    "a number": ("3", "is not a policy document", "t.json:1:1"),
    "no resources": ('{"AWSTemplateFormatVersion": "x"}', "it has no Resources", "t.json:1:1"),
    "resources that are a list": ('{"Resources": []}', "it has no Resources", "t.json:1:15"),
    "a resource that is text": ('{"Resources": {"R": "x"}}', "resource `R` must be a mapping", "t.json:1:21"),
    "properties that are a list": (
        '{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": []}}}',
        "the Properties of `R` must be a mapping",
        "t.json:1:62",
    ),
    "policies that are text": (
        '{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": "ReadOnlyAccess"}}}}',
        "an inline policy of `R` must be a mapping",
        "t.json:1:75",
    ),
    "text that is no document": (
        '{"Resources": {"R": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": "{"}}}}',
        "the policy in this text is not JSON",
        "t.json:1:83",
    ),
    "a document that is none": (
        '{"Resources": {"R": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [{}]}}}}}',
        "Statement[0]",
        "t.json:1:98",
    ),
    "an operator that does not exist": (
        (
            '{"Resources": {"R": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement":\n'
            ' {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StrEquals": {"a:b": "c"}}}}}}}}'
        ),
        "there is no condition operator `StrEquals`",
        "t.json:2:71",
    ),
    "sam's properties": (SAM_FUNCTION % "3", "Properties must be a mapping", "t.json:1:73"),
    "sam's policies": (SAM_FUNCTION % '{"Policies": [3]}', "an entry of Policies must be", "t.json:1:87"),
    "an unknown template": (
        SAM_FUNCTION % '{"Policies": [{"S3RaedPolicy": {}}]}',
        "no policy template S3RaedPolicy",
        "t.json:1:87",
    ),
    "a template without its parameter": (
        SAM_FUNCTION % '{"Policies": {"S3ReadPolicy": {}}}',
        "missing: BucketName",
        "t.json:1:86",
    ),
    "an event without a type": (
        SAM_FUNCTION % '{"Events": {"A": {}}}',
        "event A must be a mapping with a Type",
        "t.json:1:90",
    ),
    "an event whose properties are a text": (
        SAM_FUNCTION % '{"Events": {"A": {"Type": "S3", "Properties": ""}}}',
        "the Properties of event A must be a mapping",
        "t.json:1:90",
    ),
}


@pytest.mark.parametrize(
    ("kind", "properties", "named"),
    [
        ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Data"}}, {"Data"}),
        ("AWS::SQS::QueuePolicy", {"Queues": [{"Fn::GetAtt": ["Jobs", "Arn"]}, {"Ref": "News"}]}, {"Jobs", "News"}),
        ("AWS::Lambda::Permission", {"FunctionName": {"Fn::Sub": "${Run.Arn}"}, "SourceArn": "x"}, {"Run"}),
        ("AWS::S3::Bucket", {"Bucket": {"Ref": "Data"}}, set()),
    ],
)
def test_a_policy_names_what_it_is_of(kind: str, properties: dict[str, Any], named: set[str]) -> None:
    assert targets_in({"Type": kind, "Properties": properties}) == named


@pytest.mark.parametrize(("text", "message", "at"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_at_its_place(text: str, message: str, at: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_roles(text.encode(), "t.json")
    assert message in caught.value.message
    assert str(caught.value.origin) == at


def test_a_misspelt_policy_template_is_told_the_right_one() -> None:
    with pytest.raises(RemitError) as caught:
        read_roles((SAM_FUNCTION % '{"Policies": {"S3RaedPolicy": {}}}').encode(), "t.json")
    assert caught.value.hint == "did you mean `S3ReadPolicy`?"


def test_roles_that_a_loop_makes_are_read_each_at_its_line() -> None:
    """Where what it runs over is written; else it is told that they are not looked at."""
    template = """
Resources:
  "Fn::ForEach::Roles":
    - Name
    - [Read, Write]
    - "${Name}Role":
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: []}
          Policies:
            - PolicyName: p
              PolicyDocument:
                Statement:
                  - {Effect: Allow, Action: "s3:Get*", Resource: !Sub "arn:aws:s3:::${Name}/*"}
"""
    found = read_template(template.encode(), "t.yaml")

    assert [(role.logical_id, role.origin, role.grants[0].origin) for role in found.roles] == [
        (f"{name}Role", Origin("t.yaml", 6, 7), Origin("t.yaml", 14, 21)) for name in ("Read", "Write")
    ]
    resources = [role.grants[0].statement.resources for role in found.roles]
    assert resources == [Globs(("arn:aws:s3:::Read/*",)), Globs(("arn:aws:s3:::Write/*",))]
    assert found.notes == ()


def test_what_is_not_expanded_is_told() -> None:
    template = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Link: {Type: AWS::Serverless::Connector, Properties: {}}
  F:
    Type: AWS::Serverless::Function
    Properties: {Events: {New: {Type: Telepathy}}, DeploymentPreference: {Type: AllAtOnce}}
  "Fn::ForEach::Topics": [Name, !Ref Names, {"${Name}": {Type: AWS::SNS::Topic}}]
"""
    assert read_template(template.encode(), "t.yaml").notes == (
        "resources that a loop makes are not looked at: Fn::ForEach::Topics",
        "what Link (AWS::Serverless::Connector) becomes is not known here",
        "what event New of F (Telepathy) becomes is not known here",
        "what DeploymentPreference of F (AWS::Serverless::Function) adds is not looked at",
    )


@pytest.mark.parametrize("off", ["false", "'false'"])
def test_gradual_deployments_that_are_turned_off_add_nothing(off: str) -> None:
    template = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Hook:
    Type: AWS::Serverless::Function
    Properties: {{DeploymentPreference: {{Enabled: {off}}}}}
"""
    assert read_template(template.encode(), "t.yaml").notes == ()


@pytest.mark.parametrize(("text", "at"), [("  []", "t.json:1:3"), ("\n null", "t.json:2:2"), ("7", "t.json:1:1")])
def test_what_is_no_template_where_one_is_wanted_is_told_where_it_begins(text: str, at: str) -> None:
    with pytest.raises(RemitError, match="has no Resources") as caught:
        read_template(text.encode(), "t.json")
    assert str(caught.value.origin) == at


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"Statement": []}, "a policy document is read with --policy"),
        ({"Outputs": {}}, None),
        ({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [3]}}}}, None),
        (
            {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": ["ReadOnlyAccess"]}}}},
            "a managed policy stands in ManagedPolicyArns",
        ),
    ],
)
def test_what_somebody_may_have_meant_is_told_where_the_value_shows_it(value: dict[str, Any], hint: str | None) -> None:
    with pytest.raises(RemitError) as caught:
        read_template(json.dumps(value).encode(), "t.json")
    assert caught.value.hint == hint


def test_a_policy_names_a_role_of_the_template_by_its_role_name() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"RoleName": "worker", "AssumeRolePolicyDocument": {"Statement": trust}}
    policy = {"PolicyName": "read", "Roles": ["worker"], "PolicyDocument": {"Statement": statement}}
    resources = {
        "Worker": {"Type": "AWS::IAM::Role", "Properties": role},
        "Read": {"Type": "AWS::IAM::Policy", "Properties": policy},
    }
    read = read_template(json.dumps({"Resources": resources}).encode(), "t.json")
    assert [found.logical_id for found in read.roles] == ["Worker"]
    assert told(read, "Worker") == [("Allow s3:GetObject", "Policy Read", 1)]


def test_a_resource_whose_type_is_no_text_bears_on_no_role() -> None:
    assert bearing({"Resources": {"Odd": {"Type": 5, "Properties": {}}}})["Resources"] == {}


@pytest.mark.parametrize("kind", [("AWS::Lambda::Function", "Role"), ("AWS::StepFunctions::StateMachine", "RoleArn")])
@pytest.mark.parametrize("holding", [frozenset(), frozenset({"Prod"})])
def test_what_bears_on_roles_is_there_under_the_conditions_of_the_whole_template(
    kind: tuple[str, str], holding: frozenset[str]
) -> None:
    type_name, element = kind
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    runs = {"Type": type_name, "Properties": {element: {"Fn::GetAtt": ["Worker", "Arn"]}, "Timeout": 3}}
    resources = {
        "Worker": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": trust}}},
        "Always": runs,
        "Sometimes": {**runs, "Condition": "Prod", "DependsOn": "Always"},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }
    template = {"Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}, "Resources": resources}
    of_whole, of_bearing = (
        [(role.logical_id, role.functions) for role in roles_where(holding, ParsedFile("t", "", value, nowhere)).roles]
        for value in (template, bearing(template))
    )
    assert of_bearing == of_whole == [("Worker", ("Always", "Sometimes")[: 1 + len(holding)])]


def nowhere(_path: Any) -> None:
    """The place of whatever no file holds."""


def policy_of_a(role: str, document: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": [role], "PolicyDocument": document}}


def test_a_policy_is_compared_with_the_role_that_lists_it_and_not_with_one_that_its_statement_names() -> None:
    passed = {"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["First", "Arn"]}}}
    role = {"Type": "AWS::IAM::Role", "Properties": {}}
    template = {"Resources": {"First": role, "Second": role, "Pass": policy_of_a("Second", passed)}}
    assert [("First",), ("Second", "Pass")] == [unit.resources for unit in units(template, template)]


def test_a_managed_policy_that_a_role_lists_twice_is_held_once() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    role = Resource("Role", "AWS::IAM::Role", {"ManagedPolicyArns": [arn, arn]})
    (holder,) = roles_of((role,), nowhere).roles
    assert (arn,) == holder.managed


def test_the_roles_of_resources_that_no_file_holds_have_their_policies_without_a_line() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": statement}}
    resources = (Resource("Role", "AWS::IAM::Role", {"Policies": [inline]}),)
    assert [("Allow sqs:*", "", 0)] == told(roles_of(resources, nowhere), "Role")


def test_what_is_attached_to_a_role_of_elsewhere_is_equal_each_time_that_it_is_read() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}
    content = json.dumps({"Resources": {"Pass": policy_of_a("elsewhere", document)}}).encode()
    assert read_template(content, "t.json").roles == read_template(content, "t.json").roles


def test_the_credentials_of_an_event_that_are_no_list_give_nothing() -> None:
    event = {"Type": "MQ", "Properties": {"Broker": "arn:aws:mq:eu-west-1:111122223333:broker:b", "Queues": ["q"]}}
    event["Properties"]["SourceAccessConfigurations"] = 5
    properties = {"Handler": "a.b", "Runtime": "python3.13", "CodeUri": ".", "Events": {"Mail": event}}
    resources = {"Worker": {"Type": "AWS::Serverless::Function", "Properties": properties}}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    (role,) = read_template(json.dumps(template).encode(), "t").roles
    actions = {pattern for grant in role.grants for pattern in grant.statement.actions.patterns}
    assert actions == {"mq:DescribeBroker"}


def test_the_permission_of_an_authorizer_stands_at_its_line() -> None:
    authorizer = {"FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:check"}
    properties = {"Auth": {"Authorizers": {"Check": authorizer}}}
    api = SamResource("Web", "AWS::Serverless::Api", properties, {}, nowhere)
    (permission,) = authorizer_permissions(api)
    assert ("Resources", "Web", "Properties", "Auth", "Authorizers", "Check") == permission.origin


def test_a_statement_of_a_side_is_found_in_its_layer_at_its_line() -> None:
    statement = '{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}'
    lines = ('{"identity": {"Statement":', f"{statement}}},", '"boundary": [{"Statement": [', f"{statement}]}}]}}")
    side = read_side("\n".join(lines).encode(), "p.json")
    places = [
        side.locate(StatementLocation(layer, 0, 0, policy.statements[0])).line
        for layer, policy in (("identity", side.layers.identity[0]), ("boundary", side.layers.boundary[0]))
    ]
    assert [2, 4] == places


def test_the_work_to_find_what_bears_on_roles_grows_with_their_number_and_not_with_its_square() -> None:
    def work_of(count: int) -> int:
        policy = [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}]
        roles = {
            f"Role{number}": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": f"r{number}" if number % 2 else {"Ref": f"Name{number}"},
                    "Policies": policy,
                },
            }
            for number in range(count)
        }
        template = {"Resources": roles}

        def find() -> None:
            units(template, template)
            with_targets = with_targets_of(template)
            for names in made_together(template, template):
                with_targets(part(template, names))

        return calls_of(find)

    assert work_of(160) < 3 * work_of(80)


def test_what_an_instance_profile_hands_over_stands_beside_what_names_the_profile() -> None:
    template = {
        "Resources": {
            "Host": {"Type": "AWS::EC2::Instance", "Properties": {"IamInstanceProfile": {"Ref": "Profile"}}},
            "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Worker"}]}},
            "Worker": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "w", "Path": "/a/"}},
            "Other": {"Type": "AWS::IAM::Role", "Properties": {}},
        }
    }
    beside = with_targets_of(template)({"Resources": {"Host": template["Resources"]["Host"]}})["Resources"]
    assert beside.keys() == {"Host", "Profile", "Worker"}
    assert beside["Profile"] == template["Resources"]["Profile"]
    assert beside["Worker"] == {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "w"}}


def test_a_service_that_a_trust_policy_denies_or_excepts_is_not_let_in() -> None:
    def statement(effect: str, element: str, service: str) -> dict[str, Any]:
        return {"Effect": effect, element: {"Service": service}, "Action": "sts:AssumeRole"}

    statements = [
        statement("Allow", "Principal", "lambda.amazonaws.com"),
        statement("Deny", "Principal", "ec2.amazonaws.com"),
        statement("Allow", "NotPrincipal", "sns.amazonaws.com"),
    ]
    assert services(parse({"Version": "2012-10-17", "Statement": statements})) == ("lambda.amazonaws.com",)
