"""The ways in which the conditions of a template may turn out: two templates are compared in each of them.

A world says which comparisons of the Conditions hold. Comparisons of one value with several texts exclude each other;
all others count as independent, so that no world is left out that a parameter may bring about.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import combinations, islice, product
from math import prod
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from remit.iam import tokens
from remit.template.branches import Deciding, conditions_in, written_at
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.documents.json_text import Locate

MOST: Final = 256
"""Worlds of which each is looked at."""
World: TypeAlias = dict["Test", bool]
T = TypeVar("T")
_PAIR: Final = 2
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9:]+)\}")


@dataclass(frozen=True, slots=True)
class Test:
    """A question that decides: whether a value, late-bound, is a text; without a text, whatever else is asked."""

    value: str
    text: str | None = None

    def words(self, *, holds: bool) -> str:
        """As people say it: `Stage = prod`, `Stage is not prod`."""
        if self.text is None:
            return self.value if holds else f"not {self.value}"
        reference = _REFERENCE.fullmatch(self.value)
        subject = self.value if reference is None else reference[1]
        verb = "=" if holds else "is not"
        text = self.text or '""'
        return f"{subject} {verb} {text}"


def worlds(*templates: Any) -> tuple[tuple[World, ...], bool]:
    """The worlds in which the resources of templates may differ, and whether those are all. A world has every test.

    Of more than MOST, those in which the fewest tests hold: every test holds in one of them at least, if it can be.
    """
    tests: dict[Test, bool] = {}
    for template in templates:
        for name in dict.fromkeys(_deciding(template)):
            _holds({"Condition": name}, section(template, "Conditions"), tests)
    by_value: dict[str, list[Test]] = {}
    for test in tests:
        by_value.setdefault(test.value, []).append(test)
    groups = list(by_value.values())
    complete = prod(len(tests_of_value) + 1 for tests_of_value in groups) <= MOST
    ways = (
        product(*([None, *tests_of_value] for tests_of_value in groups)) if complete else islice(_fewest(groups), MOST)
    )
    return tuple(dict.fromkeys(tests, False) | {test: True for test in way if test} for way in ways), complete


def _fewest(groups: list[list[Test]]) -> Iterator[tuple[Test, ...]]:
    """Yield the tests that hold together, at most one of each value: none at first, then one, then two."""
    for count in range(len(groups) + 1):
        for chosen in combinations(groups, count):
            yield from product(*chosen)


def conditions_of(template: Any) -> tuple[str, ...]:
    """The declared conditions that a template's resources name, then those that these ask, each once."""
    conditions = section(template, "Conditions")
    names: dict[str, None] = {}
    waiting = list(_deciding(template))
    while waiting:
        name = waiting.pop(0)
        if name in conditions and name not in names:
            names[name] = None
            waiting += conditions_in(conditions[name], of_resources=True)
    return tuple(names)


def _deciding(template: Any) -> Iterator[str]:
    """Yield the conditions that the resources of a template and its Globals name, as often as they do."""
    return conditions_in([template.get("Resources"), template.get("Globals")], of_resources=True)


def _function(condition: Any) -> tuple[str, Any]:
    """The function that a condition is, and its argument; an empty name for anything else."""
    if isinstance(condition, dict) and len(condition) == 1:
        ((kind, argument),) = condition.items()
        return str(kind), argument
    return "", None


def _test(condition: Any) -> Test | bool:
    """The test that decides a condition, which is no combination of others; True or False where the answer is certain.

    An Fn::Equals of a value with a literal text is a test of that value; of two values that differ, one of both.
    """
    kind, argument = _function(condition)
    if kind == "Condition" and isinstance(argument, str):
        return Test(f"condition {argument}")
    if kind != "Fn::Equals" or not isinstance(argument, list) or len(argument) != _PAIR:
        return Test(_text(condition))
    first_text, second_text = (_text(value) for value in argument)
    if first_text == second_text:
        return True
    literal = [not tokens.references(text) and not text.startswith("{") for text in (first_text, second_text)]
    if all(literal):
        return False
    if any(literal):
        return Test(second_text, first_text) if literal[0] else Test(first_text, second_text)
    return Test(f"{min(first_text, second_text)} = {max(first_text, second_text)}")


def _text(value: Any) -> str:
    if tokens.is_intrinsic(value):
        return tokens.from_intrinsic(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _holds(
    condition: Any, conditions: Mapping[str, Any], tests: dict[Test, bool], within: tuple[str, ...] = ()
) -> bool:
    """Return whether a condition holds by what `tests` says of each of its tests.

    A test that it lacks is added to it, as False. `within` names the conditions on the way to it, in case they go
    round.
    """
    kind, argument = _function(condition)
    if kind in ("Fn::And", "Fn::Or", "Fn::Not"):
        parts = argument if isinstance(argument, list) else []
        held = [_holds(part, conditions, tests, within) for part in parts]  # each is asked, so that no test is missed
        if kind == "Fn::And":
            return all(held)
        return any(held) if kind == "Fn::Or" else not any(held)
    if kind == "Condition" and argument in conditions and argument not in within:
        return _holds(conditions[argument], conditions, tests, (*within, argument))
    test_or_result = _test(condition)
    return test_or_result if isinstance(test_or_result, bool) else tests.setdefault(test_or_result, False)


def by_conditions(template: Any, all_worlds: Iterable[World], make: Callable[[frozenset[str]], T]) -> tuple[T, ...]:
    """What `make` gives in each world, in their order, for the conditions of a template that hold there.

    It is called once for worlds in which the same conditions hold.
    """
    conditions = section(template, "Conditions")
    names = tuple(dict.fromkeys(_deciding(template)))
    made: dict[frozenset[str], T] = {}
    in_worlds = []
    for world in all_worlds:
        holding = frozenset(name for name in names if _holds({"Condition": name}, conditions, world))
        if holding not in made:
            made[holding] = make(holding)
        in_worlds.append(made[holding])
    return tuple(in_worlds)


def decided(template: Any, holding: frozenset[str], locate: Locate) -> tuple[Any, Locate]:
    """A template in which these conditions hold and no others, and the function that gives the place of its parts.

    Its resources and Globals have no choices, and those resources are left out whose condition does not hold. Its other
    sections stay.
    """
    deciding = Deciding(holding.__contains__)
    moved = deciding.moved
    value = dict(template) if isinstance(template, dict) else template
    resources = template.get("Resources") if isinstance(template, dict) else None
    if isinstance(resources, dict):
        value["Resources"] = {}
        for name, resource in resources.items():
            condition = resource.get("Condition") if isinstance(resource, dict) else None
            there = resource
            if isinstance(condition, str):
                if condition not in holding:
                    continue
                there = {key: item for key, item in resource.items() if key != "Condition"}
            value["Resources"][name] = deciding.value(there, ("Resources", name))
    if isinstance(template, dict) and "Globals" in template:
        value["Globals"] = deciding.value(template["Globals"], ("Globals",))

    return value, lambda path: locate(written_at(path, moved))


def words(holds: Iterable[World], all_ways: Iterable[World]) -> tuple[str, ...]:
    """The tests of the first of some worlds, in words: as few of them as hold in no world beside these.

    None where these are all worlds, or there are none.
    """
    among, all_worlds = list(holds), list(all_ways)
    telling = dict(among[0]) if among else {}
    for test in list(telling):
        fewer = {part_test: value for part_test, value in telling.items() if part_test != test}
        if all(
            world in among
            for world in all_worlds
            if all(world[part_test] == value for part_test, value in fewer.items())
        ):
            telling = fewer
    return tuple(test.words(holds=value) for test, value in telling.items())
