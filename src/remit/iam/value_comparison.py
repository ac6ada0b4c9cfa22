"""Values that condition operators compare: numbers, instants, booleans, bytes and addresses, read from their text.

A reader returns None for a text that is not a value of its type. Sources: "Condition operators" (IAM User
Guide); "Date and Time Formats" (W3C note) for dates.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_EPOCH: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DATE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_IPV6, _IPV4_BITS, _IPV4_HIGHEST, _MAPPED = 6, 32, 0xFFFFFFFF, 0xFFFF
_DIGITS: Final = 64  # more than any number in a request; what is longer would only cost time


def number(text: str) -> Decimal | None:
    """An integer or decimal, also with an exponent. None: it is neither, or has more digits than are read."""
    return Decimal(text) if len(text) <= _DIGITS and _NUMBER.fullmatch(text) else None


def instant(text: str) -> Decimal | None:
    """Seconds since 1970, from an ISO 8601 date (four digits: a year) or epoch seconds. No zone means UTC.

    None: it is no date, or has more digits than are read.
    """
    if len(text) > _DIGITS:
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        return Decimal(text) if _EPOCH.fullmatch(text) else None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    numbers = (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    try:
        moment = datetime(*numbers, tzinfo=UTC)
    except ValueError:
        return None
    offset = _offset(zone or "Z")
    if offset is None:
        return None
    seconds = (moment - _START) // timedelta(seconds=1) - offset
    return Decimal(seconds) + Decimal(f"0.{fraction or 0}")


def _offset(zone: str) -> int | None:
    """The seconds by which a time zone is ahead of UTC; None: there is no such zone."""
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - the clock
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def boolean(text: str) -> bool | None:
    """True or false, in any case; None for any other text."""
    return {"true": True, "false": False}.get(text.lower())


def binary(text: str) -> bytes | None:
    """The bytes of base64 text; None: it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def network(text: str) -> tuple[int, int, int] | None:
    """Family, first and last address of a CIDR block; an address without a mask is a host. None: it is neither.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is that IPv4 address. Source: RFC 4291, 2.5.5.2.
    """
    address, slash, mask = text.partition("/")
    if "%" in text or (slash and not (mask.isascii() and mask.isdigit())):
        return None
    try:
        block = ipaddress.ip_network(text if slash else address, strict=False)
    except ValueError:
        return None
    lowest, highest = int(block.network_address), int(block.broadcast_address)
    if block.version == _IPV6 and lowest >> _IPV4_BITS == highest >> _IPV4_BITS == _MAPPED:
        return 4, lowest & _IPV4_HIGHEST, highest & _IPV4_HIGHEST
    return block.version, lowest, highest


def inside(address: Any, block: Any) -> bool:
    """Return whether an address (or a block) lies wholly within a block."""
    return bool(address[0] == block[0] and block[1] <= address[1] and address[2] <= block[2])


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
