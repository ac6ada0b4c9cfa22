"""JSON that people read: the text is that of the standard library, whatever the value."""

from __future__ import annotations

import enum
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.documents.indented_json import indented_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.floats()
VALUES = st.recursive(
    SCALARS, lambda item: st.lists(item) | st.tuples(item, item) | st.dictionaries(KEYS, item), max_leaves=20
)


class Colour(enum.StrEnum):
    """A text of another class, as users have them."""

    RED = "red"


@given(VALUES)
def test_a_value_is_written_as_the_standard_library_does(value: object) -> None:
    assert indented_json(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("value", [Colour.RED, {Colour.RED: Colour.RED}, {}, [], [[]], {"": {}}, ()])
def test_what_is_empty_or_of_another_class_is_written_alike(value: object) -> None:
    assert indented_json(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("value", [{1, 2}, {("a", "b"): 1}, [object()], b"bytes"])
def test_what_json_has_nothing_like_is_refused_alike(value: object) -> None:
    with pytest.raises(TypeError):
        indented_json(value)
