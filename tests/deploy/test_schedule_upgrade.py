"""A deployed schedule that is a rule of EventBridge becomes one of EventBridge Scheduler.

CloudFormation makes what is new before it removes what is old ("Update behaviors of stack resources"): no run is lost.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from projects import Project, write
from remit.deploy.bootstrap import bootstrap
from remit.deploy.changeset import plan
from remit.deploy.execute import execute
from remit.deploy.status import status

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

APP = """
from remit import App, on

app = App()


@app.function(on.schedule("rate(1 day)"))
def report(event, context): ...
"""
EARLIER: dict[str, Any] = {
    "ReportSchedule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "ScheduleExpression": "rate(1 day)",
            "State": "ENABLED",
            "Targets": [{"Id": "function", "Arn": {"Fn::GetAtt": ["ReportFunction", "Arn"]}}],
        },
    },
    "ReportSchedulePermission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "ReportFunction"},
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["ReportSchedule", "Arn"]},
        },
    },
}
"""What an earlier version made of it."""


def test_an_earlier_rule_is_removed_and_a_schedule_is_added(tmp_path: Path, account: Account) -> None:
    account.client("s3").put_object(Bucket=bootstrap(account).bucket, Key="x.zip", Body=b"PK" + bytes(1000))
    folder = tmp_path / "orders"
    write(folder, {"app.py": APP})
    body = Project(folder).built().body.replace("not-packaged", "x")
    template = json.loads(body)
    resources = {
        name: resource for name, resource in template["Resources"].items() if not name.startswith("ReportSchedule")
    }
    earlier = plan(account, "orders-dev", json.dumps({**template, "Resources": resources | EARLIER}))
    assert earlier is not None
    assert execute(account, earlier, lambda _: None).ok

    upgrade = plan(account, "orders-dev", body)
    assert upgrade is not None
    assert [
        ("Add", "ReportScheduled"),
        ("Add", "ReportSchedulerRole"),
        ("Remove", "ReportSchedule"),
        ("Remove", "ReportSchedulePermission"),
    ] == sorted((change.action, change.logical_id) for change in upgrade.real)

    assert execute(account, upgrade, lambda _: None).ok
    deployed = status(account, "orders-dev")
    assert deployed is not None
    types = [resource.type for resource in deployed.resources]
    assert (1, 0) == (types.count("AWS::Scheduler::Schedule"), types.count("AWS::Events::Rule"))
