"""Lambda writes a function's log with the function's role: where that may not, the lines are lost.

Source: "Sending Lambda function logs to CloudWatch Logs", IAM permissions (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.stored_policies import stored_identity

if TYPE_CHECKING:
    from remit.local.event_sources.service_calls import ServiceCalls
    from remit.local.functions.deployed_function import DeployedFunction

_LAMBDA: Final = "lambda.amazonaws.com"


@dataclass(frozen=True, slots=True)
class FunctionLogs:
    """The right of functions' roles to write logs. A denial is noted once among the decided accesses."""

    calls: ServiceCalls

    def may_write(self, function: DeployedFunction, stream: str) -> bool:
        """Return whether a function's role may write to a stream of its log group, which is made if there is none.

        A role that does not exist is not judged: no function in AWS has one.
        """
        if stored_identity(function.role) is None:
            return True
        group = f"arn:aws:logs:{function.region}:{function.account}:log-group:{function.log_group}"
        needs = [("logs:CreateLogStream", f"{group}:log-stream:{stream}")]
        needs.append(("logs:PutLogEvents", f"{group}:log-stream:{stream}"))
        if not _exists(function):
            needs.insert(0, ("logs:CreateLogGroup", group))
        return all(self.calls.may_act(function.role, _LAMBDA, *need, function.name) for need in needs)


def _exists(function: DeployedFunction) -> bool:
    logs: Any = importlib.import_module("ministack.services.cloudwatch_logs")
    groups = logs._log_groups  # noqa: SLF001 - the emulator has no other way to ask
    return groups.get_scoped(function.account, function.region, function.log_group) is not None
