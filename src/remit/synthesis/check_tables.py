"""Check the keys of a DynamoDB table and its indexes, which CloudFormation finds only when it makes the table.

Source: "CreateTable", "AttributeDefinition", "KeySchemaElement" (Amazon DynamoDB API Reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, few

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource

TABLES: Final = frozenset({"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"})
_INDEXES: Final = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_KEY_TYPES: Final = (["HASH"], ["HASH", "RANGE"])


def check_table(table: Resource) -> Iterator[RemitError]:
    """Keys that are none, and attributes of the keys that are not those that the table defines.

    What only the deploy knows is not looked at.
    """
    defined = _texts(table.properties.get("AttributeDefinitions"), "AttributeName")
    used: dict[str, None] = {}
    for label, schema in _key_schemas(table):
        names, kinds = _texts(schema, "AttributeName"), _texts(schema, "KeyType")
        if names is None or kinds is None:
            return
        yield from _check_key(table, label, names, kinds)
        used |= dict.fromkeys(names)
    if defined is None or not used:
        return
    for name in used:
        if name not in defined:
            yield RemitError(
                f"the keys of `{table.logical_id}` have the attribute {name!r}, which its AttributeDefinitions do not",
                hint=did_you_mean(name, defined) or f'add {{"AttributeName": "{name}", "AttributeType": "S"}}',
                origin=table.origin,
                path=("AttributeDefinitions",),
            )
    unused = [name for name in defined if name not in used]
    if unused:
        yield RemitError(
            f"`{table.logical_id}` defines {few(unused)}, which no key of it or of its indexes has",
            hint="AttributeDefinitions are for keys alone: items may have any other attribute",
            origin=table.origin,
            path=("AttributeDefinitions",),
        )


def _key_schemas(table: Resource) -> Iterator[tuple[str, Any]]:
    """The key of the table and of each index, with how errors call it."""
    if "KeySchema" in table.properties:
        yield f"`{table.logical_id}`", table.properties["KeySchema"]
    for kind in _INDEXES:
        indexes = table.properties.get(kind)
        for index in indexes if isinstance(indexes, list) else ():
            if isinstance(index, Mapping) and "KeySchema" in index:
                yield f"index {index.get('IndexName')} of `{table.logical_id}`", index["KeySchema"]


def _check_key(table: Resource, label: str, names: list[str], kinds: list[str]) -> Iterator[RemitError]:
    if kinds not in _KEY_TYPES:
        yield RemitError(
            f"the key of {label} has {', '.join(kinds) or 'no attributes'}; "
            "it is one HASH attribute, and then one RANGE attribute if you like",
            origin=table.origin,
        )
    if len(names) != len(set(names)):
        yield RemitError(f"the key of {label} has the attribute {names[0]!r} twice", origin=table.origin)


def _texts(items: Any, key: str) -> list[str] | None:
    """A text of each item of a list, by its key; None where one is not known before the deploy."""
    if not isinstance(items, list):
        return None
    texts = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    if not all(isinstance(text, str) and "${" not in text for text in texts):
        return None
    return [str(text) for text in texts]
