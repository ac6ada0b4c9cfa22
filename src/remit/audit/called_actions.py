"""The IAM actions behind an event of CloudTrail, and the actions that no event tells about.

Sources: the catalogue's operations and the actions that they need; "Logging data events" (AWS CloudTrail User Guide).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from remit.catalogue.actions import action, full_name
from remit.catalogue.operations import operation, operations_of
from remit.iam.pattern import matches

_SUFFIX: Final = ".amazonaws.com"
_DATE: Final = re.compile(r"20\d\d_?\d\d_?\d\d(v\d+)?$")
"""The version that some services write behind an operation's name: `UpdateFunctionCode20150331v2`."""
_CLIENTS: Final = {
    "email": "ses",
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
    "application-autoscaling": "application-autoscaling",
    "elasticmapreduce": "emr",
    "cognito-idp": "cognito-idp",
    "es": "opensearch",
}
"""The names of boto3's clients for services that events call otherwise."""
_DATA_EVENTS: Final = {
    "bedrock": ("bedrock:invoke*", "bedrock:retrieve*", "bedrock:applyguardrail"),
    "cassandra": ("cassandra:select", "cassandra:modify"),
    "cloudwatch": ("cloudwatch:putmetricdata", "cloudwatch:getmetric*"),
    "dynamodb": (
        "dynamodb:batch*item", "dynamodb:conditioncheckitem", "dynamodb:deleteitem", "dynamodb:getitem",
        "dynamodb:getrecords", "dynamodb:getsharditerator", "dynamodb:partiql*", "dynamodb:putitem", "dynamodb:query",
        "dynamodb:scan", "dynamodb:updateitem",
    ),
    "execute-api": ("execute-api:*",),
    "kinesis": ("kinesis:get*", "kinesis:put*", "kinesis:subscribetoshard"),
    "lambda": ("lambda:invoke*",),
    "logs": ("logs:putlogevents", "logs:getlogevents", "logs:filterlogevents"),
    "rds-data": ("rds-data:*",),
    "s3": ("s3:*object*", "s3:abortmultipartupload", "s3:listmultipartuploadparts", "s3:listbucket*"),
    "sns": ("sns:publish",),
    "sqs": ("sqs:*message*",),
    "xray": ("xray:put*",),
}  # fmt: skip
"""The actions, by service, that CloudTrail logs only where a trail is told to log data events."""


@lru_cache(maxsize=65_536)
def actions_of_event(source: str, name: str) -> tuple[str, ...]:
    """The actions that an event may stand for, those that only some parameters need included; empty: not known."""
    service = source.removesuffix(_SUFFIX)
    bare_name = _DATE.sub("", name)
    known = operation(_CLIENTS.get(service, service), bare_name)
    if known is not None and (known.calls or known.free):
        return tuple(dict.fromkeys((*known.actions, *known.perhaps)))
    own = full_name(f"{service}:{bare_name}")
    return () if own is None else (own,)


@lru_cache(maxsize=65_536)
def is_logged(name: str, data_sources: frozenset[str]) -> bool:
    """Tell whether CloudTrail would have logged the use of an action.

    Data events count where some of the service were seen.

    Actions that are no operation of an API (iam:PassRole) are never logged under their own name.
    """
    known = action(name)
    if known is None or known.permission_only or not operations_of(name):
        return False
    folded = name.lower()
    service = folded.partition(":")[0]
    if f"{service}{_SUFFIX}" in data_sources:
        return True
    return not any(matches(pattern, folded) for pattern in _DATA_EVENTS.get(service, ()))
