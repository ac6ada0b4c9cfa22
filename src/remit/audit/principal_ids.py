"""The unique ids that policies have in the place of a user or role, such as `AROADBQP57FF2AEXAMPLE`.

IAM keeps the id of a principal, and shows its ARN as long as it exists: an id that nobody has is of somebody who was
deleted. Conditions on `aws:userid` show the ids of those who exist, too: `AROADBQP57FF2AEXAMPLE:*` are the sessions of
a role.

Sources: "IAM identifiers", "AWS JSON policy elements: Principal", "Principal key values" (IAM User Guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from remit.lint.elements import raw_statements

_PREFIXES: Final = ("AROA", "AIDA")
_ELEMENTS: Final = ("Principal", "NotPrincipal")
USER_ID: Final = "aws:userid"
"""The condition key, in lower case, that has the id of whoever asks."""


@dataclass(frozen=True, slots=True)
class PrincipalIds:
    """The known ids of some policies: the ARNs of those whose user or role exists.

    `missing_accounts` are those of the organization that the files do not have in whole: an id may be of one of them.
    """

    arns: tuple[tuple[str, str], ...] = ()
    missing_accounts: tuple[str, ...] = ()


NO_IDS: Final = PrincipalIds()


def is_principal_id(value: str) -> bool:
    """Return whether a principal is written as the id of a user or role."""
    return value.startswith(_PREFIXES)


def id_in(value: str) -> str:
    """The id in a value of aws:userid, which has the name of a role's session behind it."""
    return value.partition(":")[0]


def may_have_ids(text: str) -> bool:
    """Return whether the text of a document may have an id: a cheap look."""
    return any(f'"{prefix}' in text for prefix in _PREFIXES)


def principal_ids(document: Any) -> Iterator[str]:
    """The ids that a document names, as principals or in conditions on aws:userid."""
    for statement in raw_statements(document):
        for element in _ELEMENTS:
            yield from filter(is_principal_id, _named(statement.get(element)))
        yield from map(id_in, filter(is_principal_id, _compared_ids(statement.get("Condition"))))


def with_arns(document: Any, arns: Mapping[str, str]) -> Any:
    """A document with the ARNs of principals in the place of their ids, as IAM itself shows it.

    Ids in conditions stay. A document that names none of these ids comes back itself.
    """
    if not arns.keys() & set(principal_ids(document)):
        return document
    statements = []
    for statement in raw_statements(document):
        changed = dict(statement)
        for element in _ELEMENTS:
            names = _named(statement.get(element))
            if names:
                changed[element] = {**statement[element], "AWS": [arns.get(name, name) for name in names]}
        statements.append(changed)
    return {**document, "Statement": statements}


def _named(principal: Any) -> list[str]:
    """The values under `AWS` of a Principal; none where it is a text, such as `*`."""
    return _texts(principal.get("AWS") if isinstance(principal, dict) else None)


def _compared_ids(conditions: Any) -> Iterator[str]:
    """The values that conditions compare aws:userid with."""
    for keys in conditions.values() if isinstance(conditions, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            if key.lower() == USER_ID:
                yield from _texts(values)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [value for value in values if isinstance(value, str)]
