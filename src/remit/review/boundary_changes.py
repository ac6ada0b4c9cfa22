"""What differs in the managed policies and the boundary of a role, and what follows for those nobody can read here.

A policy that is not known is never guessed at. Where it stands on both sides, the truth is at most what is told;
where it differs, or where what kept it in bounds does, the change is undecided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.managed_policies import managed_policy
from remit.iam.policy import Policy, allow
from remit.iam.prove.compare import gains
from remit.review.access_change import Attached, Unseen
from remit.review.comparable_roles import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.iam.decide.evaluate import Layers
    from remit.review.access_change import Change, Standing, Version

_ALL: Final = Policy((allow("*"),))
_MANAGED, _BOUNDARY = "managed policy", "boundary"


def attached(before: Standing | None, after: Standing | None, old: Version, new: Version) -> tuple[Attached, ...]:
    """The managed policies and the boundary that differ; of a role that is new or gone there is nothing to tell."""
    if before is None or after is None:
        return ()
    return (*_managed(before, after, old, new), *_boundary(before, after, old, new))


def _managed(before: Standing, after: Standing, old: Version, new: Version) -> Iterator[Attached]:
    one, other = _documents(before), _documents(after)
    names = {plain(arn): arn for standing in (before, after) for arn in (*standing.policies, *standing.unread)}
    for key, arn in names.items():
        if key not in one:
            yield Attached(_MANAGED, "added", arn)
        elif key not in other:
            yield Attached(_MANAGED, "removed", arn)
        elif one[key] != other[key]:
            yield Attached(_MANAGED, "changed", arn, _versions(arn, old, new))


def _documents(standing: Standing) -> dict[str, Policy | None]:
    """Every attached policy by its `plain` ARN, with what it says as far as it is known."""
    known = dict(zip(map(plain, standing.policies), standing.layers.identity[len(standing.inline) :], strict=True))
    return {**known, **{plain(arn): None for arn in standing.unread}}


def _boundary(before: Standing, after: Standing, old: Version, new: Version) -> Iterator[Attached]:
    one, other = before.boundary, after.boundary
    if one is None or other is None:
        if one is not None:
            yield Attached(_BOUNDARY, "removed", one)
        if other is not None:
            yield Attached(_BOUNDARY, "added", other)
    elif plain(one) != plain(other):
        yield Attached(_BOUNDARY, "swapped", other, one)
    elif before.layers.boundary != after.layers.boundary:
        yield Attached(_BOUNDARY, "changed", other, _versions(other, old, new))


def _versions(arn: str, old: Version, new: Version) -> str:
    """`from v12 to v13`, where both are known."""
    was, now = _version(arn, old), _version(arn, new)
    return f"from {was} to {now}" if was and now and was != now else ""


def _version(arn: str, version: Version) -> str | None:
    if plain(arn) in {plain(one) for one in version.documents}:
        return next((found for one, found in version.versions.items() if plain(one) == plain(arn)), None)
    found = managed_policy(arn)
    return None if found is None else found.version


def unseen(before: Standing | None, after: Standing | None) -> tuple[Unseen, ...]:
    """What stays undecided because a policy cannot be read here. A role that is gone gains nothing."""
    if after is None:
        return ()
    had = () if before is None else before.unread
    known = () if before is None else before.role.notes
    found = [Unseen("", note) for note in after.role.notes if note not in known]
    found += [
        Unseen(arn, f"managed policy {arn} is attached: what it allows cannot be seen here")
        for arn in _without(after.unread, had)
    ]
    if before is not None:
        found += (
            Unseen(arn, f"managed policy {arn} is detached: what it denied cannot be seen here")
            for arn in _without(had, after.unread)
        )
        found += _unbound(before, after)
        found += _released(before, after)
    return tuple(found)


def _without(arns: Iterable[str], others: Iterable[str]) -> list[str]:
    known = {plain(arn) for arn in others}
    return [arn for arn in arns if plain(arn) not in known]


def _unbound(before: Standing, after: Standing) -> Iterator[Unseen]:
    """A boundary that is not known: one that goes may have held anything back, one that comes only narrows."""
    one, other = before.boundary, after.boundary
    if one is None or (
        other is not None and plain(one) == plain(other) and before.boundary_known == after.boundary_known
    ):
        return
    how = "is removed" if other is None else f"gives way to {other}"
    if not before.boundary_known:
        yield Unseen(one, f"boundary {one} {how}: what it kept the role from cannot be seen here")
    elif not after.boundary_known and other is not None:
        yield Unseen(other, f"boundary {other} comes in place of {one}: whether it allows more cannot be seen here")


def _released(before: Standing, after: Standing) -> Iterator[Unseen]:
    """Policies on both sides that may allow what a Deny or the boundary forbade before, and no longer does."""
    kept = [arn for arn in after.unread if plain(arn) in set(map(plain, before.unread))]
    if not kept:
        return
    old, new = before.layers, after.layers
    if not after.boundary_known:
        old = replace(old, boundary=())
    if gains(_allowing_all(old), _allowing_all(new)) is not None:
        for arn in kept:
            yield Unseen(
                arn, f"managed policy {arn} is less denied or bounded than before: what it allows is not known"
            )


def _allowing_all(layers: Layers) -> Layers:
    return replace(layers, identity=(_ALL, *layers.identity))


def notes(changes: Sequence[Change]) -> Iterator[str]:
    """What people should know of the policies that cannot be read here and stand on both sides."""
    same: dict[str, None] = {}
    added: dict[str, None] = {}
    for change in changes:
        before, after = change.before, change.after
        if after is None:
            continue
        had = () if before is None else before.unread
        same |= {arn: None for arn in after.unread if plain(arn) in set(map(plain, had))}
        if after.boundary is not None and not after.boundary_known:
            unchanged = before is not None and plain(before.boundary or "") == plain(after.boundary)
            (same if unchanged else added)[after.boundary] = None
    for change in changes:
        if change.before is not None and change.after is not None:
            for note in change.after.role.notes:
                if note in change.before.role.notes:
                    yield f"{change.role}: {note}"
    for arn in same:
        yield f"{arn} cannot be read here; it is the same before and after, so less may be gained or lost than is shown"
    for arn in added:
        yield f"boundary {arn} cannot be read here, so the role may allow less than is shown"
