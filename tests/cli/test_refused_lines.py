"""Command lines whose parts go together are answered; whole_answers.txt has those that are refused, with what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

ARN: Final = "arn:aws:iam::111122223333:role/deploys"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and a template, and no project."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "REMIT_STAGE", "REMIT_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {}}}}))
    return tmp_path


ACCEPTED: Final = (
    ("policy deployer t.json --also lambda:GetRuntime --region eu-central-1", 0),
    ("policy deployer t.json --for revert-drift --account 111122223333", 0),
    (f"policy deployer t.json --part starts --service-role {ARN}", 0),
    ("explain s3:GetObject", 0),
    ("explain AWS::SQS::Queue", 0),
    ("explain arn:aws:s3:::bucket/key", 0),
    ("explain p.json s3:GetObject arn:aws:s3:::b/k", 0),
    ("explain p.json s3:PutObject arn:aws:s3:::b/k", 1),
    ("explain t.json", 2),
    ("minimise p.json --for session", 0),
    ("evaluate --policy p.json --action s3:GetObject", 0),
    ("evaluate --policy p.json --action s3:PutObject", 1),
    ("diff p.json p.json", 0),
    ("lint p.json --allow R213=known", 0),
)


@pytest.mark.parametrize(("line", "status"), ACCEPTED, ids=[line for line, _ in ACCEPTED])
def test_what_goes_together_is_answered(folder: Path, line: str, status: int) -> None:
    ran = remit(*line.split())

    assert ran.status == status, ran.out + ran.err
    assert folder.exists()
