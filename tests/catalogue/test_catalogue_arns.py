"""ARN patterns against formats of resource types: as trying every short text tells, and for names that hold colons."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.catalogue.arns import Arn, matches, types_of

SIGNS = "ab/:"
TEXTS = ["".join(signs) for length in range(6) for signs in itertools.product(SIGNS, repeat=length)]
PATTERNS = st.lists(st.sampled_from([*SIGNS, "*", "?", "${AWS::X}"]), max_size=4).map("".join)
FORMATS = st.lists(st.sampled_from([*SIGNS, "${Name}", "*"]), max_size=3).map("".join)


def met(pattern: str, format_: str, name: str) -> bool:
    """Whether some short text fits both, found by trying."""
    left = re.compile(re.escape(pattern.replace("${AWS::X}", "*")).replace(r"\*", ".*").replace(r"\?", "."))
    right = re.compile(re.escape(format_).replace(r"\$\{Name\}", name).replace(r"\*", ".*"))
    return any(left.fullmatch(text) and right.fullmatch(text) for text in TEXTS)


@given(PATTERNS, FORMATS)
@settings(max_examples=cases(150, deep=400))
def test_a_pattern_fits_a_format_exactly_when_some_text_fits_both(pattern: str, format_: str) -> None:
    for service, name in (("rds", ".+"), ("s3", "[^/:]+")):
        found = matches(Arn("aws", service, "", "", pattern), f"arn:${{Partition}}:{service}:::{format_}")
        assert found is met(pattern, format_, name), (service, pattern, format_)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("arn:aws:rds:us-east-1:111122223333:snapshot:awsbackup:job-1", {"snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:snapshot:rds:orders-2026-11-25-00-00", {"snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:cluster-snapshot:awsbackup:job-*", {"cluster-snapshot"}),
        ("arn:aws:rds:us-east-1:111122223333:db:orders", {"db"}),
        ("arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026-01-31T00:00:00.000", {"stream"}),
    ],
)
def test_a_name_with_colons_names_its_type(text: str, kinds: set[str]) -> None:
    assert {kind.name for kind in types_of(text)} == kinds
