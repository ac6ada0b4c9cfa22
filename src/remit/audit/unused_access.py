"""Unused access: the grants of policies without the calls in CloudTrail, and the smaller policy that is left.

Only what CloudTrail would have logged counts as unused. Access whose use is not logged (data events that no trail was
told to log, iam:PassRole) is kept, and named.

Sources: the catalogue's operations and the actions that they need; "Logging data events" (AWS CloudTrail User Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.json_bytes import compact
from remit.audit.results import UnusedPolicy, UnusedRow
from remit.audit.trail import TrailSummary, account_of
from remit.catalogue.actions import action, full_name
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import is_of_aws
from remit.catalogue.operations import operation, operations_of
from remit.errors import RemitError
from remit.iam.length import policy_length
from remit.iam.pattern import matches
from remit.iam.policy import Globs, Policy, Statement, render
from remit.iam.prove.budget import Budget
from remit.iam.prove.compare import includes
from remit.iam.prove.minimise import minimise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from remit.audit.documents import Documents
    from remit.audit.entities import Identity

_EVERYTHING: Final = frozenset({"*", "*:*"})
_LONGEST: Final = 10_240
"""Characters of all inline policies of a role: no policy of anybody is longer."""
_STEPS: Final = 1_000_000
"""Of the proof that a policy allows nothing new: about half a second on one core."""


@dataclass(frozen=True, slots=True)
class UsedActions:
    """The calls of a principal: actions, the time of the latest, and services with events that are not known."""

    actions: tuple[str, ...] = ()
    last: str = ""
    unknown_services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """The calls of an account's principals since `since`; `data_sources`: services whose data events were logged."""

    since: str
    data_sources: tuple[str, ...]
    by_principal: tuple[tuple[str, UsedActions], ...]


def usage_by_account(trail: TrailSummary) -> dict[str, Usage]:
    """Return the calls of each account's principals; an account of which nothing was logged is left out.

    Actions, services and principals are sorted.
    """
    calls: dict[str, list[tuple[str, str, str]]] = {}
    for call, time in trail.last_calls.items():
        calls.setdefault(call.principal, []).append((call.source, call.name, time))
    by_account: dict[str, dict[str, UsedActions]] = {}
    for principal, rows in sorted(calls.items()):
        actions: set[str] = set()
        unknown_services: set[str] = set()
        for source, name, _ in rows:
            names = actions_of_event(source, name)
            actions.update(names)
            if not names:
                unknown_services.add(source.partition(".")[0])
        last = max(time for _, _, time in rows)
        used = UsedActions(tuple(sorted(actions)), last, tuple(sorted(unknown_services)))
        by_account.setdefault(account_of(principal), {})[principal] = used
    usages = {}
    for account in sorted(trail.accounts):
        sources = tuple(sorted(source.service for source in trail.data_sources if source.account == account))
        usages[account] = Usage(trail.first, sources, tuple(by_account.get(account, {}).items()))
    return usages


@dataclass(frozen=True, slots=True)
class _GrantedActions:
    """The actions that a policy grants: those whose use is logged, the others, and all of them by service."""

    policy: Policy
    logged: frozenset[str]
    not_logged: frozenset[str]
    by_service: Mapping[str, AbstractSet[str]]


