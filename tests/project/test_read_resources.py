"""`Data.orders.name` where a function runs: its environment has what its code reads of shared resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import Project, configuration, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DATA = """
from remit import Shared, output, resource


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        stream_specification={"StreamViewType": "NEW_IMAGE"},
    )
    jobs = resource("AWS::SQS::Queue")
    files = resource("AWS::S3::Bucket")
    kept_topic = resource("AWS::SNS::Topic", logical_id="NewsTopic")
    names_of_files = output(files.ref)
"""
HEAD = "from remit import App, grants, on\nfrom shared.resources.data import Data\n{}\napp = App()\n"
HELLO = "@app.function\ndef hello(event, context):\n    {}\n"


def project(tmp_path: Path, app: str, imports: str = "", **files: str) -> Project:
    """An app whose module begins with these imports."""
    write(tmp_path, {"app.py": HEAD.format(imports) + app, "shared/resources/data.py": DATA, **files})
    return Project(tmp_path)


def variables(of: Project, name: str = "hello") -> Mapping[str, str]:
    """What the environment of a function has of shared resources."""
    environment = of.function(name).properties.get("Environment", {}).get("Variables", {})
    return {variable: value for variable, value in environment.items() if variable.startswith("REMIT_")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return Data.orders.name", {"REMIT_DataOrders_name": "${DataOrders}"}),
        ("return Data.orders.arn", {"REMIT_DataOrders_arn": "${DataOrders.Arn}"}),
        ("return Data.orders.ref", {"REMIT_DataOrders_ref": "${DataOrders}"}),
        ("return f'{Data.jobs.url}'", {"REMIT_DataJobs_url": "${DataJobs}"}),
        ("return Data.jobs.name.upper()", {"REMIT_DataJobs_name": "${DataJobs.QueueName}"}),
        ("return Data.orders.stream_arn", {"REMIT_DataOrders_stream_arn": "${DataOrders.StreamArn}"}),
        ("return Data.orders.attribute('StreamArn')", {
            "REMIT_DataOrders_attribute_StreamArn": "${DataOrders.StreamArn}",
        }),
        ("return [Data.jobs.url for _ in event if Data.files.name]", {
            "REMIT_DataJobs_url": "${DataJobs}", "REMIT_DataFiles_name": "${DataFiles}",
        }),
        ("return Data.kept_topic.arn", {"REMIT_DataKeptTopic_arn": "${NewsTopic}"}),
        ("orders = Data.orders; return orders.name", {"REMIT_DataOrders_name": "${DataOrders}"}),
        ("return Data.lookup('names_of_files')", {}),
        ("return (Data.names_of_files, event.orders.name)", {}),
        ("return getattr(Data, 'orders')", {}),
    ],
)  # fmt: skip
def test_an_environment_has_what_the_code_reads(tmp_path: Path, body: str, expected: dict[str, str]) -> None:
    assert expected == variables(project(tmp_path, HELLO.format(body)))


def test_what_declares_is_not_read(tmp_path: Path) -> None:
    """Decorators, groups, grants and triggers say what they need themselves."""
    app = (
        "ENVIRONMENT = dict(policy=[grants.sqs.send(Data.jobs)])\n"
        "group = app.group('group', environment={'TABLE': Data.orders.name})\n"
        "@group.function(on.sqs(Data.jobs), link=[grants.s3.read(Data.files)], environment={'QUEUE': Data.jobs.url})\n"
        "def hello(event, context): ...\n"
    )
    assert {} == variables(project(tmp_path, app))


def test_each_function_has_what_its_own_modules_read_however_they_import_it(tmp_path: Path) -> None:
    handlers = {
        "one.py": "import helper\ndef handler(event, context):\n    return helper.bucket()\n",
        "helper.py": "from shared.resources.data import Data as D\ndef bucket():\n    return D.files.name\n",
        "two.py": "from shared.resources import data\ndef handler(event, _):\n    return data.Data.jobs.url\n",
        "three.py": "import shared.resources.data as data\nURL = data.Data.jobs.url\ndef handler(event, _): ...\n",
        "four.py": "def handler(event, _):\n    from shared.resources.data import Data as I\n    return I.orders.arn\n",
        "five.py": "def handler(event, context): ...\n",
    }
    app = "".join(
        f"app.function(name='{name[:-3]}', handler='{name[:-3]}.handler')\n" for name in handlers if name != "helper.py"
    )
    of = project(tmp_path, app, **handlers)
    read = {name: set(variables(of, name)) for name in ("one", "two", "three", "four", "five")}
    assert read == {
        "one": {"REMIT_DataFiles_name"},
        "two": {"REMIT_DataJobs_url"},
        "three": {"REMIT_DataJobs_url"},
        "four": {"REMIT_DataOrders_arn"},
        "five": set(),
    }


def test_another_class_of_that_name_is_none_of_shared_resources(tmp_path: Path) -> None:
    own = "class Data:\n    orders = None\ndef handler(event, context):\n    return Data.orders.nmae\n"
    of = project(tmp_path, "app.function(name='hello', handler='own.handler')\n", **{"own.py": own})
    assert {} == variables(of)


def test_a_worker_has_what_its_jobs_read(tmp_path: Path) -> None:
    files = {"config/deploy.py": configuration("config.job.enable = True")}
    of = project(tmp_path, "@app.job\ndef tidy():\n    return Data.orders.name\n", **files)
    assert {"REMIT_DataOrders_name"} <= variables(of, "worker-default").keys()


def test_an_attribute_that_a_resource_does_not_have_is_an_error_where_the_code_reads_it(tmp_path: Path) -> None:
    error = project(tmp_path, HELLO.format("return (Data.orders.nmae, Data.jobs.name)")).error()
    expected = ("app.py:7:13", "`Data.orders` (AWS::DynamoDB::Table) has no `nmae`", "did you mean `name`?")
    assert expected == (str(error.origin), error.message, error.hint)


def test_a_resource_that_is_passed_on_gives_what_it_has_of_what_the_code_names(tmp_path: Path) -> None:
    """What it does not have is another thing's."""
    app = "def use(it):\n    return it.url, it.website_url, it.arn\n" + HELLO.format("return use(Data.jobs)")
    assert {"REMIT_DataJobs_url", "REMIT_DataJobs_arn"} == set(variables(project(tmp_path, app)))


