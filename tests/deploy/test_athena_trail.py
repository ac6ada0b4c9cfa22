"""Logs that stay in AWS are summed up by Athena."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from audit_accounts import ACCOUNT, allow, page, role, write
from remit.audit.trail_query import athena_query
from remit.cli import main
from remit.deploy.athena_trail import summed_up_by_athena
from remit.deploy.session import connect
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Spoil
    from remit.deploy.session import Account

OUTPUT = "s3://results/"


def test_a_query_that_fails_is_told_with_its_reason(account: Account) -> None:
    with pytest.raises(RemitError, match="the query of Athena ended as FAILED"):
        summed_up_by_athena(account, "no_such_table", output=OUTPUT)


def test_a_query_that_aws_refuses_is_told(account: Account, spoil: Spoil) -> None:
    spoil.answer("athena.StartQueryExecution", 403, "AccessDeniedException")
    with pytest.raises(RemitError):
        summed_up_by_athena(account, "cloudtrail_logs", output=OUTPUT)


class Athena:
    """Athena at its door: it speaks the JSON protocol, and answers as a test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.states: list[dict[str, Any]] = []
        self.pages: list[list[list[str | None]]] = []

    def answer(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        operation = target.rpartition(".")[2]
        self.requests.append((operation, request))
        if operation == "StartQueryExecution":
            return {"QueryExecutionId": "query-1"}
        if operation == "GetQueryExecution":
            status = self.states.pop(0)
            return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 7_000_000_000}}}
        if operation == "StopQueryExecution":
            return {}
        place = int(request.get("NextToken", 0))
        rows = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in self.pages[place]]
        following = {"NextToken": str(place + 1)} if place + 1 < len(self.pages) else {}
        return {"ResultSet": {"Rows": rows}, **following}


IDENTITY = f"""<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn>
<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[str, Athena]]:
    """The address of an Athena, and what it answers."""
    athena = Athena()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target")
            text = json.dumps(athena.answer(target, json.loads(body))) if target else IDENTITY
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", athena
        server.shutdown()
        thread.join()


@pytest.fixture
def athena(door: tuple[str, Athena], monkeypatch: pytest.MonkeyPatch) -> Athena:
    """Athena, where boto3 looks for it."""
    url, athena = door
    for name, value in (
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_CONFIG_FILE", os.devnull),
    ):
        monkeypatch.setenv(name, value)
    athena.requests.clear()
    return athena


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["audit", *arguments, "--no-cache", "--at", "2026-11-27"])
    assert isinstance(stop.value.code, int)
    return stop.value.code


X = f"arn:aws:iam::{ACCOUNT}:role/x"
FIRST, LATER = "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"
HEADING = [
    "principal", "eventsource", "eventname", "account", "last_use", "first_event", "last_event", "events", "denied",
    "is_data",
]  # fmt: skip


def test_the_rows_of_all_pages_say_what_was_used(
    athena: Athena, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    athena.states = [{"State": "QUEUED"}, {"State": "RUNNING"}, {"State": "SUCCEEDED"}]
    athena.pages = [
        [HEADING, [X, "ec2.amazonaws.com", "StartInstances", ACCOUNT, LATER, FIRST, LATER, "3", "1", "0"]],
        [[X, "ec2.amazonaws.com", "StopInstances", ACCOUNT, None, FIRST, FIRST, "1", "1", "0"]],
        [[None, "sts.amazonaws.com", "AssumeRole", ACCOUNT, FIRST, FIRST, FIRST, "1", "0", "0"]],
    ]
    folder = write(tmp_path, page(role("x", allow("ec2:StartInstances", "ec2:StopInstances"))))
    arguments = ("--athena", "logs.cloudtrail", "--athena-output", OUTPUT, "--athena-workgroup", "audits", "--json")
    assert 0 == run(str(folder), *arguments)
    output = capsys.readouterr()
    (unused,) = json.loads(output.out)["unused"]
    assert (FIRST, LATER, ["ec2:StopInstances"]) == (
        unused["since"],
        unused["last_call"],
        unused["policies"][0]["unused"],
    )
    query = athena_query("logs.cloudtrail")
    started = {
        "QueryString": query,
        "WorkGroup": "audits",
        "ResultConfiguration": {"OutputLocation": OUTPUT},
    }
    operations = [operation for operation, _ in athena.requests]
    assert query in output.err
    assert started.items() <= athena.requests[0][1].items()
    assert ["StartQueryExecution", *["GetQueryExecution"] * 3, *["GetQueryResults"] * 3] == operations


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"State": "FAILED", "StateChangeReason": "line 4:1: no such column"}, "FAILED: line 4:1: no such column"),
        ({"State": "CANCELLED"}, "CANCELLED: Athena gives no reason"),
    ],
)
def test_a_query_that_does_not_succeed_is_told(
    athena: Athena, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: dict[str, str], message: str
) -> None:
    athena.states = [{"State": "RUNNING"}, status]
    folder = write(tmp_path, page(role("x", allow("ec2:StartInstances"))))
    assert 1 == run(str(folder), "--athena", "cloudtrail_logs")
    output = capsys.readouterr()
    assert f"error: the query of Athena ended as {message}" in output.err
    assert "" == output.out


def test_a_table_without_events_is_told_and_nothing_is_called_unused(
    athena: Athena, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    athena.states = [{"State": "SUCCEEDED"}]
    athena.pages = [[HEADING]]
    folder = write(tmp_path, page(role("x", allow("ec2:StartInstances"))))
    assert 1 == run(str(folder), "--athena", "cloudtrail_logs", "--json")
    output = capsys.readouterr()
    assert "problem: cloudtrail_logs: no event of CloudTrail is in it: what was used is not known" in output.err
    assert [] == json.loads(output.out)["unused"]


def test_a_query_is_stopped_with_the_command(athena: Athena) -> None:
    athena.states = [{"State": "RUNNING"}]

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        summed_up_by_athena(connect(), "cloudtrail_logs", progress=interrupt)
    assert ("StopQueryExecution", {"QueryExecutionId": "query-1"}) == athena.requests[-1]
