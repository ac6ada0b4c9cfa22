"""Every rule's page is its test: its first example is flagged as the page of all rules says, its second is clean."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from remit.lint.finding import SEVERITIES
from remit.lint.rule_registry import FOLDER, HOOKS, Rule, rule, rules
from rule_examples import findings_of, said

ALL_RULES = Path(__file__).parents[2].joinpath("docs", "lint-rules.md").read_text("utf-8")
EVERY_RULE = pytest.mark.parametrize("one", rules(), ids=[found.code for found in rules()])


@EVERY_RULE
def test_a_page_holds_a_title_and_two_examples(one: Rule) -> None:
    assert len(one.blocks) == 2
    assert one.title.endswith((".", "?", ":")), one.title
    assert len(one.title) <= 130


@EVERY_RULE
def test_the_first_example_is_flagged_with_the_words_of_the_page_of_all_rules(one: Rule, tmp_path: Path) -> None:
    (words,) = re.findall(rf"^### {one.code} .*?^remit says:\n\n(.+?)\n\nBetter:", ALL_RULES, re.MULTILINE | re.DOTALL)
    assert textwrap.dedent(words) == said(one, tmp_path)


@EVERY_RULE
def test_the_second_example_is_clean(one: Rule, tmp_path: Path) -> None:
    found = findings_of(one.blocks[1], tmp_path)
    assert [finding for finding in found if finding.rule == one.code or finding.severity == "error"] == []


@EVERY_RULE
def test_an_error_stands_alone_in_its_example(one: Rule, tmp_path: Path) -> None:
    errors = {finding.rule for finding in findings_of(one.blocks[0], tmp_path) if finding.severity == "error"}
    assert errors <= {one.code}


@EVERY_RULE
def test_a_rule_has_a_code_a_severity_and_a_function_for_what_it_looks_at(one: Rule) -> None:
    assert re.fullmatch(r"R\d{3}", one.code)
    assert one.severity in SEVERITIES
    hooks = [hook for hook in HOOKS if hook in one.functions]
    assert all(callable(one.function(hook)) for hook in hooks)
    assert hooks or one.code in ("R001", "R002", "R003")  # readers of files and of comments ask these


def test_the_registry_reads_every_mark_in_the_source() -> None:
    marks = re.findall(r"^@rule\(", "".join(map(Path.read_text, FOLDER.glob("*.py"))), re.MULTILINE)
    assert len(marks) == sum(max(1, len(one.functions)) for one in rules())


def test_a_rule_is_found_by_its_code_and_by_its_name_in_any_case() -> None:
    assert rule("r201") is rule("Unknown-Service") is rule(" R201 ")


def test_codes_and_names_are_unique() -> None:
    assert len({one.code for one in rules()}) == len({one.name for one in rules()}) == len(rules())
