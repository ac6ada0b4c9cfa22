"""Assign a role to each function: its defaults and what is declared for it, each grant with its reason and line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.length import length
from remit.iam.policy import Globs, Statement, render_statement
from remit.resources.own_resources import OwnResources, own_resources
from remit.roles.defaults import default_grants, job_schedulers
from remit.roles.encryption_keys import grants_on_keys, with_keys_by_arn
from remit.triggers.trigger import BaseTrigger, trigger_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import App, Function, Grant

_LOG_GROUP: Final = 160
"""Characters that the longest ARN of a function's log group has, and a little more (see `policy_size`)."""
_FILLED: Final = 0.8
"""How much of all the room of a role may be taken, since whole statements leave some of each document empty."""
STATES: Final = "states.amazonaws.com"
_OWN_LOGS: Final = "${OwnLogGroup.Arn}"
_OWN_ARN: Final = "${OwnFunction.Arn}"


def assign(app: App) -> tuple[Holder, ...]:
    """A role of its own for every function, and those with which services call functions.

    Where the app says so (`share_roles`), functions whose access is identical but for each one's own log group share
    one. Grants on the app's own resources that are given by name go by Fn::GetAtt, so that CloudFormation knows the
    order.
    A function whose `properties` bring a role of its own gets none.
    """
    own = own_resources(app)
    groups: dict[object, list[tuple[Function, tuple[Grant, ...]]]] = {}
    for function in app.functions:
        if "Role" in function.properties:
            continue
        grants = _deduplicated(bind(grant, own) for grant in (*default_grants(app, function), *function.policy))
        shared: object = function.name
        if app.share_roles:
            anonymous = frozenset(_anonymous(grant.statement, function) for grant in grants)
            shared = anonymous, frozenset(function.managed)
        groups.setdefault(shared, []).append((function, grants))
    of_functions: list[Holder] = []
    for members in groups.values():
        for part in _parts(members) if len(members) > 1 else [members]:
            # Named after the first: the grants of all are equal but for their names.
            first_function, grants = part[0]
            functions = tuple(function for function, _ in part)
            if len(part) > 1:
                grants = tuple(_for_all(grant, first_function, functions) for grant in grants)
            policies = (inline(grants), *by_arn(first_function.managed))
            names = tuple(function.name for function in functions)
            of_functions.append(Holder(f"{first_function.logical_id}Role", policies, names, bounded(app.boundary)))
    return (*of_functions, *_service_roles(app, own))


def _service_roles(app: App, own: OwnResources) -> Iterator[Holder]:
    """Yield the roles with which services call functions, send jobs and run workflows, with the app's boundary."""
    for role in job_schedulers(app) if app.queues else ():
        yield replace(role, limits=bounded(app.boundary))
    roles: list[Holder] = []
    for declared in app.triggered:
        for trigger in declared.triggers:
            if isinstance(trigger, BaseTrigger):  # whoever writes a trigger of their own may leave `roles` out
                roles += trigger.roles(declared)
    if app.api.routes_in_body and "api" in trigger_files(app.functions):
        from remit.triggers.http_api_body import invoking_role  # noqa: PLC0415 - few apps are so large

        roles.append(invoking_role(app))
    for workflow in app.workflows:
        policies = (inline(workflow.grants), *by_arn(workflow.managed))
        functions = (workflow.listed_as,)
        roles.append(Holder(workflow.role_id, policies, functions, trusts=(STATES,), origin=workflow.origin))
    for role in roles:
        bound = _deduplicated(bind(grant, own) for grant in role.grants)
        policy = inline(_deduplicated((*bound, *grants_on_keys(app, bound))))
        yield replace(role, policies=(policy, *by_arn(role.managed)), limits=bounded(app.boundary))


