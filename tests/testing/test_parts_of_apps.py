"""Parts of an app under test, without an AWS: the event that a function gets, and the uses that the project keeps."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from answering import Refused, answering
from projects import configuration, write
from remit import App
from remit.deploy.invoke import Answer
from remit.deploy.log_lines import LogLine
from remit.errors import RemitError
from remit.local.authorization.access_log import AccessRecord
from remit.testing import SentJob, jobs_run_at_once, local_app, recorded_jobs
from remit.testing.local_app import AppOfTests, FunctionFailed, LocalApp, RunningApp, _append

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from conftest import Make

APP = "@app.function(http(auth='NONE'))\ndef order(event, context): ...\n"


@pytest.mark.parametrize(
    ("event", "request_line", "expected"),
    [
        ("tea", "POST /", "tea"),
        ({"tea": 1}, "POST /", '{"tea": 1}'),
        (0, "POST /", "0"),
        (None, "POST /", None),
        (None, None, {}),
        (0, None, 0),
    ],
)
def test_a_function_gets_an_event_as_it_is_or_as_the_body_of_a_request(
    make: Make, tmp_path: Path, event: Any, request_line: str | None, expected: Any
) -> None:
    app = LocalApp(AppOfTests(make(app=APP).folder, None, tmp_path))
    got = app._event("order", event, request_line, None)
    assert expected == (got if request_line is None else got.get("body"))


def test_each_use_is_kept_once_and_no_more_where_the_days_file_is_full(tmp_path: Path) -> None:
    source, kept = tmp_path / "day.jsonl", tmp_path / "seen" / "day.jsonl"
    for text in ("1\n2\n", "2\n3\n"):
        source.write_text(text)
        _append(source, kept)
    assert "1\n2\n3\n" == kept.read_text()
    with kept.open("wb") as full:
        full.truncate(4 * 1024 * 1024 + 1)
    _append(source, kept)
    assert 4 * 1024 * 1024 + 1 == kept.stat().st_size


def test_uses_are_added_to_a_days_file_of_four_mebibytes_whatever_its_bytes(tmp_path: Path) -> None:
    source, kept = tmp_path / "day.jsonl", tmp_path / "seen" / "day.jsonl"
    source.write_text("1\nä\n")
    kept.parent.mkdir()
    full = b"\xff\n1\n" + b"x" * (4 * 1024 * 1024 - 5) + b"\n"
    kept.write_bytes(full)
    _append(source, kept)
    assert full + "ä\n".encode() == kept.read_bytes()


def test_what_the_tests_aws_has_seen_is_appended_to_the_project_when_it_ends(make: Make, tmp_path: Path) -> None:
    """Nobody else on the machine may look into the folder."""
    project, place = make(app=APP).folder, tmp_path / "aws"
    write(place / ".remit" / "seen", {"2.jsonl": "c\n", "1.jsonl": "a\nb\n", "notes.txt": "d\n"})
    write(project / ".remit" / "seen", {"1.jsonl": "b\n"})
    for _ in range(2):
        AppOfTests(project, None, place).stop()
    kept = {path.name: path.read_text() for path in (project / ".remit" / "seen").iterdir()}
    assert {"1.jsonl": "b\na\n", "2.jsonl": "c\n"} == kept
    other = tmp_path / "other"
    AppOfTests(other, None, place).stop()
    assert ["1.jsonl", "2.jsonl"] == sorted(path.name for path in (other / ".remit" / "seen").iterdir())
    assert 0o700 == stat.S_IMODE((other / ".remit" / "seen").stat().st_mode)


NO_STACK = Refused("ValidationError", "Stack with id orders-dev does not exist")
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def stack_of(logical_id: str, physical_id: str) -> dict[str, Any]:
    """What CloudFormation answers of a stack with one queue."""
    tags = [{"Key": "remit:namespace", "Value": "orders-dev"}]
    stack = {"StackName": "orders-dev", "StackId": "arn:stack/orders-dev/1", "StackStatus": "CREATE_COMPLETE"}
    queue = {"LogicalResourceId": logical_id, "ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": physical_id}
    queue["ResourceStatus"] = "CREATE_COMPLETE"
    return {
        "cloudformation.DescribeStacks": {"Stacks": [{**stack, "CreationTime": DAY, "Tags": tags}]},
        "cloudformation.ListStackResources": {"StackResourceSummaries": [{**queue, "LastUpdatedTimestamp": DAY}]},
    }


GRANTS = """
from remit.grants import allow

