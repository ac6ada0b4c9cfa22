"""Who outside of an account can use its resources and assume its roles, by their policies and within RCPs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.audit.json_bytes import parsed
from remit.audit.results import ExposureReach, ExposureRow, UndecidedExposure
from remit.catalogue.rcp_services import RCP_SERVICES
from remit.errors import RemitError
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, parse
from remit.iam.prove.budget import Budget
from remit.iam.prove.public import public
from remit.iam.request import principal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.organization import Organization
    from remit.audit.resource_policies import ResourcePolicy
    from remit.iam.comparison import StatementLocation
    from remit.iam.prove.public import Exposure

_STEPS: Final = 1_000_000
"""Of one policy: about half a second on one core."""
_ORGANIZATION: Final = "aws:PrincipalOrgID"
_ANYBODY: Final = Principals((("*", "*"),))
_OF_THE_CALLER: Final = ("aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:principalisawsservice")


@dataclass(frozen=True, slots=True)
class FoundExposures:
    """The exposures of some resources, and the statements that were not decided."""

    rows: tuple[ExposureRow, ...]
    undecided: tuple[UndecidedExposure, ...]


def exposures(policies: Iterable[ResourcePolicy], organization: Organization | None) -> FoundExposures:
    """Whom the policies of some resources let in from outside of their accounts; equal policies are looked at once."""
    rows: list[ExposureRow] = []
    undecided: list[UndecidedExposure] = []
    known: dict[tuple[str, str, str], FoundExposures] = {}
    for resource in policies:
        alike = (resource.text, resource.account, resource.service)
        if alike not in known:
            search = _ResourceExposures(resource, organization)
            found_rows = tuple(search.rows())
            known[alike] = FoundExposures(found_rows, tuple(search.undecided))
        rows += (replace(row, resource=resource.arn) for row in known[alike].rows)
        undecided += (replace(row, resource=resource.arn) for row in known[alike].undecided)
    return FoundExposures(tuple(rows), tuple(undecided))


class _ResourceExposures:
    def __init__(self, resource: ResourcePolicy, organization: Organization | None) -> None:
        self.resource = resource
        self.organization = organization
        self.undecided: list[UndecidedExposure] = []

    def rows(self) -> Iterator[ExposureRow]:
        """Whom the policy lets in, a row for each of its statements and each of these."""
        try:
            policy = parse(parsed(self.resource.text))
        except (RemitError, ValueError) as error:
            self._leave_undecided("the policy", str(error).removeprefix("error: "))
            return
        within_rcps = replace(policy, statements=(*policy.statements, *self._rcp_denials()))
        by_statement = self._by_statement(within_rcps)
        strangers = self._strangers(within_rcps, by_statement)
        for (who, source), pieces in by_statement.items():
            must_hold = dict(pair for exposure in pieces for pair in _must_hold(exposure))
            yield ExposureRow(
                self.resource.arn,
                self.resource.account,
                who,
                self._reach(who, is_for_strangers=(who, source) in strangers),
                tuple(dict.fromkeys(exposure.piece.action for exposure in pieces)),
                _spelled(source),
                tuple(must_hold.items()),
            )

    def _rcp_denials(self) -> Iterator[Statement]:
        """The Deny statements of the RCPs that bind the resource."""
        organization = self.organization
        place = None if organization is None else organization.accounts.get(self.resource.account)
        if organization is None or place is None or self.resource.account == organization.management_account:
            return
        if self.resource.service not in RCP_SERVICES:
            return
        for level in place.rcps:
            for control_policy in level:
                statements = parse(control_policy.document).statements
                yield from (statement for statement in statements if statement.effect == "Deny")

    def _by_statement(self, policy: Policy) -> dict[tuple[str, StatementLocation], list[Exposure]]:
        outsiders = public(policy, self.resource.account, budget=Budget(_STEPS))
        for row in outsiders.undecided:
            self._leave_undecided(_spelled(row.source), row.reason)
        groups: dict[tuple[str, StatementLocation], list[Exposure]] = {}
        for exposure in outsiders.found:
            groups.setdefault((exposure.who, exposure.piece.source), []).append(exposure)
        return groups

    def _strangers(
        self, policy: Policy, by_statement: Iterable[tuple[str, StatementLocation]]
    ) -> set[tuple[str, StatementLocation]]:
        """The exposures to everybody that are left for who is not of the organization."""
        for_everybody = {(who, source) for who, source in by_statement if who == "*"}
        if self.organization is None or not for_everybody:
            return for_everybody
        members = Condition("StringEquals", _ORGANIZATION, (self.organization.id,))
        forbidden = Statement("Deny", Globs(("*",)), Globs(("*",)), _ANYBODY, (members,))
        without_members = replace(policy, statements=(*policy.statements, forbidden))
        outsiders = public(without_members, self.resource.account, budget=Budget(_STEPS))
        return {(exposure.who, exposure.piece.source) for exposure in outsiders.found if exposure.who == "*"}

    def _reach(self, who: str, *, is_for_strangers: bool) -> ExposureReach:
        if who == "*":
            return "anyone" if is_for_strangers else "organization"
        caller = principal_of(who)
        if caller.account is None:
            return "service" if caller.kind == "service" else "provider"
        is_member = self.organization is not None and caller.account in self.organization.accounts
        return "member account" if is_member else "account"

    def _leave_undecided(self, statement: str, reason: str) -> None:
        self.undecided.append(UndecidedExposure(self.resource.arn, statement, reason))


def _must_hold(exposure: Exposure) -> Iterator[tuple[str, str]]:
    """What a request needs besides who makes it."""
    for key, value in exposure.piece.context.items():
        if key.lower() not in _OF_THE_CALLER:
            yield key, value if isinstance(value, str) else ", ".join(value)


def _spelled(source: StatementLocation) -> str:
    sid = f" ({source.statement.sid})" if source.statement.sid else ""
    return f"Statement[{source.index}]{sid}"
