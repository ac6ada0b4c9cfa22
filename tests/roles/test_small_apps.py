"""The roles of the smallest apps: what each use brings, and where another one brings nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import (
    ApiSettings,
    App,
    Function,
    Grant,
    JobQueue,
    Output,
    Publication,
    Reason,
    Resource,
    StoredValue,
    Workflow,
)
from remit.errors import Origin, RemitError
from remit.holders import Holder, by_arn, inline
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Condition, Globs, Policy, Statement, allow, render
from remit.resources.own_resources import own_resources
from remit.roles.assign import assign, bind, bind_text, may_break
from remit.roles.broken_features import BrokenFeature, broken, grouped
from remit.roles.defaults import default_grants, notes_of
from remit.roles.deploy_places import Candidate, candidates, listed
from remit.roles.encryption_keys import key_of
from remit.roles.fit_quotas import explained, fit
from remit.roles.guardrail_proof import prove
from remit.roles.guardrails import Guardrail, read_guardrail, unknown_actions
from remit.roles.policy_size import Headroom, Sizes, headroom
from remit.roles.reference_names import arn_of, names_in, put_texts
from remit.roles.reference_shapes import shapes_of
from remit.roles.role_policies import ask, places, ready_role, ready_roles
from remit.roles.shaped_comparison import compare_in_shape
from remit.triggers.api import Api
from remit.triggers.kinesis import Kinesis
from remit.triggers.schedule import Schedule
from remit.triggers.sqs import Sqs

PLACE: Final = "${AWS::Region}:${AWS::AccountId}"
QUEUE: Final = Resource("Orders", "AWS::SQS::Queue", {"KmsMasterKeyId": "${Key.Arn}"})
KEY: Final = Resource("Key", "AWS::KMS::Key", {})


def function(name: str = "hello", **fields: Any) -> Function:
    properties = fields.pop("properties", {})
    return Function(name, name.title(), f"app.{name}", properties, **fields)


def app(*functions: Function, **fields: Any) -> App:
    return App("shop", "dev", functions, **fields)


def grant(action: str, on: str = "*", sid: str = "", origin: Origin | None = None) -> Grant:
    statement = allow(action, on=on)
    return Grant(Statement("Allow", statement.actions, statement.resources, sid=sid), Reason("text", action), origin)


def said(grants: Any) -> list[str]:
    """Actions and resources of grants, one text each."""
    return [
        f"{', '.join(one.statement.actions.patterns)} on {', '.join(one.statement.resources.patterns)}"
        for one in grants
    ]


def used(one: Function, **fields: Any) -> list[str]:
    """What a function's uses bring, beside its logs."""
    return said(default_grants(app(one, **fields), one))[1:]


# Roles and functions


@pytest.mark.parametrize(("count", "roles"), [(1, 1), (2, 1), (3, 1)])
def test_functions_of_the_same_access_share_one_role_with_all_of_their_log_groups(count: int, roles: int) -> None:
    functions = tuple(function(f"f{number}") for number in range(count))
    shared = assign(app(*functions, share_roles=True))
    assert roles == len(shared)
    assert tuple(one.name for one in functions) == shared[0].functions
    (logs,) = shared[0].grants
    assert tuple(one.log_group_arn for one in functions) == logs.statement.resources.patterns  # type: ignore[union-attr]
    assert count == len(assign(app(*functions)))


def test_a_shared_role_keeps_what_is_about_something_else() -> None:
    one, two = (function(name, policy=(grant("sqs:SendMessage", "arn:aws:sqs:r:1:q"),)) for name in ("one", "two"))
    (role,) = assign(app(one, two, share_roles=True))
    assert "sqs:SendMessage on arn:aws:sqs:r:1:q" in said(role.grants)


def test_a_sid_stands_once_however_often_it_was_given() -> None:
    given = tuple(grant(f"sqs:{action}", sid="Own") for action in ("SendMessage", "DeleteMessage", "PurgeQueue"))
    (role,) = assign(app(function(policy=given)))
    assert ["", "Own", "Own2", "Own3"] == [one.statement.sid for one in role.grants]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("arn:x:table/orders", "${T.Arn}"),
        ("arn:x:table/orders/index/by-day", "${T.Arn}/index/by-day"),
        ("arn:x:table/orders-2", "arn:x:table/orders-2"),
        ("arn:x:files", "${F.Arn}"),
        ("arn:x:files/in/*", "${F.Arn}/in/*"),
        ("arn:x:table/others/index/orders", "arn:x:table/others/index/orders"),
    ],
)
def test_an_arn_of_the_apps_own_is_bound_with_all_that_is_below_it(text: str, bound: str) -> None:
    assert bound == bind_text(text, {"arn:x:table/orders": "${T.Arn}", "arn:x:files": "${F.Arn}"})


def test_what_may_break_is_what_somebody_replaced_denied_or_bounded() -> None:
    in_vpc = function(properties={"VpcConfig": {"SubnetIds": ["s"]}})
    for fields, may in (
        ({}, False),
        ({"default_vpc_policy": ()}, True),
        ({"default_policy": ()}, True),
        ({"boundary": "b"}, True),
    ):
        assert may == may_break(app(in_vpc, **fields), assign(app(in_vpc)))  # whose own Deny is computed


def test_functions_with_other_managed_policies_have_other_roles() -> None:
    functions = (function("one"), function("two", managed=("arn:aws:iam::1:policy/p",)), function("three"))
    assert [("one", "three"), ("two",)] == [role.functions for role in assign(app(*functions, share_roles=True))]


def test_every_role_of_an_app_has_its_boundary_and_whoever_acts_for_it_what_is_its_own() -> None:
    here, boundary, managed = Origin("app.py", 3, 1), "arn:aws:iam::1:policy/b", ("arn:aws:iam::1:policy/p",)
    clock = Schedule("rate(1 day)", dead_letter="${Orders.Arn}").at(here)
    workflow = Workflow("ship", "Ship", managed=managed, origin=here)
    sender = function(sends=("mail",), triggers=(clock,))
    queues = (JobQueue("mail", 3, 3),)
    fields = {"queues": queues, "workflows": (workflow,), "schedules_jobs": True, "resources": (QUEUE, KEY)}
    roles = assign(app(sender, boundary=boundary, **fields))
    by_id = {role.logical_id: role for role in roles}
    assert ["HelloRole", "JobMailSchedulerRole", "HelloSchedulerRole", "ShipRole"] == [*by_id]
    assert {boundary} == {role.boundary for role in roles}
    assert (managed, here) == (by_id["ShipRole"].managed, by_id["ShipRole"].origin)
    assert "kms:GenerateDataKey, kms:Decrypt on ${Key.Arn}" in said(by_id["HelloSchedulerRole"].grants)
    sending = by_id["JobMailSchedulerRole"]
    assert ["sqs:SendMessage on ${JobMailQueue.Arn}"] == said(sending.grants)
    assert ":schedule-group/${AWS::StackName}-jobs" in str(sending.trust)


