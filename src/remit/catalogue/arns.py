"""ARNs: taken apart, put together from a resource type's format, and traced to the types they may name.

Written for ARNs as policies have them: with wildcards, and with late-bound parts such as `${AWS::Region}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from remit.catalogue.actions import IamResourceType, resource_types
from remit.catalogue.types import with_depths

OWNERS: Final = frozenset({"aws", "aws-managed", "amazon", "cloudfront", "partner", "offering"})
"""What stands for the account in the ARNs of AWS's own resources."""
_PARTS: Final = 6
_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_OPEN: Final = re.compile(r"[*?$]")
_SLASHES: Final = re.compile(r"[/:]")
_FILLED: Final = re.compile(r"\$\{[^{}]+\}|\*")
# Elements of a format beside its own characters: any text, any without `/` and `:`, one character of either sort.
_TEXT, _NAME, _ONE, _LETTER = "**", "++", "??", "?+"
# Services whose names were looked through: they hold neither `/` nor `:`, but for the variables below (a stream's
# label is a time).
_PLAIN: Final = frozenset({
    "dynamodb", "ec2", "ecs", "execute-api", "iam", "kinesis", "kms", "lambda", "s3", "scheduler",
    "sns", "sqs", "states", "sts",
})  # fmt: skip
_ANYTHING: Final = frozenset({
    "Alias", "ApiSpecificResourcePath", "CertificateNameWithPath", "EntityPath", "GroupNameWithPath",
    "InstanceProfileNameWithPath", "MfaTokenIdWithPath", "ObjectName", "OidcProviderName",
    "PolicyNameWithPath", "RoleNameWithPath", "StreamLabel", "UserNameWithPath",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arn:
    """The six parts of an ARN without the leading `arn`; any part may hold wildcards or late-bound text."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts, in order."""
        return self.partition, self.service, self.region, self.account, self.resource

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=16384)
def parse(text: str) -> Arn | None:
    """The parts of an ARN; None if it is not an ARN (`*` is not). Colons inside `${…}` do not separate."""
    if not text.startswith("arn:"):
        return None
    parts = _split(text)
    return Arn(*parts[1:]) if len(parts) == _PARTS else None


@lru_cache(maxsize=8192)
def variables(format_: str) -> tuple[str, ...]:
    """The variables of a format, in order: Partition, Region and Account among them."""
    return tuple(_VARIABLE.findall(format_))


def fill(format_: str, values: Mapping[str, str], otherwise: str = "*") -> str:
    """An ARN from a format like `arn:${Partition}:s3:::${BucketName}`; what has no value is `otherwise`."""
    return _VARIABLE.sub(lambda match: values.get(match[1], otherwise), format_)


@lru_cache(maxsize=4096)
def types_of(text: str) -> tuple[IamResourceType, ...]:
    """The resource types that an ARN, or a pattern of one, may name; the most literal format first."""
    arn = parse(text)
    if arn is None:
        return ()
    ranked: list[tuple[int, str, IamResourceType]] = []
    for kind in resource_types(arn.service):
        fits = [len(_VARIABLE.sub("", format_)) for format_ in kind.arns if matches(arn, format_)]
        if fits:
            ranked.append((-max(fits), kind.name, kind))
    return tuple(kind for _, _, kind in sorted(ranked, key=lambda row: row[:2]))


def matches(arn: Arn, format_: str) -> bool:
    """Return whether some ARN fits both: the pattern `arn`, and a format of a resource type."""
    shape = parse(format_)
    if shape is None or shape.service != arn.service.lower():
        return False
    plain = shape.service in _PLAIN
    # What AWS owns has no account (`automation-definition/AWS-…`), which the formats do not tell.
    account = "" if not arn.account and not plain else shape.account
    return (
        _meets(arn.resource, shape.resource, plain=plain)
        and _meets(arn.region, shape.region, plain=plain)
        and _meets(arn.account, account, plain=plain)
    )


def _meets(have: str, want: str, *, plain: bool) -> bool:
    """Return whether some text fits both a part of a pattern and the same part of a format."""
    if have in ("*", want):
        return True
    pattern = _late_bound(have) if "${" in have else have
    if not want:
        return not pattern.strip("*")
    literal_length = min(len(_OPEN.split(text, maxsplit=1)[0]) for text in (pattern, want))
    if pattern[:literal_length] != want[:literal_length]:
        return False
    remainder = pattern[literal_length:]
    # What is left may be the name that comes next in the format, and the end: often it is.
    variable = _VARIABLE.match(want, literal_length)
    is_name = (
        variable is not None
        and remainder != ""
        and (variable.end() == len(want) or remainder[-1] == "*")
        and (not plain or variable[1] in _ANYTHING or not _SLASHES.search(remainder))
    )
    if remainder == "*" or is_name:
        return True
    # A text without wildcards holds all that the format spells out.
    if not _OPEN.search(pattern) and any(literal not in pattern for literal in _FILLED.split(want)):
        return False
    return _automaton(want, plain=plain).meets(remainder, literal_length)


def _split(text: str) -> list[str]:
    """Split at the colons outside of `${…}`, into at most six parts."""
    if "{" not in text:
        return text.split(":", _PARTS - 1)
    parts = [""]
    for character, depth in with_depths(text):
        if character == ":" and not depth and len(parts) < _PARTS:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _late_bound(text: str) -> str:
    """A text with `*` for each of its references, `${…}`, whatever stands between the braces."""
    characters: list[str] = []
    depth_before = 0
    for character, depth in with_depths(text):
        if depth_before and not depth:
            characters[-1] = "*"  # for the dollar
        elif not depth:
            characters.append(character)
        depth_before = depth
    return "".join(characters)


class _Automaton:
    """A format as a row of elements, of which a set is the bits of an integer: bit n stands before the nth element.

    `run` are the elements that take any number of signs, `any_sign` those that take each sign, `plain_sign` each but
    `/` and `:`, `literal` those of one sign, by that. `end` is the bit behind the last element, `stop` all before it.
    """

    __slots__ = ("any_sign", "end", "literal", "plain_sign", "run", "stop")

    def __init__(self, elements: tuple[str, ...]) -> None:
        bits: dict[str, int] = {}
        for position, kind in enumerate(elements):
            bits[kind] = bits.get(kind, 0) | 1 << position
        self.run = bits.get(_TEXT, 0) | bits.get(_NAME, 0)
        self.any_sign = bits.pop(_TEXT, 0) | bits.pop(_ONE, 0)
        self.plain_sign = bits.pop(_NAME, 0) | bits.pop(_LETTER, 0)
        self.literal = bits
        self.end = 1 << len(elements)
        self.stop = self.end - 1

    def meets(self, pattern: str, position: int) -> bool:
        """Return whether some text fits a pattern and the elements from a position on.

        It takes a step for each sign of the pattern.
        """
        reached = self._past_runs(1 << position)
        for sign in pattern:
            if sign == "*":  # takes whatever the elements that are left may be
                reached = (self.end << 1) - (reached & -reached)
                continue
            taking = self.stop if sign == "?" else self.literal.get(sign, 0) | self.any_sign
            if sign not in "/:":
                taking |= self.plain_sign
            taken = reached & taking
            stay = taken & self.run
            # A run may take the next sign, too; an element of one sign is left behind.
            reached = stay | (taken ^ stay) << 1
            if reached & self.run:
                reached = self._past_runs(reached)
            elif not reached:
                return False
        return bool(reached & self.end)

    def _past_runs(self, reached: int) -> int:
        """The elements that are reached, and those behind runs among them, which may be empty."""
        while (further := reached | (reached & self.run) << 1) != reached:
            reached = further
        return reached


@lru_cache(maxsize=8192)
def _automaton(format_: str, *, plain: bool) -> _Automaton:
    """The elements of a part of a format: its signs, and for a variable a name that is not empty, plain or any."""
    elements: list[str] = []
    last = 0
    for variable in _VARIABLE.finditer(format_):
        elements.extend(format_[last : variable.start()])
        elements.extend((_LETTER, _NAME) if plain and variable[1] not in _ANYTHING else (_ONE, _TEXT))
        last = variable.end()
    elements.extend(format_[last:])
    return _Automaton(tuple(_TEXT if element == "*" else element for element in elements))
