"""A value of IpAddress that is neither an address nor a CIDR block.

It equals nothing.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}

Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): IP address condition operators.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.value_comparison import network
from remit.lint import conditions
from remit.lint.finding import ERROR, NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_LONGEST = {".": 32, ":": 128}


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Values of address operators that cannot be read."""
    for condition in item.statement.conditions:
        if conditions.family(condition) == "IPAddress":
            for value in condition.values:
                if "${" not in value and network(value) is None:
                    spot = ("Condition", condition.spelled, condition.key, value)
                    yield Problem(
                        f"'{value}' is neither an IP address nor a CIDR block: it matches nothing", _hint(value), spot
                    )
                elif "${" not in value and "/" in value:
                    yield from _loose(condition, value, allows=item.allows)


def _loose(condition: Condition, value: str, *, allows: bool) -> Iterator[Problem]:
    """A block that has bits beyond its prefix, or holds every address."""
    import ipaddress  # noqa: PLC0415 - slow, and few policies have blocks

    spot = ("Condition", condition.spelled, condition.key, value)
    block = ipaddress.ip_network(value, strict=False)
    if block.prefixlen == 0 and allows and conditions.name_of(condition) == "IpAddress":
        message = f"'{value}' holds every address: the condition keeps nobody out"
        yield Problem(message, "name the blocks that may, or leave the condition out", spot, WARNING)
    elif ipaddress.ip_interface(value).ip != block.network_address and block.prefixlen:
        yield Problem(f"'{value}' has host bits: it stands for the whole block", f"write '{block}'", spot, NOTE)


def _hint(value: str) -> str:
    address, slash, mask = value.partition("/")
    kind = ":" if ":" in address else "."
    if slash and network(address) is not None and mask.isdigit():
        return f"the prefix length is 0 to {_LONGEST[kind]}"
    if re.fullmatch(r"[\d.]+-[\d.]+", value):
        return "a range is written as one or more CIDR blocks: 203.0.113.0/24"
    if re.fullmatch(r"(?:\d{1,3}\.){1,3}\*(?:\.\*)*", value):
        octets = value.replace(".*", "").replace("*", "").rstrip(".").split(".")
        block = ".".join((*octets, *("0",) * (4 - len(octets))))
        return f"wildcards do not count here: write '{block}/{8 * len(octets)}'"
    if "*" in value:
        return "wildcards do not count here: write a CIDR block, 203.0.113.0/24"
    if slash and re.fullmatch(r"[\d.]+", mask):
        return "the mask is a prefix length: 203.0.113.0/24"
    return "as 203.0.113.0/24 or 2001:db8::/32"
