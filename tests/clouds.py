"""The AWS on this machine beside the emulator that it is made of, for tests of what remit adds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Cloud:
    """The AWS on this machine, or the emulator without remit."""

    make_client: Callable[[str], Any]
    is_bare: bool
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def refuses(self) -> bool:
        """Whether it refuses what AWS does; the emulator alone does not, or the row of the table can go."""
        return not self.is_bare

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.make_client(service)
        return self.clients[service]

    def deploy(self, name: str, *, update: bool = False, **resources: Any) -> tuple[str, str]:
        """The status of a stack once it is made or updated, and the reason of its first failure."""
        cloudformation = self.client("cloudformation")
        operation = cloudformation.update_stack if update else cloudformation.create_stack
        body = json.dumps({"Resources": resources})
        operation(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
        return self.status(name)

    def status(self, name: str) -> tuple[str, str]:
        cloudformation = self.client("cloudformation")
        while True:
            status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failures = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return status, failures[-1] if failures else ""
