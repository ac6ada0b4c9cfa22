"""Compare what two roles or policies allow: each gain and loss with a request that shows it, or a proof of none.

A role is allowed what its identity policies allow, within its boundary, session policy, SCPs and the policy of a VPC
endpoint that its requests pass, unless a statement denies it, in these or in the RCPs. The new side gains a request
that it allows and that the old side does not: some layer of the old side does not allow it, or a statement there denies
it. The evaluator decides each example request once more. What cannot be decided is reported as undecided, and never
counts as proven.

The procedure is exact up to its budgets, under these premises: an action is one colon with text on either side. A
condition key is absent or has one value; it may have several if it is known to be multivalued, or if some condition
uses a set operator on it and the catalogue does not know that it has one value. A reference of CloudFormation equals
only itself. A resource is any text but the empty one. Requests that need no permission are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.errors import RemitError
from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation, Undecided
from remit.iam.decide.evaluate import Layers
from remit.iam.decide.prepared_statements import kept_by_identity
from remit.iam.policy import Globs, Policy
from remit.iam.prove.action_search import ActionsOf, catalogue_actions, no_actions
from remit.iam.prove.compared_side import Side
from remit.iam.prove.endpoint_callers import EndpointCaller, endpoint_callers, located, names_callers
from remit.iam.prove.gains import GainSearch
from remit.iam.request import Request, principal_of

if TYPE_CHECKING:
    from remit.iam.prove.budget import Budget

_PieceKey: TypeAlias = "tuple[StatementLocation, str, str, bool, str]"
_UNNAMED: Final = ""
"""The name of the callers whom no statement of an endpoint's policy names."""
Policies: TypeAlias = Policy | Sequence[Policy] | Layers
"""What a side is compared by: a policy, policies that are attached together, or all layers of a role."""


def compare(old: Policies, new: Policies, *, actions_of: ActionsOf = catalogue_actions) -> Comparison:
    """Compare what the new role may do and the old may not, and the reverse.

    Each side is a policy, several that are attached together, or `Layers` with boundary, session policy, SCPs, RCPs and
    the policy of a VPC endpoint.
    Where that policy names principals, users and roles are compared class by class, and a piece has whom it is about.
    `actions_of` gives the existing actions that a pattern matches (default: the catalogue's). RemitError: a condition
    operator that does not exist, a policy of a resource (see `public`) among the layers, or a policy with principals,
    which says whom it lets in (see `compare_callers`).
    """
    _refuse_principals(old)
    _refuse_principals(new)
    old_side, new_side = side_of(old), side_of(new)
    if names_callers(old_side.policies) or names_callers(new_side.policies):
        return _compare_by_callers(old_side, new_side, actions_of)
    return _compare_sides(old_side, new_side, actions_of)


def _compare_sides(old_side: Side, new_side: Side, actions_of: ActionsOf) -> Comparison:
    """What the new side gains over the old one, and the reverse."""
    gain_search = GainSearch(old_side, new_side, actions_of, "old")
    # A loss is what the old side gains over the new one.
    loss_search = GainSearch(new_side, old_side, actions_of, "new")
    gained, lost = tuple(gain_search.gains()), tuple(loss_search.gains())
    undecided = dict.fromkeys((*gain_search.undecided, *loss_search.undecided))
    return Comparison(gained, lost, tuple(undecided))


def _compare_by_callers(old: Side, new: Side, actions_of: ActionsOf) -> Comparison:
    """Compare two roles whose requests pass VPC endpoints that name principals: for each class of these.

    What strangers gain or lose is listed first, and not again for each name.
    """
    gained: dict[_PieceKey, Piece] = {}
    lost: dict[_PieceKey, Piece] = {}
    undecided: dict[Undecided, None] = {}
    for caller in endpoint_callers(old.policies, new.policies):
        comparison = _compare_sides(Side(caller.old), Side(caller.new), actions_of)
        for item in comparison.undecided:
            undecided[_as_written(item, caller, old, new)] = None
        for item in _add_pieces(gained, comparison.gained, caller, old, new):
            undecided[item] = None
        for item in _add_pieces(lost, comparison.lost, caller, new, old):
            undecided[item] = None
    return Comparison(tuple(gained.values()), tuple(lost.values()), tuple(undecided))


