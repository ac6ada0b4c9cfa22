"""A function's versions and alias, and what becomes of the events that it is called with asynchronously.

Sources: "Manage Lambda function versions", "Create an alias for a Lambda function", "Capturing records of Lambda
asynchronous invocations" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from remit.app import Function, Resource
from remit.resources.names import digest

_KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
_DIGITS: Final = 10


def publication_resources(function: Function, properties: Mapping[str, Any]) -> Iterator[Resource]:
    """The version and the alias of a function that is published, and its asynchronous configuration, if it has one.

    A version is never changed: its logical id carries the hash of the function's `properties`, code and settings, so
    that a change of either publishes another. Older ones stay, for executions that run and for going back, until the
    function goes.
    """
    name = f"${{{function.resource_id}}}"
    if function.publication is not None:
        version = f"{function.logical_id}Version{digest(json.dumps(properties, sort_keys=True), digits=_DIGITS)}"
        yield Resource(version, "AWS::Lambda::Version", {"FunctionName": name}, _KEPT, origin=function.origin)
        alias: dict[str, Any] = {
            "FunctionName": name,
            "FunctionVersion": f"${{{version}.Version}}",
            "Name": function.publication.alias,
        }
        if function.publication.provisioned_concurrency is not None:
            instances = function.publication.provisioned_concurrency
            alias["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": instances}
        yield Resource(f"{function.logical_id}Alias", "AWS::Lambda::Alias", alias, origin=function.origin)
    if function.event_invoke:
        qualifier = "$LATEST" if function.publication is None else function.publication.alias
        yield Resource(
            f"{function.logical_id}EventInvokeConfig",
            "AWS::Lambda::EventInvokeConfig",
            {"FunctionName": name, "Qualifier": qualifier, **function.event_invoke},
            {} if function.publication is None else {"DependsOn": [f"{function.logical_id}Alias"]},
            origin=function.origin,
        )
