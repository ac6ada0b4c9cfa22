"""Mistakes that people make in policies and templates: the right cause, at the right line, with the right advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit.lint import lint_bytes
from remit.lint.files import lint_document

FILES = ("bad_inputs", "slips")
"""Mistakes that were collected, and more of their kinds: other words, other services, other places."""
ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for name in FILES
    for line in Path(__file__).with_name("data").joinpath(f"{name}.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_mistake_is_named_at_its_line(row: dict[str, Any]) -> None:
    findings = lint_bytes(row["text"].encode(), row.get("file", "policy.json"))
    found = next((one for one in findings if one.rule == row["rule"]), None)
    assert found is not None, [one.message for one in findings]
    assert (found.severity, found.line) == (row["severity"], row["line"])
    assert row["says"] in found.message
    assert row["hint"] in (found.hint or "")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_one_mistake_gives_one_error(row: dict[str, Any]) -> None:
    findings = lint_bytes(row["text"].encode(), row.get("file", "policy.json"))
    others = [one for one in findings if one.severity == "error" and one.rule != row["rule"]]
    assert others == []


def test_a_byte_that_is_no_utf8_is_named_by_its_offset() -> None:
    (found,) = lint_bytes(b'{"Version": "2012-10-17", "Statement": "\x81"}', "policy.json")
    assert (found.rule, found.message) == ("R001", "policy.json is not UTF-8: byte 40 is 0x81")


@pytest.mark.parametrize(
    ("data", "says", "place"),
    [
        (b'{"Version":\n "\xe9",\n"a": 1\n}', "byte 14 is 0xe9", (2, 3)),
        ('{"Statement": []}'.encode("utf-16"), "byte 0 is 0xff", (1, 1)),
        ('{"Statement": []}'.encode("utf-16-le"), "it looks like UTF-16", (1, 1)),
        (b"\xef\xbb\xbf# caf\xc3\xa9\n\xff", "byte 11 is 0xff", (2, 1)),
        (" ".join("a" * 2_000_000).encode(), "no template is so large", (1, 1)),
    ],
)
def test_what_cannot_be_decoded_has_a_place(data: bytes, says: str, place: tuple[int, int]) -> None:
    (found,) = lint_bytes(data, "policy.yaml")
    assert ("R001", place) == (found.rule, (found.line, found.column))
    assert says in found.message


def test_a_value_that_no_json_holds_is_one_error() -> None:
    loop: dict[str, Any] = {"Version": "2012-10-17"}
    loop["Statement"] = loop
    assert [("R001", "loop nests deeper than 64, or contains itself")] == [
        (one.rule, one.message) for one in lint_document(loop, "loop")
    ]
    (found,) = lint_document({"Version": "2012-10-17", 1: 2}, "policy")
    assert (found.rule, found.message) == ("R001", "policy has a key that is not a string: 1")
