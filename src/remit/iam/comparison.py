"""The result of a comparison: pieces of access, each with a request that shows it, and the undecided parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.policy import Statement
    from remit.iam.request import Request

Tier: TypeAlias = Literal["now", "future"]


@dataclass(frozen=True, slots=True)
class StatementLocation:
    """The place of a statement: layer (identity, boundary, scp[0] …), policy, and statement, from 0."""

    layer: str
    policy: int
    index: int
    statement: Statement

    @property
    def name(self) -> str:
        """`identity[0].Statement[1] (Sid)`."""
        sid = f" ({self.statement.sid})" if self.statement.sid else ""
        return f"{self.layer}[{self.policy}].Statement[{self.index}]{sid}"


@dataclass(frozen=True, slots=True)
class SideDifference:
    """The reason why a piece of access is one side's alone: the other side's word on it, or its silence.

    `side` is that other side's name, `part` what of it is meant: a layer, a trust policy. `denial` is its statement
    that denies; None: none allows (or, where denials themselves are compared, none denies).
    """

    side: str
    part: str = "side"
    denial: StatementLocation | None = None
    of_denials: bool = False

    @property
    def sentence(self) -> str:
        """As people read it: `no statement of the old side allows it`."""
        if self.denial is not None:
            return f"the {self.side} {self.denial.name} denies it"
        if self.of_denials:
            return f"the {self.side} {self.part} does not deny it"
        return f"no statement of the {self.side} {self.part} allows it"


@dataclass(frozen=True, slots=True)
class Piece:
    """Access that one side has and the other has not: what a statement says, and a request that shows it.

    `action` and `resource` are as the statement spells them (`*` for NotAction and NotResource), or the part that is
    gained where a limit or a Deny of either side leaves no more. `tier` is "now" when `request` can be made today, else
    "future": its action does not exist or takes no such resource, or IAM refuses it to everybody. `difference` says
    what has changed; None: nothing is compared, and the access is what a single policy gives. `whole` stands for
    everything else that the statement gains, too, which is more than is told one by one.
    """

    source: StatementLocation
    action: str
    resource: str
    request: Request
    tier: Tier
    difference: SideDifference | None = None
    whole: bool = False
    principal: str = ""
    """Whom it is about, as the statement spells it, where policies with principals are compared."""
    public: bool = False
    """Whether it lets in anybody on the internet."""

    @property
    def because(self) -> str:
        """The change, in words: where no difference of a layer is known, that the resource's policy allows it."""
        return "the resource's policy allows it" if self.difference is None else self.difference.sentence

    @property
    def context(self) -> dict[str, Any]:
        """The request's context, as JSON has it, sorted by key; empty where the request leaves every key open."""
        context = self.request.context or {}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in sorted(context.items())}


@dataclass(frozen=True, slots=True)
class Undecided:
    """A statement about which it could not be decided whether it gains or loses something, and why."""

    source: StatementLocation
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison's proven part, and separately its undecided part.

    `compare_documents` alone fills `freed` and `forbidden`: requests that the old document denies, and the new one
    neither denies nor allows (as far as that can be decided), and the reverse. They matter where other documents apply,
    too.
    """

    gained: tuple[Piece, ...] = ()
    lost: tuple[Piece, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    freed: tuple[Piece, ...] = ()
    forbidden: tuple[Piece, ...] = ()

    @property
    def same(self) -> bool:
        """True if it is proven that nothing differs."""
        return not (self.gained or self.lost or self.undecided or self.freed or self.forbidden)

    @property
    def broadens(self) -> bool:
        """True if something is gained, or it is not proven that nothing is."""
        return bool(self.gained or self.undecided or self.freed)

    def each(self, change: Callable[[Piece], Piece | None]) -> Comparison:
        """The same with each piece changed, and without those that become None."""
        parts = self.gained, self.lost, self.freed, self.forbidden
        gained, lost, freed, forbidden = (tuple(filter(None, map(change, part))) for part in parts)
        return Comparison(gained, lost, self.undecided, freed, forbidden)
