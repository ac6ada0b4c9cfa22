"""The parts of roles by themselves: the policies that count for a request, and what each default gives, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from remit.app import App, Function, Grant, JobQueue, Output, Reason, Resource, ScheduledJob, StoredValue, Workflow
from remit.errors import Origin
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.roles import defaults
from remit.roles.assign import assign, may_break
from remit.roles.broken_features import BrokenFeature, broken
from remit.roles.role_policies import aws_policy, names_at, ready_role, ready_roles

HERE, THERE = Origin("app.py", 7, 1), Origin("config/deploy.py", 3, 1)
BASIC: Final = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
LIMIT: Final = "arn:aws:iam::111122223333:policy/limit"
OWN: Final = "arn:aws:iam::111122223333:policy/own"
UNKNOWN: Final = "arn:aws:iam::111122223333:policy/unknown"
SEND: Final = Grant(allow("sqs:SendMessage"), Reason("text", "first"), HERE)
POLICY: Final = Policy((allow("s3:GetObject"),))
HELLO: Final = Function("hello", "Hello", "app.hello", {}, origin=HERE)


def app(*functions: Function, **settings: Any) -> App:
    return App("shop", "dev", functions, **settings)


def held(grants: tuple[Grant, ...], *managed: str, **more: Any) -> Holder:
    return Holder("Role", (inline(grants), *by_arn(managed)), **more)


def test_a_policy_that_is_given_counts_before_awss_own_and_each_once_those_first_that_are_known() -> None:
    role = held((SEND,), UNKNOWN, BASIC, OWN, BASIC, limits=bounded(LIMIT))
    ready = ready_role(role, {}, {OWN: POLICY, BASIC: POLICY, LIMIT: POLICY})
    assert [(policy.name, policy.how, policy.document) for policy in ready.policies] == [
        ("", "inline", Policy((SEND.statement,))),
        (BASIC, "managed", POLICY),
        (OWN, "managed", POLICY),
        (UNKNOWN, "managed", None),
    ]
    assert [(limit.name, limit.document) for limit in ready.limits] == [(LIMIT, POLICY)]
    assert ready_role(role, {}).policies[1].document == aws_policy(BASIC) != POLICY
    with_principals = replace(SEND, statement=replace(SEND.statement, principals=Principals((("AWS", "*"),))))
    of_resource = ready_role(held((with_principals,), BASIC), {})
    assert [policy.how for policy in of_resource.policies] == ["resource", "managed"]


def test_a_file_of_the_project_stands_for_the_accounts_policy_of_its_name_and_never_for_awss() -> None:
    declared = Resource("Own", "AWS::IAM::ManagedPolicy", {"PolicyDocument": {"Statement": []}})
    name = BASIC.rpartition("/")[2]
    shop = app(HELLO, policies={"own": POLICY, name: POLICY, "limit": POLICY}, resources=(declared,))
    role = held((), OWN, BASIC, "${Own}", functions=("hello",), limits=bounded(LIMIT))
    ready = ready_roles(shop, (role,))["hello"]
    assert {policy.name: policy.document for policy in ready.policies if policy.name} == {
        OWN: POLICY,
        BASIC: aws_policy(BASIC),
        "${Own}": Policy((), version="2008-10-17"),
    }
    assert [limit.document for limit in ready.limits] == [POLICY]
    assert ready.source_arn == HELLO.source_arn


def test_a_place_counts_for_the_names_that_are_made_of_it_and_for_itself() -> None:
    names = {"${A.Arn}": "arn:aws:sqs:${AWS::Region}:1:a", "${AWS::Region}": "elsewhere"}
    place = {"${AWS::Region}": "eu-west-1"}
    assert names_at(names, place) == {"${A.Arn}": "arn:aws:sqs:eu-west-1:1:a", "${AWS::Region}": "eu-west-1"}


def test_a_function_with_a_role_of_its_own_is_told_what_does_not_reach_it_and_looks_nothing_up() -> None:
    output = Output("O", "${A}", shared="Data.a")
    bringing = Function("own", "Own", "app.own", {"Role": "r"}, looks_up=None)
    notes = defaults.notes_of(app(bringing, outputs=(output,)))
    needed = "own brings a role of its own, which must allow logs:CreateLogStream, logs:PutLogEvents"
    lost = "; what the configuration grants to every function does not reach it"
    assert notes == [needed]
    assert defaults.notes_of(app(replace(bringing, managed=(BASIC,)))) == [f"{needed}{lost}"]
    assert defaults.notes_of(app(replace(bringing, policy=(SEND,)))) == [f"{needed}{lost}"]
    told = ["hello may look up no output, since none is named in their code: `reads=[Data.a]` at one that does"]
    assert defaults.notes_of(app(HELLO, outputs=(output,))) == told
    assert not defaults.notes_of(app(HELLO, outputs=(output,), default_policy=()))
    assert not defaults.notes_of(app(replace(HELLO, looks_up=False), outputs=(output,)))
    assert not defaults.notes_of(app(replace(HELLO, queue="default"), outputs=(output,)))


def test_a_function_that_may_look_up_needs_an_output_and_is_told_at_its_line() -> None:
    reading = replace(HELLO, looks_up=True)
    assert [*defaults.shared_resources(app(reading), reading)] == []
    (grant,) = defaults.shared_resources(app(reading, outputs=(Output("O", "a", origin=THERE),)), reading)
    assert (grant.statement, grant.origin) == (
        allow("cloudformation:DescribeStacks", on="${AWS::StackId}"),
        THERE,
    )


def test_what_a_function_is_allowed_itself_is_not_kept_from_its_code_and_what_it_is_denied_is() -> None:
    every = Grant(allow("ec2:*"), Reason("text"), HERE)
    denied = Grant(Statement("Deny", Globs(("ec2:*",)), Globs(("*",))), Reason("text"), HERE)
    lambdas = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    for policy, managed, count in (
        ((), (), 6),
        ((denied,), (), 6),
        ((every,), (), 0),
        ((), (lambdas,), 6),
        ((), ("arn:aws:iam::aws:policy/AmazonEC2FullAccess",), 0),
        ((), ("arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess",), 4),
    ):
        function = replace(HELLO, properties={"VpcConfig": {}}, policy=policy, managed=managed)
        denials = [
            grant.statement for grant in defaults.network(app(function), function) if grant.statement.effect == "Deny"
        ]
        assert sum(len(statement.actions.patterns) for statement in denials) == count, (policy, managed)
        for statement in denials:
            assert statement.conditions == (Condition("ArnEquals", "lambda:SourceFunctionArn", (function.source_arn,)),)


def test_a_file_system_is_named_by_the_access_points_of_s3_files_alone() -> None:
    point = "/access-point/fsap-0123"
    own = Resource("Point", "AWS::S3Files::AccessPoint", {})
    of_efs = "arn:aws:elasticfilesystem:eu-west-1:111122223333"
    of_s3 = "arn:aws:s3files:eu-west-1:111122223333:file-system/fs-1"
    every = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:file-system/*"
    for arn, service, resource in (
        (f"{of_efs}:access-point/fsap-1", "elasticfilesystem", every % "elasticfilesystem"),
        (f"{of_efs}:file-system/fs-1{point}", "elasticfilesystem", every % "elasticfilesystem"),
        (f"{of_s3}{point}", "s3files", of_s3),
        ("${Point.Arn}", "s3files", every % "s3files"),
    ):
        mounting = replace(HELLO, properties={"FileSystemConfigs": [{"Arn": arn}, {"Arn": 1}]})
        through = Condition("StringEquals", f"{service}:AccessPointArn", (arn,))
        actions = (f"{service}:ClientMount", f"{service}:ClientWrite")
        assert [grant.statement for grant in defaults.file_systems(app(mounting, resources=(own,)), mounting)] == [
            allow(*actions, on=resource, when=(through,))
        ], arn


def test_scheduler_sends_to_a_queue_with_scheduled_jobs_or_later_ones_and_to_no_other() -> None:
    scheduled = (ScheduledJob("digest", "app:digest", None),)
    queues = (
        JobQueue("clocked", 0, 0, scheduled=scheduled),
        JobQueue("later", 0, 0),
        JobQueue("unsent", 0, 0),
        JobQueue("later.fifo", 0, 0),
    )
    sender = replace(HELLO, sends=("later", "later.fifo"))
    shop = app(sender, queues=queues, queues_origin=THERE, schedules_jobs=True, boundary=LIMIT)
    roles = {role.logical_id: role for role in assign(shop)}
    assert [*roles] == ["HelloRole", "JobClockedSchedulerRole", "JobLaterSchedulerRole"]
    for role in roles.values():
        assert role.limits == bounded(LIMIT)
    waiting = replace(shop, schedules_jobs=False)
    assert [role.logical_id for role in defaults.job_schedulers(waiting)] == ["JobClockedSchedulerRole"]
    assert [role.origin for role in defaults.job_schedulers(waiting)] == [THERE]


def test_a_stored_value_is_told_by_its_variable_and_the_key_that_encrypts_it_too() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"
    value = StoredValue("ssm", "/shop/db", "/shop/db", key, variable="DB", origin=THERE)
    function = replace(HELLO, stored_values=(value,))
    named = "hello reads parameter /shop/db, which DB names"
    grants = [*defaults.stored_values(app(function), function)]
    assert [(grant.because, grant.origin) for grant in grants] == [
        (named, THERE),
        (f"{named}, which this key encrypts", THERE),
    ]


def test_of_two_grants_with_one_statement_the_first_tells_why_and_each_sid_stands_once() -> None:
    def statement(action: str, sid: str) -> Grant:
        return Grant(replace(allow(action), sid=sid), Reason("text", action), HERE)

    policy = (
        SEND,
        replace(SEND, reason=Reason("text", "second")),
        statement("s3:A", "A"),
        statement("s3:B", "A"),
        statement("s3:C", "A2"),
        statement("s3:D", "A"),
        statement("s3:E", ""),
    )
    (role,) = assign(app(replace(HELLO, policy=policy), default_policy=()))
    assert [(grant.because, grant.statement.sid) for grant in role.grants] == [
        ("first", ""), ("s3:A", "A"), ("s3:B", "A2"), ("s3:C", "A22"), ("s3:D", "A3"), ("s3:E", ""),
    ]  # fmt: skip


def test_a_role_of_a_workflow_stands_at_its_line() -> None:
    workflow = Workflow("order", "Order", grants=(SEND,), managed=(BASIC,), origin=THERE)
    (role,) = assign(app(workflows=(workflow,), boundary=LIMIT))
    assert (role.logical_id, role.origin, role.managed, role.limits, role.grants) == (
        workflow.role_id, THERE, (BASIC,), bounded(LIMIT), (SEND,),
    )  # fmt: skip


def test_a_deny_that_remit_computes_breaks_nothing_and_any_other_may() -> None:
    deny = Statement("Deny", Globs(("ec2:*",)), Globs(("*",)))
    computed, written = (Grant(deny, reason) for reason in (HELLO.computed("x"), Reason("text", "x")))
    for grants, is_possible in (((SEND, computed), False), ((SEND, written), True), ((SEND,), False)):
        assert may_break(app(HELLO), (held(grants),)) is is_possible
    for setting in ({"default_policy": ()}, {"default_vpc_policy": ()}, {"boundary": LIMIT}):
        assert may_break(app(HELLO, **setting), ())


def test_what_an_override_breaks_has_its_reason_its_effect_and_the_line_of_the_override() -> None:
    function = replace(HELLO, properties={"VpcConfig": {}})
    shop = app(
        function,
        default_vpc_policy=(Grant(allow("ec2:Describe*"), Reason("text")),),
        default_vpc_policy_origin=THERE,
        default_policy_origin=HERE,
    )
    every = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"
    assert broken(shop, assign(shop)) == (
        BrokenFeature(
            function="hello",
            role="HelloRole",
            setting="config.lambda_.iam.default_vpc_policy",
            severity="error",
            reason=HELLO.computed("runs in a VPC"),
            effect="Lambda refuses the function, and the deploy fails",
            missing=(
                "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses",
                "ec2:UnassignPrivateIpAddresses",
            ),
            resources=(every,),
            origin=THERE,
        ),
    )  # fmt: skip


def test_a_deny_with_a_condition_that_may_hold_is_no_deny_that_is_told_and_an_allow_of_each_key_is_open() -> None:
    def when(operator: str, key: str, *values: str) -> tuple[Condition, ...]:
        return (Condition(operator, key, values),)

    logs = "arn:${AWS::Partition}:logs:*:*:*"
    own = Grant(allow("logs:CreateLogStream", on=logs, when=when("StringEquals", "aws:SourceVpc", "a")), Reason("text"))
    other = Grant(allow("logs:PutLogEvents", on=logs, when=when("StringEquals", "aws:SourceVpce", "b")), Reason("text"))
    shop = app(HELLO, default_policy=(own, other), default_policy_origin=THERE)
    (loss,) = broken(shop, assign(shop))
    assert (loss.missing, loss.depends, loss.severity, loss.denied, loss.origin) == (
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        ("aws:SourceVpc", "aws:SourceVpce"),
        "warning",
        False,
        THERE,
    )
    denied = Grant(Statement("Deny", Globs(("logs:PutLogEvents",)), Globs(("*",))), Reason("text"), HERE)
    shop = replace(shop, default_policy=(denied,))
    forbidden, lacking = broken(shop, assign(shop))
    assert (forbidden.missing, forbidden.denied, forbidden.denies) == (("logs:PutLogEvents",), True, (HERE,))
    assert (lacking.missing, lacking.denied, lacking.denies) == (("logs:CreateLogStream",), False, ())
