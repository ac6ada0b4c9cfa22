"""Guard overrides: with the computed default replaced, say which features of which functions no longer work.

What a function needs is computed as if nothing were replaced, and asked of the role as it is built.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.app import Grant
from remit.catalogue.actions import action as catalogued
from remit.catalogue.arns import fill, parse
from remit.explain.ask import ask, at, own_verdict, places, standing, standings
from remit.grants import defaults
from remit.grants.assign import bind
from remit.grants.encrypted import encryption
from remit.grants.own import own_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.app import App, Function, Role
    from remit.errors import Origin
    from remit.explain.ask import Standing

Severity: TypeAlias = Literal["error", "warning"]
Part: TypeAlias = "Callable[[App, Function], Iterator[Grant]]"
Answer: TypeAlias = bool | tuple[str, ...]
"""Whether a role's policies allow something, or the condition keys that it depends on."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A feature of a function that its role does not carry any more.

    `feature` says what the function does (`ingest takes messages from queue orders`), `effect` what happens without.
    `missing` has the needed actions that the role does not allow, `resources` on what. `depends` names what the answer
    hangs on where it is not known: condition keys, or managed policies that are not AWS's own. `denied`: a Deny of the
    role forbids them, so that no further Allow helps. `beyond`: the permissions boundary that does not allow them.
    `more`: how many functions beside this one it is true of.
    """

    function: str
    role: str
    setting: str
    severity: Severity
    feature: str
    effect: str
    missing: tuple[str, ...]
    resources: tuple[str, ...]
    origin: Origin | None
    depends: tuple[str, ...] = ()
    denied: bool = False
    beyond: str = ""
    more: int = 0

    @property
    def message(self) -> str:
        """One sentence."""
        what, where = ", ".join(self.missing), ", ".join(self.resources)
        if self.more:
            return replace(self, feature=f"{self.feature} (and so do {self.more} functions more)", more=0).message
        if self.depends:
            return f"{self.feature}: whether {what} on {where} is allowed depends on {', '.join(self.depends)}"
        if self.beyond:
            return f"{self.feature}, but the boundary {self.beyond} does not allow {what} on {where}: {self.effect}"
        if self.denied:
            return f"{self.feature}, but a Deny forbids {what} on {where}: {self.effect}"
        return f"{self.feature}, but without {what} on {where} {self.effect}"

    @property
    def way(self) -> str:
        """What to do about it."""
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
    defaults.jobs: ("error", "its jobs do not run"),
    defaults.shared_resources: ("warning", "`lookup` is denied"),
    defaults.tracing: ("error", _REFUSES),
    defaults.dead_letters: ("error", _REFUSES),
    encryption: ("error", "what that key encrypts cannot be read, or sent"),
    defaults.encrypted_environment: ("error", "it does not start"),
    defaults.file_systems: ("error", "it does not start"),
}
"""What becomes of a function without each part of its default.

