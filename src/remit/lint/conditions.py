"""What rules about conditions share: the operator behind a spelling, whether a key exists, which actions take it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action, services
from remit.catalogue.actions import actions as actions_of
from remit.catalogue.actions import keys as keys_of
from remit.catalogue.condition_keys import global_key, operator, put_in
from remit.did_you_mean import MISSPELT, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Condition

_TAGGED: Final = "/"
_MEMBER: Final = r"(?<=[/:])(?:\$\{|<).*"


@lru_cache(maxsize=4096)
def _key_types(prefix: str) -> dict[str, str]:
    """A service's condition keys, folded, with their types; families (`s3:ExistingObjectTag/<key>`) end in / or :."""
    return {key_family(key.name): key.type for key in keys_of(prefix)}


def key_family(key: str) -> str:
    """A key folded, without the name of the tag (or of whatever else) that goes on after / or :."""
    bare, slash, _ = re.sub(_MEMBER, "", key.lower()).partition("/")
    return bare + slash


@lru_cache(maxsize=8192)
def key_type(name: str) -> str | None:
    """The type of a condition key, "" when nobody says; None when no such key is known."""
    shared_key = global_key(name)
    if shared_key is not None:
        return f"ArrayOf{shared_key.type}" if shared_key.multivalued else shared_key.type
    folded = name.lower()
    types = _key_types(folded.partition(":")[0])
    type_ = types.get(key_family(folded))
    return types.get(_before_second_colon(folded)) if type_ is None else type_


def _before_second_colon(key: str) -> str:
    """The family of a key whose name goes on after a colon: `kms:encryptioncontext:`; "" for another key."""
    parts = key.split(":", 2)
    return f"{parts[0]}:{parts[1]}:" if len(parts) > 2 else ""  # noqa: PLR2004 - two colons


def nearest_federated_key(name: str) -> str | None:
    """The key of a federation provider that a misspelt one resembles: providers have their own, and some are listed."""
    federated_keys = [key.name for key in keys_of("sts") if "." in key.name.partition(":")[0]]
    meant = nearest(name, federated_keys, MISSPELT)
    is_misspelt = meant is not None and meant.lower() != name.lower()
    return meant if is_misspelt else None


def name_of(condition: Condition) -> str | None:
    """The operator in AWS's spelling, without quantifier and IfExists; None when there is none."""
    known_operator = operator(condition.operator)
    return None if known_operator is None else known_operator.name


def family(condition: Condition) -> str | None:
    """The type that an operator compares as: String, Numeric, Date, Bool, Binary, IPAddress, ARN or Null."""
    known_operator = operator(condition.operator)
    return None if known_operator is None else known_operator.family


def needs_key(condition: Condition) -> bool:
    """Whether a condition can only hold when the request has the key."""
    known_operator = operator(condition.operator)
    if known_operator is None or condition.if_exists or condition.quantifier.lower() == "forallvalues":
        return False
    if known_operator.family == "Null":
        return [value.lower() for value in condition.values] == ["false"]
    return not known_operator.negated or condition.quantifier.lower() == "foranyvalue"


def negated(condition: Condition) -> bool:
    """Whether a condition holds where the key is absent: StringNotEquals and its like."""
    known_operator = operator(condition.operator)
    return known_operator is not None and known_operator.negated and not condition.quantifier


@lru_cache(maxsize=4096)
def exists(key: str) -> bool:
    """Whether a key is known, or is a family of keys without a member's name (which has a finding of its own)."""
    if key.lower().startswith("saml:") or put_in(key):
        return True  # what an identity provider asserts, or a service puts in
    return key_type(key) is not None or lacks_name(key) or has_name_too_much(key)


@cache
def _keys_of_other_prefixes() -> frozenset[str]:
    """The families of keys that services list under a prefix which is not theirs."""
    listed_keys = ((prefix, key.name.lower()) for prefix in services() for key in keys_of(prefix))
    return frozenset(key_family(key) for prefix, key in listed_keys if key.partition(":")[0] != prefix)


def is_of_another_service(key: str) -> bool:
    """Whether a service other than the one that a key names lists it: `ec2:osuser`, of EC2 Instance Connect.

    Asked of mistakes alone, since it reads the keys of every service.
    """
    return key_family(key.lower()) in _keys_of_other_prefixes()


@lru_cache(maxsize=4096)
def lacks_name(key: str) -> bool:
    """Whether a key is a family's name alone: `aws:ResourceTag`, `s3:ExistingObjectTag`."""
    bare, _, name = key.lower().partition(_TAGGED)
    if name or key_type(bare) is not None:
        return False
    return global_key(f"{bare}/x") is not None or f"{bare}/" in _key_types(bare.partition(":")[0])


@lru_cache(maxsize=4096)
def has_name_too_much(key: str) -> bool:
    """Whether a key is known only without what stands after its slash: `aws:username/x`."""
    bare, slash, _ = key.partition(_TAGGED)
    return bool(slash) and "." not in bare and key_type(key) is None and key_type(bare) is not None


@lru_cache(maxsize=4096)
def of_a_service(key: str) -> bool:
    """Whether a key is known, and is one of a service alone."""
    return key_type(key) is not None and global_key(key) is None


@lru_cache(maxsize=65536)
def takes(name: str, key: str) -> bool:
    """Whether requests for an action may have a key."""
    return _folded(key) in _taken(name)


@lru_cache(maxsize=16384)
def _taken(name: str) -> frozenset[str]:
    known_action = action(name)
    return frozenset(_folded(key.name) for key in known_action.all_keys) if known_action is not None else frozenset()


def _folded(key: str) -> str:
    folded = key_family(key)
    longer_family = _before_second_colon(folded)
    return longer_family if longer_family in _key_types(folded.partition(":")[0]) else folded


@lru_cache(maxsize=1024)
def takers(key: str) -> tuple[str, ...]:
    """The actions of a key's own service that take it, the shortest names first."""
    names = actions_of(key.partition(":")[0].lower())
    return tuple(sorted((name for name in names if takes(name, key)), key=lambda name: (len(name), name)))


def near_taken(names: Iterable[str], key: str) -> str | None:
    """The key of some actions that another resembles."""
    taken_keys = {taken for name in names for taken in _taken(name)}
    return nearest(_folded(key), taken_keys, MISSPELT)
