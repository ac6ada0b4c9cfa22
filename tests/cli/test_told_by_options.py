"""What a person at a terminal is asked and shown, the account that a command line is about, and forms of answers."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from answering import answering
from audit_accounts import ACCOUNT, allow, page, role, user
from audit_accounts import write as write_account
from projects import HELLO, Ran, inside, remit, write
from remit import __version__
from remit.audit.audit import AuditInput, audit
from remit.audit.result_cache import ResultCache
from remit.audit.workers import processes
from remit.cli import audit as audit_command
from remit.cli import deploy, diff, invoke, jobs, logs, options, rollback, stack_commands
from remit.deploy import audit_collection, bootstrap, ci_roles
from remit.deploy.audit_collection import Collecting, Uncollected
from remit.deploy.bootstrap import Bootstrapped
from remit.deploy.deployed_code import OtherCode
from remit.deploy.deployment import Deployment
from remit.deploy.drift import Drift
from remit.deploy.events import STACK_TYPE, StackEvent
from remit.deploy.execute import Outcome
from remit.deploy.failed_jobs import DeployedQueue, FailedJob
from remit.deploy.invoke import Answer
from remit.deploy.log_lines import LogLine
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.operators import ManualChangesQuestion
from remit.deploy.stack import StackOutput
from remit.errors import RemitError
from remit.lint.rule_registry import rules
from remit.local.authorization.access_log import AccessRecord
from remit.local.functions import worker_launch
from remit.local.state_files import StateFiles
from remit.report.access_lines import report_lines
from remit.report.access_report import CauseChange, Report
from remit.report.audit import access_csv, audit_json, audit_text
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif

if TYPE_CHECKING:
    from collections.abc import Iterator


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def at_a_terminal(typed: str = "") -> Iterator[tuple[Screen, Screen]]:
    """A person at a terminal, who types so much and then ends the input: what is shown on either stream."""
    out, err = Screen(), Screen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Screen(typed))
        patch.setenv("TERM", "xterm")
        patch.delenv("NO_COLOR", raising=False)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err


@pytest.mark.parametrize(
    ("typed", "name", "quiet", "asks", "answer"),
    [
        ("y\n", "", False, True, True),
        ("n\n", "", False, True, False),
        ("\n", "", False, True, False),
        ("", "", False, True, False),
        ("shop-dev\n", "shop-dev", False, True, True),
        ("shop\n", "shop-dev", False, True, False),
        ("", "shop-dev", False, True, False),
        ("y\n", "", True, True, None),
        ("y\n", "", False, False, None),
    ],
)
def test_a_person_is_asked_at_a_terminal_alone(typed: str, name: str, answer: Any, *, quiet: bool, asks: bool) -> None:
    with at_a_terminal(typed) as (out, err), click.Context(click.Command("remit")) as root:
        root.params = {"quiet": quiet}
        with click.Context(click.Command("deploy"), parent=root):
            assert answer is stack_commands.Terminal(asks=asks).ask("Deploy?", name)
    assert ("", answer is not None) == (out.getvalue(), "Deploy?" in err.getvalue())


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_nobody_is_asked_without_a_terminal(stdin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with click.Context(click.Command("deploy")):
        assert stack_commands.Terminal().ask("Deploy?") is None


EVENT: Final = StackEvent(
    "1", "arn:stack", "shop-dev", "2026-01-01T08:30:00.000Z", "Jobs", "q", "AWS::SQS::Queue", "CREATE_COMPLETE", "a  b"
)


@pytest.mark.parametrize(("stderr", "term"), [(io.StringIO(), "xterm"), (Screen(), "dumb")])
def test_events_are_a_line_each_where_nothing_can_stay_below_them(
    stderr: io.StringIO, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    lines = ["08:30:00  CREATE_COMPLETE     AWS::SQS::Queue  Jobs  a b"]
    lines += ["08:30:00  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS  AWS::SQS::Queue  other/Jobs"]
    with contextlib.redirect_stderr(stderr), stack_commands.Terminal().events("shop-dev") as show:
        show(EVENT)
        show(replace(EVENT, stack="other", status="UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", reason=""))
    assert "".join(f"{line}\n" for line in lines) == stderr.getvalue()


def test_what_runs_stands_below_what_has_ended() -> None:
    with at_a_terminal() as (_, err), stack_commands.Terminal().events("shop-dev") as show:
        for number in range(10):
            show(replace(EVENT, logical_id=f"Queue{number}", status="CREATE_IN_PROGRESS"))
        show(replace(EVENT, logical_id="Queue3"))
        show(
            replace(EVENT, type=STACK_TYPE, physical_id="arn:stack", status="CREATE_IN_PROGRESS", logical_id="shop-dev")
        )
    lines = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]|\r", "", err.getvalue()).splitlines()
    ended = [line for line in lines if line.startswith("08:30")]
    assert ended == [
        "08:30:00  CREATE_COMPLETE     AWS::SQS::Queue  Queue3  a b",
        "08:30:00  CREATE_IN_PROGRESS  AWS::CloudFormation::Stack  shop-dev  a b",
    ]
    below = [f"  CREATE_IN_PROGRESS  AWS::SQS::Queue  Queue{number}" for number in range(10) if number != 3]
    assert [*below[:8], "  and 1 more"] == [line for line in lines[lines.index(ended[-1]) + 1 :] if line][-9:]


@pytest.mark.parametrize(
    ("words", "variable", "local", "account", "message"),
    [
        ([], None, False, "1", ""),
        (["--account", "1"], None, False, "1", ""),
        (["--account", "2"], None, False, "1", "the credentials are of account 1, and it must be 2: nothing was done"),
        ([], "2", False, "1", "the credentials are of account 1, and it must be 2: nothing was done"),
        ([], "2", True, "1", ""),
        (["--account", "1"], "2", True, "1", ""),
        (
            ["--account", "2"], "1", True, "1",
            "the AWS on this machine is account 1, and it must be 2: nothing was done",
        ),
    ],
)  # fmt: skip
def test_an_account_that_is_named_is_the_only_one(
    words: list[str], variable: str | None, account: str, message: str, monkeypatch: pytest.MonkeyPatch, *, local: bool
) -> None:
    monkeypatch.delenv("REMIT_ACCOUNT", raising=False)
    if variable is not None:
        monkeypatch.setenv("REMIT_ACCOUNT", variable)
    errors: list[RemitError] = []

    @click.command()
    @options.account_option
    def asking() -> None:
        try:
            options._check_pin(account, local=local)
        except RemitError as error:
            errors.append(error)

    asking.main(words, standalone_mode=False)
    hint = "leave out --account, or --local" if local else "`--profile` chooses other credentials"
    assert ([(message, 2)] if message else []) == [(error.message, error.exit_code) for error in errors]
    assert all((error.hint or "").startswith(hint) for error in errors)


def test_what_a_command_line_is_about_is_named_for_the_next_one() -> None:
    assert options.same_place() == ""
    with click.Context(click.Command("deploy")) as context:
        context.params = {"folder": Path(), "stage": None, "local": False}
        assert options.same_place() == ""
        context.params = {
            "folder": Path("my app"),
            "stage": "prod",
            "region": "eu-west-1",
            "profile": "a b",
            "local": True,
        }
        assert " -C 'my app' --stage prod --region eu-west-1 --profile 'a b' --local" == options.same_place()


QUEUE: Final = DeployedQueue("mail", "url", "dead")


def test_jobs_are_counted_by_tens_in_one_line_of_a_terminal() -> None:
    def done(count: int) -> Iterator[FailedJob]:
        return (FailedJob(str(n), QUEUE, "app:send", "{}", "", None, 0, "m", "r", None) for n in range(count))

    with at_a_terminal() as (out, err), click.Context(click.Command("retry")), jobs._Progress("sent again") as progress:
        progress.follow(done(12))
        progress.follow(done(1_009))
    counts = "".join(f"\r\x1b[K{number:,} jobs sent again" for number in range(10, 1_021, 10))
    assert (f"{counts}\r\x1b[K", "1,021 jobs sent again\n") == (err.getvalue(), out.getvalue())


def test_the_lines_of_a_function_have_its_colour_on_a_screen() -> None:
    lines = [LogLine(0, "b", "s", "one\x07"), LogLine(1, "long", "s", "two"), LogLine(2, "b", "s", "three")]
    shown = "".join(
        f"1970-01-01T00:00:00.00{number}Z  {click.style(name, fg=colour)}  {text}\n"
        for number, name, colour, text in (
            (0, "b      ", "yellow", "one\\x07"), (1, "long   ", "cyan", "two"), (2, "b      ", "yellow", "three"),
        )
    )  # fmt: skip
    with at_a_terminal() as (out, _), click.Context(click.Command("logs")) as context:
        context.color = True
        logs._print(lines, ["long", "b", "logs-no"])
    assert shown == out.getvalue()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_what_a_comparison_finds_has_its_colour_on_a_screen(no_color: str) -> None:
    marks = {"+": "red", "-": "green", "?": "yellow", "!": "yellow", "~": "cyan", "=": None, " ": None}
    lines = {f"  {mark} b\x07": colour for mark, colour in marks.items()}
    lines |= dict.fromkeys(("+ at the start", "      + deeper", "", "plain"))
    shown = [(line.replace("\x07", "\\x07"), None if no_color else colour) for line, colour in lines.items()]
    with at_a_terminal() as (out, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", no_color)
        diff._print(lines)
    styled = [click.style(text, fg=colour, reset=not no_color) for text, colour in shown]
    assert "".join(f"{text}\n" for text in styled) == out.getvalue()


@pytest.mark.parametrize("is_answer", [True, False])
def test_what_a_deploy_changes_has_its_colour_on_a_screen(*, is_answer: bool) -> None:
    marks = {"+": "green", "-": "red", "~": "yellow", "?": "yellow", "!": None}
    lines = {f"{blanks}{mark} a": colour for mark, colour in marks.items() for blanks in ("  ", "      ")}
    lines |= dict.fromkeys(("+ at the start", "", "plain", "  plain - and +"))
    with at_a_terminal() as streams:
        stack_commands.Terminal(is_answer=is_answer).show(lines)
    shown = "".join(f"{click.style(text, fg=colour) if colour else text}\n" for text, colour in lines.items())
    assert (shown, "")[:: 1 if is_answer else -1] == tuple(stream.getvalue() for stream in streams)


def test_an_invocation_on_a_screen_is_told_with_its_time_and_every_call() -> None:
    calls = ("allowed", "", 0), ("denied", "app.py", 7), ("denied", "app.py", 7), ("unknown", "", 3)
    records = tuple(
        AccessRecord(
            caller="c", function="f", operation="s3.GetObject", action="s3:GetObject", resource="a\x07",
            decision=decision, because="b", statement="s", file=file, line=line, refused=False,
        )  # type: ignore[arg-type]
        for decision, file, line in calls
    )  # fmt: skip
    answer = Answer({"a": [1]}, failed=False, log="START RequestId: 1\nno end", duration_ms=12.5, memory_mb=40)
    call = "s3:GetObject on a\\x07"
    lines = ["no end", "12.5 ms, 40 MB", f"allowed: {call}", f"denied: {call}  (app.py:7)", f"unknown: {call}"]
    with at_a_terminal() as (out, err):
        invoke._print(answer, records, as_json=False)
    assert ("".join(f"{line}\n" for line in lines), json.dumps({"a": [1]}, indent=2) + "\n") == (
        err.getvalue(), out.getvalue(),
    )  # fmt: skip


def test_the_next_step_after_a_deploy_is_about_the_first_function() -> None:
    roles = [
        SimpleNamespace(logical_id=name, grants=[1] * count, serves=[name]) for name, count in (("A", 1), ("B", 2))
    ]
    functions = [SimpleNamespace(name="first"), SimpleNamespace(name="second")]
    built: Any = SimpleNamespace(roles=roles, app=SimpleNamespace(functions=functions))
    left = replace(EVENT, status="DELETE_FAILED", reason="in use")
    outcome = Outcome("shop-dev", "arn:stack", "UPDATE", "UPDATE_COMPLETE", ok=True, seconds=1.234, left=(left,))
    outputs = (StackOutput("Url", "https://x"),)
    account, _ = answering({})
    messages = [
        "note: left: q (Jobs, AWS::SQS::Queue): in use; the stack no longer has it: delete it by hand",
        f"shop-dev in account {account.account}, eu-central-1: UPDATE_COMPLETE in 1.23 s",
    ]
    answer = ["outputs", "  Url  https://x", "roles", "  A  1 statement for A", "  B  2 statements for B"]
    following = "next: remit invoke --stage prod first, remit policy function first --explain"
    told = [*((line, True) for line in messages), *((line, False) for line in answer), (following, True)]
    with click.Context(click.Command("deploy")) as context:
        context.params = {"stage": "prod"}
        made = Deployment("shop-dev", outcome=outcome, outputs=outputs)
        assert told == list(deploy._last_lines(account, made, built))
        built.app.functions = []
        assert told[:-1] == list(deploy._last_lines(account, made, built))
        unchanged = [(f"shop-dev in account {account.account}, eu-central-1: no changes", True)]
        assert unchanged == list(deploy._last_lines(account, Deployment("shop-dev"), None))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T08:30", datetime(2026, 1, 1, 8, 30, tzinfo=UTC)),
        ("2026-01-01T08:30:00.5+02:00", datetime(2026, 1, 1, 6, 30, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert int(moment.timestamp() * 1000) == logs._since(text)


def test_every_rule_is_listed_and_has_its_page() -> None:
    rows = [{"rule": rule.code, "severity": rule.severity, "name": rule.name, "title": rule.title} for rule in rules()]
    lines = "".join(f"{row['rule']}  {row['severity']:<7}  {row['name']:<28}  {row['title']}\n" for row in rows)
    assert Ran(0, lines, "") == remit("lint", "--rules")
    assert rows == json.loads(remit("lint", "--rules", "--json").out)
    first = next(iter(rules()))
    head = f"{first.code} {first.name} ({first.severity})\n\n"
    assert Ran(0, head + first.page, "") == remit("lint", "--explain", first.name)
    assert {**rows[0], "page": first.page} == json.loads(remit("lint", "--explain", first.code, "--json").out)


@pytest.mark.parametrize(("folder", "place"), [(".", "lib/p.json"), ("lib", "lib/p.json")])
def test_code_scanning_gets_paths_from_the_top_of_the_repository(tmp_path: Path, folder: str, place: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}]}
    write(tmp_path, {".git/HEAD": "x", "lib/p.json": json.dumps(policy)})
    with inside(tmp_path / folder, {}):
        name = "p.json" if folder == "lib" else "lib/p.json"
        document = json.loads(remit("lint", name, "--format", "sarif").out)
        commands = remit("lint", name, "--format", "github").out
    (result,) = document["runs"][0]["results"]
    assert place == result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert commands.startswith(f"::error file={place},line=1,")


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accounts")
    bad = role("deployer", allow("s3:GetObjekt", "iam:PassRole"), trusts=None)
    write_account(folder, page(user("ann", allow("iam:AttachUserPolicy", "s3:GetObject")), bad))
    write(folder, {"no.json": "[1"})
    return folder


@pytest.mark.parametrize("form", ["text", "json", "csv", "sarif", "html"])
@pytest.mark.parametrize("in_a_file", [False, True])
def test_an_audit_is_told_in_each_form(accounts: Path, tmp_path: Path, form: str, *, in_a_file: bool) -> None:
    report = audit(
        AuditInput(accounts, "2026-11-27T00:00:00Z", None, ()), ResultCache(None, ""), processes(1).__enter__()
    )
    forms = {
        "text": lambda: audit_text(report) + "\n",
        "json": lambda: "".join(audit_json(report)),
        "csv": lambda: "".join(access_csv(report)),
        "sarif": lambda: json.dumps(audit_sarif(report, __version__), indent=2) + "\n",
        "html": lambda: audit_page(report),
    }
    file = ["--output", str(tmp_path / "answer")] if in_a_file else []
    ran = remit("audit", str(accounts), "--at", "2026-11-27", "--no-cache", "--format", form, *file)
    problems = "".join(f"problem: {problem}\n" for problem in report.problems)
    assert problems
    answer = forms[form]()
    assert Ran(1, "" if in_a_file else answer, problems) == ran
    if in_a_file:
        assert answer == (tmp_path / "answer").read_text("utf-8")
    assert ACCOUNT in answer


def test_a_file_of_an_audit_shows_no_secret(tmp_path: Path) -> None:
    with inside(tmp_path, {"DB_PASSWORD": "hunter-2-hunter"}):
        audit_command._write(["a", " hunter-2-hunter ", "b"], tmp_path / "answer")
    assert "a *************** b" == (tmp_path / "answer").read_text("utf-8")


@pytest.mark.parametrize(("words", "is_kept"), [([], True), (["--no-cache"], False)])
def test_answers_are_kept_for_the_next_run_unless_that_is_not_wanted(
    accounts: Path, tmp_path: Path, words: list[str], *, is_kept: bool
) -> None:
    with inside(tmp_path, {}):
        assert 1 == remit("audit", str(accounts), "--at", "2026-11-27", "--cache", "kept", *words).status
    assert is_kept == (tmp_path / "kept").exists()


@pytest.mark.parametrize("problems", [(), (Uncollected("1", RemitError("no", hint="h")),)])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_collection_has_what_its_options_say_and_fails_with_its_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: tuple[Uncollected, ...], *, as_json: bool
) -> None:
    asked: list[Any] = []

    def collected(*arguments: Any) -> tuple[Uncollected, ...]:
        asked.append(arguments[:2])
        return problems

    monkeypatch.setattr(audit_collection, "collect", collected)
    monkeypatch.setattr(options.Scope, "account", lambda scope: (scope.region, scope.profile, scope.local))
    words = ["--region", "eu-west-1", "--profile", "p", "--resource-region", "a", "--resource-region", "b"]
    cases = {
        (): (None, True),
        ("--organization",): ("OrganizationAccountAccessRole", True),
        ("--organization", "--role", "auditor"): ("auditor", True),
        ("--role", "auditor", "--no-resources"): ("auditor", False),
    }
    with inside(tmp_path, {}):
        for more, (role_name, with_resources) in cases.items():
            ran = remit("audit", "collect", "to", *words, *more, *(["--json"] if as_json else []))
            collecting = Collecting(Path("to"), role_name, ("a", "b"), with_resources=with_resources)
            assert [(("eu-west-1", "p", False), collecting)] == asked
            asked.clear()
            rows = [{"account": "1", "message": "no"}] if problems else []
            told = "problem: account 1: no\n" if problems else ""
            document = {"problems": rows}
            assert (len(problems), "" if as_json else told) == (ran.status, ran.err)
            assert (json.dumps(document, indent=2) + "\n" if as_json else "") == ran.out


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_folder_is_read_in_the_order_of_its_names_without_what_is_skipped(tmp_path: Path, count: int) -> None:
    """What cannot be read is an error of its own, and not counted among the files that hold something else."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}]}
    places = ("e/n.json", "a/n.yaml", "d/n.yml", "b/n.template")
    own = (".git", ".venv", "node_modules", ".remit", "__pycache__")
    write(tmp_path, {**dict.fromkeys(places[:count], "{}"), "f/p.json": json.dumps(policy), "f/p.txt": "no"})
    write(tmp_path, {f"{folder}/p.json": json.dumps(policy) for folder in own})
    (tmp_path / "c.json").symlink_to("gone")
    with inside(tmp_path, {}):
        ran = remit("lint", ".", "--json")
    rows = [(row["rule"], row["file"], row["message"]) for row in json.loads(ran.out)]
    wrong = ("R202", "f/p.json", "s3 has no action 'GetObjekt': IAM accepts it, and it grants nothing")
    assert [("R001", "c.json", "cannot read c.json: No such file or directory"), wrong] == rows
    few = {1: "1 file holds", 3: "3 files hold", 4: "4 files hold"}[count]
    names = ", ".join(sorted(places[:count])[:3]) + ", …" * (count > 3)
    assert (2, f"note: {few} neither a policy nor a template: {names}\n") == (ran.status, ran.err)


