"""Outsiders who can use an account's resources and assume its roles, by their policies and within RCPs.

Whom a statement for everybody lets in is found by forbidding callers: who is left when requests through a service, from
a network and of the organization are forbidden comes from anywhere on the internet.

Sources: "The meaning of public" (Amazon S3 User Guide); "Blocking public access" (Amazon EFS User Guide); "AWS global
condition context keys" (IAM User Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from remit.audit.json_bytes import parsed
from remit.audit.principal_ids import NO_IDS, USER_ID, PrincipalIds, id_in, is_principal_id
from remit.audit.results import ExposureReach, ExposureRow, UndecidedExposure
from remit.audit.trail import account_of
from remit.catalogue.condition_keys import OPERATORS
from remit.catalogue.rcp_services import RCP_SERVICES
from remit.errors import RemitError
from remit.iam.operators import check_operator
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, parse
from remit.iam.prove.budget import Budget
from remit.iam.prove.public import Exposure, Exposures, public
from remit.iam.request import principal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from remit.audit.organization import Organization
    from remit.audit.resource_policies import ResourcePolicy
    from remit.iam.comparison import StatementLocation

    _Opened = tuple[str, StatementLocation]
    _ByStatement = dict[_Opened, list[Exposure]]
    _Reached = tuple[ExposureReach, list[Exposure]]

_STEPS: Final = 1_000_000
"""Of one policy: about half a second on one core."""
_ORGANIZATION, _PATHS = "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"
_CALLERS: Final = {
    "aws:PrincipalAccount": "StringEquals", "aws:PrincipalArn": "ArnLike", USER_ID: "StringLike",
}  # fmt: skip
"""The keys by which conditions mean single callers, each with the operator that finds them."""
_CANONICAL_ID: Final = re.compile(r"[0-9a-f]{64}")
"""How S3 names an account."""
_ARN_COLONS: Final = 5
_ANYBODY: Final = Principals((("*", "*"),))
_OF_THE_CALLER: Final = frozenset({
    "aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:principalisawsservice", USER_ID,
    "aws:username",
})  # fmt: skip
_ADDRESS: Final = "185.64.9.77"
"""An address on the internet that no policy means by itself."""
_OF_ITS_ACCOUNT: Final = ("aws:SourceOwner", "kms:CallerAccount")
"""The keys by which the policies that AWS writes say: callers of the resource's own account."""
_NETWORKS: Final = ("aws:SourceVpc", "aws:SourceVpce")


def _forbidden(*conditions: Condition) -> Statement:
    """A Deny of everybody whose requests meet the conditions."""
    return Statement("Deny", Globs(("*",)), Globs(("*",)), _ANYBODY, conditions)


_FROM_SERVICES: Final = (_forbidden(Condition("Bool", "aws:PrincipalIsAWSService", ("true",))),)
_FROM_NETWORKS: Final = (
    _forbidden(Condition("NotIpAddress", "aws:SourceIp", (f"{_ADDRESS}/32",))),
    *(_forbidden(Condition("Null", key, ("false",))) for key in _NETWORKS),
    _forbidden(Condition("Bool", "elasticfilesystem:AccessedViaMountTarget", ("true",))),
)


@dataclass(frozen=True, slots=True)
class FoundExposures:
    """The exposures of some resources, and the statements that were not decided."""

    rows: tuple[ExposureRow, ...]
    undecided: tuple[UndecidedExposure, ...]


def exposures(
    policies: Iterable[ResourcePolicy], organization: Organization | None, ids: PrincipalIds = NO_IDS
) -> FoundExposures:
    """Find the outsiders that the policies of some resources let in; equal policies are looked at once.

    `ids` has whose the unique ids of users and roles are. Any other id that is a principal is of one who was deleted,
    whom nobody can be, unless it may be in an account that is missing: then its statement is undecided.
    """
    rows: list[ExposureRow] = []
    undecided: list[UndecidedExposure] = []
    known: dict[tuple[str, str, str], FoundExposures] = {}
    for resource in policies:
        alike = (resource.text, resource.account, resource.service)
        if alike not in known:
            search = _ResourceExposures(resource, organization, ids)
            found_rows = tuple(search.rows())
            known[alike] = FoundExposures(found_rows, tuple(search.undecided))
        rows += (replace(row, resource=resource.arn) for row in known[alike].rows)
        undecided += (replace(row, resource=resource.arn) for row in known[alike].undecided)
    return FoundExposures(tuple(rows), tuple(undecided))


