"""Each case of BishopFox/iam-vulnerable is answered as that project says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audit_accounts import report_of, write
from iam_vulnerable_cases import CASES, account

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def escalating(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the principals that can become administrators."""
    folder: Path = tmp_path_factory.mktemp("vulnerable")
    report = report_of(write(folder, account()))
    assert [] == list(report.undecided_techniques)
    return {path.principal.rpartition("/")[2] for path in report.paths}


@pytest.mark.parametrize("kind", ["role", "user"])
@pytest.mark.parametrize("case", CASES)
def test_a_case_is_answered_as_the_project_says(escalating: set[str], case: str, kind: str) -> None:
    exploitable, _ = CASES[case]
    assert exploitable == (f"{case}-{kind}" in escalating)


def test_a_chain_of_roles_is_found(escalating: set[str]) -> None:
    assert {"privesc-AssumeRole-starting-role", "privesc-AssumeRole-intermediate-role"} <= escalating
    assert "privesc-AssumeRole-start-user" not in escalating


def test_a_role_without_policies_is_harmless_whatever_it_trusts(escalating: set[str]) -> None:
    assert "privesc-permissive-role-trust" not in escalating
