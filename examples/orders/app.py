"""Orders arrive on a queue, are kept in a table, and are counted once a day; the last count is on the web."""

import json
import os

import boto3
from shared.resources.data import Data

from remit import App, grants, on

app = App()
TABLE = {"TABLE": Data.table.name}


def table():
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


@app.function(on.sqs(Data.queue), policy=[grants.dynamodb.put(Data.table)], environment=TABLE)
def ingest(event, context):
    """Keep each order of the batch."""
    orders = [json.loads(record["body"]) for record in event["Records"]]
    for order in orders:
        table().put_item(Item={"id": order["id"], "amount": order["amount"]})
    return {"kept": len(orders)}


@app.function(on.schedule("rate(1 day)"), policy=[grants.dynamodb.scan(Data.table)], environment=TABLE)
def report(event, context):
    """Count the orders and what they are worth."""
    orders = table().scan()["Items"]
    return {"orders": len(orders), "amount": sum(int(order["amount"]) for order in orders)}


@app.function(on.http(auth="NONE"), policy=[grants.dynamodb.get(Data.table)], environment=TABLE)
def web(event, context):
    """Answer GET /ID with one order."""
    order = table().get_item(Key={"id": event.get("rawPath", "/").strip("/") or "none"}).get("Item")
    if order is None:
        return {"statusCode": 404, "body": "no such order\n"}
    body = json.dumps({"id": order["id"], "amount": int(order["amount"])})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
