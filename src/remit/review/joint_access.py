"""Compare what a role may do by its own policies together with what the resources beside it say to it.

A statement of a resource that means the role is an ordinary statement about that resource. What a resource says to
many (everyone, the account) is compared at the resource: in the question about a role it stands on both sides as it is
on the side that is asked about, so that it is told once.

Source: "Policy evaluation for requests within a single account", "Permissions boundaries for IAM entities" (IAM User
Guide); "Key policies in AWS KMS" (AWS KMS Developer Guide): a key policy limits everybody, unless it leaves the key to
the account's own policies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import services
from remit.iam.comparison import Comparison, Piece, StatementLocation, Undecided
from remit.iam.condition import compile_condition
from remit.iam.pattern import covers
from remit.iam.policy import Condition, Globs, Policy, Statement
from remit.iam.principal import Reach, reach
from remit.iam.prove.caller_classes import free_accounts
from remit.iam.request import Request
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.review.resource_access import service_of
from remit.roles.reference_names import fill_references, fill_statement_with_principals
from remit.roles.shaped_comparison import compare_in_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.holders import Holder
    from remit.iam.decide.evaluate import Layers
    from remit.review.access_change import Given, Version

    Names = Mapping[str, str]

_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey", "aws_kms_key", "aws_kms_key_policy")
_PARTS: Final = {"s3": "/*", "dynamodb": "/*", "kinesis": "/*", "es": "/*", "lambda": ":*", "logs": ":*"}
"""How the ARNs of a resource's parts go on, by its service: a bucket's objects, a table's indexes, a version.

Source: "Actions, resources, and condition keys for AWS services" (Service Authorization Reference).
"""
_NOT_KMS: Final = Statement("Allow", Globs(("kms:*",), negated=True), Globs(("*",)))
_KEY_POLICY: Final = "key policy"


@dataclass(frozen=True, slots=True)
class Saying:
    """A statement of a resource that means a role, as an ordinary statement about that resource.

    `how` closely it means the role decides whether it grants by itself, and whether the role's boundary limits that.
    `is_named`: it names the role; else it says the same to many. `key` is the key's ARN, of a key policy's statement.
    """

    location: StatementLocation
    statement: Statement
    version: str
    how: Reach
    is_named: bool
    key: str = ""

    @property
    def meaning(self) -> object:
        """All that it says, wherever it stands."""
        return self.statement, self.version, self.how


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement of a resource, with the values of what it refers to."""

    access: Given
    location: StatementLocation
    filled: Statement
    version: str

    @property
    def names(self) -> tuple[str, ...] | None:
        """The ARNs of the roles and users that it names; None where it may mean others as well."""
        principals = self.filled.principals
        if principals is None or principals.negated:
            return None
        texts = [text for kind, text in principals.patterns if kind in ("AWS", "*")]
        are_names = all((":role/" in text or ":user/" in text) and "${" not in text for text in texts)
        return tuple(dict.fromkeys(texts)) if are_names else None


def is_key(access: Given) -> bool:
    """Return whether a resource's policy is a key's, which limits everybody."""
    return access.type in _KEYS


def is_joined(access: Given) -> bool:
    """Return whether a resource's policies can be asked about together with those of roles.

    They are there for certain, it is known what they are of, and each statement names principals and no NotResource.
    """
    if access.is_ceiling or access.is_conditional or not access.documents or not all(access.arns):
        return False
    statements = [grant.statement for grants in access.documents for grant in grants]
    return all(
        statement.principals is not None and (statement.resources is None or not statement.resources.negated)
        for statement in statements
    )


def arn_of(role: Holder, names: Names, shapes: Names) -> str:
    """The ARN of a template's role or user as policies name it, in shape as far as its name is known."""
    return fill_references(fill_references(f"${{{role.logical_id}.Arn}}", names), shapes)


