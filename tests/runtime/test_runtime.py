"""What remit is inside a zip: a copy of the runtime part, run where nothing else of remit exists."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import remit
from projects import SOURCE
from remit import grants, triggers

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = SOURCE.parent / "examples" / "orders"
FOR_APPS = {"App", "Shared", "aws", "config", "configure", "grants", "layer", "on", "output", "project", "resource"}
"""What config and app modules import; the rest of remit's names are for programs that build and check."""
CONTEXT = """
class Context:
    @staticmethod
    def get_remaining_time_in_millis(): return 3000
"""
OF_REMIT = {"remit", "remit.grants", "remit.job", "remit.own_stack", "remit.triggers"}
"""What `import remit` and its grants and triggers import."""
APP = """
from remit import App, Shared, aws, config, configure, grants, on, output, project, resource
from remit.grants import dynamodb, s3
from remit.triggers import http, schedule, sqs

with configure() as config:
    config.lambda_.iam.policy += ["logs"]
    config.lambda_.function.environment |= {"A1": aws.region}
    config.job.enable = True

class Data(Shared):
    queue = resource("AWS::SQS::Queue", queue_name=f"{project.namespace}-q", visibility_timeout=3)
    policy = resource("AWS::SQS::QueuePolicy", {"Queues": [queue.ref]}, depends_on=queue)
    the_url = output(queue, "Send here")

app = App()
billing = app.group("billing", policy=[s3.read("b", "x/*")], timeout=3)

@app.function
def plain(event, context): return ["plain", event]

@app.function()
def called(event, context): return ["called", event]

@billing.function(sqs(Data.queue, batch_size=3), schedule("rate(1 day)"), http(), policy=[dynamodb.put(Data.queue.arn)])
def many(event, context): return ["many", event]

@billing.group("inner").function(name="other-name", environment={"URL": Data.queue.ref})
def inner(event, context): return ["inner", event]

app.function(on.http(), name="web", handler="app.plain", policy=[grants.s3.read("b")])

@app.job
def add(one, two=0): return one + two

@billing.job(queue="very-urgent")
def fail(*things): raise ValueError(str(things))

class Holder:
    @staticmethod
    @app.job()
    def kept(): return "kept"
"""


@pytest.fixture(scope="module")
def lambda_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as Lambda unpacks it: the app, and the runtime part as the package `remit`."""
    root = tmp_path_factory.mktemp("task")
    shutil.copytree(SOURCE / "remit" / "runtime", root / "remit", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "app.py").write_text(APP)
    return root


def _python(root: Path, code: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code as Lambda would: the task's folder on the path, and no packages."""
    return subprocess.run(
        [sys.executable, "-S", "-E", *options, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{code}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=root,
        env={"PATH": os.environ["PATH"], **environment},
    )


def _answer(root: Path, code: str, **environment: str) -> Any:
    ran = _python(root, f"import json\n{code}", **environment)
    assert ran.stderr == ""
    return json.loads(ran.stdout)


def test_every_name_for_apps_exists(lambda_root: Path) -> None:
    names = sorted(set(remit.__all__) & FOR_APPS)
    code = "import json, remit, remit.grants\n"
    code += f"print(json.dumps([name for name in {names} if not hasattr(remit, name)]))"
    assert _answer(lambda_root, code) == []
    assert sorted(FOR_APPS) == names


def test_every_trigger_and_typed_grant_can_be_imported(lambda_root: Path) -> None:
    """Also from the modules of their own: what can be imported where the app is built can be imported where it runs."""
    services = sorted(path.stem for path in (SOURCE / "remit" / "grants").glob("*.py"))
    not_typed = ("__init__", "assign", "defaults", "encrypted", "own", "typed")
    services = [name for name in services if name not in not_typed]
    lines = [f"from remit.grants import {', '.join([*grants.__all__, *services])}"]
    lines += [f"from remit.grants.{name} import read" for name in services]
    lines += [f"import remit.grants.{name}" for name in services]
    lines += [f"from remit.triggers import {', '.join(triggers.__all__)}"]
    lines += [f"from remit.triggers.{name} import {name.title()}" for name in triggers.__all__]
    ran = _python(lambda_root, "\n".join(lines))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_build_finds_no_grant_or_trigger_that_is_not_there() -> None:
    """It imports the runtime part for its jobs, and must not take its stand-ins."""
    importlib.import_module("remit.runtime")
    assert importlib.util.find_spec("remit.grants.kmz") is None
    assert importlib.util.find_spec("remit.triggers.kms") is None


def test_the_decorators_hand_the_function_back(lambda_root: Path) -> None:
    code = "import app\nprint(json.dumps([f(1, None) for f in (app.plain, app.called, app.many, app.inner)]))"
    assert [["plain", 1], ["called", 1], ["many", 1], ["inner", 1]] == _answer(lambda_root, code)


def test_the_app_of_the_runtime_test_is_one_that_builds(lambda_root: Path, tmp_path: Path) -> None:
    """The same source, so that both sides are held to the same spelling."""
    source = (lambda_root / "app.py").read_text().replace("with configure() as config:", "with configure() as cfg:")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "deploy.py").write_text(
        "from remit import config\nconfig.job.enable = True\nconfig.job.additional_queues = ['very-urgent']\n"
    )
    (tmp_path / "app.py").write_text(source.split("class Holder")[0].replace("config.", "cfg."))
    names = [function.name for function in remit.load(tmp_path).functions]
    assert ["plain", "called", "many", "other-name", "web", "worker-default", "worker-very-urgent"] == names


