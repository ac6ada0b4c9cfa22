"""Guard overrides: with the computed default replaced, or denied, say which features of which functions do not work.

What a function needs is computed as if nothing were replaced, and asked of the role as it is built.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.app import NO_REASON, App, Function, Grant, Reason
from remit.catalogue.actions import action as catalogued
from remit.catalogue.arns import fill, parse
from remit.errors import Origin, few
from remit.holders import Holder, inline
from remit.resources.own_resources import own_resources
from remit.roles import defaults, published_functions
from remit.roles.assign import bind, may_break, replaces
from remit.roles.reference_names import fill_references
from remit.roles.role_policies import (
    StatementSource,
    ask,
    names_at,
    own_verdict,
    places,
    ready_role,
    ready_roles,
    renamed,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.decide.evaluate import Decision

Severity: TypeAlias = Literal["error", "warning"]
Part: TypeAlias = "Callable[[App, Function], Iterator[Grant]]"
Context: TypeAlias = dict[str, str | None]
"""Condition keys that a request carries; None: it is known not to."""
Answer: TypeAlias = bool | tuple[str, ...]
"""Whether a role's policies allow something, or the condition keys that it depends on."""


@dataclass(frozen=True, slots=True)
class BrokenFeature:
    """A feature of a function that its role does not carry any more.

    `reason` says what the function does (`ingest takes messages from queue orders`), `effect` what happens without.
    `setting` is what replaced the default, or bounds the role; empty where a Deny was added to the default. `missing`
    has the needed actions that the role does not allow, `resources` on what. `depends` names what the answer
    hangs on where it is not known: condition keys, or managed policies that are not AWS's own. `denied`: a Deny of the
    role forbids them, so that no further Allow helps; `denies` is where it is written. `beyond`: the permissions
    boundary that does not allow them. `likewise` are the functions that lack the same (`grouped`), each for its own.
    """

    function: str
    role: str
    setting: str
    severity: Severity
    reason: Reason
    effect: str
    missing: tuple[str, ...]
    resources: tuple[str, ...]
    origin: Origin | None
    depends: tuple[str, ...] = ()
    denied: bool = False
    denies: tuple[Origin, ...] = ()
    beyond: str = ""
    likewise: tuple[str, ...] = ()

    @property
    def feature(self) -> str:
        """The feature of the function, in words."""
        return self.reason.sentence

    @property
    def cause(self) -> str:
        """How sentences name the setting, or the Deny, that broke it."""
        return f"`{self.setting}`" if self.setting else "a Deny"

    @property
    def message(self) -> str:
        """The loss in one sentence: the feature, and what is not allowed, denied, beyond the boundary or open."""
        actions, resources = ", ".join(self.missing), ", ".join(self.resources)
        feature = f"{self.feature} (likewise {few(self.likewise)})" if self.likewise else self.feature
        if self.depends:
            return f"{feature}: whether {actions} on {resources} is allowed depends on {', '.join(self.depends)}"
        if self.beyond:
            return f"{feature}, but the boundary {self.beyond} does not allow {actions} on {resources}: {self.effect}"
        if self.denied:
            written = f" (written at {', '.join(map(str, self.denies))})" if self.denies else ""
            return f"{feature}, but a Deny forbids {actions} on {resources}{written}: {self.effect}"
        return f"{feature}, but without {actions} on {resources} {self.effect}"

    @property
    def way(self) -> str:
        """The way to mend it, in words: widen the boundary, narrow the Deny, or add actions to the setting."""
        if self.beyond:
            return "widen the permissions boundary"
        return (
            "narrow the Deny" if self.denied else f"add to it with `{self.setting} += [...]`: {', '.join(self.missing)}"
        )


