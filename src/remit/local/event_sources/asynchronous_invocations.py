"""Events that nobody waits for: a function that fails is tried again, and what came of it goes to its destinations.

So are invocations with the type Event, and what S3, SNS, EventBridge, Scheduler and IoT send. The emulator tries most
of them once, knows no destination of a success, and none of an alias.

Source: "Invoking a Lambda function asynchronously", "How Lambda handles errors and retries with asynchronous
invocation" (AWS Lambda Developer Guide). The pauses between attempts are a second or two, and not minutes.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
import uuid
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import as_request_of, during, instead_of, place_of_request
from remit.local.event_sources.destinations import Destinations, InvocationRecord
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.functions.lambda_service import REQUEST_ID
from remit.local.saved_state import when_state_is_loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Record = dict[str, Any]

_RETRIES: Final = 2
_OLDEST: Final = 6 * 3600  # seconds that an event may wait
_FIRST_PAUSE: Final = 1.0  # seconds; Lambda waits one minute before the second attempt, and two before the third
_LONGEST_PAUSE: Final = 30.0
_COLONS: Final = 7  # of a function's ARN with a version or an alias
_IS_EVENT: Final = "_is_event"
_SENT_TO: Final[ContextVar[str]] = ContextVar("sent_to", default="")
"""The ARN of the function that a service sends an event to, as the service knows it."""


def event_sent_to(function: str) -> AbstractContextManager[None]:
    """In it the emulator's service sends an event to a function (ARN, with its alias) and does not wait."""
    return during(_SENT_TO, function)


@dataclass(frozen=True, slots=True)
class EventsOnTheWay:
    """Events that Lambda has taken and not finished with, in a file each: a server that is killed runs them later.

    An event whose function had run may come again then, as on AWS.
    """

    folder: Path

    def write_down(self, content: Mapping[str, Any]) -> Path | None:
        """Write an event down with the account and region of the request, and give its file.

        None: the disk does not take it, or it is no JSON.
        """
        path = self.folder / f"{uuid.uuid4().hex}.json"
        draft = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps({**content, "place": place_of_request()}), "utf-8")
            draft.replace(path)  # whole or not at all, whenever the server is killed
        except (OSError, TypeError, ValueError):  # a full disk; what is no JSON
            self.forget(draft)
            return None
        return path

    def forget(self, path: Path | None) -> None:
        """Remove the file of an event that is finished with, or never will be; None: it has none."""
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def when_loaded(self, run: Callable[[Path, dict[str, Any]], None]) -> None:
        """Once the state is loaded, call `run` with the file and content of each event that an earlier server left.

        It is called as a request of the event's account and region, and forgets the event.

        An event that cannot be run is logged and forgotten, and the others go on.
        """

        def run_all() -> None:
            """Run the events in the order of their files' names, which are random."""
            for path in sorted(self.folder.glob("*.json")):
                try:
                    content = json.loads(path.read_text("utf-8"))
                    place = content["place"]
                    with as_request_of(place["Account"], place["Region"]):
                        run(path, content)
                except Exception:  # one event must not keep the server from its start
                    logging.getLogger("remit").exception("the event in %s cannot be run", path.name)
                    self.forget(path)

        when_state_is_loaded(run_all)


