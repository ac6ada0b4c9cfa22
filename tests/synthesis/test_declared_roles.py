"""The roles of a project with what its shared resources add to them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from remit.app import App, Function, Resource
from remit.errors import Origin
from remit.holders import Holder, bounded, by_arn
from remit.review.accepted import accept, acceptance
from remit.review.changes import review
from remit.review.record import read_record, record
from remit.review.working_tree import version_of
from remit.roles.assign import assign
from remit.synthesis.declared_roles import adds_access, declared, declared_by, users_of
from remit.synthesis.synth import document as written_document
from remit.synthesis.synth import synth

if TYPE_CHECKING:
    from conftest import Make

Json = dict[str, Any]
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "states.amazonaws.com"}}]}"""
SHARED = """
from remit import Shared, resource


def document(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


class Extra(Shared):
    policy = resource("AWS::IAM::Policy", policy_name="extra", roles=["${HelloRole}"],
                      policy_document=document("sns:Publish"))
    role = resource("AWS::IAM::Role", assume_role_policy_document=%s,
                    policies=[{"PolicyName": "own", "PolicyDocument": document("sqs:SendMessage")}])
"""


def test_an_app_without_shared_resources_of_iam_is_what_is_assigned(make: Make) -> None:
    app = make().load()
    assert not adds_access(app)
    assert version_of(app).roles == assign(app)


def test_reading_the_template_gives_back_what_is_assigned_with_reasons_and_lines(make: Make) -> None:
    app = make(
        app='@app.function(schedule("rate(1 day)"), policy=[dynamodb.put("orders"), s3.read("uploads", "in/*")])\n'
        "def report(event, context): ...\n\n@app.function\ndef other(event, context): ...\n"
    ).load()
    roles = assign(app)
    read = declared_by(app, roles).roles
    assert [(one.logical_id, one.functions, one.managed, one.boundary, one.trusts, one.grants) for one in read] == [
        (one.logical_id, one.functions, one.managed, one.boundary, one.trusts, one.grants) for one in roles
    ]
    assert [(one.origin, one.trust_origin) for one in read] == [(one.origin, one.trust_origin) for one in roles]


def test_the_roles_of_an_app_are_those_of_its_written_template(make: Make) -> None:
    """They are read from the resources themselves; CloudFormation gets the text."""
    extra = (
        SHARED % TRUST
        + """
    managed = resource("AWS::IAM::ManagedPolicy", managed_policy_name="m", roles=["${ExtraRole}", "elsewhere"],
                       policy_document={"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": [
                           f"arn:{aws.partition}:s3:::x-{aws.account}/${{aws:username}}/*"]}})
"""
    )
    extra = extra.replace("from remit import Shared", "from remit import Shared, aws")
    app = make(**{"shared/resources/extra.py": extra}).load()
    roles = assign(app)

    written, read = declared(written_document(synth(app, roles))), declared_by(app, roles)

    assert {one.logical_id: (one.inline, one.attached, one.trust_policy) for one in read.roles} == {
        one.logical_id: (one.inline, one.attached, one.trust_policy) for one in written.roles
    }
    assert [[(grant.statement, grant.version) for grant in role.grants] for role in read.outside] == [
        [(grant.statement, grant.version) for grant in role.grants] for role in written.outside
    ]
    assert (read.documents, len(read.outside)) == (written.documents, 1)


def test_a_shared_policy_gains_what_it_attaches_with_the_line_of_the_shared_resource(make: Make) -> None:
    without, project = version_of(make().load()), make(**{"shared/resources/extra.py": SHARED % TRUST})
    found = review(without, version_of(project.load()))
    told = {
        change.functions or change.role: [piece.request.action for piece in change.access.gained]
        for change in found.changes
    }
    assert told == {("hello",): ["sns:Publish"], "ExtraRole": ["sqs:SendMessage"]}
    hello = found.changes[0].after
    assert hello is not None
    (grant,) = [one for one in hello.grants if one.statement.actions.patterns == ("sns:Publish",)]
    assert (grant.because, str(grant.origin)) == ("shared resource ExtraPolicy", "shared/resources/extra.py:10:14")


def test_what_is_accepted_for_a_shared_role_is_no_mistake_once_it_is_deployed(make: Make) -> None:
    project = make(**{"shared/resources/extra.py": SHARED % TRUST})
    now = version_of(project.load())
    before = replace(now, roles=tuple(role for role in now.roles if role.logical_id != "ExtraRole"))
    entries = acceptance(review(before, now), "the state machine sends messages")
    found, stale = accept(review(before, now), entries)
    assert (found.broadens, stale) == (False, ())
    assert accept(review(now, now), entries) == (review(now, now), entries)


