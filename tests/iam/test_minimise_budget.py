"""Minimising, and asking whom a resource's policy lets in, take no more steps than there are, whatever is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from iam.test_compare import allow, known, policy, when
from remit.iam.policy import render_statement
from remit.iam.prove.budget import Budget
from remit.iam.prove.glob_sets import meeting
from remit.iam.prove.minimise import merged, minimise, pruned, same
from remit.iam.prove.public import public

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.policy import Policy

FEW = 200_000
HERE = "arn:aws:dynamodb:eu-west-1:111122223333:table/"


def crossed_exceptions() -> Policy:
    """Everything but patterns that cross each other, and names that only CloudFormation knows."""
    return policy(
        *(
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:Put*"],
                "NotResource": [f"{HERE}*{n}*", f"*{n}*x*", f"{HERE}{n}${{Name{n % 5}}}*", f"{HERE}a*{n % 10}"],
            }
            for n in range(40)
        )
    )


def many_statements() -> Policy:
    return policy(
        *(
            allow([f"s3:Get{n}x{m}*" for m in range(10)], f"arn:{n}*", Condition=when("StringEquals", "t:k", str(n)))
            for n in range(600)
        )
    )


def many_stars() -> Policy:
    made = ((n, when("StringLike", "t:k", f"{n}*")) for n in range(400))
    return policy(*(allow(f"s3:*{n}*", [f"arn:{n}*", f"*{n}*"], Condition=one) for n, one in made))


def many_variables() -> Policy:
    texts = [f"arn:aws:s3:::${{aws:username}}{n}*/${{aws:PrincipalTag/a{n % 7}}}/*" for n in range(100)]
    return policy(*(allow("s3:*", text, Condition=when("StringLike", "s3:prefix", text[12:])) for text in texts))


@pytest.mark.parametrize("made", [crossed_exceptions, many_statements, many_stars, many_variables])
def test_pruning_takes_no_more_steps_than_there_are(made: Callable[[], Policy]) -> None:
    given = made()
    budget = Budget(FEW)
    assert 0 < len(pruned(given, budget).statements) <= len(given.statements)
    assert budget.spent <= FEW + 1
    assert budget.left < 0


def test_what_is_decided_before_the_steps_run_out_goes_and_the_rest_stays() -> None:
    """The last statements are looked at first."""
    last = [allow("sqs:*", "*"), *(allow("sqs:SendMessage", f"arn:aws:sqs:*:*:q{n}", **TRUE) for n in range(9))]
    given = policy(*map(render_statement, crossed_exceptions().statements), *last)
    budget = Budget(FEW)
    assert pruned(given, budget).statements == given.statements[:-9]
    assert budget.left < 0


TRUE: dict[str, Any] = {"Condition": when("Bool", "t:a", "true")}


def test_what_cannot_be_proven_within_the_steps_is_not_the_same() -> None:
    given = many_stars()
    smaller = minimise(given)
    assert len(smaller.statements) < len(given.statements)
    assert same(given, smaller)
    assert not same(given, smaller, Budget(1_000))


def test_lists_of_patterns_that_begin_differently_are_tidied_in_as_many_steps_as_they_are_long() -> None:
    texts = [f"arn:aws:s3:::bucket-{n:04}/*" for n in range(3000)]
    narrow = [f"arn:aws:s3:::bucket-{n:04}/a/*" for n in range(3000)]
    budget = Budget(40_000)
    (one,) = merged(policy(allow("s3:GetObject", [*texts, *narrow])).statements, budget)
    assert one.resources is not None
    assert one.resources.patterns == tuple(texts)


def test_patterns_that_are_not_compared_within_the_steps_stay() -> None:
    texts = [*(f"*a{n}*b*" for n in range(600)), "*a*b*"]
    given = policy(allow("s3:GetObject", texts))
    assert merged(given.statements, Budget(500)) == given.statements
    (one,) = merged(given.statements)
    assert one.resources is not None
    assert one.resources.patterns == ("*a*b*",)


@pytest.mark.parametrize("texts", [["a*b", "a**b"], ["a**b", "a*b"]])
def test_of_patterns_that_describe_the_same_the_first_stays(texts: list[str]) -> None:
    (one,) = merged(policy(allow("s3:GetObject", texts)).statements)
    assert one.resources is not None
    assert one.resources.patterns == (texts[0],)


def test_a_meet_costs_what_it_takes_and_once() -> None:
    one, other = "*a*b*c*d", "*ab*cd*bc*"
    budget = Budget(FEW)
    assert budget.meet(one, other) == meeting(one, other).patterns
    assert budget.meet(one, other) == meeting(one, other).patterns
    assert budget.spent == meeting(one, other).steps > 500


def exposed(count: int) -> Policy:
    def one(number: int) -> dict[str, Any]:
        who = {"AWS": f"arn:aws:iam::{100_000_000_000 + number}:root"}
        return allow("s3:GetObject", f"arn:aws:s3:::b/{number}*", Principal=who)

    return policy(*map(one, range(count)))


def test_whom_a_policy_lets_in_is_undecided_where_the_steps_run_out() -> None:
    given = exposed(200)
    budget = Budget(FEW)
    found = public(given, actions_of=known, budget=budget)
    assert budget.left < 0
    assert 0 < len(found.found) < 200
    assert [one.source.index for one in found.undecided] == list(range(200))
    assert {one.reason for one in found.undecided} == {"the comparison as a whole takes too long"}
    whole = public(given, actions_of=known)
    assert (len(whole.found), whole.undecided) == (200, ())
