"""The nouns of a review: the roles of one version of an app, and what its functions gain and lose in another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from remit.iam.compare import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Role
    from remit.iam.policy import Policy

_SAME: Final = Comparison()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an app's roles. `where` says which, as in "the working tree" or "the last deploy"."""

    where: str
    roles: tuple[Role, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """What references are known to be, exactly, by their text: `${AWS::Region}`, `${IngestLogGroup.Arn}`."""
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """Managed policies and boundaries by their ARN: those that the catalogue does not hold, or holds in another state."""
    trusts: Mapping[str, Policy] = field(default_factory=dict)
    """Trust policies by the role's logical id; where there is none, the services of `Role.trusts` may take on a role."""


@dataclass(frozen=True, slots=True)
class Change:
    """What some functions, which share a role before and after, may do more or less than before.

    `old` and `new` are None where there is no such role: a function that is new gains all that it may do. `functions`
    is empty for a role that serves none. `trust` compares who may take on the role; a piece's resource is then the
    principal.
    """

    functions: tuple[str, ...]
    old: Role | None
    new: Role | None
    access: Comparison = _SAME
    trust: Comparison = _SAME

    @property
    def broadens(self) -> bool:
        """Whether something is gained, or it is not proven that nothing is."""
        return self.access.broadens or self.trust.broadens

    @property
    def same(self) -> bool:
        """Whether it is proven that nothing differs."""
        return self.access.same and self.trust.same


@dataclass(frozen=True, slots=True)
class Review:
    """Every function's change, in the order of the new version; unchanged ones are left out.

    `notes` are what people should know beside it: policies made by hand that a deploy leaves, policies that could not
    be read.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def broadens(self) -> bool:
        """Whether some function gains something, or it is not proven that none does."""
        return any(change.broadens for change in self.changes)
