"""A verdict in all of its lines: what decides, what is silent, what came near, and the way to change it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.answers.denial import Denial
from remit.answers.denied_request import Cause
from remit.answers.explanation import Explanation
from remit.app import Grant, Reason
from remit.audit.results import UndecidedExposure
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import Condition, Globs, Statement, allow
from remit.report.audit import audit_text
from remit.report.explanation import role_lines, verdict_lines
from remit.report.why import cause_lines
from remit.roles.role_policies import StatementSource
from whole_audit_report import WHOLE

QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:q"
DENY: Final = Grant(
    Statement("Deny", Globs(("sqs:*",)), Globs((QUEUE,))), Reason("text", "nobody sends"), Origin("a.py", 3, 5)
)
SENDS: Final = Grant(allow("sqs:SendMessage", on=QUEUE), Reason("text", "it sends"), Origin("a.py", 4, 5))


def record(**fields: Any) -> Any:
    """A record of which a function reads these fields alone."""
    return SimpleNamespace(**fields)


def explained(verdict: str, layers: dict[str, str], *deciding: StatementSource, **fields: Any) -> Explanation:
    """The answer to ingest's request to send to a queue, by the verdicts of some layers."""
    decision: Any = record(
        verdict=verdict,
        allowed=verdict == "Allowed",
        layers=[record(layer=layer, verdict=own) for layer, own in layers.items()],
        unknown=fields.pop("unknown", ()),
        allowed_on=fields.pop("allowed_on", ()),
        policies=record(resource=None, identity=("p",)),
        request=record(principal=None, asks_trust=False),
    )
    return Explanation("ingest", "sqs:SendMessage", QUEUE, decision, deciding, fields.pop("near", ()), **fields)


def source(grant: Grant | None, layer: str = "identity", policy: str | None = None, index: int = 0) -> StatementSource:
    return StatementSource(layer, grant, policy, index)


LIMITING: Final = source(None, "boundary", "arn:limit", 2)
NEAR: Final = ((source(SENDS), "another queue"), (source(None, "identity", "arn:m"), "x"))
ADD: Final = f'fix: add {{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "{QUEUE}"}}'
NOT: Final = f"Not allowed: ingest may not sqs:SendMessage on {QUEUE}"
DENIED: Final = f"Denied: ingest may not sqs:SendMessage on {QUEUE}"
BOUNDARY: Final = "fix: let its permissions boundary allow it, too"
SILENT, FREE, CLOSED, OPEN = "ImplicitlyDenied", "Allowed", "ExplicitlyDenied", "Unknown"
DENY_LINES: Final = [f"  Deny sqs:* on {QUEUE}", "    because nobody sends  (a.py:3:5)"]
SEND_LINES: Final = [f"  Allow sqs:SendMessage on {QUEUE}", "    because it sends  (a.py:4:5)"]


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (
            explained(FREE, {"identity": FREE}, source(SENDS), allowed_on=("arn:a", "arn:b"), notes=("n",)),
            [
                f"Allowed: ingest may sqs:SendMessage on {QUEUE}", *SEND_LINES, "  allowed on arn:a",
                "  allowed on arn:b", "  note: n",
            ],
        ),
        (
            explained(SILENT, {"identity": SILENT, "boundary": SILENT, "scp[0]": FREE}),
            [NOT, "  no statement of the role nor its permissions boundary allows it", ADD, BOUNDARY],
        ),
        (
            explained(SILENT, {"identity": SILENT, "boundary": OPEN}, kind="user"),
            [NOT, "  no statement of the user allows it", ADD],
        ),
        (
            explained(SILENT, {"identity": OPEN, "boundary": OPEN, "scp[0]": FREE}),
            [NOT, "  no statement of the role nor its permissions boundary allows it", ADD],
        ),
        (
            explained(CLOSED, {"identity": CLOSED}, source(DENY), source(DENY), LIMITING),
            [
                DENIED, *DENY_LINES, *DENY_LINES, "  statement 3 of the permissions boundary arn:limit",
                "fix: a Deny always wins: narrow or remove it at a.py:3:5",
            ],
        ),
        (
            explained(OPEN, {"identity": OPEN}, source(DENY), unknown=("aws:SourceIp", "aws:SourceVpc")),
            [
                f"Unknown: ingest may or may not sqs:SendMessage on {QUEUE}",
                "  it depends on aws:SourceIp, aws:SourceVpc", *DENY_LINES,
                "fix: where the Deny holds, no Allow helps: narrow or remove it at a.py:3:5",
            ],
        ),
        (
            explained(OPEN, {"identity": OPEN}, source(SENDS), unknown=("aws:SourceIp",)),
            [
                f"Unknown: ingest may or may not sqs:SendMessage on {QUEUE}", "  it depends on aws:SourceIp",
                *SEND_LINES, ADD.replace("fix: add", "fix: meet the condition, or add"),
            ],
        ),
        (
            explained(SILENT, {"identity": SILENT}, near=NEAR),
            [
                NOT, "  no statement of the role allows it", "  near: another queue",
                *(f"  {line}" for line in SEND_LINES), "  near: x", "    statement 1 of the managed policy arn:m", ADD,
            ],
        ),
        (
            explained(CLOSED, {"identity": FREE, "endpoint": CLOSED}, source(None, "endpoint")),
            [DENIED, "  statement 1 of the VPC endpoint's policy"],
        ),
    ],
)  # fmt: skip
def test_a_verdict_is_told_with_what_decides_and_what_would_change_it(answer: Explanation, lines: list[str]) -> None:
    assert [*verdict_lines(answer)] == lines
    assert [*verdict_lines(answer, "also needed")] == [
        line if "Deny " in line or "a Deny" in line else line.replace("fix: ", "also needed: ", 1) for line in lines
    ]


