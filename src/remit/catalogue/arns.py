"""ARNs: taken apart, put together from a resource type's format, and traced to the types they may name.

Written for ARNs as policies have them: with wildcards, and with late-bound parts such as `${AWS::Region}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import resource_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.catalogue.actions import ResourceType

_PARTS: Final = 6
_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_OPEN: Final = re.compile(r"[*?$]")
# Elements of a pattern beside characters: any text, any without `/` and `:`, one character of either sort.
_RUNS: Final = ("**", "++")
_WIDE: Final = (*_RUNS, "??", "?+")
# Services whose names were looked through: they hold neither `/` nor `:`, but for the variables below.
_PLAIN: Final = frozenset({
    "dynamodb", "ec2", "ecs", "execute-api", "iam", "kinesis", "kms", "lambda", "s3", "scheduler",
    "sns", "sqs", "states", "sts",
})  # fmt: skip
_SLASHED: Final = frozenset({
    "Alias", "ApiSpecificResourcePath", "CertificateNameWithPath", "EntityPath", "GroupNameWithPath",
    "InstanceProfileNameWithPath", "MfaTokenIdWithPath", "ObjectName", "OidcProviderName",
    "PolicyNameWithPath", "RoleNameWithPath", "UserNameWithPath",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arn:
    """The six parts of an ARN without the leading `arn`; any part may hold wildcards or late-bound text."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=16384)
def parse(text: str) -> Arn | None:
    """The parts of an ARN; None when it is none (`*` is none). Colons inside `${…}` do not part it."""
    if not text.startswith("arn:"):
        return None
    parts = _split(text)
    return Arn(*parts[1:]) if len(parts) == _PARTS else None


def variables(format_: str) -> tuple[str, ...]:
    """The variables of a format, in order: Partition, Region and Account among them."""
    return tuple(_VARIABLE.findall(format_))


def fill(format_: str, values: Mapping[str, str], otherwise: str = "*") -> str:
    """An ARN from a format like `arn:${Partition}:s3:::${BucketName}`; what has no value is `otherwise`."""
    return _VARIABLE.sub(lambda found: values.get(found[1], otherwise), format_)


@lru_cache(maxsize=4096)
def types_of(text: str) -> tuple[ResourceType, ...]:
    """The resource types that an ARN, or a pattern of one, may name; the most literal format first."""
    arn = parse(text)
    if arn is None:
        return ()
    services = [arn.service.lower()] if not _VARIABLE.search(arn.service) else []
    ranked: list[tuple[int, str, ResourceType]] = []
    for kind in (kind for service in services for kind in resource_types(service)):
        fits = [len(_VARIABLE.sub("", format_)) for format_ in kind.arns if matches(arn, format_)]
        if fits:
            ranked.append((-max(fits), kind.name, kind))
    return tuple(kind for _, _, kind in sorted(ranked, key=lambda row: row[:2]))


def matches(arn: Arn, format_: str) -> bool:
    """Whether some ARN fits both: the pattern `arn`, and a format of a resource type."""
    shape = parse(format_)
    if shape is None or shape.service != arn.service.lower():
        return False
    plain = shape.service in _PLAIN
    # What AWS owns has no account (`automation-definition/AWS-…`), which the formats do not tell.
    account = not arn.account and not plain
    pairs = (
        (arn.resource, shape.resource),
        (arn.region, shape.region),
        (arn.account, "" if account else shape.account),
    )
    return all(_may_meet(have, want) and _overlap(_pattern(have), _elements(want, plain=plain)) for have, want in pairs)


def _may_meet(have: str, want: str) -> bool:
    """Whether the letters before the first wildcard or variable agree: cheap, and settles most pairs."""
    left, right = _OPEN.split(have, maxsplit=1)[0], want.partition("$")[0]
    return left.startswith(right) if len(left) > len(right) else right.startswith(left)


def _split(text: str) -> list[str]:
    """Six parts at most, at colons outside of `${…}`."""
    parts: list[str] = []
    depth = start = 0
    for place, character in enumerate(text):
        if character == "{" and (depth or text[place - 1] == "$"):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == ":" and not depth and len(parts) < _PARTS - 1:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _pattern(text: str) -> tuple[str, ...]:
    """A policy's text as elements: characters, `?`, and `**` for wildcards and late-bound parts."""
    bare = _late_bound(text)
    return tuple("**" if character == "*" else "??" if character == "?" else character for character in bare)


def _late_bound(text: str) -> str:
    kept: list[str] = []
    depth = 0
    for place, character in enumerate(text):
        if character == "{" and (depth or text[place - 1 : place] == "$"):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
            if not depth:
                kept[-1] = "*"
        elif not depth:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=8192)
def _elements(format_: str, *, plain: bool) -> tuple[str, ...]:
    """A format's text as elements: characters, names that are not empty, plain ones or any."""
    found: list[str] = []
    last = 0
    for variable in _VARIABLE.finditer(format_):
        found.extend(format_[last : variable.start()])
        found.extend(("?+", "++") if plain and variable[1] not in _SLASHED else ("??", "**"))
        last = variable.end()
    found.extend(format_[last:])
    return tuple("**" if element == "*" else element for element in found)


def _overlap(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether one text fits both; at most len(left) * len(right) steps."""
    waiting, seen = [(0, 0)], {(0, 0)}
    while waiting:
        i, j = waiting.pop()
        if i == len(left) and j == len(right):
            return True
        for step in _steps(left[i : i + 1], right[j : j + 1]):
            reached = (i + step[0], j + step[1])
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return False


def _steps(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[int, int]]:
    """How to go on from two elements: end a run of any text, or take one character on both sides."""
    steps = [(1, 0)] if left and left[0] in _RUNS else []
    if right and right[0] in _RUNS:
        steps.append((0, 1))
    if left and right and _meet(left[0], right[0]):
        steps.append((int(left[0] not in _RUNS), int(right[0] not in _RUNS)))
    return steps


def _meet(left: str, right: str) -> bool:
    """Whether one character fits both elements."""
    if left in _WIDE and right in _WIDE:
        return True
    if left in _WIDE:
        left, right = right, left
    if right in _WIDE:
        return right in ("**", "??") or left not in "/:"
    return left == right
