"""Who asked, and for what: a denial's principal as a function of this app, its operation as an action."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action
from remit.catalogue.operations import named, operation
from remit.catalogue.resemblance import ranked

if TYPE_CHECKING:
    from pathlib import Path

    from remit.app import App, Role
    from remit.why.denial import Denial

_MOST: Final = 3  # actions that an operation's bare name may mean
ACCOUNT: Final = re.compile(r"arn:[^:]*:(?:sts|iam)::(\d{12}):")
"""How the ARN of a principal begins that is of an account, which is the group."""
_RANDOM: Final = re.compile(r"-[A-Za-z0-9]{4,16}")


@dataclass(frozen=True, slots=True)
class Here:
    """The app in this folder, and its roles."""

    app: App
    roles: tuple[Role, ...]
    folder: Path


def stage_of(denial: Denial, project: str) -> str | None:
    """The stage of the role that asked, when it is one of the project's: `orders-STAGE-IngestRole-RANDOM`."""
    stage = rf"{re.escape(project)}-([a-z][a-z0-9-]{{0,19}}?)"
    role, _ = role_and_session(denial)
    found = re.fullmatch(rf"{stage}-[A-Z0-9][A-Za-z0-9]*-[A-Za-z0-9]+", role or "")
    found = found or re.fullmatch(stage, denial.stack or "")
    return None if found is None else found[1]


def function_of(here: Here, denial: Denial) -> str | None:
    """The function of this app that asked: by its session's name, its role's, or its resource in a failed stack."""
    role, session = role_and_session(denial)
    namespace = here.app.namespace
    for one in here.app.functions:
        if denial.principal is None and denial.function == f"{namespace}-{one.name}":
            return one.name
        if session == f"{namespace}-{one.name}":
            return one.name
    for made in here.roles:
        if role is not None and _is_named(role, f"{namespace}-{made.logical_id}"):
            return made.functions[0]
    deployers = denial.deploying and denial.layer != "trust"  # whose own it is, though the event names our resource
    named = denial.logical_id is not None and denial.principal is None and denial.stack in (None, namespace)
    if named and not deployers and denial.logical_id is not None:
        near = [one for one in here.app.functions if denial.logical_id.startswith(one.logical_id)]
        return max(near, key=lambda one: len(one.logical_id)).name if near else None
    return None


def role_and_session(denial: Denial) -> tuple[str | None, str | None]:
    """The names in `arn:…:assumed-role/ROLE/SESSION` and `arn:…:role/PATH/ROLE`."""
    tail = (denial.principal or "").split(":", 5)[-1]
    kind, _, rest = tail.partition("/")
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        return role, session
    return (rest.rpartition("/")[2], None) if kind == "role" else (None, None)


def _is_named(name: str, start: str) -> bool:
    """Whether CloudFormation made `name` of `start`: with a random end, cut so that 64 characters are enough."""
    head, _, end = name.rpartition("-")
    return _RANDOM.fullmatch(f"-{end}") is not None and (head == start or (len(name) >= 60 and start.startswith(head)))  # noqa: PLR2004 - 64, less what a shorter random end leaves


def actions_of(denial: Denial, here: Here | None, function: str | None) -> tuple[str, ...]:
    """The action that was asked for, in AWS's case; from an operation's name, those that it may need."""
    if denial.action is not None:
        known = action(denial.action)
        return (denial.action if known is None else known.full_name,)
    if denial.operation is None:
        return ()
    service = re.sub(r"^(Amazon|AWS) ?|v\d$", "", denial.service or "")
    called = operation(service, denial.operation) if service else None
    if called is not None:
        return (called.actions or called.perhaps)[:_MOST]
    found = dict.fromkeys(name for one in named(denial.operation) for name in one.actions[:1])
    return _likely(tuple(found), here, function)[:_MOST]


def _likely(actions: tuple[str, ...], here: Here | None, function: str | None) -> tuple[str, ...]:
    """Of several services' actions those of services that the role deals with; of none, S3's, or what is used most."""
    roles = () if here is None else tuple(role for role in here.roles if function is None or function in role.functions)
    dealt = {
        pattern.partition(":")[0].lower()
        for role in roles
        for grant in role.grants
        for pattern in grant.statement.actions.patterns
    }
    near = tuple(name for name in actions if name.partition(":")[0] in dealt)
    return near or tuple(name for name in actions if name.startswith("s3:")) or ranked(actions)


def account_of(denial: Denial) -> str:
    """The account that asked; where nobody is told, none, so that an ARN is taken as it stands."""
    found = ACCOUNT.match(denial.principal or "")
    return found[1] if found else "unknown"