def test_of_a_condition_of_the_template_each_way_is_told_in_place_of_the_whole() -> None:
    allowed = explained(FREE, {"identity": FREE}, source(SENDS))
    silent = explained(SILENT, {"identity": SILENT})
    answer = replace(silent, ways=(("Prod", allowed), ("not Prod", silent)))
    assert [*verdict_lines(answer)] == [
        f"Unknown: ingest may or may not sqs:SendMessage on {QUEUE}",
        "  Allowed if Prod",
        *(f"  {line}" for line in SEND_LINES),
        "  Not allowed if not Prod",
        "    no statement of the role allows it",
        ADD,
    ]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("principal", [None, "arn:aws:iam::111122223333:user/x"])
@pytest.mark.parametrize("function", [None, "ingest"])
def test_answers_are_told_where_it_is_certain_who_asked(
    number: int, principal: str | None, function: str | None
) -> None:
    answer = explained(SILENT, {"identity": SILENT})
    cause = Cause(Denial(principal, "sqs:SendMessage", QUEUE), ("sqs:SendMessage",), function, (answer,) * number)
    lines = [*cause_lines(cause)]
    is_certain = function is not None or principal is not None or number == 1
    assert lines.count(NOT) == (number if is_certain else 0)
    who = {(True, True): "function ingest, as arn:aws:iam::111122223333:user/x", (True, False): "function ingest"}
    otherwise = principal or "not said"
    assert lines[0] == f"who:       {who.get((function is not None, principal is not None), otherwise)}"


def test_what_no_request_can_use_is_told_below_its_statement() -> None:
    condition = (Condition("StringEquals", "aws:RequestedRegion", ("eu-west-1",)),)
    whole = Statement("Allow", Globs(("sqs:SendMessage",)), Globs(("arn:aws:s3:::b",)), conditions=condition)
    part = Statement("Allow", Globs(("sqs:SendMessage", "s3:ListBucket")), Globs(("arn:aws:s3:::b",)))
    negated = Statement("Allow", Globs(("s3:*",), negated=True), Globs(("arn:aws:nosuch:::b",)))
    why = "(no request of such an action fits the resources and conditions)"
    told = []
    for statement in (whole, part, negated):
        lines = role_lines(Holder("R", (inline([Grant(statement, Reason("text", "x"))]),)))
        told.append([line for line in lines if "no effect" in line])
    nothing = [f"      no effect today {why}"]
    assert told == [nothing, [f"      no effect today: sqs:SendMessage {why}"], nothing]


def test_a_resource_with_two_undecided_statements_is_one() -> None:
    rows = tuple(UndecidedExposure("topic", f"Statement[{number}]", "no value") for number in range(3))
    lines = audit_text(replace(WHOLE, undecided_exposures=rows)).splitlines()
    assert "4 principals and resources with something undecided" in lines
