"""The resource that services ask IAM about for actions that list things, where the reference names no type.

It stands for all of a kind, and a pattern of an ARN may match it: `log-group:*` does, a group's own ARN does not. From
the messages in which the services deny them (AccessDenied: not authorized to perform … on resource …).
"""

from __future__ import annotations

from typing import Final

ASKED: Final = {
    "dynamodb:ListTables": "table/*",
    "logs:DescribeExportTasks": "log-group::log-stream:",
    "logs:DescribeLogGroups": "log-group::log-stream:",
    "states:ListStateMachines": "stateMachine:*",
}
"""By the action: what stands behind the account in that ARN."""
