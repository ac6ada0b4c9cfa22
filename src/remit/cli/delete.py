"""`remit delete`: take a stack and its artefacts away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import options, watch
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.events import Event
    from remit.deploy.execute import Outcome
    from remit.deploy.session import Account


@click.command("delete", short_help="Take away what is deployed.")
@options.project_option
@options.stage_option
@options.local_option
@options.account_options
@options.yes_option
@click.option("--wait", is_flag=True, help="Wait while somebody else deploys, instead of exit code 75.")
@click.option("--resume", is_flag=True, help="Follow a delete that runs already.")
@click.option(
    "--bucket",
    is_flag=True,
    help="Remove the account's artefact bucket, too, if no other app uses it. It takes s3:DeleteBucket, which the "
    "deployer's policy does not hold, as the bucket is not the app's alone.",
)
@options.json_option
def command(
    folder: Path,
    stage: str | None,
    region: str | None,
    profile: str | None,
    *,
    local: bool,
    yes: bool,
    wait: bool,
    resume: bool,
    bucket: bool,
    as_json: bool,
) -> None:
    """Delete the stack with everything in it, and the zips that were uploaded for it. Asks first.

    What has a deletion policy of Retain stays, and is named; the artefact bucket stays for other apps, unless --bucket
    says otherwise. Needs credentials, or --local.

    \b
    Examples:
      remit delete --local
      remit delete --stage test --yes
    """
    name = watch.namespace(folder, stage)
    account = options.account(folder, local=local, region=region, profile=profile)
    with watch.stoppable():
        outcome, kept = _delete(account, name, yes=yes, wait=wait, resume=resume)
    if outcome is not None and not outcome.ok:
        from remit.report.events import failure_text

        hint = outcome.cause.hint if outcome.cause is not None else None
        raise RemitError(failure_text(outcome), hint=hint or "repair it, then delete again", exit_code=1)
    from remit.deploy.remember import forget

    forget(account, folder, name)
    _tell(account, name, deleted=outcome is not None, kept=kept, bucket=bucket, as_json=as_json)


def _delete(account: Account, name: str, *, yes: bool, wait: bool, resume: bool) -> tuple[Outcome | None, list[Event]]:
    """How it ended, and what CloudFormation left in the account because its deletion policy says so."""
    from remit.deploy.delete import deletable, delete
    from remit.report.stacks import place

    stack = deletable(account, name)
    if stack is not None and not (resume and stack.status == "DELETE_IN_PROGRESS"):
        question = f"Delete {name} and everything in it from {place(account)}?"
        watch.ask(question if yes else f"{_loss(account, name)}{question}", yes=yes)
    kept: list[Event] = []
    with watch.events(name) as on_event:

        def show(event: Event) -> None:
            if event.status == "DELETE_SKIPPED":
                kept.append(event)
            on_event(event)

        return delete(account, name, show, wait=wait or resume, on_wait=watch.say_waiting), kept


def _loss(account: Account, name: str) -> str:
    """The data that goes with the stack, in a sentence and a blank; empty when none does."""
    from remit.deploy.delete import data_at_risk
    from remit.report.plan import deletion_words

    words = deletion_words(data_at_risk(account, name))
    return f"{words} " if words else ""


def _tell(account: Account, name: str, *, deleted: bool, kept: list[Event], bucket: bool, as_json: bool) -> None:
    from remit.deploy.bucket import bucket_name
    from remit.report.stacks import place, place_document

    left, stay = _left(account, bucket=bucket), [event.physical_id for event in kept]
    if as_json:
        options.print_json({"namespace": name, **place_document(account), "deleted": deleted, "left": [*stay, *left]})
        return
    where = place(account)
    click.echo(f"{name} is deleted from {where}" if deleted else f"{name} is not deployed in {where}")
    for event in kept:
        watch.say(f"{event.type} {event.physical_id} stays, as the deletion policy of {event.logical_id} says")
    if left:
        watch.say(f"bucket {bucket_name(account)} stays for other apps (`--bucket` removes it when it is empty)")


def _left(account: Account, *, bucket: bool) -> list[str]:
    """What of remit's own stays in the account: at most the artefact bucket."""
    from remit.deploy.artefacts import remove_bucket
    from remit.deploy.bucket import bucket_name, exists
    from remit.deploy.faults import told

    name = bucket_name(account)
    if bucket:
        return [] if remove_bucket(account) else [name]
    with told():
        return [name] if exists(account, name) else []
