"""Laws of laying statements into documents: nothing is lost, nothing is longer than it may be, and little is cut."""

from __future__ import annotations

from itertools import product
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.iam.policy import Statement, allow
from remit.roles.document_split import packed
from remit.roles.policy_size import Sizes

SIZES: Final = Sizes("shop-dev", {})


def statement(number: int, actions: int, resources: int, length: int) -> Statement:
    names = [f"sqs:A{number}x{action}{'a' * length}" for action in range(actions)]
    return allow(*names, on=tuple(f"arn:aws:sqs:::{number}x{part}{'q' * length}" for part in range(resources)))


def pairs(statements: tuple[Statement, ...]) -> set[tuple[str, str]]:
    """What statements allow: each action on each resource."""
    allowed: set[tuple[str, str]] = set()
    for each in statements:
        allowed |= {*product(each.actions.patterns, each.resources.patterns if each.resources else ())}
    return allowed


STATEMENTS: Final = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(5, 60)), min_size=1, max_size=6
)


@settings(max_examples=cases(12, deep=1000), deadline=None)
@given(STATEMENTS, st.integers(250, 900), st.integers(250, 900), st.none() | st.integers(0, 6))
def test_documents_allow_together_what_the_statements_do_and_hold_no_more_than_they_may(
    shapes: list[tuple[int, int, int]], first: int, further: int, spare: int | None
) -> None:
    statements = tuple(statement(number, *shape) for number, shape in enumerate(shapes))
    documents = packed(statements, SIZES, first_length=first, further_length=further, spare=spare)
    smallest = min(first, further)
    parts = [allow(action, on=arn) for action, arn in pairs(statements)]
    if documents is None:
        # Any statement can be cut down to one action on one resource: either these are too long, or there is no room.
        cut_down = max(SIZES.document((part,)) for part in parts)
        any_number = packed(statements, SIZES, first_length=first, further_length=further)
        if any_number is None:
            assert cut_down > smallest
        else:
            assert spare is not None
            assert len(any_number) - 1 > spare
        return
    assert pairs(statements) == pairs(tuple(each for document in documents for each in document))
    assert SIZES.document(documents[0]) <= first
    assert all(SIZES.document(document) <= further for document in documents[1:])
    assert spare is None or len(documents) - 1 <= spare
    if max(SIZES.document((each,)) for each in statements) <= smallest and spare is None:
        assert statements == tuple(each for document in documents for each in document)  # whole, in their order


def sized(length: int, number: int, resources: int = 1) -> Statement:
    """A statement of exactly this many characters."""
    rest = tuple(f"arn:aws:sqs:::{number}x{part}" for part in range(1, resources))

    def made(padding: int) -> Statement:
        return allow(f"sqs:A{number}", on=(f"arn:aws:sqs:::{number}{'q' * padding}", *rest))

    return made(length - SIZES.statement(made(0)))


def test_statements_stay_whole_and_in_their_order_where_the_longest_come_first() -> None:
    """In their order these four take three documents; the longest first, two."""
    lengths = {sized(length, number): length for number, length in enumerate((300, 301, 700, 701))}
    short, second_short, long, second_long = lengths
    frame = SIZES.document((short,)) - SIZES.statement(short)
    most = frame + 1 + 301 + 701
    documents = packed((short, second_short, long, second_long), SIZES, first_length=most, further_length=most, spare=1)
    assert documents is not None
    assert [(701, 301), (700, 300)] == [
        tuple(sorted((lengths[each] for each in document), reverse=True)) for document in documents
    ]


def test_documents_are_full_to_the_brim_where_whole_statements_leave_too_much_room() -> None:
    """Three of 600 characters fit into two documents of 1,000 only if one is taken apart."""
    statements = tuple(sized(600, number, resources=12) for number in range(3))
    documents = packed(statements, SIZES, first_length=1_100, further_length=1_100, spare=1)
    assert documents is not None
    assert 2 == len(documents)
    assert pairs(statements) == pairs(tuple(each for document in documents for each in document))
    assert None is packed(statements, SIZES, first_length=600, further_length=600, spare=1)
