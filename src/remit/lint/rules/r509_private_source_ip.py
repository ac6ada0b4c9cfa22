"""A private address in aws:SourceIp.

AWS sees public addresses there; requests through a VPC endpoint have aws:VpcSourceIp instead.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}

Source: "AWS global condition context keys" (IAM User Guide): aws:SourceIp.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from remit.iam.value_comparison import network
from remit.lint import conditions
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
)
_PRIVATE_6 = tuple(ipaddress.ip_network(block) for block in ("fc00::/7", "fe80::/10", "::1/128"))


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Private blocks; an error where an Allow has no other."""
    for condition in item.statement.conditions:
        if condition.key.lower() != "aws:sourceip" or conditions.family(condition) != "IPAddress":
            continue
        private = [value for value in condition.values if "${" not in value and _is_private(value)]
        is_negated = conditions.name_of(condition) == "NotIpAddress"
        is_never_met = len(private) == len(condition.values) and not is_negated and conditions.needs_key(condition)
        severity = ERROR if is_never_met and item.allows else WARNING
        for value in private:
            met = "always met" if is_negated else "never met"
            message = f"'{value}' is private, and aws:SourceIp is the public address of a caller: it is {met}"
            hint = "use aws:VpcSourceIp, or aws:SourceVpc"
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key, value), severity)


def _is_private(value: str) -> bool:
    if network(value) is None:
        return False
    block = ipaddress.ip_network(value, strict=False)
    if isinstance(block, ipaddress.IPv4Network):
        return any(
            isinstance(private_block, ipaddress.IPv4Network) and block.subnet_of(private_block)
            for private_block in _PRIVATE
        )
    return any(
        isinstance(private_block, ipaddress.IPv6Network) and block.subnet_of(private_block)
        for private_block in _PRIVATE_6
    )
