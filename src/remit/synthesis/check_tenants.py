"""Check that what calls a function that keeps tenants apart can name the tenant: Lambda refuses all else.

Source: "Tenant isolation" (AWS Lambda Developer Guide): Invoke and API Gateway name one; function URLs, event sources,
provisioned concurrency and SnapStart are not supported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.template.branches import values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.app import Resource

_FUNCTION: Final = "AWS::Lambda::Function"
_PERMISSION: Final = "AWS::Lambda::Permission"
_PUBLISHED: Final = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
_ISOLATION: Final = "TenancyConfig.TenantIsolationMode"
_FUNCTION_AT: Final = {
    "AWS::Lambda::EventSourceMapping": "FunctionName",
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::Lambda::Url": "TargetFunctionArn",
    "AWS::Scheduler::Schedule": "Target.Arn",
    **dict.fromkeys(_PUBLISHED, "FunctionName"),
}
"""The property that names the function that a resource of a type calls or publishes."""


def check_tenants(resources: Sequence[Resource]) -> Iterator[RemitError]:
    """Yield each resource that a function with tenant isolation excludes, at its line."""
    isolated = {
        resource.logical_id: resource.logical_id
        for resource in resources
        if resource.type == _FUNCTION and "PER_TENANT" in values_at(resource.properties, _ISOLATION)
    }
    if not isolated:
        return
    for resource in resources:
        if resource.type in _PUBLISHED and _called_function(resource) in isolated:
            isolated[resource.logical_id] = isolated[_called_function(resource)]
    for resource in resources:
        function = isolated.get(_called_function(resource))
        excluded = _excluded_in_words(resource)
        if function is not None and excluded:
            yield RemitError(
                f"`{function}` keeps tenants apart, which excludes {excluded} (`{resource.logical_id}`)",
                hint="Lambda needs the tenant of each call: let another function take this, and invoke with TenantId",
                origin=resource.origin,
            )


def _called_function(resource: Resource) -> str:
    """The logical id of the function, alias or version that a resource is, calls or publishes; "" if it names none."""
    if resource.type == _FUNCTION:
        return resource.logical_id
    path = _FUNCTION_AT.get(resource.type)
    text = tokens.textual(next(values_at(resource.properties, path), None)) if path else ""
    references = tokens.references(text) if isinstance(text, str) else ()
    return references[0].target or "" if len(references) == 1 else ""


def _excluded_in_words(resource: Resource) -> str:
    """What a resource is or sets that Lambda refuses beside tenants, in words; "" if nothing."""
    if resource.type == _FUNCTION:
        return "SnapStart" if "PublishedVersions" in values_at(resource.properties, "SnapStart.ApplyOn") else ""
    if resource.type in _PUBLISHED:
        return "provisioned concurrency" if resource.properties.get("ProvisionedConcurrencyConfig") else ""
    if resource.type == _PERMISSION:
        principal = str(tokens.textual(resource.properties.get("Principal")))
        return "" if principal == "apigateway.amazonaws.com" else f"calls by {principal}"
    words = {"AWS::Lambda::Url": "a function URL", "AWS::Scheduler::Schedule": "schedules"}
    return words.get(resource.type, "event sources")
