"""Globs: what matches, what covers, what overlaps."""

from __future__ import annotations

import itertools
import random
from functools import cache

import pytest

import effort
from random_cases import cases
from remit.iam.pattern import covers, matches, overlaps


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("*", "any\nthing:/", True),
        ("?", "", False),
        ("?", "a", True),
        ("?", "\n", True),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "abbc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("?*", "", False),
        ("*?b", "ab", True),
        ("*?b", "b", False),
        ("a?*?c", "abc", False),
        ("a?*?c", "abbc", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("A", "a", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b:c", True),
        ("x*yz*yz", "xyzyz", True),
        ("x*yz*yz", "xyz", False),
        ("*aba*aba*", "ababa", False),
    ],
)
def test_star_is_any_text_and_question_mark_one_character_and_the_rest_is_literal(
    pattern: str,
    text: str,
    expected: bool,
) -> None:
    assert matches(pattern, text) is expected


PATTERNS = ["".join(letters) for size in range(5) for letters in itertools.product("ab*?", repeat=size)]
TEXTS = ["".join(letters) for size in range(7) for letters in itertools.product("abc", repeat=size)]


def language(pattern: str) -> frozenset[str]:
    """The short texts of a pattern, by an obvious recursion."""

    def fits(rest: str, text: str) -> bool:
        if not rest:
            return not text
        if rest[0] == "*":
            return fits(rest[1:], text) or (text != "" and fits(rest, text[1:]))
        return text != "" and rest[0] in ("?", text[0]) and fits(rest[1:], text[1:])

    return frozenset(text for text in TEXTS if fits(pattern, text))


@cache
def languages() -> dict[str, frozenset[str]]:
    """Some patterns with their short texts; made at the first test, not while tests are collected."""
    return {pattern: language(pattern) for pattern in random.Random(7).sample(PATTERNS, 120)}  # noqa: S311 - a fixed sample


def test_matching_agrees_with_an_obvious_recursion_on_every_short_text() -> None:
    for pattern, texts in languages().items():
        assert frozenset(text for text in TEXTS if matches(pattern, text)) == texts, pattern


def test_covers_and_overlaps_agree_with_the_texts_of_both_patterns() -> None:
    """Patterns of up to four signs differ on texts of up to six letters, of which one is in no pattern."""
    for one, other in itertools.product(languages(), repeat=2):
        assert covers(one, other) is (languages()[other] <= languages()[one]), (one, other)
        assert overlaps(one, other) is bool(languages()[other] & languages()[one]), (one, other)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*a" * 400 + "b", "a" * 200_000),
        ("?*" * 400 + "b", "a" * 200_000),
        ("*" * 5_000 + "b", "a" * 1_000_000),
        ("*a?a" * 200 + "b", "a" * 100_000),
    ],
)
def test_hostile_patterns_take_no_long_time(pattern: str, text: str) -> None:
    with effort.at_most(1):
        assert not matches(pattern, text)


def test_two_long_patterns_are_compared_in_no_long_time() -> None:
    with effort.at_most(2):
        assert overlaps("a*" * 5_000, "*a" * 5_000)
        assert not overlaps("a*" * 5_000 + "b", "*a" * 5_000)
        assert not covers("?" * 5_000 + "*", "*" + "?a" * 2_000 + "*")


def test_covers_gives_up_rather_than_take_for_ever() -> None:
    with effort.at_most(2):
        assert not covers("*a" + "?" * 60 + "b*", "*a*" + "?*a" * 40)


@pytest.mark.parametrize("part", ["?", "*?", "*a?"])
def test_a_long_pattern_takes_time_in_proportion_to_its_length(part: str) -> None:
    length = cases(50000, deep=500_000)
    pattern = f"arn:{part * (length // len(part))}"
    with effort.at_most(length / 200_000):
        assert not matches(pattern, "arn:aws:s3:::b")
        assert not covers(pattern, "arn:*")