WEAK: Final = {
    "wall": "",
    "landlock": "functions: cannot read these files, but see the processes of others: this system lets no user make "
    "namespaces\n",
    "": "functions: can read the keys of this AWS, and of each other: this system has neither user namespaces nor "
    "Landlock\n",
}


@pytest.mark.parametrize("wall", WEAK)
@pytest.mark.parametrize(
    ("saved", "unsaved", "remark"),
    [
        (False, None, " (none)"),
        (True, None, ""),
        (True, "the disk is full", " (not all of it is kept: the disk is full)"),
    ],
)
def test_an_aws_that_does_not_run_tells_where_its_files_are_and_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wall: str, unsaved: str | None, remark: str, *, saved: bool
) -> None:
    monkeypatch.setattr(worker_launch, "possible_wall", lambda: wall)
    files = StateFiles.of(tmp_path)
    if saved:
        files.state.mkdir(parents=True)
    if unsaved is not None:
        files.unsaved.write_text(unsaved)
    out = f"not running (`remit local start` starts it)\nstate: {files.state}{remark}\nlog: {files.log}\n{WEAK[wall]}"
    assert Ran(0, out, "") == remit("local", "status", "-C", str(tmp_path))
    document = {"running": False, "state": str(files.state), "log": str(files.log)}
    document |= {"kept": saved and unsaved is None, "unsaved": unsaved, "wall": wall}
    printed = remit("local", "status", "--json", "-C", str(tmp_path))
    assert (0, "", document) == (printed.status, printed.err, json.loads(printed.out))


