"""`remit diff --live` and `--deployed`, on an AWS where people changed roles by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import ORDERS
from random_cases import cases_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture
def role(remit: Remit, elsewhere: Account) -> str:
    """The name in the account of the one role that is deployed."""
    assert remit("deploy", "--yes")[0] == 0
    return str(elsewhere.client("iam").list_roles()["Roles"][0]["RoleName"])


@pytest.mark.parametrize("option", cases_of(("--live", "--deployed"), 1))
def test_what_is_deployed_untouched_is_the_same_access(remit: Remit, role: str, option: str) -> None:
    code, out, _ = remit("diff", option)
    assert (code, role != "") == (0, True)
    assert out.splitlines()[-1] == "The same access by roles, policies and doors: proven for every request."


@pytest.mark.parametrize("option", ["--live", "--deployed"])
def test_what_the_tree_gains_is_told_against_the_account(remit: Remit, project: Path, role: str, option: str) -> None:
    (project / "app.py").write_text(ORDERS.format(verb="put"))
    code, out, _ = remit("diff", option, "--json")
    document = json.loads(out)
    assert (code, role != "") == (1, True)
    table = "arn:aws:dynamodb:eu-central-1:000000000000:table/orders"
    assert [(one["action"], one["resource"]) for one in document["gained"]] == [("dynamodb:PutItem", table)]
    assert [(one["action"], one["resource"]) for one in document["lost"]] == [("dynamodb:Query", table)]
    assert document["undecided"] == []


def test_a_policy_made_by_hand_is_seen_with_the_access_that_it_adds(
    remit: Remit, elsewhere: Account, role: str
) -> None:
    elsewhere.client("iam").put_role_policy(RoleName=role, PolicyName="debug", PolicyDocument=ALL)
    code, out, _ = remit("diff", "--live")
    assert code == 1
    assert (
        f"  ! ReportRole: policy debug of role {role} (ReportRole) was made by hand: a deploy does not remove it; "
        in out
    )
    assert f"`aws iam delete-role-policy --role-name {role} --policy-name debug` does" in out
    assert "on s3: s3:*" in out
    assert remit("diff", "--deployed")[0] == 0


def test_a_trust_policy_opened_by_hand_is_seen(remit: Remit, elsewhere: Account, role: str) -> None:
    stranger = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}
    trust = elsewhere.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"].append(stranger)
    elsewhere.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    code, out, _ = remit("diff", "--live", "--json")
    document = json.loads(out)
    assert code == 1
    assert [(one["kind"], one["allows"]["resource"]) for one in document["lost"]] == [
        ("trust", "arn:aws:iam::999999999999:root"),
    ]  # fmt: skip


def test_a_role_deleted_by_hand_is_seen_as_all_that_the_function_would_gain_back(
    remit: Remit, elsewhere: Account, role: str
) -> None:
    iam = elsewhere.client("iam")
    iam.delete_role_policy(RoleName=role, PolicyName="remit")
    iam.delete_role(RoleName=role)
    code, out, _ = remit("diff", "--live")
    assert code == 1
    assert f"role {role} (ReportRole) is gone: it was deleted by hand" in out
    assert "\n2 causes gain access, 0 lose, " in out


def test_a_boundary_put_by_hand_is_read_and_its_removal_told(remit: Remit, elsewhere: Account, role: str) -> None:
    iam = elsewhere.client("iam")
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=ALL)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    code, out, _ = remit("diff", "--live")
    assert code == 1
    assert f"permissions boundary {arn} was put by hand on role {role} (ReportRole)" in out
    assert f"boundary {arn} removed" in out
    assert "\n1 cause gains access, 0 lose, 0 undecided; " in out
    iam.delete_role_permissions_boundary(RoleName=role)
    iam.delete_policy(PolicyArn=arn)