def test_a_policy_for_a_role_that_nobody_can_tell_is_seen_and_noted_until_it_is_recorded(make: Make) -> None:
    named = '{"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::GetAtt": ["HelloRole", "Arn"]}]}]}'
    written = (SHARED % TRUST).replace('["${HelloRole}"]', f"[{named}]")
    without = version_of(make().load())
    new = version_of(make(**{"shared/resources/extra.py": written}).load())
    found = review(without, new)
    gained = [piece.action for change in found.changes for piece in change.access.gained]
    assert gained == ["sqs:SendMessage", "sns:Publish"]
    assert [one.reason for change in found.changes for one in change.unread] == [
        "the template does not make this role: it only attaches these policies to it"
    ]
    text = record(new, "dev", None)
    assert review(read_record(text.encode(), "a record"), new).changes == ()


def test_whom_a_permission_lets_call_without_a_question_is_everyone() -> None:
    def permission(function: object, **more: object) -> dict[str, object]:
        asked = {"Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": "*", **more}
        return {"Type": "AWS::Lambda::Permission", "Properties": asked}

    def function(name: str) -> dict[str, object]:
        named = {"FunctionName": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}, "Role": "arn:aws:iam::111122223333:role/r"}
        return {"Type": "AWS::Lambda::Function", "Properties": named}

    template = {
        "Resources": {
            **{f"{name.title()}Function": function(name) for name in ("web", "api", "fed", "own", "org")},
            "Web": permission({"Ref": "WebFunction"}),
            "Api": permission({"Fn::GetAtt": ["ApiFunction", "Arn"]}, FunctionUrlAuthType="NONE"),
            "Fed": permission({"Ref": "FedFunction"}, SourceArn="arn:aws:s3:::uploads"),
            "Own": permission({"Ref": "OwnFunction"}, Principal="events.amazonaws.com"),
            "Org": permission({"Ref": "OrgFunction"}, PrincipalOrgID="o-1234567890"),
            "Another": permission("a-function-of-another-stack"),
        }
    }
    assert declared(template).open == ("web", "api")


def test_a_policy_that_names_a_role_as_the_account_does_is_one_of_its_inline_policies() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}
    extra = {"PolicyName": "extra", "Roles": ["billing"], "PolicyDocument": document}
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "billing"}},
            "Extra": {"Type": "AWS::IAM::Policy", "Properties": extra},
        }
    }
    (role,) = declared(template).roles
    assert list(role.inline) == ["extra"]


def document(action: str, resource: object = "*") -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def trust(*services: str, **condition: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole", **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_function_is_called_by_its_name_in_the_stack_by_what_remit_notes_or_by_its_id() -> None:
    def function(name: object, **attributes: object) -> dict[str, object]:
        return {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": name, "Role": "r"}, **attributes}

    template = {
        "Resources": {
            "A": function({"Fn::Sub": "${AWS::StackName}-web"}),
            "B": function("orders-web"),
            "C": function("orders-api", Metadata={"remit:function": "api"}),
            "D": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "r"}},
            "E": function("orders-mail", Metadata={"remit:function": {"Ref": "Name"}}),
        }
    }
    stack = declared(template)
    assert stack.functions == {"A": "web", "B": "B", "C": "api", "D": "D", "E": "E"}
    assert {*stack.others} == {"web", "B", "api", "D", "E"}


def test_a_bucket_that_its_role_names_is_the_one_that_the_template_makes_or_the_deploy_kept() -> None:
    written = ["arn:aws:s3:::files", "arn:aws:s3:::files/in/*", "arn:aws:s3:::files-of-others/*", "arn:aws:s3:::kept/*"]
    notified = {"LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": "f"}]}
    role = {"Policies": [{"PolicyName": "p", "PolicyDocument": document("s3:GetObject", written)}]}
    template = {
        "Resources": {
            "Files": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"BucketName": "files", "NotificationConfiguration": notified},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trust("lambda.amazonaws.com"), **role},
            },
        }
    }
    template = json.loads(json.dumps(template).replace("arn:aws:s3:::files", "arn:${AWS::Partition}:s3:::files"))
    (held,) = declared(template, {"arn:aws:s3:::kept": "${Kept.Arn}"}).roles
    resources = held.grants[0].statement.resources
    assert resources is not None
    assert resources.patterns == (
        "${Files.Arn}", "${Files.Arn}/in/*", "arn:${AWS::Partition}:s3:::files-of-others/*", "${Kept.Arn}/*",
    )  # fmt: skip


