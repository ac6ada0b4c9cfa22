"""`remit minimise`: the same access in fewer characters, proven."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli.options import print_json
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.iam.policy import Policy

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("minimise", short_help="Write a policy in fewer characters, with proof that it means the same.")
@click.argument("file", type=_FILE)
@click.option(
    "--limit",
    type=click.IntRange(min=100),
    help="Characters of one policy at most (6144 for a managed policy); more becomes a list of policies.",
)
@click.option("--json", is_flag=True, expose_value=False, help="Print JSON, as it does anyway.")
def command(file: Path, limit: int | None) -> None:
    """Print the policy of FILE (or - for standard input) with the same allow set and deny set, smaller if possible.

    Statements are merged and what others make redundant is left out. Characters are counted as IAM counts them,
    without white space; before and after are told on standard error.

    \b
    Examples:
      remit minimise role.json > smaller.json
      remit minimise role.json --limit 6144
    """
    from remit.iam.minimise import length, minimise, split

    policy, late = _read(file)
    smaller = minimise(policy)
    parts = split(smaller, limit) if limit is not None and length(smaller) > limit else (smaller,)
    documents = [_document(part, late=late) for part in parts]
    print_json(documents[0] if len(documents) == 1 else documents)
    told = f"{length(policy)} characters before, {length(smaller)} after"
    click.echo(told if len(parts) == 1 else f"{told}, in {len(parts)} policies", err=True)


def _read(path: Path) -> tuple[Policy, bool]:
    """The one policy of a file, and whether it holds intrinsic functions of CloudFormation."""
    from remit.iam.reading import read_side

    name = "standard input" if str(path) == "-" else str(path)
    text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    read = read_side(text, name)
    if not read.single:
        raise RemitError(
            f"{name} holds several policies", hint='`remit minimise` takes one document: {"Statement": […]}'
        )
    return read.layers.identity[0], b'"Fn::' in text or b'"Ref"' in text


def _document(policy: Policy, *, late: bool) -> Any:
    from remit.iam.policy import render

    if not late:
        return render(policy)
    from remit.build.synth import intrinsics

    return intrinsics(render(policy))
