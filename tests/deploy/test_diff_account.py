"""`remit diff` against what is deployed, and against the roles as they are, on a real local AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import ORDERS
from random_cases import cases_of
from remit.review.record import record_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

MORE = ORDERS.format(verb="query").replace(
    'dynamodb.query("orders")', 'dynamodb.query("orders"), dynamodb.put("orders")'
)
BY_HAND = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}


@pytest.fixture
def deployed(remit: Remit) -> Remit:
    """The project is deployed; run the next command."""
    assert remit("deploy", "--yes")[0] == 0
    return remit


def told(answer: tuple[int, str, str]) -> tuple[int, dict[str, Any]]:
    code, out, _ = answer
    return code, json.loads(out)


@pytest.mark.parametrize("against", cases_of((("--deployed",), (), ("--live",)), 1))
def test_right_after_a_deploy_nothing_differs(deployed: Remit, against: tuple[str, ...]) -> None:
    code, out, _ = deployed("diff", *against)
    assert (code, out) == (0, "The same access by roles, policies and doors: proven for every request.\n")


@pytest.mark.parametrize("against", [(), ("--deployed",), ("--live",)])
def test_what_the_working_tree_adds_is_gained(deployed: Remit, project: Path, against: tuple[str, ...]) -> None:
    (project / "app.py").write_text(MORE)
    code, answer = told(deployed("diff", *against, "--json"))
    actions = {one["action"] for one in answer["gained"]}
    assert (code, "dynamodb:PutItem" in actions, answer["lost"], answer["drift"]) == (1, True, [], [])


def test_before_a_deploy_cloudformation_has_nothing_to_compare_with(remit: Remit) -> None:
    for against in ("--deployed", "--live"):
        code, out, _ = remit("diff", against)
        assert code == 1
        assert "note: nothing is deployed, so everything is shown as new" in out.splitlines()


def test_without_a_record_the_deployed_template_tells_all_but_the_old_lines(deployed: Remit, project: Path) -> None:
    record_path(project, "orders-dev", local=True).unlink()
    code, out, _ = deployed("diff")
    assert (code, out.splitlines()[0]) == (1, "nothing -> the working tree")
    assert deployed("diff", "--deployed")[0] == 0


def test_policies_that_were_added_by_hand_are_told_apart_and_exit_with_one(deployed: Remit, elsewhere: Account) -> None:
    iam = elsewhere.client("iam")
    (name,) = [one["RoleName"] for one in iam.list_roles()["Roles"] if "ReportRole" in one["RoleName"]]
    iam.put_role_policy(RoleName=name, PolicyName="quick-fix", PolicyDocument=json.dumps(BY_HAND))
    code, out, _ = deployed("diff", "--live")
    lines = out.splitlines()
    assert code == 1
    assert lines[0] == "Changed by hand since the last deploy"
    assert lines[1].startswith(f"  ! ReportRole: policy quick-fix of role {name} (ReportRole) was made by hand")
    assert "  - Write on sqs: sqs:SendMessage" in lines
    assert deployed("diff")[0] == 0
    code, answer = told(deployed("diff", "--live", "--json"))
    assert (code, answer["gained"], [one["resource"] for one in answer["drift"]]) == (1, [], ["ReportRole"])
    assert "changed by hand: ReportRole" in deployed("diff", "--live", "--markdown")[1]
