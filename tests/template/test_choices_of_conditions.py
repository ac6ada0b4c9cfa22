"""What a condition puts in a value's place is told in one module, for every part of remit that reads templates."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import pytest

import remit
from remit.documents.yaml_text import read_yaml
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.lint.policies import with_statements
from remit.lint.rule_inputs import IDENTITY, PolicyDocument
from remit.template.branches import NO_VALUE, ConditionOutcome, Deciding, branches, items, variants
from remit.template.condition_outcomes import Test as Comparison
from remit.template.condition_outcomes import by_conditions, words, worlds
from remit.template.policy_documents import grants_of

if TYPE_CHECKING:
    from remit.documents.json_text import Path

PROD, NOT_PROD = ConditionOutcome("IsProd", holds=True), ConditionOutcome("IsProd", holds=False)


def test_one_module_beside_the_table_of_functions_names_the_function() -> None:
    """A second reader of conditions would soon read them differently."""
    root = pathlib.Path(remit.__file__).parent
    naming = {str(file.relative_to(root)) for file in root.rglob("*.py") if "Fn::If" in file.read_text("utf-8")}

    assert naming == {"iam/tokens.py", "template/branches.py"}


def test_a_branch_knows_its_place_and_the_conditions_that_choose_it() -> None:
    """The path leads to the value in the file."""
    value = {"Fn::If": ["IsProd", "big", {"Fn::If": ["IsBeta", "small", NO_VALUE]}]}

    found = [(branch.value, branch.path, branch.when) for branch in branches(value, ("Size",))]

    assert found == [
        ("big", ("Size", "Fn::If", 1), (PROD,)),
        ("small", ("Size", "Fn::If", 2, "Fn::If", 1), (NOT_PROD, ConditionOutcome("IsBeta", holds=True))),
    ]


def test_a_branch_that_contradicts_the_one_around_it_is_not_there() -> None:
    """`If IsProd` within `unless IsProd` never holds."""
    value = ["a", {"Fn::If": ["IsProd", "b", {"Fn::If": ["IsProd", "never", "c"]}]}]

    assert [item.value for item in items(value)] == ["a", "b", "c"]


def test_a_value_is_told_for_each_way_in_which_its_conditions_fall_out() -> None:
    """What becomes AWS::NoValue is left out, in mappings and in lists."""
    value = {"Name": {"Fn::If": ["IsProd", "x", NO_VALUE]}, "Tags": ["t", {"Fn::If": ["IsProd", ["u", "v"], NO_VALUE]}]}

    found = [(variant.value, variant.when) for variant in variants(value, ())]

    assert found == [({"Name": "x", "Tags": ["t", "u", "v"]}, (PROD,)), ({"Tags": ["t"]}, (NOT_PROD,))]
    beta = ConditionOutcome("IsBeta", holds=True)
    inside = [(variant.value, variant.when) for variant in variants(value, (), (beta, NOT_PROD))]
    assert inside == [({"Tags": ["t"]}, (beta, NOT_PROD))]


def test_only_an_fn_if_by_itself_chooses_and_what_decides_is_told_once_with_each_item() -> None:
    inner = {"Fn::If": ["IsProd", ["a", {"Fn::If": ["IsProd", "b", "c"]}], "d"]}
    beside = {"Fn::If": ["IsProd", "x", "y"], "Other": 1}
    assert [(branch.value, branch.path, branch.when) for branch in items([inner, beside])] == [
        ("a", (0, "Fn::If", 1, 0), (PROD,)),
        ("b", (0, "Fn::If", 1, 1, "Fn::If", 1), (PROD,)),
        ("d", (0, "Fn::If", 2), (NOT_PROD,)),
        (beside, (1,), ()),
    ]
    statement = {"Condition": "IsProd", "Lists": [["a"], ["b", ["c"]]]}
    assert [(variant.value, variant.when, variant.moved) for variant in variants(statement, ())] == [
        (statement, (), {})
    ]


def test_a_world_is_told_by_as_few_of_its_tests_as_no_other_has() -> None:
    stage, beta = Comparison("${Stage}", "prod"), Comparison("${Beta}", "")
    every = [{stage: first, beta: second} for first in (True, False) for second in (True, False)]
    both, prod_alone, beta_alone, neither = every
    assert [words(some, every) for some in ([prod_alone, beta_alone], [both, prod_alone], [neither], every, [])] == [
        ("Stage = prod", 'Beta is not ""'),
        ("Stage = prod",),
        ("Stage is not prod", 'Beta is not ""'),
        (),
        (),
    ]


def test_a_value_that_is_one_of_several_texts_is_told_by_that_text_alone() -> None:
    prod, dev = Comparison("${Stage}", "prod"), Comparison("${Stage}", "dev")
    every = [{prod: False, dev: False}, {prod: True, dev: False}, {prod: False, dev: True}]
    assert [words([world], every) for world in every] == [
        ("Stage is not prod", "Stage is not dev"),
        ("Stage = prod",),
        ("Stage = dev",),
    ]


def test_parts_that_a_branch_moves_are_still_found_in_the_file() -> None:
    """Lines of findings depend on it."""
    deciding = Deciding({"IsProd": False}.__getitem__)

    value = deciding.value({"List": [{"Fn::If": ["IsProd", "x", NO_VALUE]}, {"Fn::If": ["IsProd", "y", "z"]}]})

    assert (value, deciding.moved) == ({"List": ["z"]}, {("List", 0): ("List", 1, "Fn::If", 2)})


def test_a_mistake_in_a_branch_is_told_where_it_is_written() -> None:
    """Not where the condition begins."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    wrong = {**statement, "Condition": {"Fn::If": ["IsProd", {"StringEqual": {"a:b": "c"}}, NO_VALUE]}}
    places: list[Path] = []

    def place(path: Path) -> Origin:
        places.append(path)
        return Origin("template.json", 1, 1)

    with pytest.raises(RemitError, match="StringEqual"):
        grants_of({"Statement": [wrong]}, (), place)

    assert places[-1] == ("Statement", 0, "Condition", "Fn::If", 1, "StringEqual")