READING = """
from remit import App, Shared, grants, layer, on, resource

class Data(Shared):
    orders = resource("AWS::DynamoDB::Table")
    dead_letters = resource("AWS::SQS::Queue")
    jobs = resource("AWS::SQS::Queue", redrive_policy={"deadLetterTargetArn": dead_letters.arn})

class More(Shared):
    kept_topic = resource("AWS::SNS::Topic", {"Subscription": [Data.jobs.arn]}, logical_id="NewsTopic")

app = App()
NAMES = [getattr(Data, name).name for name in ("orders", "jobs")]

@app.function(on.sqs(Data.jobs), policy=[grants.s3.read(f"{Data.orders.arn}/*")], layers=[layer("layers/x")])
def hello(event, context):
    return [Data.orders.name, More.kept_topic.arn, Data.orders.attribute("Stream.Arn"), str(NAMES[1])]

def unset(event, context):
    return getattr(Data, event).url

def inside(event, context):
    return [each for each in (getattr(Data, event).url for _ in "1")]
"""


def test_a_resource_reads_as_the_environment_has_it_inside_a_function(lambda_root: Path) -> None:
    """What declares runs through where nothing is set, and a name that nobody could see is told when it is read."""
    (lambda_root / "reading.py").write_text(READING)
    given = {
        "REMIT_DataOrders_name": "orders-1",
        "REMIT_MoreKeptTopic_arn": "arn:topic",
        "REMIT_DataOrders_attribute_Stream_Arn": "arn:stream",
    }
    answer = _answer(lambda_root, "import reading\nprint(json.dumps(reading.hello({}, None)))", **given)
    assert ["orders-1", "arn:topic", "arn:stream", ""] == answer
    for name in ("unset", "inside"):
        ran = _python(lambda_root, f"import reading\nreading.{name}('jobs', None)", **given)
        told = (
            "RuntimeError: Data.jobs.url is not in this function's environment, since its code does not spell it: "
            'spell it out, or declare environment={"NAME": Data.jobs.url} and read os.environ["NAME"]'
        )
        assert told == ran.stderr.splitlines()[-1]


