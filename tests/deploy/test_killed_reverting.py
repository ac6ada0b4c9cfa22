"""Roles that are put back, killed at any write, before it is sent or before its answer is read, and put back again."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from hands import HANDS, NAME, delete_role, deployed_role, edit_inline, revert_all
from killed import killed_at
from random_cases import cases_of
from remit.deploy.account_roles import roles_one_by_one
from remit.deploy.manual_changes import changed_by_hand, revert

if TYPE_CHECKING:
    from remit.deploy.session import Account

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


POINTS = (
    *product([EDITS], WRITES_OF_EDITS, ("before", "after")),
    *product([(delete_role,)], WRITES_OF_A_NEW_ROLE, ("before", "after")),
)


@pytest.mark.parametrize(("hands", "operation", "when"), cases_of(POINTS, 2))
def test_the_roles_are_as_deployed_after_the_next_run(
    account: Account, hands: tuple[object, ...], operation: str, when: str
) -> None:
    iam = account.client("iam")
    role = deployed_role(account)
    before = roles_one_by_one(account, [role])
    for hand, _ in HANDS:
        if hand in hands:
            hand(iam, role)
    assert killed_at(operation, when, account, revert_all)
    changes = changed_by_hand(account, NAME)
    if changes.found:
        revert(account, changes, NAME, lambda _: None)
    assert roles_one_by_one(account, [role]) == before
    assert not changed_by_hand(account, NAME).found
