"""Operations whose items AWS decides one by one: a function for each, with its source.

Each gives the access that the items need; `part` names an item, where AWS goes on with the rest if it is denied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.access.needed_access import NeededAccess, OperationRequest
from remit.catalogue.arns import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Items = Callable[[OperationRequest], Iterator[NeededAccess]]


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """The mappings in a list; none where it is no list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _deleted_objects(request: OperationRequest) -> Iterator[NeededAccess]:
    """Yield the access for each key, a version of it by another action ("DeleteObjects", Amazon S3 API Reference).

    With BypassGovernanceRetention each needs a second action. The part is the key and the version, empty without one.
    """
    bucket = request.parameters.get("Bucket", "")
    deleted = request.parameters.get("Delete")
    is_past_retention = str(request.parameters.get("BypassGovernanceRetention", "")).lower() == "true"
    for entry in _dicts(deleted.get("Objects")) if isinstance(deleted, dict) else ():
        actions = ["s3:DeleteObjectVersion" if entry.get("VersionId") else "s3:DeleteObject"]
        if is_past_retention:
            actions.append("s3:BypassGovernanceRetention")
        key = str(entry.get("Key", ""))
        content = {**entry, "Key": key, "Bucket": bucket}
        resource = fill(f"arn:${{Partition}}:s3:::{bucket}/{key}", request.setting.places)
        for action in actions:
            yield NeededAccess(action, resource, content, part=(key, str(entry.get("VersionId", ""))))


def _table(name: str, request: OperationRequest) -> str:
    """The ARN of a table by its name or the ARN itself."""
    format_ = name if name.startswith("arn:") else f"arn:${{Partition}}:dynamodb:${{Region}}:${{Account}}:table/{name}"
    return fill(format_, request.setting.places)


def _batch(request: OperationRequest) -> Iterator[NeededAccess]:
    """Yield the access for each table of a batch, whose parameters are the keys and items for that table.

    Source: "BatchGetItem", "BatchWriteItem" (Amazon DynamoDB API Reference).
    """
    tables = request.parameters.get("RequestItems")
    for table, entries in tables.items() if isinstance(tables, dict) else ():
        keys: list[Any] = []
        content: dict[str, Any] = {"TableName": table, "Keys": keys}
        if isinstance(entries, dict):
            content |= entries
        for entry in _dicts(entries):
            put, deletion = entry.get("PutRequest"), entry.get("DeleteRequest")
            keys += [item.get(name) for item, name in ((put, "Item"), (deletion, "Key")) if isinstance(item, dict)]
        yield NeededAccess(f"dynamodb:{request.operation.name}", _table(table, request), content)


_TRANSACTED: Final = {
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _transaction(request: OperationRequest) -> Iterator[NeededAccess]:
    """Yield the access for each item, as for its own operation; an entry of another kind needs none.

    Source: "Using IAM with DynamoDB transactions" (Amazon DynamoDB Developer Guide).
    """
    for entry in _dicts(request.parameters.get("TransactItems")):
        for name, action in _TRANSACTED.items():
            content = entry.get(name)
            if isinstance(content, dict):
                yield NeededAccess(action, _table(str(content.get("TableName", "")), request), content)


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


def _statements(request: OperationRequest) -> Iterator[NeededAccess]:
    """Yield the access for each statement by its verb, on its table or index.

    For another verb, a SELECT on every table. Source: "IAM security policies with PartiQL for DynamoDB" (Amazon
    DynamoDB Developer Guide).
    """
    parameters = request.parameters
    entries = [*_dicts(parameters.get("Statements")), *_dicts(parameters.get("TransactStatements"))]
    if request.operation.name == "ExecuteStatement":
        entries = [dict(parameters)]
    for entry in entries:
        text = _COMMENT.sub(lambda match: match[1] or " ", str(entry.get("Statement", "")))
        statement = _EXISTS.sub("", text)  # EXISTS(SELECT …) of a transaction is authorised as its SELECT
        for pattern, action in _PARTIQL:
            match = re.match(pattern, statement, re.IGNORECASE)
            if match is not None:
                names = re.findall(r'"([^"]*)"', match["table"]) or [match["table"]]
                yield NeededAccess(action, _table("/index/".join(names), request), entry)
                break
        else:
            yield NeededAccess("dynamodb:PartiQLSelect", _table("*", request), entry)  # nobody knows which


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
