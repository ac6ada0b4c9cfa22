"""What a change takes from a stack: the resources that are removed or replaced, told from the two templates alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import KEEPS, holds_data, resource_type
from remit.iam import tokens
from remit.template.branches import values_at
from remit.template.references import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.app import Resource
    from remit.errors import Origin

REMOVED: Final = "removed"
REPLACED: Final = "replaced"
_MADE_ANEW: Final = frozenset({"AWS::ApiGateway::Deployment", "AWS::Lambda::Version"})
"""Types of which every deploy may make another one, by design."""


@dataclass(frozen=True, slots=True)
class ResourceLoss:
    """A resource that is removed, or replaced by a new and empty one. `how` is `removed` or `replaced`."""

    logical_id: str
    type: str
    how: str
    is_certain: bool
    """Not so where a condition, a parameter or another resource decides it."""
    properties: tuple[str, ...]
    """The properties that differ and can be set at creation only; `Type` for another type; empty if it is removed."""
    stays: bool
    """Whether the resource stays in the account, by its DeletionPolicy or UpdateReplacePolicy."""
    origin: Origin | None
    held: str = ""
    """How much is in it, in words, where AWS was asked."""

    @property
    def holds_data(self) -> bool:
        """True if data that no template gives is in it."""
        return holds_data(self.type)

    @property
    def loses_data(self) -> bool:
        """True if that data goes with it."""
        return self.holds_data and not self.stays


def resource_losses(old: Iterable[Resource], new: Iterable[Resource]) -> tuple[ResourceLoss, ...]:
    """The resources of `old` that `new` removes or replaces: those first whose data is lost, then by logical id.

    What refers to a replaced one in a property that is set at creation only is replaced with it. Types of which every
    deploy makes another one are left out.
    """
    now = {resource.logical_id: resource for resource in new}
    before = {resource.logical_id: resource for resource in old if resource.type not in _MADE_ANEW}
    losses: dict[str, ResourceLoss] = {}
    is_complete = False
    while not is_complete:  # until nothing else refers to what is replaced
        is_complete = True
        for logical_id, resource in before.items():
            loss = None if logical_id in losses else _loss(resource, now.get(logical_id), losses)
            if loss is not None:
                losses[logical_id] = loss
                is_complete = False
    return tuple(sorted(losses.values(), key=lambda loss: (not loss.loses_data, loss.logical_id)))


def _loss(old: Resource, new: Resource | None, lost: Mapping[str, ResourceLoss]) -> ResourceLoss | None:
    """How a change loses a resource; None: it keeps it.

    It is removed where `new` has none (certain), or has one under another condition (not certain). It is replaced where
    its type differs, or a property that can be set at creation only: in its value, or by referring to one of `lost`.
    """
    how, is_certain, properties = REMOVED, new is None, []
    stays = old.attributes.get("DeletionPolicy") in KEEPS
    condition = None if new is None else new.attributes.get("Condition")
    if new is not None and condition in (None, old.attributes.get("Condition")):
        how, stays = REPLACED, all(side.attributes.get("UpdateReplacePolicy") in KEEPS for side in (old, new))
        if old.type != new.type:
            is_certain, properties = True, ["Type"]
        kind = resource_type(old.type)
        sure = () if kind is None else kind.create_only
        sometimes = () if kind is None else kind.sometimes_create_only
        for path in () if properties else (*sure, *sometimes):
            before, after = list(values_at(old.properties, path)), list(values_at(new.properties, path))
            targets = {reference.target for reference, _ in references(after, late=True)}
            texts = [tokens.with_leaves(side, _text) for side in (before, after)]
            if texts[0] != texts[1] or not targets.isdisjoint(lost):
                properties.append(path)
                is_certain |= path in sure and "${" not in str(texts)
        if not properties:
            return None
    origin = old.origin if new is None else new.origin
    return ResourceLoss(old.logical_id, old.type, how, is_certain, tuple(properties), stays, origin)


def _text(value: Any) -> str:
    """A value with a function as text, and numbers and booleans as CloudFormation compares them."""
    text = tokens.textual(value)
    return text if isinstance(text, str) else str(text).lower()
