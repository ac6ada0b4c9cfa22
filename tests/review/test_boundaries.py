"""Managed policies and boundaries that come, go or change, and those that nobody can read here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.app import Grant, Reason
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.policy import Policy, Statement, allow
from remit.review.access_change import Version
from remit.review.changes import review

ONE, OTHER = "arn:aws:iam::111122223333:policy/one", "arn:aws:iam::111122223333:policy/other"
LATE = ONE.replace("arn:aws:", "arn:${AWS::Partition}:")
READS, WRITES = Policy((allow("s3:Get*"),)), Policy((allow("s3:*"),))


def version(
    *statements: Statement,
    managed: tuple[str, ...] = (),
    boundary: str | None = None,
    documents: dict[str, Policy] | None = None,
    **more: Any,
) -> Version:
    grants = inline(Grant(statement, Reason("text", "")) for statement in statements)
    role = Holder("Role", (grants, *by_arn(managed)), ("f",), bounded(boundary), notes=more.pop("notes", ()))
    return Version("some version", (role,), documents=documents or {}, **more)


def attached(old: Version, new: Version) -> list[str]:
    return [policy.words for change in review(old, new).changes for policy in change.attached]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({}, {"managed": (ONE,)}, [f"managed policy {ONE} added"]),
        ({"managed": (ONE,)}, {}, [f"managed policy {ONE} removed"]),
        ({"managed": (ONE, OTHER)}, {"managed": (OTHER, LATE)}, []),
        (
            {"managed": (ONE,), "documents": {ONE: READS}, "versions": {ONE: "v1"}},
            {"managed": (LATE,), "documents": {ONE: WRITES}, "versions": {ONE: "v2"}},
            [f"managed policy {LATE} changed from v1 to v2"],
        ),
        (
            {"managed": (ONE,), "documents": {ONE: READS}, "versions": {ONE: "v1"}},
            {"managed": (ONE,), "documents": {ONE: WRITES}, "versions": {ONE: "v1"}},
            [f"managed policy {ONE} changed"],
        ),
        (
            {"managed": (ONE,), "documents": {ONE: READS}},
            {"managed": (ONE,), "documents": {ONE: WRITES}, "versions": {ONE: "v2"}},
            [f"managed policy {ONE} changed"],
        ),
        ({}, {"boundary": ONE}, [f"boundary {ONE} added"]),
        ({"boundary": ONE}, {}, [f"boundary {ONE} removed"]),
        ({"boundary": ONE}, {"boundary": OTHER}, [f"boundary {OTHER} in place of {ONE}"]),
        ({"boundary": ONE}, {"boundary": LATE}, []),
        (
            {"boundary": ONE, "documents": {ONE: READS}, "versions": {ONE: "v1"}},
            {"boundary": ONE, "documents": {ONE: WRITES}, "versions": {ONE: "v2"}},
            [f"boundary {ONE} changed from v1 to v2"],
        ),
    ],
)
def test_what_is_attached_is_told_where_it_differs(old: dict[str, Any], new: dict[str, Any], words: list[str]) -> None:
    reads = allow("sqs:SendMessage")
    for statement in (reads, allow("sqs:DeleteMessage")):  # with another difference beside it, and without
        assert attached(version(reads, **old), version(statement, **new)) == words


def unread(old: Version, new: Version) -> list[str]:
    return [each.reason for change in review(old, new).changes for each in change.unread]


SEEN = "cannot be seen here"


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ({}, {"managed": (ONE,)}, [f"managed policy {ONE} is attached: what it allows {SEEN}"]),
        ({"managed": (ONE,)}, {}, [f"managed policy {ONE} is detached: what it denied {SEEN}"]),
        ({"managed": (ONE,)}, {"managed": (LATE,)}, []),
        ({"boundary": ONE}, {}, [f"boundary {ONE} is removed: what it kept the role from {SEEN}"]),
        (
            {"boundary": ONE},
            {"boundary": OTHER, "documents": {OTHER: READS}},
            [f"boundary {ONE} gives way to {OTHER}: what it kept the role from {SEEN}"],
        ),
        (
            {"boundary": ONE},
            {"boundary": OTHER},
            [f"boundary {ONE} gives way to {OTHER}: what it kept the role from {SEEN}"],
        ),
        (
            {"boundary": ONE, "documents": {ONE: READS}},
            {"boundary": OTHER},
            [f"boundary {OTHER} comes in place of {ONE}: whether it allows more {SEEN}"],
        ),
        ({}, {"boundary": ONE}, []),
        ({"boundary": ONE}, {"boundary": LATE}, []),
        ({"notes": ("a",)}, {"notes": ("a", "b")}, ["b"]),
        ({"notes": ("a", "b")}, {"notes": ("b",)}, []),
    ],
)
def test_what_nobody_can_read_is_undecided_where_it_comes_goes_or_gives_way(
    old: dict[str, Any], new: dict[str, Any], reasons: list[str]
) -> None:
    reads = allow("sqs:SendMessage")
    assert unread(version(reads, **old), version(reads, **new)) == reasons


def test_a_policy_that_stays_is_undecided_where_it_is_less_denied_or_bounded_than_before() -> None:
    deny = replace(allow("s3:*"), effect="Deny")
    freed = f"managed policy {ONE} is less denied or bounded than before: what it allows is not known"
    assert unread(version(deny, managed=(ONE,)), version(managed=(LATE,))) == [freed.replace(ONE, LATE)]
    assert unread(version(managed=(ONE,)), version(deny, managed=(ONE,))) == []
    narrow = version(managed=(ONE,), boundary=OTHER, documents={OTHER: READS})
    wide = version(managed=(ONE,), boundary=OTHER, documents={OTHER: WRITES})
    assert unread(narrow, wide) == [freed]
    assert unread(wide, narrow) == []
    unknown = version(managed=(ONE,), boundary=ONE)
    assert freed not in unread(narrow, unknown)


def test_what_stays_unread_on_both_sides_is_a_note() -> None:
    same = f"{ONE} cannot be read here; it is the same before and after, so less may be gained or lost than is shown"
    gained = allow("sqs:SendMessage")
    both = review(version(managed=(ONE,), notes=("n",)), version(gained, managed=(ONE,), notes=("n", "m")))
    assert both.notes == ("Role: n", same)
    late = review(version(managed=(ONE,)), version(gained, managed=(LATE,)))
    assert late.notes == (same.replace(ONE, LATE),)
    boundary = review(version(boundary=ONE), version(gained, boundary=ONE))
    assert boundary.notes == (same,)
    new = review(version(), version(gained, boundary=ONE))
    assert new.notes == (f"boundary {ONE} cannot be read here, so the role may allow less than is shown",)
    first = review(Version("nothing", ()), version(gained, boundary=ONE))
    assert first.notes == new.notes
    assert review(version(managed=(ONE,)), Version("nothing", ())).notes == ()
