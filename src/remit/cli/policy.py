"""`remit policy`: what a function may do, as a policy document or with the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import options
from remit.errors import RemitError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from remit.app import App, Role


@click.group("policy", short_help="Print what a function may do.")
def command() -> None:
    """Print policies as remit makes them. Needs no AWS and no credentials.

    \b
    Examples:
      remit policy function report
      remit policy function report --explain
    """


@command.command("function")
@click.argument("name")
@options.project_option
@options.stage_option
@click.option("--explain", is_flag=True, help="Print each statement with its reason and line.")
@options.json_option
def function_policy(name: str, folder: Path, stage: str | None, *, explain: bool, as_json: bool) -> None:
    """Print the policy of the role of function NAME, as a JSON document.

    What is known only at deploy time stands as CloudFormation's functions (Ref, Fn::GetAtt, Fn::Sub).

    \b
    Examples:
      remit policy function report
      remit policy function report --explain
      remit policy function report --explain --json
    """
    from remit.build.synth import intrinsics
    from remit.grants.assign import assign
    from remit.iam.policy import Policy, render
    from remit.project.load import load

    app = load(folder, stage)
    role = role_of(app, assign(app), name)
    if not explain:
        options.print_json(intrinsics(render(Policy(tuple(grant.statement for grant in role.grants)))))
        return
    _explain(role, as_json=as_json)


def _explain(role: Role, *, as_json: bool) -> None:
    from remit.build.built import role_document
    from remit.report.roles import roles_text

    if as_json:
        document: dict[str, Any] = role_document(role)
        options.print_json(document)
    else:
        click.echo(roles_text([role]), nl=False)


def role_of(app: App, roles: tuple[Role, ...], name: str) -> Role:
    """The role of a function. RemitError with a did-you-mean when there is no such function."""
    for role in roles:
        if name in role.functions:
            return role
    known = [function.name for function in app.functions]
    if name in known:
        raise RemitError(f"function `{name}` brings a role of its own (`Role` in its properties)")
    hint = did_you_mean(name, known) or f"there are {', '.join(known) or 'none'}"
    raise RemitError(f"there is no function `{name}` in this app", hint=hint)