def test_an_api_has_a_role_to_call_with_where_its_routes_are_in_its_body() -> None:
    routed = function(triggers=(Api("GET /orders"),))
    for in_body, count in ((True, 2), (False, 1)):
        assert count == len(assign(app(routed, api=ApiSettings(routes_in_body=in_body))))


# What each use brings


def test_the_part_for_a_vpc_is_replaced_where_there_is_one_alone() -> None:
    fields = {"default_policy": (grant("a:B"),), "default_vpc_policy": (grant("c:D"),)}
    in_vpc = function(properties={"VpcConfig": {"SubnetIds": ["s"]}})
    assert ["a:B on *"] == said(default_grants(app(function(), **fields), function()))
    assert ["a:B on *", "c:D on *"] == said(default_grants(app(in_vpc, **fields), in_vpc))


@pytest.mark.parametrize(("mode", "count"), [("Active", 1), ("PassThrough", 0)])
def test_a_function_sends_traces_where_it_is_traced(mode: str, count: int) -> None:
    assert count == len(used(function(properties={"TracingConfig": {"Mode": mode}})))


ACCESS_POINT: Final = "arn:aws:elasticfilesystem:r:1:access-point/fsap-1"
OF_S3: Final = "arn:aws:s3files:r:1:file-system/fs-1/access-point/ap-1"


@pytest.mark.parametrize(
    ("point", "on"),
    [
        (ACCESS_POINT, f"arn:${{AWS::Partition}}:elasticfilesystem:{PLACE}:file-system/*"),
        (OF_S3, "arn:aws:s3files:r:1:file-system/fs-1"),
        ("${Own.Arn}", f"arn:${{AWS::Partition}}:s3files:{PLACE}:file-system/*"),
    ],
)
def test_a_file_system_is_mounted_by_its_access_point_alone(point: str, on: str) -> None:
    mounting = function(properties={"FileSystemConfigs": [{"Arn": point, "LocalMountPath": "/mnt/a"}]})
    own = Resource("Own", "AWS::S3Files::AccessPoint", {})
    (made,) = default_grants(app(mounting, resources=(own,)), mounting)[1:]
    assert said([made])[0].endswith(f" on {on}")
    assert (point,) == made.statement.conditions[0].values


def test_jobs_are_sent_and_sent_later_to_the_queues_that_a_function_names() -> None:
    queues = tuple(JobQueue(name, 4, 4, backoff=backoff) for name, backoff in (("mail", 0), ("slow", 5), ("a.fifo", 0)))
    sender, other = function(sends=("mail", "a.fifo")), function("other", sends=("slow",))
    fields: dict[str, Any] = {"queues": queues, "schedules_jobs": True}
    grants = said(default_grants(app(sender, other, **fields), sender))[1:]
    assert "sqs:SendMessage on ${JobMailQueue.Arn}, ${JobAFifoQueue.Arn}" == grants[0]
    assert ["iam:PassRole on ${JobMailSchedulerRole.Arn}"] == [one for one in grants if "PassRole" in one]
    for name, waits in (("mail", False), ("slow", True)):
        worker = function("worker", queue=name)
        of_worker = said(default_grants(app(worker, **fields), worker))
        assert waits == any("ChangeMessageVisibility" in one for one in of_worker)
        assert any(one.startswith("sqs:SendMessage on ") and "DeadLetter" in one for one in of_worker)


def test_a_secret_is_read_and_decrypted_with_the_key_that_it_has() -> None:
    secret = StoredValue("secretsmanager", "db", "db", key="arn:aws:kms:r:1:key/1", variable="DB")
    reading = function(stored_values=(secret,))
    grants = default_grants(app(reading), reading)[1:]
    keyed = [one for one in grants if one.statement.actions.patterns[0].startswith("kms:")]
    assert 1 == len(keyed) == len(grants) - 1
    assert ["which this key encrypts" in one.because for one in grants] == [one in keyed for one in grants]


@pytest.mark.parametrize(
    ("destination", "actions"),
    [
        ("arn:aws:sqs:r:1:q", ["sqs:SendMessage"]),
        ("arn:aws:events:r:1:event-bus/b", ["events:PutEvents"]),
        ("${Orders.Arn}", ["sqs:SendMessage", "kms:GenerateDataKey, kms:Decrypt"]),
        ("${Parameter}", ["sqs:SendMessage, sns:Publish, lambda:InvokeFunction, events:PutEvents"]),
    ],
)
def test_a_destination_is_sent_to_by_what_it_is(destination: str, actions: list[str]) -> None:
    configured = {"DestinationConfig": {"OnSuccess": {"Destination": destination}}}
    sending = function(event_invoke=configured)
    made = default_grants(app(sending, resources=(QUEUE, KEY)), sending)[1:]
    assert sorted(actions) == sorted(", ".join(one.statement.actions.patterns) for one in made)
    assert "hello sends records of calls that succeeded to their destination" in [one.because for one in made]


def test_what_is_encrypted_is_read_and_sent_with_its_key_wherever_the_app_names_it() -> None:
    failing = function(properties={"DeadLetterConfig": {"TargetArn": "${Orders.Arn}"}})
    assert "kms:GenerateDataKey, kms:Decrypt on ${Key.Arn}" in used(failing, resources=(QUEUE, KEY))
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    taking = function(triggers=(Sqs("arn:aws:sqs:eu-west-1:111122223333:far", key=key),))
    assert f"kms:Decrypt on {key}" in used(taking)


def test_code_in_a_vpc_is_denied_its_network_unless_what_is_known_of_its_policies_allows_that() -> None:
    allowing, own = Policy((allow("ec2:CreateNetworkInterface"),)), "arn:aws:iam::1:policy/team"
    denying = Policy((Statement("Deny", Globs(("ec2:CreateNetworkInterface",)), Globs(("*",))),))
    of_aws = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    for arn, policies, is_denied in (
        (own, {}, True),
        (own, {"team": allowing}, False),
        (own, {"team": denying}, True),
        (of_aws, {}, False),
        (of_aws, {"AmazonEC2FullAccess": denying}, True),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole", {}, True),
    ):
        one = function(managed=(arn,), properties={"VpcConfig": {"SubnetIds": ["s"]}})
        grants = default_grants(app(one, policies=policies), one)
        denied = [each.statement.actions.patterns for each in grants if each.statement.effect == "Deny"]
        assert is_denied == any("ec2:CreateNetworkInterface" in actions for actions in denied), arn


