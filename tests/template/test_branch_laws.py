"""A value with Fn::If in it is what its conditions choose, in each way in which they may turn out.

Source: "Condition functions" and "AWS::NoValue" (CloudFormation User Guide).
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.branches import (
    Branch,
    ConditionOutcome,
    Deciding,
    branches,
    items,
    values_at,
    variants,
    written_at,
)

NO_VALUE: Final = {"Ref": "AWS::NoValue"}
NAMES: Final = ("A", "B", "C")
WAYS: Final = [dict(zip(NAMES, holds, strict=True)) for holds in product((True, False), repeat=len(NAMES))]

VALUES: Final = st.recursive(
    st.sampled_from(["a", "b", "c", 1, NO_VALUE]),
    lambda part: st.one_of(
        st.lists(part, max_size=3),
        st.dictionaries(st.sampled_from(["x", "y"]), part, max_size=2),
        st.tuples(st.sampled_from(NAMES), part, part).map(lambda parts: {"Fn::If": list(parts)}),
    ),
    max_leaves=8,
)


def is_choice(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["Fn::If"]


def chosen(value: Any, holds: dict[str, bool]) -> Any:
    """A value as it is deployed: a list that is chosen inside of a list gives its items to that."""
    if is_choice(value):
        name, if_true, if_false = value["Fn::If"]
        return chosen(if_true if holds[name] else if_false, holds)
    if isinstance(value, list):
        found: list[Any] = []
        for item in value:
            put = chosen(item, holds)
            found += put if is_choice(item) and isinstance(put, list) else [] if put == NO_VALUE else [put]
        return found
    if isinstance(value, dict) and value != NO_VALUE:
        parts = {key: chosen(part, holds) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part != NO_VALUE}
    return value


def paths_of(value: Any) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *path) for key, part in parts for path in paths_of(part))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@settings(max_examples=cases(30, deep=400))
@given(VALUES)
def test_each_way_of_the_conditions_has_its_value_and_each_part_its_place(value: Any) -> None:
    for holds in WAYS:
        deciding = Deciding(holds.__getitem__)
        found = deciding.value(value)
        assert found == chosen(value, holds)
        for path in paths_of(found):
            written = at(value, written_at(path, deciding.moved))
            assert (is_choice(written), chosen(written, holds)) == (False, at(found, path))


@settings(max_examples=cases(30, deep=400))
@given(VALUES)
def test_the_variants_of_a_value_are_all_that_it_may_be_each_with_its_conditions(value: Any) -> None:
    found = list(variants(value, ("Here",)))
    possible = [chosen(value, holds) for holds in WAYS]
    assert all(branch.value in possible for branch in found)
    assert all(one == NO_VALUE or one in [branch.value for branch in found] for one in possible)
    assert len({str(branch.value) for branch in found}) == len(found)
    for branch in found:
        fitting = [holds for holds in WAYS if all(holds[one.condition] == one.holds for one in branch.when)]
        assert {str(chosen(value, holds)) for holds in fitting} == {str(branch.value)}


def flat(value: Any) -> list[Any]:
    """The items of a list, those of lists in it too."""
    if isinstance(value, list):
        return [item for part in value for item in flat(part)]
    return [] if value == NO_VALUE else [value]


@settings(max_examples=cases(30, deep=400))
@given(VALUES)
def test_the_items_of_a_list_are_those_of_each_way_and_stand_where_they_are_written(value: Any) -> None:
    found = list(items(value, ("Here",)))
    for holds in WAYS:
        there = [branch for branch in found if all(holds[one.condition] == one.holds for one in branch.when)]
        assert [chosen(branch.value, holds) for branch in there] == flat(chosen(value, holds))
    assert all(at({"Here": value}, branch.path) == branch.value for branch in found)


@pytest.mark.parametrize("count", [4, 5])
def test_of_more_than_four_conditions_each_alone_turns_out_otherwise(count: int) -> None:
    value = [{"Fn::If": [f"C{number}", number, NO_VALUE]} for number in range(count)]
    every = set(range(count))
    ways = {frozenset(holding) for number in every for holding in ([], every, [number], every - {number})}
    if count == 4:
        ways |= {frozenset({first, second}) for first in every for second in every}
    assert {frozenset(branch.value) for branch in variants(value, ())} == ways


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Rules[].Names", [["a", "b"], "c"]),
        ("Rules[].Names[]", ["a", "b", "c"]),
        ("Rules.Names", [["a", "b"], "c"]),
        ("Table.Name", ["t", "u"]),
        ("Table.Missing", []),
        ("Odd.No", [False]),
        ("Odd.Zero[]", [0]),
        ("Odd.Empty", [""]),
        ("Odd.None", []),
    ],
)
def test_the_values_at_a_path_are_those_of_every_item_and_every_branch(path: str, found: list[Any]) -> None:
    table = {"Fn::If": ["A", {"Name": "t"}, {"Name": "u"}]}
    rules = [{"Names": ["a", "b"]}, {"Names": "c"}, {"Names": None}]
    odd = {"No": False, "Zero": 0, "Empty": "", "None": None}
    assert list(values_at({"Rules": rules, "Table": table, "Odd": odd}, path)) == found


def test_a_choice_in_a_branch_of_the_same_condition_takes_the_same_way() -> None:
    """And each outcome is told once."""
    chosen = {"Fn::If": ["A", {"Fn::If": ["A", "a", "b"]}, {"Fn::If": ["B", {"Fn::If": ["A", "c", "d"]}, NO_VALUE]}]}
    held, other = ConditionOutcome("A", holds=True), ConditionOutcome("B", holds=True)
    assert list(branches(chosen, ("P",))) == [
        Branch("a", ("P", "Fn::If", 1, "Fn::If", 1), (held,)),
        Branch("d", ("P", "Fn::If", 2, "Fn::If", 1, "Fn::If", 2), (held.opposite, other)),
    ]