class UnusedAccess:
    """Compares the policies of principals with what they used; equal comparisons are made once."""

    def __init__(self, documents: Documents, usage: Usage) -> None:
        self.documents = documents
        self.usage = usage
        self._used = dict(usage.by_principal)
        self._sources = frozenset(usage.data_sources)
        self._granted: dict[str, _GrantedActions | None] = {}
        self._compared: dict[object, UnusedPolicy | None] = {}

    def row(self, identity: Identity) -> UnusedRow | None:
        """Return the unused access of a principal; None if it used everything that can be checked."""
        used = self._used.get(identity.arn, UsedActions())
        rows = []
        for use in identity.policies:
            is_own = not is_of_aws(use.name) and not use.group
            name = (use.document, used, is_own)
            if name not in self._compared:
                self._compared[name] = self._comparison(use.document, used, is_own=is_own)
            unused = self._compared[name]
            if unused is not None:
                rows.append(replace(unused, policy=use.spelled))
        if not rows:
            return None
        return UnusedRow(identity.arn, self.usage.since, used.last, tuple(rows))

    def _comparison(self, key: str, used: UsedActions, *, is_own: bool) -> UnusedPolicy | None:
        """Return the unused part of a policy; with the smaller policy, where it is the principal's own to change.

        None: it has none, or is no policy whose actions are known. What no trail logs counts as used.
        """
        granted = self._granted_by(key)
        if granted is None:
            return None
        kept = {name for name in used.actions if name in granted.logged} | granted.not_logged
        for service in used.unknown_services:  # an event that is not known may stand for any action of its service
            kept |= granted.by_service.get(service, frozenset())
        unused = granted.logged - kept
        if not unused:
            return None
        kept_services = set(map(service_of, kept))
        unused_names = {name if service_of(name) in kept_services else f"{service_of(name)}:*" for name in unused}
        unused_by_service = sorted(unused_names)
        smaller = _smaller(granted.policy, frozenset(kept), unused_by_service) if is_own else None
        return UnusedPolicy(
            policy="",  # which one of a principal's it is, `row` says
            unused=tuple(unused_by_service),
            count=len(unused),
            not_logged=tuple(sorted(set(map(service_of, kept.difference(used.actions))))),
            smaller="" if smaller is None else compact(render(smaller)),
        )

    def _granted_by(self, key: str) -> _GrantedActions | None:
        """The actions that a policy grants, those whose use is logged apart from the others; None: it is no policy."""
        if key not in self._granted:
            try:
                policy = self.documents.policy(key)
            except RemitError:  # its principals are undecided already, with this reason
                self._granted[key] = None
                return None
            allows = (statement for statement in policy.statements if statement.effect == "Allow")
            names = frozenset(name for statement in allows for name in granted_actions(statement))
            logged = frozenset(name for name in names if is_logged(name, self._sources))
            by_service: dict[str, set[str]] = {}
            for name in names:
                by_service.setdefault(service_of(name), set()).add(name)
            self._granted[key] = _GrantedActions(policy, logged, names - logged, by_service)
        return self._granted[key]


def _smaller(policy: Policy, kept: frozenset[str], unused_by_service: Sequence[str]) -> Policy | None:
    """The policy without what was not used, in few characters.

    Where the names of all that is kept are too many for a policy, only whole services are taken away. None: it is too
    long all the same, or it is not proven to allow nothing new.
    """
    smaller = _with_statements(policy, (_narrowed(statement, kept) for statement in policy.statements))
    # What is left of `*` is thousands of names: NotAction with the unused services says it in few.
    if policy_length(smaller) > _LONGEST:
        services = tuple(pattern for pattern in unused_by_service if pattern.endswith(":*"))
        statements = (_without_services(statement, services, kept) for statement in policy.statements)
        smaller = _with_statements(policy, statements)
    if policy_length(smaller) > _LONGEST:
        return None
    smaller = minimise(smaller)
    return smaller if includes(policy, smaller, budget=Budget(_STEPS)) else None


def _with_statements(policy: Policy, statements: Iterable[Statement | None]) -> Policy:
    return replace(policy, statements=tuple(statement for statement in statements if statement is not None))


def _without_services(statement: Statement, services: tuple[str, ...], kept: frozenset[str]) -> Statement | None:
    """A statement on nearly everything without some services (`s3:*`); any other with the kept actions alone.

    None: nothing is left of it. A Deny stays.
    """
    if statement.effect == "Allow" and statement.actions.negated:
        patterns = dict.fromkeys((*statement.actions.patterns, *services))
        return replace(statement, actions=Globs(tuple(patterns), negated=True))
    if statement.effect == "Allow" and not _EVERYTHING.isdisjoint(statement.actions.patterns):
        return replace(statement, actions=Globs(services, negated=True)) if services else statement
    return _narrowed(statement, kept)


def service_of(action: str) -> str:
    """The service of an action's full name."""
    return action.partition(":")[0]


def granted_actions(statement: Statement) -> Iterable[str]:
    """The actions that a statement covers, as the catalogue spells them; with NotAction all but those that it names.

    One that several patterns cover may be there more than once.
    """
    named = tuple(name for pattern in statement.actions.patterns for name in expand(pattern.lower()))
    return frozenset(expand("*")).difference(named) if statement.actions.negated else named


