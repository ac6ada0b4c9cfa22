"""Read out of an API's own documentation which action an operation asks for that has none of its name.

botocore's models carry AWS's API references. Only a sentence that speaks of needed permissions counts, only actions of
the operation's own service, and nothing where it names an action that nobody lists: unknown is better than wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_MARKUP: Final = re.compile(r"<[^>]+>")
_SENTENCE: Final = re.compile(r"(?<=[.;])\s+")
_ACTION: Final = re.compile(r"\b([a-z0-9-]{2,40}):([A-Z][A-Za-z0-9]{2,80})\b")
_NEEDS: Final = re.compile(
    r"(?:must have|requires?|need)\b.{0,120}\bpermissions?\b|Required permissions|permissions? for the|\bIAM action\b"
    r"|Action element|permissions are derived|policy attached that|(?:grant|include) the (?:\S+ )?permission",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(r"\balso (?:need|must)\b|\bTo add tags\b|\bTo tag\b|\bno separate\b", re.IGNORECASE)
_UNSIGNED: Final = re.compile(r"do(?:es)? not use Signature Version 4")


def actions(
    operation: Mapping[str, Any], name: str, prefixes: Iterable[str], action_names: Mapping[str, str]
) -> list[str]:
    """The actions of its service that an operation's documentation says it needs.

    `action_names` are all actions' names, by their name in small letters.
    """
    service_prefixes = set(prefixes)
    needed_actions: dict[str, None] = {}
    for sentence in _SENTENCE.split(_plain(operation)):
        if _NEEDS.search(sentence) is None or _BESIDE.search(sentence) is not None:
            continue
        for prefix, bare in _ACTION.findall(sentence):
            action = action_names.get(f"{prefix}:{bare}".lower())
            if prefix in service_prefixes and action is None and bare == name:
                return []
            if prefix in service_prefixes and action is not None:
                needed_actions[action] = None
    return list(needed_actions)


def unsigned(model: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Return whether IAM is not asked at all: callers come with a bearer token, or with none."""
    metadata = model["metadata"]
    schemes = operation.get("auth") or metadata.get("auth") or [metadata.get("signatureVersion", "")]
    if all("bearer" in scheme.lower() for scheme in schemes):
        return True
    return _UNSIGNED.search(_plain(operation)) is not None


def _plain(operation: Mapping[str, Any]) -> str:
    return " ".join(_MARKUP.sub(" ", operation.get("documentation", "")).split())
