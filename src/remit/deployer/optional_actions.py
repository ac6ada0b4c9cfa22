"""Know which permissions of a resource handler are needed only when the template uses the property behind them.

A CloudFormation type says what its handlers may call, not when; for some actions its row in the catalogue does. All
others are needed always; so are reads of the resource itself, since handlers read all of it after every change. So does
the row say whose service-linked role a deploy may make.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action as known_action
from remit.catalogue.handlers import handlers
from remit.catalogue.types import deployment_of, resource_type
from remit.deployer.planned_stack import PlannedStack, is_retained
from remit.deployer.references import mentions
from remit.template.branches import value_at
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Resource

_WRITES: Final = ("create", "update", "delete")
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
_PROPERTY: Final = re.compile(r"\$\{(\w+)\}")
_KEYS: Final = re.compile(r"kms|encrypt|sse|keyarn|keyid", re.IGNORECASE)


def called_actions(resource: Resource, *, by_type: bool = False) -> Mapping[str, tuple[str, ...]]:
    """The actions that a resource's handlers call for it, each with those handlers; none if nobody knows them.

    With `by_type` they may set properties that it does not have (yet).
    """
    type_handlers = handlers(resource.type)
    if type_handlers is None:
        return {}
    verbs: dict[str, tuple[str, ...]] = {}
    for verb, actions in type_handlers.by_verb.items():
        # CloudFormation calls no delete handler for what stays.
        if verb != "delete" or not is_retained(resource):
            for action in actions:
                verbs[action] = (*verbs.get(action, ()), verb)
    verbs = {
        action: verbs[action]
        for action in verbs
        if is_needed(resource.type, action, resource.properties) or (by_type and _is_own_setting(resource.type, action))
    }
    for calls in deployment_of(resource.type).further_calls:
        if _gives_any(resource.properties, calls.properties):
            verbs |= dict.fromkeys(calls.actions, _WRITES)
    return verbs


def is_needed(type_name: str, action: str, properties: Mapping[str, Any]) -> bool:
    """Return whether a handler of the type calls the action for a resource that has these properties.

    What uses a key (`kms:…`) is needed only where some property speaks of keys or encryption, whatever the type.
    """
    uses = _deciding_properties(type_name, action)
    if uses is not None:
        return _gives_any(properties, uses)
    if action.startswith("kms:") and not type_name.startswith("AWS::KMS::"):
        return mentions(properties, _KEYS)
    return True


def linked_services(stack: PlannedStack, resource: Resource) -> tuple[str, ...]:
    """The services (`NAME.amazonaws.com`) whose linked role a resource of this type may need.

    Nothing where it needs none, or only the deploy knows one of them.
    """
    services = []
    for service in deployment_of(resource.type).linked_roles:
        property_reference = _PROPERTY.match(service)
        if property_reference is None:
            services.append(service)
            continue
        for text in stack.texts(resource.properties.get(property_reference[1])):
            if UNKNOWN in text:
                return ()
            services.append(service.replace(property_reference[0], text))
    return tuple(services)


def _is_own_setting(type_name: str, action: str) -> bool:
    """Return whether some property of a type makes a handler call the action on the resource itself.

    That is no action on what is in it (objects of a bucket) or beside it, but for networks, which are only looked up.
    """
    row, entry = resource_type(type_name), known_action(action)
    if row is None or entry is None or not _deciding_properties(type_name, action):
        return False
    return action.startswith("ec2:Describe") or any(target.type.full_name in row.iam[:1] for target in entry.targets)


def _gives_any(properties: Mapping[str, Any], paths: tuple[str, ...]) -> bool:
    """Return whether one of the properties at these paths is there and not empty."""
    return any(value_at(properties, path) not in _EMPTY for path in paths)


@cache
def _deciding_properties(type_name: str, action: str) -> tuple[str, ...] | None:
    """The properties that make a handler call the action; None: it is called for any resource of the type."""
    for calls in deployment_of(type_name).optional_calls:
        if any(fnmatchcase(action, pattern) for pattern in calls.actions):
            return calls.properties
    return None
