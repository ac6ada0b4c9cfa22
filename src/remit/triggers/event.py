"""Events on a bus of EventBridge that run a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Final

from remit.app import Grant, Resource, Triggered, Workflow
from remit.declare.resource_references import BusRef, QueueRef
from remit.errors import RemitError
from remit.holders import Holder, inline, trusting
from remit.iam import tokens
from remit.iam.policy import Condition, allow
from remit.resources.names import arn_of, own_id
from remit.triggers.event_pattern import EVENTBRIDGE, checked_pattern
from remit.triggers.failure_destination import dead_letter_queue, queue_policy
from remit.triggers.invoke_permission import permission
from remit.triggers.record_fields import EVENT
from remit.triggers.source import check_range, checked_json, position_suffix, retry_policy
from remit.triggers.trigger import BaseTrigger, TriggerSource

Values = str | Sequence[str | Mapping[str, Any]]
"""A value, or a list of values and comparisons (`{"prefix": "aws."}`)."""
_EVENTS: Final = "events.amazonaws.com"
_MOST_PATTERN: Final = 2_048
"""Characters of an event pattern ("Amazon EventBridge quotas")."""


@dataclass(frozen=True, slots=True)
class Event(BaseTrigger):
    """Run on events of EventBridge: `@app.function(on.event(source="shop", detail_type="Order placed"))`.

    `source`, `detail_type`, `account`, `region` and `resource_arns` take a value or a list; `detail` is the pattern of
    the event's own fields. `bus` is a bus by name, by ARN or as a resource of the app; the account's default
    bus if none is given. `input` is the event that the handler gets (any JSON) in place of EventBridge's. EventBridge
    tries again `retries` times (0 to 185) for `max_event_age` seconds (60 to 86,400), and then sends the event to the
    queue `dead_letter`.
    """

    offers = ("bus", "Name", "The bus to put events on")

    _: KW_ONLY
    source: Values | None = None
    detail_type: Values | None = None
    detail: Mapping[str, Any] | None = None
    bus: BusRef | None = None
    account: Values | None = None
    region: Values | None = None
    resource_arns: Values | None = None
    input: Any = None
    retries: int | None = None
    max_event_age: int | None = None
    dead_letter: QueueRef | None = None
    enabled: bool = True

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the bus, the pattern, the numbers, the input, the queue."""
        if self.bus is not None:
            yield partial(arn_of, self.bus, "events", "event-bus/")
        yield self._check_pattern
        yield partial(check_range, "retries", self.retries, 0, 185)
        yield partial(check_range, "max_event_age", self.max_event_age, 60, 86_400)
        yield partial(checked_json, "event's input", self.input)
        if self.dead_letter is not None:
            yield partial(dead_letter_queue, self.dead_letter)

    def _check_pattern(self) -> None:
        """Refuse with RemitError (2) a pattern that EventBridge does not take, or that is too long."""
        length = len(checked_json("event's pattern", self.pattern))
        if length > _MOST_PATTERN:
            raise RemitError(f"the event pattern has {length:,} characters; EventBridge allows {_MOST_PATTERN:,}")

    @property
    def pattern(self) -> dict[str, Any]:
        """The event pattern as plain JSON. RemitError: there is none, EventBridge refuses it, or it matches nothing."""
        fields = {
            "source": self.source,
            "detail-type": self.detail_type,
            "account": self.account,
            "region": self.region,
            "resources": self.resource_arns,
        }
        pattern: dict[str, Any] = {}
        for name, value in fields.items():
            if value is not None:
                pattern[name] = [value] if isinstance(value, str) else value
        if self.detail is not None:
            pattern["detail"] = self.detail
        if not pattern:
            raise RemitError("event(…) has no pattern", hint='such as source="shop" or detail_type="Order placed"')
        return checked_pattern(pattern, "event", EVENTBRIDGE, EVENT)

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the bus, and the dead-letter queue."""
        if self.bus is not None:
            yield TriggerSource("event bus", arn_of(self.bus, "events", "event-bus/"))
        if self.dead_letter is not None:
            yield TriggerSource("queue", dead_letter_queue(self.dead_letter).arn, "to which EventBridge may send")

    def resources(self, function: Triggered) -> Iterator[Resource]:
        """The rule, the policy of a dead-letter queue of the app, and a function's permission for this rule alone.

        A workflow needs no permission: EventBridge starts it with the role of `roles`.
        """
        rule = f"{function.logical_id}Event{position_suffix(self, function)}"
        target: dict[str, Any] = {"Id": "function", "Arn": function.arn}
        if isinstance(function, Workflow):
            target = {"Id": "workflow", "Arn": function.arn, "RoleArn": f"${{{function.logical_id}EventRole.Arn}}"}
        if self.input is not None:
            target["Input"] = checked_json("event's input", self.input)
        target |= retry_policy(self)
        if self.dead_letter is not None:
            target["DeadLetterConfig"] = {"Arn": dead_letter_queue(self.dead_letter).arn}
        properties: dict[str, Any] = {
            "EventPattern": self.pattern,
            "State": "ENABLED" if self.enabled else "DISABLED",
            "Targets": [target],
        }
        if self.bus is not None:  # the name of the app's own, the name or ARN of another
            bus = own_id(self.bus)
            properties["EventBusName"] = f"${{{bus}}}" if bus else str(tokens.plain(self.bus))
        yield Resource(rule, "AWS::Events::Rule", properties, origin=function.origin)
        if self.dead_letter is not None:
            yield from queue_policy(self.dead_letter, _EVENTS, f"${{{rule}.Arn}}", function)
        if not isinstance(function, Workflow):
            yield permission(function, f"{rule}Permission", _EVENTS, f"${{{rule}.Arn}}")

    def roles(self, function: Triggered) -> Iterator[Holder]:
        """Yield, with the first event of a workflow, the role with which EventBridge starts it; a function needs none.

        Only EventBridge in this account can use it ("Amazon EventBridge and IAM": a target that is a state machine).
        """
        if not isinstance(function, Workflow) or position_suffix(self, function):
            return
        starts = Grant(
            allow(function.start, on=function.arn), function.computed("is started by events"), function.origin
        )
        from_here = Condition("StringEquals", "aws:SourceAccount", (tokens.ACCOUNT,))
        yield Holder(
            f"{function.logical_id}EventRole",
            (inline((starts,)),),
            trusts=(_EVENTS,),
            trust=trusting((_EVENTS,), from_here),
            origin=function.origin,
        )
