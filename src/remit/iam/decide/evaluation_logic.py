"""IAM's evaluation logic: whether any layer of policies denies a request, and whether all that must allow it do.

A Deny in any layer wins. Otherwise every layer that limits (SCP levels, boundary, session policy) must allow, and a
policy must grant: the identity's or the resource's within one account, both across accounts, always the resource's for
a role's trust and a KMS key. RCPs only deny: AWS attaches its own RCPFullAWSAccess, which allows everything and
cannot be detached, so their Allow statements decide nothing. A request that passes a VPC endpoint needs an Allow of the
endpoint's policy as well, which grants nothing by itself. `special_cases` has the exceptions.

Source: "Policy evaluation logic", "Cross-account policy evaluation logic" (IAM User Guide); "SCP evaluation",
"RCP evaluation" (AWS Organizations User Guide); "Control access to VPC endpoints using endpoint policies" (AWS
PrivateLink Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.iam.decide.prepared_statements import LayerRules, StatementRule, kept_by_identity
from remit.iam.decide.special_requests import special_case, unbinding_case
from remit.iam.principal import Reach
from remit.iam.rcp_reach import is_reached
from remit.iam.text_comparison import Truth, either, every

if TYPE_CHECKING:
    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.policy import Policy, Statement
    from remit.iam.request import Request

Verdict: TypeAlias = Literal["Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"]
KEPT: Final = 4096
"""Objects whose compiled form is kept."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The policies that decide a request, by layer.

    `identity`, `boundary`, `session` are the caller's; an empty boundary or session is none. `resource` is
    None when the resource's policy is not known, empty when it has none. `scp` (of the caller's account) and
    `rcp` (of the resource's) are levels from the root down, each with its policies; no levels means no
    organization. Each SCP level needs an Allow from any of its policies; RCP levels only deny. `endpoint` is the
    policy of the VPC endpoint that the request passes; empty: it passes none, or one with the default policy, which
    allows everything. Whom its principals mean may depend on the `endpoint_type`.
    """

    identity: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] = ()
    session: tuple[Policy, ...] = ()
    resource: tuple[Policy, ...] | None = None
    scp: tuple[tuple[Policy, ...], ...] = ()
    rcp: tuple[tuple[Policy, ...], ...] = ()
    endpoint: tuple[Policy, ...] = ()
    endpoint_type: EndpointType = ""


class RulesByLayer:
    """The rules of each layer; those of SCPs and RCPs with the name of each level."""

    __slots__ = ("boundary", "endpoint", "identity", "only_identity", "rcp", "resource", "scp", "session")

    def __init__(self, layers: Layers) -> None:
        """Prepare every layer.

        An empty boundary, session policy or endpoint policy counts as none, an empty resource policy as one.
        """
        self.identity = LayerRules(layers.identity)
        self.boundary = LayerRules(layers.boundary) if layers.boundary else None
        self.session = LayerRules(layers.session) if layers.session else None
        self.resource = None
        if layers.resource is not None:
            # A Deny with NotPrincipal denies a caller who has a permissions boundary, even one that it names.
            self.resource = LayerRules(layers.resource, trust=True, bounded=bool(layers.boundary))
        self.scp = tuple([(f"scp[{index}]", LayerRules(level)) for index, level in enumerate(layers.scp)])
        self.rcp = tuple([(f"rcp[{index}]", LayerRules(level)) for index, level in enumerate(layers.rcp)])
        self.endpoint = None
        if layers.endpoint:
            self.endpoint = LayerRules(layers.endpoint, trust=True, endpoint_type=layers.endpoint_type)
        further = (layers.boundary, layers.session, layers.resource, layers.scp, layers.rcp, layers.endpoint)
        self.only_identity = not any(further)


@kept_by_identity(KEPT)
def rules_by_layer(layers: Layers) -> RulesByLayer:
    """The compiled form of layers, made once per object."""
    return RulesByLayer(layers)


def verdict_on(request: Request, by_layer: RulesByLayer) -> Verdict:
    """The verdict on a request, without its reasons."""
    if by_layer.only_identity and request.simple:
        return VERDICTS[weigh(by_layer.identity, request)]
    case = special_case(request)
    if case is None:
        return VERDICTS[opinions(request, by_layer)]
    if case.effect == "allowed":
        return VERDICTS[weigh_endpoint(by_layer, request)]
    denied, _ = opinions(request, by_layer)
    return VERDICTS[denied, False]


VERDICTS: Final[dict[tuple[Truth, Truth], Verdict]] = {
    **{(True, allowed): "ExplicitlyDenied" for allowed in (True, False, None)},
    # Whether a Deny applies as well is not known, but nothing allows it in any case.
    **{(denied, False): "ImplicitlyDenied" for denied in (False, None)},
    (False, True): "Allowed",
    (False, None): "Unknown",
    (None, True): "Unknown",
    (None, None): "Unknown",
}
"""By whether anything denies, and whether all that must allow do."""


def weigh(layer: LayerRules, request: Request) -> tuple[Truth, Truth]:
    """Return whether a layer denies and whether it allows a request, whoever the caller is.

    After a Deny that applies, the second is False: its Allows are not looked at.
    """
    denies, allows = layer.speaking_of(request.folded)
    denied: Truth = False
    for rule in denies:
        truth = rule.holds(request)
        if truth:
            return True, False
        if truth is None:
            denied = None
    allowed: Truth = False
    for rule in allows:
        truth = rule.holds(request)
        if truth:
            return denied, True
        if truth is None:
            allowed = None
    return denied, allowed


@dataclass(frozen=True, slots=True)
class Grants:
    """A resource's policy weighed: whether it denies, and allows the caller itself, its role, its account."""

    denied: Truth
    direct: Truth
    role: Truth
    account: Truth


def weigh_resource(layer: LayerRules, request: Request) -> Grants:
    """Weigh the denials and grants of a resource's policy, by how closely it names the caller."""
    denies, allows = layer.speaking_of(request.folded)
    denied = either(meant(layer, rule, request, Reach.UNKNOWN) for rule in denies)
    direct, role, account = (
        either(meant(layer, rule, request, least) for rule in allows)
        for least in (Reach.DIRECT, Reach.ROLE, Reach.ACCOUNT)
    )
    return Grants(denied, direct, role, account)


def meant(layer: LayerRules, rule: StatementRule, request: Request, least: Reach) -> Truth:
    """Tell whether a rule applies to the request, and its Principal means the caller at least as closely as `least`."""
    reach = layer.reach(rule, request)
    if reach is Reach.NOBODY or (reach is not Reach.UNKNOWN and reach < least):
        return False
    truth = rule.holds(request)
    return None if truth and reach is Reach.UNKNOWN else truth


def weigh_endpoint(by_layer: RulesByLayer, request: Request) -> tuple[Truth, Truth]:
    """Return whether the policy of the VPC endpoint denies, and whether it allows the caller.

    Without such a policy nothing is denied, and all is allowed.
    """
    layer = by_layer.endpoint
    if layer is None:
        return _NO_LIMIT
    denies, allows = layer.speaking_of(request.folded)
    denied = either(meant_by_endpoint(layer, rule, request) for rule in denies)
    return denied, either(meant_by_endpoint(layer, rule, request) for rule in allows)


def meant_by_endpoint(layer: LayerRules, rule: StatementRule, request: Request) -> Truth:
    """Return whether a rule of an endpoint's policy applies to the request and means the caller.

    S3 and DynamoDB alone have gateways: where the type of their endpoint is not known, both must agree.
    """
    reach = layer.reach(rule, request)
    if reach is Reach.NOBODY:
        return False
    named = None if reach is Reach.UNKNOWN else True
    kind = layer.endpoint_type
    may_be_gateway = kind == "Gateway" or (not kind and request.folded.startswith(GATEWAY_SERVICES))
    if may_be_gateway and not means_everyone(rule.statement):
        named_in_gateway = _named_in_gateway(rule, request)
        named = named_in_gateway if kind == "Gateway" or named_in_gateway is named else None
    return every((named, rule.holds(request)))


def _named_in_gateway(rule: StatementRule, request: Request) -> Truth:
    """Return whether a rule means a caller whom it names, in a gateway, which knows no principal but `*`.

    The name of an account means its root user alone, and who else is to be allowed must be named by aws:PrincipalArn.
    Whom such a name denies, or NotPrincipal means, is not documented.

    Source: "Principals for gateway endpoints" (AWS PrivateLink Guide).
    """
    principals = rule.statement.principals
    if principals is None or principals.negated or request.who.kind == "unknown":
        return None
    if request.who.kind == "root":
        return True
    return False if is_documented_in_gateway(rule.statement) else None


def is_documented_in_gateway(statement: Statement) -> bool:
    """Return whether AWS documents whom a statement that names principals means in a gateway."""
    principals = statement.principals
    return statement.effect == "Allow" and principals is not None and not principals.negated


GATEWAY_SERVICES: Final = ("dynamodb:", "s3:")
"""Source: "Gateway endpoints" (AWS PrivateLink Guide)."""


def means_everyone(statement: Statement) -> bool:
    """Return whether `*` is among the principals that a statement names."""
    principals = statement.principals
    return principals is not None and not principals.negated and any(value == "*" for _, value in principals.patterns)


def opinions(request: Request, by_layer: RulesByLayer) -> tuple[Truth, Truth]:
    """Return whether any layer denies, and whether all that must allow do."""
    identity = weigh(by_layer.identity, request)
    boundary = weigh(by_layer.boundary, request) if by_layer.boundary else _NO_LIMIT
    session = weigh(by_layer.session, request) if by_layer.session else (False, not request.who.federated)
    resource = resource_layer(request, by_layer)
    grants = weigh_resource(resource, request) if resource else NO_GRANTS
    endpoint = weigh_endpoint(by_layer, request)
    scp = [weigh(level, request) for _, level in scp_levels(request, by_layer)]
    rcp = [weigh(level, request) for _, level in rcp_levels(request, by_layer)]
    levels_deny = [denied for denied, _ in (*scp, *rcp)]
    denied = either((identity[0], boundary[0], session[0], grants.denied, endpoint[0], *levels_deny))
    identity_allows = True if request.who.kind == "root" else identity[1]
    limited = every((boundary[1], session[1]))
    if request.simple and grants is NO_GRANTS:  # as most requests are: the identity's policies alone can grant it
        granted = every((identity_allows, limited))
    else:
        resource_known = by_layer.resource is not None
        granted = granted_by(request, identity_allows, limited, grants, resource_known=resource_known)
    return denied, every((granted, endpoint[1], *(level[1] for level in scp)))


_NO_LIMIT: Final = (False, True)
NO_GRANTS: Final = Grants(denied=False, direct=False, role=False, account=False)


def resource_layer(request: Request, by_layer: RulesByLayer) -> LayerRules | None:
    """The resource's policy; None where it is not known, or where a special case keeps it from binding the request."""
    if by_layer.resource is None or unbinding_case("resource", request) is not None:
        return None
    return by_layer.resource


def scp_levels(request: Request, by_layer: RulesByLayer) -> tuple[tuple[str, LayerRules], ...]:
    """The SCP levels that bind the caller, by name; a caller without an account is bound by none."""
    if not by_layer.scp or not request.has_identity or unbinding_case("scp", request) is not None:
        return ()
    return by_layer.scp


def rcp_levels(request: Request, by_layer: RulesByLayer) -> tuple[tuple[str, LayerRules], ...]:
    """The RCP levels of the resource's account that bind the request, by name; none on actions that no RCP reaches."""
    if not by_layer.rcp or not is_reached(request.folded) or unbinding_case("rcp", request) is not None:
        return ()
    return by_layer.rcp


def granted_by(request: Request, identity: Truth, limited: Truth, grants: Grants, *, resource_known: bool) -> Truth:
    """Tell whether an identity's or resource's policy grants the request; `limited`: boundary and session allow it.

    Where the resource's policy must allow, and is not known (`resource_known` is False), the answer is never True.
    """
    by_identity = every((identity, limited))
    direct = either((grants.direct, every((grants.role, limited))))
    by_both = every((by_identity, grants.account if resource_known else None))
    if not request.has_identity:
        return grants.direct if resource_known else None
    if not request.local:
        return by_both
    return either((direct, by_both if request.needs_resource_policy else by_identity))
