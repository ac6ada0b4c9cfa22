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

_STREAM: Final = typed.ResourceKind("kinesis", "stream/{}", "stream", "AWS::Kinesis::Stream")


@verb
def put(stream: StreamRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Put records, one or a batch: kinesis:PutRecord, kinesis:PutRecords.

    With a KMS key, `key` or the one that a stream of the app names, kms:GenerateDataKey through Kinesis; not for a key
    that AWS manages.
    """
    actions, with_key = ("kinesis:PutRecord", "kinesis:PutRecords"), ("kms:GenerateDataKey",)
    return _STREAM.grants("kinesis.put", "puts records into", stream, actions, key=key, with_key=with_key)


@verb
def read(stream: StreamRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Read records: kinesis:GetRecords, kinesis:GetShardIterator, kinesis:ListShards, kinesis:DescribeStreamSummary.

    With a KMS key, as for `put`, kms:Decrypt. A function that a stream triggers needs none of it.
    """
    actions = (
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:DescribeStreamSummary",
    )
    return _STREAM.grants("kinesis.read", "reads", stream, actions, key=key, with_key=typed.DECRYPT)
