"""Compare whom two policies with principals let in to do what: policies of a resource, or of a role's trust.

Callers whom no statement tells apart are asked about together (`caller_classes`): the statements that mean them are an
ordinary policy, and `compare` says what it gains and loses. Each example is put to the evaluator once more, as that
caller's request, which the resource's policy alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation, Undecided
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.pattern import matches
from remit.iam.pattern_list import with_stars
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.iam.policy_text import is_late
from remit.iam.prove.action_search import catalogue_actions
from remit.iam.prove.caller_classes import EVERYONE, ComparedCaller, caller_classes, free_accounts
from remit.iam.prove.compare import allows_of, compare, denials_as_allows, denied_alone
from remit.iam.request import ContextValue, principal_of

_ANYTHING: Final = (Policy((allow("*"),)),)
_ANYBODY: Final = (Policy((replace(allow("*"), principals=Principals(((EVERYONE, EVERYONE),))),)),)
_INTERNET: Final[tuple[dict[str, ContextValue], ...]] = tuple(
    {"aws:SourceIp": address, "aws:SecureTransport": True, "lambda:FunctionUrlAuthType": "NONE"}
    for address in ("8.8.8.8", "198.51.100.7", "203.0.113.7")
)
"""What requests of people whom nobody knows have in common: an address somewhere, encryption, no signature."""
_Key = tuple[StatementLocation, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class ComparedPolicies:
    """Two versions of the policies of one resource, each a tuple of documents.

    `layer` is what locations call them, `part` what sentences do. `owner` is the account of the resource (default: one
    that no policy names), `resource` the ARN of examples (default: what the statements say). Where `denials` is set,
    what a document denies is compared as well: it matters where other policies allow, too. What is denied no longer and
    allowed now is a gain, and nothing else.
    """

    old: tuple[Policy, ...]
    new: tuple[Policy, ...]
    layer: str = "resource"
    part: str = "policy"
    owner: str = ""
    resource: str = ""
    denials: bool = True
    service: str = ""
    """The prefix of the actions that the resource's service takes, as far as examples may choose; empty for any."""

    def actions_of(self, pattern: str) -> tuple[str, ...]:
        """The existing actions that a pattern matches: those of the service, or all of them where none is."""
        actions = tuple(catalogue_actions(pattern))
        own = tuple(action for action in actions if action.lower().startswith(f"{self.service}:"))
        return own or actions


def compare_callers(policies: ComparedPolicies) -> Comparison:
    """Compare policies by caller: gains and losses, each with a request of the caller's.

    A piece's `principal` is as the statement spells it. Premise: whoever is let in by name alone is let in.
    RemitError: a condition operator that does not exist.
    """
    parts: dict[str, dict[_Key, Piece]] = {name: {} for name in ("gained", "lost", "freed", "forbidden")}
    undecided: dict[Undecided, None] = {}
    for question in _questions(policies):
        for name, pieces in question.pieces():
            for piece in pieces:
                key = piece.source, piece.action, piece.resource, piece.principal, piece.whole
                known_piece = parts[name].setdefault(key, piece)
                if name in ("freed", "forbidden") and not known_piece.request.has_identity:
                    parts[name][key] = piece
        undecided |= dict.fromkeys(question.undecided)
    pieces_of = {name: tuple(pieces.values()) for name, pieces in parts.items()}
    return Comparison(undecided=tuple(undecided), **pieces_of)


def _questions(policies: ComparedPolicies) -> Iterator[_Question]:
    """Yield a question for each class of callers whom the two versions may treat differently."""
    both = (*policies.old, *policies.new)
    _, second_account = islice(free_accounts(*both), 2)  # the first is that of strangers
    owner = policies.owner or second_account
    for callers in caller_classes(both):
        old = _Side.of(policies.old, callers[0], policies.layer)
        new = _Side.of(policies.new, callers[0], policies.layer)
        if old.policies != new.policies:
            yield _Question(policies, callers, old, new, owner, [*old.undecided, *new.undecided])


