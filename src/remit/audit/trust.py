"""Whom a role's trust policy lets in: services, and principals by their ARN, their account, or all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.audit.principal_ids import is_principal_id
from remit.iam.pattern import matches
from remit.iam.policy import Globs, Policy
from remit.iam.principal import Reach, reach
from remit.iam.request import Request, principal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Statement

ASSUME: Final = "sts:AssumeRole"
_FOLDED: Final = ASSUME.lower()
_EVERYTHING: Final = Globs(("*",))


@dataclass(frozen=True, slots=True)
class TrustedBy:
    """Whom a trust policy names in an Allow of sts:AssumeRole: services, ARNs, accounts, everybody.

    `ids` are the unique ids of users and roles (see `principal_ids`).
    """

    services: frozenset[str]
    arns: frozenset[str]
    accounts: frozenset[str]
    anybody: bool
    ids: tuple[str, ...]


def trusted(policy: Policy) -> TrustedBy:
    """Whom the Allow statements of a trust policy name."""
    services, arns, accounts, ids = set(), set(), set(), []
    anybody = False
    for kind, value in _named(policy):
        caller = principal_of(value)
        if value == "*":
            anybody = True
        elif kind == "Service":
            services.add(value)
        elif kind == "AWS" and is_principal_id(value):
            ids.append(value)
        elif kind == "AWS" and caller.kind == "root" and caller.account is not None:
            accounts.add(caller.account)
        elif kind == "AWS":
            arns.add(value)
    return TrustedBy(frozenset(services), frozenset(arns), frozenset(accounts), anybody, tuple(dict.fromkeys(ids)))


def _named(policy: Policy) -> Iterator[tuple[str, str]]:
    for statement in policy.statements:
        if statement.effect == "Allow" and statement.principals is not None and _speaks_of_assuming(statement):
            if statement.principals.negated:
                yield "AWS", "*"
            else:
                yield from statement.principals.patterns


def _speaks_of_assuming(statement: Statement) -> bool:
    is_named = any(matches(pattern.lower(), _FOLDED) for pattern in statement.actions.patterns)
    return is_named != statement.actions.negated


@dataclass(frozen=True, slots=True)
class TrustPart:
    """What a trust policy says about one principal, as policies without principals.

    `by_itself` lets the principal in without a policy of its own, within one account: what names it, and not merely its
    account. `with_own_policy` has all that means it.
    """

    by_itself: Policy | None
    with_own_policy: Policy


def trust_part(policy: Policy, principal: str) -> TrustPart | None:
    """The statements of a trust policy that mean a principal; None where no Allow does."""
    request = Request(ASSUME, "*", principal, {})
    denies, naming, meaning = [], [], []
    for statement in policy.statements:
        closeness = reach(statement.principals, request, deny=statement.effect == "Deny")
        if closeness is Reach.NOBODY or not _speaks_of_assuming(statement):
            continue
        part = replace(statement, actions=Globs((ASSUME,)), principals=None, resources=_EVERYTHING, sid="")
        if statement.effect == "Deny":
            denies.append(part)
            continue
        meaning.append(part)
        if closeness >= Reach.ROLE:
            naming.append(part)
    if not meaning:
        return None
    by_itself = Policy((*naming, *denies), policy.version) if naming else None
    return TrustPart(by_itself, Policy((*meaning, *denies), policy.version))
