"""The values of a type that matter: every limit that is spelled, something between each two, and beyond the last."""

from __future__ import annotations

import base64
import ipaddress
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import count, pairwise
from typing import TYPE_CHECKING, Final

from remit.iam import value_comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LONGEST: Final = 64  # characters of a number that is read
_EXACT: Final = Context(4_000, Emin=MIN_EMIN, Emax=MAX_EMAX)  # digits of the sum of any two numbers that are read


def _number(value: Decimal) -> str:
    """A number as a policy spells it."""
    text = f"{value:f}"
    return text if len(text) <= _LONGEST else str(value.normalize(_EXACT))


def _around(texts: list[str], read: Callable[[str], Decimal | None], show: Callable[[Decimal], str]) -> Iterator[str]:
    """Every limit, sorted and each once, then something above the last, below the first, and between each two.

    Zero where no text is a limit.
    """
    limits = sorted({limit for limit in map(read, texts) if limit is not None})
    if not limits:
        yield show(Decimal(0))
        return
    yield from map(show, limits)
    highest, lowest = limits[-1], limits[0]
    yield show(_between(highest, _EXACT.add(highest, max(Decimal(2), abs(highest)))))
    yield show(_between(_EXACT.subtract(lowest, max(Decimal(2), abs(lowest))), lowest))
    for low, high in pairwise(limits):
        yield show(_between(low, high))


def _between(low: Decimal, high: Decimal) -> Decimal:
    """The number about half way that has the fewest digits."""
    middle = _EXACT.divide(_EXACT.add(low, high), Decimal(2))
    rounded = (Context(digits, Emin=MIN_EMIN, Emax=MAX_EMAX).plus(middle) for digits in count(1))
    return next(number for number in rounded if low < number < high)


def _date(seconds: Decimal) -> str:
    """An instant as a policy spells it; in seconds where no date says it: a part of a second, or beyond year 9999."""
    if seconds == int(seconds):
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
        except OverflowError:
            pass
        else:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    return f"{seconds:f}" if "." in f"{seconds:f}" else f"{seconds:f}.0"


def _bytes(texts: list[str]) -> Iterator[str]:
    """Every value that is spelled, and one that is longer than all of them."""
    literals = {literal for literal in map(value_comparison.binary, texts) if literal is not None}
    yield from sorted(base64.b64encode(literal).decode() for literal in literals)
    longest = max((len(literal) for literal in literals), default=0)
    yield base64.b64encode(b"\0" * (longest + 1)).decode()


def _addresses(texts: list[str]) -> Iterator[str]:
    """The ends of every block, the addresses just outside, and one of each family."""
    ends = {4: (ipaddress.IPv4Address, 2**32), 6: (ipaddress.IPv6Address, 2**128)}
    blocks = {block for block in map(value_comparison.network, texts) if block is not None}
    for family, lowest, highest in sorted(blocks):
        make, size = ends[family]
        for address in (lowest, highest, lowest - 1, highest + 1):
            if 0 <= address < size:
                yield str(make(address))
    yield "192.0.2.1"
    yield "2001:db8::1"


if TYPE_CHECKING:
    _Reader = Callable[[str], object | None]
    _Points = Callable[[list[str]], Iterable[str]]

TYPED: Final[dict[str, tuple[_Reader, _Points]]] = {
    "Numeric": (value_comparison.number, lambda texts: _around(texts, value_comparison.number, _number)),
    "Date": (value_comparison.instant, lambda texts: _around(texts, value_comparison.instant, _date)),
    "Bool": (value_comparison.boolean, lambda _: ("true", "false")),
    "Binary": (value_comparison.binary, _bytes),
    "IPAddress": (value_comparison.network, _addresses),
}
