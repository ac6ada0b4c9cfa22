"""Make roles fit IAM's quotas: nothing is touched that fits; else the same access in fewer characters, else in parts.

In a role whose inline policy is too long, statements that differ in one list are first made one; then, if that is not
enough, it is minimised (`prove.minimise`); each with its proof. If it is still too long, its statements stay in their
order and are laid into documents: the inline policy until it is full, then managed policies that the template makes and
the role attaches. A statement that is longer than a managed policy is taken apart by its resources or actions, with
proof that the pieces say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from remit.app import Grant, Reason
from remit.catalogue.quotas import quota
from remit.errors import Origin, RemitError, few
from remit.holders import Holder, by_arn, inline
from remit.iam.pattern_list import actions_cover
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.statement_cover import covers_statement
from remit.roles.policy_size import Sizes, own_policies

_SHOWN: Final = 3
_SHORT: Final = 70


def fit(role: Holder, sizes: Sizes) -> Holder:
    """The role as it is deployed: if anything had to be done, with the managed policies that the template makes for it.

    RemitError with the numbers and the longest statements: it does not fit.
    """
    inline_length = quota("iam.role.inline").most
    if len(own_policies(role)) > 1 or sizes.policy(role) <= inline_length:
        return role
    from remit.iam.prove.minimise import merged, minimise, same  # noqa: PLC0415 - it brings the comparison
    from remit.roles.document_split import packed  # noqa: PLC0415 - as above

    declared = tuple(grant.statement for grant in role.grants)
    # Statements that agree in all but their actions, or all but their resources, are made one, where that is proven.
    joined = merged(declared)
    smaller = joined if same(Policy(declared), Policy(joined)) else declared
    if sizes.document(smaller) > inline_length and len(smaller) > 1:
        smaller = minimise(Policy(smaller)).statements
    if sizes.document(smaller) <= inline_length:
        return _with_documents(role, (smaller,))
    spare = quota("iam.role.managed").most - len(role.managed)
    documents = packed(
        smaller, sizes, first_length=inline_length, further_length=quota("iam.managed").most, spare=spare
    )
    if documents is None:
        raise _refusal(role, smaller, sizes)
    return _with_documents(role, documents)


def _with_documents(role: Holder, documents: Iterable[tuple[Statement, ...]]) -> Holder:
    """The role with its statements laid into documents: the first inline, each further one a managed policy.

    The managed policies that it names stand between them.
    """
    split = tuple(documents)
    # Grants come in the order of the statements, so each document takes as many of them as it has statements.
    grants = iter(explained((statement for document in split for statement in document), role.grants))
    first, *further = (tuple(islice(grants, len(document))) for document in split)
    made = []
    for number, part in enumerate(further, start=1):
        made.append(replace(inline(part, f"{role.logical_id}Policy{number}"), how="made"))
    return replace(role, policies=(inline(first), *by_arn(role.managed), *made))


def _refusal(role: Holder, statements: tuple[Statement, ...], sizes: Sizes) -> RemitError:
    """Return the error for a role that fits nowhere: its needs, and the room that there is."""
    inline_length, managed_length, attached = (
        quota(f"iam.{name}").most for name in ("role.inline", "managed", "role.managed")
    )
    declared_length = sizes.policy(role)
    taken = len(role.managed)
    room = inline_length + managed_length * max(0, attached - taken)
    longest = sorted(statements, key=lambda statement: -sizes.statement(statement))[:_SHOWN]
    from remit.roles.document_split import packed  # noqa: PLC0415 - as above

    least = packed(statements, sizes, first_length=inline_length, further_length=managed_length)
    takes = (
        f"it would take {len(least) - 1} managed policies beside a full inline policy"
        if least is not None
        else "a statement is longer than a document may be and cannot be taken apart"
    )
    needs = (
        f"the policy of {few(role.serves)} has {declared_length:,} characters in {len(role.grants):,} statements, "
        f"{sizes.document(statements):,} when it is minimised, and does not fit"
    )
    allowed = (
        f"IAM allows {inline_length:,} for the inline policies of a role, and {managed_length:,} in each of {attached} "
        f"managed policies ({taken} {'is' if taken == 1 else 'are'} taken): {room:,} in all; {takes}"
    )
    # The line that brings most characters: often a loop that writes many short statements.
    by_line: Counter[Origin] = Counter()
    for grant in role.grants:
        if grant.origin is not None:
            by_line[Origin(grant.origin.file, grant.origin.line)] += sizes.statement(grant.statement)
    described = (_described(statement, role.grants, sizes) for statement in longest)
    return RemitError(
        "\n  ".join((needs, allowed, "the longest statements:", *described)),
        hint="name resources by a pattern, let one statement's condition hold several values, "
        "or share the work out among functions, each with its own role",
        origin=max(by_line, key=lambda line: by_line[line], default=None),
    )


def _described(statement: Statement, grants: tuple[Grant, ...], sizes: Sizes) -> str:
    """A line about a statement: its characters, its actions, and the reasons of the grants of which it gives some.

    Where it gives some of none, the reason of the first grant.
    """
    given_by = tuple(grant for grant in dict.fromkeys(grants) if _gives_some_of(statement, grant.statement))
    grant = _grant(statement, given_by or grants[:1])
    actions = ", ".join(statement.actions.patterns)
    actions = actions if len(actions) <= _SHORT else f"{actions[: _SHORT - 2]} …"
    because = grant.because if len(grant.because) <= _SHORT else f"{grant.because[: _SHORT - 2]} …"
    place = f"  ({grant.origin})" if grant.origin is not None else ""
    word = "everything but " if statement.actions.negated else ""
    size = sizes.statement(statement)
    return f"  {size:>6,} characters: {statement.effect} {word}{actions}, because {because}{place}"


def explained(statements: Iterable[Statement], grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Each statement as a grant: with the reasons of all that it stands for, and the line of the first.

    A statement stands for a grant when it gives some of what the grant gives, wherever the grant gives it. A grant that
    nothing stands for so (several statements together make it redundant) goes to those that it overlaps with, or at
    last to the first, so that no reason is lost.
    """
    merged = tuple(statements)
    stands_for: dict[Statement, list[Grant]] = {statement: [] for statement in merged}
    for grant in dict.fromkeys(grants):
        for statement in _standing_for(grant, merged):
            stands_for[statement].append(grant)
    return tuple(_grant(statement, tuple(stands_for[statement])) for statement in merged)