@dataclass(frozen=True, slots=True)
class _Side:
    """The statements of one side that mean some callers, as ordinary policies, and where each stands."""

    whole: tuple[Policy, ...]
    policies: tuple[Policy, ...]
    indexes: tuple[tuple[int, ...], ...]
    layer: str

    @staticmethod
    def of(whole: tuple[Policy, ...], caller: ComparedCaller, layer: str) -> _Side:
        """Return the part of some policies that means a caller."""
        policies, indexes = [], []
        for policy in whole:
            meant = [index for index, statement in enumerate(policy.statements) if caller.is_meant(statement)]
            statements = tuple(_ordinary(policy.statements[index], caller) for index in meant)
            policies.append(replace(policy, statements=statements))
            indexes.append(tuple(meant))
        return _Side(whole, tuple(policies), tuple(indexes), layer)

    def denials(self, settled: tuple[Condition, ...]) -> _Side:
        """The Deny statements alone, as if they allowed, for callers who settle some conditions."""
        indexes, policies = [], []
        for policy, places in zip(self.policies, self.indexes, strict=True):
            pairs = zip(policy.statements, places, strict=True)
            indexes.append(tuple(index for statement, index in pairs if statement.effect == "Deny"))
            allows = denials_as_allows(policy)
            statements = (
                replace(statement, conditions=(*statement.conditions, *settled)) for statement in allows.statements
            )
            policies.append(replace(allows, statements=tuple(statements)))
        return replace(self, policies=tuple(policies), indexes=tuple(indexes))

    @property
    def undecided(self) -> Iterator[Undecided]:
        """The statements of which nobody can say whom they spare."""
        reason = "a Deny with `NotPrincipal: *` says nobody or everybody"
        for number, policy in enumerate(self.whole):
            for index, statement in enumerate(policy.statements):
                principals = statement.principals
                if statement.effect == "Allow" or principals is None or not principals.negated:
                    continue
                if any(value == EVERYONE for kind, value in principals.patterns if kind in (EVERYONE, "AWS")):
                    yield Undecided(StatementLocation(self.layer, number, index, statement), reason)

    def location(self, source: StatementLocation) -> StatementLocation:
        """Return the place in the whole policy of a statement of an ordinary one."""
        index = self.indexes[source.policy][source.index]
        return StatementLocation(self.layer, source.policy, index, self.whole[source.policy].statements[index])

    def lets_in(self, request: Request) -> bool:
        """Return whether the evaluator allows a request, all of whose own policies allow it."""
        return evaluate(request, Layers(_ANYTHING, resource=self.whole)).allowed

    def may_let_in(self, request: Request) -> bool:
        """Return whether the evaluator does not rule that out: it allows the request, or cannot tell."""
        return evaluate(request, Layers(_ANYTHING, resource=self.whole)).verdict in ("Allowed", "Unknown")

    def denies(self, request: Request) -> bool:
        """Return whether the evaluator finds a Deny."""
        return evaluate(request, Layers(_ANYTHING, resource=self.whole)).verdict == "ExplicitlyDenied"

    @property
    def named_identities(self) -> Iterator[str]:
        """The accounts, roles and users that it names."""
        for policy in self.whole:
            for statement in policy.statements:
                for kind, value in statement.principals.patterns if statement.principals is not None else ():
                    if kind == "AWS" and value != EVERYONE:
                        yield value


def _may_be_allowed(request: Request) -> bool:
    """Return whether any policy could allow a request: the root user, say, never takes on a role."""
    return evaluate(request, Layers(_ANYTHING, resource=_ANYBODY)).allowed


def _ordinary(statement: Statement, caller: ComparedCaller) -> Statement:
    """A statement without its principals, for a caller alone; without Resource it is about the one there is."""
    conditions = statement.conditions if statement.effect == "Deny" else (*statement.conditions, *caller.settled)
    return replace(statement, principals=None, resources=statement.resources or Globs(("*",)), conditions=conditions)


