"""ARNs, condition keys and values as they look in real requests, for the examples that findings come with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from remit.catalogue.action_resources import is_without_resources, resource_formats
from remit.catalogue.actions import value_type
from remit.catalogue.condition_keys import global_key
from remit.catalogue.partitions import partition as partition_named
from remit.catalogue.partitions import partitions
from remit.iam import tokens
from remit.iam.pattern import matches
from remit.iam.prove.encoded_text import own_place
from remit.iam.prove.glob_sets import FRESH

PARTITION, REGION, ACCOUNT = "aws", "us-east-1", "111122223333"
_SOURCE_SERVICE: Final = "sns"
"""Stands for the service that calls, in the ARN of a source."""
_OTHER_ACCOUNT: Final = "444455556666"
STACK: Final = {tokens.PARTITION: PARTITION, tokens.REGION: REGION, tokens.ACCOUNT: ACCOUNT}
"""Where a stack is, by the pseudo parameters that stand for it."""
STACKS: Final = (
    STACK,
    {**STACK, tokens.ACCOUNT: _OTHER_ACCOUNT},
    {**STACK, tokens.REGION: "eu-west-1"},
    {**STACK, tokens.PARTITION: "aws-cn", tokens.REGION: "cn-north-1"},
    {**STACK, tokens.PARTITION: "aws-us-gov", tokens.REGION: "us-gov-west-1"},
)
"""Places to try, where policies name one of them."""
_DIGITS: Final = "123456789012"
_SHORTEST: Final = 6  # an ARN's parts
_VALUES: Final = {
    "aws:principalaccount": ACCOUNT,
    "aws:resourceaccount": ACCOUNT,
    "aws:sourceaccount": ACCOUNT,
    "kms:calleraccount": ACCOUNT,
    "aws:requestedregion": REGION,
    "aws:principalorgid": "o-exampleorgid",
    "aws:resourceorgid": "o-exampleorgid",
    "aws:sourceorgid": "o-exampleorgid",
    "aws:principalarn": f"arn:aws:iam::{ACCOUNT}:role/example",
    "aws:sourcevpc": "vpc-1a2b3c4d",
    "aws:sourcevpce": "vpce-1a2b3c4d",
}
_OF_TYPE: Final = {
    "ARN": f"arn:{PARTITION}:{_SOURCE_SERVICE}:{REGION}:{ACCOUNT}:example",
    "Binary": "ZXhhbXBsZQ==",
    "Bool": "true",
    "Date": "2026-01-01T00:00:00Z",
    "IPAddress": "192.0.2.1",
    "Numeric": "1",
}
"""A value of each type that is not text."""
_OF_SERVICE: Final = re.compile(f"([a-z0-9-]+\\.){FRESH}(\\.amazonaws\\.com)")


def resource_of(name: str) -> str | None:
    """An ARN (encoded) that an action takes, `*` if it takes none; None if the catalogue does not have the action.

    Whatever differs from one resource to another is the fresh symbol, the place as well.
    """
    formats = resource_formats(name)
    if not formats:
        return "*" if is_without_resources(name.lower()) else None
    return formats[0].replace("*", FRESH)


def in_other_places(text: str) -> Iterator[str]:
    """An ARN (encoded) in the partitions, regions and accounts beside the usual ones that it leaves open."""
    parts = text.split(":", _SHORTEST - 1)
    if len(parts) != _SHORTEST:
        return
    usual = arn(text)
    for account in _accounts(parts[4]):
        for partition, region in regions_within(parts[1], parts[3]):
            placed_arn = ":".join((parts[0], partition, parts[2], region, account, parts[5]))
            if placed_arn != usual:
                yield placed_arn


def _accounts(part: str) -> tuple[str, ...]:
    """The accounts to try for a part of an ARN: where some of its digits are open, one that has digits there."""
    if part == FRESH:
        return (ACCOUNT, _OTHER_ACCOUNT)
    open_places = part.count(FRESH)
    missing_digits = len(ACCOUNT) - (len(part) - open_places)
    if not open_places or missing_digits < open_places:
        return (part,)
    first_digits = _DIGITS[: missing_digits - open_places + 1]
    return (part.replace(FRESH, first_digits, 1).replace(FRESH, _DIGITS[0]),)


def regions_within(partition: str, region: str) -> Iterator[tuple[str, str]]:
    """The partitions with their regions that two parts of an ARN (encoded) may stand for, the usual ones first.

    Where both are open, one region stands for each partition but the usual one. A region that is written out stays.
    """
    for home in partitions():
        name = home.name
        if not _may_be(partition, name):
            continue
        if FRESH not in region:
            yield name, region
            continue
        regions = [candidate for candidate in home.regions if _may_be(region, candidate)]
        if REGION in regions:
            regions.remove(REGION)
            regions.insert(0, REGION)
        is_one_of_many = partition == FRESH and region == FRESH and name != PARTITION
        for candidate in regions[:1] if is_one_of_many else regions:
            yield name, candidate


def _may_be(part: str, name: str) -> bool:
    """Return whether a part of an ARN (encoded) is a name, or leaves open so much that it may be."""
    return part == name or (FRESH in part and matches(part.replace(FRESH, "*"), name))


def arn(text: str, *, service: str = FRESH) -> str:
    """An ARN (encoded) with a partition, a service, a region and an account where nothing says which.

    A text that is not an ARN stays as it is.
    """
    parts = text.split(":", _SHORTEST - 1)
    if len(parts) != _SHORTEST or parts[0] != "arn":
        return text
    home = partition_named(parts[1])
    region = REGION if home is None or REGION in home.regions else home.regions[0]
    usual = (PARTITION, service, region, ACCOUNT)
    parts[1:5] = [usual_part if part == FRESH else part for part, usual_part in zip(parts[1:5], usual, strict=True)]
    return ":".join(parts)


def key(name: str) -> str:
    """A condition key as AWS spells it, where only its folded form is known."""
    definition = global_key(name) if name == name.lower() else None
    return name if definition is None else definition.name + name[len(definition.name) :]


def usual_value(name: str) -> str:
    """A value of the form that a key has; empty for a key that may have any text."""
    return _VALUES.get(name.lower()) or _OF_TYPE.get(value_type(name), "")


def value(name: str, state: str) -> str:
    """A key's value (encoded) of the form that the key has."""
    if state == FRESH:
        return usual_value(name) or state
    if own_place(state) is not None:
        return _VALUES.get(name.lower(), state)
    return arn(_OF_SERVICE.sub(f"\\g<1>{REGION}\\2", state), service=_SOURCE_SERVICE)
