"""Spark gives the same answers as this process does. Needs pyspark, which the tests do not install."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from audit_accounts import ACCOUNT, EVERYTHING, OTHER, allow, page, role, trust, write
from remit.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("pyspark")


def test_spark_gives_the_same_bytes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for account in (ACCOUNT, OTHER):
        misspelt = role("x", allow("s3:GetObjcet"), account=account, trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root"))
        write(tmp_path, page(misspelt, role("admin", EVERYTHING, account=account)), f"{account}.json")
    outputs = []
    for spark in ([], ["--spark", "local[2]"]):
        with pytest.raises(SystemExit):
            main(["audit", str(tmp_path), "--at", "2026-11-27", "--json", "--no-cache", *spark])
        outputs.append(json.loads(capfd.readouterr().out))
    assert outputs[0] == outputs[1]
