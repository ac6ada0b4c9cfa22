"""AWS's managed policies, partitions and regions, global keys, operators and quotas."""

from __future__ import annotations

from pathlib import Path

import pytest

import remit
from remit.catalogue.actions import keys, services
from remit.catalogue.condition_keys import OPERATORS, fits, global_key, global_keys, operator
from remit.catalogue.managed_policies import has_action_of, managed_policies, managed_policy, occurs
from remit.catalogue.meant_names import nearest_managed_policy
from remit.catalogue.partitions import (
    is_region,
    is_zone,
    partition,
    partition_of,
    partitions,
    region_of_zone,
    regions,
)
from remit.catalogue.quotas import QUOTAS, quota
from remit.catalogue.types import resource_type
from remit.resources.name_rules import NAME_RULES, broken_rule


@pytest.mark.parametrize(
    "name",
    [
        "AWSLambdaBasicExecutionRole",
        "awslambdabasicexecutionrole",
        "service-role/AWSLambdaBasicExecutionRole",
        "/service-role/AWSLambdaBasicExecutionRole",
        "Service-Role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    ],
)
def test_a_managed_policy_is_found_by_name_path_or_arn(name: str) -> None:
    found = managed_policy(name)
    assert found is not None
    assert (found.name, found.path) == ("AWSLambdaBasicExecutionRole", "/service-role/")
    assert found.arn("aws-us-gov") == "arn:aws-us-gov:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert found.document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
            }
        ],
    }


@pytest.mark.parametrize(
    "name",
    [
        "AWSLambdaBasicExecutionRol",
        "job-function/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::123456789012:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:role/AdministratorAccess",
        "arn:",
        "",
        "/",
    ],
)
def test_what_is_no_managed_policy_is_none(name: str) -> None:
    assert managed_policy(name) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("S3ReadOnlyAccess", "AmazonS3ReadOnlyAccess"),
        ("LambdaBasicExecutionRole", "AWSLambdaBasicExecutionRole"),
        ("AWSLambdaBasicExecution", "AWSLambdaBasicExecutionRole"),
        ("ReadOnlyAcces", "ReadOnlyAccess"),
        ("amazons3readonlyaccess", "AmazonS3ReadOnlyAccess"),
        ("AmazonS3", None),  # several begin so
        ("AmazonZzz", None),
    ],
)
def test_a_name_that_is_nearly_a_managed_policys_means_that_and_no_other(name: str, meant: str | None) -> None:
    assert nearest_managed_policy(name) == meant


def test_every_managed_policy_has_a_document_with_statements() -> None:
    for name in managed_policies():
        found = managed_policy(name)
        assert found is not None
        assert found.document["Statement"]
        assert found.version.startswith("v")


@pytest.mark.parametrize(
    ("text", "does_occur"),
    [("s3:GetObject", True), ("AIOPSServiceWriteAccess", True), ("s3:GetObjct", False), ("GetObject", False)],
)
def test_a_text_occurs_where_some_managed_policy_has_exactly_that(text: str, *, does_occur: bool) -> None:
    assert occurs(text) is does_occur


@pytest.mark.parametrize(
    ("prefix", "has_one"), [("s3", True), ("bugbust", True), ("bcm-dashboards", True), ("s", False), ("nosuch", False)]
)
def test_a_service_has_an_action_in_a_managed_policy_or_none(prefix: str, *, has_one: bool) -> None:
    assert has_action_of(prefix) is has_one


def test_a_late_bound_arn_uses_the_partition_of_the_deploy() -> None:
    found = managed_policy("AWSXRayDaemonWriteAccess")
    assert found is not None
    assert found.arn() == "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"


def test_there_are_eight_partitions_and_the_first_is_aws() -> None:
    assert [found.name for found in partitions()] == [
        "aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov",
    ]  # fmt: skip
    assert partition("AWS") is None


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("eu-west-99", "aws"),  # not there yet, but named like the others
    ],
)
def test_a_region_has_its_partition(region: str, name: str) -> None:
    found = partition_of(region)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("region", ["eu-west-1a", "europe", "", "aws-global", "eu_west_1", "EU-WEST-1"])
def test_what_is_no_region_has_no_partition(region: str) -> None:
    assert partition_of(region) is None
    assert not is_region(region)


def test_the_suffix_is_that_of_the_partition() -> None:
    found = partition("aws-cn")
    assert found is not None
    assert found.dns_suffix == "amazonaws.com.cn"
    assert "eu-central-1" in regions()


def test_regions_come_in_the_order_of_their_names() -> None:
    assert list(regions()) == sorted(regions())