def test_what_an_audit_does_stands_in_one_line_of_a_screen_and_is_gone_at_the_end() -> None:
    with at_a_terminal() as (out, err), audit_command._progress() as show:
        show("1 of 2")
        show("2 of 2")
    assert ("", "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[K") == (out.getvalue(), err.getvalue())
    with at_a_terminal() as (out, err), contextlib.suppress(ValueError), audit_command._progress():
        raise ValueError
    assert ("", "\r\x1b[K") == (out.getvalue(), err.getvalue())
    with (
        at_a_terminal() as (out, _),
        contextlib.redirect_stderr(io.StringIO()) as file,
        audit_command._progress() as show,
    ):
        show("1 of 2")
    assert ("", "") == (out.getvalue(), file.getvalue())


@pytest.mark.parametrize(("number", "most"), [(1, 100), (2, 50), (3, 33), (5, 20), (6, 20), (1000, 20)])
@pytest.mark.parametrize("every", [False, True])
def test_many_answers_have_a_hundred_lines_among_them_and_no_fewer_than_twenty_each(
    number: int, most: int, *, every: bool
) -> None:
    report = Report(tuple(CauseChange("+", f"cause {count}") for count in range(120)), notes=("a", "b"))
    drift = (Drift("Worker", "has a new policy"), Drift("Queue", "is gone"))
    answer = diff._Answer(is_open=True, document={}, report=report, about="t.json", drift=drift)
    heading = ["Changed by hand since the last deploy", *(f"  ! {each.resource}: {each.sentence}" for each in drift)]
    wishes: Any = SimpleNamespace(every=every)
    expected = (*heading, *report_lines(report, None if every else most))
    assert expected == answer.lines(wishes, number)
    assert expected == answer.lines(wishes) or number > 1
    assert every == any("cause 119" in line for line in expected)


