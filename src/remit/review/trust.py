"""Compare who may take on a role: each principal is written as a resource, and the ordinary comparison does the rest.

What is found is put to the evaluator again, as a request to the role by that principal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from remit.iam.comparison import Piece, SideDifference, StatementLocation, Undecided
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Globs, Policy, Principals, Statement, allow
from remit.iam.prove.compare import Comparison, compare, includes
from remit.review.comparable_roles import filled
from remit.review.principals import context, encoded, paths_of, place, principals, resources_of, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    _Names = Mapping[str, str]

_FIRST: Final = 123_456_789_012
_STEP: Final = 111_111_111_111
_ANYTHING: Final = (Policy((allow("*"),)),)
_LAYER: Final = "trust"
_NOTHING: Final[dict[str, str]] = {}
_UNKNOWN: Final = "AWS::${"
"""How the resource begins that stands for a reference of which nobody knows whose ARN it is."""


def compare_trust(old: Policy, new: Policy, was: _Names = _NOTHING, now: _Names = _NOTHING) -> Comparison:
    """Who may take on a role by the new trust policy and may not by the old, and the reverse, each with a request.

    A piece's resource is the principal as the statement spells it. `was` and `now` have the shapes of the references of
    each (`explain.shapes`); others equal only themselves. Premise: an account has one role of a name, whatever its
    path.
    """
    if old.statements == new.statements:
        return Comparison()
    before, after, asker = _both(old, new, was, now)
    comparison = compare(before.policy, after.policy)
    gained, unsure_gains = asker.confirmed(comparison.gained, before, after)
    lost, unsure_losses = asker.confirmed(comparison.lost, after, before)
    undecided = [*after.unclear, *before.unclear]
    undecided += [_undecided(item, after, before) for item in comparison.undecided]
    undecided += [*unsure_gains, *unsure_losses]
    return Comparison(gained, lost, tuple(dict.fromkeys(undecided)))


def trusts_no_more(wide: Policy, narrow: Policy) -> bool:
    """Whether it is proven that `wide` lets in everyone whom `narrow` does."""
    encoded_wide, encoded_narrow, _ = _both(wide, narrow)
    if encoded_wide.unclear or encoded_narrow.unclear:
        return False
    return includes(encoded_wide.policy, encoded_narrow.policy)


def _both(
    old: Policy, new: Policy, was: _Names = _NOTHING, now: _Names = _NOTHING
) -> tuple[_Encoded, _Encoded, _Asker]:
    account, stranger = _accounts(old, new)
    placed_old, placed_new = _placed(old, was, account), _placed(new, now, account)
    paths = paths_of(account, placed_old, placed_new)
    return _encode(old, placed_old, paths), _encode(new, placed_new, paths), _Asker(account, stranger)


def _placed(policy: Policy, shapes: _Names, account: str) -> Policy:
    """A policy with its references in shape, as it is in an account."""
    shaped = (filled(statement, shapes) for statement in policy.statements)
    return replace(policy, statements=tuple(filled(statement, place(account)) for statement in shaped))


def narrowed_trust(piece: Piece) -> Statement:
    """The statement of a piece with nobody but the principal, and nothing but the action, that the piece is about."""
    statement = piece.source.statement
    principals = statement.principals
    if piece.whole:
        return statement
    if not statement.actions.negated:
        statement = replace(statement, actions=Globs((piece.action,)))
    if principals is None or principals.negated:
        return statement
    meant = tuple(pair for pair in principals.patterns if pair[1] == piece.resource)
    return replace(statement, principals=Principals(meant)) if meant else statement


def _accounts(*policies: Policy) -> tuple[str, str]:
    """Two accounts that no policy names: one for the role's own, one for a stranger's."""
    texts = "".join(
        text
        for policy in policies
        for statement in policy.statements
        for text in (
            *(value for _, value in (statement.principals.patterns if statement.principals else ())),
            *(value for condition in statement.conditions for value in condition.values),
        )
    )
    free = (account for number in count() if (account := f"{(_FIRST + number * _STEP) % 10**12:012}") not in texts)
    return next(free), next(free)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A trust policy as it was given, as it is in one account, and with its principals as resources."""

    given: Policy
    placed: Policy
    policy: Policy
    indexes: tuple[int, ...]
    """Which statement of the given policy each encoded one is."""
    spelled: Mapping[str, str]
    """Each principal as it was given, by its pattern."""

    def source(self, index: int) -> StatementLocation:
        """The given policy's own statement, for an encoded one's number."""
        original = self.indexes[index]
        return StatementLocation(_LAYER, 0, original, self.given.statements[original])

    @property
    def unclear(self) -> tuple[Undecided, ...]:
        """The statements of which nobody can say whom they spare."""
        reason = "a Deny with `NotPrincipal: *` says nobody or everybody"
        return tuple(
            Undecided(StatementLocation(_LAYER, 0, index, statement), reason)
            for index, statement in enumerate(self.given.statements)
            if statement.effect == "Deny"
            and statement.principals is not None
            and statement.principals.negated
            and any(value == "*" for kind, value in statement.principals.patterns if kind in ("*", "AWS"))
        )

    @property
    def names_identities(self) -> bool:
        """Whether it speaks of accounts, roles or users."""
        return any(pattern.startswith("AWS:") for pattern in self.spelled)

    def lets_in(self, request: Request) -> bool:
        """What the ordinary evaluator says."""
        return evaluate(request, Layers(_ANYTHING, resource=(self.placed,))).allowed


