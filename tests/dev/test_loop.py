"""The loop of `remit dev` in this process: what it tells, what ends it, and what it leaves behind."""

from __future__ import annotations

import http.client
import itertools
import socket
import threading
from dataclasses import replace
from queue import SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ports import free_ports
from random_cases import in_all_cases
from remit.deploy.stack import StackOutput
from remit.dev.events import CallUnknown, CodeServed, DebuggerWaits, Deployed, DevEvent, Logged, Serving, WentWrong
from remit.dev.loop import Debugged, DevLoop
from remit.local import aws
from remit.local.control.clients import account_of
from remit.local.control.server_commands import refuse_unknown
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.local.state_files import LocalAws

Event = TypeVar("Event", bound=DevEvent)
APP = """
import boto3

from remit import App, on

app = App()
FROM_HOME = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


@app.function(on.http(auth="NONE"), policy=[
    {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*", "Condition": FROM_HOME},
])
def queues(event, context):
    try:
        boto3.client("sqs").list_queues()
    except Exception:
        print("refused", event["rawPath"])
    return "asked"


@app.function(on.websocket("$connect", auth="NONE"))
def door(event, context):
    return {"statusCode": 200}
"""


REGION = "eu-north-1"


class Loop:
    """A loop whose keys are pressed by a function that reads what the loop tells."""

    def __init__(self, folder: Path, debugged: Debugged | None = None) -> None:
        self.told: SimpleQueue[DevEvent] = SimpleQueue()
        self.port = free_ports(2)
        self.loop = DevLoop(
            folder, None, region=REGION, first_port=self.port, tell=self.told.put, debugged=debugged, strict=True
        )
        self.error: Exception | None = None

    def until(self, kind: type[Event]) -> Event:
        """The next event of a kind."""
        while True:
            event = self.told.get(timeout=HANGS)
            if isinstance(event, kind):
                return event

    def run(self, keys: Callable[[], Iterator[str]]) -> None:
        """Run it until it ends."""
        thread = threading.Thread(target=self._run, args=(keys,), daemon=True)
        thread.start()
        thread.join(HANGS)
        assert not thread.is_alive()
        if self.error is not None:
            raise self.error

    def _run(self, keys: Callable[[], Iterator[str]]) -> None:
        try:
            self.loop.run(lambda _stop: keys())
        except Exception as error:  # noqa: BLE001 - it is raised again where the test sees it
            self.error = error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders")
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture(scope="module")
def running_aws(folder: Path) -> Iterator[LocalAws]:
    yield aws.start(folder)
    aws.stop(folder)


def get(url: str, path: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=HANGS)
    connection.request("GET", path)
    content = connection.getresponse().read().decode()
    connection.close()
    return content


def test_what_cannot_be_checked_is_refused_and_told_once_while_the_loop_runs(
    running_aws: LocalAws, folder: Path
) -> None:
    loop = Loop(folder, Debugged("report", 0))
    served: list[tuple[str, str]] = []
    hints: list[str | None] = []
    unknown: list[CallUnknown] = []

    def keys() -> Iterator[str]:
        served.extend((event.name, event.url) for event in (loop.until(Serving), loop.until(Serving)))
        hints.append(loop.until(WentWrong).hint)
        addresses = dict(served)
        get(addresses["QueuesUrl"], "/first")
        unknown.append(loop.until(CallUnknown))
        get(addresses["QueuesUrl"], "/second")
        event: DevEvent | None = None
        while not (isinstance(event, Logged) and event.message == "refused /second"):
            event = loop.until(DevEvent)
            assert not isinstance(event, CallUnknown)
        yield "q"

    loop.run(keys)
    assert [
        ("QueuesUrl", f"http://127.0.0.1:{loop.port}/"),
        ("WebSocketUrl", f"ws://127.0.0.1:{loop.port + 1}"),
    ] == served
    assert ["there are queues, door"] == hints
    assert [("queues", "sqs:ListQueues", True)] == [(call.function, call.operation, call.refused) for call in unknown]
    assert False is refuse_unknown(running_aws, refuse=False)  # as before the loop
    cloudformation = account_of(replace(running_aws, region=REGION)).client("cloudformation")
    assert 1 == len(cloudformation.describe_stacks()["Stacks"])


STORE = 'from remit import Shared, resource\n\n\nclass Data(Shared):\n    {name} = resource("AWS::SQS::Queue")\n'


