"""How IAM knows a resource: as which of its kinds (its resource types), and how it spells their ARNs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.types import resource_type
from remit.deployer.planned_stack import filled, is_qualified, is_specific

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Resource
    from remit.catalogue.actions import IamResourceType

IDENTITIES: Final = frozenset({
    "ec2:role", "iam:group", "iam:policy", "iam:role", "iam:user", "sts:role", "sts:root-user", "sts:user",
})  # fmt: skip
"""Kinds that nobody gets by a wildcard: only those that the template names."""
_SERVICES: Final = {
    "AmazonMQ": "mq",
    "CertificateManager": "acm",
    "Cognito": "cognitoidp",
    "EFS": "elasticfilesystem",
    "EMR": "elasticmapreduce",
    "Elasticsearch": "es",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "KinesisAnalyticsV2": "kinesisanalytics",
    "KinesisFirehose": "firehose",
    "MSK": "kafka",
    "MWAA": "airflow",
    "OpenSearchServerless": "aoss",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
"""Services that types call otherwise than IAM does."""


def own_kinds(resource: Resource, kinds: Iterable[IamResourceType]) -> frozenset[str]:
    """The names of the kinds (`s3:bucket`) that IAM knows a resource's type as, main kind and parts.

    They are those of its row in the catalogue, else those of `kinds` that the type is named like; none for versions and
    aliases of functions, and where nothing is alike.
    """
    if is_qualified(resource.type):
        return frozenset()
    row = resource_type(resource.type)
    if row is not None and row.iam:
        return frozenset(row.iam)
    _, _, service_and_name = resource.type.partition("::")  # both are empty where a text is no type
    service, _, name = service_and_name.partition("::")
    last = folded(name)
    alike = [kind for kind in kinds if last.endswith(folded(kind.name))]
    if not alike or folded(alike[0].service) != _SERVICES.get(service, service.lower()):
        return frozenset()
    return frozenset(kind.full_name for kind in alike)


def arns_of_kind(kind: IamResourceType, values: Mapping[str, str]) -> Iterator[str]:
    """One ARN for each format of a kind, with some of the variables filled; the others are wildcards."""
    return (filled(format_, values) for format_ in kind.arns)


def spelled(kind: IamResourceType, arns: Iterable[str]) -> Iterator[str]:
    """The ARNs as IAM asks for them: a log group's with and without `:*` ("CloudWatch Logs resources", user guide).

    Connections and destinations of EventBridge have an id that its formats do not tell of.

    A role, user, group or policy of whose name nothing is known is left out: such a pattern would fit every other.
    """
    for arn in arns:
        if kind.full_name in IDENTITIES and not is_specific(arn):
            continue
        yield arn
        if kind.full_name == "logs:log-group":
            yield f"{arn}:*"
        if kind.full_name in ("events:api-destination", "events:connection") and not arn.endswith("/*"):
            yield f"{arn}/*"


def folded(text: str) -> str:
    """A name in small letters and digits alone, as names are compared that services spell differently."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
