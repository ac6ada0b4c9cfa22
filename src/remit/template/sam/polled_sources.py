"""The access of a function's role for event sources that Lambda reads: a managed policy of AWS, or statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.template.sam.resources import SamEvent

SOURCES: Final[dict[str, tuple[str | None, str | None]]] = {
    "DocumentDB": ("Cluster", None),
    "DynamoDB": ("Stream", "AWSLambdaDynamoDBExecutionRole"),
    "Kinesis": ("Stream", "AWSLambdaKinesisExecutionRole"),
    "MQ": ("Broker", None),
    "MSK": ("Stream", "AWSLambdaMSKExecutionRole"),
    "SQS": ("Queue", "AWSLambdaSQSQueueExecutionRole"),
    "SelfManagedKafka": (None, None),
}
"""By type: the property that names the source, and the managed policy (below service-role/) that it brings."""
_HERE: Final = "${AWS::Region}:${AWS::AccountId}"
NETWORK: Final = (
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeVpcs",
    "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
)  # fmt: skip
"""What Lambda does in the network of a source, with the role of a function that need not be in it itself."""
_NO_SECRET: Final = frozenset({
    "IAM_AUTH", "IAM_OAUTHBEARER_AUTH", "OAUTHBEARER_AUDIENCE", "OAUTHBEARER_IDENTITY_POOL",
    "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_SCOPE", "VPC_SECURITY_GROUP", "VPC_SUBNET",
})  # fmt: skip
Statement = dict[str, Any]


def statements(event: SamEvent) -> list[Statement]:
    """The statements that an event source brings, beside its managed policy."""
    properties = event.properties
    if event.type == "MSK":
        return [*_registry(properties), *_secrets(properties, "CLIENT_CERTIFICATE_TLS_AUTH")]
    if event.type == "MQ":
        made = [*_secrets(properties, "BASIC_AUTH"), _allow("mq:DescribeBroker", properties.get("Broker"))]
    elif event.type == "DocumentDB":
        start = f"arn:${{AWS::Partition}}:rds:{_HERE}"
        made = [
            *_secrets(properties, "BASIC_AUTH"),
            _allow("rds:DescribeDBClusterParameters", {"Fn::Sub": f"{start}:cluster-pg:*"}),
            _allow("rds:DescribeDBSubnetGroups", {"Fn::Sub": f"{start}:subgrp:*"}),
            _allow("rds:DescribeDBClusters", properties.get("Cluster")),
            _network(),
        ]
    elif event.type == "SelfManagedKafka":
        types = {str(access.get("Type")) for access in mappings(properties.get("SourceAccessConfigurations"))}
        network = [_network()] if {"VPC_SUBNET", "VPC_SECURITY_GROUP"} <= types else []
        made = [*_secrets(properties), *network, *_registry(properties)]
    else:
        return []
    key = properties.get("SecretsManagerKmsKeyId")
    if isinstance(key, str):
        made.append(_allow("kms:Decrypt", {"Fn::Sub": f"arn:${{AWS::Partition}}:kms:{_HERE}:key/{key}"}))
    return made


def _allow(action: str, resource: Any) -> Statement:
    return {"Effect": "Allow", "Action": [action], "Resource": resource}


def _secrets(properties: Mapping[str, Any], only_type: str | None = None) -> list[Statement]:
    """Return the statements for the source's credentials, of one type alone where that is said."""
    secret_statements: list[Statement] = []
    for access in mappings(properties.get("SourceAccessConfigurations")):
        kind = access.get("Type")
        is_secret = access.get("URI") and str(kind) not in _NO_SECRET
        if is_secret and only_type in (None, kind):
            secret_statements.append(_allow("secretsmanager:GetSecretValue", access["URI"]))
    return secret_statements


def _network() -> Statement:
    return {"Effect": "Allow", "Action": list(NETWORK), "Resource": "*"}


def _registry(properties: Mapping[str, Any]) -> list[Statement]:
    """Return the statements for the schema registry: its credentials, and the schemas of one in Glue."""
    config = properties.get("SchemaRegistryConfig")
    if not isinstance(config, dict):
        return []
    registry_statements = [
        _allow("secretsmanager:GetSecretValue", access["URI"])
        for access in mappings(config.get("AccessConfigs"))
        if access.get("URI")
    ]
    uri = config.get("SchemaRegistryURI")
    text = uri.get("Fn::Sub") if isinstance(uri, dict) else uri
    parts = text.split(":") if isinstance(text, str) and text.startswith("arn") else []
    name = parts[-1].removeprefix("registry/") if parts and parts[-1].startswith("registry/") else None
    if name is not None:
        schemas = {"Fn::Sub": f"arn:${{AWS::Partition}}:glue:{_HERE}:schema/{name}/*"}
        registry_statements += [_allow("glue:GetRegistry", uri), _allow("glue:GetSchemaVersion", [schemas])]
    return registry_statements


def failures(event: SamEvent) -> list[Statement]:
    """Return the statements for sending failed batches on, where the destination tells its type."""
    failure = section(event.properties, "DestinationConfig").get("OnFailure")
    if not isinstance(failure, dict):
        return []
    return destination(str(failure.get("Type")), failure.get("Destination"))


def destination(kind: str, target: Any) -> list[Statement]:
    """The statements for sending to a destination of a type; none for one that SAM grants nothing for.

    A bucket (`S3`, `S3Bucket`) has two: for its objects, and for the list of them.
    """
    if kind in ("S3", "S3Bucket"):
        return [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Join": ["/", [target, "*"]]}},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": target},
        ]
    action = _SENDS.get(kind)
    return [{"Effect": "Allow", "Action": action, "Resource": target}] if action is not None else []


_SENDS: Final = {
    "EventBridge": "events:PutEvents",
    "Lambda": "lambda:InvokeFunction",
    "SNS": "sns:publish",
    "SQS": "sqs:SendMessage",
}
