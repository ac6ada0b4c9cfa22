"""Access to Firehose streams: `firehose.put("audit")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Kinesis Firehose" (Service Authorization
Reference). A stream is given by name, by ARN, or as a resource of the app. Firehose delivers with a role of its own.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import DeliveryStreamRef
from remit.grants import typed

_STREAM: Final = typed.ResourceKind("firehose", "deliverystream/{}", "Firehose", "AWS::KinesisFirehose::DeliveryStream")


@verb
def put(stream: DeliveryStreamRef) -> typed.Grants:
    """Put records, one or a batch: firehose:PutRecord, firehose:PutRecordBatch."""
    actions = ("firehose:PutRecord", "firehose:PutRecordBatch")
    return _STREAM.grants("firehose.put", "puts records into", stream, actions)