class JoinedResources:
    """The resources of a version whose policies are asked about together with those of the roles.

    Their statements are read once, and found by whom they name: a role is asked with those that may mean it.
    """

    def __init__(self, version: Version, shapes: Names) -> None:
        self._version = version
        self._shapes = shapes
        # Those that the app's resources give, each on one ARN that is known.
        joined = tuple(filter(is_joined, (version.giving or version.beside).values()))
        self.policies = tuple(policy for access in joined for policy in access.held("beside"))
        self.keys = tuple(dict.fromkeys(access.arns[0] for access in joined if is_key(access)))
        policies = [policy for access in joined for policy in access.policies]
        # An account that no policy names stands for the app's own.
        self._place = {PARTITION: "aws", REGION: "us-east-1", ACCOUNT: next(free_accounts(*policies))}
        self._to_many: list[_Written] = []
        self._by_name: dict[str, list[_Written]] = {}
        policy_number = 0
        for access in joined:
            for grants in access.documents:
                for index, grant in enumerate(grants):
                    location = StatementLocation("resource", policy_number, index, grant.statement)
                    filled = grant.statement
                    for names in (version.names, shapes, self._place):
                        filled = fill_statement_with_principals(filled, names)
                    written = _Written(access, location, filled, grants[0].version)
                    if written.names is None:
                        self._to_many.append(written)
                    for name in written.names or ():
                        self._by_name.setdefault(name, []).append(written)
                policy_number += 1

    def sayings(self, role: Holder) -> tuple[Saying, ...]:
        """What they say to a role, or to many and so to the role as well, in the order of the resources.

        Statements whose conditions exclude the role are left out. RemitError: a condition operator does not exist.
        """
        arn = fill_references(arn_of(role, self._version.names, self._shapes), self._place)
        caller = Request("none:None", principal=arn)
        sayings = []
        statements = [*self._to_many, *self._by_name.get(arn, ())]
        # What names the role and what means many were kept apart: a piece names the first statement that gives it.
        statements.sort(key=lambda written: (written.location.policy, written.location.index))
        for written in statements:
            filled, access = written.filled, written.access
            how = reach(filled.principals, caller, deny=filled.effect == "Deny")
            conditions = _open_conditions(written.location.statement, filled, written.version, caller)
            if how >= Reach.ACCOUNT and conditions is not None:
                statement = replace(_about_own_resource(written.location.statement, access), conditions=conditions)
                principals = filled.principals
                is_named = principals is not None and not principals.negated and ("AWS", arn) in principals.patterns
                key = access.arns[0] if is_key(access) else ""
                sayings.append(Saying(written.location, statement, written.version, how, is_named, key))
        return tuple(sayings)


def _open_conditions(
    written: Statement, filled: Statement, version: str, caller: Request
) -> tuple[Condition, ...] | None:
    """The conditions of a statement that who the caller is does not decide; None: the statement never means it.

    RemitError: an operator does not exist.
    """
    conditions = []
    for condition, with_values in zip(written.conditions, filled.conditions, strict=True):
        truth = compile_condition(with_values, version)(caller)
        if truth is False:
            return None
        if truth is None:
            conditions.append(condition)
    return tuple(conditions)


