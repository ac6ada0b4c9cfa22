"""What is told of roles that do not fit, or lack something: every line, for inputs in which every choice matters."""

from __future__ import annotations

from typing import Any

import pytest

from remit.app import App, Function, Grant, JobQueue, Output, Reason, Resource
from remit.errors import Origin, RemitError
from remit.holders import Holder, by_arn, inline
from remit.iam.policy import Condition, Globs, Policy, Statement, allow
from remit.iam.prove.compare import equivalent
from remit.resources.own_resources import own_resources
from remit.roles.assign import assign
from remit.roles.broken_features import broken
from remit.roles.defaults import default_grants, needed_actions
from remit.roles.encryption_keys import with_keys_by_arn
from remit.roles.fit_quotas import explained, fit
from remit.roles.policy_size import Sizes
from remit.triggers.sqs import Sqs

SIZES = Sizes("shop-dev", {})
MANAGED = tuple(f"arn:aws:iam::111122223333:policy/p{number}" for number in range(12))
THERE = Origin("config/deploy.py", 5, 5)


def grant(statement: Statement, because: str, line: int | None = None) -> Grant:
    return Grant(statement, Reason("text", because), None if line is None else Origin("app.py", line, 3))


def when(key: str, value: str) -> tuple[Condition, ...]:
    return (Condition("StringEquals", key, (value,)),)


def test_a_role_that_does_not_fit_is_told_its_needs_its_room_and_the_line_that_brings_most() -> None:
    """Many statements of a line are more than a longer one of another; policies beyond a quota take no room."""
    many = [
        grant(
            allow("s3:GetObject", on=f"arn:aws:s3:::b{n}/*", when=when(f"aws:PrincipalTag/t{n}", "x" * 300)), "reads", 5
        )
        for n in range(60)
    ]
    all_but = Statement(
        "Allow", Globs(("s3:*",), negated=True), Globs(("*",)), conditions=when("aws:PrincipalTag/a", "y" * 900)
    )
    deny = Statement("Deny", Globs(("sqs:*",)), Globs(("*",)), conditions=when("aws:PrincipalTag/d", "z" * 800))
    long = allow("sqs:SendMessage", on="*", when=when("aws:PrincipalTag/c", "w" * 700))
    others = [grant(all_but, "most", 9), grant(deny, "no queues"), grant(long, "sends", 11)]
    role = Holder("HelloRole", (inline((*many, *others)), *by_arn(MANAGED)), ("hello", "bye"))
    with pytest.raises(RemitError) as refused:
        fit(role, SIZES)
    length = f"{SIZES.policy(role):,}"
    sizes = [f"{SIZES.statement(statement):>6,}" for statement in (all_but, deny, long)]
    needs = f"the policy of hello, bye has {length} characters in 63 statements, {length} when it is minimised"
    rooms = "10,240 for the inline policies of a role, and 6,144 in each of 10 managed policies (12 are taken)"
    takes = "10,240 in all; it would take 4 managed policies beside a full inline policy"
    assert refused.value.message.splitlines() == [
        f"{needs}, and does not fit",
        f"  IAM allows {rooms}: {takes}",
        "  the longest statements:",
        f"    {sizes[0]} characters: Allow everything but s3:*, because most  (app.py:9:3)",
        f"    {sizes[1]} characters: Deny sqs:*, because no queues",
        f"    {sizes[2]} characters: Allow sqs:SendMessage, because sends  (app.py:11:3)",
    ]
    assert refused.value.origin == Origin("app.py", 5)
    assert str(refused.value.hint).startswith("name resources by a pattern")


def test_of_two_statements_the_one_that_is_covered_goes_where_both_do_not_fit() -> None:
    buckets = tuple(f"arn:aws:s3:::bucket-{number:03}-{'x' * 30}/*" for number in range(110))
    wide = grant(allow("s3:Get*", on=buckets), "reads", 3)
    narrow = grant(allow("s3:GetObject", on=buckets, when=when("aws:PrincipalTag/t", "a")), "reads some", 4)
    fitted = fit(Holder("HelloRole", (inline((wide, narrow)), *by_arn(MANAGED[:2])), ("hello",)), SIZES)
    assert [policy.name for policy in fitted.policies] == ["remit", *MANAGED[:2]]
    (kept,) = fitted.grants
    assert (kept.because, kept.stands_for, kept.origin) == ("reads; reads some", (wide, narrow), wide.origin)
    assert equivalent(Policy((kept.statement,)), Policy((wide.statement,)))


