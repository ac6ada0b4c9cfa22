"""Compare policies that say whom they let in (a role's trust, a resource's policies), with references in shape.

What is found is told as the policies are written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.iam.comparison import Comparison, Piece, StatementLocation, Undecided
from remit.iam.policy import Globs, Policy, Principals, Statement
from remit.iam.prove.caller_classes import EVERYONE, free_accounts
from remit.iam.prove.compare_callers import ComparedPolicies, compare_callers
from remit.iam.request import principal_of
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.roles.reference_names import fill_policy_with_principals
from remit.roles.shaped_comparison import as_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.iam.decide.evaluate import Layers

    Names = Mapping[str, str]

NO_SHAPES: Final[dict[str, str]] = {}
_TRUST: Final = "trust"
_ANYBODY: Final = Principals(((EVERYONE, EVERYONE),))


def compare_trust(old: Policy, new: Policy, was: Names = NO_SHAPES, now: Names = NO_SHAPES) -> Comparison:
    """Who may take on a role by the new trust policy and may not by the old, and the reverse, each with a request.

    A piece's resource is the principal as the statement spells it. `was` and `now` have the shapes of the references of
    each (`roles.reference_shapes`); others equal only themselves. RemitError: an operator does not exist.
    """
    if old == new:
        return Comparison()
    place = _place((old,), (new,), was, now)
    compared = ComparedPolicies(
        (_placed(old, was, place),),
        (_placed(new, now, place),),
        layer=_TRUST,
        part="trust policy",
        owner=place[ACCOUNT],
        resource=f"arn:aws:iam::{place[ACCOUNT]}:role/example",
        denials=False,
    )
    comparison = _as_written(compare_callers(compared), compared, (old,), (new,), (was, now), place)
    return comparison.each(lambda piece: replace(piece, resource=piece.principal))


def compare_resource_policies(
    old: tuple[Policy, ...],
    new: tuple[Policy, ...],
    was: Names = NO_SHAPES,
    now: Names = NO_SHAPES,
    *,
    service: str = "",
) -> Comparison:
    """Who may do what by a resource's policies, and what they deny, which binds other policies, too.

    Examples call actions of the resource's `service`, where that is known. RemitError: an operator does not exist.
    """
    place = _place(old, new, was, now)
    compared = ComparedPolicies(
        tuple(_placed(policy, was, place) for policy in old),
        tuple(_placed(policy, now, place) for policy in new),
        service=service,
    )
    return _as_written(compare_callers(compared), compared, old, new, (was, now), place)


def compare_without_principals(
    old: tuple[Policy, ...], new: tuple[Policy, ...], was: Names = NO_SHAPES, now: Names = NO_SHAPES
) -> Comparison:
    """As `compare_resource_policies`, of documents that say what may be done and leave open by whom.

    Its pieces have no principal, and none is public.
    """
    comparison = compare_resource_policies(tuple(map(_by_anybody, old)), tuple(map(_by_anybody, new)), was, now)
    comparison = comparison.each(
        lambda piece: replace(piece, principal="", public=False, source=_by_nobody(piece.source))
    )
    undecided = tuple(replace(item, source=_by_nobody(item.source)) for item in comparison.undecided)
    return replace(comparison, undecided=undecided)


def _by_anybody(policy: Policy) -> Policy:
    """A copy of a policy whose statements all name everyone."""
    statements = (replace(statement, principals=_ANYBODY) for statement in policy.statements)
    return replace(policy, statements=tuple(statements))


def _by_nobody(source: StatementLocation) -> StatementLocation:
    """A location whose statement names no principals."""
    return replace(source, statement=replace(source.statement, principals=None))


def names_callers(layers: Layers) -> bool:
    """Return whether policies of a file say whom they let in: those of a resource, or of a role's trust."""
    statements: list[Statement] = []
    for policy in layers.identity:
        statements += policy.statements
    return any(statement.principals is not None for statement in statements)


def compare_files(old: Layers, new: Layers) -> Comparison:
    """Compare two files of policies that say whom they let in.

    Statements without resources, about nothing but STS, are of a role's trust, where what a Deny forbids alone does not
    matter. RemitError: an operator does not exist.
    """
    statements = [statement for side in (old, new) for policy in side.identity for statement in policy.statements]
    comparison = compare_resource_policies(old.identity, new.identity)
    actions = [pattern.lower() for statement in statements for pattern in statement.actions.patterns]
    is_of_trust = all(action.startswith("sts:") for action in actions)
    if is_of_trust and all(statement.resources is None for statement in statements):
        return replace(comparison, freed=(), forbidden=())
    return comparison


def trusts_no_more(wide: Policy, narrow: Policy) -> bool:
    """Return whether it is proven that trust policy `wide` lets in everyone whom `narrow` does, to do the same.

    RemitError: an operator does not exist.
    """
    return not compare_trust(wide, narrow).broadens