def _about_own_resource(statement: Statement, access: Given) -> Statement:
    """A resource's statement as one about this resource alone and what its service does; it names no principals."""
    service = service_of(access.type)
    actions = [f"{service}:*" if pattern == "*" and service else pattern for pattern in statement.actions.patterns]
    part = _PARTS.get(service)
    patterns: dict[str, None] = {}
    for pattern in ("*",) if statement.resources is None else statement.resources.patterns:
        # A resource's policy speaks of that resource alone: `*` in it means the resource, and no other.
        wider = [arn for arn in access.arns if covers(pattern, arn) and pattern != arn]
        for arn in wider:
            patterns |= dict.fromkeys((arn,) if part is None else (arn, f"{arn}{part}"))
        if not wider:
            patterns[pattern] = None
    return replace(
        statement,
        actions=Globs(tuple(actions), statement.actions.negated),
        resources=Globs(tuple(patterns)),
        principals=None,
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """A role's own layers, and what resources say to it; `keys` are those with a policy in that version."""

    own: Layers
    sayings: tuple[Saying, ...]
    keys: tuple[str, ...]

    @property
    def granting(self) -> tuple[Saying, ...]:
        """What joins the role's own policies: what grants by itself, and every Deny."""
        return tuple(item for item in self.sayings if item.statement.effect == "Deny" or item.how > Reach.ACCOUNT)

    @property
    def unbounded(self) -> tuple[Saying, ...]:
        """What the role's boundary does not limit: what means it as one of everybody, and a user by its name."""
        return tuple(item for item in self.granting if item.statement.effect == "Allow" and item.how is Reach.DIRECT)

    @property
    def limits(self) -> dict[str, tuple[Saying, ...]]:
        """The Allow statements of each key whose policy does not leave it to the account's policies, by its ARN."""
        limits: dict[str, tuple[Saying, ...]] = {}
        for key in self.keys:
            allows = tuple(item for item in self.sayings if item.key == key and item.statement.effect == "Allow")
            if not any(map(_delegates, allows)):
                limits[key] = allows
        return limits

    @property
    def layers(self) -> Layers:
        """All of it, ready to be compared.

        What a key allows is a Deny of everything else on it; with conditions or NotAction, a level that all need.
        """
        boundary = self.own.boundary
        denials, levels = [], []
        for key, allows in self.limits.items():
            if any(item.statement.conditions or item.statement.actions.negated for item in allows):
                elsewhere = Statement("Allow", Globs(("*",)), Globs((key,), negated=True))
                levels.append((Policy((_NOT_KMS, elsewhere)), *map(_policy, allows)))
            else:
                allowed = [pattern for item in allows for pattern in item.statement.actions.patterns]
                others = [f"{prefix}:*" for prefix in services() if prefix != "kms"]  # a key limits nobody there
                actions = Globs((*allowed, *others), negated=True) if allowed else Globs(("kms:*",))
                denials.append(Policy((Statement("Deny", actions, Globs((key,))),)))
        return replace(
            self.own,
            identity=(*self.own.identity, *map(_policy, self.granting), *denials),
            boundary=(*boundary, *map(_policy, self.unbounded)) if boundary else (),
            scp=tuple(levels),
        )

    def written(self, source: StatementLocation) -> StatementLocation | None:
        """The place of a statement of `layers` in the role's policies or the resources'; None: nobody wrote it so."""
        sayings, own = self.granting, self.own.identity
        if source.layer == "boundary":
            sayings, own = self.unbounded, self.own.boundary
        elif source.layer != "identity":  # a key's limit, which a level stands for
            limits = (item for allows in self.limits.values() for item in allows)
            return next((item.location for item in limits if item.statement == source.statement), None)
        number = source.policy - len(own)
        if number < 0:
            return source
        return sayings[number].location if number < len(sayings) else None

    def has(self, source: StatementLocation) -> bool:
        """Return whether a statement is one of the role's own or of its resources' on this side."""
        layers = self.layers
        if source.layer.startswith("scp["):
            return self.written(source) is not None
        policies = {"identity": layers.identity, "boundary": layers.boundary}.get(source.layer, ())
        if source.policy >= len(policies):
            return False
        statements = policies[source.policy].statements
        return source.index < len(statements) and statements[source.index] == source.statement


def _policy(saying: Saying) -> Policy:
    return Policy((saying.statement,), saying.version)


def _delegates(saying: Saying) -> bool:
    """Return whether a statement of a key policy leaves the key to the account's own policies, whatever these allow."""
    is_whole = not saying.statement.conditions and "kms:*" in saying.statement.actions.patterns
    return is_whole and saying.how is Reach.ACCOUNT and not saying.statement.actions.negated


def joint_access(
    old: tuple[Layers, tuple[Saying, ...], JoinedResources],
    new: tuple[Layers, tuple[Saying, ...], JoinedResources],
    was: Names,
    now: Names,
) -> Comparison:
    """The gains and losses of a role by its policies and by what the resources of either version say to it.

    `old` and `new` have the role's own layers, what resources say to it, and those resources; `was` and `now` have what
    references stand for.
    """
    before, after = _side(*old, new[1]), _side(*new)
    gains = _compared(before, after, was, now)
    before_losses, after_losses = _side(*old), _side(*new, old[1])
    if (before.layers, after.layers) == (before_losses.layers, after_losses.layers):
        return gains
    losses = _compared(before_losses, after_losses, was, now)
    undecided = dict.fromkeys((*gains.undecided, *losses.undecided))
    return Comparison(gains.gained, losses.lost, tuple(undecided))


def _side(
    own: Layers, said: tuple[Saying, ...], joined: JoinedResources, asked: Iterable[Saying] | None = None
) -> _Side:
    """One side of the question. `asked` is what resources say on the other side, about which it is asked.

    What they say to many there holds here as well, and what is denied to many here does not.
    """
    if asked is not None:
        own_sayings = [item for item in said if item.is_named or item.statement.effect == "Allow"]
        said = (*own_sayings, *(item for item in asked if not item.is_named and not item.key))
    return _Side(own, said, joined.keys)


def _compared(before: _Side, after: _Side, was: Names, now: Names) -> Comparison:
    """The gains and losses, each statement where it was written; `was` and `now` are what references stand for."""
    comparison = compare_in_shape(before.layers, after.layers, was, now)
    undecided: dict[Undecided, None] = {}  # a statement that stands in several layers is told once
    for item in comparison.undecided:
        side = after if after.has(item.source) else before
        undecided[replace(item, source=side.written(item.source) or item.source)] = None
    return Comparison(
        tuple(_piece(piece, after, before) for piece in comparison.gained),
        tuple(_piece(piece, before, after) for piece in comparison.lost),
        tuple(undecided),
    )


def _piece(piece: Piece, side: _Side, counterpart: _Side) -> Piece:
    """A piece with its statement, and the one that denies it on the other side, where each is written."""
    difference = piece.difference
    if difference is not None and difference.denial is not None:
        denial = counterpart.written(difference.denial)
        difference = replace(difference, denial=denial, part=_KEY_POLICY if denial is None else difference.part)
    elif difference is not None and difference.part.startswith("scp["):
        difference = replace(difference, part=_KEY_POLICY)
    return replace(piece, source=side.written(piece.source) or piece.source, difference=difference)
