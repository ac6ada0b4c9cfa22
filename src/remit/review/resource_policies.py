"""Compare whom the resources of two versions let in: policies by what they mean, all that one resource has together.

What lets somebody in without a statement (an access control list, a share) is compared by `setting_changes`.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.app import Grant, Reason
from remit.holders import Holder
from remit.iam.comparison import Comparison, StatementLocation
from remit.iam.policy import Policy, Principals, allow
from remit.review.access_change import Change, Elsewhere, Given, UnreadPolicy
from remit.review.comparable_roles import plain
from remit.review.gateway_endpoints import as_in_gateway, undecided_in_gateway
from remit.review.joint_access import is_joined
from remit.review.principal_policies import compare_resource_policies, compare_without_principals
from remit.review.resource_access import service_of
from remit.review.setting_changes import SettingChanges
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.review.principal_policies import Names

_NO_SHAPES: Final[Names] = MappingProxyType({})
_NO_SETTINGS: Final[Mapping[str, SettingChanges]] = MappingProxyType({})
_NOTHING: Final = Given("")
_EVERYBODY: Final = Principals((("*", "*"),))
_OF_ORGANIZATIONS: Final = ("AWS::Organizations::Policy", "aws_organizations_policy")
_LIMITS: Final = (*_OF_ORGANIZATIONS, "aws_vpc_endpoint_policy")
"""Types that are a limit by themselves; the others hold one."""
_PARTS: Final = ("gained", "lost", "undecided", "freed", "forbidden")


class _Target(NamedTuple):
    """What documents are of, and whether they say whom they let in."""

    type: str
    name: str
    with_principals: bool


class _Document(NamedTuple):
    """A document, and the resource that holds it: its logical id, and which of its documents it is."""

    owner: str
    number: int
    policy: Policy
    is_of_gateway: bool

    @property
    def meaning(self) -> Policy:
        """The policy, with what a gateway endpoint makes of its principals."""
        return as_in_gateway(self.policy) if self.is_of_gateway else self.policy

    def location(self, source: StatementLocation) -> StatementLocation:
        """A location in a comparison of meanings as one in the document, with the statement as it is written."""
        statement = source.statement
        if self.is_of_gateway:
            statement = self.policy.statements[source.index]
        return replace(source, policy=self.number, statement=statement)


def differing_resources(old: Mapping[str, Given], new: Mapping[str, Given]) -> Iterator[Elsewhere]:
    """Yield the resources that let others do something else than before, those of `new` first."""
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name, _NOTHING), new.get(name, _NOTHING)
        was, now = before.beside(new.get(name)).meaning, after.beside(old.get(name)).meaning
        if was != now:
            how = "changed" if was and now else "added" if now else "removed"
            yield Elsewhere(name, after.type or before.type, how)


def resource_changes(
    old: Mapping[str, Given],
    new: Mapping[str, Given],
    settings: Mapping[str, SettingChanges] = _NO_SETTINGS,
    was: Names = _NO_SHAPES,
    now: Names = _NO_SHAPES,
    own_principals: frozenset[str] = frozenset(),
) -> Iterator[Change]:
    """Yield what each resource lets others do more or less than before.

    `settings` has what differs outside of policies, by the resource; `was` and `now` have what references are.

    Left out is what it says to `own_principals`, the `plain` ARNs of roles: that is asked together with their policies.
    """
    comparisons = _comparisons(_with_limits(old, new), _with_limits(new, old), was, now)
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name), new.get(name)
        comparison = comparisons.get(name, Comparison())
        if all(access is None or is_joined(access) for access in (before, after)):
            comparison = _to_others(comparison, own_principals, was, now)
        changed_settings = settings.get(name, SettingChanges())
        kind = (after or before or _NOTHING).type
        gone, there = before or _NOTHING, after or _NOTHING
        reasons = [f"what this says is known at the deploy only: {text}" for text in sorted(there.unread ^ gone.unread)]
        reasons += sorted(there.doubts - gone.doubts)
        unread = [UnreadPolicy("", f"{name} ({kind}): {reason}") for reason in reasons]
        change = Change(
            (),
            _holder(name, before),
            _holder(name, after),
            comparison,
            unread=(*unread, *changed_settings.unread),
            doors=changed_settings.doors,
            of_resource=True,
        )
        if not change.same:
            yield change


def _with_limits(given: Mapping[str, Given], counterpart: Mapping[str, Given]) -> dict[str, Given]:
    """A copy of one version for the comparison of limits with the other: none is as a policy that allows everything.

    Without its policy, what passes a VPC endpoint, say, is not limited. A resource that `counterpart` does not have
    loses its limits, unless it is a limit itself: there was nothing to limit. An organization's policy without an
    Allow is no such limit.
    """
    with_limits = dict(given)
    for name, access in given.items():
        if access.is_ceiling and name not in counterpart and access.type not in _LIMITS:
            with_limits[name] = replace(access, documents=())
    for name, limited in counterpart.items():
        own = given.get(name)
        is_absent = limited.type in _LIMITS if own is None else not own.documents
        allows = any(grant.statement.effect == "Allow" for grants in limited.documents for grant in grants)
        if limited.type in _OF_ORGANIZATIONS and not allows:
            continue  # it stands beside FullAWSAccess, so only its denials come or go
        if limited.is_ceiling and limited.documents and is_absent:
            names_callers = any(grant.statement.principals for grants in limited.documents for grant in grants)
            everything = replace(allow("*"), principals=_EVERYBODY if names_callers else None)
            grant = Grant(everything, Reason("text", f"{name} has no policy, which limits nobody"))
            with_limits[name] = replace(limited, documents=((grant,),), unread=frozenset())
    return with_limits


def _to_others(comparison: Comparison, own_principals: frozenset[str], was: Names, now: Names) -> Comparison:
    """A comparison without pieces whose principal is one of `own_principals`, as it is written or filled in."""

    def is_own(principal: str) -> bool:
        return any(plain(fill_references(principal, names)) in own_principals for names in (now, was))

    return comparison.each(lambda piece: None if is_own(piece.principal) else piece)


def _holder(name: str, access: Given | None) -> Holder | None:
    """A resource's documents as a holder has them, under its name; None for none."""
    return None if access is None else Holder(name, access.held("resource"), trusts=())