def test_the_options_of_what_deploys_are_listed_in_one_order() -> None:
    """Each follows the one before it in the help: places first, then who, how, and what is shown."""
    names = [
        "folder", "stage", "local", "acting_as", "region", "profile", "account", "yes", "artefact_bucket",
        "service_role", "approval", "accept_drift", "revert_drift", "wait", "force", "skip", "only_plans", "markdown",
        "write", "json",
    ]  # fmt: skip
    fresh = click.command("again")(deploy.deploying(lambda: None))
    for command in (deploy.command, rollback.command, fresh):
        assert names == [parameter.name for parameter in command.params][-len(names) :]


@pytest.mark.parametrize("unanswered", [(), (ManualChangesQuestion(ManualChanges()),)])
@pytest.mark.parametrize("other_code", [(), (OtherCode("shop-dev-report", "a", "b"),)])
def test_a_plan_fails_for_its_questions_alone(unanswered: Any, other_code: Any) -> None:
    planned = Deployment("shop-dev", unanswered=unanswered, other_code=other_code)
    wished = {"only_plans": True, "write": None, "markdown": False, "accept_drift": False, "revert_drift": False}
    wished["artefact_bucket"] = None
    account, _ = answering({})
    with click.Context(click.Command("deploy")), contextlib.redirect_stdout(io.StringIO()) as out:
        code = deploy.carry_out(lambda **_: planned, account, deploy.operator(wished), wished)
    first = f"shop-dev in account {account.account}, eu-central-1: no changes"
    assert (len(unanswered), first) == (code, out.getvalue().splitlines()[0])


