"""`Fn::ForEach` over resources becomes the resources that it makes."""

from __future__ import annotations

from typing import Any

import pytest

from remit.template.loops import bodies, unrolled
from remit.template.parameters import defaults

TOPIC = {
    "Type": "AWS::SNS::Topic",
    "Properties": {"TopicName": {"Fn::Sub": "shop-${Name}"}, "Tags": [{"Ref": "Name"}, {"Ref": "Team"}]},
}
NAMES = {"Names": {"Type": "CommaDelimitedList", "Default": "a, b.c"}}


def resources(template: dict[str, Any], **parameters: str) -> Any:
    return unrolled(template, {**defaults(template), **parameters}).template["Resources"]


def loop(items: Any, body: Any = TOPIC, key: str = "Topic&{Name}") -> dict[str, Any]:
    return {"Fn::ForEach::Topics": ["Name", items, {key: body}]}


def topic(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::Sub": f"shop-{name}"}, "Tags": [name, {"Ref": "Team"}]},
    }


@pytest.mark.parametrize("items", [["a", "b.c"], {"Ref": "Names"}, [{"Ref": "Names"}]])
def test_a_loop_makes_a_resource_of_each_item(items: Any) -> None:
    found = resources({"Parameters": NAMES, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, **loop(items)}})
    assert found == {"Queue": {"Type": "AWS::SQS::Queue"}, "Topica": topic("a"), "Topicbc": topic("b.c")}


def test_a_loop_takes_numbers_as_their_texts() -> None:
    assert resources({"Resources": loop([1, 2.5])}) == {"Topic1": topic("1"), "Topic25": topic("2.5")}


def test_the_body_of_a_loop_is_read_by_its_name_with_its_variable_filled_in_late() -> None:
    body = {"Name": "shop-${Name}", "Plain": "shop", "Sub": {"Fn::Sub": "a-${Name}"}, "Tags": ["${Name}", 1]}
    looped = {"Queue": {"Type": "AWS::SQS::Queue"}, **loop({"Ref": "Unknown"}, body, "Topic${Name}")}
    late = {**body, "Name": {"Fn::Sub": "shop-${Name}"}, "Tags": [{"Fn::Sub": "${Name}"}, 1]}
    assert list(bodies(looped)) == [("Topic${Name}", late, ("Resources", "Fn::ForEach::Topics", 2, "Topic${Name}"))]


def test_loops_make_a_thousand_resources_beside_those_of_the_template() -> None:
    assert len(resources({"Resources": loop([str(number) for number in range(1_001)])})) == 1_001


def test_a_parameter_that_is_told_counts_instead_of_its_default() -> None:
    found = resources({"Parameters": NAMES, "Resources": loop({"Ref": "Names"})}, Names="z")
    assert found == {"Topicz": topic("z")}


def test_loops_within_loops_are_unrolled() -> None:
    inner = {
        "Fn::ForEach::Each": ["Kind", ["X", "Y"], {"${Stage}${Kind}": {"Type": {"Fn::Sub": "A::${Kind}::${Stage}"}}}]
    }
    found = resources({"Resources": {"Fn::ForEach::All": ["Stage", ["Dev", "Prod"], inner]}})
    assert found == {
        f"{stage}{kind}": {"Type": {"Fn::Sub": f"A::{kind}::{stage}"}} for stage in ("Dev", "Prod") for kind in "XY"
    }


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"Queue": {"Type": "AWS::SQS::Queue"}},
        loop({"Ref": "Unknown"}),
        loop({"Fn::Split": [",", {"Ref": "Names"}]}),
        {"Fn::ForEach::Topics": ["Name"]},
        {"Fn::ForEach::Topics": [3, ["a"], {}]},
        {"Fn::ForEach::Topics": {"Name": ["a"]}},
        loop([str(number) for number in range(1_002)]),
        {**loop({"Ref": "Unknown"}), "Queue": ["Name", ["a"], {"${Name}": {"Type": "AWS::SQS::Queue"}}]},
    ],
)
def test_what_is_no_loop_or_cannot_be_known_stays(made: dict[str, Any]) -> None:
    template = {"Parameters": NAMES, "Resources": made}
    assert unrolled(template, {}).template == template


@pytest.mark.parametrize("template", [{}, {"Resources": []}, {"Resources": loop(["a"]), "Parameters": 3}])
def test_any_template_is_taken(template: dict[str, Any]) -> None:
    assert isinstance(unrolled(template, {}).template, dict)