def test_a_file_system_without_an_access_point_hides_no_other() -> None:
    configs = [{"LocalMountPath": "/mnt/a"}, {"Arn": ACCESS_POINT}]
    assert 1 == len(used(function(properties={"FileSystemConfigs": configs})))


def test_a_grant_of_a_trigger_stands_at_the_line_that_it_gives_or_at_that_of_the_function() -> None:
    class Granting:
        def __init__(self, origin: Origin | None) -> None:
            self.origin = origin

        def grants(self, _: Function) -> tuple[Grant, ...]:
            return (grant("a:B", origin=self.origin),)

    here, there = Origin("app.py", 3, 1), Origin("app.py", 9, 1)
    for origin, told in ((None, here), (there, there)):
        one = function(triggers=(Granting(origin),), origin=here)
        assert told == next(each.origin for each in default_grants(app(one), one) if each.because == "a:B")


def test_nobody_is_named_who_may_send_no_job_or_look_up_nothing_where_an_app_has_none_or_replaces_the_default() -> None:
    output = Output("Url", "x", "", shared="Data.url")
    assert [] == notes_of(app(function(), outputs=(output,), default_policy=()))
    assert [] == notes_of(app(function(), queues=(JobQueue("mail", 3, 3),)))


def test_a_build_names_who_reads_no_output_but_those_with_a_role_of_their_own() -> None:
    own = function("own", properties={"Role": "arn:aws:iam::1:role/r"}, managed=("arn:aws:iam::1:policy/p",))
    notes = notes_of(app(function(), own, outputs=(Output("Url", "x", "", shared="Data.url"),)))
    assert notes[0].startswith("own brings a role of its own, which must allow logs:CreateLogStream")
    assert notes[0].endswith("; what the configuration grants to every function does not reach it")
    assert ["hello may look up no output"] == [note.split(",")[0] for note in notes[1:]]


# Keys


def test_a_key_is_that_of_a_resource_of_these_types() -> None:
    own = app(resources=(QUEUE, KEY))
    for types, found in (((), True), (("AWS::SQS::Queue",), True), (("AWS::SNS::Topic",), False)):
        assert found == (key_of(own, "${Orders.Arn}", types) is not None)


def test_a_statement_about_an_alias_of_the_apps_is_about_its_key() -> None:
    alias = Resource("Alias", "AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": "${Key.Arn}"})
    own = own_resources(app(resources=(KEY, alias)))
    every = f"arn:${{AWS::Partition}}:kms:{PLACE}:key/*"

    def bound(*aliases: str) -> str:
        condition = Condition("StringEquals", "kms:ResourceAliases", aliases, quantifier="ForAnyValue")
        return said([bind(Grant(allow("kms:Decrypt", on=every, when=(condition,)), Reason("text", "x")), own)])[0]

    assert "kms:Decrypt on ${Key.Arn}" == bound("alias/shop")
    assert f"kms:Decrypt on {every}" == bound("alias/shop", "alias/other") == bound("alias/other")


# Quotas


def test_a_statement_is_explained_by_those_of_its_effect_and_no_reason_is_lost() -> None:
    wide, denied = (
        grant("s3:*"),
        Grant(Statement("Deny", allow("s3:GetObject").actions, allow("x:Y").resources), Reason("text", "no")),
    )
    other = grant("sqs:SendMessage")
    (explained_one,) = explained((wide.statement,), (wide, other))
    assert (wide, other) == explained_one.stands_for
    of_wide, of_denied = explained((wide.statement, denied.statement), (grant("s3:GetObject"), wide, denied))
    assert ("s3:GetObject; s3:*", "no") == (of_wide.because, of_denied.because)


def long_role(count: int, managed: int = 0) -> Holder:
    conditions = [Condition("StringEquals", f"aws:PrincipalTag/t{number}", ("x" * 900,)) for number in range(count)]
    grants = tuple(
        Grant(allow("s3:GetObject", on=f"arn:aws:s3:::b{number}/*", when=(condition,)), Reason("text", f"r{number}"))
        for number, condition in enumerate(conditions)
    )
    arns = tuple(f"arn:aws:iam::1:policy/p{number}" for number in range(managed))
    return Holder("HelloRole", (inline(grants), *by_arn(arns)), ("hello",))


def test_a_role_that_is_parted_has_numbered_policies_beside_those_that_it_has() -> None:
    sizes = Sizes("shop-dev", {})
    role = long_role(20, managed=2)
    fitted = fit(role, sizes)
    made = [policy for policy in fitted.policies if policy.how == "made"]
    assert [f"HelloRolePolicy{number}" for number in range(1, len(made) + 1)] == [policy.name for policy in made]
    room = headroom(role, fitted, sizes)
    assert (2 + len(made), True) == (room.attached, room.remarkable)
    assert [grant.because for grant in role.grants] == [grant.because for grant in fitted.grants]


# Names, shapes and questions


def test_equal_texts_stand_once_where_they_are_put_in() -> None:
    statement = allow("s3:GetObject", on=("${A}", "${B}"))
    assert ("x",) == put_texts(statement, lambda _: "x").resources.patterns  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "name", "arn"),
    [
        (
            "AWS::SQS::Queue",
            "https://sqs.eu-west-1.amazonaws.com/1/orders",
            f"arn:${{AWS::Partition}}:sqs:{PLACE}:orders",
        ),
        ("AWS::SNS::Topic", "arn:aws:sns:r:1:news", "arn:aws:sns:r:1:news"),
        ("AWS::KMS::Key", "1234", f"arn:${{AWS::Partition}}:kms:{PLACE}:key/1234"),
        ("AWS::SSM::Parameter", "/shop/db", f"arn:${{AWS::Partition}}:ssm:{PLACE}:parameter/shop/db"),
        ("AWS::Nothing::Here", "x", None),
    ],
)
def test_an_arn_follows_from_a_name_in_the_account(kind: str, name: str, arn: str | None) -> None:
    assert arn == arn_of(kind, name)


def test_a_name_below_a_path_that_only_the_deploy_knows_is_not_foretold() -> None:
    roles = [Resource("R", "AWS::IAM::Role", {"RoleName": "r", "Path": path}) for path in ("/team/", "/${Team}/")]
    foretold, open_one = (names_in("shop-dev", (role,)).get("${R.Arn}") for role in roles)
    assert "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/team/r" == foretold
    assert open_one is None or "${Team}" not in open_one
    shapes = [shapes_of((role,)).texts.get("${R.Arn}") for role in roles]
    assert shapes[0] is not None
    assert None is shapes[1]