class _ResourceExposures:
    def __init__(self, resource: ResourcePolicy, organization: Organization | None, ids: PrincipalIds) -> None:
        self.resource = resource
        self.organization = organization
        self.arns = dict(ids.arns)
        self.missing_accounts = ids.missing_accounts
        self.undecided: list[UndecidedExposure] = []

    def rows(self) -> Iterator[ExposureRow]:
        """Yield a row for each statement and outsider that it lets in; `undecided` gets what could not be decided."""
        try:
            policy = parse(parsed(self.resource.text))
        except RemitError as error:
            self._leave_undecided("the policy", error.message)
            return
        except ValueError as error:  # no JSON
            self._leave_undecided("the policy", str(error))
            return
        # RCPs deny as the policy does, and mean callers as it does; its own statements keep their places.
        policy = _with_denials(policy, self._rcp_denials())
        limited = _with_denials(policy, self._insiders(policy))
        outsiders = self._outsiders(limited)
        for row in outsiders.undecided:
            self._leave_undecided(_spelled(row.source), row.reason)
        by_statement = _by_statement(outsiders)
        ids = filter(is_principal_id, _values(policy, USER_ID))
        unknown_ids = tuple(value for value in ids if _is_single_caller(value) and id_in(value) not in self.arns)
        if unknown_ids:
            # IAM shows no ARN in their place, as it does for a principal: they may be of any account, or of nobody.
            limited = _with_denials(limited, (_of_ids(unknown_ids),))
            certain = _by_statement(self._outsiders(limited))
            names = ", ".join(dict.fromkeys(map(id_in, unknown_ids)))
            for _, source in by_statement.keys() - certain.keys():
                self._leave_undecided(_spelled(source), f"the user or role of the id {names} is not in the files")
            by_statement = certain
        reached = self._reached(policy, limited, by_statement)
        for (who, source), pieces in by_statement.items():
            if is_principal_id(who):
                if self.missing_accounts:
                    self._leave_undecided(_spelled(source), f"the user or role of the id {who} is not in the files")
                continue
            reach, pieces_of_reach = reached.get((who, source)) or (self._reach_of_name(who), pieces)
            must_hold = dict(pair for exposure in pieces_of_reach for pair in _must_hold(exposure))
            if who == "*" and reach in ("account", "member account"):
                # Those whom the conditions of the statement, and of denying ones, mean one by one.
                bearing_statements = (
                    rule for rule in policy.statements if rule == source.statement or rule.effect == "Deny"
                )
                bearing = replace(policy, statements=tuple(bearing_statements))
                callers = {key: ", ".join(_values(bearing, key.lower())) for key in _CALLERS}
                must_hold |= {key: text for key, text in callers.items() if text}
            yield ExposureRow(
                self.resource.arn,
                self.resource.account,
                who,
                reach,
                tuple(dict.fromkeys(exposure.piece.action for exposure in pieces)),
                _spelled(source),
                tuple(must_hold.items()),
            )

    def _outsiders(self, policy: Policy) -> Exposures:
        return public(policy, self.resource.account, budget=Budget(_STEPS))

    def _rcp_denials(self) -> Iterator[Statement]:
        """Yield the Denies of the RCPs above the resource's account; none where RCPs do not reach its service."""
        organization = self.organization
        place = None if organization is None else organization.accounts.get(self.resource.account)
        if place is not None and self.resource.service in RCP_SERVICES:  # RCPs reach the resources of a few services
            for control_policy in chain.from_iterable(place.rcps):
                statements = parse(control_policy.document).statements
                yield from (statement for statement in statements if statement.effect == "Deny")

    def _insiders(self, policy: Policy) -> Iterator[Statement]:
        """Yield Denies of who is no outsider, and of who cannot be at all."""
        organization, own_account = self.organization, self.resource.account
        text = self.resource.text.lower()
        for key in _OF_ITS_ACCOUNT:
            if key.lower() in text:
                yield _forbidden(Condition("StringEquals", key, (own_account,)))
        # Its root user, users and roles that conditions mean by an id.
        own_ids = tuple(value for value in _values(policy, USER_ID) if self._account_of(value) == own_account)
        if own_ids:
            yield _of_ids(own_ids)
        # Nobody is a member and yet of an account outside of the organization.
        principals = (statement.principals for statement in policy.statements if statement.principals is not None)
        accounts = {principal_of(value).account for named in principals for _, value in named.patterns}
        accounts |= set(map(self._account_of, _callers(policy)))
        outside = tuple(sorted(account for account in accounts if account and not self._is_member(account)))
        for of_organization in _of_organization(organization.id) if organization and outside else ():
            condition = Condition("StringEquals", "aws:PrincipalAccount", outside)
            yield replace(of_organization, conditions=(condition, *of_organization.conditions))
        # Services that no Allow names and the resource is not of: it is asked about none of them.
        allows = [statement for statement in policy.statements if statement.effect == "Allow"]
        services = {action.partition(":")[0] for allow in allows for action in allow.actions.patterns if ":" in action}
        actions = tuple(f"{service}:*" for service in sorted({*services, self.resource.service}))
        yield replace(_forbidden(), actions=Globs(actions, negated=True))

    def _account_of(self, value: str) -> str:
        """The account of a caller: of an ARN, or by an id that is known; the value itself where it is none of these."""
        arn = self.arns.get(id_in(value), value)
        return account_of(arn) if arn.startswith("arn:") else value

    def _reached(self, policy: Policy, limited: Policy, by_statement: _ByStatement) -> dict[_Opened, _Reached]:
        """How far each statement for everybody reaches: the widest reach at which somebody is left, or undecided.

        Each with the exposures at that reach. "service" where nobody is left at any.
        """
        of_everybody = {opened for opened in by_statement if opened[0] == "*"}
        reached: dict[_Opened, _Reached] = {}
        for reach, denials in self._reaches(policy) if of_everybody else ():
            outsiders = self._outsiders(_with_denials(limited, denials))
            pieces_at_reach = _by_statement(outsiders)
            for undecided in outsiders.undecided:
                pieces_at_reach.setdefault(("*", undecided.source), by_statement.get(("*", undecided.source), []))
            for opened in of_everybody & pieces_at_reach.keys() - reached.keys():
                reached[opened] = (reach, pieces_at_reach[opened])
            if reached.keys() == of_everybody:
                break
        return {opened: ("service", by_statement[opened]) for opened in of_everybody} | reached

    def _reaches(self, policy: Policy) -> Iterator[tuple[ExposureReach, tuple[Statement, ...]]]:
        """The reaches of statements for everybody, the widest first, each with what forbids all narrower ones.

        Whoever comes through a network alone is told by the network only where it may be anybody.
        """
        account = self.resource.account
        sources = [f"arn:*:*:*:{account}:*"]
        sources += (value for value in _values(policy, "aws:sourcearn") if "*" not in value and "?" not in value)
        from_services = (
            *_FROM_SERVICES,
            # A service that calls for a resource of the own account, or for one that the policy names.
            _forbidden(Condition("StringEquals", "aws:SourceAccount", (account,))),
            _forbidden(Condition("ArnLike", "aws:SourceArn", tuple(dict.fromkeys(sources)))),
        )
        organizations = self._organizations(policy)
        members = tuple(chain.from_iterable(map(_of_organization, organizations)))
        callers = tuple(_of_callers(policy, set(_callers(policy))))
        of_members = {value for value in _callers(policy) if self._is_member(self._account_of(value))}
        member_callers = tuple(_of_callers(policy, of_members))
        widest: tuple[tuple[ExposureReach, tuple[Statement, ...]], ...] = (("anyone", _FROM_NETWORKS), ("network", ()))
        # The first reach at which somebody is left is the widest: the order is the answer.
        for everybody, networks in widest:
            yield everybody, (*from_services, *networks, *members, *callers)
            if organizations:
                yield "organization", (*from_services, *networks, *callers)
            if callers:
                yield "account", (*from_services, *networks, *member_callers)
            if member_callers:
                yield "member account", (*from_services, *networks)

    def _organizations(self, policy: Policy) -> tuple[str, ...]:
        """The organization's id; where the organization is not known, those that the policy names."""
        if self.organization is not None:
            return (self.organization.id,)
        paths = (value.partition("/")[0] for value in _values(policy, _PATHS.lower()))
        return tuple(
            dict.fromkeys(value for value in (*_values(policy, _ORGANIZATION.lower()), *paths) if "*" not in value)
        )

    def _reach_of_name(self, who: str) -> ExposureReach:
        """The reach of somebody whom a statement names; "provider" for whoever has no account and is no service."""
        caller = principal_of(who)
        if _CANONICAL_ID.fullmatch(who):
            return "account"
        if caller.account is None:
            return "service" if caller.kind == "service" else "provider"
        return "member account" if self._is_member(caller.account) else "account"

    def _is_member(self, account: str) -> bool:
        organization = self.organization
        return organization is not None and account in {*organization.accounts, organization.management_account}

    def _leave_undecided(self, statement: str, reason: str) -> None:
        self.undecided.append(UndecidedExposure(self.resource.arn, statement, reason))


