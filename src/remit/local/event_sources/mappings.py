"""Lambda reads a queue or stream with the role of the function, which must allow that.

A mapping of a function whose role does not is not made, and one whose role does not any more reads nothing. The
emulator reads everything for everybody.

Source: "Using Lambda with Amazon SQS", "… Amazon Kinesis", "… Amazon DynamoDB": execution role permissions, and the
errors of CreateEventSourceMapping (AWS Lambda Developer Guide and API Reference).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import as_request_of, emulated, instead_of, place_of_request, service_of
from remit.local.stack_operations import HandlerError, ResourceOperation, before_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.local.event_sources.service_calls import ServiceCalls

_LAMBDA: Final = "lambda.amazonaws.com"
_CHECK_SECONDS: Final = 1.0
_ON_ALL: Final = "dynamodb:ListStreams"  # which takes no resource
_OF_STREAM: Final = (
    "Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, "
    "and {last} Actions on your stream in IAM."
)
_SOURCES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "sqs": (
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        "The provided execution role does not have permissions to call {name} on SQS",
    ),
    "kinesis": (
        ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"),
        _OF_STREAM,
    ),
    "dynamodb": (
        ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", _ON_ALL),
        _OF_STREAM,
    ),
}
"""By the kind of source, the actions that read it, and AWS's words where one is missing ({name})."""


@dataclass(frozen=True, slots=True)
class Mappings:
    """The event source mappings of the emulator's Lambda."""

    calls: ServiceCalls
    _checked: dict[str, float] = field(default_factory=dict)
    """When roles were last checked, by the ids of mappings."""

    def take_hold(self) -> None:
        """Check mappings when they are made, also by a stack, and before each reading.

        One that may not be read now is left out, and says why as its LastProcessingResult.
        """
        service, queues = emulated("services.lambda_svc"), emulated("services.sqs")

        @instead_of(service, "_iter_all_esms")
        def readable(all_mappings: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
            """Yield the mappings whose source may be read now; for others, note the problem as their last result.

            A mapping of an empty queue is left out for a second after it was checked.
            """
            for account, region, mapping in all_mappings():
                now, mapping_id = time.monotonic(), str(mapping["UUID"])
                queue = queues._queue_by_arn(str(mapping.get("EventSourceArn", "")))
                # The emulator looks some twenty times a second: an empty queue is not worth a decision each time.
                is_checked = now - self._checked.get(mapping_id, 0.0) < _CHECK_SECONDS
                if is_checked and queue is not None and not queue["messages"]:
                    continue
                self._checked[mapping_id] = now
                function = service._functions.get_scoped(account, region, mapping["FunctionName"])
                with as_request_of(account, region):
                    problem = None if function is None else self._problem(function["config"], mapping["EventSourceArn"])
                if problem is None:
                    yield account, region, mapping
                else:
                    mapping["LastProcessingResult"] = f"PROBLEM: {problem}"

        @instead_of(service, "_create_esm")
        def created(create: Any, data: Mapping[str, Any]) -> Any:
            problem = self._problem_of(data)
            if problem is not None:
                return service.error_response_json("InvalidParameterValueException", problem, 400)
            return create(data)

        def check(operation: ResourceOperation) -> None:
            if operation.type == "AWS::Lambda::EventSourceMapping" and operation.verb == "create":
                problem = self._problem_of(operation.properties)
                if problem is not None:
                    raise HandlerError(f"{problem} (Service: Lambda, Status Code: 400)", "InvalidRequest")

        before_each(check)

    def _problem_of(self, mapping: Mapping[str, Any]) -> str | None:
        """The problem of a mapping that is to be made, in AWS's words: access that is missing, or the source itself.

        None: there is none, or no such function (name or ARN).
        """
        service = emulated("services.lambda_svc")
        source = str(mapping.get("EventSourceArn", ""))
        record = service._functions.get(service._resolve_name(str(mapping.get("FunctionName", ""))))
        return None if record is None else self._problem(record["config"], source) or _missing(source)

    def _problem(self, configuration: Mapping[str, Any], arn: str) -> str | None:
        """The first access that the function's role lacks to read a source (ARN), in AWS's words.

        None: it lacks nothing, or the source is no queue, Kinesis stream or table's stream.
        """
        actions, problem = _SOURCES.get(service_of(arn), ((), ""))
        stream = arn.partition("/consumer/")[0]
        role, name = str(configuration["Role"]), str(configuration["FunctionName"])
        for action in actions:
            if not self.calls.may_act(role, _LAMBDA, action, "*" if action == _ON_ALL else stream, name):
                name, last = (called.partition(":")[2] for called in (action, actions[-1]))
                return problem.format(name=name, arn=arn, last=last)
        return None


def _missing(arn: str) -> str | None:
    """AWS's words for a queue or a Kinesis stream that does not exist.

    None: it does, it is another account's, or of another service.
    """
    parts = arn.split(":")
    if len(parts) < 6 or parts[4] != place_of_request()["Account"]:  # noqa: PLR2004 - an ARN's parts
        return None
    if parts[2] == "sqs":
        queues = emulated("services.sqs")
        if queues._queue_by_arn(arn) is None:
            code, message = "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
            return f"Error occurred while ReceiveMessage. SQS Error Code: {code}. SQS Error Message: {message}"
    if parts[2] == "kinesis":
        streams = emulated("services.kinesis")
        if streams._resolve_stream_by_arn(arn.partition("/consumer/")[0]) is None:
            return f"Stream not found: {arn}"
    return None


def repair_filters() -> None:
    """Filters let through what Lambda lets through, in the process that serves. Called once.

    The emulator reads a field that is missing as null, and knows neither `$or` nor equals-ignore-case.

    Source: "Control which events Lambda sends to your function", filter rule syntax; "Using event filtering with an
    Amazon SQS event source", properly filtering messages (AWS Lambda Developer Guide).
    """
    rules = emulated("services.eventbridge")

    @instead_of(emulated("services.lambda_svc"), "_match_esm_filter")
    def matched(_match: Any, record: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
        """Return whether a record meets a filter's pattern; False for a pattern that AWS refuses."""
        # A text meets no pattern for JSON, not even one that wants a field to be missing.
        for name in ("body", "data"):
            if isinstance(pattern.get(name), dict) and not isinstance(record.get(name), dict | list):
                return False
        # The rules are those of EventBridge, which it knows all of; None: a pattern that AWS refuses.
        alternatives = rules._compiled_pattern(json.dumps(pattern)) or ()
        return any(rules._matches_detail(record, alternative) for alternative in alternatives)
