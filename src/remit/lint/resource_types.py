"""The resource types that an ARN pattern may name, and the actions that act on them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from remit.catalogue.action_resources import KIND_ARNS, is_authorised_on
from remit.catalogue.actions import action, resource_types, service, services, target_names
from remit.catalogue.arns import matches as arn_matches
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.iam.pattern import matches
from remit.lint.plain_text import is_plain, settled

_WILD: Final = re.compile(r"[*?]|\$\{")
_VARIABLE: Final = re.compile(r"\$\{[^{}]*\}")


def acts_on(name: str, resource: str) -> bool:
    """Return whether an action may be allowed on some resource that an ARN pattern names."""
    named_types = types_named(name.partition(":")[0].lower(), resource)
    if not target_names(name).isdisjoint(named_types) or is_authorised_on(name, resource):
        return True
    return name in KIND_ARNS and _is_listed_resource(name, resource)


@lru_cache(maxsize=16384)
def actions_on_resources(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern means and that take resource types, in AWS's spelling."""
    return tuple(name for name in expand(pattern) if target_names(name))


def _is_listed_resource(name: str, resource: str) -> bool:
    """Return whether an ARN pattern matches the resource that the service checks for an action that lists things."""
    parsed = parse_arn(resource)
    *_, vendor, _, _, listed_resource = KIND_ARNS[name].split(":", 5)
    return parsed is not None and parsed.service == vendor and matches(parsed.resource, listed_resource)


@lru_cache(maxsize=65536)
def types_named(prefix: str, resource: str) -> frozenset[str]:
    """Return the resource types of a service that an ARN pattern may name; all of them when it cannot be read."""
    parsed = parse_arn(settled(resource))
    if parsed is None or not is_plain(parsed.service):
        return frozenset(kind.name for kind in resource_types(prefix))
    pattern = parsed
    if parsed.account or parsed.service != "s3":  # of S3 nothing but buckets and their objects leaves out the account
        # AWS's own resources do, and some leave out the region (`arn:aws:ssm:*::document/…`).
        pattern = replace(parsed, region=parsed.region or "*", account=parsed.account or "*")
    vendor = parsed.service.lower()
    begin, end = _literal_ends(parsed.resource)
    names = set()
    for shape in _shapes(prefix):
        if shape.service not in (None, vendor):
            continue
        if not (shape.begin.startswith(begin) or begin.startswith(shape.begin)):
            continue
        if not (shape.end.endswith(end) or end.endswith(shape.end)):
            continue
        if shape.service is None or arn_matches(pattern, shape.format):
            names.add(shape.kind)
    return frozenset(names)


class _Shape(NamedTuple):
    """A format of a resource type: its service (None: any), and how the resource begins and ends before variables."""

    kind: str
    service: str | None
    begin: str
    end: str
    format: str


@lru_cache(maxsize=1024)
def _shapes(prefix: str) -> tuple[_Shape, ...]:
    """The shapes of the ARNs of a service's resource types; formats that are no ARN are left out."""
    shapes = []
    for kind in resource_types(prefix):
        for format_ in kind.arns:
            arn = parse_arn(format_)
            if arn is not None:
                vendor = arn.service if is_plain(arn.service) else None
                shapes.append(_Shape(kind.name, vendor, *_literal_ends(arn.resource), format_))
    return tuple(shapes)


@lru_cache(maxsize=16384)
def _literal_ends(text: str) -> tuple[str, str]:
    """The literal text before the first wildcard or variable, and after the last."""
    literals = _WILD.split(_VARIABLE.sub("*", text))
    return literals[0], literals[-1]


@lru_cache(maxsize=16384)
def arn_formats(name: str) -> tuple[str, ...]:
    """The ARN formats (`arn:${Partition}:s3:::${BucketName}`) of an action's resource types; () if it is unknown."""
    known_action = action(name)
    if known_action is None:
        return ()
    return tuple(format_ for target in known_action.targets for format_ in target.type.arns)


@lru_cache(maxsize=1024)
def has_arns(vendor: str) -> bool:
    """Return whether a name may be the third part of an ARN: it is a prefix of actions, or some ARN format has it."""
    if service(vendor) is not None:
        return True
    kinds = (kind for name in services() for kind in resource_types(name))
    return any(f":{vendor}:" in format_ for kind in kinds for format_ in kind.arns)
