"""Each property that is compared: another value is told, and put back on that resource by a valid call."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any, Final

import botocore.session
import pytest
from botocore.validate import ParamValidator

from remit.deploy.deployed_references import UNKNOWN
from remit.deploy.live_resources.functions import _environment, _mapping_differences
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import (
    IF_SET,
    ComparedProperty,
    LiveResource,
    LiveStack,
    Subject,
    differences,
)
from remit.deploy.role_repairs import Repair, repair

NAMES: Final = {
    "AWS::Lambda::Alias": "arn:aws:lambda:eu-west-1:111122223333:function:orders-dev-report:live",
    "AWS::SQS::Queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs",
}
VALUES: Final[dict[str, tuple[Any, Any]]] = {
    "Layers": (["arn:aws:lambda:eu-west-1:1:layer:a:1"], ["arn:aws:lambda:eu-west-1:1:layer:a:2"]),
    "RoutingConfig.AdditionalVersionWeights": ({"2": 0.5}, {"2": 0.25}),
    "RedrivePolicy": ({"deadLetterTargetArn": "arn:dead", "maxReceiveCount": 3}, {"deadLetterTargetArn": "arn:other"}),
    "EventPattern": ({"source": ["shop"]}, {"source": ["shop", "orders"]}),
    "ScheduleExpression": ("rate(1 day)", "rate(2 days)"),
    "State": ("DISABLED", "ENABLED"),
    "Timeout": ("7", 8),  # a template may write numbers as text
    "MemorySize": ("256", 512),
}
OTHERS: Final = ("7", "8")
NEEDED: Final = {
    "AWS::Lambda::Alias": {"FunctionVersion": "7"},
    "AWS::Scheduler::Schedule": {
        "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:sqs:eu-west-1:1:jobs", "RoleArn": "arn:aws:iam::1:role/scheduler"},
    },
}  # fmt: skip
STACK: Final = LiveStack(account="111122223333", names={}, physical={}, resources=(), policies={}, is_local=False)
SETTINGS: Final = [(row.type, setting) for row in ROWS.values() for setting in row.settings]
SERVICES: Final = botocore.session.get_session()


def put_at(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A document with a value at a path; a list there has the parts of its items."""
    step, _, rest = path.partition(".")
    if rest and isinstance(value, list) and "." not in rest:
        return {**document, step: [{rest: item} for item in value]}
    return {**document, step: put_at(document.get(step, {}), rest, value) if rest else value}


def live(type_name: str, setting: ComparedProperty, expected: Any, actual: Any) -> LiveResource:
    """A resource of which the template and the account say this; IF_SET for nothing."""
    name = NAMES.get(type_name, "orders-dev-report")
    properties = NEEDED.get(type_name, {})
    properties = properties if expected is IF_SET else put_at(properties, setting.property, expected)
    answer = {} if actual is IF_SET else put_at({}, setting.path, actual)
    row = ROWS[type_name]._replace(settings=(setting,), checks=())
    subject = Subject(name, f"arn:aws:x:eu-west-1:111122223333:{name}", (name,))
    return LiveResource(row, "Report", subject, properties, {setting.operation: answer}, STACK)


def mistakes_of(call: Repair) -> str:
    """What botocore's model of an operation finds wrong with a call."""
    model = SERVICES.get_service_model(call.service).operation_model(call.operation.partition(".")[2])
    return str(ParamValidator().validate(dict(call.parameters), model.input_shape).generate_report())


@pytest.mark.parametrize(("type_name", "setting"), SETTINGS, ids=lambda part: getattr(part, "label", part))
def test_another_value_is_told_and_put_back_and_the_same_is_not(type_name: str, setting: ComparedProperty) -> None:
    expected, other = VALUES.get(setting.property, OTHERS)
    assert [] == list(differences(live(type_name, setting, expected, expected)))
    assert [] == list(differences(live(type_name, setting, UNKNOWN, other)))
    changed = live(type_name, setting, expected, other)
    (found,) = differences(changed)
    assert f"the {setting.label} of {changed.words} was changed by hand: " in found.what
    (undo,) = found.repairs
    assert undo.operation in ROWS[type_name].writes
    assert "" == mistakes_of(undo)
    written = json.dumps(dict(undo.parameters))
    assert all(scalar in written for scalar in re.findall(r"[\w:/.-]+", json.dumps(expected)))
    assert any(str(value) in changed.name for value in dict(undo.parameters).values())