def test_an_availability_zone_is_told_from_a_region() -> None:
    assert region_of_zone("eu-west-1a") == "eu-west-1"
    assert region_of_zone("us-west-2-lax-1a") == "us-west-2"
    assert region_of_zone("eu-west-1") is region_of_zone("xx-nowhere-1a") is None
    assert [is_zone(name) for name in ("eu-west-1a", "euw1-az1", "eu-west-1", "banana")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_global_key_is_found_in_any_case_and_with_its_tag() -> None:
    assert [global_key(name) is not None for name in ("aws:SourceIp", "AWS:sourceip", "aws:ResourceTag/team")] == [
        True
    ] * 3
    assert [global_key(name) for name in ("aws:ResourceTag", "aws:SourceIp/x", "aws:SourceIpp", "")] == [None] * 4


def test_the_multivalued_keys_are_those_that_iam_lists() -> None:
    assert [key.name for key in global_keys() if key.multivalued] == [
        "aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths", "aws:TagKeys", "aws:VpceOrgPaths",
    ]  # fmt: skip


def test_every_global_key_that_a_service_or_a_managed_policy_names_is_in_the_table() -> None:
    named = {key.name.replace("${TagKey}", "x") for prefix in services() for key in keys(prefix)}
    for name in managed_policies():
        found = managed_policy(name)
        assert found is not None
        statements = found.document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            named |= {key for block in statement.get("Condition", {}).values() for key in block}
    unknown = {name for name in named if name.lower().startswith("aws:") and global_key(name) is None}
    assert unknown == set()


def test_there_are_twenty_seven_operators() -> None:
    assert len(OPERATORS) == 27


def test_an_operator_is_known_in_any_case_and_with_if_exists() -> None:
    assert operator("stringlikeIFEXISTS") == OPERATORS["StringLike"]
    assert operator("StringMatches") is None


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("StringEquals", "String", True),
        ("StringLike", "ARN", None),
        ("ArnLike", "ArrayOfARN", True),
        ("ArnLike", "Bool", False),
        ("NumericLessThan", "IPAddress", False),
        ("DateGreaterThan", "Date", True),
        ("NumericGreaterThan", "Date", True),
        ("DateGreaterThan", "Numeric", True),
        ("IpAddress", "IPAddress", True),
        ("IpAddress", "ARN", False),
        ("Bool", "String", None),
        ("Bool", "", None),
        ("Null", "ARN", True),
    ],
)
def test_an_operator_fits_a_type_of_key_or_not(name: str, kind: str, expected: object) -> None:
    assert fits(name, kind) is expected


def test_quotas_have_a_value_a_unit_and_a_source() -> None:
    assert (quota("sqs.queue.visibility").most, quota("sqs.queue.visibility").unit) == (43_200, "seconds")
    assert quota("iam.role.inline").most == 10_240
    assert (quota("iam.role.trust").most, quota("iam.role.trust").raisable_to) == (2_048, 8_192)
    assert quota("cloudformation.template.body").most == 51_200
    assert all(row.source and row.what and row.most > 0 for row in QUOTAS.values())


def test_a_quota_agrees_with_the_limit_in_cloudformation_s_schema() -> None:
    queue = resource_type("AWS::SQS::Queue")
    assert queue is not None
    shape = queue.shape.child("VisibilityTimeout")
    assert shape is not None
    assert quota("sqs.queue.visibility").most == shape.number[1]


def test_each_quota_is_asked_for_by_something() -> None:
    """A limit that nothing checks would only look as if something did."""
    source = Path(remit.__file__).parent
    asking = "".join(path.read_text("utf-8") for path in source.rglob("*.py") if path.name != "quotas.py")
    sections = {f"cloudformation.template.{name}" for name in ("resources", "parameters", "outputs", "mappings")}
    roles = {"iam.role.inline", "iam.role.managed", "iam.managed"}
    assert set() == {name for name in QUOTAS.keys() - sections - roles if f'"{name}"' not in asking}


@pytest.mark.parametrize("type_name", NAME_RULES)
def test_the_lengths_of_names_are_within_those_of_the_types_row(type_name: str) -> None:
    """The row says the property that has the name, and its most characters."""
    kind = resource_type(type_name)
    assert kind is not None
    assert kind.naming is not None
    assert kind.naming.property
    assert kind.naming.most is not None
    assert (kind.naming.least or 0) <= NAME_RULES[type_name].least <= kind.naming.most


NAMES = {
    ("AWS::SQS::Queue", "x" * 80): None,
    ("AWS::SQS::Queue", "x" * 81): "it has 1 to 80 characters",
    ("AWS::SQS::Queue", "x" * 76 + ".fifo"): "it has 1 to 80 characters",
    ("AWS::SNS::Topic", "a.b"): "it is made of letters, digits, - and _",
    ("AWS::DynamoDB::Table", "ab"): "it has 3 to 255 characters",
    ("AWS::DynamoDB::Table", "a b c"): "it is made of letters, digits, -, . and _",
    ("AWS::Logs::LogGroup", "aws/x"): "CloudWatch keeps names that begin with aws/ for itself: /aws/… are free",
    ("AWS::Logs::LogGroup", "/aws/lambda/x"): None,
    ("AWS::SecretsManager::Secret", "a b"): "it is made of letters, digits and /_+=.@-",
    ("AWS::SSM::Parameter", "/aws/x"): "Parameter Store keeps names that begin with aws or ssm for itself",
    ("AWS::SSM::Parameter", "ssmthing"): "Parameter Store keeps names that begin with aws or ssm for itself",
    ("AWS::SSM::Parameter", "shop/db"): "a name with a / begins with one: /shop/prod/db",
    ("AWS::SSM::Parameter", "/shop//db"): "something stands between its / and after the last one",
    ("AWS::SSM::Parameter", "/a" * 16): "it has 15 levels at most",
    ("AWS::SSM::Parameter", "/a" * 15): None,
    ("AWS::Events::EventBus", "default"): "`default` and names with a / are of buses that AWS makes",
    ("AWS::KMS::Alias", "alias/aws/s3"): "KMS keeps names that begin with alias/aws/ for itself",
}


@pytest.mark.parametrize(("type_name", "name"), NAMES)
def test_a_name_that_aws_refuses_is_known_by_the_rule_that_it_breaks(type_name: str, name: str) -> None:
    assert NAMES[type_name, name] == broken_rule(type_name, [name])


def test_what_exists_may_have_a_name_that_aws_keeps_for_itself_and_any_part_may_be_late() -> None:
    assert broken_rule("AWS::SSM::Parameter", ["/aws/service/ami:3"], makes=False) is None
    assert broken_rule("AWS::S3::Bucket", [object()]) is None
    assert broken_rule("AWS::S3::Bucket", ["A-", object()]) == "it is made of small letters, digits, dots and hyphens"
