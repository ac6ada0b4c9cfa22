"""The shortest way from each principal to an administrator: a breadth-first search backwards from all administrators.

First come the ways that the files prove; only who has none of these gets a way that assumes something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.audit.escalation import Edge, EscalationGraph, administrator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.escalation_techniques import Technique
    from remit.audit.technique_needs import StepNeed


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: whose rights `source` gains by a technique: those of `target`, or of an administrator."""

    source: str
    target: str
    technique: Technique
    needs: tuple[StepNeed, ...]

    @property
    def account(self) -> str:
        """The account of whoever takes the step."""
        return self.source.split(":", 5)[4]


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """How a principal becomes an administrator; `ways` are all techniques that it can use as a first step."""

    principal: str
    steps: tuple[PathStep, ...]
    ways: tuple[str, ...]

    @property
    def assumes(self) -> tuple[str, ...]:
        """What the files do not show, and the path needs; empty where it is proven."""
        return tuple(dict.fromkeys(step.technique.assumes for step in self.steps if step.technique.assumes))


def escalation_paths(graph: EscalationGraph, principals: Iterable[str]) -> tuple[EscalationPath, ...]:
    """The path of each principal that can become an administrator and is none, in the order given."""
    proven = _towards_administrators(graph, assuming=False)
    assumed = _towards_administrators(graph, assuming=True)
    paths = []
    for principal in principals:
        if principal in graph.administrators:
            continue
        next_edges = proven if principal in proven else assumed
        if principal in next_edges:
            steps = tuple(_steps(principal, next_edges))
            edges = graph.edges.get(principal, [])
            ways = tuple(dict.fromkeys(edge.technique.name for edge in edges if edge.technique is not None))
            paths.append(EscalationPath(principal, steps, ways))
    return tuple(paths)


def _towards_administrators(graph: EscalationGraph, *, assuming: bool) -> dict[str, Edge]:
    """For each vertex that leads to an administrator, the first edge of the shortest way."""
    edges_into: dict[str, list[Edge]] = {}
    for edges in graph.edges.values():
        for edge in edges:
            if assuming or not edge.assumes:
                edges_into.setdefault(edge.target, []).append(edge)
    goals = {*graph.administrators, *(target for target in edges_into if target.startswith(administrator("")))}
    level = sorted(goals)
    next_edges: dict[str, Edge] = {}
    while level:
        following = []
        for vertex in level:
            for edge in edges_into.get(vertex, ()):
                if edge.source not in next_edges and edge.source not in goals:
                    next_edges[edge.source] = edge
                    following.append(edge.source)
        level = following
    return next_edges


def _steps(principal: str, next_edges: dict[str, Edge]) -> Iterator[PathStep]:
    """The edges from a principal on, without the vertices that stand for several."""
    vertex = principal
    while vertex in next_edges:
        edge = next_edges[vertex]
        vertex = edge.target
        if edge.technique is None:
            continue
        if vertex in next_edges and next_edges[vertex].technique is None:
            vertex = next_edges[vertex].target
        yield PathStep(edge.source, vertex, edge.technique, edge.needs)
