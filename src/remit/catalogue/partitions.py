"""AWS's partitions and regions: which there are, and which region is where."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from remit.catalogue.snapshot import chunk

_ZONE: Final = r"([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})[a-z]"
_ZONE_ID: Final = r"[a-z]{2,4}\d?-az\d{1,2}"
_LOCAL_ZONE: Final = r"([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})-[a-z]{3}-\d[a-z]?"
UNSPECIFIED: Final = "unspecified"
"""The value of aws:RequestedRegion where a global inference profile asks for its model, in any region.

Source: "Global cross-Region inference" (Amazon Bedrock User Guide).
"""


class Partition(NamedTuple):
    """A partition. `dns_suffix` is AWS::URLSuffix; `regions` leaves out pseudo regions like aws-global."""

    name: str
    dns_suffix: str
    regions: tuple[str, ...]
    pattern: str
    """How its regions are named, those too that are not known yet."""


@cache
def partitions() -> tuple[Partition, ...]:
    """Every partition: aws first, then by name."""
    return tuple(
        Partition(name, suffix, tuple(regions), pattern) for name, suffix, regions, pattern in chunk("partitions", "")
    )


def partition(name: str) -> Partition | None:
    """A partition by its name, exactly as it is written in ARNs; None: there is none."""
    return next((candidate for candidate in partitions() if candidate.name == name), None)


def regions() -> tuple[str, ...]:
    """Every known region, sorted."""
    return tuple(sorted(region for candidate in partitions() for region in candidate.regions))


def is_region(name: str) -> bool:
    """Return whether a region of exactly this name is known."""
    return any(name in candidate.regions for candidate in partitions())


def partition_of(region: str) -> Partition | None:
    """The partition of a region, also of one that is named like a region of it; None when it is not a region."""
    for candidate in partitions():
        if region in candidate.regions:
            return candidate
    # A region that is newer than the snapshot is told by its form.
    for candidate in partitions():
        if re.fullmatch(candidate.pattern, region):
            return candidate
    return None


def region_of_zone(name: str) -> str | None:
    """The region of what looks like an availability zone (`eu-west-1a`) or local zone, else None.

    A zone's id (`euw1-az1`) tells no region that could be relied on: see `is_zone`.
    """
    zone = re.fullmatch(_ZONE, name) or re.fullmatch(_LOCAL_ZONE, name)
    return zone[1] if zone and is_region(zone[1]) else None


def is_zone(name: str) -> bool:
    """Return whether this is, or looks like, an availability zone or a zone's id: often taken for a region."""
    return region_of_zone(name) is not None or re.fullmatch(_ZONE_ID, name) is not None
