"""The places of a deploy that make a difference to a proof: partition, region, account.

What is late-bound (`${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}`) is one of the names that the texts in
question spell, or one that their patterns describe (`eu-*`), or another. One name stands for all the others, where no
text could tell them apart; else the symbol stays, about which less can be proven.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.catalogue.partitions import partition, partition_of, partitions, regions
from remit.iam.pattern import is_pattern, matches
from remit.iam.request import COMPONENTS
from remit.iam.tokens import ACCOUNT, PARTITION, REGION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.roles.role_policies import Place

_WORDS: Final = {PARTITION: "partition", REGION: "region", ACCOUNT: "account"}
_SEALS: Final = {text: chr(0xF0000 + part) for text, part in COMPONENTS.items()}
"""A private character for each symbol, so that an ARN with symbols is split at its colons as any other."""
_OPEN: Final = ("*", "?", "$", *_SEALS.values())
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
        """In words: `partition aws, region eu-west-1`; `another region` where it stands for any other."""
        spelled = [f"{_WORDS[text]} {name}" for text, name in self.place.items() if text in self.named]
        if spelled:
            return ", ".join(spelled)
        telling = " or ".join(_WORDS[text] for text in self.telling)
        return f"another {telling or 'place'}"


def candidates(resources: Iterable[str], values: Iterable[str]) -> tuple[Candidate, ...]:
    """The places to try, those that are spelled first; none where no text is late-bound, so that all are alike.

    `resources` and condition `values` are all texts of both sides. Parts that a place lacks stay late-bound.
    """
    arns = list(dict.fromkeys(map(_sealed, resources)))
    texts = list(dict.fromkeys(map(_sealed, values)))
    choices = {component: _choices(component, arns, texts) for component in COMPONENTS}
    nothing_is_late_bound = all(names == [_Choice(None)] for names in choices.values())
    if nothing_is_late_bound:
        return ()
    telling = tuple(component for component, names in choices.items() if any(name.is_spelled for name in names))
    # A partition, a region and an account each, where the region is in the partition.
    places = (names for names in product(*choices.values()) if _consistent(names[0], names[1]))
    tried: list[Candidate] = []
    for names in islice(places, _MOST):
        parts = list(zip(COMPONENTS, names, strict=True))
        place = {component: choice.name for component, choice in parts if choice.name is not None}
        spelled = tuple(component for component, choice in parts if choice.is_spelled)
        tried.append(Candidate(place, spelled, telling))
    if next(places, None) is not None:
        tried.append(Candidate({}, ()))  # what is not tried stays late-bound
    return tuple(tried)


class _Choice(NamedTuple):
    """A name for a part of a place, or None for the symbol; and whether some text spells it."""

    name: str | None
    is_spelled: bool = False


def _choices(component: str, arns: list[str], values: list[str]) -> list[_Choice]:
    """The names to try for a component: those that texts spell or describe, and one that stands for all the others."""
    part, seal = COMPONENTS[component], _SEALS[component]
    if not any(seal in text for text in (*arns, *values)):
        return [_Choice(None)]
    # Texts in the component's place, be they names or patterns, and the values that are names of its kind.
    parts = {_part_of_arn(text, part) for text in (*arns, *values)} - {"", "*"}
    spelled = parts | set(_known_names(component)).intersection(values)
    names = {text for text in spelled if not any(sign in text for sign in _OPEN)}
    patterns = {text for text in spelled if is_pattern(text) and "$" not in text and seal not in text}
    # The known names that patterns describe, and for each pattern one that nobody has.
    names |= {name for name in _known_names(component) if any(matches(pattern, name) for pattern in patterns)}
    names |= {re.sub(r"[*?]", "9", pattern) for pattern in patterns}
    choices = [_Choice(name, is_spelled=True) for name in sorted(names)]
    both_may_describe_one_account = component == ACCOUNT and len(patterns) > 1
    is_in_a_value = any(seal in value for value in values)
    tells_others_apart = is_in_a_value or not all(_treats_others_alike(arn, part, seal) for arn in arns)
    if both_may_describe_one_account or tells_others_apart:
        return [*choices, _Choice(None)]
    another = next((name for name in _known_names(component) if name not in names), None)
    return [*choices, _Choice(another)]


def _known_names(text: str) -> tuple[str, ...]:
    """Names for the part of a place that a text like `${AWS::Region}` stands for, the usual ones first."""
    if text == PARTITION:
        return tuple(partition_row.name for partition_row in partitions())
    return ("us-east-1", "eu-central-1", *regions()) if text == REGION else _ACCOUNTS


def _sealed(text: str) -> str:
    """A text with a private character in place of each late-bound part of a place."""
    for late, seal in _SEALS.items():
        text = text.replace(late, seal)
    return text


def _part_of_arn(text: str, part: int) -> str:
    """The part of an ARN at a position; "" where there is none, or where the account is AWS itself."""
    parts = text.split(":", _ARN - 1)
    name = parts[part] if parts[0] == "arn" and len(parts) > part else ""
    return "" if name == "aws" and part == COMPONENTS[ACCOUNT] else name


def _treats_others_alike(text: str, part: int, seal: str) -> bool:
    """Return whether a text surely treats all names alike that it neither spells nor describes in that part of an ARN.

    What is late-bound stands for a whole part, and nothing else late-bound is in the text.
    """
    if not any(sign in text for sign in _OPEN) or text == "*":
        return True
    parts = text.split(":", _ARN - 1)
    if parts[0] != "arn" or any(
        seal in piece and (position != part or piece != seal) for position, piece in enumerate(parts)
    ):
        return False
    return len(parts) == _ARN or parts[-1] == "*"


def _consistent(partition_choice: _Choice, region_choice: _Choice) -> bool:
    """Return whether a region is in a partition; True where either is not spelled or not known."""
    name, region = partition_choice.name, region_choice.name
    if not (partition_choice.is_spelled and region_choice.is_spelled and name and region) or partition(name) is None:
        return True
    partition_of_region = partition_of(region)
    return partition_of_region is None or partition_of_region.name == name


def listed(places: Iterable[Candidate], most: int = 4) -> str:
    """The first `most` places in words, each once, and how many more there are."""
    words = list(dict.fromkeys(place.words for place in places))
    return "; ".join(words[:most]) + (f"; and {len(words) - most} more" if len(words) > most else "")
