"""An app with every trigger on a source of its own, and the resources that it declares."""

from __future__ import annotations

DATA = """
from remit import Shared, resource


class Data(Shared):
    uploads = resource("AWS::S3::Bucket")
    news = resource("AWS::SNS::Topic")
    bus = resource("AWS::Events::EventBus", name="shop")
    failed = resource("AWS::SQS::Queue")
    orders = resource("AWS::SQS::Queue", visibility_timeout=180)
    orders_in_order = resource("AWS::SQS::Queue", fifo_queue=True, visibility_timeout=180)
    table = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    clicks = resource("AWS::Kinesis::Stream", shard_count=1)
    users = resource("AWS::Cognito::UserPool")
    group = resource("AWS::Logs::LogGroup")
    lost = resource("AWS::S3::Bucket")
"""
APP = """
from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(
    on.s3(Data.uploads, prefix="in/"),
    policy=[grants.s3.read(Data.uploads, "in/*"), grants.s3.put(Data.uploads, "out/*")],
    environment={"BUCKET": Data.uploads.ref},
)
def thumbnail(event, context): ...


@app.function(on.s3(Data.uploads, events=["s3:ObjectRemoved:*"]), on.s3("theirs", suffix=".jpg"))
def forget(event, context): ...


@app.function(on.sns(Data.news, filter={"kind": ["new"]}, dead_letter=Data.failed))
def notify(event, context): ...


@app.function(on.sns(Data.news, raw=True))
def archive(event, context): ...


@app.function(
    on.event(source="shop", detail_type="Order placed", bus=Data.bus, dead_letter=Data.failed, retries=2),
    on.event(source="aws.health", detail={"service": [{"anything-but": ["EC2"]}]}, input={"kind": "health"}),
)
def bill(event, context): ...


@app.function(
    on.schedule("rate(1 day)"),
    on.schedule("cron(0 8 ? * MON-FRI *)", timezone="Europe/Berlin", retries=3, dead_letter=Data.failed),
    on.schedule("at(2126-12-24T18:00:00)", timezone="Europe/Berlin", input={"kind": "gifts"}, flexible_window=15),
)
def report(event, context): ...


@app.function(on.sqs(Data.orders, filter={"body": {"kind": ["order"]}}, report_failures=True))
def ingest(event, context): ...


@app.function(on.sqs(Data.orders_in_order, batch_size=5, max_concurrency=2))
def ingest_in_order(event, context): ...


@app.function(on.dynamodb(Data.table, filter={"eventName": ["INSERT"]}, on_failure=Data.lost, retries=2))
def follow(event, context): ...


@app.function(on.kinesis(Data.clicks, fan_out=True, bisect_batch=True, on_failure=Data.failed, max_record_age=3600))
def count(event, context): ...


@app.function(on.logs(Data.group, "ERROR"))
def alert(event, context): ...


@app.function(
    on.api("GET /orders/{id}", auth=on.jwt("https://id.example", audience=["shop"])),
    on.api("ANY /mine/{path+}", auth=on.user_pool(Data.users, clients=["4a5b6c"], scopes=["orders"])),
    on.api("GET /cave", auth=on.authorizer("ingest", cache=60)),
    on.api("$default"),
    on.http(),
)
def answer(event, context): ...


@app.function(
    on.rest("GET /orders/{id}", auth=on.user_pool(Data.users), query=["currency"]),
    on.rest("POST /orders", auth=on.authorizer("ingest", token=True), body={"type": "object"}, api_key=True),
    on.rest("ANY /{path+}"),
)
def serve(event, context): ...


@app.function(on.websocket("$connect"), on.websocket("say", reply=True), policy=[grants.websocket.send()])
def talk(event, context): ...


@app.function(on.iot("SELECT * FROM 'devices/+/state'"))
def track(event, context): ...


@app.function(
    on.cognito(Data.users, "PreSignUp"),
    on.cognito(Data.users, "PreTokenGeneration", version="V2_0"),
    policy=[grants.allow("cognito-idp:AdminGetUser", on=Data.users)],
)
def greet(event, context): return event
"""
"""Each trigger with its options, in the words of the documentation."""
