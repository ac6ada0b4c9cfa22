"""Access to schedules of EventBridge Scheduler: `scheduler.create("reminder-*", role=Data.runner)`.

Source of the actions: "Actions, resources, and condition keys for Amazon EventBridge Scheduler" (Service
Authorization Reference). A schedule is given by name or pattern, and its group; `role` is the role under which
Scheduler calls the target.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import RoleRef
from remit.grants import typed

_SCHEDULE: Final = typed.HERE % ("scheduler", "schedule/{}")


@verb
def create(name: str = "*", *, role: RoleRef, group: str = "default") -> typed.Grants:
    """Create schedules: scheduler:CreateSchedule, and iam:PassRole of the role to Scheduler alone."""
    return _on_schedules("create", "CreateSchedule", "creates", name, group, role)


@verb
def update(name: str = "*", *, role: RoleRef, group: str = "default") -> typed.Grants:
    """Change schedules: scheduler:UpdateSchedule, and iam:PassRole of the role to Scheduler alone."""
    return _on_schedules("update", "UpdateSchedule", "changes", name, group, role)


@verb
def read(name: str = "*", *, group: str = "default") -> typed.Grants:
    """Read schedules: scheduler:GetSchedule."""
    return _on_schedules("read", "GetSchedule", "reads", name, group)


@verb
def delete(name: str = "*", *, group: str = "default") -> typed.Grants:
    """Delete schedules: scheduler:DeleteSchedule."""
    return _on_schedules("delete", "DeleteSchedule", "deletes", name, group)


@verb
def list() -> typed.Grants:  # noqa: A001 - the verb, spelled scheduler.list
    """List the schedules of the account and region: scheduler:ListSchedules, for which IAM knows no resource."""
    return typed.everywhere(("scheduler:ListSchedules",), "lists schedules")


def _on_schedules(
    verb: str, operation: str, phrase: str, name: str, group: str, role: RoleRef | None = None
) -> typed.Grants:
    """The grants of a verb on schedules, and with a role, to pass it to the scheduler.

    An ARN as the name has its own group.
    """
    spelled = f"scheduler.{verb}"
    text = typed.text_of(name, spelled)
    path = text if text.startswith(("arn:", "${")) else f"{typed.text_of(group, spelled)}/{text}"
    arn = typed.arn(path, spelled, _SCHEDULE)
    grants = typed.grant((f"scheduler:{operation}",), (arn,), f"{phrase} schedules {path}")
    if role is not None:
        grants += typed.pass_role(role, "scheduler", spelled, f"{phrase} schedules {group}/{name}")
    return grants
