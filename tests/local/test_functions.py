"""Functions run as on AWS Lambda: what they see, what is said of their errors, and what they may not do."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import re
import signal
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from processes import having
from random_cases import cases_of
from remit.errors import RemitError
from remit.local.control.clients import client_arguments, session
from remit.local.control.invoke import invoke_locally
from remit.local.control.server_commands import accesses, keep_data, put_data_back, serve_code
from terminals import HANGS

if TYPE_CHECKING:
    from pathlib import Path

    from remit.local.state_files import LocalAws

NUMBERS = itertools.count()
CODE = {
    "app.py": """
import json, os, sys, threading, time

print("loaded")
calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("hello", event)
    return {"calls": calls, "worker": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]}

def about(event, context):
    return {
        "variables": dict(os.environ), "path": sys.path, "folder": os.getcwd(),
        "request": context.aws_request_id, "arn": context.invoked_function_arn, "version": context.function_version,
        "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb,
        "group": context.log_group_name, "stream": context.log_stream_name,
        "client": None if context.client_context is None else context.client_context.custom,
    }

def imports(event, context):
    found = []
    for name in event:
        try:
            __import__(name)
            found.append(name)
        except ImportError:
            pass
    return found

def fails(event, context):
    raise LookupError("no such order")

def sleeps(event, context):
    time.sleep(30)

def leaves(event, context):
    os._exit(3)

def counts(event, context):
    for number in range(3):
        print("line", number)
        open(os.path.join(event, f"printed-{number}"), "w").close()
        while not os.path.exists(os.path.join(event, f"seen-{number}")):
            time.sleep(0.01)

def waits_for_the_servers_stop(event, context):
    open(os.path.join(event, "waiting"), "w").close()
    while not os.path.exists(os.path.join(event, "stopped")):
        time.sleep(0.01)
    return "x" * 300_000

def grows(event, context):
    kept = b"x" * (400 << 20)
    time.sleep(30)
    return len(kept)

def large(event, context):
    return "x" * (7 << 20)

def asks(event, context):
    import boto3
    from botocore.exceptions import ClientError
    import helper
    try:
        helper.upload(boto3.client("s3"))
    except Exception:
        pass
    try:
        boto3.client("sqs").list_queues()
    except ClientError:
        pass
    return context.aws_request_id

def meets(event, context):
    worker = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"].rpartition("]")[2]
    open(os.path.join(event, worker), "w").close()
    while len(os.listdir(event)) < 3:
        time.sleep(0.02)
    return worker
""",
    "helper.py": """
import io

def upload(client):
    client.upload_fileobj(io.BytesIO(b"x"), "bucket", "key")
""",
    "broken.py": "import no_such_module",
    "garbled.py": "def handler(:",
}


def packed(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answered."""

    error: str | None
    payload: Any
    log: list[str]


@dataclass(frozen=True, slots=True)
class Functions:
    """A client of Lambda here, and what tests ask of it."""

    client: Any
    logs: Any

    def make(self, handler: str, **settings: Any) -> str:
        """The name of a new function with the code above."""
        name = f"{handler.replace('.', '-')}-{next(NUMBERS)}"
        role = "arn:aws:iam::000000000000:role/any"
        code = {"ZipFile": packed(CODE)}
        settings = {"Runtime": f"python3.{sys.version_info.minor}", **settings}
        self.client.create_function(FunctionName=name, Handler=handler, Role=role, Code=code, **settings)
        return name

    def invoke(self, name: str, event: Any = None, **options: Any) -> Answer:
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail", **options)
        log = base64.b64decode(answer["LogResult"]).decode().splitlines()
        return Answer(answer.get("FunctionError"), json.loads(answer["Payload"].read()), log)


@pytest.fixture(scope="module")
def functions(shared: LocalAws) -> Functions:
    clients, arguments = session(shared), client_arguments(shared)
    arguments["config"] = arguments["config"].merge(Config(retries={"total_max_attempts": 1}, read_timeout=HANGS))
    return Functions(clients.client("lambda", **arguments), clients.client("logs", **arguments))


