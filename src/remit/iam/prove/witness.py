"""From the place that was found to a request that people can read and the evaluator agrees about."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from remit.iam.pattern import is_pattern
from remit.iam.prove import realistic_requests as real
from remit.iam.prove.alphabet import LATE, decode, own_place
from remit.iam.prove.glob_sets import FRESH
from remit.iam.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.iam.prove.compared_policies import Side
    from remit.iam.prove.contexts import Context
    from remit.iam.prove.new_actions import Opening
    from remit.iam.prove.statement_space import Compiled
    from remit.iam.request import ContextValue

_LETTERS: Final = "xzqjkwvyXZQJKWVY0123456789bcdfghlmnprstaeiou"
_SEVERAL: Final = 9
_WORDS: Final = ("example", *(f"value{number}" for number in range(1, _SEVERAL)))
_FEW: Final = tuple(_LETTERS[:_SEVERAL])


class Words:
    """The words that stand for the symbol and for the values of variables, none of them spelled by any policy."""

    __slots__ = ("_free", "_policies")

    def __init__(self, *policies: Compiled) -> None:
        self._policies = policies
        self._free: tuple[str, ...] = ()

    def attempts(self) -> Iterator[tuple[str, ...]]:
        """Words for the symbol and for the values of variables, the nicest first; the last cannot collide.

        Whole words are not for where a `?` may have to take one.
        """
        if not any(policy.has_singles for policy in self._policies):
            yield _WORDS
            yield _FEW
        yield self.free

    @property
    def late(self) -> bool:
        """Whether any text has a part that only CloudFormation knows."""
        return any(LATE in policy.letters for policy in self._policies)

    @property
    def free(self) -> tuple[str, ...]:
        """Letters that no text has."""
        if not self._free:
            spelled: frozenset[str] = frozenset().union(*(policy.letters for policy in self._policies))
            letters = chain(_LETTERS, map(chr, range(0xC0, 0x2000)))
            self._free = tuple(
                islice((one for one in letters if one.lower() not in spelled and one not in spelled), _SEVERAL)
            )
        return self._free


def request_for(
    found: Opening, words: Words, old: Side, new: Side, *, spelled: str = "", lifelike: bool = False
) -> Request | None:
    """A request that the new side allows and the old does not; None when the evaluator confirms no spelling.

    `spelled` is how the statement has the action; `lifelike` first tries what a real request looks like.
    """
    for action, resource, context in requests_for(found, words, spelled, lifelike=lifelike):
        request = Request(action, resource, context=context)
        if new.allows(request) is True and old.allows(request) is False:
            return request
    return None


def requests_for(
    found: Opening, words: Words, spelled: str = "", *, lifelike: bool = True
) -> Iterator[tuple[str, str, dict[str, ContextValue]]]:
    """Action, resource and context of a finding, in one spelling after the other."""
    name = found.real or (spelled if spelled and not is_pattern(spelled) else "")
    if lifelike:
        yield _lifelike(found, name, next(words.attempts()))
    for number, spelling in enumerate(words.attempts()):
        action = name or decode(found.action, spelling)
        context = _context(found.place.context, spelling)
        if not number:
            yield action, decode(_likely(found.place.resource, action), spelling), context
        yield action, decode(found.place.resource, spelling), context


def _lifelike(found: Opening, name: str, words: tuple[str, ...]) -> tuple[str, str, dict[str, ContextValue]]:
    """An ARN and values of the forms that the action and the keys have."""
    spelling = list(words)
    states = dict(found.place.context)
    for key, state in found.place.context.items():
        if isinstance(state, str):
            states[key] = given = real.value(key, state)
            place = own_place(state)
            if place is not None and given != state:
                spelling[1 + place % (len(words) - 1)] = given
        elif state is not None:
            states[key] = tuple(real.value(key, one) for one in state)
    action = name or decode(found.action, words)
    whole = real.resource_of(action) if found.place.resource == FRESH else None
    resource = whole or _likely(found.place.resource, action)
    return action, decode(resource, spelling), _context(states, spelling)


def _context(states: Context, spelling: Sequence[str]) -> dict[str, ContextValue]:
    return {
        real.key(key): decode(state, spelling)
        if isinstance(state, str)
        else tuple(decode(value, spelling) for value in state or ())
        for key, state in states.items()
    }


def _likely(resource: str, action: str) -> str:
    """A point with a region and an account where an ARN has them, and an ARN for a whole `*`."""
    if resource != FRESH:
        return real.arn(resource)
    if action.lower().startswith("s3:"):
        return f"arn:aws:s3:::{FRESH}"  # a bucket's ARN has neither
    return f"arn:{real.PARTITION}:{action.partition(':')[0]}:{real.REGION}:{real.ACCOUNT}:{FRESH}"
