"""Is there a context in which some conditions all hold, and of each of several other lists at least one does not?

Keys are independent of one another, so this is a search over the lists alone: which of its conditions each breaks.
What a key must and must not satisfy is asked of its domain; a budget keeps the search from exploding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.prove.glob_sets import Unclear

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from remit.iam.prove.budget import Budget
    from remit.iam.prove.condition_atoms import Atom, State
    from remit.iam.prove.key_values import Domain, Premises

Context: TypeAlias = "dict[str, State]"
_Node: TypeAlias = "tuple[dict[str, State], dict[str, frozenset[Atom]]]"
MOST_STEPS: Final = 4_000
_CLAUSE, _HELD = 10, 3  # steps of a list of conditions: to sort it in or try to break it, and to hold it against values
_NONE: Final[frozenset[Atom]] = frozenset()


def find_context(
    wanted: Iterable[Atom], broken: Collection[frozenset[Atom]], premises: Premises, budget: Budget
) -> Context | None:
    """Values for the keys, absent ones left out; None when no context will do.

    Raises Unclear beyond the budget, and when nothing was found among values that need not be all.
    """
    true = frozenset(wanted)
    clauses = _clauses(true, broken, budget)
    if clauses is None:
        return None
    if not true and not clauses:
        return {}
    return _Search(true, clauses, premises, budget).run()


def _clauses(
    true: frozenset[Atom], broken: Collection[frozenset[Atom]], budget: Budget
) -> list[frozenset[Atom]] | None:
    """For each list what may be broken of it, without lists that others imply; None when one cannot be broken."""
    budget.spend(len(broken))
    found = {atoms - true for atoms in broken}
    if _NONE in found:
        return None
    ordered = sorted(found, key=len)
    if len(ordered) > 1:
        kept: list[frozenset[Atom]] = []
        for clause in ordered:
            budget.spend(_CLAUSE * len(clause) + len(kept) // 2)
            if not any(smaller <= clause for smaller in kept):
                kept.append(clause)
        ordered = kept
    return sorted(ordered, key=lambda clause: (len(clause), sorted(_order(atom) for atom in clause)))


def _order(atom: Atom) -> tuple[object, ...]:
    return atom.key, atom.operator, atom.quantifier, atom.if_exists, atom.values


class _Search:
    """A depth-first search guided by a model: only a list that the present values do not break is branched on."""

    def __init__(
        self, true: frozenset[Atom], clauses: list[frozenset[Atom]], premises: Premises, budget: Budget
    ) -> None:
        self.budget = budget
        self.clauses = [sorted(clause, key=_order) for clause in clauses]
        atoms: dict[str, set[Atom]] = {}
        for atom in (*true, *(atom for clause in clauses for atom in clause)):
            atoms.setdefault(atom.key, set()).add(atom)
        self.names = {key: min(atom.name for atom in found) for key, found in sorted(atoms.items())}
        self.true = {key: frozenset(found & true) for key, found in atoms.items()}
        self.domains: dict[str, Domain] = {
            key: premises.domain(
                frozenset(found), frozenset(atom for atom in found if (atom in true) is not atom.negated), budget
            )
            for key, found in atoms.items()
        }

    def run(self) -> Context | None:
        states: dict[str, State] = {}
        for key in self.names:
            found = self.domains[key].state(self.true[key], _NONE)
            if found is None:
                self.doubt([key])
                return None
            states[key] = found[0]
        todo: list[_Node] = [(states, dict.fromkeys(self.names, _NONE))]
        for _ in range(MOST_STEPS):
            if not todo:
                self.doubt(list(self.names))
                return None
            states, false = todo.pop()
            self.budget.spend(len(states))
            ways = self.next_ways(states, false)
            if ways is None:
                return {self.names[key]: state for key, state in states.items() if state is not None}
            todo.extend(
                ({**states, atom.key: state[0]}, {**false, atom.key: false[atom.key] | {atom}})
                for atom, state in reversed(ways)
            )
        raise Unclear("its conditions can be met in too many combinations")

    def doubt(self, keys: list[str]) -> None:
        """Nothing was found; that says nothing where the values tried need not be all."""
        for key in keys:
            if not self.domains[key].exact:
                raise Unclear(f"the conditions on `{self.names[key]}` mix texts of several kinds")

    def next_ways(
        self, states: dict[str, State], false: dict[str, frozenset[Atom]]
    ) -> list[tuple[Atom, tuple[State]]] | None:
        """How to break a list that the values leave whole, the one with the fewest ways; None when there is none."""
        ways: list[tuple[Atom, tuple[State]]] | None = None
        for clause in self.clauses:
            self.budget.spend(_HELD)
            if any(not atom.holds(states[atom.key]) for atom in clause):
                continue
            found = self.ways(clause, false)
            if ways is None or len(found) < len(ways):
                ways = found
            if len(ways) <= 1:
                break
        return ways

    def ways(self, clause: list[Atom], false: dict[str, frozenset[Atom]]) -> list[tuple[Atom, tuple[State]]]:
        """The atoms of a list that can be false beside what is already settled, each with a state that makes it so."""
        found: list[tuple[Atom, tuple[State]]] = []
        self.budget.spend(_CLAUSE * len(clause))
        for atom in clause:
            state = self.domains[atom.key].state(self.true[atom.key], false[atom.key] | {atom})
            if state is not None:
                found.append((atom, state))
        return found
