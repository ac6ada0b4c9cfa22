"""`remit dev`: the app runs, what is saved is what answers, mistakes are told, and nothing is left running."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ports import free_ports
from remit.local import aws
from terminals import HANGS, MAIN, Terminal, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
from remit import App, on

app = App()


@app.function(on.http(auth="NONE"))
def hello(event, context):
    print("asked for", event["rawPath"])
    return "one"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture
def port() -> int:
    return free_ports(2)


class Dev:
    """`remit dev --json` as a program runs it."""

    def __init__(self, project: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "dev", "--json", "--strict", "--debug", "helo", "--port", str(port)],
            cwd=project, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

        self.events: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.events.put(json.loads(line))

    def until(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        while True:
            event = self.events.get(timeout=HANGS)
            if event["event"] == kind:
                return event

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        status = self.process.wait(HANGS)
        self.reader.join(HANGS)
        return status


@pytest.fixture
def dev(project: Path, port: int) -> Iterator[Dev]:
    running = Dev(project, port)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)
        aws.stop(project)


def get(url: str, path: str = "/") -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=HANGS)
    connection.request("GET", path)
    content = connection.getresponse().read().decode()
    connection.close()
    return content


def test_what_is_saved_is_what_answers_and_a_mistake_is_told_while_the_loop_goes_on(
    dev: Dev, project: Path, port: int
) -> None:
    assert True is dev.until("deployed")["changed"]
    served = dev.until("serving")
    assert {"event": "serving", "name": "HelloUrl", "url": f"http://127.0.0.1:{port}/"} == served
    assert "did you mean `hello`?" == dev.until("error")["hint"]  # of what is to be debugged
    assert "one" == get(served["url"], "/first")
    message = dev.until("log")["message"]
    while "asked for" not in message:
        message = dev.until("log")["message"]
    assert "asked for /first" == message

    (project / "app.py").write_text(APP.replace('"one"', "words.TWO").replace("from", "import words\nfrom", 1))
    assert "error" == dev.until("error")["event"]  # the module is not there yet
    (project / "words.py").write_text('TWO = "two"\n')
    assert dev.until("served")["seconds"] > 0
    assert "two" == get(served["url"])
    (project / "words.py").write_text('TWO = "zwei"\n')
    assert dev.until("served")["seconds"] > 0
    assert "zwei" == get(served["url"])

    (project / "app.py").write_text("import (\n")
    error = dev.until("error")
    assert ("app.py", 1) == (error["file"], error["line"])
    assert "zwei" == get(served["url"])

    (project / "app.py").write_text(APP.replace("hello", "greet"))
    assert "GreetUrl" == dev.until("serving")["name"]

    assert 130 == dev.end(signal.SIGINT)
    assert None is aws.find(project)
    with pytest.raises(ConnectionRefusedError):
        get(served["url"])


NOTES = """
import boto3

from remit import App, on

app = App()


@app.function(on.http(auth="NONE"))
def note(event, context):
    # what was asked for last
    boto3.client("ssm").put_parameter(Name="/last", Value=event["rawPath"], Type="String", Overwrite=True)
    return "noted"
"""


def test_the_grant_that_a_call_lacks_is_written_by_a_key_and_then_the_call_works(project: Path, port: int) -> None:
    """The AWS ran before, and goes on when a person ends the loop by a key."""
    (project / "app.py").write_text(NOTES)
    aws.start(project)
    person = Terminal(project, "dev", "--port", str(port))
    url = f"http://127.0.0.1:{port}/"
    person.until(f"NoteUrl  {url}")
    person.press("w")
    person.until("there is nothing to write: no call was denied")
    assert '{"message":"Internal Server Error"}' == get(url)  # the exception is for the log
    person.until("denied: note may not ssm:PutParameter")
    person.until('add to its policy: grants.ssm.put("last")   (w writes it)')
    person.until("AccessDeniedException")
    person.press("w")
    person.until("-from remit import App, on")
    person.until("+from remit import App, grants, on")
    person.until("deployed in")
    assert "noted" == get(url)
    person.press("q")
    assert 0 == person.end()[0]
    expected = NOTES.replace("App, on", "App, grants, on").replace(
        'auth="NONE")', 'auth="NONE"), policy=[grants.ssm.put("last")]'
    )
    assert expected == (project / "app.py").read_text()
    assert None is not aws.find(project)
    aws.stop(project)


def test_a_folder_without_a_project_starts_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAIN, "dev"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert (2, "") == (ran.returncode, ran.stdout)
    assert ran.stderr.startswith("error: there is no project in")
