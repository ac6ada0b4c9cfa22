"""Where an app may be deployed, as far as it makes a difference to what is to be proven: partition, region, account.

What is late-bound (`${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}`) is one of the names that the texts in
question spell, or one that their patterns describe (`eu-*`), or another. One name stands for all the others, where no
text could tell them apart; else the symbol stays, about which less can be proven.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from remit.catalogue.partitions import partition, partition_of, partitions, regions
from remit.iam.pattern import is_pattern, matches
from remit.iam.request import COMPONENTS
from remit.iam.tokens import ACCOUNT, PARTITION, REGION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.roles.role_policies import Place

_WORDS: Final = {PARTITION: "partition", REGION: "region", ACCOUNT: "account"}
_SEALED: Final = {text: chr(0xF0000 + part) for text, part in COMPONENTS.items()}
_OPEN: Final = ("*", "?", "$", *_SEALED.values())
_ACCOUNTS: Final = ("123456789012", "111111111111", "222222222222", "another-account")
_MOST: Final = 128
_ARN: Final = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place to try. `named` are those of its names that some text spells; the others stand for any other.

    `telling` are the parts of which some text spells any name.
    """

    place: Place
    named: tuple[str, ...]
    telling: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """In words: `partition aws, region eu-west-1`."""
        told = [f"{_WORDS[text]} {name}" for text, name in self.place.items() if text in self.named]
        return ", ".join(told) or "another " + (" or ".join(_WORDS[text] for text in self.telling) or "place")


def candidates(resources: Iterable[str], values: Iterable[str]) -> tuple[Candidate, ...]:
    """The places to try, those that are spelled first. Empty: no text is late-bound, so that none makes a difference.

    `resources` and condition `values` are all texts of both sides. What is not told of a place stays late-bound.
    """
    arns, others = list(dict.fromkeys(map(_sealed, resources))), list(dict.fromkeys(map(_sealed, values)))
    choices = [_choices(text, arns, others) for text in COMPONENTS]
    if all(chosen == [(None, False)] for chosen in choices):
        return ()
    combined = (found for found in product(*choices) if _consistent(found[0], found[1]))
    telling = tuple(text for text, chosen in zip(COMPONENTS, choices, strict=True) if any(named for _, named in chosen))
    found = tuple(_candidate(one, telling) for one in islice(combined, _MOST))
    return found if next(combined, None) is None else (*found, Candidate({}, ()))


def _candidate(chosen: Iterable[_Choice], telling: tuple[str, ...]) -> Candidate:
    named = dict(zip(COMPONENTS, chosen, strict=True))
    place = {text: name for text, (name, _) in named.items() if name is not None}
    return Candidate(place, tuple(text for text, (_, spelled) in named.items() if spelled), telling)


_Choice = tuple[str | None, bool]
"""A name, or None for the symbol; and whether some text spells it."""


def _choices(component: str, arns: list[str], values: list[str]) -> list[_Choice]:
    """The names to try for a component: those that texts spell or describe, and one that stands for all the others."""
    part, seal = COMPONENTS[component], _SEALED[component]
    if not any(seal in text for text in (*arns, *values)):
        return [(None, False)]
    spelled = {_part(text, part) for text in (*arns, *values)} - {"", "*"}
    spelled |= {value for value in values if value in _known(component)}
    names = {text for text in spelled if not any(sign in text for sign in _OPEN)}
    patterns = {text for text in spelled if is_pattern(text) and "$" not in text and seal not in text}
    names |= _described(patterns, component)
    another = next((name for name in _known(component) if name not in names), None)
    several_patterns = len(patterns) > 1  # both may describe one account
    if (component == ACCOUNT and several_patterns) or not _treat_others_alike(arns, values, part, seal):
        another = None
    return [*((name, True) for name in sorted(names)), (another, False)]


def _described(patterns: set[str], component: str) -> set[str]:
    """The known names that patterns describe, and for each pattern one that nobody has."""
    known = {name for name in _known(component) if any(matches(pattern, name) for pattern in patterns)}
    return known | {re.sub(r"[*?]", "9", pattern) for pattern in patterns}


def _treat_others_alike(arns: list[str], values: list[str], part: int, seal: str) -> bool:
    return all(_tells(arn, part, seal) for arn in arns) and not any(seal in value for value in values)


def _known(text: str) -> tuple[str, ...]:
    """Names that there are, the usual ones first."""
    if text == PARTITION:
        return tuple(one.name for one in partitions())
    return ("us-east-1", "eu-central-1", *regions()) if text == REGION else _ACCOUNTS


def _sealed(text: str) -> str:
    for late, seal in _SEALED.items():
        text = text.replace(late, seal)
    return text


def _part(text: str, part: int) -> str:
    """A part of an ARN; nothing where it has none, or where AWS itself owns what it names."""
    parts = text.split(":", _ARN - 1)
    found = parts[part] if parts[0] == "arn" and len(parts) > part else ""
    return "" if found == "aws" and part == COMPONENTS[ACCOUNT] else found


def _tells(text: str, part: int, seal: str) -> bool:
    """Whether a text surely treats all names alike that it neither spells nor describes in that part of an ARN.

    What is late-bound stands for a whole part, and nothing else late-bound is in the text.
    """
    if not any(sign in text for sign in _OPEN) or text == "*":
        return True
    parts = text.split(":", _ARN - 1)
    if parts[0] != "arn" or any(seal in one and (place != part or one != seal) for place, one in enumerate(parts)):
        return False
    return len(parts) == _ARN or parts[-1] == "*"


def _consistent(one: _Choice, other: _Choice) -> bool:
    """Whether a region is in a partition, where both are spelled and known."""
    (name, named), (region, region_named) = one, other
    if not (name and region and named and region_named) or partition(name) is None:
        return True
    found = partition_of(region)
    return found is None or found.name == name


def listed(places: Iterable[Candidate], most: int = 4) -> str:
    """Several places in words, each once."""
    words = list(dict.fromkeys(_told(places)))
    return "; ".join(words[:most]) + (f"; and {len(words) - most} more" if len(words) > most else "")


def _told(places: Iterable[Candidate]) -> Iterator[str]:
    return (place.words for place in places)
