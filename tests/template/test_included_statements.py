"""Documents and statements that something puts in later: all else is read, and what is not is said."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from remit.app import Resource
from remit.errors import Origin, RemitError
from remit.iam.tokens import for_people
from remit.lint.files import lint_bytes
from remit.review.resource_access import giving
from remit.template.policy_documents import (
    document_in_text,
    included_file,
    is_policy_document,
    known,
    put_in_from,
)
from remit.template.roles import roles_of
from role_readers import read_roles

TEMPLATE = b"""\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://shared/statement.json}}
              - Sid: !Sub "Orders${AWS::Region}"
                Effect: Allow
                Action: sqs:SendMessage
                Resource: "*"
"""
SENDING: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
INCLUDE: Final = {"Name": "AWS::Include", "Parameters": {"Location": "s3://shared/policy.json"}}
DOCUMENTS_ELSEWHERE: Final[dict[str, Any]] = {
    "policy.json": {"file": "policy.json"},
    "./policy.yaml": {"$ref": "./policy.yaml"},
    "{{resolve:ssm:/orders/policy}}": "{{resolve:ssm:/orders/policy}}",
    "${file(policy.json)}": "${file(policy.json)}",
    "{{ policy }}": "{{ policy }}",
    "${Policy}": {"Ref": "Policy"},
    f"${{{json.dumps({'Fn::Transform': INCLUDE}, separators=(',', ':'), sort_keys=True)}}}": {
        "Version": "2012-10-17",
        "Fn::Transform": INCLUDE,
    },
    "statements.json": {"Version": "2012-10-17", "Statement": {"file": "statements.json"}},
    "more.json": {"Version": "2012-10-17", "Statement": [{"file": "more.json"}]},
}
"""Documents that do not stand in a template, by what is said of each."""


def inline(document: Any) -> Any:
    """A policy of a role's own."""
    return {"PolicyName": "orders", "PolicyDocument": document}


def role_with(*documents: Any) -> Resource:
    """A role with inline policies."""
    return Resource("Role", "AWS::IAM::Role", {"Policies": [inline(document) for document in documents]})


def template_with(*documents: Any) -> bytes:
    """A template with such a role."""
    role = role_with(*documents)
    resources = {"Role": {"Type": role.type, "Properties": role.properties}}
    parameters = {"Policy": {"Type": "String"}}
    return json.dumps({"Parameters": parameters, "Resources": resources}).encode()


def test_statements_beside_an_included_one_are_read_and_it_is_told() -> None:
    (role,) = read_roles(TEMPLATE, "template.yaml").roles
    assert [(one.statement.sid, one.origin.line) for one in role.grants if one.origin] == [("Orders${AWS::Region}", 11)]
    (note,) = role.notes
    assert note.startswith('some of its inline policies are known at the deploy only: ${{"Fn::Transform":')


@pytest.mark.parametrize("source", DOCUMENTS_ELSEWHERE)
def test_a_document_that_stands_elsewhere_is_a_note_and_the_others_are_read(source: str) -> None:
    content = template_with(DOCUMENTS_ELSEWHERE[source], {"Version": "2012-10-17", "Statement": SENDING})
    (role,) = read_roles(content, "template.json").roles
    assert [grant.statement.actions.patterns for grant in role.grants] == [("sqs:SendMessage",)]
    (note,) = role.notes
    assert for_people(note) == for_people(f"some of its inline policies are known at the deploy only: {source}")


@pytest.mark.parametrize("source", DOCUMENTS_ELSEWHERE)
def test_what_a_resource_lets_others_do_by_a_document_elsewhere_is_unread(source: str) -> None:
    policy = Resource("Policy", "AWS::S3::BucketPolicy", {"PolicyDocument": DOCUMENTS_ELSEWHERE[source]})
    (unread,) = giving([policy])["Policy"].unread
    assert unread.removeprefix("PolicyDocument ") == source


def test_the_branch_of_a_choice_that_stands_elsewhere_is_unread_beside_the_one_that_is_written() -> None:
    written = {"Statement": {**SENDING, "Principal": "*"}}
    document = {"Fn::If": ["IsProd", written, {"file": "policy.json"}]}
    given = giving([Resource("Policy", "AWS::SQS::QueuePolicy", {"PolicyDocument": document})])["Policy"]
    assert (len(given.documents), given.unread) == (1, frozenset({"PolicyDocument policy.json"}))


def test_lint_finds_no_error_in_a_document_that_stands_elsewhere() -> None:
    # What Jinja fills in is said of the file, and no text of another kind is a document of CloudFormation's.
    texts = ("${file(policy.json)}", "{{ policy }}")
    documents = [document for document in DOCUMENTS_ELSEWHERE.values() if document not in texts]
    findings = lint_bytes(template_with(*documents), "template.json")
    assert [finding.message for finding in findings if finding.severity != "note"] == []
    assert [finding.message.partition(" by a tool")[0] for finding in findings if finding.rule == "R110"] == [
        "the policy document is taken from 'policy.json'",
        "the policy document is taken from './policy.yaml'",
        "statements are taken from 'statements.json'",
        "statements are taken from 'more.json'",
    ]


def test_a_document_that_cloudformation_makes_a_text_of_is_read() -> None:
    document = {"Version": "2012-10-17", "Statement": [SENDING]}
    as_text = {"Fn::ToJsonString": document}
    (role,) = read_roles(template_with(as_text), "template.json").roles
    assert [grant.statement.actions.patterns for grant in role.grants] == [("sqs:SendMessage",)]
    assert role.notes == ()
    assert known({"Fn::ToJsonString": {"Ref": "Policy"}}) is False


