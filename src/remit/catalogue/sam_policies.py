"""SAM's policy templates (`S3ReadPolicy`, `DynamoDBCrudPolicy` …): which exist, what they take, what they grant.

Source: "SAM policy templates" (AWS SAM Developer Guide), as the translator has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remit.catalogue.snapshot import chunk


@dataclass(frozen=True, slots=True)
class SamPolicy:
    """A policy template: a document in which `{"Ref": PARAMETER}` stands for what is given."""

    name: str
    parameters: tuple[str, ...]
    document: Mapping[str, Any]

    def filled(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The document with what is given in place of its parameters. KeyError: a parameter that is not given."""
        values = {name: arguments[name] for name in self.parameters}
        document: dict[str, Any] = _put(self.document, values)
        return document


def sam_policy(name: str) -> SamPolicy | None:
    """The template of a name, or None."""
    row = chunk("sam-policies", "").get(name)
    return None if row is None else SamPolicy(name, tuple(row[0]), row[1])


def sam_policies() -> tuple[str, ...]:
    """The names of all policy templates, sorted."""
    return tuple(chunk("sam-policies", ""))


def _put(value: Any, values: Mapping[str, Any]) -> Any:
    """A part of a document with the values in place of the references to them."""
    if isinstance(value, dict):
        name = value.get("Ref")
        # An object with further members is no intrinsic function, whatever it has as Ref.
        if len(value) == 1 and isinstance(name, str) and name in values:
            return values[name]
        return {key: _put(item, values) for key, item in value.items()}
    return [_put(item, values) for item in value] if isinstance(value, list) else value
