"""What a value of a template refers to, with its place."""

from __future__ import annotations

from remit.template.references import functions, references
from remit.template.resolved_texts import UNKNOWN, Values


def test_each_reference_of_a_value_is_found_with_its_place() -> None:
    value = [{"Ref": "Queue"}, {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::GetAtt": "Topic.Arn"}, {"Fn::Sub": "a-${Key}"}]
    assert [(reference.text, place) for reference, place in references(value, ("Resources",))] == [
        ("${Queue}", ("Resources", 0)),
        ("${Table.Arn}", ("Resources", 1)),
        ("${Topic.Arn}", ("Resources", 2)),
        ("${Key}", ("Resources", 3)),
    ]


def test_the_attribute_of_a_nested_stack_keeps_its_dots() -> None:
    value = [{"Fn::GetAtt": "Auth.Outputs.Arn"}, {"Fn::GetAtt": ["Auth", "Outputs.Arn"]}, ({"Ref": "Topic"},)]
    assert [reference.text for reference, _ in references(value)] == [
        "${Auth.Outputs.Arn}", "${Auth.Outputs.Arn}", "${Topic}",
    ]  # fmt: skip


def test_a_place_of_another_tool_in_a_substitution_is_no_reference() -> None:
    assert list(references({"Fn::Sub": "${{ values.queue }}-${Stage}"})) == []


def test_a_variable_of_a_substitution_s_own_is_no_reference_but_its_value_is() -> None:
    value = {"Fn::Sub": ["${Team}-${Stage}", {"Team": {"Ref": "Owner"}}]}
    assert [(reference.text, place) for reference, place in references(value)] == [
        ("${Stage}", ()),
        ("${Owner}", ("Fn::Sub", 1, "Team")),
    ]


def test_late_bound_text_holds_functions_only_where_it_is_read_so() -> None:
    value = {"Name": '${Queue.Arn}-${{"Fn::ImportValue":"x"}}'}
    assert list(functions(value)) == []
    assert [name for name, _, _ in functions(value, late=True)] == ["Fn::GetAtt", "Fn::ImportValue"]


def test_a_substitution_of_a_number_is_its_text() -> None:
    assert Values(lambda _: (UNKNOWN,), {}).texts({"Fn::Sub": 1}) == ("1",)
