"""The resources that requests for an action name: ARNs of its resource types, or what the service asks instead.

Actions without resource types are asked on `*`, so that only a statement on `*` allows them; some that list things are
asked on an ARN that stands for all of a kind (`KIND_ARNS`). Services authorise some actions on resources, too, that the
reference of their types does not list (`is_authorised_on`).

Sources: the "Service Authorization Reference" (AWS): "Actions, resources, and condition keys", resource types (*).
Of `KIND_ARNS`, the messages in which the services deny them (AccessDenied: not authorized to perform … on resource …);
of S3, "Controlling access to a bucket with user policies" (Amazon S3 User Guide), which allows it on `arn:aws:s3:::*`.
Of what is not listed, "Lambda resource ARNs in policies" (AWS Lambda Developer Guide: since 2022 a request for
a version or an alias needs its ARN); "IAM policies for using Distributed Map states" (AWS Step Functions Developer
Guide); "Publish" and "Using Amazon SNS with mobile push" (Amazon SNS); "AWS::Serverless transform" (AWS CloudFormation
User Guide); and the ARNs that these services print where they deny. Written down 2026-11.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import ActionTarget, action, full_name, resource_types, service, services, target_names
from remit.catalogue.arns import Arn, fill, matches, parse

KIND_ARNS: Final = {
    "dynamodb:ListTables": "arn:${Partition}:dynamodb:${Region}:${Account}:table/*",
    "iam:ListRoles": "arn:${Partition}:iam::${Account}:role/",
    "iam:ListUsers": "arn:${Partition}:iam::${Account}:user/",
    "logs:DeleteResourcePolicy": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeExportTasks": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeLogGroups": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:DescribeResourcePolicies": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "logs:PutResourcePolicy": "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
    "s3:ListAllMyBuckets": "arn:${Partition}:s3:::*",
    "states:ListStateMachines": "arn:${Partition}:states:${Region}:${Account}:stateMachine:*",
}
"""The ARN on which services authorise an action on all of a kind, where the reference names no type.

