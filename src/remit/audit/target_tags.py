"""The tags of the user or role that a call is about: conditions on them are decided by what the files say.

Source: "Controlling access to and for IAM users and roles using tags" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam.policy import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.entities import Entity
    from remit.iam.policy import Policy

_PREFIXES: Final = ("aws:resourcetag/", "iam:resourcetag/")
_UNRELIABLE: Final = frozenset({"iam:PassRole"})
"""Whose conditions on tags have no reliable results ("Grant a user permissions to pass a role", IAM User Guide)."""


def tag_conditions(action: str, policies: Iterable[Policy], target: Entity) -> tuple[Condition, ...]:
    """Return the conditions on the tags of a call's target, as far as some policies speak of them."""
    if action in _UNRELIABLE:
        return ()
    keys = {key.lower(): key for policy in policies for key in _tag_keys(policy)}
    tags = {name.lower(): value for name, value in target.tags}
    return tuple(_condition(key, tags.get(folded_key.partition("/")[2])) for folded_key, key in sorted(keys.items()))


def _tag_keys(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for condition in statement.conditions:
            if condition.key.lower().startswith(_PREFIXES):
                yield condition.key


def _condition(key: str, value: str | None) -> Condition:
    return Condition("Null", key, ("true",)) if value is None else Condition("StringEquals", key, (value,))
