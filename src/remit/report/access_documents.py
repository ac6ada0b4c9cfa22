"""Access for programs: every piece of a review or a comparison, with the request that shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from remit.iam.comparison import Comparison, Piece
from remit.iam.tokens import ACCOUNT, REGION
from remit.report.access_report import UNUSED, Locator, has_no_effect
from remit.report.documents import members, place
from remit.report.resource_losses import loss_document
from remit.review.access_change import Accepted, Change, Door, Review, UnreadPolicy
from remit.review.statement_change import NO_CHANGE, changed_statement, statements_of, trust_statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.drift import Drift
    from remit.errors import Origin
    from remit.holders import Holder
    from remit.iam.policy import Statement


def comparison_document(comparison: Comparison, old: Locator, new: Locator) -> dict[str, Any]:
    """The comparison of two policies: {gained, lost, undecided, freed, forbidden}, with where statements stand."""

    def pieces(name: str, locate: Locator) -> list[dict[str, Any]]:
        """The pieces of one part of the comparison; `locate` tells where a statement of their side stands."""
        documents = []
        for piece in getattr(comparison, name):
            caller = {"principal": piece.request.principal, "public": piece.public} if piece.principal else {}
            allowed = {"action": piece.action, "resource": piece.resource}
            if piece.principal:
                allowed["principal"] = piece.principal
            request = _request(piece, locate(piece.source), caller)
            documents.append({**request, "allows": allowed, "because": piece.because})
        return documents

    return {
        "gained": pieces("gained", new),
        "lost": pieces("lost", old),
        "undecided": [{"statement": item.source.name, "reason": item.reason} for item in comparison.undecided],
        "freed": pieces("freed", old),
        "forbidden": pieces("forbidden", new),
    }


def _request(piece: Piece, origin: Origin | None, caller: dict[str, Any]) -> dict[str, Any]:
    """The request that shows a piece, and the statement. An action that has no effect today makes no real request."""
    stack = piece.request.stack
    return {
        "action": piece.request.action,
        "resource": piece.request.resource,
        "context": piece.context,
        **({} if stack is None else {"stack": {"region": stack[REGION], "account": stack[ACCOUNT]}}),
        **caller,
        "statement": piece.source.name,
        "origin": None if origin is None else place(origin),
        "tier": piece.tier,
        **({"note": UNUSED} if has_no_effect(piece) else {}),
    }


def drift_document(drift: Sequence[Drift]) -> list[dict[str, Any]]:
    """The changes by hand in an account, for programs: [{resource, kind, public, what, undo}]."""
    return [
        {
            **members(change, "resource", "kind"),
            "public": change.is_public,
            "what": change.what,
            "undo": change.undo or None,
        }
        for change in drift
    ]


def review_document(review: Review) -> dict[str, Any]:
    """For programs: what is gained, lost, undecided, accepted, doors, not_compared, policies, resources, losses, notes.

    Each is a flat list; `old` and `new` are texts. `doors` are {id, was, is, opens, public, origin}; `not_compared` are
    {type, id, property, why}, `why` is code, other template, free text, unknown type, unknown property or network.
    `resources` are those whose own policies differ: {resource, type, change: added | removed | changed}; null where
    nobody knows. `losses` are the resources that are removed or replaced; null where the templates were not compared.
    """
    document: dict[str, Any] = {"gained": [], "lost": [], "undecided": [], "doors": []}
    document |= {"not_compared": [asdict(item) for item in review.not_compared], "accepted": [], "policies": []}
    for change in review.changes:
        document["gained"] += _pieces(change, is_gain=True)
        document["lost"] += _pieces(change, is_gain=False)
        for item in (*change.access.undecided, *change.trust.undecided):
            document["undecided"].append({"statement": item.source.name, "reason": item.reason, **_whom(change)})
        for unread in change.unread:
            undecided = {"statement": None, "reason": unread.reason, "policy": unread.arn or None}
            document["undecided"].append({**undecided, **_whom(change)})
        document["doors"] += [_door(change, door) for door in change.doors]
        document["accepted"] += [_accepted(change, accepted) for accepted in change.accepted]
        for policy in change.attached:
            attached = {"kind": policy.kind, "change": policy.how, "arn": policy.arn, **_whom(change)}
            document["policies"].append(attached)
    resources = [{"resource": item.name, "type": item.type, "change": item.how} for item in review.elsewhere or ()]
    return {
        **document,
        "resources": None if review.elsewhere is None else resources,
        "losses": loss_document(review.losses),
        **members(review, "notes", "old", "new"),
    }


def _whom(change: Change) -> dict[str, Any]:
    """The holders of a change: {role, functions}, and `when` for one that depends on the template's conditions."""
    document: dict[str, Any] = {"role": change.role, "functions": list(change.functions)}
    if change.when:
        document["when"] = list(change.when)
    return document


