"""Review what a change does to access: each function's role before against its role after, proven.

A role is compared whole: inline statements, managed policies, boundary, and who may take it on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from remit.catalogue.managed_policies import is_of_aws
from remit.holders import Holder, trusting
from remit.iam.comparison import Comparison
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Globs, Policy
from remit.review.access_change import SAME, Change, Elsewhere, NotCompared, Review, UnreadPolicy, Version
from remit.review.boundary_changes import attached, notes, unread
from remit.review.comparable_roles import comparable, plain
from remit.review.joint_access import JoinedResources, Saying, arn_of, joint_access
from remit.review.principal_policies import compare_trust
from remit.review.resource_losses import resource_losses
from remit.review.resource_policies import differing_resources, resource_changes
from remit.review.setting_changes import RoleUse, acts_as, setting_changes
from remit.roles.reference_names import fill_references

_NOTHING: Final = Layers((Policy(()),))
_CALLERS: Final = ("role", "user")
_LOG_GROUP: Final = re.compile(r"\$\{[A-Za-z0-9]+LogGroup\.Arn\}|arn:\S+LogGroup\}:log-stream:\*/\S+\[\*")
_PLAIN_TRUST: Final = trusting(("lambda.amazonaws.com",))
"""What a function's role trusts: of a role that is new, only what goes beyond it is told."""


def review(old: Version, new: Version, shapes: tuple[Mapping[str, str], Mapping[str, str]] | None = None) -> Review:
    """The gains and losses of every function of two versions. RemitError: a condition operator that does not exist.

    Functions are matched by name, whatever their roles are called and whoever shares them; roles that serve no
    function by logical id. Functions that had one role and have one role are told together. `shapes` are what is known
    of the references of either version, where somebody knows them already.
    """
    old_shapes, new_shapes = shapes or (known_shapes(old, new), known_shapes(new, old))
    before, after = _Side(old, new, old_shapes), _Side(new, old, new_shapes)
    changes = []
    for pair in pairs(old, new):
        change = _change(pair, before, after)
        if not change.same:
            changes.append(change)
    resource_differences: tuple[Elsewhere, ...] | None = None
    not_compared: tuple[NotCompared, ...] = ()
    if old.giving is not None and new.giving is not None:
        was = {**old.names, **old_shapes} if old.names else old_shapes
        now = {**new.names, **new_shapes} if new.names else new_shapes
        own_principals = frozenset(map(plain, (*role_arns(old, before.shapes), *role_arns(new, after.shapes))))
        old_roles, new_roles = _handed_over(old), _handed_over(new)
        settings = {
            name: setting_changes(name, old.giving.get(name), new.giving.get(name), new_roles.keys() ^ old_roles.keys())
            for name in dict.fromkeys((*new.giving, *old.giving))
        }
        changes += resource_changes(old.giving, new.giving, settings, was, now, own_principals)
        for use in (use for of_resource in settings.values() for use in of_resource.uses):
            roles = old_roles.get(use.was), new_roles.get(use.now)
            change = _use_change(use, roles, before, after)
            if not change.same:
                changes.append(change)
        resource_differences = tuple(differing_resources(old.giving, new.giving))
        not_compared = tuple(item for of_resource in settings.values() for item in of_resource.not_compared)
    losses = None
    if old.resources is not None and new.resources is not None:
        losses = resource_losses(old.resources, new.resources)
    stack_name = {"${AWS::StackName}": new.namespace} if new.namespace else {}
    return Review(
        old=old.where,
        new=new.where,
        changes=tuple(changes),
        notes=(*notes(changes), *renamed(old, new)),
        functions=tuple(dict.fromkeys((*functions_of(new), *functions_of(old)))),
        roles=tuple(dict.fromkeys((*others_of(new), *others_of(old)))),
        elsewhere=resource_differences,
        names={**stack_name, **new.names},
        shapes=after.shapes,
        not_compared=not_compared,
        losses=losses,
    )


def _handed_over(version: Version) -> dict[str, Holder]:
    """The roles that resources may hand over, by the text that names them: `${Worker.Arn}`. Users are none."""
    roles = version.roles if version.handed_over is None else version.handed_over
    return {f"${{{role.logical_id}.Arn}}": role for role in roles if role.kind == "role" and not role.only_attached_to}


def _use_change(use: RoleUse, roles: tuple[Holder | None, Holder | None], old: _Side, new: _Side) -> Change:
    """The change of what a resource may do by another role; undecided where one of them cannot be read here."""
    before, after = old.of(roles[0]), new.of(roles[1])
    if before is None or after is None:
        words = f"{use.property} is {use.now} in place of {use.was}: what both may do cannot be seen here"
        unread_role = UnreadPolicy("", f"{use.resource} ({use.type}): {words}")
        return Change((use.resource,), before, after, unread=(unread_role,))
    words = f"{acts_as(use.now)}, before {acts_as(use.was)}"
    return replace(_change(Pair((use.resource,), *roles), old, new), trust=SAME, use=words)


