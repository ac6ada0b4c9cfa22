"""An order API: orders come in by HTTP, are packed from a queue, counted every night, and large ones are told."""

from shared.resources.data import Data
from shop import alerts, packing, pictures, reports

from remit import App, grants, on, secret

app = App()
TABLE = {"TABLE": Data.orders.name}
FILES = {"FILES": Data.files.name}

# FastAPI behind the app's HTTP API: `shop/main.py` knows nothing of Lambda.
app.web(
    "shop.main:api",
    auth="NONE",
    policy=[
        grants.dynamodb.get(Data.orders),
        grants.dynamodb.put(Data.orders),
        grants.sqs.send(Data.to_pack),
        grants.s3.put(Data.files, "originals/*"),
        grants.s3.read(Data.files, "thumbnails/*"),
    ],
    environment={**TABLE, **FILES, "TO_PACK": Data.to_pack.url},
)


@app.function(
    on.sqs(Data.to_pack, report_failures=True),
    policy=[grants.dynamodb.update(Data.orders), grants.sns.publish(Data.alerts)],
    environment={**TABLE, "ALERTS": Data.alerts.arn},
)
def pack(event, context):
    """Pack each order of the batch; an order that fails is delivered again, and no other."""
    return packing.pack(event["Records"])


@app.function(
    on.schedule("cron(0 3 * * ? *)", timezone="Europe/Berlin"),
    policy=[grants.dynamodb.scan(Data.orders), grants.s3.put(Data.files, "reports/*")],
    environment={**TABLE, **FILES},
)
def report(event, context):
    """Count the orders, and what they are worth."""
    return reports.write()


@app.function(
    on.sns(Data.alerts),
    policy=[grants.s3.put(Data.files, "alerts/*")],
    environment={**FILES, "SIGNING_KEY": secret(Data.signing_key)},
)
def alert(event, context):
    """Keep what should be looked at, signed."""
    return [alerts.keep(record["Sns"]) for record in event["Records"]]


@app.function(
    on.s3(Data.files, events=["s3:ObjectCreated:*"], prefix="originals/"),
    policy=[grants.s3.read(Data.files, "originals/*"), grants.s3.put(Data.files, "thumbnails/*")],
    memory_size=512,
)
def thumbnail(event, context):
    """Make a small picture of each that was uploaded."""
    return [pictures.shrink(record["s3"]) for record in event["Records"]]
