"""An event that is on its way is in a file until it is delivered, and one that cannot be written is no error."""

from __future__ import annotations

import json
import resource
import threading
from queue import SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.emulator import as_request_of, emulated, place_of_request
from remit.local.event_sources.asynchronous_invocations import (
    AsynchronousInvocations,
    EventsOnTheWay,
    event_sent_to,
)
from terminals import HANGS

if TYPE_CHECKING:
    from pathlib import Path


def test_an_event_is_in_a_file_with_its_place_until_it_is_forgotten(tmp_path: Path) -> None:
    events = EventsOnTheWay(tmp_path / "on-the-way")
    path = events.write_down({"event": {"a": 1}})
    assert path is not None
    content = json.loads(path.read_text("utf-8"))
    assert ({"a": 1}, {"Partition", "Region", "Account"}) == (content["event"], content["place"].keys())
    events.forget(path)
    events.forget(path)
    assert [] == list(events.folder.iterdir())


@pytest.mark.parametrize("event", [b"bytes", {1, 2}])
def test_what_is_no_json_is_not_kept(tmp_path: Path, event: object) -> None:
    assert EventsOnTheWay(tmp_path).write_down({"event": event}) is None
    assert [] == list(tmp_path.iterdir())


def test_a_disk_that_is_full_half_way_keeps_nothing_of_an_event(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # bytes of a file that may be written
    try:
        note = EventsOnTheWay(tmp_path).write_down({"event": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (None, []) == (note, list(tmp_path.iterdir()))


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert EventsOnTheWay(tmp_path / "file").write_down({"event": 1}) is None


HERE, REGION = "888866660000", "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:{HERE}:function:report"
RECORD = {"config": {"FunctionName": "report", "FunctionArn": ARN}}


class Lambda:
    """The emulator's Lambda, as far as events that nobody waits for are its own, and what ran for whom."""

    def __init__(self) -> None:
        self.ran: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._functions: dict[str, Any] = {}
        self.invoke_async_with_retry: Any = None

    def _execution_record_for_config(self, function: Any, configuration: Any) -> Any:
        return {**function, "config": configuration}

    def _execute_function_with_config_scope(self, _record: Any, event: Any) -> Any:
        return {"waited for": event}

    def _get_func_record_for_ref(self, reference: str) -> Any:
        return (RECORD if reference == ARN and HERE == place_of_request()["Account"] else None,)

    def _execute_function(self, record: Any, event: Any) -> Any:
        self.ran.put((event, *record, record["config"]["FunctionArn"]))
        return {}


@pytest.fixture
def service(own_emulator: None, tmp_path: Path) -> Lambda:  # noqa: ARG001 - a function of its own is replaced
    service = Lambda()
    nowhere: Any = SimpleNamespace()
    AsynchronousInvocations(nowhere, service, EventsOnTheWay(tmp_path)).take_hold()
    return service


def test_what_an_earlier_server_left_runs_as_its_account_once_the_state_is_loaded(
    service: Lambda, tmp_path: Path
) -> None:
    events = EventsOnTheWay(tmp_path)
    with as_request_of(HERE, REGION):
        events.write_down({"function": ARN, "event": {"n": 1}})
        events.write_down({"function": f"{ARN}-that-is-gone", "event": {"n": 2}})
    (tmp_path / "0-damaged.json").write_text("{")
    emulated("app")._load_persisted_state()
    assert ({"n": 1}, "config", ARN) == service.ran.get(timeout=HANGS)
    for thread in threading.enumerate():
        if thread.name.endswith("(run)"):  # of an event, which is forgotten at its end
            thread.join(HANGS)
    assert ([], True) == (list(tmp_path.iterdir()), service.ran.empty())


def test_an_event_that_a_service_sends_is_not_waited_for_and_runs_under_the_alias_that_it_names(
    service: Lambda,
) -> None:
    record = service._execution_record_for_config(RECORD, RECORD["config"])
    assert {"waited for": 1} == service._execute_function_with_config_scope(record, 1)
    with as_request_of(HERE, REGION), event_sent_to(f"{ARN}:live"):
        record = service._execution_record_for_config(RECORD, RECORD["config"])
        assert {} == service._execute_function_with_config_scope(record, 2)
    assert (2, "config", f"{ARN}:live") == service.ran.get(timeout=HANGS)
    service.invoke_async_with_retry(RECORD, 3)
    assert (3, "config", ARN) == service.ran.get(timeout=HANGS)
