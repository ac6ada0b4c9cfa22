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
        seen("dynamodb:PutItem", ORDERS, line=21)
        + seen("dynamodb:PutItem", ORDERS)
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
        "dynamodb:PutItem seen 2026-11-27 at app.py:12, app.py:21",
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
    uses = sorted((use["file"], use["line"], use["time"]) for use in put["seen"])
    assert [("app.py", line, "2026-11-27T08:30:00.000Z") for line in (12, 21)] == uses
    assert ["s3:PutObject"] == [use["action"] for use in document["denied"]]


def test_what_is_granted_on_all_but_some_resources_is_not_told_as_granted_on_them(make: Make) -> None:
    policy = [
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::letters/*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::letters/*"},
    ]
    project = make(app=f"@app.function(policy={policy})\ndef report(event, context): ...\n")
    document = json.loads(project.remit("explain", "report", "--seen", "--json").out)
    granted = [row for row in document["granted"] if row["action"].startswith("s3:")]
    assert [([], ["arn:aws:s3:::letters/*"]), (["arn:aws:s3:::letters/*"], [])] == [
        (row["resources"], row["not_resources"]) for row in granted
    ]


def test_a_project_that_never_ran_here_says_so(make: Make) -> None:
    project = make(app=APP)
    ran = project.remit("explain", "report", "--seen")
    assert "nothing was seen yet: run it with `remit dev`, `remit invoke --local`, or in tests" in ran.out
    assert 0 == ran.status
    document = json.loads(project.remit("explain", "report", "--seen", "--json").out)
    assert (None, []) == (document["since"], document["denied"])
    assert {"[]"} == {str(granted["seen"]) for granted in document["granted"]}


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


SECRETS = """from remit import grants
from shared.resources.data import Data
@app.function(policy=[grants.secretsmanager.read(Data.key), grants.secretsmanager.read(Data.other)])
def report(event, context): ...
"""
SHARED = """
from remit import Shared, resource


class Data(Shared):
    key = resource("AWS::SecretsManager::Secret")
    other = resource("AWS::SecretsManager::Secret")
"""
READ = "secretsmanager:GetSecretValue"


def uses(project: Project) -> list[int]:
    """How many uses each grant to read a secret has."""
    document = json.loads(project.remit("explain", "report", "--seen", "--json").out)
    return [len(granted["seen"]) for granted in document["granted"] if granted["action"] == READ]


@pytest.mark.parametrize(
    ("name", "statement", "expected"),
    [
        ("orders-dev-DataKey-0A1B2C3D4E5F6-abcdef", "identity[0].Statement[1]", [1, 0]),
        ("DataOther-0A1B2C3D4E5F6-abcdef", "identity[0].Statement[2]", [0, 1]),
        ("named-by-hand-abcdef", "identity[0].Statement[1]", [1, 0]),
        ("DataKey-0A1B2C3D4E5F6-abcdef", "identity[1].Statement[0]", [0, 0]),  # of the managed policy
        ("DataKey-0A1B2C3D4E5F6-abcdef", "identity[0].Statement[0]", [1, 1]),  # of another role than today's
    ],
)
def test_a_use_is_of_the_grant_whose_statement_was_recorded(
    make: Make, name: str, statement: str, expected: list[int]
) -> None:
    app = SECRETS.replace("policy=[", "managed_policy='ReadOnlyAccess', policy=[")
    project = make(app=app, **{"shared/resources/data.py": SHARED})
    arn = f"arn:aws:secretsmanager:eu-central-1:000000000000:secret:{name}"
    write(project.folder, {".remit/seen/2026-11-27.jsonl": seen(READ, arn, statement=statement)})
    assert expected == uses(project)


def test_the_statements_of_a_role_that_was_put_together_to_fit_are_told_apart(make: Make) -> None:
    tables = ", ".join(f"dynamodb.put('{'t' * 60}{number}')" for number in range(130))
    project = make(app=f"@app.function(policy=[{tables}])\ndef report(event, context): ...\n")
    arn = f"arn:aws:dynamodb:eu-central-1:000000000000:table/{'t' * 60}7"
    record = seen("dynamodb:PutItem", arn, statement="identity[0].Statement[1]")
    write(project.folder, {".remit/seen/2026-11-27.jsonl": record})
    document = json.loads(project.remit("explain", "report", "--seen", "--json").out)
    used = [granted for granted in document["granted"] if granted["seen"]]
    assert [arn.rpartition(":")[2]] == [granted["resources"][0].rpartition(":")[2] for granted in used]
