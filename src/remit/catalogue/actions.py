"""IAM's actions: their level, the resource types and condition keys they take, what else they need.

Source: the "Service Authorization Reference" (AWS), as the packages named by `versions.versions()` copy it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from remit.catalogue.condition_keys import global_key
from remit.catalogue.shared_prefixes import KEYS, TARGETS
from remit.catalogue.snapshot import chunk, line

LEVELS: Final = ("List", "Read", "Write", "Tagging", "Permissions management")


class Key(NamedTuple):
    """A condition key: String, ARN, Bool, Numeric, Date, IPAddress, ArrayOf one of them, or "" (unknown)."""

    name: str
    type: str

    @property
    def multivalued(self) -> bool:
        """True if a request may carry several values."""
        return self.type.startswith("ArrayOf")


class IamResourceType(NamedTuple):
    """A resource type of a service, as the Service Authorization Reference calls what a statement's Resource may name.

    CloudFormation calls a resource's `Type` the same: that is `catalogue.types.ResourceType`. `arns` are formats such
    as `arn:${Partition}:s3:::${BucketName}`.
    """

    service: str
    name: str
    arns: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def full_name(self) -> str:
        """The name with its service: `s3:bucket`."""
        return f"{self.service}:{self.name}"


_SELDOM_ASKED: Final = frozenset({"cloudwatch:dataset"})
"""Kinds that a request may be about besides, and that most are not: these are asked on everything."""


class ActionTarget(NamedTuple):
    """A resource type that an action takes: every required one must be covered; `keys` hold for it alone."""

    type: IamResourceType
    required: bool
    keys: tuple[Key, ...]


class Action(NamedTuple):
    """An action. Without targets it takes no resource but `*`.

    `keys` are the action's own condition keys; `all_keys` has those of its targets as well. `dependents` are
    actions that the caller needs besides, `permission_only` says that no API operation has this name; None
    where nobody knows.
    """

    service: str
    name: str
    level: str
    targets: tuple[ActionTarget, ...]
    keys: tuple[Key, ...]
    dependents: tuple[str, ...] | None
    permission_only: bool | None

    @property
    def full_name(self) -> str:
        """The name with its service: `s3:GetObject`."""
        return f"{self.service}:{self.name}"

    @property
    def all_keys(self) -> tuple[Key, ...]:
        """Every condition key that may be there, by name; global keys (`condition_keys.global_keys`) come on top."""
        keys_by_name: dict[str, Key] = {}
        for target in self.targets:
            keys_by_name |= {key.name: key for key in (*target.keys, *target.type.keys)}
        keys_by_name |= {key.name: key for key in self.keys}
        return tuple(key for _, key in sorted(keys_by_name.items()))


def services() -> tuple[str, ...]:
    """Every service's prefix in actions, sorted."""
    return tuple(chunk("service-names", ""))


def service(prefix: str) -> str | None:
    """A service's full name as AWS prints it, by its prefix in any case; None: there is no such service."""
    name: str | None = chunk("service-names", "").get(prefix.lower())
    return name


@lru_cache(maxsize=1024)
def bare_names(prefix: str) -> tuple[str, ...]:
    """The names of a service's actions without its prefix, sorted without case."""
    return tuple(_text_of_names(prefix)[0].split())


@lru_cache(maxsize=1024)
def actions(prefix: str) -> tuple[str, ...]:
    """The full names of a service's actions, sorted without case; none when there is no such service."""
    folded = prefix.lower()
    return tuple(f"{folded}:{name}" for name in bare_names(folded))


def full_name(name: str) -> str | None:
    """An action's full name in AWS's case, by its full name in any; None when there is none.

    A search in the text of its service's names: for one action alone that is quicker than taking them apart.
    """
    prefix, _, bare = name.lower().partition(":")
    if not name.isascii() or not bare.isprintable() or " " in bare:
        return None
    spelled, folded = _text_of_names(prefix)
    start = folded.find(f" {bare} ")
    return None if start < 0 else f"{prefix}:{spelled[start + 1 : start + 1 + len(bare)]}"


@lru_cache(maxsize=1024)
def _text_of_names(prefix: str) -> tuple[str, str]:
    """The names of a service's actions in one text, each between spaces: as AWS spells them, and in small letters."""
    prefixes = services()  # the lines of names are in their order
    text = f" {line('name-lines', '', prefixes.index(prefix))} " if prefix in prefixes else ""
    return text, text.lower()


