"""Rows about API operations that no package has right, each from AWS's page on its permissions."""

from __future__ import annotations

from typing import Any, Final

_QUEUE: Final = {"QueueName": ["${QueueUrl|last}"]}
_FUNCTION: Final = {"FunctionName": ["${FunctionName|function}"]}
_SOURCE: Final = {"BucketName": ["${CopySource|bucket}"], "ObjectName": ["${CopySource|key}"]}
_OBJECT: Final = {"BucketName": ["${Bucket}"], "ObjectName": ["${Key}"]}
_BUCKET: Final = {"BucketName": ["${Bucket}"]}
_MODEL: Final[dict[str, list[str]]] = {"arn": ["${modelId}"], "ModelId": ["${modelId}"]}
_TOPIC: Final = {"arn": ["${TopicArn}"]}
_VERSIONED: Final = ["VersionId", "Exists", None]
_UNVERSIONED: Final = ["VersionId", "NotExists", None]
_VERSIONED_SOURCE: Final = ["CopySource", "Contains", "?versionId="]
_UNVERSIONED_SOURCE: Final = ["CopySource", "NotContains", "?versionId="]
_COPIED: Final = (
    ("s3:GetObject", _SOURCE, _UNVERSIONED_SOURCE, 1), ("s3:GetObjectVersion", _SOURCE, _VERSIONED_SOURCE, 0),
)  # fmt: skip
_PAST_RETENTION: Final = (
    "s3:BypassGovernanceRetention", _OBJECT, ["BypassGovernanceRetention", "Equals", "true"], 0,
)  # fmt: skip
_GRANTS: Final = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
_WRITTEN: Final = (
    ("s3:PutObject", _OBJECT, None, 1),
    *(("s3:PutObjectAcl", _OBJECT, [name, "Exists", None], 0) for name in ("ACL", *_GRANTS)),
    ("s3:PutObjectTagging", _OBJECT, ["Tagging", "Exists", None], 0),
    ("s3:PutObjectRetention", _OBJECT, ["ObjectLockMode", "Exists", None], 0),
    ("s3:PutObjectLegalHold", _OBJECT, ["ObjectLockLegalHoldStatus", "Exists", None], 0),
)
_CODE: Final = {"BucketName": ["${S3Bucket}"], "ObjectName": ["${S3Key}"]}
_NEW_CODE: Final = {"BucketName": ["${Code.S3Bucket}"], "ObjectName": ["${Code.S3Key}"]}
_MOVED: Final = {"arn": ["${SourceArn}"]}
_ASSUMED: Final = {"arn role": ["${RoleArn}"]}
_KEYSPACE: Final[dict[str, list[str]]] = {"KeyspaceName": ["${keyspaceName}"], "TableName": ["${tableName}"]}

_TABLES: Final = {"TableName": ["${RequestItems|keys}"]}
_BUS: Final = {"EventBusName": ["${Entries[].EventBusName|last}"]}
_NAME: Final = "ParameterNameWithoutLeadingSlash"
_PARAMETER: Final = {_NAME: ["${Name|bare}"]}

Row = tuple[str, dict[str, list[str]], list[Any] | None, int]


def _transacted(kind: str) -> dict[str, list[str]]:
    return {"TableName": [f"${{TransactItems[].{kind}.TableName}}"]}


def _has(kind: str) -> list[Any]:
    return [f"TransactItems[].{kind}", "Exists", None]