@dataclass(frozen=True, slots=True)
class AsynchronousInvocations:
    """Runs functions on events, in threads of their own."""

    destinations: Destinations
    service: Any
    """The emulator's module `lambda_svc`."""
    on_the_way: EventsOnTheWay

    def take_hold(self) -> None:
        """Take over what the emulator runs without waiting for it."""
        service = self.service

        @instead_of(service, "_execution_record_for_config")
        def recorded(record_for: Any, function: Record, configuration: Mapping[str, Any]) -> Record:
            """The record of a function to run; where a service sends it an event, marked so, with the ARN sent to."""
            record: Record = record_for(function, configuration)
            invoked = _SENT_TO.get()
            if not invoked:
                return record
            return {**record, "config": {**configuration, "FunctionArn": invoked}, _IS_EVENT: True}

        @instead_of(service, "_execute_function_with_config_scope")
        def executed(execute: Any, record: Record, event: Any) -> Any:
            """Run a function; on an event that nobody waits for, only start it, with an empty result."""
            if record.get(_IS_EVENT):
                self.invoke(record, event)
                return {}
            return execute(record, event)

        instead_of(service, "invoke_async_with_retry")(lambda _invoke, *event: self.invoke(*event))

        def invoke_again(note: Path, content: Mapping[str, Any]) -> None:
            """Start to run an event of an earlier server; one whose function is gone is forgotten."""
            # An earlier server had not finished with it.
            record = self.service._get_func_record_for_ref(content["function"])[0]
            if record is None:
                self.on_the_way.forget(note)
            else:
                self._start(record, content["event"], note)

        self.on_the_way.when_loaded(invoke_again)

    def invoke(self, record: Record, event: Any) -> None:
        """Start to run a function on an event, as often as it takes, in a thread; nobody waits for it.

        The event is written down first. `record` is the emulator's of the function, with the alias in its ARN.
        """
        note = self.on_the_way.write_down({"function": record["config"]["FunctionArn"], "event": event})
        self._start(record, event, note)

    def _start(self, record: Record, event: Any, note: Path | None) -> None:
        context = contextvars.copy_context()
        plain_record = {name: value for name, value in record.items() if name != _IS_EVENT}
        threading.Thread(target=context.run, args=(self._finish, plain_record, event, note), daemon=True).start()

    def _finish(self, record: Record, event: Any, note: Path | None) -> None:
        """Try an event, and send what came of it to the function's destination, a failure to its dead letters, too.

        `note`, the file with the event, is removed in any case.
        """
        _SENT_TO.set("")  # what the function itself sends is sent by nobody else
        try:
            function = DeployedFunction.of(record["config"])
            with as_request_of(function.account, function.region):
                stored = self.service._functions.get(function.name) or record
                options = _options(stored, record["config"]["FunctionArn"])
                outcome = self._attempts(record, event, options)
                destinations = options.get("DestinationConfig") or {}
                configured = destinations.get("OnFailure" if outcome.failed else "OnSuccess") or {}
                if configured.get("Destination"):
                    self.destinations.send(function, str(configured["Destination"]), outcome.record_for(function))
                dead_letters = (function.configuration.get("DeadLetterConfig") or {}).get("TargetArn")
                if outcome.failed and dead_letters:
                    self.destinations.send_dead_letter(function, str(dead_letters), outcome)
        finally:
            self.on_the_way.forget(note)

    def _attempts(self, record: Record, event: Any, options: Mapping[str, Any]) -> InvocationRecord:
        """Try until it succeeds, or there are no tries left, or the event is too old; the result of the last attempt.

        Throttled tries do not count. A pause follows each failure, twice as long each time, up to 30 s.
        """
        request_id = str(uuid.uuid4())
        retries = options.get("MaximumRetryAttempts")
        most_attempts = 1 + (_RETRIES if retries is None else int(retries))
        oldest = time.monotonic() + int(options.get("MaximumEventAgeInSeconds") or _OLDEST)
        attempts, pause = 0, _FIRST_PAUSE
        condition = ""
        response: Any = None
        while not condition:
            REQUEST_ID.set(request_id)  # all attempts have one: logs and destinations tell them apart by nothing else
            result = self.service._execute_function(record, event)
            response = result.get("body")
            attempts, condition = after_attempt(result, attempts, most_attempts, oldest - time.monotonic() - pause)
            if not condition:
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        configuration = record["config"]
        return InvocationRecord(
            request_id=request_id,
            invoked=configuration["FunctionArn"],
            version=str(configuration.get("Version") or "$LATEST"),
            condition=condition,
            attempts=attempts,
            event=event,
            response=response,
        )


def after_attempt(result: Mapping[str, Any], attempts: int, most_attempts: int, seconds_left: float) -> tuple[int, str]:
    """The number of attempts after this one, and the condition in which the event has ended: "" if it is tried again.

    The condition is Success, RetriesExhausted or EventAgeExceeded. An attempt that is throttled does not count.
    `seconds_left`: how much younger than it may be the event is at the next attempt.
    """
    if not result.get("throttle"):
        attempts += 1
    if not result.get("error") and not result.get("throttle"):
        return attempts, "Success"
    if attempts >= most_attempts:
        return attempts, "RetriesExhausted"
    return attempts, "EventAgeExceeded" if seconds_left < 0 else ""


def _options(stored: Mapping[str, Any], invoked: str) -> Mapping[str, Any]:
    """The options of asynchronous invocations that hold for an ARN: those of its version or alias alone, if it has one.

    Empty where none are set.
    """
    configurations = stored.get("event_invoke_configs") or {}
    qualifier = invoked.rpartition(":")[2] if invoked.count(":") >= _COLONS else "$LATEST"
    options = configurations.get(qualifier)
    if options is None and qualifier == "$LATEST":
        options = stored.get("event_invoke_config")
    return options or {}
