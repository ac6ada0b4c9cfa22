"""`remit delete`: take a stack and its artefacts away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.cli.stack_commands import Terminal
    from remit.deploy.bucket import Bucket
    from remit.deploy.delete import FilledBucket
    from remit.deploy.execute import Outcome
    from remit.deploy.session import Account


@click.command("delete", short_help="Delete what is deployed.")
@options.app_options
@options.local_option
@options.acting_as_option
@options.account_options
@options.yes_option
@click.option(
    "--yes-delete",
    type=click.Choice(("all",)),
    help="Answer yes, and agree that the tables, buckets, queues … go with all that is in them. --yes does not.",
)
@options.artefact_bucket_option
@options.service_role_option
@click.option("--wait", is_flag=True, help="Wait if somebody else is deploying, instead of exiting with 75.")
@click.option("--resume", is_flag=True, help="Follow a delete that is running.")
@click.option("--empty", is_flag=True, help="Delete all that is in the app's buckets first, with every version.")
@click.option(
    "--bucket",
    is_flag=True,
    help="Delete the account's artefact bucket, too, if no other app uses it. This needs s3:DeleteBucket, which the "
    "deployer's policy does not grant, because other apps use the bucket.",
)
@options.json_option
@options.in_scope
def command(
    scope: options.Scope,
    artefact_bucket: str | None,
    service_role: str | None,
    yes_delete: str | None,
    *,
    yes: bool,
    wait: bool,
    resume: bool,
    bucket: bool,
    empty: bool,
) -> None:
    """Delete the stack with everything in it, and the zips that were uploaded for it. Asks first.

    Without a terminal it needs --yes, and --yes-delete all where the stack holds data.

    Resources with a deletion policy of Retain are kept and listed. The artefact bucket is kept for other apps, unless
    --bucket is given. A bucket of your own is always kept.

    CloudFormation deletes no bucket that holds anything. --empty lists what is in those that go with the stack, and
    deletes it once everything is agreed to. In a production stage you type the stack's name for that, at a terminal.

    Needs credentials, or --local.

    \b
    Examples:
      remit delete --local
      remit delete --stage test --yes
      remit delete --stage test --yes-delete all
      remit delete --stage test --empty
    """
    from remit.cli import stack_commands
    from remit.deploy import bucket as buckets
    from remit.deploy.approval import agree_to_delete
    from remit.deploy.delete import deletable, delete
    from remit.project.stack_name import stack_name

    if bucket and artefact_bucket is not None:
        raise RemitError("--bucket removes remit's bucket, never one of your own", hint="leave --bucket out")
    options.refuse({"--resume follows a delete that is agreed to: leave --empty out": empty and resume})
    name, owner = scope.namespace(), stack_name(scope.folder.resolve(), scope.stage)
    account = scope.account()
    bucket_of_zips = buckets.artefact_bucket(account, artefact_bucket)
    with stack_commands.stoppable():
        terminal = stack_commands.Terminal()
        stack = deletable(account, name, owner)
        filled = _to_empty(scope, account, name, terminal) if empty and stack is not None else ()
        is_followed = resume and stack is not None and stack.status == "DELETE_IN_PROGRESS"
        needs_agreement = stack is not None and not is_followed
        with_data = yes_delete is not None
        if needs_agreement and not agree_to_delete(account, name, terminal, yes=yes, with_data=with_data):
            raise click.Abort
        with terminal.events(name) as on_event:
            outcome = delete(
                account,
                name,
                on_event,
                owner=owner,
                bucket=bucket_of_zips,
                wait=wait or resume,
                on_wait=terminal.waiting,
                service_role=service_role,
                empties=filled,
            )
    if outcome is not None and not outcome.ok:
        from remit.deploy.execute import failure

        ids = " ".join(event.logical_id for event in outcome.left if event.stack_id == outcome.stack_id)
        hint = outcome.hint or "repair it, then `remit delete` again"
        if ids:
            command_line = f"aws cloudformation delete-stack --stack-name {name} --region {account.region}"
            hint += f"; `{command_line} --retain-resources {ids}` leaves it there"
        raise failure(outcome, hint)
    from remit.deploy.deployment_record import forget

    forget(account, scope.folder, name)
    _tell(account, name, outcome, bucket_of_zips, remove=bucket)


def _to_empty(scope: options.Scope, account: Account, name: str, terminal: Terminal) -> tuple[FilledBucket, ...]:
    """The buckets of the stack that hold anything, which the terminal shows.

    In a production stage the person at the terminal is asked to type the stack's name for them. RemitError (1): nobody
    does.
    """
    from remit.deploy.delete import filled_buckets
    from remit.loading.load import configuration
    from remit.project.stack_name import checked_stage

    filled = filled_buckets(account, name)
    for bucket in filled:
        terminal.note(f"  - bucket {bucket.name}: {bucket.versions:,} objects and versions, {bucket.bytes:,} bytes")
    if filled and checked_stage(scope.stage) in configuration(scope.folder, scope.stage).stages.production:
        question = f"This is a production stage. Type {name} to delete all that is in them"
        if not terminal.ask(question, name):
            hint = "type it at a terminal: no option answers this"
            raise RemitError(f"nothing was deleted: emptying buckets of {name} needs its name", hint=hint, exit_code=1)
    return filled


def _tell(account: Account, name: str, outcome: Outcome | None, bucket: Bucket, *, remove: bool) -> None:
    """Print what is deleted and what stays: retained resources, and of remit's own at most the artefact bucket.

    With `remove` that bucket is deleted first, if no app has anything in it. RemitError: AWS refuses.
    """
    from remit.deploy.artefacts import remove_bucket
    from remit.deploy.aws_errors import remit_errors
    from remit.deploy.bucket import exists
    from remit.deploy.execute import stays_line
    from remit.report.stacks import place, place_document

    remaining = []
    if not bucket.own:
        with remit_errors():
            is_gone = remove_bucket(account) if remove else not exists(account, bucket.name)
        if not is_gone:
            remaining.append(bucket.name)
    retained = () if outcome is None else outcome.retained
    if options.wants_json():
        stay = [*(event.physical_id for event in retained), *remaining]
        options.print_json({"namespace": name, **place_document(account), "deleted": outcome is not None, "left": stay})
        return
    click.echo(f"{name} is {'not deployed in' if outcome is None else 'deleted from'} {place(account)}")
    for event in retained:
        click.echo(stays_line(event), err=True)
    for bucket_name in remaining:
        click.echo(f"bucket {bucket_name} stays for other apps (`--bucket` removes it when it is empty)", err=True)