def test_only_the_standard_library_is_imported(lambda_root: Path) -> None:
    """And of it little: `import remit`, its triggers and grants bring nothing that Python's own start has not."""
    heavy = {"typing", "dataclasses", "inspect", "re", "json", "boto3", "botocore", "pathlib", "logging", "enum"}
    code = "import remit, remit.grants, remit.triggers\nprint(sorted(set(sys.modules) - before))"
    ran = _python(lambda_root, f"import os\nbefore = set(sys.modules)\n{code}")
    imported = set(ast.literal_eval(ran.stdout))
    assert not imported & heavy
    assert {"__future__", *OF_REMIT} == {name for name in imported if name.count(".") < 2}


def test_the_example_imports_in_milliseconds(tmp_path: Path) -> None:
    """What importing examples/orders takes beyond boto3 is remit's own few files, and no module beside them."""
    shutil.copytree(SOURCE / "remit" / "runtime", tmp_path / "remit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".remit", "__pycache__"))
    (tmp_path / "boto3.py").write_text("")  # Lambda brings it
    ran = _python(tmp_path, "import json, os, boto3\nimport app", "-X", "importtime")
    assert ran.returncode == 0
    lines = re.findall(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)", ran.stderr)
    names = [name for *_, name in lines]
    ours = {name: int(own) for own, _, name in lines if name.split(".")[0] == "remit"}
    after = names[names.index("boto3") + 1 :]
    print(f"importing remit takes {sum(ours.values()) / 1000:.2f} ms")  # noqa: T201 - the figure, for `pytest -s`
    assert set(ours) == OF_REMIT - {"remit.triggers"}  # `on` is no module there
    assert [] == [name for name in after if name.split(".")[0] not in ("__future__", "remit", "app", "shared")]


def test_a_job_goes_to_its_queue_and_the_worker_runs_it(lambda_root: Path) -> None:
    """The message that perform_later sends is the one that the worker understands; calling a job runs it here."""
    code = """
import app, remit
sent = []
class Sqs:
    def send_message(self, **message):
        sent.append(message)
        return {"MessageId": f"m{len(sent)}"}
from remit import own_stack
own_stack._clients["sqs"] = Sqs()
ids = [app.add.perform_later(1, two=2), app.fail.perform_later("x"), app.Holder.kept.perform_later()]
from remit import worker
"""
    code += CONTEXT
    code += """
records = [{"messageId": str(n), "body": one["MessageBody"]} for n, one in enumerate(sent)]
import contextlib, io
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    answer = worker.work({"Records": records}, Context)
print(json.dumps([ids, sent, answer, printed.getvalue().splitlines()[-1], app.add(1, two=2), app.add.__name__]))
"""
    ids, sent, answer, printed, direct, name = _answer(
        lambda_root, code, REMIT_QUEUE_DEFAULT="https://q/default", REMIT_QUEUE_VERY_URGENT="https://q/urgent"
    )
    assert ["m1", "m2", "m3"] == ids
    assert ["https://q/default", "https://q/urgent", "https://q/default"] == [one["QueueUrl"] for one in sent]
    message = json.loads(sent[0]["MessageBody"])
    assert {"job": "app:add", "id": message["id"], "arguments": [1], "options": {"two": 2}} == message
    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == answer
    assert ("ValueError: ('x',)", 3, "add") == (printed, direct, name)


@pytest.mark.parametrize(
    "body",
    [
        '{"job": "app:plain", "arguments": [1, 2], "options": {}}',
        '{"job": "os:system", "arguments": ["true"], "options": {}}',
        '{"job": "app:nothing", "arguments": [], "options": {}}',
        '{"job": "no_such_module:f", "arguments": [], "options": {}}',
        '{"job": "app:add", "arguments": [1, 2, 3, 4], "options": {}}',
        '{"other": 1}',
        "[]",
        "not json",
    ],
)
def test_the_worker_runs_nothing_but_jobs(lambda_root: Path, body: str) -> None:
    """Whatever else stands in a message is handed back, and the others of the batch are run."""
    good = '{"job": "app:add", "arguments": [1], "options": {}}'
    code = f"""{CONTEXT}
import contextlib, io
from remit import worker
records = [{{"messageId": "bad", "body": {body!r}}}, {{"messageId": "good", "body": {good!r}}}]
with contextlib.redirect_stdout(io.StringIO()):
    answer = worker.work({{"Records": records}}, Context)
print(json.dumps(answer))
"""
    assert {"batchItemFailures": [{"itemIdentifier": "bad"}]} == _answer(lambda_root, code)


def test_a_job_that_cannot_be_sent_says_why(lambda_root: Path) -> None:
    ran = _python(lambda_root, "import app\napp.add.perform_later(1)")
    assert "RuntimeError: REMIT_QUEUE_DEFAULT is not set: jobs can be sent inside a deployed function" in ran.stderr


LOOKUP = """
import app, remit
asked = []
class Cloudformation:
    def describe_stacks(self, **question):
        asked.append(question)
        return {"Stacks": [{"Outputs": [{"OutputKey": "DataTheUrl", "OutputValue": "https://q"}]}]}
from remit import own_stack
own_stack._clients["cloudformation"] = Cloudformation()
"""
STACK = "arn:aws-cn:cloudformation:cn-north-1:111122223333:stack/orders-prod/1234"


def test_lookup_asks_the_apps_own_stack_once(lambda_root: Path) -> None:
    code = f"{LOOKUP}\nprint(json.dumps([app.Data.lookup('the_url'), app.Data.lookup('the_url'), asked]))"
    assert ["https://q", "https://q", [{"StackName": STACK}]] == _answer(lambda_root, code, REMIT_STACK=STACK)


def test_lookup_of_an_output_that_does_not_exist_names_those_that_do(lambda_root: Path) -> None:
    ran = _python(lambda_root, f"{LOOKUP}\napp.Data.lookup('url')", REMIT_STACK=STACK)
    assert "the stack has no output DataUrl; there are DataTheUrl" in ran.stderr


def test_a_secret_and_a_parameter_are_fetched_once_by_their_name_or_their_variable(lambda_root: Path) -> None:
    code = """
import remit
from remit import own_stack
asked = []
class Store:
    def get_secret_value(self, **question):
        asked.append(question)
        return {"SecretString": "s3cret"}
    def get_parameter(self, **question):
        asked.append(question)
        return {"Parameter": {"Value": "here"}}
own_stack._clients.update(secretsmanager=Store(), ssm=Store())
def handler():
    return [remit.secret("/shop/db"), remit.secret("DB"), remit.parameter("/shop/url"), remit.parameter("/shop/url")]
print(json.dumps([handler(), handler(), asked]))
"""
    first, second, asked = _answer(lambda_root, code, DB="/shop/db", URL="/shop/url")
    assert [["s3cret", "s3cret", "here", "here"]] * 2 == [first, second]
    assert [{"SecretId": "/shop/db"}, {"Name": "/shop/url", "WithDecryption": True}] == asked


def test_names_come_from_the_stack_that_the_function_runs_in(lambda_root: Path) -> None:
    code = """
from remit import aws, project
print(json.dumps([aws.region, aws.account, aws.partition, aws.url_suffix,
                  project.namespace, project.name, project.stage]))
"""
    environment = {"REMIT_STACK": STACK, "REMIT_STAGE": "prod", "AWS_REGION": "cn-north-1"}
    expected = ["cn-north-1", "111122223333", "aws-cn", "amazonaws.com.cn", "orders-prod", "orders", "prod"]
    assert expected == _answer(lambda_root, code, **environment)
    kept = _answer(lambda_root, code, **environment, REMIT_PROJECT="shop")
    assert ["orders-prod", "shop", "prod"] == kept[4:]
    assert ["", "", "aws", "amazonaws.com", "", "", "dev"] == _answer(lambda_root, code)


def test_an_error_while_it_imports_is_the_apps_own(lambda_root: Path) -> None:
    """A name that remit does not have fails as in any module."""
    assert (
        "ImportError: cannot import name 'nope' from 'remit'" in _python(lambda_root, "from remit import nope").stderr
    )
