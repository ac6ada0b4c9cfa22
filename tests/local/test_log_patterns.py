"""Filter patterns on terms and on fields of JSON, as CloudWatch Logs reads them."""

from __future__ import annotations

import json

import pytest

from remit.local.repairs.logs import matches_json, matches_terms

LINE = {
    "level": "error",
    "code": 503,
    "ratio": 0.5,
    "user": {"name": "ann", "roles": ["admin", "ops"]},
    "retried": False,
    "zero": 0,
    "cause": None,
    "ip": "10.0.0.7",
    "a-b": "x",
    "build": "77",
    "text": "one\ntwo",
    "is": {"true": 'said "x"'},
}


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.level = "error" }',
        "{ $.level = error }",
        '{ $.level = "err*" }',
        '{ $.level != "info" }',
        "{ $.code = 503 }",
        "{ $.code > 499 && $.code <= 503 }",
        "{ $.code < 500 || $.ratio >= 0.5 }",
        '{ $.level = "info" || $.code = 503 && $.user.name = "ann" }',
        '{ ($.level = "info" || $.code = 503) && ($.retried IS FALSE) }',
        '{ $.user.roles[1] = "ops" }',
        "{ $['a-b'] = x }",
        "{ $.cause IS NULL }",
        "{ $.level IS NOT NULL }",
        "{ $.session NOT EXISTS }",
        r"{ $.ip = %^10\.0\.% }",
        "{$.code=503&&$.level=error}",
        '{ $.code = 503 || $.level = "info" }',
        '{ $.level = "error" || $.level = "info" && $.code = 1 }',
        '{ $.level = "info" && $.code = 1 || $.code = 503 }',
        "{ $.level is not null && $.cause is null && $.session not exists }",
        "{ $.retried = false }",
        "{ $.user.roles = %admin% }",
        r'{ $.user.roles = %"ops"% }',
        '{ $.text = "one*two" }',
        '{ $.build = "77" }',
        '{ $.is.true = "said \\"x\\"" }',
        "{ ($.code = 503) }",
    ],
)
def test_a_pattern_holds(pattern: str) -> None:
    assert matches_json(pattern, json.dumps(LINE))


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.level = "info" }',
        '{ $.level = "err" }',
        '{ $.level = "*err" }',
        "{ $.level = rror }",
        "{ $.build = 7 }",
        '{ $.level != "err*" }',
        "{ $.code > 503 }",
        '{ $.level > "a" }',
        "{ $.build > 3 }",
        "{ $.code = 503 && $.retried IS TRUE }",
        '{ ($.level = "info" || $.code = 503) && $.ratio > 1 }',
        '{ $.user.roles[2] = "ops" }',
        '{ $.session = "x" }',
        "{ $.level IS NULL }",
        "{ $.cause IS NOT NULL }",
        "{ $.level NOT EXISTS }",
        "{ $.ip = %^11% }",
        "{ $.retried < 1 }",
        '{ ($.code = 503 || $.level = "info") && $.ratio > 1 }',
        "{ $.retried = 0 }",
        "{ $.build = 77.0 }",
        "{ $.level.name = x }",
        "{ $.session IS NULL }",
        "{ $.session IS NOT TRUE }",
        "{ $.zero IS FALSE }",
        '{ $.session != "x" }',
        '{ ($.level = "info" || $.code = 1) || ($.ratio > 1) }',
        '{ $.level = "info" && $.code = 503 }',
    ],
)
def test_a_pattern_does_not_hold(pattern: str) -> None:
    assert not matches_json(pattern, json.dumps(LINE))


def test_a_line_that_is_no_json_matches_no_pattern_on_fields() -> None:
    assert not matches_json("{ $.session NOT EXISTS }", "error 503")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ["ERROR timed out", "ERROR disk full", "WARN disk full", "info"]),
        ("ERROR", ["ERROR timed out", "ERROR disk full"]),
        ('ERROR -"timed out"', ["ERROR disk full"]),
        ("?ERROR ?WARN", ["ERROR timed out", "ERROR disk full", "WARN disk full"]),
        ('"disk full"', ["ERROR disk full", "WARN disk full"]),
        ("%^W.*full$%", ["WARN disk full"]),
        ("error", []),
        ("-ERROR -WARN", ["info"]),
        ('"ERROR timed out" ?info ?out', ["ERROR timed out"]),
    ],
)
def test_terms_choose_lines(pattern: str, expected: list[str]) -> None:
    lines = ["ERROR timed out", "ERROR disk full", "WARN disk full", "info"]
    assert expected == [line for line in lines if matches_terms(pattern, line)]


def test_a_text_in_a_pattern_stands_for_itself_but_for_its_stars() -> None:
    pattern = '{ $.a = "x.(z)*" }'
    held = [matches_json(pattern, json.dumps({"a": text})) for text in ("x.(z)", "x.(z)\ny", "xy(z)", "x.z")]
    assert [True, True, False, False] == held
