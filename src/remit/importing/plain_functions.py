"""Functions of plain CloudFormation in SAM's words, so that both are read alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.importing.app_model import value_at_path
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Mapping

_FUNCTION: Final = "AWS::Lambda::Function"
_OTHER_WORDS: Final = ("Code", "DeadLetterConfig", "Tags", "TracingConfig")


_OF_CDK: Final = {"Parameters": "BootstrapVersion", "Conditions": "CDKMetadataAvailable", "Resources": "CDKMetadata"}
"""What CDK adds to each template for itself alone."""


def with_functions_of_sam(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with each AWS::Lambda::Function as an AWS::Serverless::Function; what they become is the same."""
    resources = {
        name: _of_sam(resource) if isinstance(resource, dict) and resource.get("Type") == _FUNCTION else resource
        for name, resource in section(template, "Resources").items()
    }
    without = {
        part: {key: item for key, item in section(template, part).items() if key != name}
        for part, name in _OF_CDK.items()
        if part in template
    }
    return {**template, **without, "Resources": {name: resources[name] for name in without["Resources"]}}


def _of_sam(resource: Mapping[str, Any]) -> dict[str, Any]:
    properties = section(resource, "Properties")
    kept = {name: value for name, value in properties.items() if name not in _OTHER_WORDS}
    # CDK notes where it has put the code, beside the template.
    code = section(resource, "Metadata").get("aws:asset:path") or properties.get("Code")
    location = {"Bucket": value_at_path(code, "S3Bucket"), "Key": value_at_path(code, "S3Key")}
    renamed = {
        "InlineCode": value_at_path(code, "ZipFile"),
        "ImageUri": value_at_path(code, "ImageUri"),
        "CodeUri": code if isinstance(code, str) else location if location["Key"] else None,
        "Tracing": value_at_path(properties, "TracingConfig.Mode"),
        "DeadLetterQueue": properties.get("DeadLetterConfig"),
    }
    tags = properties.get("Tags")
    if isinstance(tags, list) and all(isinstance(tag, dict) and {"Key", "Value"} <= tag.keys() for tag in tags):
        renamed["Tags"] = {str(tag["Key"]): tag["Value"] for tag in tags}
    given = {name: value for name, value in renamed.items() if value is not None}
    return {**resource, "Type": "AWS::Serverless::Function", "Properties": {**kept, **given}}