_REFUSES: Final = "Lambda refuses the function, and the deploy fails"
_EFFECTS: Final[dict[Part, tuple[Severity, str]]] = {
    defaults.logs: ("warning", "its logs are lost without a word"),
    defaults.network: ("error", _REFUSES),
    defaults.triggers: ("error", "the event source cannot be made, and the deploy fails"),
    defaults.job_source: ("error", "its jobs do not run"),
    defaults.jobs: ("warning", "`perform_later` is denied"),
    defaults.failed_jobs: ("warning", "jobs that fail wait as long as their queue hides them, and leave no reason"),
    defaults.job_marks: ("error", "jobs with `once=True` do not run"),
    defaults.shared_resources: ("warning", "`lookup` is denied"),
    defaults.tracing: ("error", _REFUSES),
    published_functions.dead_letters: ("error", _REFUSES),
    defaults.encryption: ("error", "what that key encrypts cannot be read, or sent"),
    defaults.encrypted_environment: ("error", "it does not start"),
    defaults.file_systems: ("error", "it does not start"),
}
"""What becomes of a function without each part of its default.

Lambda checks the role when a function, or an event source mapping, is made: "The provided execution role does not have
permissions to call CreateNetworkInterface on EC2" (… SendMessage on SQS, PutTraceSegments on XRAY, ReceiveMessage on
SQS). Logs, and calls of the function's own code, are denied silently or at run time.
"""
_CHECKED: Final = frozenset({
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
})  # fmt: skip
"""What Lambda tries before it makes a function in a VPC: all that AWSLambdaVPCAccessExecutionRole had in its v1."""
_UNCHECKED: Final[tuple[Severity, str]] = ("warning", "the role is short of what Lambda's documentation asks for")
_BY_LAMBDA: Final = frozenset(
    {
        defaults.network,
        defaults.triggers,
        defaults.job_source,
        published_functions.dead_letters,
        defaults.encrypted_environment,
    }
)
"""What Lambda itself asks for, in the role's name, and without saying for which function."""
_ACCOUNT: Final = "aws:PrincipalAccount"
_UNFORESEEN: Final[tuple[Severity, str]] = ("error", "that does not work")


def broken(app: App, roles: tuple[Holder, ...]) -> tuple[BrokenFeature, ...]:
    """The features of functions that an override of the default, a Deny or a boundary breaks, by function.

    `roles` are the app's as `assign` makes them. A function that brings a role of its own is not looked at. A boundary
    counts where its policy is known: AWS's, or the app's own.
    """
    if not may_break(app, roles):
        return ()
    plain = replace(app, default_policy=None, default_vpc_policy=None)
    own = own_resources(app)
    by_function = ready_roles(app, roles)
    names_by_place: dict[tuple[str, ...], dict[str, str]] = {}
    by_id = {
        role.logical_id: _PlacedRole(by_function[name], names_by_place) for role in roles for name in role.functions[:1]
    }
    losses: list[BrokenFeature] = []
    for function in app.functions:
        if function.name not in by_function:
            continue
        role = by_id[by_function[function.name].logical_id]
        for part in defaults.defaults_of(function):
            for grant in part(plain, function):
                if grant.statement.effect == "Deny":  # which is no need
                    continue
                losses += _losses_of(app, function, role, part, bind(grant, own))
    return _merged(losses)


def grouped(losses: Iterable[BrokenFeature], app: App) -> tuple[BrokenFeature, ...]:
    """The losses, where those that differ in function, role and the reason's subjects alone are one.

    It is the first of them, with the functions of the others in `likewise`. Each function's own log group counts as the
    same.
    """
    groups = {function.name: function.log_group_arn for function in app.functions}
    alike: dict[BrokenFeature, list[BrokenFeature]] = {}
    for loss in losses:
        log_group = groups[loss.function]
        key = replace(
            loss,
            function="",
            role="",
            reason=replace(loss.reason, subjects=()),
            resources=tuple("its log group" if resource == log_group else resource for resource in loss.resources),
        )
        alike.setdefault(key, []).append(loss)
    return tuple(replace(same[0], likewise=tuple(loss.function for loss in same[1:])) for same in alike.values())


def _merged(losses: Iterable[BrokenFeature]) -> tuple[BrokenFeature, ...]:
    """The losses, where those of one feature of a function are one, with the actions and resources of all."""
    features: dict[BrokenFeature, BrokenFeature] = {}
    for loss in losses:
        feature = replace(loss, missing=(), resources=())
        merged = features.get(feature, feature)
        missing = tuple(dict.fromkeys((*merged.missing, *loss.missing)))
        resources = tuple(dict.fromkeys((*merged.resources, *loss.resources)))
        features[feature] = replace(feature, missing=missing, resources=resources)
    return tuple(features.values())


