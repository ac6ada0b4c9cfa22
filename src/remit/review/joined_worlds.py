"""One review of two templates out of those of every way in which their conditions may turn out."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from remit.iam.comparison import Comparison, Piece
from remit.template.condition_outcomes import World, words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from remit.review.access_change import Change, Elsewhere, Review

_COMPARISONS: Final = ("access", "trust")
_COMPARED: Final = tuple(field.name for field in fields(Comparison))
_TOLD: Final = ("attached", "unread", "doors")
"""The parts of a change, and of each comparison in it."""


def merged(reviews: Sequence[tuple[World, Review]]) -> Review:
    """The changes in any world, reported once: with the conditions that they depend on, and without any if they do not.

    Notes and names are those of all worlds, as often as they are there; the rest is the first world's. There is at
    least one world.
    """
    world_reviews = [review for _, review in reviews]
    return replace(
        world_reviews[0],
        changes=tuple(_changes(reviews)),
        notes=tuple(chain.from_iterable(review.notes for review in world_reviews)),
        functions=tuple(chain.from_iterable(review.functions for review in world_reviews)),
        roles=tuple(chain.from_iterable(review.roles for review in world_reviews)),
        elsewhere=_elsewhere(world_reviews),
        not_compared=tuple(dict.fromkeys(item for review in world_reviews for item in review.not_compared)),
    )


def _changes(reviews: Sequence[tuple[World, Review]]) -> Iterator[Change]:
    """The changes of all worlds, each part of one in the first world that has it, with the conditions that it needs."""
    all_worlds = [world for world, _ in reviews]
    worlds_by_key: dict[Hashable, list[World]] = {}
    for world, review in reviews:
        for change in review.changes:
            for key in _keys(change):
                worlds_by_key.setdefault(key, []).append(world)
    conditions = {key: words(worlds, all_worlds) for key, worlds in worlds_by_key.items()}
    reported: set[Hashable] = set()  # what holds in several worlds is told in the first, with the conditions of all
    for _, review in reviews:
        for change in review.changes:
            keys_by_condition: dict[tuple[str, ...], set[Hashable]] = {}
            for key in _keys(change):
                if key not in reported:
                    keys_by_condition.setdefault(conditions[key], set()).add(key)
            for condition, keys in keys_by_condition.items():
                yield replace(_only(change, keys), when=condition)
                reported |= keys


def _elsewhere(reviews: Iterable[Review]) -> tuple[Elsewhere, ...] | None:
    """The resources whose policies differ in any world: what is added in one and removed in another is changed.

    None: in some world, resources were not compared.
    """
    differences: dict[str, Elsewhere] = {}
    for review in reviews:
        if review.elsewhere is None:
            return None
        for difference in review.elsewhere:
            in_earlier_world = differences.setdefault(difference.name, difference)
            if in_earlier_world.how != difference.how:
                differences[difference.name] = replace(difference, how="changed")
    return tuple(differences.values())


def _keys(change: Change) -> Iterator[Hashable]:
    """The keys of all parts of a change."""
    for part, items in _parts(change):
        yield from (_key(change, part, item) for item in items)


def _key(change: Change, part: str, item: Any) -> Hashable:
    """The key of an item of a part (`access gained`) of a change: the same in whatever world it holds."""
    subject = item
    if isinstance(item, Piece):
        subject = (item.source.statement, item.action, item.resource, item.principal)
    is_new, is_gone = change.before is None, change.after is None
    return change.functions or change.role, is_new, is_gone, part, subject


def _parts(change: Change) -> Iterator[tuple[str, Iterable[Any]]]:
    """The names of the lists of a change, such as `access gained` and `doors`, each with the list."""
    for kind in _COMPARISONS:
        for part in _COMPARED:
            yield f"{kind} {part}", getattr(getattr(change, kind), part)
    for part in _TOLD:
        yield part, getattr(change, part)


def _only(change: Change, keys: set[Hashable]) -> Change:
    """The change with what is among some keys alone."""
    selected: dict[str, Any] = {}
    for part, items in _parts(change):
        selected[part] = tuple(item for item in items if _key(change, part, item) in keys)
    for kind in _COMPARISONS:
        selected[kind] = Comparison(*(selected.pop(f"{kind} {part}") for part in _COMPARED))
    return replace(change, **selected)
