"""What rules about conditions share: the operator behind a spelling, whether a key exists, which actions take it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import actions as known_actions
from remit.catalogue.condition_keys import global_key, operator, put_in
from remit.errors import MISSPELT, nearest
from remit.lint import lookups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Condition

_TAGGED: Final = "/"


def name_of(condition: Condition) -> str | None:
    """The operator in AWS's spelling, without quantifier and IfExists; None when there is none."""
    found = operator(condition.operator)
    return None if found is None else found.name


def family(condition: Condition) -> str | None:
    """The type that an operator compares as: String, Numeric, Date, Bool, Binary, IPAddress, ARN or Null."""
    found = operator(condition.operator)
    return None if found is None else found.family


def needs_key(condition: Condition) -> bool:
    """Whether a condition can only hold when the request has the key."""
    found = operator(condition.operator)
    if found is None or condition.if_exists or condition.quantifier.lower() == "forallvalues":
        return False
    if found.family == "Null":
        return [value.lower() for value in condition.values] == ["false"]
    return not found.negated or condition.quantifier.lower() == "foranyvalue"


def negated(condition: Condition) -> bool:
    """Whether a condition holds where the key is absent: StringNotEquals and its like."""
    found = operator(condition.operator)
    return found is not None and found.negated and not condition.quantifier


@lru_cache(maxsize=4096)
def exists(key: str) -> bool:
    """Whether a key is known, or is a family of keys without a member's name (which has a finding of its own)."""
    if key.lower().startswith("saml:") or put_in(key):
        return True  # what an identity provider asserts, or a service puts in
    return lookups.key_type(key) is not None or lacks_name(key) or has_name_too_much(key)


@lru_cache(maxsize=4096)
def lacks_name(key: str) -> bool:
    """Whether a key is a family's name alone: `aws:ResourceTag`, `s3:ExistingObjectTag`."""
    bare, slash, name = key.lower().partition(_TAGGED)
    if name or lookups.key_type(bare) is not None:
        return bool(slash) and not name and lookups.key_type(bare) is None and global_key(f"{bare}/x") is not None
    return global_key(f"{bare}/x") is not None or f"{bare}/" in lookups.key_names(bare.partition(":")[0])


@lru_cache(maxsize=4096)
def has_name_too_much(key: str) -> bool:
    """Whether a key is known only without what stands after its slash: `aws:username/x`."""
    bare, slash, _ = key.partition(_TAGGED)
    return bool(slash) and "." not in bare and lookups.key_type(key) is None and lookups.key_type(bare) is not None


@lru_cache(maxsize=4096)
def of_a_service(key: str) -> bool:
    """Whether a key is known, and is one of a service alone."""
    return lookups.key_type(key) is not None and global_key(key) is None


@lru_cache(maxsize=65536)
def takes(name: str, key: str) -> bool:
    """Whether requests for an action may have a key."""
    return _folded(key) in _taken(name)


@lru_cache(maxsize=16384)
def _taken(name: str) -> frozenset[str]:
    found = lookups.action(name)
    return frozenset(_folded(key.name) for key in found.all_keys) if found is not None else frozenset()


def _folded(key: str) -> str:
    folded = lookups.family(key)
    if folded.count(":") > 1 and f"{':'.join(folded.split(':', 2)[:2])}:" in lookups.key_names(
        folded.partition(":")[0]
    ):
        return f"{':'.join(folded.split(':', 2)[:2])}:"
    return folded


@lru_cache(maxsize=1024)
def takers(key: str) -> tuple[str, ...]:
    """The actions of a key's own service that take it, the shortest names first."""
    names = known_actions(key.partition(":")[0].lower())
    return tuple(sorted((name for name in names if takes(name, key)), key=lambda name: (len(name), name)))


def near_taken(names: Iterable[str], key: str) -> str | None:
    """The key of some actions that another resembles."""
    known = {found for name in names for found in _taken(name)}
    return nearest(_folded(key), known, MISSPELT)
