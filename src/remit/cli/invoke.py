"""`remit invoke`: run a deployed function with an event and print its answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from remit.cli import options
from remit.errors import RemitError


@click.command("invoke", short_help="Run a deployed function with an event.")
@click.argument("name")
@click.option("--event", default="{}", show_default=True, help="The event: JSON, @FILE, or - for standard input.")
@options.project_option
@options.stage_option
@options.local_option
@options.account_options
@options.json_option
def command(
    name: str,
    event: str,
    folder: Path,
    stage: str | None,
    region: str | None,
    profile: str | None,
    *,
    local: bool,
    as_json: bool,
) -> None:
    """Run the deployed function NAME with an event, and print its answer.

    Its log is printed on standard error. The exit code is 1 if the function failed. Needs credentials, or --local.

    \b
    Examples:
      remit invoke --local report
      remit invoke ingest --event '{"Records": []}'
      remit invoke ingest --event @tests/order.json
    """
    from remit.deploy.invoke import invoke
    from remit.project.load import load
    from remit.report.terminal_text import shown

    payload = _event(event)
    app = load(folder, stage)
    function = next((function for function in app.functions if function.name == name), None)
    if function is None:
        raise options.no_function(app, name)
    alias = "" if function.publication is None else f":{function.publication.alias}"
    account = options.account(folder, local=local, region=region, profile=profile)
    answer = invoke(account, f"{app.namespace}-{name}{alias}", payload)
    if as_json:
        options.print_json({"answer": answer.value, "failed": answer.failed, "log": answer.log})
    else:
        if answer.log:
            click.echo(shown(answer.log), nl=not answer.log.endswith("\n"), err=True)
        options.print_json(answer.value)
    if answer.failed:
        click.get_current_context().exit(1)


def _event(argument: str) -> Any:
    source, text = "--event", argument
    if argument == "-":
        source, text = "standard input", sys.stdin.read()
    elif argument.startswith("@"):
        source = argument[1:]
        text = Path(source).read_text("utf-8")
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # Python reads NaN and half characters, too
    except (ValueError, RecursionError) as error:
        raise RemitError(f"the event in {source} is not JSON: {error}", hint='write it like {"key": "value"}') from None
    return value
