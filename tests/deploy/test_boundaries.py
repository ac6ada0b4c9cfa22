"""Permissions boundaries of roles in the AWS on this machine, whose own CloudFormation drops them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.deploy.changeset import plan
from remit.deploy.execute import execute
from remit.deploy.live_roles import live
from stacks import READ, WRITE, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

NAME = "orders-dev"
BOUNDARY = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/limit"}
CONFIG = """
from remit import aws, config

config.lambda_.iam.permissions_boundary = f"arn:{aws.partition}:iam::{aws.account}:policy/limit"
"""


def bounded(boundary: Any, statement: dict[str, Any] = READ) -> str:
    """The template with a boundary of its role."""
    body: dict[str, Any] = json.loads(template(statement))
    if boundary is not None:
        body["Resources"]["ReportRole"]["Properties"]["PermissionsBoundary"] = boundary
    return json.dumps(body)


def deploy(account: Account, body: str) -> None:
    planned = plan(account, NAME, body)
    assert planned is not None
    assert execute(account, planned, lambda _: None).ok


def boundaries(account: Account) -> list[str | None]:
    """The boundary of each role in the account."""
    iam = account.client("iam")
    roles = (iam.get_role(RoleName=one["RoleName"])["Role"] for one in iam.list_roles()["Roles"])
    return [role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") for role in roles]


def changed_by_hand(account: Account) -> list[str]:
    there = live(account, NAME)
    assert there is not None
    return [one.what for one in there.drift]


@pytest.fixture
def configured(project: Path) -> Iterator[Path]:
    """The project with a boundary for all roles."""
    path = project / "config" / "deploy.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONFIG)
    yield project
    path.unlink()


def test_a_role_has_the_boundary_of_the_template_after_a_deploy(account: Account) -> None:
    deploy(account, bounded(BOUNDARY))
    assert boundaries(account) == [f"arn:aws:iam::{account.account}:policy/limit"]
    assert changed_by_hand(account) == []


def test_a_boundary_is_swapped_and_taken_off_as_the_template_says(account: Account) -> None:
    deploy(account, bounded(BOUNDARY))
    deploy(account, bounded("arn:aws:iam::aws:policy/ReadOnlyAccess"))
    assert boundaries(account) == ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    deploy(account, bounded(None))
    assert boundaries(account) == [None]


def test_a_boundary_that_somebody_put_stays(account: Account) -> None:
    deploy(account, bounded(None))
    (role,) = account.client("iam").list_roles()["Roles"]
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    account.client("iam").put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=arn)
    deploy(account, bounded(None, WRITE))
    assert boundaries(account) == [arn]
    assert [what.partition(arn)[2].partition(" role")[0] for what in changed_by_hand(account)] == [
        " was put by hand on"
    ]


def test_a_deploy_without_changes_puts_on_what_a_killed_one_did_not(
    remit: Remit, configured: Path, elsewhere: Account
) -> None:
    assert (configured / "config" / "deploy.py").is_file()
    assert remit("deploy", "--yes")[0] == 0
    (role,) = elsewhere.client("iam").list_roles()["Roles"]
    elsewhere.client("iam").delete_role_permissions_boundary(RoleName=role["RoleName"])
    assert changed_by_hand(elsewhere) == []
    assert remit("deploy")[0] == 0
    assert boundaries(elsewhere) == ["arn:aws:iam::000000000000:policy/limit"]


def test_a_comparison_with_the_account_finds_the_boundary(remit: Remit, configured: Path) -> None:
    assert (configured / "config" / "deploy.py").is_file()
    assert remit("deploy", "--yes")[0] == 0
    code, out, _ = remit("diff", "--live")
    assert (code, out.splitlines()[-1]) == (0, "The same access for 1 function: proven for every request.")
