"""What the functions of a template make of its values, as far as it can be known before the deploy."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.template.resolved_texts import UNKNOWN, Values

KNOWN: Final = {
    "Queue": ("shop-Queue-*",),
    "Queue.Arn": ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:shop-Queue-*",),
    "AWS::Region": ("${AWS::Region}",),
    "AWS::NoValue": (),
    "Subnets": ("subnet-1,subnet-2",),
    "Stage": ("prod",),
}
MAPPINGS: Final = {"Sizes": {"prod": {"Name": "big"}, "dev": {"Name": "small"}, 111122223333: {"Name": "own"}}}
NO_VALUE: Final = {"Ref": "AWS::NoValue"}


def texts(value: Any) -> tuple[str, ...]:
    return Values(lambda name: KNOWN.get(name, (UNKNOWN,)), MAPPINGS).texts(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", ("plain",)),
        (3, ("3",)),
        (NO_VALUE, ()),
        ({"Ref": "Queue"}, ("shop-Queue-*",)),
        ({"Ref": "Elsewhere"}, (UNKNOWN,)),
        ({"Fn::ImportValue": "x"}, (UNKNOWN,)),
        ({"Fn::Sub": "a-${Stage}-${!Left}-${Elsewhere}"}, (f"a-prod-${{Left}}-{UNKNOWN}",)),
        ({"Fn::Sub": ["${Own}-${AWS::Region}", {"Own": {"Ref": "Stage"}}]}, ("prod-${AWS::Region}",)),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, NO_VALUE, ""]]}, ("a-prod-",)),
        ({"Fn::Join": ["-", ["a", None, "b"]]}, ("a-b",)),
        ({"Fn::Join": ["/", {"Fn::Split": ["-", "a-b"]}]}, ("a/b",)),
        ({"Fn::Join": [".", {"Ref": "Subnets"}]}, ("subnet-1.subnet-2",)),
        ({"Fn::If": ["C", "a", {"Fn::If": ["D", "b", NO_VALUE]}]}, ("a", "b")),
        ({"Fn::Join": ["", ["x", {"Fn::If": ["C", "1", "2"]}]]}, ("x1", "x2")),
        ({"Fn::Select": [1, ["a", {"Ref": "Stage"}]]}, ("prod",)),
        ({"Fn::Select": ["0", {"Ref": "Subnets"}]}, ("subnet-1",)),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Queue", "Arn"]}]}]}, ("shop-Queue-*",)),
        ({"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "Queue"}]}]}, (UNKNOWN,)),
        ({"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}, (UNKNOWN,)),
        ({"Fn::Select": [9, ["a"]]}, (UNKNOWN,)),
        ({"Fn::Select": 1}, (UNKNOWN,)),
        ({"Fn::Select": [{"Fn::If": ["C", "0", "9"]}, ["a"]]}, ("a",)),
        ({"Fn::Select": [{"Ref": "Elsewhere"}, {"Ref": "Subnets"}]}, (UNKNOWN,)),
        ({"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::Sub": "${AWS::Region}/b/${Queue}"}]}]}, ("b",)),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, (UNKNOWN,)),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Name"]}, ("big",)),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Name"]}, ("big", "small", "own")),
        ({"Fn::FindInMap": ["Sizes", "111122223333", "Name"]}, ("own",)),
        ({"Fn::FindInMap": ["Sizes", "nowhere", "Name"]}, (UNKNOWN,)),
        (
            {"Fn::FindInMap": ["Sizes", {"Fn::If": ["C", "prod", {"Ref": "Elsewhere"}]}, "Name"]},
            ("big", "small", "own"),
        ),
        ({"Fn::FindInMap": ["Sizes", {"Fn::If": ["C", "prod", "dev"]}, "Name"]}, ("big", "small")),
        ({"Fn::FindInMap": ["Sizes", "nowhere", "Name", {"DefaultValue": "plain"}]}, (UNKNOWN,)),
        ({"Fn::FindInMap": "Sizes"}, (UNKNOWN,)),
        ({"Other": "mapping"}, (UNKNOWN,)),
        ("", ()),
        (None, ()),
        ({"Fn::Select": [1, ["a"]]}, (UNKNOWN,)),
        ({"Fn::Select": [3, {"Ref": "Subnets"}]}, (UNKNOWN,)),
        ({"Fn::Join": ["-", {"Fn::Split": ["", "a"]}]}, (UNKNOWN,)),
        ({"Fn::Join": ["-", {"Fn::If": ["C", ["a"], {"Ref": "Elsewhere"}]}]}, ("a",)),
        ({"Fn::Join": ["-", {"Fn::Split": [",", {"Fn::If": ["C", "a,b", {"Ref": "Elsewhere"}]}]}]}, (UNKNOWN,)),
        ({"Fn::Join": ["-", ["a", {"Fn::If": ["C", "b", NO_VALUE]}, "c"]]}, ("a-b-c", "a-c")),
        (
            {"Fn::Join": ["-", ["a", {"Fn::If": ["C", {"Fn::If": ["D", NO_VALUE, "b"]}, "c"]}]]},
            ("a-b", "a-c", "a"),
        ),
    ],
)
def test_a_value_is_resolved_to_its_texts(value: Any, expected: tuple[str, ...]) -> None:
    """In one place, for every function of CloudFormation that makes a text."""
    assert texts(value) == expected


def test_of_more_alternatives_than_anybody_reads_nothing_is_known() -> None:
    """Five conditions in one text would make thirty-two."""
    parts = [{"Fn::If": [f"C{number}", "a", "b"]} for number in range(5)]
    for count, known in ((4, 16), (5, 1)):
        joined = {"Fn::Join": ["", parts[:count]]}
        filled = "".join(f"${{P{number}}}" for number in range(count))
        substituted = {"Fn::Sub": [filled, {f"P{number}": part for number, part in enumerate(parts[:count])}]}
        for value in (joined, substituted):
            assert len(texts(value)) == known
            assert (texts(value) == (UNKNOWN,)) is (known == 1)


@pytest.mark.parametrize(("count", "known"), [(16, 16), (17, 1)])
def test_of_more_texts_of_a_mapping_than_anybody_reads_nothing_is_known(count: int, known: int) -> None:
    sizes = {f"k{number}": {"Name": f"n{number}"} for number in range(count)}
    found = Values(lambda _: (UNKNOWN,), {"Sizes": sizes}).texts({"Fn::FindInMap": ["Sizes", {"Ref": "K"}, "Name"]})
    assert len(found) == known