def test_a_process_that_has_a_functions_environment_has_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that calls a handler itself; while a project loads, the deploy alone knows them."""
    monkeypatch.setenv("REMIT_DataOrders_name", "orders-of-the-test")
    monkeypatch.setenv("REMIT_DataOrders_attribute_StreamArn", "stream-of-the-test")
    of = project(tmp_path, HELLO.format("return Data.orders.name"))
    assert {"REMIT_DataOrders_name": "${DataOrders}"} == variables(of)
    monkeypatch.syspath_prepend(str(tmp_path))
    from shared.resources.data import Data  # type: ignore[import-not-found]  # noqa: PLC0415 - of this project

    try:
        assert "orders-of-the-test" == Data.orders.name
        assert "stream-of-the-test" == Data.orders.attribute("StreamArn")
        assert "${DataOrders.Arn}" == str(Data.orders.arn)
    finally:
        for name in ("shared.resources.data", "shared.resources", "shared"):
            __import__("sys").modules.pop(name)


@pytest.mark.parametrize("handler", ["7", "''", "'nodots'"])
def test_a_handler_that_is_none_is_told_and_nothing_of_it_is_read(tmp_path: Path, handler: str) -> None:
    error = project(tmp_path, f"app.function(name='hello', handler={handler})\n" + HELLO.format("return 1")).error()
    assert error.origin is not None
    assert ("app.py", 5) == (error.origin.file, error.origin.line)
