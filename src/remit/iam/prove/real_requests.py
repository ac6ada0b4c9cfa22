"""The resources within a pattern that a request for an action can name: none, if the action takes no such resource."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from remit.catalogue.action_resources import (
    is_authorised_on,
    is_without_resources,
    resource_formats,
    resource_without_type,
    takes,
)
from remit.catalogue.arns import OWNERS, parse
from remit.catalogue.partitions import partition_of
from remit.iam.pattern import overlaps
from remit.iam.prove.encoded_text import has_marks, placed, widened
from remit.iam.prove.glob_sets import FRESH, meeting
from remit.iam.prove.realistic_values import STACK, arn, regions_within

_PARTS: Final = 6
_REGION, _ACCOUNT = 3, 4  # among the parts
_ANYTHING: Final = "*"
_ACCOUNT_DIGITS: Final = 12


@lru_cache(maxsize=65_536)
def nameable(name: str, resource: str) -> tuple[str, ...]:
    """The parts of a resource pattern (encoded) that have the forms of an action's ARNs, the usual form first.

    The action is one of the catalogue. A text whose parts only the deploy settles may have any form, and is left alone.
    """
    if _may_have_any_form(resource):
        return (resource,)
    formats = resource_formats(name)
    if not formats:
        everything = is_without_resources(name.lower()) and not resource.strip(_ANYTHING)
        return (_ANYTHING,) if everything else ()
    parts = [part for format_ in formats for part in _common(resource, format_)]
    if not parts and is_authorised_on(name, resource):
        return (resource,)
    return tuple(dict.fromkeys(parts))


def _may_have_any_form(resource: str) -> bool:
    """Return whether only the deploy says what service and type a resource (encoded) is of."""
    return has_marks(resource) and resource.count(":") < _PARTS - 1


def _common(resource: str, format_: str) -> Iterator[str]:
    """Yield the common part of a pattern and a format, component by component, as far as that can be told."""
    wanted = format_.split(":", _PARTS - 1)
    components = resource.split(":", _PARTS - 1)
    if len(components) < _PARTS:
        if not resource.endswith(_ANYTHING):
            return
        components += [_ANYTHING] * (_PARTS - len(components))
    if resource.startswith(_ANYTHING):
        components = [_ANYTHING] * (_PARTS - 1) + [components[-1] if resource != _ANYTHING else _ANYTHING]
    common: list[str] = []
    for component, part in zip(components, wanted, strict=True):
        both = _shortest_common(component, part)
        if both is None:
            return
        common.append(both)
    yield ":".join(common)


def _shortest_common(pattern: str, other_pattern: str) -> str | None:
    """The plainest text pattern that two patterns of a component share; None: they share none, or too many to list."""
    if pattern in (other_pattern, _ANYTHING):
        return other_pattern
    if other_pattern == _ANYTHING:
        return pattern or None  # a part that the format has is not empty
    if not overlaps(pattern, other_pattern):
        return None
    return min(meeting(pattern, other_pattern).patterns, key=len, default=None)


@lru_cache(maxsize=65_536)
def can_be_asked(name: str, resource: str) -> bool:
    """Return whether a request for an action of the catalogue can name a resource (encoded, without patterns)."""
    resource = placed(resource, STACK)
    if resource == FRESH or _may_have_any_form(resource):
        return True
    folded = name.lower()
    if is_without_resources(folded):  # an action that lists things is asked on an ARN with `*` as a letter of it
        listing = resource.replace(FRESH, _ANYTHING)
        return resource_without_type(folded, listing) == listing and _is_somewhere(name, resource)
    if has_marks(resource):
        return bool(nameable(name, widened(resource).replace(FRESH, _ANYTHING)))
    example = arn(resource, service=folded.partition(":")[0]).replace(FRESH, "example")
    return takes(name, example) and _is_somewhere(name, resource)


@lru_cache(maxsize=65_536)
def can_be_made(name: str, resource: str) -> bool:
    """Return whether a request for an action of the catalogue can name a resource that is spelled as people read it."""
    for reference, value in STACK.items():
        resource = resource.replace(reference, value)
    if resource == _ANYTHING or "${" in resource:
        return True
    return takes(name, resource) and _is_somewhere(name, resource)


def _is_somewhere(name: str, resource: str) -> bool:
    """Return whether an ARN has the region and the account that the action's ARNs have, and such as there are.

    Patterns of policies meet in ARNs whose region is a word, or is left out.
    """
    parsed = parse(resource)
    if parsed is None:
        return False
    formats = [format_.split(":") for format_ in resource_formats(name)]
    if not parsed.region and all(format_[_REGION] for format_ in formats):
        return False
    if not parsed.account and all(format_[_ACCOUNT] for format_ in formats):
        return False
    if not _is_account(parsed.account):
        return False
    places = regions_within(parsed.partition, parsed.region)
    return any(_is_region(region, partition) for partition, region in places)


def _is_account(account: str) -> bool:
    """Return whether an account is none, any, one that stands for AWS, or a number of which some digits may be open."""
    digits = account.replace(FRESH, "")
    return account in OWNERS or not digits or (digits.isdigit() and len(digits) <= _ACCOUNT_DIGITS)


def _is_region(region: str, partition: str) -> bool:
    """Return whether a region is none, any, or one of its partition."""
    if region in ("", FRESH):
        return True
    home = partition_of(region)
    return home is not None and partition in (home.name, FRESH)
