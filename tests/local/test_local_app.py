"""The fixture `remit` on an AWS that runs: what it invokes, and what a test that ends puts back, and fails for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from remit.errors import RemitError
from remit.local.control.clients import account_of, session, session_as
from remit.local.control.server_commands import accesses, keep_data
from remit.testing.local_app import AppOfTests, LocalApp, RunningApp

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from remit.local.state_files import LocalAws

APP = """
@app.function(alias="live")
def order(event, context): ...


@app.function
def report(event, context): ...
"""


@pytest.fixture
def app(make: Make, shared: LocalAws, tmp_path: Path) -> LocalApp:
    app = AppOfTests(make(app=APP).folder, None, tmp_path)
    app._running = RunningApp(shared, {"Url": "https://shop.example"}, account_of(shared), session(shared))
    keep_data(shared)
    app.last_access, _ = accesses(shared)
    return LocalApp(app)


def test_what_is_not_deployed_or_not_there_is_told_by_the_name_that_was_looked_for(app: LocalApp) -> None:
    for function, ends_in in (("order", "-order:live"), ("report", "-report")):
        with pytest.raises(RemitError, match=f"function orders-dev{ends_in} is not deployed$"):
            app.invoke(function)
    assert "https://shop.example" == app.output("Url")
    with pytest.raises(RemitError, match="the stack has no output 'url'") as caught:
        app.output("url")
    assert "it has Url" == caught.value.hint


def test_a_test_fails_for_an_error_of_the_function_that_answers_in_its_place(app: LocalApp) -> None:
    problem = KeyError("Documents")

    def read(_parameters: Any) -> Any:
        raise problem

    app.answer("textract", "DetectDocumentText", read)
    app.answer("textract", "AnalyzeDocument", lambda _parameters: {})
    app.answer("polly", "DescribeVoices", {"Voices": [{"Name": "Vicki"}]})
    textract, polly = app.client("textract"), app.client("polly")
    assert "Vicki" == polly.describe_voices()["Voices"][0]["Name"]
    with pytest.raises(ClientError, match="the test's function raised"):
        textract.detect_document_text(Document={"Bytes": b"x"})
    with pytest.raises(AssertionError, match=r"the function of remit\.answer raised an error") as caught:
        app.finish()
    assert problem is caught.value.__cause__
    with pytest.raises(ClientError, match="is not simulated"):
        polly.describe_voices()


def test_a_test_fails_for_calls_that_nobody_could_check_and_puts_the_data_back(app: LocalApp, shared: LocalAws) -> None:
    iam, sts, queues = app.client("iam"), app.client("sts"), app.client("sqs")
    trust = {"Effect": "Allow", "Principal": {"AWS": shared.account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    from_home = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    statement = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*", "Condition": from_home}
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps({"Statement": [statement]}))
    queues.create_queue(QueueName="made-by-the-test")
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    limited = session_as(shared, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    limited.client("sqs").list_queues()
    assert ["unknown"] == [access.decision for access in app.accesses()]
    with pytest.raises(AssertionError, match=r"^calls that could not be checked:\nsqs:ListQueues of .*aws:SourceIp"):
        app.finish()
    assert () == app.accesses()
    assert [] == queues.list_queues().get("QueueUrls", [])
    app.finish()
