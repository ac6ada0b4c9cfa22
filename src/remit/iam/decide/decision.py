"""The decision on a request and its reasons: what each layer decides, by which statements, and what nearly allowed it.

The reasons are worked out when they are read, so that deciding stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.catalogue.action_resources import resource_formats
from remit.did_you_mean import nearest
from remit.iam.comparison import StatementLocation
from remit.iam.decide.allowed_patterns import allowed_patterns
from remit.iam.decide.evaluation_logic import (
    NO_GRANTS,
    Grants,
    Layers,
    Verdict,
    meant,
    meant_by_endpoint,
    rcp_levels,
    resource_layer,
    rules_by_layer,
    scp_levels,
    weigh,
    weigh_resource,
)
from remit.iam.decide.special_requests import special_case
from remit.iam.pattern import is_pattern
from remit.iam.principal import Reach
from remit.iam.request import ARN_PARTS, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.decide.prepared_statements import LayerRules, StatementRule
    from remit.iam.policy import Statement

_MOST_MISSES: Final = 3  # misses that are listed
_ALIKE: Final = 0.9  # of two action names: a slip of the pen, and not GetObject for PutObject

_WITH_PRINCIPALS: Final = ("resource", "endpoint")
"""The layers whose statements say whom they mean."""
_ENDPOINT_UNKNOWN: Final[dict[EndpointType, str]] = {
    "": "the type of the VPC endpoint",
    "Gateway": "whom a gateway endpoint denies by a name, which AWS does not document",
}
"""What it depends on whether the policy of an endpoint means a caller, by the endpoint's type."""
_TITLES: Final = {
    "identity": "the identity's policies",
    "boundary": "the permissions boundary",
    "session": "the session policy",
    "resource": "the resource's policy",
    "endpoint": "the VPC endpoint's policy",
}


