"""Outsiders' access by a resource's policy, each with a request that the evaluator allows.

Principals are an anonymous caller, a user of an account that the policy does not name, and all that it names, by
principals or by conditions on the caller: accounts, roles, users, services and identity providers. The context of each
request has what the conditions demand, for people to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from remit.catalogue.condition_keys import global_key
from remit.iam.comparison import Piece, StatementLocation, Tier, Undecided
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Policy, Principals, allow
from remit.iam.principal import Reach, reach
from remit.iam.prove.action_search import ActionSearch, ActionsOf, Case, Opening, catalogue_actions
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.condition_atoms import Atom, equal_to
from remit.iam.prove.example_requests import Words, requests_for
from remit.iam.prove.glob_sets import UndecidedQuestion
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import ResourceSearch
from remit.iam.prove.statement_space import Box, CompiledPolicy, Index
from remit.iam.request import Principal, principal_of

_STEPS_PER_PRINCIPAL: Final = 10  # to see whether a statement means a principal
_STEPS_PER_EXAMPLE: Final = 200  # a request and its check
STRANGERS: Final = ("999999999999", "888888888888", "777777777777")
_KEYS_OF_CALLERS: Final = ("aws:principalaccount", "aws:principalarn")
"""The keys by which conditions mean single callers."""
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_ARN_COLONS: Final = 5
_EVERYTHING: Final = (Policy((allow("*"),)),)


@dataclass(frozen=True, slots=True)
class Exposure:
    """The access of an outsider. `who` is as the policy means them: `*`, an account, a role, a service."""

    who: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class Exposures:
    """Everything that a resource's policy lets outsiders do, and what could not be decided."""

    found: tuple[Exposure, ...]
    undecided: tuple[Undecided, ...]


def public(
    policy: Policy, account: str = "", *, actions_of: ActionsOf = catalogue_actions, budget: Budget | None = None
) -> Exposures:
    """Find the access of everyone outside `account`. Without an account everyone that the policy names is outside.

    When the steps of the budget are spent, every Allow statement is undecided beside what was found.
    """
    search = _ExposureSearch(policy, account, actions_of, budget or Budget())
    exposures: dict[tuple[object, ...], Exposure] = {}
    try:
        for name, principal in search.outsiders():
            for exposure in search.exposures(name, principal):
                piece = exposure.piece
                exposures.setdefault((name, piece.source, piece.action, piece.resource), exposure)
    except Exhausted as reason:
        search.leave_all_undecided(str(reason))
    return Exposures(tuple(exposures.values()), tuple(search.undecided))


