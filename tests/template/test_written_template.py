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
        ({"Type": "String", "AllowedValues": [True]}, "true"),
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
    is_hidden: bool,
) -> None:
    assert is_hidden is written_template({"Parameters": {"It": {"NoEcho": no_echo}}}).parameters["It"].is_hidden


def test_a_default_is_text() -> None:
    declared = {"Days": {"Default": 7}, "None": {"Default": 0}, "Empty": {"Default": ""}, "Stage": {"Type": "String"}}
    assert defaults({"Parameters": declared}) == {"Days": "7", "None": "0", "Empty": ""}


def test_the_transforms_are_those_of_the_template_and_of_every_place_each_once() -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}
    computed = {"Name": "AWS::Include", "Parameters": {"Location": {"Ref": "Where"}}}
    template = written_template(
        {
            "Transform": ["AWS::Serverless-2016-10-31", include],
            "Mappings": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/mappings"}}},
            "Resources": {"It": {"Properties": {"Tags": [{"Fn::Transform": computed}, {"Fn::Transform": include}]}}},
            "Outputs": {"Address": {"Value": {"Fn::Transform": {"Name": "Shorten"}}}},
        }
    )
    expected = (
        Transform("AWS::Serverless-2016-10-31"),
        Transform("AWS::Include", "s3://b/k"),
        Transform("AWS::Include", UNKNOWN),
        Transform("AWS::Include", "s3://b/mappings"),
        Transform("Shorten"),
    )
    assert expected == template.transforms


def test_a_section_that_is_no_mapping_counts_as_empty() -> None:
    template = written_template({"Parameters": [], "Mappings": "none"})
    assert ({}, {}, ()) == (template.parameters, template.mappings, template.transforms)


SAM = {"Type": "AWS::Serverless::Function"}
LOOP = {"Fn::ForEach::Each": ["Name", ["a"], {"T${Name}": {"Type": "AWS::SNS::Topic"}}]}
SAM_TRANSFORM = "AWS::Serverless-2016-10-31"


@pytest.mark.parametrize(
    ("template", "is_exact", "is_unread"),
    [
        ({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}, True, False),
        ({"Resources": {"F": SAM}}, False, False),
        ({"Resources": {"M": {"Type": "My::Own::Thing::MODULE"}}}, False, False),
        ({"Transform": SAM_TRANSFORM, "Resources": {}}, False, False),
        ({"Transform": [SAM_TRANSFORM, "AWS::LanguageExtensions"], "Resources": {}}, False, False),
        ({"Transform": [SAM_TRANSFORM, "MyMacro"], "Resources": {}}, False, True),
        ({"Transform": "MyMacro", "Resources": {}}, False, True),
        ({"Resources": LOOP}, False, True),
        ({"Resources": {"Fn::Transform": {"Name": "AWS::Include"}}}, False, True),
    ],
)
def test_a_template_says_whether_its_names_are_all_there_are(
    template: dict[str, Any], *, is_exact: bool, is_unread: bool
) -> None:
    written = written_template(template)
    assert (written.exact, written.unread) == (is_exact, is_unread)


def test_the_names_of_a_template_are_those_of_resources_parameters_and_loops() -> None:
    template = {"Parameters": {"Stage": {}}, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}, **LOOP}}
    assert written_template(template).names == {"Stage", "Q", "Name", "Fn::ForEach::Each"}


@pytest.mark.parametrize(
    ("name", "is_made"),
    [
        ("Web", True), ("WebRole", True), ("Web.Alias", True), ("Web2", True), ("Webhook", False), ("We", False),
        ("ThingInner", True), ("ServerlessRestApi", True), ("QueuePolicy", False),
    ],
)  # fmt: skip
def test_a_resource_of_sam_or_a_module_makes_others_that_are_named_after_it(name: str, *, is_made: bool) -> None:
    resources = {"Web": SAM, "Thing": {"Type": "My::Own::Thing::MODULE"}, "Queue": {"Type": "AWS::SQS::Queue"}}
    assert written_template({"Resources": resources}).makes(name) is is_made


def test_without_resources_of_sam_nothing_makes_its_api() -> None:
    written = written_template({"Resources": {"Thing": {"Type": "My::Own::Thing::MODULE"}}})
    assert not written.makes("ServerlessRestApi")
    assert (written.type_of("Thing"), written.type_of("Gone")) == ("My::Own::Thing::MODULE", "")
