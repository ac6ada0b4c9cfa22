"""Each setting's check by itself: what it keeps of a value at either end of its range, and what it says of others."""

from __future__ import annotations

from typing import Any

import pytest

from remit.errors import RemitError
from remit.project.setting_values import FUNCTION_SETTINGS, between, members, one_of, plain, python_runtime, texts
from remit.project.shared import Shared, output, resource

ARN = "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:tools:3"


def refused(check: Any, value: Any) -> tuple[str, str | None, tuple[Any, ...]]:
    with pytest.raises(RemitError) as caught:
        check(("it",), value)
    return caught.value.message, caught.value.hint, caught.value.path


RANGES = {
    "timeout": (1, 900, "seconds"),
    "memory_size": (128, 10_240, "MB"),
    "reserved_concurrency": (0, 1_000_000, "instances"),
    "ephemeral_storage": (512, 10_240, "MB"),
    "provisioned_concurrency": (1, 1_000_000, "instances"),
    "maximum_retry_attempts": (0, 2, "retries"),
    "maximum_event_age": (60, 21_600, "seconds"),
}
"""The ranges in the API reference of AWS Lambda."""


@pytest.mark.parametrize("name", RANGES)
def test_a_number_of_each_setting_has_the_range_that_lambda_takes(name: str) -> None:
    low, high, unit = RANGES[name]
    check = FUNCTION_SETTINGS[name].check
    assert [check((name,), number) for number in (low, high)] == [low, high]
    for number in (low - 1, high + 1):
        assert refused(check, number)[0] == f"`it` is {number} {unit}; it can be {low} to {high}"
    assert refused(check, 2**63)[0] == f"`it` is too large a number of {unit}; it can be {low} to {high}"
    for value in (True, "5", 1.5):
        assert refused(check, value)[0].startswith(f"`it` must be a whole number of {unit}, got ")


@pytest.mark.parametrize(
    ("name", "value", "properties"),
    [
        ("snap_start", True, {"SnapStart": {"ApplyOn": "PublishedVersions"}}),
        ("snap_start", False, {"SnapStart": {}}),
        ("durable", None, {"DurableConfig": {}}),
        ("durable", 1, {"DurableConfig": {"ExecutionTimeout": 1}}),
        ("durable", 31_622_400, {"DurableConfig": {"ExecutionTimeout": 31_622_400}}),
        ("tracing", True, {"TracingConfig": {"Mode": "Active"}}),
        ("tracing", False, {"TracingConfig": {"Mode": "PassThrough"}}),
        ("tracing", "Active", {"TracingConfig": {"Mode": "Active"}}),
        ("log_retention", None, {}),
        ("environment", {"REMITTANCE": "1"}, {"Environment": {"Variables": {"REMITTANCE": "1"}}}),
        ("layers", [ARN], {"Layers": [ARN]}),
        ("layers", [ARN, ARN], {"Layers": [ARN, ARN]}),
    ],
)
def test_a_checked_value_becomes_the_properties_of_the_function(name: str, value: Any, properties: Any) -> None:
    setting = FUNCTION_SETTINGS[name]
    assert setting.properties(setting.check((name,), value)) == properties


def test_what_cloudformation_fills_in_for_a_vpc_is_copied_and_must_be_json() -> None:
    check = FUNCTION_SETTINGS["vpc_config"].check
    chosen = {"Fn::If": ["C", ["subnet-1"], ["subnet-2"]]}
    config = check(("it",), {"subnet_ids": chosen, "SecurityGroupIds": "sg-1"})
    assert config == {"SubnetIds": chosen, "SecurityGroupIds": ["sg-1"]}
    assert config["SubnetIds"] is not chosen
    assert refused(check, {"SubnetIds": {"Ref": {1, 2}}, "SecurityGroupIds": "sg-1"})[2] == ("it", "SubnetIds", "Ref")


def test_a_dict_of_few_keys_keeps_lists_and_names_the_keys_that_it_can_have() -> None:
    check = members("a dict", {"Names": texts, "Kind": one_of(("a", "b"))})
    kept = check(("it",), {"Names": ("x", "y"), "Kind": "a"})
    assert kept == {"Names": ["x", "y"], "Kind": "a"}
    assert type(kept["Names"]) is list
    assert refused(check, {"Zzzzzz": 1}) == (
        "`it` has no key 'Zzzzzz'",
        "it can have Names, Kind",
        ("it", "Zzzzzz"),
    )
    assert refused(check, {"Kinds": 1})[1] == "did you mean `Kind`?"


def test_a_runtime_that_is_newer_than_those_known_is_kept_as_it_is() -> None:
    assert [python_runtime(("it",), name) for name in ("python3.12", "python3.15")] == ["python3.12", "python3.15"]
    assert refused(python_runtime, "python3.1")[0].startswith("`it` cannot be 'python3.1'; it can be python3.9, ")


def test_what_nests_too_deep_is_told_by_the_first_steps_to_it() -> None:
    deep: Any = 1
    for _ in range(32):
        deep = [deep]
    assert plain(("it",), deep) == deep
    message, _, path = refused(plain, [deep])
    assert (message, path) == ("`it[0][0][0][0][0]` nests deeper than 32, or contains itself", ("it", *[0] * 5))
    assert [refused(plain, number)[0] for number in (2**63, -(2**63))] == ["`it` is too large a number"] * 2
    assert plain(("it",), 2**63 - 1) == 2**63 - 1


def test_a_number_has_a_unit_of_the_checks_own() -> None:
    assert between(1, 2, "days")(("it",), 2) == 2
    assert refused(between(1, 2, "days"), 3) == ("`it` is 3 days; it can be 1 to 2", None, ("it",))
    assert refused(between(1, 2, "days"), 2**63)[0] == "`it` is too large a number of days; it can be 1 to 2"
    assert refused(between(1, 2, "days"), value=True)[0].startswith("`it` must be a whole number of days, got ")


def test_a_shared_class_names_what_it_declares_and_its_outputs_have_all_that_they_were_given() -> None:
    class Data(Shared):
        own = resource("AWS::SQS::Queue", {"QueueName": "a", "DelaySeconds": 1}, queue_name="b", logical_id="Jobs")
        news = resource("AWS::SNS::Topic", display_name=own, depends_on=own, deletion_policy="Retain")
        more = resource("AWS::SNS::Topic", depends_on=[news], display_name={"Fn::Sub": "x"})
        url = output(news, "the topic", export="shop-news")
        empty = output("")

    assert [(each.logical_id, each.type, dict(each.properties), dict(each.attributes)) for each in Data.resources] == [
        ("Jobs", "AWS::SQS::Queue", {"QueueName": "b", "DelaySeconds": 1}, {}),
        (
            "DataNews",
            "AWS::SNS::Topic",
            {"DisplayName": "${Jobs}"},
            {"DependsOn": ["Jobs"], "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
        ),
        ("DataMore", "AWS::SNS::Topic", {"DisplayName": {"Fn::Sub": "x"}}, {"DependsOn": ["DataNews"]}),
    ]
    assert [(each.name, each.value, each.description, each.shared, each.export) for each in Data.outputs] == [
        ("DataUrl", "${DataNews}", "the topic", "Data", "shop-news"),
        ("DataEmpty", "", "", "Data", ""),
    ]