@pytest.mark.parametrize(("type_name", "setting"), SETTINGS, ids=lambda part: getattr(part, "label", part))
def test_what_the_template_does_not_set_is_as_the_service_has_it_or_not_compared(
    type_name: str, setting: ComparedProperty
) -> None:
    if setting.property in NEEDED.get(type_name, {}) or setting.property.startswith("Target."):
        return
    other = VALUES.get(setting.property, OTHERS)[1]
    other = "DISABLED" if setting.property == "State" else other
    found = list(differences(live(type_name, setting, IF_SET, other)))
    assert (setting.absent is not IF_SET) == bool(found)
    if found:
        assert [] == list(differences(live(type_name, setting, IF_SET, setting.absent or IF_SET)))
        assert "" == "".join(map(mistakes_of, found[0].repairs))


@pytest.mark.parametrize("is_known", [True, False])
def test_the_last_of_the_calls_that_undo_a_change_is_named_and_none_with_a_part_that_the_deploy_alone_knew(
    *, is_known: bool
) -> None:
    resource = live(*SETTINGS[0], IF_SET, IF_SET)
    first, last = repair("sqs.A", Name="x" if is_known else UNKNOWN), repair("sqs.LastCall", Name="x")
    found = resource.drift("rest", "something", first, last)
    assert found.repairs == ((first, last) if is_known else ())
    assert found.undo == (
        "a deploy does not undo it; `aws sqs last-call --name x` does" if is_known else "remit cannot undo it"
    )


def test_a_setting_with_a_part_that_the_deploy_alone_knew_is_compared_by_the_rest_and_not_undone() -> None:
    (setting,) = (setting for _, setting in SETTINGS if setting.property == "RedrivePolicy")
    policies = [{"deadLetterTargetArn": "arn:dead", "maxReceiveCount": most} for most in (3, 4)]
    expected = policies[0] | {"deadLetterTargetArn": UNKNOWN}
    found = [list(differences(live("AWS::SQS::Queue", setting, expected, actual))) for actual in policies]
    assert [[drift.repairs for drift in drifts] for drifts in found] == [[], [()]]


MAPPING: Final = ROWS["AWS::Lambda::EventSourceMapping"]
MAPPING_ID: Final = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
NAMED: Final = ("report", "report:live", "report:7", "report:$LATEST", "live")
PREFIXES: Final = ("", "function:", "111122223333:function:", "arn:aws:lambda:eu-west-1:111122223333:function:")


@pytest.mark.parametrize("called", [*NAMED, "other", "other:report", "my-report"])
def test_a_mapping_is_told_that_calls_another_function_than_its_template_names_in_any_spelling(called: str) -> None:
    """A name alone and one with $LATEST are the same."""
    held = {"UUID": MAPPING_ID, "FunctionArn": PREFIXES[-1] + called, "State": "Enabled"}
    for stated in (prefix + named for prefix, named in product(PREFIXES, NAMED)):
        mapping = LiveResource(MAPPING, "Source", Subject(MAPPING_ID, "", ()), {"FunctionName": stated}, {}, STACK)
        found = list(_mapping_differences(mapping, {"EventSourceMappings": [held]}))
        expected = stated.rpartition("function:")[2]
        assert (called.removesuffix(":$LATEST") != expected.removesuffix(":$LATEST")) == bool(found)
        for drift in found:
            assert drift.what.endswith(f"was turned by hand to function {called}, not {expected}")
            assert "" == "".join(map(mistakes_of, drift.repairs))
    unknown = LiveResource(MAPPING, "Source", Subject(MAPPING_ID, "", ()), {"FunctionName": UNKNOWN}, {}, STACK)
    assert [] == list(_mapping_differences(unknown, {"EventSourceMappings": [held]}))


