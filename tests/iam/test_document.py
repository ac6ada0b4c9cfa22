"""Strict JSON: what is refused, and where it says that is."""

from __future__ import annotations

import json

import pytest

from remit.errors import Origin, RemitError
from remit.iam.document import DEPTH, read_json, steps


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
        ("[1 2]", "a comma or ] was expected", 1, 4),
        ('{"a": 1', "not the end", 1, 8),
        ("", "not the end", 1, 1),
        ("{} {}", "more after the end", 1, 4),
        ('["a\nb"]', "not a valid JSON string", 1, 2),
        ('["\\x"]', "not a valid JSON string", 1, 2),
        ("[" * (DEPTH + 1), f"nests deeper than {DEPTH}", 1, DEPTH + 1),
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


def test_a_byte_order_mark_is_tolerated_in_bytes_and_in_text() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}', "p")[0] == read_json('\ufeff{"a": 1}', "p")[0] == {"a": 1}


def test_what_is_valid_reads_as_the_standard_library_reads_it() -> None:
    text = '{"a": [1, 2.5, -3e2, true, false, null, "\\u00e9\\n"], "b": {}, "c": []}'
    assert read_json(text, "p")[0] == json.loads(text)
    assert read_json("[" * DEPTH + "]" * DEPTH, "p")[0] == json.loads("[" * DEPTH + "]" * DEPTH)


def test_a_path_is_found_at_its_line_and_column() -> None:
    _, locate = read_json('{"Statement": [\n {"Action":\n  ["a", "b"],\n "Condition": {"Bool": {"x.y": "1"}}}]}', "p")
    assert str(locate("Statement[0].Action[1]")) == "p:3:9"
    assert str(locate("Statement[0].Action")) == "p:3:3"
    assert str(locate(("Statement", 0, "Condition", "Bool", "x.y"))) == "p:4:32"
    assert str(locate("Statement[0].Resource")) == "p:2:2", "of what is not there, the nearest that is"
    assert str(locate("")) == "p:1:1"


def test_lines_are_counted_from_the_line_that_is_given() -> None:
    with pytest.raises(RemitError) as caught:
        read_json("[1,]", "cases.jsonl", line=17)
    assert str(caught.value.origin) == "cases.jsonl:17:3"


def test_a_path_is_taken_apart_as_errors_spell_it() -> None:
    assert steps("Statement[0].Principal.AWS[2]") == ("Statement", 0, "Principal", "AWS", 2)
