"""Condition keys of an action's requests: those that its service lists for the action, and the keys of all services."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from remit.catalogue.actions import action
from remit.catalogue.actions import keys as keys_of
from remit.catalogue.condition_keys import global_key

_MEMBER: Final = r"(?<=[/:])(?:\$\{|<|tag-key$).*"
"""What lists have for the name of a member of a family: a variable, or `tag-key`."""


@lru_cache(maxsize=4096)
def key_types(prefix: str) -> dict[str, str]:
    """A service's condition keys, folded, with their types; families (`s3:ExistingObjectTag/<key>`) end in / or :."""
    return {re.sub(_MEMBER, "", key.name.lower()): key.type for key in keys_of(prefix)}


@lru_cache(maxsize=8192)
def key_type(name: str) -> str | None:
    """The type of a condition key (in any case), as `String` or `ArrayOfString`; "" when nobody says.

    None when no such key is known.
    """
    shared_key = global_key(name)
    if shared_key is not None:
        return f"ArrayOf{shared_key.type}" if shared_key.multivalued else shared_key.type
    return key_types(name.lower().partition(":")[0]).get(folded_key(name))


@lru_cache(maxsize=4096)
def is_of_one_service(key: str) -> bool:
    """Return whether a key is known, and is one of a service alone."""
    return key_type(key) is not None and global_key(key) is None


@lru_cache(maxsize=65536)
def takes(name: str, key: str) -> bool:
    """Return whether requests for an action may have a key."""
    return folded_key(key) in taken_keys(name)


@lru_cache(maxsize=16384)
def taken_keys(name: str) -> frozenset[str]:
    """The keys that requests for an action may have, folded; none for an action that nobody knows."""
    known_action = action(name)
    return frozenset(folded_key(key.name) for key in known_action.all_keys) if known_action is not None else frozenset()


def folded_key(key: str) -> str:
    """A key folded as its service lists it: by itself (`apigateway:Request/ApiName`), or by its family.

    The name of the tag, or of whatever else, that goes on after / or : is no part of a family.
    """
    folded = re.sub(_MEMBER, "", key.lower())
    prefix, _, name = folded.partition(":")
    context, colon, _ = name.partition(":")
    longer_family = f"{prefix}:{context}{colon}"  # `kms:EncryptionContext:` goes on after a colon
    listed_keys = key_types(prefix)
    bare, slash, _ = folded.partition("/")
    return next((listed for listed in (folded, longer_family) if listed in listed_keys), bare + slash)


def carries(name: str, key: str) -> bool:
    """Return whether requests for an action of the catalogue may carry a key; one that no service lists, any may."""
    return not is_of_one_service(key) or takes(name, key)
