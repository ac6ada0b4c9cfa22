"""What a comparison finds: pieces of access, each with a request that shows it, and what could not be decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from remit.iam.policy import Statement
    from remit.iam.request import Request

Tier: TypeAlias = Literal["now", "future"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement stands: layer (identity, boundary, scp[0] …), which policy, which statement, from 0."""

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
class Piece:
    """Access that one side has and the other has not: what a statement says, and a request that shows it.

    `action` and `resource` are as the statement spells them (`*` for NotAction and NotResource), or the part that is
    gained where a limit or a Deny of either side leaves no more; `tier` is "now" when the request's action exists, else
    "future". `because` says what has changed. `whole` stands for everything else that the statement gains, too, which
    is more than is told one by one.
    """

    source: Source
    action: str
    resource: str
    request: Request
    tier: Tier
    because: str
    whole: bool = False

    @property
    def context(self) -> dict[str, Any]:
        """The request's context, as JSON has it."""
        given = self.request.context or {}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in sorted(given.items())}


@dataclass(frozen=True, slots=True)
class Undecided:
    """A statement about which it could not be decided whether it gains or loses something, and why."""

    source: Source
    reason: str