def test_a_name_that_one_version_gives_alone_stands_in_its_arn() -> None:
    named, unnamed = (shapes_of((Resource("Orders", "AWS::SQS::Queue", given),)) for given in ({"QueueName": "a"}, {}))
    nothing = shapes_of(())
    arn = f"arn:${{AWS::Partition}}:sqs:{PLACE}:"
    for shapes, other, end in ((named, nothing, "a"), (unnamed, nothing, "${Orders.QueueName}"), (named, named, "a")):
        assert f"{arn}{end}" == shapes.beside(other)["${Orders.Arn}"]
        assert f"{arn}{end}" == nothing.beside(shapes)["${Orders.Arn}"]


def test_names_that_two_versions_give_differently_stay_symbols() -> None:
    old, new = (
        shapes_of((Resource("Q", "AWS::SQS::Queue", {} if name is None else {"QueueName": name}),))
        for name in ("one", "two")
    )
    assert old.beside(old)["${Q.Arn}"].endswith(":one")
    assert not old.beside(new)["${Q.Arn}"].endswith((":one", ":two"))
    assert new.beside(old)["${Q.Arn}"] == old.beside(new)["${Q.Arn}"]


def test_what_is_gained_is_told_by_the_text_that_names_it_also_beside_two_that_mean_the_same() -> None:
    orders = f"arn:${{AWS::Partition}}:sqs:{PLACE}:orders"
    other = "arn:aws:sqs:eu-west-1:111122223333:other"
    shapes = {"${Orders.Arn}": orders}
    new = Layers((Policy((allow("sqs:SendMessage", on=("${Orders.Arn}", orders, other)),)),))
    gained = compare_in_shape(Layers((Policy(()),)), new, shapes, shapes).gained
    assert [("${Orders.Arn}", "${Orders.Arn}"), (other, other)] == [
        (piece.resource, piece.request.resource) for piece in gained
    ]


def test_whoever_asks_may_say_another_function_and_the_home_comes_first() -> None:
    policy = Condition("StringEquals", "lambda:SourceFunctionArn", ("arn:f",))
    role = Holder(
        "R", (inline((Grant(allow("s3:GetObject", when=(policy,)), Reason("text", "x")),)),), source_arn="arn:f"
    )
    ready = ready_role(role, {})
    for context, verdict in ((None, "Allowed"), ({"lambda:SourceFunctionArn": "arn:g"}, "ImplicitlyDenied")):
        assert verdict == ask(ready, "s3:GetObject", "*", context=context).verdict
    named = places(ready, "arn:aws:s3:ap-south-1:1:x")
    assert ["us-east-1", "ap-south-1"] == [place["${AWS::Region}"] for place in named]


def test_a_policy_of_the_account_is_the_projects_and_one_of_awss_is_awss() -> None:
    own = Policy((allow("s3:GetObject"),))
    managed = ("arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::1:policy/shared", "arn:aws:iam::1:policy/unread")
    named = app(function(managed=managed), policies={"shared": own, "ReadOnlyAccess": own})
    ready = ready_roles(named, assign(named))["hello"]
    documents = {
        policy.name.rpartition("/")[2]: policy.document for policy in ready.policies if policy.how == "managed"
    }
    assert (own, None) == (documents["shared"], documents["unread"])
    assert own != documents["ReadOnlyAccess"]
    assert ["shared", "unread"] == [name for name in documents if name != "ReadOnlyAccess"]
    assert "unread" == [*documents][-1]


def test_an_alias_is_foretold_with_the_function_that_it_is_of() -> None:
    published = function(publication=Publication("live"))
    ready = ready_roles(app(published), assign(app(published)))["hello"]
    assert "HelloAlias" in str(ready.names)


def test_places_are_told_apart_by_what_texts_spell() -> None:
    assert () == candidates(["arn:aws:s3:::b"], [])
    told = candidates(["arn:${AWS::Partition}:sqs:${AWS::Region}:1:q", "arn:aws:sqs:eu-west-1:1:q"], [])
    assert "partition aws, region eu-west-1" in [place.words for place in told]


# Features that break


def test_functions_that_lose_the_same_are_told_as_one_also_by_their_own_log_groups() -> None:
    functions = (function("one"), function("two"))
    bare = app(*functions, default_policy=())
    losses = broken(bare, assign(bare))
    assert ["one", "two"] == [loss.function for loss in losses]
    (loss,) = grouped(losses, bare)
    assert ("one", ("two",), "warning") == (loss.function, loss.likewise, loss.severity)
    assert "logs:CreateLogStream, logs:PutLogEvents" in loss.message


def losses(
    *uses: Any, boundary: str | None = None, policy: tuple[Grant, ...] | None, **fields: Any
) -> list[BrokenFeature]:
    """What functions lose beside their logs, with a default policy in the place of the computed one."""
    here = Origin("config/deploy.py", 5, 5)
    declared = app(*uses, boundary=boundary, default_policy=policy, default_policy_origin=here, **fields)
    return [loss for loss in broken(declared, assign(declared)) if "logs:PutLogEvents" not in loss.missing]


def granted(effect: str, *actions: str, on: str = "*", when: tuple[Condition, ...] = (), line: int = 9) -> Grant:
    statement = Statement(effect, Globs(actions), Globs((on,)), conditions=when)  # type: ignore[arg-type]
    return Grant(statement, Reason("text", "x"), Origin("config/deploy.py", line, 1))


def test_what_a_deny_forbids_is_told_of_the_setting_that_has_it_or_at_its_own_line() -> None:
    traced = function(properties={"TracingConfig": {"Mode": "Active"}})
    everything, denied = granted("Allow", "*"), granted("Deny", "xray:*")
    (of_setting,) = losses(traced, policy=(everything, denied))
    assert ("config.lambda_.iam.default_policy", 5) == (
        of_setting.setting,
        of_setting.origin and of_setting.origin.line,
    )
    assert of_setting.denied
    (of_line,) = losses(replace(traced, policy=(denied,)), policy=None)
    assert ("", 9) == (of_line.setting, of_line.origin and of_line.origin.line)
    assert "narrow the Deny" == of_line.way == of_setting.way


