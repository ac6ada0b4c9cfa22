"""Whatever a document of JSON is: each of its parts is found where it is written, by both readers, and so is a slip."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.documents.json_text import read_json
from remit.documents.read import read_on
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Path

SPACE = st.sampled_from(["", " ", "\n", "\n  "])
SCALARS = st.sampled_from(["true", "null", "-7", "0.5", '"a b"', '"\\u0041"', '"{[,:"', "{}", "[]", "{ }", "[\n]"])
KEYS = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a\\"}"', '"[0]"'])
"""Few, so that many objects have one twice, once with an escape."""


@st.composite
def containers(draw: st.DrawFn, parts: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(parts, min_size=1, max_size=4))
    opening, closing = "[", "]"
    if draw(st.booleans()):
        opening, closing = "{", "}"
        items = [f"{draw(KEYS)}{draw(SPACE)}:{draw(SPACE)}{item}" for item in items]
    return f"{opening}{','.join(f'{draw(SPACE)}{item}{draw(SPACE)}' for item in items)}{closing}"


FEW = settings(max_examples=cases(10, deep=1_000), deadline=None)
TEXTS = containers(st.recursive(SCALARS, containers, max_leaves=12))


def parts_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in steps:
        yield from parts_of(part, (*path, step))


@FEW
@given(TEXTS, st.randoms(use_true_random=False))
def test_at_the_place_of_each_part_stands_its_value_in_whatever_order_they_are_asked(text: str, order: Any) -> None:
    value, locate = read_json(text, "t.json", mistakes=[])
    assert value == json.loads(text)
    lines = text.splitlines(keepends=True)
    parts = list(parts_of(value))
    order.shuffle(parts)
    for path, part in parts:
        origin = locate(path)
        assert origin is not None
        rest = "".join([lines[origin.line - 1][origin.column - 1 :], *lines[origin.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == part


@FEW
@given(TEXTS)
def test_json_read_as_yaml_has_the_same_values_at_the_same_places(text: str) -> None:
    as_json, as_yaml = (read_on(text.encode(), name) for name in ("t.json", "t.yaml"))
    assert as_json.value == as_yaml.value
    for path, _ in parts_of(as_json.value):
        assert str(as_json.locate(path)) == str(as_yaml.locate(path)).replace(".yaml", ".json")


def strict(text: str) -> Any:
    """As the standard library reads it, without the constants that it adds to JSON."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


SIGNS = ("", "", '"', ",", ":", "]", "}", "[", "{", "\\", "x", "1", "NaN", "//", "'", "\n")


@settings(max_examples=cases(50, deep=3_000), deadline=None)
@given(TEXTS, st.integers(0, 200), st.integers(0, 1), st.sampled_from(SIGNS))
def test_a_text_with_a_slip_is_refused_if_the_standard_library_does_so_and_not_after_its_place(
    text: str, at: int, left_out: int, sign: str
) -> None:
    at %= len(text)
    text = f"{text[:at]}{sign}{text[at + left_out :]}"
    try:
        value = strict(text)
    except ValueError as error:
        with pytest.raises(RemitError) as refused:
            read_json(text, "t", mistakes=[])
        origin = refused.value.origin
        assert origin is not None
        if isinstance(error, json.JSONDecodeError):  # what stands before its place can still become JSON
            blank = re.match(r"[ \n]*", text[error.pos :])
            last = error.pos + (blank.end() if blank else 0)
            assert (origin.line, origin.column) <= (text.count("\n", 0, last) + 1, last - text.rfind("\n", 0, last))
    else:
        assert read_json(text, "t", mistakes=[])[0] == value
