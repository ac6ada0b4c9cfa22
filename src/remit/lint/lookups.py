"""What rules ask again and again, answered once: what a pattern means, what an ARN may name, which keys exist."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue import actions as known
from remit.catalogue import arns
from remit.catalogue.authorised_resources import is_authorised_on
from remit.catalogue.condition_keys import global_key
from remit.catalogue.expand import expand
from remit.catalogue.list_actions import ASKED
from remit.errors import MISSPELT, nearest
from remit.iam.pattern import matches
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from remit.catalogue.actions import Action
    from remit.catalogue.arns import Arn
    from remit.iam.policy import Statement
    from remit.lint.finding import Spot

_WILD: Final = re.compile(r"[*?]|\$\{")
_DOUBLED: Final = re.compile(r"arn:[^:]*:(?:s3:[^:]*:[^:]*:|(?!s3:)[^:]*:[^:]*:[^:]*:(?:[A-Za-z-]+[/:])?)arn:")
_VARIABLE: Final = re.compile(r"\$\{[^{}]*\}")
PLACEHOLDER: Final = re.compile(
    r"\b(?:YOUR|MY)[_-]?(?:ACCOUNT|BUCKET|REGION)[\w-]*|\b(?:AWS[_-])?(?:ACCOUNT|REGION)(?:[_-]?(?:ID|NUMBER))?\b"
)
"""Words that people leave for others to replace."""

_LEFT: Final = frozenset("{<%")


REGIONAL: Final = frozenset({"dynamodb", "kinesis", "lambda", "logs", "secretsmanager", "sns", "sqs", "states"})
"""Services all of whose ARNs have a region and an account (as those of KMS, which AWS's own policies leave out)."""


def plain(text: str) -> bool:
    """Whether a text is itself: no wildcard, nothing late-bound."""
    return _WILD.search(text) is None


def doubled(text: str) -> bool:
    """Whether an ARN has another in the place of its name: `arn:aws:s3:::arn:aws:s3:::data`."""
    return _DOUBLED.match(_VARIABLE.sub("*", text)) is not None


def literal(text: str) -> bool:
    """Whether nothing in a text is a variable or late-bound."""
    return "${" not in text


def placeholder(text: str) -> bool:
    """Whether a text holds what somebody wanted to replace: `{region}`, `<account-id>`."""
    return not _LEFT.isdisjoint(settled(text)) or PLACEHOLDER.search(text) is not None


@lru_cache(maxsize=8192)
def arn(text: str) -> Arn | None:
    """The parts of an ARN, None when it is none."""
    return arns.parse(text)


meant: Final = expand
"""The actions that a pattern means, by their full names."""
targets: Final = known.target_names
"""The names of the resource types that an action takes."""


@lru_cache(maxsize=16384)
def action(name: str) -> Action | None:
    """As the catalogue, with room for all actions of a large policy."""
    return known.action(name)


def acts_on(name: str, resource: str) -> bool:
    """Whether an action may be allowed on a resource that an ARN pattern names."""
    return (
        not targets(name).isdisjoint(types_named(name.partition(":")[0].lower(), resource))
        or is_authorised_on(name, resource)
        or (name in ASKED and _is_asked(name, resource))
    )


def acts_on_one(name: str, resources: tuple[str, ...]) -> bool:
    """Whether it may be on one of several."""
    listed = _types_among(name.partition(":")[0].lower(), resources)
    return not targets(name).isdisjoint(listed) or any(acts_on(name, one) for one in resources)


@lru_cache(maxsize=8192)
def _types_among(prefix: str, resources: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(types_named(prefix, one) for one in resources))


@lru_cache(maxsize=16384)
def meant_on_resources(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern means and that take resource types."""
    return tuple(name for name in meant(pattern) if targets(name))


def _is_asked(name: str, resource: str) -> bool:
    """Whether an ARN pattern matches what the service asks about for an action that lists things."""
    parsed = arn(resource)
    *_, service, _, _, asked = ASKED[name].split(":", 5)
    return parsed is not None and parsed.service == service and matches(parsed.resource, asked)


@lru_cache(maxsize=65536)
def types_named(prefix: str, resource: str) -> frozenset[str]:
    """Which resource types of a service an ARN pattern may name; all of them when it cannot be read."""
    parsed = arn(settled(resource))
    if parsed is None or not plain(parsed.service):
        return frozenset(kind.name for kind in known.resource_types(prefix))
    pattern = parsed
    if parsed.account or parsed.service != "s3":  # of S3 nothing but buckets and their objects leaves out the account
        # AWS's own resources do, and some leave out the region (`arn:aws:ssm:*::document/…`).
        pattern = replace(parsed, region=parsed.region or "*", account=parsed.account or "*")
    vendor, (first, last) = parsed.service.lower(), _ends(parsed.resource)
    return frozenset(
        shape.kind
        for shape in _shapes(prefix)
        if (shape.service is None or shape.service == vendor)
        and (shape.begin.startswith(first) or first.startswith(shape.begin))
        and (shape.end.endswith(last) or last.endswith(shape.end))
        and (shape.service is None or arns.matches(pattern, shape.format))
    )


_OPEN: Final = frozenset({"s3", "ssm", "resource-explorer-2"})
"""Services some of whose ARNs leave out region or account: those of buckets, and of what AWS gives to everyone."""


@lru_cache(maxsize=1024)
def _ever_has(part: str, service: str) -> bool:
    kinds = known.resource_types(service) if known.service(service) is not None else ()
    return any(getattr(shape, part) for kind in kinds for format_ in kind.arns if (shape := arns.parse(format_)))


@lru_cache(maxsize=4096)
def always_has(part: str, pattern: Arn) -> bool:
    """Whether every resource that an ARN pattern may name has a `region`, or an `account`; False if none is known."""
    if pattern.service in _OPEN or not _ever_has(part, pattern.service):
        return False
    own = _formats_of(pattern)
    return bool(own) and all(getattr(shape, part) for shape in own)


def may_lack(part: str, pattern: Arn) -> bool:
    """Whether some resource that an ARN pattern may name has no `region`, say, as DynamoDB's global tables."""
    return not all(getattr(shape, part) for shape in _formats_of(pattern))


def _formats_of(pattern: Arn) -> list[Arn]:
    """The formats of the resources that an ARN pattern may name, of its own service."""
    named = types_named(pattern.service, str(pattern))
    kinds = [kind for kind in known.resource_types(pattern.service) if kind.name in named]
    shapes = [arns.parse(format_) for kind in kinds for format_ in kind.arns]
    return [shape for shape in shapes if shape is not None and shape.service == pattern.service]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A format of a resource type: its service (None: any), and how the resource begins and ends before variables."""

    kind: str
    service: str | None
    begin: str
    end: str
    format: str


@lru_cache(maxsize=1024)
def _shapes(prefix: str) -> tuple[_Shape, ...]:
    rows = [(kind.name, format_, arns.parse(format_)) for kind in known.resource_types(prefix) for format_ in kind.arns]
    return tuple(
        _Shape(name, arn.service if plain(arn.service) else None, *_ends(arn.resource), format_)
        for name, format_, arn in rows
        if arn is not None
    )


@lru_cache(maxsize=16384)
def _ends(text: str) -> tuple[str, str]:
    """The literal text before the first wildcard or variable, and after the last."""
    bare = _WILD.split(_VARIABLE.sub("*", text))
    return bare[0], bare[-1]


@lru_cache(maxsize=4096)
def written_by_aws(word: str) -> bool:
    """Whether AWS's own managed policies use this very word: what its reference does not list may exist yet."""
    from remit.catalogue.managed_policies import occurs  # noqa: PLC0415 - asked of mistakes alone

    return occurs(word)


@lru_cache(maxsize=4096)
def key_names(prefix: str) -> dict[str, str]:
    """A service's condition keys, folded, with their types; families (`s3:ExistingObjectTag/<key>`) end in / or :."""
    return {family(key.name): key.type for key in known.keys(prefix)}


_MEMBER: Final = re.compile(r"(?<=[/:])(?:\$\{|<).*")


def family(key: str) -> str:
    """A key folded, without the name of the tag (or of whatever else) that goes on after / or :."""
    bare, slash, _ = _MEMBER.sub("", key.lower()).partition("/")
    return bare + slash


@lru_cache(maxsize=8192)
def key_type(name: str) -> str | None:
    """The type of a condition key, "" when nobody says; None when no such key is known."""
    found = global_key(name)
    if found is not None:
        return f"ArrayOf{found.type}" if found.multivalued else found.type
    folded = name.lower()
    keys = key_names(folded.partition(":")[0])
    found_type = keys.get(family(folded))
    if found_type is None and folded.count(":") > 1:
        first, second, _ = folded.split(":", 2)
        return keys.get(f"{first}:{second}:")
    return found_type


def variable_texts(statement: Statement) -> tuple[tuple[Spot, str], ...]:
    """The texts of a statement in which `${…}` counts, with their spots: resources and the values of conditions."""
    resources = statement.resources
    element = "NotResource" if resources is not None and resources.negated else "Resource"
    found: list[tuple[Spot, str]] = [
        ((element, text), text) for text in (resources.patterns if resources else ()) if "${" in text
    ]
    found.extend(
        (("Condition", condition.spelled, condition.key, value), value)
        for condition in statement.conditions
        for value in condition.values
        if "${" in value
    )
    return tuple(found)


def near_federated(name: str) -> str | None:
    """The key of a federation provider that a misspelt one resembles: providers have their own, and some are listed."""
    keys = [key.name for key in known.keys("sts") if "." in key.name.partition(":")[0]]
    meant_key = nearest(name, keys, MISSPELT)
    return None if meant_key is None or meant_key.lower() == name.lower() else meant_key


@lru_cache(maxsize=16384)
def formats(name: str) -> tuple[str, ...]:
    """The ARN formats of all resource types that an action takes."""
    found = action(name)
    return tuple(format_ for target in (found.targets if found else ()) for format_ in target.type.arns)


@lru_cache(maxsize=1024)
def has_arns(vendor: str) -> bool:
    """Whether resources have ARNs with this name in the third part; not every service's prefix is its name there."""
    if known.service(vendor) is not None:
        return True
    kinds = (kind for name in known.services() for kind in known.resource_types(name))
    return any(f":{vendor}:" in format_ for kind in kinds for format_ in kind.arns)
