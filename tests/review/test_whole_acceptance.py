"""Entries of accepted gains, each whole: as they are written, as a review asks for them, and what they set aside."""

from __future__ import annotations

from typing import Any

from remit.app import Grant, Reason
from remit.holders import Holder, inline
from remit.iam.policy import Globs, Statement, allow
from remit.review.accepted import accept, acceptance, written
from remit.review.accepted_file import AcceptedGain, entries_of
from remit.review.access_change import Accepted, Change, Door, Review, UnreadPolicy, Version
from remit.review.changes import review
from remit.review.joined_worlds import merged
from remit.template.condition_outcomes import Test as Question

ARN = "arn:aws:iam::111122223333:policy/own"
OPENED, CLOSED = Door("GET /a", "AWS_IAM", "everybody", opens=True), Door("GET /b", "NONE", "AWS_IAM", opens=False)


def test_a_file_is_written_with_one_entry_for_each_gain_and_reads_back_as_it_was() -> None:
    entries = (
        AcceptedGain(("a", "b"), "statement", "größer", allow("s3:GetObject", on="arn:aws:s3:::x/*")),
        AcceptedGain(None, "door", "so", text=OPENED.words),
    )
    text = written(entries)
    assert (
        """\
[
  {
    "functions": [
      "a",
      "b"
    ],
    "statement": {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::x/*"
    },
    "because": "größer"
  },
  {
    "functions": "*",
    "door": "GET /a: AWS_IAM -> everybody",
    "because": "so"
  }
]
"""
        == text
    )
    read = entries_of(text.encode(), "config/accepted.json")
    assert text == written(read)
    assert [(True, True, False), (True, True, True)] == [tuple(map(entry.speaks_of, "abc")) for entry in read]
    assert [(2, 3), (14, 3)] == [(entry.origin.line, entry.origin.column) for entry in read if entry.origin]


def role(name: str, *statements: Statement, **more: Any) -> Holder:
    return Holder(name, (inline(Grant(one, Reason("text", "")) for one in statements),), (name.lower(),), **more)


def test_a_review_asks_for_entries_that_join_what_differs_in_one_element_alone() -> None:
    gained = (
        allow("s3:GetObject", on="arn:aws:s3:::a/*"),
        allow("s3:PutObject", on="arn:aws:s3:::a/*"),
        allow("s3:GetObject", on="arn:aws:s3:::b/*"),
        allow("s3:PutObject", on="arn:aws:s3:::b/*"),
        allow("sqs:SendMessage", on="arn:aws:sqs:us-east-1:111122223333:shop-dev-q"),
        Statement("Allow", Globs(("sqs:*", "s3:*"), negated=True), Globs(("arn:aws:sns:us-east-1:111122223333:t",))),
        allow("kms:Decrypt", on="arn:aws:kms:us-east-1:111122223333:key/a"),
        allow("kms:Decrypt", on="arn:aws:kms:us-east-1:111122223333:key/b"),
        allow("kms:Encrypt", on="arn:aws:kms:us-east-1:111122223333:key/a"),
    )
    old = Version("old", (role("One"), role("Two")))
    new = Version("new", (role("One", *gained), role("Two", gained[0])))
    both = review(old, new)
    unread = (UnreadPolicy(ARN, "cannot be seen"), UnreadPolicy("", "shop-dev says nothing"))
    told = Change((), role("R"), role("R"), unread=unread, doors=(OPENED, CLOSED, OPENED))
    named = Review("old", "new", (*both.changes, told), names={"${AWS::StackName}": "shop-dev"})
    actual = []
    for entry in acceptance(named, "so"):
        statement = entry.statement
        patterns = None if statement is None or statement.resources is None else statement.resources.patterns
        actions = None if statement is None else statement.actions
        actual.append((entry.functions, entry.kind, actions, patterns, entry.text))
    assert {entry.because for entry in acceptance(named, "so")} == {"so"}
    assert [
        (("one",), "statement", Globs(("s3:GetObject", "s3:PutObject")), ("arn:aws:s3:::a/*", "arn:aws:s3:::b/*"), ""),
        (
            ("one",), "statement", Globs(("sqs:SendMessage",)),
            ("arn:aws:sqs:us-east-1:111122223333:${AWS::StackName}-q",), "",
        ),
        (
            ("one",), "statement", Globs(("sqs:*", "s3:*"), negated=True),
            ("arn:aws:sns:us-east-1:111122223333:t",), "",
        ),
        # The actions on one resource are joined first.
        (
            ("one",), "statement", Globs(("kms:Decrypt", "kms:Encrypt")),
            ("arn:aws:kms:us-east-1:111122223333:key/a",), "",
        ),
        (("one",), "statement", Globs(("kms:Decrypt",)), ("arn:aws:kms:us-east-1:111122223333:key/b",), ""),
        (("two",), "statement", Globs(("s3:GetObject",)), ("arn:aws:s3:::a/*",), ""),
        (("R",), "policy", None, None, ARN),
        (("R",), "undecided", None, None, "${AWS::StackName} says nothing"),
        (("R",), "door", None, None, "GET /a: AWS_IAM -> everybody"),
    ] == actual  # fmt: skip


