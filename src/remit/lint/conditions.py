"""Facts for rules on conditions: the operator behind a spelling, whether a key exists, the actions that take it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.action_keys import folded_key, key_type, key_types, takes
from remit.catalogue.actions import actions as actions_of
from remit.catalogue.actions import keys as keys_of
from remit.catalogue.actions import services
from remit.catalogue.condition_keys import global_key, is_put_in_by_service, operator

if TYPE_CHECKING:
    from remit.iam.policy import Condition

_TAGGED: Final = "/"
QUANTIFIERS: Final = ("", "forallvalues", "foranyvalue")
"""Set operators in small letters; "" is none. What else stands before a colon is a finding of R501."""


def name_of(condition: Condition) -> str | None:
    """The operator in AWS's spelling, without quantifier and IfExists; None when there is none."""
    known_operator = operator(condition.operator)
    return None if known_operator is None else known_operator.name


def family(condition: Condition) -> str | None:
    """The type that an operator compares as: String, Numeric, Date, Bool, Binary, IPAddress, ARN or Null."""
    known_operator = operator(condition.operator)
    return None if known_operator is None else known_operator.family


def is_known(condition: Condition) -> bool:
    """Return whether a condition's operator exists, with its set operator and IfExists: else R501 reports it."""
    name = name_of(condition)
    is_null_if_exists = name == "Null" and condition.if_exists
    return name is not None and condition.quantifier.lower() in QUANTIFIERS and not is_null_if_exists


def needs_key(condition: Condition) -> bool:
    """Return whether a condition can only hold when the request has the key; False for an unknown operator."""
    known_operator = operator(condition.operator)
    if known_operator is None or condition.if_exists or condition.quantifier.lower() == "forallvalues":
        return False
    if known_operator.family == "Null":
        return [value.lower() for value in condition.values] == ["false"]
    return not known_operator.negated or condition.quantifier.lower() == "foranyvalue"


def negated(condition: Condition) -> bool:
    """Return whether a condition holds where the key is absent: StringNotEquals and its like."""
    known_operator = operator(condition.operator)
    return known_operator is not None and known_operator.negated and not condition.quantifier


@lru_cache(maxsize=4096)
def exists(key: str) -> bool:
    """Return whether a key is known, or is one but for the name after its slash: that has a finding of its own."""
    if key.lower().startswith("saml:") or is_put_in_by_service(key):
        return True  # what an identity provider asserts, or a service puts in
    return key_type(key) is not None or lacks_name(key) or has_name_too_much(key)


@cache
def _keys_of_other_prefixes() -> frozenset[str]:
    """The families of keys that services list under a prefix which is not theirs."""
    listed_keys = ((prefix, key.name.lower()) for prefix in services() for key in keys_of(prefix))
    return frozenset(folded_key(key) for prefix, key in listed_keys if key.partition(":")[0] != prefix)


def is_of_another_service(key: str) -> bool:
    """Return whether a service other than the one that a key names lists it: `ec2:osuser`, of EC2 Instance Connect.

    Asked of mistakes alone, since it reads the keys of every service.
    """
    return folded_key(key) in _keys_of_other_prefixes()


@lru_cache(maxsize=4096)
def lacks_name(key: str) -> bool:
    """Return whether a key is a family's name alone: `aws:ResourceTag`, `s3:ExistingObjectTag`."""
    bare, _, name = key.lower().partition(_TAGGED)
    if name or key_type(bare) is not None:
        return False
    return global_key(f"{bare}/x") is not None or f"{bare}/" in key_types(bare.partition(":")[0])


@lru_cache(maxsize=4096)
def has_name_too_much(key: str) -> bool:
    """Return whether a key is known only without what stands after its slash: `aws:username/x`."""
    bare, slash, _ = key.partition(_TAGGED)
    return bool(slash) and "." not in bare and key_type(key) is None and key_type(bare) is not None


@lru_cache(maxsize=1024)
def takers(key: str) -> tuple[str, ...]:
    """The actions of a key's own service that take it, the shortest names first; () where the service is not known."""
    names = actions_of(key.partition(":")[0].lower())
    return tuple(sorted((name for name in names if takes(name, key)), key=lambda name: (len(name), name)))
