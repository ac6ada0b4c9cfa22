"""A stack cannot give a resource a property that its type does not have; the emulator drops it without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import before_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.properties import Shape
    from remit.local.stack_operations import ResourceOperation


def _refuse_unknown(operation: ResourceOperation) -> None:
    kind = resource_type(operation.type)
    if kind is None or kind.is_custom or operation.verb not in ("create", "update"):
        return
    extraneous = list(_extraneous(operation.properties, kind.shape, "#"))
    if extraneous:
        messages = ", ".join(f"{path}: extraneous key [{key}] is not permitted" for path, key in extraneous)
        raise ValueError(
            f"Properties validation failed for resource {operation.logical_id} with message:\n[{messages}]"
        )


def _extraneous(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """The keys that the type's schema does not have, each with the place of its object."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _extraneous(item, shape.items, f"{path}/{place}")
    if not isinstance(value, Mapping) or not shape.properties:
        return
    for key, item in value.items():
        child = shape.child(key)
        if child is None:
            yield path, key
        else:
            yield from _extraneous(item, child, f"{path}/{key}")


REFUSAL: Final = Refusal(
    what="A stack gives a resource a property that its type does not have.",
    source="`Properties validation failed for resource … extraneous key […] is not permitted`, Resource type schema "
    "(CloudFormation CLI User Guide)",
    install=lambda: before_each(_refuse_unknown),
)
