"""What commands pass on: each option of a line reaches what it is for, and a default where there is none."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from answering import answering
from cli.test_told_by_options import at_a_terminal
from projects import HELLO, Ran, configuration, inside, remit, write
from remit import build as builds
from remit.cli import dev, options, rollback
from remit.deploy import approval, artefacts, deployment_record, releases, session, workflow
from remit.deploy import bucket as buckets
from remit.deploy import delete as deletes
from remit.deploy import logs as deployed_logs
from remit.deploy.bucket import Bucket
from remit.deploy.delete import FilledBucket
from remit.deploy.events import StackEvent
from remit.deploy.execute import Outcome
from remit.deploy.log_lines import LogLine
from remit.deploy.releases import Release
from remit.dev import events, loop, terminal_keys
from remit.local import aws
from remit.local.control import clients, plain_client, server_commands
from remit.report.operators import WordedOperator
from remit.report.releases import release_line

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "shop"
    config = 'config.stack_name = "own"\nconfig.stages = ["prod", "test"]\nconfig.stages.production = ["prod"]'
    write(folder, {"app.py": HELLO, "config/deploy.py": configuration(config)})
    with inside(folder, {}):
        yield folder


@dataclass
class Loop:
    """A loop of `remit dev` that notes how it is made and run."""

    made: list[Any]
    ends: BaseException | None = None

    def __call__(self, folder: Path, stage: str | None, **values: Any) -> Loop:
        tell = values.pop("tell")
        self.made.append((folder, stage, values))
        tell(events.Serving("Url", "http://x"))
        return self

    def run(self, *keys: Any) -> None:
        self.made.append(keys)
        if self.ends is not None:
            raise self.ends


DEV: Final = {"region": None, "first_port": 8000, "debugged": None, "strict": False}


@pytest.mark.parametrize(
    ("words", "stage", "values"),
    [
        ((), None, DEV),
        (
            ("--stage", "test", "--region", "eu-west-1", "--port", "1", "--strict", "--debug", "hello"), "test",
            {"region": "eu-west-1", "first_port": 1, "debugged": loop.Debugged("hello", 5678), "strict": True},
        ),
        (
            ("--port", "65535", "--debug", "x", "--debug-port", "65535"), None,
            {**DEV, "first_port": 65535, "debugged": loop.Debugged("x", 65535)},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("on_screen", [True, False])
@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(("ends", "code"), [(None, 0), (KeyboardInterrupt(15), 143), (KeyboardInterrupt(), 130)])
def test_an_app_runs_as_its_line_says(
    shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], stage: Any, values: Any, ends: Any, code: int,
    *, on_screen: bool, as_json: bool,
) -> None:  # fmt: skip
    """Keys are read at a terminal alone, and not where a program reads the events."""
    made: list[Any] = []
    has_single_keys: list[bool] = []

    @contextlib.contextmanager
    def single_keys() -> Iterator[None]:
        has_single_keys.append(True)
        yield

    monkeypatch.setattr(loop, "DevLoop", Loop(made, ends))
    monkeypatch.setattr(terminal_keys, "is_terminal", lambda: on_screen)
    monkeypatch.setattr(terminal_keys, "single_keys", single_keys)
    before = signal.getsignal(signal.SIGTERM)
    ran = remit("dev", "-C", str(shop), *words, *(["--json"] if as_json else []))
    with_keys = on_screen and not as_json
    assert [(shop, stage, values), (terminal_keys.pressed_keys,) if with_keys else ()] == made
    assert [True] * with_keys == has_single_keys
    assert before == signal.getsignal(signal.SIGTERM)
    document = json.dumps({"event": "serving", "name": "Url", "url": "http://x"}) + "\n"
    keys = "keys: w writes the grant of the last denied call, r deploys again, q ends it\n" if with_keys else ""
    assert Ran(code, document if as_json else "", keys if as_json else f"  Url  http://x\n{keys}") == ran


@pytest.mark.parametrize("words", [("--port", "0"), ("--port", "65536"), ("--debug-port", "0")])
def test_no_other_number_is_a_port(shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    made: list[Any] = []
    monkeypatch.setattr(loop, "DevLoop", Loop(made))
    ran = remit("dev", "-C", str(shop), *words)
    assert (2, "", []) == (ran.status, ran.out, made)
    assert f"error: invalid value for '{words[0]}': {words[1]} is not in the range 1<=x<=65535" in ran.err


def test_nothing_starts_in_a_folder_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(loop, "DevLoop", Loop(made))
    error = f"error: there is no project in {str(tmp_path)!r}\nhint: `-C FOLDER` names the project's folder\n"
    assert (Ran(2, "", error), []) == (remit("dev", "-C", str(tmp_path)), made)


@pytest.mark.parametrize("no_color", [False, True])
def test_events_have_their_colours_on_a_screen(no_color: bool) -> None:
    """Functions have theirs in the order in which they first log."""
    denied = events.CallDenied("f", "s3:GetObject", "arn:r", "", 0, "", "why")
    lines = [
        (events.WentWrong("no\x07", "", None, None), [("error: no\\x07", "red"), ("hint: ", None)]),
        (events.WentWrong("no", None, "a.py", 0), [("error: no", "red"), ("  --> a.py", None)]),
        (
            events.GrantWritten("a.py", "--- a\n+++ b\n@@\n x\n-y\n+z"),
            [("--- a", "red"), ("+++ b", "green"), ("@@", None), (" x", None), ("-y", "red"), ("+z", "green")],
        ),
        (
            replace(denied, item="s3.read()"),
            [
                ("denied: f may not s3:GetObject", "red"), ("  on arn:r", None),
                ("  add to its policy: s3.read()   (w writes it)", None),
            ],
        ),
        (events.CodeServed(1), [("the next invocation runs the new code (1.00 s)", "green")]),
        (events.DebuggerWaits("f", 1), [("f waits for a debugger: attach to 127.0.0.1:1", "yellow")]),
        (events.CallUnknown("f", "Op", "b", refused=True), [("not checked: Op of f was refused: b", "yellow")]),
        (events.Deployed("n", changed=True, seconds=1), [("n: deployed in 1.00 s", "green")]),
        (events.Waiting("w"), [("w ...", None)]),
    ]  # fmt: skip
    with at_a_terminal() as (out, err), pytest.MonkeyPatch.context() as patch:
        if no_color:
            patch.setenv("NO_COLOR", "1")
        screen = dev._Screen()
        for event, _ in lines:
            screen.show(event)
        for name in ("a", "b", "a", "c", "b"):
            screen.show(events.Logged("2026-12-01T10:11:12.345Z", name, "x\x07"))

    def styled(text: str, colour: str | None) -> str:
        return text if no_color or colour is None else click.style(text, fg=colour)

    assert "".join(f"{styled(*row)}\n" for _, rows in lines for row in rows) == err.getvalue()
    names = {"a": "cyan", "b": "yellow", "c": "green"}
    logged = "".join(f"10:11:12.345Z  {styled(name, names[name])}  x\\x07\n" for name in "abacb")
    assert logged == out.getvalue()


EVENT: Final = StackEvent(
    "1", "arn:stack", "own", "2026-01-01T08:30:00.000Z", "Jobs", "q1", "AWS::SQS::Queue", "DELETE_FAILED", "in use"
)
SKIPPED: Final = replace(EVENT, logical_id="Data", physical_id="t1", status="DELETE_SKIPPED", reason="")
INNER: Final = replace(EVENT, logical_id="Inner", stack_id="arn:2")
OUTCOME: Final = Outcome("own", "arn:stack", "DELETE", "DELETE_COMPLETE", ok=True, retained=(SKIPPED,))
BROKEN: Final = replace(OUTCOME, status="DELETE_FAILED", ok=False, left=(EVENT, INNER))
NOT_EMPTY: Final = replace(
    EVENT, type="AWS::S3::Bucket", reason="The bucket you tried to delete is not empty", stack_id="arn:2"
)
FILLED: Final = (FilledBucket("files", 1_200, 34_567), FilledBucket("logs", 1, 2))


@dataclass
class Deleting:
    """What AWS answers a delete, and all that is asked of it."""

    status: str | None = "UPDATE_COMPLETE"
    filled: tuple[FilledBucket, ...] = FILLED
    outcome: Outcome | None = OUTCOME
    agrees: bool = True
    types: str | None = None
    has_bucket: bool = True

    def put(self, patch: pytest.MonkeyPatch, account: Any) -> list[Any]:
        asked: list[Any] = []

        def note(name: str, answer: Any) -> Any:
            def noted(*arguments: Any, **values: Any) -> Any:
                arguments = tuple(one for one in arguments if one is not account)
                arguments = tuple("terminal" if isinstance(one, WordedOperator) else one for one in arguments)
                asked.append((name, arguments, values))
                return answer

            return noted

        def delete(_: Any, name: str, on_event: Any, **values: Any) -> Any:
            on_event(EVENT)
            values.pop("on_wait")(SimpleNamespace(name="own", status="UPDATE_IN_PROGRESS"))
            asked.append(("delete", (name,), values))
            return self.outcome

        def ask(_: Any, text: str, name: str = "") -> bool | None:
            asked.append(("ask", (text, name), {}))
            return self.types == name if self.types is not None else None

        stack = None if self.status is None else SimpleNamespace(status=self.status)
        patch.setattr(options.Scope, "account", lambda _: account)
        patch.setattr(deletes, "deletable", note("deletable", stack))
        patch.setattr(deletes, "filled_buckets", note("filled", self.filled))
        patch.setattr(deletes, "delete", delete)
        patch.setattr(approval, "agree_to_delete", note("agree", self.agrees))
        patch.setattr(deployment_record, "forget", note("forget", None))
        patch.setattr(artefacts, "remove_bucket", note("remove", self.has_bucket))
        patch.setattr(buckets, "exists", note("exists", self.has_bucket))
        patch.setattr("remit.cli.stack_commands.Terminal.ask", ask)
        return asked


NUMBER: Final = "111122223333"
OURS: Final = Bucket(f"remit-artefacts-{NUMBER}-eu-central-1")
FOLLOWED: Final = (
    "08:30:00  DELETE_FAILED       AWS::SQS::Queue  Jobs  in use\nwaiting: own is in UPDATE_IN_PROGRESS ...\n"
)
BUCKETS: Final = (
    "  - bucket files: 1,200 objects and versions, 34,567 bytes\n  - bucket logs: 1 objects and versions, 2 bytes\n"
)
GONE: Final = f"own is deleted from account {NUMBER}, eu-central-1\n"
STAYS: Final = "AWS::SQS::Queue t1 stays, as the deletion policy of Data says\n"
KEPT: Final = f"bucket {OURS.name} stays for other apps (`--bucket` removes it when it is empty)\n"
LEFT: Final = """error: deleting own failed (DELETE_FAILED)
  left: q1 (Jobs, AWS::SQS::Queue): in use
  left: q1 (Inner, AWS::SQS::Queue): in use
