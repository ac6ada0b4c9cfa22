"""One side of a comparison: layers of policies that must all allow, with their statements as boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.box import Box, Compiled, Index, compiled
from remit.iam.evaluate import Layers, evaluate, plan_of, weigh
from remit.iam.finding import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Policy
    from remit.iam.request import Request


class Side:
    """A role: `layers` by name, each with its compiled policies. The first is the identity's."""

    __slots__ = ("denies", "layers", "policies")

    def __init__(self, policies: Layers) -> None:
        self.policies = policies
        self.layers: tuple[tuple[str, tuple[Compiled, ...]], ...] = tuple(
            (name, tuple(compiled(policy) for policy in layer)) for name, layer in _layers(policies)
        )
        self.denies: tuple[Index, ...] = tuple(
            policy.denies for _, layer in self.layers for policy in layer if policy.denies.boxes
        )

    @property
    def compiled(self) -> Iterator[Compiled]:
        """Every policy of every layer."""
        return (policy for _, layer in self.layers for policy in layer)

    @property
    def denials(self) -> Iterator[Box]:
        """Every Deny."""
        return (box for index in self.denies for box in index.boxes)

    def source(self, box: Box) -> Source:
        """Where a box's statement stands."""
        for name, policies in self.layers:
            for number, policy in enumerate(policies):
                if policy.has(box):
                    return Source(name, number, box.index, box.statement)
        return Source("identity", 0, box.index, box.statement)

    def unclear(self) -> Iterator[tuple[Source, str]]:
        """The statements that cannot be compared at all."""
        for name, policies in self.layers:
            for number, policy in enumerate(policies):
                for index, statement, reason in policy.unclear:
                    yield Source(name, number, index, statement), reason

    def allows(self, request: Request) -> bool | None:
        """What the ordinary evaluator says of a request: allowed, not allowed, or not known.

        Where a resource's policy would have its say (a KMS key, a role's trust), only the role's own layers are asked.
        """
        if request.simple:
            verdict = evaluate(request, self.policies).verdict
            return None if verdict == "Unknown" else verdict == "Allowed"
        plan = plan_of(self.policies)
        layers = (plan.identity, plan.boundary, plan.session, *plan.scp, *plan.rcp)
        opinions = [weigh(layer, request) for layer in layers if layer is not None]
        if any(denied for denied, _ in opinions) or any(allowed is False for _, allowed in opinions):
            return False
        return True if all(denied is False and allowed for denied, allowed in opinions) else None


def _layers(layers: Layers) -> Iterator[tuple[str, tuple[Policy, ...]]]:
    yield "identity", layers.identity
    if layers.boundary:
        yield "boundary", layers.boundary
    if layers.session:
        yield "session", layers.session
    for index, level in enumerate(layers.scp):
        yield f"scp[{index}]", level
    for index, level in enumerate(layers.rcp):
        yield f"rcp[{index}]", level
