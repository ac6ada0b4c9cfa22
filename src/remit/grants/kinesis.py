"""Access to Kinesis streams: `kinesis.put("clicks")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Kinesis Data Streams" (Service Authorization
Reference). A stream is given by name, by ARN, or as a resource of the app. `key=` is the stream's KMS key
("Permissions to use user-generated KMS keys", Amazon Kinesis Data Streams Developer Guide): who puts needs
GenerateDataKey, who reads needs Decrypt.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, StreamRef
from remit.grants import typed
from remit.resources.names import name_of

_STREAM: Final = typed.HERE % ("kinesis", "stream/{}")


@verb
def put(stream: StreamRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Put records, one or a batch: kinesis:PutRecord, kinesis:PutRecords. With `key`, kms:GenerateDataKey."""
    arn = typed.arn(stream, "kinesis.put", _STREAM)
    because = f"puts records into stream {name_of(arn)}"
    through_key = typed.through("kinesis", typed.key_of(stream, key), ("kms:GenerateDataKey",), "kinesis.put", because)
    return typed.grant(("kinesis:PutRecord", "kinesis:PutRecords"), (arn,), because) + through_key


@verb
def read(stream: StreamRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Read records: kinesis:GetRecords, kinesis:GetShardIterator, kinesis:ListShards, kinesis:DescribeStreamSummary.

    With `key`, kms:Decrypt. A function that a stream triggers needs none of it.
    """
    arn = typed.arn(stream, "kinesis.read", _STREAM)
    actions = (
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:DescribeStreamSummary",
    )
    because = f"reads stream {name_of(arn)}"
    through_key = typed.through("kinesis", typed.key_of(stream, key), typed.DECRYPT, "kinesis.read", because)
    return typed.grant(actions, (arn,), because) + through_key
