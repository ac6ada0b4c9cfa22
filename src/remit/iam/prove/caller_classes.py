"""The callers whom two policies with principals tell apart, in classes that they treat alike.

Principals have no wildcards but `*`, so there are few classes: everyone whom a policy names, somebody in each account
that it names, and those whom it does not name. What a caller decides of a request's context (its ARN, its account)
becomes conditions, so that a condition on `aws:PrincipalAccount` and a Principal agree about who somebody is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Final

from remit.catalogue.condition_keys import OPERATORS, global_key
from remit.iam.operators import check_operator
from remit.iam.policy import Condition, Policy, Principals, Statement
from remit.iam.principal import Reach, reach
from remit.iam.request import ContextValue, Request, principal_of

EVERYONE: Final = "*"
_FIRST_STRANGER: Final = 123_456_789_012
_STEP: Final = 111_111_111_111
_ACCOUNT_DIGITS: Final = 12
_SERVICE, _PROVIDER = "example.amazonaws.com", "example.com"
_ACCOUNT_KEY, _ARN_KEY, _NAME_KEY, _SERVICE_KEY = (
    "aws:principalaccount", "aws:principalarn", "aws:username", "aws:principalisawsservice",
)  # fmt: skip
_IDENTITY_KINDS: Final = ("user", "role")


@dataclass(frozen=True, slots=True)
class ComparedCaller:
    """One caller, and what it decides of a request's context.

    `is_named`: it is that caller alone; else any that is like it and is not named.
    """

    principal: str
    is_named: bool
    settled: tuple[Condition, ...]

    def is_meant(self, statement: Statement) -> bool:
        """Return whether a statement's principals mean this caller. Without any they mean nobody."""
        meant = reach(statement.principals, _request_of(self.principal), deny=statement.effect == "Deny")
        return meant is not Reach.NOBODY

    def principals_of(self, context: Mapping[str, ContextValue]) -> Iterator[str]:
        """Whoever has the ARN or is of the account that a context says, where it may be any like it; then itself."""
        folded = {key.lower(): value for key, value in context.items()}
        if not self.is_named:
            arn, account = folded.get(_ARN_KEY), folded.get(_ACCOUNT_KEY)
            if isinstance(arn, str) and principal_of(arn).account is not None:
                yield arn
            if isinstance(account, str) and account.isdigit() and len(account) == _ACCOUNT_DIGITS:
                yield f"arn:aws:iam::{account}:user/example"
        yield self.principal

    def pattern_of(self, principals: Principals) -> int | None:
        """Return the index of the pattern that means it; None: it is meant because no pattern names it."""
        if principals.negated:
            return None
        request = _request_of(self.principal)
        for number, pattern in enumerate(principals.patterns):
            if reach(Principals((pattern,)), request, deny=False) is not Reach.NOBODY:
                return number
        return None


@lru_cache(maxsize=4096)
def _request_of(principal: str) -> Request:
    """A request of a principal, to see which statements mean it."""
    return Request("none:None", principal=principal, context={})


def free_accounts(*policies: Policy) -> Iterator[str]:
    """Accounts that no policy names."""
    texts = " ".join(text for policy in policies for statement in policy.statements for text in _texts(statement))
    for number in count():
        account = f"{(_FIRST_STRANGER + number * _STEP) % 10**12:012}"
        if account not in texts:
            yield account


def caller_classes(policies: Sequence[Policy]) -> tuple[tuple[ComparedCaller, ...], ...]:
    """The classes of callers that some policies tell apart: the anonymous, strangers, the named, others there.

    One of a class stands for all of it, since the same statements mean each and the same conditions hold. RemitError: a
    condition operator does not exist.
    """
    statements = [statement for policy in policies for statement in policy.statements]
    mentioned = _MentionedKeys(statements)
    classes: dict[object, list[ComparedCaller]] = {}
    for principal, is_named in _callers(policies, statements):
        settled = tuple(mentioned.settled_by(principal, is_named=is_named, named=_named(statements)))
        caller = ComparedCaller(principal, is_named, settled)
        signature = tuple(caller.is_meant(statement) for statement in statements), settled
        classes.setdefault(signature, []).append(caller)
    return tuple(tuple(callers) for callers in classes.values())


