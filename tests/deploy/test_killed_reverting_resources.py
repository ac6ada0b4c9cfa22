"""Resources put back by a process that is killed at a write, before or after it is sent, and put back again."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import pytest

from hands import revert_all
from hands_on_resources import HANDS, NAME, TEMPLATE, prepare
from killed import killed_at
from random_cases import cases_of
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.manual_changes import changed_by_hand, revert
from remit.deploy.status import status

if TYPE_CHECKING:
    from remit.deploy.session import Account

AT_ONCE = {
    "a permission for anybody": "lambda.RemovePermission",
    "a permission that is gone": "lambda.AddPermission",
    "timeout": "lambda.UpdateFunctionConfiguration",
    "code": "lambda.UpdateFunctionCode",
    "an alias": "lambda.UpdateAlias",
    "an event source that is off": "lambda.UpdateEventSourceMapping",
    "a bucket's policy for anybody": "s3.DeleteBucketPolicy",
    "the public access block": "s3.PutPublicAccessBlock",
    "notifications": "s3.PutBucketNotificationConfiguration",
    "a queue's policy for anybody": "sqs.SetQueueAttributes",
    "a table's policy": "dynamodb.DeleteResourcePolicy",
    "a secret's policy": "secretsmanager.DeleteResourcePolicy",
    "a key's policy": "kms.PutKeyPolicy",
    "a key's grant": "kms.RevokeGrant",
    "a log's retention": "logs.PutRetentionPolicy",
    "a schedule that is off": "scheduler.UpdateSchedule",
    "another target of a rule": "events.RemoveTargets",
    "a route's authorisation": "apigatewayv2.UpdateRoute",
    "a new route": "apigatewayv2.DeleteRoute",
}
"""What was done by hand at the same time, and the call that undoes each."""


@pytest.mark.parametrize(
    ("operation", "when"), cases_of(tuple(product(sorted(set(AT_ONCE.values())), ("before", "after"))), 1)
)
def test_all_is_as_deployed_after_the_next_run(account: Account, operation: str, when: str) -> None:
    template = json.loads(TEMPLATE)
    # Of these, the emulator by itself gives what no template says.
    for name in ("Topic", "Subscription"):
        del template["Resources"][name]
    del template["Resources"]["Report"]["Properties"]["ReservedConcurrentExecutions"]
    prepare(account)
    planned = plan(account, PlanRequest(NAME, json.dumps(template)))
    assert planned is not None
    assert execute(account, planned, lambda _: None).ok
    deployed = status(account, NAME)
    assert deployed is not None
    for hand in HANDS:
        if hand.name in AT_ONCE:
            hand.do(account, deployed.physical_ids)
    assert killed_at(operation, when, account, revert_all)
    changes = changed_by_hand(account, NAME)
    if changes.found:
        revert(account, changes, NAME, lambda _: None)
    assert not changed_by_hand(account, NAME).found
