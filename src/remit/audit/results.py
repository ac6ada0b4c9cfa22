"""Results of an audit, as plain rows of texts: they go between processes, into the cache, and into every output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from remit.audit.entities import InputProblem  # noqa: TC001 - msgspec reads the annotations when it decodes the cache

Pairs: TypeAlias = tuple[tuple[str, str], ...]
AccessVerdict: TypeAlias = Literal["yes", "no", "undecided"]


ExposureReach: TypeAlias = Literal[
    "anyone", "network", "organization", "account", "member account", "service", "provider"
]
"""Whom an exposure lets in: anybody on the internet, anybody from some addresses or VPCs, any principal of the
organization, another account (`member`: of the organization), a service of AWS, or whoever an identity provider vouches
for."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A sensitive action of a principal: on which resource it is allowed, by which statement, and what must hold.

    `must_hold` are condition keys that the principal does not decide, each with a value that fits. `reason`: why the
    action is undecided.
    """

    action: str
    verdict: AccessVerdict
    resource: str = ""
    must_hold: Pairs = ()
    statement: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PrincipalRow:
    """The access of a principal.

    `unknown` has the reason why that is undecided as a whole, and then it stands alone.
    """

    arn: str
    access: tuple[AccessRow, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The number of its account."""
        return self.arn.split(":", 5)[4]

    @property
    def can(self) -> tuple[str, ...]:
        """The sensitive actions that it can do."""
        return tuple(row.action for row in self.access if row.verdict == "yes")

    @property
    def undecided(self) -> tuple[str, ...]:
        """The sensitive actions of which that was not decided."""
        return tuple(row.action for row in self.access if row.verdict == "undecided")


@dataclass(frozen=True, slots=True)
class StepNeed:
    """An action that a step needs: where it is allowed, the statement that allows it, and what must hold.

    `statement` is empty where a trust policy alone allows it.
    """

    action: str
    resource: str
    statement: str = ""
    must_hold: Pairs = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A step from a vertex to another: whose rights `source` gains by a technique.

    `technique` is empty where the target is one of those that the source stands for. `assumes`: what the files do not
    show, and the step needs.
    """

    source: str
    target: str
    technique: str = ""
    needs: tuple[StepNeed, ...] = ()
    assumes: str = ""


@dataclass(frozen=True, slots=True)
class UndecidedTechnique:
    """A technique of which it was not decided whether a principal can use it, and why."""

    principal: str
    technique: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """The holder of a document, by its key and its kind: a principal, and a policy's name (or `trust policy`)."""

    document: str
    kind: str
    principal: str
    policy: str


@dataclass(frozen=True, slots=True)
class DocumentFinding:
    """A finding of lint in a document, with its place."""

    rule: str
    severity: str
    message: str
    where: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """The access of an outsider by a resource's policy, within RCPs.

    `who` is as the policy says it: `*`, an account, a role, an identity provider, a service. `actions` are the policy's
    patterns.
    """

    resource: str
    account: str
    who: str
    reach: ExposureReach
    actions: tuple[str, ...]
    statement: str
    must_hold: Pairs = ()


@dataclass(frozen=True, slots=True)
class UndecidedExposure:
    """A statement of a resource's policy of which it was not decided whom it lets in, and why."""

    resource: str
    statement: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnusedPolicy:
    """The unused part of a policy: actions, or `service:*` where nothing of a service is left; `count` of actions.

    `not_logged` are services some of whose actions are kept, since their use is not logged. `smaller` is the JSON text
    of the policy that keeps the rest; empty where the policy is AWS's or a group's.
    """

    policy: str
    unused: tuple[str, ...]
    count: int
    not_logged: tuple[str, ...]
    smaller: str = ""


@dataclass(frozen=True, slots=True)
class UnusedRow:
    """The unused access of a principal since `since`; `last`: its latest call (empty: never)."""

    principal: str
    since: str
    last: str
    policies: tuple[UnusedPolicy, ...]


@dataclass(frozen=True, slots=True)
class AccountResult:
    """Everything about one account that its own files, and the roles elsewhere that trust it, decide.

    `administrators` may do everything in it.
    """

    account: str
    principals: tuple[PrincipalRow, ...]
    administrators: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()
    undecided: tuple[UndecidedTechnique, ...] = ()
    uses: tuple[DocumentUse, ...] = ()
    problems: tuple[InputProblem, ...] = ()
    exposures: tuple[ExposureRow, ...] = ()
    undecided_exposures: tuple[UndecidedExposure, ...] = ()
    unused: tuple[UnusedRow, ...] = ()


def administrator(account: str) -> str:
    """The vertex of whoever may do everything in an account."""
    return f"administrator of {account}"
