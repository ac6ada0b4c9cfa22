"""From the place that was found to a request that people can read and the evaluator agrees about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam.glob import FRESH
from remit.iam.marks import decode, is_private, variables_in
from remit.iam.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.actions import Opening
    from remit.iam.side import Side

_LETTERS: Final = "xzqjkwvyXZQJKWVY0123456789bcdfghlmnprstaeiou"
_REGION, _ACCOUNT = 3, 4


class Words:
    """The words that stand for the symbol and for the values of variables, none of them spelled by any policy."""

    __slots__ = ("_letter", "_sides")

    def __init__(self, *sides: Side) -> None:
        self._sides = sides
        self._letter: str | None = None

    @property
    def letter(self) -> str:
        """A letter that no text of either side has, or else one that few have."""
        if self._letter is None:
            spelled = set("".join(text for side in self._sides for text in _texts(side)))
            found = next((letter for letter in _LETTERS if letter not in spelled), None)
            rare = (chr(code) for code in range(0xC0, 0x250))
            self._letter = found or next((letter for letter in rare if letter not in spelled), "\u0251")
        return self._letter

    def attempts(self) -> Iterator[str]:
        """Words for the symbol, the nicest first; the last cannot collide."""
        yield "example"
        yield "x"
        yield self.letter

    def shown(self, pattern: str) -> str:
        """A pattern as its document spells it."""
        return decode(pattern, {}, "*", variables=True)


def _texts(side: Side) -> Iterator[str]:
    for _, policies in side.layers:
        for policy in policies:
            for box in policy.boxes:
                yield from box.actions
                yield from box.resources
                for atom in box.atoms:
                    yield from atom.values


def request_for(found: Opening, words: Words, old: Side, new: Side) -> Request | None:
    """A request that the new side allows and the old does not; None when the evaluator says otherwise to every spelling."""
    for number, word in enumerate(words.attempts()):
        action = found.real or _invented(found.action, word)
        filler = {key: f"{word}{index}" for index, key in enumerate(sorted(_variables(found)), 1)}
        resource = found.place.resource
        if number == 0:
            resource = _likely(resource, action)
        request = Request(
            action,
            decode(resource, filler, word),
            context={
                key: decode(state, filler, word)
                if isinstance(state, str)
                else tuple(decode(value, filler, word) for value in state or ())
                for key, state in found.place.context.items()
            },
        )
        if new.allows(request) is True and old.allows(request) is False:
            return request
    return None


def _variables(found: Opening) -> frozenset[str]:
    texts = [found.place.resource]
    for state in found.place.context.values():
        texts.extend((state,) if isinstance(state, str) else state or ())
    return frozenset[str]().union(*map(variables_in, (text for text in texts if is_private(text))))


def _invented(action: str, word: str) -> str:
    """An action of a point: a whole one for `*`, so that it reads as an action."""
    return f"{word}:{word}" if action == FRESH else action.replace(FRESH, word)


def _likely(resource: str, action: str) -> str:
    """A point with a region and an account where an ARN has them, and an ARN for a whole `*`."""
    if resource == FRESH:
        return f"arn:aws:{action.partition(':')[0]}:us-east-1:111122223333:{FRESH}"
    parts = resource.split(":", 5)
    if len(parts) != 6:  # noqa: PLR2004 - an ARN's parts
        return resource
    if parts[1] == FRESH:
        parts[1] = "aws"
    if parts[_REGION] == FRESH:
        parts[_REGION] = "us-east-1"
    if parts[_ACCOUNT] == FRESH:
        parts[_ACCOUNT] = "111122223333"
    return ":".join(parts)
