"""Steps of the synthesis, each with everything that it gives for an input where each of its decisions matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import App, Grant, Reason, Resource
from remit.catalogue.types import Invoker
from remit.errors import Origin, RemitError
from remit.holders import Holder, inline
from remit.iam.policy import allow, parse
from remit.synthesis.check import _check_own_logs
from remit.synthesis.check_event_sources import _may
from remit.synthesis.check_permissions import _Template, _text_at
from remit.synthesis.circular_dependencies import with_later_policies
from remit.synthesis.declared_roles import _with_lines, with_reasons
from remit.synthesis.service_policies import merged_queue_policies, with_key_policies

HERE, THERE = Origin("data.py", 5, 1), Origin("data.py", 9, 1)
VERSION: Final = "2012-10-17"


@pytest.mark.parametrize(
    ("of_subscription", "of_function", "told"), [(HERE, THERE, HERE), (None, THERE, THERE), (HERE, None, HERE)]
)
def test_a_function_on_its_own_logs_is_told_at_the_subscription_else_at_the_function(
    of_subscription: Origin | None, of_function: Origin | None, told: Origin
) -> None:
    settings = {"LoggingConfig": {"LogGroup": "/shop"}}
    function = Resource("F", "AWS::Lambda::Function", settings, origin=of_function)
    properties = {"DestinationArn": "${F.Arn}", "LogGroupName": "/shop"}
    subscription = Resource("On", "AWS::Logs::SubscriptionFilter", properties, origin=of_subscription)
    (error,) = _check_own_logs(subscription, {"F": function, "On": subscription}, "shop-dev")
    assert (
        "`F` would run on its own logs, and each run writes more of them",
        "name the log group of another function",
        told,
    ) == (error.message, error.hint, error.origin)
    other = replace(function, type="AWS::Lambda::Version")
    assert [] == [*_check_own_logs(subscription, {"F": other}, "shop-dev")]


def test_a_text_of_a_resource_is_none_where_it_is_empty_or_another_value() -> None:
    properties = {"A": {"B": "x"}, "Empty": "", "Number": 5, "Ref": {"Ref": "Q"}, "": "unnamed"}
    resource = Resource("R", "AWS::X::Y", properties)
    assert ["x", None, None, None, "${Q}", None, None] == [
        _text_at(resource, path) for path in ("A.B", "A", "Empty", "Number", "Ref", "", "Missing")
    ]


def test_statements_that_would_make_a_circular_dependency_are_in_a_policy_after_their_role() -> None:
    def policies(*statements: Any) -> dict[str, Any]:
        document = {"Version": VERSION, "Statement": [*statements]}
        return {"Path": "/", "Policies": [{"PolicyName": "own", "PolicyDocument": document}]}

    circular, plain, text = {"Resource": "${Pool.Arn}"}, {"Resource": "${Queue.Arn}"}, "a statement that is a text"
    pool = Resource("Pool", "AWS::X::Y", {}, {"DependsOn": ["BothRole", "OnlyRole", "SharedRole"]})
    queue = Resource("Queue", "AWS::SQS::Queue", {})
    both = Resource("BothRole", "AWS::IAM::Role", policies(plain, circular, text), {"Condition": "IsProd"}, HERE)
    only = Resource("OnlyRole", "AWS::IAM::Role", policies(circular), origin=THERE)
    free = Resource("FreeRole", "AWS::IAM::Role", policies(circular, plain))
    shared = Resource("SharedRole", "AWS::IAM::Role", policies(circular))
    bare = Resource("BareRole", "AWS::IAM::Role", {})
    roles = ("BothRole", "OnlyRole", "FreeRole", "BareRole")

    def later(role: str, origin: Origin) -> Resource:
        document = {"Version": VERSION, "Statement": [circular]}
        attached = {"PolicyName": "remit-later", "PolicyDocument": document, "Roles": [f"${{{role}}}"]}
        return Resource(f"{role}Later", "AWS::IAM::Policy", attached, origin=origin)

    assert [
        pool,
        replace(both, properties=policies(plain, text)),
        later("BothRole", HERE),
        replace(only, properties={"Path": "/", "Policies": []}),
        later("OnlyRole", THERE),
        free,
        shared,
        bare,
        queue,
    ] == with_later_policies([pool, both, only, free, shared, bare, queue], roles)


def test_each_use_of_a_key_of_awss_own_is_an_error_at_what_sends_or_at_the_queues_setting() -> None:
    topic = Resource("News", "AWS::SNS::Topic", {"KmsMasterKeyId": "alias/aws/sns"}, origin=Origin("data.py", 1))
    sends = {"AlarmActions": ["${News}"]}
    placed = Resource("Alarm", "AWS::CloudWatch::Alarm", sends, origin=HERE)
    of_job = Resource("JobAlarm", "AWS::CloudWatch::Alarm", sends)
    resources = (topic, placed, of_job)
    app = App("shop", "dev", (), resources=resources, queues_origin=THERE)
    with pytest.raises(RemitError) as refused:
        with_key_policies(app, resources)
    message = "cloudwatch.amazonaws.com cannot send to News, which a key of AWS's own encrypts"
    hint = "encrypt it with a key of the app, or a queue with `sqs_managed_sse_enabled=True`"
    assert [(message, hint, HERE), (message, hint, THERE)] == [
        (error.message, error.hint, error.origin) for error in refused.value.all
    ]


def test_queue_policies_are_merged_into_the_first_of_their_queue_and_else_added() -> None:
    def policy(name: str, queues: Any, *services: str, **more: Any) -> Resource:
        document = {"Version": VERSION, "Statement": [{"Principal": service} for service in services], **more}
        return Resource(name, "AWS::SQS::QueuePolicy", {"Queues": queues, "PolicyDocument": document}, origin=HERE)

    single = policy("Single", [{"Ref": "A"}], Statement={"Principal": "own"}, Id="kept")
    other_type = Resource("Topics", "AWS::SNS::TopicPolicy", {"Queues": ["${C}"]})
    several, unread = policy("Several", ["${D}", "${E}"], "own"), policy("Unread", "${F}", "own")
    shared = (single, other_type, several, unread)
    made = (
        policy("MadeA", ["${Z}", "${A}"], "x", "own"),
        policy("MadeB", ["${B}"], "x"),
        policy("MadeC", ["${C}"], "y"),
        policy("MadeBToo", ["${B}"], "y", "x"),
        policy("MadeF", ["${F}"], "z"),
    )
    assert [
        policy("Single", [{"Ref": "A"}], "own", "x", Id="kept"),
        other_type,
        several,
        unread,
        policy("MadeB", ["${B}"], "x", "y"),
        made[2],
        made[4],
    ] == merged_queue_policies(shared, made)
    assert {"Principal": "own"} == single.properties["PolicyDocument"]["Statement"]
    computed = Resource("Computed", "AWS::SQS::QueuePolicy", {"Queues": ["${A}"], "PolicyDocument": {"Fn::If": []}})
    for refusing, queue in ((several, "${E}"), (replace(computed, origin=HERE), "${A}")):
        with pytest.raises(RemitError) as refused:
            merged_queue_policies((refusing,), (replace(policy("Made", [queue], "x"), origin=THERE),))
        assert (
            f"a trigger's dead-letter queue has the policy `{refusing.logical_id}`, to which no statement can be added",
            "give the dead-letter queue a policy of its own, as a plain document",
            HERE,
        ) == (refused.value.message, refused.value.hint, refused.value.origin)


def test_a_grant_has_the_reason_of_the_same_statement_in_the_same_role_and_version() -> None:
    read, write, send = allow("s3:GetObject"), allow("s3:PutObject"), allow("sqs:SendMessage")
    unknown, known = Reason("text"), Reason("text", "it reads")
    roles = (
        Holder("ARole", (inline((Grant(read, unknown), Grant(write, unknown), Grant(send, unknown))),)),
        Holder("BRole", (inline((Grant(read, unknown),)), inline((Grant(send, unknown),), "other"))),
    )
    reasoned, of_b = Grant(read, known, HERE), Grant(send, known, THERE)
    by = (
        Holder("ARole", (inline((reasoned, Grant(write, unknown, HERE), Grant(send, known, HERE, "2008-10-17"))),)),
        Holder("BRole", (inline((of_b,)),)),
    )
    assert (
        Holder("ARole", (inline((reasoned, Grant(write, unknown), Grant(send, unknown))),)),
        Holder("BRole", (inline((Grant(read, unknown),)), inline((of_b,), "other"))),
    ) == with_reasons(roles, by)


def test_a_role_has_the_lines_of_the_shared_resources_that_write_it() -> None:
    read, write, send = allow("s3:GetObject"), allow("s3:PutObject"), allow("sqs:SendMessage")
    own, by_policy = Reason("text", "its own"), Reason("policy", "by a policy", ("DataPolicy",))
    outside = Grant(send, Reason("policy", "by a policy", ("Elsewhere",)))
    placed, at_policy = Origin("app.py", 2), Origin("data.py", 7)
    grants = (Grant(read, own), Grant(write, by_policy), Grant(send, own, placed), outside)
    role = Holder("DataRole", (inline(grants),))
    origins = {"DataRole": HERE, "DataPolicy": at_policy}
    located = (
        Grant(read, Reason("resource", subjects=("DataRole",)), HERE),
        Grant(write, Reason("resource", subjects=("DataPolicy",)), at_policy),
        *grants[2:],
    )
    assert Holder("DataRole", (inline(located),), origin=HERE, trust_origin=HERE) == _with_lines(role, origins)
    assigned = Holder("DataRole", origin=THERE, trust_origin=THERE)
    assert Holder("DataRole", (inline(located),), origin=THERE) == _with_lines(role, origins, assigned)
    elsewhere = replace(role, logical_id="Other", origin=THERE, trust_origin=THERE)
    expected = Holder("Other", (inline((grants[0], located[1], *grants[2:])),))
    assert expected == _with_lines(elsewhere, origins)


def test_the_source_of_a_call_is_a_pattern_of_what_is_known() -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:news"
    rule = Resource(
        "Rule", "AWS::Events::Rule", {"Name": "${AWS::StackName}-r", "Id": arn, "Path": "news", "Empty": ""}
    )
    own_format = "arn:${Partition}:x:${Region}:${Account}:${Name}/${Path}/${Other}"
    template = _Template((rule,), "shop-dev")
    assert [
        "arn:*:events:*:*:rule/shop-dev-r", f"{arn}*", "*news*", "**", "**", "arn:*:x:*:*:shop-dev-r/news/*",
    ] == [
        template._source(rule, Invoker("events.amazonaws.com", source_arn=source))
        for source in ("own", "Id", "Path", "Empty", "Missing", own_format)
    ]  # fmt: skip


def test_a_role_may_read_a_source_that_it_may_in_some_place_or_perhaps() -> None:
    source = "arn:aws:sqs:eu-south-2:111122223333:orders"
    in_region = "arn:aws:sqs:${AWS::Region}:111122223333:orders"
    role = Holder("R", (inline((Grant(allow("sqs:ReceiveMessage", on=in_region), Reason("text")),)),))
    condition = {"StringEquals": {"aws:PrincipalTag/team": "shop"}}
    written = {"Effect": "Allow", "Action": "sqs:*", "Resource": source, "Condition": condition}
    (tagged,) = parse({"Version": VERSION, "Statement": [written]}).statements
    unknown = Holder("R", (inline((Grant(tagged, Reason("text")),)),))
    condition = {"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:*"}}
    (by_code,) = parse({"Version": VERSION, "Statement": [{**written, "Condition": condition}]}).statements
    of_code_alone = Holder("R", (inline((Grant(by_code, Reason("text")),)),))
    assert [True, False, True, False, False] == [
        _may(role, "sqs:ReceiveMessage", source),
        _may(role, "sqs:DeleteMessage", source),
        _may(unknown, "sqs:DeleteMessage", source),
        _may(role, "sqs:ReceiveMessage", f"{source}-other"),
        _may(of_code_alone, "sqs:ReceiveMessage", source),
    ]
