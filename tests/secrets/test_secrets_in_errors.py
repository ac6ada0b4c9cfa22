"""What the project's own code raises never shows a secret that it has read, whatever prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.lint import lint_bytes
from remit.secrets import concealed, environment_secrets

if TYPE_CHECKING:
    from conftest import Make

SECRETS = {"GH": "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "DB_PASSWORD": "Corr3ct-H0rse-Batt3ry"}
FUNCTION = "\ndef hello(event, context): ...\n"
RAISING = {
    "an exception": "raise ValueError(f\"no {os.environ['GH']} and {os.environ['DB_PASSWORD']}\")\n",
    "a missing key": "{}[os.environ['DB_PASSWORD']]\n",
    "a number": "int(os.environ['DB_PASSWORD'])\n",
    "arguments": f"@app.function(sqs(os.environ['DB_PASSWORD'] + '!'), timeout=os.environ['GH']){FUNCTION}",
    "a policy": f"@app.function(policy=[os.environ['GH'], 's3:' + os.environ['DB_PASSWORD']]){FUNCTION}",
}


@pytest.mark.parametrize("command", ["build --no-package", "build --no-package --json", "lint", "lint --json"])
@pytest.mark.parametrize("kind", RAISING)
def test_a_secret_of_the_environment_stands_in_no_message(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: str, command: str
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    ran = make(app=f"import os\n{RAISING[kind]}").remit(*command.split())
    assert (2, []) == (ran.status, [value for value in SECRETS.values() if value in ran.out + ran.err])
    assert "*" * len(SECRETS["DB_PASSWORD"]) in ran.out + ran.err


def test_of_a_secret_that_holds_another_no_part_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DB_PASSWORD", "Corr3ct-H0rse"), ("ROOT_PASSWORD", "Corr3ct-H0rse-Batt3ry")):
        monkeypatch.setenv(name, value)
    assert f"no {'*' * 21}" == concealed("no Corr3ct-H0rse-Batt3ry", environment_secrets())


def test_a_sentence_has_no_secret_but_what_a_name_is_given_in_quotation_marks() -> None:
    assert "container credentials: not in a container" == concealed(
        "container credentials: not in a container", environment_secrets()
    )
    assert f"connect(password='{'*' * 13}')" == concealed("connect(password='Corr3ct-H0rse')", environment_secrets())


def test_what_is_no_secret_of_the_environment_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE", "orders-table")
    assert "no orders-table" == concealed("no orders-table", environment_secrets())


@pytest.mark.parametrize("text", ["Statement: *{0}", "Statement: !{0} x", "Statement: {0}\n{0}", "{{{0}: &{0} *{0}}}"])
@pytest.mark.parametrize("file", ["policy.yaml", "policy.json"])
def test_a_policy_that_cannot_be_read_shows_no_secret_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str, file: str
) -> None:
    secret = "Corr3ctH0rseBatt3ryStaple"  # noqa: S105 - none
    monkeypatch.setenv("DB_PASSWORD", secret)
    findings = lint_bytes(text.format(secret).encode(), file)
    assert [finding.rule for finding in findings] == ["R001"]
    assert not any(secret in finding.message for finding in findings)
