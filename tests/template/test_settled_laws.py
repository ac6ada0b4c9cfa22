"""What a template says before its deploy, with choices for its parameters, is what each deploy of it says.

Source: "Ref", "Fn::FindInMap", "Parameters" (CloudFormation User Guide).
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.condition_outcomes import decided
from remit.template.settled_values import settled, with_values
from template.test_deployed_conditions import holds

ALLOWED: Final = {
    "Mode": ["Allow", "Deny"], "Wide": ["s3:GetObject", "s3:*", "sqs:*"], "Verb": ["GetObject", "*"],
    "Key": ["a", "b"], "Which": ["Effect", "Version"], "One": ["s3:ListBucket"],
}  # fmt: skip
MAPPINGS: Final = {
    "By": {
        "a": {"Effect": "Allow", "Version": "2012-10-17", "Action": "s3:GetObject", "Actions": ["s3:Get*", "s3:Put*"]},
        "b": {"Effect": "Deny", "Version": "2008-10-17", "Action": "sqs:*", "Actions": ["sqs:*"]},
    }
}
DEPLOYS: Final = [dict(zip(ALLOWED, values, strict=True)) for values in product(*ALLOWED.values())]


def by_key(name: str) -> dict[str, Any]:
    return {"Fn::FindInMap": ["By", {"Ref": "Key"}, name]}


EFFECTS: Final = st.sampled_from(
    ["Allow", {"Ref": "Mode"}, by_key("Effect"), {"Fn::FindInMap": ["By", "b", "Effect"]},
     {"Fn::If": ["Narrow", {"Ref": "Mode"}, "Deny"]}]
)  # fmt: skip
ACTIONS: Final = st.sampled_from(
    ["s3:ListBucket", {"Ref": "Wide"}, {"Fn::Sub": "s3:${Verb}"}, by_key("Action"), by_key("Actions"), {"Ref": "One"},
     ["s3:ListBucket", {"Ref": "Wide"}], {"Fn::FindInMap": ["By", "a", {"Ref": "Which"}]},
     {"Fn::FindInMap": ["By", {"Ref": "Key"}, {"Ref": "Which"}]}, {"Fn::Sub": "${Wide}"}]
)  # fmt: skip
VERSIONS: Final = st.sampled_from(["2012-10-17", by_key("Version"), {"Fn::FindInMap": ["By", "b", "Version"]}])


@st.composite
def templates(draw: st.DrawFn) -> Any:
    names = draw(st.sampled_from([list(ALLOWED), [name for name in ALLOWED if name != "One"]]))
    element = draw(st.sampled_from(["Action", "NotAction"]))
    statement = {"Effect": draw(EFFECTS), element: draw(ACTIONS), "Resource": by_key("Action")}
    document = {"Version": draw(VERSIONS), "Statement": [statement]}
    resource = {"Type": "A::B::C", "Properties": {"Document": document, "Version": {"Ref": "Mode"}}}
    return {
        "Parameters": {name: {"Type": "String", "AllowedValues": ALLOWED[name]} for name in names},
        "Mappings": MAPPINGS,
        "Conditions": {"Narrow": {"Fn::Equals": [{"Ref": "Wide"}, {"Fn::FindInMap": ["By", "a", "Action"]}]}},
        "Resources": {"R": resource},
    }


def filled(value: Any, deploy: dict[str, str]) -> Any:
    """A value as a deploy with some parameters has it, but for its conditions."""
    if isinstance(value, list):
        return [filled(part, deploy) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {key: filled(part, deploy) for key, part in value.items()}
    if list(parts) == ["Ref"]:
        return deploy[parts["Ref"]]
    if list(parts) == ["Fn::Sub"]:
        return parts["Fn::Sub"].replace("${Verb}", deploy["Verb"]).replace("${Wide}", deploy["Wide"])
    if list(parts) == ["Fn::FindInMap"]:
        name, first, second = parts["Fn::FindInMap"]
        return MAPPINGS[name][first][second]
    return parts


def deployed(template: Any, deploy: dict[str, str]) -> Any:
    """The properties of a template's resource as a deploy has them."""
    holding = {name for name, one in template["Conditions"].items() if holds(filled(one, deploy), {}, deploy)}
    value, _ = decided(template, frozenset(holding), lambda path: path)  # type: ignore[arg-type,return-value] # a path is its own place
    return filled(value["Resources"]["R"]["Properties"], deploy)


@settings(max_examples=cases(20, deep=250))
@given(templates())
def test_a_settled_template_says_what_each_deploy_of_it_says(template: Any) -> None:
    value, _ = settled(template, lambda path: path)  # type: ignore[arg-type,return-value] # as above
    for deploy in DEPLOYS[:: 1 + len(str(template)) % 5]:
        assert deployed(value, deploy) == deployed(template, deploy)


