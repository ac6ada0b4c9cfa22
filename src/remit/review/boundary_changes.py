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
from remit.review.access_change import Attached, Change, UnreadPolicy, Version
from remit.review.comparable_roles import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.holders import Holder

_ALL: Final = Policy((allow("*"),))
_MANAGED, _BOUNDARY = "managed policy", "boundary"


def attached(before: Holder | None, after: Holder | None, old: Version, new: Version) -> Iterator[Attached]:
    """Yield the managed policies that differ, then the boundary if it does; nothing of a role that is new or gone.

    ARNs are compared without their partition.
    """
    if before is None or after is None:
        return
    old_documents, new_documents = _documents(before), _documents(after)
    arns = {plain(arn): arn for role in (before, after) for arn in role.managed}
    for key, arn in arns.items():
        if key not in old_documents:
            yield Attached(_MANAGED, "added", arn)
        elif key not in new_documents:
            yield Attached(_MANAGED, "removed", arn)
        elif old_documents[key] != new_documents[key]:
            yield Attached(_MANAGED, "changed", arn, _versions(arn, old, new))
    old_arn, new_arn = before.boundary, after.boundary
    if old_arn is not None and new_arn is None:
        yield Attached(_BOUNDARY, "removed", old_arn)
    elif new_arn is not None and old_arn is None:
        yield Attached(_BOUNDARY, "added", new_arn)
    elif new_arn is not None and plain(old_arn or "") != plain(new_arn):
        yield Attached(_BOUNDARY, "swapped", new_arn, old_arn or "")
    elif new_arn is not None and before.layers.boundary != after.layers.boundary:
        yield Attached(_BOUNDARY, "changed", new_arn, _versions(new_arn, old, new))


def _documents(holder: Holder) -> dict[str, Policy | None]:
    """Every attached policy by its `plain` ARN, with what it says as far as it is known."""
    return {plain(policy.name): policy.document for policy in holder.policies if policy.how == "managed"}


def _versions(arn: str, old: Version, new: Version) -> str:
    """`from v12 to v13`; empty where one is not known, or both are the same."""
    was, now = _version(arn, old), _version(arn, new)
    if not was or not now or was == now:
        return ""
    return f"from {was} to {now}"


def _version(arn: str, version: Version) -> str | None:
    """The version of a managed policy that is held: of the account's by what was read, of AWS's by the catalogue.

    None: it was not read, and AWS has none.
    """
    if plain(arn) in map(plain, version.documents):
        versions = {plain(policy_arn): name for policy_arn, name in version.versions.items()}
        return versions.get(plain(arn))
    policy = managed_policy(arn)
    return None if policy is None else policy.version


def unread(before: Holder | None, after: Holder | None) -> Iterator[UnreadPolicy]:
    """Yield what stays undecided: new notes on a role, policies that cannot be read. None of a role that goes."""
    if after is None:
        return
    old_unread = () if before is None else before.unread
    old_notes = () if before is None else before.notes
    for note in after.notes:
        if note not in old_notes:
            yield UnreadPolicy("", note)
    for arn in _without(after.unread, old_unread):
        yield UnreadPolicy(arn, f"managed policy {arn} is attached: what it allows cannot be seen here")
    if before is not None:
        for arn in _without(old_unread, after.unread):
            yield UnreadPolicy(arn, f"managed policy {arn} is detached: what it denied cannot be seen here")
        yield from _unbound(before, after)
        yield from _released(before, after)


def _without(arns: Iterable[str], excluded: Iterable[str]) -> list[str]:
    """The ARNs that are not among the excluded, whatever their partition is."""
    plain_excluded = set(map(plain, excluded))
    return [arn for arn in arns if plain(arn) not in plain_excluded]


def _unbound(before: Holder, after: Holder) -> Iterator[UnreadPolicy]:
    """Yield a boundary that cannot be read and gave way, or that came in place of another; nothing of a first one.

    One that goes may have held anything back; one that comes where none was only narrows.
    """
    old_arn, new_arn = before.boundary, after.boundary
    if old_arn is None:
        return  # a boundary that comes takes away, whatever it says
    same_arn = new_arn is not None and plain(old_arn) == plain(new_arn)
    if same_arn and (before.unread_boundary is None) == (after.unread_boundary is None):
        return
    if before.unread_boundary is not None:
        verb = "is removed" if new_arn is None else f"gives way to {new_arn}"
        yield UnreadPolicy(old_arn, f"boundary {old_arn} {verb}: what it kept the role from cannot be seen here")
    elif after.unread_boundary is not None:
        reason = f"boundary {new_arn} comes in place of {old_arn}: whether it allows more cannot be seen here"
        yield UnreadPolicy(after.unread_boundary, reason)


def _released(before: Holder, after: Holder) -> Iterator[UnreadPolicy]:
    """Yield unreadable policies of both sides, if a Deny or the boundary forbade before what it no longer does."""
    still_attached = [arn for arn in after.unread if plain(arn) in set(map(plain, before.unread))]
    if not still_attached:
        return
    old, new = before.layers, after.layers
    if after.unread_boundary is not None:
        # Nothing is known of the new limit, so the old one must not look like access that was given back.
        old = replace(old, boundary=())
    all_allowed = (replace(side, identity=(_ALL, *side.identity)) for side in (old, new))
    if gains(*all_allowed) is not None:
        for arn in still_attached:
            yield UnreadPolicy(
                arn, f"managed policy {arn} is less denied or bounded than before: what it allows is not known"
            )


def notes(changes: Sequence[Change]) -> Iterator[str]:
    """Yield what to know beside the changes: policies that cannot be read here, and notes that both sides have."""
    same: dict[str, None] = {}
    added: dict[str, None] = {}
    for change in changes:
        before, after = change.before, change.after
        if after is None:
            continue
        had = () if before is None else before.unread
        same |= {arn: None for arn in after.unread if plain(arn) in set(map(plain, had))}
        if after.unread_boundary is not None:
            unchanged = before is not None and plain(before.boundary or "") == plain(after.unread_boundary)
            (same if unchanged else added)[after.unread_boundary] = None
    for change in changes:
        if change.before is not None and change.after is not None:
            for note in change.after.notes:
                if note in change.before.notes:
                    yield f"{change.role}: {note}"
    for arn in same:
        yield f"{arn} cannot be read here; it is the same before and after, so less may be gained or lost than is shown"
    for arn in added:
        yield f"boundary {arn} cannot be read here, so the role may allow less than is shown"
