"""Decide what a service does by itself: invoke a function, by the function's policy, or act with a role.

What is denied does not happen, and is noted among the accesses that were decided, where people look for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from remit.iam.decide.evaluate import ALL
from remit.local.authorization.access_log import AccessRecord
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide, trusts

if TYPE_CHECKING:
    from remit.local.authorization.access_log import AccessLog

_DENIED: Final = frozenset({"ExplicitlyDenied", "ImplicitlyDenied"})
_INVOKE: Final = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True)
class ServiceCalls:
    """The decisions on what services do, and the log that they are noted in."""

    log: AccessLog
    _noted: set[tuple[str, str, str]] = field(default_factory=set, repr=False, compare=False)
    """What was denied to a role and is noted already: Lambda asks for a queue every second."""

    def may_invoke(self, service: str, function: str, source: str, account: str) -> bool:
        """Whether a service (`sns.amazonaws.com`) may invoke a function (ARN) for a source (ARN), by its policy.

        Source: "Using resource-based policies for Lambda" (AWS Lambda Developer Guide).
        """
        context = {"aws:SourceArn": source, "aws:SourceAccount": account}
        stored = decide(service, _INVOKE, function, context, resource_policy=resource_policy(_INVOKE, function))
        if stored.verdict not in _DENIED:
            return True
        because = f"the function's policy does not let {service} invoke it for {source}"
        self._note(service, "", _INVOKE, function, because)
        return False

    def may_act(self, role: str, service: str, action: str, resource: str, function: str = "") -> bool:
        """Whether a service may do something with a role (ARN): the role trusts it, and its policies allow it.

        `function` is the name of the function whose role it is, if it is one's.
        """
        key = (role, action, resource)
        if not trusts(role, service):
            because = f"{role} does not exist, or does not trust {service}"
        else:
            # A condition of the role's own policies may hold. One of the resource's policy must, such as
            # AWS:SourceOwner in the policy that every topic has.
            stored = decide(role, action, resource, {}, open_keys=ALL)
            if stored.verdict == "ImplicitlyDenied":
                stored = decide(role, action, resource, {}, resource_policy=resource_policy(action, resource))
            if stored.verdict not in _DENIED:
                self._noted.discard(key)
                return True
            because = stored.decision.because
        if key not in self._noted:
            self._noted.add(key)
            self._note(role, function, action, resource, because)
        return False

    def _note(self, caller: str, function: str, action: str, resource: str, because: str) -> None:
        service, _, name = action.partition(":")
        self.log.add(
            AccessRecord(
                time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                caller=caller,
                function=function,
                request_id="",
                operation=f"{service}:{name}",
                action=action,
                resource=resource,
                decision="denied",
                because=because,
                statement="",
                file="",
                line=0,
            )
        )
