"""ARN patterns against formats of resource types: as trying every short text tells, and for names that hold colons."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.catalogue.action_resources import (
    AUTHORISED_ACTIONS,
    is_authorised_on,
    resource_formats,
    resources_asked,
    services_taking,
    takes,
)
from remit.catalogue.actions import resource_types, services
from remit.catalogue.arns import Arn, fill, matches, parse, types_of, variables
from remit.catalogue.inference_profiles import is_profile

PLACE = {"Partition": "aws", "Region": "eu-west-1", "Account": "111122223333"}
SIGNS = "ab/:"
TEXTS = ["".join(signs) for length in range(6) for signs in itertools.product(SIGNS, repeat=length)]
PATTERNS = st.lists(st.sampled_from([*SIGNS, "*", "?", "${AWS::X}"]), max_size=4).map("".join)
FORMATS = st.lists(st.sampled_from([*SIGNS, "${Name}", "*"]), max_size=3).map("".join)


def met(pattern: str, format_: str, name: str) -> bool:
    """Whether some short text fits both, found by trying."""
    left = re.compile(re.escape(pattern.replace("${AWS::X}", "*")).replace(r"\*", ".*").replace(r"\?", "."))
    right = re.compile(re.escape(format_).replace(r"\$\{Name\}", name).replace(r"\*", ".*"))
    return any(left.fullmatch(text) and right.fullmatch(text) for text in TEXTS)


@given(PATTERNS, FORMATS)
@example("a*ab", "ab")
@example("aab", "a${Name}**b")
@settings(max_examples=cases(75, deep=400))
def test_a_pattern_fits_a_format_exactly_when_some_text_fits_both(pattern: str, format_: str) -> None:
    for service, name in (("rds", ".+"), ("s3", "[^/:]+")):
        found = matches(Arn("aws", service, "", "", pattern), f"arn:${{Partition}}:{service}:::{format_}")
        assert found is met(pattern, format_, name), (service, pattern, format_)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("arn:aws:rds:us-east-1:111122223333:snapshot:awsbackup:job-1", {"snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:snapshot:rds:orders-2026-11-25-00-00", {"snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:cluster-snapshot:awsbackup:job-*", {"cluster-snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:db:orders", {"db"}),
        ("arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026-01-31T00:00:00.000", {"stream"}),
    ],
)
def test_a_name_with_colons_names_its_type(text: str, kinds: set[str]) -> None:
    assert {kind.name for kind in types_of(text)} == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("arn:aws:SQS:eu-west-1:111122223333:orders", ["queue"]),
        ("arn:aws:s3:::data/*", ["object"]),
        ("arn:aws:s3:::*", ["object", "bucket"]),
        ("arn:aws:s3:eu-west-1:111122223333:data", []),
        ("arn:aws:dynamodb::111122223333:table/orders", []),
        ("arn:aws:dynamodb:eu-west-1:*:table/orders/index/day", ["index"]),
        ("arn:aws:lambda:eu-west-1::function:x", []),
        ("arn:aws:ssm:eu-west-1::automation-definition/AWS-Restart:1", ["automation-definition"]),
        ("arn:aws:${Service}:eu-west-1:111122223333:orders", []),
        ("orders", []),
    ],
)
def test_the_types_that_an_arn_may_name_stand_with_the_most_literal_first(text: str, kinds: list[str]) -> None:
    assert [kind.name for kind in types_of(text)] == kinds


def test_the_arn_of_each_format_names_its_type_also_with_late_bound_parts_and_wildcards() -> None:
    for prefix in services()[::5]:
        for kind in resource_types(prefix):
            for format_ in kind.arns:
                text = fill(format_, PLACE, "x1")
                if format_.split(":")[2] == prefix:
                    for spelling in (text, text.replace("x1", "*"), text.replace("x1", "${Late{a{b}c}::x}")):
                        assert kind in types_of(spelling), spelling


PIECES = ["a", "-", "${AWS::Region}", "${A${B:c}:d}", "${a{b:c}:d}", "*", "/", "{"]
PARTS = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)


@given(PARTS, PARTS, PARTS, PARTS, st.lists(PARTS, min_size=1, max_size=3).map(":".join))
@settings(max_examples=cases(50, deep=400))
def test_an_arn_has_the_parts_of_which_it_is_made(
    partition: str, service: str, region: str, account: str, resource: str
) -> None:
    arn = Arn(partition, service, region, account, resource)
    assert parse(str(arn)) == arn
    assert arn.parts == (partition, service, region, account, resource)


@pytest.mark.parametrize("text", ["*", "arn", "arn:aws:s3::", "ARN:aws:s3:::data", "arn:${A:::::}"])
def test_what_has_fewer_parts_is_no_arn(text: str) -> None:
    assert parse(text) is None


def test_what_has_no_value_in_a_format_is_a_wildcard_or_what_is_said() -> None:
    format_ = "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"
    assert variables(format_) == ("Partition", "Region", "Account", "QueueName")
    assert fill(format_, PLACE) == "arn:aws:sqs:eu-west-1:111122223333:*"
    assert fill(format_, {}, "x") == "arn:x:sqs:x:x:x"


@pytest.mark.parametrize(
    ("action", "resource", "is_taken"),
    [
        ("lambda:getfunction", "arn:aws:lambda:eu-west-1:111122223333:function:shop:live", True),
        ("lambda:ListTags", "arn:aws:lambda:eu-west-1:111122223333:function:shop:live", False),
        ("sns:Publish", "arn:aws:sns:eu-west-1:111122223333:${AWS::Region}:endpoint/APNS/x", False),
        ("sns:Publish", "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:endpoint/APNS/x", True),
        ("IAM:LISTROLES", "arn:aws:iam::111122223333:role/shop", True),
        ("s3:GetObject", "arn:aws:s3:::data", False),
        ("s3:GetObject", "*", False),
        ("backup:DeleteRecoveryPoint", "arn:aws:${Service}:eu-west-1:111122223333:recovery-point:daily", True),
        ("backup:DeleteRecoveryPoint", "arn:aws:d*:eu-west-1:111122223333:recovery-point:daily", True),
        ("backup:DeleteRecoveryPoint", "arn:aws:nosuch:eu-west-1:111122223333:recovery-point:daily", False),
        ("s3:NoSuchAction", "arn:aws:s3:::data", False),
    ],
)
def test_an_action_takes_the_arns_that_its_service_authorises(action: str, resource: str, *, is_taken: bool) -> None:
    assert takes(action, resource) is is_taken


def test_an_action_that_is_authorised_beside_its_types_says_so_whatever_is_late_bound() -> None:
    resource = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Name}:${Alias}"
    assert is_authorised_on("lambda:InvokeFunction", resource)
    assert not is_authorised_on("lambda:InvokeFunction", resource.removesuffix(":${Alias}"))
    assert not is_authorised_on("lambda:CreateFunction", resource)


def test_actions_that_name_the_same_resources_have_one_number() -> None:
    same = [resources_asked(name) for name in ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage")]
    others = ("sqs:ListQueues", "sns:GetTopicAttributes", "sns:Subscribe", "sns:Publish")
    assert len({*same}) == 1
    assert len({*same, *map(resources_asked, others)}) == 4
    assert all(name in AUTHORISED_ACTIONS for name in ("sns:Publish", "lambda:GetAlias"))


def test_the_usual_resource_of_an_action_comes_first_with_what_may_be_anything_as_a_star() -> None:
    assert resource_formats("ec2:RunInstances")[0] == "arn:*:ec2:*:*:instance/*"
    assert resource_formats("s3:GetObject")[0] == "arn:*:s3:::*/*"
    assert resource_formats("s3:NoSuchAction") == ()


def test_what_lists_a_kind_and_what_leaves_the_service_open_count_for_the_services_of_an_arn() -> None:
    assert {"backup", "sqs"} <= services_taking("sqs")
    assert "backup" in services_taking("nosuch")
    assert {"sts", "iam"} <= services_taking("iam")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", True),
        ("anthropic.claude-sonnet-4-20250514-v1:0", False),
        ("arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0", True),
        ("arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/x1", True),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", False),
    ],
)
def test_an_inference_profile_is_told_from_a_model(text: str, *, is_one: bool) -> None:
    assert is_profile(text) is is_one
