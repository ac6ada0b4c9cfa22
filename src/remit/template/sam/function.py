"""AWS::Serverless::Function: the function, its role, its version and alias, its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from remit.template.branches import NO_VALUE, Choice, choice
from remit.template.sam.deployments import alias_attributes
from remit.template.sam.events import EventTarget, function_event, target_of
from remit.template.sam.resources import MadeResource, SamResource, arn_of, code_in_s3, given, tags
from remit.template.sam.role import destinations, is_traced, role

_KEPT: Final = (
    "Architectures", "CodeSigningConfigArn", "Description", "DurableConfig", "Environment", "EphemeralStorage",
    "FileSystemConfigs", "FunctionName", "FunctionScalingConfig", "Handler", "ImageConfig", "KmsKeyArn", "Layers",
    "LoggingConfig", "MemorySize", "PackageType", "PublishToLatestPublished", "RecursiveLoop",
    "ReservedConcurrentExecutions", "Runtime", "RuntimeManagementConfig", "SnapStart", "TenancyConfig", "Timeout",
    "VpcConfig",
)  # fmt: skip
_OF_CAPACITY: Final = ("ExecutionEnvironmentMemoryGiBPerVCpu", "PerExecutionEnvironmentMaxConcurrency")


def function(declared: SamResource) -> Iterator[MadeResource]:
    """Yield everything that the function becomes: itself, its role, version, alias, URL, and what its events make.

    RemitError: a policy that is none, an event without a type.
    """
    own_role = _own_role(declared)
    sam_role = role(declared, "lambda.amazonaws.com")
    yield MadeResource(declared.logical_id, "AWS::Lambda::Function", _properties(declared, own_role))
    chosen = choice(own_role)
    if own_role is None:
        yield sam_role
    elif chosen is not None and arn_of(sam_role.logical_id) in chosen.values:
        is_sams = chosen.values[0] == arn_of(sam_role.logical_id)
        yield replace(sam_role, attributes={"Condition": chosen.condition if is_sams else opposite(chosen.condition)})
    alias = declared.properties.get("AutoPublishAlias")
    target = target_of(declared)
    if alias:
        yield from _published(declared, alias, target.logical_id)
    yield from _url(declared, target)
    yield from _invoked(declared, alias)
    for event in declared.events():
        yield from function_event(event, target)


def opposite(condition: str) -> str:
    """The name of the condition that SAM adds: that another does not hold."""
    return f"NOT{condition}"


def _own_role(declared: SamResource) -> Any:
    """The role that the function brings: None for none, a choice when a condition decides between its own and SAM's."""
    given_role = declared.properties.get("Role")
    chosen = choice(given_role)
    if chosen is None or NO_VALUE not in chosen.values:
        return None if given_role == NO_VALUE else given_role
    role_if_true, role_if_false = (
        arn_of(f"{declared.logical_id}Role") if branch_role == NO_VALUE else branch_role
        for branch_role in chosen.values
    )
    return None if role_if_true == role_if_false else Choice(chosen.condition, (role_if_true, role_if_false)).written()


def _properties(declared: SamResource, own_role: Any) -> dict[str, Any]:
    """The properties of the Lambda function that SAM makes, with the role of its own unless it has another."""
    properties = declared.properties
    letters = declared.mapping("DeadLetterQueue").get("TargetArn")
    capacity = given(declared.mapping("CapacityProviderConfig"), *_OF_CAPACITY, CapacityProviderArn="Arn")
    return {
        **given(properties, *_KEPT),
        "Code": {**_code(properties), **given(properties, "SourceKMSKeyArn")},
        "Role": arn_of(f"{declared.logical_id}Role") if own_role is None else own_role,
        **({"TracingConfig": {"Mode": properties["Tracing"]}} if is_traced(properties) else {}),
        **({"DeadLetterConfig": {"TargetArn": letters}} if letters is not None else {}),
        **({"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": capacity}} if capacity else {}),
        "Tags": tags(properties, "lambda:createdBy"),
    }


def _code(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The code of a function: inline, else an image, else in S3."""
    if properties.get("InlineCode") is not None:
        return {"ZipFile": properties["InlineCode"]}
    if properties.get("ImageUri") is not None:
        return {"ImageUri": properties["ImageUri"]}
    return code_in_s3(properties.get("CodeUri"))


def _published(declared: SamResource, alias: Any, alias_id: str) -> tuple[MadeResource, MadeResource]:
    """The version and the alias; a version's logical id ends with a hash, which is left out."""
    name = {"Ref": declared.logical_id}
    version = f"{declared.logical_id}Version"
    of_version = {"FunctionName": name, **given(declared.properties, "FunctionScalingConfig")}
    properties = {
        "Name": alias,
        "FunctionName": name,
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        **given(declared.properties, "ProvisionedConcurrencyConfig"),
    }
    return (
        MadeResource(version, "AWS::Lambda::Version", of_version, declared.at("AutoPublishAlias")),
        MadeResource(
            alias_id,
            "AWS::Lambda::Alias",
            properties,
            declared.at("AutoPublishAlias"),
            attributes=alias_attributes(declared),
        ),
    )


def _url(declared: SamResource, target: EventTarget) -> Iterator[MadeResource]:
    """Yield a function's URL, if it has one, and for an open URL the two permissions for everyone."""
    config = declared.mapping("FunctionUrlConfig")
    if not config:
        return
    path = declared.at("FunctionUrlConfig")
    properties = {**given(config, "AuthType", "Cors", "InvokeMode"), "TargetFunctionArn": target.name}
    yield MadeResource(f"{declared.logical_id}Url", "AWS::Lambda::Url", properties, path)
    # Lambda asks for both actions of whoever calls a URL.
    if config.get("AuthType") == "NONE":
        for name, action, limit in (
            ("UrlPublicPermissions", "InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
            ("URLInvokeAllowPublicAccess", "InvokeFunction", {"InvokedViaFunctionUrl": True}),
        ):
            anyone = {"Action": f"lambda:{action}", "FunctionName": target.name, "Principal": "*", **limit}
            yield MadeResource(f"{declared.logical_id}{name}", "AWS::Lambda::Permission", anyone, path)


def _invoked(declared: SamResource, alias: Any) -> Iterator[MadeResource]:
    """Yield the settings for asynchronous calls, with the queue or topic that SAM makes for results."""
    config = declared.mapping("EventInvokeConfig")
    if not config:
        return
    path = declared.at("EventInvokeConfig")
    sent: dict[str, Any] = {}
    for name, at, kind, target in destinations(declared):
        target_type = {"SQS": "Queue", "SNS": "Topic"}.get(kind)
        if target_type is not None and f"{name}{target_type}" in str(target):
            yield MadeResource(f"{name}{target_type}", f"AWS::{kind}::{target_type}", {}, at)
        sent[str(at[-1])] = {"Destination": target}
    properties = {
        "FunctionName": {"Ref": declared.logical_id},
        "Qualifier": alias or "$LATEST",
        **given(config, "MaximumEventAgeInSeconds", "MaximumRetryAttempts"),
        **({"DestinationConfig": sent} if sent else {}),
    }
    yield MadeResource(f"{declared.logical_id}EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", properties, path)
