"""Who outside an account can do what by a resource's policy: each finding with a request that the evaluator allows.

Asked are a stranger without credentials, a stranger's account, and everyone that the policy names: accounts, roles,
users, services and providers. What a condition demands of the request stands in the finding's context, for people to
judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.catalogue.condition_keys import global_key
from remit.iam.comparison import Piece, StatementLocation, Tier, Undecided
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Policy, allow
from remit.iam.principal import Reach, reach
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.compare import catalogue
from remit.iam.prove.condition_atoms import equal_to
from remit.iam.prove.gains import SETS
from remit.iam.prove.glob_sets import Unclear
from remit.iam.prove.key_values import Premises
from remit.iam.prove.new_actions import Case, Openings
from remit.iam.prove.satisfiable import Questions
from remit.iam.prove.statement_space import Compiled, Index, narrowed
from remit.iam.prove.witness import Words, requests_for
from remit.iam.request import principal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Principals
    from remit.iam.prove.condition_atoms import Atom
    from remit.iam.prove.new_actions import Known, Opening
    from remit.iam.prove.statement_space import Box
    from remit.iam.request import Principal

_MEANT, _WITNESS = 10, 200  # steps to see whom a statement means, and of a request
STRANGERS: Final = ("999999999999", "888888888888", "777777777777")
_EVERYTHING: Final = (Policy((allow("*"),)),)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What somebody outside can do. `who` is as the policy means them: `*`, an account, a role, a service."""

    who: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class Exposures:
    """Everything that a resource's policy lets outsiders do, and what could not be decided."""

    found: tuple[Exposure, ...]
    undecided: tuple[Undecided, ...]


def public(policy: Policy, account: str = "", *, known: Known | None = None, budget: Budget | None = None) -> Exposures:
    """Who outside `account` can do what. Without an account everyone that the policy names is outside.

    When the steps of the budget are spent, every Allow statement is undecided beside what was found.
    """
    sweep = _Exposed(policy, account, known or catalogue, budget or Budget())
    found: dict[tuple[object, ...], Exposure] = {}
    try:
        for who, principal in sweep.outsiders():
            for exposure in sweep.of(who, principal):
                piece = exposure.piece
                found.setdefault((who, piece.source, piece.action, piece.resource), exposure)
    except Exhausted as reason:
        sweep.leave_all(str(reason))
    return Exposures(tuple(found.values()), tuple(sweep.undecided))


class _Exposed:
    def __init__(self, policy: Policy, account: str, known: Known, budget: Budget) -> None:
        self.policy = policy
        self.account = account
        self.known = known
        self.compiled = Compiled(policy, speaks_without_resource=True)
        self.words = Words(self.compiled)
        self.questions = Questions(Premises.of((box.statement for box in self.compiled.boxes), SETS), budget)
        self._size = len(self.compiled.boxes)
        self.undecided: dict[Undecided, None] = {
            Undecided(StatementLocation("resource", 0, index, statement), reason): None
            for index, statement, reason in self.compiled.unclear
        }

    def outsiders(self) -> Iterator[tuple[str, str]]:
        """How the policy means them, and a principal that is one."""
        named = dict.fromkeys(
            pair
            for statement in self.policy.statements
            if statement.principals is not None
            for pair in statement.principals.patterns
        )
        accounts = {principal_of(value).account for _, value in named} | {value for _, value in named}
        stranger = next(one for one in STRANGERS if one not in accounts and one != self.account)
        yield "*", "*"
        yield "*", f"arn:aws:iam::{stranger}:user/example"
        for kind, value in named:
            who = principal_of(value)
            if value == "*" or (who.account is not None and who.account == self.account):
                continue
            yield value, (f"arn:aws:iam::{who.account}:user/example" if kind == "AWS" and who.kind == "root" else value)

    def of(self, who: str, principal: str) -> Iterator[Exposure]:
        """What one principal can do by the statements that mean them."""
        self.questions.budget.spend(_MEANT * self._size)
        asker = Request("none:None", principal=principal, context={})
        pins = _pins(asker.who)
        denies = Index(box for box in self.compiled.denies.boxes if _means(box, asker))
        for box in self.compiled.allows.boxes:
            if not _means(box, asker) or not _names(box.statement.principals, who):
                continue
            openings = Openings(Case((narrowed(box, pins),), (denies,)), self.questions, self.known)
            for action in ("*",) if box.not_actions else box.statement.actions.patterns:
                yield from self._found(who, principal, box, action, openings)

    def leave_all(self, reason: str) -> None:
        """Tell every Allow as undecided."""
        for box in self.compiled.allows.boxes:
            self.undecided[Undecided(StatementLocation("resource", 0, box.index, box.statement), reason)] = None

    def _found(self, who: str, principal: str, box: Box, action: str, openings: Openings) -> Iterator[Exposure]:
        source = StatementLocation("resource", 0, box.index, box.statement)
        for found in openings.of(action.lower()):
            if isinstance(found, Exhausted):
                raise found
            if isinstance(found, Unclear):
                self.undecided[Undecided(source, str(found))] = None
                continue
            request = self._confirmed(found, principal)
            if request is None:
                self.undecided[Undecided(source, f"the evaluator does not confirm what was found for {who}")] = None
                continue
            tier: Tier = "now" if found.real is not None else "future"
            yield Exposure(who, Piece(source, action, box.spelling_of(found.resource), request, tier))

    def _confirmed(self, found: Opening, principal: str) -> Request | None:
        self.questions.budget.spend(_WITNESS + self.compiled.effort + _MEANT * self._size)
        layers = Layers(identity=_EVERYTHING, resource=(self.policy,))
        for action, resource, context in requests_for(found, self.words):
            request = Request(action, resource, principal, context, resource_account=self.account or None)
            if evaluate(request, layers).allowed:
                return request
        return None


def _means(box: Box, asker: Request) -> bool:
    return reach(box.statement.principals, asker, deny=box.deny) is not Reach.NOBODY


def _names(principals: Principals | None, who: str) -> bool:
    """Whether a statement means them by this name (what is allowed to everyone is told once, of everyone)."""
    if principals is None:
        return False
    return principals.negated or (who == "*") == any(value == "*" for _, value in principals.patterns)


def _pins(who: Principal) -> tuple[Atom, ...]:
    """What the principal settles about the request's context."""
    keys = {key: global_key(key) for key in who.settles}
    return tuple(equal_to(known.name, who.settles[key]) for key, known in keys.items() if known is not None)


__all__ = ["Exposure", "Exposures", "public"]