def _pieces(change: Change, *, is_gain: bool) -> Iterator[dict[str, Any]]:
    """Yield gained or lost pieces: of statements that allow on their own side, and that deny on the other."""
    part = "gained" if is_gain else "lost"
    own, other = (change.after, change.before) if is_gain else (change.before, change.after)
    access = "resource" if change.of_resource else "access"
    for kind, comparison in ((access, change.access), ("trust", change.trust)):
        yield from _pieces_of(change, kind, getattr(comparison, part), (own, other), is_new=is_gain)
    denials = change.access.freed if is_gain else change.access.forbidden
    yield from _pieces_of(change, "denial", denials, (other, own), is_new=not is_gain)


def _pieces_of(
    change: Change,
    kind: str,
    pieces: Iterable[Piece],
    sides: tuple[Holder | None, Holder | None],
    *,
    is_new: bool,
) -> Iterator[dict[str, Any]]:
    """Pieces of one kind; `sides` are the side whose statements they are of, and the other."""
    own, others = map(trust_statements_of if kind == "trust" else statements_of, sides)
    changed: dict[Statement, dict[str, Any] | None] = {}
    for piece in pieces:
        statement = piece.source.statement
        if statement not in changed:
            now = changed_statement(statement, own, others, is_new=is_new)
            parts = {"added": now.by_element(now.added), "removed": now.by_element(now.removed)}
            changed[statement] = None if now == NO_CHANGE else parts  # the other version has none like it
        yield {**_piece(change, piece, kind, sides[0]), "changed": changed[statement]}


def _piece(change: Change, piece: Piece, kind: str, standing: Holder | None) -> dict[str, Any]:
    """A difference for programs, at the line and with the reason of the grant that `standing` has for it.

    `because` is that reason, `difference` what the comparison says.
    """
    grant = None if standing is None else standing.grant(piece.source)
    origin = None
    if grant is not None:
        origin = grant.origin
    elif standing is not None and kind == "trust":
        origin = standing.trust_origin
    allowed = {"action": piece.action, "resource": piece.resource}
    caller: dict[str, Any] = {}
    if piece.principal:
        caller = {"principal": piece.request.principal, "public": piece.public}
        if kind != "trust":
            allowed["principal"] = piece.principal
    because = piece.because
    if grant is not None and grant.because:
        because = grant.because
    return {
        **_request(piece, origin, {}),
        "kind": kind,
        **caller,
        "allows": allowed,
        "policy": None if standing is None else standing.policy(piece.source),
        "because": because,
        "difference": piece.because,
        **_whom(change),
    }


def _accepted(change: Change, accepted: Accepted) -> dict[str, Any]:
    """An accepted difference of any kind for programs, with the reason why it was accepted."""
    difference = accepted.what
    if isinstance(difference, Piece):
        standing = change.before if accepted.kind == "denial" else change.after
        return {**_piece(change, difference, accepted.kind, standing), "accepted": accepted.because}
    if isinstance(difference, Door):
        return {**_door(change, difference), "accepted": accepted.because}
    statement = None if isinstance(difference, UnreadPolicy) else difference.source.name
    return {"statement": statement, "reason": difference.reason, **_whom(change), "accepted": accepted.because}


def _door(change: Change, door: Door) -> dict[str, Any]:
    told = {"id": door.id, "was": door.was, "is": door.now, "opens": door.opens, "public": door.public}
    return {**told, "origin": None if door.origin is None else place(door.origin), **_whom(change)}
