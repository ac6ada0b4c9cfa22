"""What the catalogue says about actions, and which of them a pattern covers."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import effort
from random_cases import cases
from remit.catalogue.action_resources import (
    is_without_resources,
    resource_formats,
    resource_without_type,
    services_taking,
    takes,
)
from remit.catalogue.actions import (
    LEVELS,
    Key,
    action,
    actions,
    full_name,
    keys,
    resource_types,
    service,
    services,
    target_names,
    targets_of,
)
from remit.catalogue.escalation_techniques import TECHNIQUES
from remit.catalogue.expand import expand, matcher
from remit.iam.pattern import is_pattern


def test_an_action_is_found_in_any_case_and_returned_in_the_case_of_aws() -> None:
    found = action("S3:gETobject")
    assert found is not None
    assert found.full_name == "s3:GetObject"
    assert (found.level, found.dependents, found.permission_only) == ("Read", (), False)


def test_an_action_names_its_resource_types_with_their_arn_formats() -> None:
    found = action("s3:GetObject")
    assert found is not None
    by_name = {target.type.name: target for target in found.targets}
    assert by_name["object"].type.arns == ("arn:${Partition}:s3:::${BucketName}/${ObjectName}",)
    assert by_name["object"].required is False


def test_an_action_that_must_have_a_resource_says_so() -> None:
    found = action("dynamodb:PutItem")
    assert found is not None
    assert [(target.type.name, target.required) for target in found.targets] == [("table", True)]


def test_services_that_take_the_arns_of_a_service_are_those_of_every_action_that_does() -> None:
    for prefix in services():
        for name in actions(prefix):
            for format_ in resource_formats(name):
                assert prefix in services_taking(format_.split(":")[2])
    assert "ssm" in services_taking("ec2")
    assert "s3" not in services_taking("ec2")


def test_an_action_without_resource_types_has_no_targets() -> None:
    found = action("s3:ListAllMyBuckets")
    assert found is not None
    assert found.targets == ()


def test_an_action_is_without_resources_that_exists_and_has_no_resource_types() -> None:
    names = ("s3:listallmybuckets", "s3:getobject", "s3:nosuchaction")
    assert [is_without_resources(name) for name in names] == [True, False, False]


def test_an_action_that_lists_things_is_asked_on_the_arn_that_stands_for_all_of_them() -> None:
    assert resource_formats("s3:ListAllMyBuckets") == ("arn:*:s3:::*",)


def test_an_action_takes_what_its_service_authorises_beside_the_listed_types() -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:shop"
    assert [takes("lambda:GetPolicy", resource) for resource in (f"{function}:live", "arn:aws:s3:::orders")] == [
        True,
        False,
    ]


def test_an_action_takes_the_recovery_points_of_each_service_that_there_is() -> None:
    point = "arn:aws:%s:eu-west-1:123456789012:recovery-point:daily"
    services = {"dynamodb": True, "DynamoDB": True, "*": True, "${Service}": True, "dynamo": False}
    assert services == {service: takes("backup:DeleteRecoveryPoint", point % service) for service in services}


def test_a_kind_that_few_requests_are_about_is_none_that_an_action_is_asked_on() -> None:
    assert [target.type.name for target in targets_of("sqs:SendMessage")] == ["queue"]
    assert targets_of("cloudwatch:PutMetricData") == targets_of("s3:NoSuchAction") == ()
    known = action("cloudwatch:PutMetricData")
    assert known is not None
    assert [target.type.name for target in known.targets] == ["dataset"]


def test_dependent_actions_are_known_where_the_older_source_has_them() -> None:
    found = action("lambda:CreateEventSourceMapping")
    assert found is not None
    assert found.dependents is not None
    passing = action("lambda:CreateFunction")
    assert passing is not None
    assert passing.dependents is not None
    assert "iam:PassRole" in passing.dependents


def test_permission_only_actions_are_known() -> None:
    found = action("iam:PassRole")
    assert found is not None
    assert found.permission_only is True


def test_what_only_the_newer_source_has_is_unknown_rather_than_empty() -> None:
    unknown = [name for name in expand("*") if (found := action(name)) is not None and found.dependents is None]
    assert 500 < len(unknown) < 3_000


def test_condition_keys_come_with_their_types() -> None:
    found = action("sqs:CreateQueue")
    assert found is not None
    assert Key("aws:TagKeys", "ArrayOfString") in found.all_keys
    assert {key.name: key.multivalued for key in found.all_keys}["aws:TagKeys"] is True
    assert Key("lambda:FunctionArn", "ARN") in keys("lambda")


@pytest.mark.parametrize("name", ["s3:GetObjekt", "s3", "", ":", "nosuch:GetObject", "s3:", "s3:Get*", "*"])
def test_what_is_no_action_is_none(name: str) -> None:
    assert action(name) is None


def test_services_have_prefix_and_full_name() -> None:
    assert service("LOGS") == "Amazon CloudWatch Logs"
    assert service("nosuch") is None
    assert actions("nosuch") == ()
    assert resource_types("nosuch") == ()


def test_a_resource_type_has_its_condition_keys_each_time_it_is_asked_for() -> None:
    for _ in range(2):
        (topic,) = (kind for kind in resource_types("sns") if kind.name == "topic")
        assert ["aws:ResourceTag/${TagKey}"] == [key.name for key in topic.keys]


def test_every_action_of_every_service_can_be_looked_up_and_has_a_known_level() -> None:
    for prefix in services():
        for name in actions(prefix):
            found = action(name)
            assert found is not None
            assert found.full_name == name
            assert found.level in LEVELS


def test_a_prefix_pattern_gives_the_actions_that_begin_so() -> None:
    found = expand("s3:Get*")
    assert "s3:GetObject" in found
    assert all(name.startswith("s3:Get") for name in found)
    assert len(found) == sum(name.startswith("s3:Get") for name in actions("s3"))


def test_patterns_are_matched_without_case() -> None:
    assert expand("S3:gEt*") == expand("s3:Get*")


def test_a_star_alone_is_every_action() -> None:
    assert len(expand("*")) == sum(len(actions(prefix)) for prefix in services())
    assert expand("*:*") == expand("*")
    assert expand("dynamodb:*") == actions("dynamodb")


def test_a_pattern_may_have_wildcards_in_its_service() -> None:
    assert set(expand("kinesis*:PutRecord")) == {"kinesis:PutRecord"}
    assert "firehose:PutRecord" in expand("?irehose:Put*")


@pytest.mark.parametrize(
    "pattern", ["s3:[GP]etObject", "s3:Get(Object)", "s3:Get.bject", "s3:GetObject|", "s3:^Get", "s3:\\w*"]
)
def test_nothing_but_star_and_question_mark_is_special(pattern: str) -> None:
    assert expand(pattern) == ()


@pytest.mark.parametrize("pattern", ["", ":", "s3", "s3:", "Get*", "s3:GetObject\n", "\u212ams:Decrypt", "nosuch:*"])
def test_what_matches_nothing_is_empty(pattern: str) -> None:
    assert expand(pattern) == ()


@settings(max_examples=cases(50, deep=300))
@given(st.text(alphabet="*?getobjctpulsd", max_size=12))
@example("*t*ob*")
@example("getobject?")
def test_expansion_agrees_with_the_standard_library_s_globs(pattern: str) -> None:
    expected = tuple(name for name in actions("s3") if fnmatch.fnmatchcase(name.lower(), f"s3:{pattern}"))
    assert expand(f"s3:{pattern}") == expected


def test_a_hostile_pattern_takes_no_time() -> None:
    with effort.at_most(1):
        assert expand("ec2:" + "*e" * 2_000 + "*!") == ()
        assert matcher("*a" * 50 + "b").fullmatch("a" * 5_000) is None


def test_a_wildcard_makes_a_pattern() -> None:
    assert [is_pattern(text) for text in ("s3:GetObject", "s3:Get*", "s3:Get?bject")] == [False, True, True]


def test_the_names_of_an_actions_resource_types_are_those_of_the_action() -> None:
    names = ("s3:GetObject", "ec2:RunInstances", "s3:ListAllMyBuckets", "S3:GETOBJECT", "iam:PassRole")
    for name in (*names, "elasticloadbalancing:AddTags", "states:InvokeHTTPEndpoint"):
        found = action(name)
        assert found is not None
        assert target_names(name) == {target.type.name for target in found.targets}
    assert target_names("s3:Nothing") == target_names("nothing") == frozenset()


def test_a_full_name_is_found_in_any_case_as_expansion_finds_it() -> None:
    for prefix in services():
        assert [full_name(name.swapcase()) for name in actions(prefix)] == list(actions(prefix))


@pytest.mark.parametrize(
    "text", ["", "s3", "s3:", "ec2:", "s3:GetObj", "s3:getobject ", "s3: getobject", "s3:getobject getobjectacl",
             "no:x", "s3:Get*", "dynamodb:\u212aey", "s3:getobject\n"],
)  # fmt: skip
def test_what_is_no_whole_name_has_no_full_name(text: str) -> None:
    assert full_name(text) is None


@pytest.mark.parametrize(
    ("name", "resource", "asked"),
    [
        ("s3:listbuckets", "arn:aws:s3:::data", "*"),
        ("iam:listroles", "role/", "*"),
        ("iam:listroles", "arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/"),
        (
            "logs:describeloggroups",
            "arn:aws-cn:logs:cn-north-1:111122223333:log-group:x",
            "arn:aws-cn:logs:cn-north-1:111122223333:log-group::log-stream:",
        ),
    ],
)
def test_iam_is_asked_for_a_list_on_the_arn_of_its_kind_at_the_place_of_the_resource(
    name: str, resource: str, asked: str
) -> None:
    assert resource_without_type(name, resource) == asked


def test_an_action_of_which_nobody_says_whether_an_operation_has_its_name_is_left_open() -> None:
    names = ("s3:GetObject", "s3:PauseReplication", "account:ReopenAccount")
    assert [known.permission_only for name in names if (known := action(name))] == [False, True, None]


def test_a_technique_is_named_after_all_actions_that_it_needs() -> None:
    assert [" + ".join(technique.actions) for technique in TECHNIQUES] == [technique.name for technique in TECHNIQUES]