@in_all_cases
def test_a_save_takes_no_data_away_and_names_the_command_that_does(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')
    (tmp_path / "app.py").write_text(
        "from remit import App\n\napp = App()\n\n\n@app.function()\ndef hello(event, context): ...\n"
    )
    data = tmp_path / "shared" / "resources" / "data.py"
    data.parent.mkdir(parents=True)
    data.write_text(STORE.format(name="orders"))
    loop = Loop(tmp_path)
    wrong: list[WentWrong] = []

    def keys() -> Iterator[str]:
        loop.until(Deployed)
        data.write_text(STORE.format(name="purchases"))
        wrong.append(loop.until(WentWrong))
        yield "q"

    aws.start(tmp_path)
    try:
        loop.run(keys)
    finally:
        aws.stop(tmp_path)
    assert "nothing was deployed: data goes (queue DataOrders)" == wrong[0].message
    assert "`remit deploy --local --yes --yes-delete DataOrders` agrees to that" == wrong[0].hint


def test_a_save_in_a_root_is_served_to_its_functions_alone(tmp_path: Path) -> None:
    """Roots may lie in one another: each has a copy of its own."""
    app = "from remit import App, on\n\napp = App()\n"
    for name, code in (("inner", "functions/inner"), ("outer", "functions")):
        app += f"app.function(on.http(auth='NONE'), name={name!r}, handler='handler.handler', code={code!r})\n"
        (tmp_path / code).mkdir(exist_ok=True, parents=True)
        (tmp_path / code / "handler.py").write_text(
            "import helper\n\ndef handler(event, context):\n    return helper.TEXT\n"
        )
        (tmp_path / code / "helper.py").write_text(f"TEXT = '{name} before'\n")
    (tmp_path / "app.py").write_text(app)
    loop = Loop(tmp_path)
    answers: list[str] = []

    def keys() -> Iterator[str]:
        urls = {event.name: event.url for event in (loop.until(Serving), loop.until(Serving))}
        answers.extend(get(urls[name], "/") for name in ("InnerUrl", "OuterUrl"))
        (tmp_path / "functions/inner/helper.py").write_text("TEXT = 'inner afterwards'\n")
        loop.until(CodeServed)
        answers.extend(get(urls[name], "/") for name in ("InnerUrl", "OuterUrl"))
        yield "q"

    loop.run(keys)
    assert ["inner before", "outer before", "inner afterwards", "outer before"] == answers


@pytest.mark.network  # debugpy is installed once
@pytest.mark.usefixtures("running_aws")
def test_no_function_waits_for_a_debugger_once_the_loop_has_ended(folder: Path) -> None:
    loop = Loop(folder, Debugged("queues", 0))
    ports: list[int] = []

    def keys() -> Iterator[str]:
        ports.append(loop.until(DebuggerWaits).port)
        socket.create_connection(("127.0.0.1", ports[0]), timeout=HANGS).close()
        yield "q"

    loop.run(keys)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=HANGS)


@pytest.mark.usefixtures("running_aws")
def test_a_file_that_cannot_be_used_is_told_and_the_loop_goes_on(folder: Path) -> None:
    ports = folder / ".remit/dev/ports.json"
    ports.unlink(missing_ok=True)
    ports.mkdir(parents=True)
    loop = Loop(folder)
    messages: list[str] = []

    def keys() -> Iterator[str]:
        messages.append(loop.until(WentWrong).message)
        ports.rmdir()
        yield "r"
        loop.until(Serving)
        yield "q"

    loop.run(keys)
    assert [f"cannot use {str(ports)!r}: Is a directory"] == messages


@pytest.mark.usefixtures("running_aws")
def test_what_goes_wrong_while_the_loop_waits_ends_it(folder: Path) -> None:
    def keys() -> Iterator[str]:
        raise EOFError("the terminal is gone")
        yield "q"

    with pytest.raises(EOFError, match="the terminal is gone"):
        Loop(folder).run(keys)


PLACES = ("http://127.0.0.1:4566/a", "http://127.0.0.1:4566/b", "ws://127.0.0.1:4566/c", "https://shop.example/")


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.sampled_from(("Api", "Web")), st.sampled_from(PLACES)), max_size=5))
def test_an_address_is_told_when_it_is_new_or_another_one_and_those_of_others_are_not_served(
    tmp_path_factory: pytest.TempPathFactory, deploys: list[dict[str, str]]
) -> None:
    told: list[Any] = []
    loop = DevLoop(tmp_path_factory.mktemp("orders"), None, region=None, first_port=1, tell=told.append)
    asked: list[dict[str, str]] = []

    def serve(addresses: dict[str, str]) -> dict[str, str]:
        asked.append(addresses)
        return {name: f"{address}/here" for name, address in addresses.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_aws", SimpleNamespace(port=4566), raising=False)
        patch.setattr(loop, "_ports", SimpleNamespace(serve=serve))
        for outputs in deploys:
            loop._serve([StackOutput(*output) for output in outputs.items()])
    local = [{name: at for name, at in outputs.items() if at != PLACES[-1]} for outputs in deploys]
    assert asked == local
    assert told == [
        Serving(name, f"{address}/here")
        for before, now in itertools.pairwise([{}, *local])
        for name, address in now.items()
        if before.get(name) != address
    ]
