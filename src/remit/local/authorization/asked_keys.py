"""The condition keys that policies ask about: only these have to be worked out for a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.iam.decide.prepared_statements import IdentityCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Policy

_VARIABLE: Final = re.compile(r"\$\{([^{}*?$,]+)")
_KEPT: Final = IdentityCache(4096)


def asked_keys(policies: tuple[Policy, ...]) -> frozenset[str]:
    """The keys, in lower case, of conditions and variables of policies; worked out once for the same object."""
    keys: frozenset[str] | None = _KEPT.get(policies)
    if keys is None:
        keys = _KEPT.put(policies, frozenset(key.strip().lower() for key in _keys(policies)))
    return keys


def _keys(policies: tuple[Policy, ...]) -> Iterator[str]:
    for policy in policies:
        for statement in policy.statements:
            texts = list(statement.resources.patterns if statement.resources is not None else ())
            for condition in statement.conditions:
                yield condition.key
                texts += condition.values
            for text in texts:
                yield from _VARIABLE.findall(text)
