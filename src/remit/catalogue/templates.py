"""CloudFormation's resource types: what a template may say of each, and what Ref and Fn::GetAtt give."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.store import chunk, line

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUSTOM: Final = "AWS::CloudFormation::CustomResource"
_NOWHERE: Final[Mapping[str, int | str]] = {}
Range = tuple[float | None, float | None]

PERMISSION_LIMITS: Final = ("EventSourceToken", "PrincipalOrgID", "SourceAccount", "SourceArn")
"""The properties by which an AWS::Lambda::Permission asks something of those whom it lets call."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be.

    `types` are JSON Schema's names; none means anything goes. CloudFormation converts between scalars (`"30"`
    is a fine integer, 30 a fine string), so only object, array and scalar exclude each other. `open` says
    that an object takes names beside `properties`: a map, or free-form JSON. `alternatives` are groups; of
    each, the properties of one list must be there. A range is (least, most), None where there is no bound:
    `number` of the value, `length` of a string in characters, `count` of a list's items. `enum` holds the
    values as JSON has them.
    """

    types: tuple[str, ...]
    required: tuple[str, ...] = ()
    open: bool = False
    enum: tuple[Any, ...] = ()
    alternatives: tuple[tuple[tuple[str, ...], ...], ...] = ()
    number: Range = (None, None)
    length: Range = (None, None)
    count: Range = (None, None)
    _properties: Mapping[str, int | str] = field(default_factory=dict, repr=False, hash=False, compare=False)
    _items: int | str = field(default="", repr=False, compare=False)
    _values: int | str = field(default="", repr=False, compare=False)
    _service: str = field(default="", repr=False, compare=False)

    @property
    def properties(self) -> tuple[str, ...]:
        """The names of the known properties, sorted."""
        return tuple(self._properties)

    def child(self, name: str) -> Shape | None:
        """The shape of a property; None when there is none of that name (and no map that takes it)."""
        if name in self._properties:
            return _shape(self._service, self._properties[name])
        return _shape(self._service, self._values) if self.open else None

    @property
    def items(self) -> Shape:
        """The shape of a list's items."""
        return _shape(self._service, self._items)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource in a template.

    `attributes` are the names that Fn::GetAtt takes; one that ends in `*` stands for all that begin so. `ref`
    names the properties whose value Ref gives (several are joined with `|`). `read_only` properties exist but
    cannot be given. `regions` is empty for types that us-east-1 has, else it names those that have it.
    """

    name: str
    shape: Shape
    attributes: tuple[str, ...]
    ref: tuple[str, ...]
    read_only: tuple[str, ...]
    regions: tuple[str, ...]

    def has_attribute(self, name: str) -> bool:
        """Whether Fn::GetAtt takes the name."""
        return name in self.attributes or any(
            name.startswith(known[:-1]) for known in self.attributes if known.endswith("*")
        )


def resource_type(name: str) -> ResourceType | None:
    """A type by its exact name; any `Custom::…` is a custom resource. None: there is no such type."""
    wanted = _CUSTOM if name.startswith("Custom::") else name
    service = "::".join(wanted.split("::")[:2])
    found = chunk("types", service)
    row = None if found is None else found.get(wanted)
    if row is None:
        return None
    return ResourceType(
        name=name,
        shape=_shape(service, row["s"]),
        attributes=tuple(row["a"]),
        ref=tuple(row["p"]),
        read_only=tuple(row.get("r", ())),
        regions=tuple(row.get("w", ())),
    )


def resource_types() -> tuple[str, ...]:
    """The names of all types, sorted; SAM's (`AWS::Serverless::…`) are among them."""
    return tuple(chunk("type-names", ""))


@lru_cache(maxsize=8192)
def _shape(service: str, reference: int | str) -> Shape:
    if isinstance(reference, str):
        return Shape((reference,) if reference else ())
    row = line("shape-lines", service, reference)
    types = row.get("t", ())
    return Shape(
        types=(types,) if isinstance(types, str) else tuple(types),
        required=tuple(row.get("r", ())),
        open="o" in row,
        enum=tuple(row.get("e", ())),
        alternatives=tuple(tuple(tuple(names) for names in group) for group in row.get("a", ())),
        number=_range(row, "n"),
        length=_range(row, "l"),
        count=_range(row, "c"),
        _properties=row.get("p", _NOWHERE),
        _items=row.get("i", ""),
        _values=row.get("v", ""),
        _service=service,
    )


def _range(row: dict[str, Any], key: str) -> Range:
    low, high = row.get(key, (None, None))
    return (low, high)
