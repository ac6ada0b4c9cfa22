"""Find a request context in which some conditions all hold, and each of some lists has a condition that does not.

Condition keys are independent of one another, so this is a search over the lists: which condition of each is false.
Which value makes the conditions on one key true and false, its domain knows (`key_values`). A budget bounds the search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.prove.glob_sets import UndecidedQuestion

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
    required: Iterable[Atom], broken: Collection[frozenset[Atom]], premises: Premises, budget: Budget
) -> Context | None:
    """The values of the keys in a context where all of `required` hold, and of each list in `broken` some do not.

    None: it is proven that there is no such context. UndecidedQuestion: the budget is spent, or no context was found
    among values that need not be all.
    """
    true = frozenset(required)
    clauses = _breakable_clauses(true, broken, budget) if broken else []
    if clauses is None:
        return None
    if not true and not clauses:
        return {}
    return _ContextSearch(true, clauses, premises, budget).run()


def _breakable_clauses(
    true: frozenset[Atom], broken: Collection[frozenset[Atom]], budget: Budget
) -> list[frozenset[Atom]] | None:
    """The conditions of each list that may be false, without lists that others imply; None when a list has none."""
    budget.spend(len(broken))
    breakable = {atoms - true for atoms in broken}
    # All conditions of this cover hold wherever the required ones do: no context escapes it.
    if _NONE in breakable:
        return None
    ordered = sorted(breakable, key=len)
    if len(ordered) > 1:
        minimal: list[frozenset[Atom]] = []
        for clause in ordered:
            budget.spend(_CLAUSE * len(clause) + len(minimal) // 2)
            # What makes the smaller list false makes every list false that contains it.
            if not any(smaller <= clause for smaller in minimal):
                minimal.append(clause)
        ordered = minimal
    return sorted(ordered, key=lambda clause: (len(clause), sorted(_order(atom) for atom in clause)))


def _order(atom: Atom) -> tuple[object, ...]:
    """The sort key of an atom, so that searches go the same way each time."""
    return atom.key, atom.operator, atom.quantifier, atom.if_exists, atom.values


class _ContextSearch:
    """A depth-first search that branches only on a list whose conditions all hold under the present values."""

    def __init__(
        self, true: frozenset[Atom], clauses: list[frozenset[Atom]], premises: Premises, budget: Budget
    ) -> None:
        self.budget = budget
        self.clauses = [sorted(clause, key=_order) for clause in clauses]
        atoms: dict[str, set[Atom]] = {}
        for atom in (*true, *(atom for clause in clauses for atom in clause)):
            atoms.setdefault(atom.key, set()).add(atom)
        self.names = {key: min(atom.name for atom in key_atoms) for key, key_atoms in sorted(atoms.items())}
        self.true = {key: frozenset(key_atoms & true) for key, key_atoms in atoms.items()}
        self.domains: dict[str, Domain] = {}
        for key, key_atoms in atoms.items():
            to_match = frozenset(atom for atom in key_atoms if (atom in true) is not atom.negated)
            self.domains[key] = premises.domain(frozenset(key_atoms), to_match, budget)

    def run(self) -> Context | None:
        """A context in which `true` holds and no clause does as a whole; None: it is proven that there is none.

        UndecidedQuestion: the values that were tried need not be all, or there are too many combinations.
        """
        states: dict[str, State] = {}
        for key in self.names:
            # Keys are independent: one that no value satisfies settles the question for all.
            initial = self.domains[key].state(self.true[key], _NONE)
            if initial is None:
                self.check_exact([key])
                return None
            states[key] = initial[0]
        todo: list[_Node] = [(states, dict.fromkeys(self.names, _NONE))]
        for _ in range(MOST_STEPS):
            if not todo:
                self.check_exact(list(self.names))
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
        raise UndecidedQuestion("its conditions can be met in too many combinations")

    def check_exact(self, keys: list[str]) -> None:
        """Raise UndecidedQuestion where the values that were tried need not be all, so that nothing is proven."""
        for key in keys:
            if not self.domains[key].exact:
                raise UndecidedQuestion(f"the conditions on `{self.names[key]}` mix texts of several kinds")

    def next_ways(
        self, states: dict[str, State], false: dict[str, frozenset[Atom]]
    ) -> list[tuple[Atom, tuple[State]]] | None:
        """The ways to make a condition false of a list that holds, the one with the fewest; None: no list holds."""
        ways: list[tuple[Atom, tuple[State]]] | None = None
        for clause in self.clauses:
            self.budget.spend(_HELD)
            if any(not atom.holds(states[atom.key]) for atom in clause):
                continue
            clause_ways = self.ways(clause, false)
            if ways is None or len(clause_ways) < len(ways):
                ways = clause_ways
            if len(ways) <= 1:
                break
        return ways

    def ways(self, clause: list[Atom], false: dict[str, frozenset[Atom]]) -> list[tuple[Atom, tuple[State]]]:
        """The conditions of a list that can be false besides those in `false`, each with a state that makes it so."""
        ways: list[tuple[Atom, tuple[State]]] = []
        self.budget.spend(_CLAUSE * len(clause))
        for atom in clause:
            state = self.domains[atom.key].state(self.true[atom.key], false[atom.key] | {atom})
            if state is not None:
                ways.append((atom, state))
        return ways
