"""`remit logs`: the log lines of an app's functions, on AWS or on this machine."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from remit.cli import options
from remit.errors import RemitError
from remit.report.documents import members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.deploy.log_lines import LogLine
    from remit.deploy.session import Account

# 128 and the number of SIGINT, as shells have it.
_INTERRUPTED: Final = 130
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(\d{1,6})([smhd])")


@click.command("logs", short_help="Print the log of one function, or of all.")
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with the lines that come, until Ctrl-C.")
@click.option(
    "--since", default="10m", show_default=True, help="How far back: 90s, 10m, 2h, 7d, or a time in ISO 8601."
)
@click.option("--filter", "text", default="", metavar="TEXT", help="Only lines with this text in them.")
@options.stack_options
@options.json_option
@options.in_scope
def command(scope: options.Scope, name: str | None, since: str, text: str, *, follow: bool) -> None:
    """Print what the deployed function NAME logged, or all functions of the app, by time.

    With --json, each line is an object {time, function, stream, message}. Needs credentials, or --local.

    \b
    Examples:
      remit logs --local
      remit logs report --since 2h --filter ERROR
      remit logs --follow --stage prod
      remit logs report --json | jq -r .message
    """
    from remit.deploy.logs import deployed_readers, new_lines, readers
    from remit.deploy.logs import follow as followed

    since_ms = _since(since)
    namespace, account = scope.namespace(), scope.account(only_reads=True)
    logs = [] if name is None else readers(account, {name: f"{namespace}-{name}"}, since_ms, text)
    lines = new_lines(logs)
    if not any(log.exists for log in logs):  # it may have a name of its own, or share a group, which its stack tells
        logs = deployed_readers(account, namespace, since_ms, text, name)
        lines = new_lines(logs)
    if not any(log.exists for log in logs):
        raise _no_log(scope, account, namespace, name)
    functions = [function for log in logs for function in log.functions.values()]
    _print(lines, functions)
    if not follow:
        return
    try:
        for more in followed(logs):
            _print(more, functions)
    except KeyboardInterrupt:
        click.get_current_context().exit(_INTERRUPTED)


def _print(lines: Sequence[LogLine], functions: Sequence[str]) -> None:
    """Print lines, in colour by function on a screen, or one JSON object each; none of them stays in a buffer."""
    from remit.report.terminal_text import shown

    widest = max(len(function) for function in functions)
    is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in lines:
        if options.wants_json():
            click.echo(json.dumps(members(line, "time", "function", "stream", "message")))
            continue
        name = f"{line.function:<{widest}}"
        if is_coloured:
            name = click.style(name, fg=options.COLOURS[functions.index(line.function) % len(options.COLOURS)])
        click.echo(f"{line.time}  {name}  {shown(line.message)}")
    sys.stdout.flush()


def _since(text: str) -> int:
    """A moment in milliseconds since 1970: so long ago, or a time in ISO 8601 (UTC unless it says otherwise).

    RemitError (2): it is neither.
    """
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        return int((time.time() - int(duration[1]) * _SECONDS[duration[2]]) * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RemitError(
            f"--since {text!r} is no time", hint="write 90s, 10m, 2h, 7d, or a time such as 2026-11-27T08:30"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _no_log(scope: options.Scope, account: Account, namespace: str, name: str | None) -> RemitError:
    """The error that there is no log, since nothing is deployed. RemitError: the app has no such function."""
    if name is None:
        flag = " --local" if account.local else ""
        return RemitError(
            f"{namespace} is not deployed in {account.region}, or has no functions",
            hint=f"`remit deploy{flag}` deploys it; `remit status{flag}` shows what is there",
        )
    scope.declared(name)
    from remit.deploy.invoke import not_deployed

    return not_deployed(f"{namespace}-{name}", account.region, local=account.local)