def test_each_deny_that_forbids_is_told_with_its_line_and_a_replaced_part_for_a_vpc_with_its_own() -> None:
    traced = function(properties={"TracingConfig": {"Mode": "Active"}})
    denials = (granted("Deny", "xray:PutTraceSegments"), granted("Deny", "xray:PutTelemetryRecords", line=11))
    (loss,) = losses(replace(traced, policy=denials), policy=None)
    assert [9, 11] == [origin.line for origin in loss.denies]
    in_vpc, here = function(properties={"VpcConfig": {"SubnetIds": ["s"]}}), Origin("config/deploy.py", 6, 1)
    bare = app(in_vpc, default_vpc_policy=(), default_vpc_policy_origin=here)
    assert [here] == [loss.origin for loss in broken(bare, assign(bare))]


def test_what_hangs_on_a_key_that_nobody_knows_is_a_warning_and_what_is_of_the_account_is_known() -> None:
    traced = function(properties={"TracingConfig": {"Mode": "Active"}})
    for key, value, told in (
        ("aws:PrincipalTag/team", "a", [("warning", ("aws:PrincipalTag/team",))]),
        ("aws:ResourceAccount", "${AWS::AccountId}", []),
        ("aws:PrincipalAccount", "${AWS::AccountId}", []),
        ("aws:SecureTransport", "true", []),
    ):
        when = (Condition("StringEquals", key, (value,)),)
        found = losses(traced, policy=(granted("Allow", "*", when=when),))
        assert told == [(loss.severity, loss.depends) for loss in found], key


def test_a_queue_that_is_elsewhere_is_asked_for_where_it_is() -> None:
    taking = function(triggers=(Sqs("arn:aws:sqs:eu-west-1:111122223333:far"),))
    here = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:*"
    assert [] == losses(taking, policy=(granted("Allow", "sqs:*", on=here),))
    (loss,) = losses(taking, policy=(granted("Allow", "sqs:*", on=f"{here}.fifo"),))
    assert ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes") == loss.missing


