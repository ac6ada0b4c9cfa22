"""R514: every contradiction of conditions on one key that `compare` proves, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from iam.test_cover import IMPOSSIBLE, POSSIBLE
from remit.lint import lint_document


def found(condition: dict[str, Any]) -> list[tuple[str, str | None]]:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*", "Condition": condition}
        ],
    }
    return [(one.message, one.hint) for one in lint_document(document, "policy.json") if one.rule == "R514"]


@pytest.mark.parametrize("condition", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_every_contradiction_is_found_once(condition: dict[str, Any]) -> None:
    assert len(found(condition)) == 1


@pytest.mark.parametrize("condition", POSSIBLE.values(), ids=POSSIBLE)
def test_what_may_hold_is_no_contradiction(condition: dict[str, Any]) -> None:
    assert found(condition) == []


def test_the_conditions_that_contradict_each_other_are_named() -> None:
    condition = {
        "Null": {"s3:max-keys": "false"},
        "NumericGreaterThan": {"s3:max-keys": "10"},
        "NumericLessThan": {"s3:max-keys": ["1", "2", "3", "4"]},
    }
    message = "s3:max-keys cannot meet NumericGreaterThan '10' and NumericLessThan '1', '2', '3', …"
    assert found(condition) == [(f"{message}: the statement never applies", "remove one of the two")]


def test_three_conditions_may_contradict_each_other_where_no_two_do() -> None:
    condition = {
        "StringLike": {"s3:prefix": "a*"},
        "StringNotLike": {"s3:prefix": "a?*"},
        "StringNotEquals": {"s3:prefix": "a"},
    }
    ((message, hint),) = found(condition)
    expected = "StringLike 'a*' and StringNotLike 'a?*' and StringNotEquals 'a'"
    assert (message, hint) == (f"s3:prefix cannot meet {expected}: the statement never applies", "remove one of them")


PRIVATE_ADDRESSES = {
    "IpAddress": ("error", "never met"),
    "IpAddressIfExists": ("warning", "never met"),
    "ForAnyValue:IpAddress": ("error", "never met"),
    "ForAllValues:IpAddress": ("warning", "never met"),
    "NotIpAddress": ("warning", "always met"),
    "ForAnyValue:NotIpAddress": ("warning", "always met"),
    "ForAllValues:NotIpAddress": ("warning", "always met"),
}


@pytest.mark.parametrize("operator", PRIVATE_ADDRESSES)
def test_a_private_address_is_an_error_only_where_no_request_can_meet_it(operator: str) -> None:
    condition = {operator: {"aws:SourceIp": "10.0.0.0/8"}}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*", "Condition": condition}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    (finding,) = [each for each in lint_document(document, "policy.json") if each.rule == "R509"]
    severity, met = PRIVATE_ADDRESSES[operator]
    assert (severity, True) == (finding.severity, finding.message.endswith(met))
