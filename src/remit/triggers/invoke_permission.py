"""Permission for AWS's services to invoke a function: statements of the function's own resource policy."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from remit.app import Function, Resource
from remit.catalogue.quotas import quota
from remit.iam import tokens

PERMISSION: Final = "AWS::Lambda::Permission"
_HERE: Final = f"{tokens.REGION}:{tokens.ACCOUNT}"
_EVERYTHING: Final = {
    "cognito-idp.amazonaws.com": f"arn:{tokens.PARTITION}:cognito-idp:{_HERE}:userpool/*",
    "events.amazonaws.com": f"arn:{tokens.PARTITION}:events:{_HERE}:rule/*",
    "iot.amazonaws.com": f"arn:{tokens.PARTITION}:iot:{_HERE}:rule/*",
    "logs.amazonaws.com": f"arn:{tokens.PARTITION}:logs:{_HERE}:log-group:*",
    "s3.amazonaws.com": f"arn:{tokens.PARTITION}:s3:::*",
    "sns.amazonaws.com": f"arn:{tokens.PARTITION}:sns:{_HERE}:*",
}
"""The services that call functions, and the ARN of all that they call for in this account and region."""
_SENDS_NO_ACCOUNT: Final = frozenset({"apigateway.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"})
"""The services that are not documented to send `aws:SourceAccount` to Lambda: with a condition on it, none gets in.

The ARNs of rules, topics and APIs have the account in them, so that SourceArn alone says as much. "Troubleshooting" of
rules ("My rule was triggered but my Lambda function was not invoked", Amazon CloudWatch Events User Guide) has a
permission without it, and so have "Fanout to Lambda functions" (Amazon SNS), and those of SAM and the console. The
others document the condition: "Granting permissions to publish event notification messages" (S3), "Subscription
filters" (CloudWatch Logs), "Lambda" (AWS IoT rule actions), "Lambda triggers" (Cognito).
"""
_STATEMENT: Final = 250
"""Bytes of a statement of the policy that are the same in each: its keys, the action, the function's ARN's shape."""
_REFERENCE: Final = 120
"""Bytes that a reference becomes at most in an ARN: the name of a stack's resource."""
_FILLED: Final = 0.9
"""How much of the policy's room may be taken by what was estimated."""


def permission(function: Function, logical_id: str, principal: str, source_arn: str) -> Resource:
    """Let a service invoke a function for one resource of this account, and for no other.

    The account stands in a condition, too, where the service sends it: an S3 bucket's ARN has none, and a bucket that
    was deleted may be somebody else's later ("Using resource-based policies for Lambda").
    """
    account = {} if principal in _SENDS_NO_ACCOUNT else {"SourceAccount": tokens.ACCOUNT}
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": function.ref,
        "Principal": principal,
        **account,
        "SourceArn": source_arn,
    }
    return Resource(logical_id, PERMISSION, properties, origin=function.origin)


def fitted_permissions(resources: Sequence[Resource]) -> list[Resource]:
    """The resources with the permissions of a function merged where its policy would not hold them all.

    Lambda takes 20,480 bytes of policy for a function. Beyond that, a service gets one permission for everything of its
    kind in this account and region, in the place of one per source; what depends on the merged ones depends on it.
    """
    room = quota("lambda.function.policy").most * _FILLED
    by_function: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.type == PERMISSION:
            by_function[str(resource.properties.get("FunctionName"))].append(resource)
    merged_into: dict[str, Resource] = {}
    for permissions in by_function.values():
        size = 0
        for resource in permissions:
            references = tokens.references(str(resource.properties.get("SourceArn", "")))
            size += _STATEMENT + len(json.dumps(dict(resource.properties))) + _REFERENCE * len(references)
        if size > room:
            merged_into |= _merged(permissions)
    fitted: dict[str, Resource] = {}
    for resource in resources:
        merged = merged_into.get(resource.logical_id, resource)
        depends: Any = merged.attributes.get("DependsOn")
        if merged_into and isinstance(depends, list):
            names = [merged_into[name].logical_id if name in merged_into else name for name in depends]
            merged = replace(merged, attributes={**merged.attributes, "DependsOn": list(dict.fromkeys(names))})
        fitted.setdefault(merged.logical_id, merged)
    return list(fitted.values())


def _merged(permissions: Iterable[Resource]) -> dict[str, Resource]:
    """By logical id, the one permission that stands for several of a service in a function's policy.

    It is the first of them, for everything of the service in this account and region. A permission for a source
    elsewhere, of a service without such an ARN, or the only one of its service stays, and is left out here.
    """
    by_principal: dict[str, list[Resource]] = defaultdict(list)
    for resource in permissions:
        principal = str(resource.properties.get("Principal"))
        arn = str(resource.properties.get("SourceArn", ""))
        # A source in the account and region of the stack: its own, or told by name. Buckets have neither.
        is_here = arn.startswith("${") or _HERE in arn or ":s3:::" in arn
        if principal in _EVERYTHING and is_here:
            by_principal[principal].append(resource)
    merged_into: dict[str, Resource] = {}
    for principal, same in by_principal.items():
        if len(same) > 1:
            merged = replace(same[0], properties={**same[0].properties, "SourceArn": _EVERYTHING[principal]})
            merged_into |= {resource.logical_id: merged for resource in same}
    return merged_into
