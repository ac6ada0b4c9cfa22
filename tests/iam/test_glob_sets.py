"""The few texts that decide for a pattern, and what two patterns have in common."""

from __future__ import annotations

from itertools import combinations, product

import pytest

import brute_force
from remit.iam.prove.glob_sets import (
    FRESH,
    MOST_POINTS,
    Meeting,
    UndecidedQuestion,
    meeting,
    points,
    some_points,
)

X = "\N{BULLET}"  # stands for the fresh symbol below
TEXTS = ["".join(letters) for size in range(5) for letters in product("ab", repeat=size)]


@pytest.mark.parametrize(
    ("pattern", "most", "expected"),
    [
        ("ab", 3, ["ab"]),
        ("a?b?", 3, ["a•b•"]),
        ("*a**", 0, ["•a••"]),
        ("a*?", 1, ["a••", "a•", "a•••"]),
        ("*a**", 1, ["•a•", "•a", "•a••", "a•", "••a•", "a", "a••", "••a", "••a••"]),
    ],
)
def test_the_points_of_a_pattern_have_as_many_symbols_as_single_wildcards_can_count_the_plainest_first(
    pattern: str, most: int, expected: list[str]
) -> None:
    assert expected == [text.replace(FRESH, X) for text in points(pattern, most)]
    assert (points(pattern, most), None) == some_points(pattern, most)


@pytest.mark.parametrize("pattern", ["*", "a*", "?*b", "*a*", "a?"])
def test_a_text_of_a_pattern_that_other_patterns_miss_leaves_a_point_that_they_miss(pattern: str) -> None:
    others = ["*a*", "a*", "*b", "?", "??", "a?*", "b*?", "aa", "ab*"]
    most = 2
    decisive = points(pattern, most)
    described = [text for text in TEXTS if brute_force.is_like(pattern, text)]
    for covers in combinations(others, 2):
        is_missed = [not any(brute_force.is_like(cover, text) for cover in covers) for text in (*described, *decisive)]
        assert any(is_missed) is any(is_missed[len(described) :])


def test_as_many_points_as_a_pattern_may_have_are_all_tried() -> None:
    """Runs of none to three for each of five wildcards, and no more than that."""
    assert len(set(points("*a*b*c*d*", 2))) == 4**5 == MOST_POINTS
    with pytest.raises(UndecidedQuestion):
        points("*a*b*c*d*", 3)


def test_of_too_many_points_the_shortest_and_the_longest_are_tried_and_the_doubt_is_told() -> None:
    tried, doubt = some_points("a*b*c*d*e*f*g?", 2)
    assert ["a•b•c•d•e•f•g•", "a•••b•••c•••d•••e•••f•••g•"] == [text.replace(FRESH, X) for text in tried]
    assert str(doubt) == "`a*b*c*d*e*f*g?` meets patterns with too many `?`"


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ("x*", "xa", ("xa",)),
        ("xa", "x*", ("xa",)),
        ("x*a", "x*b", ()),
        ("ab?", "a*c", ("abc",)),
        ("a?*", "ab*", ("ab*",)),
        ("x*ab*", "xa*b*", ("xa*ab*", "xab*")),
        ("*a*", "*b*", ("*a*b*", "*b*a*")),
        ("a**b*", "*bc", ("a*bc",)),
        ("*ab", "a*", ("a*ab", "ab")),
    ],
)
def test_two_patterns_meet_in_patterns_none_of_which_has_what_another_has_in_their_order(
    p: str, q: str, expected: tuple[str, ...]
) -> None:
    assert expected == meeting(p, q).patterns
    assert set(expected) == set(meeting(q, p).patterns)


@pytest.mark.parametrize(
    ("p", "q"), [("*a*b*c*d*", "*e*f*g*h*"), ("a*b*c*d*e*f*", "*g*h*i*j*k*l*"), ("*" + "a" * 400, "a" * 400 + "*")]
)
def test_why_two_patterns_meet_in_too_many_ways_is_told(p: str, q: str) -> None:
    found = meeting(p, q)
    assert Meeting((), found.steps, "two patterns meet in too many ways") == found
    assert found.steps >= len(p) + len(q)
