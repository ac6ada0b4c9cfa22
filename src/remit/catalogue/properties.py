"""The properties of CloudFormation's resource types: what a template may give for each, at any depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from remit.catalogue.snapshot import line

_NO_PROPERTIES: Final[Mapping[str, int | str]] = {}
Range = tuple[float | None, float | None]
_UNBOUNDED: Final[Range] = (None, None)

PERMISSION_LIMITS: Final = ("EventSourceToken", "PrincipalOrgID", "SourceAccount", "SourceArn")
"""The properties by which an AWS::Lambda::Permission asks something of those whom it lets call."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The allowed shape of a value.

    `types` are JSON Schema's names; none means anything goes. CloudFormation converts between scalars (`"30"`
    is a fine integer, 30 a fine string), so only object, array and scalar exclude each other. `open` says
    that an object takes names beside `properties`: a map, or free-form JSON. A range is (least, most), None where
    there is no bound: `number` of the value, `length` of a string in characters, `count` of a list's items. `enum`
    holds the values as JSON has them.
    """

    types: tuple[str, ...]
    required: tuple[str, ...] = ()
    open: bool = False
    enum: tuple[Any, ...] = ()
    number: Range = _UNBOUNDED
    length: Range = _UNBOUNDED
    count: Range = _UNBOUNDED
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
            return shape(self._service, self._properties[name])
        return shape(self._service, self._values) if self.open else None

    @property
    def items(self) -> Shape:
        """The shape of a list's items."""
        return shape(self._service, self._items)


@lru_cache(maxsize=8192)
def shape(service: str, reference: int | str) -> Shape:
    """A shape of a service's types (`AWS::SQS`), by its place in their table, or a lone JSON type by its name."""
    if isinstance(reference, str):
        return Shape((reference,) if reference else ())
    row = line("shape-lines", service, reference)
    types = row.get("t", ())
    return Shape(
        types=(types,) if isinstance(types, str) else tuple(types),
        required=tuple(row.get("r", ())),
        open="o" in row,
        enum=tuple(row.get("e", ())),
        number=tuple(row.get("n", _UNBOUNDED)),
        length=tuple(row.get("l", _UNBOUNDED)),
        count=tuple(row.get("c", _UNBOUNDED)),
        _properties=row.get("p", _NO_PROPERTIES),
        _items=row.get("i", ""),
        _values=row.get("v", ""),
        _service=service,
    )
