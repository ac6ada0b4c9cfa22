"""A change set says what the template needs to be allowed, since AWS asks and the emulator does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.plan import capabilities_of
from stacks import template

if TYPE_CHECKING:
    from remit.deploy.session import Account

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
NAMED = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "mine", "AssumeRolePolicyDocument": {}}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}
STACK = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://host/t.json"}}


@pytest.mark.parametrize(
    ("resources", "needed"),
    [
        ({"A": ROLE, "B": QUEUE}, ("CAPABILITY_IAM",)),
        ({"A": ROLE, "B": NAMED}, ("CAPABILITY_NAMED_IAM",)),
        ({"A": ROLE, "B": STACK}, ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")),
    ],
)
def test_a_template_needs_what_its_resources_need(resources: dict[str, Any], needed: tuple[str, ...]) -> None:
    assert needed == capabilities_of({"Resources": resources})


def test_the_change_set_says_it(account: Account) -> None:
    sent: list[list[str]] = []
    account.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: sent.append(params["Capabilities"])
    )
    assert plan(account, PlanRequest("plain-dev", template())) is not None
    assert plan(account, PlanRequest("named-dev", template(resources={"Named": NAMED}))) is not None
    assert [["CAPABILITY_IAM"], ["CAPABILITY_NAMED_IAM"]] == sent
