"""A review of one role of which everything changes, and of a resource, as text and for programs, word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from remit.app import Grant, Reason
from remit.errors import Origin
from remit.holders import HeldPolicy, Holder, bounded
from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation, Undecided
from remit.iam.policy import Policy, Principals, Statement, allow
from remit.iam.request import Request
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.access_change import Accepted, Attached, Change, Door, Elsewhere, Review, UnreadPolicy

QUEUE, BUCKET = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:s3:::b/*"
OWN, OTHER, LATE = "arn:aws:iam::111122223333:policy/own", "arn:aws:iam::111122223333:policy/other", "arn:late"
SENDS: Final = Grant(allow("sqs:SendMessage", on=QUEUE), Reason("text", "it sends"), Origin("a.py", 3, 5))
PURGES: Final = Grant(allow("sqs:PurgeQueue", on=QUEUE), Reason("text", ""), Origin("a.py", 4, 5))
READS: Final = allow("s3:GetObject", on=BUCKET)
WRITES: Final = allow("s3:PutObject", on=BUCKET)


def trusted(name: str, *actions: str) -> Statement:
    return replace(allow(*actions), resources=None, principals=Principals((("AWS", name),)))


def role(grants: tuple[Grant, ...], arn: str, statement: Statement, principal: str, line: int) -> Holder:
    """A role with an inline and a managed policy, a boundary, and a trust policy at a line."""
    inline = HeldPolicy("remit", "inline", Policy(tuple(grant.statement for grant in grants)), grants)
    managed = HeldPolicy(arn, "managed", Policy((statement,)))
    trust = Policy((trusted(principal, "sts:AssumeRole"),))
    return Holder(
        "WebRole", (inline, managed), ("web", "jobs"), bounded(f"{arn}-limit"), trust=trust,
        trust_origin=Origin("t.yaml", line, 1),
    )  # fmt: skip


BEFORE: Final = role((PURGES,), OTHER, WRITES, "*", 7)
AFTER: Final = role((SENDS,), OWN, READS, "arn:aws:iam::444455556666:root", 9)


def at(layer: str, policy: int, statement: Statement) -> StatementLocation:
    return StatementLocation(layer, policy, 0, statement)


def piece(source: StatementLocation, resource: str, asked: str, side: str, **more: Any) -> Piece:
    action = source.statement.actions.patterns[0]
    request = Request(action, asked, principal=more.pop("by", None), context=more.pop("context", None))
    return Piece(source, action, resource, request, "now", SideDifference(side), **more)


ACCESS: Final = Comparison(
    gained=(
        piece(at("identity", 0, SENDS.statement), QUEUE, QUEUE, "old", context={"aws:SourceIp": "10.0.0.1"}),
        piece(at("identity", 1, READS), BUCKET, "arn:aws:s3:::b/x", "boundary"),
    ),
    lost=(
        piece(at("identity", 0, PURGES.statement), QUEUE, QUEUE, "new"),
        piece(at("identity", 1, WRITES), BUCKET, "arn:aws:s3:::b/x", "new"),
    ),
    undecided=(
        Undecided(at("identity", 0, SENDS.statement), "it is late-bound"),
        Undecided(at("identity", 0, PURGES.statement), "it was late-bound"),
    ),
)
TRUST: Final = Comparison(
    gained=(
        piece(
            at("trust", 0, trusted("arn:aws:iam::444455556666:root", "sts:AssumeRole")),
            "arn:aws:iam::444455556666:root", "arn:role", "old", by="arn:aws:iam::444455556666:user/x",
            principal="arn:aws:iam::444455556666:root",
        ),
    ),
    lost=(
        piece(
            at("trust", 0, trusted("*", "sts:AssumeRole")), "*", "arn:role", "new",
            by="arn:aws:iam::123456789012:user/x", principal="*", public=True,
        ),
    ),
    undecided=(Undecided(at("trust", 1, trusted("arn:x", "sts:AssumeRole")), "nobody knows"),),
)  # fmt: skip
CHANGE: Final = Change(
    ("web", "jobs"),
    BEFORE,
    AFTER,
    ACCESS,
    TRUST,
    attached=(
        Attached("managed policy", "swapped", OWN, OTHER),
        Attached("boundary", "swapped", f"{OWN}-limit", f"{OTHER}-limit"),
        Attached("managed policy", "added", LATE),
        Attached("managed policy", "removed", "arn:gone"),
    ),
    unread=(UnreadPolicy(LATE, "managed policy arn:late is attached: nobody knows it"), UnreadPolicy("", "a variable")),
    doors=(
        Door("GET /", "AWS_IAM", "everybody", opens=True, public=True, origin=Origin("a.py", 1, 1)),
        Door("PUT /", "everybody", "AWS_IAM", opens=False),
    ),
    accepted=(
        Accepted(Door("POST /", "AWS_IAM", "everybody", opens=True, origin=Origin("a.py", 2, 1)), "public", "door"),
        Accepted(Undecided(at("identity", 0, SENDS.statement), "it was late-bound"), "known"),
        Accepted(UnreadPolicy("arn:u", "policy arn:u is not known"), "known too"),
        Accepted(piece(at("identity", 0, SENDS.statement), QUEUE, QUEUE, "old"), "agreed"),
        Accepted(piece(at("identity", 0, PURGES.statement), QUEUE, QUEUE, "new"), "no more", "denial"),
        Accepted(TRUST.gained[0], "a partner", "trust"),
    ),
    when=("Prod", "not Test"),
)  # fmt: skip
GONE: Final = Change((), BEFORE, None, accepted=(Accepted(UnreadPolicy("arn:u", "policy arn:u is detached"), "known"),))
REMOVED: Final = Change(("web",), BEFORE, None, Comparison(lost=ACCESS.lost[:1]))
REVIEW: Final = Review(
    "old", "new", (CHANGE, GONE, REMOVED), notes=("by hand",),
    elsewhere=(Elsewhere("WebRole", "AWS::IAM::Role", "added"), Elsewhere("Files", "AWS::S3::BucketPolicy", "changed")),
    functions=("web", "jobs", "report"),
)  # fmt: skip

TEXT: Final = """\
old -> new
4 causes gain access (1 public), 5 lose, 5 undecided, 7 accepted; 3 roles and resources concerned

  + PUBLIC: GET /: AWS_IAM -> everybody
      web if Prod and not Test, jobs if Prod and not Test: a.py:1:1
  + arn:aws:iam::444455556666:root may take on the role: sts:AssumeRole
      web if Prod and not Test, jobs if Prod and not Test: t.yaml:9:1: trust policy of WebRole
      for example sts:AssumeRole on the role by arn:aws:iam::444455556666:user/x
  + Write on sqs: sqs:SendMessage
      on arn:aws:sqs:eu-west-1:111122223333:q
      web if Prod and not Test, jobs if Prod and not Test: a.py:3:5: it sends
      for example sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q with aws:SourceIp = 10.0.0.1
  + managed policy arn:aws:iam::111122223333:policy/own in place of arn:aws:iam::111122223333:policy/other: Read on s3: s3:GetObject
      on arn:aws:s3:::b/*
      web if Prod and not Test, jobs if Prod and not Test
      for example s3:GetObject on arn:aws:s3:::b/x
  ? trust[1].Statement[0]: nobody knows
      web if Prod and not Test, jobs if Prod and not Test
  ? identity[0].Statement[0]: it is late-bound
      web if Prod and not Test, jobs if Prod and not Test: a.py:3:5
  ? identity[0].Statement[0]: it was late-bound
      web if Prod and not Test, jobs if Prod and not Test: a.py:4:5
  ? managed policy arn:late is attached: nobody knows it
      web if Prod and not Test, jobs if Prod and not Test
  ? a variable
      web if Prod and not Test, jobs if Prod and not Test
  - everyone may take on the role: sts:AssumeRole
      web if Prod and not Test, jobs if Prod and not Test: t.yaml:7:1: trust policy of WebRole
      for example sts:AssumeRole on the role by arn:aws:iam::123456789012:user/x
  - Write on sqs: sqs:PurgeQueue
      on arn:aws:sqs:eu-west-1:111122223333:q
      web if Prod and not Test, jobs if Prod and not Test: a.py:4:5: identity[0].Statement[0]
      for example sqs:PurgeQueue on arn:aws:sqs:eu-west-1:111122223333:q
  - managed policy arn:aws:iam::111122223333:policy/own in place of arn:aws:iam::111122223333:policy/other: Write on s3: s3:PutObject
      on arn:aws:s3:::b/*
      web if Prod and not Test, jobs if Prod and not Test
      for example s3:PutObject on arn:aws:s3:::b/x
  - Write on sqs: sqs:PurgeQueue
      on arn:aws:sqs:eu-west-1:111122223333:q
      web (gone): a.py:4:5: identity[0].Statement[0]
      for example sqs:PurgeQueue on arn:aws:sqs:eu-west-1:111122223333:q
  - PUT /: everybody -> AWS_IAM
      web if Prod and not Test, jobs if Prod and not Test
  ~ arn:aws:iam::444455556666:root may take on the role: sts:AssumeRole
      web if Prod and not Test, jobs if Prod and not Test: accepted: a partner
      for example sts:AssumeRole on the role by arn:aws:iam::444455556666:user/x
  ~ Write on sqs: sqs:SendMessage
      on arn:aws:sqs:eu-west-1:111122223333:q
      web if Prod and not Test, jobs if Prod and not Test: accepted: agreed
      for example sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q
  ~ no longer denied: Write on sqs: sqs:PurgeQueue
      on arn:aws:sqs:eu-west-1:111122223333:q
      web if Prod and not Test, jobs if Prod and not Test: accepted: no more
      for example sqs:PurgeQueue on arn:aws:sqs:eu-west-1:111122223333:q
  ~ POST /: AWS_IAM -> everybody
      web if Prod and not Test, jobs if Prod and not Test: accepted: public
  ~ identity[0].Statement[0]: it was late-bound
      web if Prod and not Test, jobs if Prod and not Test: accepted: known
  ~ policy arn:u is not known
      web if Prod and not Test, jobs if Prod and not Test: accepted: known too
  ~ policy arn:u is detached
      WebRole: accepted: known
  ! boundary arn:aws:iam::111122223333:policy/own-limit in place of arn:aws:iam::111122223333:policy/other-limit
      web if Prod and not Test, jobs if Prod and not Test
  ! managed policy arn:gone removed
      web if Prod and not Test, jobs if Prod and not Test

note: by hand
note: changed as well, and lets in nobody new: bucket policy Files
"""  # noqa: E501 - as it is printed
SENT: Final[dict[str, Any]] = {
    "action": "sqs:SendMessage",
    "resource": "arn:aws:sqs:eu-west-1:111122223333:q",
    "context": {"aws:SourceIp": "10.0.0.1"},
    "statement": "identity[0].Statement[0]",
    "origin": {"file": "a.py", "line": 3, "column": 5},
    "tier": "now",
    "kind": "access",
    "allows": {"action": "sqs:SendMessage", "resource": "arn:aws:sqs:eu-west-1:111122223333:q"},
    "policy": None,
    "because": "it sends",
    "difference": "no statement of the old side allows it",
}
PURGED: Final[dict[str, Any]] = {
    "action": "sqs:PurgeQueue",
    "resource": "arn:aws:sqs:eu-west-1:111122223333:q",
    "context": {},
    "statement": "identity[0].Statement[0]",
    "origin": {"file": "a.py", "line": 4, "column": 5},
    "tier": "now",
    "kind": "access",
    "allows": {"action": "sqs:PurgeQueue", "resource": "arn:aws:sqs:eu-west-1:111122223333:q"},
    "policy": None,
    "because": "no statement of the new side allows it",
    "difference": "no statement of the new side allows it",
}
ASSUMED: Final[dict[str, Any]] = {
    "action": "sts:AssumeRole",
    "resource": "arn:role",
    "context": {},
    "statement": "trust[0].Statement[0]",
    "origin": {"file": "t.yaml", "line": 9, "column": 1},
    "tier": "now",
    "kind": "trust",
    "principal": "arn:aws:iam::444455556666:user/x",
    "public": False,
    "allows": {"action": "sts:AssumeRole", "resource": "arn:aws:iam::444455556666:root"},
    "policy": None,
    "because": "no statement of the old side allows it",
    "difference": "no statement of the old side allows it",
}
DOCUMENT: Final[dict[str, list[dict[str, Any]]]] = {
    "gained": [
        {
            **SENT,
            "changed": {"added": {"Action": ["sqs:SendMessage"]}, "removed": {"Action": ["sqs:PurgeQueue"]}},
        },
        {
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/x",
            "context": {},
            "statement": "identity[1].Statement[0]",
            "origin": None,
            "tier": "now",
            "kind": "access",
            "allows": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/*"},
            "policy": "arn:aws:iam::111122223333:policy/own",
            "because": "no statement of the boundary side allows it",
            "difference": "no statement of the boundary side allows it",
            "changed": {"added": {"Action": ["s3:GetObject"]}, "removed": {"Action": ["s3:PutObject"]}},
        },
        {
            **ASSUMED,
            "changed": {"added": {"Principal": ["arn:aws:iam::444455556666:root"]}, "removed": {"Principal": ["*"]}},
        },
    ],
    "lost": [
        {
            **PURGED,
            "changed": {"added": {"Action": ["sqs:SendMessage"]}, "removed": {"Action": ["sqs:PurgeQueue"]}},
        },
        {
            "action": "s3:PutObject",
            "resource": "arn:aws:s3:::b/x",
            "context": {},
            "statement": "identity[1].Statement[0]",
            "origin": None,
            "tier": "now",
            "kind": "access",
            "allows": {"action": "s3:PutObject", "resource": "arn:aws:s3:::b/*"},
            "policy": "arn:aws:iam::111122223333:policy/other",
            "because": "no statement of the new side allows it",
            "difference": "no statement of the new side allows it",
            "changed": {"added": {"Action": ["s3:GetObject"]}, "removed": {"Action": ["s3:PutObject"]}},
        },
        {
            "action": "sts:AssumeRole",
            "resource": "arn:role",
            "context": {},
            "statement": "trust[0].Statement[0]",
            "origin": {"file": "t.yaml", "line": 7, "column": 1},
            "tier": "now",
            "kind": "trust",
            "principal": "arn:aws:iam::123456789012:user/x",
            "public": True,
            "allows": {"action": "sts:AssumeRole", "resource": "*"},
            "policy": None,
            "because": "no statement of the new side allows it",
            "difference": "no statement of the new side allows it",
            "changed": {"added": {"Principal": ["arn:aws:iam::444455556666:root"]}, "removed": {"Principal": ["*"]}},
        },
        {**PURGED, "changed": None},
    ],
    "undecided": [
        {"statement": "identity[0].Statement[0]", "reason": "it is late-bound"},
        {"statement": "identity[0].Statement[0]", "reason": "it was late-bound"},
        {"statement": "trust[1].Statement[0]", "reason": "nobody knows"},
        {"statement": None, "reason": "managed policy arn:late is attached: nobody knows it", "policy": "arn:late"},
        {"statement": None, "reason": "a variable", "policy": None},
    ],
    "doors": [
        {
            "id": "GET /",
            "was": "AWS_IAM",
            "is": "everybody",
            "opens": True,
            "public": True,
            "origin": {"file": "a.py", "line": 1, "column": 1},
        },
        {"id": "PUT /", "was": "everybody", "is": "AWS_IAM", "opens": False, "public": False, "origin": None},
    ],
    "accepted": [
        {
            "id": "POST /",
            "was": "AWS_IAM",
            "is": "everybody",
            "opens": True,
            "public": False,
            "origin": {"file": "a.py", "line": 2, "column": 1},
            "accepted": "public",
        },
        {"statement": "identity[0].Statement[0]", "reason": "it was late-bound", "accepted": "known"},
        {"statement": None, "reason": "policy arn:u is not known", "accepted": "known too"},
        {**SENT, "context": {}, "accepted": "agreed"},
        {**PURGED, "kind": "denial", "accepted": "no more"},
        {**ASSUMED, "accepted": "a partner"},
        {"statement": None, "reason": "policy arn:u is detached", "accepted": "known"},
    ],
    "policies": [
        {"kind": "managed policy", "change": "swapped", "arn": "arn:aws:iam::111122223333:policy/own"},
        {"kind": "boundary", "change": "swapped", "arn": "arn:aws:iam::111122223333:policy/own-limit"},
        {"kind": "managed policy", "change": "added", "arn": "arn:late"},
        {"kind": "managed policy", "change": "removed", "arn": "arn:gone"},
    ],
}


def test_a_review_is_told_with_every_part_of_each_change() -> None:
    assert "\n".join((*report_lines(review_report(REVIEW), None), "")) == TEXT
    verdict = review_report(replace(REVIEW, changes=(CHANGE, REMOVED, REMOVED))).verdict
    assert verdict.endswith("6 accepted; 2 of 3 functions concerned")


def test_programs_get_every_part_of_each_change_and_whom_it_concerns() -> None:
    document = review_document(REVIEW)
    whom: dict[str, Any] = {"role": "WebRole", "functions": ["web", "jobs"], "when": ["Prod", "not Test"]}
    expected = {name: [{**entry, **whom} for entry in entries] for name, entries in DOCUMENT.items()}
    for entries, functions in ((expected["accepted"], []), (expected["lost"], ["web"])):
        entries[-1]["functions"] = functions
        del entries[-1]["when"]
    resources = [
        {"resource": "WebRole", "type": "AWS::IAM::Role", "change": "added"},
        {"resource": "Files", "type": "AWS::S3::BucketPolicy", "change": "changed"},
    ]
    rest = {"not_compared": [], "resources": resources, "losses": None, "notes": ["by hand"]}
    assert document == {**expected, **rest, "old": "old", "new": "new"}