def _add_pieces(
    pieces_by_key: dict[_PieceKey, Piece], pieces: Iterable[Piece], caller: EndpointCaller, narrow: Side, wide: Side
) -> Iterator[Undecided]:
    """Add the pieces that a caller has on the wide side alone; those that the evaluator does not confirm come back."""
    for piece in pieces:
        source = located(piece.source, wide.policies)
        request = _confirmed(piece.request, caller, narrow, wide)
        access = (source, piece.action, piece.resource, piece.whole)
        if request is None:
            reason = f"the evaluator does not confirm what was found about {caller.caller.principal}"
            yield Undecided(source, reason)
        elif (*access, _UNNAMED) not in pieces_by_key:
            by_caller = replace(piece, source=source, request=request, principal=caller.name)
            pieces_by_key.setdefault((*access, caller.name), by_caller)


def _as_written(item: Undecided, caller: EndpointCaller, old: Side, new: Side) -> Undecided:
    """Return the undecided part, at the statement as it is written on the side that has it."""
    for of_caller, side in ((caller.new, new), (caller.old, old)):
        if item.source == located(item.source, of_caller):
            return replace(item, source=located(item.source, side.policies))
    return item


def _confirmed(request: Request, caller: EndpointCaller, narrow: Side, wide: Side) -> Request | None:
    """The request by a caller whom only the wide side allows it; None where the evaluator knows no such."""
    context = request.context or {}
    for principal in caller.caller.principals_of(context):
        decided = principal_of(principal).settles
        undecided_keys = {key: value for key, value in context.items() if key.lower() not in decided}
        by_caller = replace(request, principal=principal, context=undecided_keys)
        if wide.permits(by_caller) and narrow.permits(by_caller) is False:
            return by_caller
    return None


def _refuse_principals(policies: Policies) -> None:
    """Refuse with RemitError (2) documents with principals, which would be compared as if they let in anybody.

    `Layers` pass: their resource policies may have principals.
    """
    if isinstance(policies, Layers):
        return
    for policy in (policies,) if isinstance(policies, Policy) else policies:
        if any(statement.principals is not None for statement in policy.statements):
            raise RemitError(
                "a policy with principals is a resource's, and is compared by whom it lets in",
                hint="`remit diff` does so; in Python, `remit.iam.prove.compare_callers`",
            )


def compare_documents(old: Policy, new: Policy, *, actions_of: ActionsOf = catalogue_actions) -> Comparison:
    """Compare two single documents: what each allows, as `compare` does, and what each denies.

    What is denied no longer and allowed now is a gain, and nothing else.
    """
    allowed = compare(old, new, actions_of=actions_of)
    forbidden, undecided_forbidden = _denied_by_document(old, new, "old", actions_of)
    freed, undecided_freed = _denied_by_document(new, old, "new", actions_of)
    denials = (*undecided_forbidden, *undecided_freed)
    undecided = (*allowed.undecided, *(_as_denial(item, old, new) for item in denials))
    return Comparison(allowed.gained, allowed.lost, tuple(dict.fromkeys(undecided)), freed, forbidden)


def denied_alone(
    narrow: Sequence[Policy], allowed: Sequence[Policy], wide: Sequence[Policy], actions_of: ActionsOf
) -> tuple[tuple[Piece, ...], tuple[Undecided, ...]]:
    """Find the denials of `wide` that the other side neither denies (`narrow`) nor allows, and the undecided ones.

    Denials are spelled as Allow statements (`denials_as_allows`). Where it cannot be decided what the other side
    allows, all that it does not deny counts.
    """
    search, pieces = _searched((*narrow, *allowed), wide, actions_of)
    if search.undecided:
        search, pieces = _searched(narrow, wide, actions_of)
    return pieces, tuple(search.undecided)


def denials_as_allows(policy: Policy) -> Policy:
    """Its Deny statements with Effect Allow; without Resource a Deny applies to every resource, an Allow to none."""
    denials = [statement for statement in policy.statements if statement.effect == "Deny"]
    allows = [replace(denial, effect="Allow", resources=denial.resources or Globs(("*",))) for denial in denials]
    return replace(policy, statements=tuple(allows))


def _denied_by_document(
    narrow: Policy, wide: Policy, side: str, actions_of: ActionsOf
) -> tuple[tuple[Piece, ...], tuple[Undecided, ...]]:
    """As `denied_alone`, of single documents; `side` is what sentences call the narrow one."""
    pieces, undecided = denied_alone(
        (denials_as_allows(narrow),), (allows_of(narrow),), (denials_as_allows(wide),), actions_of
    )
    difference = SideDifference(side, of_denials=True)
    placed = (replace(piece, difference=difference, source=_place_of_denial(piece.source, wide)) for piece in pieces)
    return tuple(placed), undecided


