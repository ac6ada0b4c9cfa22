"""Whole answers of the commands that ask an account: exit code, standard output and standard error, each exactly."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
from botocore.response import StreamingBody

from answering import NUMBER, Answers, Refused, answering
from projects import Ran, configuration, inside, write
from remit.build import build
from remit.cli import bootstrap, delete, deploy, invoke, jobs, logs, options, releases, status
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.deploy.session import Account

APP: Final = """
from remit import App

app = App()


@app.job(queue="mail")
def send(address): ...


@app.job(queue="slow")
def count(number): ...


@app.function
def report(event, context): ...


@app.function(alias="live")
def published(event, context): ...
"""
CONFIG: Final = configuration('config.job.enable = True\nconfig.job.queues = {"mail": {}, "slow": {}}')
SENT: Final = 1_767_225_600_000
DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
STACK: Final = {
    "StackName": "shop-dev", "StackId": "arn:stack/shop-dev/1", "StackStatus": "UPDATE_COMPLETE", "CreationTime": DAY,
    "Outputs": [{"OutputKey": "Url", "OutputValue": "https://x"}],
    "Tags": [{"Key": "remit:namespace", "Value": "shop-dev"}],
}  # fmt: skip
NO_STACK: Final = Refused("ValidationError", "Stack with id shop-dev does not exist")


class Here(options.Scope):
    """A scope whose account is known."""

    known: Account

    def account(self, *, only_reads: bool = False) -> Account:  # noqa: ARG002 - as of a scope
        return self.known


def ran(
    command: click.Command, folder: Path, answers: Mapping[str, Any], *, as_json: bool = False, **values: Any
) -> tuple[Ran, Answers]:
    """How a command ends on an account that answers so, and what that was asked."""
    out, err = io.StringIO(), io.StringIO()
    scope = values.pop("scope", None) or Here(folder, values.pop("stage", None))
    scope.known, asked = answering(answers, local=values.pop("local", False))
    if "lambda" in scope.known._clients:  # an invocation has a client that tries once
        scope.known._clients["lambda, once"] = scope.known._clients["lambda"]
    in_scope: Any = command.callback
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), click.Context(command) as context:
        context.params = dict(values)
        options.expect_json(context, click.Option(["--json"]), as_json)
        try:
            code = in_scope.__wrapped__(scope=scope, **values) or 0
        except RemitError as error:
            code = error.exit_code
            click.echo(str(error), err=True)
        except click.exceptions.Exit as exit_:
            code = exit_.exit_code
    return Ran(code, out.getvalue(), err.getvalue()), asked


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "shop"
    write(folder, {"app.py": APP, "config/deploy.py": CONFIG})
    with inside(folder, {}):
        yield folder


def resource(logical_id: str, kind: str, physical_id: str) -> dict[str, Any]:
    moment = {"LastUpdatedTimestamp": DAY, "ResourceStatus": "CREATE_COMPLETE"}
    return {"LogicalResourceId": logical_id, "ResourceType": kind, "PhysicalResourceId": physical_id, **moment}


def stack(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What CloudFormation answers of a stack with these resources."""
    return {
        "cloudformation.DescribeStacks": {"Stacks": [STACK]},
        "cloudformation.ListStackResources": {"StackResourceSummaries": list(resources)},
        **more,
    }


def message(identifier: str, number: int, **attributes: str) -> dict[str, Any]:
    body = {"job": "app:send", "id": identifier, "arguments": [number], "options": {}}
    return {
        "MessageId": f"m{number}", "ReceiptHandle": f"r{number}", "Body": json.dumps(body),
        "Attributes": {"SentTimestamp": str(SENT + number * 1000)},
        "MessageAttributes": {
            name: {"StringValue": value, "DataType": "String"} for name, value in attributes.items()
        },
    }  # fmt: skip


def counts(waiting: int, running: int, delayed: int) -> dict[str, dict[str, str]]:
    numbers = {"": waiting, "NotVisible": running, "Delayed": delayed}
    return {"Attributes": {f"ApproximateNumberOfMessages{name}": str(number) for name, number in numbers.items()}}


