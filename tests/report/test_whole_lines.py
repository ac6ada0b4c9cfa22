"""Small lists in all of their lines: what was seen of a function, jobs that failed, releases, and roles."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any, Final

from remit.answers.denial import Denial
from remit.answers.denied_request import Cause
from remit.answers.seen_access import GrantedAction, GrantedAndSeen, SeenUse
from remit.app import Grant, Reason
from remit.deploy.failed_jobs import QueueState
from remit.deploy.releases import Release
from remit.errors import Origin
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.policy import Condition, Globs, Statement, allow
from remit.report.explanation import role_table
from remit.report.failed_jobs import failed_job_lines, job_lines, queue_document
from remit.report.releases import releases_document, releases_lines
from remit.report.roles import roles_text
from remit.report.seen_access import seen_document, seen_lines
from remit.report.why import cause_document

TABLE, QUEUE = "arn:aws:dynamodb:::table/t", "arn:aws:sqs:eu-west-1:111122223333:q"


def record(**fields: Any) -> Any:
    """A record of which a function reads these fields alone."""
    return SimpleNamespace(**fields)


READS: Final = Grant(allow("dynamodb:Get*", "dynamodb:Query", on=TABLE), Reason("text", "reads"), Origin("a.py", 3, 5))
BESIDE: Final = Grant(
    Statement("Allow", Globs(("sqs:SendMessage",)), Globs((QUEUE,), negated=True)), Reason("text", "sends")
)
ALWAYS: Final = Grant(Statement("Allow", Globs(("sts:GetCallerIdentity",)), None), Reason("text", ""))


def use(action: str, place: str, line: int, time: str, decision: str = "allowed") -> SeenUse:
    return SeenUse("web", action, TABLE, decision, "s", place, line, time)


GETS: Final = (
    use("dynamodb:GetItem", "b.py", 9, "2026-11-02T10:00:00Z"),
    use("dynamodb:GetRecords", "a.py", 7, "2026-11-01T10:00:00Z"),
    use("dynamodb:GetItem", "", 0, "2026-11-01T10:00:00Z"),
)
DENIED: Final = (
    use("dynamodb:PutItem", "a.py", 8, "2026-11-03T10:00:00Z", "denied"),
    use("dynamodb:Scan", "", 0, "2026-11-03T10:00:00Z", "denied"),
)
SEEN: Final = GrantedAndSeen(
    (
        GrantedAction("dynamodb:Get*", READS, GETS),
        GrantedAction("dynamodb:Query", READS, (use("dynamodb:Query", "a.py", 4, "2026-11-01T10:00:00Z"),)),
        GrantedAction("sqs:SendMessage", BESIDE, ()),
        GrantedAction("sts:GetCallerIdentity", ALWAYS, ()),
    ),
    DENIED,
    "2026-11-01",
)


def test_each_grant_stands_over_its_actions_with_the_last_use_and_the_places_of_calls() -> None:
    assert [*seen_lines("web", SEEN)] == [
        "web",
        "",
        f"  Allow on {TABLE}  (a.py:3:5)",
        "      dynamodb:Get*          seen 2026-11-02 by dynamodb:GetItem, dynamodb:GetRecords at a.py:7, b.py:9",
        "      dynamodb:Query         seen 2026-11-01 at a.py:4",
        "",
        f"  Allow on everything but {QUEUE}",
        "      sqs:SendMessage        not seen",
        "",
        "  Allow",
        "      sts:GetCallerIdentity  not seen",
        "",
        "  denied",
        f"      dynamodb:PutItem on {TABLE}  (a.py:8)",
        f"      dynamodb:Scan on {TABLE}",
        "",
        "  seen since 2026-11-01; what was not seen may be needed all the same",
    ]
    again = replace(READS, reason=Reason("text", "reads again"), origin=Origin("b.py", 1, 1))
    twice = replace(SEEN, granted=(SEEN.granted[1], GrantedAction("dynamodb:Query", again, ())), denied=())
    assert [line for line in seen_lines("web", twice) if "Allow" in line] == [
        f"  Allow on {TABLE}  (a.py:3:5)",
        f"  Allow on {TABLE}  (b.py:1:1)",
    ]
    nothing = "  nothing was seen yet: run it with `remit dev`, `remit invoke --local`, or in tests"
    assert [*seen_lines("web", GrantedAndSeen(SEEN.granted, (), ""))] == ["web", nothing]


def test_programs_read_each_use_with_its_place() -> None:
    def told(one: SeenUse) -> dict[str, Any]:
        fields = asdict(one)
        kept = {name: fields[name] for name in ("action", "resource", "time")}
        return {**kept, "file": one.file or None, "line": one.line or None}

    rows = [
        ("dynamodb:Get*", [TABLE], [], "reads", "a.py", 3, GETS),
        ("dynamodb:Query", [TABLE], [], "reads", "a.py", 3, SEEN.granted[1].uses),
        ("sqs:SendMessage", [], [QUEUE], "sends", None, None, ()),
        ("sts:GetCallerIdentity", [], [], "", None, None, ()),
    ]
    names = ("action", "resources", "not_resources", "because", "file", "line")
    granted = [{**dict(zip(names, row, strict=False)), "seen": [*map(told, row[6])]} for row in rows]
    assert seen_document("WebRole", SEEN) == {
        "role": "WebRole", "since": "2026-11-01", "granted": granted, "denied": [*map(told, DENIED)],
    }  # fmt: skip
    assert seen_document("WebRole", GrantedAndSeen((), (), "")) == {
        "role": "WebRole", "since": None, "granted": [], "denied": [],
    }  # fmt: skip


def test_queues_are_told_with_what_another_command_holds_and_a_job_with_its_message() -> None:
    states = [QueueState("mail", 1, 2, 3, 4, 2), QueueState("reports", 0, 0, 0, 1, 0)]
    held = ", of which 2 cannot be read now: another command holds them, for two minutes at most"
    assert [*job_lines(states, [])] == [
        "queues",
        f"  mail     1 waiting, 2 running, 3 delayed, 4 failed{held}",
        "  reports  0 waiting, 0 running, 0 delayed, 1 failed",
    ]
    counts = {"waiting": 1, "running": 2, "delayed": 3, "failed": 4, "held": 2}
    assert queue_document(states[0]) == {"name": "mail", **counts}
    fields = {"id": "3f2a91bc77", "reason": "", "queue": record(name="mail"), "sent": 0, "body": '{"a": "\x1b"}'}
    lines = [
        "send  3f2a91bc77",
        "  queue      mail",
        "  put aside  1970-01-01T00:00:00Z",
        "  attempts   0",
        "  reason     nobody said why: SQS moved it after its last attempt",
        '  message    {"a": "\\x1b"}',
    ]
    assert [*failed_job_lines(record(job="app:send", arguments=None, attempts=0, **fields))] == lines
    unread = [*failed_job_lines(record(job="app:send", arguments={"of": ["ü"]}, attempts=None, **fields))]
    assert unread == [*lines[:3], lines[4], '  of         ["ü"]']


def test_the_release_that_runs_is_marked_and_one_that_cannot_be_read_says_why() -> None:
    at = "2026-11-01T10:20:30Z"
    first = Release("shop", 1, at=at, by="arn:ann", commit="0123456789abcdef", is_clean=True)
    second = Release("shop", 2, at=at, commit="fedcba9876543210", went_back_to=1)
    third = Release("shop", 3, at=at, damage="its bytes\x07 are others")
    fourth = Release("shop", 4, at=at)
    all_releases = (first, second, third, fourth)
    lines = [
        "1  2026-11-01 10:20 UTC  0123456  arn:ann",
        "2  2026-11-01 10:20 UTC  fedcba9+  somebody, back to 1",
        "3  its bytes\\x07 are others",
        "4  2026-11-01 10:20 UTC  no commit  somebody",
    ]
    assert [*releases_lines(all_releases, second)] == [
        f"{'*' if number == 1 else ' '} {line}" for number, line in enumerate(lines)
    ]
    unknown = "what runs is none of them: the next deploy keeps it"
    assert [*releases_lines(all_releases, None)] == [*(f"  {line}" for line in lines), unknown]
    document = releases_document(all_releases, second)
    assert document["running"] == 2
    names = ("number", "at", "by", "commit", "is_clean", "remit", "went_back_to", "damage")
    expected = [{**{name: getattr(release, name) for name in names}, "zips": []} for release in all_releases]
    assert document["releases"] == expected
    assert releases_document((), None) == {"running": None, "releases": []}


EXCEPT: Final = Statement(
    "Deny", Globs(("s3:*", "sqs:*"), negated=True), Globs((QUEUE, TABLE), negated=True),
    conditions=(Condition("Bool", "aws:SecureTransport", ("false",)),),
)  # fmt: skip
ROLE: Final = Holder(
    "WebRole",
    (inline([READS, Grant(EXCEPT, Reason("text", "nothing else"))]), *by_arn(["arn:own"])),
    ("web", "jobs"),
    bounded("arn:limit"),
)


def test_a_role_is_told_with_each_grant_and_each_exception() -> None:
    start = "  Deny everything but "
    assert roles_text([ROLE, Holder("Other", (), ("x",))]) == "\n".join(
        [
            "WebRole, the role of web, jobs",
            "  within the permissions boundary arn:limit",
            "  with the managed policy arn:own",
            "  Allow dynamodb:Get*, dynamodb:Query",
            f"      on {TABLE}",
            "      because reads  (a.py:3:5)",
            f"{start}s3:*, sqs:*",
            f"      on everything but {QUEUE}",
            f"      on everything but {TABLE}",
            f"      if {EXCEPT.conditions[0].words}",
            "      because nothing else",
            "",
            "Other, the role of x",
            "",
        ]
    )


def test_a_table_of_roles_has_what_each_may_do_at_most() -> None:
    wide = Grant(
        Statement("Allow", Globs(("iam:*", "a:*", "b:*", "c:*", "d:*"), negated=True), Globs(("*",))),
        Reason("text", ""),
    )
    read_only = "arn:aws:iam::aws:policy/AWSLambdaExecute"
    roles = [ROLE, Holder("Wide", (inline([wide, BESIDE]), *by_arn([read_only])), ("wide",)), Holder("No", (), ("no",))]
    first, *rows = role_table(roles)
    assert first == "what each may do at most; conditions, Deny statements and boundaries take away from it"
    assert rows[0].startswith("  web, jobs  Read on dynamodb (")
    assert rows[0].endswith("; what arn:own allows, which is not known here")
    assert rows[1].startswith("  wide       everything but iam:*, a:*, b:*, c:* and 1 more; ")
    assert "Write on 3 services (sqs, logs, s3)" in rows[1]
    assert rows[2] == "  no         nothing"


def test_the_statement_that_would_allow_it_is_told_where_one_would() -> None:
    user = "arn:aws:iam::111122223333:user/x"

    def statement(denial: Denial, *actions: str, **more: Any) -> Any:
        return cause_document(Cause(denial, actions, None, conclusion="c", **more))["statement"]

    several = statement(Denial(user, "sqs:SendMessage", QUEUE), "sqs:SendMessage", "sqs:GetQueueUrl")
    assert several == {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": QUEUE}
    listing = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    assert statement(Denial(user, "s3:ListAllMyBuckets"), "s3:ListAllMyBuckets") == listing
    assert statement(Denial(user, "s3:ListAllMyBuckets", "arn:aws:s3:::*"), "s3:ListAllMyBuckets") == listing
    assert statement(Denial(user, "sqs:SendMessage"), "sqs:SendMessage") is None
    assert statement(Denial(user, "sqs:SendMessage", "q"), "sqs:SendMessage") is None
    assert statement(Denial(None, "sqs:SendMessage", QUEUE), "sqs:SendMessage") is None
    assert statement(Denial(user, resource=QUEUE)) is None
    assert statement(Denial(user, "x:Y"), "x:Y") is None
    denied = Denial(user, "sqs:SendMessage", QUEUE, "boundary", explicit=False)
    assert statement(denied, "sqs:SendMessage") is None