def chosen(declared: dict[str, Any], value: Any) -> Any:
    """The Effect of a statement, settled."""
    statement = {"Effect": value, "Action": "s3:*", "Resource": "*"}
    resources = {"R": {"Type": "A::B::C", "Properties": {"Document": {"Statement": statement}}}}
    template = {"Parameters": {"P": declared}, "Resources": resources}
    made, _ = settled(template, lambda path: path)  # type: ignore[arg-type,return-value] # as above
    return made["Resources"]["R"]["Properties"]["Document"]["Statement"]["Effect"]


def test_an_effect_is_one_of_two_whatever_else_its_parameter_may_be() -> None:
    declared = {"Type": "String", "AllowedValues": ["Allow", "Deny", "Neither"]}
    assert chosen(declared, {"Ref": "P"}) == {"Fn::If": ["P = Allow", "Allow", "Deny"]}
    assert chosen({"Type": "String"}, {"Ref": "P"}) == {"Fn::If": ["P = Allow", "Allow", "Deny"]}


def test_an_effect_of_no_statement_is_what_its_parameter_says() -> None:
    """A statement has an Action or a NotAction."""
    properties = {"Effect": {"Ref": "P"}, "Version": {"Ref": "P"}, "Rules": [{"Effect": {"Ref": "P"}, "Weight": 1}]}
    template = {"Parameters": {"P": {"Type": "String"}}, "Resources": {"R": {"Type": "A::B", "Properties": properties}}}
    value, _ = settled(template, lambda path: path)  # type: ignore[arg-type,return-value] # as above
    assert value == template


def test_a_value_of_a_mapping_that_has_a_default_is_looked_up() -> None:
    lookup = {"Fn::FindInMap": ["By", "a", "Action", {"DefaultValue": "x"}]}
    template = {"Mappings": MAPPINGS, "Resources": {"R": {"Type": "A::B::C", "Properties": {"X": lookup}}}}
    value, _ = settled(template, lambda path: path)  # type: ignore[arg-type,return-value] # as above
    assert value["Resources"]["R"]["Properties"] == {"X": "s3:GetObject"}


def test_what_is_certain_is_put_in_everywhere_and_each_choice_asks_a_condition_beside_those_of_the_template() -> None:
    mode, only = {"Ref": "Mode"}, {"Ref": "Only"}
    statement = {"Effect": {"Fn::If": ["Own", mode, {"Fn::If": ["Other", "Deny", mode]}]}, "NotAction": only}
    document = {"Version": mode, "Statement": [{**statement, "Resource": {"Ref": "Told"}}]}
    asked = [{"b": 1, "a": 2}, {"a": 2, "b": 1}]
    resources = {
        f"R{place}": {"Type": "A::B", "Condition": {"Fn::Equals": [side, mode]}} for place, side in enumerate(asked)
    }
    template = {
        "Parameters": {
            "Mode": {"Type": "String"},
            "Only": {"Type": "String", "AllowedValues": ["s3:*"]},
            "Told": {"Type": "String"},
        },
        "Conditions": {"Own": {"Fn::Equals": [{"Ref": "Told"}, only]}},
        "Resources": {"P": {"Type": "A::B", "Properties": {"D": document}}, **resources},
    }  # fmt: skip
    value, _ = settled(template, lambda path: path, {"Told": "t"})  # type: ignore[arg-type,return-value] # as above
    allowed = {"Fn::If": ["Mode = Allow", "Allow", "Deny"]}
    named = '{"Fn::Equals": [{"a": 2, "b": 1}, {"Ref": "Mode"}]}'
    settled_statement = {
        "Effect": {"Fn::If": ["Own", allowed, {"Fn::If": ["Other", "Deny", allowed]}]},
        "NotAction": "s3:*",
        "Resource": "t",
    }
    version = {"Fn::If": ["Mode = 2012-10-17", "2012-10-17", "2008-10-17"]}
    assert value == {
        "Parameters": template["Parameters"],
        "Conditions": {
            "Own": {"Fn::Equals": ["t", "s3:*"]},
            "Mode = Allow": {"Fn::Equals": [mode, "Allow"]},
            "Mode = 2012-10-17": {"Fn::Equals": [mode, "2012-10-17"]},
            named: {"Fn::Equals": [asked[0], mode]},
        },
        "Resources": {
            "P": {"Type": "A::B", "Properties": {"D": {"Version": version, "Statement": [settled_statement]}}},
            "R0": {"Type": "A::B", "Condition": named},
            "R1": {"Type": "A::B", "Condition": named},
        },
    }


def test_a_substitution_of_another_form_stays_as_it_is() -> None:
    written: list[Any] = ["", {"a": "${P}"}, ["", {}], ["${P}"], ["${P}", {}, 1], None]
    substitutions = [{"Fn::Sub": argument} for argument in written]
    assert with_values(substitutions, {"P": "v"}, {}) == substitutions


def test_a_number_in_the_place_of_a_text_is_that_text() -> None:
    assert with_values([{"Fn::Sub": 5}, {"Fn::Sub": [5, {}]}], {"P": "v"}, {}) == [
        {"Fn::Sub": "5"},
        {"Fn::Sub": ["5", {}]},
    ]