def _of_organization(organization: str) -> Iterator[Statement]:
    """Yield Denies of an organization's callers."""
    yield _forbidden(Condition("StringEquals", _ORGANIZATION, (organization,)))
    yield _forbidden(Condition("StringLike", _PATHS, (f"{organization}/*",), "ForAnyValue"))


def _of_ids(values: tuple[str, ...]) -> Statement:
    """Return a Deny of callers by their ids."""
    return _forbidden(Condition("StringLike", USER_ID, values))


def _of_callers(policy: Policy, meant: AbstractSet[str]) -> Iterator[Statement]:
    """Yield Denies of the accounts, users and roles that a policy's conditions mean one by one, as far as `meant`."""
    for key, operator in _CALLERS.items():
        values = tuple(value for value in _values(policy, key.lower()) if value in meant)
        if values:
            yield _forbidden(Condition(operator, key, values))


def _callers(policy: Policy) -> Iterator[str]:
    """The accounts, ARNs and ids by which conditions mean callers."""
    return (value for key in _CALLERS for value in _values(policy, key.lower()) if _is_single_caller(value))


def _is_single_caller(value: str) -> bool:
    """Return whether a value means callers of one account, or the sessions of one role."""
    account = value if value.startswith("arn:") else value.partition(":")[0]
    if value.count(":") >= _ARN_COLONS:
        account = value.split(":")[4]
    return not any(sign in account for sign in "*?$")


