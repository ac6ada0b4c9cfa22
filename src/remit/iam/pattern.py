"""Globs as IAM knows them: `*` is any text, `?` is one character, everything else is itself.

`matches` runs in time linear in the text (chunks are searched from left to right, nothing is retried). Case
is the caller's affair: actions are folded before they come here, resources are not.

Source: "IAM JSON policy elements: Resource" and "… Action" (IAM User Guide).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

BUDGET: Final = 20_000  # steps that `covers` takes before it gives up; real patterns need fewer than a hundred

LONGEST: Final = 512  # letters that `covers` tries for one `*`; more than there are `?` in any ARN


class Wildcard:
    """One of the two wildcards; a literal `*` (from a variable's value) is a string and never this."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


STAR: Final = Wildcard("*")
ANY: Final = Wildcard("?")
_WILDCARDS: Final = {"*": STAR, "?": ANY}
_SPLIT: Final = re.compile(r"([*?])")


@dataclass(frozen=True, slots=True)
class Late:
    """A stretch that CloudFormation fills, by its text. It equals itself and may have any length, even none.

    So nothing but itself and a `*` takes it; a `?` may, and may not.
    """

    text: str


Piece: TypeAlias = str | Wildcard | Late
Matcher: TypeAlias = "Callable[[str], bool]"


def pieces(pattern: str) -> tuple[Piece, ...]:
    """The literal stretches and wildcards of a pattern, in order; runs of `*` are one."""
    return tidy(_WILDCARDS.get(part, part) for part in _SPLIT.split(pattern))


def tidy(parts: Iterable[Piece]) -> tuple[Piece, ...]:
    """The same pattern with adjacent literals joined, empty ones dropped, and runs of `*` made one."""
    out: list[Piece] = []
    for part in parts:
        last = out[-1] if out else None
        if part == "" or (part is STAR and last is STAR):
            continue
        if isinstance(part, str) and isinstance(last, str):
            out[-1] = last + part
        else:
            out.append(part)
    return tuple(out)


def is_pattern(text: str) -> bool:
    """Return whether a text holds a wildcard, so that it stands for a set."""
    return "*" in text or "?" in text


@lru_cache(maxsize=65_536)
def matcher(pattern: str) -> Matcher:
    """The compiled form of a pattern; compiled once per text."""
    return compile_pieces(pieces(pattern))


def matches(pattern: str, text: str) -> bool:
    """Return whether `text`, taken literally, is one of the texts that `pattern` describes. Case-sensitive."""
    return matcher(pattern)(text)


def compile_pieces(parts: tuple[Piece, ...]) -> Matcher:  # noqa: PLR0911 - a return per shape
    """A matcher for tidy pieces, of which none is late: the common shapes are one call of a string method."""
    match parts:
        case ():
            return "".__eq__
        case (str() as literal,):
            return literal.__eq__
        case (Wildcard(text="*"),):
            return lambda _: True
        case (str() as prefix, Wildcard(text="*")):
            return lambda text: text.startswith(prefix)
        case (Wildcard(text="*"), str() as suffix):
            return lambda text: text.endswith(suffix)
    if ANY in parts:
        return _chunks_with_any(parts)
    return _chunks(parts)


def _chunks(parts: tuple[Piece, ...]) -> Matcher:
    """A matcher of literals between stars: a prefix, a suffix, each other one found as early as can be."""
    prefix = parts[0] if isinstance(parts[0], str) else ""
    suffix = parts[-1] if isinstance(parts[-1], str) else ""
    inner = parts[1 if prefix else 0 : len(parts) - 1 if suffix else len(parts)]
    middles = tuple(part for part in inner if isinstance(part, str))
    shortest = len(prefix) + len(suffix)

    def match(text: str) -> bool:
        """Return whether the whole text matches; prefix and suffix do not overlap in it."""
        if len(text) < shortest or not text.startswith(prefix) or not text.endswith(suffix):
            return False
        position, end = len(prefix), len(text) - len(suffix)
        for middle in middles:
            position = text.find(middle, position, end)
            if position < 0:
                return False
            position += len(middle)
        return True

    return match


def _chunks_with_any(parts: tuple[Piece, ...]) -> Matcher:
    """As `_chunks`, where a chunk may hold `?`: fixed-length regular expressions, so nothing backtracks."""
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part is STAR:
            chunks.append([])
        else:
            chunks[-1].append("." if part is ANY else re.escape(str(part)))
    compiled = [re.compile("".join(chunk), re.DOTALL) for chunk in chunks]
    if len(compiled) == 1:
        expression = compiled[0]
        return lambda text: expression.fullmatch(text) is not None
    head, *middles, tail = compiled
    size = _length_after_last_star(parts)

    def match(text: str) -> bool:
        """Return whether the whole text matches, each chunk found after the one before it."""
        matched = head.match(text)
        for middle in middles:
            if matched is None:
                return False
            matched = middle.search(text, matched.end())
        start = len(text) - size
        return matched is not None and matched.end() <= start and tail.match(text, start) is not None

    return match


def _length_after_last_star(parts: tuple[Piece, ...]) -> int:
    """How many characters the part of a pattern takes that follows its last `*`."""
    size = 0
    for part in reversed(parts):
        if part is STAR:
            break
        size += 1 if part is ANY else len(str(part))
    return size


def covers(wide: str, narrow: str) -> bool:
    """Return whether every text that `narrow` describes is described by `wide` too.

    Exact; beyond a budget that no real pattern reaches it answers False, that is: not proven.
    """
    if "?" in wide and "*" in narrow:
        return covers_pieces(pieces(wide), pieces(narrow))
    return plainly_covers(wide, narrow)


def plainly_covers(wide: str, narrow: str) -> bool:
    """As `covers` in one look; False also where that does not tell: of a `?` before a `*`.

    The wildcards of `narrow` are signs that only those of `wide` take, and what these take may as well be anything
    else (the fresh-symbol lemma).
    """
    if wide in ("*", narrow):
        return True
    if not is_pattern(wide) or ("?" in wide and "*" in narrow):
        return False
    return matches(wide, narrow)


def overlaps(pattern: str, other_pattern: str) -> bool:
    """Return whether some text is described by both patterns."""
    return overlaps_pieces(pieces(pattern), pieces(other_pattern))


@lru_cache(maxsize=65_536)
def covers_pieces(wide: tuple[Piece, ...], narrow: tuple[Piece, ...]) -> bool:
    """As `covers`, on pieces."""
    if wide in ((STAR,), narrow):
        return True
    late = [part for part in wide if isinstance(part, Late)]
    if late and not set(late) <= set(narrow):
        return False
    if len(narrow) <= 1 and (not narrow or isinstance(narrow[0], str)):
        return compile_pieces(wide)(str(narrow[0]) if narrow else "")
    return _covers(_automaton(wide), _symbols(narrow))


def _symbols(parts: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces of a pattern with each literal taken apart into its letters."""
    out: list[Piece] = []
    for part in parts:
        out.extend(part if isinstance(part, str) else (part,))
    return tuple(out)


class _Automaton:
    """A pattern as an automaton whose states are its positions, held together as the bits of a number.

    `letters` has for each symbol the positions before it; `stars` are those before a `*`, `singles` before a `?`,
    `late` before a reference. `accept` is the end.
    """

    __slots__ = ("accept", "late", "letters", "singles", "stars")

    def __init__(self, symbols: tuple[Piece, ...]) -> None:
        self.accept = 1 << len(symbols)
        bits: defaultdict[Piece, bytearray] = defaultdict(lambda: bytearray(len(symbols) // 8 + 1))
        for index, symbol in enumerate(symbols):  # a number would be copied at each step
            bits[symbol][index // 8] |= 1 << index % 8
        self.letters = {symbol: int.from_bytes(places, "little") for symbol, places in bits.items()}
        self.stars, self.singles = self.letters.pop(STAR, 0), self.letters.pop(ANY, 0)
        self.late = sum(mask for symbol, mask in self.letters.items() if isinstance(symbol, Late))

    def close(self, mask: int) -> int:
        """The same states, and those behind stars among them, which may stand for nothing."""
        while (closed := mask | (mask & self.stars) << 1) != mask:
            mask = closed
        return mask

    def step(self, mask: int, symbol: Piece) -> int:
        """Take a letter; a wildcard stands for a letter that no pattern spells."""
        singles = 0 if isinstance(symbol, Late) else self.singles
        taken = singles | self.letters.get(symbol, 0)
        return self.close((mask & self.stars) | (mask & taken) << 1)

    def after(self, mask: int, symbol: Piece) -> list[int]:
        """Every mask that a symbol of the other pattern can lead to: of a star, until one comes again.

        `[0]`, from which nothing is reached, where they are more than LONGEST.
        """
        if symbol is not STAR:
            return [self.step(mask, symbol)]
        masks = {mask: None}
        while (mask := self.step(mask, ANY)) not in masks:
            masks[mask] = None
            if len(masks) > LONGEST:
                return [0]
        return list(masks)

    def meet(self, mask: int, symbol: Piece) -> int:
        """Return the states after a symbol of the other pattern, when a wildcard may stand for any letter there is."""
        if symbol is STAR:
            return (self.accept << 1) - (mask & -mask)  # every position from the first one on
        if symbol is ANY:
            return self.close((mask & self.stars) | (mask & ~self.accept & ~self.late) << 1)
        return self.step(mask, symbol)


@lru_cache(maxsize=1024)
def _automaton(pattern: tuple[Piece, ...]) -> _Automaton:
    """The automaton of a pattern, kept: each of a list is compared with all of another."""
    return _Automaton(_symbols(pattern))


def _covers(wide: _Automaton, narrow: tuple[Piece, ...]) -> bool:
    """Return whether `wide` takes all of `narrow`: walk `narrow` with every set of positions that it can lead to there.

    What a wildcard of `narrow` stands for is a letter that no pattern spells, so only wildcards of `wide`
    take it (the fresh-symbol lemma, with `?`). False, too, where that takes more steps than BUDGET.
    """
    todo = [(0, wide.close(1))]
    visited, steps = set(todo), 0
    while todo:
        position, mask = todo.pop()
        if mask == 0 or steps > BUDGET:
            return False
        if position == len(narrow):
            if not mask & wide.accept:
                return False
            continue
        after = wide.after(mask, narrow[position])
        steps += len(after)
        following = {(position + 1, next_mask) for next_mask in after} - visited
        visited |= following
        todo.extend(following)
    return True


@lru_cache(maxsize=65_536)
def overlaps_pieces(pattern: tuple[Piece, ...], other_pattern: tuple[Piece, ...]) -> bool:
    """As `overlaps`, on pieces: walk one pattern with the set of positions in the other."""
    automaton = _automaton(pattern)
    mask = automaton.close(1)
    for symbol in _symbols(other_pattern):
        mask = automaton.meet(mask, symbol)
        if not mask:
            return False
    return bool(mask & automaton.accept)
