"""A template as it is written, with what its sections declare."""

from __future__ import annotations

from typing import Any

import pytest

from remit.template.parameters import Parameter, defaults
from remit.template.resolved_texts import UNKNOWN
from remit.template.written_template import Transform, written_template


def test_a_parameter_has_its_type_its_default_and_its_values() -> None:
    stage = {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"], "NoEcho": True}
    template = written_template({"Parameters": {"Stage": stage, "Odd": "text"}})
    expected = {"Stage": Parameter("String", "dev", ("dev", "prod"), is_hidden=True), "Odd": Parameter("")}
    assert expected == template.parameters


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ({"Type": "String", "AllowedValues": ["a"]}, "a"),
        ({"Type": "Number", "AllowedValues": [2.5]}, "2.5"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, None),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "AllowedValues": ["/name"]}, None),
        ({"Type": "String", "AllowedValues": [["a"]]}, None),
    ],
)
def test_a_parameter_of_one_value_has_it(declaration: dict[str, Any], expected: str | None) -> None:
    assert expected == written_template({"Parameters": {"It": declaration}}).parameters["It"].only_value


@pytest.mark.parametrize(("no_echo", "is_hidden"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_a_parameter_is_hidden_where_it_says_so(
    no_echo: object,
    is_hidden: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert is_hidden is written_template({"Parameters": {"It": {"NoEcho": no_echo}}}).parameters["It"].is_hidden


def test_a_default_is_text() -> None:
    assert {"Days": "7"} == defaults({"Parameters": {"Days": {"Default": 7}, "Stage": {"Type": "String"}}})


def test_the_transforms_are_those_of_the_template_and_of_every_place_each_once() -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}
    computed = {"Name": "AWS::Include", "Parameters": {"Location": {"Ref": "Where"}}}
    template = written_template(
        {
            "Transform": ["AWS::Serverless-2016-10-31", include],
            "Resources": {"It": {"Properties": {"Tags": [{"Fn::Transform": computed}, {"Fn::Transform": include}]}}},
        }
    )
    expected = (
        Transform("AWS::Serverless-2016-10-31"),
        Transform("AWS::Include", "s3://b/k"),
        Transform("AWS::Include", UNKNOWN),
    )
    assert expected == template.transforms


def test_a_section_that_is_no_mapping_counts_as_empty() -> None:
    template = written_template({"Parameters": [], "Mappings": "none"})
    assert ({}, {}, ()) == (template.parameters, template.mappings, template.transforms)
