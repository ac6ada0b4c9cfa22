"""Programs and people are told of each part of what a command gives: whatever changes in it, another thing is told."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from nouns import Maker, Told, check_told
from projects import remit
from remit.cli import deploy, dev, invoke, options, stack_commands
from remit.cli.command_group import CommandFiles, mistake_of
from remit.deploy.deployment import Deployment
from remit.deploy.events import STACK_TYPE, StackEvent
from remit.deploy.invoke import Answer
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.operators import ManualChangesQuestion
from remit.deploy.session import Account
from remit.dev import events
from remit.errors import RemitError
from remit.local.authorization.access_log import AccessRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HERE: Final = Account("111122223333", "eu-west-1", "aws", None)


@dataclass(frozen=True)
class Invoked:
    """An answer, and the access that the function used."""

    answer: Answer
    access: tuple[AccessRecord, ...]


@dataclass(frozen=True)
class Failed(Invoked):
    """The same of a function that failed."""


def printed(command: Callable[[], Any]) -> tuple[str, str]:
    """What a command writes to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        command()
    return out.getvalue(), err.getvalue()


def as_document(one: Invoked) -> Any:
    failed = isinstance(one, Failed)
    answer = replace(one.answer, failed=failed)
    document = json.loads(printed(lambda: invoke._print(answer, one.access, as_json=True))[0])
    assert document["failed"] is failed
    return document


EXAMPLES: Final[dict[Any, Callable[[int], Any]]] = {
    "Logged.time": lambda number: f"2026-01-31T12:{number // 60 % 60:02}:{number % 60:02}",
    "AccessRecord.decision": lambda number: ("denied", "unknown")[number % 2] if number < 900 else "allowed",
    "Deployment.plan": lambda _: None,
    "Deployment.access": lambda _: None,
    "Deployment.manual_changes": lambda _: None,
    "Deployment.unanswered": lambda number: (ManualChangesQuestion(ManualChanges()),) * (number % 3),
}
NOT_USED: Final = ("because", "caller", "operation", "request_id", "refused", "time", "function")
"""Of an access, what it was asked for and the decision are told."""
NOT_DEPLOYED: Final = (
    "cause.at", "cause.id", "cause.physical_id", "cause.status", "cause.token", "description", "kind", "ok",
    "outcome.left[].at", "outcome.left[].id", "outcome.left[].token", "outcome.namespace", "outcome.outputs",
    "outputs reversed", "retained", "seconds", "stack_id",
)  # fmt: skip
EVENTS: Final = [
    kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.DevEvent)
][1:]
NOT_SHOWN: Final[dict[Any, tuple[str, ...]]] = {events.CallDenied: ("because",), events.GrantWritten: ("file",)}
TOLD: Final = {
    "an invocation, for programs": Told(
        Invoked, as_document, (*NOT_USED, "failed", "file", "line"), {("Answer.value", "answer")}
    ),
    "one that failed, for programs": Told(
        Failed, as_document, (*NOT_USED, "failed", "file", "line"), {("Answer.value", "error")}
    ),
    "an invocation": Told(
        Invoked,
        lambda one: printed(lambda: invoke._print(one.answer, one.access, as_json=False)),
        (*NOT_USED, "statement", "failed", "duration_ms", "memory_mb"),
    ),
    "a deploy, for programs": Told(Deployment, lambda one: deploy._document(HERE, one), NOT_DEPLOYED),
    **{f"{kind.__name__}, for programs": Told(kind, lambda one: one.document()) for kind in EVENTS},
    **{
        kind.__name__: Told(kind, lambda one: printed(lambda: dev._Screen().show(one)), NOT_SHOWN.get(kind, ()))
        for kind in EVENTS
    },
}


@pytest.mark.parametrize("name", TOLD)
def test_whatever_changes_another_thing_is_told(name: str) -> None:
    check_told(TOLD[name], EXAMPLES)


FAILED: Final = ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
GOES_BACK: Final = (
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
)
DONE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE")
BEGUN: Final = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_SKIPPED")


