"""Policies that limit (a boundary, an SCP, an RCP, a VPC endpoint's) are read as limits, by option or by path."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import projects

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def deny(*actions: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": "*"}


def everyone(*actions: str) -> str:
    return document({"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": "*"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a narrow and a wide policy of each kind."""
    (tmp_path / "narrow.json").write_text(document(EVERYTHING, deny("s3:*", "ec2:*")))
    (tmp_path / "wide.json").write_text(document(EVERYTHING, deny("s3:*")))
    (tmp_path / "endpoint-narrow.json").write_text(everyone("s3:GetObject"))
    (tmp_path / "endpoint-wide.json").write_text(everyone("s3:*"))
    return tmp_path


def remit(folder: Path, *words: str) -> projects.Ran:
    with contextlib.chdir(folder):
        return projects.remit(*words)


@pytest.mark.parametrize("kind", ["boundary", "scp"])
def test_a_limit_that_denies_less_lets_more_through(folder: Path, kind: str) -> None:
    wider = remit(folder, "diff", "--kind", kind, "narrow.json", "wide.json")
    assert (wider.status, wider.out.splitlines()[0]) == (1, "1 cause gains access, 0 lose, 0 undecided")
    assert "ec2:*" in wider.out
    assert remit(folder, "diff", "--kind", kind, "wide.json", "narrow.json").status == 0


@pytest.mark.parametrize(("kind", "service", "status"), [("scp", "ec2", 1), ("rcp", "s3", 1), ("rcp", "ec2", 0)])
def test_a_policy_of_denials_stands_beside_full_access_as_in_an_organization(
    tmp_path: Path, kind: str, service: str, status: int
) -> None:
    (tmp_path / "narrow.json").write_text(document(deny(f"{service}:*")))
    (tmp_path / "wide.json").write_text(document(deny(f"{service}:Delete*")))
    wider = remit(tmp_path, "diff", "--kind", kind, "narrow.json", "wide.json")
    assert wider.status == status  # an RCP does not reach EC2
    asked = remit(tmp_path, "explain", "--kind", kind, "narrow.json", f"{service}:DeleteBucket")
    assert asked.status == status
    assert remit(tmp_path, "explain", "--kind", kind, "narrow.json", "sqs:SendMessage").status == 0


def test_a_denial_of_an_organization_is_told_as_such(folder: Path) -> None:
    said = remit(folder, "explain", "--kind", "scp", "narrow.json", "s3:GetObject", "arn:aws:s3:::b/k").out
    assert "statement 2 of the service control policy" in said
    assert "boundary" not in said


def test_an_endpoints_policy_is_a_limit_and_not_public(folder: Path) -> None:
    files = "endpoint-narrow.json", "endpoint-wide.json"
    assert "PUBLIC" in remit(folder, "diff", *files).out
    limited = remit(folder, "diff", "--kind", "endpoint", *files)
    assert limited.status == 1
    assert "PUBLIC" not in limited.out
    assert remit(folder, "lint", "--kind", "endpoint", "endpoint-wide.json").out == "nothing found\n"
    assert "R216" in remit(folder, "lint", "--kind", "resource", "endpoint-wide.json").out
    wide = (folder / "endpoint-wide.json").read_bytes()
    for kind, is_told in (("endpoint", False), ("resource", True)):
        assert ("R216" in projects.remit("lint", "--kind", kind, "-", stdin=wide).out) == is_told


@pytest.mark.parametrize("kind", ["scp", "boundary"])
def test_a_limit_that_allows_everything_makes_no_administrator(folder: Path, kind: str) -> None:
    assert "R210" in remit(folder, "lint", "--kind", "identity", "wide.json").out
    assert "R210" not in remit(folder, "lint", "--kind", kind, "wide.json").out


def test_a_path_has_its_kind_by_the_first_glob_that_matches(folder: Path) -> None:
    table = '[tool.remit.kinds]\n"endpoint-*.json" = "endpoint"\n"*wide.json" = "resource"\n"*.json" = "scp"\n'
    (folder / "pyproject.toml").write_text(table)
    assert "PUBLIC" not in remit(folder, "diff", "endpoint-narrow.json", "endpoint-wide.json").out
    for path in ("endpoint-wide.json", "."):
        assert "R216" not in remit(folder, "lint", path).out
    assert remit(folder, "diff", "--kind", "resource", "endpoint-narrow.json", "endpoint-wide.json").out.count("PUBLIC")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('"no/*.json" = "scp"', "'no/*.json' matches no file"),
        ('"*.json" = "sco"', "there is no kind 'sco' of policies"),
        ('"/etc/*.json" = "scp"', "'/etc/*.json' is no glob below the folder"),
    ],
)
def test_a_kind_or_a_glob_that_is_none_is_an_error(folder: Path, table: str, message: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.remit.kinds]\n{table}\n")
    for words in (("lint", "wide.json"), ("diff", "narrow.json", "wide.json")):
        ran = remit(folder, *words)
        assert ran.status == 2
        assert message in ran.err


@pytest.mark.parametrize(
    ("kind", "file", "action", "status"),
    [
        ("scp", "wide.json", "s3:GetObject", 1),
        ("scp", "wide.json", "ec2:RunInstances", 0),
        ("endpoint", "endpoint-narrow.json", "s3:PutObject", 1),
        ("endpoint", "endpoint-narrow.json", "s3:GetObject", 0),
    ],
)
def test_a_limit_is_explained_as_what_it_lets_through(
    folder: Path, kind: str, file: str, action: str, status: int
) -> None:
    ran = remit(folder, "explain", "--kind", kind, file, action, "arn:aws:s3:::b/k")
    assert ran.status == status
