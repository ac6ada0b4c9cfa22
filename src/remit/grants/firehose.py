"""Access to Firehose streams: `firehose.put("audit")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Kinesis Firehose" (Service Authorization
Reference). A stream is given by name, by ARN, or as a resource of the app. Firehose delivers with a role of its own.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import DeliveryStreamRef
from remit.grants import typed
from remit.resources.names import name_of

_STREAM: Final = typed.HERE % ("firehose", "deliverystream/{}")


@verb
def put(stream: DeliveryStreamRef) -> typed.Grants:
    """Put records, one or a batch: firehose:PutRecord, firehose:PutRecordBatch."""
    arn = typed.arn(stream, "firehose.put", _STREAM)
    name = name_of(arn).removeprefix("deliverystream/")
    return typed.grant(("firehose:PutRecord", "firehose:PutRecordBatch"), (arn,), f"puts records into Firehose {name}")
