"""Access to DynamoDB tables: `dynamodb.put("orders")`.

Source of the actions: "Actions, resources, and condition keys for Amazon DynamoDB" (Service Authorization Reference).
A table is given by name, by ARN, or as a resource of the app. Each verb is one right of its own: reading does not
query, writing does not delete.

`leading_keys=` holds a verb to items whose partition key is one of these ("Using IAM policy conditions for
fine-grained access control", Amazon DynamoDB Developer Guide). `key=` is the table's KMS key ("DynamoDB encryption at
rest: usage notes"): DynamoDB decrypts the table's own key with the caller's access to it, for reading and for
writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, TableRef
from remit.grants import typed
from remit.iam.policy import Condition

_TABLE: Final = typed.ResourceKind("dynamodb", "table/{}", "table", "AWS::DynamoDB::Table")


@verb
def get(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Get items by their key, one at a time: dynamodb:GetItem. Batches come with `read`. With `key`, kms:Decrypt."""
    return _on_table("get", ("GetItem",), "gets items of", table, leading_keys, key)


@verb
def read(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Get items by their key, one or a batch: dynamodb:GetItem, dynamodb:BatchGetItem. With `key`, kms:Decrypt."""
    return _on_table("read", ("GetItem", "BatchGetItem"), "reads items of", table, leading_keys, key)


@verb
def query(
    table: TableRef, *, index: str | None = None, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None
) -> typed.Grants:
    """Query the table, or one of its indexes (a name, or "*"): dynamodb:Query. With `key`, kms:Decrypt."""
    return _on_table("query", ("Query",), "queries", table, leading_keys, key, index)


@verb
def scan(table: TableRef, *, index: str | None = None, key: KeyRef | None = None) -> typed.Grants:
    """Scan the table, or one of its indexes (a name, or "*"): dynamodb:Scan. With `key`, kms:Decrypt."""
    return _on_table("scan", ("Scan",), "scans", table, (), key, index)


@verb
def list(table: TableRef, *, index: str | None = None, key: KeyRef | None = None) -> typed.Grants:  # noqa: A001 - the verb's name
    """Go through items without their keys: dynamodb:Query and dynamodb:Scan. With `key`, kms:Decrypt."""
    return _on_table("list", ("Query", "Scan"), "lists items of", table, (), key, index)


@verb
def put(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Put items; those that exist are replaced: dynamodb:PutItem. Batches are a right of their own (`batch_write`).

    With `key`, kms:Decrypt.
    """
    return _on_table("put", ("PutItem",), "puts items into", table, leading_keys, key)


@verb
def update(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Update items: dynamodb:UpdateItem. With `key`, kms:Decrypt."""
    return _on_table("update", ("UpdateItem",), "updates items of", table, leading_keys, key)


@verb
def delete(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Delete items: dynamodb:DeleteItem. With `key`, kms:Decrypt."""
    return _on_table("delete", ("DeleteItem",), "deletes items of", table, leading_keys, key)


@verb
def batch_write(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Put and delete items in batches, which IAM cannot tell apart there: dynamodb:BatchWriteItem.

    With `key`, kms:Decrypt.
    """
    return _on_table(
        "batch_write", ("BatchWriteItem",), "puts and deletes in batches items of", table, leading_keys, key
    )


@verb
def check(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Check conditions on items within a transaction: dynamodb:ConditionCheckItem.

    What else a transaction does is `read`, `put`, `update` or `delete`. With `key`, kms:Decrypt.
    """
    return _on_table("check", ("ConditionCheckItem",), "checks items of", table, leading_keys, key)


@verb
def select(
    table: TableRef, *, index: str | None = None, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None
) -> typed.Grants:
    """Read the table, or one of its indexes, by PartiQL's SELECT: dynamodb:PartiQLSelect. With `key`, kms:Decrypt.

    A SELECT without the partition key scans the whole table; `leading_keys` refuses it.
    """
    return _on_table("select", ("PartiQLSelect",), "selects items of", table, leading_keys, key, index)


@verb
def insert(table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None) -> typed.Grants:
    """Put new items by PartiQL's INSERT: dynamodb:PartiQLInsert. With `key`, kms:Decrypt."""
    return _on_table("insert", ("PartiQLInsert",), "inserts items into", table, leading_keys, key)


@verb
def partiql_update(
    table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None
) -> typed.Grants:
    """Update items by PartiQL's UPDATE: dynamodb:PartiQLUpdate. With `key`, kms:Decrypt."""
    return _on_table("partiql_update", ("PartiQLUpdate",), "updates by PartiQL items of", table, leading_keys, key)


@verb
def partiql_delete(
    table: TableRef, *, leading_keys: str | Sequence[str] = (), key: KeyRef | None = None
) -> typed.Grants:
    """Delete items by PartiQL's DELETE: dynamodb:PartiQLDelete. With `key`, kms:Decrypt."""
    return _on_table("partiql_delete", ("PartiQLDelete",), "deletes by PartiQL items of", table, leading_keys, key)


@verb
def describe(table: TableRef) -> typed.Grants:
    """Read what is known of the table but its items, as `Table.load()` does: dynamodb:DescribeTable."""
    return _on_table("describe", ("DescribeTable",), "describes", table, (), None)


def _on_table(
    verb: str,
    operations: tuple[str, ...],
    phrase: str,
    table: TableRef,
    leading_keys: str | Sequence[str],
    key: KeyRef | None,
    index: str | None = None,
) -> typed.Grants:
    """The grants of a verb on a table or one of its indexes.

    With leading keys they hold for requests that name keys, each of them among these. The key of KMS is used through
    DynamoDB alone.
    """
    spelled = f"dynamodb.{verb}"
    resource, name = _TABLE.named(table, spelled)
    subject = f"table {name}"
    if index is not None:
        index_name = typed.text_of(index, spelled)
        resource, subject = f"{resource}/index/{index_name}", f"index {index_name} of table {name}"
    partitions = typed.one_or_several(leading_keys, spelled)
    conditions: tuple[Condition, ...] = ()
    if partitions:
        # ForAllValues holds for a request without keys, which a Scan is: Null demands that there are some.
        conditions = (
            Condition("StringLike", "dynamodb:LeadingKeys", partitions, quantifier="ForAllValues"),
            Condition("Null", "dynamodb:LeadingKeys", ("false",)),
        )
        subject = f"{subject} under {', '.join(partitions)}"
    actions = tuple(f"dynamodb:{operation}" for operation in operations)
    because = f"{phrase} {subject}"
    through_key = typed.through("dynamodb", typed.key_of(table, key), typed.DECRYPT, spelled, because)
    return typed.grant(actions, (resource,), because, *conditions) + through_key
