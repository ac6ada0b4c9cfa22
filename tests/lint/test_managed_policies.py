"""AWS's own managed policies: no error that is not true, each adjudicated in data/adjudicated.json."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from random_cases import ASKS_ALL, cases_of, in_all_cases
from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.lint import lint_document

if TYPE_CHECKING:
    from remit.lint.finding import Finding

ADJUDICATED = {
    (row["rule"], row["what"]): row
    for row in json.loads(Path(__file__).with_name("data").joinpath("adjudicated.json").read_text("utf-8"))
}


@cache
def findings() -> dict[str, tuple[Finding, ...]]:
    policies = [
        found for name in cases_of(tuple(managed_policies()), 200) if (found := managed_policy(name)) is not None
    ]
    return {policy.name: lint_document(policy.document, policy.name) for policy in policies}


def adjudicated(finding: Finding) -> bool:
    """Whether the table has a row for the rule and the text that its message begins with (`*`: for the rule)."""
    begins = re.match(r"(?:no action of )?'([^']+)'", finding.message)
    return not {(finding.rule, "*"), (finding.rule, begins[1] if begins else "")}.isdisjoint(ADJUDICATED)


@in_all_cases
def test_every_error_on_a_managed_policy_is_adjudicated_and_true() -> None:
    errors = [one for found in findings().values() for one in found if one.severity == "error"]
    assert [(one.file, one.message) for one in errors if not adjudicated(one)] == []
    assert {row["verdict"] for row in ADJUDICATED.values()} == {"true"}


def test_nothing_of_the_table_is_left_over() -> None:
    errors = {one.rule for found in findings().values() for one in found if one.severity == "error"}
    assert errors <= {rule for rule, _ in ADJUDICATED}
    if ASKS_ALL:
        assert errors == {rule for rule, _ in ADJUDICATED}


def test_few_managed_policies_have_an_error() -> None:
    with_errors = [name for name, found in findings().items() if any(one.severity == "error" for one in found)]
    assert len(with_errors) / len(findings()) < 0.08


def test_what_only_aws_knows_is_a_warning() -> None:
    rules = {(one.rule, one.severity) for found in findings().values() for one in found}
    assert ("R202", "error") not in rules
    if ASKS_ALL:
        assert ("R202", "warning") in rules
