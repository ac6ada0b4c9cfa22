"""What durable functions and destinations of asynchronous calls take of a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.app import Grant
from remit.errors import RemitError
from remit.iam.policy import allow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App, Function

_ACTIONS: Final = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}
"""By the service of a destination ("Capturing records of Lambda asynchronous invocations")."""
_TYPES: Final = {
    "AWS::SQS::Queue": "sqs",
    "AWS::SNS::Topic": "sns",
    "AWS::Lambda::Function": "lambda",
    "AWS::Events::EventBus": "events",
}


def durable_executions(_app: App, function: Function) -> Iterator[Grant]:
    """Keep and read the state of a durable function's executions, of any of its versions, and of no other function.

    Source: "Security and permissions for Lambda durable functions" (AWS Lambda Developer Guide). The function is
    named by its text, since a role that referred to it would be a circular dependency.
    """
    if "DurableConfig" in function.properties:
        own = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{function.physical_name}:*"
        yield Grant(
            allow("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", on=own),
            function.computed("keeps the state of its durable executions"),
            function.written.get("DurableConfig", function.origin),
        )


def destinations(app: App, function: Function) -> Iterator[Grant]:
    """Send the records of asynchronous calls to their destinations. RemitError: what can be none."""
    for outcome, destination in function.event_invoke.get("DestinationConfig", {}).items():
        arn = destination["Destination"]
        service = _service(app, arn)
        if service not in _ACTIONS:
            raise RemitError(
                f"function `{function.name}` has the destination {arn!r}, which Lambda sends nothing to",
                hint="a destination is a queue, a topic, a function or an event bus",
                origin=function.origin,
            )
        word = "succeeded" if outcome == "OnSuccess" else "failed"
        reason = function.computed(f"sends records of calls that {word} to their destination")
        yield Grant(allow(_ACTIONS[service], on=arn), reason, function.origin)


def _service(app: App, arn: str) -> str:
    if arn.startswith("arn:"):
        return arn.replace("${AWS::Partition}", "aws").split(":")[2]
    logical_id = arn.strip("${}").partition(".")[0]
    types = {resource.logical_id: resource.type for resource in app.resources}
    return _TYPES.get(types.get(logical_id, ""), "")
