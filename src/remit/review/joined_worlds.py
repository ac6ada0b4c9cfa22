"""One review of two templates out of those of every way in which their conditions may fall out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.iam.comparison import Piece
from remit.iam.prove.compare import Comparison
from remit.template.worlds import words

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from remit.review.access_change import Change, Elsewhere, Review
    from remit.template.worlds import World


def merged(found: Sequence[tuple[World, Review]]) -> Review:
    """What holds in any world, told once: with the conditions that it depends on, and without any if it does not.

    At least one world is given.
    """
    told = _Told([world for world, _ in found], {})
    for world, review in found:
        for change in review.changes:
            for key in _keys(change):
                told.worlds.setdefault(key, []).append(world)
    done: set[Hashable] = set()
    changes: list[Change] = []
    for _, review in found:
        for change in review.changes:
            new = [key for key in _keys(change) if key not in done]
            for when in dict.fromkeys(map(told.when, new)):
                kept = {key for key in new if told.when(key) == when}
                changes.append(replace(_only(change, kept), when=when))
            done.update(new)
    reviews = [review for _, review in found]
    return replace(
        reviews[0],
        changes=tuple(changes),
        notes=tuple(dict.fromkeys(note for one in reviews for note in one.notes)),
        functions=tuple(dict.fromkeys(name for one in reviews for name in one.functions)),
        roles=tuple(dict.fromkeys(name for one in reviews for name in one.roles)),
        elsewhere=_elsewhere(reviews),
    )


def _elsewhere(reviews: Iterable[Review]) -> tuple[Elsewhere, ...] | None:
    """The resources whose policies differ in any world: what is added in one and removed in another is changed."""
    found: dict[str, Elsewhere] = {}
    for review in reviews:
        if review.elsewhere is None:
            return None
        for one in review.elsewhere:
            before = found.setdefault(one.name, one)
            if before.how != one.how:
                found[one.name] = replace(one, how="changed")
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Told:
    """Every world, and by what is found those in which it is."""

    every: Sequence[World]
    worlds: dict[Hashable, list[World]]

    def when(self, key: Hashable) -> tuple[str, ...]:
        """What must be so for it, in words."""
        return words(self.worlds[key], self.every)


def _keys(change: Change) -> Iterator[Hashable]:
    for part, items in _parts(change):
        yield from (_key(change, part, item) for item in items)


def _key(change: Change, part: str, item: Any) -> Hashable:
    what = (item.source.statement, item.action, item.resource) if isinstance(item, Piece) else item
    return change.functions or change.role, change.before is None, change.after is None, part, what


def _parts(change: Change) -> Iterator[tuple[str, Iterable[Any]]]:
    for kind, comparison in (("access", change.access), ("trust", change.trust)):
        yield f"{kind} gained", comparison.gained
        yield f"{kind} lost", comparison.lost
        yield f"{kind} undecided", comparison.undecided
    yield "attached", change.attached
    yield "unseen", change.unseen


def _only(change: Change, keys: set[Hashable]) -> Change:
    """The change with what is among some keys alone."""

    def kept(part: str) -> Callable[[Any], bool]:
        return lambda item: _key(change, part, item) in keys

    def of(kind: str, comparison: Comparison) -> Comparison:
        return Comparison(
            tuple(filter(kept(f"{kind} gained"), comparison.gained)),
            tuple(filter(kept(f"{kind} lost"), comparison.lost)),
            tuple(filter(kept(f"{kind} undecided"), comparison.undecided)),
        )

    return replace(
        change,
        access=of("access", change.access),
        trust=of("trust", change.trust),
        attached=tuple(filter(kept("attached"), change.attached)),
        unseen=tuple(filter(kept("unseen"), change.unseen)),
    )
