"""A zappa_settings.json in SAM's words: one function that serves a WSGI app, and functions that run by the clock.

Source: "Advanced Settings" (Zappa's README).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.importing.app_model import Left, SourceTemplate, app_name, listed, placed
from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from pathlib import Path

    from remit.documents.json_text import Locate

_NO_MATTER: Final = frozenset({
    "api_key_required", "apigateway_description", "apigateway_enabled", "app_function", "aws_environment_variables",
    "aws_region", "binary_support", "cache_cluster_size", "cache_cluster_ttl", "cloudwatch_data_trace",
    "cloudwatch_log_level", "cloudwatch_metrics_enabled", "debug", "delete_local_zip", "delete_s3_zip",
    "django_settings", "environment", "environment_variables", "events", "exclude", "exclude_glob", "extends",
    "iam_authorization", "keep_warm", "keep_warm_expression", "lambda_description", "log_level", "manage_roles",
    "num_retained_versions", "payload_compression", "payload_minimum_compression_size", "profile_name", "project_name",
    "regex_excludes", "s3_bucket", "slim_handler", "touch", "use_precompiled_packages",
})  # fmt: skip
"""Settings that are read here, or that remit decides by itself: its bucket, its packages, its logs."""
_SETTINGS: Final = {
    "architecture": "Architectures", "dead_letter_arn": "DeadLetterQueue.TargetArn",
    "ephemeral_storage": "EphemeralStorage", "extra_permissions": "Policies",
    "lambda_concurrency": "ReservedConcurrentExecutions", "layers": "Layers", "memory_size": "MemorySize",
    "role_arn": "Role", "runtime": "Runtime", "tags": "Tags", "timeout_seconds": "Timeout", "vpc_config": "VpcConfig",
    "xray_tracing": "Tracing",
}  # fmt: skip
"""SAM's properties, by the settings of the function."""
_OF_API: Final = {"certificate_arn": "Domain.CertificateArn", "cors": "Cors", "domain": "Domain.DomainName"}
_CONVERSIONS: Final = {
    "architecture": lambda value: [value],
    "cors": lambda _: "'*'",
    "extra_permissions": lambda value: [{"Statement": value}],
    "xray_tracing": lambda is_on: "Active" if is_on else "PassThrough",
}
_DEFAULTS: Final = {"memory_size": 512, "runtime": "python3.13", "timeout_seconds": 30}


def zappa_template(settings: Any, file: str, locate: Locate, folder: Path) -> SourceTemplate:
    """The template of a stage: of `dev`, else of the first; settings that remit has no form for are in its `left`.

    RemitError (2): there is no stage, or this one names no app.
    """
    stages = {name: value for name, value in section(settings).items() if isinstance(value, dict)}
    if not stages:
        raise RemitError(f"{file} has no stage", hint='such as {"dev": {"app_function": "app.app"}}', origin=locate(()))
    stage = "dev" if "dev" in stages else next(iter(stages))
    chosen, above = stages[stage], stages[stage].get("extends")
    for _ in stages:  # the stage that one extends may extend another
        chosen = {**section(stages, str(above)), **chosen}
        above = section(stages, str(above)).get("extends")
    target = chosen.get("app_function")
    if target is None and "django_settings" in chosen:
        package = re.split(r"\.settings\b|\.\w+$", str(chosen["django_settings"]))[0]  # `shop.settings.dev`, too
        target = f"{package}.wsgi.application"
    if not isinstance(target, str) or "." not in target:
        hint = "`app_function` or `django_settings` does"
        raise RemitError(f"stage {stage} names no app", hint=hint, origin=locate((stage,)))
    name = app_name(chosen.get("project_name") or folder.resolve().name)
    variables = {**section(chosen, "aws_environment_variables"), **section(chosen, "environment_variables")}
    shared = {"CodeUri": ".", **placed({**_DEFAULTS, **chosen}, _SETTINGS, _CONVERSIONS)}
    if variables:
        shared["Environment"] = {"Variables": {key: str(value) for key, value in variables.items()}}
    auth: dict[str, Any] = {"ApiKeyRequired": True} if chosen.get("api_key_required") else {}
    auth |= {"Authorizer": "AWS_IAM"} if chosen.get("iam_authorization") else {}
    is_private = "PRIVATE" in listed(chosen.get("endpoint_configuration"))
    # Without what keeps people out, which is left, its routes would be open to everyone.
    is_closed = any(map(chosen.get, ("apigateway_policy", "authorizer"))) or is_private
    has_routes = not is_closed and chosen.get("apigateway_enabled", True)
    routes = {
        key: {"Type": "Api", "Properties": {"Path": path, "Method": "ANY", "RestApiId": {"Ref": "Api"}, "Auth": auth}}
        for key, path in (("Api", "/"), ("ApiProxy", "/{proxy+}"))
        if has_routes
    }
    api = {"StageName": stage, "EndpointConfiguration": "EDGE", **placed(chosen, _OF_API, _CONVERSIONS)}
    if chosen.get("payload_compression", True):
        api["MinimumCompressionSize"] = chosen.get("payload_minimum_compression_size") or 0
    if chosen.get("binary_support", True):
        api["BinaryMediaTypes"] = ["*/*"]
    web = {"WebTarget": ":".join(target.rsplit(".", 1)), "FunctionName": f"{name}-{stage}", "Events": routes}
    resources = {
        "Api": {"Type": "AWS::Serverless::Api", "Properties": api},
        "WebFunction": {"Type": "AWS::Serverless::Function", "Properties": {**web, **shared}},
    }
    left = [
        Left(f"{key} of stage {stage}", "no setting of remit's stands for it", locate((stage, key)))
        for key, value in chosen.items()
        if key not in _NO_MATTER and key not in _SETTINGS and key not in _OF_API and value not in (None, False, "", [])
    ]
    for event in mappings(chosen.get("events")):
        handler = str(event.get("function", ""))
        if "event_source" in event:
            because = "it has another source than the clock"
            left.append(Left(f"event of {handler}", because, locate((stage, "events"))))
        schedules = {
            f"Schedule{index}": {"Type": "Schedule", "Properties": {"Schedule": expression}}
            for index, expression in enumerate(listed(event.get("expressions") or event.get("expression")))
        }
        logical_id = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", handler)) + "Function"
        properties = {"Handler": handler, "Events": schedules, **shared}
        resources[logical_id] = {"Type": "AWS::Serverless::Function", "Properties": properties}
    template = {"Resources": resources}
    return SourceTemplate(name, file, folder, template, lambda _: locate((stage,)), tuple(left), len(chosen))
