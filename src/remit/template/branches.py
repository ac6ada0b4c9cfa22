"""Branches of Fn::If in a value's place, with the conditions that choose them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from remit.documents.json_text import Path

NO_VALUE: Final = {"Ref": "AWS::NoValue"}
IF: Final = "Fn::If"
_PARTS: Final = 3  # condition, value, other value
_MOST: Final = 4  # conditions of one value of which all combinations are taken


@dataclass(frozen=True, slots=True)
class ConditionOutcome:
    """A condition of a template that holds, or does not."""

    condition: str
    holds: bool

    @property
    def words(self) -> str:
        """As people say it: `if IsProd`, `unless IsProd`."""
        return f"{'if' if self.holds else 'unless'} {self.condition}"

    @property
    def opposite(self) -> ConditionOutcome:
        """The same condition the other way."""
        return ConditionOutcome(self.condition, not self.holds)


@dataclass(frozen=True, slots=True)
class Branch:
    """A value that may stand somewhere, where it is written, and when it is there.

    `moved` has where parts of it were written that stand elsewhere in it, by their paths in it.
    """

    value: Any
    path: Path
    when: tuple[ConditionOutcome, ...] = ()
    moved: Mapping[Path, Path] = field(default_factory=dict)

    def at(self, part: Path) -> Path:
        """The place where a part of it is written."""
        return (*self.path, *written_at(part, self.moved))


@dataclass(frozen=True, slots=True)
class Choice:
    """A Fn::If: its condition, and the values of which it takes one."""

    condition: str
    values: tuple[Any, Any]

    def branch(self, *, holds: bool) -> tuple[Any, Path]:
        """The value that it takes when its condition holds, or does not, and where that stands below the Fn::If."""
        place = 0 if holds else 1
        return self.values[place], (IF, place + 1)

    def written(self) -> dict[str, Any]:
        """As a template spells it."""
        return {IF: [self.condition, *self.values]}


def choice(value: Any) -> Choice | None:
    """The Fn::If that a value is; None for any other value."""
    parts = value.get(IF) if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(parts, list) and len(parts) == _PARTS and isinstance(parts[0], str):
        return Choice(parts[0], (parts[1], parts[2]))
    return None


def branches(value: Any, path: Path = (), outcomes: tuple[ConditionOutcome, ...] = ()) -> Iterator[Branch]:
    """Yield a value, or those that a Fn::If chooses from, each with its place and the outcomes that lead to it.

    Nothing for AWS::NoValue, for None, and for a branch that contradicts `outcomes`.
    """
    if value is None or value == NO_VALUE:
        return
    chosen = choice(value)
    if chosen is None:
        yield Branch(value, path, outcomes)
        return
    for holds in (True, False):
        decided = ConditionOutcome(chosen.condition, holds)
        if decided.opposite not in outcomes:
            taken, below = chosen.branch(holds=holds)
            yield from branches(taken, (*path, *below), tuple(dict.fromkeys((*outcomes, decided))))


def items(value: Any, path: Path = (), outcomes: tuple[ConditionOutcome, ...] = ()) -> Iterator[Branch]:
    """Yield the items of a list, those of lists in it too, for every branch of its Fn::If and of those of its items.

    A value that is not a list is one item; AWS::NoValue and None are none.
    """
    for branch in branches(value, path, outcomes):
        if isinstance(branch.value, list):
            for index, item in enumerate(branch.value):
                yield from items(item, (*branch.path, index), branch.when)
        else:
            yield branch


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """The first of `values_at`, such as `TableInput.Name`; None where there is none."""
    return next(values_at(properties, path), None)


def values_at(properties: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The values at a path such as `Targets[].Arn`, by every item of lists and every branch of a Fn::If on the way.

    The last value stays as it is written; its items stand for it if the path ends in `[]`. None is left out.
    """
    values: list[Any] = [properties]
    for step in path.split("."):
        name = step.removesuffix("[]")
        parts = [branch.value for value in values for branch in items(value) if isinstance(branch.value, Mapping)]
        values = [part[name] for part in parts if part.get(name) is not None]
    for value in values:
        yield from (branch.value for branch in items(value)) if path.endswith("[]") else (value,)