def test_a_trust_of_services_alone_is_told_by_these_and_any_other_as_it_is() -> None:
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}
    roles = {
        name: {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": policy}}
        for name, policy in (
            ("Plain", trust("lambda.amazonaws.com")),
            ("Asked", trust("lambda.amazonaws.com", **condition)),
        )
    }
    plain, asked = declared({"Resources": roles}).roles
    assert (plain.trusts, plain.trust) == (("lambda.amazonaws.com",), None)
    assert asked.trust is not None
    assert asked.trusts == plain.trusts


def test_a_policy_that_is_a_boundary_of_a_role_is_none_of_its_own() -> None:
    policies = {
        name: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(f"s3:{name}*")}}
        for name in ("Bound", "Held", "Free")
    }
    role = {"PermissionsBoundary": {"Ref": "Bound"}, "ManagedPolicyArns": [{"Ref": "Held"}]}
    made = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("lambda.amazonaws.com"), **role}}
    stack = declared({"Resources": {**policies, "Role": made}})
    assert ["Free"] == [holder.logical_id for holder in users_of(stack, stack.roles)]
    elsewhere = Holder("Role", by_arn(("${Held}",)), limits=bounded("${Bound}"))
    alone = declared({"Resources": policies})
    assert ["Free"] == [holder.logical_id for holder in users_of(alone, (elsewhere,))]


def test_a_method_of_a_rest_api_without_authorization_is_open_unless_the_apis_policy_says_whom_it_lets_in() -> None:
    uri = {"Fn::Sub": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Web.Arn}/invocations"}
    method = {"RestApiId": {"Ref": "Api"}, "HttpMethod": "GET", "ResourceId": "r", "Integration": {"Uri": uri}}
    for policy, authorization, is_open in (
        ({}, "NONE", True),
        ({}, "AWS_IAM", False),
        (document("a:B"), "NONE", False),
    ):
        of_api = {"Policy": policy} if policy else {}
        template = {
            "Resources": {
                "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": of_api},
                "Get": {
                    "Type": "AWS::ApiGateway::Method",
                    "Properties": {**method, "AuthorizationType": authorization},
                },
                "Web": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "r"}},
            }
        }
        assert (("Web",) if is_open else ()) == declared(template).open


def test_the_policy_of_a_role_elsewhere_stands_at_the_line_of_the_shared_resource_that_writes_it() -> None:
    here = Origin("shared/resources/extra.py", 10, 14)
    extra = {"PolicyName": "extra", "Roles": ["elsewhere"], "PolicyDocument": document("sns:Publish")}
    hello = Function("hello", "Hello", "app.hello", {}, origin=Origin("app.py", 3, 1))
    role = Resource("Own", "AWS::IAM::Role", {"AssumeRolePolicyDocument": trust("lambda.amazonaws.com")}, origin=here)
    app = App("shop", "dev", (hello,), resources=(role, Resource("Extra", "AWS::IAM::Policy", extra, origin=here)))
    stack = declared_by(app, assign(app))
    assert ["HelloRole", "Own"] == [each.logical_id for each in stack.roles]  # those of the app's own functions first
    ((grant,),) = (outside.grants for outside in stack.outside)
    assert ("shared resource Extra", here) == (grant.because, grant.origin)


@pytest.mark.parametrize("policy", [{}, {"Policy": document("execute-api:Invoke")}])
def test_an_operation_without_security_is_open_unless_the_apis_policy_says_whom_it_lets_in(policy: Json) -> None:
    def operation(name: str, **security: object) -> Json:
        uri = {"Fn::Sub": f"arn:aws:apigateway:eu-west-1:lambda:path/functions/${{{name}.Arn}}/invocations"}
        return {**security, "x-amazon-apigateway-integration": {"uri": uri}}

    names = ("Open", "Asked", "Own")
    paths = {
        "/": {
            "get": operation("Open", security=[]),
            "post": operation("Asked"),
            "put": operation("Own", security=[{"key": []}]),
        }
    }
    body = {"security": [{"sigv4": []}], "paths": paths}
    functions = {name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": "r"}} for name in names}
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body, **policy}}
    assert declared({"Resources": {"Api": api, **functions}}).open == (() if policy else ("Open",))