def test_policies_that_are_made_follow_those_that_a_role_names() -> None:
    grants = tuple(
        grant(allow("s3:GetObject", on=f"arn:aws:s3:::b{n}/*", when=when(f"aws:PrincipalTag/t{n}", "x" * 900)), f"r{n}")
        for n in range(20)
    )
    fitted = fit(Holder("HelloRole", (inline(grants), *by_arn(MANAGED[:2])), ("hello",)), SIZES)
    assert [(policy.name, policy.how) for policy in fitted.policies] == [
        ("remit", "inline"),
        *((arn, "managed") for arn in MANAGED[:2]),
        ("HelloRolePolicy1", "made"),
        ("HelloRolePolicy2", "made"),
        ("HelloRolePolicy3", "made"),
    ]
    assert fitted.grants == grants


def test_a_statement_stands_for_a_grant_of_which_it_gives_an_action_on_one_resource_whenever_the_grant_does() -> None:
    first = allow("s3:GetObject", on="arn:aws:s3:::a/*")
    tagged = allow("s3:GetObject", on="arn:aws:s3:::b/*", when=when("aws:PrincipalTag/t", "a"))
    both = grant(allow("s3:GetObject", on=("arn:aws:s3:::a/*", "arn:aws:s3:::b/*")), "reads")
    assert [each.stands_for for each in explained((tagged, first), (both,))] == [(), (both,)]
    everything, but_s3 = allow("s3:*"), Statement("Allow", Globs(("s3:*",), negated=True), Globs(("*",)))
    but_two = grant(Statement("Allow", Globs(("s3:*", "sqs:*"), negated=True), Globs(("*",))), "most")
    assert [each.stands_for for each in explained((everything, but_s3), (but_two,))] == [(), (but_two,)]
    elsewhere = grant(allow("sns:Publish", on="t"), "publishes", 7)
    assert [each.stands_for for each in explained((first, tagged), (elsewhere,))] == [(elsewhere,), ()]
    unplaced = grant(first, "reads a")
    (merged,) = explained((everything,), (unplaced, grant(tagged, "reads b", 8)))
    assert (merged.because, merged.origin) == ("reads a; reads b", Origin("app.py", 8, 3))


def function(**fields: Any) -> Function:
    properties = fields.pop("properties", {})
    return Function("hello", "Hello", "app.hello", properties, **fields)


def test_each_part_of_a_workers_default_has_its_effect_and_says_whether_it_stops_anything() -> None:
    queue = JobQueue("default", 1, 1, backoff=5, keeps_marks=True)
    worker = function(queue="default", sends=("default",), looks_up=True)
    output = Output("O", "${A}", shared="Data.a")
    bare = App(
        "shop", "dev", (worker,), queues=(queue,), outputs=(output,), default_policy=(), default_policy_origin=THERE
    )
    marks, dead = "${JobMarks.Arn}", "${JobDefaultDeadLetterQueue.Arn}"
    queue_arn = "${JobDefaultQueue.Arn}"
    assert [(loss.severity, loss.effect, loss.missing, loss.resources) for loss in broken(bare, assign(bare))] == [
        (
            "warning",
            "its logs are lost without a word",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (worker.log_group_arn,),
        ),
        (
            "error",
            "its jobs do not run",
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
            (queue_arn,),
        ),
        ("warning", "`perform_later` is denied", ("sqs:SendMessage",), (queue_arn,)),
        (
            "warning",
            "jobs that fail wait as long as their queue hides them, and leave no reason",
            ("sqs:ChangeMessageVisibility",),
            (queue_arn,),
        ),
        (
            "warning",
            "jobs that fail wait as long as their queue hides them, and leave no reason",
            ("sqs:SendMessage",),
            (dead,),
        ),
        ("error", "jobs with `once=True` do not run", ("dynamodb:UpdateItem", "dynamodb:GetItem"), (marks,)),
        ("warning", "`lookup` is denied", ("cloudformation:DescribeStacks",), ("${AWS::StackId}",)),
    ]


