"""Pack orders, and tell of large ones."""

import json
import os

import boto3

from shop import storage

LARGE = 100_000  # cents


def pack(records):
    failed = []
    for record in records:
        try:
            _pack(json.loads(record["body"]))
        except Exception as error:
            print(f"order {record['messageId']} is not packed: {error!r}")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _pack(order):
    storage.table().update_item(
        Key={"id": order["id"]},
        UpdateExpression="SET #status = :packed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":packed": "packed"},
    )
    if worth(order) >= LARGE:
        boto3.client("sns").publish(TopicArn=os.environ["ALERTS"], Subject="large order", Message=json.dumps(order))


def worth(order):
    return int(order["price"]) * int(order["count"])