def entry(kind: str, text: str, *functions: str, because: str = "so") -> AcceptedGain:
    return AcceptedGain(functions or None, kind, because, text=text)


def test_what_is_not_known_and_what_opens_are_set_aside_by_the_first_entry_that_says_so() -> None:
    unread = (UnreadPolicy(ARN, "cannot be seen"), UnreadPolicy("", "x says nothing"), UnreadPolicy("", "y as well"))
    other = Door("GET /c", "AWS_IAM", "everybody", opens=True)
    change = Change(("f", "g"), role("R"), role("R"), unread=unread, doors=(OPENED, CLOSED, other))
    entries = (
        entry("policy", ARN.replace("arn:aws:", "arn:aws-cn:"), because="one"),
        entry("policy", "cannot be seen"),
        entry("undecided", "x says nothing", because="two"),
        entry("undecided", "x says nothing", because="three"),
        entry("door", CLOSED.words),
        entry("door", OPENED.words, "f", because="four"),
        entry("undecided", "GET /c: AWS_IAM -> everybody"),
    )
    settled, stale = accept(Review("a", "b", (change,), functions=("f", "g")), entries)
    assert (entries[1], entries[3], entries[4], entries[6]) == stale
    first, second = settled.changes
    common = (Accepted(unread[0], "one", "access"), Accepted(unread[1], "two", "access"))
    assert (("f",), (unread[2],), (CLOSED, other)) == (first.functions, first.unread, first.doors)
    assert (*common, Accepted(OPENED, "four", "door")) == first.accepted
    assert (("g",), (unread[2],), (OPENED, CLOSED, other), common) == (
        second.functions, second.unread, second.doors, second.accepted
    )  # fmt: skip


def test_what_holds_in_several_worlds_is_told_once_with_the_conditions_that_it_needs() -> None:
    always, at_times = UnreadPolicy("", "always"), UnreadPolicy("", "at times")
    stage = Question("${Stage}", "prod")
    worlds = [{stage: False}, {stage: True}]
    changes = [Change(("f",), role("R"), role("R"), unread=unread) for unread in ((always,), (always, at_times))]
    new = Change(("f",), None, role("R"), unread=(always,))
    reviews = [
        (worlds[0], Review("a", "b", (changes[0],), notes=("n",), functions=("f",))),
        (worlds[1], Review("c", "d", (changes[1], new), notes=("m",), functions=("g",), roles=("R",))),
    ]
    joined = merged(reviews)
    assert ("a", "b", ("n", "m"), ("f", "g")) == (joined.old, joined.new, joined.notes, joined.functions)
    assert [
        (False, (always,), ()), (False, (at_times,), ("Stage = prod",)), (True, (always,), ("Stage = prod",))
    ] == [(change.before is None, change.unread, change.when) for change in joined.changes]  # fmt: skip
