"""Compare what two roles or policies allow: every gain and loss with a request that shows it, or proof of none.

What is allowed is what the identity's policies allow, within boundary, session policy and SCPs, and nothing denies,
RCPs included. The new side gains where it allows and either some layer of the old side does not, or a statement of the
old side denies. Each finding is put to the ordinary evaluator again; what cannot be decided is told as undecided and
counts as nothing.

The procedure is exact up to its budgets. Its premises: an action has one colon, with a text on either side; a key is
absent, or has one value, or several if some condition reads it as a set; references of CloudFormation are texts that
equal only themselves; the resource is any text but the empty one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.errors import RemitError
from remit.iam.comparison import SideDifference
from remit.iam.decide.evaluate import Layers
from remit.iam.pattern import is_pattern
from remit.iam.policy import Globs, Policy
from remit.iam.prove.compared_policies import Side
from remit.iam.prove.gains import Sweep

if TYPE_CHECKING:
    from remit.iam.comparison import Piece, Undecided
    from remit.iam.prove.budget import Budget
    from remit.iam.prove.new_actions import Known

Given: TypeAlias = Policy | Sequence[Policy] | Layers


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was proven, and separately what was not.

    `freed` and `forbidden` are filled by `compare_documents` alone: requests that the old document denies and the new
    one does not, and the reverse. They matter where other documents stand beside it.
    """

    gained: tuple[Piece, ...] = ()
    lost: tuple[Piece, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    freed: tuple[Piece, ...] = ()
    forbidden: tuple[Piece, ...] = ()

    @property
    def same(self) -> bool:
        """Whether it is proven that nothing differs."""
        return not (self.gained or self.lost or self.undecided or self.freed or self.forbidden)

    @property
    def broadens(self) -> bool:
        """Whether something is gained, or it is not proven that nothing is."""
        return bool(self.gained or self.undecided or self.freed)


def compare(old: Given, new: Given, *, known: Known | None = None) -> Comparison:
    """What the new role may do that the old may not, and the reverse.

    Each side is a policy, several that are attached together, or `Layers` with boundary, session policy, SCPs and RCPs.
    `known` gives the existing actions of a pattern (default: the catalogue's). RemitError: a condition operator that
    does not exist, or a resource policy among the layers (see `public`).
    """
    before, after = side_of(old), side_of(new)
    there = Sweep(before, after, known or catalogue, "old")
    back = Sweep(after, before, known or catalogue, "new")
    gained, lost = tuple(there.gains()), tuple(back.gains())
    undecided = dict.fromkeys((*there.undecided, *back.undecided))
    return Comparison(gained, lost, tuple(undecided))


def compare_documents(old: Policy, new: Policy, *, known: Known | None = None) -> Comparison:
    """As `compare` for two single documents, and what each denies that the other does not, since documents compose."""
    found = compare(old, new, known=known)
    before, after = side_of(_as_allows(old)), side_of(_as_allows(new))
    there = Sweep(before, after, known or catalogue)
    back = Sweep(after, before, known or catalogue)
    forbidden = tuple(replace(piece, difference=SideDifference("old", of_denials=True)) for piece in there.gains())
    freed = tuple(replace(piece, difference=SideDifference("new", of_denials=True)) for piece in back.gains())
    undecided = dict.fromkeys((*found.undecided, *there.undecided, *back.undecided))
    return Comparison(found.gained, found.lost, tuple(undecided), freed, forbidden)


def _as_allows(policy: Policy) -> Policy:
    """Its denials, as if each allowed; without Resource a Deny means every one, an Allow none."""
    return replace(
        policy,
        statements=tuple(
            replace(statement, effect="Allow", resources=statement.resources or Globs(("*",)))
            for statement in policy.statements
            if statement.effect == "Deny"
        ),
    )


def gains(
    old: Given, new: Given, *, known: Known | None = None, budget: Budget | None = None
) -> Piece | Undecided | None:
    """The first gain; else the first thing that is undecided; None when it is proven that nothing is gained."""
    sweep = Sweep(side_of(old), side_of(new), known or catalogue, budget=budget)
    found = next(iter(sweep.gains(first=True)), None)
    return found if found is not None else next(iter(sweep.undecided), None)


def includes(wide: Given, narrow: Given, *, budget: Budget | None = None) -> bool:
    """Whether it is proven that `wide` allows everything that `narrow` does."""
    return gains(wide, narrow, known=_nothing_known, budget=budget) is None


def equivalent(one: Given, other: Given, *, budget: Budget | None = None) -> bool:
    """Whether it is proven that both allow the same; of two single policies also that they deny the same.

    A `budget` is for all of it; without one each direction has its own.
    """
    if isinstance(one, Policy) and isinstance(other, Policy):
        denied, other_denied = _as_allows(one), _as_allows(other)
        if not (includes(denied, other_denied, budget=budget) and includes(other_denied, denied, budget=budget)):
            return False
    return includes(one, other, budget=budget) and includes(other, one, budget=budget)


def within(role: Given, guardrail: Given, *, known: Known | None = None) -> Comparison:
    """What a role may do beyond a guardrail: `gained` has it, `undecided` what is not proven to be within."""
    sweep = Sweep(side_of(guardrail), side_of(role), known or catalogue, "guardrail's")
    gained = tuple(sweep.gains())
    return Comparison(gained, undecided=tuple(sweep.undecided))


def side_of(given: Given) -> Side:
    """A side from whatever a caller has."""
    if isinstance(given, Layers):
        if given.resource is not None:
            raise RemitError(
                "a role is compared by its own policies, not by a resource's policy",
                hint="`remit.iam.prove.public.public` says whom a resource's policy lets in",
            )
        return Side(given)
    policies: Any = (given,) if isinstance(given, Policy) else tuple(given)
    return Side(Layers(policies))


def catalogue(pattern: str) -> Sequence[str]:
    """The existing actions of a pattern, as the catalogue has them."""
    if is_pattern(pattern):
        from remit.catalogue.expand import expand  # noqa: PLC0415 - only for patterns that gain something

        return expand(pattern)
    from remit.catalogue.actions import full_name  # noqa: PLC0415 - as above

    found = full_name(pattern)
    return () if found is None else (found,)


def _nothing_known(_: str) -> Sequence[str]:
    return ()


__all__: Final = [
    "Comparison", "Given", "compare", "compare_documents", "equivalent", "gains", "includes", "within",
]  # fmt: skip
