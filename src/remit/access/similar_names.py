"""ARNs by parameters that are called almost as the variables of ARN formats: `cluster` for `${ClusterName}`.

A parameter names a variable if both are alike without the endings that APIs add (Name, Id, Identifier, a plural), or if
it is called `Name`, `Id` or the like in an operation on this kind of resource (`DeleteCapacityReservation`). A variable
that is called `Id`, and is the only one, stands for the kind (`HostedZoneId`), and the name of a kind for its only
variable (`TranscriptionJobName`). Where there is no such parameter, one
that says the end of the variable is taken (`JobId` for `${ExportJobId}`), or `ResourceId` beside a `ResourceType` that
is the kind.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from remit.access.needed_access import UNRESOLVED, texts
from remit.catalogue.arns import fill, variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.catalogue.actions import IamResourceType

_PLACES: Final = frozenset({"Partition", "Region", "Account"})
_ENDING: Final = re.compile(r"(?:friendlyname|resourceid|identifiers?|names?|ids?|withpath|s)$")
_NAME_OR_ID: Final = re.compile(r"(name|id)s?$")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_SHORTEST: Final = 3  # letters of a parameter that says the end of a variable
_OF_ANY_KIND: Final = ("resourceid", "resourceids", "resourcename")
_PLAIN: Final = ("name", "id", "identifier", "arn", "names", "ids", "resourceid")


def similar(
    kind: IamResourceType, operation: str, parameters: Mapping[str, Any], places: Mapping[str, str]
) -> Iterator[str]:
    """The ARNs of a kind of resource that the parameters of an operation tell, in part at least.

    `UNRESOLVED` stands for each part that no parameter tells. A format of which none is told gives no ARN.
    """
    for format_ in kind.arns:
        names = [name for name in variables(format_) if name not in _PLACES]
        is_alone = len(names) == 1
        values = [_values(name, kind.name, operation, parameters, is_alone=is_alone) for name in names]
        if not any(values):
            continue
        for choice in product(*(value or (UNRESOLVED,) for value in values)):
            yield fill(format_, {**places, **dict(zip(names, choice, strict=True))})


def _values(
    variable: str, kind: str, operation: str, parameters: Mapping[str, Any], *, is_alone: bool
) -> tuple[str, ...]:
    """The values of a variable, which may be the only one of an ARN; none where no parameter fits, or several do.

    Texts that are ARNs themselves do not count.
    """
    is_plain = is_alone and _folded(variable) in _PLAIN
    stem = _stem(kind if is_plain else variable)
    is_on_kind = _is_on_kind(operation, kind)
    is_of_kind = _folded(str(parameters.get("ResourceType", ""))) == _folded(kind)
    fitting: list[tuple[str, ...]] = []
    for name, value in parameters.items():
        named = tuple(text for text in texts(value) if not text.startswith("arn:"))
        if not named:
            continue
        folded = _folded(name)
        is_name_of_id = _ending(variable) == "id" and _ending(name) == "name"
        if (_stem(name) == stem and not (is_plain and is_name_of_id)) or (is_on_kind and folded in _PLAIN):
            return named
        if is_alone and folded == f"{_folded(kind)}name" and _ending(variable) == "name":
            return named
        if _says_the_end(name, variable, stem) or (is_of_kind and folded in _OF_ANY_KIND):
            fitting.append(named)
    return fitting[0] if len(fitting) == 1 else ()


@lru_cache(maxsize=4096)
def _is_on_kind(operation: str, kind: str) -> bool:
    """Return whether an operation's words have those of a kind in a row.

    GetScheduledQueryHistory is on a scheduled query.
    """
    words = [word.lower() for word in _WORD.findall(operation)]
    # Every run of words, joined: the kind may stand anywhere in the operation's name.
    beginnings = [words[: position + 1] for position in range(len(words))]
    runs = {"".join(words[start:]).removesuffix("s") for words in beginnings for start in range(len(words))}
    return _folded(kind).removesuffix("s") in runs


@lru_cache(maxsize=4096)
def _says_the_end(name: str, variable: str, stem: str) -> bool:
    """Return whether a parameter (`JobId`) says the end of a variable (`ExportJobId`).

    A name of a name, an id of an id.
    """
    short, ending = _stem(name), _ending(name)
    if len(short) < _SHORTEST or short in _PLAIN or not stem.endswith(short) or not ending:
        return False
    return _ending(variable) in ("", ending)


def _ending(name: str) -> str:
    """The last of a name, without its plural: `name` or `id`, or nothing."""
    match = _NAME_OR_ID.search(_folded(name))
    return "" if match is None else match[1]


@lru_cache(maxsize=4096)
def _stem(name: str) -> str:
    """A name without case and endings: ClusterName, clusters and cluster are one."""
    folded = _folded(name)
    stem = _ENDING.sub("", folded)
    return stem or folded


def _folded(name: str) -> str:
    """A name in lower case, letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
