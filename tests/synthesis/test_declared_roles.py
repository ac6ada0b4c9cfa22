"""The roles of a project with what its shared resources add to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.review.accepted import accept, acceptance
from remit.review.changes import review
from remit.review.record import read_record, record
from remit.review.working_tree import version_of
from remit.roles.assign import assign
from remit.synthesis.declared_roles import adds_access, declared, declared_by
from remit.synthesis.synth import document, synth

if TYPE_CHECKING:
    from conftest import Make

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

    written, read = declared(document(synth(app, roles))), declared_by(app, roles)

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
