"""Resource control policies (RCPs) cut to the services whose resources they reach: on others they have no effect.

Source: "Resource control policies (RCPs)" (AWS Organizations User Guide).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.catalogue.actions import services
from remit.catalogue.rcp_services import RCP_SERVICES
from remit.iam.pattern import matches
from remit.iam.policy import Globs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Policy


@lru_cache(maxsize=1024)
def within_reach(policy: Policy) -> Policy:
    """The policy with its statements about the actions of these services alone, each in its place."""
    statements = tuple(replace(statement, actions=_within_reach(statement.actions)) for statement in policy.statements)
    return replace(policy, statements=statements)


def _within_reach(actions: Globs) -> Globs:
    if actions.negated:
        beyond = tuple(f"{prefix}:*" for prefix in services() if prefix not in RCP_SERVICES)
        return Globs(tuple(dict.fromkeys((*actions.patterns, *beyond))), negated=True)
    return Globs(tuple(text for pattern in actions.patterns for text in _parts(pattern)))


def _parts(pattern: str) -> Iterator[str]:
    """What a pattern of actions has of each of these services."""
    prefix, colon, name = pattern.partition(":")
    if prefix.lower() in RCP_SERVICES or "${" in prefix:
        yield pattern
        return
    for service in sorted(RCP_SERVICES):
        if colon and matches(prefix.lower(), service):
            yield f"{service}:{name}"
        elif not colon and "*" in pattern:
            head, _, tail = pattern.partition("*")
            if service.startswith(head.lower()):
                yield f"{service}:*{tail}"