DELETE = {
    "Effect": "Allow",
    "Action": "s3:DeleteObject",
    "Resource": "arn:aws:s3:::data/*",
    "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-12345678"}},
}


@app.function(policy=[allow("s3:GetObject", on="arn:aws:s3:::data/*"), DELETE])
def report(event, context): ...


@app.function
def count(event, context): ...
"""
VPC = 'config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}'


DEPLOYED = """
from shared.resources.data import Data


@app.function(on.sqs(Data.mail), http(auth="NONE"))
def report(event, context): ...
"""
SHARED = """
from remit import Shared, resource


class Data(Shared):
    mail = resource("AWS::SQS::Queue")
"""


def test_an_app_of_tests_is_loaded_for_its_stage_and_knows_its_functions(make: Make, tmp_path: Path) -> None:
    folder = make(app=GRANTS).folder
    for stage, name in ((None, "orders-dev"), ("prod", "orders-prod")):
        app = AppOfTests(folder, stage, tmp_path)
        assert (False, 0) == (app.is_running, app.last_access)
        assert (name, app.app) == (app.app.namespace, app.app)
        assert ["report", "count"] == [app.function(known).name for known in ("report", "count")]
        assert ["report", "count"] == [app.role(known).serves[0] for known in ("report", "count")]
    for asked in (app.function, app.role):
        with pytest.raises(RemitError) as error:
            asked("reports")
        assert ("there is no function `reports` in this app", "there are report, count") == (
            error.value.message,
            error.value.hint,
        )
    only_data = make(app="", **{"shared/resources/data.py": SHARED}).folder
    with pytest.raises(RemitError) as error:
        AppOfTests(only_data, None, tmp_path).function("report")
    assert ("there is no function `report` in this app", "there are none") == (error.value.message, error.value.hint)


@pytest.mark.parametrize(
    ("action", "resource", "is_allowed"),
    [
        ("s3:GetObject", "arn:aws:s3:::data/a", True),
        ("ec2:DescribeSubnets", "*", False),
        ("s3:PutObject", "arn:aws:s3:::data/a", False),
        ("s3:DeleteObject", "arn:aws:s3:::data/a", None),
    ],
)
def test_an_app_may_what_its_roles_certainly_allow(
    make: Make, tmp_path: Path, action: str, resource: str, is_allowed: Any
) -> None:
    app = LocalApp(AppOfTests(make(config=VPC, app=GRANTS).folder, None, tmp_path))
    verdicts = []
    for asserts in (app.assert_allowed, app.assert_denied):
        try:
            asserts("report", action, resource)
        except AssertionError:
            verdicts.append(False)
        else:
            verdicts.append(True)
    assert [is_allowed is True, is_allowed is False] == verdicts


@pytest.mark.parametrize("is_deployed", [True, False])
def test_an_example_has_the_names_that_are_deployed(make: Make, tmp_path: Path, *, is_deployed: bool) -> None:
    project = make(app=DEPLOYED, **{"shared/resources/data.py": SHARED}).folder
    url = "https://sqs.eu-central-1.amazonaws.com/1/shop-mail-x7"
    account, _ = answering(stack_of("DataMail", url) if is_deployed else {"cloudformation.DescribeStacks": NO_STACK})
    tests_app = AppOfTests(project, None, tmp_path)
    outputs = {"Url": "https://x", "Arn": "arn:x"}
    tests_app._running = RunningApp(None, outputs, account, None)  # type: ignore[arg-type]
    app = LocalApp(tests_app)
    (record,) = app._event("report", None, None, "sqs")["Records"]
    queue = "shop-mail-x7" if is_deployed else "orders-dev-DataMail-EXAMPLE"
    assert f"arn:aws:sqs:us-east-2:123456789012:{queue}" == record["eventSourceARN"]
    assert "/orders" == app._event("report", None, "GET /orders", "sqs")["rawPath"]
    assert ["https://x", "arn:x"] == [app.output("Url"), app.output("Arn")]
    with pytest.raises(RemitError) as error:
        app.output("Name")
    assert ("the stack has no output 'Name'", "it has Arn, Url") == (error.value.message, error.value.hint)
    if is_deployed:
        assert url == app.ref("DataMail")
    for name in ("DataMial", "Zebra"):
        with pytest.raises(RemitError) as error:
            app.ref(name)
        hint = (
            "did you mean `DataMail`?" if is_deployed and name == "DataMial" else "name a shared resource: `Data.table`"
        )
        assert (f"the stack has no resource `{name}`", hint) == (error.value.message, error.value.hint)


shop = App()
ran: list[Any] = []


@shop.job(queue="letters.fifo")
def letter(to: Any, **more: Any) -> None:
    ran.append((to, more))


@shop.job
def mail(to: Any, **more: Any) -> None:
    ran.append((to, more))


@pytest.mark.parametrize("context", [recorded_jobs, jobs_run_at_once])
def test_jobs_of_a_test_have_ids_in_their_order_and_wait_as_their_stage_says(
    tmp_path: Path, context: Callable[..., AbstractContextManager[Any]]
) -> None:
    ran.clear()
    write(tmp_path, {"config/deploy.py": configuration("config.job.scheduler = project.stage == 'prod'")})
    with context(tmp_path, "prod") as sent:
        ids = [letter.perform_later([1], group=7), letter.perform_later({"a": 2}, group="x", b=3)]
        ids += [mail.perform_in(901, (4,), group="y"), mail.perform_in(2.5, 5)]
    word = "recorded" if context is recorded_jobs else "ran"
    assert [f"{word}-{number}" for number in (1, 2, 3, 4)] == ids
    expected = [
        SentJob("letter", ([1],), {}, 0, "7"),
        SentJob("letter", ({"a": 2},), {"b": 3}, 0, "x"),
        SentJob("mail", ((4,),), {"group": "y"}, 901, None),
        SentJob("mail", (5,), {}, 2.5, None),
    ]
    if context is recorded_jobs:
        assert (expected, []) == (sent, ran)
    else:
        assert (None, [(job.arguments[0], job.options) for job in expected]) == (sent, ran)
    with context(tmp_path, "dev"), pytest.raises(RuntimeError, match="scheduler"):
        mail.perform_in(900.5, 1)


@pytest.mark.parametrize("context", [recorded_jobs, jobs_run_at_once])
def test_a_test_that_fails_leaves_no_sender_of_its_own_behind(
    context: Callable[..., AbstractContextManager[Any]],
) -> None:
    with recorded_jobs() as outer:
        with pytest.raises(ValueError, match="no"), context():
            raise ValueError("no")
        mail.perform_later(1)
    assert [SentJob("mail", (1,))] == outer


@pytest.fixture
def running(make: Make, tmp_path: Path) -> LocalApp:
    """An app that counts as deployed."""
    tests_app = AppOfTests(make(app=GRANTS).folder, None, tmp_path)
    tests_app._running = RunningApp(None, {}, answering({})[0], None)  # type: ignore[arg-type]
    tests_app.last_access = 7
    return LocalApp(tests_app)


@pytest.mark.parametrize("log", ["", "one\n"])
@pytest.mark.parametrize("value", [None, {"errorMessage": "no"}])
def test_a_function_that_fails_fails_its_test_with_what_it_answered_and_logged(
    running: LocalApp, monkeypatch: pytest.MonkeyPatch, value: Any, log: str
) -> None:
    asked: list[Any] = []

    def invoke(_: Any, name: str, event: Any) -> Answer | None:
        asked.append((name, event))
        return None if event == 0 else Answer(value, failed=event == 1, log=log)

    monkeypatch.setattr(local_app, "invoke_locally", invoke)
    assert value == running.invoke("report")
    with pytest.raises(FunctionFailed) as failed:
        running.invoke("report", 1)
    text = f"function report failed: {json.dumps(value, indent=2)}\n{log}"
    assert (text, value, log) == (str(failed.value), failed.value.error, failed.value.log)
    with pytest.raises(RemitError, match="function orders-dev-count is not deployed"):
        running.invoke("count", 0)
    assert [("orders-dev-report", {}), ("orders-dev-report", 1), ("orders-dev-count", 0)] == asked


def test_the_log_of_a_function_has_its_own_lines_alone(running: LocalApp, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def readers(account: Any, app: Any, since_ms: int) -> list[str]:
        asked.append((account, [function.name for function in app.functions], since_ms))
        return ["a reader"]

    messages = ["START RequestId: 1 Version: $LATEST", "one", "two of one", "END RequestId: 1", "one"]
    lines = [LogLine(number, "report", "s", message) for number, message in enumerate(messages)]
    monkeypatch.setattr(local_app, "app_readers", readers)
    monkeypatch.setattr(local_app, "new_lines", lambda given: lines if given == ["a reader"] else [])
    assert ("one", "two of one", "one") == running.logs("report")
    assert [(running._tests_app.running.account, ["report"], 0)] == asked
    assert ["one", "two of one"] == [running.wait_for_log("report", text, seconds=0) for text in ("one", "two")]
    with pytest.raises(AssertionError) as missing:
        running.wait_for_log("report", "three", seconds=-1)
    assert "report has not logged 'three' within -1 s, but:\none\ntwo of one\none" == str(missing.value)
    lines.clear()
    with pytest.raises(AssertionError, match=r"within -1 s, but:\nnothing$"):
        running.wait_for_log("report", "three", seconds=-1)


def test_an_app_that_cannot_be_deployed_is_tried_once(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def deployed(_: AppOfTests) -> RunningApp:
        tried.append(1)
        if len(tried) == 1:
            raise RemitError("it cannot be built")
        return RunningApp(None, {}, None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(AppOfTests, "_deployed", deployed)
    app = AppOfTests(make().folder, None, tmp_path)
    for _ in range(2):
        with pytest.raises(RemitError, match="it cannot be built"):
            _ = app.running
    assert ([1], False) == (tried, app.is_running)
    other = AppOfTests(make().folder, None, tmp_path)
    assert (other.running, True) == (other.running, other.is_running)
    assert [1, 1] == tried


def record(operation: str, decision: Any) -> AccessRecord:
    return AccessRecord(
        time="", caller="c", function="report", operation=operation, action="s3:X", resource="*", decision=decision,
        because=f"nobody knows {operation}", statement="", file="", line=0, refused=False,
    )  # fmt: skip


def test_a_test_ends_with_its_data_put_back_and_fails_for_calls_that_nobody_could_check(
    running: LocalApp, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        record("s3.A", "allowed"),
        record("s3.B", "unknown"),
        record("s3.C", "denied"),
        record("s3.D", "unknown"),
    ]
    asked: list[Any] = []

    def accesses(_: Any, after: int) -> tuple[int, tuple[AccessRecord, ...]]:
        asked.append(after)
        return after + len(records), tuple(records)

    monkeypatch.setattr(local_app, "accesses", accesses)
    monkeypatch.setattr(local_app, "put_data_back", lambda _: asked.append("back"))
    monkeypatch.setattr(local_app, "forget_answers", lambda _: asked.append("forgotten"))
    assert tuple(records) == running.accesses()
    closed: list[int] = []
    running._answering = SimpleNamespace(close=lambda: closed.append(1), errors=[])  # type: ignore[assignment]
    with pytest.raises(AssertionError) as failed:
        running.finish()
    lines = ["calls that could not be checked:"]
    lines += [f"{operation} of report: nobody knows {operation}" for operation in ("s3.B", "s3.D")]
    assert ("\n".join(lines), 11, [1]) == (str(failed.value), running._tests_app.last_access, closed)
    records[:] = records[::2]
    running.finish()
    assert [7, "back", "forgotten", 7, "back", "forgotten", 11] == asked
    error = ValueError("no")
    running._answering = SimpleNamespace(close=lambda: closed.append(2), errors=[error])  # type: ignore[assignment]
    with pytest.raises(AssertionError, match=r"the function of remit\.answer raised an error") as failed:
        running.finish()
    assert (error, 13, [1, 1, 2]) == (failed.value.__cause__, running._tests_app.last_access, closed)
    asked.clear()
    LocalApp(AppOfTests(make().folder, None, tmp_path)).finish()
    assert [] == asked