def _standing_for(grant: Grant, merged: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements that stand for a grant, by the narrowest relation that any has to it."""
    granted = grant.statement
    same_effect = tuple(statement for statement in merged if statement.effect == granted.effect)
    for relation, candidates in ((_gives_some_of, merged), (_touches, same_effect), (_touches, merged)):
        related = [statement for statement in candidates if statement == granted or relation(statement, granted)]
        if related:
            return tuple(related)
    return merged[:1]


def _grant(statement: Statement, grants: tuple[Grant, ...]) -> Grant:
    """A statement as one grant for others: with all their reasons and the first line; an only one that is it stays."""
    if len(grants) == 1 and grants[0].statement == statement:
        return grants[0]
    reason = Reason("text", "; ".join(dict.fromkeys(grant.because for grant in grants)))
    origin = next((grant.origin for grant in grants if grant.origin is not None), None)
    return Grant(statement, reason, origin, stands_for=grants)


def _gives_some_of(wide: Statement, narrow: Statement) -> bool:
    """Return whether some action on some resource of `narrow` is given by `wide` whenever `narrow` gives it."""
    if wide.effect != narrow.effect:
        return False
    action = next((action for action in _one_by_one(narrow.actions) if actions_cover(wide.actions, action)), None)
    if action is None:
        return False
    for resource in (None,) if narrow.resources is None else _one_by_one(narrow.resources):
        if covers_statement(wide, replace(narrow, actions=action, resources=resource)):
            return True
    return False


def _one_by_one(globs: Globs) -> tuple[Globs, ...]:
    """Each pattern alone; a list that is negated says one thing."""
    return (globs,) if globs.negated else tuple(Globs((pattern,)) for pattern in globs.patterns)


def _touches(statement: Statement, granted: Statement) -> bool:
    """Return whether both may speak of the same action on the same resource, whatever their conditions."""
    from remit.iam.prove.cover import can_apply  # noqa: PLC0415 - few statements come from nowhere

    return can_apply(replace(statement, conditions=()), replace(granted, conditions=())) is not False
