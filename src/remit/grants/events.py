"""Access to EventBridge buses: `events.put("orders", source="shop.orders")`.

Source of the actions: "Actions, resources, and condition keys for Amazon EventBridge" (Service Authorization
Reference). A bus is given by name, by ARN, or as a resource of the app; "default" is the one that every account has.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import BusRef
from remit.grants import typed

_BUS: Final = typed.ResourceKind("events", "event-bus/{}", "bus", "AWS::Events::EventBus")


@verb
def put(bus: BusRef = "default", *, source: str | None = None, detail_type: str | None = None) -> typed.Grants:
    """Put events on a bus: events:PutEvents, of one source or detail type where these are given.

    The conditions events:source and events:detail-type hold every event of a call to them ("Example policy: Send events
    to a custom bus in a different account", Amazon EventBridge User Guide).
    """
    conditions = (
        *typed.holding_each("events:source", source, verb="events.put"),
        *typed.holding_each("events:detail-type", detail_type, verb="events.put"),
    )
    about = "".join(f" {value}" for value in (source, detail_type) if value is not None)
    return _BUS.grants("events.put", f"puts events{about} on", bus, ("events:PutEvents",), *conditions)
