"""The targets of escalation.

The users, roles and groups of each account, and the roles by the principals they trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.audit.entities import Entity, Identity
from remit.audit.trust import role_of_session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.audit.entities import PolicyUse
    from remit.audit.role_assumption import RoleAssumption

_UNCHANGEABLE: Final = ("/aws-service-role/", "/aws-reserved/")
_EC2: Final = "ec2.amazonaws.com"


class EscalationTargets:
    """The users, roles and groups of some accounts, indexed as techniques look for them."""

    def __init__(
        self,
        identities: Iterable[Identity],
        groups: Iterable[tuple[Entity, tuple[PolicyUse, ...]]],
        foreign_roles: Iterable[Entity],
        assumption: RoleAssumption,
    ) -> None:
        self.members = tuple(_member(group, policies) for group, policies in groups)
        self._members: dict[str, list[Identity]] = {}
        self._users: dict[str, list[Entity]] = {}
        self._roles: dict[str, list[Entity]] = {}
        self._of_service: dict[tuple[str, str], list[Entity]] = {}
        self._trusting: dict[str, list[Entity]] = {}
        for member in self.members:
            self._members.setdefault(member.account, []).append(member)
        for identity in identities:
            entity = identity.entity
            if entity.kind == "user":
                self._users.setdefault(entity.account, []).append(entity)
            else:
                self._roles.setdefault(entity.account, []).append(entity)
                self._index_trust(entity, assumption)
        for role in foreign_roles:
            self._index_trust(role, assumption)

    def _index_trust(self, role: Entity, assumption: RoleAssumption) -> None:
        names = assumption.trusted(role)
        for service in names.services:
            if not assumption.lets_in(service, role):
                continue
            self._of_service.setdefault((role.account, service), []).append(role)
        for name in (*map(role_of_session, names.arns), *names.accounts, *(("*",) if names.anybody else ())):
            self._trusting.setdefault(name, []).append(role)

    def users(self, account: str) -> list[Entity]:
        """The users of an account."""
        return self._users.get(account, [])

    def roles(self, account: str) -> list[Entity]:
        """The roles of an account that its principals can change."""
        return [role for role in self._roles.get(account, []) if not any(path in role.arn for path in _UNCHANGEABLE)]

    def groups_as_members(self, account: str) -> list[Identity]:
        """For each group of an account, a user who is in this group alone, by the group's ARN."""
        return self._members.get(account, [])

    def roles_of_service(self, account: str, service: str, *, running: bool) -> list[Entity]:
        """The roles of an account that trust a service; of EC2 those in instance profiles, if instances must run."""
        roles = self._of_service.get((account, service), [])
        if running and service == _EC2:
            return [role for role in roles if role.in_instance_profile]
        return roles

    def trusting(self, names: Iterable[str]) -> dict[str, Entity]:
        """The roles, by ARN, whose trust policies name some ARNs or accounts, or everybody (`*`)."""
        roles = {role.arn: role for name in names for role in self._trusting.get(name, [])}
        return dict(sorted(roles.items()))


def _member(group: Entity, policies: tuple[PolicyUse, ...]) -> Identity:
    """Whoever joins a group has what the group has: a user with the group's policies and its ARN, of any id."""
    entity = Entity("user", group.arn, group.account, group.name, "", group.file)
    return Identity(entity, policies, None)