@lru_cache(maxsize=32768)
def targets_of(name: str) -> tuple[ActionTarget, ...]:
    """The kinds of resources that an action is asked on as a rule; none: it is asked on everything."""
    catalogued_action = action(name)
    targets = catalogued_action.targets if catalogued_action is not None else ()
    return tuple(target for target in targets if f"{target.type.service}:{target.type.name}" not in _SELDOM_ASKED)


@lru_cache(maxsize=32768)
def action(name: str) -> Action | None:
    """One action by its full name, in any case; None when there is none."""
    prefix, _, bare = name.lower().partition(":")
    position = positions(prefix).get(bare)
    if position is None:
        return None
    level, targets, own_keys, dependents, permission_only = line("action-lines", prefix, position)
    service_keys = keys(prefix)
    types = resource_types(prefix)
    second_page_names = set(TARGETS.get(name.lower(), ())).difference(types[target[0]].name for target in targets)
    second_page_types = tuple(kind for kind in types if kind.name in second_page_names)
    further_keys = KEYS.get(name.lower(), ())
    action_targets: list[ActionTarget] = []
    for kind, required, key_positions in targets:
        is_required = bool(required) and not second_page_types
        action_targets.append(ActionTarget(types[kind], is_required, tuple(service_keys[key] for key in key_positions)))
    action_targets += (ActionTarget(kind, required=False, keys=()) for kind in second_page_types)
    return Action(
        service=prefix,
        name=bare_names(prefix)[position],
        level=LEVELS[level],
        targets=tuple(action_targets),
        keys=(
            *(service_keys[key] for key in own_keys),
            *(key for key in service_keys if further_keys and key.name in further_keys),
        ),
        dependents=None if dependents is None else tuple(dependents),
        permission_only=None if permission_only is None else bool(permission_only),
    )


@lru_cache(maxsize=32768)
def target_names(name: str) -> frozenset[str]:
    """The names of the resource types that an action takes, by its full name in any case; quicker than all of it."""
    prefix, _, bare = name.lower().partition(":")
    position = positions(prefix).get(bare)
    if position is None:
        return frozenset()
    targets = line("action-lines", prefix, position)[1]
    types = resource_types(prefix)
    of_second_page = {kind.name for kind in types}.intersection(TARGETS.get(name.lower(), ()))
    return frozenset(of_second_page.union(types[target[0]].name for target in targets))


@lru_cache(maxsize=1024)
def resource_types(prefix: str) -> tuple[IamResourceType, ...]:
    """The resource types of a service; none when there is no such service."""
    folded = prefix.lower()
    service_chunk = chunk("service", folded) or {"r": ()}
    service_keys = keys(folded)
    return tuple(
        IamResourceType(folded, name, tuple(arns), tuple(service_keys[key] for key in keys))
        for name, arns, keys in service_chunk["r"]
    )


@lru_cache(maxsize=1024)
def keys(prefix: str) -> tuple[Key, ...]:
    """The condition keys that a service documents, global ones among them."""
    service_chunk = chunk("service", prefix.lower()) or {"k": ()}
    return tuple(Key(name, kind) for name, kind in service_chunk["k"])


@lru_cache(maxsize=4096)
def is_multivalued(name: str) -> bool | None:
    """Return whether a request may have several values of a condition key (in any case).

    None for a key that nobody lists, or whose type nobody says.
    """
    shared_key = global_key(name)
    if shared_key is not None:
        return shared_key.multivalued
    key = _listed_key(name.lower())
    return key.multivalued if key is not None and key.type else None


@lru_cache(maxsize=4096)
def value_type(name: str) -> str:
    """The type of one value of a condition key (in any case), as `Key` has it; empty for a key that nobody lists."""
    key = global_key(name) or _listed_key(name.lower())
    return "" if key is None else key.type.removeprefix("ArrayOf")


def _listed_key(folded: str) -> Key | None:
    """The key that a service documents, whose name may end in a variable.

    None: none does. `folded` is the key in lower case.
    """
    for key in keys(folded.partition(":")[0]):
        beginning, *variable = re.split(r"\$\{|<", key.name.lower(), maxsplit=1)
        if folded == beginning or (variable and folded.startswith(beginning)):
            return key
    return None


@lru_cache(maxsize=1024)
def positions(prefix: str) -> dict[str, int]:
    """Map each of a service's actions, by its bare name without case, to its position among them."""
    return {name.lower(): position for position, name in enumerate(bare_names(prefix))}
