"""Texts of policies: whether one stands for itself, or holds a wildcard, a variable or a placeholder, and what for.

Source of samples for references: "Return values" of each type (CloudFormation Template Reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from remit.catalogue.types import REF, resource_type

_MARKERS: Final = frozenset("{<%")
PLACEHOLDER: Final = re.compile(
    r"(?<!\$\{)\b(?:YOUR|MY)[_-]?(?:ACCOUNT|BUCKET|REGION)[\w-]*|(?<!\$\{)\b(?:AWS[_-])?(?:ACCOUNT|REGION)(?:[_-]?(?:ID|NUMBER))?\b"
)
"""Words that people leave for others to replace."""
_NAME: Final = "x"
_SAMPLED: Final = {"Partition": "aws", "Region": "us-east-1", "Account": "111122223333"}
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9]+))?\}")
_PSEUDO: Final = {
    "${AWS::AccountId}": "111122223333", "${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1",
    "${AWS::URLSuffix}": "amazonaws.com",
}  # fmt: skip
_PARAMETER: Final = re.compile(r"\$\{AWS::(?:AccountId|Partition|Region|URLSuffix)\}")


def is_plain(text: str) -> bool:
    """Return whether a text has no wildcard and nothing that is filled in later."""
    return "*" not in text and "?" not in text and "${" not in text


def holds_placeholder(text: str) -> bool:
    """Return whether a text holds what somebody wanted to replace: `{region}`, `<account-id>`."""
    return not _MARKERS.isdisjoint(settled(text)) or PLACEHOLDER.search(text) is not None


def settled(text: str) -> str:
    """A text with the pseudo parameters replaced by what they stand for in one account and region."""
    return _PARAMETER.sub(lambda parameter: _PSEUDO[parameter[0]], text) if "${AWS::" in text else text


def sample(text: str, types: Mapping[str, str]) -> str:
    """A text with its references to resources replaced by a value of their shape, where `types` tell it; others stay.

    `${Queue.Arn}` is the ARN of a queue, as far as types matter.
    """
    sampled = ""
    end = 0
    for reference in _REFERENCE.finditer(text) if "${" in text else ():
        sampled += text[end : reference.start()]
        end = reference.end()
        value = reference[0]
        kind, way = resource_type(types.get(reference[1], "")), reference[2] or REF
        if kind is not None and kind.arn is not None and kind.arn.may_grant and way in kind.arn_from:
            values = _SAMPLED | dict.fromkeys(kind.arn.variables, _NAME)
            value = f"{kind.arn.filled(values)}{kind.arn_end(way)}"
        # But `parameter${Name}`: that may be `/orders/url`.
        elif kind is not None and way == REF and kind.has_name_as_ref and not text[: reference.start()][-1:].isalnum():
            value = _NAME
        sampled += value
    return sampled + text[end:]
