"""`remit explain NAME --seen`: what is granted beside what was used here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import write

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

APP = """@app.function(policy=[dynamodb.put("orders"), s3.read("uploads", "in/*"), "sqs:*"])
def report(event, context): ...

@app.function
def other(event, context): ...
"""
ORDERS = "arn:aws:dynamodb:eu-central-1:000000000000:table/orders"


def seen(action: str, resource: str, decision: str = "allowed", **more: Any) -> str:
    record = {
        "function": "orders-dev-report", "action": action, "resource": resource, "decision": decision,
        "statement": "", "file": "app.py", "line": 12, "time": "2026-11-27T08:30:00.000Z",
    }  # fmt: skip
    return json.dumps(record | more) + "\n"


@pytest.fixture
def project(make: Make) -> Project:
    project = make(app=APP)
    first_day = seen("dynamodb:PutItem", ORDERS, time="2026-11-26T08:30:00.000Z") + '{"function": "torn'
    second_day = (
        seen("dynamodb:PutItem", ORDERS)
        + seen("sqs:SendMessage", "arn:aws:sqs:eu-central-1:000000000000:jobs", file="", line=0)
        + seen("s3:GetObject", "arn:aws:s3:::letters/*")
        + seen("s3:PutObject", "arn:aws:s3:::uploads/*", "denied", line=14)
        + seen("dynamodb:PutItem", ORDERS, function="orders-dev-other", line=99)
    )
    write(project.folder, {".remit/seen/2026-11-26.jsonl": first_day, ".remit/seen/2026-11-27.jsonl": second_day})
    return project


def test_each_granted_action_stands_beside_its_uses(project: Project) -> None:
    ran = project.remit("explain", "report", "--seen")
    lines = ran.out.splitlines()
    assert (0, "ReportRole, the role of report") == (ran.status, lines[0])
    uses = [" ".join(line.split()) for line in lines if line.startswith("      ")]
    assert [
        "logs:CreateLogStream not seen",
        "logs:PutLogEvents not seen",
        "dynamodb:PutItem seen 2026-11-27 at app.py:12",
        "s3:GetObject not seen",
        "sqs:* seen 2026-11-27 by sqs:SendMessage",
        "s3:PutObject on arn:aws:s3:::uploads/* (app.py:14)",
    ] == uses
    assert "  Allow on ${ReportLogGroup.Arn}  (app.py:9:2)" in lines
    assert "  seen since 2026-11-26; what was not seen may be needed all the same" == lines[-1]


def test_programs_get_the_same_with_the_line_of_each_grant(project: Project) -> None:
    document = json.loads(project.remit("explain", "report", "--seen", "--json").out)
    put = next(granted for granted in document["granted"] if granted["action"] == "dynamodb:PutItem")
    assert ("app.py", 9) == (put["file"], put["line"])
    assert [("app.py", 12, "2026-11-27T08:30:00.000Z")] == [(u["file"], u["line"], u["time"]) for u in put["seen"]]
    assert ["s3:PutObject"] == [use["action"] for use in document["denied"]]


def test_a_project_that_never_ran_here_says_so(make: Make) -> None:
    ran = make(app=APP).remit("explain", "report", "--seen")
    assert "nothing was seen yet: run it with `remit dev`, `remit invoke --local`, or in tests" in ran.out
    assert 0 == ran.status


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("reprt", "--seen"), "hint: did you mean `report`?"),
        (("report", "s3:GetObject", "--seen"), "error: --seen takes one function of the app"),
    ],
)
def test_what_cannot_be_compared_is_told(project: Project, words: tuple[str, ...], message: str) -> None:
    ran = project.remit("explain", *words)
    assert 2 == ran.status
    assert message in ran.err
