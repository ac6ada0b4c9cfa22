"""`remit deploy` and `remit status` where people changed roles by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import ORDERS
from random_cases import cases_of, in_all_cases
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

IAM = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]})
REFUSED = "error: nothing was deployed: the stack was changed by hand\n"
LESS = ORDERS.format(verb="query").replace('dynamodb.query("orders")', "")


@pytest.fixture
def role(remit: Remit, elsewhere: Account) -> str:
    """The name of a deployed role to which somebody gave iam:*."""
    assert remit("deploy", "--yes")[0] == 0
    iam = elsewhere.client("iam")
    name = str(iam.list_roles()["Roles"][0]["RoleName"])
    iam.put_role_policy(RoleName=name, PolicyName="debug", PolicyDocument=IAM)
    return name


def policies(account: Account, role: str) -> list[str]:
    """The inline policies of a role."""
    return sorted(account.client("iam").list_role_policies(RoleName=role)["PolicyNames"])


@pytest.mark.parametrize(
    ("options", "changed"), cases_of((((), False), (("--yes",), False), (("--yes",), True), ((), True)), 2)
)
def test_where_nobody_can_be_asked_nothing_is_deployed(
    remit: Remit, project: Path, elsewhere: Account, role: str, options: tuple[str, ...], *, changed: bool
) -> None:
    if changed:
        (project / "app.py").write_text(LESS)
    code, out, err = remit("deploy", *options)
    assert (code, out) == (1, "")
    assert f"  ! ReportRole: policy debug of role {role} (ReportRole) was made by hand: " in err
    assert "  + List, Read, Write, Tagging, Permissions management on iam: iam:*\n" in err
    assert REFUSED in err
    assert "hint: `--accept-drift` deploys and keeps these changes; `--revert-drift` undoes them first" in err
    assert policies(elsewhere, role) == ["debug", "remit"]
    assert "UPDATE" not in remit("status")[1]


def test_drift_that_is_accepted_stays_and_the_deploy_goes_on(
    remit: Remit, project: Path, elsewhere: Account, role: str
) -> None:
    (project / "app.py").write_text(LESS)
    code, _, err = remit("deploy", "--accept-drift")
    assert (code, "was made by hand" in err, "UPDATE_COMPLETE in " in err) == (0, True, True)
    assert policies(elsewhere, role) == ["debug", "remit"]
    assert remit("deploy")[0] == 1


def test_drift_that_is_reverted_is_gone_before_the_deploy(
    remit: Remit, project: Path, elsewhere: Account, role: str
) -> None:
    (project / "app.py").write_text(LESS)
    code, _, err = remit("deploy", "--revert-drift")
    assert code == 0
    assert f"  aws iam delete-role-policy --role-name {role} --policy-name debug\n" in err
    assert err.index("all is as the template has it") < err.index("this deploy would change")
    assert policies(elsewhere, role) == ["remit"]
    code, _, err = remit("deploy")
    assert (code, "by hand" in err) == (0, False)


def test_a_role_that_is_gone_is_named_with_what_to_do(remit: Remit, elsewhere: Account, role: str) -> None:
    iam = elsewhere.client("iam")
    for policy in ("debug", "remit"):
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)
    code, _, err = remit("deploy")
    assert code == 1
    assert f"role {role} (ReportRole) is gone: it was deleted by hand: CloudFormation does not make it again" in err
    assert "`--revert-drift` of a deploy makes it again under its name" in err
    assert "  - Read on dynamodb: dynamodb:Query\n" in err
    assert "      report (gone): app.py:8:23: " in err
    assert remit("deploy", "--revert-drift")[0] == 0
    assert policies(elsewhere, role) == ["remit"]


def test_programs_get_what_was_changed(remit: Remit, role: str) -> None:
    code, out, _ = remit("deploy", "--json")
    refused = json.loads(out)
    assert (code, refused["ok"], refused["changed"], refused["plan"]) == (1, False, False, None)
    assert [change["what"] for change in refused["changed_by_hand"]["changes"]] == [
        f"policy debug of role {role} (ReportRole) was made by hand"
    ]
    assert [gain["action"] for gain in refused["changed_by_hand"]["access"]["gained"]] == [
        "iam:AcceptDelegationRequest"
    ]
    code, out, _ = remit("deploy", "--accept-drift", "--json")
    assert (code, len(json.loads(out)["changed_by_hand"]["changes"])) == (0, 1)


def test_status_shows_what_was_changed(remit: Remit, role: str) -> None:
    code, out, _ = remit("status")
    assert code == 0
    assert f"  ! ReportRole: policy debug of role {role} (ReportRole) was made by hand: " in out
    assert "  + List, Read, Write, Tagging, Permissions management on iam: iam:*\n" in out
    document = json.loads(remit("status", "--json")[1])["changed_by_hand"]
    assert (document["checked"], [change["resource"] for change in document["changes"]]) == (True, ["ReportRole"])
    assert remit("deploy", "--revert-drift")[0] == 0
    assert "by hand" not in remit("status")[1]
    assert json.loads(remit("status", "--json")[1])["changed_by_hand"]["changes"] == []


def test_at_a_terminal_a_person_is_asked_and_told_what_will_happen(
    project: Path, remit: Remit, elsewhere: Account, role: str
) -> None:
    (project / "app.py").write_text(LESS)
    person = QuickTerminal(project, "deploy", "--local")
    shown = person.until("`--revert-drift` undoes all of it. Deploy anyway? [y/N]:")
    assert "was made by hand" in shown
    assert "CloudFormation keeps what was added by hand" in shown
    person.answer("n")
    code, shown = person.end()
    assert (code, "error: nothing was deployed" in shown) == (1, True)
    person = QuickTerminal(project, "deploy", "--local")
    person.until("Deploy anyway? [y/N]:")
    person.answer("y")
    person.until("Deploy to the AWS on this machine, eu-central-1? [y/N]:")
    person.answer("y")
    assert person.end()[0] == 0
    assert policies(elsewhere, role) == ["debug", "remit"]
    assert remit("status")[0] == 0


@in_all_cases
def test_yes_at_a_terminal_does_not_agree_to_it(project: Path, remit: Remit, role: str) -> None:
    person = QuickTerminal(project, "deploy", "--local", "--yes")
    code, shown = person.end()
    assert (code, "nothing was deployed: the stack was changed by hand" in shown, role in shown) == (1, True, True)
    assert remit("status")[0] == 0


def test_the_two_answers_exclude_each_other(remit: Remit) -> None:
    code, _, err = remit("deploy", "--accept-drift", "--revert-drift")
    assert (code, "choose one of --accept-drift and --revert-drift" in err) == (2, True)