@pytest.mark.parametrize("enabled", [None, True, "true", False, "false", "False"])
@pytest.mark.parametrize(
    ("state", "runs"),
    [("Enabled", True), ("Enabling", True), ("Disabled", False), ("Disabling", False), ("Creating", None), ("", None)],
)
def test_a_mapping_is_told_that_was_turned_on_or_off_and_is_turned_back(enabled: Any, state: str, runs: Any) -> None:
    properties = {"FunctionName": "report"} | ({} if enabled is None else {"Enabled": enabled})
    mapping = LiveResource(MAPPING, "Source", Subject(MAPPING_ID, "", ()), properties, {}, STACK)
    held = {"UUID": MAPPING_ID, "FunctionArn": f"{PREFIXES[-1]}report", "State": state}
    found = list(_mapping_differences(mapping, {"EventSourceMappings": [{"UUID": "another"}, held]}))
    should_run = str(enabled) not in ("False", "false")
    assert [drift.what for drift in found] == (
        []
        if runs in (None, should_run)
        else [f"{mapping.words} of function report was turned {'off' if should_run else 'on'} by hand"]
    )
    assert [dict(undo.parameters) for drift in found for undo in drift.repairs] == [
        {"UUID": MAPPING_ID, "Enabled": should_run} for _ in found
    ]


@pytest.mark.parametrize(
    ("stated", "held", "is_told"),
    [
        ({}, 10, False),
        ({"BatchSize": UNKNOWN}, 10, False),
        ({"BatchSize": "10"}, 10, False),
        ({"BatchSize": "5"}, 10, True),
    ],
)
def test_the_numbers_of_a_mapping_are_compared_where_the_template_says_them(
    stated: dict[str, Any], held: int, *, is_told: bool
) -> None:
    properties = {"FunctionName": "report", **stated}
    mapping = LiveResource(MAPPING, "Source", Subject(MAPPING_ID, "", ()), properties, {}, STACK)
    there = {"UUID": MAPPING_ID, "FunctionArn": f"{PREFIXES[-1]}report", "State": "Enabled", "BatchSize": held}
    found = list(_mapping_differences(mapping, {"EventSourceMappings": [there]}))
    what = f"the batch size of {mapping.words} of function report was changed by hand: 10, not 5"
    assert [drift.what for drift in found] == ([what] if is_told else [])
    assert [dict(undo.parameters) for drift in found for undo in drift.repairs] == (
        [{"UUID": MAPPING_ID, "BatchSize": 5}] if is_told else []
    )
    (gone,) = _mapping_differences(mapping, {"EventSourceMappings": []})
    assert gone == mapping.gone()


@pytest.mark.parametrize(
    ("stated", "call", "most"),
    [("0", "PutFunctionConcurrency", 0), (7, "PutFunctionConcurrency", 7), (IF_SET, "DeleteFunctionConcurrency", None)],
)
def test_no_reserved_concurrency_is_another_one_than_none_at_all(stated: Any, call: str, most: int | None) -> None:
    name = "AWS::Lambda::Function"
    (setting,) = (each for each in ROWS[name].settings if each.property == "ReservedConcurrentExecutions")
    (found,) = differences(live(name, setting, stated, 5))
    (undo,) = found.repairs
    assert undo.operation == f"lambda.{call}"
    assert dict(undo.parameters).get("ReservedConcurrentExecutions") == most


def test_an_environment_that_the_caller_may_not_decrypt_is_not_compared() -> None:
    properties = {"Environment": {"Variables": {"TABLE": "orders"}}}
    function = LiveResource(
        ROWS["AWS::Lambda::Function"], "Report", Subject("orders-dev-report", "", ()), properties, {}, STACK
    )
    held = {"Error": {"ErrorCode": "AccessDeniedException"}}
    assert [] == list(_environment(function, {"Configuration": {"Environment": held}}))
    (gone,) = _environment(function, {"Configuration": {}})
    assert gone.what.endswith("was changed by hand: TABLE was removed")
