"""`remit jobs`: the queues of an app's jobs, and the jobs that failed for good."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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

    A command with `--all` gets no id for it.
    """

    @functools.wraps(wrapped)
    def on_queues(
        *,
        folder: Path,
        stage: str | None,
        region: str | None,
        profile: str | None,
        local: bool,
        queue: str | None,
        **others: Any,
    ) -> None:
        from remit.deploy.failed_jobs import chosen_queues, deployed_queues
        from remit.project.load import load

        if "every" in others and bool(others["ids"]) is others.pop("every"):
            raise RemitError("say which jobs: by their ids, or --all", hint="`remit jobs list` shows the ids")
        app = load(folder, stage)
        account = options.account(folder, local=local, region=region, profile=profile)
        wrapped(account=account, queues=chosen_queues(deployed_queues(account, app), queue), **others)

    command_options = (options.json_option, options.account_options, options.local_option, options.stage_option)
    for option in (*command_options, options.project_option, queue_option):
        on_queues = option(on_queues)
    return on_queues


@command.command("list")
@_on_queues
def list_jobs(account: Account, queues: tuple[DeployedQueue, ...], *, as_json: bool) -> None:
    """List the queues with their jobs, and the jobs that failed for good with their reasons.

    \b
    Examples:
      remit jobs list --local
      remit jobs list --queue mail --json
    """
    from remit.deploy.failed_jobs import failed_jobs, queue_states
    from remit.report.failed_jobs import failed_job_document, job_lines, queue_document
    from remit.report.terminal_text import page

    states, jobs = queue_states(account, queues), failed_jobs(account, queues)
    if as_json:
        failed = [failed_job_document(job) for job in jobs]
        options.print_json({"queues": [queue_document(state) for state in states], "failed": failed})
    else:
        click.echo(page(tuple(job_lines(states, jobs))), nl=False)


@command.command
@click.argument("job")
@_on_queues
def show(job: str, account: Account, queues: tuple[DeployedQueue, ...], *, as_json: bool) -> None:
    """Show one job that failed for good: its arguments, reason and attempts. JOB is an id, or how it begins.

    \b
    Examples:
      remit jobs show 3f2a --local
      remit jobs show 3f2a --json | jq .arguments
    """
    from remit.deploy.failed_jobs import chosen_jobs, failed_jobs
    from remit.report.failed_jobs import failed_job_document, failed_job_lines
    from remit.report.terminal_text import page

    (shown_job,) = chosen_jobs(failed_jobs(account, queues), [job])
    if as_json:
        options.print_json(failed_job_document(shown_job))
    else:
        click.echo(page(tuple(failed_job_lines(shown_job))), nl=False)


@command.command
@click.argument("ids", metavar="[JOB]...", nargs=-1)
@all_option
@_on_queues
def retry(
    ids: tuple[str, ...],
    account: Account,
    queues: tuple[DeployedQueue, ...],
    *,
    as_json: bool,
) -> None:
    """Send jobs that failed for good to their queue again, with all of their attempts.

    \b
    Examples:
      remit jobs retry 3f2a 91bc --local
      remit jobs retry --all --queue mail
    """
    from remit.deploy.failed_jobs import chosen_jobs, failed_jobs
    from remit.deploy.failed_jobs import retry as send_again

    jobs = chosen_jobs(failed_jobs(account, queues), ids)
    for job in jobs:
        send_again(account, job)
    _tell("sent again", jobs, as_json=as_json)


@command.command
@click.argument("ids", metavar="[JOB]...", nargs=-1)
@all_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@_on_queues
def purge(
    ids: tuple[str, ...],
    account: Account,
    queues: tuple[DeployedQueue, ...],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete jobs that failed for good. Nothing brings them back.

    \b
    Examples:
      remit jobs purge 3f2a --local
      remit jobs purge --all --queue mail --yes
    """
    from remit.cli.stack_commands import Terminal
    from remit.deploy.failed_jobs import chosen_jobs, delete, failed_jobs

    jobs = chosen_jobs(failed_jobs(account, queues), ids)
    if jobs and not Terminal().agrees(f"Delete {_counted(jobs)} for good?", yes=yes):
        raise RemitError("nothing was deleted", exit_code=1)
    for job in jobs:
        delete(account, job)
    _tell("deleted", jobs, as_json=as_json)


def _tell(done: str, jobs: tuple[FailedJob, ...], *, as_json: bool) -> None:
    if as_json:
        options.print_json({done.replace(" ", "_"): [job.id for job in jobs]})
    else:
        click.echo(f"{_counted(jobs)} {done}")


def _counted(jobs: tuple[FailedJob, ...]) -> str:
    return "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