@dataclass(frozen=True, slots=True)
class _Question:
    """The gains and losses of one class of callers; the undecided part goes to `undecided`."""

    policies: ComparedPolicies
    callers: tuple[ComparedCaller, ...]
    old: _Side
    new: _Side
    owner: str
    undecided: list[Undecided]

    def pieces(self) -> Iterator[tuple[str, Iterator[Piece]]]:
        """The name of each part of the comparison (`gained`, `lost`, `forbidden`, `freed`), with its pieces.

        What cannot be decided is noted in `undecided`, as the pieces are read.
        """
        comparison = compare(self.old.policies, self.new.policies, actions_of=self.policies.actions_of)
        self._leave_undecided(comparison.undecided, self.old, self.new)
        yield "gained", self._confirmed(comparison.gained, self.old, self.new)
        yield "lost", self._confirmed(comparison.lost, self.new, self.old)
        if not self.policies.denials:
            return
        settled = self.callers[0].settled
        old, new = self.old.denials(settled), self.new.denials(settled)
        if old.policies != new.policies:
            yield "forbidden", self._confirmed_denials(self._denied_alone(old, self.old, new), old, new, "old")
            yield "freed", self._confirmed_denials(self._denied_alone(new, self.new, old), new, old, "new")

    def _denied_alone(self, narrow: _Side, whole: _Side, wide: _Side) -> tuple[Piece, ...]:
        """Find denials of one side that the other, the `whole`, neither denies (`narrow`) nor allows."""
        allowed = tuple(map(allows_of, whole.policies))
        pieces, undecided = denied_alone(narrow.policies, allowed, wide.policies, self.policies.actions_of)
        self._leave_undecided(undecided, narrow, wide)
        return pieces

    def _leave_undecided(self, undecided: Iterable[Undecided], old: _Side, new: _Side) -> None:
        """Note undecided statements at their places in the whole policies."""
        for item in undecided:
            self.undecided.append(Undecided(_place(item.source, old, new), item.reason))

    def _confirmed(self, pieces: Sequence[Piece], old: _Side, new: _Side) -> Iterator[Piece]:
        """The pieces as the whole policy's, each with a request that the evaluator agrees about.

        Where it may allow one and surely allows none, its statement is noted as undecided.
        """
        for piece in pieces:
            source = new.location(piece.source)
            for principal, (caller, *_) in _by_spelling(self.callers, source).items():
                if _may_be_named(caller, old):
                    reason = f"whom {principal} means is known at the deploy only"
                    self.undecided.append(Undecided(source, reason))
                    continue
                requests = tuple(self._requests(piece, caller))
                shown = next((asked for asked in requests if new.lets_in(asked) and not old.lets_in(asked)), None)
                if shown is None:
                    if any(map(_may_be_allowed, requests)):
                        self._not_confirmed(source)
                    continue
                difference = piece.difference
                if difference is not None:
                    denial = difference.denial
                    difference = replace(difference, part=self.policies.part, denial=denial and old.location(denial))
                yield replace(
                    piece,
                    source=source,
                    request=shown,
                    difference=difference,
                    principal=principal,
                    public=principal == EVERYONE and all(self._lets_in_the_internet(new, old, shown)),
                )

    def _confirmed_denials(self, pieces: Sequence[Piece], old: _Side, new: _Side, side: str) -> Iterator[Piece]:
        """The pieces with a request that only the new side denies; the others are noted as undecided.

        It is shown by a caller whose own policies may let it in, if there is one: an anonymous one, say, has none.
        """
        difference = SideDifference(side, self.policies.part, of_denials=True)
        for piece in pieces:
            source = new.location(piece.source)
            for principal, callers in _by_spelling(self.callers, source).items():
                asked_by_all = (asked for caller in callers for asked in self._requests(piece, caller))
                undenied = [asked for asked in asked_by_all if new.denies(asked) and not old.denies(asked)]
                if not undenied:
                    self._not_confirmed(source)
                    continue
                by_identities = [asked for asked in undenied if asked.has_identity] or undenied
                shown = next((asked for asked in by_identities if old.may_let_in(asked)), by_identities[0])
                yield replace(piece, source=source, request=shown, difference=difference, principal=principal)

    def _not_confirmed(self, source: StatementLocation) -> None:
        """Note a statement of which the evaluator does not confirm what was found."""
        reason = f"the evaluator does not confirm what was found about {self.callers[0].principal}"
        self.undecided.append(Undecided(source, reason))

    def _requests(self, piece: Piece, caller: ComparedCaller) -> Iterator[Request]:
        """The request of a piece by each principal that a caller may stand for, the likeliest first."""
        context = dict(piece.request.context or {})
        for principal in caller.principals_of(context):
            parsed = principal_of(principal)
            unsettled = {key: value for key, value in context.items() if key.lower() not in parsed.settles}
            for request_context in (unsettled, context):
                for owner in dict.fromkeys((self.owner, parsed.account or self.owner)):
                    resource = self.policies.resource or piece.request.resource
                    yield replace(
                        piece.request,
                        resource=resource,
                        principal=principal,
                        context=request_context,
                        resource_account=owner,
                    )

    def _lets_in_the_internet(self, new: _Side, old: _Side, request: Request) -> Iterator[bool]:
        """Of people anywhere, whether they are let in to do the same now, and were not before."""
        for context in _INTERNET:
            stranger = Request(request.action, request.resource, EVERYONE, context, resource_account=self.owner)
            yield new.lets_in(stranger) and not old.lets_in(stranger)


def _may_be_named(caller: ComparedCaller, side: _Side) -> bool:
    """Return whether a caller is a reference, or named by one, that may stand for somebody whom a side names."""
    principal = caller.principal
    if not is_late(principal):
        return False
    if principal_of(principal).account is None:
        return any(True for _ in side.named_identities)
    pattern = with_stars(principal)
    return any(not is_late(name) and matches(pattern, name) for name in side.named_identities)


@lru_cache(maxsize=1024)
def _by_spelling(callers: tuple[ComparedCaller, ...], source: StatementLocation) -> dict[str, list[ComparedCaller]]:
    """The callers for each principal by whose name a statement means some of a class: for each account, say."""
    by_principal: dict[str, list[ComparedCaller]] = {}
    principals = source.statement.principals
    for caller in callers:
        number = None if principals is None else caller.pattern_of(principals)
        name = EVERYONE if principals is None or number is None else principals.patterns[number][1]
        by_principal.setdefault(name, []).append(caller)
    return by_principal


def _place(source: StatementLocation, *sides: _Side) -> StatementLocation:
    """The location in the whole policy of the side whose ordinary policy has the statement."""
    for side in reversed(sides):
        statements = side.policies[source.policy].statements if source.policy < len(side.policies) else ()
        if source.index < len(statements) and statements[source.index] == source.statement:
            return side.location(source)
    return source
