"""The denied request in this app: a denial's principal as a function, its operation as an action."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action
from remit.catalogue.meant_names import ranked
from remit.catalogue.operations import named, operation

if TYPE_CHECKING:
    from pathlib import Path

    from remit.answers.denial import Denial
    from remit.answers.explanation import Explanation
    from remit.answers.obstacles import Obstacle
    from remit.app import App
    from remit.holders import Holder

_MOST: Final = 3  # actions that an operation's bare name may mean
ACCOUNT: Final = re.compile(r"arn:[^:]*:(?:sts|iam)::(\d{12}):")
"""How the ARN of a principal begins that is of an account, which is the group."""
_RANDOM: Final = re.compile(r"-[A-Za-z0-9]{4,16}")


@dataclass(frozen=True, slots=True)
class LoadedApp:
    """The app in this folder, and its roles."""

    app: App
    roles: tuple[Holder, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a denial.

    `actions` are in AWS's own case; several where the message leaves it open. `function` is one of this app, when the
    one who asked is. `answers` are what the app's roles say, `conclusion` puts it in a sentence, `advice` says what to
    do, `unread` names the layers that nobody can look at from here. `obstacle` says why no statement can allow it; then
    no role is asked.
    """

    denial: Denial
    actions: tuple[str, ...]
    function: str | None
    answers: tuple[Explanation, ...] = ()
    conclusion: str = ""
    advice: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    obstacle: Obstacle | None = None
    kind: str = "function"
    """What `function` names: a function or a workflow of this app."""


def stage_of(denial: Denial, project: str) -> str | None:
    """The stage of the role that asked: `orders-STAGE-IngestRole-RANDOM`; else of the stack that failed.

    None: neither is the project's.
    """
    stage = rf"{re.escape(project)}-([a-z][a-z0-9-]{{0,19}}?)"
    role, _ = role_and_session(denial)
    match = re.fullmatch(rf"{stage}-[A-Z0-9][A-Za-z0-9]*-[A-Za-z0-9]+", role or "")
    match = match or re.fullmatch(stage, denial.stack or "")
    return None if match is None else match[1]


def function_of(project: LoadedApp, denial: Denial) -> str | None:
    """The function of this app that asked: by its session's name, its role's, or its resource in a failed stack.

    None: none of them did, or whoever deploys asked.
    """
    role, session = role_and_session(denial)
    namespace = project.app.namespace
    for function in project.app.functions:
        deployed_name = project.app.deployed_name(function)
        if session == deployed_name or (denial.principal is None and denial.function == deployed_name):
            return function.name
    for built_role in project.roles:
        if role is not None and _is_named(role, f"{namespace}-{built_role.logical_id}"):
            return next(iter(built_role.functions), None)
    deployers = denial.deploying and denial.layer != "trust"  # whose own it is, though the event names our resource
    of_this_stack = denial.principal is None and denial.stack in (None, namespace)
    if denial.logical_id is None or not of_this_stack or deployers:
        return None
    for function in project.app.functions:
        if denial.logical_id == function.resource_id:
            return function.name
    candidates = [function for function in project.app.functions if denial.logical_id.startswith(function.logical_id)]
    candidates.sort(key=lambda function: len(function.logical_id))
    return candidates[-1].name if candidates else None


def role_and_session(denial: Denial) -> tuple[str | None, str | None]:
    """The names in `arn:…:assumed-role/ROLE/SESSION` and, without a session (None), in `arn:…:role/PATH/ROLE`.

    Another principal, or none, has None for both.
    """
    tail = (denial.principal or "").split(":", 5)[-1]
    kind, _, name = tail.partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        return role, session
    return (name.rpartition("/")[2], None) if kind == "role" else (None, None)


def user_name(denial: Denial) -> str | None:
    """The name in `arn:…:user/PATH/NAME`; None where no user asked."""
    kind, _, name = (denial.principal or "").split(":", 5)[-1].partition("/")
    return name.rpartition("/")[2] if kind == "user" else None


def _is_named(name: str, start: str) -> bool:
    """Return whether CloudFormation made `name` of `start`: with a random end, cut so that 64 characters are enough."""
    head, _, end = name.rpartition("-")
    return _RANDOM.fullmatch(f"-{end}") is not None and (head == start or (len(name) >= 60 and start.startswith(head)))  # noqa: PLR2004 - 64, less what a shorter random end leaves


def actions_of(denial: Denial, project: LoadedApp | None, function: str | None) -> tuple[str, ...]:
    """The action that was asked for, in AWS's case; from an operation's name, the first three that it may need.

    Without a service that is known, every client's operation of that name counts, each by its first action. Empty where
    the denial tells neither, or the operation is not known.
    """
    if denial.action is not None:
        catalogued_action = action(denial.action)
        return (denial.action if catalogued_action is None else catalogued_action.full_name,)
    if denial.operation is None:
        return ()
    service = re.sub(r"^(Amazon|AWS) ?|v\d$", "", denial.service or "")
    api_operation = operation(service, denial.operation) if service else None
    if api_operation is not None:
        return (api_operation.actions or api_operation.perhaps)[:_MOST]
    candidates = dict.fromkeys(name for api_operation in named(denial.operation) for name in api_operation.actions[:1])
    return _preferred(tuple(candidates), project, function)[:_MOST]


def _preferred(actions: tuple[str, ...], project: LoadedApp | None, function: str | None) -> tuple[str, ...]:
    """Of several services' actions those of services that the role deals with; of none, S3's, or what is used most."""
    granted_services = set()
    for role in () if project is None else project.roles:
        if function is None or function in role.functions:
            for grant in role.grants:
                granted_services |= {pattern.partition(":")[0].lower() for pattern in grant.statement.actions.patterns}
    granted_actions = tuple(name for name in actions if name.partition(":")[0] in granted_services)
    return granted_actions or tuple(name for name in actions if name.startswith("s3:")) or ranked(actions)


def caller_of(denial: Denial) -> str | None:
    """Return the caller; None where the message has no more of them than their account, which is not its root user."""
    principal = denial.principal
    return None if principal is None or principal.isdigit() else principal


def account_of(denial: Denial) -> str:
    """The number of the account that asked; `unknown`, so that ARNs are taken as they stand, where no ARN tells it."""
    match = ACCOUNT.match(denial.principal or "")
    return match[1] if match else "unknown"
