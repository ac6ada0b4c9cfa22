"""Principals as resources, and back: so that who may take on a role compares as what a role may do.

`Service:lambda.amazonaws.com` is such a resource; an account is `AWS:111122223333:*`, which covers its users
(`AWS:111122223333:user/ann`) and the sessions of its roles (`AWS:111122223333:role/team/build#night`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.policy import Globs
from remit.iam.request import arn_parts, principal_of
from remit.iam.tokens import ACCOUNT, PARTITION, REGION, split
from remit.roles.reference_names import put, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from remit.iam.comparison import Piece
    from remit.iam.policy import Policy, Principals


def place(account: str) -> dict[str, str]:
    """One partition, region and account, since the evaluator must know the role's own."""
    return {PARTITION: "aws", REGION: "us-east-1", ACCOUNT: account}


def paths_of(account: str, *policies: Policy) -> dict[tuple[str, str], str]:
    """The path and name of each role that is named, by account and name; sessions do not tell the path."""
    paths: dict[tuple[str, str], str] = {}
    for policy in policies:
        for statement in policy.statements:
            for _, value in statement.principals.patterns if statement.principals else ():
                principal = principal_of(put(value, place(account)))
                if principal.kind == "role" and principal.account and principal.role:
                    paths[principal.account, principal.role] = principal.text.partition(":role/")[2]
    return paths


def resources_of(effect: str, trusted: Principals, paths: Mapping[tuple[str, str], str]) -> Globs | None:
    """Principals as resources; None when they are nobody."""
    patterns = [encoded(kind, value, paths) for kind, value in trusted.patterns]
    texts = tuple(dict.fromkeys(pattern for pattern in patterns if pattern is not None))
    if not trusted.negated:
        return Globs(texts) if texts else None
    spared = texts if effect == "Allow" else _spared(texts)
    return Globs(spared, negated=True) if spared else Globs(("*",))


def _spared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Whom a Deny with NotPrincipal spares: only who is named at every level (session, role, account)."""
    homes = {text.removesuffix("*") for text in texts if text.startswith("AWS:") and text.endswith(":*")}
    spared: list[str] = []
    for text in texts:
        kind, _, tail = text.partition(":")
        home = f"AWS:{tail.partition(':')[0]}:"
        role, hash_sign, session = text.partition("#")
        if kind != "AWS":  # everyone, a service, a provider
            spared.append(text)
        elif text.removesuffix("*") in homes:
            spared.append(f"{home}root")
        elif home in homes and (not hash_sign or (session != "*" and f"{role}#*" in texts)):
            spared.append(text)
    return tuple(spared)


def encoded(kind: str, value: str, paths: Mapping[tuple[str, str], str]) -> str | None:
    """A principal as a resource pattern; None for one that never takes on a role."""
    if kind == "CanonicalUser":
        return None
    if value == "*":
        return "*" if kind in ("*", "AWS") else f"{kind}:*"
    return _identity(value, paths) if kind == "AWS" else f"{kind}:{_literal(value)}"


def _identity(value: str, paths: Mapping[tuple[str, str], str]) -> str:
    """An account covers what is of it, and a role its sessions; what is not an ARN equals only itself."""
    principal = principal_of(value)
    if principal.account is None:
        return f"AWS::{_literal(value)}"
    if principal.kind == "root":
        return f"AWS:{principal.account}:*"
    tail = _literal(arn_parts(value)[-1])
    if principal.kind == "role":
        return f"AWS:{principal.account}:{tail}#*"
    if principal.kind == "session" and principal.role is not None:
        path = paths.get((principal.account, principal.role), principal.role)
        return f"AWS:{principal.account}:role/{_literal(path)}#{_literal(principal.text.rpartition('/')[2])}"
    return f"AWS:{principal.account}:{tail}"


def _literal(text: str) -> str:
    """A text in which nothing is a pattern or a variable of IAM's; CloudFormation's references stay."""
    if not references(text):
        return _escaped(text)
    return "".join(_escaped(part) if isinstance(part, str) else part.text for part in split(text))


def _escaped(text: str) -> str:
    for sign in "%*?$#":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def context(piece: Piece) -> dict[str, Any]:
    """What a found request says beside its principal."""
    return dict(piece.request.context or {})


def principals(piece: Piece, stranger: str) -> Iterator[str]:
    """Principals that a found resource may stand for, the likeliest first."""
    for key, value in context(piece).items():
        if key.lower() == "aws:principalarn" and isinstance(value, str):
            yield value
    kind, _, name = piece.request.resource.partition(":")
    if kind in ("Service", "Federated"):
        yield unescaped(name)
    if kind == "AWS":
        account, _, tail = name.partition(":")
        yield from _of_account(account, tail)
    yield from (f"arn:aws:iam::{stranger}:user/example", "*", "example.amazonaws.com")


def _of_account(account: str, tail: str) -> Iterator[str]:
    if not account:
        yield unescaped(tail)
        return
    name, session, session_name = tail.partition("#")
    if name.startswith("role/") and session:
        yield f"arn:aws:sts::{account}:assumed-role/{unescaped(name).rpartition('/')[2]}/{unescaped(session_name)}"
    elif tail == "root" or tail.startswith("user/"):
        yield f"arn:aws:iam::{account}:{unescaped(tail)}"
    elif tail.startswith("federated-user/"):
        yield f"arn:aws:sts::{account}:{unescaped(tail)}"
    else:
        yield f"arn:aws:iam::{account}:user/{unescaped(tail)}"
        yield f"arn:aws:sts::{account}:assumed-role/{unescaped(tail)}/example"
    yield f"arn:aws:iam::{account}:root"


def unescaped(text: str) -> str:
    """A resource's text as the principal spells it."""
    for sign in "#$?*%":
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text
