"""`remit status`: what is deployed now."""

from __future__ import annotations

import click

from remit.cli import options


@click.command("status", short_help="Show what is deployed.")
@options.stack_options
@options.json_option
@options.in_scope
def command(scope: options.Scope) -> None:
    """Show the stack: its status, outputs, functions and roles, and what was changed by hand.

    The exit code is 1 if it is not deployed. Needs credentials, or --local.

    \b
    Examples:
      remit status --local
      remit status --stage prod --json | jq .outputs
    """
    from remit.deploy.deployment_record import last_record
    from remit.deploy.manual_changes import changes_of
    from remit.deploy.status import status
    from remit.report.manual_changes import by_hand_document, by_hand_lines
    from remit.report.stacks import place, place_document, status_document, status_lines

    name, account = scope.namespace(), scope.account(only_reads=True)
    if scope.local:
        from remit.local import aws

        unsaved = aws.status(scope.folder).unsaved
        if unsaved is not None:  # such as on a full disk
            options.note(f"the AWS on this machine cannot keep its state: {unsaved}")
    deployed = status(account, name)
    if deployed is None:
        document = {"namespace": name, "deployed": False, **place_document(account)}
        options.print_answer(document, [f"{name} is not deployed in {place(account)}"])
        click.get_current_context().exit(1)
    changes = changes_of(account, deployed, last_record(account, scope.folder, name), options.note)
    document = {**status_document(deployed, account), "changed_by_hand": by_hand_document(changes)}
    options.print_answer(document, (*status_lines(deployed, account), *by_hand_lines(changes)))
