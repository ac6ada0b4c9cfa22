"""ARNs by parameters that are called almost as the variables of ARN formats: `cluster` for `${ClusterName}`.

A parameter names a variable if both are alike without the endings that APIs add (Name, Id, Identifier, a plural), or if
it is called `Name`, `Id` or the like in an operation on just this kind of resource (`DeleteCapacityReservation`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import fill, variables
from remit.local.authorization.resource_rows import UNRESOLVED, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.catalogue.actions import IamResourceType

_PLACES: Final = frozenset({"Partition", "Region", "Account"})
_ENDING: Final = re.compile(r"(?:friendlyname|resourceid|identifiers?|names?|ids?|withpath|s)$")
_PLAIN: Final = ("name", "id", "identifier", "arn", "names", "ids")


def similar(
    kind: IamResourceType, operation: str, parameters: Mapping[str, Any], places: Mapping[str, str]
) -> Iterator[str]:
    """The ARNs of a kind of resource that the parameters of an operation tell, in part at least."""
    for format_ in kind.arns:
        names = [name for name in variables(format_) if name not in _PLACES]
        values = [_values(name, kind.name, operation, parameters) for name in names]
        if not any(values):
            continue
        for choice in product(*(value or (UNRESOLVED,) for value in values)):
            yield fill(format_, {**places, **dict(zip(names, choice, strict=True))})


def _values(variable: str, kind: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    stem = _stem(variable)
    is_on_kind = _folded(operation).removesuffix("s").endswith(_folded(kind))
    for name, value in parameters.items():
        folded = _folded(name)
        if _stem(name) == stem or (is_on_kind and folded in _PLAIN):
            named = tuple(text for text in texts(value) if not text.startswith("arn:"))
            if named:
                return named
    return ()


@lru_cache(maxsize=4096)
def _stem(name: str) -> str:
    """A name without case and endings: ClusterName, clusters and cluster are one."""
    folded = _folded(name)
    stem = _ENDING.sub("", folded)
    return stem or folded


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
