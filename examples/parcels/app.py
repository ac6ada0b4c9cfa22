"""Orders become parcels: a workflow weighs each item, notes the order and hands the parcels on.

The workflow's role stands nowhere: `remit explain ship` shows what its states need, each with its line.
"""

from remit import App, Shared, grants, on, resource

app = App()


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    parcels = resource("AWS::SQS::Queue")


@app.function
def weigh(event, context):
    return {"id": event["id"], "grams": 250 * event.get("count", 1)}


ship = app.workflow(
    "ship",
    "ship.asl.json",
    on.event(source="shop", detail_type="Order placed"),
    link={"Weigh": weigh, "Orders": Data.orders, "Parcels": Data.parcels},
)


@app.function(link=[grants.states.start(ship), grants.states.read(ship)])
def again(event, context):
    """Ship an order once more."""
    import os

    import boto3

    states = boto3.client("stepfunctions")
    return states.start_execution(stateMachineArn=os.environ["SHIP_WORKFLOW"], input=event["order"])["executionArn"]
