"""Permissions boundaries of roles in the AWS on this machine, whose emulator drops them by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.deploy.changeset import PlanRequest, plan
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
    planned = plan(account, PlanRequest(NAME, body))
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
def limit(elsewhere: Account) -> str:
    """The ARN of the boundary."""
    document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    return str(elsewhere.client("iam").create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"])


@pytest.fixture
def configured(project: Path) -> Iterator[Path]:
    """The project with a boundary for all roles."""
    path = project / "config" / "deploy.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONFIG)
    yield project
    path.unlink()


def test_a_role_has_the_boundary_of_the_template_after_a_deploy(elsewhere: Account, limit: str) -> None:
    deploy(elsewhere, bounded(BOUNDARY))
    assert boundaries(elsewhere) == [limit]
    assert changed_by_hand(elsewhere) == []


def test_a_boundary_is_swapped_and_taken_off_as_the_template_says(elsewhere: Account, limit: str) -> None:
    deploy(elsewhere, bounded(BOUNDARY))
    assert boundaries(elsewhere) == [limit]
    deploy(elsewhere, bounded("arn:aws:iam::aws:policy/ReadOnlyAccess"))
    assert boundaries(elsewhere) == ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    deploy(elsewhere, bounded(None))
    assert boundaries(elsewhere) == [None]


def test_a_boundary_that_somebody_put_stays(elsewhere: Account) -> None:
    deploy(elsewhere, bounded(None))
    (role,) = elsewhere.client("iam").list_roles()["Roles"]
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    elsewhere.client("iam").put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=arn)
    deploy(elsewhere, bounded(None, WRITE))
    assert boundaries(elsewhere) == [arn]
    assert [what.partition(arn)[2].partition(" role")[0] for what in changed_by_hand(elsewhere)] == [
        " was put by hand on"
    ]


def test_a_comparison_with_the_account_finds_the_boundary(remit: Remit, configured: Path, limit: str) -> None:
    assert limit.endswith(":policy/limit")
    assert (configured / "config" / "deploy.py").is_file()
    assert remit("deploy", "--yes")[0] == 0
    code, out, _ = remit("diff", "--live")
    assert (code, out.splitlines()[-1]) == (
        0,
        "The same access by roles, policies and doors: proven for every request.",
    )