def _narrowed(statement: Statement, kept: frozenset[str]) -> Statement | None:
    """A statement with the kept actions alone; a pattern all of whose actions are kept stays as it is.

    A Deny stays whole. None: no action is left.
    """
    if statement.effect == "Deny":
        return statement
    if statement.actions.negated:
        names = granted_actions(statement)
        kept_of_all = sorted(kept.intersection(names))
        if len(kept_of_all) == len(tuple(names)):
            return statement
        return replace(statement, actions=Globs(tuple(kept_of_all))) if kept_of_all else None
    patterns: dict[str, None] = {}
    for pattern in statement.actions.patterns:
        names_of_pattern = expand(pattern.lower())
        kept_names = [name for name in names_of_pattern if name in kept]
        is_whole = len(kept_names) == len(names_of_pattern)  # also of a pattern that matches nothing that is known
        patterns |= dict.fromkeys([pattern] if is_whole else kept_names)
    return replace(statement, actions=Globs(tuple(patterns))) if patterns else None


_SUFFIX: Final = ".amazonaws.com"
_DATE: Final = re.compile(r"20\d\d_?\d\d_?\d\d(v\d+)?$")
"""The version that some services write behind an operation's name: `UpdateFunctionCode20150331v2`."""
_CLIENTS: Final = {
    "email": "ses",
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
    "elasticmapreduce": "emr",
    "es": "opensearch",
}
"""The names of boto3's clients for services that events call otherwise."""
_DATA_EVENTS: Final = {
    "bedrock": ("bedrock:invoke*", "bedrock:retrieve*", "bedrock:applyguardrail"),
    "cassandra": ("cassandra:select", "cassandra:modify"),
    "cloudwatch": ("cloudwatch:putmetricdata", "cloudwatch:getmetric*"),
    "dynamodb": (
        "dynamodb:batch*item", "dynamodb:conditioncheckitem", "dynamodb:deleteitem", "dynamodb:getitem",
        "dynamodb:getrecords", "dynamodb:getsharditerator", "dynamodb:partiql*", "dynamodb:putitem", "dynamodb:query",
        "dynamodb:scan", "dynamodb:updateitem",
    ),
    "execute-api": ("execute-api:*",),
    "kinesis": ("kinesis:get*", "kinesis:put*", "kinesis:subscribetoshard"),
    "lambda": ("lambda:invoke*",),
    "logs": ("logs:putlogevents", "logs:getlogevents", "logs:filterlogevents"),
    "rds-data": ("rds-data:*",),
    "s3": ("s3:*object*", "s3:abortmultipartupload", "s3:listmultipartuploadparts", "s3:listbucket*"),
    "sns": ("sns:publish",),
    "sqs": ("sqs:*message*",),
    "xray": ("xray:put*",),
}  # fmt: skip
"""The actions, by service, that CloudTrail logs only where a trail is told to log data events."""


@lru_cache(maxsize=65_536)
def actions_of_event(source: str, name: str) -> tuple[str, ...]:
    """The actions that an event may stand for, those that only some parameters need included; empty: not known."""
    service = source.removesuffix(_SUFFIX)
    bare_name = _DATE.sub("", name)
    known = operation(_CLIENTS.get(service, service), bare_name)
    if known is not None and (known.calls or known.free):
        return tuple(dict.fromkeys((*known.actions, *known.perhaps)))
    own = full_name(f"{service}:{bare_name}")
    return () if own is None else (own,)


@lru_cache(maxsize=65_536)
def is_logged(name: str, data_sources: frozenset[str]) -> bool:
    """Tell whether CloudTrail would have logged the use of an action.

    Data events count where some of the service were seen.

    Actions that are no operation of an API (iam:PassRole) are never logged under their own name.
    """
    known = action(name)
    if known is None or known.permission_only or not operations_of(name):
        return False
    folded = name.lower()
    service = folded.partition(":")[0]
    if f"{service}{_SUFFIX}" in data_sources:
        return True
    return not any(matches(pattern, folded) for pattern in _DATA_EVENTS.get(service, ()))
