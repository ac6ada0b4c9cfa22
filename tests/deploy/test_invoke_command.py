"""`remit invoke`: an event goes in, the answer comes out, and a failure of the function is told by the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from remit.cli import main
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
from remit import App, Shared, grants, on, resource

app = App()


class Data(Shared):
    words = resource("AWS::SQS::Queue", queue_name="words")


@app.function
def echo(event, context):
    print("heard", event["word"])
    return {"said": event["word"]}


@app.function(on.api("GET /words/{word}", auth="NONE"), on.sqs(Data.words))
def hear(event, context):
    return event


@app.function(policy=[grants.sns.publish("news")])
def ask(event, context):
    import boto3

    for action in ("publish", "subscribe"):
        arguments = {"Message": "hi"} if action == "publish" else {"Protocol": "email"}
        try:
            getattr(boto3.client("sns"), action)(TopicArn="arn:aws:sns:us-east-1:000000000000:news", **arguments)
        except Exception as error:
            print(type(error).__name__)


@app.function(policy=[
    {
        "Effect": "Allow",
        "Action": "sqs:ListQueues",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
])
def queues(event, context):
    import boto3

    return boto3.client("sqs").list_queues().get("QueueUrls")


@app.function(alias="live")
def published(event, context):
    return "published"
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("invoke") / "talk"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "word.json").write_text('{"word": "from a file"}')
    with pytest.raises(SystemExit) as ended:
        main(["deploy", "--local", "--yes", "-C", str(folder)])
    assert 0 == ended.value.code
    yield folder
    aws.stop(folder)


def invoke(folder: Path, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["invoke", "--local", "-C", str(folder), *arguments])
    return int(str(ended.value.code))


def test_the_event_reaches_the_function_and_its_answer_comes_back(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == invoke(deployed, "echo", "--event", '{"word": "hello"}')
    assert {"said": "hello"} == json.loads(capsys.readouterr().out)


def test_an_event_can_be_a_file(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "echo", "--event", f"@{deployed / 'word.json'}")
    assert {"said": "from a file"} == json.loads(capsys.readouterr().out)


def test_an_event_can_come_from_standard_input(
    deployed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "piped").write_text('{"word": "piped"}')
    with (tmp_path / "piped").open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        assert 0 == invoke(deployed, "echo", "--event", "-", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert ({"said": "piped"}, False) == (answer["answer"], answer["failed"])


def test_a_function_that_fails_gives_exit_code_1(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == invoke(deployed, "echo")
    assert "word" in json.loads(capsys.readouterr().out)["errorMessage"]


def test_an_event_that_is_no_json_is_told(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == invoke(deployed, "echo", "--event", "{word}")
    mistake = capsys.readouterr().err
    assert ("the event in --event is not JSON" in mistake, "no file" in mistake) == (True, False)


def test_an_event_that_looks_like_a_file_is_said_to_be_none(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == invoke(deployed, "echo", "--event", "missing.json")
    assert "there is no file 'missing.json'" in capsys.readouterr().err


def test_an_event_can_be_named_by_its_file_alone(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "echo", "--event", str(deployed / "word.json"))
    assert {"said": "from a file"} == json.loads(capsys.readouterr().out)


def test_a_request_becomes_the_event_of_a_route_with_what_its_variables_are(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == invoke(deployed, "hear", "--http", "GET /words/hi?loud=1&loud=2")
    event = json.loads(capsys.readouterr().out)
    assert ({"word": "hi"}, {"loud": "1,2"}) == (event["pathParameters"], event["queryStringParameters"])


def test_the_event_beside_a_request_is_its_body(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "hear", "--http", "GET /words/hi", "--event", f"@{deployed / 'word.json'}")
    assert '{"word": "from a file"}' == json.loads(capsys.readouterr().out)["body"]


def test_a_request_that_no_route_answers_is_told_with_the_routes(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == invoke(deployed, "hear", "--http", "POST /words/hi")
    assert "hint: it has GET /words/{word}\n" in capsys.readouterr().err


def test_the_example_of_a_trigger_has_the_names_of_the_app(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "hear", "--example", "sqs")
    assert json.loads(capsys.readouterr().out)["Records"][0]["eventSourceARN"].endswith(":words")


def test_people_see_what_the_function_logged_and_programs_all_of_the_log(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == invoke(deployed, "echo", "--event", '{"word": "hello"}')
    assert "heard hello\n" == capsys.readouterr().err
    assert 0 == invoke(deployed, "echo", "--event", '{"word": "hello"}', "--json")
    told = json.loads(capsys.readouterr().out)
    assert "START RequestId: " in told["log"]
    assert told["duration_ms"] > 0
    assert told["memory_mb"] > 0


def test_the_access_that_its_calls_asked_for_is_told(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "ask", "--json")
    access = json.loads(capsys.readouterr().out)["access"]
    expected = [("sns:Publish", "allowed"), ("sns:Subscribe", "denied")]
    assert expected == [(record["action"], record["decision"]) for record in access]
    assert ["action", "resource", "decision", "statement"] == list(access[0])
    assert 0 == invoke(deployed, "ask")
    assert "denied: sns:Subscribe on arn:aws:sns:us-east-1:000000000000:news" in capsys.readouterr().err


def test_a_call_that_cannot_be_checked_passes_unless_that_is_refused(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = [invoke(deployed, *arguments, "queues") for arguments in ((), ("--strict",), ())]
    assert [0, 1, 0] == statuses
    assert "sqs:ListQueues on * depends on aws:SourceIp" in capsys.readouterr().out


def test_strict_is_for_the_aws_on_this_machine(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["invoke", "--strict", "-C", str(deployed), "queues"])
    assert 2 == ended.value.code
    assert "--strict is for the AWS on this machine: add --local" in capsys.readouterr().err


def test_an_example_with_an_event_is_refused(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == invoke(deployed, "hear", "--example", "sqs", "--event", "{}")
    assert "leave out --event and --http" in capsys.readouterr().err


def test_a_failure_is_an_error_and_no_answer_for_programs(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == invoke(deployed, "echo", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (None, True) == (told["answer"], told["failed"])
    assert "word" in told["error"]["errorMessage"]


def test_a_published_function_is_called_by_its_alias(deployed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == invoke(deployed, "published")
    assert "published" == json.loads(capsys.readouterr().out)


def test_neither_the_app_nor_an_sdk_is_imported_to_invoke_it_here(deployed: Path) -> None:
    program = (
        "import sys; from remit.cli import _status; "
        f"status = _status(['invoke', '--local', '-C', {str(deployed)!r}, 'hear']); "
        "heavy = {'boto3', 'botocore', 'app', 'remit.loading.load', 'rich'} & set(sys.modules); "
        "sys.exit(f'{status} {heavy}' if status or heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stderr)


def test_a_function_that_is_not_there_is_told_with_the_one_that_was_meant(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == invoke(deployed, "ecko")
    assert "did you mean `echo`?" in capsys.readouterr().err


def test_a_function_that_is_not_deployed_is_named_with_the_commands_for_where_it_was_looked_for(
    deployed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == invoke(deployed, "echo", "--stage", "prod")
    expected = (
        "error: function talk-prod-echo is not deployed in us-east-1\n"
        "hint: `remit deploy --local` deploys it; `remit status --local` shows what is there\n"
    )
    assert expected == capsys.readouterr().err
