"""IAM's evaluation logic: whether any layer of policies denies a request, and whether all that must allow it do.

A Deny in any layer wins. Otherwise every layer that limits (SCP levels, boundary, session policy) must allow, and a
policy must grant: the identity's or the resource's within one account, both across accounts, always the resource's for
a role's trust and a KMS key. RCPs only deny: AWS attaches its own RCPFullAWSAccess, which allows everything and
cannot be detached, so their Allow statements decide nothing.

Source: "Policy evaluation logic", "Cross-account policy evaluation logic" (IAM User Guide); "SCP evaluation",
"RCP evaluation" (AWS Organizations User Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.iam.decide.prepared_statements import IdentityCache, LayerRules, StatementRule
from remit.iam.principal import Reach
from remit.iam.text_comparison import Truth, either, every

if TYPE_CHECKING:
    from remit.iam.policy import Policy
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
    organization. Each SCP level needs an Allow from any of its policies; RCP levels only deny.
    """

    identity: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] = ()
    session: tuple[Policy, ...] = ()
    resource: tuple[Policy, ...] | None = None
    scp: tuple[tuple[Policy, ...], ...] = ()
    rcp: tuple[tuple[Policy, ...], ...] = ()


class RulesByLayer:
    """The rules of each layer; those of SCPs and RCPs with the name of each level."""

    __slots__ = ("boundary", "identity", "only_identity", "rcp", "resource", "scp", "session")

    def __init__(self, layers: Layers) -> None:
        self.identity = LayerRules(layers.identity)
        self.boundary = LayerRules(layers.boundary) if layers.boundary else None
        self.session = LayerRules(layers.session) if layers.session else None
        self.resource = (
            None if layers.resource is None else LayerRules(layers.resource, trust=True, bounded=bool(layers.boundary))
        )
        self.scp = tuple((f"scp[{index}]", LayerRules(level)) for index, level in enumerate(layers.scp))
        self.rcp = tuple((f"rcp[{index}]", LayerRules(level)) for index, level in enumerate(layers.rcp))
        self.only_identity = not (layers.boundary or layers.session or layers.resource or layers.scp or layers.rcp)


_BY_LAYER: Final = IdentityCache(KEPT)


def rules_by_layer(layers: Layers) -> RulesByLayer:
    """The compiled form of layers, made once per object."""
    by_layer: RulesByLayer | None = _BY_LAYER.get(layers)
    if by_layer is None:
        by_layer = _BY_LAYER.put(layers, RulesByLayer(layers))
    return by_layer


def verdict_on(request: Request, by_layer: RulesByLayer) -> Verdict:
    """The verdict on a request, without its reasons."""
    if by_layer.only_identity and request.simple:
        return _VERDICTS[weigh(by_layer.identity, request)]
    if request.always_allowed:
        return "Allowed"
    return _VERDICTS[opinions(request, by_layer)]


_VERDICTS: Final[dict[tuple[Truth, Truth], Verdict]] = {
    **{(True, allowed): "ExplicitlyDenied" for allowed in (True, False, None)},
    # Whether a Deny applies as well is not known, but nothing allows it in any case.
    **{(denied, False): "ImplicitlyDenied" for denied in (False, None)},
    (False, True): "Allowed",
    (False, None): "Unknown",
    (None, True): "Unknown",
    (None, None): "Unknown",
}


def weigh(layer: LayerRules, request: Request) -> tuple[Truth, Truth]:
    """Whether a layer denies and whether it allows a request, whoever the caller is."""
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
    """Whether a resource's policy denies, and whether it allows the caller itself, its role, its account."""

    denied: Truth
    direct: Truth
    role: Truth
    account: Truth


def weigh_resource(layer: LayerRules, request: Request) -> Grants:
    """What a resource's policy denies and allows, by how closely it names the caller."""
    denies, allows = layer.speaking_of(request.folded)
    denied = either(meant(layer, rule, request, Reach.UNKNOWN) for rule in denies)
    direct, role, account = (
        either(meant(layer, rule, request, least) for rule in allows)
        for least in (Reach.DIRECT, Reach.ROLE, Reach.ACCOUNT)
    )
    return Grants(denied, direct, role, account)


def meant(layer: LayerRules, rule: StatementRule, request: Request, least: Reach) -> Truth:
    """Whether a rule applies to the request, and its Principal means the caller at least as closely as `least`."""
    reach = layer.reach(rule, request)
    if reach is Reach.NOBODY or (reach is not Reach.UNKNOWN and reach < least):
        return False
    truth = rule.holds(request)
    return None if truth and reach is Reach.UNKNOWN else truth


def opinions(request: Request, by_layer: RulesByLayer) -> tuple[Truth, Truth]:
    """Whether any layer denies, and whether all that must allow do."""
    identity = weigh(by_layer.identity, request)
    boundary = weigh(by_layer.boundary, request) if by_layer.boundary else _NO_LIMIT
    session = weigh(by_layer.session, request) if by_layer.session else (False, not request.who.federated)
    grants = weigh_resource(by_layer.resource, request) if by_layer.resource else NO_GRANTS
    scp = [weigh(level, request) for _, level in scp_levels(request, by_layer)]
    rcp = [weigh(level, request) for _, level in rcp_levels(request, by_layer)]
    levels_deny = [denied for denied, _ in (*scp, *rcp)]
    denied = either((identity[0], boundary[0], session[0], grants.denied, *levels_deny))
    identity_allows = True if request.who.kind == "root" else identity[1]
    limited = every((boundary[1], session[1]))
    resource_known = by_layer.resource is not None
    granted = granted_by(request, identity_allows, limited, grants, resource_known=resource_known)
    return denied, every((granted, *(level[1] for level in scp)))


_NO_LIMIT: Final = (False, True)
NO_GRANTS: Final = Grants(denied=False, direct=False, role=False, account=False)


def scp_levels(request: Request, by_layer: RulesByLayer) -> tuple[tuple[str, LayerRules], ...]:
    """The SCP levels that bind the caller, by name; none bind service-linked roles and callers without an account."""
    if request.who.service_linked or not request.has_identity or _central(request, request.who.account):
        return ()
    return by_layer.scp


def rcp_levels(request: Request, by_layer: RulesByLayer) -> tuple[tuple[str, LayerRules], ...]:
    """The RCP levels of the resource's account that bind the caller, by name."""
    if request.who.service_linked or _central(request, request.owner):
        return ()
    return by_layer.rcp


def _central(request: Request, account: str | None) -> bool:
    """Whether an account is the organization's management account, which its policies do not bind."""
    return request.management_account is not None and account == request.management_account


def granted_by(request: Request, identity: Truth, limited: Truth, grants: Grants, *, resource_known: bool) -> Truth:
    """Whether an identity's or resource's policy grants the request; `limited`: boundary and session policy allow it.

    Where the resource's policy must allow and is not known (`resource_known`), the answer is None.
    """
    by_identity = every((identity, limited))
    direct = either((grants.direct, every((grants.role, limited))))
    by_both = every((by_identity, grants.account if resource_known else None))
    if not request.has_identity:
        return grants.direct if resource_known else None
    if not request.local:
        return by_both
    return either((direct, by_both if request.needs_resource_policy else by_identity))