def _with_denials(policy: Policy, denials: Iterable[Statement]) -> Policy:
    """The policy with some Deny statements behind its own, whose places stay as they are."""
    return replace(policy, statements=(*policy.statements, *denials))


def _by_statement(outsiders: Exposures) -> _ByStatement:
    """The exposures by whom they let in, as the policy has it, and by the statement that does."""
    groups: _ByStatement = {}
    for exposure in outsiders.found:
        groups.setdefault((exposure.who, exposure.piece.source), []).append(exposure)
    return groups


def _values(policy: Policy, key: str) -> Iterator[str]:
    """The values that conditions ask for of a key, which is in lower case: Allow by these, Deny by all others.

    RemitError: an operator does not exist.
    """
    for statement in policy.statements:
        for condition in statement.conditions:
            if condition.key.lower() != key:
                continue
            is_negated = OPERATORS[check_operator(condition.operator)[0]].negated
            if is_negated == (statement.effect == "Deny"):
                yield from condition.values


def _must_hold(exposure: Exposure) -> Iterator[tuple[str, str]]:
    """Yield the condition keys of an example request as texts, without those of its caller and the made-up address."""
    for key, value in exposure.piece.context.items():
        if key.lower() not in _OF_THE_CALLER and value != _ADDRESS:
            yield key, value if isinstance(value, str) else ", ".join(value)


def _spelled(source: StatementLocation) -> str:
    sid = f" ({source.statement.sid})" if source.statement.sid else ""
    return f"Statement[{source.index}]{sid}"
