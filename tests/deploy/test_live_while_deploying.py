"""A stack whose first deploy still runs is compared as far as it is made: nothing of it was deleted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from answering import answering
from remit.deploy.live_roles import live

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
TEMPLATE = {"Resources": {"ReportRole": ROLE, "Orders": TABLE}}
STACK = {
    "StackName": "orders-dev",
    "StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders-dev/1",
    "StackStatus": "CREATE_IN_PROGRESS",
    "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
    "Tags": [{"Key": "remit:namespace", "Value": "orders-dev"}],
}


def test_what_cloudformation_has_yet_to_make_is_not_told_as_gone() -> None:
    begun: list[dict[str, Any]] = [
        {"LogicalResourceId": name, "ResourceType": body["Type"], "ResourceStatus": "CREATE_IN_PROGRESS",
         "LastUpdatedTimestamp": STACK["CreationTime"]}
        for name, body in (("ReportRole", ROLE), ("Orders", TABLE))
    ]  # fmt: skip
    account, answers = answering({
        "cloudformation.DescribeStacks": {"Stacks": [STACK]},
        "cloudformation.GetTemplate": {"TemplateBody": json.dumps(TEMPLATE)},
        "cloudformation.ListStackResources": {"StackResourceSummaries": begun},
    })  # fmt: skip

    found = live(account, "orders-dev")

    assert found is not None
    assert [change.what for change in found.drift] == []
    assert {operation.partition(".")[0] for operation, _ in answers.asked} == {"cloudformation"}
