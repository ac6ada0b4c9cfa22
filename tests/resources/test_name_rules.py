"""A name has as many characters as AWS takes, and none that AWS keeps for itself, unless AWS made what has it."""

from __future__ import annotations

import pytest

from remit.catalogue.types import resource_type
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.resources.name_rules import NAME_RULES, broken_rule
from remit.resources.names import arn_of

OF_AWS = {
    ("events", "event-bus/", "AWS::Events::EventBus"): ("default", "aws.partner/shop.example/orders"),
    ("logs", "log-group:", "AWS::Logs::LogGroup"): ("aws/spans",),
}


@pytest.mark.parametrize("type_name", NAME_RULES)
def test_a_name_has_as_many_characters_as_its_type_takes_and_no_other_number(type_name: str) -> None:
    """What only the deploy knows may have any number of them."""
    rule, kind = NAME_RULES[type_name], resource_type(type_name)
    assert kind is not None
    assert kind.naming is not None
    most = kind.naming.most

    def named(length: int) -> str:
        return ("alias/" if type_name == "AWS::KMS::Alias" else "").ljust(length, "a")

    lengths = f"it has {rule.least} to {most:,} characters" if most is not None else "it is made of"
    assert broken_rule(type_name, [named(rule.least)]) is None
    assert str(broken_rule(type_name, [named(rule.least)[:-1]])).startswith(lengths)
    assert broken_rule(type_name, [named(rule.least)[:-1], object()]) is None
    if most is not None:
        assert broken_rule(type_name, [named(most)]) is None
        assert broken_rule(type_name, [named(most + 1)]) == lengths
        assert broken_rule(type_name, [named(most), object()]) is None


@pytest.mark.parametrize(("service", "prefix", "type_name"), OF_AWS)
def test_nobody_can_make_what_has_a_name_of_awss_and_a_trigger_may_read_it(
    service: str, prefix: str, type_name: str
) -> None:
    for name in OF_AWS[service, prefix, type_name]:
        assert broken_rule(type_name, [name]) is not None
        assert arn_of(name, service, prefix) == f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{prefix}{name}"


def test_a_name_that_a_word_begins_may_be_short_and_no_longer_than_others() -> None:
    assert broken_rule("AWS::S3::Bucket", ["ab"], may_be_short=True) is None
    assert broken_rule("AWS::S3::Bucket", ["ab"]) == "it has 3 to 63 characters"
    assert broken_rule("AWS::S3::Bucket", ["a" * 64], may_be_short=True) == "it has 3 to 63 characters"
