"""The graph of who can gain whose rights: an edge for each technique that a principal's policies allow.

Techniques that work on all users or roles of an account, or on all roles of a service, lead to one vertex that stands
for them, so that the graph stays small.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.audit.results import Edge, StepNeed, administrator
from remit.audit.role_assumption import RoleAssumption
from remit.audit.technique_needs import NeedQuestions
from remit.audit.trust import ASSUME, role_of_session
from remit.catalogue.escalation_techniques import (
    ASSUME_ROLE,
    BOUNDARY_OFF,
    EC2,
    ONTO_OTHERS,
    TECHNIQUES,
    Technique,
    TechniqueNeed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.audit.access import AccessQuestions, Asker
    from remit.audit.entities import Identity
    from remit.audit.joined_account import JoinedAccount

_SIGNS_OF_ADMINISTRATORS: Final = ("iam:PutRolePolicy", "iam:CreateUser", "iam:AttachUserPolicy")
_UNCHANGEABLE: Final = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that AWS alone can change."""
_PASS_ROLE: Final = (TechniqueNeed("iam:PassRole", "a role"),)


class EscalationGraph:
    """The edges of an account's users and roles (`identities`), also to roles of other accounts (`foreign_roles`).

    `edges` has those of each vertex, the surest first; identities that cannot be decided have none. `administrators`
    are those who may do everything in their account already.
    """

    def __init__(
        self,
        questions: AccessQuestions,
        account: JoinedAccount,
        identities: Iterable[Asker],
        foreign_roles: Iterable[Identity],
    ) -> None:
        self.questions = questions
        self.needs = NeedQuestions(questions, account.managed)
        self.assumption = RoleAssumption(questions)
        self.edges: dict[str, list[Edge]] = {}
        # Whoever joins a group has what the group has: a user with its policies and its ARN, of any id.
        self._members = [
            replace(group, kind="user", unique_id="", boundary=None, unknown=()) for group in account.groups
        ]
        self._users = [identity for identity in account.identities if identity.kind == "user"]
        roles = [identity for identity in account.identities if identity.kind == "role"]
        self._roles = [role for role in roles if not any(path in role.arn for path in _UNCHANGEABLE)]
        self._roles_of_service: dict[str, list[Identity]] = defaultdict(list)
        for role in roles:
            for service in self.assumption.trusted(role).services:
                if self.assumption.lets_in(service, role):
                    self._roles_of_service[service].append(role)
        self._trusting: dict[str, list[Identity]] = defaultdict(list)
        for role in (*roles, *foreign_roles):
            names = self.assumption.trusted(role)
            for name in (*map(role_of_session, names.arns), *names.accounts, *(("*",) if names.anybody else ())):
                self._trusting[name].append(role)
        members = [questions.asker(member) for member in self._members]
        askers = [asker for asker in (*identities, *members) if not asker.unknown]
        self.administrators = {asker.identity.arn for asker in askers if self._is_administrator(asker)}
        for asker in askers:
            if asker.identity.arn not in self.administrators:
                for edge in self._edges(asker):
                    self.edges.setdefault(edge.source, []).append(edge)

    def _is_administrator(self, asker: Asker) -> bool:
        """Return whether a principal may do everything: a statement says so, and nothing takes the most of it."""
        # The masks are looked at first: of most principals no statement allows everything.
        if not (self._allows_everything(asker.profile.identity) and self._is_unbounded(asker)):
            return False
        for action in _SIGNS_OF_ADMINISTRATORS:
            answer = self.questions.ask_anywhere(asker, action)
            if answer.verdict != "yes" or answer.must_hold:
                return False
        return True

    def _allows_everything(self, keys: Iterable[str]) -> bool:
        """Return whether one of the documents allows everything; those that nobody knows do not count."""
        masks = (self.questions.parts.mask(key) for key in keys)
        return any(mask is not None and mask.allows_everything for mask in masks)

    def _is_unbounded(self, asker: Asker) -> bool:
        """Return whether the boundary, if there is one, allows everything."""
        return not asker.profile.boundary or self._allows_everything(asker.profile.boundary)

    def _edges(self, asker: Asker) -> Iterator[Edge]:
        """Every technique that a principal's policies allow, the surest first."""
        for technique in self._techniques(asker):
            if self.needs.may_use(asker, technique):
                yield from _GAINS[technique.gain](self, asker, technique)
        yield from self._assumed_roles(asker)
        if self._is_unbounded(asker):
            for technique in ONTO_OTHERS:  # which give others rights: any, or those of a group that it adds them to
                if self.needs.may_use(asker, technique):
                    if technique.needs[0].on == "a group":
                        yield from self._each(asker, technique, self._members)
                    else:
                        yield from self._administrator(asker, technique)
        elif not self._allows_everything(asker.profile.identity):
            yield from self._freed(asker)

    def _techniques(self, asker: Asker) -> Iterator[Technique]:
        """The techniques that give a principal something.

        A boundary takes away those by which it gains any rights itself, but not those by which it makes a new user or
        role. It adds those that take the boundary off, where the principal's policies allow everything.
        """
        if self._is_unbounded(asker):
            yield from TECHNIQUES
            return
        # Whom it makes anew has no boundary.
        unlimited = (row for row in TECHNIQUES if row.gain != "administrator" or row.needs[0].on == "a new one")
        yield from unlimited
        if self._allows_everything(asker.profile.identity):
            yield from BOUNDARY_OFF

    def _administrator(self, asker: Asker, technique: Technique) -> Iterator[Edge]:
        """Yield the edge by which a principal gains any rights in its account; none where a need is not allowed."""
        steps = self.needs.steps(asker, technique, technique.needs)
        if steps is not None:
            yield _edge(asker.identity.arn, administrator(asker.identity.account), technique, steps)

    def _each(self, asker: Asker, technique: Technique, targets: Iterable[Identity]) -> Iterator[Edge]:
        """Yield an edge to each of some users, roles or groups on which the technique's needs are allowed."""
        for target in targets:
            steps = self.needs.steps(asker, technique, technique.needs, target)
            if steps is not None:
                yield _edge(asker.identity.arn, target.arn, technique, steps)

    def _freed(self, asker: Asker) -> Iterator[Edge]:
        """Yield edges to any rights for a principal that takes off its boundary, and then uses what its policies allow.

        Both are one step.
        """
        profile = replace(asker.profile, boundary=())
        freed = replace(asker, profile=profile, candidates=self.questions.candidates(profile))
        techniques = [technique for technique in TECHNIQUES if technique.gain == "administrator"]
        for off in BOUNDARY_OFF:
            steps = self.needs.steps(asker, off, off.needs) if self.needs.may_use(asker, off) else None
            if steps is not None:
                yield from self._after(off, steps, freed, techniques)

    def _after(
        self, first: Technique, steps: tuple[StepNeed, ...], asker: Asker, techniques: Iterable[Technique]
    ) -> Iterator[Edge]:
        """Yield the techniques of a principal after a first one has changed its rights; both are one step."""
        for technique in techniques:
            if self.needs.may_use(asker, technique):
                for edge in _GAINS[technique.gain](self, asker, technique):
                    name = f"{first.name} + {edge.technique}"
                    yield replace(edge, technique=name, needs=(*steps, *edge.needs))

    def _users_or_roles(self, asker: Asker, technique: Technique) -> Iterator[Edge]:
        """Yield the steps to the rights of users or roles of the account: of all, or of those that a policy names."""
        own_arn = asker.identity.arn
        targets = self._users if technique.gain == "user" else self._roles
        others = [target for target in targets if target.arn != own_arn]
        if others and self.questions.parts.is_uniform(asker.profile, technique.needs[-1].action):
            # One stands for all: no statement tells them apart.
            steps = self.needs.steps(asker, technique, technique.needs, others[0])
            if steps is not None:
                yield self._to_all(own_arn, f"{technique.gain}s of {asker.identity.account}", targets, technique, steps)
        else:
            yield from self._each(asker, technique, others)

    def _to_all(
        self, source: str, vertex: str, targets: Iterable[Identity], technique: Technique, steps: tuple[StepNeed, ...]
    ) -> Edge:
        """The edge to a vertex that stands for several users or roles.

        The edges from there to each of them are added to `edges` the first time.
        """
        if vertex not in self.edges:
            self.edges[vertex] = [Edge(vertex, target.arn) for target in targets]
        return _edge(source, vertex, technique, steps)

    def _groups(self, asker: Asker, technique: Technique) -> Iterator[Edge]:
        """Yield the steps by which a user joins groups; `member` stands for any user of a group.

        What needs rights of the group and of the user, or stays within the user's boundary, is one step.
        """
        groups, is_unbounded = asker.identity.groups, self._is_unbounded(asker)
        for member in self._members:
            need = TechniqueNeed(technique.needs[0].action, "a group")
            is_in = member.name in groups
            steps = None if is_in else self.needs.steps(asker, technique, (need,), member)
            if steps is None:
                continue
            # What each of these can do without the other is an edge of its own; only what needs both is told here.
            apart = [asker]
            if is_unbounded:
                apart.append(self.questions.asker(member))
                yield _edge(asker.identity.arn, member.arn, technique, steps)
            policies = (*asker.identity.policies, *member.policies)
            user = replace(asker.identity, groups=(*groups, member.name), policies=policies)
            joined = self.questions.asker(user)
            for further in (*self._techniques(joined), ASSUME_ROLE):
                if further.gain != "group" and not any(self.needs.may_use(alone, further) for alone in apart):
                    yield from self._after(technique, steps, joined, (further,))

    def _service_roles(self, asker: Asker, technique: Technique) -> Iterator[Edge]:
        """Yield the edges to roles as which a service acts: those that the principal passes, or those in use.

        There are none where no role of the account lets the service in.
        """
        own_arn, account = asker.identity.arn, asker.identity.account
        running = technique.gain == "running role"
        roles = self._roles_of_service.get(technique.service, [])
        if running and technique.service == EC2:  # an instance has a role by its instance profile alone
            roles = [role for role in roles if role.in_instance_profile]
        steps = self.needs.steps(asker, technique, technique.needs) if roles else None
        if steps is None:
            return
        vertex = f"roles that {'run' if running else 'trust'} {technique.service} in {account}"
        if running:
            yield self._to_all(own_arn, vertex, roles, technique, steps)
        elif self.questions.parts.is_uniform(asker.profile, "iam:PassRole"):
            passing = self.needs.steps(asker, technique, _PASS_ROLE, roles[0])
            if passing is not None:
                yield self._to_all(own_arn, vertex, roles, technique, (*passing, *steps))
        else:
            for role in roles:
                passing = self.needs.steps(asker, technique, _PASS_ROLE, role)
                if passing is not None and role.arn != own_arn:
                    yield _edge(own_arn, role.arn, technique, (*passing, *steps))

    def _assumed_roles(self, asker: Asker, _: Technique = ASSUME_ROLE) -> Iterator[Edge]:
        """Yield an edge to each role that a principal can assume, in any account, by ARN; undecided ones are noted."""
        identity = asker.identity
        names = [identity.arn, role_of_session(identity.arn), "*"]
        if self.questions.parts.bits[ASSUME] & asker.candidates:
            names.append(identity.account)
        trusting = {role.arn: role for name in names for role in self._trusting.get(name, ())}
        for arn, role in sorted(trusting.items()):
            if arn == identity.arn:
                continue
            answer = self.assumption.answer(asker, role)
            if answer.verdict == "undecided":
                self.needs.leave_undecided(asker, ASSUME_ROLE, answer.reason)
            elif answer.verdict == "yes":
                step = replace(self.needs.step(asker, ASSUME, answer), resource=arn)
                yield _edge(identity.arn, arn, ASSUME_ROLE, (step,))


def _edge(source: str, target: str, technique: Technique, steps: tuple[StepNeed, ...]) -> Edge:
    return Edge(source, target, technique.name, steps, technique.assumes)


_GAINS: Final[dict[str, Callable[[EscalationGraph, Asker, Technique], Iterator[Edge]]]] = {
    "administrator": EscalationGraph._administrator,  # noqa: SLF001 - the table of its own methods
    "user": EscalationGraph._users_or_roles,  # noqa: SLF001 - as above
    "assumed role": EscalationGraph._assumed_roles,  # noqa: SLF001 - as above
    "role": EscalationGraph._users_or_roles,  # noqa: SLF001 - as above
    "group": EscalationGraph._groups,  # noqa: SLF001 - as above
    "passed role": EscalationGraph._service_roles,  # noqa: SLF001 - as above
    "running role": EscalationGraph._service_roles,  # noqa: SLF001 - as above
}
