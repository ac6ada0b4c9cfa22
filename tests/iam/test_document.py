"""Strict JSON: what is refused, and where it says that is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

import effort
from remit.documents.json_text import DEPTH, LARGEST, read_json
from remit.errors import Origin, RemitError
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ('{"a": 1,}', "comma before the }", 1, 8),
        ("[1,\n2,\n]", "comma before the ]", 2, 2),
        (
            '{"a": 1,\n "b": {"c": 1,\n "c": 2}}',
            'the key "c" stands twice in one object, first at p.json:2:8',
            3,
            2,
        ),
        ("[1, NaN]", "NaN is not valid JSON", 1, 5),
        ("[-Infinity]", "-Infinity is not valid JSON", 1, 2),
        ("[1e999]", "is too large", 1, 2),
        ("[" + "9" * 400 + "]", "is too large", 1, 2),
        ('{"a": // why\n 1}', "no comments", 1, 7),
        ("# x\n{}", "no comments", 1, 1),
        ("{'a': 1}", "a key in double quotes was expected", 1, 2),
        ('{"a": True}', "True is not valid JSON", 1, 7),
        ('{"a": 01}', "a JSON value was expected", 1, 7),
        ('{"a" 1}', "a colon was expected", 1, 6),
        ('{"a" , 1}', "a colon was expected", 1, 6),
        ('{"a": 1 ,\n }', "comma before the }", 1, 9),
        ("[,]", "a JSON value was expected", 1, 2),
        ('{"a": 1, , }', "a key in double quotes was expected", 1, 10),
        ("[1] ,", "more after the end", 1, 5),
        ("[truex]", "truex is not valid JSON", 1, 2),
        ('["]", {"[": nan}]', "nan is not valid JSON", 1, 13),
        ('["\\"[{", {"}": [1}]', "a comma or ] was expected in this list", 1, 18),
        ('{"a": {"a": [{}, {"\\u0061": {}, "a": 1}]}}', 'the key "a" stands twice', 1, 33),
        ('{"b": "\\', "not a valid JSON string", 1, 7),
        ('{"b', "a key starts here", 1, 2),
        ('["1e999", 1e99, -1e999]', "is too large", 1, 17),
        ('["NaN", {"NaN": NaN}]', "NaN is not valid JSON", 1, 17),
        ("[1 2]", "a comma or ] was expected", 1, 4),
        ('{"a": 1', "not the end", 1, 8),
        ("", "not the end", 1, 1),
        ("{} {}", "more after the end", 1, 4),
        ('["a\nb"]', "not a valid JSON string", 1, 2),
        ('["\\x"]', "not a valid JSON string", 1, 2),
        ("[" * (DEPTH + 1), f"nests deeper than {DEPTH}", 1, DEPTH + 1),
        ("[" * (DEPTH + 1) + "NaN", f"nests deeper than {DEPTH}", 1, DEPTH + 1),
        ("[" * DEPTH + "x", "x is not valid JSON", 1, DEPTH + 1),
        ('{"a" 1\n}', "not '1'", 1, 6),
        ("[" * 100_000, f"nests deeper than {DEPTH}", 1, DEPTH + 1),
        ('{"a":' * 100 + "1" + "}" * 100, f"nests deeper than {DEPTH}", 1, 5 * DEPTH + 1),
    ],
)
def test_a_mistake_is_told_at_its_line_and_column(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(RemitError) as caught:
        read_json(text, "p.json")
    assert message in caught.value.message
    assert caught.value.origin == Origin("p.json", line, column)


def test_bytes_that_are_no_utf_8_are_told_by_their_offset() -> None:
    with pytest.raises(RemitError, match="byte 6 is 0xff"):
        read_json(b'\xef\xbb\xbf["a\xff"]', "p.json")
    with pytest.raises(RemitError, match="byte 2 is 0xe9"):
        read_json(b'["\xe9"]', "p.json")
    with pytest.raises(RemitError, match="byte 9 is 0xe9") as caught:
        read_json(b'\xef\xbb\xbf[\n"\xc3\xa4 \xe9"]', "p.json", line=3)
    assert caught.value.origin == Origin("p.json", 4, 4)


def test_a_byte_order_mark_is_tolerated_in_bytes_and_in_text() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}', "p")[0] == read_json('\ufeff{"a": 1}', "p")[0] == {"a": 1}


def test_what_is_valid_reads_as_the_standard_library_reads_it() -> None:
    text = '{"a": [1, 2.5, -3e2, true, false, null, "\\u00e9\\n"], "b": {}, "c": []}'
    assert read_json(text, "p")[0] == json.loads(text)
    assert read_json("[" * DEPTH + "]" * DEPTH, "p")[0] == json.loads("[" * DEPTH + "]" * DEPTH)


def test_a_path_is_found_at_its_line_and_column() -> None:
    _, locate = read_json('{"Statement": [\n {"Action":\n  ["a", "b"],\n "Condition": {"Bool": {"x.y": "1"}}}]}', "p")
    assert str(locate(("Statement", 0, "Action", 1))) == "p:3:9"
    assert str(locate(("Statement", 0, "Action"))) == "p:3:3"
    assert str(locate(("Statement", 0, "Condition", "Bool", "x.y"))) == "p:4:32"
    assert str(locate(("Statement", 0, "Resource"))) == "p:2:2", "of what is not there, the nearest that is"
    assert str(locate(())) == "p:1:1"


def test_lines_are_counted_from_the_line_that_is_given() -> None:
    with pytest.raises(RemitError) as caught:
        read_json("[1,]", "cases.jsonl", line=17)
    assert str(caught.value.origin) == "cases.jsonl:17:3"


def test_places_are_the_same_in_whatever_order_they_are_asked_for() -> None:
    text = '{\n "a": [1,\n  2],\n\n "b": 3, "c": 4}'
    expected = {("a",): (2, 7), ("a", 0): (2, 8), ("a", 1): (3, 3), ("b",): (5, 7), ("c",): (5, 15), (): (1, 1)}
    for paths in ([*expected], [*reversed(expected)], [("c",), ("a",), ("b",), ("a", 1), (), ("c",), ("a", 0)]):
        _, locate = read_json(text, "p.json")
        places = {path: (origin.line, origin.column) for path in paths if (origin := locate(path)) is not None}
        assert places == {path: expected[path] for path in paths}


def test_many_places_of_a_long_line_are_told_in_one_passage() -> None:
    _, locate = read_json(json.dumps({"padding": "x" * 4_000_000, "listed": ["a"] * 5_000}), "p.json")
    with effort.at_most(1):
        for index in range(5_000):
            locate(("listed", index))


@pytest.mark.parametrize("principal", [7, None, ["*"], True, "lambda.amazonaws.com"])
def test_a_principal_that_is_none_is_an_error_at_its_path(principal: object) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    with pytest.raises(RemitError, match="must be '\\*' or a dict") as caught:
        parse({"Version": "2012-10-17", "Statement": [statement]})
    assert caught.value.path == ("Statement", 0, "Principal")


def test_an_error_has_the_path_of_what_is_wrong_and_spells_it() -> None:
    principal = {"AWS": ["111122223333", "*", ""]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    with pytest.raises(RemitError) as caught:
        parse({"Statement": [statement]})
    assert caught.value.path == ("Statement", 0, "Principal", "AWS", 2)
    assert caught.value.message == "Statement[0].Principal.AWS[2] is an empty string"


@pytest.mark.parametrize(
    ("element", "value", "path"),
    [
        ("Action", [""], ("Action", 0)),
        ("Action", "", ("Action",)),
        ("Resource", ["*", ""], ("Resource", 1)),
        ("Actoin", "s3:*", ("Actoin",)),
        ("Condition", {"StringEqual": {"aws:a": "b"}}, ("Condition", "StringEqual")),
        ("Condition", {"StringEquals": {"aws:a": [None]}}, ("Condition", "StringEquals", "aws:a")),
    ],
)
def test_a_mistake_has_the_path_of_the_part_that_is_wrong(
    element: str, value: object, path: tuple[object, ...]
) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", element: value}
    with pytest.raises(RemitError) as caught:
        parse({"Statement": [statement]})
    assert caught.value.path == ("Statement", 0, *path)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, in Python or in C from Python."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def refused(text: str) -> None:
    """Read what is wrong."""
    with pytest.raises(RemitError):
        read_json(text, "p.json")


@pytest.mark.parametrize(
    "end", ['"a" "b"', "x", "NaN", "1e999", '{"a": 1, "a": 2}', '"a', '"\\x"', '{"a": 1,}', "1] 2 [", "[" * 70]
)
def test_a_mistake_at_the_end_takes_steps_in_proportion_to_the_text_before_it(end: str) -> None:
    few, many = (calls(lambda size=size: refused("[" + '["a", [], "b"],\n' * size + end + "]")) for size in (20, 2_000))
    assert many < 100 * few


def test_a_place_is_found_without_a_look_at_what_the_values_before_it_hold() -> None:
    def steps_to_the_last(size: int) -> int:
        statement = '{"Action": [' + ", ".join(['"s3:*"'] * size) + "]}"
        _, locate = read_json(f'{{"Statement": [{", ".join([statement] * 100)}]}}', "p.json")
        return calls(lambda: locate(("Statement", 99, "Action")))

    assert steps_to_the_last(10) == steps_to_the_last(1_000)


def test_a_place_that_is_asked_again_is_remembered() -> None:
    _, locate = read_json(json.dumps({"Statement": [{"Action": "a"}] * 1_000}), "p.json")
    first = calls(lambda: locate(("Statement", 998, "Action")))
    assert calls(lambda: locate(("Statement", 997, "Action"))) < first / 100


def test_a_text_longer_than_any_document_is_refused_before_it_is_read() -> None:
    for text in ("[" * (LARGEST + 1), b"\xff" * (LARGEST + 1)):
        with pytest.raises(RemitError, match="has 8,000,001 bytes: no policy") as caught:
            read_json(text, "p.json", line=3)
        assert caught.value.origin == Origin("p.json", 3, 1)
    assert read_json(" " * LARGEST + "1", "p.json", most=LARGEST + 1)[0] == 1