class _PlacedRole:
    """A role as it is in each of the places that its statements name, made ready once for each.

    `names_by_place` says what references are in each place: all roles of an app have the same, so they share it.
    """

    def __init__(self, role: Holder, names_by_place: dict[tuple[str, ...], dict[str, str]]) -> None:
        # The context of each question says whose code asks.
        self.role = replace(role, source_arn="")
        self._names_by_place = names_by_place
        self._at: dict[tuple[str, ...], Holder] = {}

    def at(self, resource: str) -> Iterator[Holder]:
        """Yield the role in every place where it may be asked for a resource, the home place first."""
        for place in places(self.role, resource):
            where = tuple(place.values())
            if where not in self._names_by_place:
                self._names_by_place[where] = names_at(self.role.names, place)
            if where not in self._at:
                self._at[where] = renamed(self.role, self._names_by_place[where])
            yield self._at[where]

    @cached_property
    def bounds(self) -> _PlacedRole | None:
        """The permissions boundary as if it were a role; None where there is none, or nobody here has its policy."""
        role = self.role
        if not role.layers.boundary:
            return None
        grants = tuple(
            Grant(statement, NO_REASON, version=policy.version)
            for policy in role.layers.boundary
            for statement in policy.statements
        )
        boundary = ready_role(replace(role, policies=(inline(grants),), limits=()), role.names)
        return _PlacedRole(boundary, self._names_by_place)


def _losses_of(app: App, function: Function, role: _PlacedRole, part: Part, grant: Grant) -> Iterator[BrokenFeature]:
    """Yield what the role does not carry of one needed grant: a loss each for what stops its actions.

    Beyond the boundary, denied, not allowed, and open. The last two only where a setting replaces the default.
    """
    severity, effect = _EFFECTS.get(part, _UNFORESEEN)
    vpc_alone = app.default_policy is None
    feature = BrokenFeature(
        function=function.name,
        role=role.role.logical_id,
        setting=f"config.lambda_.iam.{'default_vpc_policy' if vpc_alone else 'default_policy'}",
        severity=severity,
        reason=replace(grant.reason, note=""),
        effect=effect,
        missing=(),
        resources=grant.statement.resources.patterns if grant.statement.resources else ("*",),
        origin=app.default_vpc_policy_origin if vpc_alone else app.default_policy_origin,
    )
    resources, context = feature.resources, _context(grant, function, part)
    answers: dict[str, Answer] = {}
    outside_boundary: list[str] = []
    for action in grant.statement.actions.patterns:
        answers[action] = _combined([_allowed(role, action, resource, context) for resource in resources])
        boundary = role.bounds
        if boundary and any(_allowed(boundary, action, resource, context) is False for resource in resources):
            outside_boundary.append(action)
    if outside_boundary:
        yield replace(
            feature,
            setting="config.lambda_.iam.permissions_boundary",
            missing=tuple(outside_boundary),
            beyond=str(role.role.boundary),
            severity=severity if replaces(app) else "warning",  # nobody replaced anything: it stops nothing
            origin=app.boundary_origin,
        )
    missing = [action for action, answer in answers.items() if answer is False]
    denials = {action: tuple(_denying(role, action, resources, context)) for action in missing}
    denied = tuple(action for action in missing if denials[action])
    if denied:
        grants = [denial.grant for action in denied for denial in denials[action]]
        origins = [written.origin for written in grants if written is not None]
        places = tuple(dict.fromkeys(origin for origin in origins if origin is not None))
        forbidden = replace(feature, missing=denied, denied=True, denies=places)
        yield forbidden if replaces(app) else replace(forbidden, setting="", origin=next(iter(places), None))
    if not replaces(app):
        return  # nobody replaced anything: what more the role lacks, remit does not grant either
    lacking = tuple(action for action in missing if not denials[action])
    if lacking:
        if part is defaults.network and _CHECKED.isdisjoint(lacking):
            severity, effect = _UNCHECKED
        unread = role.role.unread  # policies that nobody has here, and that may allow it
        severity = "warning" if unread else severity
        yield replace(feature, missing=lacking, severity=severity, effect=effect, depends=unread)
    open_answers = {action: answer for action, answer in answers.items() if isinstance(answer, tuple)}
    if open_answers:
        depends = tuple(dict.fromkeys(key for answer in open_answers.values() for key in answer))
        yield replace(feature, severity="warning", missing=tuple(open_answers), depends=depends)


