"""ARNs with a region and an account, and ARNs that hold another one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from remit.catalogue.actions import resource_types, service
from remit.catalogue.arns import Arn, parse
from remit.catalogue.partitions import is_region
from remit.lint.plain_text import settled
from remit.lint.resource_types import types_named

_DOUBLED: Final = r"arn:[^:]*:(?:s3:[^:]*:[^:]*:|(?!s3:)[^:]*:[^:]*:[^:]*:(?:[A-Za-z-]+[/:])?)arn:"
_VARIABLE: Final = r"\$\{[^{}]*\}"
REGIONAL: Final = frozenset({"dynamodb", "kinesis", "lambda", "logs", "secretsmanager", "sns", "sqs", "states"})
"""Services all of whose ARNs have a region and an account (as those of KMS, which AWS's own policies leave out)."""
_OPEN: Final = frozenset({"s3", "ssm", "resource-explorer-2"})
"""Services some of whose ARNs leave out region or account: those of buckets, and of what AWS gives to everyone."""


def holds_another(text: str) -> bool:
    """Return whether an ARN has another in the place of its name: `arn:aws:s3:::arn:aws:s3:::data`."""
    return re.match(_DOUBLED, re.sub(_VARIABLE, "*", text)) is not None


@lru_cache(maxsize=4096)
def always_has(part: str, pattern: Arn) -> bool:
    """Return whether every resource that an ARN pattern may name has the `part`, "region" or "account", in its ARN.

    False if no such resource is known, and for services some of whose ARNs leave the part out.
    """
    if pattern.service in _OPEN or not _ever_has(part, pattern.service):
        return False
    shapes = _formats_of(pattern)
    return bool(shapes) and all(getattr(shape, part) for shape in shapes)


def may_lack(part: str, pattern: Arn) -> bool:
    """Return whether some resource that an ARN pattern may name has no `part` ("region" or "account") in its ARN."""
    return not all(getattr(shape, part) for shape in _formats_of(pattern))


@lru_cache(maxsize=1024)
def _ever_has(part: str, prefix: str) -> bool:
    """Return whether the ARNs of some resource type of a service have the part; False for an unknown service."""
    kinds = resource_types(prefix) if service(prefix) is not None else ()
    return any(getattr(shape, part) for kind in kinds for format_ in kind.arns if (shape := parse(format_)))


def are_exchanged(arn: Arn) -> bool:
    """Return whether an ARN has the account in the place of the region, and the region in the place of the account."""
    region, account = settled(arn.region), settled(arn.account)
    return re.fullmatch(r"\d{12}", region) is not None and is_region(account)


def _formats_of(pattern: Arn) -> list[Arn]:
    """The formats of the resources that an ARN pattern may name, of its own service."""
    type_names = types_named(pattern.service, str(pattern))
    kinds = [kind for kind in resource_types(pattern.service) if kind.name in type_names]
    shapes = [parse(format_) for kind in kinds for format_ in kind.arns]
    return [shape for shape in shapes if shape is not None and shape.service == pattern.service]
