"""What references become, which places are tried, and what a machine's role is told: whole answers for small inputs."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.app import App, Function, Grant, JobQueue, Publication, Reason, Resource
from remit.errors import Origin, RemitError
from remit.holders import Holder, bounded, inline
from remit.iam.policy import Policy, allow
from remit.roles.assign import assign
from remit.roles.deploy_places import candidates
from remit.roles.document_split import packed
from remit.roles.guardrail_proof import prove
from remit.roles.guardrails import read_guardrail
from remit.roles.machine_roles import compared_roles
from remit.roles.policy_size import Sizes
from remit.roles.reference_names import arn_of, resources_of
from remit.roles.reference_shapes import Shapes, shapes_of
from remit.roles.role_policies import at, ready_role, ready_roles
from remit.template.roles import template_roles

HERE: Final = "${AWS::Region}:${AWS::AccountId}"
ARN: Final = "arn:${AWS::Partition}"
LIMIT: Final = "arn:aws:iam::111122223333:policy/limit"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        (
            "AWS::AppMesh::Mesh",
            {"MeshName": "m"},
            Shapes(
                dict.fromkeys(("${R}", "${R.Arn}"), f"{ARN}:appmesh:{HERE}:mesh/${{R.MeshName}}"),
                {"${R.MeshName}": "m"},
            ),
        ),
        # An id of AWS's making is no name that a template gives.
        (
            "AWS::AIOps::InvestigationGroup",
            {"Name": "n"},
            Shapes(
                dict.fromkeys(
                    ("${R}", "${R.Arn}"), f"{ARN}:aiops:{HERE}:investigation-group/${{R.InvestigationGroupId}}"
                ),
                {},
            ),
        ),
        (
            "AWS::Scheduler::Schedule",
            {"Name": "n", "GroupName": "g"},
            Shapes({"${R.Arn}": f"{ARN}:scheduler:{HERE}:schedule/${{R.GroupName}}/${{R}}"}, {"${R}": "n"}),
        ),
        (
            "AWS::Scheduler::Schedule",
            {},
            Shapes({"${R.Arn}": f"{ARN}:scheduler:{HERE}:schedule/default/${{R}}"}, {"${R}": ""}),
        ),
        # A pattern in the place of a name tells none, and the Ref of an alias has `alias/` before its name.
        (
            "AWS::SQS::Queue",
            {"QueueName": "in*"},
            Shapes(
                {"${R.Arn}": f"{ARN}:sqs:{HERE}:${{R.QueueName}}"},
                {"${R.QueueName}": ""},
            ),
        ),
        ("AWS::KMS::Alias", {"AliasName": "alias/a"}, Shapes({}, {"${R.AliasName}": "a"})),
    ],
)
def test_a_reference_has_the_shape_of_its_type_with_the_names_that_are_given(
    kind: str, properties: dict[str, Any], expected: Shapes
) -> None:
    assert shapes_of((Resource("R", kind, properties),)) == expected


def test_an_id_gives_an_arn_where_the_ref_of_its_type_is_what_the_arn_has_alone() -> None:
    assert arn_of("AWS::CloudFormation::GeneratedTemplate", "n") is None
    assert arn_of("AWS::ControlTower::EnabledBaseline", "n") is None


def test_the_resources_of_roles_are_what_an_app_declares_and_what_its_functions_and_jobs_bring() -> None:
    own, made = (
        Function(name, name.title(), f"app.{name}", {}, publication=Publication("live"), log_group=group)
        for name, group in (("own", "Shared"), ("made", ""))
    )
    queue = Resource("Orders", "AWS::SQS::Queue", {})
    app = App("shop", "dev", (own, made), resources=(queue,), queues=(JobQueue("mail", 1, 1),))
    assert [(each.logical_id, each.type.rpartition("::")[2], each.properties) for each in resources_of(app)] == [
        ("Orders", "Queue", {}),
        ("OwnFunction", "Function", {"FunctionName": "${AWS::StackName}-own"}),
        ("OwnAlias", "Alias", {"FunctionName": "${AWS::StackName}-own", "Name": "live"}),
        ("MadeLogGroup", "LogGroup", {"LogGroupName": "/aws/lambda/${AWS::StackName}-made"}),
        ("MadeFunction", "Function", {"FunctionName": "${AWS::StackName}-made"}),
        ("MadeAlias", "Alias", {"FunctionName": "${AWS::StackName}-made", "Name": "live"}),
        ("JobMailQueue", "Queue", {}),
        ("JobMailDeadLetterQueue", "Queue", {}),
        ("JobMailSchedulerRole", "Role", {}),
        ("JobMarks", "Table", {}),
        ("JobSchedules", "ScheduleGroup", {}),
    ]


def test_functions_that_share_a_role_ask_each_by_its_own_code_and_a_boundary_stays_in_every_place() -> None:
    functions = tuple(Function(name, name.title(), f"app.{name}", {}) for name in ("one", "two"))
    app = App("shop", "dev", functions, share_roles=True)
    ready = ready_roles(app, assign(app))
    assert {name: role.source_arn for name, role in ready.items()} == {
        function.name: function.source_arn for function in functions
    }
    policy = Policy((allow("s3:*"),))
    role = ready_role(Holder("Role", (inline(()),), limits=bounded(LIMIT)), {}, {LIMIT: policy})
    place = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "111122223333"}
    assert [limit.document for limit in at(role, place).limits] == [policy]


@pytest.mark.parametrize(
    ("late", "other", "names"),
    [
        ("arn:aws:sqs:${AWS::Region}:1:q", "arn:aws:sqs:*:1:q", ["us-east-1"]),
        ("arn:aws:sqs:${AWS::Region}:1:q", "arn:aws:sqs:${Team}-*:1:q", ["us-east-1"]),
        ("arn:aws:sqs:${AWS::Region}:1:q", "arn:aws:sqs::1:q", ["us-east-1"]),
        ("arn:aws:iam::${AWS::AccountId}:policy/x", "arn:aws:iam::aws:policy/x", ["123456789012"]),
        ("arn:aws:sqs:r:${AWS::AccountId}:q", "arn:aws:sqs:r:1:q", ["1", "123456789012"]),
    ],
)
def test_a_part_that_spells_no_name_of_a_place_is_none_to_try(late: str, other: str, names: list[str]) -> None:
    tried = candidates([late, other], [])
    assert [name for candidate in tried for name in candidate.place.values()] == names


def test_of_statements_that_are_equally_long_the_first_comes_first() -> None:
    """Two long and two short ones: in their order they would take three documents."""
    sizes = Sizes("shop-dev", {})
    long = tuple(allow("s3:GetObject", on=f"arn:aws:s3:::{name}{'x' * 200}") for name in "ab")
    short = tuple(allow("s3:GetObject", on=f"arn:aws:s3:::{name}{'x' * 60}") for name in "cd")
    most = sizes.document((long[0], short[0]))
    documents = packed((*long, *short), sizes, first_length=most, further_length=most, spare=1)
    assert documents == ((long[0], short[0]), (long[1], short[1]))


def test_what_nobody_foretells_is_as_long_as_a_long_arn_and_a_name_of_a_parameter_as_one_that_is_made() -> None:
    named = Resource("Named", "AWS::SQS::Queue", {"QueueName": {"Ref": "Name"}})
    sizes = Sizes("shop-dev", {"Named": named, "Other": Resource("Other", "Custom::Thing", {})})
    long_arn = "arn:aws-us-gov:dynamodb:us-isof-south-1:111122223333:log-group::*"
    for text, longest in (
        ("${Nobody.Arn}", f"{long_arn}{'x' * 64}"),
        ("${Other.Arn}", f"{long_arn}shop-dev-Other-{'x' * 13}"),
        ("${Named.Arn}", f"arn:aws-us-gov:sqs:us-isof-south-1:111122223333:shop-dev-Named-{'x' * 13}"),
        (
            "${AWS::StackId}",
            f"arn:aws-us-gov:cloudformation:us-isof-south-1:111122223333:stack/shop-dev/{'x' * 36}",
        ),
    ):
        assert sizes.text(text) == len(longest), text


def guarded(rail: str, *actions: str) -> list[tuple[str, str]]:
    """The roles that break a guardrail, each with the line that is told."""
    grants = tuple(Grant(allow(action), Reason("text", "x"), Origin("app.py", 3)) for action in actions)
    app = App("shop", "dev", (Function("one", "One", "app.one", {}, policy=grants),), default_policy=())
    found = prove(app, assign(app), read_guardrail(rail.encode(), "team.json"))
    return [(breach.granted.statement.actions.patterns[0], str(breach.line)) for breach in found.breaches]


def test_a_breach_of_a_ceiling_is_of_its_file_and_that_of_a_denial_of_its_line() -> None:
    ceiling = '{"Version": "2012-10-17", "Statement": [\n{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},\n'
    both = f'{ceiling}{{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}}]}}'
    assert guarded(both, "s3:GetObject", "s3:PutObject", "sqs:SendMessage") == [
        ("sqs:SendMessage", "team.json"),
        ("s3:PutObject", "team.json:3:1"),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('\n{"Version": "2012-10-17", "Statement": []}', "team.json:1"),
        (
            """{"Version": "2012-10-17", "Statement": [
{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Nonsense": {"aws:a": "b"}}}]}""",
            "team.json:2:69",
        ),
    ],
)
def test_what_is_wrong_with_a_guardrail_is_told_at_its_place(text: str, place: str) -> None:
    with pytest.raises(RemitError) as refused:
        read_guardrail(text.encode(), "team.json")
    assert str(refused.value.origin) == place


