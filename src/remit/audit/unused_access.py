"""Which access nobody used: what policies grant, without what CloudTrail saw, and the smaller policy that is left.

Only what CloudTrail would have logged counts as unused. Access whose use is not logged (data events that no trail was
told to log, iam:PassRole) is kept, and named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.audit.called_actions import actions_of_event, is_logged
from remit.audit.json_bytes import compact
from remit.audit.results import UnusedPolicy, UnusedRow
from remit.catalogue.expand import expand
from remit.errors import RemitError
from remit.iam.policy import Globs, Policy, render
from remit.iam.prove.compare import includes
from remit.iam.prove.minimise import minimise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.documents import Documents
    from remit.audit.entities import Identity, PolicyUse
    from remit.audit.trail import TrailSummary
    from remit.iam.policy import Statement

_OF_AWS = ":iam::aws:policy/"


@dataclass(frozen=True, slots=True)
class UsedActions:
    """What a principal was seen to use: actions, when it called last, and services with events that are not known."""

    actions: tuple[str, ...] = ()
    last: str = ""
    unclear_services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What the principals of an account used since `since`; `data_sources`: services whose data events were logged."""

    since: str
    data_sources: tuple[str, ...]
    by_principal: tuple[tuple[str, UsedActions], ...]


def usage_by_account(trail: TrailSummary) -> dict[str, Usage]:
    """What the principals of each account were seen to use."""
    calls: dict[str, list[tuple[str, str, str]]] = {}
    for call, time in trail.last_calls.items():
        calls.setdefault(call.principal, []).append((call.source, call.name, time))
    by_account: dict[str, dict[str, UsedActions]] = {}
    for principal, rows in sorted(calls.items()):
        account = (principal.split(":", 5) + [""] * 5)[4]
        by_account.setdefault(account, {})[principal] = _used(rows)
    sources = tuple(sorted(trail.data_sources))
    return {account: Usage(trail.first, sources, tuple(used.items())) for account, used in by_account.items()}


def no_usage(trail: TrailSummary) -> Usage:
    """The usage of an account in which nobody was seen to call anything."""
    return Usage(trail.first, tuple(sorted(trail.data_sources)), ())


def _used(calls: Iterable[tuple[str, str, str]]) -> UsedActions:
    actions: set[str] = set()
    unclear: set[str] = set()
    last = ""
    for source, name, time in calls:
        names = actions_of_event(source, name)
        actions.update(names)
        if not names:
            unclear.add(source.partition(".")[0])
        last = max(last, time)
    return UsedActions(tuple(sorted(actions)), last, tuple(sorted(unclear)))


class UnusedAccess:
    """Compares the policies of principals with what they used; equal comparisons are made once."""

    def __init__(self, documents: Documents, usage: Usage) -> None:
        self.documents = documents
        self.usage = usage
        self._used = dict(usage.by_principal)
        self._sources = frozenset(usage.data_sources)
        self._policies: dict[str, Policy | None] = {}
        self._compared: dict[object, UnusedPolicy | None] = {}

    def row(self, identity: Identity) -> UnusedRow | None:
        """What a principal has and did not use; None if it used everything that can be checked."""
        used = self._used.get(identity.arn, UsedActions())
        rows = []
        for use in identity.policies:
            unused = self._of_policy(use, used)
            if unused is not None:
                rows.append(replace(unused, policy=use.spelled))
        if not rows:
            return None
        return UnusedRow(identity.arn, self.usage.since, used.last, tuple(rows))

    def _of_policy(self, use: PolicyUse, used: UsedActions) -> UnusedPolicy | None:
        is_own = _OF_AWS not in use.name and not use.group
        name = (use.document, used, is_own)
        if name not in self._compared:
            policy = self._policy(use.document)
            self._compared[name] = None if policy is None else self._comparison(policy, used, is_own=is_own)
        return self._compared[name]

    def _policy(self, key: str) -> Policy | None:
        if key not in self._policies:
            try:
                self._policies[key] = self.documents.policy(key)
            except (RemitError, ValueError):  # its principals are undecided already, with this reason
                self._policies[key] = None
        return self._policies[key]

    def _comparison(self, policy: Policy, used: UsedActions, *, is_own: bool) -> UnusedPolicy | None:
        """What of a policy was not used; with the smaller policy, where it is the principal's own to change."""
        granted = {name for statement in _allows(policy) for name in granted_actions(statement)}
        kept = {name for name in granted if self._is_kept(name, used)}
        unused = granted - kept
        if not unused:
            return None
        not_logged = {name for name in kept if name not in used.actions}
        smaller = self._smaller(policy, frozenset(kept)) if is_own else None
        return UnusedPolicy(
            policy="",  # which one of a principal's it is, `row` says
            unused=_by_service(unused, granted),
            count=len(unused),
            not_logged=tuple(sorted({name.partition(":")[0] for name in not_logged})),
            smaller="" if smaller is None else compact(render(smaller)),
        )

    def _is_kept(self, name: str, used: UsedActions) -> bool:
        """Whether an action was used, or may have been."""
        service = name.partition(":")[0]
        return name in used.actions or service in used.unclear_services or not is_logged(name, self._sources)

    def _smaller(self, policy: Policy, kept: frozenset[str]) -> Policy | None:
        """The policy without what was not used, in few characters; None where that is not proven to be less."""
        statements = (_narrowed(statement, kept) for statement in policy.statements)
        smaller = replace(policy, statements=tuple(statement for statement in statements if statement is not None))
        smaller = minimise(smaller) if smaller.statements else smaller
        return smaller if includes(policy, smaller) else None


def _allows(policy: Policy) -> Iterator[Statement]:
    return (statement for statement in policy.statements if statement.effect == "Allow")


def granted_actions(statement: Statement) -> tuple[str, ...]:
    """The actions that a statement names; none with NotAction, which names what it does not grant."""
    if statement.actions.negated:
        return ()
    return tuple(name for pattern in statement.actions.patterns for name in _expanded(pattern.lower()))


@lru_cache(maxsize=16_384)
def _expanded(pattern: str) -> tuple[str, ...]:
    return expand(pattern)


def _narrowed(statement: Statement, kept: frozenset[str]) -> Statement | None:
    """A statement with the kept actions alone; a pattern all of whose actions are kept stays as it is."""
    if statement.effect == "Deny" or statement.actions.negated:
        return statement
    patterns: dict[str, None] = {}
    for pattern in statement.actions.patterns:
        names = _expanded(pattern.lower())
        kept_names = [name for name in names if name in kept]
        is_whole = len(kept_names) == len(names)  # also of a pattern that matches nothing that is known
        patterns |= dict.fromkeys([pattern] if is_whole else kept_names)
    return replace(statement, actions=Globs(tuple(patterns))) if patterns else None


def _by_service(unused: set[str], granted: set[str]) -> tuple[str, ...]:
    """The unused actions; of a service of which nothing that was granted is left, `service:*`."""
    used_services = {name.partition(":")[0] for name in granted - unused}
    names = {name if name.partition(":")[0] in used_services else f"{name.partition(':')[0]}:*" for name in unused}
    return tuple(sorted(names))