def test_network_interfaces_may_be_named_one_by_one_and_only_those_that_must_be_there() -> None:
    in_vpc = function(properties={"VpcConfig": {"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}})
    described = granted("Allow", "ec2:Describe*", "ec2:DeleteNetworkInterface", "ec2:*PrivateIpAddresses")

    def creating(*kinds: str) -> tuple[Grant, ...]:
        start = f"arn:${{AWS::Partition}}:ec2:{PLACE}:"
        return (described, *(granted("Allow", "ec2:CreateNetworkInterface", on=f"{start}{kind}/*") for kind in kinds))

    assert [] == losses(in_vpc, policy=creating("network-interface", "subnet"))
    lacking = losses(in_vpc, policy=creating("subnet", "security-group"))
    assert [("ec2:CreateNetworkInterface",)] == [loss.missing for loss in lacking]


# Guardrails


def rails(*statements: dict[str, Any]) -> tuple[Guardrail, ...]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return read_guardrail(json.dumps(document, indent=1).encode(), "team.json")


def proven(
    *functions: Function, rail: dict[str, Any], place: Any = None, documents: Any = None, **fields: Any
) -> list[str]:
    """The roles that break a guardrail, or of which nothing is proven, each with the reason in a word."""
    declared = app(*functions, **fields)
    found = prove(declared, assign(declared), rails(rail), place, documents)
    return [f"{each.granted.role.logical_id}: {each.unread or each.note or 'broken'}" for each in found.breaches]


DENY_SQS: Final = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}


def test_a_guardrail_holds_for_all_that_a_role_has_within_its_denials_and_its_boundary() -> None:
    sends = function("one", policy=(grant("sqs:SendMessage"),))
    assert ["OneRole: broken"] == proven(sends, rail=DENY_SQS)
    denied = Grant(Statement("Deny", Globs(("sqs:Send*",)), Globs(("*",))), Reason("text", "x"))
    assert [] == proven(replace(sends, policy=(*sends.policy, denied)), rail=DENY_SQS)
    assert [] == proven(replace(sends, policy=(denied,)), rail=DENY_SQS)
    bounds = {"${Team}": Policy((allow("s3:*"),)), "${Wide}": Policy((allow("*"),))}
    for boundary, told in (("${Team}", []), ("${Wide}", ["OneRole: broken"]), ("${Lost}", ["OneRole: ${Lost}"])):
        assert told == proven(sends, rail=DENY_SQS, boundary=boundary, documents=bounds)
    managed = function("two", managed=("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",))
    assert ["TwoRole: broken"] == [*dict.fromkeys(proven(managed, rail=DENY_SQS))]


def test_nothing_is_proven_of_a_role_with_a_policy_that_nobody_has_or_an_action_that_only_the_deploy_knows() -> None:
    arn = "arn:aws:iam::111122223333:policy/unknown"
    assert [f"OneRole: {arn}"] == proven(function("one", managed=(arn,)), rail=DENY_SQS)
    for effect, told in (
        ("Allow", ["OneRole: which action s3:${Verb}* is, is known at the deploy only"]),
        ("Deny", []),
    ):
        late = Grant(Statement(effect, Globs(("s3:${Verb}*",)), Globs(("*",))), Reason("text", "x"))  # type: ignore[arg-type]
        assert told == proven(function("one", policy=(late,)), rail=DENY_SQS)[:1]


def test_what_is_forbidden_in_a_region_is_broken_there_and_nowhere_else() -> None:
    forbidden = {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:*:*"}
    sends = function("one", policy=(grant("sqs:SendMessage", on=f"arn:${{AWS::Partition}}:sqs:{PLACE}:orders"),))
    for region, told in (("eu-west-1", ["OneRole: broken"]), ("eu-west-2", [])):
        place = {"${AWS::Partition}": "aws", "${AWS::Region}": region, "${AWS::AccountId}": "111122223333"}
        assert told == proven(sends, rail=forbidden, place=place)
    assert ["OneRole: broken"] == proven(sends, rail=forbidden)


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([], "team.json has no statement"),
        ([{**DENY_SQS, "Principal": "*"}], "a guardrail names no principal"),
        ([{"Effect": "Deny", "Action": "sqs:*"}], "the statement has no Resource"),
        ([{"Effect": "Allow", "Action": "sqs:*"}], "the statement has no Resource"),
        ([{**DENY_SQS, "Resource": "arn:aws:sqs:*:*:${Orders}"}], "a guardrail knows no ${Orders}"),
    ],
)
def test_a_guardrail_that_could_hold_for_nothing_is_refused(statements: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(RemitError) as refused:
        rails(*statements)
    assert why in refused.value.message
    assert refused.value.origin is not None
    assert "team.json" == refused.value.origin.file


def test_a_file_of_both_is_a_ceiling_and_what_it_forbids_and_its_idle_actions_are_told() -> None:
    ceiling, forbidding = rails({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, DENY_SQS)
    assert (True, False) == (ceiling.ceiling, forbidding.ceiling)
    assert (1, 2) == (len(ceiling.policy.statements), len(forbidding.policy.statements))
    assert [ceiling.file] == [*{ceiling.file, forbidding.file}]
    every = ({"Effect": "Deny", "Action": ["sqs:Recv", "sqs:*"], "Resource": "*"},)
    spared = ({"Effect": "Deny", "NotAction": ["sqs:Recv"], "Resource": "*"},)
    allowed = ({"Effect": "Allow", "NotAction": ["sqs:Recv"], "Resource": "*"},)
    assert (
        ["sqs:Recv"]
        == [text for _, text in unknown_actions(rails(*every))]
        == [text for _, text in unknown_actions(rails(*allowed))]
    )
    assert [] == [*unknown_actions(rails(*spared))]


# Sizes


def test_a_text_is_as_long_as_what_its_references_become_at_most() -> None:
    named = Resource("Named", "AWS::SQS::Queue", {"QueueName": "orders"})
    sizes = Sizes("shop-dev", {"Named": named, "Made": Resource("Made", "AWS::SQS::Queue", {})})
    arn = "arn:aws-us-gov:sqs:us-isof-south-1:111122223333:"
    for text, longest in (
        ("${AWS::StackName}", "shop-dev"),
        ("${AWS::Region}", "us-isof-south-1"),
        ("${Named.Arn}", f"{arn}orders"),
        ("${Made.Arn}", f"{arn}shop-dev-Made-{'x' * 13}"),
    ):
        assert len(longest) == sizes.text(text), text
    assert sizes.text("${AWS::StackId}") > sizes.text("${AWS::StackName}") + 60
    statements = [allow("s3:GetObject", on="arn:aws:s3:::a/*"), allow("s3:PutObject", on="${Named.Arn}")]
    written = Policy(tuple(statements))
    text = json.dumps(render(written), separators=(",", ":")).replace("${Named.Arn}", f"{arn}orders")
    assert len(text) == sizes.document(statements)
    assert 0 == sizes.document(())


def test_the_room_of_a_role_is_told_with_what_was_done_so_that_it_fits() -> None:
    plain = Headroom("HelloRole", 900, 900, (), 0, minimised=False)
    assert "HelloRole: 900 of 10,240 characters inline" == plain.text
    assert [False, False, True] == [plain._replace(inline=inline).remarkable for inline in (900, 8_192, 8_193)]
    smaller = plain._replace(declared=12_000, minimised=True)
    assert (True, f"{plain.text}, minimised from 12,000") == (smaller.remarkable, smaller.text)
    parted = plain._replace(declared=20_000, managed=(("HelloRolePolicy1", 5_000),), attached=2)
    parts = "so parted; HelloRolePolicy1: 5,000 of 6,144; 2 of 10 managed policies attached"
    assert (True, f"{plain.text}; 20,000 as declared, {parts}") == (parted.remarkable, parted.text)
    assert f"{plain.text}; 20,000 as declared, minimised, {parts}" == parted._replace(minimised=True).text


def test_a_place_that_no_text_spells_is_told_by_what_some_text_spells_of_it() -> None:
    spelled = ["arn:${AWS::Partition}:sqs:${AWS::Region}:1:q", "arn:aws:sqs:eu-west-1:1:q"]
    words = [place.words for place in candidates(spelled, [])]
    assert "another partition or region" == words[-1]
    assert ["region eu-west-1", "another region"] == [
        place.words for place in candidates(["arn:aws:sqs:${AWS::Region}:1:q", "arn:aws:sqs:eu-west-1:1:q"], [])
    ]
    # A value of a condition counts as an ARN does.
    assert ["region eu-west-1", "another region"] == [
        place.words for place in candidates([], ["${AWS::Region}", "eu-west-1"])
    ]


def test_a_place_stands_for_all_others_by_a_name_that_no_text_has_unless_a_text_could_tell_them_apart() -> None:
    def places_of(text: str, *others: str, values: tuple[str, ...] = ()) -> list[str | None]:
        late = f"arn:aws:sqs:{text}:q"
        arns = [late, *(f"arn:aws:sqs:{other}:q" for other in others)]
        part = "${AWS::Region}" if text.startswith("${AWS::R") else "${AWS::AccountId}"
        return [place.place.get(part) for place in candidates(arns, values)]

    region, account = "${AWS::Region}:1", "r:${AWS::AccountId}"
    assert ["us-east-1", "eu-central-1"] == places_of(region, "us-east-1:1")
    assert ["eu-central-1", "us-east-1"] == places_of(region, "eu-central-1:1")
    assert ["eu-wes9-9", "us-east-1"] == places_of(region, "eu-wes?-9:1")
    of_pattern = places_of(region, "eu-w*:1", "me-*:1")
    assert {"eu-west-1", "me-south-1", "eu-w9", "me-9"} <= {*of_pattern}
    assert "us-east-1" == of_pattern[-1]
    assert ["us-east-1", None] == places_of(region, "us-east-1:1", values=("${AWS::Region}",))
    assert "123456789012" == places_of(account, "r:11*")[-1]
    assert None is places_of(account, "r:11*", "r:*22")[-1]  # one account may fit both


def test_a_region_is_tried_in_its_own_partition_and_one_that_nobody_knows_in_each() -> None:
    late = "arn:${AWS::Partition}:sqs:${AWS::Region}:1:q"
    spelled = [f"arn:{text}:1:q" for text in ("aws:sqs:cn-north-1", "aws-cn:sqs:eu-west-1", "aws-new:sqs:nowhere")]
    pairs = {tuple(place.place.values()) for place in candidates([late, *spelled], [])}
    tried = [
        (partition, region)
        for partition in ("aws", "aws-cn", "aws-new")
        for region in ("cn-north-1", "eu-west-1", "nowhere")
        if (partition, region) in pairs
    ]
    assert tried == [
        ("aws", "eu-west-1"), ("aws", "nowhere"), ("aws-cn", "cn-north-1"), ("aws-cn", "nowhere"),
        ("aws-new", "cn-north-1"), ("aws-new", "eu-west-1"), ("aws-new", "nowhere"),
    ]  # fmt: skip


def test_an_arn_that_is_cut_off_by_a_star_tells_no_place_from_another() -> None:
    late = "arn:aws:sqs:${AWS::Region}:1:q"
    assert ["us-east-1"] == [place.place["${AWS::Region}"] for place in candidates([late, "arn:aws:*"], [])]
    assert {} == candidates([late, "arn:aws:sqs:eu*"], [])[-1].place  # which may be a part of a region's name


def test_a_hundred_and_twenty_eight_places_are_tried_and_four_are_told() -> None:
    def tried(count: int) -> tuple[Candidate, ...]:
        spelled = (f"arn:aws:sqs:r{number:03}:1:q" for number in range(count))
        return candidates(["arn:aws:sqs:${AWS::Region}:1:q", *spelled], [])

    assert [128, 129, 129] == [len(tried(count)) for count in (127, 128, 200)]
    assert ({}, ()) == (tried(128)[-1].place, tried(128)[-1].named)  # what is not tried stays late-bound
    assert "region r000; region r001; region r002; another region" == listed(tried(3))
    assert "region r000; region r001; region r002; region r003; and 1 more" == listed(tried(4))


def test_what_fits_once_is_not_made_to_fit_again_and_a_statement_that_fits_nowhere_is_told() -> None:
    sizes = Sizes("shop-dev", {})
    fitted = fit(long_role(20), sizes)
    assert fitted is fit(fitted, sizes)
    when = Condition("StringEquals", "aws:PrincipalTag/team", ("x" * 11_000,))
    actions = tuple(f"s3:GetObjectOfAKind{number}" for number in range(4))
    long = Grant(allow(*actions, on="*", when=(when,)), Reason("text", "r" * 80), Origin("app.py", 3, 1))
    with pytest.raises(RemitError) as refused:
        fit(Holder("HelloRole", (inline((long,)),), ("hello",)), sizes)
    characters = sizes.statement(long.statement)
    described = f"  {characters:>6,} characters: Allow {', '.join(actions)[:68]} …, because {'r' * 68} …  (app.py:3:1)"
    assert f"  {described}" == refused.value.message.splitlines()[-1]
    assert Origin("app.py", 3) == refused.value.origin


def test_a_reason_that_nothing_stands_for_goes_to_a_statement_of_its_effect() -> None:
    when = (Condition("StringEquals", "aws:PrincipalTag/team", ("a",)),)
    limited = allow("s3:GetObject", when=when)
    denied = Statement("Deny", Globs(("s3:GetObject",)), Globs(("*",)))
    given = grant("s3:GetObject")
    assert [(), (given,)] == [each.stands_for for each in explained((denied, limited), (given,))]


@pytest.mark.parametrize("in_vpc", [False, True])
@pytest.mark.parametrize("count", [50, 120])
def test_functions_share_as_few_roles_as_hold_the_log_groups_of_all_of_them(count: int, *, in_vpc: bool) -> None:
    properties = {"VpcConfig": {"SubnetIds": ["s"]}} if in_vpc else {}
    functions = [function(f"{'f' * 50}{number:03}", properties=properties) for number in range(count)]
    roles = assign(app(*functions, share_roles=True))
    sizes = Sizes("shop-dev", {})
    assert [each.name for each in functions] == [name for role in roles for name in role.functions]
    assert all(role is fit(role, sizes) for role in roles)
    whole = sum(sizes.policy(role) for role in roles)
    assert len(roles) <= -(-whole // (10_240 // 2))


def test_a_boundary_must_allow_an_action_on_each_resource_and_a_function_asks_for_no_key() -> None:
    limit = Policy((allow("*", on="arn:${AWS::Partition}:sqs:*:*:*Mail*"), allow("logs:*")))
    queues = (JobQueue("mail", 1, 1), JobQueue("news", 1, 1))
    arn = "arn:aws:iam::111122223333:policy/limit"
    bounded = app(function(sends=("mail", "news")), queues=queues, boundary=arn, policies={"limit": limit})
    assert [("sqs:SendMessage",)] == [loss.missing for loss in broken(bounded, assign(bounded))]
    taking = function(triggers=(Sqs("${Orders.Arn}"),))
    by_code = (Condition("StringEquals", "lambda:SourceFunctionArn", ("arn:f",)),)
    # Lambda decrypts for the function, perhaps as its code does: nobody says which ARN it sends.
    keyed = (granted("Allow", "sqs:*", "logs:*"), granted("Allow", "kms:*", when=by_code))
    (loss,) = losses(taking, policy=keyed, resources=(QUEUE, KEY))
    assert (("kms:Decrypt",), True) == (loss.missing, "lambda:SourceFunctionArn" in loss.depends)
    polled = (granted("Allow", "kms:*", "logs:*"), granted("Allow", "sqs:*", when=by_code))
    assert [()] == [loss.depends for loss in losses(taking, policy=polled, resources=(QUEUE, KEY))]


def test_a_key_that_a_trigger_names_is_for_what_it_reads_and_a_sid_stays_with_its_key() -> None:
    here = "eu-west-1:111122223333"
    key = f"arn:aws:kms:{here}:key/1"
    stream = Kinesis(f"arn:aws:kinesis:{here}:stream/s", key=key, on_failure=f"arn:aws:sqs:{here}:dead")
    keyed = [text for text in used(function(triggers=(stream,))) if text.startswith("kms:")]
    assert [f"kms:Decrypt on {key}"] == keyed
    alias = Resource("Alias", "AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": "${Key.Arn}"})
    named = Condition("StringEquals", "kms:ResourceAliases", ("alias/shop",), quantifier="ForAnyValue")
    other = Condition("StringEquals", "aws:PrincipalTag/team", ("a",))
    every = Globs((f"arn:${{AWS::Partition}}:kms:{PLACE}:key/*",))
    statement = Statement("Allow", Globs(("kms:Decrypt",)), every, sid="Own", conditions=(named, other))
    bound = bind(Grant(statement, Reason("text", "x")), own_resources(app(resources=(KEY, alias)))).statement
    assert ("Own", ("${Key.Arn}",), (other,)) == (
        bound.sid, bound.resources and bound.resources.patterns, bound.conditions
    )  # fmt: skip


def test_the_names_of_streams_and_of_what_has_a_path_are_whole() -> None:
    stream = Resource("S", "AWS::Kinesis::Stream", {"Name": "s"})
    names = names_in("shop-dev", (stream,))
    assert ("s", f"arn:${{AWS::Partition}}:kinesis:{PLACE}:stream/s") == (names["${S}"], names["${S.Arn}"])
    old, new = (
        shapes_of((Resource("R", "AWS::IAM::Role", {"RoleName": "r", "Path": path}),)) for path in ("/a/", "/b/c/")
    )
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
    assert {"${R.Arn}": f"{role}a/${{R}}"} == old.texts
    # Each version has its own shape, and what it lacks the other one's.
    assert [f"{role}a/r", f"{role}b/c/r"] == [old.beside(new)["${R.Arn}"], new.beside(old)["${R.Arn}"]]


LATE: Final = f"arn:${{AWS::Partition}}:sqs:{PLACE}:orders"
SPELLED: Final = LATE.replace("${AWS::Partition}", "aws")
LITERAL: Final = "arn:aws:sqs:eu-west-1:111122223333:orders"
AS_IN_AWS: Final = "nothing else changes in the partition aws; "
ELSEWHERE: Final = f"whether it means `{LITERAL}` depends on where the stack is deployed"


@pytest.mark.parametrize(
    ("old", "new", "gained", "lost", "undecided"),
    [
        (LATE, LATE, [], [], []),
        (LATE, SPELLED, [], [], [(SPELLED, AS_IN_AWS)]),
        (SPELLED, LATE, [], [], [(LATE, AS_IN_AWS)]),
        (LATE, "*", ["*"], [], []),
        ("*", LATE, [], ["*"], []),
        (LATE, LITERAL, [LITERAL], [], [(LATE, ELSEWHERE)]),
        (LITERAL, LATE, [], [LITERAL], [(LATE, ELSEWHERE)]),
        ("${Orders.Arn}", LATE, [], [], []),
        ("${Orders.Arn}", SPELLED, [], [], [(SPELLED, AS_IN_AWS)]),
    ],
)
def test_whether_access_is_gained_may_depend_on_where_a_stack_is_deployed(
    old: str, new: str, gained: list[str], lost: list[str], undecided: list[tuple[str, str]]
) -> None:
    shapes = {"${Orders.Arn}": LATE}
    before, after = (Layers((Policy((allow("sqs:SendMessage", on=text),)),)) for text in (old, new))
    comparison = compare_in_shape(before, after, shapes, shapes)
    assert (gained, lost) == ([x.resource for x in comparison.gained], [x.resource for x in comparison.lost])
    assert undecided == [
        (question.source.statement.resources.patterns[0], question.reason[: len(reason)])  # type: ignore[union-attr]
        for question, (_, reason) in zip(comparison.undecided, undecided, strict=True)
    ]


def test_what_loses_its_condition_is_gained_wherever_the_stack_is() -> None:
    when = (Condition("StringEquals", "aws:PrincipalTag/team", ("a",)),)
    before, after = (Layers((Policy((allow("sqs:SendMessage", on=LATE, when=each),)),)) for each in (when, ()))
    comparison = compare_in_shape(before, after, {}, {})
    assert ([LATE], ()) == ([piece.resource for piece in comparison.gained], comparison.undecided)


@pytest.mark.parametrize("layer", ["boundary", "session", "scp"])
def test_references_of_every_layer_have_their_shape_and_a_partition_that_any_layer_spells_counts(layer: str) -> None:
    """A partition that no text spells is like any other: then the deploy's changes nothing, and nothing is open."""
    every = "arn:${AWS::Partition}:sqs:*:*:*"
    open_partition = "arn:*:sqs:*:*:orders"
    from_a_bucket = (Condition("ArnLike", "aws:SourceArn", ("arn:aws:s3:::bucket",)),)

    def layers(identity: str, bound: str, when: tuple[Condition, ...] = ()) -> Layers:
        bounds = (Policy((allow("sqs:SendMessage", on=bound),)),)
        allowed = (Policy((allow("sqs:SendMessage", on=identity, when=when),)),)
        return replace(Layers(allowed), **{layer: (bounds,) if layer == "scp" else bounds})

    shapes = {"${Orders.Arn}": LATE}
    same = compare_in_shape(layers(LATE, LATE), layers(LATE, "${Orders.Arn}"), shapes, shapes)
    assert ((), (), ()) == (same.gained, same.lost, same.undecided)
    spelled = compare_in_shape(layers("*", LATE), layers("*", SPELLED), {}, {})
    assert [AS_IN_AWS] == [question.reason[: len(AS_IN_AWS)] for question in spelled.undecided]
    for when, open_questions in (((), 0), (from_a_bucket, 1)):
        old, new = layers(open_partition, open_partition, when), layers(open_partition, every, when)
        comparison = compare_in_shape(old, new, {}, {})
        assert [open_partition] == [piece.resource for piece in comparison.lost]
        assert ((), open_questions) == (comparison.gained, len(comparison.undecided))


def test_a_shared_role_takes_as_many_log_groups_as_it_has_room_for_beside_what_all_share() -> None:
    """IAM takes 10,240 characters in a role, and 10 managed policies of 6,144: one of them is for the log groups."""
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    attached = (basic, *(f"arn:aws:iam::111122223333:policy/p{number}" for number in range(7)))

    def sizes(shared: int, count: int, **properties: Any) -> list[int]:
        long_name = "arn:aws:s3:::" + "x" * shared
        policy = (Grant(allow("s3:GetObject", on=long_name), Reason("text"), None),)
        members = (function(f"f{n}", policy=policy, managed=attached, properties=properties) for n in range(count))
        return [len(role.functions) for role in assign(app(*members, share_roles=True))]

    assert [38, 2] == sizes(11_500, 40)  # 6,144 // 160, since it is too long for the role itself
    assert [19, 19, 2] == sizes(10_000, 40, VpcConfig={})  # which names each function's ARN, too
    # Of the two managed policies that are left one is for the log groups: (10,240 + 6,144) * 0.8 is what others fill.
    assert [1, 1, 1] == sizes(13_500, 3)


def test_a_shared_role_speaks_of_all_its_functions_where_it_spoke_of_the_first_and_of_nobody_else() -> None:
    def policy(name: str) -> tuple[Grant, ...]:
        group = function(name).log_group_arn
        kept = Statement("Deny", Globs(("logs:*",)), Globs((f"{group}", "arn:aws:logs:*:*:log-group:x"), negated=True))
        of_group = Grant(allow("s3:GetObject"), Reason("function", "'s3'", ("group",)), None)
        own = Grant(allow("sqs:SendMessage"), Reason("function", "'sqs'", (name,)), None)
        return (of_group, own, Grant(kept, Reason("text", "kept"), None))

    first, second = (function(name, policy=policy(name)) for name in ("one", "two"))
    bringing = function("own", properties={"Role": "arn:aws:iam::111122223333:role/own"})
    (role,) = assign(app(first, bringing, second, default_policy=(), share_roles=True))
    assert ("OneRole", ("one", "two")) == (role.logical_id, role.functions)
    groups = (first.log_group_arn, second.log_group_arn)
    assert [
        (Reason("function", "'s3'", ("group",)), Globs(("*",))),
        (Reason("function", "'sqs'", ("one", "two")), Globs(("*",))),
        (Reason("text", "kept"), Globs((*groups, "arn:aws:logs:*:*:log-group:x"), negated=True)),
    ] == [(grant.reason, grant.statement.resources) for grant in role.grants]
