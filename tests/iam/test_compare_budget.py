"""Hostile policies: the work of a comparison is bounded, and what it leaves is undecided and never "nothing"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import effort
from iam.test_compare import allow, deny, known, policy, when
from random_cases import cases_of, in_all_cases
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import render_statement
from remit.iam.prove.action_search import catalogue_actions
from remit.iam.prove.budget import STEPS, Budget
from remit.iam.prove.compare import compare, gains, side_of
from remit.iam.prove.gains import GainSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.iam.comparison import Comparison
    from remit.iam.policy import Policy

FEW = STEPS // 64


def stay(found: Comparison) -> set[int]:
    """The statements that are told as undecided, by their place."""
    return {one.source.index for one in found.undecided}


def pigeons(name: str, action: str, holes: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One pigeon more than holes: every cover takes two pigeons in one hole, so that nothing is left of the last."""
    values = [f"h{number}" for number in range(holes)]
    keys = [f"t:{name}{number}" for number in range(holes + 1)]
    covers = [
        allow(action, Condition={"StringEquals": {one: value, other: value}})
        for value in values
        for place, one in enumerate(keys)
        for other in keys[place + 1 :]
    ]
    return covers, allow(action, Condition={"StringEquals": dict.fromkeys(keys, values)})


def work(old: Policy | Layers, new: Policy | Layers) -> tuple[int, int, GainSearch]:
    """Steps that one direction takes of those that it has, the number of its gains, and the search."""
    search = GainSearch(side_of(old), side_of(new), known, budget=Budget(FEW))
    gained = len(list(search.gains()))
    return FEW - search.budget.left, gained, search


@pytest.mark.parametrize("holes", range(7, 13))
def test_a_pigeonhole_costs_a_bounded_number_of_steps(holes: int) -> None:
    covers, asked = pigeons("p", "sqs:*", holes)
    steps, gained, search = work(policy(*covers), policy(asked))
    assert gained == 0
    assert [one.source.index for one in search.undecided] == [0]
    assert steps <= FEW + 1


