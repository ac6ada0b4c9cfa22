"""Which settings of a configuration failed, so that what they would have said is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.did_you_mean import MISSPELT, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY: Final = "*"
"""What stands for all settings, where something else failed: a statement that may set any of them."""
PACKING: Final = ("app", "exclude", "allow", "environment", "layers", "runtime", "architectures", "properties")
"""The settings that decide what a zip holds, and how its code is tried."""
ACCESS: Final = (
    "policy",
    "default_policy",
    "default_vpc_policy",
    "managed_policy",
    "default_managed_policy",
    "permissions_boundary",
)
"""The settings that decide what functions may do."""


def may_be_among(failed: Iterable[str], names: Iterable[str]) -> bool:
    """Whether one of the settings of these names failed, perhaps since it was misspelt."""
    wanted = tuple(names)
    return any(name == ANY or nearest(name, wanted, MISSPELT) is not None for name in failed)