def known_shapes(version: Version, counterpart: Version) -> dict[str, str]:
    """The shape of each reference of a version, with what the version knows exactly (`names`) in its place."""
    shapes = version.shapes.beside(counterpart.shapes)
    return {reference: fill_references(text, version.names) for reference, text in shapes.items()}


def role_arns(version: Version, shapes: Mapping[str, str]) -> Iterator[str]:
    """The ARNs of the roles and users of a version, which are compared together with what resources say to them.

    Those of `asked_jointly` come first.
    """
    yield from version.asked_jointly
    for role in version.roles:
        if role.kind in _CALLERS and not role.only_attached_to:
            yield arn_of(role, version.names, shapes)


def functions_of(version: Version) -> Iterator[str]:
    """The functions of a version, by name."""
    yield from (name for role in version.roles for name in role.functions)
    yield from version.others


def others_of(version: Version) -> Iterator[str]:
    """What of a version stands for itself: roles without functions, and resources that let others do something."""
    yield from (role.logical_id for role in version.roles if not role.functions)
    yield from (name for name, access in (version.giving or {}).items() if not access.is_nothing)


class _Side:
    """The roles of one version, each made ready once, and the shapes of its references."""

    def __init__(self, version: Version, counterpart: Version, shapes: Mapping[str, str]) -> None:
        self.version = version
        self.shapes = shapes
        self._documents = _documents(version, counterpart)
        self._ready: dict[int, Holder] = {}

    @cached_property
    def joined(self) -> JoinedResources:
        """What the resources of the version say to its roles."""
        return JoinedResources(self.version, self.shapes)

    def of(self, role: Holder | None) -> Holder | None:
        """A role made ready; None for none."""
        if role is None:
            return None
        # By the object: a role is asked for in several pairs, and making it ready reads its policies.
        if id(role) not in self._ready:
            ready = comparable(role, self.version, self._documents)
            self._ready[id(role)] = replace(ready, policies=(*ready.policies, *self.joined.policies))
        return self._ready[id(role)]


def _documents(version: Version, counterpart: Version) -> Mapping[str, Policy]:
    """The documents of a version's managed policies, by their `plain` ARN.

    A policy of a customer's own account that only the other version has read is taken to be the same in both: a
    change of the app does not change it. AWS's own are in the catalogue as they are now.
    """
    documents = {arn: document for arn, document in counterpart.documents.items() if not is_of_aws(arn)}
    documents |= version.documents
    return {plain(fill_references(arn, version.names)): document for arn, document in documents.items()}


def _change(pair: Pair, old_side: _Side, new_side: _Side) -> Change:
    """One comparison, for all functions that had the one role and have the other.

    Roles that plainly say the same are not compared: nothing differs then.
    """
    old, new, was, now = old_side.version, new_side.version, old_side.shapes, new_side.shapes
    before, after = old_side.of(pair.old), new_side.of(pair.new)
    unread_changes = list(_opened(pair, old, new))
    sayings_before = () if before is None else old_side.joined.sayings(before)
    sayings_after = () if after is None else new_side.joined.sayings(after)
    says_the_same = _named_meanings(sayings_before) == _named_meanings(sayings_after)
    alike = before is not None and after is not None and _alike(before, after) and says_the_same
    if alike and not unread_changes:
        return Change(pair.functions, before, after)
    if pair.moved:
        reason = f"it comes to run under {pair.moved}: what that role may do cannot be seen here"
        unread_changes.append(UnreadPolicy(pair.moved, reason))
    unread_changes += unread(before, after)
    old_layers = _NOTHING if before is None else before.layers
    new_layers = _NOTHING if after is None else after.layers
    if after is not None and after.unread_boundary is not None:
        old_layers = Layers(old_layers.identity)  # a boundary that is not known limits neither side
    access = joint_access(
        (old_layers, sayings_before, old_side.joined), (new_layers, sayings_after, new_side.joined), was, now
    )
    return Change(
        pair.functions,
        before,
        after,
        access=access,
        trust=_trust(before, after, was, now),
        attached=tuple(attached(before, after, old, new)),
        unread=tuple(unread_changes),
    )


def _opened(pair: Pair, old: Version, new: Version) -> Iterator[UnreadPolicy]:
    """Yield the functions of a pair that everyone may call now, and could not before; nothing where nobody knows.

    A new function is left out: all that it may do is told as gained.
    """
    if old.open is None or new.open is None:
        return
    old_functions = set(functions_of(old))
    for name in pair.functions:
        if name in old_functions and name not in old.open and name in new.open:
            yield UnreadPolicy("", f"everyone may call {name} now: its URL, or a permission, names no account")


