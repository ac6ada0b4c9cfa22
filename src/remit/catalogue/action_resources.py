"""The resources that requests for an action name: ARNs of its resource types, or what the service asks instead.

Actions without resource types are asked on `*`, so that only a statement on `*` allows them; some that list things are
asked on an ARN that stands for all of a kind (`list_actions`).

Source: the "Service Authorization Reference" (AWS): "Actions, resources, and condition keys", resource types (*).
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action, full_name, resource_types, service, services, target_names
from remit.catalogue.arns import fill, matches, parse
from remit.catalogue.authorised_resources import AUTHORISED_ACTIONS, is_authorised_on
from remit.catalogue.list_actions import ASKED

if TYPE_CHECKING:
    from remit.catalogue.actions import ActionTarget
    from remit.catalogue.arns import Arn

_ACTIONS: Final = 32_768
"""More than there are: a search through all of them finds each again."""
_USUAL: Final = ("object", "bucket", "instance", "table", "function", "queue", "topic", "role", "key", "log-group")


@lru_cache(maxsize=_ACTIONS)
def is_without_resources(name: str) -> bool:
    """Return whether the catalogue has an action (in lower case), and no resource type for it."""
    return full_name(name) is not None and not target_names(name)


def asked_resource(name: str, resource: str) -> str:
    """Return the resource of an action (in lower case) without resource types: the ARN in the request, or `*`.

    Its `*` are part of the ARN, and stand for nothing.
    """
    listing = _LISTINGS.get(name)
    arn = None if listing is None else parse(resource)
    if listing is None or arn is None:
        return "*"
    return fill(listing, {"Partition": arn.partition, "Region": arn.region, "Account": arn.account})


_LISTINGS: Final = {name.lower(): format_ for name, format_ in ASKED.items()}


@lru_cache(maxsize=_ACTIONS)
def resources_asked(name: str) -> int:
    """A number for the resources that requests for an action of the catalogue name: equal where these are the same."""
    folded = name.lower()
    own = name if name in AUTHORISED_ACTIONS else ""
    asked = folded.partition(":")[0], _formats(name), is_without_resources(folded), own
    return _NUMBERS.setdefault(asked, len(_NUMBERS))


_NUMBERS: Final[dict[tuple[object, ...], int]] = {}


def services_taking(arn_service: str) -> frozenset[str]:
    """Return the services with actions on ARNs of a service: EBS and Systems Manager on those of EC2."""
    by_service = _services_by_arn_service()
    return by_service.get(arn_service, frozenset()) | by_service["*"]


@cache
def _services_by_arn_service() -> dict[str, frozenset[str]]:
    """Index by the third part of ARNs; `*` for formats that leave it open, as those of recovery points do."""
    prefixes: dict[str, set[str]] = {"*": set()}
    formats = [(prefix, format_) for prefix in services() for kind in resource_types(prefix) for format_ in kind.arns]
    formats += [(name.partition(":")[0], format_) for name, format_ in ASKED.items()]
    for prefix, format_ in formats:
        arn_service = format_.split(":")[2]
        prefixes.setdefault("*" if "$" in arn_service or "*" in arn_service else arn_service, set()).add(prefix)
    return {arn_service: frozenset(of_service) for arn_service, of_service in prefixes.items()}


@lru_cache(maxsize=_ACTIONS)
def resource_formats(name: str) -> tuple[str, ...]:
    """The ARNs that an action of the catalogue takes, each part that may be anything as `*`; the usual ones first."""
    return tuple(dict.fromkeys(fill(format_, {}) for format_ in _formats(name)))


@lru_cache(maxsize=_ACTIONS)
def _formats(name: str) -> tuple[str, ...]:
    listing = _LISTINGS.get(name.lower())
    if listing is not None:
        return (listing,)
    known_action = action(name)
    if known_action is None:
        return ()
    targets = sorted(known_action.targets, key=lambda target: _oddity(target, known_action.service))
    return tuple(format_ for target in targets for format_ in target.type.arns)


def _oddity(target: ActionTarget, service: str) -> tuple[bool, bool, int]:
    usual = _USUAL.index(target.type.name) if target.type.name in _USUAL else len(_USUAL)
    return not target.required, target.type.service != service, usual


@lru_cache(maxsize=16384)
def takes(name: str, resource: str) -> bool:
    """Return whether an action of the catalogue may be asked on an ARN."""
    arn = parse(resource)
    if arn is None:
        return False
    if name.lower() in _LISTINGS:
        return True
    if any(_fits(arn, format_) for format_ in _formats(name)):
        return True
    known_name = full_name(name)
    return known_name is not None and is_authorised_on(known_name, resource)


def _fits(arn: Arn, format_: str) -> bool:
    """Return whether an ARN has a format; some formats leave the service open, as those of recovery points."""
    if matches(arn, format_):
        return True
    shape = parse(format_)
    if shape is None or not shape.service.startswith("${"):
        return False
    return "*" in arn.service or "${" in arn.service or service(arn.service.lower()) is not None
