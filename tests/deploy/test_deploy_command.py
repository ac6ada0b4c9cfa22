"""`remit deploy`, `status` and `delete` as a person and as a program run them, on an AWS of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from projects import ORDERS
from random_cases import in_all_cases
from remit.cli import main
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from stacks import end_waiting, template
from terminals import HANGS, MAIN, QuickTerminal, Terminal, environment

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

SHARED = """
from remit import Shared, resource


class Data(Shared):
    child = resource("AWS::CloudFormation::Stack", {"TemplateURL": "http://127.0.0.1/no/no"})
"""
SLOW = """
from remit import Shared, resource


class Data(Shared):
    handle = resource("AWS::CloudFormation::WaitConditionHandle")
    wait = resource("AWS::CloudFormation::WaitCondition", handle=handle.ref, timeout="600")
"""


def share(project: Path, source: str) -> None:
    """Add shared resources to the project."""
    folder = project / "shared" / "resources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.py").write_text(source)


Remit = "Callable[..., tuple[int, str, str]]"


def test_a_first_deploy_talks_on_stderr_and_answers_on_stdout(remit: Remit, project: Path) -> None:
    code, out, err = remit("deploy", "--yes")
    assert code == 0
    for line in (
        "orders-dev is new; this deploy would change",
        "  + AWS::Lambda::Function  ReportFunction",
        "  + report: Write on logs (2 actions); Read on dynamodb (1 action)",
        "3 to add, 0 to change, 0 to remove; access: 2 gained, 0 lost",
    ):
        assert line in err.splitlines()
    assert "CREATE_COMPLETE     AWS::CloudFormation::Stack  orders-dev" in err
    assert f"next: remit invoke -C {project} --local report" in err
    assert out == "roles\n  ReportRole  2 statements for report\n"


def test_again_there_are_no_changes_and_the_answer_is_the_same(remit: Remit) -> None:
    first = remit("deploy", "--yes")
    code, out, err = remit("deploy")
    assert (code, out) == (0, first[1])
    assert err.endswith("orders-dev in the AWS on this machine, eu-central-1: no changes\n")
    assert "would change" not in err


def test_an_update_shows_what_each_role_gains_and_loses(remit: Remit, project: Path) -> None:
    remit("deploy", "--yes")
    (project / "app.py").write_text(ORDERS.format(verb="put"))
    code, out, err = remit("deploy", "--yes", "--json")
    table = "arn:aws:dynamodb:eu-central-1:000000000000:table/orders"
    shown = err.splitlines()
    start = shown.index("and what functions may do")
    assert shown[start + 1 : start + 10] == [
        "  + Write on dynamodb: dynamodb:PutItem",
        f"      on {table}",
        "      report: app.py:8:23: puts items into table orders",
        f"      for example dynamodb:PutItem on {table}",
        "  - Read on dynamodb: dynamodb:Query",
        f"      on {table}",
        "      report: app.py:8:23: queries table orders",
        f"      for example dynamodb:Query on {table}",
        "0 to add, 2 to change, 0 to remove; access: 1 gained, 1 lost",
    ]
    document = json.loads(out)
    assert (code, document["changed"], document["ok"], document["status"]) == (0, True, True, "UPDATE_COMPLETE")
    (role,) = document["plan"]["roles"]
    assert (role["logical_id"], role["action"], role["functions"]) == ("ReportRole", "Modify", ["report"])
    assert [(item["action"], item["resource"], item["tier"]) for item in role["gained"]] == [
        ("dynamodb:PutItem", table, "now"),
    ]  # fmt: skip
    assert [item["action"] for item in role["lost"]] == ["dynamodb:Query"]
    assert role["undecided"] == []
    assert role["gained"][0]["origin"] == {"file": "app.py", "line": 8, "column": 23}


def test_a_failed_deploy_names_the_first_cause_and_exits_1(remit: Remit, project: Path) -> None:
    share(project, SHARED)
    code, out, err = remit("deploy", "--yes", "--json")
    document = json.loads(out)
    assert code == 1
    assert (document["ok"], document["cause"]["logical_id"]) == (False, "DataChild")
    assert "error: deploying orders-dev failed (DELETE_COMPLETE): DataChild (AWS::CloudFormation::Stack): " in err
    assert "what had been made was removed again" in err
    share(project, "")
    assert remit("deploy", "--yes")[0] == 0


def test_status_shows_functions_and_roles_by_their_names_in_the_account(remit: Remit) -> None:
    assert remit("status") == (1, "orders-dev is not deployed in the AWS on this machine, eu-central-1\n", "")
    remit("deploy", "--yes")
    code, out, _ = remit("status")
    assert code == 0
    assert "  ReportFunction  orders-dev-report" in out.splitlines()
    document = json.loads(remit("status", "--json")[1])
    assert document["functions"] == {"ReportFunction": "orders-dev-report"}
    assert document["status"] == "CREATE_COMPLETE"


def test_status_and_delete_work_when_the_app_is_broken(remit: Remit, project: Path) -> None:
    remit("deploy", "--yes")
    (project / "app.py").write_text("this is not Python")
    assert remit("status")[0] == 0
    assert remit("delete", "--yes")[0] == 0


def test_delete_asks_and_leaves_nothing(remit: Remit, elsewhere: Account) -> None:
    remit("deploy", "--yes")
    assert remit("delete")[0] == 2
    code, out, err = remit("delete", "--yes")
    assert (code, out) == (0, "orders-dev is deleted from the AWS on this machine, eu-central-1\n")
    assert "bucket remit-artefacts-000000000000-eu-central-1 stays for other apps" in err
    assert elsewhere.client("iam").list_roles()["Roles"] == []
    assert elsewhere.client("lambda").list_functions()["Functions"] == []
    assert elsewhere.client("logs").describe_log_groups()["logGroups"] == []
    assert json.loads(remit("delete", "--yes", "--bucket", "--json")[1])["left"] == []
    assert elsewhere.client("s3").list_buckets()["Buckets"] == []


def test_a_local_deploy_makes_the_bucket_by_itself(remit: Remit) -> None:
    assert remit("deploy", "--yes")[0] == 0
    place = "bucket remit-artefacts-000000000000-eu-central-1 in the AWS on this machine, eu-central-1"
    assert remit("bootstrap") == (0, f"{place}: nothing to do\n", "")


def test_a_first_deploy_that_fails_names_what_stays_of_it(remit: Remit, elsewhere: Account, project: Path) -> None:
    queues, events = elsewhere.client("sqs"), elsewhere.client("events")
    events.create_event_bus(Name="taken")
    kept = 'resource("AWS::SQS::Queue", deletion_policy="Retain", queue_name="kept")'
    taken = 'resource("AWS::Events::EventBus", name="taken", depends_on=kept)'
    share(project, f"from remit import Shared, resource\nclass Data(Shared):\n    kept = {kept}\n    bus = {taken}\n")
    code, _, err = remit("deploy", "--yes")
    (url,) = queues.list_queues()["QueueUrls"]
    ending = "what had been made was removed again\n"
    assert (1, True) == (
        code,
        f"  {ending}  AWS::SQS::Queue {url} stays, as the deletion policy of DataKept says\n" in err,
    )
    queues.delete_queue(QueueUrl=url)


def test_versions_go_with_their_function(remit: Remit, project: Path) -> None:
    app = "from remit import App\napp = App()\n@app.function(alias='live')\ndef report(event, context): ...\n"
    (project / "app.py").write_text(app)
    remit("deploy", "--yes")
    code, _, err = remit("delete", "--yes")
    assert (0, False) == (code, "stays, as the deletion policy" in err)
    remit("deploy", "--yes")
    assert ["remit-artefacts-000000000000-eu-central-1"] == json.loads(remit("delete", "--yes", "--json")[1])["left"]


def test_delete_names_what_stays_because_its_deletion_policy_says_so(
    remit: Remit, elsewhere: Account, project: Path
) -> None:
    queue = 'resource("AWS::SQS::Queue", deletion_policy="Retain", queue_name="kept")'
    share(project, f"from remit import Shared, resource\nclass Data(Shared):\n    queue = {queue}\n")
    remit("deploy", "--yes")
    (url,) = elsewhere.client("sqs").list_queues()["QueueUrls"]
    _, _, err = remit("delete", "--yes")
    assert f"AWS::SQS::Queue {url} stays, as the deletion policy of DataQueue says\n" in err
    elsewhere.client("sqs").delete_queue(QueueUrl=url)
    remit("deploy", "--yes")
    left = json.loads(remit("delete", "--yes", "--json")[1])["left"]
    assert [url, "remit-artefacts-000000000000-eu-central-1"] == left
    elsewhere.client("sqs").delete_queue(QueueUrl=url)


def test_the_question_before_data_goes_names_it(project: Path, remit: Remit) -> None:
    queue = "from remit import Shared, resource\nclass Data(Shared):\n    {}\n"
    share(project, queue.format('queue = resource("AWS::SQS::Queue")'))
    remit("deploy", "--yes")
    person = QuickTerminal(project, "delete", "--local")
    person.until("This deletes queue DataQueue, log group ReportLogGroup, with all that is in them. Delete orders-dev")
    person.answer("n")
    assert person.end()[0] == 1
    share(project, queue.format("pass"))
    person = QuickTerminal(project, "deploy", "--local")
    person.until("This removes queue DataQueue, with all that is in it. Deploy to the AWS on this machine")
    person.answer("n")
    assert person.end()[0] == 1


def test_resume_tells_the_last_deploy_again(remit: Remit) -> None:
    _, _, err = remit("deploy", "--yes")
    events = [line for line in err.splitlines() if "CREATE_" in line and line[2:3] == ":"]
    _, _, again = remit("deploy", "--resume")
    assert [line for line in again.splitlines() if line[2:3] == ":"] == events


def test_what_a_failed_first_deploy_left_is_cleared_when_a_person_agrees(remit: Remit, elsewhere: Account) -> None:
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}
    elsewhere.client("cloudformation").create_stack(
        StackName="orders-dev",
        TemplateBody=template(resources={"Child": child}),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "remit:namespace", "Value": "orders-dev"}],
    )
    code, _, err = remit("deploy")
    assert code == 2
    assert "the first deploy of orders-dev failed (ROLLBACK_COMPLETE)" in err
    assert remit("deploy", "--yes")[0] == 0


def test_while_somebody_else_deploys_the_exit_code_is_75(remit: Remit, project: Path, elsewhere: Account) -> None:
    share(project, SLOW)
    with _started(project, "deploy", "--yes") as other:
        _wait_for(other, "CREATE_IN_PROGRESS")
        code, out, err = remit("deploy", "--yes")
        assert (code, out) == (75, "")
        assert "somebody else is deploying orders-dev since 20" in err
        assert remit("delete", "--yes")[0] == 75
        other.send_signal(signal.SIGTERM)
        said = other.communicate(timeout=HANGS)[1]
    assert other.returncode == 143
    assert "error: stopped watching, but deploying orders-dev continues in AWS\n" in said
    assert "hint: `remit deploy --resume` follows it to its end" in said
    share(project, "")
    with _started(project, "deploy", "--yes", "--wait") as waiting:
        _wait_for(waiting, "waiting: orders-dev is in CREATE_IN_PROGRESS ...")
        end_waiting(elsewhere.client("cloudformation"), "orders-dev", "DataHandle")
        waiting.communicate(timeout=HANGS)
    assert waiting.returncode == 0


def _started(project: Path, *arguments: str) -> subprocess.Popen[Any]:
    """A command as a process of its own."""
    command = [sys.executable, "-c", MAIN, *arguments, "--local", "-C", str(project)]
    return subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8"
    )


def _wait_for(process: subprocess.Popen[Any], text: str) -> None:
    for line in process.stderr or ():
        if text in line:
            return
    pytest.fail(f"{text} was never said")


def test_at_a_terminal_no_deploys_nothing(project: Path, remit: Remit) -> None:
    person = QuickTerminal(project, "deploy", "--local")
    asked = "This adds access: 2 gains. Deploy to the AWS on this machine, eu-central-1? [y/N]:"
    assert "\x1b[32m  + report: Write on logs" in person.until(asked)
    person.answer("n")
    code, shown = person.end()
    assert code == 1
    assert "error: nothing was deployed" in shown
    assert remit("status")[0] == 1


@in_all_cases
def test_at_a_terminal_ctrl_c_at_the_question_deploys_nothing(project: Path, remit: Remit) -> None:
    person = Terminal(project, "deploy", "--local")
    person.until("[y/N]:")
    person.process.send_signal(signal.SIGINT)
    person.answer("")  # wakes the read, should the signal have come a moment before it
    code, shown = person.end()
    assert code == 130, shown
    assert "error: stopped: nothing was deployed" in shown
    assert remit("status")[0] == 1


def test_no_color_is_obeyed_at_a_terminal(project: Path) -> None:
    person = Terminal(project, "deploy", "--local", NO_COLOR="1", LC_ALL="C")
    person.until("[y/N]:")
    person.answer("y")
    code, shown = person.end()
    assert code == 0
    assert "\x1b[3" not in shown
    assert shown.isascii()


@in_all_cases
def test_a_plan_that_was_overtaken_at_the_question_is_made_and_shown_anew(
    project: Path, remit: Remit, elsewhere: Account
) -> None:
    remit("deploy", "--yes")
    (project / "app.py").write_text(ORDERS.format(verb="put"))
    person = QuickTerminal(project, "deploy", "--local")
    person.until("[y/N]:")
    overtaking = plan(elsewhere, PlanRequest("orders-dev", template()))
    assert overtaking is not None
    execute(elsewhere, overtaking, lambda _: None)
    person.answer("y")
    assert "was changed by somebody else meanwhile; planning again" in person.until("[y/N]:")
    person.answer("y")
    assert person.end()[0] == 0
    assert json.loads(remit("status", "--json")[1])["functions"] == {"ReportFunction": "orders-dev-report"}


def test_without_credentials_deploy_says_where_it_looked_and_offers_local(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["deploy", "-C", str(project)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "there are no AWS credentials; remit looked at" in said
    assert "`remit deploy --local`" in said
