"""Laws that every comparison keeps, whatever the policies."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from iam.small_worlds import OPERATORS, Maker, spelled
from random_cases import cases
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Condition, Globs, Policy, Statement
from remit.iam.prove.compare import compare, includes

SEEDS = st.integers(min_value=0, max_value=2**32)
LAWS = settings(max_examples=cases(15, deep=150), derandomize=True)

PREMISES = Statement(
    "Deny",
    Globs(("premise:fixed",)),
    Globs(("*",)),
    conditions=tuple(
        Condition(next(iter(OPERATORS[key])), f"t:{key}", (next(iter(OPERATORS[key].values()))[0],), "ForAnyValue" if
        key == "m" else "") for key in sorted(OPERATORS)
    ),
)  # fmt: skip
"""A statement that settles which keys are numbers, sets and so on, so that three sides speak of the same requests."""


def sides(seed: int, count: int) -> list[Layers]:
    """Sides that differ by small changes, each with the premises."""
    maker = Maker(random.Random(seed))  # noqa: S311 - cases, not secrets
    found = [maker.side()]
    while len(found) < count:
        found.append(maker.near(found[-1]))
    settled = (Policy((PREMISES,)),)
    return [replace(spelled(side), identity=(*spelled(side).identity, *settled)) for side in found]


def with_statement(side: Layers, statement: Statement) -> Layers:
    first, *others = side.identity
    return replace(side, identity=(replace(first, statements=(statement, *first.statements)), *others))


@given(SEEDS)
@LAWS
def test_nothing_differs_from_itself(seed: int) -> None:
    (side,) = sides(seed, 1)
    found = compare(side, side)
    assert (found.gained, found.lost) == ((), ())


@given(SEEDS)
@LAWS
def test_what_is_included_in_something_included_is_included(seed: int) -> None:
    narrow, middle, wide = sides(seed, 3)
    for one, two, three in ((narrow, middle, wide), (wide, middle, narrow), (middle, narrow, wide)):
        if includes(one, two) and includes(two, three):
            assert compare(one, three).gained == ()


@given(SEEDS)
@settings(max_examples=cases(4, deep=150), derandomize=True)  # one in five takes a second
def test_adding_an_allow_never_loses_and_adding_a_deny_never_gains(seed: int) -> None:
    (side,) = sides(seed, 1)
    maker = Maker(random.Random(seed + 1))  # noqa: S311 - cases, not secrets
    (statement,) = spelled(Layers((Policy((maker.statement(),)),))).identity[0].statements
    assert compare(side, with_statement(side, replace(statement, effect="Allow"))).lost == ()
    assert compare(side, with_statement(side, replace(statement, effect="Deny"))).gained == ()


@given(SEEDS)
@LAWS
def test_order_means_nothing(seed: int) -> None:
    (side,) = sides(seed, 1)
    source = random.Random(seed)  # noqa: S311 - cases, not secrets
    identity = [
        replace(policy, statements=tuple(source.sample(policy.statements, k=len(policy.statements))))
        for policy in side.identity
    ]
    source.shuffle(identity)
    found = compare(side, replace(side, identity=tuple(identity)))
    assert (found.gained, found.lost) == ((), ())


@given(SEEDS)
@LAWS
def test_what_one_way_gains_the_other_way_loses(seed: int) -> None:
    old, new = sides(seed, 2)
    there, back = compare(old, new), compare(new, old)
    assert [piece.request for piece in there.gained] == [piece.request for piece in back.lost]
    assert [piece.request for piece in there.lost] == [piece.request for piece in back.gained]
