"""The statement that another one was before: held against all that it may have been, in small versions."""

from __future__ import annotations

import random
from typing import Final

import pytest

from random_cases import cases
from remit.iam.policy import Condition, Globs, Principals, Statement
from remit.review.statement_change import NO_CHANGE, Parts, changed_statement

ACTIONS: Final = ("s3:GetObject", "s3:PutObject", "sqs:*")
ACCOUNTS: Final = ("111122223333", "444455556666")
BUCKETS: Final = ("arn:aws:s3:::a/*", "arn:aws:s3:::b/*")
Drawn = tuple[Statement, frozenset[tuple[str, str]]]


def drawn(dice: random.Random) -> Drawn:
    """A statement, and its texts with their elements."""
    actions, buckets = dice.sample(ACTIONS, dice.randint(1, 2)), dice.sample(BUCKETS, dice.randint(1, 2))
    is_negated, is_limited = dice.random() < 0.2, dice.random() < 0.2
    limit = (Condition("Bool", "aws:SecureTransport", ("true",)),) if is_limited else ()
    principals = None
    if dice.random() < 0.3:
        names = dice.sample(ACCOUNTS, dice.randint(1, 2))
        principals = Principals(tuple(("AWS", name) for name in names), negated=dice.random() < 0.3)
    statement = Statement(
        dice.choice(("Allow", "Allow", "Deny")),
        Globs(tuple(actions), negated=is_negated),
        Globs(tuple(buckets)),
        principals=principals,
        conditions=limit,
        sid=dice.choice(("", "", "A", "B")),
    )
    parts = {("NotAction" if is_negated else "Action", action) for action in actions}
    parts |= {("Resource", bucket) for bucket in buckets} | {("Condition", limited.words) for limited in limit}
    if principals is not None:
        element = "NotPrincipal" if principals.negated else "Principal"
        parts |= {(element, name) for _, name in principals.patterns}
    return statement, frozenset(parts)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_statement_is_told_by_what_differs_from_the_nearest_of_those_that_are_not_in_both(*, is_new: bool) -> None:
    dice = random.Random(7)  # noqa: S311 - a test's dice
    for _ in range(cases(200, deep=8_000)):
        common = [drawn(dice) for _ in range(dice.randint(0, 2))]
        own = [*common, *(drawn(dice) for _ in range(dice.randint(0, 2)))]
        others = [*common, *(drawn(dice) for _ in range(dice.randint(0, 3)))]
        statement, parts = drawn(dice)
        own.append((statement, parts))
        told = changed_statement(statement, [each for each, _ in own], [each for each, _ in others], is_new=is_new)

        in_both = {each for each, _ in own}
        possible = [(each, texts) for each, texts in others if each not in in_both and each.effect == statement.effect]
        namesakes = [(each, texts) for each, texts in possible if each.sid == statement.sid != ""]
        most_in_common = max((len(parts & texts) for _, texts in namesakes or possible), default=0)
        nearest = [texts for _, texts in namesakes or possible if len(parts & texts) == most_in_common]
        if not possible or (not namesakes and most_in_common == 0):
            assert told == NO_CHANGE
            continue
        versions = [(parts, texts) if is_new else (texts, parts) for texts in nearest]
        assert (as_sets(told.added), as_sets(told.removed)) in [(new - old, old - new) for new, old in versions]


def as_sets(parts: Parts) -> frozenset[tuple[str, str]]:
    assert len(set(parts)) == len(parts)
    return frozenset(parts)