def _context(grant: Grant, function: Function, part: Part) -> Context:
    """Return the context of requests that need a grant: its own conditions are met by them, and all come by TLS.

    Those of the function itself carry its ARN, and so do those of Lambda for logs, traces and file systems; what else
    Lambda asks for the function does not ("Using source function ARN to control function access behavior").
    """
    granted_keys = {
        condition.key: condition.values[0]
        for condition in grant.statement.conditions
        if condition.operator == "StringEquals" and len(condition.values) == 1
    }
    code = None if part in _BY_LAMBDA else function.unqualified_arn
    source = {} if part is defaults.encryption else {defaults.SOURCE_FUNCTION: code}
    return {_ACCOUNT: "${AWS::AccountId}", "aws:SecureTransport": "true", **source, **granted_keys}


def _allowed(role: _PlacedRole, action: str, resource: str, context: Context) -> Answer:
    """Return whether the role's policies allow an action in some place; else the keys it depends on in one, or False.

    Where an override names a region, an account or a partition, the user means the one that is deployed to.
    """
    best: Answer = False
    for role_in_place in role.at(resource):
        answer = _answer(role_in_place, action, resource, context)
        by_type = _resource_types(action, resource) if answer is False else ()
        if by_type:
            answer = _combined([_answer(role_in_place, action, pattern, context) for pattern in by_type])
        if answer is True:
            return True
        best = best or answer
    return best


def _denying(role: _PlacedRole, action: str, resources: tuple[str, ...], context: Context) -> Iterator[StatementSource]:
    """Yield the role's Deny statements that forbid an action on some of the resources, in any place.

    Some more than once.
    """
    for resource in resources:
        for role_in_place in role.at(resource):
            decision = _decision(role_in_place, action, resource, context)
            if own_verdict(decision) == "ExplicitlyDenied":
                yield from (source(role_in_place, ruling) for layer in decision.layers for ruling in layer.rulings)


def _answer(role: Holder, action: str, resource: str, context: Context) -> Answer:
    """Return whether a role's policies allow an action in the place that the role is put in.

    A tuple: the condition keys that it depends on, without those in the request's context; True where none are left.
    """
    decision = _decision(role, action, resource, context)
    verdict = own_verdict(decision)
    if verdict == "Unknown":
        known = (decision.request.context or {}).values()
        return tuple(key for key in decision.unknown if key not in known) or True
    return verdict == "Allowed"


def _decision(role: Holder, action: str, resource: str, context: Context) -> Decision:
    """Ask a role's identity policies in one place. ARNs without another account are the app's own."""
    arn = parse(fill_references(resource, role.names))
    request_context = {key: value and fill_references(value, role.names) for key, value in context.items()}
    if arn is None or not arn.account:
        request_context = {"aws:ResourceAccount": request_context[_ACCOUNT], **request_context}
    return ask(role, action, resource, context=request_context, identity_alone=True)


def _combined(answers: list[Answer]) -> Answer:
    """False if any answer is; else the keys of all that depend on some, in a tuple; else True."""
    if False in answers:
        return False
    return tuple(key for answer in answers if isinstance(answer, tuple) for key in answer) or True


def _resource_types(action: str, resource: str) -> tuple[str, ...]:
    """The ARNs of an action's required resource types that together are `…:*/*`; none for any other resource.

    Whoever allows them one by one means the same.
    """
    action_row = catalogued(action)
    arn = parse(resource)
    if action_row is None or arn is None or arn.resource != "*/*":
        return ()
    places = {"Partition": arn.partition, "Region": arn.region, "Account": arn.account}
    formats = (form for target in action_row.targets if target.required for form in target.type.arns)
    return tuple(fill(form, places) for form in formats if f":{arn.service}:" in form)
