"""One side of a comparison: the layers of a role's policies, each compiled, and the verdict of the evaluator."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.comparison import StatementLocation
from remit.iam.decide.decision import only_denies
from remit.iam.decide.evaluation_logic import (
    VERDICTS,
    Layers,
    RulesByLayer,
    Verdict,
    means_everyone,
    rcp_levels,
    verdict_on,
    weigh,
    weigh_endpoint,
)
from remit.iam.decide.special_requests import special_case
from remit.iam.prove.statement_space import Box, CompiledPolicy, Index, compiled
from remit.iam.text_comparison import either, every

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.policy import Policy
    from remit.iam.request import Request


ENDPOINT: Final = "endpoint"
"""The name of the layer of a VPC endpoint's policy."""
REASONS_BY_ENDPOINT_TYPE: Final[dict[EndpointType, str]] = {
    "Gateway": "whom a gateway endpoint means by a name is not documented: name callers by aws:PrincipalArn",
    "Interface": "whether its Principal means the caller is not known",
    "": "whom its Principal means depends on the type of the VPC endpoint: say which with `endpoint_type`",
}
"""Why a statement of an endpoint's policy that names principals is not compared, by the endpoint's type."""


class Side:
    """A role: `layers` that must all allow, by name, each with its compiled policies; the first is the identity.

    `rcp` has the levels that only deny. `compiled` are the policies of all layers and levels. Of a VPC endpoint's
    policy the statements that mean everyone are compared.
    """

    def __init__(self, policies: Layers) -> None:
        self.policies = policies
        self.layers = _compiled(_allowing(policies))
        self.rcp = _compiled((f"rcp[{index}]", level) for index, level in enumerate(policies.rcp))
        own_policies = [policy for _, layer in self.layers for policy in layer]
        rcp_policies = [policy for _, level in self.rcp for policy in level]
        self.compiled: tuple[CompiledPolicy, ...] = (*own_policies, *rcp_policies)
        denies = [policy.denies for policy in own_policies]
        denies += [Index(policy.denies.boxes, of_rcp=True) for policy in rcp_policies]
        self.denies: tuple[Index, ...] = tuple([index for index in denies if index.boxes])

    @property
    def denials(self) -> Iterator[tuple[Box, bool]]:
        """Every Deny, and whether it is an RCP's."""
        return ((box, index.of_rcp) for index in self.denies for box in index.boxes)

    def source(self, box: Box) -> StatementLocation:
        """The location of a box's statement; one that no policy has counts as the first identity policy's."""
        for name, policies in (*self.layers, *self.rcp):
            for number, policy in enumerate(policies):
                if policy.has(box):
                    return StatementLocation(name, number, box.index, box.statement)
        return StatementLocation("identity", 0, box.index, box.statement)

    def undecided(self) -> Iterator[tuple[StatementLocation, str]]:
        """The places of statements that cannot be compared at all, each with the reason."""
        for name, policies in (*self.layers, *self.rcp):
            for number, policy in enumerate(policies):
                for index, statement, reason in policy.undecided:
                    if statement.effect == "Deny" or not only_denies(name):
                        yield StatementLocation(name, number, index, statement), reason
        for number, endpoint_policy in enumerate(self.policies.endpoint):
            for index, statement in enumerate(endpoint_policy.statements):
                if not means_everyone(statement):
                    reason = REASONS_BY_ENDPOINT_TYPE[self.policies.endpoint_type]
                    yield StatementLocation(ENDPOINT, number, index, statement), reason

    @cached_property
    def rules(self) -> RulesByLayer:
        """The evaluator's form of the layers, made when the first request is decided."""
        return RulesByLayer(self.policies)

    def allows(self, request: Request) -> bool | None:
        """Return whether the evaluator allows a request; None: it does not know.

        Where a resource's policy would decide, too (a KMS key, a role's trust), only the role's own layers are used.
        """
        if request.simple or special_case(request) is not None:
            return _PERMITTED[verdict_on(request, self.rules)]
        return self.permits(request)

    def permits(self, request: Request) -> bool | None:
        """Return whether the role's own policies allow a request, whatever else decides it; None: that is not known."""
        by_layer = self.rules
        if by_layer.only_identity:
            return _PERMITTED[VERDICTS[weigh(by_layer.identity, request)]]
        layers = [by_layer.identity, by_layer.boundary, by_layer.session]
        layers += [level for _, level in by_layer.scp]
        opinions = [weigh(layer, request) for layer in layers if layer is not None]
        opinions.append(weigh_endpoint(by_layer, request))
        rcp_opinions = [weigh(level, request) for _, level in rcp_levels(request, by_layer)]
        denied = either(denied for denied, _ in (*opinions, *rcp_opinions))
        allowed = every(allowed for _, allowed in opinions)
        return _PERMITTED[VERDICTS[denied, allowed]]


_PERMITTED: Final[dict[Verdict, bool | None]] = {
    "Allowed": True, "ExplicitlyDenied": False, "ImplicitlyDenied": False, "Unknown": None,
}  # fmt: skip


_CompiledLayers: TypeAlias = "tuple[tuple[str, tuple[CompiledPolicy, ...]], ...]"


def _compiled(layers: Iterable[tuple[str, tuple[Policy, ...]]]) -> _CompiledLayers:
    """Layers with their policies compiled."""
    return tuple([(name, tuple(map(compiled, policies))) for name, policies in layers])


def _allowing(layers: Layers) -> Iterator[tuple[str, tuple[Policy, ...]]]:
    """The layers that must all allow, each name with its policies; those without any are left out."""
    yield "identity", layers.identity
    if layers.boundary:
        yield "boundary", layers.boundary
    if layers.session:
        yield "session", layers.session
    if layers.endpoint:
        yield ENDPOINT, layers.endpoint
    for index, level in enumerate(layers.scp):
        yield f"scp[{index}]", level
