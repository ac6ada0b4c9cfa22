"""The worlds of a template are all ways in which its comparisons may turn out, or those in which the fewest hold."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from remit.template.condition_outcomes import MOST, worlds

if TYPE_CHECKING:
    from remit.template.condition_outcomes import World

SIZES = st.lists(st.integers(1, 4), max_size=8)
"""How many texts each of some parameters is compared with."""


def template(sizes: list[int]) -> dict[str, Any]:
    """A template with a condition for each comparison of each parameter, all of which its resources ask."""
    conditions = {
        f"Is{parameter}{text}": {"Fn::Equals": [{"Ref": f"P{parameter}"}, f"t{text}"]}
        for parameter, size in enumerate(sizes)
        for text in range(size)
    }
    resources = {f"R{name}": {"Type": "AWS::SNS::Topic", "Condition": name} for name in conditions}
    return {"Conditions": conditions, "Resources": resources}


def held(world: World) -> frozenset[tuple[str, str | None]]:
    return frozenset((test.value, test.text) for test, holds in world.items() if holds)


@given(SIZES)
@example([1] * 8)  # 256, the most
@example([3, 3, 3])
@example([255])
@example([256])
def test_each_parameter_is_one_of_its_texts_or_none(sizes: list[int]) -> None:
    looked_at, complete = worlds(template(sizes))
    texts = [[f"t{text}" for text in range(size)] for size in sizes]
    choices = product(*([None, *of_parameter] for of_parameter in texts))
    count = prod(size + 1 for size in sizes)
    found = [held(world) for world in looked_at]
    assert complete == (count <= MOST)
    assert len(found) == len(set(found)) == min(count, MOST)
    if complete:
        expected = {
            frozenset((f"${{P{place}}}", text) for place, text in enumerate(choice) if text) for choice in choices
        }
        assert expected == set(found)
    elif sum(sizes) < MOST:
        assert {frozenset([(f"${{P{place}}}", text)]) for place, of in enumerate(texts) for text in of} <= set(found)
