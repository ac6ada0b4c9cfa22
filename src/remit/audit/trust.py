"""Principals in a role's trust policy: services, and others by their ARN, their account, or all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from remit.audit.principal_ids import is_principal_id
from remit.iam.pattern import matches
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement
from remit.iam.principal import Reach, reach
from remit.iam.request import Request, principal_of

ASSUME: Final = "sts:AssumeRole"
_ASSUME, _TAG_SESSION = "sts:assumerole", "sts:tagsession"
_EVERYTHING: Final = Globs(("*",))


@dataclass(frozen=True, slots=True)
class TrustedBy:
    """The principals in a trust policy's Allow of sts:AssumeRole: services, ARNs, accounts, everybody.

    `ids` are the unique ids of users and roles (see `principal_ids`). `tells_apart`: some statement, which may be a
    Deny, means some users and roles of an account and not the others.
    """

    services: frozenset[str]
    arns: frozenset[str]
    accounts: frozenset[str]
    anybody: bool
    ids: tuple[str, ...]
    tells_apart: bool


def trusted(policy: Policy) -> TrustedBy:
    """Collect the principals whom some Allow of a trust policy lets call sts:AssumeRole; identity providers are none.

    `arns` has whatever else stands under `AWS`: users, roles, sessions, and texts that are no ARN.
    """
    services, arns, accounts, ids = set(), set(), set(), []
    anybody = False
    for kind, value in _allowed_principals(policy):
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
    return TrustedBy(
        frozenset(services),
        frozenset(arns),
        frozenset(accounts),
        anybody,
        tuple(dict.fromkeys(ids)),
        any(_names_somebody(statement) for statement in policy.statements),
    )


def _names_somebody(statement: Statement) -> bool:
    """Return whether the principals of a statement are more than accounts, services and everybody."""
    if statement.principals is None:
        return False
    names = (value for kind, value in statement.principals.patterns if kind == "AWS" and value != "*")
    return any(principal_of(name).kind != "root" for name in names)


def _allowed_principals(policy: Policy) -> Iterator[tuple[str, str]]:
    """Kind and value of each principal whom some Allow lets assume the role; NotPrincipal stands for everybody."""
    for statement in policy.statements:
        if statement.effect == "Allow" and statement.principals is not None and _is_about(statement, _ASSUME):
            if statement.principals.negated:
                yield "AWS", "*"
            else:
                yield from statement.principals.patterns


def role_of_session(arn: str) -> str:
    """The ARN of a role's sessions without their names, of a role or of one session; any other ARN as it is.

    A session's ARN does not tell the path of the role.
    """
    caller = principal_of(arn)
    if caller.role is None:
        return arn
    partition = arn.split(":", 2)[1]
    return f"arn:{partition}:sts::{caller.account}:assumed-role/{caller.role}"


def lets_tags_in(policy: Policy) -> bool:
    """Return whether somebody who assumes the role may pass tags of the session: some Allow is of sts:TagSession."""
    return any(statement.effect == "Allow" and _is_about(statement, _TAG_SESSION) for statement in policy.statements)


def _is_about(statement: Statement, folded_action: str) -> bool:
    is_named = any(matches(pattern.lower(), folded_action) for pattern in statement.actions.patterns)
    return is_named != statement.actions.negated


def _with_sessions_of(principal: str, unique_id: str, policy: Policy) -> Iterator[tuple[Statement, Reach]]:
    """The statements of a policy, and those on sessions of a role as statements on the role with a condition.

    Each with how closely it names the principal.
    """
    sessions = f"{role_of_session(principal)}/"
    request = Request(ASSUME, "*", principal, {})
    for statement in policy.statements:
        yield statement, reach(statement.principals, request, deny=statement.effect == "Deny")
        if statement.principals is None or statement.principals.negated:
            continue
        for kind, value in statement.principals.patterns:
            if kind == "AWS" and value.startswith(sessions):
                # The name of a session stands in no key but this one, behind the id of the role.
                named = Condition("StringLike", "aws:userid", (f"{unique_id}:{value.removeprefix(sessions)}",))
                role = Principals((("AWS", principal),))
                yield replace(statement, principals=role, conditions=(*statement.conditions, named)), Reach.DIRECT


@dataclass(frozen=True, slots=True)
class TrustPart:
    """The part of a trust policy about one principal, as policies without principals.

    `by_itself` lets the principal in without a policy of its own, within one account: what names it, and not merely its
    account. `directly` has those of its statements that a boundary's lack of an Allow does not limit: on a user, a
    session, everybody. `with_own_policy` has all that means it.
    """

    directly: Policy
    by_itself: Policy
    with_own_policy: Policy


def trust_part(policy: Policy, principal: str, unique_id: str = "*") -> TrustPart | None:
    """The statements of a trust policy that mean a principal, with its id; None where no Allow does."""
    denies: list[Statement] = []
    allows: list[tuple[Statement, Reach]] = []
    for statement, closeness in _with_sessions_of(principal, unique_id, policy):
        if closeness is Reach.NOBODY or not _is_about(statement, _ASSUME):
            continue
        part = replace(statement, actions=Globs((ASSUME,)), principals=None, resources=_EVERYTHING, sid="")
        if statement.effect == "Deny":
            denies.append(part)
        else:
            allows.append((part, closeness))
    if not allows:
        return None

    def at_least(least: Reach) -> Policy:
        return Policy((*(part for part, closeness in allows if closeness >= least), *denies), policy.version)

    return TrustPart(at_least(Reach.DIRECT), at_least(Reach.ROLE), at_least(Reach.UNKNOWN))
