"""`remit jobs`: the queues of an app's jobs, and the jobs that failed for good."""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import TYPE_CHECKING, Any, Self

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remit.cli.stack_commands import Terminal
    from remit.deploy.failed_jobs import DeployedQueue, FailedJob
    from remit.deploy.session import Account

queue_option = click.option("--queue", default=None, metavar="NAME", help="Only the jobs of this queue.")
all_option = click.option("--all", "every", is_flag=True, help="All of them, in the place of ids.")


@click.group(short_help="List jobs that failed for good, run them again, delete them.")
def command() -> None:
    """Look at an app's job queues; send jobs that failed for good again, or delete them.

    \b
    Examples:
      remit jobs list --local
      remit jobs show 3f2a
      remit jobs retry --all --queue mail
      remit jobs purge 3f2a
    """


def _on_queues(wrapped: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which queues are meant, and pass the account and these queues in their place.

    A command with `--all` gets the ids of jobs, and none where all are meant. RemitError (2): such a command says
    neither ids nor `--all`, or both.
    """

    @functools.wraps(wrapped)
    def on_queues(scope: options.Scope, queue: str | None, **others: Any) -> None:
        """Load the app, choose its deployed queues, and run the command with them.

        RemitError (2): the ids and `--all`, or neither; no such queue, or none at all.
        """
        from remit.deploy.failed_jobs import chosen_queues, deployed_queues
        from remit.loading.load import load

        every = others.pop("every", None)
        if every is not None and every == bool(others["ids"]):
            raise RemitError("say which jobs: by their ids, or --all", hint="`remit jobs list` shows the ids")
        app, account = load(scope.folder, scope.stage), scope.account()
        wrapped(account=account, queues=chosen_queues(deployed_queues(account, app), queue), **others)

    return queue_option(options.stack_options(options.json_option(options.in_scope(on_queues))))


@command.command("list")
@_on_queues
def list_jobs(account: Account, queues: tuple[DeployedQueue, ...]) -> None:
    """List the queues with their jobs, and the jobs that failed for good with their reasons.

    \b
    Examples:
      remit jobs list --local
      remit jobs list --queue mail --json
    """
    from remit.deploy.failed_jobs import held_jobs, queue_states
    from remit.report.failed_jobs import failed_job_document, job_lines, queue_document
    from remit.report.terminal_text import page

    states = queue_states(account, queues)
    # Held only while they are read, so that a list takes no job from anybody.
    with held_jobs(account, queues) as jobs:
        pass
    if options.wants_json():
        failed = [failed_job_document(job) for job in jobs]
        options.print_json({"queues": [queue_document(state) for state in states], "failed": failed})
    else:
        click.echo(page(tuple(job_lines(states, jobs))), nl=False)


@command.command
@click.argument("job")
@_on_queues
def show(job: str, account: Account, queues: tuple[DeployedQueue, ...]) -> None:
    """Show one job that failed for good: its arguments, reason and attempts.

    JOB is an id, or how one begins: four characters or more.

    \b
    Examples:
      remit jobs show 3f2a --local
      remit jobs show 3f2a --json | jq .arguments
    """
    from remit.deploy.failed_jobs import chosen_jobs, held_jobs
    from remit.report.failed_jobs import failed_job_document, failed_job_lines
    from remit.report.terminal_text import page

    with held_jobs(account, queues) as jobs:
        (shown_job,) = chosen_jobs(jobs, [job])
    if options.wants_json():
        options.print_json(failed_job_document(shown_job))
    else:
        click.echo(page(tuple(failed_job_lines(shown_job))), nl=False)


@command.command
@click.argument("ids", metavar="[JOB]...", nargs=-1)
@all_option
@_on_queues
def retry(ids: tuple[str, ...], account: Account, queues: tuple[DeployedQueue, ...]) -> None:
    """Send jobs that failed for good to their queue again, with all of their attempts.

    JOB is an id, or how one begins: four characters or more. After Ctrl-C, the same command with --all goes on with
    the rest.

    \b
    Examples:
      remit jobs retry 3f2a 91bc --local
      remit jobs retry --all --queue mail
    """
    from remit.deploy.failed_jobs import chosen_jobs, held_jobs
    from remit.deploy.failed_jobs import retry as send_again

    if not ids:
        _do_with_all(send_again, "sent again", account, queues)
        return
    with held_jobs(account, queues) as jobs, _Progress("sent again") as progress:
        progress.follow(send_again(account, chosen_jobs(jobs, ids)))


@command.command
@click.argument("ids", metavar="[JOB]...", nargs=-1)
@all_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@_on_queues
def purge(ids: tuple[str, ...], account: Account, queues: tuple[DeployedQueue, ...], *, yes: bool) -> None:
    """Delete jobs that failed for good. Nothing brings them back. With --all, those that fail meanwhile go, too.

    JOB is an id, or how one begins: four characters or more.

    \b
    Examples:
      remit jobs purge 3f2a --local
      remit jobs purge --all --queue mail --yes
    """
    from remit.cli.stack_commands import Terminal
    from remit.deploy.failed_jobs import chosen_jobs, delete, held_jobs, queue_states

    if not ids:
        failed = sum(state.failed for state in queue_states(account, queues))
        _agree(Terminal(), failed, yes=yes)
        _do_with_all(delete, "deleted", account, queues)
        return
    with held_jobs(account, queues) as jobs, _Progress("deleted") as progress:
        chosen = chosen_jobs(jobs, ids)
        _agree(Terminal(), len(chosen), yes=yes)
        progress.follow(delete(account, chosen))


def _agree(terminal: Terminal, number: int, *, yes: bool) -> None:
    """Ask whether so many jobs are to be deleted, if there are any. RemitError (1): nobody agrees."""
    if number and not terminal.agrees(f"Delete {_counted(number)} for good?", yes=yes):
        raise RemitError("nothing was deleted", exit_code=1)


def _do_with_all(
    work: Callable[[Account, Sequence[FailedJob]], Iterator[FailedJob]],
    done: str,
    account: Account,
    queues: tuple[DeployedQueue, ...],
) -> None:
    """Do something with every job that failed for good, ten at a time, and print what is done.

    Whoever is interrupted goes on with the rest by the same command.
    """
    from remit.deploy.failed_jobs import each_page

    pages = each_page(account, queues)
    with contextlib.closing(pages), _Progress(done) as progress:
        for page in pages:
            progress.follow(work(account, page))


class _Progress:
    """Counts jobs in one line of a terminal, and prints in the end which are done, however it ends."""

    def __init__(self, done: str) -> None:
        self._done = done
        self._ids: list[str] = []
        self._shows = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def follow(self, jobs: Iterable[FailedJob]) -> None:
        """Count jobs as they are done."""
        for job in jobs:
            self._ids.append(job.id)
            # Ten messages are what one call of SQS takes.
            if self._shows and len(self._ids) % 10 == 0:
                click.echo(f"\r\x1b[K{_counted(len(self._ids))} {self._done}", nl=False, err=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Print how many jobs were done, or their ids in JSON; also after an error, if any were. The error goes on."""
        if self._shows:
            click.echo("\r\x1b[K", nl=False, err=True)
        if kind is not None and not self._ids:
            return
        if options.wants_json():
            options.print_json({self._done.replace(" ", "_"): self._ids})
        else:
            click.echo(f"{_counted(len(self._ids))} {self._done}")


def _counted(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"
