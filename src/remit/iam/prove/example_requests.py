"""Turn what a search found into a request that people can read, and that the evaluator confirms."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Final

from remit.catalogue.action_keys import carries
from remit.catalogue.actions import full_name, is_multivalued
from remit.iam.pattern import is_pattern
from remit.iam.prove import realistic_values as real
from remit.iam.prove.encoded_text import LATE, decode, own_place, placed
from remit.iam.prove.glob_sets import FRESH
from remit.iam.prove.real_requests import can_be_made
from remit.iam.request import ContextValue, Request
from remit.iam.tokens import PARTITION, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.iam.comparison import Tier
    from remit.iam.prove.action_search import Opening
    from remit.iam.prove.compared_side import Side
    from remit.iam.prove.context_search import Context
    from remit.iam.prove.statement_space import CompiledPolicy

_LETTERS: Final = "xzqjkwvyXZQJKWVY0123456789bcdfghlmnprstaeiou"
_MOST_WORDS: Final = 9
_WORDS: Final = ("example", *(f"value{number}" for number in range(1, _MOST_WORDS)))
_FEW: Final = tuple(_LETTERS[:_MOST_WORDS])


class Words:
    """Words for the fresh symbol and for the values of variables, none of which stands in a policy."""

    __slots__ = ("_free", "_policies")

    def __init__(self, *policies: CompiledPolicy) -> None:
        self._policies = policies
        self._free: tuple[str, ...] = ()

    def attempts(self) -> Iterator[tuple[str, ...]]:
        """Words for the symbol and for the values of variables, the most readable first; the last are in no policy.

        Whole words are left out where a `?` may have to match one.
        """
        if not any(policy.has_single_wildcards for policy in self._policies):
            yield _WORDS
            yield _FEW
        yield self.free

    @property
    def late(self) -> bool:
        """True if any text has a part that only CloudFormation knows."""
        return any(LATE in policy.letters for policy in self._policies)

    @property
    def late_beyond_partition(self) -> bool:
        """As `late`, without references to the partition: there are few, and an example is tried in each."""
        if not self.late:
            return False
        texts = [text for policy in self._policies for text in policy.texts]
        return any(reference.text != PARTITION for text in texts for reference in references(text))

    @property
    def free(self) -> tuple[str, ...]:
        """Letters that no text has."""
        if not self._free:
            spelled: frozenset[str] = frozenset().union(*(policy.letters for policy in self._policies))
            letters = chain(_LETTERS, map(chr, range(0xC0, 0x2000)))
            unused = (letter for letter in letters if letter.lower() not in spelled and letter not in spelled)
            self._free = tuple(islice(unused, _MOST_WORDS))
        return self._free


def request_for(
    opening: Opening, words: Words, old: Side, new: Side, *, spelled: str = "", lifelike: bool = False
) -> tuple[Request, Tier] | None:
    """A request that the new side allows and the old does not, and whether it can be made today; None: no such request.

    `spelled` is how the statement has the action; `lifelike` first tries what a real request looks like. A request that
    cannot be made today is one that the policies allow, though its action may not exist, or take no such resource.
    """
    if opening.usable:
        for action, resource, context in requests_for(opening, words, spelled, lifelike=lifelike):
            carried = context if opening.real is None else _carried(opening.real, context)
            request = Request(action, resource, context=carried)
            if request.without_resources:  # the ARN that the service asks about is the one to show
                request = replace(request, resource=request.asked)
            if opening.real is not None and not can_be_made(opening.real, request.resource):
                continue
            if new.allows(request) is True and old.allows(request) is False:
                return request, "now"
        if lifelike and words.late:
            from_a_stack = _outside_of_a_stack(opening, words, spelled, old, new)
            if from_a_stack is not None:
                return from_a_stack, "now"
    for action, resource, context in requests_for(opening, words, spelled, lifelike=lifelike):
        request = Request(action, resource, context=context, wildcard_only=False)
        if new.permits(request) is True and old.permits(request) is False:
            return request, "future"
    return None


def _outside_of_a_stack(opening: Opening, words: Words, spelled: str, old: Side, new: Side) -> Request | None:
    """A request for a resource in another region or account than the stack's, which the policies name by references.

    None: the new side allows none that the old does not.
    """
    name = opening.real or spelled
    usual_words = next(words.attempts())
    named_resource = _named_resource(opening, name)
    for stack, resource in product(real.STACKS, (named_resource, *real.in_other_places(named_resource))):
        action, shown_resource, context = _lifelike(opening.at(placed(resource, stack)), name, usual_words)
        parts = shown_resource.split(":", 2)
        if parts[0] == "arn" and parts[1] != stack[PARTITION]:
            continue  # no role reaches what is in another partition
        request = Request(action, shown_resource, context=_carried(name, context), stack=stack)
        if can_be_made(name, request.resource) and new.allows(request) is True and old.allows(request) is False:
            return request
    return None


def _carried(action: str, context: dict[str, ContextValue]) -> dict[str, ContextValue]:
    """The keys of a context that requests for an action carry: no request of today shows what needs another."""
    if full_name(action) is None:
        return context
    return {key: value for key, value in context.items() if carries(action, key)}


def requests_for(
    opening: Opening, words: Words, spelled: str = "", *, lifelike: bool = True
) -> Iterator[tuple[str, str, dict[str, ContextValue]]]:
    """Action, resource and context of an opening, with one set of words after another."""
    name = opening.real or (spelled if spelled and not is_pattern(spelled) else "")
    if lifelike:
        usual_words = next(words.attempts())
        yield _lifelike(opening, name, usual_words)
        for elsewhere in real.in_other_places(_named_resource(opening, name)):
            yield _lifelike(opening.at(elsewhere), name, usual_words)
    for number, spelling in enumerate(words.attempts()):
        action = name or decode(opening.action, spelling)
        context = _context(opening.witness.context, spelling)
        if not number:
            yield action, decode(_plausible(opening.witness.resource, action), spelling), context
        yield action, decode(opening.witness.resource, spelling), context


def _lifelike(opening: Opening, name: str, words: tuple[str, ...]) -> tuple[str, str, dict[str, ContextValue]]:
    """An ARN and values of the forms that the action and the keys have."""
    spelling = list(words)
    states = dict(opening.witness.context)
    for key, state in opening.witness.context.items():
        if isinstance(state, str):
            realistic = real.value(key, state)
            states[key] = (realistic,) if is_multivalued(key) else realistic
            place = own_place(state)
            if place is not None and realistic != state:
                spelling[1 + place % (len(words) - 1)] = realistic
        elif state is not None:
            states[key] = tuple(dict.fromkeys(real.value(key, text) for text in state))
    action = name or decode(opening.action, words)
    resource = _plausible(_named_resource(opening, action), action)
    return action, decode(resource, spelling), _context(states, spelling)


def _named_resource(opening: Opening, action: str) -> str:
    """The witness's resource (encoded): where it may be any, one of the form that the action takes."""
    resource = opening.witness.resource
    return (real.resource_of(action) or resource) if resource == FRESH else resource


def _context(states: Context, spelling: Sequence[str]) -> dict[str, ContextValue]:
    """The context of a request: each key as the catalogue spells it, with its value or values decoded."""
    context: dict[str, ContextValue] = {}
    for key, state in states.items():
        if isinstance(state, str):
            context[real.key(key)] = decode(state, spelling)
        else:
            context[real.key(key)] = tuple(decode(value, spelling) for value in state or ())
    return context


def _plausible(resource: str, action: str) -> str:
    """The ARN that an example names for an encoded resource: with a service, region and account where that has none.

    The service is the action's: a recovery point of AWS Backup, for one, has an ARN of any.
    """
    service = action.partition(":")[0].lower()
    if resource != FRESH:
        return real.arn(resource, service=service)
    if service == "s3":
        return f"arn:aws:s3:::{FRESH}"  # a bucket's ARN has neither
    return f"arn:{real.PARTITION}:{service}:{real.REGION}:{real.ACCOUNT}:{FRESH}"
