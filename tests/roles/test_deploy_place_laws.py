"""The places that are tried for a proof stand for all others: every two texts of a few, in every region."""

from __future__ import annotations

from itertools import combinations, permutations, product
from typing import Final

from remit.iam.pattern import matches
from remit.iam.tokens import PARTITION, REGION
from remit.roles.deploy_places import candidates

PARTS: Final = (REGION, f"{REGION}a", f"my-{REGION}", "eu-west-1", "eu-west-1a", "eu-*", "*", "")
NAMES: Final = ("in", "*", f"in-{REGION}", "in-eu-west-1")
REGIONS: Final = ("us-east-1", "eu-west-1", "eu-west-1a", "eu-central-1", "ap-south-2", "mars-1")


def told_apart(texts: tuple[str, ...], region: str) -> list[bool]:
    """Which of the texts are within which others, where they are deployed to a region."""
    filled = [text.replace(REGION, region) for text in texts]
    return [matches(wide, narrow) for wide, narrow in permutations(filled, 2)]


def test_no_region_tells_apart_what_none_of_those_that_are_tried_does() -> None:
    """Unless the region stays open, so that nothing is proven by its name."""
    settled = 0
    arns = [f"arn:aws:sqs:{part}:111122223333:{name}" for part, name in product(PARTS, NAMES)]
    for texts in combinations(arns, 2):
        regions = [candidate.place.get(REGION) for candidate in candidates(texts, ())]
        if regions and None not in regions:
            settled += 1
            of_those = [told_apart(texts, str(region)) for region in regions]
            assert all(told_apart(texts, region) in of_those for region in REGIONS), texts
    assert settled > len(PARTS) * len(NAMES)


def test_no_place_is_tried_whose_region_is_in_another_partition() -> None:
    spelled = [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
    texts = [f"arn:{partition}:sqs:{region}:111122223333:in" for partition, region in ((PARTITION, REGION), *spelled)]
    tried = [candidate for candidate in candidates(texts, ()) if {PARTITION, REGION} == {*candidate.named}]
    assert spelled == [(candidate.place[PARTITION], candidate.place[REGION]) for candidate in tried]