# (client, operation): (action, arguments, condition on the parameters, certain)
ROWS: Final[dict[tuple[str, str], tuple[Row, ...]]] = {
    # "Actions, resources, and condition keys for Amazon SQS": the batch calls have no actions of their own.
    ("sqs", "SendMessageBatch"): (("sqs:SendMessage", _QUEUE, None, 1),),
    ("sqs", "DeleteMessageBatch"): (("sqs:DeleteMessage", _QUEUE, None, 1),),
    ("sqs", "ChangeMessageVisibilityBatch"): (("sqs:ChangeMessageVisibility", _QUEUE, None, 1),),
    # "StartMessageMoveTask" (Amazon SQS API Reference): the caller's access moves the messages.
    ("sqs", "StartMessageMoveTask"): (
        ("sqs:StartMessageMoveTask", _MOVED, None, 1),
        ("sqs:ReceiveMessage", _MOVED, None, 1),
        ("sqs:DeleteMessage", _MOVED, None, 1),
        ("sqs:GetQueueAttributes", _MOVED, None, 1),
        ("sqs:SendMessage", {"arn": ["${DestinationArn}"]}, ["DestinationArn", "Exists", None], 0),
    ),
    # "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles" (IAM User Guide).
    ("sts", "AssumeRole"): (
        ("sts:AssumeRole", _ASSUMED, None, 1),
        ("sts:TagSession", _ASSUMED, ["Tags", "Exists", None], 0),
        ("sts:SetSourceIdentity", _ASSUMED, ["SourceIdentity", "Exists", None], 0),
    ),
    # "CreateFunction", "UpdateFunctionCode" (AWS Lambda API Reference): the caller's access reads the code.
    ("lambda", "CreateFunction"): (
        ("lambda:CreateFunction", _FUNCTION, None, 1),
        ("s3:GetObject", _NEW_CODE, ["Code.S3Bucket", "Exists", None], 0),
    ),
    ("lambda", "UpdateFunctionCode"): (
        ("lambda:UpdateFunctionCode", _FUNCTION, None, 1), ("s3:GetObject", _CODE, ["S3Bucket", "Exists", None], 0),
    ),
    # "RotateSecret" (AWS Secrets Manager API Reference).
    ("secretsmanager", "RotateSecret"): (
        ("secretsmanager:RotateSecret", {}, None, 1),
        ("lambda:InvokeFunction", {"arn": ["${RotationLambdaARN}"]}, ["RotationLambdaARN", "Exists", None], 0),
    ),
    # "AddRoleToInstanceProfile" (IAM API Reference).
    ("iam", "AddRoleToInstanceProfile"): (
        ("iam:AddRoleToInstanceProfile", {}, None, 1), ("iam:PassRole", {}, None, 1),
    ),
    # "BatchGetSecretValue" (AWS Secrets Manager API Reference); secretsmanager:GetSecretValue is asked on each secret.
    ("secretsmanager", "BatchGetSecretValue"): (
        ("secretsmanager:BatchGetSecretValue", {}, None, 1),
        ("secretsmanager:ListSecrets", {}, ["Filters", "Exists", None], 0),
    ),
    # "PublishBatch" (Amazon SNS API Reference).
    ("sns", "PublishBatch"): (("sns:Publish", _TOPIC, None, 1),),
    # "InvokeWithResponseStream" (AWS Lambda API Reference).
    ("lambda", "InvokeWithResponseStream"): (("lambda:InvokeFunction", _FUNCTION, None, 1),),
    # "Converse", "ConverseStream", "StartAsyncInvoke" and so on (Amazon Bedrock API Reference).
    ("bedrock-runtime", "Converse"): (("bedrock:InvokeModel", _MODEL, None, 1),),
    ("bedrock-runtime", "ConverseStream"): (("bedrock:InvokeModelWithResponseStream", _MODEL, None, 1),),
    ("bedrock-runtime", "InvokeModelWithBidirectionalStream"): (("bedrock:InvokeModel", _MODEL, None, 1),),
    ("bedrock-runtime", "StartAsyncInvoke"): (("bedrock:InvokeModel", _MODEL, None, 1),),
    # "Required permissions for Amazon S3 API operations" (Amazon S3 User Guide).
    ("s3", "GetObject"): (
        ("s3:GetObject", _OBJECT, _UNVERSIONED, 1), ("s3:GetObjectVersion", _OBJECT, _VERSIONED, 0),
    ),
    ("s3", "HeadObject"): (
        ("s3:GetObject", _OBJECT, _UNVERSIONED, 1), ("s3:GetObjectVersion", _OBJECT, _VERSIONED, 0),
    ),
    ("s3", "DeleteObject"): (
        ("s3:DeleteObject", _OBJECT, _UNVERSIONED, 1), ("s3:DeleteObjectVersion", _OBJECT, _VERSIONED, 0),
        _PAST_RETENTION,
    ),
    ("s3", "PutObjectRetention"): (("s3:PutObjectRetention", _OBJECT, None, 1), _PAST_RETENTION),
    ("s3", "PutObject"): _WRITTEN,
    ("s3", "CreateMultipartUpload"): _WRITTEN,
    ("s3", "CopyObject"): (*_COPIED, *_WRITTEN),
    # "CreateBucket" (Amazon S3 API Reference): a private ACL needs nothing more.
    ("s3", "CreateBucket"): (
        ("s3:CreateBucket", _BUCKET, None, 1),
        ("s3:PutBucketAcl", _BUCKET, ["ACL", "Contains", "public"], 0),
        ("s3:PutBucketAcl", _BUCKET, ["ACL", "Contains", "authenticated"], 0),
        *(("s3:PutBucketAcl", _BUCKET, [name, "Exists", None], 0) for name in (*_GRANTS, "GrantWrite")),
        ("s3:PutBucketObjectLockConfiguration", _BUCKET, ["ObjectLockEnabledForBucket", "Equals", "true"], 0),
        ("s3:PutBucketVersioning", _BUCKET, ["ObjectLockEnabledForBucket", "Equals", "true"], 0),
        ("s3:PutBucketOwnershipControls", _BUCKET, ["ObjectOwnership", "Exists", None], 0),
    ),
    ("s3", "UploadPartCopy"): (*_COPIED, ("s3:PutObject", _OBJECT, None, 1)),
    ("s3", "ListDirectoryBuckets"): (("s3express:ListAllMyDirectoryBuckets", {}, None, 1),),
    ("s3", "CreateSession"): (("s3express:CreateSession", _BUCKET, None, 1),),
    ("s3", "CreateBucketMetadataConfiguration"): (
        ("s3:CreateBucketMetadataTableConfiguration", _BUCKET, None, 1),
    ),
    ("s3", "GetBucketMetadataConfiguration"): (("s3:GetBucketMetadataTableConfiguration", _BUCKET, None, 1),),
    ("s3", "DeleteBucketMetadataConfiguration"): (
        ("s3:DeleteBucketMetadataTableConfiguration", _BUCKET, None, 1),
    ),
    # "Actions, resources, and condition keys for Amazon DynamoDB": transactions are authorised item by item.
    ("dynamodb", "BatchGetItem"): (("dynamodb:BatchGetItem", _TABLES, None, 1),),
    ("dynamodb", "BatchWriteItem"): (("dynamodb:BatchWriteItem", _TABLES, None, 1),),
    ("dynamodb", "TransactWriteItems"): (
        ("dynamodb:ConditionCheckItem", _transacted("ConditionCheck"), _has("ConditionCheck"), 0),
        ("dynamodb:DeleteItem", _transacted("Delete"), _has("Delete"), 0),
        ("dynamodb:PutItem", _transacted("Put"), _has("Put"), 0),
        ("dynamodb:UpdateItem", _transacted("Update"), _has("Update"), 0),
    ),
    # "PutEvents" (Amazon EventBridge API Reference).
    ("events", "PutEvents"): (("events:PutEvents", _BUS, None, 1),),
    # "GetParameter" and its like: a name may begin with `/`, the ARN has one.
    ("ssm", "GetParameter"): (("ssm:GetParameter", _PARAMETER, None, 1),),
    ("ssm", "GetParameters"): (("ssm:GetParameters", {_NAME: ["${Names[]|bare}"]}, None, 1),),
    ("ssm", "GetParametersByPath"): (("ssm:GetParametersByPath", {_NAME: ["${Path|bare}"]}, None, 1),),
    ("ssm", "PutParameter"): (("ssm:PutParameter", _PARAMETER, None, 1),),
    ("ssm", "DeleteParameter"): (("ssm:DeleteParameter", _PARAMETER, None, 1),),
    # "How Amazon Keyspaces works with IAM" (Amazon Keyspaces Developer Guide): actions are named as CQL is.
    ("keyspaces", "CreateKeyspace"): (("cassandra:Create", _KEYSPACE, None, 1),),
    ("keyspaces", "CreateTable"): (("cassandra:Create", _KEYSPACE, None, 1),),
    ("keyspaces", "DeleteKeyspace"): (("cassandra:Drop", _KEYSPACE, None, 1),),
    ("keyspaces", "DeleteTable"): (("cassandra:Drop", _KEYSPACE, None, 1),),
    ("keyspaces", "GetKeyspace"): (("cassandra:Select", _KEYSPACE, None, 1),),
    ("keyspaces", "GetTable"): (("cassandra:Select", _KEYSPACE, None, 1),),
    ("keyspaces", "ListKeyspaces"): (("cassandra:Select", {}, None, 1),),
    ("keyspaces", "ListTables"): (("cassandra:Select", _KEYSPACE, None, 1),),
    ("keyspaces", "UpdateTable"): (("cassandra:Alter", _KEYSPACE, None, 1),),
}  # fmt: skip

# Operations that anybody with credentials may call ("GetCallerIdentity", AWS STS API Reference).
FREE: Final = frozenset({
    ("dynamodb", "DescribeEndpoints"),
    ("sts", "GetCallerIdentity"),
    ("sts", "GetSessionToken"),
})  # fmt: skip

# Clients whose signing name, endpoint and own name are all no prefix of actions.
PREFIXES: Final = {
    "apigatewaymanagementapi": "execute-api",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-marketing": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
}

# Further prefixes under which a client's documentation tells its actions.
RELATED: Final = {"s3": ("s3express",), "s3control": ("s3express", "s3-outposts")}
