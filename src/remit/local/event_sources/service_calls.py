"""Decide what a service does by itself: invoke a function, by the function's policy, or act with a role.

What is denied does not happen, and is noted among the accesses that were decided, where people look for it. What a
function's role is used for counts as seen, as the calls of the function's code do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from remit.iam.decide.evaluate import ALL
from remit.local.authorization.access_log import AccessLog, AccessRecord, Verdict
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide, denial_message, trusts

_INVOKE: Final = "lambda:InvokeFunction"
_MOST_NOTED: Final = 10_000
"""Accesses that are remembered: a worker's log stream is one."""


@dataclass(frozen=True, slots=True)
class ServiceCalls:
    """The decisions on what services do, and the log that they are noted in."""

    log: AccessLog
    _noted: dict[tuple[str, str, str], tuple[Verdict, str]] = field(default_factory=dict, repr=False, compare=False)
    """The last decision on an access of a role, and its day: Lambda asks for a queue every second."""

    def may_invoke(self, service: str, function: str, source: str, account: str) -> bool:
        """Return whether a service (`sns.amazonaws.com`) may invoke a function (ARN) for a source (ARN), by its policy.

        A denial is noted in the log each time; what cannot be decided may be done.

        Source: "Using resource-based policies for Lambda" (AWS Lambda Developer Guide).
        """
        context = {"aws:SourceArn": source, "aws:SourceAccount": account}
        stored = decide(service, _INVOKE, function, context, resource_policy=resource_policy(_INVOKE, function))
        if not stored.is_denied:
            return True
        because = f"the function's policy does not let {service} invoke it for {source}"
        self.log.add(_record(service, "", _INVOKE, function, "denied", because))
        return False

    def may_act(self, role: str, service: str, action: str, resource: str, function: str = "") -> bool:
        """Return whether a service may do something with a role (ARN): the role trusts it, and its policies allow it.

        `function` is the name of the function whose role it is, if it is one's.
        """
        return not self.denial(role, service, action, resource, function)

    def denial(self, role: str, service: str, action: str, resource: str, function: str = "", session: str = "") -> str:
        """AWS's message where a service may not do something with a role, as `may_act` has it; empty where it may.

        What cannot be decided may be done. Each decision is noted. Nothing is asked of a service without a name: the
        role was taken on by another one. `session` is the name of the role's session, by which the message tells who
        asks.
        """
        if service and not trusts(role, service):
            because = f"{role} does not exist, or does not trust {service}"
            self._note(_record(role, function, action, resource, "denied", because))
            return because
        # A condition of the role's own policies may hold. One of the resource's policy must, such as
        # AWS:SourceOwner in the policy that every topic has.
        caller = role
        if session:
            _, partition, _, _, account, name = role.split(":", 5)
            caller = f"arn:{partition}:sts::{account}:assumed-role/{name.rpartition('/')[2]}/{session}"
        policies = resource_policy(action, resource)
        stored = decide(caller, action, resource, {}, open_keys=ALL, resource_policy=policies)
        if stored.verdict != "ExplicitlyDenied":  # which holds whatever the conditions are worth
            stored = decide(caller, action, resource, {}, open_keys=ALL)
        if stored.verdict == "ImplicitlyDenied":
            stored = decide(caller, action, resource, {}, resource_policy=policies)
        if stored.is_denied:
            self._note(_record(caller, function, action, resource, "denied", stored.decision.because))
            return denial_message(stored)
        decision: Verdict = "allowed" if stored.verdict == "Allowed" else "unknown"
        self._note(_record(role, function, action, resource, decision, "", stored.statement))
        return ""

    def _note(self, record: AccessRecord) -> None:
        """Note what a role was used for, once a day while the decision is the same; at most 10,000 are remembered.

        A denial goes into the log, anything else to those who are told of what was seen.
        """
        key = (record.caller, record.action, record.resource)
        decision_of_day = (record.decision, record.time[:10])
        if self._noted.get(key) == decision_of_day:
            return
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[key] = decision_of_day
        if record.decision == "denied":
            self.log.add(record)
        else:
            self.log.announce(record)


def _record(
    caller: str, function: str, action: str, resource: str, decision: Verdict, because: str, statement: str = ""
) -> AccessRecord:
    """An access that a service decided to make by itself: no request of a function, no place in its code."""
    return AccessRecord(
        caller=caller,
        function=function,
        operation=action,
        action=action,
        resource=resource,
        decision=decision,
        because=because,
        statement=statement,
        refused=decision == "denied",
    )