def numbered(count: int, form: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    return [form(number) for number in range(count)]


def pairs_of_pigeonholes() -> tuple[Policy, Policy]:
    made = [pigeons(f"p{number}_", f"sqs:Do{number}", 8) for number in range(20)]
    return policy(*(cover for covers, _ in made for cover in covers)), policy(*(asked for _, asked in made))


def many_statements() -> tuple[Policy, Policy]:
    """Each of 1,000 statements is asked about beside 1,000 others, and gains nothing."""
    old = numbered(1000, lambda number: allow("s3:*", f"arn:{number}*", Condition=when("Bool", "t:a", "true")))
    return policy(*old), policy(*numbered(1000, lambda number: allow("s3:Get*", f"arn:{number}*x", **TRUE)))


def many_patterns() -> tuple[Policy, Policy]:
    old = allow([f"s3:Get{number}*" for number in range(3000)], [f"arn:{number}*" for number in range(3000)])
    new = allow([f"s3:Get{number}*x" for number in range(3000)], [f"arn:{number}*x" for number in range(3000)])
    return policy(old), policy(new)


def turned_denials() -> tuple[Policy, Policy]:
    def turned(number: int, end: str) -> dict[str, Any]:
        return {
            "Effect": "Deny",
            "NotAction": [f"s{number}:*", "*:a*"],
            "NotResource": [f"arn:{number}*", f"*{number}{end}*"],
            "Condition": when("StringEquals", f"t:k{number}", end),
        }

    old = numbered(200, lambda number: turned(number, "x"))
    return policy(allow("*"), *old), policy(allow("*"), *numbered(200, lambda number: turned(number, "y")))


def removed_denials() -> tuple[Policy, Policy]:
    allows = numbered(1000, lambda number: allow("sqs:*", f"arn:{number}*"))
    denies = numbered(1000, lambda number: deny("sqs:*", f"*{number}", Condition=when("Bool", f"t:{number}", "true")))
    return policy(*allows, *denies), policy(*allows)


def crossed_layers() -> tuple[Policy, Layers]:
    identity = policy(*numbered(300, lambda number: allow("*", f"arn:*{number}")))
    boundary = policy(*numbered(300, lambda number: allow("*", f"arn:{number}*")))
    level = policy(*numbered(60, lambda number: allow("*", f"*{number}*")))
    return policy(allow("sqs:*")), Layers((identity,), boundary=(boundary,), scp=((level,),))


def chained_variables() -> tuple[Policy, Policy]:
    def chain(first: int, step: int) -> dict[str, Any]:
        keys = {f"t:v{place}": f"${{t:v{place + step}}}*" for place in range(first, first + 9)}
        return allow("s3:*", Condition={"StringLike": keys})

    return policy(*numbered(30, lambda number: chain(number, 1))), policy(*numbered(30, lambda one: chain(one, 2)))


def crossed_texts() -> tuple[Policy, Policy]:
    def both(number: int) -> dict[str, Any]:
        likes = [f"a{value}*" for value in range(90)]
        return allow(
            "s3:*",
            Condition={
                "StringLike": {"t:k": likes},
                "StringNotLike": {"t:k": [f"*{number}b{value}*" for value in range(90)]},
            },
        )

    old = numbered(20, lambda number: allow("s3:*", **likes_of(number)))
    return policy(*old), policy(*numbered(20, both))


def likes_of(number: int) -> dict[str, Any]:
    return {"Condition": {"StringLike": {"t:k": [f"*{number}a{value}*" for value in range(90)]}}}


TRUE: dict[str, Any] = {"Condition": when("Bool", "t:a", "true")}


PILES = (
    many_statements,
    pairs_of_pigeonholes,
    many_patterns,
    turned_denials,
    removed_denials,
    crossed_layers,
    chained_variables,
    crossed_texts,
)


@pytest.mark.parametrize("made", cases_of(PILES, 3))
def test_no_pile_of_statements_takes_more_steps_than_there_are_and_what_is_left_is_undecided(
    made: Callable[[], tuple[Policy, Policy | Layers]],
) -> None:
    old, new = made()
    assert work(new, old)[0] <= FEW + 1
    with effort.at_most(3):  # also what is tried beside the steps: plain requests
        steps, gained, search = work(old, new)
    assert steps <= FEW + 1
    assert gained or search.undecided


@in_all_cases
def test_where_the_steps_run_out_every_statement_that_may_gain_is_undecided() -> None:
    """The last statement gains, and comes after more work than there are steps for."""
    old, new = many_patterns()
    last = allow("sqs:SendMessage")
    found = compare(old, policy(*[render_statement(one) for one in new.statements], last), actions_of=known)
    assert found.undecided[0].reason == "the comparison as a whole takes too long"
    assert stay(found) >= {0, 1}


def test_an_added_action_is_found_in_few_calls() -> None:
    """Most changes of policies are as small as this one: what a comparison does once for each side is most of it."""

    def change() -> tuple[Policy, Policy]:
        names = ["logs:*", "sqs:GetQueueUrl"]
        return policy(allow(names)), policy(allow([*names, "sqs:SendMessage"]))

    gains(*change())  # reads the catalogue
    old, new = change()
    assert effort.calls_of(lambda: gains(old, new)) <= 320
    assert effort.calls_of(lambda: gains(new, old)) <= 40


def test_what_a_single_policy_is_compared_as_is_made_once() -> None:
    old = policy(allow("sqs:SendMessage"))
    assert side_of(old) is side_of(old)


def everything_but(old: dict[str, Any], new: dict[str, Any]) -> Callable[[], Comparison]:
    """A comparison whose gain may be of any of the actions that there are, none of which names its resources."""
    return lambda: compare(policy(old), policy(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"Effect": "Allow", "NotAction": "s:?*", "NotResource": ["arn:::::?*", "arn:::::x${t:v, 'xa'}"]},
            {"Effect": "Allow", "NotAction": "s:?*", "Resource": "*"},
        ),
        (
            allow("s3:*", "arn:::::?a"),
            {"Effect": "Allow", "NotAction": "s3:*", "Resource": ["arn:::::?b*", "arn:::*x?"]},
        ),
    ],
)
def test_a_gain_that_no_action_of_today_has_is_told_as_one_of_the_future_in_few_calls(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    everything_but(old, new)()  # reads the catalogue
    found = everything_but(old, new)()
    assert [piece.tier for piece in found.gained] == ["future"] * len(found.gained)
    assert found.gained
    assert effort.calls_of(everything_but(old, new)) <= 400_000


def test_a_gain_of_every_action_is_asked_for_the_services_alone_that_take_its_resources() -> None:
    patterns: set[str] = set()

    def reading(pattern: str) -> Sequence[str]:
        patterns.add(pattern)
        return catalogue_actions(pattern)

    found = compare(policy(), policy(allow("*", "arn:aws:sqs:*:*:orders*")), actions_of=reading)
    assert [(piece.action, piece.tier) for piece in found.gained] == [("*", "now")]
    assert patterns <= {"backup:*", "sqs:*"}  # AWS Backup takes recovery points of every service


def test_a_boundary_tells_the_services_of_a_gain_of_everything() -> None:
    boundary = policy(allow("*", "arn:aws:ec2:*:*:instance/*"))
    sides = [Layers((policy(*statements),), boundary=(boundary,)) for statements in ([], [allow("*")])]
    patterns: set[str] = set()

    def reading(pattern: str) -> Sequence[str]:
        patterns.add(pattern)
        return catalogue_actions(pattern)

    (piece,) = compare(*sides, actions_of=reading).gained
    assert piece.tier == "now"
    assert {pattern.partition(":")[0] for pattern in patterns} <= {"backup", "ebs", "ec2", "ec2-instance-connect"}