hint: repair it, then `remit delete` again; `aws cloudformation delete-stack --stack-name own --region eu-central-1 \
--retain-resources Jobs` leaves it there
"""
ASKED: Final = "This is a production stage. Type own to delete all that is in them"
ROLE: Final = f"arn:aws:iam::{NUMBER}:role/works"
DELETE: Final = {"owner": "shop-dev", "bucket": OURS, "wait": False, "service_role": None, "empties": ()}
AGREE: Final = {"yes": False, "with_data": False}


def steps(owner: str = "shop-dev", agree: Any = AGREE, **values: Any) -> list[Any]:
    """What is asked of an account, up to the delete itself."""
    first = ("deletable", ("own", owner), {})
    agreed = [] if agree is None else [("agree", ("own", "terminal"), agree)]
    filled = [("filled", ("own",), {})] if "empties" in values else []
    return [first, *filled, *agreed, ("delete", ("own",), {**DELETE, "owner": owner, **values})]


PROD: Final = steps("shop-prod", empties=FILLED)


@pytest.mark.parametrize(
    ("words", "aws_", "asked", "expected", "stay"),
    [
        ((), Deleting(), steps(), Ran(0, GONE, FOLLOWED + STAYS + KEPT), ["t1", OURS.name]),
        ((), Deleting(has_bucket=False), steps(), Ran(0, GONE, FOLLOWED + STAYS), ["t1"]),
        (
            ("--stage", "test", "--yes", "--wait", "--service-role", ROLE, "--bucket"), Deleting(),
            steps("shop-test", {"yes": True, "with_data": False}, wait=True, service_role=ROLE),
            Ran(0, GONE, FOLLOWED + STAYS), ["t1"],
        ),
        (
            ("--yes-delete", "all", "--artefact-bucket", "mine"), Deleting(),
            steps(agree={"yes": False, "with_data": True}, bucket=Bucket("mine", own=True)),
            Ran(0, GONE, FOLLOWED + STAYS), ["t1"],
        ),
        (
            ("--stage", "test", "--empty"), Deleting(), steps("shop-test", empties=FILLED),
            Ran(0, GONE, BUCKETS + FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            ("--stage", "prod", "--empty"), Deleting(types="own"),
            [*PROD[:2], ("ask", (ASKED, "own"), {}), *PROD[2:]],
            Ran(0, GONE, BUCKETS + FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            ("--stage", "prod", "--empty"), Deleting(filled=()), steps("shop-prod", empties=()),
            Ran(0, GONE, FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            ("--stage", "prod", "--empty"), Deleting(types="prod"),
            [*PROD[:2], ("ask", (ASKED, "own"), {})],
            Ran(
                1, "",
                f"{BUCKETS}error: nothing was deleted: emptying buckets of own needs its name\n"
                "hint: type it at a terminal: no option answers this\n",
            ),
            None,
        ),
        (
            ("--resume",), Deleting("DELETE_IN_PROGRESS"), steps(agree=None, wait=True),
            Ran(0, GONE, FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            ("--resume",), Deleting(), steps(wait=True), Ran(0, GONE, FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            (), Deleting("DELETE_IN_PROGRESS"), steps(), Ran(0, GONE, FOLLOWED + STAYS + KEPT), ["t1", OURS.name],
        ),
        (
            ("--empty",), Deleting(None, outcome=None), steps(agree=None),
            Ran(0, GONE.replace("deleted from", "not deployed in"), FOLLOWED + KEPT), [OURS.name],
        ),
        ((), Deleting(agrees=False), steps()[:2], Ran(1, "", "nothing was changed\n"), None),
        ((), Deleting(outcome=BROKEN), steps(), Ran(1, "", FOLLOWED + LEFT), None),
        (
            (), Deleting(outcome=replace(BROKEN, left=(NOT_EMPTY,))), steps(),
            Ran(
                1, "",
                f"{FOLLOWED}error: deleting own failed (DELETE_FAILED)\n"
                f"  left: q1 (Jobs, AWS::S3::Bucket): {NOT_EMPTY.reason}\n"
                f"hint: {replace(BROKEN, left=(NOT_EMPTY,)).hint}\n",
            ),
            None,
        ),
        (
            ("--bucket", "--artefact-bucket", "mine"), Deleting(), [],
            Ran(2, "", "error: --bucket removes remit's bucket, never one of your own\nhint: leave --bucket out\n"),
            None,
        ),
        (
            ("--empty", "--resume"), Deleting(), [],
            Ran(
                2, "",
                "error: --resume follows a delete that is agreed to: leave --empty out\n"
                "hint: `remit delete --help` shows how it is used\n",
            ),
            None,
        ),
    ],
)  # fmt: skip
def test_a_stack_is_deleted_as_its_line_says(
    shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], aws_: Deleting, asked: list[Any],
    expected: Ran, stay: list[str] | None,
) -> None:  # fmt: skip
    """The stack has a name of its own; its owner is the project and the stage."""
    account, _ = answering({})
    done = aws_.put(monkeypatch, account)
    assert expected == remit("delete", "-C", str(shop), *words)
    ends = []
    if stay is not None:
        ends = [("forget", (shop, "own"), {})]
        if "--artefact-bucket" not in words:
            ends.append(("remove", (), {}) if "--bucket" in words else ("exists", (OURS.name,), {}))
    assert [*asked, *ends] == done
    if stay is not None:
        ran = remit("delete", "-C", str(shop), *words, "--json")
        place = {"account": NUMBER, "region": "eu-central-1", "local": False}
        document = {"namespace": "own", **place, "deleted": aws_.outcome is not None, "left": stay}
        assert (0, document) == (ran.status, json.loads(ran.out))


POLICY: Final = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}


@pytest.mark.parametrize(
    ("words", "variable", "asked"),
    [
        ((), None, (None, None, None)),
        (("--region", "eu-west-1", "--profile", "p", "--account", NUMBER), "1", ("eu-west-1", "p", NUMBER)),
        ((), NUMBER, (None, None, NUMBER)),
    ],
)
@pytest.mark.parametrize("options_", [options.stage_option, click.option("--stage", "stages", multiple=True), None])
@pytest.mark.parametrize("setting", ["region", "account", "profile", ""])
def test_an_account_is_asked_for_as_the_line_and_the_configuration_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], variable: str | None, asked: Any,
    options_: Any, setting: str,
) -> None:  # fmt: skip
    """The configuration counts for commands about a project alone, and runs only where it names a place."""
    calls: list[Any] = []
    account, _ = answering({})

    def connect(place: Any, folder: Path, **values: Any) -> Any:
        calls.append((place.region, place.account, folder, *values.values()))
        return account

    region = {"region": "eu-west-3", "profile": "eu-west-3"}.get(setting)
    number = NUMBER if setting == "account" else None
    # a mention of a profile is enough for the configuration to be read
    body = {"region": 'config.aws.region = "eu-west-3"', "account": f'config.aws.account = "{NUMBER}"'}
    body["profile"] = 'name = "region"\nsetattr(config.aws, name, "eu-west-3")  # as config.aws.profile'
    write(tmp_path, {"app.py": HELLO, "config/deploy.py": configuration(body.get(setting, ""))})
    monkeypatch.setattr(session, "connect_as_configured", connect)
    monkeypatch.delenv("REMIT_ACCOUNT", raising=False)
    if variable is not None:
        monkeypatch.setenv("REMIT_ACCOUNT", variable)

    @click.command()
    @options.account_options
    @options.in_scope
    def command(scope: options.Scope, **_: Any) -> None:
        assert account is scope._replace(folder=tmp_path).account()

    (command if options_ is None else options_(command)).main(list(words), standalone_mode=False)
    if options_ is None:
        region = number = None
    assert [(region, number, tmp_path, *asked)] == calls


@pytest.mark.parametrize(
    ("local", "only_reads", "named"),
    [
        (True, True, None),
        (True, False, None),
        (True, False, "lim.it.json"),
        (True, False, "-"),
        (False, False, "lim.it.json"),
    ],
)
def test_the_aws_on_this_machine_is_asked_as_its_owner_or_with_a_policys_access(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, *, local: bool, only_reads: bool
) -> None:
    calls: list[Any] = []
    here = SimpleNamespace(region="eu-west-2", url="http://x", account="000000000000")
    owner, _ = answering({})

    def start(folder: Path, *, region: str | None, progress: Any) -> Any:
        progress("starting")
        calls.append((folder, region))
        return here

    def limited(_: Any, name: str, layers: Any) -> Any:
        calls.append((name, len(layers.identity)))
        return {"aws_access_key_id": "k"}

    monkeypatch.setattr(aws, "start", start)
    monkeypatch.setattr(clients, "account_of", lambda _: owner)
    monkeypatch.setattr(plain_client, "plain_account_of", lambda _: "plain")
    monkeypatch.setattr(clients, "limited_credentials", limited)
    monkeypatch.setattr(session, "connect", lambda **values: calls.append(values) or owner)
    write(tmp_path, {"lim.it.json": json.dumps(POLICY)})
    accounts: list[Any] = []

    @click.command("asks")
    @options.app_options
    @options.local_option
    @options.acting_as_option
    @options.account_options
    @options.in_scope
    def command(scope: options.Scope) -> None:
        accounts.append(scope.account(only_reads=only_reads))

    monkeypatch.setattr("remit.cli.command_group.root", command)
    words = ["-C", str(tmp_path), "--region", "eu-west-1", *(["--local"] if local else [])]
    words += [] if named is None else ["--as", named if named == "-" else str(tmp_path / named)]
    ran = remit(*words, stdin=json.dumps(POLICY).encode())
    if not local:
        error = "error: --as is for the AWS on this machine: add --local\nhint: `remit --help` shows how it is used\n"
        assert (Ran(2, "", error), []) == (ran, calls)
        return
    assert Ran(0, "", "starting\n") == ran
    began = (tmp_path, "eu-west-1")
    if named is None:
        assert ([began], ["plain" if only_reads else owner]) == (calls, accounts)
    else:
        credentials = {"region": "eu-west-2", "endpoint": "http://x", "credentials": {"aws_access_key_id": "k"}}
        assert [began, ("deployer" if named == "-" else "lim.it", 1), credentials] == calls
        assert [replace(owner, owner=owner)] == accounts


@pytest.mark.parametrize("strict", [True, False])
def test_unknown_calls_are_refused_where_that_is_wanted_alone(*, strict: bool) -> None:
    with options.strictness(strict=strict):
        assert strict == (server_commands.REFUSES_UNKNOWN in server_commands.OWN_HEADERS)
    assert server_commands.REFUSES_UNKNOWN not in server_commands.OWN_HEADERS


@pytest.mark.parametrize(("seed", "runs"), [(None, True), ("7", False), ("7", True)])
def test_delays_are_simulated_with_a_seed_where_an_aws_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: str | None, *, runs: bool
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(aws, "find", lambda folder: calls.append(folder) or ("aws" if runs else None))
    monkeypatch.setattr(server_commands, "simulate_delays", lambda *asked: calls.append(asked) or "before")
    with options.delays(tmp_path, seed):
        calls.append("works")
    found = [] if seed is None else [tmp_path]
    slow = [("aws", "7"), "works", ("aws", "before")] if seed and runs else ["works"]
    assert [*found, *slow] == calls


def test_what_an_aws_cannot_keep_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "save", lambda _: None)
    options.require_kept(tmp_path)
    monkeypatch.setattr(aws, "save", lambda _: "no room")
    with pytest.raises(options.RemitError) as error:
        options.require_kept(tmp_path)
    message = "it is deployed, but the AWS on this machine cannot keep it: no room"
    hint = "it is lost when that stops, unless there is room before"
    assert (message, hint, 1) == (error.value.message, error.value.hint, error.value.exit_code)


def test_chosen_pythons_are_known_by_whole_paths(tmp_path: Path) -> None:
    write(tmp_path, {"a/python": "", "b": ""})

    @click.command()
    @options.python_option
    def command() -> None: ...

    with inside(tmp_path, {}):
        command.main([], standalone_mode=False)
        assert "REMIT_PYTHON" not in os.environ
        command.main(["--python", "a/python", "--python", "b"], standalone_mode=False)
        assert f"{tmp_path}/a/python{os.pathsep}{tmp_path}/b" == os.environ["REMIT_PYTHON"]


PLAN_GOES_WITH: Final = "--markdown and --write go with --plan"
NOT_HERE: Final = "is for the AWS on this machine: add --local"
REFUSED_LINES: Final = (
    ((), None),
    (("--accept-drift", "--revert-drift"), "choose one of --accept-drift and --revert-drift"),
    (("--simulate-delays",), f"--simulate-delays {NOT_HERE}"),
    (("--strict",), f"--strict {NOT_HERE}"),
    (("--local", "--strict", "--simulate-delays", "3"), None),
    (("--plan", "--json", "--markdown"), "choose one of --json and --markdown"),
    (("--json",), None),
    (("--markdown",), PLAN_GOES_WITH),
    (("--json", "--write", "a.json"), PLAN_GOES_WITH),
    (("--plan", "--write", "a.json"), "--write is for the answer of --json or --markdown: add one"),
    (("--plan", "--json", "--write", "a.json"), None),
    (("--plan", "--markdown", "--write", "config/a.md"), None),
    (("--plan", "--markdown", "--write", "config"), "--write config: name a file in a folder that is there"),
    (("--plan", "--markdown", "--write", "no/a.md"), "--write no/a.md: name a file in a folder that is there"),
    (("--yes", "--resume", "--revert-drift", "--skip", "A"), None),
    (("--plan", "--yes"), "--plan changes nothing: leave out --yes, or --plan"),
    (
        ("--plan", "--yes", "--resume", "--revert-drift", "--skip", "A"),
        "--plan changes nothing: leave out --yes and --resume and --revert-drift and --skip, or --plan",
    ),
)


@pytest.mark.parametrize(("words", "refusal"), REFUSED_LINES)
def test_options_of_a_deploy_that_do_not_go_together_are_refused(
    shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], refusal: str | None
) -> None:
    """Nothing is built or asked then."""

    def account(_: options.Scope) -> Any:
        raise options.RemitError("it is asked")

    def built(*_: Any, **__: Any) -> Any:
        raise options.RemitError("it is built")

    monkeypatch.setattr(options.Scope, "account", account)
    monkeypatch.setattr(builds, "build", built)
    with inside(shop, {}):
        ran = remit("deploy", *words)
    if refusal is None:
        end = "it is built" if "--local" in words else "it is asked"
        error = f"error: {end}\n"
    else:
        error = f"error: {refusal}\nhint: `remit deploy --help` shows how it is used\n"
    if "--json" in words:
        told = "".join(json.loads(ran.out)[0][part] for part in ("message",))
        assert (2, "", refusal or "it is asked") == (ran.status, ran.err, told)
    else:
        assert Ran(2, "", error) == ran


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(
    ("words", "accept", "bucket"),
    [((), None, None), (("--accept", "it must", "--artefact-bucket", "mine"), "it must", "mine")],
)
def test_an_app_is_built_for_where_it_is_deployed(
    shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], accept: Any, bucket: Any, *, local: bool
) -> None:
    """On AWS its account is known before the build, as guardrails have it; the one on this machine starts after it."""
    account, _ = answering({}, local=local)
    done: list[Any] = []

    def build(folder: Path, stage: str | None, **values: Any) -> Any:
        values.pop("progress")("packing")
        lacking = values.pop("lacking")
        done.append((folder, stage, values))
        lacking("app")
        raise options.RemitError("it ends here", exit_code=7)

    def lacking(app: Any, folder: Path, account_of: Any) -> None:
        done.append((app, folder, account_of()))

    monkeypatch.setattr(options.Scope, "account", lambda _: done.append("account") or account)
    monkeypatch.setattr(builds, "build", build)
    monkeypatch.setattr(workflow, "lacking", lacking)
    ran = remit("deploy", "-C", str(shop), "--stage", "test", *words, *(["--local"] if local else []))
    place = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-central-1", "${AWS::AccountId}": NUMBER}
    asked = {"accept": accept, "for_this_machine": local, "place": None if local else place, "bucket": bucket}
    steps_ = [(shop, "test", asked), ("app", shop, account)]
    assert (["account", *steps_] if not local else [steps_[0], "account", steps_[1]]) == done
    assert Ran(7, "", "packing\nerror: it ends here\n") == ran


@pytest.mark.parametrize(
    ("words", "number", "bucket", "stage"),
    [((), None, Bucket(OURS.name), None), (("12", "--artefact-bucket", "mine"), 12, Bucket("mine", own=True), "test")],
)
@pytest.mark.parametrize("only_plans", [True, False])
@pytest.mark.parametrize("local", [True, False])
def test_a_release_is_deployed_again_as_its_line_says(
    shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], number: Any, bucket: Bucket, stage: Any,
    *, only_plans: bool, local: bool,
) -> None:  # fmt: skip
    done: list[Any] = []
    account, _ = answering({})
    release = Release("own", 3, at="2026-01-01T00:00:00Z", commit="0123456789")

    def back(_: Any, bucket: Bucket, name: str, number: int | None) -> Release:
        done.append((bucket, name, number))
        return release

    def carry_out(deploys: Any, _: Any, __: Any, wished: Any) -> int:
        job = deploys(drift="ask")
        done.append((job.built, job.account is account, job.release is release, job.drift, wished["only_plans"]))
        return 5

    monkeypatch.setattr(options.Scope, "account", lambda _: account)
    monkeypatch.setattr(Release, "built_again", lambda _, *place: place)
    monkeypatch.setattr(releases, "release_to_go_back_to", back)
    monkeypatch.setattr(workflow, "deploy", lambda job: job)
    monkeypatch.setattr(rollback, "carry_out", carry_out)
    monkeypatch.setattr(aws, "save", done.append)
    line = [*words, *(["--stage", stage] if stage else []), *(["--plan"] if only_plans else [])]
    ran = remit("rollback", "-C", str(shop), *line, *(["--local"] if local else []))
    built = (shop, "shop", stage or "dev")
    saved = [shop] if local and not only_plans else []
    assert [(bucket, "own", number), (built, True, True, "ask", only_plans), *saved] == done
    ahead = "the working tree is ahead of what runs now: the next `remit deploy` deploys it again\n"
    told = f"back to release {release_line(release)}; data stays as it is\n"
    assert Ran(5, "", told + ("" if only_plans else ahead)) == ran
    assert 2 == remit("rollback", "0").status


@pytest.mark.parametrize(("interrupted", "code"), [(True, 130), (False, 0)])
@pytest.mark.parametrize("local", [True, False])
def test_lines_of_logs_are_followed_until_somebody_stops_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, interrupted: bool, local: bool
) -> None:
    """A log of the plain name comes first; where there is none, the stack tells the names."""
    account, _ = answering({})
    done: list[Any] = []
    group = SimpleNamespace(exists=True, functions={"g": "report", "h": "long-name"})
    missing = SimpleNamespace(exists=False, functions={})

    def readers(_: Any, names: Any, since: int, text: str) -> Any:
        done.append(("readers", names, since, text))
        return [missing]

    def deployed(_: Any, namespace: str, since: int, text: str, name: str | None) -> Any:
        done.append(("deployed", namespace, since, text, name))
        return [missing, group]

    def lines(logs: Any) -> Any:
        done.append(logs)
        return [LogLine(0, "report", "s", "first")] if group in logs else []

    def follow(logs: Any) -> Iterator[Any]:
        done.append(logs)
        yield [LogLine(1, "long-name", "s", "second")]
        if interrupted:
            raise KeyboardInterrupt

    monkeypatch.setattr(options.Scope, "account", lambda _, *, only_reads=False: done.append(only_reads) or account)
    for name, function in {
        "readers": readers, "deployed_readers": deployed, "new_lines": lines, "follow": follow,
    }.items():  # fmt: skip
        monkeypatch.setattr(deployed_logs, name, function)
    words = ["--since", "1970-01-01T00:00:01", "--filter", "x", "--follow", *(["--local"] if local else [])]
    ran = remit("logs", "-C", str(shop), "report", *words)
    first = "1970-01-01T00:00:00.000Z  report     first\n"
    assert Ran(code, f"{first}1970-01-01T00:00:00.001Z  long-name  second\n", "") == ran
    asked = [True, ("readers", {"report": "own-report"}, 1000, "x"), [missing]]
    assert [*asked, ("deployed", "own", 1000, "x", "report"), [missing, group], [missing, group]] == done


def test_standard_input_is_read_whole_and_a_day_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other files that are no plain ones are read up to a limit."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    assert (b"12345", "standard input") == options.content(Path("-"), 3)
    reader, writer = os.pipe()
    os.write(writer, b"12345")
    os.close(writer)
    assert (b"123", f"/dev/fd/{reader}") == options.content(Path(f"/dev/fd/{reader}"), 3)
    os.close(reader)
    with inside(Path("/"), {"REMIT_TODAY": ""}):
        assert options.today() > date(2026, 1, 1)


@pytest.mark.parametrize(
    ("name", "names", "jobs", "hint"),
    [
        ("reprot", ["report", "count"], {}, "did you mean `report`?"),
        ("zzz", ["report", "count"], {}, "there are report, count"),
        ("zzz", [], {}, "there are none"),
        ("send", ["sent"], {"send": "worker"}, "`send` is a job: `worker` runs it"),
    ],
)
def test_a_function_that_is_not_there_is_told_with_what_is(name: str, names: list[str], jobs: Any, hint: str) -> None:
    app: Any = SimpleNamespace(functions=[SimpleNamespace(name=each) for each in names], jobs=jobs)
    error = options.no_function(app, name)
    assert (f"there is no function `{name}` in this app", hint, 2) == (error.message, error.hint, error.exit_code)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ("--artefact-bucket", "Mine"),
            "error: 'Mine' is not a valid name for a bucket: {}\nhint: --artefact-bucket takes its name alone\n",
        ),
        (("--artefact-bucket", "s3://mine"), "error: 's3://mine' is not a valid name for a bucket: {}\n"),
    ],
)
def test_a_bucket_that_cannot_be_is_refused(shop: Path, words: tuple[str, ...], error: str) -> None:
    ran = remit("delete", "-C", str(shop), *words)
    assert (2, "") == (ran.status, ran.out)
    start, _, _ = error.partition("{}")
    assert ran.err.startswith(start)
    assert ran.err.endswith("hint: --artefact-bucket takes its name alone\n")
