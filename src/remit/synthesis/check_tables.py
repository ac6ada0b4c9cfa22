"""Check the keys and the capacity of a DynamoDB table and its indexes, as DynamoDB does when it makes the table.

Source: "CreateTable", "AttributeDefinition", "KeySchemaElement", "LocalSecondaryIndex" (Amazon DynamoDB API Reference).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, few

if TYPE_CHECKING:
    from remit.app import Resource

TABLES: Final = frozenset({"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"})
_GLOBAL_INDEXES: Final = "GlobalSecondaryIndexes"
_LOCAL_INDEXES: Final = "LocalSecondaryIndexes"
_THROUGHPUT: Final = "ProvisionedThroughput"
_KEY_TYPES: Final = (["HASH"], ["HASH", "RANGE"])
_BILLING_MODES: Final = ("PAY_PER_REQUEST", "PROVISIONED")


def check_table(table: Resource) -> Iterator[RemitError]:
    """Yield wrong keys, attributes that keys use and the table does not define or the reverse, and wrong capacities.

    A capacity is missing, or stands beside payment by request. What only the deploy knows is not looked at.
    """
    # A table is paid by request, or it and each global index say what they provide: never both.
    billing = table.properties.get("BillingMode", "PROVISIONED")
    paid = [(f"table `{table.logical_id}`", table.properties), *_indexes(table, _GLOBAL_INDEXES)]
    for label, properties in paid if table.type == "AWS::DynamoDB::Table" and billing in _BILLING_MODES else ():
        is_provisioned = _THROUGHPUT in properties
        if is_provisioned == (billing == "PROVISIONED"):
            continue
        problem = f"{label} is paid by request, and sets {_THROUGHPUT}"
        hint = f"leave {_THROUGHPUT} out, or the billing mode"
        if not is_provisioned:
            problem = f"{label} sets no {_THROUGHPUT}, and is not paid by request"
            hint = 'write billing_mode="PAY_PER_REQUEST", or provisioned_throughput with its units'
        yield RemitError(problem, hint=hint, origin=table.origin, path=("BillingMode",))
    yield from _check_keys(table)


def _check_keys(table: Resource) -> Iterator[RemitError]:  # noqa: C901 - one case after the other
    """Yield what is wrong with the keys of a table and its indexes, up to a key that only the deploy knows."""
    defined = _texts(table.properties.get("AttributeDefinitions"), "AttributeName")
    used: dict[str, None] = {}
    indexes = [*_indexes(table, _GLOBAL_INDEXES), *_indexes(table, _LOCAL_INDEXES)]
    for label, properties in (f"`{table.logical_id}`", table.properties), *indexes:
        if "KeySchema" not in properties:
            continue
        names, kinds = _texts(properties["KeySchema"], "AttributeName"), _texts(properties["KeySchema"], "KeyType")
        if names is None or kinds is None:
            return
        if kinds not in _KEY_TYPES:
            yield RemitError(
                f"the key of {label} has {', '.join(kinds) or 'no attributes'}; "
                "it is one HASH attribute, and then one RANGE attribute if you like",
                origin=table.origin,
            )
        if len(names) != len(set(names)):
            yield RemitError(f"the key of {label} has the attribute {names[0]!r} twice", origin=table.origin)
        used |= dict.fromkeys(names)
    yield from _check_local_indexes(table)
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
    for name in sorted({name for name in defined if defined.count(name) > 1}):
        problem = f"`{table.logical_id}` defines the attribute {name!r} twice"
        yield RemitError(problem, origin=table.origin, path=("AttributeDefinitions",))
    unused = [name for name in defined if name not in used]
    if unused:
        yield RemitError(
            f"`{table.logical_id}` defines {few(unused)}, which no key of it or of its indexes has",
            hint="AttributeDefinitions are for keys alone: items may have any other attribute",
            origin=table.origin,
            path=("AttributeDefinitions",),
        )


def _indexes(table: Resource, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the indexes of a table that are known before the deploy, each after the words that errors have for it."""
    indexes = table.properties.get(kind)
    for index in indexes if isinstance(indexes, list) else ():
        if isinstance(index, Mapping):
            yield f"index {index.get('IndexName')} of `{table.logical_id}`", index


def _check_local_indexes(table: Resource) -> Iterator[RemitError]:
    """Yield the local indexes whose key is not the table's HASH attribute and a RANGE attribute."""
    table_key = _texts(table.properties.get("KeySchema"), "AttributeName") or []
    for label, index in _indexes(table, _LOCAL_INDEXES):
        key = _texts(index.get("KeySchema"), "AttributeName")
        if key is None or not table_key:
            continue
        hint = ""
        if len(table_key) == 1:
            hint = "it needs a table whose key has a RANGE attribute"
        elif len(key) == 1 or key[0] != table_key[0]:
            hint = f"its key is the HASH attribute {table_key[0]!r} of its table, and a RANGE attribute of its own"
        if hint:
            yield RemitError(f"{label} cannot be a local index", hint=hint, origin=table.origin)


def _texts(items: Any, key: str) -> list[str] | None:
    """A text of each item of a list, by its key.

    None where there is no list, or one text is not known before the deploy.
    """
    if not isinstance(items, list):
        return None
    texts = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    if not all(isinstance(text, str) and "${" not in text for text in texts):
        return None
    return [str(text) for text in texts]
