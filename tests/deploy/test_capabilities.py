"""A change set says what the template needs to be allowed, since AWS asks and the emulator does not."""

from __future__ import annotations

from typing import Any

import pytest

from remit.deploy.plan import capabilities_of

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