@pytest.mark.parametrize(
    ("colour", "statuses"), [("red", FAILED), ("red", GOES_BACK), ("green", DONE), ("", BEGUN)], ids=str
)
def test_an_event_has_the_colour_of_how_it_goes(
    colour: str, statuses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: "Stack status codes" (CloudFormation User Guide)."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    event = Maker({}).noun(StackEvent)
    of_stack = replace(event, type=STACK_TYPE, physical_id=event.stack_id)
    for status in statuses:
        with redirect_stderr(io.StringIO()) as screen, stack_commands._screen("orders-dev") as show:
            show(replace(of_stack, status=status))
        codes = {"red": "\x1b[31m", "green": "\x1b[32m"}
        assert [name for name, code in codes.items() if code in screen.getvalue()] == ([colour] if colour else [])


@pytest.mark.parametrize(("file", "place"), [("", ""), ("app.py", "  (app.py:7)")])
def test_a_denied_call_is_told_with_its_place_where_that_is_known(file: str, place: str) -> None:
    line = 7 if file else 0
    access = AccessRecord(
        time="", caller="", function="", operation="", action="sqs:ListQueues", resource="*", decision="denied",
        because="", statement="", file=file, line=line, refused=True,
    )  # fmt: skip
    answer = Answer(None, failed=False, log="")
    err = printed(lambda: invoke._print(answer, (access,), as_json=False))[1]
    assert f"denied: sqs:ListQueues on *{place}\n" == err


@pytest.mark.parametrize(
    ("error", "message", "exit_code"),
    [
        (RemitError("no app", exit_code=69), "no app", 69),
        (FileNotFoundError(2, "No such file or directory", "a.py"), "cannot use 'a.py': No such file or directory", 2),
        (BrokenPipeError(32, "Broken pipe"), "cannot use: Broken pipe", 2),
        (OSError("cannot read the terminal"), "cannot use: cannot read the terminal", 2),
        (click.UsageError("No such option."), "no such option", 2),
        (click.ClickException("It ended."), "it ended", 1),
    ],
)
def test_a_mistake_is_told_in_the_words_of_remit_whoever_found_it(
    error: Exception, message: str, exit_code: int
) -> None:
    told = mistake_of(error)
    assert (message, exit_code, None) == (told.message, told.exit_code, told.hint)


@click.command()
@options.json_option
@click.option("--breaks", is_flag=True)
def busy(*, breaks: bool) -> None:
    """A command that ends with what is no mistake of a command line."""
    raise BrokenPipeError if breaks else RemitError("somebody else deploys", exit_code=75)


class Busy(CommandFiles):
    """The commands, each of which is busy."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002 - click's signature
        return busy


def test_a_program_is_told_of_a_mistake_as_of_an_answer_with_the_same_exit_code() -> None:
    codes: list[Any] = []
    out, _ = printed(lambda: codes.append(Busy("remit").main(["status", "--json"], standalone_mode=False)))
    assert codes == [75]
    assert "somebody else deploys" in json.loads(out)[0]["message"]
    for arguments, error in ((["status"], RemitError), (["status", "--json", "--breaks"], BrokenPipeError)):
        with pytest.raises(error):
            Busy("remit").main(arguments, standalone_mode=False)


def test_an_answer_in_a_file_has_no_secret_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_TOKEN", "tok-3f9a1c5e7b2d4f6a8c0e")
    options.write_answer(tmp_path / "plan.md", "deployed with tok-3f9a1c5e7b2d4f6a8c0e\n")
    text = (tmp_path / "plan.md").read_text()
    assert ("tok-3f9a" in text, text.startswith("deployed with ")) == (False, True)
    with pytest.raises(RemitError, match="cannot write") as told:
        options.write_answer(tmp_path / "plan.md" / "more.md", "")
    assert told.value.hint is None


def test_a_plain_file_is_read_whole_and_a_bucket_without_a_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[1, 2]")
    assert options.file_bytes(tmp_path / "a.json", 2) == b"[1, 2]"
    ran = remit("deploy", "--artefact-bucket", "")
    assert (ran.status, ran.err.partition(":")[2].strip().startswith("'' is not a valid name for a bucket")) == (
        2,
        True,
    )
