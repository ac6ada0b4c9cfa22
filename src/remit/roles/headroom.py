"""How full a role's policies are, against IAM's quotas, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.quotas import quota
from remit.roles.fit import policy_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Role
    from remit.roles.policy_size import Sizes

_NEARLY: Final = 0.8  # of a quota: from there on people are told
_INLINE, _MANAGED, _ATTACHED = (quota(f"iam.{name}").most for name in ("role.inline", "managed", "role.managed"))


@dataclass(frozen=True, slots=True)
class Headroom:
    """What a role uses of its quotas, in characters as IAM counts them, late-bound parts at their longest.

    `declared` is what its policy would have as it is written; `managed` has the policies that the template makes.
    """

    role: str
    declared: int
    inline: int
    managed: tuple[tuple[str, int], ...]
    attached: int
    minimised: bool

    @property
    def remarkable(self) -> bool:
        """Whether people should know: something was done to the role so that it fits, or little room is left."""
        return self.minimised or bool(self.managed) or self.inline > _NEARLY * _INLINE

    @property
    def text(self) -> str:
        """On one line."""
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        done = f", minimised from {self.declared:,}" if self.minimised and not self.managed else ""
        yield f"{self.role}: {self.inline:,} of {_INLINE:,} characters inline{done}"
        if self.managed:
            yield f"{self.declared:,} as declared{', minimised' if self.minimised else ''}, so parted"
            yield from (f"{name}: {used:,} of {_MANAGED:,}" for name, used in self.managed)
            yield f"{self.attached} of {_ATTACHED} managed policies attached"

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "declared": self.declared,
            "minimised": self.minimised,
            "inline": {"used": self.inline, "limit": _INLINE},
            "managed": [{"policy": name, "used": used, "limit": _MANAGED} for name, used in self.managed],
            "attached": {"used": self.attached, "limit": _ATTACHED},
        }


def headroom(declared: Role, fitted: Role, sizes: Sizes) -> Headroom:
    """The headroom of a role as it is deployed; `declared` is the same before it was made to fit."""
    inline, *managed = sizes.documents(fitted)
    return Headroom(
        role=fitted.logical_id,
        declared=sizes.policy(declared),
        inline=inline,
        managed=tuple(zip(policy_ids(fitted), managed, strict=True)),
        attached=len(fitted.managed) + len(managed),
        minimised=bool(fitted.parts) and sizes.policy(fitted) < sizes.policy(declared),
    )
