"""What a resource refers to must be in the template, whichever way it says so, unless it may be what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import Resource
from remit.errors import Origin
from remit.synthesis.check_references import KnownIds, check_references

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS: Final[dict[str, Callable[[str], tuple[dict[str, Any], dict[str, Any]]]]] = {
    "DependsOn": lambda name: ({}, {"DependsOn": name}),
    "a list in DependsOn": lambda name: ({}, {"DependsOn": [name]}),
    "Ref": lambda name: ({"TopicName": {"Ref": name}}, {}),
    "a text": lambda name: ({"TopicName": f"a-${{{name}}}"}, {}),
    "Fn::Sub": lambda name: ({"Tags": [{"Key": "a", "Value": {"Fn::Sub": f"a-${{{name}}}"}}]}, {}),
    "an attribute of the resource": lambda name: ({}, {"Metadata": {"of": {"Ref": name}}}),
    "Fn::GetAtt": lambda name: ({"TopicName": {"Fn::GetAtt": [name, "QueueName"]}}, {}),
}
PLACES: Final[dict[str, tuple[tuple[str | int, ...], ...]]] = {
    "Ref": (("TopicName",),),
    "a text": (("TopicName",),),
    "Fn::Sub": (("Tags", 0, "Value"),),
    "Fn::GetAtt": (("TopicName",),),
}
"""The path of the value in the resource's properties."""
LOST: Final = ("Shop", "Log")
"""How the ids begin of what failed, of which nothing more is known."""
NAMES: Final = {"ShopQueue": True, "Data": True, "Stage": True, "ShopTopic": True, "LogGroup": True, "Dat": False}
"""Whether a reference is right: to a resource, a parameter, or what may be of the parts that failed."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_wrong_where_nothing_has_it_and_nothing_that_failed_may_have(way: str, name: str) -> None:
    properties, attributes = WAYS[way](name)
    asking = Resource("Asking", "AWS::SNS::Topic", properties, attributes)
    resources = {each: Resource(each, "AWS::SQS::Queue", {}) for each in ("ShopQueue", "Data")}
    known = KnownIds({**resources, "Asking": asking}, ("Stage",), LOST)
    named, mistakes = check_references(asking, known, {})
    # A parameter is nothing that a resource can wait for.
    is_right = NAMES[name] and not (name == "Stage" and "DependsOn" in way)
    assert named == ((name,) if name in resources else ())
    assert [name in mistake.message for mistake in mistakes] == ([] if is_right else [True])
    if mistakes and "DependsOn" not in way:
        # Where the value stands, or else the line that sets the property.
        path, *_ = PLACES.get(way, ((),))
        assert (path, None) == (mistakes[0].path, mistakes[0].origin)
        line = Origin("app.py", 3, 1)
        _, (of_setting,) = check_references(asking, known, {str(path[0]): line} if path else {})
        assert (line if path else None) == of_setting.origin
    if name == "Dat":
        assert "did you mean" in str(mistakes[0].hint)


def test_a_resource_has_the_attributes_of_its_type_or_any_that_begin_as_one_that_is_open() -> None:
    def told(kind: str, attribute: str) -> list[tuple[str, str | None]]:
        asking = Resource("Asking", "AWS::SNS::Topic", {"TopicName": {"Fn::GetAtt": ["Named", attribute]}})
        known = KnownIds({"Named": Resource("Named", kind, {}), "Asking": asking})
        return [(mistake.message, mistake.hint) for mistake in check_references(asking, known, {})[1]]

    stack, queue = "AWS::CloudFormation::Stack", "AWS::SQS::Queue"
    for kind, attribute in ((stack, "Outputs.Url"), ("AWS::CloudFormation::CustomResource", "Any"), (queue, "Arn")):
        assert [] == told(kind, attribute)
    assert [("`Asking`: AWS::SQS::Queue has no attribute 'QueueNam'", "did you mean `QueueName`?")] == told(
        queue, "QueueNam"
    )
    assert [("`Asking`: AWS::CloudFormation::Stack has no attribute 'Url'", "it has Outputs.*")] == told(stack, "Url")
    policy = "AWS::APS::ResourcePolicy"
    assert [(f"`Asking`: {policy} has no attribute 'Url'", "it has none")] == told(policy, "Url")
