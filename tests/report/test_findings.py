"""Findings as text, JSON, SARIF and GitHub annotations."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from remit.errors import Origin
from remit.lint.finding import Finding
from remit.lint.rule_registry import rules
from remit.report.findings import findings_github, findings_json, findings_sarif, findings_text, summary

ERROR = Finding(
    "R201",
    "unknown-service",
    "error",
    "unknown service 'dynamdb'",
    "did you mean `dynamodb`?",
    Origin("a b/p.json", 2, 5),
)
WARNING = Finding("R210", "administrator", "warning", "100% of it", None, Origin("a b/p.json", 1))
NOTE = Finding("R212", "whole-service", "note", "all of it")
LINES = {"a b/p.json": ['{"Statement":', '    "dynamdb:*"']}


def test_text_shows_the_line_with_a_caret() -> None:
    assert findings_text([ERROR], lambda file: LINES.get(file, ())) == (
        "error[R201]: unknown service 'dynamdb'\n"
        "  --> a b/p.json:2:5\n"
        "     |\n"
        '   2 |     "dynamdb:*"\n'
        "     |     ^\n"
        "  hint: did you mean `dynamodb`?\n"
        "\n"
        "1 error"
    )


def test_text_has_the_worst_first() -> None:
    text = findings_text([NOTE, WARNING, ERROR], lambda _: ())
    assert ["error", "warning", "note"] == [row.partition("[")[0] for row in text.split("\n") if "[R" in row]


def test_text_counts_the_notes_that_it_leaves_out() -> None:
    text = findings_text([NOTE, ERROR, NOTE], lambda _: (), with_notes=False)
    assert (False, "1 error; 2 notes not shown (--notes)") == ("note[" in text, text.split("\n")[-1])


def test_text_of_a_folder_counts_the_findings_of_each_rule() -> None:
    text = findings_text([NOTE, WARNING, ERROR, ERROR], lambda _: (), with_notes=False, by_rule=True)
    assert text.split("\n")[-4:-2] == ["     2  error    R201  unknown-service", "     1  warning  R210  administrator"]


def test_the_worst_rules_come_first_in_the_table_then_the_most_frequent_then_the_first_by_name() -> None:
    second = Finding("R202", "unknown-action", "error", "m")
    text = findings_text([WARNING, WARNING, WARNING, second, ERROR, ERROR, NOTE, NOTE], lambda _: (), by_rule=True)
    assert text.split("\n")[-6:] == [
        "     2  error    R201  unknown-service",
        "     1  error    R202  unknown-action",
        "     3  warning  R210  administrator",
        "     2  note     R212  whole-service",
        "",
        "3 errors, 3 warnings, 2 notes",
    ]
    assert findings_text([NOTE], lambda _: (), with_notes=False, by_rule=True) == (
        "nothing found; 1 note not shown (--notes)"
    )


@pytest.mark.parametrize("column", [5_065, 4_995, 4_955])
def test_a_secret_is_hidden_where_the_excerpt_begins_or_ends_inside_it(column: int) -> None:
    """Half a key would look like no secret."""
    key = "AKIA" + "Q3EGRIBQ2B5VZ7FT"
    at = Finding("R201", "x", "error", "m", None, Origin("f", 1, column))
    text = findings_text([at], lambda _: ["a " * 2_500 + key + " b" * 2_500])
    assert "**" in text
    assert all(key[start : start + 4] not in text for start in range(len(key) - 3))


def test_text_without_a_source_shows_the_place_alone() -> None:
    assert findings_text([ERROR], lambda _: ()).split("\n")[1:3] == [
        "  --> a b/p.json:2:5",
        "  hint: did you mean `dynamodb`?",
    ]


def test_a_long_line_is_cut_around_the_column_and_controls_are_not_printed() -> None:
    at = Finding("R201", "x", "error", "m", None, Origin("f", 1, 5_001))
    shown = findings_text([at], lambda _: ["a" * 5_000 + "HERE\x1b[31m" + "b" * 5_000]).split("\n")
    assert max(len(line) for line in shown) < 140
    assert "\x1b" not in "".join(shown)
    assert shown[3].index("H") == shown[4].index("^")


def test_a_text_of_a_policy_neither_steers_the_terminal_nor_takes_a_second_line() -> None:
    finding = Finding("R204", "bad-action", "error", "'s3:\x1b]0;x\x07\nGet'", "is it\r'a'?", Origin("p\n.json", 1))
    assert findings_text([finding], lambda _: ()).splitlines()[:3] == [
        r"error[R204]: 's3:\x1b]0;x\x07\nGet'",
        r"  --> p\n.json:1",
        r"  hint: is it\r'a'?",
    ]


SIGNS = "ab é日込e\N{COMBINING ACUTE ACCENT}\N{FULLWIDTH LATIN SMALL LETTER B}"


@settings(max_examples=30)
@given(st.text(SIGNS, min_size=1, max_size=20).map(str.lstrip).filter(bool), st.data())
def test_the_caret_stands_under_its_sign_after_wide_and_combined_ones(text: str, data: st.DataObject) -> None:
    """By rich, which lays out tables, a text takes as many cells as here."""
    column = data.draw(st.integers(1, len(text.rstrip()) or 1))
    finding = Finding("R115", "bad-sid", "error", "m", None, Origin("p.yaml", 1, column))
    *_, shown, caret, _, _ = findings_text([finding], lambda _: [text]).split("\n")
    assert shown == f"   1 | {text.rstrip()}"
    assert cell_len(caret) - 1 == cell_len(f"     | {text[: column - 1]}")


def test_color_is_asked_for() -> None:
    assert "\x1b[31;1merror[R201]\x1b[0m" in findings_text([ERROR], lambda _: (), color=True)


def test_the_summary_counts_and_says_when_there_is_nothing() -> None:
    assert summary([ERROR, ERROR, WARNING, NOTE]) == "2 errors, 1 warning, 1 note"
    assert summary([]) == "nothing found"


def test_json_has_the_fixed_keys() -> None:
    assert findings_json([ERROR]) == [
        {
            "rule": "R201",
            "severity": "error",
            "message": "unknown service 'dynamdb'",
            "file": "a b/p.json",
            "line": 2,
            "column": 5,
            "hint": "did you mean `dynamodb`?",
            "name": "unknown-service",
        }
    ]


def test_sarif_has_a_region_where_a_finding_has_a_line_and_the_rules_that_are_broken_alone() -> None:
    whole = Finding("R201", "unknown-service", "warning", "m", None, Origin("a\\b.json"))
    (run,) = findings_sarif([WARNING, ERROR, NOTE, whole], rules(), "1.2")["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["R201", "R210", "R212"]
    assert [(result["ruleId"], result["ruleIndex"], result["level"]) for result in run["results"]] == [
        ("R210", 1, "warning"), ("R201", 0, "error"), ("R212", 2, "note"), ("R201", 0, "warning"),
    ]  # fmt: skip
    assert [result.get("locations") for result in run["results"]] == [
        [{"physicalLocation": {"artifactLocation": {"uri": "a%20b/p.json"}, "region": region}}]
        for region in ({"startLine": 1, "startColumn": 1}, {"startLine": 2, "startColumn": 5})
    ] + [None, [{"physicalLocation": {"artifactLocation": {"uri": "a/b.json"}}}]]


def test_github_annotations_escape_what_would_end_them() -> None:
    assert findings_github([ERROR, WARNING, NOTE]) == (
        "::error file=a b/p.json,line=2,col=5,title=remit R201 unknown-service::"
        "unknown service 'dynamdb'%0Ahint: did you mean `dynamodb`?\n"
        "::warning file=a b/p.json,line=1,title=remit R210 administrator::100%25 of it\n"
        "::notice title=remit R212 whole-service::all of it\n"
    )


def test_a_carriage_return_ends_no_annotation_of_github() -> None:
    finding = Finding("R204", "bad-action", "error", "is it\r::error::'a'?")
    assert "::error title=remit R204 bad-action::is it%0D::error::'a'?\n" == findings_github([finding])


def test_sarif_names_the_rules_that_are_broken_and_points_at_them() -> None:
    log = findings_sarif([ERROR, WARNING, NOTE], rules(), "1.2.3")
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "remit")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["R201", "R210", "R212"]
    assert [(one["ruleId"], one["ruleIndex"], one["level"]) for one in run["results"]] == [
        ("R201", 0, "error"),
        ("R210", 1, "warning"),
        ("R212", 2, "note"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a%20b/p.json"}, "region": {"startLine": 2, "startColumn": 5}}
    assert "locations" not in run["results"][2]


REQUIRED = {
    "log": {"version", "runs"},
    "run": {"tool", "results"},
    "driver": {"name", "version", "rules"},
    "rule": {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"},
    "result": {"ruleId", "ruleIndex", "level", "message"},
}


def test_every_rule_makes_a_sarif_rule_of_the_standard_s_form() -> None:
    findings = [Finding(rule.code, rule.name, rule.severity, "m", None, Origin("f", 1, 1)) for rule in rules()]
    log = json.loads(json.dumps(findings_sarif(findings, rules(), "1")))
    (run,) = log["runs"]
    assert set(log) >= REQUIRED["log"]
    assert set(run) >= REQUIRED["run"]
    assert set(run["tool"]["driver"]) >= REQUIRED["driver"]
    for rule in run["tool"]["driver"]["rules"]:
        assert set(rule) >= REQUIRED["rule"]
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    for result in run["results"]:
        assert set(result) >= REQUIRED["result"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