def queues(*messages: dict[str, Any], failed: int = 2, slow: int = 0, **answers: Any) -> dict[str, Any]:
    """What AWS answers of two queues of jobs, the first of which has jobs that failed for good."""
    names = ("JobMailQueue", "JobMailDeadLetterQueue", "JobSlowQueue", "JobSlowDeadLetterQueue")
    by_url = {
        "JobMailQueue": counts(3, 1, 4), "JobMailDeadLetterQueue": counts(failed - 1, 1, 0),
        "JobSlowQueue": counts(0, 0, 0), "JobSlowDeadLetterQueue": counts(slow, 0, 0),
    }  # fmt: skip
    waiting = list(messages)

    def receive(QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - SQS's name
        page, waiting[:] = (waiting[:10], waiting[10:]) if QueueUrl == "JobMailDeadLetterQueue" else ([], waiting)
        return {"Messages": page}

    def take(Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - as above
        sent = {"MessageId": "m", "MD5OfMessageBody": "x"} if "MessageBody" in Entries[0] else {}
        return {"Successful": [{"Id": entry["Id"], **sent} for entry in Entries], "Failed": []}

    return stack(
        *(resource(name, "AWS::SQS::Queue", name) for name in names),
        **{
            "sqs.GetQueueAttributes": lambda QueueUrl, **_: by_url[QueueUrl],  # noqa: N803 - as above
            "sqs.ReceiveMessage": receive,
            "sqs.ChangeMessageVisibilityBatch": take,
            "sqs.SendMessageBatch": take,
            "sqs.DeleteMessageBatch": take,
            **answers,
        },
    )


def kept(number: int, template: dict[str, Any], **more: Any) -> tuple[dict[str, Any], bytes]:
    """A release as the bucket of the zips has it: its row in a list, and its bytes."""
    body = {"format": 1, "zips": [], "namespace": "shop-dev", "number": number, "template": template, "looked_up": []}
    text = json.dumps({**body, "parameters": {}, "at": "2026-01-01T00:00:00Z", **more}).encode()
    key = f"shop-dev/releases/{number:06}-{hashlib.sha256(text).hexdigest()}.json"
    return {"Key": key, "VersionId": "1", "IsLatest": True, "LastModified": DAY, "Size": len(text)}, text


def holding(releases: list[tuple[dict[str, Any], bytes]], template: dict[str, Any]) -> dict[str, Any]:
    """What AWS answers of a stack with this template whose releases are kept."""
    bodies = {row["Key"]: text for row, text in releases}

    def get(Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - S3's name
        return {"Body": StreamingBody(io.BytesIO(bodies[Key]), len(bodies[Key]))}

    return stack(
        **{
            "s3.ListObjectVersions": {"Versions": [row for row, _ in releases]},
            "s3.GetObject": get,
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps(template)},
        }
    )


def text(lines: str) -> str:
    return textwrap.dedent(lines).lstrip("\n")


PAGES: Final = "3f2a91bc77aa", "91bc0000ffff"
COUNTED: Final = {"waiting": 0, "running": 0, "delayed": 0, "failed": 0, "held": 0}
FIRST: Final = {
    "id": PAGES[0], "queue": "mail", "job": "app:send", "put_aside": "2026-01-01T00:00:01Z", "attempts": 3,
    "reason": "KeyError: 'x'\n  more", "arguments": [1], "options": {},
}  # fmt: skip
SECOND: Final = {
    "id": PAGES[1], "queue": "mail", "job": "app:send", "put_aside": "2026-01-01T00:00:02Z", "attempts": None,
    "reason": None, "arguments": [2], "options": {},
}  # fmt: skip
LISTED: Final = text("""
    queues
      mail  3 waiting, 1 running, 4 delayed, 2 failed, of which 1 cannot be read now: another command holds them, for two minutes at most
      slow  0 waiting, 0 running, 0 delayed, 0 failed
    failed for good
      3f2a91bc  send  KeyError: 'x'
      91bc0000  send  nobody said why: SQS moved it after its last attempt
""")  # noqa: E501 - as it is printed
SHOWN: Final = text("""
    send  3f2a91bc77aa
      queue      mail
      put aside  2026-01-01T00:00:01Z
      attempts   3
      reason     KeyError: 'x'\\n  more
      arguments  [1]
      options    {}
""")
ASKS: Final = (
    "error: `Delete {} for good?` needs an answer, and there is no terminal to ask at\nhint: `--yes` answers it\n"
)
SAY_WHICH: Final = "error: say which jobs: by their ids, or --all\nhint: `remit jobs list` shows the ids\n"


@pytest.mark.parametrize(
    ("command", "values", "status_code", "answer", "document", "err", "sent", "deleted"),
    [
        (
            jobs.list_jobs, {}, 0, LISTED,
            {
                "queues": [
                    {"name": "mail", "waiting": 3, "running": 1, "delayed": 4, "failed": 2, "held": 1},
                    {"name": "slow", **COUNTED},
                ],
                "failed": [FIRST, SECOND],
            },
            "", "", "",
        ),
        (
            jobs.list_jobs, {"queue": "slow"}, 0, "queues\n  slow  0 waiting, 0 running, 0 delayed, 0 failed\n",
            {"queues": [{"name": "slow", **COUNTED}], "failed": []}, "", "", "",
        ),
        (jobs.show, {"job": "3f2a"}, 0, SHOWN, FIRST, "", "", ""),
        (
            jobs.show, {"job": "3f2a", "queue": "slow"}, 1, "", None,
            "error: no job that failed has the id 3f2a\nhint: `remit jobs list` shows them\n", "", "",
        ),
        (jobs.retry, {"ids": ("91bc",)}, 0, "1 job sent again\n", {"sent_again": [PAGES[1]]}, "", "2", "2"),
        (
            jobs.retry, {"ids": (), "every": True, "queue": "mail"}, 0, "2 jobs sent again\n",
            {"sent_again": [*PAGES]}, "", "12", "12",
        ),
        (jobs.retry, {"ids": ()}, 2, "", None, SAY_WHICH, "", ""),
        (jobs.retry, {"ids": ("3f2a",), "every": True}, 2, "", None, SAY_WHICH, "", ""),
        (jobs.purge, {"ids": ("3f2a",), "yes": True}, 0, "1 job deleted\n", {"deleted": [PAGES[0]]}, "", "", "1"),
        (
            jobs.purge, {"ids": (), "every": True, "yes": True}, 0, "2 jobs deleted\n", {"deleted": [*PAGES]},
            "", "", "12",
        ),
        (jobs.purge, {"ids": (), "every": True, "yes": False}, 2, "", None, ASKS.format("2 jobs"), "", ""),
        (jobs.purge, {"ids": ("91bc",), "yes": False}, 2, "", None, ASKS.format("1 job"), "", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_json", [False, True])
def test_jobs_are_listed_sent_again_and_deleted(
    app: Path, command: click.Command, values: dict[str, Any], status_code: int, answer: str, document: Any, err: str,
    sent: str, deleted: str, *, as_json: bool,
) -> None:  # fmt: skip
    messages = message(PAGES[0], 1, Reason="KeyError: 'x'\n  more", Attempts="3"), message(PAGES[1], 2)
    if "ids" in values:
        values = {"every": False, **values}
    ended, asked = ran(command, app, queues(*messages), as_json=as_json, **{"queue": None, **values})
    out = json.loads(ended.out) if as_json and ended.out else ended.out or None
    assert Ran(status_code, out, err) == Ran(ended.status, out, ended.err)
    assert (document if as_json else answer or None) == out
    bodies = [
        json.loads(entry["MessageBody"]) for call in asked.calls("sqs.SendMessageBatch") for entry in call["Entries"]
    ]
    assert sent == "".join(str(body["arguments"][0]) for body in bodies)
    gone = [entry["ReceiptHandle"] for call in asked.calls("sqs.DeleteMessageBatch") for entry in call["Entries"]]
    assert deleted == "".join(gone).replace("r", "")


@pytest.mark.parametrize(("ids", "done"), [(("c00c", "a00a"), "31"), (("c00c", "c00c1", "b00b"), "32")])
@pytest.mark.parametrize("command", [jobs.retry, jobs.purge])
def test_of_several_jobs_those_that_are_named_are_done_in_that_order(
    app: Path, command: click.Command, ids: tuple[str, ...], done: str
) -> None:
    failed = [message(name, number) for number, name in enumerate(("a00a1", "b00b1", "c00c1", "d00d1"), 1)]
    more = {"yes": True} if command is jobs.purge else {}
    ended, asked = ran(command, app, queues(*failed), queue="mail", ids=ids, every=False, **more)
    gone = [entry["ReceiptHandle"] for call in asked.calls("sqs.DeleteMessageBatch") for entry in call["Entries"]]
    assert (0, "", [f"r{number}" for number in done]) == (ended.status, ended.err, gone)
    assert f"2 jobs {'deleted' if more else 'sent again'}\n" == ended.out


@pytest.mark.parametrize(("queue", "number"), [(None, 5), ("mail", 2), ("slow", 3)])
def test_the_jobs_of_all_chosen_queues_are_counted_before_they_are_deleted(
    app: Path, queue: str | None, number: int
) -> None:
    ended, _ = ran(jobs.purge, app, queues(slow=3), queue=queue, ids=(), every=True, yes=False)
    assert Ran(2, "", ASKS.format(f"{number} jobs")) == ended


def test_where_no_job_failed_none_is_asked_about(app: Path) -> None:
    ended, _ = ran(jobs.purge, app, queues(failed=0), queue=None, ids=(), every=True, yes=False)
    assert Ran(0, "0 jobs deleted\n", "") == ended


def event(milliseconds: int, stream: str, text: str) -> dict[str, Any]:
    return {"timestamp": SENT + milliseconds, "logStreamName": stream, "message": f"{text}\n", "eventId": text}


EVENTS: Final = {
    "/aws/lambda/shop-dev-report": [event(2, "s1", "b"), event(0, "s1", "a\x1b[2J")],
    "/aws/lambda/own": [event(1, "s2", "c")],
}
NOT_THERE: Final = "hint: `remit deploy` deploys it; `remit status` shows what is there\n"
LINES: Final = [
    {"time": "2026-01-01T00:00:00.000Z", "function": "report", "stream": "s1", "message": "a\x1b[2J"},
    {"time": "2026-01-01T00:00:00.001Z", "function": "published", "stream": "s2", "message": "c"},
    {"time": "2026-01-01T00:00:00.002Z", "function": "report", "stream": "s1", "message": "b"},
]


def logging(**_: Any) -> dict[str, Any]:
    """What AWS answers of two functions, of which one has a name of its own in the account."""

    def lines(logGroupName: str, **_: Any) -> Any:  # noqa: N803 - CloudWatch Logs' name
        if logGroupName not in EVENTS:
            return Refused("ResourceNotFoundException")
        return {"events": EVENTS[logGroupName]}

    template = {"Resources": {"PublishedFunction": {"Metadata": {"remit:function": "published"}}}}
    return stack(
        resource("ReportFunction", "AWS::Lambda::Function", "shop-dev-report"),
        resource("PublishedFunction", "AWS::Lambda::Function", "own"),
        **{"logs.FilterLogEvents": lines, "cloudformation.GetTemplate": {"TemplateBody": json.dumps(template)}},
    )


@pytest.mark.parametrize(
    ("name", "values", "deployed", "expected"),
    [
        (
            None, {}, True,
            Ran(
                0,
                "2026-01-01T00:00:00.000Z  report     a\\x1b[2J\n"
                "2026-01-01T00:00:00.001Z  published  c\n"
                "2026-01-01T00:00:00.002Z  report     b\n",
                "",
            ),
        ),
        (None, {"as_json": True}, True, Ran(0, "".join(json.dumps(line) + "\n" for line in LINES), "")),
        ("report", {"text": "b"}, True, Ran(0, "2026-01-01T00:00:00.002Z  report  b\n", "")),
        ("published", {}, True, Ran(0, "2026-01-01T00:00:00.001Z  published  c\n", "")),
        (
            "reprot", {}, True,
            Ran(2, "", "error: there is no function `reprot` in this app\nhint: did you mean `report`?\n"),
        ),
        (
            None, {}, False,
            Ran(2, "", f"error: shop-dev is not deployed in eu-central-1, or has no functions\n{NOT_THERE}"),
        ),
        (
            None, {"local": True}, False,
            Ran(
                2, "",
                "error: shop-dev is not deployed in eu-central-1, or has no functions\n"
                "hint: `remit deploy --local` deploys it; `remit status --local` shows what is there\n",
            ),
        ),
        (
            "published", {}, False,
            Ran(2, "", f"error: function shop-dev-published is not deployed in eu-central-1\n{NOT_THERE}"),
        ),
    ],
)  # fmt: skip
def test_logs_are_told_by_time_and_by_their_functions(
    app: Path, name: str | None, values: dict[str, Any], expected: Ran, *, deployed: bool
) -> None:
    answers = logging()
    if not deployed:
        answers |= {"cloudformation.DescribeStacks": NO_STACK}
    values = {"text": "", **values}
    ended, asked = ran(logs.command, app, answers, name=name, since="2026-01-01", follow=False, **values)
    assert expected == ended
    if name != "published" or deployed:
        starts = {call["startTime"] for call in asked.calls("logs.FilterLogEvents")}
        assert starts <= {SENT}


UNTAGGED: Final = {**STACK, "Tags": []}
WHOLE: Final = {
    **UNTAGGED, "StackStatus": "UPDATE_ROLLBACK_COMPLETE", "StackStatusReason": "why\x07",
    "EnableTerminationProtection": True, "DriftInformation": {"StackDriftStatus": "DRIFTED"},
    "RoleARN": f"arn:aws:iam::{NUMBER}:role/works",
}  # fmt: skip
MADE: Final = (
    resource("ReportFunction", "AWS::Lambda::Function", "shop-dev-report"),
    resource("ReportRole", "AWS::IAM::Role", "shop-dev-ReportRole-X"),
    {**resource("Jobs", "AWS::SQS::Queue", ""), "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no"},
)
PLACE: Final = {"account": NUMBER, "region": "eu-central-1", "local": False}
HERE: Final = f"account {NUMBER}, eu-central-1"


@pytest.mark.parametrize(
    ("described", "resources", "answer", "document"),
    [
        (
            WHOLE, MADE,
            text(f"""
                shop-dev in {HERE}: UPDATE_ROLLBACK_COMPLETE since 2026-01-01 00:00 UTC
                  why\\x07
                  protected against deletion
                  drift: DRIFTED
                outputs
                  Url  https://x
                functions
                  ReportFunction  shop-dev-report
                roles
                  ReportRole  shop-dev-ReportRole-X
                failed
                  Jobs  CREATE_FAILED  no
            """),
            {
                "namespace": "shop-dev", "deployed": True, **PLACE, "status": "UPDATE_ROLLBACK_COMPLETE",
                "reason": "why\x07", "since": "2026-01-01T00:00:00.000+00:00", "protected": True, "drift": "DRIFTED",
                "service_role": f"arn:aws:iam::{NUMBER}:role/works", "outputs": {"Url": "https://x"},
                "functions": {"ReportFunction": "shop-dev-report"}, "roles": {"ReportRole": "shop-dev-ReportRole-X"},
                "resources": [
                    {
                        "logical_id": row["LogicalResourceId"], "type": row["ResourceType"],
                        "physical_id": row["PhysicalResourceId"], "status": row["ResourceStatus"],
                    }
                    for row in (MADE[2], *MADE[:2])
                ],
                "changed_by_hand": {
                    "checked": True, "reason": None, "changes": [], "not_compared": [], "access": None,
                },
            },
        ),
        (
            {**UNTAGGED, "StackStatus": "DELETE_FAILED", "Outputs": []}, (),
            text(f"""
                shop-dev in {HERE}: DELETE_FAILED since 2026-01-01 00:00 UTC
                  half deleted: `remit delete` finishes that; with `--empty` it empties buckets first
            """),
            None,
        ),
        (None, (), f"shop-dev is not deployed in {HERE}\n", {"namespace": "shop-dev", "deployed": False, **PLACE}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_json", [False, True])
def test_a_stack_is_told_as_it_is(
    app: Path, described: Any, resources: tuple[dict[str, Any], ...], answer: str, document: Any, *, as_json: bool
) -> None:
    answers = {**stack(*resources), "cloudformation.DescribeStacks": NO_STACK}
    if described is not None:
        answers["cloudformation.DescribeStacks"] = {"Stacks": [described]}
    ended, _ = ran(status.command, app, answers, as_json=as_json)
    assert (int(described is None), "") == (ended.status, ended.err)
    assert (document or json.loads(ended.out)) == json.loads(ended.out) if as_json else answer == ended.out


OLD: Final[dict[str, Any]] = {"Resources": {}}
NEW: Final[dict[str, Any]] = {"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}
KEPT: Final = [
    kept(1, OLD, by="ann", commit="0123456789ab", is_clean=True, remit="1.0"),
    kept(2, NEW, went_back_to=1, commit="fedcba9876", remit="1.1"),
    kept(3, OLD, remit="1.1"),
]
ROWS: Final = [
    {"by": "ann", "commit": "0123456789ab", "is_clean": True, "remit": "1.0", "went_back_to": None},
    {"by": "", "commit": "fedcba9876", "is_clean": False, "remit": "1.1", "went_back_to": 1},
    {"by": "", "commit": None, "is_clean": False, "remit": "1.1", "went_back_to": None},
]


@pytest.mark.parametrize(("runs", "running"), [(OLD, 3), (NEW, 2), ({"Resources": {"B": {}}}, None)])
def test_releases_are_listed_with_the_newest_that_is_what_runs(app: Path, runs: dict[str, Any], running: Any) -> None:
    lines = [
        "1  2026-01-01 00:00 UTC  0123456  ann",
        "2  2026-01-01 00:00 UTC  fedcba9+  somebody, back to 1",
        "3  2026-01-01 00:00 UTC  no commit  somebody",
    ]
    shown = "".join(f"{'*' if number == running else ' '} {line}\n" for number, line in enumerate(lines, 1))
    shown += "" if running else "what runs is none of them: the next deploy keeps it\n"
    assert Ran(0, shown, "") == ran(releases.command, app, holding(KEPT, runs), artefact_bucket=None)[0]
    ended, asked = ran(releases.command, app, holding(KEPT, runs), artefact_bucket="mine", as_json=True)
    every = {"at": "2026-01-01T00:00:00Z", "zips": [], "damage": ""}
    rows = [{"number": number, **every, **row} for number, row in enumerate(ROWS, 1)]
    assert (0, {"running": running, "releases": rows}) == (ended.status, json.loads(ended.out))
    assert ["mine"] == [call["Bucket"] for call in asked.calls("s3.ListObjectVersions")]


def test_releases_of_what_is_not_deployed_are_none(app: Path) -> None:
    answers = {**holding([], OLD), "cloudformation.DescribeStacks": NO_STACK}
    ended, _ = ran(releases.command, app, answers, artefact_bucket=None)
    assert Ran(1, "", "error: shop-dev is not deployed\nhint: `remit deploy` deploys it\n") == ended


LOG: Final = (
    "START RequestId: 1\nheard\n"
    "REPORT RequestId: 1\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n"
)


@pytest.mark.parametrize(
    ("name", "event", "called", "sent", "error"),
    [
        ("report", None, "shop-dev-report", {}, ""),
        ("report", '{"n": 2}', "shop-dev-report", {"n": 2}, "Unhandled"),
        ("published", "[]", "shop-dev-published:live", [], ""),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_function_is_run_by_its_name_and_alias_and_its_answer_is_told(
    app: Path, name: str, event: str | None, called: str, sent: Any, error: str, *, as_json: bool
) -> None:
    def answer(**_: Any) -> dict[str, Any]:
        body = b'{"a": 1}'
        failed = {"FunctionError": error} if error else {}
        tail = base64.b64encode(LOG.encode()).decode()
        return {"Payload": StreamingBody(io.BytesIO(body), len(body)), "StatusCode": 200, "LogResult": tail, **failed}

    asks = {"name": name, "event": event, "example": None, "request": None, "strict": False}
    ended, asked = ran(invoke.command, app, {"lambda.Invoke": answer}, as_json=as_json, **asks)
    (call,) = asked.calls("lambda.Invoke")
    assert (called, sent) == (call["FunctionName"], json.loads(call["Payload"]))
    if not as_json:
        assert Ran(int(bool(error)), '{\n  "a": 1\n}\n', "heard\n") == ended
        return
    value, reason = (None, {"a": 1}) if error else ({"a": 1}, None)
    told = {"answer": value, "failed": bool(error), "log": LOG, "error": reason}
    assert {**told, "duration_ms": 12.5, "memory_mb": 40, "access": None} == json.loads(ended.out)
    assert (int(bool(error)), "") == (ended.status, ended.err)


def test_a_function_that_is_not_there_is_told(app: Path) -> None:
    asks = {"name": "report", "event": None, "example": None, "request": None, "strict": False}
    missing = {"lambda.Invoke": Refused("ResourceNotFoundException", "", 404)}
    error = f"error: function shop-dev-report is not deployed in eu-central-1\n{NOT_THERE}"
    assert Ran(2, "", error) == ran(invoke.command, app, missing, **asks)[0]


class ZipBucket:
    """A bucket whose settings are what was put last."""

    MISSING: Final = {
        "PublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "BucketOwnershipControls": "OwnershipControlsNotFoundError",
        "BucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
        "BucketVersioning": "",
        "BucketPolicy": "NoSuchBucketPolicy",
        "BucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
        "BucketTagging": "NoSuchTagSet",
    }
    INNER: Final = {
        "BucketVersioning": "VersioningConfiguration",
        "BucketLifecycleConfiguration": "LifecycleConfiguration",
        "BucketTagging": "Tagging",
    }

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.exists = False

    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = {"s3.HeadBucket": self.head, "s3.CreateBucket": self.create}
        for name in self.MISSING:
            answers |= {f"s3.Get{name}": partial(self.get, name), f"s3.Put{name}": partial(self.put, name)}
        return answers

    def head(self, **_: Any) -> Any:
        return {} if self.exists else Refused("404", "", 404)

    def create(self, **_: Any) -> dict[str, Any]:
        self.exists = True
        return {}

    def get(self, name: str, **_: Any) -> Any:
        missing = Refused(self.MISSING[name], "", 404) if self.MISSING[name] else {}
        return self.settings.get(name, missing)

    def put(self, name: str, Bucket: str, ExpectedBucketOwner: str, **setting: Any) -> dict[str, Any]:  # noqa: N803 - S3's
        assert (f"remit-artefacts-{NUMBER}-eu-central-1", NUMBER) == (Bucket, ExpectedBucketOwner)
        self.settings[name] = setting[self.INNER[name]] if name in self.INNER else setting
        return {}


def test_a_bucket_is_made_left_alone_and_put_right(app: Path) -> None:
    bucket, plain = ZipBucket(), {"service": None, "repositories": (), "prints": False}
    name = f"remit-artefacts-{NUMBER}-eu-central-1"
    line = f"bucket {name} in {HERE}: {{}}\n"
    assert Ran(0, line.format("made"), "") == ran(bootstrap.command, app, bucket.answers(), **plain)[0]
    assert Ran(0, line.format("nothing to do"), "") == ran(bootstrap.command, app, bucket.answers(), **plain)[0]
    del bucket.settings["BucketVersioning"], bucket.settings["BucketTagging"]
    ended, _ = ran(bootstrap.command, app, bucket.answers(), as_json=True, **plain)
    told = {"bucket": name, **PLACE, "made": False, "repaired": ["versioning", "tags"]}
    assert (0, told) == (ended.status, json.loads(ended.out))
    del bucket.settings["BucketVersioning"], bucket.settings["BucketTagging"]
    repaired = Ran(0, line.format("repaired (versioning, tags)"), "")
    assert repaired == ran(bootstrap.command, app, bucket.answers(), **plain)[0]


QUEUE: Final = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"}
FOLLOWED: Final = text("""
    00:00:00  DELETE_IN_PROGRESS  AWS::CloudFormation::Stack  shop-dev
    00:00:00  DELETE_SKIPPED      AWS::SQS::Queue  Jobs
    00:00:00  DELETE_COMPLETE     AWS::CloudFormation::Stack  shop-dev
""")
RETAINED: Final = "AWS::SQS::Queue q1 stays, as the deletion policy of Jobs says\n"
ZIPS: Final = f"remit-artefacts-{NUMBER}-eu-central-1"
STAYS: Final = f"bucket {ZIPS} stays for other apps (`--bucket` removes it when it is empty)\n"
DELETED: Final = Ran(0, f"shop-dev is deleted from {HERE}\n", FOLLOWED + RETAINED + STAYS)
NEEDS_YES: Final = (
    f"error: `Delete shop-dev and everything in it from {HERE}?` needs an answer, and there is no terminal to ask at\n"
    "hint: `--yes` answers it\n"
)


def deleting(*, fails: bool = False) -> dict[str, Any]:
    """What AWS answers while it deletes a stack with a queue that is kept."""
    tokens: list[str] = []

    def row(number: int, status: str, kind: str, logical_id: str, physical_id: str, **more: str) -> dict[str, Any]:
        of_stack = {"StackId": STACK["StackId"], "StackName": "shop-dev", "ClientRequestToken": tokens[-1]}
        names = {"LogicalResourceId": logical_id, "PhysicalResourceId": physical_id, "ResourceType": kind}
        return {"EventId": str(number), "Timestamp": DAY, "ResourceStatus": status, **of_stack, **names, **more}

    def events(**_: Any) -> dict[str, Any]:
        whole = ("AWS::CloudFormation::Stack", "shop-dev", STACK["StackId"])
        queue = row(2, "DELETE_SKIPPED", "AWS::SQS::Queue", "Jobs", "q1")
        if fails:
            queue = row(2, "DELETE_FAILED", "AWS::SQS::Queue", "Jobs", "q1", ResourceStatusReason="in use")
        end = row(3, "DELETE_FAILED" if fails else "DELETE_COMPLETE", *whole)
        return {"StackEvents": [end, queue, row(1, "DELETE_IN_PROGRESS", *whole)]}

    def delete(ClientRequestToken: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - CloudFormation's name
        tokens.append(ClientRequestToken)
        return {}

    return stack(
        resource("Jobs", "AWS::SQS::Queue", "q1"),
        **{
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps({"Resources": {"Jobs": QUEUE}})},
            "cloudformation.DeleteStack": delete,
            "cloudformation.DescribeStackEvents": events,
            "cloudformation.DescribeEvents": {"OperationEvents": []},
            "s3.HeadBucket": {},
            "s3.ListObjectVersions": {"Versions": []},
            "s3.DeleteBucket": {},
        },
    )


@pytest.mark.parametrize(
    ("values", "deployed", "expected", "left"),
    [
        ({}, True, DELETED, ["q1", ZIPS]),
        ({"bucket": True}, True, Ran(0, f"shop-dev is deleted from {HERE}\n", FOLLOWED + RETAINED), ["q1"]),
        (
            {"artefact_bucket": "mine"}, True, Ran(0, f"shop-dev is deleted from {HERE}\n", FOLLOWED + RETAINED),
            ["q1"],
        ),
        ({}, False, Ran(0, f"shop-dev is not deployed in {HERE}\n", STAYS), [ZIPS]),
        ({"yes": False}, True, Ran(2, "", NEEDS_YES), None),
        ({"yes": False, "yes_delete": "all"}, True, DELETED, ["q1", ZIPS]),
    ],
)  # fmt: skip
def test_a_stack_is_deleted_and_what_stays_is_told(
    app: Path, values: dict[str, Any], expected: Ran, left: Any, *, deployed: bool
) -> None:
    asks = {
        "artefact_bucket": None, "service_role": "arn:aws:iam::1:role/x", "yes_delete": None, "yes": True,
        "wait": False, "resume": False, "bucket": False, "empty": False, **values,
    }  # fmt: skip
    more = {} if deployed else {"cloudformation.DescribeStacks": NO_STACK}
    ended, asked = ran(delete.command, app, deleting() | more, **asks)
    assert expected == ended
    calls = asked.calls("cloudformation.DeleteStack")
    assert ["arn:aws:iam::1:role/x"] * int(deployed and expected.status == 0) == [call["RoleARN"] for call in calls]
    assert len(asked.calls("s3.DeleteBucket")) == int(bool(values.get("bucket")))
    if left is not None:
        ended, _ = ran(delete.command, app, deleting() | more, as_json=True, **asks)
        document = {"namespace": "shop-dev", **PLACE, "deleted": deployed, "left": left}
        assert (0, document) == (ended.status, json.loads(ended.out))


def test_a_delete_that_fails_tells_what_is_left_and_how_to_leave_it(app: Path) -> None:
    asks = {"artefact_bucket": None, "service_role": None, "yes_delete": None, "yes": True}
    asks |= {"wait": False, "resume": False, "bucket": False, "empty": False}
    ended, _ = ran(delete.command, app, deleting(fails=True), **asks)
    error = text("""
        00:00:00  DELETE_IN_PROGRESS  AWS::CloudFormation::Stack  shop-dev
        00:00:00  DELETE_FAILED       AWS::SQS::Queue  Jobs  in use
        00:00:00  DELETE_FAILED       AWS::CloudFormation::Stack  shop-dev
        error: deleting shop-dev failed (DELETE_FAILED)
          left: q1 (Jobs, AWS::SQS::Queue): in use
        hint: repair it, then `remit delete` again; `COMMAND` leaves it there
    """)
    command = "aws cloudformation delete-stack --stack-name shop-dev --region eu-central-1 --retain-resources Jobs"
    assert Ran(1, "", error.replace("COMMAND", command)) == ended


ORDERS_APP: Final = """
from remit import App
from remit.grants import dynamodb

app = App()


@app.function(policy=[dynamodb.query("orders")])
def report(event, context): ...
"""
WISHED: Final[dict[str, Any]] = {
    "approval": None, "accept_drift": False, "revert_drift": False, "wait": False, "force": False, "skip": (),
    "only_plans": False, "markdown": False, "write": None, "yes": False, "yes_delete": (), "first": False,
    "take_over": False, "adopt": False, "service_role": None, "artefact_bucket": None, "seed": None, "accept": None,
    "strict": False, "resume": False,
}  # fmt: skip


class NewStack:
    """An account in which a stack is made, as far as it is asked: its template, its change set, its function's code."""

    def __init__(self, *, status: str = "CREATE_COMPLETE", code: str = "") -> None:
        self.status, self.code = status, code
        self.template, self.name, self.token, self.key = "", "", "", ""

    def answers(self) -> dict[str, Any]:
        return {
            "cloudformation.DescribeStacks": self.stacks,
            "cloudformation.CreateChangeSet": self.create,
            "cloudformation.DescribeChangeSet": self.change_set,
            "cloudformation.ListChangeSets": {"Summaries": []},
            "cloudformation.GetTemplate": lambda **_: {"TemplateBody": self.template},
            "cloudformation.ExecuteChangeSet": self.execute,
            "cloudformation.DescribeStackEvents": self.events,
            "cloudformation.DescribeEvents": {"OperationEvents": []},
            "cloudformation.DeleteChangeSet": {},
            "cloudformation.DeleteStack": {},
            "cloudformation.ListStackResources": {"StackResourceSummaries": []},
            "s3.HeadBucket": {},
            "s3.HeadObject": self.stored,
            "s3.PutObject": {},
            "s3.ListObjectVersions": {"Versions": []},
            "logs.DescribeLogGroups": {"logGroups": []},
            "iam.GetUser": Refused("AccessDenied", "", 403),
            "iam.SimulatePrincipalPolicy": Refused("AccessDenied", "", 403),
            "lambda.GetFunction": lambda **_: {"Configuration": {"CodeSha256": self.code or self.checksum()}},
        }

    def checksum(self) -> str:
        """The SHA-256 of the function's zip, as Lambda writes it; empty where nobody asked for one."""
        digest = self.key.rpartition("/")[2].removesuffix(".zip")
        return base64.b64encode(bytes.fromhex(digest)).decode()

    def stacks(self, **_: Any) -> Any:
        status = self.status if self.token else "REVIEW_IN_PROGRESS"
        return {"Stacks": [{**STACK, "StackStatus": status}]} if self.template else NO_STACK

    def create(self, TemplateBody: str, ChangeSetName: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - CloudFormation's
        self.template, self.name = TemplateBody, ChangeSetName
        return {"Id": "arn:cs", "StackId": STACK["StackId"]}

    def change_set(self, **_: Any) -> dict[str, Any]:
        changes = []
        for name, made in json.loads(self.template)["Resources"].items():
            change = {
                "Action": "Add",
                "LogicalResourceId": name,
                "ResourceType": made["Type"],
                "Scope": [],
                "Details": [],
            }
            changes.append({"Type": "Resource", "ResourceChange": change})
        names = {"ChangeSetName": self.name, "ChangeSetId": "arn:cs", "StackId": STACK["StackId"]}
        state = {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "CreationTime": DAY}
        return {**names, **state, "StackName": "shop-dev", "Changes": changes}

    def execute(self, ClientRequestToken: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - CloudFormation's name
        self.token = ClientRequestToken
        return {}

    def events(self, **_: Any) -> dict[str, Any]:
        whole = {
            "StackId": STACK["StackId"], "StackName": "shop-dev", "Timestamp": DAY, "ClientRequestToken": self.token,
            "LogicalResourceId": "shop-dev", "PhysicalResourceId": STACK["StackId"],
            "ResourceType": "AWS::CloudFormation::Stack",
        }  # fmt: skip
        events = [
            {**whole, "EventId": "3", "ResourceStatus": self.status},
            {**whole, "EventId": "1", "ResourceStatus": "CREATE_IN_PROGRESS"},
        ]
        if self.status != "CREATE_COMPLETE":
            role = {"LogicalResourceId": "ReportRole", "PhysicalResourceId": "", "ResourceType": "AWS::IAM::Role"}
            reason = {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "too many roles"}
            begun = {**whole, "EventId": "2b", "ResourceStatus": "DELETE_IN_PROGRESS"}
            events[1:1] = [begun, {**whole, **role, **reason, "EventId": "2"}]
        return {"StackEvents": events}

    def stored(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - S3's name
        self.key = Key
        return {"ChecksumSHA256": self.checksum()}


CHANGES: Final = text("""
    shop-dev is new; this deploy would change
      + AWS::IAM::Role         ReportRole
      + AWS::Lambda::Function  ReportFunction
      + AWS::Logs::LogGroup    ReportLogGroup
    and functions may
      + report: Write on logs (2 actions); Read on dynamodb (1 action)
    3 to add, 0 to change, 0 to remove; access: 2 gained, 0 lost
""")
STOPS: Final = text("""
    a deploy stops here unless somebody agrees
      ! it adds access (2 gains)
        `--first` deploys a stage for the first time; `--yes`, or a yes at a terminal, deploys it anyway
""")
GOES: Final = "a deploy goes ahead by itself\n"
REFUSED: Final = text("""
    error: nothing was deployed: it adds access (2 gains)
    hint: `--first` deploys a stage for the first time; `--yes`, or a yes at a terminal, deploys it anyway
""")
BEGAN: Final = "00:00:00  CREATE_IN_PROGRESS  AWS::CloudFormation::Stack  shop-dev\n"
DONE: Final = f"{CHANGES}{BEGAN}00:00:00  CREATE_COMPLETE     AWS::CloudFormation::Stack  shop-dev\n"
ENDED: Final = f"shop-dev in {HERE}: CREATE_COMPLETE in 0.00 s\n"
NEXT: Final = "next: remit invoke report, remit policy function report --explain\n"
ANSWER: Final = "outputs\n  Url  https://x\nroles\n  ReportRole  2 statements for report\n"
BROKEN: Final = text("""
    00:00:00  CREATE_FAILED       AWS::IAM::Role  ReportRole  too many roles
    00:00:00  DELETE_IN_PROGRESS  AWS::CloudFormation::Stack  shop-dev
    00:00:00  DELETE_COMPLETE     AWS::CloudFormation::Stack  shop-dev
    error: deploying shop-dev failed (DELETE_COMPLETE): ReportRole (AWS::IAM::Role): too many roles
      what had been made was removed again
      --> app.py:8:2
""")
OTHER_CODE: Final = text("""
    error: these functions do not run what was built:
      shop-dev-report runs code whose SHA-256 is other; that of the build is SHA
    hint: somebody else wrote into the artefact bucket, or changed the code by hand: CloudTrail tells who; `COMMAND` puts the build back
""").replace(  # noqa: E501 - as it is printed
    "COMMAND",
    "aws lambda update-function-code --region eu-central-1 --function-name shop-dev-report "
    "--zip-file fileb://.remit/build/NAME.zip",
)
UNCHANGED: Final[dict[str, Any]] = {
    "namespace": "shop-dev", **PLACE, "changed": False, "ok": False, "reasons": ["it adds access (2 gains)"],
    "status": None, "outputs": {}, "left": [], "refused": [], "cause": None, "other_code": [],
    "changed_by_hand": {"checked": True, "reason": None, "changes": [], "not_compared": [], "access": None},
}  # fmt: skip
CAUSE: Final = {"logical_id": "ReportRole", "type": "AWS::IAM::Role", "stack": "shop-dev", "reason": "too many roles"}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is built once, since nothing of it changes."""
    folder = tmp_path_factory.mktemp("orders") / "shop"
    write(folder, {"app.py": ORDERS_APP})
    return folder


@pytest.mark.parametrize(
    ("made", "values", "expected"),
    [
        (NewStack(), {}, Ran(1, "", CHANGES + REFUSED)),
        (NewStack(), {"first": True}, Ran(0, ANSWER, DONE + ENDED + NEXT)),
        (NewStack(code="other"), {"yes": True}, Ran(1, ANSWER, DONE + ENDED + NEXT + OTHER_CODE)),
        (NewStack(status="DELETE_COMPLETE"), {"yes": True}, Ran(1, "", CHANGES + BEGAN + BROKEN)),
        (NewStack(), {"only_plans": True}, Ran(1, CHANGES + STOPS, "")),
        (NewStack(), {"only_plans": True, "approval": "never"}, Ran(0, CHANGES + GOES, "")),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_deploy_is_told_from_its_plan_to_its_end(
    orders: Path, made: NewStack, values: dict[str, Any], expected: Ran, *, as_json: bool
) -> None:
    made = NewStack(status=made.status, code=made.code)
    with inside(orders, {}):
        ended, _ = ran(deploy.command, orders, made.answers(), as_json=as_json, **{**WISHED, **values})
    # The zip's size is that of a Python, and AWS needs no time.
    _, start, messages = ended.err.partition("shop-dev is new")
    messages = re.sub(r" in \d+\.\d\d s$", " in 0.00 s", f"{start}{messages}", flags=re.MULTILINE)
    messages = messages.replace(made.checksum() or "SHA", "SHA")
    if not as_json:
        assert expected == Ran(ended.status, ended.out, messages)
        return
    told = expected.err if not values.get("only_plans") else expected.out
    assert (expected.status, told.replace(ENDED + NEXT, "")) == (ended.status, messages)
    document = json.loads(ended.out)
    plan = document.pop("plan")
    rows = [(row["action"], row["logical_id"], row["type"]) for row in plan["resources"]]
    assert [("Add", name, value["Type"]) for name, value in json.loads(made.template)["Resources"].items()] == rows
    assert [("ReportRole", 3, 0)] == [
        (role["logical_id"], len(role["gained"]), len(role["lost"])) for role in plan["roles"]
    ]
    if made.token:
        outputs = {} if made.status == "DELETE_COMPLETE" else {"Url": "https://x"}
        other = [{"function": "shop-dev-report", "expected": made.checksum(), "actual": "other"}] if made.code else []
        ends = {"changed": True, "status": made.status, "outputs": outputs, "reasons": [], "other_code": other}
        ends |= {"ok": expected.status == 0, "cause": CAUSE if made.status == "DELETE_COMPLETE" else None}
        assert {**UNCHANGED, **ends} == document
    else:
        stops = expected.status == 1
        assert {**UNCHANGED, "ok": not stops, "reasons": UNCHANGED["reasons"] if stops else []} == document


def test_a_plan_is_written_as_markdown_or_json_beside_its_lines(orders: Path) -> None:
    values = {"only_plans": True, "markdown": True, "write": orders / "plan.md"}
    with inside(orders, {}):
        ended, _ = ran(deploy.command, orders, NewStack().answers(), **{**WISHED, **values})
        printed, _ = ran(deploy.command, orders, NewStack().answers(), **{**WISHED, **values, "write": None})
    assert (1, CHANGES + STOPS) == (ended.status, ended.out)
    assert printed.out == (orders / "plan.md").read_text()
    values = {"only_plans": True, "write": orders / "plan.json"}
    with inside(orders, {}):
        ended, _ = ran(deploy.command, orders, NewStack().answers(), as_json=True, **{**WISHED, **values})
        whole, _ = ran(deploy.command, orders, NewStack().answers(), as_json=True, **{**WISHED, "only_plans": True})
    assert (1, CHANGES + STOPS) == (ended.status, ended.out)
    assert whole.out == (orders / "plan.json").read_text()
    assert printed.out.startswith(
        f"<!-- remit plan shop-dev in {HERE} -->\n**A deploy stops here unless somebody agrees: "
    )
    assert printed.err.endswith(CHANGES + STOPS)


@pytest.mark.parametrize(
    ("options_given", "drift"),
    [({}, "ask"), ({"accept_drift": True}, "accept"), ({"revert_drift": True}, "revert")],
)
def test_options_say_what_becomes_of_changes_by_hand(options_given: dict[str, Any], drift: str) -> None:
    passed: list[dict[str, Any]] = []

    def deploys(**answers: Any) -> Any:
        passed.append(answers)
        raise RemitError("it ends here")

    wished = {**WISHED, "artefact_bucket": "mine", "skip": ("Queue",), **options_given}
    with click.Context(click.Command("deploy")), pytest.raises(RemitError, match="it ends here"):
        deploy.carry_out(deploys, answering({})[0], deploy.operator(wished), wished)
    assert [(drift, "mine", ("Queue",))] == [(given["drift"], given["bucket"], given["skip"]) for given in passed]


class OnThisMachine(Here):
    """A scope of the AWS on this machine, which runs."""

    aws: Any

    def local_aws(self) -> Any:
        return self.aws


NOTHING_CHANGES: Final = {
    "Status": "FAILED", "ExecutionStatus": "UNAVAILABLE",
    "StatusReason": "The submitted information didn't contain changes. Submit different information to create a change "
    "set.",
}  # fmt: skip


class SameStack(NewStack):
    """The stack of a project as it is, which nothing changes."""

    def __init__(self, folder: Path, timeout: str = "30") -> None:
        super().__init__()
        self.timeout = timeout
        self.deployed = build(folder, None, package=False).body

    def answers(self) -> dict[str, Any]:
        queue = resource("DataJobs", "AWS::SQS::Queue", "https://sqs/jobs")
        deployed = {
            "cloudformation.GetTemplate": {"TemplateBody": self.deployed},
            "cloudformation.ListStackResources": {"StackResourceSummaries": [queue]},
            "sqs.GetQueueAttributes": {
                "Attributes": {"VisibilityTimeout": self.timeout, "MessageRetentionPeriod": "345600"}
            },
        }
        return {**ZipBucket().answers(), **super().answers(), **deployed}

    def stacks(self, **_: Any) -> Any:
        return {"Stacks": [STACK]}

    def change_set(self, **_: Any) -> dict[str, Any]:
        names = {"ChangeSetName": self.name, "ChangeSetId": "arn:cs", "StackId": STACK["StackId"]}
        return {**names, **NOTHING_CHANGES, "CreationTime": DAY, "StackName": "shop-dev", "Changes": []}


QUEUE_APP: Final = """
from remit import App, Shared, resource

app = App()


class Data(Shared):
    jobs = resource("AWS::SQS::Queue")
"""


def deployed_here(
    folder: Path, values: Mapping[str, Any] = WISHED, *, as_json: bool = False, timeout: str = "30", **aws: str
) -> tuple[Ran, bool]:
    """How a deploy of what is deployed to the AWS on this machine ends, and whether that was asked anything.

    What a build says is left out, and that none runs here, which could save its state.
    """
    acting_as: Any = values.get("acting_as")
    scope = OnThisMachine(folder, stage=None, local=True, acting_as=acting_as)
    scope.aws = SimpleNamespace(**{"region": "eu-central-1", "state": "one", **aws})
    wished = {name: value for name, value in values.items() if name != "acting_as"}
    answers = SameStack(folder, timeout).answers()
    ended, asked = ran(deploy.command, folder, answers, as_json=as_json, scope=scope, local=True, **wished)
    return replace(ended, err="".join(ended.err.splitlines(keepends=True)[-3:-2])), bool(asked.asked)


def test_a_deploy_that_reads_the_same_as_the_last_is_told_again_and_asks_nothing(tmp_path: Path) -> None:
    """What it reads: the build, the options, a few files beside it, and which AWS runs."""
    folder = tmp_path / "shop"
    write(folder, {"app.py": QUEUE_APP, ".remit/local/server.log": ""})
    with inside(folder, {}):
        told = Ran(2, "outputs\n  Url  https://x\n", "shop-dev in the AWS on this machine, eu-central-1: no changes\n")
        assert [True, True] == [deployed_here(folder, as_json=True)[1] for _ in range(2)]
        assert [(told, True), (told, False)] == [deployed_here(folder) for _ in range(2)]
        for file in (".env.local", "config/accepted.json", ".remit/deployed/one.json"):
            for content in ("A=1", "A=2") if file == ".env.local" else ("[]", "[ ]"):
                write(folder, {file: content})
                assert [True, False] == [deployed_here(folder)[1] for _ in range(2)], (file, content)
        for wishes in ({"wait": True}, {"service_role": "arn:aws:iam::111122223333:role/x"}):
            assert [True, False] == [deployed_here(folder, {**WISHED, **wishes})[1] for _ in range(2)], wishes
        for aws in ({"state": "two"}, {"region": "eu-west-1"}, {}):
            assert [True, False] == [deployed_here(folder, **aws)[1] for _ in range(2)], aws
        for wishes in ({"only_plans": True}, {"acting_as": object()}):
            assert deployed_here(folder, {**WISHED, **wishes})[1], wishes
        assert 0 == deployed_here(folder, {**WISHED, "only_plans": True})[0].status  # which leaves nothing to be saved
        assert deployed_here(folder, as_json=True)[1]
        assert (told, False) == deployed_here(folder)
        by_hand = {**WISHED, "accept_drift": True}
        assert [True, True] == [deployed_here(folder, by_hand, timeout="31")[1] for _ in range(2)]
        write(folder, {"app.py": QUEUE_APP.replace('::Queue"', '::Queue", visibility_timeout=31')})
        assert deployed_here(folder)[1]


CHANGED_BY_HAND: Final = text(f"""
    shop-dev in {HERE}: UPDATE_COMPLETE since 2026-01-01 00:00 UTC
    outputs
      Url  https://x
    Changed by hand since the last deploy
      ! DataJobs: the visibility timeout of queue jobs (DataJobs) was changed by hand: 31, not 30: a deploy does not undo it; `aws sqs set-queue-attributes --queue-url https://sqs/jobs --attributes …` does
""")  # noqa: E501 - as it is printed


def test_a_queue_that_was_changed_by_hand_is_told_below_its_stack(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write(folder, {"app.py": QUEUE_APP})
    with inside(folder, {}):
        ended, _ = ran(status.command, folder, SameStack(folder, "31").answers())
    assert Ran(0, CHANGED_BY_HAND, "") == ended
