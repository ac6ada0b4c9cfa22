"""Find the rows of `special_cases` that a request is of: IAM's exceptions to deciding by policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.pattern import matches
from remit.iam.special_cases import SPECIAL_ACTIONS, SPECIAL_CASES, Fact, SpecialCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.request import Request

_Test: TypeAlias = "Callable[[Request], bool]"
_Row: TypeAlias = "tuple[_Test, SpecialCase]"
_MANAGED_ALIAS: Final = "alias/aws/"


def special_case(request: Request) -> SpecialCase | None:
    """The row that decides a request whatever policies say (but a Deny, where it is refused anyway); None: no row."""
    if request.folded not in SPECIAL_ACTIONS:
        return None
    return _first_of(_DECIDING, request)


def unbinding_case(layer: str, request: Request) -> SpecialCase | None:
    """The row by which the policies of a layer do not bind a request; None: they do."""
    return _first_of(_UNBINDING[layer], request)


def _first_of(rows: tuple[_Row, ...], request: Request) -> SpecialCase | None:
    """The first of some rows that a request is of; None where it is of none."""
    for is_of, case in rows:
        if is_of(request):
            return case
    return None


def _of_management_account(request: Request, account: str | None) -> bool:
    """Return whether an account is the one that manages the organization."""
    return request.management_account is not None and account == request.management_account


def _is_managed_key(request: Request) -> bool:
    """Return whether an alias shows that a request is about a key that AWS manages; a key's own ARN does not tell."""
    if not request.folded.startswith("kms:"):
        return False
    if f":{_MANAGED_ALIAS}" in request.asked:
        return True
    aliases = request.value("kms:resourcealiases")
    if isinstance(aliases, str):
        return aliases.startswith(_MANAGED_ALIAS)
    return isinstance(aliases, tuple) and any(alias.startswith(_MANAGED_ALIAS) for alias in aliases)


_FACTS: Final[dict[Fact, _Test]] = {
    "the resource is the caller's account's": lambda request: request.who.account == request.owner,
    "the caller is a service-linked role": lambda request: request.who.service_linked,
    "the caller is of the management account": lambda request: _of_management_account(request, request.who.account),
    "the resource is of the management account": lambda request: _of_management_account(request, request.owner),
    "the key is one that AWS manages": _is_managed_key,
}


def _test_of(case: SpecialCase) -> _Test:
    """The test whether a request is of a row. Every layered request asks, and most rows have a fact alone."""
    if case.fact and not (case.actions or case.callers or case.resources):
        return _FACTS[case.fact]

    def is_of(request: Request) -> bool:
        """Return whether all that the row states is true of the request: action, kind of caller, fact and resource."""
        if case.actions and request.folded not in case.actions:
            return False
        if case.callers and request.who.kind not in case.callers:
            return False
        if case.fact and not _FACTS[case.fact](request):
            return False
        return not case.resources or any(matches(pattern, request.asked) for pattern in case.resources)

    return is_of


_DECIDING: Final = tuple((_test_of(case), case) for case in SPECIAL_CASES if case.effect != "unbound")
_UNBINDING: Final = {
    layer: tuple((_test_of(case), case) for case in SPECIAL_CASES if case.layer == layer)
    for layer in ("account", "resource", "scp", "rcp")
}