@dataclass(frozen=True, slots=True)
class LayerDecision:
    """The verdict of one layer by itself, and its statements that decided (none for an implicit deny)."""

    layer: str
    verdict: Verdict
    rulings: tuple[StatementLocation, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """An Allow statement that nearly applied, and what it lacked, as a phrase."""

    ruling: StatementLocation
    lacked: str

    def __str__(self) -> str:
        return f"{self.ruling.name}: {self.lacked}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a request. Its reasons are worked out when they are read."""

    verdict: Verdict
    request: Request
    policies: Layers

    @property
    def allowed(self) -> bool:
        """True if the verdict is Allowed (and not merely Unknown)."""
        return self.verdict == "Allowed"

    @property
    def unscoped(self) -> bool:
        """True if the caller needs a session policy to be allowed anything, and there is none."""
        return self.request.who.federated and not self.policies.session

    @property
    def because(self) -> str:
        """One sentence: the statement that decided, or what is missing and the nearest miss."""
        layers, case = self.layers, special_case(self.request)
        if case is not None and case.effect == "allowed":  # it needs no permission: only an endpoint's policy matters
            layers = tuple(layer for layer in layers if layer.layer == "endpoint")
        return _SENTENCES[self.verdict](self, layers)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names that the request leaves open and the verdict depends on; empty unless the verdict is Unknown.

        They are condition keys, variables, references, or a whole policy.
        """
        if self.verdict != "Unknown":
            return ()
        names: dict[str, str] = {}
        request = self.request
        for name, layer in _layers(self):
            denies, allows = layer.speaking_of(request.folded)
            for rule in denies if only_denies(name) else (*denies, *allows):
                if _truth(name, layer, rule, request) is None:
                    for key in rule.open_names(request):
                        names.setdefault(key.lower(), key)
                    if name in _WITH_PRINCIPALS and layer.reach(rule, request) is Reach.UNKNOWN:
                        names["principal"] = "the principal"
                    elif name == "endpoint" and rule.holds(request):
                        names["endpoint"] = _ENDPOINT_UNKNOWN[layer.endpoint_type]
        if self.policies.resource is None and (request.needs_resource_policy or not request.local):
            names["policy"] = _TITLES["resource"]
        return tuple(names[name] for name in sorted(names))

    @property
    def layers(self) -> tuple[LayerDecision, ...]:
        """The decision of each layer by itself, in the order of `Layers`."""
        return tuple(_layer_decision(name, layer, self.request) for name, layer in _layers(self))

    @property
    def allowed_on(self) -> tuple[str, ...]:
        """Resource patterns of Allow statements where a request on `*` is not allowed, and one of them would be."""
        if self.request.resource != "*" or self.allowed:
            return ()
        layers = (layer for _, layer in _layers(self))
        return allowed_patterns(self.request, layers, rules_by_layer(self.policies))

    @property
    def misses(self) -> tuple[Miss, ...]:
        """The Allow statements that came nearest where a layer is silent, and what each lacked; none if it is allowed.

        First those that lacked a condition, then a resource, a principal, an action.
        """
        request = self.request
        if self.verdict != "ImplicitlyDenied" or special_case(request) is not None:
            return ()
        misses: list[tuple[int, Miss]] = []
        for name, layer in _layers(self):
            if only_denies(name) or (name not in _WITH_PRINCIPALS and weigh(layer, request)[1] is True):
                continue
            for rule in layer.rules:
                miss = None if rule.deny else _miss(name, layer, rule, request)
                if miss is not None:
                    misses.append(miss)
        return tuple(miss for _, miss in sorted(misses, key=lambda pair: pair[0])[:_MOST_MISSES])


def _layers(decision: Decision) -> Iterator[tuple[str, LayerRules]]:
    """Yield the layers that decide a request, by name; of the resource's policy, only one with statements."""
    by_layer = rules_by_layer(decision.policies)
    yield "identity", by_layer.identity
    for name, layer in (
        ("boundary", by_layer.boundary),
        ("session", by_layer.session),
        ("resource", resource_layer(decision.request, by_layer)),
        ("endpoint", by_layer.endpoint),
    ):
        if layer is not None and (layer.rules or name != "resource"):
            yield name, layer
    yield from scp_levels(decision.request, by_layer)
    yield from rcp_levels(decision.request, by_layer)


def _layer_decision(name: str, layer: LayerRules, request: Request) -> LayerDecision:
    """The decision of one layer: its Deny statements first, then its Allow statements."""
    denies, allows = layer.speaking_of(request.folded)
    for verdict, expected, rules in _ORDER:
        if only_denies(name) and (verdict, rules) == ("Unknown", "Allow"):
            continue
        spoken = denies if rules == "Deny" else allows
        deciding_rules = [rule for rule in spoken if _truth(name, layer, rule, request) is expected]
        if deciding_rules:
            return LayerDecision(name, verdict, tuple(_ruling(name, layer, rule) for rule in deciding_rules))
    if only_denies(name) or (name == "identity" and request.who.kind == "root"):
        return LayerDecision(name, "Allowed", ())
    return LayerDecision(name, "ImplicitlyDenied", ())


_ORDER: Final[tuple[tuple[Verdict, bool | None, str], ...]] = (
    ("ExplicitlyDenied", True, "Deny"),
    ("Unknown", None, "Deny"),
    ("Allowed", True, "Allow"),
    ("Unknown", None, "Allow"),
)


def only_denies(layer: str) -> bool:
    """Return whether a layer is a level of RCPs: it allows what it does not deny."""
    return layer.startswith("rcp[")


def _truth(name: str, layer: LayerRules, rule: StatementRule, request: Request) -> bool | None:
    """Return whether a rule of the layer `name` applies to the request, and in a policy with principals to the caller.

    None: that hangs on something that the request leaves open.
    """
    if name == "resource":
        return meant(layer, rule, request, Reach.UNKNOWN)
    return meant_by_endpoint(layer, rule, request) if name == "endpoint" else rule.holds(request)


def _ruling(name: str, layer: LayerRules, rule: StatementRule) -> StatementLocation:
    """The location of a rule's statement."""
    return StatementLocation(name, *layer.position_of(rule), rule.statement)


def _asked_access(request: Request) -> str:
    """What a request asks for, as sentences have it."""
    return f"{request.action} on {request.asked}"


def _denied(decision: Decision, layers: tuple[LayerDecision, ...]) -> str:
    """The sentence for an explicit denial: the first statement that denies."""
    ruling = next(layer.rulings[0] for layer in layers if layer.verdict == "ExplicitlyDenied")
    return f"{ruling.name} denies {_asked_access(decision.request)}"


def _allowed(decision: Decision, layers: tuple[LayerDecision, ...]) -> str:
    """The sentence for a request that is allowed: the statements that allow it, or why none is needed."""
    case = special_case(decision.request)
    if case is not None:
        return f"{decision.request.action} {case.reason}: see {case.source}"
    names = [layer.rulings[0].name for layer in layers if layer.verdict == "Allowed" and layer.rulings]
    if not names:
        return f"the account's root user may do {_asked_access(decision.request)}"
    return f"{' and '.join(names)} {'allows' if len(names) == 1 else 'allow'} {_asked_access(decision.request)}"


def _open(decision: Decision, layers: tuple[LayerDecision, ...]) -> str:
    """The sentence for an unknown verdict: what it depends on, and by which statements."""
    names = [layer.rulings[0].name for layer in layers if layer.verdict == "Unknown"]
    by = f", by {' and '.join(names)}" if names else ""
    keys = ", ".join(decision.unknown)
    return f"{_asked_access(decision.request)} depends on {keys}, which the request does not say{by}"


def _not_allowed(decision: Decision, layers: tuple[LayerDecision, ...]) -> str:
    """The sentence for an implicit denial: which layers lack an Allow, what else is needed, the nearest statement."""
    request = decision.request
    case = special_case(request)
    if case is not None and case.effect == "refused":
        return f"{_asked_access(request)} {case.reason}: see {case.source}"
    resource = resource_layer(request, rules_by_layer(decision.policies))
    grants = NO_GRANTS if resource is None else weigh_resource(resource, request)
    # Also a layer with a Deny that may apply, and no Allow that does.
    silent = {name for name, layer in _layers(decision) if not _may_allow(name, layer, request)}
    lacking_layers = [
        _TITLES.get(layer.layer, f"{layer.layer[:3].upper()} level {layer.layer[4:-1]}")
        for layer in layers
        if (layer.verdict == "ImplicitlyDenied" or layer.layer in silent)
        and _counts(layer.layer, layers, request, grants)
    ] or [_TITLES["session" if decision.unscoped else "resource"]]
    sentence = f"no statement of {' nor '.join(lacking_layers)} allows {_asked_access(request)}"
    missing_policy = _missing_policy(decision)
    if missing_policy:
        sentence += f"; {missing_policy}, and there is none"
    elif _TITLES["identity"] in lacking_layers and request.local and not grants.role:
        # In one account an Allow of the resource's policy that did not grant the request names the account alone, which
        # delegates: one that names the caller, or its role, would have granted it.
        for layer in layers:
            if layer.layer == "resource" and layer.verdict == "Allowed":
                statement = layer.rulings[0].name
                sentence += f"; {statement} names the account, which leaves it to {_TITLES['identity']}"
    misses = decision.misses
    return f"{sentence}; nearest: {misses[0]}" if misses else sentence


def _may_allow(name: str, layer: LayerRules, request: Request) -> bool:
    """Return whether a layer by itself leaves open that a request is allowed."""
    return only_denies(name) or name in _WITH_PRINCIPALS or weigh(layer, request)[1] is not False


def _missing_policy(decision: Decision) -> str:
    """The policy without which nothing could allow the request, in words; empty where none is missing."""
    request = decision.request
    if decision.policies.resource == ():
        if request.needs_resource_policy:
            return "the resource's own policy must allow it"
        if not request.has_identity:
            return f"only the resource's policy can allow it to {request.principal}"
        if not request.local:
            return "the resource belongs to another account, whose policy must allow it"
    return "a federated user can do no more than a session policy allows" if decision.unscoped else ""


def _counts(layer: str, layers: tuple[LayerDecision, ...], request: Request, grants: Grants) -> bool:
    """Return whether a silent layer is why: in one account the identity's policy or the resource's is enough."""
    if layer == "identity":
        return request.has_identity and not (request.local and grants.role)
    if layer == "resource":
        spoken = request.has_identity and layers[0].verdict == "Allowed"
        return not (spoken and request.local and not request.needs_resource_policy)
    return True


_SENTENCES: Final = {
    "ExplicitlyDenied": _denied,
    "ImplicitlyDenied": _not_allowed,
    "Allowed": _allowed,
    "Unknown": _open,
}


def _miss(name: str, layer: LayerRules, rule: StatementRule, request: Request) -> tuple[int, Miss] | None:
    """Return what an Allow of the layer `name` lacks, with its distance; None where it is far off or lacks nothing.

    The distances: 0 is a condition, 1 the resource, 2 the principal, 3 an action that is spelled alike.
    """
    fits = rule.resource is None or rule.resource(request) is not False
    ruling = _ruling(name, layer, rule)
    if not rule.speaks_of_action(request.folded):
        action = _similar_action(rule.statement, request) if fits else None
        return None if action is None else (3, Miss(ruling, f"allows {action}, asked for {request.action}"))
    if not fits:
        return 1, Miss(ruling, _resource_lacked(rule.statement, request))
    if name in _WITH_PRINCIPALS and layer.reach(rule, request) is Reach.NOBODY:
        has_principals = rule.statement.principals is not None
        return 2, Miss(ruling, f"allows it, but not {request.principal}" if has_principals else "has no Principal")
    for condition, test in zip(rule.statement.conditions, rule.conditions, strict=False):  # late actions add a test
        if test(request) is False:
            values = ", ".join(condition.values[:_MOST_MISSES]) or "no value"
            return 0, Miss(ruling, f"allows it but for the condition {condition.spelled} {condition.key}: {values}")
    return None


def _resource_lacked(statement: Statement, request: Request) -> str:
    """Why the statement's Resource does not match the request, as the phrase of a miss."""
    resources = statement.resources
    if resources is None:
        return "has no Resource"
    if resources.negated:
        return f"allows it on all but {', '.join(resources.patterns[:_MOST_MISSES])}, asked for {request.asked}"
    if request.without_resources:
        listings = () if request.wildcard_only else resource_formats(request.action)
        where = " or ".join(("*", *listings))
        return f"{request.action} has no resource-level permissions: only a statement on {where} allows it"
    pattern = nearest(request.asked, resources.patterns) or resources.patterns[0]
    allowed, requested = _tails(pattern, request.asked)
    return f"allowed on {allowed}, asked for {requested}"


def _tails(allowed: str, requested: str) -> tuple[str, str]:
    """Two ARNs from where they differ: only the resource part when the rest is the same."""
    allowed_parts = allowed.split(":", ARN_PARTS - 1)
    requested_parts = requested.split(":", ARN_PARTS - 1)
    if len(allowed_parts) == len(requested_parts) == ARN_PARTS and allowed_parts[:-1] == requested_parts[:-1]:
        return allowed_parts[-1], requested_parts[-1]
    return allowed, requested


def _similar_action(statement: Statement, request: Request) -> str | None:
    """The action of a statement that differs from the request's by a slip of the pen; None where none does."""
    service = f"{request.folded.partition(':')[0]}:"
    if statement.actions.negated:
        return None
    patterns = statement.actions.patterns
    names = [text for text in patterns if text.lower().startswith(service) and not is_pattern(text)]
    return nearest(request.folded, names, _ALIKE)
