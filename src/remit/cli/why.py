"""`remit why`: from a pasted AccessDenied to its cause and the line to change."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.answers.denial import Denial
    from remit.answers.denied_request import LoadedApp


@click.command("why", short_help="Explain why access was denied, and what to change.")
@click.argument("text", nargs=-1)
@click.option(
    "--template",
    type=options.FILE,
    help="Ask the roles and users of this CloudFormation or SAM template, or Terraform plan, not the app's.",
)
@options.app_options
@options.json_option
def command(text: tuple[str, ...], template: Path | None, folder: Path, stage: str | None) -> None:
    """Explain why access was denied: who asked for what, which layer denied it, and how to fix it.

    TEXT (or standard input) is what was printed: an exception, a log, a failed stack event, a CloudTrail event, or a
    decoded authorization message. The answer comes from the roles of the app in this folder, or of the --template. The
    stage is read from the role's name.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit why 'User: arn:aws:sts::… is not authorized to perform: dynamodb:PutItem on resource: …'
      aws logs tail /aws/lambda/orders-dev-report | remit why
      aws cloudformation describe-stack-events --stack-name orders-dev | remit why
      remit why --template template.yaml 'User: arn:aws:sts::… is not authorized to perform: …'
      aws sts decode-authorization-message --encoded-message … | remit why --json
    """
    from remit.answers.denial import parse
    from remit.answers.why import why
    from remit.report.why import cause_document, cause_lines

    if text and text != ("-",):
        message = " ".join(text)
    elif sys.stdin is None or sys.stdin.isatty():
        raise RemitError("`remit why` takes a message", hint="remit why 'User: … is not authorized to perform: …'")
    else:
        message = sys.stdin.buffer.read().decode("utf-8", "replace")
    denial = parse(message)
    if denial is None:
        raise RemitError(
            "this text reports no denied access",
            hint="paste the whole message, with AccessDenied, UnauthorizedOperation or `is not authorized to perform`",
        )
    if template is not None:
        from remit.answers.template_denial import why_of
        from remit.documents.read import read

        cause = why_of(denial, read(*options.content(template)))
    else:
        cause = why(denial, _here(folder, stage, denial))
    options.print_answer(cause_document(cause), cause_lines(cause))


def _here(folder: Path, stage: str | None, denial: Denial) -> LoadedApp | None:
    """The app in this folder, with its roles, at the stage that is named, else that of whoever was denied.

    None: there is no project in the folder, or the app cannot be loaded, which standard error says.
    """
    from remit.answers.denied_request import LoadedApp, stage_of
    from remit.loading.load import load
    from remit.project.stack_name import project_name
    from remit.roles.assign import assign

    if not any((folder / name).exists() for name in ("config/deploy.py", "app.py", "pyproject.toml")):
        return None
    try:
        app = load(folder, stage or stage_of(denial, project_name(folder)))
        return LoadedApp(app, assign(app), folder)
    except RemitError as error:
        at = f" ({error.origin})" if error.origin is not None else ""
        click.echo(f"the app in this folder is left out, since it cannot be read: {error.message}{at}", err=True)
        return None