def test_a_loss_is_of_the_setting_that_replaced_its_part_and_a_denial_that_may_not_hold_is_none() -> None:
    vpc = grant(allow("ec2:*", on="*"), "x")
    both = App(
        "shop",
        "dev",
        (function(),),
        default_policy=(),
        default_policy_origin=THERE,
        default_vpc_policy=(vpc,),
        default_vpc_policy_origin=Origin("config/deploy.py", 7, 5),
    )
    (loss,) = broken(both, assign(both))
    assert (loss.setting, loss.origin) == ("config.lambda_.iam.default_policy", THERE)
    denied = Statement("Deny", Globs(("logs:*",)), Globs(("*",)), conditions=when("aws:PrincipalTag/t", "a"))
    perhaps = App("shop", "dev", (function(policy=(grant(denied, "no logs", 3),)),))
    assert broken(perhaps, assign(perhaps)) == ()


def test_of_several_places_the_one_in_which_an_answer_is_open_counts() -> None:
    """The place of the queue, in which nothing is granted on the logs, is asked of after the stack's own."""
    logs = Statement(
        "Allow", Globs(("logs:*",)), Globs(("arn:aws:logs:us-east-1:*:*",)), conditions=when("aws:PrincipalTag/t", "a")
    )
    queues = allow("sqs:*", on="arn:aws:sqs:eu-west-1:111122223333:far")
    policy = (grant(logs, "logs"), grant(queues, "queues"))
    app = App("shop", "dev", (function(),), default_policy=policy, default_policy_origin=THERE)
    (loss,) = broken(app, assign(app))
    assert (loss.severity, loss.depends) == ("warning", ("aws:PrincipalTag/t",))


@pytest.mark.parametrize(("tracing", "count"), [({"Mode": "Active"}, 2), ({"Mode": "PassThrough"}, 1), ({}, 1)])
def test_traces_are_sent_where_tracing_is_active(tracing: dict[str, str], count: int) -> None:
    traced = function(properties={"TracingConfig": tracing})
    assert len(default_grants(App("shop", "dev", (traced,)), traced)) == count


class Told:
    """A trigger that somebody wrote for an app, without roles of its own."""

    key = None
    arn = None

    def grants(self, _function: Function) -> tuple[Grant, ...]:
        return (grant(allow("iot:Connect"), "connects"),)


def test_a_trigger_of_the_apps_own_needs_no_roles() -> None:
    key = Resource("Key", "AWS::KMS::Key", {})
    app = App("shop", "dev", (function(triggers=(Told(), Sqs("orders"))),), resources=(key,))
    (role,) = assign(app)
    assert [each.because for each in role.grants] == [
        "hello writes its logs",
        "connects",
        "hello takes messages from queue orders",
    ]


def test_the_actions_of_a_default_are_named_once_and_each_destination_is_sent_to() -> None:
    to = {
        "OnSuccess": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:done"},
        "OnFailure": {"Destination": "arn:aws:events:eu-west-1:111122223333:event-bus/failed"},
    }
    taking = function(triggers=(Sqs("orders"), Sqs("bills")), event_invoke={"DestinationConfig": to})
    app = App("shop", "dev", (taking,), default_policy=())
    assert needed_actions(app, taking) == (
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",
        "events:PutEvents",
    )


def test_a_statement_that_is_about_more_than_keys_stays_as_it_is() -> None:
    own = own_resources(App("shop", "dev", (), resources=(Resource("Key", "AWS::KMS::Key", {}),)))
    mixed, of_key = (allow(*actions, on="${Key}") for actions in (("kms:Decrypt", "s3:GetObject"), ("kms:Decrypt",)))
    assert with_keys_by_arn(mixed, own) is mixed
    assert with_keys_by_arn(of_key, own) == allow("kms:Decrypt", on="${Key.Arn}")
