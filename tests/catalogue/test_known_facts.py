"""Facts of the catalogue that AWS's pages print, of the services whose pages differ most from the others'."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.catalogue.actions import action, actions, services
from remit.catalogue.arns import types_of
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.operations import arns, operation, owners
from remit.catalogue.request_formats import parameter_format
from remit.catalogue.type_access import access_row, is_known, pattern_of
from remit.catalogue.types import CUSTOM, resource_type

PLACE: Final = {"Partition": "aws", "Region": "eu-west-1", "Account": "111122223333"}
EVENTS: Final = "arn:aws:events:eu-west-1:111122223333:"


@pytest.mark.parametrize(
    ("bus", "arn"), [(None, "rule/far"), ("shop", "rule/shop/far"), (f"{EVENTS}event-bus/shop", "rule/shop/far")]
)
def test_a_rule_is_named_by_its_bus_which_may_be_given_by_arn(bus: str | None, arn: str) -> None:
    """PutRule (Amazon EventBridge API Reference): EventBusName is the name or ARN of the event bus."""
    rule, queue = resource_type("AWS::Events::Rule"), resource_type("AWS::SQS::Queue")
    assert rule is not None
    assert queue is not None
    assert rule.arn_named("far", PLACE, {"EventBusName": bus}.get) == EVENTS + arn
    assert (rule.is_unique_by_name, queue.is_unique_by_name) == (False, True)


def test_what_a_function_of_the_users_makes_is_custom_by_either_name() -> None:
    """AWS::CloudFormation::CustomResource (CloudFormation reference): also Custom::MyCustomResourceTypeName."""
    names = (CUSTOM, "Custom::Mine", "AWS::Events::Rule")
    assert [kind.is_custom for kind in map(resource_type, names) if kind is not None] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "parameters", "resource"),
    [
        ("GetRole", {"RoleName": "r"}, "111122223333:role/r"),
        ("CreateRole", {"RoleName": "r", "Path": "/x/y/"}, "111122223333:role/x/y/r"),
        ("CreateUser", {"UserName": "u", "Path": "/x/"}, "111122223333:user/x/u"),
        ("GetRole", {"RoleName": "arn:aws:iam::1:role/r"}, "1:role/r"),
    ],
)
def test_a_call_of_iam_is_on_the_name_behind_its_path(name: str, parameters: dict[str, Any], resource: str) -> None:
    """IAM ARNs (IAM User Guide): arn:aws:iam::account:role/role-name-with-path."""
    called = operation("iam", name)
    assert called is not None
    assert [arns(call, parameters, PLACE) for call in called.calls] == [(f"arn:aws:iam::{resource}",)]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("ses:SendEmail", ("Amazon SES", "Amazon Simple Email Service v2", "Amazon Pinpoint Email Service")),
        ("ses:GetIdentityPolicies", ("Amazon SES",)),
        ("aws-marketplace:Subscribe", ("AWS Marketplace",)),
        ("s3:GetObject", ("Amazon S3",)),
    ],
)
def test_an_action_is_of_each_page_that_lists_it(name: str, pages: tuple[str, ...]) -> None:
    """Actions, resources, and condition keys for … (Service Authorization Reference)."""
    catalogued = action(name)
    assert catalogued is not None
    assert owners(catalogued) == pages


@pytest.mark.parametrize(
    ("client", "name", "payload", "headers"),
    [
        (
            "s3",
            "PutBucketTagging",
            ("Tagging", False),
            {
                "content-md5": "ContentMD5",
                "x-amz-sdk-checksum-algorithm": "ChecksumAlgorithm",
                "x-amz-expected-bucket-owner": "ExpectedBucketOwner",
            },
        ),
        ("s3", "ListBuckets", (None, False), {}),
        ("s3", "UploadPart", ("Body", True), None),
        ("lambda", "Invoke", ("Payload", True), None),
    ],
)
def test_the_body_and_the_headers_of_a_request_are_those_of_its_page(
    client: str, name: str, payload: tuple[str | None, bool], headers: dict[str, str] | None
) -> None:
    """Request Syntax (API Reference of Amazon S3, of AWS Lambda)."""
    format_ = parameter_format(client, name)
    assert format_ is not None
    assert (format_.payload, format_.is_raw) == payload
    assert headers is None or headers == format_.headers


def test_the_members_of_a_body_are_known_by_what_the_body_calls_them_alone() -> None:
    """CreateApi (Amazon API Gateway V2 API Reference): its body begins each name with a small letter."""
    format_ = parameter_format("apigatewayv2", "CreateApi")
    assert format_ is not None
    assert {wire[:1].upper() + wire[1:]: member for wire, member in format_.wire_names.items()} == {
        name: name for name in format_.kinds
    }
    assert all(wire[0].islower() for wire in format_.wire_names)


def test_terraforms_types_have_rows_of_their_own_or_of_cloudformations_type() -> None:
    known = {
        "aws_security_group": True,  # AWS::EC2::SecurityGroup
        "aws_iam_user_ssh_key": True,  # no type of CloudFormation's
        "aws_sfn_state_machine": True,
        "aws_no_such_thing": False,
    }
    assert {name: is_known(name) for name in known} == known
    role = access_row("aws_lambda_function", "role")
    assert role is not None
    assert role.kind == "role"
    tags = pattern_of("Tags[].*")
    assert [tags.fullmatch(path) is not None for path in ("Tags[].Key", "Tags].Key", "Tags.Key")] == [
        True,
        False,
        False,
    ]


def test_a_star_is_every_action_and_policies_of_aws_alone_are_found_by_arn() -> None:
    assert expand("*") == expand("*:*") == tuple(name for prefix in services() for name in actions(prefix))
    of_aws = managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert of_aws is not None
    assert of_aws.name == "ReadOnlyAccess"
    assert managed_policy("arn:aws:iam::111122223333:policy/ReadOnlyAccess") is None


def test_of_the_types_that_an_arn_may_name_the_most_literal_comes_first() -> None:
    """Resource types of Amazon CloudWatch Logs (Service Authorization Reference): log-group and log-stream."""
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:/shop"
    assert [kind.name for kind in types_of(f"{group}:*")] == ["log-stream", "log-group"]
    assert [kind.name for kind in types_of("arn:aws:s3:::files/in/*")] == ["object"]
