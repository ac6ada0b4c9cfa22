"""Each deploy of a template, worked out by its conditions, is among the ways in which the template is looked at.

Source: "Condition functions" (CloudFormation User Guide).
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.condition_outcomes import by_conditions, conditions_of, decided, worlds
from template.test_branch_laws import chosen

STAGES: Final = ("dev", "prod", "")
PARAMETERS: Final = ("Stage", "Other")
NAMES: Final = ("A", "B", "C")
DEPLOYS: Final = [dict(zip(PARAMETERS, values, strict=True)) for values in product(STAGES, repeat=2)]

SIDES: Final = st.one_of(st.sampled_from([{"Ref": name} for name in PARAMETERS]), st.sampled_from(STAGES))
EQUALS: Final = st.tuples(SIDES, SIDES).map(lambda sides: {"Fn::Equals": list(sides)})


def conditions(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """A condition that asks those of some names, and comparisons."""
    plain = st.one_of(EQUALS, *([st.sampled_from(names).map(lambda name: {"Condition": name})] if names else []))
    return st.one_of(
        plain,
        st.lists(plain, min_size=2, max_size=3).map(lambda parts: {"Fn::And": parts}),
        st.lists(plain, min_size=2, max_size=3).map(lambda parts: {"Fn::Or": parts}),
        plain.map(lambda part: {"Fn::Not": [part]}),
    )


def holds(condition: Any, every: dict[str, Any], deploy: dict[str, str]) -> bool:
    ((kind, argument),) = condition.items()
    if kind == "Condition":
        return holds(every[argument], every, deploy)
    if kind == "Fn::Equals":
        first, second = (deploy[side["Ref"]] if isinstance(side, dict) else side for side in argument)
        return first == second
    parts = [holds(part, every, deploy) for part in argument]
    return {"Fn::And": all(parts), "Fn::Or": any(parts), "Fn::Not": not parts[0]}[kind]


@st.composite
def templates(draw: st.DrawFn) -> Any:
    every = {name: draw(conditions(NAMES[:place])) for place, name in enumerate(NAMES)}
    statement = {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    resources: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(["R", "S", "T"]), max_size=3, unique=True)):
        choice = {"Fn::If": [draw(st.sampled_from(NAMES)), draw(st.sampled_from([1, {"Ref": "AWS::NoValue"}])), 2]}
        resources[name] = {"Type": "A::B::C", "Properties": {"Size": choice, "Policy": statement}}
        if draw(st.booleans()):
            resources[name]["Condition"] = draw(st.sampled_from(NAMES))
    shared = {"Globals": {"Function": {"Timeout": {"Fn::If": [draw(st.sampled_from(NAMES)), 3, 4]}}}}
    return {"Conditions": every, "Resources": resources, **(shared if draw(st.booleans()) else {})}


def deployed(template: Any, deploy: dict[str, str]) -> Any:
    """A template without conditions, as this deploy has it."""
    every = template["Conditions"]
    holding = {name: holds(condition, every, deploy) for name, condition in every.items()}
    resources = {
        name: {key: chosen(part, holding) for key, part in resource.items() if key != "Condition"}
        for name, resource in template["Resources"].items()
        if holding[resource.get("Condition", "A")] or "Condition" not in resource
    }
    shared = {name: chosen(part, holding) for name, part in template.items() if name == "Globals"}
    return {"Conditions": every, "Resources": resources, **shared}


@settings(max_examples=cases(30, deep=400))
@given(templates())
def test_each_deploy_of_a_template_is_among_its_worlds(template: Any) -> None:
    looked_at, complete = worlds(template)
    made = by_conditions(template, looked_at, lambda holding: decided(template, holding, lambda path: path)[0])  # type: ignore[arg-type,return-value] # a path is its own place
    assert complete
    for deploy in DEPLOYS:
        assert deployed(template, deploy) in made


@settings(max_examples=cases(15, deep=500))
@given(templates())
def test_what_is_left_of_a_decided_template_stands_where_it_is_written(template: Any) -> None:
    for holding in (frozenset(), frozenset("A"), frozenset(NAMES)):
        value, locate = decided(template, holding, lambda path: path)  # type: ignore[arg-type,return-value] # as above
        for name, resource in value["Resources"].items():
            size = resource["Properties"].get("Size")
            choice = template["Resources"][name]["Properties"]["Size"]["Fn::If"]
            if size is not None:
                place = ("Resources", name, "Properties", "Size", "Fn::If", 1 if choice[0] in holding else 2)
                assert locate(("Resources", name, "Properties", "Size")) == place


def test_conditions_that_ask_each_other_in_a_circle_are_asked_once() -> None:
    every = {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::Or": [{"Condition": "A"}, {"Condition": "Gone"}]}}
    template = {"Conditions": every, "Resources": {"R": {"Type": "A::B::C", "Condition": "A"}}}
    assert conditions_of(template) == ("A", "B")
    looked_at, complete = worlds(template)
    assert complete
    assert {test.words(holds=True) for world in looked_at for test in world} == {"condition A", "condition Gone"}


@pytest.mark.parametrize(
    ("sides", "ways"),
    [
        (["a", "a"], {True}),
        (["a", "b"], {False}),
        ([{"Ref": "P"}, {"Ref": "P"}], {True}),
        ([{"Name": "a", "Of": "b"}, {"Of": "b", "Name": "a"}], {True}),
        ([{"Ref": "P"}, "a"], {True, False}),
        (["a", {"Ref": "P"}], {True, False}),
        ([{"Ref": "P"}, {"Ref": "Q"}], {True, False}),
        ([{"Fn::Select": [0, {"Ref": "P"}]}, "a"], {True, False}),
        ([{"Name": "a", "Of": "b"}, "a"], {True, False}),
    ],
)
def test_a_comparison_turns_out_as_its_sides_may(sides: list[Any], ways: set[bool]) -> None:
    template = {"Conditions": {"A": {"Fn::Equals": sides}}, "Resources": {"R": {"Condition": "A"}}}
    looked_at, _ = worlds(template)
    assert set(by_conditions(template, looked_at, lambda holding: "A" in holding)) == ways
    turned = {**template, "Conditions": {"A": {"Fn::Equals": sides[::-1]}}}
    assert (looked_at, True) == worlds(turned) == worlds(template, turned)