def test_statements_that_a_condition_chooses_by_turns_exclude_each_other() -> None:
    """So no rule compares them."""
    statements = [
        {"Effect": effect, "Action": "sqs:SendMessage", "Resource": "*"} for effect in ("Allow", "Deny", "Allow")
    ]
    chosen, otherwise, always = statements
    raw = {"Statement": [{"Fn::If": ["IsProd", chosen, otherwise]}, always]}

    first, second, third = with_statements(PolicyDocument(IDENTITY, lambda _: None, raw, names=frozenset())).statements

    assert [first.excludes(second), first.excludes(third), third.goes_with(first), first.goes_with(third)] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("function", sorted(tokens.FUNCTIONS | tokens.RULE_FUNCTIONS))
def test_every_function_has_its_short_form_in_yaml(function: str) -> None:
    """`!Sub x` is `Fn::Sub: x`: the reader of YAML asks the table of functions."""
    value, _, _ = read_yaml(f"Value: !{function.removeprefix('Fn::')} [a, b]\n", "template.yaml")

    assert value == {"Value": {function: ["a", "b"]}}


def test_what_is_made_for_the_conditions_that_hold_is_made_once_for_all_worlds_with_the_same_ones() -> None:
    anything_is_on = [{"Fn::Equals": [{"Ref": name}, "on"]} for name in ("First", "Second", "Third")]
    template = {
        "Conditions": {"Any": {"Fn::Or": anything_is_on}},
        "Resources": {"R": {"Type": "AWS::IAM::Role", "Condition": "Any"}},
    }
    all_worlds, _ = worlds(template)
    made: list[frozenset[str]] = []

    def make(holding: frozenset[str]) -> frozenset[str]:
        made.append(holding)
        return holding

    in_worlds = by_conditions(template, all_worlds, make)

    assert (frozenset(), *[frozenset({"Any"})] * 7) == in_worlds
    assert [frozenset(), frozenset({"Any"})] == made
