"""What the functions of CloudFormation make of a value, worked out for each way its conditions turn out, one by one.

Source: "Intrinsic function reference" (CloudFormation User Guide).
"""

from __future__ import annotations

from itertools import count, product
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.template.resolved_texts import UNKNOWN, Values

REFERRED: Final = {"Stage": "prod", "List": "x,y,z", "One": "1", "Zero": "0"}
MAPPINGS: Final = {"Sizes": {"prod": {"Name": "big", "Count": 0}, "dev": {"Name": "small", "Count": 7}}}
MOST: Final = 16
"""Alternatives of one text: of more, nothing is known."""


@st.composite
def values(draw: st.DrawFn) -> Any:  # noqa: C901 - one function of CloudFormation after the other
    """A value whose functions have all that they need; each Fn::If has a condition of its own."""
    numbers = count()

    def text(depth: int) -> Any:  # noqa: PLR0911 - as above
        kinds = ["text", "text", "number", "ref"]
        kind = draw(st.sampled_from(kinds if depth == 0 else [*kinds, "join", "sub", "select", "if", "map"]))
        if kind == "text":
            return draw(st.sampled_from(["a", "b-c", "prod"]))
        if kind == "number":
            return draw(st.sampled_from([0, 1, 7]))
        if kind == "ref":
            return {"Ref": draw(st.sampled_from(sorted(REFERRED)))}
        if kind == "join":
            return {"Fn::Join": [draw(st.sampled_from(["-", "", ","])), texts(depth - 1)]}
        if kind == "sub":
            own = {"Own": text(depth - 1)}
            return {"Fn::Sub": [draw(st.sampled_from(["${Own}", "x-${Own}-${Stage}", "${!Own}${Own}${List}"])), own]}
        if kind == "select":
            index = draw(st.sampled_from([0, 1, "1", {"Ref": "One"}, {"Ref": "Zero"}]))
            return {"Fn::Select": [index, draw(st.sampled_from([[text(depth - 1), text(0)], {"Ref": "List"}]))]}
        if kind == "if":
            return {"Fn::If": [f"C{next(numbers)}", text(depth - 1), text(depth - 1)]}
        return {
            "Fn::FindInMap": [
                "Sizes",
                draw(st.sampled_from(["dev", {"Ref": "Stage"}])),
                draw(st.sampled_from(["Name", "Count"])),
            ]
        }

    def texts(depth: int) -> Any:
        if draw(st.integers(0, 3)) == 0:
            return {"Fn::Split": [draw(st.sampled_from(["-", ","])), text(depth)]}
        items = [text(depth) for _ in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):
            items.insert(draw(st.integers(0, 1)), {"Fn::If": [f"C{next(numbers)}", "n", {"Ref": "AWS::NoValue"}]})
        return items

    return text(3)


def conditions(value: Any) -> list[str]:
    """The conditions of a value, in whatever order."""
    if isinstance(value, list):
        return [name for item in value for name in conditions(item)]
    if not isinstance(value, dict):
        return []
    ((function, argument),) = value.items()
    return [*([argument[0]] if function == "Fn::If" else []), *conditions(argument)]


def made(value: Any, holding: dict[str, bool]) -> str | None:  # noqa: PLR0911 - as above
    """The text of a value where these conditions hold; None for AWS::NoValue."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Ref":
        return None if argument == "AWS::NoValue" else REFERRED[argument]
    if function == "Fn::If":
        return made(argument[1] if holding[argument[0]] else argument[2], holding)
    if function == "Fn::Join":
        return str(argument[0]).join(made_list(argument[1], holding))
    if function == "Fn::Sub":
        text, own = argument
        filled = text.replace("${!Own}", "\0").replace("${Own}", made(own["Own"], holding) or "")
        return str(filled.replace("${Stage}", "prod").replace("${List}", "x,y,z").replace("\0", "${Own}"))
    if function == "Fn::Select":
        return made_list(argument[1], holding)[int(made(argument[0], holding) or 0)]
    key = made(argument[1], holding)
    return str(MAPPINGS["Sizes"][str(key)][argument[2]])


def made_list(value: Any, holding: dict[str, bool]) -> list[str]:
    if isinstance(value, list):
        return [text for item in value if (text := made(item, holding)) is not None]
    if "Fn::Split" in value:
        delimiter, text = value["Fn::Split"]
        return (made(text, holding) or "").split(delimiter)
    return (made(value, holding) or "").split(",")


@settings(max_examples=cases(75, deep=3_000))
@given(values())
def test_a_value_has_the_texts_that_it_has_however_its_conditions_turn_out(value: Any) -> None:
    names = conditions(value)
    if 2 ** len(names) > MOST:
        return
    worlds = [dict(zip(names, turn, strict=True)) for turn in product([True, False], repeat=len(names))]
    expected = {made(value, world) for world in worlds}
    event(f"texts: {min(len(expected), 3)}")
    found = Values(lambda name: (REFERRED[name],) if name in REFERRED else (), MAPPINGS).texts(value)
    assert len(found) == len(set(found))
    if any(UNKNOWN in text for text in found):
        # `${!Own}` leaves `${Own}` in a text, which is split as little as a reference that nobody knows.
        assert "${!Own}" in str(value)
        assert "Fn::Split" in str(value)
        return
    assert set(found) == expected
