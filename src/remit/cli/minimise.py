"""`remit minimise`: the same access in fewer characters, proven, and how much room IAM's quotas leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from remit.cli.options import INPUT, content, expect_json, print_json
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.iam.policy import Policy
    from remit.roles.policy_size import Sizes

_KINDS: Final = {
    "managed": ("iam.managed", "a managed policy"),
    "role": ("iam.role.inline", "all inline policies of a role"),
    "user": ("iam.user.inline", "all inline policies of a user"),
    "group": ("iam.group.inline", "all inline policies of a group"),
    "session": ("iam.session", "a session policy"),
}
"""What a policy may be for: the quota that it then has, and of what that is."""
_STACK: Final = "n" * 128  # a stack's name at its longest


@click.command("minimise", short_help="Write a policy in fewer characters, with the same access.")
@click.argument("file", type=INPUT)
@click.option(
    "--for",
    "kind",
    type=click.Choice(tuple(_KINDS)),
    help="What the policy is for. The exit code says whether it fits.",
)
@click.option("--split", "parted", is_flag=True, help="Print a list of policies that fit, if one does not.")
@click.option(
    "--limit",
    type=click.IntRange(min=100),
    help="The most characters of one policy. A longer one becomes a list of policies.",
)
@click.option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=expect_json,
    help="Print mistakes as JSON, too. Policies always are.",
)
def command(file: Path, kind: str | None, limit: int | None, *, parted: bool) -> None:
    """Print the policy of FILE (or - for standard input) with the same access, in fewer characters if possible.

    It merges statements and leaves out redundant ones, and proves that the result allows and denies the same requests.
    Characters are counted as IAM counts them, without white space and with CloudFormation's references at their
    longest. The counts are printed on standard error.

    A list of policies that are attached together becomes one policy. With --split, one that does not fit becomes a
    list: without --for, all are managed policies; for a role, user or group the first is inline.

    The exit code is 0 if the policy fits, 1 if it does not fit what --for says, and 2 for a mistake.

    \b
    Examples:
      remit minimise role.json > smaller.json
      remit minimise role.json --for role
      remit minimise role.json --split
      remit minimise role.json --limit 2000
    """
    from remit.iam.policy import render
    from remit.iam.prove.minimise import minimise
    from remit.roles.policy_size import Sizes

    if limit is not None and (kind or parted):
        raise RemitError("--limit is a quota of your own", hint="leave out --for and --split, which know IAM's")
    policy, written, is_late = _read(file)
    sizes = Sizes(_STACK, {})
    smaller = minimise(policy)
    parts = _parts(smaller, kind, limit, sizes, parted=parted)
    documents = tuple(render(part) for part in parts)
    if is_late:
        from remit.synthesis.synth import intrinsics

        documents = tuple(map(intrinsics, documents))
    used = tuple(sizes.document(part.statements) for part in parts)
    before, after = sum(map(sizes.written, written)), sizes.document(smaller.statements)
    if len(parts) == len(written) == 1 and before <= after:  # it stays as its author wrote it
        documents, used, after = written, (before,), before
    print_json(documents[0] if len(documents) == 1 else documents)
    in_parts = "" if len(parts) == 1 else f", in {len(parts)} policies"
    click.echo(f"{before:,} characters before, {after:,} after{in_parts}", err=True)
    for line in _rooms(used, kind) if limit is None else ():
        click.echo(line, err=True)
    if kind is not None and not parted and after > _most_characters(kind):
        raise RemitError(
            f"{after:,} characters do not fit: IAM allows {_most_characters(kind):,} for {_KINDS[kind][1]}",
            hint="a session takes no more; narrow what it is for"
            if kind == "session"
            else "`--split` parts it into policies that fit; patterns take fewer characters than lists",
            exit_code=1,
        )


def _most_characters(kind: str) -> int:
    from remit.catalogue.quotas import quota

    return quota(_KINDS[kind][0]).most


def _parts(policy: Policy, kind: str | None, limit: int | None, sizes: Sizes, *, parted: bool) -> tuple[Policy, ...]:
    """The policies to print: one, if it fits or need not, else several that fit.

    RemitError (2): it is a session's, or one of its statements is too long and cannot be taken apart.
    """
    from remit.iam.policy import Policy
    from remit.roles.document_split import packed

    most = limit or _most_characters(kind or "managed")
    if (limit is None and not parted) or sizes.document(policy.statements) <= most:
        return (policy,)
    if kind == "session":
        raise RemitError("a session has one policy: it cannot be split", hint="leave out --split")
    documents = packed(policy.statements, sizes, first_length=most, further_length=limit or _most_characters("managed"))
    if documents is None:
        raise RemitError(
            "a statement is longer than a policy may be and cannot be taken apart",
            hint="its conditions or its NotAction or NotResource list are too long: shorten them",
        )
    return tuple(Policy(statements, policy.version) for statements in documents)


def _rooms(sizes: tuple[int, ...], kind: str | None) -> list[str]:
    """A line for each place that policies of these sizes may go to: how much of it they take."""
    from remit.catalogue.quotas import quota

    if len(sizes) == 1:
        kinds = (kind,) if kind else ("managed", "role")
        return [f"{sizes[0]:,} of {_most_characters(place):,} characters of {_KINDS[place][1]}" for place in kinds]
    places = [kind or "managed"] + ["managed"] * (len(sizes) - 1)
    lines = []
    for number, (used, place) in enumerate(zip(sizes, places, strict=True), 1):
        lines.append(f"{number}: {used:,} of {_most_characters(place):,} characters of {_KINDS[place][1]}")
    managed = places.count("managed")
    most = quota("iam.role.managed").most
    if managed > most:
        over = f"more than the {most} that may be attached unless AWS raises the quota"
        lines.append(f"{managed} managed policies: {over}")
    return lines


def _read(path: Path) -> tuple[Policy, tuple[Any, ...], bool]:
    """The policy of a file, or those of a list as one; its documents, and whether they hold intrinsic functions.

    RemitError (2): it is a template, or holds more than policies that are attached together.
    """
    from remit.documents.read import read_as_written
    from remit.iam.decide.evaluation_logic import Layers
    from remit.template.policy_files import side_of

    source = read_as_written(*content(path))
    name = source.file
    value = source.value
    if isinstance(value, dict) and "Resources" in value:
        raise RemitError(
            f"{name} is a template: `remit minimise` takes a policy document",
            hint="`remit lint` shows which of a template's policies are too long; give it one of them",
        )
    read = side_of(value, source.locate, name)
    layers = read.layers
    if not layers.identity or layers != Layers(layers.identity):
        raise RemitError(
            f"{name} holds more than policies that are attached together",
            hint="`remit minimise` takes a policy document, or a list of those of one role, user or group",
            origin=source.locate(()),
        )
    policies = value.get("identity", value) if isinstance(value, dict) else value
    documents = tuple(policies) if isinstance(policies, list) else (policies,)
    text = repr(value)
    late = any(sign in text for sign in ("'Fn::", "'Ref'", "{{resolve:"))
    return _joined(layers.identity, name), documents, late


def _joined(policies: tuple[Policy, ...], name: str) -> Policy:
    """Policies that are attached together as one document; a statement whose Sid an earlier one has loses its own.

    RemitError (2): their versions differ.
    """
    from dataclasses import replace

    from remit.iam.policy import Policy

    if len(policies) == 1:
        return policies[0]
    versions = {policy.version for policy in policies}
    if len(versions) > 1:
        raise RemitError(
            f"{name} holds policies of different versions, {' and '.join(sorted(versions))}: they cannot be one",
            hint="variables such as ${aws:username} mean something under 2012-10-17 alone",
        )
    statements = []
    sids = set[str]()
    for statement in (statement for policy in policies for statement in policy.statements):
        statements.append(replace(statement, sid="") if statement.sid in sids else statement)
        sids.add(statement.sid)
    return Policy(tuple(statements), versions.pop())
