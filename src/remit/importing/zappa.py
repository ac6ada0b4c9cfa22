"""A zappa_settings.json in SAM's words: one function that serves a WSGI app, and functions that run by the clock.

Source: "Advanced Settings" (Zappa's README).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.importing.app_model import Left, SourceTemplate, value_at_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.documents.json_text import Locate

_NO_MATTER: Final = frozenset({
    "apigateway_description", "apigateway_enabled", "app_function", "aws_region", "cache_cluster_enabled",
    "cloudwatch_data_trace", "cloudwatch_log_level", "cloudwatch_metrics_enabled", "debug", "delete_local_zip",
    "delete_s3_zip", "django_settings",
    "environment_variables", "events", "exclude", "exclude_glob", "extends", "keep_warm", "keep_warm_expression",
    "lambda_description", "num_retained_versions",
    "log_level", "payload_compression",
    "payload_minimum_compression_size", "manage_roles", "profile_name", "project_name", "regex_excludes", "runtime",
    "s3_bucket", "slim_handler", "touch", "use_precompiled_packages", "aws_environment_variables", "environment",
})  # fmt: skip
"""Settings that are read here, or that remit decides by itself: its bucket, its packages, its logs."""
_SETTINGS: Final = {
    "architecture": "Architectures", "dead_letter_arn": "DeadLetterQueue.TargetArn", "ephemeral_storage":
    "EphemeralStorage", "lambda_concurrency":
    "ReservedConcurrentExecutions", "layers": "Layers", "memory_size": "MemorySize", "role_arn": "Role", "tags": "Tags",
    "timeout_seconds": "Timeout", "vpc_config": "VpcConfig", "xray_tracing": "Tracing",
}  # fmt: skip
_OF_API: Final = {
    "binary_support": None,
    "certificate_arn": "Domain.CertificateArn",
    "domain": "Domain.DomainName",
    "cors": "Cors",
}
_API: Final = "Api"


def zappa_template(  # noqa: C901, PLR0912 - one setting after the other
    settings: Any, file: str, locate: Locate, folder: Path
) -> SourceTemplate:
    """The template of a stage: of `dev`, else of the first. RemitError: no stage has an app."""
    stages = (
        {name: value for name, value in settings.items() if isinstance(value, dict)}
        if isinstance(settings, dict)
        else {}
    )
    if not stages:
        raise RemitError(f"{file} has no stage", hint='such as {"dev": {"app_function": "app.app"}}', origin=locate(()))
    stage = "dev" if "dev" in stages else next(iter(stages))
    chosen = {**stages.get(str(stages[stage].get("extends")), {}), **stages[stage]}
    target = chosen.get("app_function") or (
        f"{chosen['django_settings'].rpartition('.')[0]}.wsgi.application" if "django_settings" in chosen else ""
    )
    if not isinstance(target, str) or "." not in target:
        raise RemitError(
            f"stage {stage} names no app", hint="`app_function` or `django_settings` does", origin=locate((stage,))
        )
    name = re.sub(r"[^a-z0-9]+", "-", str(chosen.get("project_name") or folder.resolve().name).lower()).strip("-")
    function: dict[str, Any] = {
        "WebTarget": ":".join(target.rsplit(".", 1)),
        "CodeUri": ".",
        "FunctionName": f"{name}-{stage}",
        "Runtime": chosen.get("runtime", "python3.13"),
        "Timeout": 30,
        "MemorySize": 512,
        "Events": {"Api": {"Type": "Api", "Properties": {"Path": "/", "Method": "ANY"}},
                   "ApiProxy": {"Type": "Api", "Properties": {"Path": "/{proxy+}", "Method": "ANY"}}},
    }  # fmt: skip
    for key, property_name in _SETTINGS.items():
        if chosen.get(key) is not None:
            head, _, below = property_name.partition(".")
            value = {"architecture": [chosen[key]], "xray_tracing": "Active"}.get(key, chosen[key])
            function[head] = (
                {below: value} if below else {"Size": value["Size"]} if key == "ephemeral_storage" else value
            )
    variables = {**(chosen.get("aws_environment_variables") or {}), **(chosen.get("environment_variables") or {})}
    if variables:
        function["Environment"] = {"Variables": {key: str(value) for key, value in variables.items()}}
    if chosen.get("extra_permissions"):
        function["Policies"] = [{"Statement": chosen["extra_permissions"]}]
    api: dict[str, Any] = {"StageName": stage, "EndpointConfiguration": "EDGE"}
    if chosen.get("payload_compression", True):
        api["MinimumCompressionSize"] = chosen.get("payload_minimum_compression_size") or 0
    if chosen.get("binary_support", True):
        api["BinaryMediaTypes"] = ["*/*"]
    for event in function["Events"].values():
        event["Properties"]["RestApiId"] = {"Ref": _API}
        if chosen.get("api_key_required"):
            event["Properties"]["Auth"] = {"ApiKeyRequired": True}
        elif chosen.get("iam_authorization"):
            event["Properties"]["Auth"] = {"Authorizer": "AWS_IAM"}
    left = [
        Left(f"{key} of stage {stage}", "no setting of remit's stands for it", locate((stage, key)))
        for key in chosen
        if key not in _NO_MATTER
        and chosen[key] not in (None, False, "", [])
        and key not in _SETTINGS
        and key not in (*_OF_API, "extra_permissions", "api_key_required", "iam_authorization")
    ]
    if chosen.get("domain") and chosen.get("certificate_arn"):
        api["Domain"] = {"DomainName": chosen["domain"], "CertificateArn": chosen["certificate_arn"]}
    if chosen.get("cors"):
        api["Cors"] = "'*'"
    resources = {_API: {"Type": "AWS::Serverless::Api", "Properties": api}}
    resources["WebFunction"] = {"Type": "AWS::Serverless::Function", "Properties": function}
    resources |= _by_the_clock(chosen, function)
    return SourceTemplate(
        name[:40] or "app", file, folder, {"Resources": resources}, lambda _: locate((stage,)), tuple(left), len(chosen)
    )


def _by_the_clock(chosen: Mapping[str, Any], web: Mapping[str, Any]) -> dict[str, Any]:
    """A function for each that `events` names; what keeps a function warm is not needed."""
    resources: dict[str, Any] = {}
    for event in chosen.get("events") or ():
        handler = str(event.get("function", ""))
        expressions = event.get("expressions") or event.get("expression")
        events = {
            f"Schedule{index}": {"Type": "Schedule", "Properties": {"Schedule": expression}}
            for index, expression in enumerate(expressions if isinstance(expressions, list) else [expressions])
        }
        shared = {key: value for key, value in web.items() if key not in ("WebTarget", "Events", "FunctionName")}
        logical_id = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", handler)) + "Function"
        resources[logical_id] = {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                **shared,
                "Handler": handler,
                "Events": events if value_at_path(event, "event_source") is None else {},
            },
        }
    return resources