def _searched(
    spoken: Sequence[Policy], wide: Sequence[Policy], actions_of: ActionsOf
) -> tuple[GainSearch, tuple[Piece, ...]]:
    """Search for access of some policies beyond all that others speak of.

    RemitError: a resource's policy is among them.
    """
    search = GainSearch(side_of(tuple(spoken)), side_of(tuple(wide)), actions_of)
    return search, tuple(search.gains())


def allows_of(policy: Policy) -> Policy:
    """A policy without its Deny statements."""
    allows = tuple(statement for statement in policy.statements if statement.effect == "Allow")
    return replace(policy, statements=allows)


def _place_of_denial(source: StatementLocation, policy: Policy) -> StatementLocation:
    """Return the place in the whole policy of a statement of `denials_as_allows`."""
    indexes = [index for index, statement in enumerate(policy.statements) if statement.effect == "Deny"]
    index = indexes[source.index]
    return replace(source, index=index, statement=policy.statements[index])


def _as_denial(item: Undecided, old: Policy, new: Policy) -> Undecided:
    """Return the undecided part of a denial of either policy, at its place there."""
    for policy in (new, old):
        allows = denials_as_allows(policy).statements
        if allows[item.source.index : item.source.index + 1] == (item.source.statement,):
            return replace(item, source=_place_of_denial(item.source, policy))
    return item


def gains(old: Policies, new: Policies, *, budget: Budget | None = None) -> Piece | Undecided | None:
    """The first gain; else the first statement that is undecided; None: it is proven that nothing is gained.

    Whether a request of today can use the gain, and for which existing action, is not looked for: its tier is "future".
    RemitError: a resource's policy is among them.
    """
    search = GainSearch(side_of(old), side_of(new), no_actions, budget=budget)
    for piece in search.gains(only_first=True):
        return piece
    return next(iter(search.undecided), None)


def includes(wide: Policies, narrow: Policies, *, budget: Budget | None = None) -> bool:
    """Return whether it is proven that `wide` allows everything that `narrow` does."""
    return gains(wide, narrow, budget=budget) is None


def equivalent(old: Policies, new: Policies, *, budget: Budget | None = None) -> bool:
    """Return whether it is proven that both allow the same; of two single policies also that they deny the same.

    A `budget` is for all of it; without one each direction has its own.
    """
    if isinstance(old, Policy) and isinstance(new, Policy):
        denied_by_old, denied_by_new = denials_as_allows(old), denials_as_allows(new)
        if not _include_each_other(denied_by_old, denied_by_new, budget):
            return False
    return _include_each_other(old, new, budget)


def _include_each_other(old: Policies, new: Policies, budget: Budget | None) -> bool:
    """Return whether it is proven that both sides allow the same; one budget is for both directions."""
    return includes(old, new, budget=budget) and includes(new, old, budget=budget)


def within(role: Policies, guardrail: Policies, *, actions_of: ActionsOf = catalogue_actions) -> Comparison:
    """Compare a role with a guardrail: `gained` lies beyond it, `undecided` is not proven to be within.

    RemitError: a resource's policy is among them.
    """
    search = GainSearch(side_of(guardrail), side_of(role), actions_of, "guardrail's")
    gained = tuple(search.gains())
    return Comparison(gained, undecided=tuple(search.undecided))


def gain_of_today(role: Policies, guardrail: Policies) -> Piece | None:
    """The first that `within` reports of what a request of today can use; looks for no more than that.

    RemitError: a resource's policy is among them.
    """
    search = GainSearch(side_of(guardrail), side_of(role), catalogue_actions, "guardrail's")
    return next((piece for piece in search.gains() if piece.tier == "now"), None)


def side_of(policies: Policies) -> Side:
    """The side of a comparison that policies are. RemitError: a policy of a resource is among them."""
    if isinstance(policies, Policy):
        return _side_of_one(policies)
    if not isinstance(policies, Layers):
        return Side(Layers(tuple(policies)))
    if policies.resource is not None:
        raise RemitError(
            "a role is compared by its own policies, not by a resource's policy",
            hint="`remit.iam.prove.public.public` says whom a resource's policy lets in",
        )
    return Side(policies)


@kept_by_identity(4096)
def _side_of_one(policy: Policy) -> Side:
    """The side of a single policy, kept: a version of a document is compared with others in both directions."""
    return Side(Layers((policy,)))
