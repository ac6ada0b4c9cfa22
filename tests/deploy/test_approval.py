"""What a deploy needs agreement to, from whom, and what it leaves behind for the next review."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import pytest

from projects import ORDERS
from random_cases import in_all_cases
from released import KEEPS
from remit.cli import main
from remit.deploy.bucket import bucket_name
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.expected_roles import deployed_version
from remit.deploy.planned_access import Approval, access_of
from remit.review.record import recorded as remembered
from stacks import READ, WRITE, template
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

NAME = "orders-dev"
SAME = ORDERS.format(verb="query")
CODE = SAME.replace('"ok"', '"fine"')
MORE = ORDERS.format(verb="put").replace('dynamodb.put("orders")', 'dynamodb.query("orders"), dynamodb.put("orders")')
LESS = SAME.replace('dynamodb.query("orders")', "")
OTHER = SAME.replace("def report", "def summary")


@pytest.fixture
def deployed(remit: Remit, project: Path) -> Remit:
    """The project is deployed; run the next command."""
    assert (project / "app.py").read_text() == SAME
    assert remit("deploy", "--yes")[0] == 0
    return remit


def change_sets(account: Account) -> list[str]:
    """Those that wait."""
    found = account.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    return [one["ExecutionStatus"] for one in found if one["ExecutionStatus"] != "EXECUTE_COMPLETE"]


def test_without_a_terminal_a_first_deploy_gains_everything_and_is_refused(remit: Remit) -> None:
    code, out, err = remit("deploy")
    assert (code, out) == (1, "")
    assert "  + report: Write on logs (2 actions); Read on dynamodb (1 action)\n" in err
    assert "error: nothing was deployed: it adds access (2 gains)\n" in err
    assert "hint: `--first` deploys a stage for the first time; `--yes`, or a yes at a terminal," in err
    assert remit("status")[0] == 1


def test_the_command_that_a_refusal_gives_accepts_what_was_shown(remit: Remit, project: Path) -> None:
    assert remit("deploy", "--yes")[0] == 0
    (project / ".remit" / "deployed" / "orders-dev@local.json").unlink()
    (project / "app.py").write_text(MORE)
    _, _, err = remit("deploy")
    hint = err.partition("hint: `remit ")[2].partition("`")[0]
    assert hint == f"diff --deployed -C {project} --local --accept REASON"
    with pytest.raises(SystemExit) as ended:
        main(hint.split())
    assert ended.value.code == 0
    accepted = json.loads((project / "config" / "accepted.json").read_text())
    assert len(accepted) == 1
    assert remit("deploy", "--require-approval", "broadening")[0] == 0


def test_a_first_deploy_goes_ahead_without_a_terminal_when_it_is_said_to_be_one(remit: Remit, project: Path) -> None:
    assert remit("deploy", "--first", "--require-approval", "any")[0] == 0
    for app in (SAME, MORE):
        (project / "app.py").write_text(app)
        code, _, err = remit("deploy", "--first", "--yes")
        assert (code, "error: `--first`: orders-dev is deployed already\n" in err) == (2, True)
    assert not (project / "config" / "accepted.json").exists()


SOME_LEVELS = [
    (MORE, "broadening", 1), (LESS, "any", 1), (CODE, "any", 0), (LESS, "broadening", 0), (MORE, "never", 0),
]  # fmt: skip
ALL_LEVELS = [
    (MORE, "broadening", 1), (MORE, "any", 1), (LESS, "any", 1),
    (CODE, "broadening", 0), (SAME, "any", 0), (CODE, "never", 0),
    (LESS, "broadening", 0), (MORE, "never", 0), (LESS, "never", 0),
]  # fmt: skip


@pytest.mark.parametrize("rows", [SOME_LEVELS, pytest.param(ALL_LEVELS, marks=in_all_cases)], ids=("some", "all"))
def test_without_a_terminal_the_level_decides(
    deployed: Remit, project: Path, elsewhere: Account, rows: list[tuple[str, str, int]]
) -> None:
    """Each row is a change of what runs after the rows above: it is refused, or deployed."""
    cloudformation = elsewhere.client("cloudformation")
    runs = cloudformation.get_template(StackName=NAME)["TemplateBody"]
    for app, level, expected in rows:
        (project / "app.py").write_text(app)
        code, _, err = deployed("deploy", "--require-approval", level)
        assert (code, "error: nothing was deployed: " in err) == (expected, bool(expected)), (app, level)
        assert change_sets(elsewhere) == []
        before, runs = runs, cloudformation.get_template(StackName=NAME)["TemplateBody"]
        assert (before == runs) == bool(expected), (app, level)


def test_programs_get_the_plan_that_was_refused_and_the_record_stays_as_it_was(deployed: Remit, project: Path) -> None:
    path = project / ".remit" / "deployed" / "orders-dev@local.json"
    before = path.read_bytes()
    (project / "app.py").write_text(MORE)
    code, out, _ = deployed("deploy", "--json")
    document = json.loads(out)
    assert (code, document["ok"], document["changed"], document["status"]) == (1, False, False, None)
    (role,) = document["plan"]["roles"]
    assert [one["action"] for one in role["gained"]] == ["dynamodb:PutItem"]
    assert path.read_bytes() == before


def test_broadening_is_the_level_when_none_is_given(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(LESS)
    assert deployed("deploy")[0] == 0
    (project / "app.py").write_text(SAME)
    assert deployed("deploy")[0] == 1


def test_what_is_removed_needs_agreement_at_every_level(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(OTHER)
    code, _, err = deployed("deploy", "--require-approval", "never")
    assert code == 1
    assert "resources go (ReportFunction removed, ReportLogGroup removed, ReportRole removed)" in _sorted(err)
    assert deployed("deploy", "--yes", "--require-approval", "never")[0] == 0


def _sorted(err: str) -> str:
    """The refusal, with what goes in the order of the alphabet: CloudFormation lists it as it likes."""
    start, _, rest = err.partition("resources go (")
    named, _, end = rest.partition(")")
    return f"{start}resources go ({', '.join(sorted(named.split(', ')))}){end}"


def test_yes_agrees_to_what_is_gained_unless_approval_is_required_expressly(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(MORE)
    code, _, err = deployed("deploy", "--yes", "--require-approval", "broadening")
    assert code == 1
    assert "error: nothing was deployed: it adds access (1 gain)\n" in err
    assert deployed("deploy", "--yes")[0] == 0


def test_a_function_is_not_opened_to_everyone_without_agreement(deployed: Remit, project: Path) -> None:
    opened = SAME.replace("app = App()", "from remit.triggers import http\n\napp = App()")
    opened = opened.replace("@app.function(", '@app.function(http(auth="NONE"), ')
    (project / "app.py").write_text(opened)
    code, _, err = deployed("deploy")
    assert (code, "everyone may call report now" in err) == (1, True)
    assert "error: nothing was deployed: it adds access (1 undecided)\n" in err
    assert deployed("deploy", "--yes")[0] == 0
    path = project / ".remit" / "deployed" / "orders-dev@local.json"
    first = path.read_text()
    path.unlink()
    assert deployed("deploy")[0] == 0
    assert path.read_text() == first
    assert json.loads(first)["open"] == ["report"]


def accept(project: Path, *actions: str, because: str = "the report writes its own line") -> None:
    """Check in what the function may gain."""
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": table}
    entry = {"functions": ["report"], "statement": statement, "because": because}
    (project / "config").mkdir(exist_ok=True)
    (project / "config" / "accepted.json").write_text(json.dumps([entry]))


def test_what_is_accepted_with_a_reason_goes_ahead_and_is_shown_with_it(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(MORE)
    accept(project, "dynamodb:GetItem")
    assert deployed("deploy")[0] == 1
    accept(project, "dynamodb:PutItem")
    code, _, err = deployed("deploy", "--yes", "--require-approval", "any")
    assert code == 0
    assert "  ~ Write on dynamodb: dynamodb:PutItem\n" in err
    assert "      report: accepted: the report writes its own line\n" in err
    assert "access: 0 gained, 0 lost, 1 accepted\n" in err


def test_a_mistake_in_what_is_accepted_is_told_before_anything_is_asked_of_aws(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(MORE)
    accept(project, "dynamodb:PutItem", because="")
    code, _, err = deployed("deploy", "--yes")
    assert code == 2
    assert "config/accepted.json:1:" in err
    assert "this deploy would change" not in err


def test_a_person_at_a_terminal_is_asked_even_when_nothing_is_gained(deployed: Remit, project: Path) -> None:
    (project / "app.py").write_text(CODE)
    person = QuickTerminal(project, "deploy", "--local", "--require-approval", "never")
    assert "This gives access" not in person.until("Deploy to the AWS on this machine, eu-central-1? [y/N]:")
    person.answer("y")
    assert person.end()[0] == 0
    assert deployed("status")[0] == 0


def test_a_plan_made_anew_shows_its_own_access_and_is_asked_about_again(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    (project / "app.py").write_text(CODE)
    person = QuickTerminal(project, "deploy", "--local")
    assert "access: 0 gained, 0 lost" in person.until("[y/N]:")
    overtaking = plan(elsewhere, PlanRequest(NAME, template(WRITE)))
    assert overtaking is not None
    execute(elsewhere, overtaking, lambda _: None)
    person.answer("y")
    again = person.until("[y/N]:")
    assert "  + Read on dynamodb: dynamodb:Query" in again
    assert "This adds access: " in again
    person.answer("n")
    assert person.end()[0] == 1
    assert deployed("status")[0] == 0


def test_roles_that_are_shared_resources_count_as_well(deployed: Remit, project: Path) -> None:
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"AWS": "999999999999"}}]}'
    )
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(
        "from remit import Shared, resource\n\n\nclass Data(Shared):\n"
        f"    role = resource('AWS::IAM::Role', assume_role_policy_document={trust},\n"
        f"                    policies=[{{'PolicyName': 'all', 'PolicyDocument': {document}}}])\n"
    )
    code, _, err = deployed("deploy")
    assert code == 1
    assert "      DataRole (new): " in err
    assert " may take on the role: sts:AssumeRole\n" in err


def test_access_is_that_of_the_template_that_runs_whoever_deployed_it(account: Account) -> None:
    first = plan(account, PlanRequest(NAME, template(READ)))
    assert first is not None
    execute(account, first, lambda _: None)
    planned = plan(account, PlanRequest(NAME, template(READ, WRITE)))
    assert planned is not None
    found = access_of(account, planned, ())
    assert [piece.request.action for change in found.review.changes for piece in change.access.gained] == [
        "dynamodb:PutItem",
    ]  # fmt: skip
    assert [found.wants(level) for level in get_args(Approval)] == [True, True, False]


def test_roles_that_cannot_be_read_need_agreement(account: Account) -> None:
    odd = {"Odd": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Fn::If": ["C", {}, {}]}}}}
    body = json.loads(template(READ))
    body["Resources"] |= odd
    planned = plan(account, PlanRequest(NAME, template(READ)))
    assert planned is not None
    found = access_of(account, type(planned)(**{
        name: getattr(planned, name) for name in ("namespace", "stack_id", "change_set", "kind", "changes", "running")
    }, template=body), ())  # fmt: skip
    assert found.unread.startswith("the roles of a template cannot be read: ")
    assert [found.wants(level) for level in get_args(Approval)] == [True, True, False]


def test_a_deploy_is_remembered_with_reasons_and_lines_and_a_delete_forgets_it(remit: Remit, project: Path) -> None:
    path = project / ".remit" / "deployed" / "orders-dev@local.json"
    assert remit("deploy", "--yes")[0] == 0
    there = remembered(project, NAME, local=True)
    assert there is not None
    assert there.where == "the last deploy (the AWS on this machine)"
    (role,) = there.roles
    assert [(grant.because != "", str(grant.origin)) for grant in role.grants][-1] == (True, "app.py:8:23")
    assert remit("delete", "--yes")[0] == 0
    assert not path.exists()


def test_a_resumed_deploy_and_one_without_changes_are_remembered_alike(remit: Remit, project: Path) -> None:
    path = project / ".remit" / "deployed" / "orders-dev@local.json"
    assert remit("deploy", "--yes")[0] == 0
    first = path.read_text()
    for arguments in (["--resume"], []):
        path.unlink()
        assert remit("deploy", *arguments)[0] == 0
        assert path.read_text() == first


def test_a_resumed_deploy_is_remembered_with_the_lines_of_the_last_build(remit: Remit, project: Path) -> None:
    assert remit("deploy", "--yes")[0] == 0
    (project / "app.py").write_text(f"\n\n{SAME}")
    assert remit("deploy", "--plan")[0] == remit("deploy", "--resume")[0] == 0
    there = remembered(project, NAME, local=True)
    assert there is not None
    assert str(there.roles[0].grants[-1].origin) == "app.py:10:23"


def test_what_is_recorded_in_the_account_is_what_the_project_remembers(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    there, here = deployed_version(elsewhere, NAME), remembered(project, NAME, local=True)
    assert deployed("status")[0] == 0
    assert there is not None
    assert here is not None
    assert [(role.logical_id, role.functions, role.trusts) for role in there.roles] == [
        (role.logical_id, role.functions, role.trusts) for role in here.roles
    ]
    assert [grant.statement for role in there.roles for grant in role.grants] == [
        grant.statement for role in here.roles for grant in role.grants
    ]


def test_uploads_that_neither_what_runs_nor_what_ran_before_needs_are_removed(
    deployed: Remit, project: Path, elsewhere: Account
) -> None:
    """Where one release is kept alone."""
    (project / "config").mkdir(exist_ok=True)
    (project / "config" / "deploy.py").write_text(KEEPS.format(1))
    bucket = bucket_name(elsewhere)
    elsewhere.client("s3").put_object(Bucket=bucket, Key="orders-prod/other.zip", Body=b"")

    def there() -> set[str]:
        keys = {one["Key"] for one in elsewhere.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
        return {key for key in keys if not key.startswith("orders-dev/releases/")}

    seen = [there()]
    for app in (CODE, CODE.replace("fine", "finer")):
        (project / "app.py").write_text(app)
        assert deployed("deploy")[0] == 0
        seen.append(there())
    assert [len(keys) for keys in seen] == [2, 3, 3]
    assert seen[1] - seen[2] == seen[0] - {"orders-prod/other.zip"}
    (project / "app.py").write_text(SAME)
    assert deployed("deploy")[0] == 0
    assert deployed("delete", "--yes")[0] == 0
    assert there() == {"orders-prod/other.zip"}
    (project / "config" / "deploy.py").unlink()
