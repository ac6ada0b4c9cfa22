"""A review of one role of which everything changes, and of a resource, as text and for programs, word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from remit.app import Grant, Reason
from remit.errors import Origin
from remit.holders import HeldPolicy, Holder, bounded
from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation, Undecided
from remit.iam.policy import Condition, Policy, Principals, Statement, allow
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


JOBS: Final = allow("sqs:SendMessage", on=("${JobMailQueue.Arn}",))
BOTH: Final = allow("sqs:SendMessage", on=("${JobMailQueue.Arn}", QUEUE))
OF_OTHERS: Final = Holder(
    "Files",
    (
        HeldPolicy("remit", "inline", Policy((PURGES.statement,)), (PURGES,)),
        HeldPolicy("arn:unknown", "managed", Policy((READS, WRITES))),
        HeldPolicy(OWN, "managed", Policy((READS, WRITES))),
        HeldPolicy("jobs", "inline", Policy((JOBS, BOTH))),
    ),
    kind="user",
    trust=Policy((trusted("arn:a", "sts:AssumeRole", "sts:TagSession"),)),
)
MANY: Final = replace(allow("s3:Put*", "iam:PassRole", on="*"), principals=Principals((("AWS", "*"),)))
OF_A_FUNCTION: Final = replace(OF_OTHERS, kind="role", functions=("web",))
TAKES: Final = at("trust", 0, trusted("arn:a", "sts:AssumeRole", "sts:TagSession"))


def taking(action: str) -> Piece:
    request = Request(action, "arn:role", principal="arn:a")
    return Piece(TAKES, action, "arn:a", request, "now", SideDifference("old"), principal="arn:a")


def of(source: StatementLocation, action: str, resource: str, asked: str, **more: Any) -> Piece:
    """A piece of an action of a statement of several."""
    request = Request(action, asked, principal=more.pop("by", None))
    difference = more.pop("difference", SideDifference("old"))
    return Piece(source, action, resource, request, more.pop("tier", "now"), difference, **more)


FIRST_IN, SECOND_IN = StatementLocation("identity", 2, 0, READS), StatementLocation("identity", 2, 1, WRITES)
EVERYBODY: Final = StatementLocation("resource", 0, 0, replace(MANY, conditions=(Condition("Bool", "aws:x", ("y",)),)))
OTHERS: Final = Change(
    (),
    OF_OTHERS,
    OF_OTHERS,
    Comparison(
        gained=(
            # two statements of one attached policy, and one of a policy that is not attached anew
            of(FIRST_IN, "s3:GetObject", BUCKET, "arn:aws:s3:::b/x"),
            of(SECOND_IN, "s3:PutObject", BUCKET, "arn:aws:s3:::b/x", difference=SideDifference("old", "boundary")),
            of(StatementLocation("identity", 1, 0, READS), "s3:GetObject", BUCKET, "arn:aws:s3:::b/y"),
            # what only a limit of before denied
            of(
                StatementLocation("identity", 0, 0, PURGES.statement), "sqs:PurgeQueue", QUEUE, QUEUE,
                difference=SideDifference("old", denial=StatementLocation("boundary", 0, 0, READS)),
            ),
            # several callers and kinds of one statement
            of(EVERYBODY, "s3:Put*", "*", "arn:aws:s3:::b", by="arn:first", principal="arn:one"),
            of(EVERYBODY, "s3:Put*", "*", "arn:aws:s3:::c", by="arn:second", principal="arn:one"),
            of(EVERYBODY, "s3:Put*", "arn:d", "arn:d", by="arn:third", principal="arn:one"),
            of(EVERYBODY, "iam:PassRole", "*", "arn:role", by="arn:other", principal="*", public=True, tier="future"),
            of(EVERYBODY, "iam:PassRole", "*", "arn:role", by="arn:other", principal="arn:one"),
            of(StatementLocation("identity", 3, 0, JOBS), "sqs:SendMessage", "${JobMailQueue.Arn}", QUEUE),
        ),
        lost=(of(StatementLocation("identity", 3, 0, JOBS), "sqs:SendMessage", "${JobMailQueue.Arn}", QUEUE),),
    ),
    Comparison(gained=(taking("sts:AssumeRole"), taking("sts:TagSession")), lost=(taking("sts:TagSession"),)),
    attached=(
        Attached("managed policy", "added", OWN),
        Attached("boundary", "removed", "arn:limit"),
        Attached("managed policy", "added", "arn:accepted"),
    ),
)  # fmt: skip
WITH_ACCEPTED: Final = replace(
    OF_A_FUNCTION,
    policies=(HeldPolicy("arn:accepted", "managed", Policy((READS,))), *OF_A_FUNCTION.policies),
    trust=Policy((replace(TAKES.statement, conditions=(Condition("Bool", "aws:y", ("z",)),)),)),
)
JOBS_SENT: Final = Change(
    ("web",),
    OF_A_FUNCTION,
    WITH_ACCEPTED,
    Comparison(
        lost=(
            of(StatementLocation("identity", 3, 0, JOBS), "sqs:SendMessage", "${JobMailQueue.Arn}", QUEUE),
            of(StatementLocation("identity", 3, 1, BOTH), "sqs:SendMessage", QUEUE, QUEUE),
        )
    ),
    Comparison(lost=(taking("sts:TagSession"),)),
    attached=(Attached("managed policy", "added", "arn:accepted"),),
    accepted=(
        Accepted(of(StatementLocation("identity", 0, 0, READS), "s3:GetObject", BUCKET, "arn:aws:s3:::b/x"), "agreed"),
        Accepted(of(StatementLocation("identity", 1, 0, READS), "s3:GetObject", BUCKET, "arn:y"), "no more", "denial"),
    ),
)
UNREAD: Final = Change(("report",), OF_A_FUNCTION, None, unread=(UnreadPolicy("arn:u", "nobody knows arn:u"),))
SECOND_REVIEW: Final = Review("old", "new", (OTHERS, JOBS_SENT, UNREAD), functions=("web", "report"))

SECOND_TEXT: Final = """\
old -> new
7 causes gain access (1 public), 4 lose, 1 undecided, 2 accepted; 3 roles and resources concerned

  + PUBLIC: no effect today on iam by everyone: iam:PassRole
      on *
      and Write, Tagging, Permissions management on s3 by arn:one: s3:Put*
      on *, arn:d
      and Write on iam by arn:one: iam:PassRole
      on *
      if Bool aws:x = y
      user Files: resource[0].Statement[0]
      for example s3:Put* on arn:aws:s3:::b by arn:first
      for example iam:PassRole on arn:role by arn:other
  + arn:a may take on the role: sts:AssumeRole
      user Files: trust policy of Files
      for example sts:AssumeRole on the role by arn:a
  + arn:a may take on the role: sts:TagSession
      user Files: trust policy of Files
      for example sts:TagSession on the role by arn:a
  + managed policy arn:aws:iam::111122223333:policy/own added: Read on s3: s3:GetObject
      and Write on s3: s3:PutObject
      on arn:aws:s3:::b/*
      user Files
      for example s3:GetObject on arn:aws:s3:::b/x
      for example s3:PutObject on arn:aws:s3:::b/x
  + boundary arn:limit removed: Write on sqs: sqs:PurgeQueue
      on arn:aws:sqs:eu-west-1:111122223333:q
      user Files: a.py:4:5: identity[0].Statement[0]
      for example sqs:PurgeQueue on arn:aws:sqs:eu-west-1:111122223333:q
  + Write on sqs: sqs:SendMessage
      on ${JobMailQueue.Arn}
      user Files: identity[3].Statement[0]
      for example sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q
  + managed policy arn:unknown: Read on s3: s3:GetObject
      on arn:aws:s3:::b/*
      user Files
      for example s3:GetObject on arn:aws:s3:::b/y
  ? nobody knows arn:u
      report
  - arn:a may take on the role: sts:TagSession
      user Files: trust policy of Files
      for example sts:TagSession on the role by arn:a
  - arn:a may take on the role: sts:TagSession
      web: trust policy of Files
      now if Bool aws:y = z
      for example sts:TagSession on the role by arn:a
  - Write on sqs: sqs:SendMessage
      on ${JobMailQueue.Arn}
      user Files, web: identity[3].Statement[0]
      identity[3].Statement[0]; less by default: neither its code nor `sends=` names such a job
      for example sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q
  - Write on sqs: sqs:SendMessage
      on arn:aws:sqs:eu-west-1:111122223333:q
      web: identity[3].Statement[1]
      for example sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:q
  ~ managed policy arn:accepted added: Read on s3: s3:GetObject
      on arn:aws:s3:::b/*
      web: accepted: agreed
      for example s3:GetObject on arn:aws:s3:::b/x
  ~ managed policy arn:unknown: Read on s3: s3:GetObject
      on arn:aws:s3:::b/*
      web: accepted: no more
      for example s3:GetObject on arn:y
  ! managed policy arn:accepted added
      user Files
"""


def test_pieces_come_together_by_their_causes_whoever_has_them() -> None:
    assert "\n".join((*report_lines(review_report(SECOND_REVIEW), None), "")) == SECOND_TEXT