def _parts(members: list[tuple[Function, tuple[Grant, ...]]]) -> Iterator[list[tuple[Function, tuple[Grant, ...]]]]:
    """Yield the members of a group in parts: as many as a role has room for, since each brings its log group's ARN.

    Where what they share is too long for that, the role will have managed policies: one more holds their log groups.
    """
    inline, managed = quota("iam.role.inline").most, quota("iam.managed").most
    # A reference gives an ARN or a name: it becomes as long as the longest of them at most.
    shared = sum(length(render_statement(grant.statement), lambda _: _LOG_GROUP) for grant in members[0][1])
    spare = quota("iam.role.managed").most - len(members[0][0].managed) - 1
    parted = inline < shared <= _FILLED * (inline + spare * managed)
    own = _LOG_GROUP * (2 if "VpcConfig" in members[0][0].properties else 1)  # its ARN, too
    most = max(1, (managed if parted else inline - shared) // own)
    for start in range(0, len(members), most):
        yield members[start : start + most]


def _for_all(grant: Grant, first_function: Function, functions: tuple[Function, ...]) -> Grant:
    """The grant as a shared role has it: about all functions and their log groups, where it was about the first one."""
    if grant.reason.subjects == (first_function.name,) and grant.reason.kind in ("computed", "function"):
        grant = replace(grant, reason=replace(grant.reason, subjects=tuple(function.name for function in functions)))
    source_arns = tuple(function.source_arn for function in functions)
    grant = replace(grant, statement=_with_source_arns(grant.statement, first_function, source_arns))
    resources = grant.statement.resources
    if resources is None or first_function.log_group_arn not in resources.patterns:
        return grant
    shared_patterns = tuple(pattern for pattern in resources.patterns if pattern != first_function.log_group_arn)
    patterns = (*(function.log_group_arn for function in functions), *shared_patterns)
    return replace(grant, statement=replace(grant.statement, resources=Globs(patterns, resources.negated)))


def _anonymous(statement: Statement, function: Function) -> Statement:
    """The statement with the function's own log group and ARN made the same for all: `identical access` compares it."""
    anonymous = _with_resources(statement, {function.log_group_arn: _OWN_LOGS})
    return _with_source_arns(anonymous, function, (_OWN_ARN,))


def _with_source_arns(statement: Statement, function: Function, arns: tuple[str, ...]) -> Statement:
    """The statement with other ARNs where a condition asks whether the function's code makes a request."""
    conditions = tuple(
        replace(condition, values=arns) if condition.values == (function.source_arn,) else condition
        for condition in statement.conditions
    )
    return replace(statement, conditions=conditions)


def _deduplicated(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The first grant of each statement, in order; a Sid that another statement has gets a number."""
    first_grants: dict[Statement, Grant] = {}
    for grant in grants:
        first_grants.setdefault(grant.statement, grant)  # its reason is the default's, where that has it as well
    # IAM wants each Sid once in a policy: where two declarations use the same, the second gets a number.
    used: set[str] = set()
    numbered = []
    for grant in first_grants.values():
        sid, number = grant.statement.sid, 2
        while sid in used:
            sid, number = f"{grant.statement.sid}{number}", number + 1
        if sid:
            used.add(sid)
        same = sid == grant.statement.sid
        numbered.append(grant if same else replace(grant, statement=replace(grant.statement, sid=sid)))
    return tuple(numbered)


def bind(grant: Grant, own: OwnResources) -> Grant:
    """The grant with the app's own resources named by Fn::GetAtt, and its keys by their ARNs."""
    if not own.by_id:
        return grant
    statement = with_keys_by_arn(_with_resources(grant.statement, own.late_bound_arns), own)
    return grant if statement is grant.statement else replace(grant, statement=statement)


def _with_resources(statement: Statement, names: Mapping[str, str]) -> Statement:
    """The statement with its resources bound by `bind_text`; itself where that changes none."""
    if statement.resources is None:
        return statement
    patterns = tuple(bind_text(pattern, names) for pattern in statement.resources.patterns)
    if patterns == statement.resources.patterns:
        return statement
    return replace(statement, resources=Globs(patterns, statement.resources.negated))


def bind_text(text: str, names: Mapping[str, str]) -> str:
    """The text with the ARN in `names` that it is, or is below (a bucket's objects, a table's indexes), replaced.

    The shortest of several counts. A text that begins with none of them stays.
    """
    if text in names:
        return names[text]
    head, slash, tail = text.partition("/")
    while slash:
        if head in names:
            return f"{names[head]}/{tail}"
        step, slash, tail = tail.partition("/")
        head = f"{head}/{step}"
    return text


def may_break(app: App, roles: Iterable[Holder]) -> bool:
    """Return whether an override, a Deny or a boundary is there that could break a feature.

    Most apps have none of these, and need no evaluator.
    """
    if replaces(app) or app.boundary is not None:
        return True
    return any(
        grant.statement.effect == "Deny" and grant.reason.kind != "computed" for role in roles for grant in role.grants
    )


def replaces(app: App) -> bool:
    """Return whether a setting replaces the computed default, or a part of it."""
    return app.default_policy is not None or app.default_vpc_policy is not None
