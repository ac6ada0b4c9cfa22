"""Comparing agrees with brute force over small worlds; `compare_differential.py` runs as many more cases as wanted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iam.compare_differential import case, plain_gain, unspelled
from iam.small_worlds import ARN, Maker, World, spelled
from random_cases import cases
from remit.iam.decide.evaluate import Layers
from remit.iam.length import policy_length
from remit.iam.policy import Condition, Policy, allow
from remit.iam.prove.minimise import minimise

if TYPE_CHECKING:
    from collections.abc import Iterable


CASES = cases(60, deep=3_000)


def test_nothing_is_missed_and_every_gain_is_real() -> None:
    tally: Counter[str] = Counter()
    wrong = [complaint for number in range(CASES) if (complaint := case(f"pytest/{number}", tally))]
    assert wrong == []
    assert tally["differs"] > CASES // 2
    assert tally["same"] > CASES // 2
    assert tally["undecided"] < CASES // 10


def test_a_plain_request_shows_what_an_added_statement_gains() -> None:
    old = Layers((Policy((allow("s3:a", on=ARN + "x"),)),))
    when = Condition("StringLike", "t:s", ("a*",))
    new = Layers((Policy((allow("s3:a", on=ARN + "x"), allow("s3:*", on=ARN + "x*", when=(when,)))),))
    assert plain_gain(old, new) == ("s3:b", ARN + "x", {"t:s": "a*"})
    assert plain_gain(new, old) is None


def test_a_plain_request_has_a_number_for_a_key_that_is_compared_as_one() -> None:
    """In this pair a word was tried, which brute force does not take for a number."""
    assert case("4711/4699", Counter()) is None


def test_a_plain_request_comes_from_an_address_and_not_from_a_block() -> None:
    assert case("1729/2239", Counter()) is None


@pytest.mark.parametrize("number", ["270551/2448", "424243/630", "424243/725"])
def test_a_plain_request_may_have_an_action_that_other_statements_name(number: str) -> None:
    """In these pairs a statement means any action, and what it names itself is denied or covered."""
    assert case(number, Counter()) is None


def denials(policies: Iterable[Policy]) -> Layers:
    """The Deny statements of policies, as if they allowed, to see what they deny."""
    return Layers(
        tuple(
            replace(
                policy,
                statements=tuple(replace(one, effect="Allow") for one in policy.statements if one.effect == "Deny"),
            )
            for policy in policies
        )
    )


def test_minimising_changes_neither_what_is_allowed_nor_what_is_denied() -> None:
    smaller = 0
    for number in range(cases(60, deep=800)):
        maker = Maker(random.Random(f"minimise/{number}"))  # noqa: S311 - cases, not secrets
        policy = maker.policy(maker.random.choice((2, 3, 4)))
        one = Layers((policy,))
        ready = spelled(one).identity[0]
        short = minimise(ready)
        smaller += policy_length(short) < policy_length(ready)
        other = Layers((replace(short, statements=tuple(map(unspelled, short.statements))),))
        world = World.of(one, other)
        if len(world.contexts) > 2_000:
            continue
        assert world.masks(one) == world.masks(other), number
        assert world.masks(denials(one.identity)) == world.masks(denials(other.identity)), number
    assert smaller > 40


@pytest.mark.parametrize("seed", ["1/868", "1/894"])
def test_a_pair_with_a_plain_witness_is_not_undecided(seed: str) -> None:
    """What a reference stands for leaves a statement undecided; a request that does not depend on it shows a gain."""
    tally: Counter[str] = Counter()
    assert case(seed, tally) is None
    assert tally["differs"] == 1