def lets_in_no_more(wide: Policy, narrow: Policy, shapes: Names) -> bool:
    """As `trusts_no_more`, of a resource's policies, whose references have these shapes."""
    comparison = compare_resource_policies((wide,), (narrow,), shapes, shapes)
    return not (comparison.gained or comparison.undecided)


def _place(old: tuple[Policy, ...], new: tuple[Policy, ...], was: Names, now: Names) -> dict[str, str]:
    """The values of pseudo parameters, and an account for each reference to one, the stack's own first.

    Different references stand for different accounts, which no policy names: the evaluator must know who is of which.
    """
    policies = [fill_policy_with_principals(policy, was) for policy in old]
    policies += [fill_policy_with_principals(policy, now) for policy in new]
    references = {ACCOUNT: None}
    for policy in policies:
        for statement in policy.statements:
            if statement.principals is None:
                continue
            for _, principal in statement.principals.patterns:
                account = principal_of(principal).account or ""
                if account.startswith("${"):
                    references[account] = None
    accounts = dict(zip(references, free_accounts(*policies), strict=False))
    return {PARTITION: "aws", REGION: "us-east-1", **accounts}


def _placed(policy: Policy, shapes: Names, place: Names) -> Policy:
    """A policy with its references in shape, as it is in an account."""
    return fill_policy_with_principals(fill_policy_with_principals(policy, shapes), place)


def narrowed_trust(piece: Piece) -> Statement:
    """The statement of a piece with nobody but the principal, and nothing but the action, that the piece is about.

    NotAction and NotPrincipal stay, and so does all of a statement if the piece is the whole of it.
    """
    statement = piece.source.statement
    principals = statement.principals
    if piece.whole:
        return statement
    if not statement.actions.negated:
        statement = replace(statement, actions=Globs((piece.action,)))
    if principals is None or principals.negated:
        return statement
    meant = tuple(pair for pair in principals.patterns if pair[1] == piece.principal)
    return replace(statement, principals=Principals(meant)) if meant else statement


@dataclass(frozen=True, slots=True)
class _Written:
    """One side's policies: as they were compared, and as they are written."""

    compared: tuple[Policy, ...]
    written: tuple[Policy, ...]
    shapes: Names
    place: Names
    """The accounts that were put in place of references."""

    def location(self, source: StatementLocation) -> StatementLocation:
        """The location with the statement as it is written."""
        return replace(source, statement=self.written[source.policy].statements[source.index])

    def piece(self, piece: Piece, counterpart: _Written) -> Piece:
        """A finding of this side as its statement is written."""
        source = self.location(piece.source)
        compared, written = piece.source.statement, source.statement
        difference = piece.difference
        if difference is not None and difference.denial is not None:
            difference = replace(difference, denial=counterpart.location(difference.denial))
        return replace(
            piece,
            source=source,
            difference=difference,
            request=replace(piece.request, principal=self._caller(piece.request.principal or "")),
            principal=_principal(piece.principal, compared.principals, written.principals),
            resource=as_written(piece.resource, written.resources, self.shapes, self.place),
        )

    def _caller(self, principal: str) -> str:
        """A caller as it is written: of an account that a parameter gives."""
        for reference, account in self.place.items():
            if reference.startswith("${") and "::" not in reference:
                principal = principal.replace(account, reference)
        return principal

    def has(self, source: StatementLocation) -> bool:
        """Return whether a location is one of this side's."""
        if source.policy >= len(self.compared):
            return False
        statements = self.compared[source.policy].statements
        return source.index < len(statements) and statements[source.index] is source.statement


def _as_written(
    comparison: Comparison,
    compared: ComparedPolicies,
    old: tuple[Policy, ...],
    new: tuple[Policy, ...],
    shapes: tuple[Names, Names],
    place: Names,
) -> Comparison:
    """A comparison of what stands at a place, told in the texts as they are written, late-bound ones among them."""
    was, now = shapes
    before, after = _Written(compared.old, old, was, place), _Written(compared.new, new, now, place)
    undecided: dict[Undecided, None] = {}
    for item in comparison.undecided:
        side = next((side for side in (after, before) if side.has(item.source)), None)
        undecided[item if side is None else replace(item, source=side.location(item.source))] = None
    return Comparison(
        gained=tuple(after.piece(piece, before) for piece in comparison.gained),
        lost=tuple(before.piece(piece, after) for piece in comparison.lost),
        undecided=tuple(undecided),
        freed=tuple(before.piece(piece, after) for piece in comparison.freed),
        forbidden=tuple(after.piece(piece, before) for piece in comparison.forbidden),
    )


def _principal(text: str, compared: Principals | None, written: Principals | None) -> str:
    """A principal as its statement has it written; as it is where the statement does not name it."""
    if compared is None or written is None:
        return text
    for (_, compared_text), (_, written_text) in zip(compared.patterns, written.patterns, strict=True):
        if compared_text == text:
            return written_text
    return text