def test_a_second_invocation_finds_the_worker_warm(functions: Functions) -> None:
    name = functions.make("app.handler")
    first, second = functions.invoke(name, {"n": 1}), functions.invoke(name, {"n": 2})
    assert (first.payload["calls"], second.payload["calls"]) == (1, 2)
    assert first.payload["worker"] == second.payload["worker"]
    assert ("Init Duration" in first.log[-1], "Init Duration" in second.log[-1]) == (True, False)


def test_the_log_of_an_invocation_is_lambdas(functions: Functions) -> None:
    lines = functions.invoke(functions.make("app.handler"), {"n": 3}).log
    request = lines[0].split()[2]
    assert lines[:3] == [f"START RequestId: {request} Version: $LATEST", "hello {'n': 3}", f"END RequestId: {request}"]
    report = rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t.*"
    assert re.fullmatch(report, lines[3]) is not None


def test_a_worker_writes_one_log_stream_that_begins_with_its_start(functions: Functions) -> None:
    name = functions.make("app.handler")
    functions.invoke(name)
    functions.invoke(name)
    streams = functions.logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    assert [
        bool(re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", one["logStreamName"])) for one in streams
    ] == [True]
    events = functions.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert all(event["ingestionTime"] >= event["timestamp"] for event in events)
    assert [event["message"].split()[0] for event in events] == [
        "INIT_START", "loaded", "START", "hello", "END", "REPORT", "START", "hello", "END", "REPORT",
    ]  # fmt: skip


def test_the_environment_and_the_context_are_lambdas(functions: Functions, shared: LocalAws) -> None:
    variables = {"TABLE": "orders", "AWS_REGION": "mine", "_HANDLER": "mine"}
    name = functions.make("app.about", Timeout=7, MemorySize=256, Environment={"Variables": variables})
    context = base64.b64encode(json.dumps({"custom": {"who": "me"}}).encode()).decode()
    answer = functions.invoke(name, ClientContext=context)
    seen = answer.payload
    expected = {
        "TABLE": "orders",
        "_HANDLER": "app.about",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python3.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": seen["stream"],
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_ENDPOINT_URL": shared.url,
        "LAMBDA_TASK_ROOT": seen["folder"],
        "TZ": ":UTC",
    }
    assert {key: seen["variables"].get(key) for key in expected} == expected
    assert seen["variables"]["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert (seen["version"], seen["memory"], seen["client"]) == ("$LATEST", "256", {"who": "me"})
    assert seen["arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert seen["request"] in answer.log[0]
    assert 0 < seen["left"] <= 7000


@pytest.mark.parametrize("version", cases_of(("3.14", "3.11", "3.12", "3.13"), 2))
def test_each_python_has_the_same_context_and_errors(functions: Functions, version: str) -> None:
    """Lambda's client of the Runtime API is compiled for one Python here; another has a stand-in for it."""
    about = functions.invoke(functions.make("app.about", Runtime=f"python{version}", Timeout=7)).payload
    assert 0 < about["left"] <= 7000
    assert (about["memory"], about["client"]) == ("128", None)
    assert (
        functions.invoke(functions.make("app.fails", Runtime=f"python{version}")).payload["errorType"] == "LookupError"
    )
    unloadable = functions.invoke(functions.make("broken.handler", Runtime=f"python{version}")).payload
    assert unloadable["errorType"] == "Runtime.ImportModuleError"


def test_a_function_sees_its_code_and_boto3_and_nothing_of_remits(functions: Functions) -> None:
    name = functions.make("app.imports")
    wanted = ["json", "boto3", "botocore", "awslambdaric", "remit", "ministack", "click", "pytest", "hypercorn", "yaml"]
    assert functions.invoke(name, wanted).payload == ["json", "boto3", "botocore", "awslambdaric"]


def test_its_own_modules_come_first_and_the_sdk_last(functions: Functions) -> None:
    seen = functions.invoke(functions.make("app.about"), None).payload
    assert seen["path"][0] == seen["folder"]
    assert seen["path"][-1].endswith("/sdk")


def test_an_exception_is_reported_with_its_type_and_place(functions: Functions) -> None:
    answer = functions.invoke(functions.make("app.fails"))
    assert (answer.error, answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "Unhandled", "LookupError", "no such order",
    )  # fmt: skip
    assert len(answer.payload["stackTrace"]) == 1
    assert answer.payload["stackTrace"][0].endswith('in fails\n    raise LookupError("no such order")\n')
    assert "[ERROR] LookupError: no such order" in answer.log


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        (
            "broken.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'broken': No module named 'no_such_module'",
        ),
        (
            "garbled.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'garbled': invalid syntax (garbled.py, line 1)",
        ),
        ("app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
        ("absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why(
    functions: Functions, handler: str, error_type: str, message: str
) -> None:
    answer = functions.invoke(functions.make(handler))
    assert (answer.error, answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "Unhandled",
        error_type,
        message,
    )


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("app.sleeps", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("app.leaves", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("app.grows", "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        (
            "app.large",
            "Function.ResponseSizeTooLarge",
            "Response payload size (7340034 bytes) exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ],
)
def test_a_worker_that_gives_no_answer_is_reported_as_lambda_does(
    functions: Functions, handler: str, error_type: str, message: str
) -> None:
    answer = functions.invoke(functions.make(handler, Timeout=1 if handler == "app.sleeps" else 20))
    request = answer.log[0].split()[2]
    assert (answer.error, answer.payload) == (
        "Unhandled", {"errorType": error_type, "errorMessage": f"RequestId: {request} Error: {message}"},
    )  # fmt: skip
    assert any(line.endswith(message) for line in answer.log)


def test_an_answer_that_came_in_time_counts_also_where_the_server_looks_late(
    functions: Functions, shared: LocalAws, tmp_path: Path
) -> None:
    """The server stands still for longer than the function's timeout, and then reads the answer in two pieces."""
    name = functions.make("app.waits_for_the_servers_stop", Timeout=3)
    with ThreadPoolExecutor(1) as caller:
        answer = caller.submit(functions.invoke, name, str(tmp_path))
        while not (tmp_path / "waiting").exists():
            time.sleep(0.01)
        os.kill(shared.pid, signal.SIGSTOP)
        (tmp_path / "stopped").touch()
        time.sleep(3.5)
        os.kill(shared.pid, signal.SIGCONT)
        assert "x" * 300_000 == answer.result().payload


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_a_line_is_in_the_log_with_its_own_time_while_the_function_runs(
    functions: Functions, tmp_path: Path, log_format: str
) -> None:
    name = functions.make("app.counts", Timeout=HANGS, LoggingConfig={"LogFormat": log_format})

    def messages() -> list[tuple[int, str]]:
        try:
            events = functions.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except ClientError:  # there is no group before the first line
            return []
        return [(event["timestamp"], event["message"].strip()) for event in events]

    with ThreadPoolExecutor(1) as caller:
        answer = caller.submit(functions.invoke, name, str(tmp_path))
        for number in range(3):
            while not (tmp_path / f"printed-{number}").exists():
                time.sleep(0.01)
            while f"line {number}" not in [message for _, message in messages()]:
                time.sleep(0.01)
            assert not answer.done()
            time.sleep(0.2)
            (tmp_path / f"seen-{number}").touch()
        answer.result()
    events = messages()
    lines = [(moment, message) for moment, message in events if message.startswith("line")]
    assert ["line 0", "line 1", "line 2"] == [message for _, message in lines]
    assert all(later - earlier >= 150 for (earlier, _), (later, _) in itertools.pairwise(lines))
    first, *_, last = [message for _, message in events]
    assert ("INIT_START" in first or "platform.initStart" in first, "REPORT" in last or "platform.report" in last) == (
        True, True,
    )  # fmt: skip


def test_changed_code_and_changed_settings_are_in_the_next_invocation(functions: Functions) -> None:
    name = functions.make("app.handler")
    functions.invoke(name)
    functions.client.update_function_code(
        FunctionName=name, ZipFile=packed({"app.py": "def handler(*_): return 'new'"})
    )
    assert functions.invoke(name).payload == "new"
    functions.client.update_function_code(FunctionName=name, ZipFile=packed(CODE))
    functions.client.update_function_configuration(
        FunctionName=name, Handler="app.about", Environment={"Variables": {"A": "b"}}
    )
    assert functions.invoke(name).payload["variables"]["A"] == "b"


def test_invocations_at_a_time_have_workers_of_their_own(functions: Functions, tmp_path: Path) -> None:
    name = functions.make("app.meets", Timeout=HANGS)
    with ThreadPoolExecutor(3) as callers:
        workers = [answer.payload for answer in callers.map(lambda _: functions.invoke(name, str(tmp_path)), range(3))]
    assert len(set(workers)) == 3


def test_reserved_concurrency_refuses_more(functions: Functions) -> None:
    name = functions.make("app.handler")
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        functions.invoke(name)


def test_reserved_concurrency_and_the_dead_letters_of_a_template_are_heeded(
    functions: Functions, shared: LocalAws
) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Letters", "Arn"]}}
    policy = {"PolicyName": "sends", "PolicyDocument": {"Version": "2012-10-17", "Statement": [sends]}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    properties = {
        "Runtime": f"python3.{sys.version_info.minor}",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context):\n    raise ValueError(event)\n"},
    }
    letters = {"TargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}}
    once = {"FunctionName": {"Ref": "Failing"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    resources = {
        "Letters": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": document, "Policies": [policy]},
        },
        "Closed": {"Type": "AWS::Lambda::Function", "Properties": {**properties, "ReservedConcurrentExecutions": 0}},
        "Failing": {"Type": "AWS::Lambda::Function", "Properties": {**properties, "DeadLetterConfig": letters}},
        "Once": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": once},
    }
    formation, queues = (
        session(shared).client(service, **client_arguments(shared)) for service in ("cloudformation", "sqs")
    )
    formation.create_stack(
        StackName="heeded", TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_IAM"]
    )
    formation.get_waiter("stack_create_complete").wait(StackName="heeded", WaiterConfig={"Delay": 1})
    listed = formation.describe_stack_resources(StackName="heeded")["StackResources"]
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        functions.invoke(names["Closed"])
    functions.client.invoke(FunctionName=names["Failing"], InvocationType="Event", Payload=b'"no"')
    received = queues.receive_message(QueueUrl=names["Letters"], WaitTimeSeconds=20)["Messages"]
    assert [json.loads(message["Body"]) for message in received] == ["no"]


def test_the_workers_of_a_deleted_function_end(functions: Functions) -> None:
    name = functions.make("app.handler")
    worker = functions.invoke(name).payload["worker"]
    assert having(worker)
    functions.client.delete_function(FunctionName=name)
    deadline = time.monotonic() + HANGS
    while having(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [] == having(worker)


def test_a_call_of_aws_says_which_invocation_makes_it_and_where_in_the_code(
    functions: Functions, shared: LocalAws
) -> None:
    """Uploads are made by threads of the SDK."""
    last, _ = accesses(shared)
    name = functions.make("app.asks", Timeout=20)
    request = functions.invoke(name).payload
    places = {
        access.action: (access.function, access.request_id, access.file, access.line)
        for access in accesses(shared, last)[1]
    }
    line = CODE["app.py"].split("\n").index('        boto3.client("sqs").list_queues()') + 1
    assert places == {
        "s3:PutObject": (name, request, "helper.py", 5),
        "sqs:ListQueues": (name, request, "app.py", line),
    }


def test_a_layers_modules_are_importable_after_the_functions_own(functions: Functions) -> None:
    layer = packed({"python/shared.py": "NAME = 'layer'", "python/app.py": "raise SystemExit"})
    arn = functions.client.publish_layer_version(LayerName="shared", Content={"ZipFile": layer})["LayerVersionArn"]
    name = functions.make("app.imports", Layers=[arn])
    assert functions.invoke(name, ["shared"]).payload == ["shared"]


def test_a_function_of_another_language_is_not_run_beside_the_server(functions: Functions) -> None:
    answer = functions.invoke(functions.make("app.handler", Runtime="nodejs22.x"))
    assert ("Unhandled", "Runtime.NotRun") == (answer.error, answer.payload["errorType"])


def test_code_is_served_from_a_folder_until_it_is_served_from_the_zip_again(
    functions: Functions, shared: LocalAws, tmp_path: Path
) -> None:
    """What the folder does not have comes from the zip; nothing is written into it."""
    name = functions.make("app.handler")
    worker = functions.invoke(name).payload["worker"]
    (tmp_path / "app.py").write_text("import helper\ndef handler(*_): return [helper.__name__, __file__]\n")
    serve_code(shared, name, tmp_path)
    assert functions.invoke(name).payload == ["helper", str(tmp_path / "app.py")]
    (tmp_path / "app.py").write_text("def handler(*_): return 'changed'\n")
    serve_code(shared, name, tmp_path)
    assert functions.invoke(name).payload == "changed"
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
    serve_code(shared, name, None)
    assert functions.invoke(name).payload["worker"] != worker


def test_a_folder_that_is_not_there_is_refused(shared: LocalAws, tmp_path: Path) -> None:
    with pytest.raises(RemitError, match="function `any`: there is no folder"):
        serve_code(shared, "any", tmp_path / "missing")


def test_only_the_keys_of_the_server_serve_code(functions: Functions, shared: LocalAws, tmp_path: Path) -> None:
    """A function's own credentials do not."""
    variables = functions.invoke(functions.make("app.about")).payload["variables"]
    stranger = replace(
        shared, access_key_id=variables["AWS_ACCESS_KEY_ID"], secret_access_key=variables["AWS_SECRET_ACCESS_KEY"]
    )
    with pytest.raises(RemitError):
        serve_code(stranger, "any", tmp_path)


def test_who_invokes_a_function_by_its_name_gets_its_answer_and_none_where_there_is_no_function(
    functions: Functions, shared: LocalAws
) -> None:
    answer = invoke_locally(shared, functions.make("app.handler"), {"order": 7})
    assert answer is not None
    assert (False, 1) == (answer.failed, answer.value["calls"])
    assert None is invoke_locally(shared, "no-such-function", {})


def test_data_is_put_back_as_it_was_when_it_was_kept(shared: LocalAws) -> None:
    parameters = session(shared).client("ssm", **client_arguments(shared))
    parameters.put_parameter(Name="/kept", Value="before", Type="String")
    keep_data(shared)
    parameters.put_parameter(Name="/kept", Value="after", Type="String", Overwrite=True)
    put_data_back(shared)
    assert "before" == parameters.get_parameter(Name="/kept")["Parameter"]["Value"]


def test_log_events_are_given_page_by_page_by_their_times_until_there_are_no_more(functions: Functions) -> None:
    logs = functions.logs
    logs.create_log_group(logGroupName="/pages")
    now = int(1000 * time.time())
    for stream in ("one", "two"):
        logs.create_log_stream(logGroupName="/pages", logStreamName=stream)
        events = [{"timestamp": now + number, "message": f"{stream} {number} seen"} for number in range(3)]
        hidden = {"timestamp": now + 1, "message": "hidden"}
        logs.put_log_events(logGroupName="/pages", logStreamName=stream, logEvents=[*events, hidden])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/pages", filterPattern="seen", startTime=now + 1, PaginationConfig={"PageSize": 3}
    )
    messages = [[event["message"] for event in page["events"]] for page in pages]
    assert [["one 1 seen", "two 1 seen", "one 2 seen"], ["two 2 seen"]] == messages
    all_events = logs.filter_log_events(logGroupName="/pages", filterPattern="seen", startTime=now + 1, limit=4)
    assert (4, False) == (len(all_events["events"]), "nextToken" in all_events)
    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.filter_log_events(logGroupName="/pages", nextToken="of-another-time")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_events_of_one_moment_are_given_once_however_many_pages_they_take(functions: Functions, size: int) -> None:
    group, now = f"/moment-{size}", int(1000 * time.time())
    functions.logs.create_log_group(logGroupName=group)
    functions.logs.create_log_stream(logGroupName=group, logStreamName="one")
    events = [{"timestamp": now + number // 5, "message": str(number)} for number in range(11)]
    functions.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
    paginator = functions.logs.get_paginator("filter_log_events")
    pages = paginator.paginate(logGroupName=group, PaginationConfig={"PageSize": size})
    assert [str(number) for number in range(11)] == [event["message"] for page in pages for event in page["events"]]
