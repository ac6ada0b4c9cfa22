"""A stack that an earlier remit deployed is deployed again, and keeps what holds data.

`earlier/template.json` is what remit made of this app before triggers were written `on.…`. Its schedule was a rule of
EventBridge, and is one of EventBridge Scheduler now. CloudFormation makes what is new before it removes what is old
("Update behaviors of stack resources"): no run is lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from projects import Project, write
from remit.catalogue.types import holds_data
from remit.deploy.bootstrap import bootstrap
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.status import status

if TYPE_CHECKING:
    from remit.deploy.session import Account

EARLIER = Path(__file__).parent / "earlier" / "template.json"
CONFIG = """
from remit import configure

with configure() as config:
    config.job.enable = True
    config.job.additional_queues = ["urgent"]
    config.lambda_.iam.policy = ["xray:PutTraceSegments"]
"""
DATA = """
from remit import Shared, output, resource


class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=180)
    files = resource("AWS::S3::Bucket")
    news = resource("AWS::SNS::Topic")
    table = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        stream_specification={"StreamViewType": "NEW_IMAGE"},
    )
    queue_url = output(queue)
"""
APP = """
from remit import App
from remit.grants import dynamodb, s3
from remit.triggers import http, schedule, sqs
from remit.triggers import dynamodb as stream
from shared.resources.data import Data

app = App()


@app.function(sqs(Data.queue), policy=[dynamodb.put(Data.table)], environment={"TABLE": Data.table.ref})
def ingest(event, context): ...


@app.function(schedule("rate(1 day)"), policy=[s3.read(Data.files, "in/*")])
def report(event, context): ...


@app.function(http(auth="NONE"))
def web(event, context): ...


@app.function(stream(Data.table.attribute("StreamArn")))
def follow(event, context): ...


@app.job(queue="urgent")
def send_mail(to): ...


@app.job
def other(to): ...
"""


def kept(account: Account) -> dict[str, str]:
    """The names in the account of what holds data, and of queues and topics."""
    deployed = status(account, "up-dev")
    assert deployed is not None
    return {
        resource.logical_id: resource.physical_id
        for resource in deployed.resources
        if holds_data(resource.type) or resource.type in ("AWS::SQS::Queue", "AWS::SNS::Topic")
    }


def test_an_earlier_stack_keeps_its_data_and_its_rule_becomes_a_schedule(tmp_path: Path, account: Account) -> None:
    account.client("s3").put_object(Bucket=bootstrap(account).bucket, Key="x.zip", Body=b"PK" + bytes(1000))
    earlier = plan(account, PlanRequest("up-dev", EARLIER.read_text("utf-8").replace("not-packaged", "x")))
    assert earlier is not None
    assert execute(account, earlier, lambda _: None).ok
    before = kept(account)
    assert {"DataFiles", "DataNews", "DataQueue", "DataTable", "JobDefaultQueue", "JobUrgentQueue"} <= before.keys()

    folder = tmp_path / "up"
    write(folder, {"app.py": APP, "config/deploy.py": CONFIG, "shared/resources/data.py": DATA})
    upgrade = plan(account, PlanRequest("up-dev", Project(folder).built().body.replace("not-packaged", "x")))
    assert upgrade is not None
    assert () == upgrade.data_at_risk
    assert [] == [change.logical_id for change in upgrade.changes if change.replacement == "True"]
    assert [
        ("Add", "ReportScheduled"),
        ("Add", "ReportSchedulerRole"),
        ("Remove", "ReportSchedule"),
        ("Remove", "ReportSchedulePermission"),
    ] == sorted((change.action, change.logical_id) for change in upgrade.real if change.action != "Modify")

    assert execute(account, upgrade, lambda _: None).ok
    assert before == kept(account)
    deployed = status(account, "up-dev")
    assert deployed is not None
    types = [resource.type for resource in deployed.resources]
    assert (1, 0) == (types.count("AWS::Scheduler::Schedule"), types.count("AWS::Events::Rule"))
