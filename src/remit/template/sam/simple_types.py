"""AWS::Serverless::SimpleTable, LayerVersion and Application: one resource each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from remit.template.sam.resources import MadeResource, SamResource, code_in_s3, given, tags

_ATTRIBUTE_TYPES: Final = {"Binary": "B", "Number": "N", "String": "S"}


def table(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the table, with one key: a string `id` unless it says otherwise."""
    properties = declared.properties
    primary_key = declared.mapping("PrimaryKey")
    key, kind = primary_key.get("Name", "id"), primary_key.get("Type", "String")
    attribute_type = _ATTRIBUTE_TYPES.get(kind, kind) if isinstance(kind, str) else kind
    yield MadeResource(
        declared.logical_id,
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": attribute_type}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            **given(
                properties, "PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"
            ),
            **({} if properties.get("ProvisionedThroughput") else {"BillingMode": "PAY_PER_REQUEST"}),
            **({"Tags": tags(properties, "SAM")[1:]} if properties.get("Tags") else {}),
        },
    )


def layer(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the layer's version; the hash that SAM puts behind its logical id is left out."""
    properties = declared.properties
    copied = given(properties, "CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")
    name = properties.get("LayerName") or declared.logical_id
    content = code_in_s3(properties.get("ContentUri"))
    yield MadeResource(
        declared.logical_id, "AWS::Lambda::LayerVersion", {**copied, "LayerName": name, "Content": content}
    )


def application(declared: SamResource) -> Iterator[MadeResource]:
    """The nested stack. One of the Serverless Application Repository keeps its Location, a property of SAM's alone."""
    properties = declared.properties
    yield MadeResource(
        declared.logical_id,
        "AWS::CloudFormation::Stack",
        {
            **given(properties, "NotificationARNs", "Parameters", "TimeoutInMinutes"),
            **(given(properties, "Location") if isinstance(properties.get("Location"), dict) else {}),
            "Tags": tags(properties, "lambda:createdBy"),
            "TemplateURL": properties.get("Location") if isinstance(properties.get("Location"), str) else "",
        },
    )
