"""Whether a statement's Principal means the caller, and how closely.

A resource's policy that names a user or a role session grants by itself. One that names the role is still limited by
the boundary and the session policy. One that names the account leaves it to the account's own policies.

Source: "AWS JSON policy elements: Principal", "… NotPrincipal", "Policy evaluation logic" (IAM User Guide).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.iam.policy import Principals
    from remit.iam.request import Principal, Request

_ACCOUNT: Final = re.compile(r"(?:arn:[a-z-]+:iam::)?([0-9]{12})(?::root)?")


class Reach(IntEnum):
    """How closely a statement means the caller; UNKNOWN when the request does not say who that is."""

    NOBODY = 0
    UNKNOWN = 1
    ACCOUNT = 2
    ROLE = 3
    DIRECT = 4


def reach(principals: Principals | None, request: Request, *, deny: bool) -> Reach:
    """The closest reach of a statement's principals. A statement without any means nobody.

    `deny` is the statement's effect, which decides what NotPrincipal spares.
    """
    if principals is None:
        return Reach.NOBODY
    caller = request.who
    reaches = [_reach_of(kind, value, caller, request) for kind, value in principals.patterns]
    if not principals.negated:
        return max(reaches)
    return _all_others(reaches, caller, deny=deny)


def _all_others(reaches: list[Reach], caller: Principal, *, deny: bool) -> Reach:
    """How closely NotPrincipal means a caller: a Deny spares only one that it names as session, role and account."""
    if caller.kind == "unknown":
        return Reach.UNKNOWN
    if not deny:
        return Reach.NOBODY if max(reaches) > Reach.NOBODY else Reach.DIRECT
    spared = set(reaches)
    needed = {
        "user": {Reach.DIRECT, Reach.ACCOUNT},
        "federated-user": {Reach.DIRECT, Reach.ACCOUNT},
        "role": {Reach.ROLE, Reach.ACCOUNT},
        "session": {Reach.DIRECT, Reach.ROLE, Reach.ACCOUNT},
    }.get(caller.kind, {Reach.DIRECT})
    return Reach.NOBODY if needed <= spared else Reach.DIRECT


def _reach_of(kind: str, value: str, caller: Principal, request: Request) -> Reach:
    """How closely one pattern of a Principal means the caller.

    `*`, and `*` of AWS, mean everyone; `*` of another kind means every caller of that kind.
    """
    if kind == "*" or (kind == "AWS" and value == "*"):
        return Reach.DIRECT
    if caller.kind == "unknown":
        return Reach.UNKNOWN
    if kind == "AWS":
        return _aws(request.bind(value), caller, request)
    meant = value == caller.text or (value == "*" and caller.kind == kind.lower())
    return Reach.DIRECT if meant else Reach.NOBODY


def _aws(value: str, caller: Principal, request: Request) -> Reach:
    """As `_reach_of`, of a pattern of kind AWS: an account, a role, a user, a session."""
    account = _ACCOUNT.fullmatch(value)
    if account is not None:
        if account[1] != caller.account:
            return Reach.NOBODY
        return Reach.DIRECT if caller.kind == "root" else Reach.ACCOUNT
    if value == caller.text:
        return Reach.ROLE if caller.kind == "role" else Reach.DIRECT
    if caller.kind == "session" and _is_role_of(value, caller, request):
        return Reach.ROLE
    return Reach.NOBODY


def _is_role_of(value: str, caller: Principal, request: Request) -> bool:
    """Return whether a role's ARN is the one of this session, whose own ARN does not tell the role's path."""
    head, _, tail = value.partition(":role/")
    if head.split(":")[-1] != caller.account or tail.rpartition("/")[2] != caller.role:
        return False
    principal_arn = request.value("aws:principalarn")
    return (
        not (isinstance(principal_arn, str) and "/" in principal_arn.partition(":role/")[2]) or principal_arn == value
    )