def _comparisons(old: Mapping[str, Given], new: Mapping[str, Given], was: Names, now: Names) -> dict[str, Comparison]:
    """The gains and losses, by the resource whose statement it is: new for gains, old for losses.

    All policies of one target are compared together, each piece is told once, and a limit's gains are not public.
    """
    before, after = _by_target(old), _by_target(new)
    # What one policy gives on each of several queues is told once.
    items: dict[str, dict[str, dict[Any, None]]] = {}
    for target in dict.fromkeys((*after, *before)):
        old_documents, new_documents = before.get(target, ()), after.get(target, ())
        old_policies = tuple(document.meaning for document in old_documents)
        new_policies = tuple(document.meaning for document in new_documents)
        if was == now and set(old_policies) == set(new_policies):
            continue
        if target.with_principals:
            service = service_of(target.type)
            comparison = compare_resource_policies(old_policies, new_policies, was, now, service=service)
        else:
            comparison = compare_without_principals(old_policies, new_policies, was, now)
        if any(new[document.owner].is_ceiling for document in new_documents):
            comparison = replace(comparison, gained=tuple(replace(piece, public=False) for piece in comparison.gained))
        undecided = list(comparison.undecided)
        for number, document in (*enumerate(new_documents), *enumerate(old_documents)):
            if document.is_of_gateway:
                undecided += undecided_in_gateway(document.policy, number)
        comparison = replace(comparison, undecided=tuple(dict.fromkeys(undecided)))
        for part in _PARTS:
            is_of_old = part in ("lost", "freed")
            sides = (old_documents, new_documents) if is_of_old else (new_documents, old_documents)
            for item in getattr(comparison, part):
                document = _document_of(item.source, *sides)
                own = replace(item, source=document.location(item.source))
                items.setdefault(document.owner, {}).setdefault(part, {})[own] = None
    by_name = {}
    for name, parts in items.items():
        by_name[name] = Comparison(**{part: tuple(parts.get(part, ())) for part in _PARTS})
    return by_name


def _by_target(given: Mapping[str, Given]) -> dict[_Target, tuple[_Document, ...]]:
    """The documents of a version, by what they are of: one that is of several things stands at each.

    One whose statements name no principals is a target of its own.
    """
    by_target: dict[_Target, tuple[_Document, ...]] = {}
    for owner, access in given.items():
        for number, policy in enumerate(access.policies):
            document = _Document(owner, number, policy, access.is_gateway)
            with_principals = any(statement.principals is not None for statement in policy.statements)
            for name in access.on if with_principals else (f"{owner}[{number}]",):
                target = _Target(access.type, name, with_principals)
                by_target[target] = (*by_target.get(target, ()), document)
    return by_target


def _document_of(source: StatementLocation, *sides: Sequence[_Document]) -> _Document:
    """The document that has a statement at a location, in the first side that has; else the first of all.

    Actions alone are compared: principals and conditions may have been changed for the comparison.
    """
    for documents in sides:
        if source.policy < len(documents):
            statements = documents[source.policy].policy.statements
            if source.index < len(statements) and statements[source.index].actions == source.statement.actions:
                return documents[source.policy]
    return next(document for documents in sides for document in documents)
