"""Which roles of two versions are compared for which functions, and what is said of functions that come and go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.app import Grant, Reason
from remit.holders import Holder, by_arn, inline, trusting
from remit.iam.policy import Condition, Policy, Statement, allow
from remit.review.access_change import Version
from remit.review.changes import pairs, review

OTHER, AWS = "arn:aws:iam::111122223333:role/other", "arn:aws:iam::aws:policy/ReadOnlyAccess"
SENDS = allow("sqs:SendMessage", on="arn:aws:sqs:eu-west-1:111122223333:q")


def role(name: str, *functions: str, statements: tuple[Statement, ...] = (SENDS,), **more: Any) -> Holder:
    grants = inline(Grant(statement, Reason("text", "")) for statement in statements)
    return Holder(name, (grants, *by_arn(more.pop("managed", ()))), functions, **more)


def version(*roles: Holder, **more: Any) -> Version:
    return Version("some version", roles, **more)


def told(old: Version, new: Version) -> list[tuple[tuple[str, ...], str, str, str]]:
    return [
        (pair.functions, pair.old.logical_id if pair.old else "", pair.new.logical_id if pair.new else "", pair.moved)
        for pair in pairs(old, new)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (version(role("A", "a")), version(role("B", "a")), [(("a",), "A", "B", "")]),
        (version(role("A", "a", "b")), version(role("B", "a", "b")), [(("a", "b"), "A", "B", "")]),
        (
            version(role("A", "a", "b")),
            version(role("B", "a"), role("C", "b", "c")),
            [(("a",), "A", "B", ""), (("b",), "A", "C", ""), (("c",), "", "C", "")],
        ),
        (
            version(role("Z", "z"), role("A", "a")),
            version(role("B", "b"), role("A", "a")),
            [(("b",), "", "B", ""), (("a",), "A", "A", ""), (("z",), "Z", "", "")],
        ),
        (version(role("A", "a")), version(others={"a": OTHER}), [(("a",), "A", "", OTHER)]),
        (version(others={"a": OTHER}), version(others={"a": OTHER}), []),
        (version(others={"a": AWS}), version(others={"a": OTHER}), [(("a",), "", "", OTHER)]),
        (version(), version(others={"a": OTHER}), [(("a",), "", "", OTHER)]),
        (version(others={"a": OTHER}), version(role("A", "a")), [(("a",), "", "A", "")]),
        (version(role("A")), version(role("A")), [((), "A", "A", "")]),
        (version(role("A")), version(role("B")), [((), "", "B", ""), ((), "A", "", "")]),
        (version(role("A"), role("B")), version(role("B")), [((), "B", "B", ""), ((), "A", "", "")]),
        (
            version(role("Z", "z")),
            version(others={"a": OTHER}),
            [(("a",), "", "", OTHER), (("z",), "Z", "", "")],
        ),
    ],
)
def test_functions_are_matched_by_name_and_other_roles_by_id(
    old: Version, new: Version, expected: list[tuple[tuple[str, ...], str, str, str]]
) -> None:
    assert told(old, new) == expected


def test_a_role_from_outside_is_known_by_what_its_name_refers_to() -> None:
    old = version(others={"a": "${Role}"}, names={"${Role}": OTHER})
    new = version(others={"a": "${Same}"}, names={"${Same}": OTHER})
    assert told(old, new) == []
    (change,) = review(version(role("A", "a")), new).changes
    assert [item.reason for item in change.unread] == [
        f"it comes to run under {OTHER}: what that role may do cannot be seen here"
    ]


def test_a_function_that_everyone_may_call_now_is_undecided_unless_it_is_new() -> None:
    def opened(before: tuple[str, ...] | None, after: tuple[str, ...] | None, *functions: str) -> list[str]:
        old = version(role("A", *functions), open=before)
        found = review(old, version(role("A", "a", "b"), open=after))
        return [item.reason for change in found.changes for item in change.unread]

    now = "everyone may call a now: its URL, or a permission, names no account"
    assert opened((), ("a",), "a", "b") == [now]
    assert opened(("a",), ("a",), "a", "b") == []
    assert opened(("a",), (), "a", "b") == []
    assert opened(None, ("a",), "a", "b") == opened((), None, "a", "b") == []
    assert opened((), ("a",), "b") == []


def test_a_new_function_with_the_access_of_one_that_is_gone_may_be_its_new_name() -> None:
    def notes(old: tuple[Holder, ...], new: tuple[Holder, ...]) -> list[str]:
        return [
            note.partition(" is new with the access that ")[0] for note in review(version(*old), version(*new)).notes
        ]

    gone = role("A", "a")
    assert review(version(gone), version(role("B", "b"))).notes == (
        "b is new with the access that a, which is gone, had: was it renamed?",
    )
    assert notes((gone,), (role("A", "a"), role("B", "b"))) == []
    assert notes((gone,), (role("B", "b"), role("C", "c"))) == ["b"]
    assert notes((gone, role("Z", "z")), (role("B", "b"), role("C", "c"))) == ["b", "c"]
    for other in (
        role("B", "b", statements=(allow("sqs:*"),)),
        role("B", "b", managed=(AWS,)),
        role("B", "b", trusts=("events.amazonaws.com",)),
        role("B", "b", statements=(replace(SENDS, effect="Deny"),)),
    ):
        assert notes((gone,), (other,)) == []

    def logs(name: str) -> Statement:
        return allow("logs:PutLogEvents", on=f"${{{name}LogGroup.Arn}}")

    assert notes((role("A", "a", statements=(logs("A"),)),), (role("B", "b", statements=(logs("B"),)),)) == ["b"]


def test_a_review_names_the_functions_and_roles_of_either_version() -> None:
    found = review(version(role("A", "a"), role("R"), others={"x": OTHER}), version(role("B", "b"), role("S")))
    assert (found.functions, found.roles) == (("b", "a", "x"), ("S", "R"))
    named = review(version(), version(namespace="orders-dev", names={"${X}": "x"}))
    assert named.names == {"${AWS::StackName}": "orders-dev", "${X}": "x"}


def test_a_policy_of_the_account_that_one_version_has_read_is_taken_to_be_the_same_in_the_other() -> None:
    own = "arn:aws:iam::111122223333:policy/own"
    reads = Policy((allow("s3:Get*"),))
    old = version(role("A", "a", managed=(own,)), documents={own: reads})
    new = version(role("A", "a", statements=(SENDS, allow("s3:GetObject")), managed=(own,)))
    assert review(old, new).changes == ()
    changed = replace(new, documents={own: Policy((allow("s3:*"),))})
    (change,) = review(old, changed).changes
    assert {piece.action for piece in change.access.gained} == {"s3:*"}


def test_the_plain_trust_of_a_new_function_is_no_news_and_any_other_is() -> None:
    for trusts, principals in ((("lambda.amazonaws.com",), []), (("events.amazonaws.com",), ["events.amazonaws.com"])):
        found = review(version(), version(role("A", "a", trusts=trusts)))
        assert [piece.principal for change in found.changes for piece in change.trust.gained] == principals
    odd = (Condition("StringEquals", "sts:ExternalId", ("\ue000",)),)
    undecided = replace(trusting(("events.amazonaws.com",)).statements[0], conditions=odd)
    (change,) = review(version(), version(role("A", "a", trust=Policy((undecided,))))).changes
    assert [item.source.statement for item in change.trust.undecided] == [undecided]
    gone = review(version(role("A", "a", trusts=("events.amazonaws.com",))), version())
    assert [change.trust.same for change in gone.changes] == [True]