A pattern of an ARN may match it: `log-group:*` does, a group's own ARN does not.
"""
_LISTINGS: Final = {name.lower(): format_ for name, format_ in KIND_ARNS.items()}
_ACTIONS: Final = 32_768
"""More than there are: a search through all of them finds each again."""
_USUAL: Final = ("object", "bucket", "instance", "table", "function", "queue", "topic", "role", "key", "log-group")
_QUALIFIED: Final = (
    "AddPermission", "CreateFunctionUrlConfig", "DeleteAlias", "DeleteFunction", "DeleteFunctionEventInvokeConfig",
    "DeleteFunctionUrlConfig", "DisableReplication", "EnableReplication", "GetAlias", "GetFunction",
    "GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetFunctionScalingConfig", "GetFunctionUrlConfig",
    "GetPolicy", "GetRuntimeManagementConfig", "InvokeAsync", "InvokeFunction", "InvokeFunctionUrl",
    "ListDurableExecutionsByFunction", "ListFunctionEventInvokeConfigs", "PutFunctionEventInvokeConfig",
    "PutFunctionScalingConfig", "PutRuntimeManagementConfig", "RemovePermission", "UpdateAlias",
    "UpdateFunctionEventInvokeConfig", "UpdateFunctionUrlConfig",
)  # fmt: skip
"""What takes a version or an alias of a function."""
_ENDPOINT: Final = ("DeleteEndpoint", "GetEndpointAttributes", "Publish", "SetEndpointAttributes")
_APPLICATION: Final = (
    "CreatePlatformEndpoint", "DeletePlatformApplication", "GetPlatformApplicationAttributes",
    "ListEndpointsByPlatformApplication", "SetPlatformApplicationAttributes",
)  # fmt: skip

_LATE: Final = re.compile(r"\$\{[^{}]*\}")
_UNLISTED: Final = {
    f"{prefix}:{name}": re.compile(resource)
    for prefix, names, resource in (
        ("lambda", _QUALIFIED, r".*:function:[^:/]+:[^:/]+"),
        ("states", ("DescribeExecution", "RedriveExecution", "StopExecution"), r".*:execution:[^:/]+/[^:/]+:.+"),
        ("sns", _ENDPOINT, r"arn:[^:]*:sns:[^:]*:[^:]*:endpoint/.+"),
        ("sns", _APPLICATION, r"arn:[^:]*:sns:[^:]*:[^:]*:app/.+"),
        ("cloudformation", ("CreateChangeSet",), r".*:aws:transform/.*"),
    )
    for name in names
}
AUTHORISED_ACTIONS: Final = frozenset(_UNLISTED)
"""The actions that are authorised on such resources."""


def is_authorised_on(name: str, resource: str) -> bool:
    """Return whether an action, by its full name, is authorised on a resource beside those of its listed types."""
    pattern = _UNLISTED.get(name)
    return pattern is not None and pattern.fullmatch(_LATE.sub("*", resource)) is not None


@lru_cache(maxsize=_ACTIONS)
def is_without_resources(name: str) -> bool:
    """Return whether the catalogue has an action (in lower case), and no resource type for it."""
    return full_name(name) is not None and not target_names(name)


def resource_without_type(name: str, resource: str) -> str:
    """Return the resource on which IAM is asked for an action (in lower case) that has no resource types.

    It is `*`, or the action's ARN of `KIND_ARNS`, in the region and account of `resource`; a `*` in that is a letter.
    """
    listing = _LISTINGS.get(name)
    arn = None if listing is None else parse(resource)
    if listing is None or arn is None:
        return "*"
    return fill(listing, {"Partition": arn.partition, "Region": arn.region, "Account": arn.account})


@lru_cache(maxsize=_ACTIONS)
def resources_asked(name: str) -> int:
    """A number for the resources that requests for an action of the catalogue name: equal where these are the same.

    Numbers are given in the order of the questions, so that they differ from run to run.
    """
    folded = name.lower()
    own = name if name in AUTHORISED_ACTIONS else ""
    asked = folded.partition(":")[0], _formats(name), is_without_resources(folded), own
    return _NUMBERS.setdefault(asked, len(_NUMBERS))


_NUMBERS: Final[dict[tuple[object, ...], int]] = {}
"""The numbers that `resources_asked` has given, by what decides them."""


def services_taking(arn_service: str) -> frozenset[str]:
    """Return the services with actions on ARNs of a service: EBS and Systems Manager on those of EC2."""
    by_service = _services_by_arn_service()
    return by_service.get(arn_service, frozenset()) | by_service["*"]


@cache
def _services_by_arn_service() -> dict[str, frozenset[str]]:
    """Index by the third part of ARNs; `*` for formats that leave it open, as those of recovery points do."""
    prefixes: dict[str, set[str]] = {"*": set()}
    formats = [(prefix, format_) for prefix in services() for kind in resource_types(prefix) for format_ in kind.arns]
    for prefix, format_ in formats:
        arn_service = format_.split(":")[2]
        prefixes.setdefault("*" if "$" in arn_service else arn_service, set()).add(prefix)
    return {arn_service: frozenset(of_service) for arn_service, of_service in prefixes.items()}


@lru_cache(maxsize=_ACTIONS)
def resource_formats(name: str) -> tuple[str, ...]:
    """The ARNs that an action of the catalogue takes, each part that may be anything as `*`; the usual ones first."""
    return tuple(dict.fromkeys(fill(format_, {}) for format_ in _formats(name)))


@lru_cache(maxsize=_ACTIONS)
def _formats(name: str) -> tuple[str, ...]:
    """The formats of the ARNs that an action is asked on, as the catalogue has them, the usual ones first."""
    listing = _LISTINGS.get(name.lower())
    if listing is not None:
        return (listing,)
    known_action = action(name)
    if known_action is None:
        return ()
    return tuple(format_ for target in sorted(known_action.targets, key=_oddity) for format_ in target.type.arns)


def _oddity(target: ActionTarget) -> tuple[bool, int]:
    """The place of a type in the order of an action's: required ones first, then those that functions use most."""
    usual = _USUAL.index(target.type.name) if target.type.name in _USUAL else len(_USUAL)
    return not target.required, usual


@lru_cache(maxsize=16384)
def takes(name: str, resource: str) -> bool:
    """Return whether an action of the catalogue may be asked on an ARN, or on some ARN that this pattern matches.

    True for any ARN where the action is asked on all of a kind (`KIND_ARNS`); False for what is no ARN, as `*`.
    """
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