Lambda checks the role when a function, or an event source mapping, is made: "The provided execution role does not have
permissions to call CreateNetworkInterface on EC2" (… SendMessage on SQS, PutTraceSegments on XRAY, ReceiveMessage on
SQS). Logs, and calls of the function's own code, are denied silently or at run time.
"""
_MANY: Final = 3  # functions of which the same is told one by one
_SENDING: Final[tuple[Severity, str]] = ("warning", "`perform_later` is denied")
_UNFORESEEN: Final[tuple[Severity, str]] = ("error", "that does not work")


def broken(app: App, roles: tuple[Role, ...]) -> tuple[Broken, ...]:
    """What an override of `default_policy` or `default_vpc_policy`, or the boundary, breaks, function by function.

    `roles` are the app's as `assign` makes them. A function that brings a role of its own is not looked at. A boundary
    counts where its policy is known: AWS's, or the app's own.
    """
    if app.default_policy is None and app.default_vpc_policy is None and app.boundary is None:
        return ()
    plain = replace(app, default_policy=None, default_vpc_policy=None)
    own, asked = own_resources(app), standings(app, roles)
    found = (
        one
        for function in app.functions
        if function.name in asked
        for part in defaults.DEFAULTS
        for grant in part(plain, function)
        for one in _broken(app, function, asked[function.name], part, bind(grant, own))
    )
    return _merged(found)


def alike(found: Iterable[Broken]) -> tuple[Broken, ...]:
    """The same with what breaks in many functions told once, of the first of them, with how many more there are."""
    groups: dict[Broken, list[Broken]] = {}
    for one in found:
        feature = one.feature.removeprefix(one.function)
        groups.setdefault(replace(one, function="", role="", feature=feature, resources=()), []).append(one)
    return tuple(
        one
        for group in groups.values()
        for one in ([replace(group[0], more=len(group) - 1)] if len(group) > _MANY else group)
    )


def _merged(found: Iterable[Broken]) -> tuple[Broken, ...]:
    """One for each feature of a function, however many statements it needs."""
    features: dict[Broken, Broken] = {}
    for one in found:
        key = replace(one, missing=(), resources=())
        first = features.get(key)
        features[key] = (
            one
            if first is None
            else replace(
                first, missing=_joined(first.missing, one.missing), resources=_joined(first.resources, one.resources)
            )
        )
    return tuple(features.values())


def _joined(first: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *more)))


def _broken(
    app: App,
    function: Function,
    role: Standing,
    part: Part,
    grant: Grant,
) -> Iterator[Broken]:
    """The actions of one needed grant that the role denies, and those of which nobody can say."""
    resources = grant.statement.resources.patterns if grant.statement.resources else ("*",)
    answers = {
        action: _all([_allowed(role, action, resource, _context(grant)) for resource in resources])
        for action in grant.statement.actions.patterns
    }
    severity, effect = _EFFECTS.get(part, _UNFORESEEN)
    if part is defaults.jobs and "sqs:SendMessage" in answers:
        severity, effect = _SENDING
    vpc_alone = app.default_policy is None
    shape = Broken(
        function=function.name,
        role=role.role.logical_id,
        setting=f"config.lambda_.iam.{'default_vpc_policy' if vpc_alone else 'default_policy'}",
        severity=severity,
        feature=grant.because.partition(" (")[0],
        effect=effect,
        missing=(),
        resources=resources,
        origin=app.default_vpc_policy_origin if vpc_alone else app.default_policy_origin,
    )
    held = _bounds(role)
    beyond = (
        ()
        if held is None
        else tuple(
            action
            for action in answers
            if any(_allowed(held, action, one, _context(grant)) is False for one in resources)
        )
    )
    if beyond:
        setting = "config.lambda_.iam.permissions_boundary"
        bounded = replace(shape, setting=setting, missing=beyond, beyond=str(role.role.boundary))
        if app.default_policy is None and app.default_vpc_policy is None:
            bounded = replace(bounded, severity="warning")  # nobody replaced anything: it is told, and stops nothing
        yield replace(bounded, origin=app.boundary_origin)
    if app.default_policy is None and app.default_vpc_policy is None:
        return
    missing = [action for action, answer in answers.items() if answer is False]
    context = _context(grant)
    denied = tuple(action for action in missing if any(_denies(role, action, one, context) for one in resources))
    if denied:
        yield replace(shape, missing=denied, denied=True)
    lacking = replace(shape, missing=tuple(action for action in missing if action not in denied))
    if lacking.missing:
        unread = tuple(arn for arn in role.unread if arn != role.role.boundary)
        yield replace(lacking, severity="warning", depends=unread) if unread else lacking
    keys = {action: answer for action, answer in answers.items() if isinstance(answer, tuple)}
    if keys:
        depends = tuple(dict.fromkeys(key for answer in keys.values() for key in answer))
        yield replace(shape, severity="warning", missing=tuple(keys), depends=depends)


def _bounds(role: Standing) -> Standing | None:
    """The permissions boundary as if it were a role; None where there is none, or nobody here has its policy."""
    if not role.layers.boundary:
        return None
    grants = tuple(
        Grant(statement, "", version=policy.version)
        for policy in role.layers.boundary
        for statement in policy.statements
    )
    return standing(replace(role.role, grants=grants, managed=(), boundary=None), role.names)


def _context(grant: Grant) -> dict[str, str]:
    """What the requests that need a grant carry: its own conditions are met by them."""
    return {
        one.key: one.values[0]
        for one in grant.statement.conditions
        if one.operator == "StringEquals" and len(one.values) == 1
    }


def _allowed(role: Standing, action: str, resource: str, context: Mapping[str, str]) -> Answer:
    """Where the override names a region, an account or a partition, the user means the one that is deployed to."""
    answers: list[Answer] = []
    for place in places(role, resource):
        here = at(role, place)
        answer = _asked(here, action, resource, context)
        kinds = _by_type(action, resource) if answer is False else ()
        answers.append(_all([_asked(here, action, one, context) for one in kinds]) if kinds else answer)
        if answer is True:
            break
    return True if True in answers else next((one for one in answers if one), False)


def _denies(role: Standing, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a Deny of the role's is why."""
    asked = (
        ask(at(role, place), action, resource, context=context, identity_alone=True) for place in places(role, resource)
    )
    return any(own_verdict(decision) == "ExplicitlyDenied" for decision in asked)


def _asked(role: Standing, action: str, resource: str, context: Mapping[str, str]) -> Answer:
    decision = ask(role, action, resource, context=context, identity_alone=True)
    verdict = own_verdict(decision)
    if verdict == "Unknown":
        return tuple(key for key in decision.unknown if key not in context.values()) or True
    return verdict == "Allowed"


def _all(answers: list[Answer]) -> Answer:
    if False in answers:
        return False
    return tuple(key for one in answers if isinstance(one, tuple) for key in one) or True


def _by_type(action: str, resource: str) -> tuple[str, ...]:
    """`…:*/*` told as the resource types that the action must have: who writes them one by one means the same."""
    known, arn = catalogued(action), parse(resource)
    if known is None or arn is None or arn.resource != "*/*":
        return ()
    places = {"Partition": arn.partition, "Region": arn.region, "Account": arn.account}
    formats = (form for target in known.targets if target.required for form in target.type.arns)
    return tuple(fill(form, places) for form in formats if f":{arn.service}:" in form)