def _alike(before: Holder, after: Holder) -> bool:
    """Return whether both plainly say the same, so that nothing needs to be proven.

    A note may have gone, but none come.
    """
    if before.layers != after.layers or before.trust != after.trust:
        return False
    if list(map(plain, before.managed)) != list(map(plain, after.managed)):
        return False
    if plain(before.boundary or "") != plain(after.boundary or ""):
        return False
    return set(after.notes) <= set(before.notes)


def _named_meanings(sayings: Iterable[Saying]) -> frozenset[object]:
    """The meanings of what resources say to a role by its name."""
    return frozenset(saying.meaning for saying in sayings if saying.is_named)


def _trust(before: Holder | None, after: Holder | None, was: Mapping[str, str], now: Mapping[str, str]) -> Comparison:
    """Who is let in, and no longer, by the role's trust policy; a new role's is compared with Lambda's plain one.

    Nothing is lost by a new role, and nothing differs of one that is gone, or of no trust policy. RemitError: an
    operator does not exist.
    """
    if after is None or after.trust is None:
        return SAME  # nobody can take on a role that is gone
    old = _PLAIN_TRUST if before is None or before.trust is None else before.trust
    comparison = compare_trust(old, after.trust, was, now)
    if before is None:
        return Comparison(comparison.gained, undecided=comparison.undecided)
    return comparison


@dataclass(frozen=True, slots=True)
class Pair:
    """What some functions run under, before and after. `moved` is a role after that nobody can read here, by ARN."""

    functions: tuple[str, ...]
    old: Holder | None
    new: Holder | None
    moved: str = ""


def pairs(old: Version, new: Version) -> Iterator[Pair]:
    """Yield functions with their role before and after, in the order of the new version; those gone come last.

    Functions with the same two roles are in one pair. Roles of no function follow, with none in their pair.
    """
    before, after = _by_function(old), _by_function(new)
    by_roles: dict[tuple[int, int, str], Pair] = {}
    for name in dict.fromkeys((*after, *new.others, *before)):
        old_role, new_role, moved = before.get(name), after.get(name), ""
        if name in new.others:  # it runs under a role of somebody else, and may have done so before
            moved = fill_references(new.others[name], new.names)
            if name in old.others and fill_references(old.others[name], old.names) == moved:
                moved = ""
        if old_role is None and new_role is None and not moved:
            continue
        # The two roles are the key: functions that share both are told together, new ones (no old role) among them.
        key = (id(old_role), id(new_role), moved)
        pair = by_roles.get(key, Pair((), old_role, new_role, moved))
        by_roles[key] = replace(pair, functions=(*pair.functions, name))
    old_by_id = {role.logical_id: role for role in old.roles}
    new_by_id = {role.logical_id: role for role in new.roles}
    for role in (*new.roles, *old.roles):
        if not role.functions:
            old_role, new_role = old_by_id.get(role.logical_id), new_by_id.get(role.logical_id)
            by_roles.setdefault((id(old_role), id(new_role), ""), Pair((), old_role, new_role))
    yield from by_roles.values()


def _by_function(version: Version) -> dict[str, Holder]:
    return {name: role for role in version.roles for name in role.functions}


def renamed(old: Version, new: Version) -> Iterator[str]:
    """A note on each function that is new and has exactly the access of one that is gone: likely its new name."""
    before, after = _by_function(old), _by_function(new)
    # Each function that is gone explains one new function at most: several may have had the same access.
    new_ones = [name for name in after if name not in before]
    gone: dict[object, list[str]] = {}
    if new_ones:
        for name, role in before.items():
            if name not in after:
                gone.setdefault(_meaning(role), []).append(name)
    for name in new_ones if gone else ():
        was = gone.get(_meaning(after[name]))
        if was:
            yield f"{name} is new with the access that {was.pop(0)}, which is gone, had: was it renamed?"


def _meaning(role: Holder) -> object:
    """A value that is equal for roles of equal access, in whatever order: every own log group is named alike in it."""
    statements = set()
    for statement in (grant.statement for grant in role.grants):
        resources = statement.resources
        if resources is not None:
            patterns = dict.fromkeys(_LOG_GROUP.sub("${OwnLogGroup.Arn}", text) for text in resources.patterns)
            resources = Globs(tuple(patterns), resources.negated)
        statements.add(replace(statement, resources=resources))
    return frozenset(statements), frozenset(role.managed), role.boundary, frozenset(role.trusts)