@pytest.mark.parametrize("words", [[], ["--stage", "prod"]])
@pytest.mark.parametrize("repaired", [(), ("tags", "policy")])
def test_the_variables_of_jobs_are_told_with_the_environment_that_they_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repaired: tuple[str, ...], words: list[str]
) -> None:
    stage = words[-1] if words else "dev"
    bucket = Bootstrapped("zips", made=not repaired, repaired=repaired)
    account, _ = answering({})
    made: list[Any] = []

    def roles(*arguments: Any) -> dict[str, str]:
        made.append(arguments)
        return {"REMIT_ROLE": "arn:a", "AWS_REGION": "eu-central-1"}

    monkeypatch.setattr(bootstrap, "bootstrap", lambda _: bucket)
    monkeypatch.setattr(ci_roles, "make_roles", roles)
    monkeypatch.setattr(options.Scope, "account", lambda _: account)
    write(tmp_path / "shop", {"app.py": HELLO})
    line = ["bootstrap", "-C", str(tmp_path / "shop"), "--ci", "github", "--repository", "acme/shop", *words]
    did = "made" if bucket.made else "repaired (tags, policy)"
    told = f"bucket zips in account {account.account}, eu-central-1: {did}\n"
    told += f"variable of the environment {stage}: REMIT_ROLE = arn:a\n"
    told += f"variable of the environment {stage}: AWS_REGION = eu-central-1\n"
    assert Ran(0, told, "") == remit(*line)
    document = {"bucket": "zips", "account": account.account, "region": "eu-central-1", "local": False}
    document |= {"made": bucket.made, "repaired": [*bucket.repaired]}
    document["roles"] = {"stack": f"ci-shop-{stage}", "variables": roles()}
    made.clear()
    printed = remit(*line, "--json")
    assert (0, "", document) == (printed.status, printed.err, json.loads(printed.out))
    assert [(account, f"ci-shop-{stage}", json.loads(remit(*line, "--print").out))] == made
