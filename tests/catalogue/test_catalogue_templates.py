"""What the catalogue says about CloudFormation's types, held against cfn-lint's own verdicts."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalogue_compiler.templates import templates
from random_cases import in_all_cases
from remit.catalogue import snapshot
from remit.catalogue.handlers import handlers
from remit.catalogue.types import resource_type, resource_types

if TYPE_CHECKING:
    from remit.catalogue.properties import Shape

SCALARS = {"string", "integer", "number", "boolean"}
BAD = {
    "Unknown": ("AWS::SQS::Queue", {"QueueNam": "orders"}),
    "Nested": ("AWS::Lambda::Function", {"Role": "r", "Code": {"S3Bukket": "b"}}),
    "Item": ("AWS::SQS::Queue", {"Tags": [{"Key": "a", "Value": "b", "Colour": "c"}]}),
    "Missing": ("AWS::Lambda::Function", {"Code": {"ZipFile": "x"}}),
    "MissingNested": ("AWS::SQS::Queue", {"Tags": [{"Key": "a"}]}),
    "List": ("AWS::SQS::Queue", {"QueueName": ["orders"]}),
    "Dict": (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": {"a": "b"}},
    ),
    "Scalar": ("AWS::Lambda::Function", {"Role": "r", "Code": {"ZipFile": "x"}, "VpcConfig": "x"}),
}
GOOD = {
    "Map": (
        "AWS::Lambda::Function",
        {"Role": "r", "Code": {"ZipFile": "x"}, "Environment": {"Variables": {"ANY": "1"}}},
    ),
    "Free": (
        "Custom::Anything",
        {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:f", "Whatever": {"a": [1]}},
    ),
    "Policy": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}),
}


def problems(shape: Shape, value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str, tuple[str | int, ...]]]:
    """Unknown properties, missing ones and wrong kinds of value, each with its path."""
    kind = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "scalar"
    allowed = {"scalar" if name in SCALARS else name for name in shape.types}
    if shape.types and kind not in allowed:
        return {("type", path)}
    found: set[tuple[str, tuple[str | int, ...]]] = set()
    if isinstance(value, dict) and shape.types:
        found |= {("required", path) for name in shape.required if name not in value}
        for name, item in value.items():
            child = shape.child(name)
            found |= {("unknown", (*path, name))} if child is None else problems(child, item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found |= problems(shape.items, item, (*path, index))
    return found


def verdict(type_name: str, properties: dict[str, object]) -> set[tuple[str, tuple[str | int, ...]]]:
    found = resource_type(type_name)
    assert found is not None
    return problems(found.shape, properties)


def judged_by_cfn_lint(
    resources: dict[str, tuple[str, dict[str, object]]],
) -> set[tuple[str, str, tuple[str | int, ...]]]:
    from cfnlint.api import lint  # noqa: PLC0415 - half a second, for each process that collects tests
    from cfnlint.config import ManualArgs  # noqa: PLC0415 - as above

    template = {"Resources": {name: {"Type": kind, "Properties": given} for name, (kind, given) in resources.items()}}
    rules = {"E3002": "unknown", "E3003": "required", "E3012": "type"}
    matches = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
    return {(rules[match.rule.id], match.path[1], tuple(match.path[3:])) for match in matches if match.rule.id in rules}


def test_unknown_missing_and_wrong_properties_are_those_that_cfn_lint_finds() -> None:
    resources = BAD | GOOD
    ours = {(what, name, path) for name, given in resources.items() for what, path in verdict(*given)}
    assert ours == judged_by_cfn_lint(resources)
    assert {name for _, name, _ in ours} == set(BAD)


@in_all_cases
def test_the_shipped_types_are_what_the_pinned_cfn_lint_has() -> None:
    schemas = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
    compiled = templates(schemas)
    for (kind, name), value in compiled.items():
        shipped = snapshot.chunk(kind, name)
        if kind == "types":  # whose rows have more columns: see `compiler.types`
            shipped = {row: {key: shipped[row][key] for key in value[row]} for row in shipped}
        assert shipped == value


def test_every_type_has_a_shape_that_can_be_walked_to_its_end() -> None:
    for name in resource_types():
        found = resource_type(name)
        assert found is not None
        seen: set[int] = set()
        waiting = [found.shape]
        while waiting:
            shape = waiting.pop()
            if id(shape) not in seen:
                seen.add(id(shape))
                children = [shape.child(child) for child in shape.properties]
                waiting += [child for child in (*children, shape.items) if child is not None]
        assert found.shape.types == ("object",)


def test_a_type_says_what_ref_and_get_att_give() -> None:
    found = resource_type("AWS::SQS::Queue")
    assert found is not None
    assert (found.ref, found.ref_of) == ("url", ("QueueUrl",))
    assert [found.has_attribute(name) for name in ("Arn", "QueueName", "Arnn")] == [True, True, False]
    assert found.read_only == ("Arn", "QueueUrl")


def test_open_ended_attributes_take_any_name_that_begins_so() -> None:
    nested, custom = resource_type("AWS::CloudFormation::Stack"), resource_type("Custom::Thing")
    assert nested is not None
    assert custom is not None
    assert [nested.has_attribute(name) for name in ("Outputs.Url", "Url")] == [True, False]
    assert custom.has_attribute("Anything")


def test_limits_and_allowed_values_are_kept() -> None:
    found = resource_type("AWS::Lambda::Function")
    assert found is not None
    name, mode, layers = (found.shape.child(path) for path in ("FunctionName", "PackageType", "Layers"))
    assert name is not None
    assert mode is not None
    assert layers is not None
    assert (layers.count, layers.length, layers.number) == ((None, 5), (None, None), (None, None))
    assert name.length[0] == 1
    assert set(mode.enum) == {"Image", "Zip"}


def test_a_type_that_contains_itself_has_no_end() -> None:
    found = resource_type("AWS::WAFv2::WebACL")
    assert found is not None
    shape: Shape | None = found.shape.child("Rules")
    assert shape is not None
    shape = shape.items.child("Statement")
    for _ in range(10):
        assert shape is not None
        shape = shape.child("NotStatement")
        assert shape is not None
        shape = shape.child("Statement")
    assert shape is not None


@pytest.mark.parametrize("name", ["AWS::SQS::Queu", "AWS::SQS", "", "::", "Queue", "aws::sqs::queue"])
def test_a_type_that_does_not_exist_is_none(name: str) -> None:
    assert resource_type(name) is None
    assert handlers(name) is None


def test_a_type_that_only_other_regions_have_names_them() -> None:
    regions = {name: found.regions for name in resource_types() if (found := resource_type(name)) is not None}
    assert regions["AWS::SQS::Queue"] == ()
    assert "us-west-2" in regions["AWS::DeviceFarm::Project"]


def test_handlers_name_the_actions_that_the_deployer_needs() -> None:
    found = handlers("AWS::SQS::Queue")
    assert found is not None
    assert "sqs:CreateQueue" in found.by_verb["create"]
    assert found.by_verb["delete"] == ("sqs:DeleteQueue", "sqs:GetQueueAttributes")
    assert found.by_verb["read"] == ("sqs:GetQueueAttributes", "sqs:ListQueueTags")
    assert found.in_schema


def test_the_actions_of_handlers_are_sorted_with_the_patterns_among_them() -> None:
    found = handlers("AWS::AutoScaling::AutoScalingGroup")
    assert found is not None
    assert {"ec2:Describe*", "autoscaling:CreateAutoScalingGroup"} <= set(found.by_verb["create"])
    assert all(list(actions) == sorted(actions) for actions in found.by_verb.values())


def test_a_type_that_does_not_say_what_it_calls_is_unknown() -> None:
    types = ("AWS::CloudFormation::CustomResource", "AWS::Made::Up", "AWS::SQS::Queue")
    assert [handlers(name) is None for name in types] == [True, True, False]


def test_of_a_type_that_does_not_say_the_api_reference_may_tell() -> None:
    found = handlers("AWS::IAM::AccessKey")
    assert found is not None
    assert not found.in_schema
    assert found.by_verb["delete"] == ("iam:DeleteAccessKey",)
