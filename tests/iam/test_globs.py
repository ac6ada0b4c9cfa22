"""Globs as sets: the points of a pattern, and where two patterns meet, against every text of a small alphabet."""

from __future__ import annotations

import itertools

import pytest

from remit.iam.pattern import covers, matches, plainly_covers
from remit.iam.pattern_list import PatternList
from remit.iam.prove.glob_sets import FRESH, UndecidedQuestion, meeting, points

TEXTS = tuple("".join(letters) for length in range(6) for letters in itertools.product("abz", repeat=length))
PATTERNS = tuple("".join(signs) for length in range(4) for signs in itertools.product("ab*?", repeat=length))


def texts(pattern: str) -> frozenset[str]:
    return frozenset(text for text in TEXTS if matches(pattern, text))


SETS = {pattern: texts(pattern) for pattern in PATTERNS}


def test_a_meet_describes_exactly_what_both_patterns_do() -> None:
    for one, other in itertools.combinations(PATTERNS, 2):
        found = meeting(one, other)
        shared = frozenset().union(*map(texts, found.patterns))
        assert (shared, found.reason) == (SETS[one] & SETS[other], ""), (one, other, found)


def test_every_text_of_a_pattern_is_in_all_that_one_of_its_points_is_in() -> None:
    """So if each point is outside of some patterns, no text needs a look."""
    for narrow in PATTERNS:
        found = points(narrow, most_single_wildcards=3)
        for text in SETS[narrow]:
            mine = {wide for wide in PATTERNS if text in SETS[wide]}
            assert any(all(wide in mine for wide in PATTERNS if matches(wide, point)) for point in found), (
                narrow,
                text,
            )


def test_covering_is_never_wrong_and_what_one_look_tells_is_part_of_it() -> None:
    for narrow, wide in itertools.product(PATTERNS, repeat=2):
        if covers(wide, narrow):
            assert SETS[narrow] <= SETS[wide], (narrow, wide)
        assert covers(wide, narrow) >= plainly_covers(wide, narrow), (narrow, wide)
    assert plainly_covers("a*", "a*b")
    assert not plainly_covers("a*b", "a*")
    assert (covers("?*", "a*"), plainly_covers("?*", "a*")) == (True, False)


def test_of_a_list_the_first_pattern_that_covers_another_is_told_and_of_equal_ones_the_first_stays() -> None:
    listed = PatternList(("ab*", "a*", "a**", "b", "?"))
    expected = {"ab*": "a*", "a*": None, "a**": "a*", "abc": "ab*", "b": "?", "?": None, "bb": None}
    assert {text: listed.cover_of(text) for text in expected} == expected


def test_a_point_spells_the_symbol_for_each_wildcard() -> None:
    assert points("a*b?") == (f"a{FRESH}b{FRESH}",)
    assert points("plain", 3) == ("plain",)


def test_too_many_points_are_unclear() -> None:
    with pytest.raises(UndecidedQuestion, match="too many"):
        points("*a*a*a*a*a*a", 6)
