"""Know which permissions of a resource handler are needed only when the template uses the property behind them.

A CloudFormation type says what its handlers may call, not when. What is not in this table is needed always; so are
reads of the resource itself, since handlers read all of it after every change.

Source: each property's page in the CloudFormation Template Reference; the permissions are those that the type's schema
lists (see `catalogue.handlers`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.handlers import handlers
from remit.deployer.declared import at
from remit.deployer.references import mentions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deployer.declared import Declared

Uses = tuple[tuple[str, str], ...]
"""Pairs: patterns of actions, and the properties (any of which will do) that make a handler call them."""

_NEVER: Final = ""
"""For what no property of the type asks for: the schema's list is that of an older or a wider type."""
_CODE_SIGNING: Final = (
    "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig lambda:DeleteFunctionCodeSigningConfig"
)
_TABLE: Final[Uses] = (
    ("kms:*", "SSESpecification"),
    ("dynamodb:ImportTable dynamodb:DescribeImport logs:* s3:*", "ImportSourceSpecification"),
    (
        "dynamodb:EnableKinesis* dynamodb:DisableKinesis* dynamodb:UpdateKinesis* kinesis:*",
        "KinesisStreamSpecification",
    ),
    ("iam:CreateServiceLinkedRole", "KinesisStreamSpecification ContributorInsightsSpecification"),
    ("dynamodb:UpdateContributorInsights", "ContributorInsightsSpecification GlobalSecondaryIndexes"),
    ("dynamodb:UpdateContinuousBackups", "PointInTimeRecoverySpecification"),
    ("dynamodb:UpdateTimeToLive", "TimeToLiveSpecification"),
    ("dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy", "ResourcePolicy StreamSpecification"),
    ("dynamodb:*TableReplica dynamodb:*Item dynamodb:Query dynamodb:Scan", _NEVER),
)
_BUCKET: Final[Uses] = (
    ("iam:PassRole", "ReplicationConfiguration MetadataConfiguration"),
    ("s3:PutReplicationConfiguration", "ReplicationConfiguration"),
    ("s3tables:* s3:*Metadata*Table*", "MetadataConfiguration MetadataTableConfiguration"),
    ("s3:PutAccelerateConfiguration", "AccelerateConfiguration"),
    ("s3:PutAnalyticsConfiguration", "AnalyticsConfigurations"),
    ("s3:PutBucketAbac", "AbacStatus"),
    ("s3:PutBucketAcl s3:PutObjectAcl", "AccessControl"),
    ("s3:PutBucketCORS", "CorsConfiguration"),
    ("s3:PutBucketLogging", "LoggingConfiguration"),
    ("s3:PutBucketNotification", "NotificationConfiguration"),
    ("s3:PutBucketObjectLockConfiguration", "ObjectLockConfiguration ObjectLockEnabled"),
    ("s3:PutBucketOwnershipControls", "OwnershipControls AccessControl"),
    ("s3:PutBucketPublicAccessBlock", "PublicAccessBlockConfiguration"),
    ("s3:PutBucketVersioning", "VersioningConfiguration ObjectLockEnabled ReplicationConfiguration"),
    ("s3:PutBucketWebsite s3:DeleteBucketWebsite", "WebsiteConfiguration"),
    ("s3:PutEncryptionConfiguration", "BucketEncryption"),
    ("s3:PutIntelligentTieringConfiguration", "IntelligentTieringConfigurations"),
    ("s3:PutInventoryConfiguration", "InventoryConfigurations"),
    ("s3:PutLifecycleConfiguration", "LifecycleConfiguration"),
    ("s3:PutMetricsConfiguration", "MetricsConfigurations"),
    ("s3:DeleteObject", _NEVER),
)
OPTIONAL: Final[Mapping[str, Uses]] = {
    "AWS::Athena::WorkGroup": (("s3:*", "WorkGroupConfiguration"),),
    "AWS::Batch::ComputeEnvironment": (("eks:*", "EksConfiguration"),),
    "AWS::CertificateManager::Certificate": (
        ("acm-pca:*", "CertificateAuthorityArn"),
        ("route53:*", "DomainValidationOptions"),
    ),
    "AWS::DocDB::DBCluster": (("rds:RestoreDBClusterFromSnapshot", "SnapshotIdentifier"),),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::FSx::FileSystem": (("fsx:CreateFileSystemFromBackup", "BackupId"),),
    "AWS::IAM::Role": (
        ("iam:AttachRolePolicy iam:DetachRolePolicy", "ManagedPolicyArns"),
        ("iam:PutRolePolicy iam:DeleteRolePolicy iam:GetRolePolicy", "Policies"),
        ("iam:PutRolePermissionsBoundary", "PermissionsBoundary"),
        ("iam:DeleteRolePermissionsBoundary", _NEVER),
    ),
    "AWS::IAM::User": (
        ("iam:AttachUserPolicy iam:DetachUserPolicy", "ManagedPolicyArns"),
        ("iam:PutUserPolicy iam:DeleteUserPolicy iam:GetUserPolicy", "Policies"),
        ("iam:CreateLoginProfile iam:DeleteLoginProfile iam:UpdateLoginProfile", "LoginProfile"),
        ("iam:AddUserToGroup iam:RemoveUserFromGroup", "Groups"),
        ("iam:PutUserPermissionsBoundary", "PermissionsBoundary"),
        ("iam:DeleteUserPermissionsBoundary", _NEVER),
    ),
    "AWS::Kinesis::Stream": (
        ("kinesis:StartStreamEncryption kinesis:StopStreamEncryption", "StreamEncryption"),
        ("kinesis:EnableEnhancedMonitoring kinesis:DisableEnhancedMonitoring", "DesiredShardLevelMetrics"),
        ("kinesis:UpdateMaxRecordSize", "MaxRecordSizeInKiB"),
        ("kinesis:UpdateStreamRecordDistributionStrategy", "RecordDistributionStrategy"),
        ("kinesis:UpdateStreamWarmThroughput", "WarmThroughputMiBps WarmThroughputObject"),
        ("kinesis:IncreaseStreamRetentionPeriod kinesis:DecreaseStreamRetentionPeriod", "RetentionPeriodHours"),
    ),
    "AWS::Lambda::Alias": (
        ("codedeploy:*", "UpdatePolicy"),
        (
            "lambda:PutProvisionedConcurrencyConfig lambda:DeleteProvisionedConcurrencyConfig",
            "ProvisionedConcurrencyConfig",
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (("kms:*", "KmsKeyArn"),),
    "AWS::Lambda::Function": (
        ("ec2:*", "VpcConfig"),
        ("elasticfilesystem:* s3files:*", "FileSystemConfigs"),
        ("kms:*", "KmsKeyArn"),
        ("lambda:GetLayerVersion", "Layers"),
        (_CODE_SIGNING, "CodeSigningConfigArn"),
        ("lambda:PassCapacityProvider", "CapacityProviderConfig"),
        ("lambda:*FunctionScalingConfig", "FunctionScalingConfig CapacityProviderConfig"),
        ("lambda:PutFunctionConcurrency lambda:DeleteFunctionConcurrency", "ReservedConcurrentExecutions"),
        ("lambda:PutFunctionRecursionConfig", "RecursiveLoop"),
        ("lambda:PutRuntimeManagementConfig", "RuntimeManagementConfig"),
        ("lambda:PublishVersion", "PublishToLatestPublished CapacityProviderConfig SnapStart"),
    ),
    "AWS::Lambda::Version": (
        ("lambda:PutProvisionedConcurrencyConfig", "ProvisionedConcurrencyConfig"),
        ("lambda:PutFunctionScalingConfig", "FunctionScalingConfig"),
        ("lambda:PutRuntimeManagementConfig", "RuntimePolicy"),
    ),
    "AWS::Logs::LogGroup": (
        ("firehose:* logs:CreateLogDelivery logs:*ResourcePolic*", "ResourcePolicyDocument"),
        ("logs:AssociateKmsKey logs:DisassociateKmsKey", "KmsKeyId"),
        ("logs:*DataProtectionPolicy", "DataProtectionPolicy"),
        ("logs:*IndexPolic*", "FieldIndexPolicies"),
        ("logs:PutBearerTokenAuthentication", "BearerTokenAuthenticationEnabled"),
        ("logs:PutLogGroupDeletionProtection", "DeletionProtectionEnabled"),
        ("logs:PutRetentionPolicy logs:DeleteRetentionPolicy", "RetentionInDays"),
    ),
    "AWS::MSK::Cluster": (
        ("firehose:* logs:* s3:*", "LoggingInfo"),
        ("acm-pca:*", "ClientAuthentication"),
    ),
    "AWS::Pipes::Pipe": (("firehose:* logs:* s3:* iam:CreateServiceLinkedRole", "LogConfiguration"),),
    "AWS::Route53::HostedZone": (
        ("ec2:* route53:AssociateVPC* route53:DisassociateVPC*", "VPCs"),
        ("route53:CreateQueryLoggingConfig route53:DeleteQueryLoggingConfig", "QueryLoggingConfig"),
    ),
    "AWS::StepFunctions::StateMachine": (("s3:*", "DefinitionS3Location"),),
    "AWS::CodeBuild::Project": (
        ("codebuild:*Webhook", "Triggers"),
        ("codebuild:UpdateProjectVisibility", "Visibility"),
    ),
    "AWS::RDS::DBCluster": (
        ("secretsmanager:*", "ManageMasterUserPassword MasterUserSecret"),
        ("rds:*DBInstance", "DBClusterInstanceClass"),
        ("rds:*RoleToDBCluster rds:*RoleFromDBCluster", "AssociatedRoles"),
        ("rds:RestoreDBClusterFromSnapshot", "SnapshotIdentifier"),
        ("rds:RestoreDBClusterToPointInTime", "SourceDBClusterIdentifier SourceDbClusterResourceId"),
    ),
    "AWS::RDS::DBInstance": (
        ("secretsmanager:*", "ManageMasterUserPassword MasterUserSecret"),
        ("rds:*RoleToDBInstance rds:*RoleFromDBInstance", "AssociatedRoles"),
        ("rds:RestoreDBInstanceFromDBSnapshot", "DBSnapshotIdentifier DBClusterSnapshotIdentifier"),
        (
            "rds:RestoreDBInstanceToPointInTime",
            "SourceDBInstanceAutomatedBackupsArn SourceDBInstanceIdentifier SourceDbiResourceId",
        ),
        ("rds:CreateDBInstanceReadReplica", "SourceDBInstanceIdentifier SourceDBClusterIdentifier"),
        ("rds:*AutomatedBackupsReplication", "AutomaticBackupReplicationRegion"),
    ),
    "AWS::S3::Bucket": _BUCKET,
    "AWS::SNS::Topic": (
        ("iam:*", "DeliveryStatusLogging"),
        ("sns:*DataProtectionPolicy", "DataProtectionPolicy"),
        ("sns:Subscribe sns:Unsubscribe", "Subscription"),
    ),
}
"""By type; of an action that several rows match, the first counts."""
ALSO: Final[Mapping[str, Uses]] = {
    "AWS::ApiGatewayV2::Stage": (
        (
            (
                "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies "
                "logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery"
            ),
            "AccessLogSettings",
        ),
    ),
    "AWS::CloudFormation::Stack": (("s3:GetObject", "TemplateURL"),),
    "AWS::CloudFront::Distribution": (
        ("s3:GetBucketAcl s3:PutBucketAcl", "DistributionConfig.Logging"),
        (
            "iam:CreateServiceLinkedRole lambda:DisableReplication lambda:EnableReplication lambda:GetFunction",
            (
                "DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations "
                "DistributionConfig.CacheBehaviors.LambdaFunctionAssociations"
            ),
        ),
    ),
    "AWS::EFS::MountTarget": (
        (
            "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets",
            "SubnetId",
        ),
        ("ec2:ModifyNetworkInterfaceAttribute", "SecurityGroups"),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (("iam:CreateServiceLinkedRole", "Subnets SubnetMappings"),),
    "AWS::OpenSearchService::Domain": (("iam:CreateServiceLinkedRole", "VPCOptions"),),
    "AWS::Lambda::Function": (
        (
            "ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecr:GetRepositoryPolicy ecr:SetRepositoryPolicy",
            "Code.ImageUri",
        ),
    ),
    "AWS::SecretsManager::Secret": (("kms:Decrypt kms:GenerateDataKey", "KmsKeyId"),),
}
"""What a service asks of whoever deploys beside what a type's handlers list, and the properties that make it.

Sources: "Configure logging for HTTP APIs in API Gateway" (API Gateway Developer Guide); TemplateURL in "CreateStack"
(CloudFormation API Reference); "Permissions required to configure standard logging", "Set up IAM permissions and roles
for Lambda@Edge" (Amazon CloudFront Developer Guide); "CreateMountTarget" (Amazon EFS API Reference); "Service-linked
roles" (Elastic Load Balancing User Guide); "Creating VPC access for Amazon OpenSearch Service domains"; "Amazon ECR
permissions" (AWS Lambda Developer Guide); "Permissions for the KMS key" (AWS Secrets Manager User Guide).
"""
_WRITES: Final = ("create", "update", "delete")
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
_KEYS: Final = re.compile(r"kms|encrypt|sse|keyarn|keyid", re.IGNORECASE)


def called(declared: Declared) -> Mapping[str, tuple[str, ...]]:
    """The actions that a resource's handlers call for it, each with those handlers; none if nobody knows them."""
    found = handlers(declared.type)
    if found is None:
        return {}
    by_verb = {"create": found.create, "read": found.read, "update": found.update, "delete": found.delete}
    if declared.kept:
        del by_verb["delete"]
    actions = dict.fromkeys(action for listed in by_verb.values() for action in listed)
    listed = {
        action: tuple(verb for verb, listed in by_verb.items() if action in listed)
        for action in actions
        if needed(declared.type, action, declared.properties)
    }
    also = (
        action
        for named, uses in ALSO.get(declared.type, ())
        if any(at(declared.properties, use) not in _EMPTY for use in uses.split())
        for action in named.split()
    )
    return listed | dict.fromkeys(also, _WRITES)


def needed(type_name: str, name: str, properties: Mapping[str, Any]) -> bool:
    """Whether a handler of the type calls the action for a resource that has these properties.

    What uses a key (`kms:…`) is needed only where some property speaks of keys or encryption, whatever the type.
    """
    uses = _uses(type_name, name)
    if uses is not None:
        return any(properties.get(use) not in _EMPTY for use in uses)
    if name.startswith("kms:") and not type_name.startswith("AWS::KMS::"):
        return mentions(properties, _KEYS)
    return True


@cache
def _uses(type_name: str, name: str) -> tuple[str, ...] | None:
    """The properties that make a handler call the action; None: any resource of the type does."""
    for patterns, uses in OPTIONAL.get(type_name, ()):
        if any(fnmatchcase(name, pattern) for pattern in patterns.split()):
            return tuple(uses.split())
    return None