def _callers(policies: Sequence[Policy], statements: Sequence[Statement]) -> Iterator[tuple[str, bool]]:
    """One caller after another, each with whether it stands for itself alone."""
    stranger = next(free_accounts(*policies))
    yield EVERYONE, True  # as a caller, "*" is the anonymous one
    yield f"arn:aws:iam::{stranger}:user/example", False
    yield f"arn:aws:iam::{stranger}:role/example", False
    yield _SERVICE, False
    yield _PROVIDER, False
    named = _named(statements)
    for value in named:
        caller = principal_of(value)
        if caller.kind != "root":
            yield value, True
        if caller.kind == "role":
            yield f"arn:aws:sts::{caller.account}:assumed-role/{caller.role}/example", True
        if caller.kind == "session":
            yield f"arn:aws:iam::{caller.account}:role/{caller.role}", True
    for account in _accounts(named):
        yield f"arn:aws:iam::{account}:user/example", False
        yield f"arn:aws:iam::{account}:role/example", False
        yield f"arn:aws:iam::{account}:root", True


def _named(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Everyone whom some statement names."""
    named: dict[str, None] = {}
    for statement in statements:
        if statement.principals is not None:
            named |= dict.fromkeys(value for _, value in statement.principals.patterns if value != EVERYONE)
    return tuple(named)


def _accounts(named: Iterable[str]) -> tuple[str, ...]:
    """The accounts of some callers, but for AWS's own identities, beside which nobody is of their account."""
    callers = [principal_of(text) for text in named]
    return tuple(dict.fromkeys(caller.account for caller in callers if caller.account and caller.has_policies))


def _texts(statement: Statement) -> Iterator[str]:
    """Yield the texts of a statement that may name a caller, and its condition keys."""
    if statement.principals is not None:
        yield from (value for _, value in statement.principals.patterns)
    if statement.resources is not None:
        yield from statement.resources.patterns
    for condition in statement.conditions:
        yield condition.key
        yield from condition.values


class _MentionedKeys:
    """The keys that a caller decides, as far as some statements speak of them: in a condition, or as a variable."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._text = " ".join(text for statement in statements for text in _texts(statement)).lower()
        self._as_arns: set[str] = set()
        for statement in statements:
            for condition in statement.conditions:
                if not condition.late and OPERATORS[check_operator(condition.operator)[0]].family == "ARN":
                    self._as_arns.add(condition.key.lower())

    def settled_by(self, principal: str, *, is_named: bool, named: Iterable[str]) -> Iterator[Condition]:
        """The conditions that hold whenever the caller asks."""
        caller = principal_of(principal)
        of_no_account = dict.fromkeys((_ACCOUNT_KEY, _ARN_KEY)) if caller.account is None else {}
        for folded, value in {**of_no_account, **caller.settles}.items():
            if folded not in self._text:
                continue
            key = global_key(folded)
            name = folded if key is None else key.name
            if value is None:
                yield Condition("Null", name, ("true",))
            elif is_named or caller.kind not in _IDENTITY_KINDS or folded not in (_ACCOUNT_KEY, _ARN_KEY, _NAME_KEY):
                yield self._equal(folded, name, value)
            elif folded == _ACCOUNT_KEY:
                accounts = _accounts(named)
                if caller.account in accounts:
                    yield self._equal(folded, name, value)
                elif accounts:
                    yield Condition("StringNotEquals", name, accounts)
            elif folded == _ARN_KEY:
                yield from self._of_unnamed(name, caller.kind, caller.account or "", named)

    def _of_unnamed(self, name: str, kind: str, account: str, named: Iterable[str]) -> Iterator[Condition]:
        """The ARNs of the users or roles of an account that are not named, or of accounts that are not."""
        accounts = _accounts(named)
        operator = "Arn" if _ARN_KEY in self._as_arns else "String"
        if account in accounts:
            callers = [principal_of(text) for text in named]
            excluded = tuple(caller.text for caller in callers if caller.kind == kind)
        else:
            excluded = tuple(f"arn:*:iam::{account}:*" for account in accounts)
        pattern = f"arn:*:iam::{account if account in accounts else '*'}:{kind}/*"
        yield Condition(f"{operator}Like", name, (pattern,))
        if excluded:
            yield Condition(f"{operator}NotLike", name, excluded)

    def _equal(self, folded: str, name: str, value: str) -> Condition:
        """The condition that pins a key to one value, by the operator that suits the key."""
        operator = "ArnEquals" if folded in self._as_arns else "Bool" if folded == _SERVICE_KEY else "StringEquals"
        return Condition(operator, name, (value,))
