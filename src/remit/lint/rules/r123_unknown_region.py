"""A region that does not exist.

IAM accepts it, and the statement matches nothing. An availability zone is not a region.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-esat-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "AWS Regions and Availability Zones" (AWS General Reference), as botocore has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.partitions import UNSPECIFIED, is_region, is_zone, partition_of, region_of_zone, regions
from remit.did_you_mean import MISSPELT, nearest
from remit.iam.placeholders import placeholder
from remit.lint import arn_parts, conditions
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import holds_placeholder, is_plain
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.arns import Arn
    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_KEYS = ("aws:requestedregion", "ec2:region")
_PLACES = {
    "bahrain": "me-south-1", "canada": "ca-central-1", "capetown": "af-south-1", "dublin": "eu-west-1",
    "frankfurt": "eu-central-1", "hongkong": "ap-east-1", "hyderabad": "ap-south-2", "ireland": "eu-west-1",
    "jakarta": "ap-southeast-3", "london": "eu-west-2", "melbourne": "ap-southeast-4", "milan": "eu-south-1",
    "mumbai": "ap-south-1", "ohio": "us-east-2", "oregon": "us-west-2", "osaka": "ap-northeast-3", "paris": "eu-west-3",
    "saopaulo": "sa-east-1", "seoul": "ap-northeast-2", "singapore": "ap-southeast-1", "spain": "eu-south-2",
    "stockholm": "eu-north-1", "sydney": "ap-southeast-2", "telaviv": "il-central-1", "tokyo": "ap-northeast-1",
    "uae": "me-central-1", "virginia": "us-east-1", "zurich": "eu-central-2",
}  # fmt: skip
"""Where regions are, as "AWS Regions and Availability Zones" calls them."""


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Regions in ARNs and in aws:RequestedRegion."""
    for spot, arn in item.arns:
        region = arn.region
        sure = arn.service in arn_parts.REGIONAL and (bool(region) or not arn_parts.may_lack("region", arn))
        if not region and (sure or arn_parts.always_has("region", arn)):
            why = ", and nothing matches" if sure else ""
            message = f"the ARN leaves out the region: no resource of this service has such a one{why}"
            yield Problem(message, "write the region, or * for every one", spot, ERROR if sure else WARNING)
        yield from _misplaced(arn, spot)
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS and conditions.family(condition) == "String":
            for value in map(settled, condition.values):
                is_text = bool(value) and is_plain(value) and placeholder(value) is None
                if is_text and value != UNSPECIFIED and not is_region(value):
                    yield _problem(value, ("Condition", condition.spelled, condition.key, value))


def _misplaced(arn: Arn, spot: Spot) -> Iterator[Problem]:
    """Something else in the place of the region; a pseudo parameter counts as what it stands for."""
    written, region = arn.region, settled(arn.region)
    if arn_parts.are_exchanged(arn):
        message = "the ARN has region and account in the wrong order: nothing matches"
        yield Problem(message, "arn:partition:service:region:account:resource", spot)
    elif not region or not is_plain(region) or is_region(region):
        return
    elif written != region:
        yield Problem(f"the region is '{written}', which is none: nothing matches", "write ${AWS::Region}", spot)
    elif is_region(region.lower()) or not holds_placeholder(region):
        yield _problem(region, spot)


def _problem(region: str, spot: Spot) -> Problem:
    if region == "None":
        hint = "write the region, or {aws.region} in an f-string"
        return Problem("the region is 'None': an unset value was put in, and nothing matches", hint, spot)
    if is_zone(region):
        zone_region = region_of_zone(region)
        hint = f"did you mean '{zone_region}'?" if zone_region else "write the region"
        return Problem(f"'{region}' is an availability zone, not a region: nothing matches", hint, spot)
    close = nearest(region, regions(), MISSPELT) or _rearranged(region) or _at_place(region)
    if close is None and partition_of(region) is not None:
        message = f"'{region}' is named like a region, but remit knows none of that name"
        return Problem(message, "is it new? `remit data refresh` reads the lists again", spot, WARNING)
    meant = close or nearest(region, regions())
    hint = f"did you mean '{meant}'?" if meant else "use * for every region"
    return Problem(f"unknown region '{region}': nothing matches", hint, spot)


def _rearranged(region: str) -> str | None:
    """The region that has the same letters: `useast1`, `us_east_1`, `US East 1`."""
    folded = "".join(filter(str.isalnum, region.lower()))
    return next((code for code in regions() if code.replace("-", "") == folded), None)


def _at_place(region: str) -> str | None:
    """The region that is at the place of a name: `eu-frankfurt-1`, `N. Virginia`."""
    folded = "".join(filter(str.isalpha, region.lower()))
    return next((code for place, code in _PLACES.items() if place in folded), None)
