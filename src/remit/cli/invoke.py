"""`remit invoke`: run a deployed function with an event and print its answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.invoke import Answer
    from remit.local.authorization.access_log import AccessRecord
    from remit.local.control.invoke import LocalInvocation


@click.command("invoke", short_help="Run a deployed function with an event.")
@click.argument("name")
@click.option(
    "--event", metavar="JSON|FILE|-", help="The event: JSON, a file (or @FILE), or - for standard input (default: {})."
)
@click.option("--example", metavar="TRIGGER", help="Send the sample event of a trigger, with the deployed names.")
@click.option(
    "--http", "request", metavar="REQUEST", help="Send a request to its route or URL; --event is the body then."
)
@options.app_options
@options.local_option
@options.strict_option
@options.account_options
@options.json_option
@options.in_scope
def command(
    scope: options.Scope, name: str, event: str | None, example: str | None, request: str | None, *, strict: bool
) -> None:
    """Run the deployed function NAME with an event, and print its answer.

    What it logged is printed on standard error, and with --local the calls that its role denies. A screen also shows
    the calls that were allowed, how long it ran, and the memory that it used. With --json, all of that is one object,
    whose `access` is null on AWS. The exit code is 1 if the function failed. Needs credentials, or --local.

    \b
    Examples:
      remit invoke --local report
      remit invoke ingest --event '{"Records": []}'
      remit invoke ingest --event tests/order.json
      remit invoke --local --strict thumbnail --example s3
      remit invoke --local orders --http 'GET /orders?status=open'
    """
    if example is not None and (request is not None or event is not None):
        raise click.UsageError("--example is an event of its own: leave out --event and --http")
    if strict and not scope.local:
        raise click.UsageError("--strict is for the AWS on this machine: add --local")
    payload = _payload(scope, name, event, request, example)
    access: tuple[AccessRecord, ...] | None = None
    if scope.local:
        invocation = _invoke_locally(scope, name, payload, strict=strict)
        answer, access = invocation.answer, invocation.accesses
    else:
        from remit.deploy.invoke import invoke

        full_name = _qualified_name(scope, name)
        answer = invoke(scope.account(), full_name, payload)
    _print(answer, access, as_json=options.wants_json())
    if answer.failed:
        click.get_current_context().exit(1)


def _payload(scope: options.Scope, name: str, event: str | None, request: str | None, example: str | None) -> Any:
    """The event to send; `{}` where none is given.

    A sample has the names that are deployed; those of `remit event` where nothing is. RemitError: no such function,
    sample, or route; no JSON; or AWS does not answer.
    """
    if example is not None:
        from remit.deploy.status import status
        from remit.triggers.sample_events import event_for, sample_event, with_deployed_names

        sample = sample_event(example)
        app, function = scope.declared(name)
        event_for(sample, app, function)  # nothing is started, and nobody asked, for a trigger that it has not
        stack = status(scope.account(), app.namespace)
        return event_for(sample, app if stack is None else with_deployed_names(app, stack.physical_ids), function)
    if request is not None:
        from remit.triggers.http_events import http_event, request_line

        line = request_line(request)
        return http_event(*scope.declared(name), line, None if event is None else _source_and_text(event)[1])
    return {} if event is None else _parsed(*_source_and_text(event))


def _invoke_locally(scope: options.Scope, name: str, payload: Any, *, strict: bool) -> LocalInvocation:
    """Invoke on the AWS on this machine, started if need be. RemitError: no such function, or none deployed.

    The app's code runs only where that AWS did not, or the function has an alias or a name of its own, or is not there.
    """
    from remit.local.aws import find
    from remit.local.control.invoke import has_aliases, invoke_and_watch

    namespace = scope.namespace()
    if find(scope.folder, region=scope.region) is None:
        scope.declared(name)  # nothing is started for a name that is wrong
    aws = scope.local_aws()
    full_name = f"{namespace}-{name}"
    if has_aliases(aws, full_name):
        full_name = _qualified_name(scope, name)
    with options.strictness(strict=strict):
        invocation = invoke_and_watch(aws, full_name, payload)
        if invocation is None:  # unless it keeps a name of its own, or the app has no such function
            full_name = _qualified_name(scope, name)
            invocation = invoke_and_watch(aws, full_name, payload)
    if invocation is None:
        from remit.deploy.invoke import not_deployed

        raise not_deployed(full_name, aws.region, local=True)
    return invocation


def _qualified_name(scope: options.Scope, name: str) -> str:
    """The name of a function in the account, with its alias if it has one: `NAME:ALIAS`.

    RemitError (2): the app has no such function, or cannot be loaded.
    """
    app, function = scope.declared(name)
    return f"{app.deployed_name(function)}{'' if function.publication is None else f':{function.publication.alias}'}"


def _print(answer: Answer, access: tuple[AccessRecord, ...] | None, *, as_json: bool) -> None:
    """Print the answer on standard output, and on standard error what was logged and denied.

    On a screen, allowed calls and the time are there, too. `access` is None on AWS.
    """
    from remit.report.terminal_text import shown

    if as_json:
        from remit.report.documents import members

        access_document = None
        if access is not None:
            access_document = [members(record, "action", "resource", "decision", "statement") for record in access]
        options.print_json(
            {
                "answer": None if answer.failed else answer.value,
                "failed": answer.failed,
                "log": answer.log,
                "error": answer.value if answer.failed else None,
                **members(answer, "duration_ms", "memory_mb"),
                "access": access_document,
            }
        )
        return
    on_screen = sys.stderr.isatty()
    if answer.printed:
        click.echo(shown(answer.printed), nl=not answer.printed.endswith("\n"), err=True)
    if answer.duration_ms is not None and on_screen:
        click.echo(f"{answer.duration_ms:g} ms, {answer.memory_mb} MB", err=True)
    lines: dict[str, None] = {}
    for record in access or ():
        if on_screen or record.decision != "allowed":
            place = f"  ({record.file}:{record.line})" if record.file else ""
            lines[f"{record.decision}: {record.action} on {record.resource}{place}"] = None
    for line in lines:
        click.echo(shown(line), err=True)
    options.print_json(answer.value)


def _source_and_text(argument: str) -> tuple[str, str]:
    """The source of an event, for messages, and its text: `-` reads standard input, `@FILE` a file; all else is text.

    But one that does not look like JSON is read as a file where there is one of that name.

    RemitError (2): that is not UTF-8.
    """
    if argument == "-":
        return "standard input", sys.stdin.read()
    if argument.startswith("@"):
        return _name_and_text(argument[1:])
    if not argument.lstrip().startswith(("{", "[", '"')) and _is_file(argument):
        return _name_and_text(argument)
    return "--event", argument


def _is_file(argument: str) -> bool:
    """Return whether there is a file of that name; False, too, for a text that cannot be a name."""
    try:
        return Path(argument).is_file()
    except (OSError, ValueError):  # a text that is too long for a name
        return False


def _name_and_text(name: str) -> tuple[str, str]:
    """The name of a file and its text. RemitError (2): it is not UTF-8."""
    try:
        return name, Path(name).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise RemitError(f"{name} is not UTF-8: byte {error.start}") from None


def _parsed(source: str, text: str) -> Any:
    """The event that a text holds as JSON. RemitError (2), naming `source`: it is none, or no request can hold it."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # Python reads NaN and half characters, too
    except (ValueError, RecursionError) as error:
        is_name = source == "--event" and text.isprintable() and not set(text) & set('{}[]" ')
        hint = 'write it like {"key": "value"}' + (f"; there is no file {text!r}" if is_name else "")
        raise RemitError(f"the event in {source} is not JSON: {error}", hint=hint) from None
    return value
