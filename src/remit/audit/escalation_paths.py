"""The shortest way from each principal to an administrator: a breadth-first search backwards from all administrators.

First come the ways that the files prove; only who has none of these gets a way that assumes something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from remit.audit.results import AccountResult, Edge, administrator
from remit.audit.trail import account_of

_OF_SOMETHING_ELSE: Final = (
    r"(?i)(?:Resource|Principal)Tag/|^aws:(?:Principal|Resource|Source)(?:Org|Account|Arn)|Source(?:Ip|Vpc)"
)
"""Condition keys that tell of the resource, the principal or the network, which a caller has not in its hands."""


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """How a principal becomes an administrator; `ways` are all techniques that it can use as a first step.

    Each step is an edge from whom the one before led to.
    """

    principal: str
    steps: tuple[Edge, ...]
    ways: tuple[str, ...]

    @property
    def assumes(self) -> tuple[str, ...]:
        """The facts that the path needs and the files do not show; empty where it is proven."""
        return tuple(dict.fromkeys(step.assumes for step in self.steps if step.assumes))

    @property
    def must_hold(self) -> tuple[tuple[str, str], ...]:
        """The condition keys that its steps need, each with a value that fits."""
        return tuple(dict.fromkeys(pair for step in self.steps for need in step.needs for pair in need.must_hold))

    @property
    def is_open(self) -> bool:
        """True if it needs something that no caller brings along: what the files do not show, a tag that nobody has."""
        return bool(self.assumes) or not all(is_brought(key) for key, _ in self.must_hold)


def is_brought(key: str) -> bool:
    """Return whether a caller brings the value of a condition key: MFA, an ExternalId, a tag that it asks for."""
    return re.search(_OF_SOMETHING_ELSE, key) is None


@dataclass(frozen=True, slots=True)
class LeadingEdges:
    """The edges of an account that paths may have: those towards an administrator, of it or of another account.

    `ways` are the principals that have some, in the order of the account, each with all of its techniques.
    """

    edges: tuple[Edge, ...]
    ways: tuple[tuple[str, tuple[str, ...]], ...]


def leading_edges(result: AccountResult) -> LeadingEdges:
    """The few edges of an account that matter to paths: most lead to roles that can do no more.

    Where none leads into another account, the shortest ways are known already, and only their edges are left.
    """
    techniques: dict[str, dict[str, None]] = {}
    for edge in result.edges:
        techniques.setdefault(edge.source, {})[edge.technique] = None
    goals = {*result.administrators, administrator(result.account)}
    arns = {edge.target for edge in result.edges if edge.target.startswith("arn:")}
    foreign = {arn for arn in arns if account_of(arn) != result.account}
    assumed = _towards_administrators(result.edges, goals | foreign, assuming=True)
    if foreign:
        edges = tuple(edge for edge in result.edges if edge.target in assumed or edge.target in goals | foreign)
    else:
        proven = _towards_administrators(result.edges, goals, assuming=False)
        shortest = {*proven.values(), *assumed.values()}
        edges = tuple(edge for edge in result.edges if edge in shortest)
    leading = (row.arn for row in result.principals if row.arn in assumed)
    return LeadingEdges(edges, tuple((arn, tuple(techniques[arn])) for arn in leading))


def escalation_paths(accounts: Sequence[LeadingEdges], administrators: AbstractSet[str]) -> tuple[EscalationPath, ...]:
    """The path of each principal of some accounts that can become an administrator and is none, in their order.

    It is a shortest one that is proven; without such a one, a shortest one that assumes something.
    """
    edges = [edge for account in accounts for edge in account.edges]
    proven = _towards_administrators(edges, administrators, assuming=False)
    assumed = _towards_administrators(edges, administrators, assuming=True)
    paths = []
    for principal, ways in (row for account in accounts for row in account.ways):
        next_edges = proven if principal in proven else assumed
        if principal in next_edges:
            steps = tuple(_steps(principal, next_edges))
            paths.append(EscalationPath(principal, steps, ways))
    return tuple(paths)


def _towards_administrators(
    edges: Iterable[Edge], administrators: AbstractSet[str], *, assuming: bool
) -> dict[str, Edge]:
    """For each vertex that leads to an administrator, the first edge of the shortest way.

    Ways have edges that assume something only if `assuming`.
    """
    edges_into: dict[str, list[Edge]] = {}
    for edge in edges:
        if assuming or not edge.assumes:
            edges_into.setdefault(edge.target, []).append(edge)
    goals = {*administrators, *(target for target in edges_into if target.startswith(administrator("")))}
    level = sorted(goals)
    next_edges: dict[str, Edge] = {}
    while level:
        following = []
        for vertex in level:
            for edge in edges_into.get(vertex, ()):
                # The first way that is met is a shortest one: levels are searched one after the other.
                if edge.source not in next_edges:
                    next_edges[edge.source] = edge
                    following.append(edge.source)
        level = following
    return next_edges


def _steps(principal: str, next_edges: Mapping[str, Edge]) -> Iterator[Edge]:
    """The edges from a principal on, without the vertices that stand for several."""
    vertex = principal
    while vertex in next_edges:
        edge = next_edges[vertex]
        vertex = edge.target
        # A vertex that stands for several is no step: it leads to the one that leads on.
        if vertex in next_edges and not next_edges[vertex].technique:
            vertex = next_edges[vertex].target
        yield replace(edge, target=vertex)