def variants(value: Any, path: Path, decided_before: tuple[ConditionOutcome, ...] = ()) -> Iterator[Branch]:
    """Yield a value without any Fn::If in it, for each way in which the conditions in it may turn out: equal ones once.

    Ways that contradict `decided_before` are left out, and those in which it is None or AWS::NoValue. Of more than four
    conditions, only these ways are tried: all hold or none, and each of them alone the other way.
    """
    names = tuple(dict.fromkeys(conditions_in(value)))
    yielded: list[Any] = []
    for outcomes in _outcomes(len(names)):
        holds = dict(zip(names, outcomes, strict=True))
        decided = tuple(ConditionOutcome(name, holds[name]) for name in names)
        if any(outcome.opposite in decided_before for outcome in decided):
            continue
        deciding = Deciding(holds.__getitem__)
        plain = deciding.value(value)
        if plain is not None and plain != NO_VALUE and plain not in yielded:
            yielded.append(plain)
            yield Branch(plain, path, tuple(dict.fromkeys((*decided_before, *decided))), deciding.moved)


def written_at(part: Path, moved: Mapping[Path, Path]) -> Path:
    """Return the place of a part before branches were put in: `moved` as `Deciding` has it."""
    for length in range(len(part), -1, -1):
        if part[:length] in moved:
            return (*moved[part[:length]], *part[length:])
    return part


def may_vary(text: str) -> bool:
    """Return whether a Fn::If or AWS::NoValue may stand in a value, by a glance at its text: yes is not certain."""
    return IF in text or "AWS::NoValue" in text


def conditions_in(value: Any, *, of_resources: bool = False) -> Iterator[str]:
    """Yield the condition of every Fn::If in a value, as often as it stands there.

    `of_resources`: also those that resources have beside their properties, and a condition as another one's part.
    """
    chosen = choice(value)
    if chosen is not None:
        yield chosen.condition
    parts: Iterable[Any] = ()
    if isinstance(value, dict):
        parts = value.values()
        if of_resources and isinstance(value.get("Condition"), str):
            yield value["Condition"]
    elif isinstance(value, list):
        parts = value
    for part in parts:
        yield from conditions_in(part, of_resources=of_resources)


class Deciding:
    """Puts the branches into values that their conditions choose, and notes in `moved` where each part stood."""

    def __init__(self, holds: Callable[[str], bool]) -> None:
        self.holds = holds
        self.moved: dict[Path, Path] = {}

    def value(self, value: Any, target: Path = (), source: Path | None = None) -> Any:
        """A value that will stand at `target`, and stood at `source` (None: there, too), without any Fn::If.

        A part that becomes AWS::NoValue is left out of it; the value itself may be that.
        """
        return self._put(*self._taken(value, target if source is None else source), target)

    def _put(self, value: Any, path: Path, target: Path) -> Any:
        """A value that is no choice, and stood at `path`, with the choices in it decided."""
        if path != target:
            self.moved[target] = path
        if isinstance(value, dict):
            placed = {}
            for key, part in value.items():
                taken, place = self._taken(part, (*path, key))
                if taken != NO_VALUE:
                    placed[key] = self._put(taken, place, (*target, key))
            return placed
        if isinstance(value, list):
            items = enumerate(self._items(value, path))
            return [self._put(item, place, (*target, index)) for index, (item, place) in items]
        return value

    def _taken(self, value: Any, path: Path) -> tuple[Any, Path]:
        """The value that the conditions choose, down to one that is no choice, and where that stands."""
        chosen = choice(value)
        while chosen is not None:
            value, below = chosen.branch(holds=self.holds(chosen.condition))
            path = (*path, *below)
            chosen = choice(value)
        return value, path

    def _items(self, values: list[Any], path: Path) -> Iterator[tuple[Any, Path]]:
        """The items of a list, each with its path: none for AWS::NoValue, several for a Fn::If that chooses a list."""
        for index, item in enumerate(values):
            taken, place = self._taken(item, (*path, index))
            if isinstance(taken, list) and choice(item) is not None:
                yield from self._items(taken, place)
            elif taken != NO_VALUE:
                yield taken, place


def _outcomes(count: int) -> Iterator[tuple[bool, ...]]:
    """Yield the ways in which so many conditions may turn out; of more than four, all alike, and all alike but one."""
    if count <= _MOST:
        yield from product((True, False), repeat=count)
        return
    for most in (True, False):
        yield (most,) * count
        for position in range(count):
            yield tuple(most is not (position == index) for index in range(count))
