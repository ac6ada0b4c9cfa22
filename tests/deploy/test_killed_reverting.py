"""Roles that are put back, killed at any write, before it is sent or before its answer is read, and put back again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hands import HANDS, NAME, delete_role, deployed_role, edit_inline
from remit.deploy.account_roles import each_held
from remit.deploy.manual_changes import changed_by_hand, revert

if TYPE_CHECKING:
    from remit.deploy.session import Account

TESTS = Path(__file__).parents[1]
REVERT = """
import os, sys
from botocore.httpsession import URLLib3Session
from remit.deploy.manual_changes import changed_by_hand, revert
from remit.deploy.session import connect

number, endpoint, operation, when = sys.argv[1:]
keys = {"aws_access_key_id": number, "aws_secret_access_key": "local"}
account = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)

def die(request, **_):
    if when == "after":
        URLLib3Session().send(request)
    os._exit(137)

account.client("iam").meta.events.register(f"before-send.{operation}", die)
revert(account, changed_by_hand(account, "orders-dev"), "orders-dev", lambda _: None)
"""
EDITS = tuple(hand for hand, _ in HANDS if hand not in (delete_role, edit_inline))
WRITES_OF_EDITS = (
    "iam.PutRolePermissionsBoundary",
    "iam.DeleteRolePolicy",
    "iam.PutRolePolicy",
    "iam.DetachRolePolicy",
    "iam.AttachRolePolicy",
    "iam.UpdateAssumeRolePolicy",
)
WRITES_OF_A_NEW_ROLE = ("iam.CreateRole", "iam.PutRolePolicy", "iam.AttachRolePolicy")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("hands", "operation"),
    [
        *((EDITS, operation) for operation in WRITES_OF_EDITS),
        *(((delete_role,), operation) for operation in WRITES_OF_A_NEW_ROLE),
    ],
)
def test_the_roles_are_as_deployed_after_the_next_run(
    account: Account, tmp_path: Path, hands: tuple[object, ...], operation: str, when: str
) -> None:
    iam = account.client("iam")
    role = deployed_role(account)
    before = each_held(account, [role])
    for hand, _ in HANDS:
        if hand in hands:
            hand(iam, role)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{TESTS.parent / 'src'}",
    }  # fmt: skip
    arguments = [account.account, str(account.endpoint), operation, when]
    killed = subprocess.run([sys.executable, "-c", REVERT, *arguments], env=environment, check=False)
    assert killed.returncode == 137
    changes = changed_by_hand(account, NAME)
    if changes.found:
        revert(account, changes, NAME, lambda _: None)
    assert each_held(account, [role]) == before
    assert not changed_by_hand(account, NAME).found
