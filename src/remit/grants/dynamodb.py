"""Access to DynamoDB tables: `dynamodb.put("orders")`.

A table is given by name, by ARN, or as a resource of the app. Each verb is one right of its own: reading does not
query, writing does not delete. Source of the actions: "Actions, resources, and condition keys for Amazon DynamoDB"
(Service Authorization Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.grants import typed
from remit.triggers.source import name_of

if TYPE_CHECKING:
    from remit.app import Grant

_TABLE: Final = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/{}"


def read(table: Any) -> Grant:
    """Get items by their key, one or a batch."""
    arn = typed.arn(table, "dynamodb.read", _TABLE)
    return typed.grant(("dynamodb:GetItem", "dynamodb:BatchGetItem"), (arn,), f"reads items of table {name_of(arn)}")


def query(table: Any, *, index: str | None = None) -> Grant:
    """Query the table, or one of its indexes (a name, or "*")."""
    resource, phrase = _table_or_index(table, index, "dynamodb.query")
    return typed.grant(("dynamodb:Query",), (resource,), f"queries {phrase}")


def scan(table: Any, *, index: str | None = None) -> Grant:
    """Scan the table, or one of its indexes (a name, or "*")."""
    resource, phrase = _table_or_index(table, index, "dynamodb.scan")
    return typed.grant(("dynamodb:Scan",), (resource,), f"scans {phrase}")


def list(table: Any, *, index: str | None = None) -> Grant:  # noqa: A001 - the verb, spelled dynamodb.list
    """Go through items without their keys: query and scan."""
    resource, phrase = _table_or_index(table, index, "dynamodb.list")
    return typed.grant(("dynamodb:Query", "dynamodb:Scan"), (resource,), f"lists items of {phrase}")


def put(table: Any) -> Grant:
    """Put items; those that exist are replaced. Batches are a right of their own (`batch_write`)."""
    arn = typed.arn(table, "dynamodb.put", _TABLE)
    return typed.grant(("dynamodb:PutItem",), (arn,), f"puts items into table {name_of(arn)}")


def update(table: Any) -> Grant:
    """Update items."""
    arn = typed.arn(table, "dynamodb.update", _TABLE)
    return typed.grant(("dynamodb:UpdateItem",), (arn,), f"updates items of table {name_of(arn)}")


def delete(table: Any) -> Grant:
    """Delete items."""
    arn = typed.arn(table, "dynamodb.delete", _TABLE)
    return typed.grant(("dynamodb:DeleteItem",), (arn,), f"deletes items of table {name_of(arn)}")


def batch_write(table: Any) -> Grant:
    """Put and delete items in batches: IAM cannot tell the two apart there."""
    arn = typed.arn(table, "dynamodb.batch_write", _TABLE)
    because = f"puts and deletes items of table {name_of(arn)} in batches"
    return typed.grant(("dynamodb:BatchWriteItem",), (arn,), because)


def _table_or_index(table: Any, index: str | None, verb: str) -> tuple[str, str]:
    arn = typed.arn(table, verb, _TABLE)
    if index is None:
        return arn, f"table {name_of(arn)}"
    return f"{arn}/index/{index}", f"index {index} of table {name_of(arn)}"