class _ExposureSearch:
    """Searches for what one resource's policy lets outsiders do; the undecided part goes to `undecided`."""

    def __init__(self, policy: Policy, account: str, actions_of: ActionsOf, budget: Budget) -> None:
        self.policy = policy
        self.account = account
        self.actions_of = actions_of
        self.compiled = CompiledPolicy(policy, speaks_without_resource=True)
        self.words = Words(self.compiled)
        self.search = ResourceSearch(Premises.of(box.statement for box in self.compiled.boxes), budget)
        self._size = len(self.compiled.boxes)
        self.undecided: dict[Undecided, None] = {
            Undecided(StatementLocation("resource", 0, index, statement), reason): None
            for index, statement, reason in self.compiled.undecided
        }

    def outsiders(self) -> Iterator[tuple[str, str]]:
        """The names by which the policy means principals, each with a principal of that name."""
        principals = dict.fromkeys(
            pair
            for statement in self.policy.statements
            if statement.principals is not None
            for pair in statement.principals.patterns
        )
        meant_by_conditions = _values(self.policy, *_KEYS_OF_CALLERS)
        user_names = tuple(f"arn:aws:iam::*:user/{name}" for name in _values(self.policy, "aws:username"))
        texts = (*(value for _, value in principals), *meant_by_conditions)
        accounts = {principal_of(text).account for text in texts} | set(texts)
        stranger = next(account for account in STRANGERS if account not in accounts and account != self.account)
        yield "*", "*"
        yield "*", f"arn:aws:iam::{stranger}:user/example"
        meant = (*meant_by_conditions, *user_names)
        callers = _callers_like(meant, stranger)
        # One condition may name the account, and another the role or user of any account.
        accounts_of_callers = dict.fromkeys(str(principal_of(caller).account) for caller in callers)
        of_any_account = [text for text in meant if "*" in text]
        for named in accounts_of_callers:
            callers += _callers_like(of_any_account, named)
        for caller in dict.fromkeys(callers):
            if principal_of(caller).account != self.account:
                yield "*", caller
        for kind, value in principals:
            parsed = principal_of(value)
            if value == "*" or (parsed.account is not None and parsed.account == self.account):
                continue
            if kind != "AWS" or parsed.kind != "root":
                yield value, value
                continue
            yield value, f"arn:aws:iam::{parsed.account}:user/example"
            for caller in _callers_like(meant, str(parsed.account)):
                if principal_of(caller).account == parsed.account:
                    yield value, caller

    def exposures(self, name: str, principal: str) -> Iterator[Exposure]:
        """Yield one principal's access by the statements that mean it."""
        self.search.budget.spend(_STEPS_PER_PRINCIPAL * self._size)
        asker = Request("none:None", principal=principal, context={})
        pins = _pins(asker.who)
        denies = Index(box for box in self.compiled.denies.boxes if _means(box, asker))
        for box in self.compiled.allows.boxes:
            if not _means(box, asker) or not _names(box.statement.principals, name):
                continue
            with_pins = box.with_parts(atoms=(*box.atoms, *pins))
            action_search = ActionSearch(Case((with_pins,), (denies,)), self.search, self.actions_of)
            for action in ("*",) if box.not_actions else box.statement.actions.patterns:
                yield from self._on_action(name, principal, box, action, action_search)

    def leave_all_undecided(self, reason: str) -> None:
        """Mark every Allow as undecided."""
        for box in self.compiled.allows.boxes:
            self.undecided[Undecided(StatementLocation("resource", 0, box.index, box.statement), reason)] = None

    def _on_action(
        self, name: str, principal: str, box: Box, action: str, action_search: ActionSearch
    ) -> Iterator[Exposure]:
        """Yield the principal's access by one action pattern of a statement; the undecided part goes to `undecided`.

        An opening that the evaluator does not confirm is undecided, or left out where no request of today can name its
        resource. Exhausted: the budget is spent.
        """
        source = StatementLocation("resource", 0, box.index, box.statement)
        for opening in action_search.openings(action.lower()):
            if isinstance(opening, Exhausted):
                raise opening
            if isinstance(opening, UndecidedQuestion):
                self.undecided[Undecided(source, str(opening))] = None
                continue
            request = self._confirmed(opening, principal)
            if request is None and opening.real is not None and not opening.usable:
                continue  # no request of today names such a resource
            if request is None:
                self.undecided[Undecided(source, f"the evaluator does not confirm what was found for {name}")] = None
                continue
            tier: Tier = "now" if opening.usable else "future"
            yield Exposure(name, Piece(source, action, box.spelling_of(opening.resource), request, tier))

    def _confirmed(self, opening: Opening, principal: str) -> Request | None:
        """A request through the opening that the evaluator allows the principal; None where it allows none."""
        self.search.budget.spend(_STEPS_PER_EXAMPLE + self.compiled.effort + _STEPS_PER_PRINCIPAL * self._size)
        layers = Layers(identity=_EVERYTHING, resource=(self.policy,))
        for action, resource, context in requests_for(opening, self.words):
            request = Request(action, resource, principal, context, resource_account=self.account or None)
            if evaluate(request, layers).allowed:
                return request
        return None


def _values(policy: Policy, *keys: str) -> tuple[str, ...]:
    """The values that some keys, in lower case, are compared with, each once."""
    conditions = (condition for statement in policy.statements for condition in statement.conditions)
    return tuple(
        dict.fromkeys(value for condition in conditions if condition.key.lower() in keys for value in condition.values)
    )


def _callers_like(texts: Iterable[str], account: str) -> list[str]:
    """A caller for each text that means users or roles; `account` stands for what a text leaves open of theirs."""
    return [caller for text in texts if (caller := _caller_like(text, account)) is not None]


def _caller_like(text: str, stranger: str) -> str | None:
    """A user or role that a condition on the caller means: of an account, or with an ARN; None: it is none."""
    parts = text.split(":", _ARN_COLONS)
    if len(parts) == 1:
        parts = ["arn", "aws", "iam", "", text, "*"]
    if len(parts) <= _ARN_COLONS or parts[2] != "iam":
        return None
    partition = "aws" if "*" in parts[1] else parts[1]
    start, star, end = parts[4].replace("?", "0").partition("*")
    account = start + stranger[len(start) + len(end) :] + end if star else start
    tail = "user/example" if parts[5] == "*" else parts[5].replace("*", "example").replace("?", "x")
    return f"arn:{partition}:iam::{account}:{tail}" if _ACCOUNT.fullmatch(account) else None


def _means(box: Box, asker: Request) -> bool:
    """Return whether a statement means whoever asks."""
    return reach(box.statement.principals, asker, deny=box.deny) is not Reach.NOBODY


def _names(principals: Principals | None, name: str) -> bool:
    """Return whether a statement means them by this name; what everyone may do is reported once, for everyone."""
    if principals is None:
        return False
    return principals.negated or (name == "*") == any(value == "*" for _, value in principals.patterns)


def _pins(principal: Principal) -> tuple[Atom, ...]:
    """The conditions on the request's context that the principal decides."""
    pins: list[Atom] = []
    for key, decided in principal.settles.items():
        condition_key = global_key(key)
        if condition_key is not None:
            pins.append(equal_to(condition_key.name, decided))
    return tuple(pins)
