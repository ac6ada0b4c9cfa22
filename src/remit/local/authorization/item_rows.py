"""Operations whose items AWS decides one by one: a function for each, with its source.

Each gives the access that the items need: an action, the resource below `arn:PARTITION:SERVICE:REGION:ACCOUNT:`, and
the parameters that its condition keys are read from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.local.authorization.requested_operation import RequestedOperation

    Parameters = Mapping[str, Any]
    Items = Callable[[RequestedOperation, Parameters], Iterator["Item"]]


@dataclass(frozen=True, slots=True)
class Item:
    """One access of a batch. `format` is an ARN whose variables are Partition, Region and Account.

    `part` names what it is for, where AWS goes on with the rest if it is denied.
    """

    action: str
    format: str
    parameters: Parameters
    part: tuple[str, ...] = ()

    def resource(self, places: Mapping[str, str]) -> str:
        """The ARN in a place."""
        return fill(self.format, places)


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _deleted_objects(_requested: RequestedOperation, parameters: Parameters) -> Iterator[Item]:
    """Each key by itself, a version of it by another action ("DeleteObjects", Amazon S3 API Reference)."""
    bucket = parameters.get("Bucket", "")
    deleted = parameters.get("Delete")
    is_past_retention = str(parameters.get("BypassGovernanceRetention", "")).lower() == "true"
    for entry in _dicts(deleted.get("Objects")) if isinstance(deleted, dict) else ():
        actions = ["s3:DeleteObjectVersion" if entry.get("VersionId") else "s3:DeleteObject"]
        if is_past_retention:
            actions.append("s3:BypassGovernanceRetention")
        key = str(entry.get("Key", ""))
        content = {**entry, "Key": key, "Bucket": bucket}
        for action in actions:
            part = key, str(entry.get("VersionId", ""))
            yield Item(action, f"arn:${{Partition}}:s3:::{bucket}/{key}", content, part)


_TABLE: Final = "arn:${Partition}:dynamodb:${Region}:${Account}:table/"


def table_format(name: str) -> str:
    """The format of a table's ARN, by its name or the ARN itself."""
    return name if name.startswith("arn:") else f"{_TABLE}{name}"


def _batch(requested: RequestedOperation, parameters: Parameters) -> Iterator[Item]:
    """Each table of a batch ("BatchGetItem", "BatchWriteItem", Amazon DynamoDB API Reference)."""
    tables = parameters.get("RequestItems")
    for table, requests in tables.items() if isinstance(tables, dict) else ():
        keys: list[Any] = []
        content: dict[str, Any] = {"TableName": table, "Keys": keys}
        if isinstance(requests, dict):
            content |= requests
        for request in _dicts(requests):
            put, deletion = request.get("PutRequest"), request.get("DeleteRequest")
            keys += [item.get(name) for item, name in ((put, "Item"), (deletion, "Key")) if isinstance(item, dict)]
        yield Item(f"dynamodb:{requested.name}", table_format(table), content)


_TRANSACTED: Final = {
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _transaction(_requested: RequestedOperation, parameters: Parameters) -> Iterator[Item]:
    """Each item as its own operation ("Using IAM with DynamoDB transactions", Amazon DynamoDB Developer Guide)."""
    for entry in _dicts(parameters.get("TransactItems")):
        for name, action in _TRANSACTED.items():
            content = entry.get(name)
            if isinstance(content, dict):
                yield Item(action, table_format(str(content.get("TableName", ""))), content)


_OUTSIDE_OF_QUOTES: Final = r"""(?:'(?:[^']|'')*'|"[^"]*"|[^'"])*?"""
_TABLE_NAME: Final = r"""(?P<table>"[^"]*"(?:\."[^"]*")?|[^\s"(),;]+)"""
_PARTIQL: Final = (
    (rf"\s*SELECT\b{_OUTSIDE_OF_QUOTES}\bFROM\s+{_TABLE_NAME}", "dynamodb:PartiQLSelect"),
    (rf"\s*INSERT\s+INTO\s+{_TABLE_NAME}", "dynamodb:PartiQLInsert"),
    (rf"\s*UPDATE\s+{_TABLE_NAME}", "dynamodb:PartiQLUpdate"),
    (rf"\s*DELETE\s+FROM\s+{_TABLE_NAME}", "dynamodb:PartiQLDelete"),
)
_EXISTS: Final = re.compile(r"\s*EXISTS\s*\(", re.IGNORECASE)
_COMMENT: Final = re.compile(r"""('(?:[^']|'')*'|"[^"]*")|--[^\n]*|/\*.*?\*/""", re.DOTALL)


def _statements(requested: RequestedOperation, parameters: Parameters) -> Iterator[Item]:
    """Each statement by its verb, on its table or index.

    Source: "IAM security policies with PartiQL for DynamoDB" (Amazon DynamoDB Developer Guide).
    """
    entries = [*_dicts(parameters.get("Statements")), *_dicts(parameters.get("TransactStatements"))]
    if requested.name == "ExecuteStatement":
        entries = [dict(parameters)]
    for entry in entries:
        text = _COMMENT.sub(lambda match: match[1] or " ", str(entry.get("Statement", "")))
        statement = _EXISTS.sub("", text)
        for pattern, action in _PARTIQL:
            match = re.match(pattern, statement, re.IGNORECASE | re.DOTALL)
            if match is not None:
                names = re.findall(r'"([^"]*)"', match["table"]) or [match["table"]]
                yield Item(action, table_format("/index/".join(names)), entry)
                break
        else:
            yield Item("dynamodb:PartiQLSelect", f"{_TABLE}${{Unresolved}}", entry)


ITEMS: Final[Mapping[tuple[str, str], Items]] = {
    ("s3", "DeleteObjects"): _deleted_objects,
    ("dynamodb", "BatchGetItem"): _batch,
    ("dynamodb", "BatchWriteItem"): _batch,
    ("dynamodb", "TransactGetItems"): _transaction,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("dynamodb", "ExecuteStatement"): _statements,
    ("dynamodb", "BatchExecuteStatement"): _statements,
    ("dynamodb", "ExecuteTransaction"): _statements,
}
"""By boto3's name of the client, and the operation."""
