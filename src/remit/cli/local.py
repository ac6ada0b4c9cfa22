"""`remit local`: the AWS on this machine, as a command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.local.state_files import LocalAws


@click.group
def command() -> None:
    """Start, stop, reset or inspect the AWS on this machine.

    Each project has its own. It listens on loopback only, and answers only requests that are signed with its own keys,
    which are new at each start. Its state is kept in .remit/local. It never sees your credentials. `remit deploy
    --local` starts it.

    \b
    Examples:
      remit local start
      remit local status --json
      remit local reset
      remit local stop
      remit local install
    """


@command.command
@options.project_option
@options.json_option
@click.option("--region", default=None, help="The region to show (default: AWS_REGION, or us-east-1).")
@options.delays_option
@options.strict_option
@options.python_option
def start(folder: Path, *, region: str | None, seed: str | None, strict: bool) -> None:
    """Start the AWS on this machine, or find the running one, and print its address and keys.

    \b
    Examples:
      remit local start
      eval "$(remit local start | grep ^export)" && aws s3 ls
      remit local start --json
      remit local start --python ~/pythons/3.14/bin/python3
      remit local start --simulate-delays 7
      remit local start --strict
    """
    from remit.local import aws
    from remit.local.control.clients import environment
    from remit.secrets.masked_output import unmasked

    keys_are_shown = unmasked(sys.stdout)  # a shell or a program reads the keys, which are of this machine alone
    running = aws.start(folder, region=region, progress=lambda step: click.echo(f"{step} ...", err=True))
    if seed:
        from remit.local.control.server_commands import simulate_delays

        simulate_delays(running, seed)
    if strict:
        from remit.local.control.server_commands import refuse_unknown

        refuse_unknown(running, refuse=True)
    if options.wants_json():
        options.print_json(_running_document(running), keys_are_shown)
        return
    click.echo(_sentence(running))
    click.echo("\nTo point AWS tools at it:")
    for name, value in environment(running).items():
        click.echo(f"export {name}={value}", file=keys_are_shown)


@command.command
@options.project_option
@options.json_option
def install(folder: Path) -> None:
    """Install the AWS on this machine now, for CI and images. Once it is installed, it needs no network.

    It is installed once for all projects, into your cache (XDG_CACHE_HOME, or ~/.cache, on macOS ~/Library/Caches),
    from a list that is locked by hashes. The first command with --local does the same. uv installs it, from the index
    that uv is set up to use.

    \b
    Examples:
      remit local install
      XDG_CACHE_HOME=/opt/cache remit local install
      remit local install --json
    """
    from remit.local.environment import install as installed

    environment = installed(folder, lambda step: click.echo(f"{step} ...", err=True))
    folder = environment.folder
    options.print_answer({"folder": str(folder)}, [f"the AWS on this machine is installed in {folder}"])


@command.command
@options.project_option
@options.json_option
def stop(folder: Path) -> None:
    """Stop the AWS on this machine. Its state is kept for the next start.

    The exit code is 1 if some of its state could not be saved.

    \b
    Examples:
      remit local stop
      remit local stop -C ../orders
    """
    from remit.local import aws

    stopped = aws.stop(folder)
    unsaved = aws.status(folder).unsaved if stopped else None
    if options.wants_json():
        options.print_json({"stopped": stopped, "unsaved": unsaved})
    if unsaved is not None:
        raise RemitError(
            f"it is stopped, and not all of its state is kept: {unsaved}",
            hint=f"what the last save could not write is lost; the rest is in {str(aws.status(folder).state)!r}",
            exit_code=1,
        )
    if not options.wants_json():
        click.echo("stopped; its state is kept" if stopped else "it was not running")


@command.command
@options.project_option
@options.json_option
def reset(folder: Path) -> None:
    """Delete every stack, function, object and message in it. If it is running, it keeps running.

    \b
    Examples:
      remit local reset
      remit local reset --json
    """
    from remit.local import aws

    running = aws.reset(folder)
    sentence = "reset: it holds nothing now" + ("" if running else ", and is not running")
    options.print_answer({"reset": True, "running": running is not None}, [sentence])


@command.command
@options.project_option
@options.json_option
def status(folder: Path) -> None:
    """Show whether it is running, at which address, and where its files are.

    \b
    Examples:
      remit local status
      remit local status --json
    """
    from remit.local import aws
    from remit.local.functions.worker_launch import possible_wall
    from remit.secrets.masked_output import unmasked

    state = aws.status(folder)
    if options.wants_json():
        running = {"running": False} if state.aws is None else _running_document(state.aws)
        files = {"state": str(state.state), "log": str(state.log)}
        document = {**running, **files, "kept": state.kept, "unsaved": state.unsaved, "wall": possible_wall()}
        options.print_json(document, unmasked(sys.stdout))
        return
    click.echo("not running (`remit local start` starts it)" if state.aws is None else _sentence(state.aws))
    remark = "" if state.kept else " (none)"
    if state.unsaved is not None:
        remark = f" (not all of it is kept: {state.unsaved})"
    click.echo(f"state: {state.state}{remark}")
    click.echo(f"log: {state.log}")
    if possible_wall() in _WEAK_WALLS:
        click.echo(f"functions: {_WEAK_WALLS[possible_wall()]}")


_WEAK_WALLS: Final = {
    "landlock": "cannot read these files, but see the processes of others: this system lets no user make namespaces",
    "": "can read the keys of this AWS, and of each other: this system has neither user namespaces nor Landlock",
}


def _sentence(aws: LocalAws) -> str:
    return f"the AWS on this machine answers at {aws.url} (region {aws.region}, account {aws.account})"


def _running_document(aws: LocalAws) -> dict[str, Any]:
    from remit.local.control.clients import environment

    properties = {name: getattr(aws, name) for name in ("url", "port", "pid", "region", "account")}
    return {"running": True, **properties, "environment": environment(aws)}
