"""What is deployed, for people and for programs: outputs, functions, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.report.documents import members
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deploy.session import Account
    from remit.deploy.stack import StackOutput
    from remit.deploy.status import DeployedResource, StackStatus
    from remit.holders import Holder


def place(account: Account) -> str:
    """The place of an account, in words."""
    name = "the AWS on this machine" if account.local else f"account {account.account}"
    return f"{name}, {account.region}"


def place_document(account: Account) -> dict[str, Any]:
    """The place of an account, for programs."""
    return {"account": account.account, "region": account.region, "local": account.local}


def output_lines(outputs: Iterable[StackOutput]) -> Iterator[str]:
    """The outputs, a line each, under their heading; nothing when there are none."""
    yield from _table("outputs", [(output.name, output.value) for output in outputs])


def role_summary(roles: Iterable[Holder]) -> Iterator[str]:
    """The roles, a line each, under their heading: how many statements for which functions."""
    rows = []
    for role in roles:
        statements = f"{len(role.grants)} statement{'' if len(role.grants) == 1 else 's'}"
        rows.append((role.logical_id, f"{statements} for {', '.join(role.serves)}"))
    yield from _table("roles", rows)


def status_lines(status: StackStatus, account: Account) -> Iterator[str]:
    """A stack: its status, its protection and drift, its outputs, functions and roles, and what failed."""
    stack = status.stack
    yield f"{stack.name} in {place(account)}: {stack.status} since {stack.since[:16].replace('T', ' ')} UTC"
    if stack.reason:
        yield f"  {shown(stack.reason)}"
    if stack.status == "DELETE_FAILED":
        flag = " --local" if account.local else ""
        yield f"  half deleted: `remit delete{flag}` finishes that; with `--empty` it empties buckets first"
    if stack.protected:
        yield "  protected against deletion"
    if stack.drift not in ("NOT_CHECKED", "IN_SYNC"):
        yield f"  drift: {stack.drift}"
    yield from output_lines(stack.outputs)
    yield from _table("functions", [(item.logical_id, item.physical_id) for item in status.functions])
    yield from _table("roles", [(item.logical_id, item.physical_id) for item in status.roles])
    yield from _table("failed", [(item.logical_id, f"{item.status}  {item.reason}") for item in status.failed])


def status_document(status: StackStatus, account: Account) -> dict[str, Any]:
    """A stack for programs."""
    stack = status.stack
    return {
        "namespace": stack.name,
        "deployed": True,
        **place_document(account),
        **members(stack, "status", "reason", "since", "protected", "drift"),
        "service_role": stack.service_role or None,
        "outputs": outputs_document(stack.outputs),
        "functions": _names(status.functions),
        "roles": _names(status.roles),
        "resources": [members(item, "logical_id", "type", "physical_id", "status") for item in status.resources],
    }


def outputs_document(outputs: Iterable[StackOutput]) -> dict[str, str]:
    """Outputs by name."""
    return {output.name: output.value for output in outputs}


def _names(items: Iterable[DeployedResource]) -> dict[str, str]:
    return {item.logical_id: item.physical_id for item in items}


def _table(heading: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    """A heading, and a line for each row; nothing where there are none."""
    if rows:
        width = max(len(name) for name, _ in rows)
        yield heading
        yield from (shown(f"  {name:<{width}}  {value}".rstrip()) for name, value in rows)