TASK: Final = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
STARTED: Final = "arn:aws:states:eu-west-1:111122223333:stateMachine:m"
LOGGING: Final = {"Level": "ALL", "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": "x"}}]}


def machine(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    states = {"A": {**TASK, "Parameters": {"StateMachineArn": STARTED}}}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    trusting = {"Version": "2012-10-17", "Statement": [trust]}
    written = {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Definition": {"StartAt": "A", "States": states}}
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trusting, "Policies": [policy]},
            },
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {**written, **properties}},
        }
    }


def told(template: dict[str, Any]) -> tuple[list[str], list[str]]:
    roles = template_roles(template, "t.json", lambda _: Origin("t.json"))
    (compared,) = compared_roles(roles, lambda _: None)
    return [access.action for access in compared.lacks], [each.action for each in compared.unneeded]


def test_looking_after_executions_is_not_lacked_and_what_settings_need_is_not_too_much() -> None:
    start = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": STARTED}
    events = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
    logs = {"Effect": "Allow", "Action": ["logs:CreateLogDelivery", "logs:GetLogDelivery"], "Resource": "*"}
    but = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert told(machine(start)) == (events, [])
    assert told(machine(start, logs)) == (events, ["logs:CreateLogDelivery", "logs:GetLogDelivery"])
    assert told(machine(start, logs, LoggingConfiguration=LOGGING)) == (events, [])
    assert told(machine(start, but)) == ([], [])


def test_a_definition_in_a_bucket_is_not_looked_for_beside_a_template() -> None:
    asked: list[str] = []
    for uri in ("s3://bucket/machine.json", "machine.json"):
        properties = {"DefinitionUri": uri, "Role": {"Fn::GetAtt": ["Role", "Arn"]}}
        template = machine()
        template["Resources"]["Machine"] = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
        template["Transform"] = "AWS::Serverless-2016-10-31"
        roles = template_roles(template, "t.json", lambda _: Origin("t.json"))
        assert [*compared_roles(roles, asked.append)] == []
    assert asked == ["machine.json"]
