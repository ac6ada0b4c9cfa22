"""Filter patterns of CloudWatch Logs, made by their grammar and damaged in one place: a damage is told by its name.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" (Amazon
CloudWatch Logs User Guide).
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.errors import RemitError
from remit.triggers.logs import check_log_pattern

SIGNS: Final = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
VALUES: Final = st.sampled_from(['"a b"', "5", "4*", "%4[0-9]{2}%", '"a (b) {c}"', "error"])
SELECTORS: Final = st.sampled_from(["$.a", "$.a.b[0]", "$.c_d"])
SPACE: Final = st.sampled_from(["", " "])
COMPARISONS: Final = st.one_of(
    st.builds("{}{}{}{}{}".format, SELECTORS, SPACE, SIGNS, SPACE, VALUES),
    st.builds("{} {}".format, SELECTORS, st.sampled_from(["IS NULL", "IS NOT TRUE", "NOT EXISTS"])),
)
CONDITIONS: Final = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||"]), inner),
    ),
    max_leaves=4,
)
OF_JSON: Final = st.builds("{{ {} }}".format, CONDITIONS)
COLUMNS: Final = st.one_of(
    st.sampled_from(["ip", "...", "user_2"]),
    st.builds("{}{}{}".format, st.just("status"), SIGNS, st.sampled_from(["5*", "404"])),
)
OF_COLUMNS: Final = st.lists(COLUMNS, min_size=1, max_size=4).map(lambda columns: f"[{', '.join(columns)}]")
OF_TERMS: Final = st.lists(
    st.sampled_from(["ERROR", '-"timed out"', "?WARN", '"a=b"', "%x+%"]), min_size=1, max_size=3
).map(" ".join)


def is_short(pattern: str) -> bool:
    return pattern.count("%") <= 4  # two regular expressions


@settings(max_examples=cases(40, deep=1_000))
@given(st.one_of(OF_JSON, OF_COLUMNS, OF_TERMS).filter(is_short))
def test_a_pattern_of_the_grammar_is_taken(pattern: str) -> None:
    check_log_pattern(pattern)


@settings(max_examples=cases(40, deep=1_000))
@given(st.one_of(OF_JSON, OF_COLUMNS).filter(is_short), st.data())
def test_a_pattern_without_one_of_its_signs_is_refused_by_what_it_lacks(pattern: str, data: st.DataObject) -> None:
    outside = [place for place, sign in enumerate(pattern) if sign in '(){}[]"' and is_outside(pattern, place)]
    place = data.draw(st.sampled_from(outside))
    sign = pattern[place]
    if place == 0:  # what it is about then begins otherwise
        return
    words = {
        "(": "has a parenthesis without its second one",
        ")": "has a parenthesis without its second one",
        "}": "has a { without its }",
        "]": "has a [ without its ]",
        '"': 'has a " without its second one',
    }[sign]
    event(f"without {sign}")
    with pytest.raises(RemitError, match=r"^error: logs: pattern ") as refused:
        check_log_pattern(pattern[:place] + pattern[place + 1 :])
    assert words in refused.value.message


def is_outside(pattern: str, place: int) -> bool:
    """Whether a sign is no part of a text, of a regular expression or of a selector."""
    before = pattern[:place]
    in_text = before.count('"') % 2 == 1
    if pattern[place] == '"':
        return pattern.count('"') == 2 and not any(sign in pattern for sign in "%(")
    return not in_text and before.count("%") % 2 == 0 and before[-1:] != "b" and before[-2:] != "[0"