def _encode(policy: Policy, placed: Policy, paths: Mapping[tuple[str, str], str]) -> _Encoded:
    spelled: dict[str, str] = {}
    statements: list[tuple[int, Statement]] = []
    for index, (original, statement) in enumerate(zip(policy.statements, placed.statements, strict=True)):
        if original.principals is None or statement.principals is None:
            continue  # it speaks of nobody
        for (_, text), (kind, value) in zip(original.principals.patterns, statement.principals.patterns, strict=True):
            spelled[encoded(kind, value, paths) or ""] = text
        resources = resources_of(statement.effect, statement.principals, paths)
        if resources is not None:
            statements.append((index, replace(statement, resources=resources, principals=None)))
    encoded_policy = replace(placed, statements=tuple(statement for _, statement in statements))
    return _Encoded(policy, placed, encoded_policy, tuple(index for index, _ in statements), spelled)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts the pieces to the evaluator: the role is of `account`, and no policy names the account `stranger`."""

    account: str
    stranger: str

    def confirmed(
        self, pieces: Iterable[Piece], old: _Encoded, new: _Encoded
    ) -> tuple[tuple[Piece, ...], list[Undecided]]:
        """The pieces as a trust policy's, each with a request that the evaluator agrees about; the rest undecided."""
        confirmed: dict[tuple[StatementLocation, str, str, bool], Piece] = {}
        unsure: list[Undecided] = []
        for piece in pieces:
            source = new.source(piece.source.index)
            resource = new.spelled.get(piece.resource) or old.spelled.get(piece.resource) or unescaped(piece.resource)
            if piece.resource.startswith(_UNKNOWN) and old.names_identities:
                unsure.append(Undecided(source, f"whom {resource} means is known at the deploy only"))
                continue
            request = self.request(piece, old, new)
            if request is None:
                unsure.append(Undecided(source, f"the evaluator does not confirm what was found about {resource}"))
                continue
            difference = _of_trust(piece.difference)
            key = source, piece.action, resource, piece.whole
            confirmed.setdefault(
                key, replace(piece, source=source, resource=resource, request=request, difference=difference)
            )
        return tuple(confirmed.values()), unsure

    def request(self, piece: Piece, old: _Encoded, new: _Encoded) -> Request | None:
        """A request by a principal whom the one policy lets in and the other does not."""
        role = f"arn:aws:iam::{self.account}:role/example"
        for principal in principals(piece, self.stranger):
            request = Request(piece.request.action, role, principal, context(piece))
            if new.lets_in(request) and not old.lets_in(request):
                return request
        return None


def _of_trust(difference: SideDifference | None) -> SideDifference | None:
    """The difference as one between trust policies, which were compared as if they were a role's own."""
    if difference is None:
        return None
    denial = difference.denial
    return replace(difference, part="trust policy", denial=denial and replace(denial, layer=_LAYER))


def _undecided(item: Undecided, *sides: _Encoded) -> Undecided:
    """As the trust policy's own statement."""
    for side in sides:
        if item.source.statement in side.policy.statements:
            return Undecided(side.source(side.policy.statements.index(item.source.statement)), item.reason)
    return item