def test_what_a_role_holds_is_not_complete_where_a_part_of_a_policy_stands_elsewhere() -> None:
    statements = [SENDING, {"file": "more.json"}, {"file": "most.json"}, {"file": "more.json"}]
    role = role_with({"Version": "2012-10-17", "Statement": statements})
    (holder,) = roles_of((role,), lambda _: role.origin).roles
    assert [policy.document for policy in holder.policies] == [None]
    assert holder.notes == ("some of its inline policies are known at the deploy only: more.json, most.json",)


@pytest.mark.parametrize("is_list", [True, False])
def test_a_statement_that_is_wrong_is_told_by_its_number_where_it_stands_in_a_list(*, is_list: bool) -> None:
    wrong = {**SENDING, "Effect": "Maybe"}
    with pytest.raises(RemitError) as refused:
        roles_of((role_with({"Statement": [wrong] if is_list else wrong}),), lambda _: Origin("t.json", 1))
    part = "Statement[0].Effect" if is_list else "Statement.Effect"
    assert refused.value.message == f"{part} 'Maybe' is not valid: only 'Allow' and 'Deny' exist"


def test_a_sam_function_may_include_a_document() -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Policies": [{"file": "policy.json"}]}}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Report": function}}
    (role,) = read_roles(json.dumps(template).encode(), "template.json").roles
    assert role.notes == ("some of its inline policies are known at the deploy only: policy.json",)


def test_a_policy_of_a_plan_that_is_no_json_yet_is_a_note() -> None:
    policy = {"type": "aws_iam_policy", "address": "aws_iam_policy.orders", "values": {"policy": "{{ policy }}"}}
    plan = {"planned_values": {"root_module": {"resources": [policy]}}}
    (managed,) = read_roles(json.dumps(plan).encode(), "plan.json").policies
    assert managed.notes == ("what aws_iam_policy.orders says does not stand in the plan: {{ policy }}",)


def test_what_only_looks_like_a_function_stays_as_it_is_beside_one() -> None:
    written = 'of ${{"Fn::ImportValue":"x"}}, not ${{ or ${{"Fn::ImportValue": and ${{${{"Ref":"Q"}}'
    assert 'of {!ImportValue x}, not ${{ or ${{"Fn::ImportValue": and ${{{${Q}}' == for_people(written)


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        (
            {"Version": "2012", "Statement": []},
            "Version '2012' does not exist",
            "it is the language's version, not a date: use '2012-10-17'",
        ),
        (
            {"Version": "2012-10-17", "Statment": []},
            "policy document has unknown key 'Statment'",
            "did you mean `Statement`?",
        ),
        ({"Statement": {**SENDING, "Sid": True}}, "Statement.Sid must be a string, got bool 'True'", None),
    ],
)
def test_the_elements_of_a_document_are_checked_beside_its_statements(
    document: Any, message: str, hint: str | None
) -> None:
    with pytest.raises(RemitError) as refused:
        roles_of((role_with(document),), lambda _: Origin("t.json", 1))
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_beside_what_a_transform_puts_into_a_document_its_statements_are_read() -> None:
    document = {"Version": "2012-10-17", "Fn::Transform": INCLUDE, "Statement": [SENDING]}
    (role,) = read_roles(template_with(document), "template.json").roles
    assert [(grant.statement.actions.patterns, grant.version) for grant in role.grants] == [
        (("sqs:SendMessage",), "2012-10-17")
    ]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('{"Resources": []}', None),
        ("policy.json.tmpl", "policy.json.tmpl"),
        (" [] ", None),
        ("{{ policy }}", "{{ policy }}"),
    ],
)
def test_a_text_is_put_in_from_elsewhere_unless_it_is_json(text: str, source: str | None) -> None:
    assert put_in_from(text) == source


@pytest.mark.parametrize(
    ("value", "file"),
    [
        ({"file": "policy.json"}, "policy.json"),
        ({"file": "policy.json.tmpl"}, None),
        ({"file": "${stage}.yml"}, None),
        ({"file": "a b.yml"}, None),
        ({"a": "policy.json", "b": "policy.json"}, None),
        ({}, None),
        ("policy.json", None),
    ],
)
def test_a_file_is_included_by_a_mapping_of_one_path(value: Any, file: str | None) -> None:
    assert included_file(value) == file


@pytest.mark.parametrize(
    ("statements", "is_one"),
    [
        (["text", SENDING], True),
        (["text", {"file": "more.json"}], True),
        ([{"Name": "rule"}, {"NotAction": "s3:*"}], True),
        ({"RateBasedStatement": {}}, False),
        ([], False),
    ],
)
def test_a_policy_is_told_by_any_of_its_statements(statements: Any, *, is_one: bool) -> None:
    assert is_policy_document({"Statement": statements}) is is_one


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::ToJsonString": ["Statement"]},
        {"Fn::ToJsonString": {"Resources": {}}},
        {"Fn::Sub": '{"Resources": "${A}"}'},
        '["Statement"]',
        '{"Statement"',
        3,
    ],
)
def test_a_text_is_no_document_unless_it_has_statements(value: Any) -> None:
    assert document_in_text(value) is None


@pytest.mark.parametrize("before", ["", "\n  ", "\t"])
def test_a_text_with_statements_is_a_document_whatever_blanks_come_before_it(before: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [SENDING]}
    assert document_in_text(before + json.dumps(document)) == document
