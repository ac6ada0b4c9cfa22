"""The decisions of an answer: whether a fix is shown, on what a role allows an action, and which notes it has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.answers.denial import Denial
from remit.answers.explanation import Explanation, _on_answer
from remit.answers.obstacles import Obstacle
from remit.answers.why import _obstacle, granted_on
from remit.app import Grant, Reason
from remit.holders import Holder, inline
from remit.iam.policy import Globs, Statement, allow

QUEUE, OTHER = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:r"
USER: Final = "arn:aws:iam::111122223333:user/x"


def record(**fields: Any) -> Any:
    """A record of which a function reads these fields alone."""
    return SimpleNamespace(**fields)


@pytest.mark.parametrize(
    ("verdict", "own", "deciding", "of_resource", "expected"),
    [
        ("Allowed", "Allowed", (), False, False),
        ("ExplicitlyDenied", "Allowed", ("endpoint",), False, False),
        ("ExplicitlyDenied", "Allowed", ("endpoint", "boundary"), False, True),
        ("ExplicitlyDenied", "ExplicitlyDenied", ("identity",), False, True),
        ("ExplicitlyDenied", "Allowed", (), False, False),
        ("ImplicitlyDenied", "ImplicitlyDenied", (), False, True),
        ("ImplicitlyDenied", "Allowed", (), False, False),
        ("Unknown", "Unknown", (), False, True),
        ("Unknown", "Allowed", (), False, False),
        ("Unknown", "ImplicitlyDenied", (), True, False),
        ("ImplicitlyDenied", "Allowed", (), True, True),
        ("ExplicitlyDenied", "Allowed", (), True, True),
    ],
)
def test_a_fix_is_shown_where_the_policy_that_was_asked_has_to_change(
    verdict: str, own: str, deciding: tuple[str, ...], *, of_resource: bool, expected: bool
) -> None:
    policies = record(resource=() if of_resource else None, identity=() if of_resource else ("p",))
    layers = [record(layer="boundary", verdict="Allowed"), record(layer="identity", verdict=own)]
    decision = record(verdict=verdict, allowed=verdict == "Allowed", policies=policies, layers=layers)
    sources: Any = tuple(record(layer=layer) for layer in deciding)

    def is_fixable(action: str, obstacle: Obstacle | None = None) -> bool:
        return Explanation("x", action, QUEUE, decision, sources, (), obstacle=obstacle).fixable

    assert is_fixable("sqs:SendMessage") is expected
    assert not is_fixable("sqs:SendMesage")
    assert not is_fixable("sqs:SendMessage", Obstacle("no", "else"))


def grant(
    *actions: str, on: tuple[str, ...], effect: Any = "Allow", no_action: bool = False, but: bool = False
) -> Grant:
    statement = Statement(effect, Globs(actions, negated=no_action), Globs(on, negated=but))
    return Grant(statement, Reason("text", ""))


def test_a_role_allows_an_action_where_its_statements_say_so_to_requests_of_today() -> None:
    grants = [
        grant("SQS:send*", "sqs:PurgeQueue", on=(OTHER, "arn:aws:s3:::b")),
        grant("sqs:SendMessage", on=("*",), effect="Deny"),
        grant("sqs:SendMessage", on=("arn:aws:sqs:*:*:no-action",), no_action=True),
        grant("sqs:SendMessage", on=("arn:aws:sqs:*:*:but",), but=True),
        Grant(Statement("Allow", Globs(("sqs:SendMessage",)), None), Reason("text", "")),
        grant("sqs:SendMessage", on=(QUEUE, OTHER)),
        grant("sqs:ReceiveMessage", on=("arn:aws:sqs:*:*:read",)),
    ]
    role = Holder("R", (inline(grants),))
    assert granted_on(role, "sqs:SendMessage") == (OTHER, QUEUE)
    assert granted_on(role, "sqs:sendmessage") == (OTHER, QUEUE)
    assert granted_on(role, "sqs:PurgeQueue") == (OTHER,)
    assert granted_on(role, "sqs:GetQueueUrl") == ()


def test_of_several_actions_the_first_obstacle_is_told_and_none_where_one_may_be_allowed() -> None:
    denial = Denial(USER, resource="arn:aws:iam::111122223333:user/y")
    first = _obstacle(denial, ("sqs:SendMessage", "s3:GetObject"))
    assert first is not None
    assert first.reason.startswith("sqs:SendMessage is not asked on such a resource")
    assert _obstacle(denial, ("sqs:SendMessage", "iam:GetUser")) is None
    assert _obstacle(denial, ()) is None


@pytest.mark.parametrize("is_resource", [False, True])
@pytest.mark.parametrize("needs", [False, True])
@pytest.mark.parametrize("verdict", ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied", "Unknown"])
def test_an_answer_says_which_policies_nobody_has_here_and_what_the_other_side_must_allow(
    verdict: str, *, needs: bool, is_resource: bool
) -> None:
    role: Any = record(names={}, unread=("arn:a", "arn:b"), unread_boundary="arn:limit")
    policies = record(resource=() if is_resource else None)
    request = record(needs_resource_policy=needs)
    decision: Any = record(verdict=verdict, allowed=verdict == "Allowed", policies=policies, request=request)
    expected = []
    if verdict != "Allowed":
        expected = [f"the managed policy {arn} is not known here: it may allow this" for arn in ("arn:a", "arn:b")]
    expected.append("the permissions boundary arn:limit is not known here: it must allow this as well")
    if is_resource and verdict == "ImplicitlyDenied" and not needs:
        expected.append("in the resource's own account the caller's own policies may allow it all the same")
    if needs and not is_resource:
        expected.append("the resource's own policy must allow it, or leave it to the account's policies")
    assert [*_on_answer(role, decision, (), QUEUE)] == expected


def test_a_name_that_only_the_deploy_settles_is_told_where_the_answer_takes_it_for_one_of_the_stack() -> None:
    names = {"${Jobs.Arn}": "arn:aws:sqs:r:1:shop-Jobs-*", "${Mail.Arn}": "arn:aws:sqs:r:1:mail"}
    role: Any = record(names=names, unread=(), unread_boundary=None)
    decision: Any = record(
        verdict="Allowed", allowed=True, policies=record(resource=None), request=record(needs_resource_policy=False)
    )
    statement = allow("sqs:SendMessage", on=("${Jobs.Arn}", "${Mail.Arn}", "${Jobs.Arn}"))
    sources: Any = [record(grant=Grant(statement, Reason("text", ""))), record(grant=None)]

    def notes(resource: str) -> list[str]:
        return [*_on_answer(role, decision, sources, resource)]

    taken = "taking it for Jobs, whose whole name only the deploy settles"
    assert notes("arn:aws:sqs:r:1:shop-Jobs-1ABC") == [taken]
    assert notes("arn:aws:sqs:r:1:shop-Jobs-*") == []
    assert notes("arn:aws:sqs:r:1:mail") == []
