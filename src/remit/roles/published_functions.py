"""The access of durable functions, and of asynchronous calls to destinations and dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from remit.app import App, Function, Grant
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.policy import allow
from remit.resources.names import SENDING, SERVICES, own_id
from remit.resources.own_resources import own_resources

_DESTINATIONS: Final = {**SENDING, "lambda": "lambda:InvokeFunction", "events": "events:PutEvents"}
"""What sends to a destination, by its service ("Capturing records of Lambda asynchronous invocations")."""


def durable_executions(_app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to keep and read the state of its executions, of any of its versions, and of no other function.

    Source: "Security and permissions for Lambda durable functions" (AWS Lambda Developer Guide). The function is named
    by its text, since a role that referred to it would be a circular dependency.
    """
    own = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{function.physical_name}:*"
    yield Grant(
        allow("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", on=own),
        function.computed("keeps the state of its durable executions"),
        function.written.get("DurableConfig", function.origin),
    )


def destinations(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grants to send the records of asynchronous calls to their destinations.

    RemitError: an ARN can be no destination.
    """
    for outcome, destination in function.event_invoke.get("DestinationConfig", {}).items():
        arn = destination["Destination"]
        actions = _sending_actions(app, arn, _DESTINATIONS)
        if not actions:
            raise RemitError(
                f"function `{function.name}` has the destination {arn!r}, which Lambda sends nothing to",
                hint="a destination is a queue, a topic, a function or an event bus",
                origin=function.origin,
            )
        word = "succeeded" if outcome == "OnSuccess" else "failed"
        reason = function.computed(f"sends records of calls that {word} to their destination")
        yield Grant(allow(*actions, on=arn), reason, function.origin)


def dead_letters(app: App, function: Function) -> Iterator[Grant]:
    """Yield the grant to send events that failed to the dead-letter target; none without one.

    RemitError: its ARN can be none.
    """
    arn = tokens.textual(function.properties.get("DeadLetterConfig", {}).get("TargetArn"))
    if not isinstance(arn, str):
        return
    written = function.written.get("DeadLetterConfig", function.origin)
    actions = _sending_actions(app, arn, SENDING)
    if not actions:
        raise RemitError(
            f"function `{function.name}` has the dead-letter target {arn!r}, which Lambda sends nothing to",
            hint="a dead-letter target is a queue or a topic; `on_failure` takes a function or an event bus, too",
            origin=written,
        )
    yield Grant(allow(*actions, on=arn), function.computed("sends failed events to its dead-letter target"), written)


def _sending_actions(app: App, arn: str, actions: Mapping[str, str]) -> tuple[str, ...]:
    """The action that sends to what an ARN names: none if nothing can, all where only the deploy knows what it is."""
    if arn.startswith("arn:"):
        service = arn.replace(tokens.PARTITION, "aws").split(":")[2]
        return (actions[service],) if service in actions else ()
    resource = own_resources(app).by_id.get(own_id(arn))
    if resource is None:
        return tuple(actions.values())
    service = SERVICES.get(resource.type, "")
    return (actions[service],) if service in actions else ()
