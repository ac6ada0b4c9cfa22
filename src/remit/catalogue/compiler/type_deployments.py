"""Rows about what deploying a resource asks of whoever deploys it: handlers, roles, and which properties matter.

Roles and API paths may stand under a service (`AWS::ECS`), for those of its types that have no row of their own. The
compile fails on an action, a property or a type that is gone, and on a role that no handler makes or passes.
"""

from __future__ import annotations

from typing import Final

_NOTHING: Final[dict[str, str]] = {}
DOCUMENTED_HANDLERS: Final[dict[str, dict[str, str]]] = {
    "AWS::AppMesh::GatewayRoute": {
        "create": "appmesh:CreateGatewayRoute appmesh:TagResource",
        "read": "appmesh:DescribeGatewayRoute appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateGatewayRoute",
        "delete": "appmesh:DeleteGatewayRoute",
    },
    "AWS::AppMesh::Mesh": {
        "create": "appmesh:CreateMesh appmesh:TagResource",
        "read": "appmesh:DescribeMesh appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateMesh",
        "delete": "appmesh:DeleteMesh",
    },
    "AWS::AppMesh::Route": {
        "create": "appmesh:CreateRoute appmesh:TagResource",
        "read": "appmesh:DescribeRoute appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateRoute",
        "delete": "appmesh:DeleteRoute",
    },
    "AWS::AppMesh::VirtualGateway": {
        "create": "appmesh:CreateVirtualGateway appmesh:TagResource",
        "read": "appmesh:DescribeVirtualGateway appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateVirtualGateway",
        "delete": "appmesh:DeleteVirtualGateway",
    },
    "AWS::AppMesh::VirtualNode": {
        "create": "appmesh:CreateVirtualNode appmesh:TagResource",
        "read": "appmesh:DescribeVirtualNode appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateVirtualNode",
        "delete": "appmesh:DeleteVirtualNode",
    },
    "AWS::AppMesh::VirtualRouter": {
        "create": "appmesh:CreateVirtualRouter appmesh:TagResource",
        "read": "appmesh:DescribeVirtualRouter appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateVirtualRouter",
        "delete": "appmesh:DeleteVirtualRouter",
    },
    "AWS::AppMesh::VirtualService": {
        "create": "appmesh:CreateVirtualService appmesh:TagResource",
        "read": "appmesh:DescribeVirtualService appmesh:ListTagsForResource",
        "update": "appmesh:TagResource appmesh:UntagResource appmesh:UpdateVirtualService",
        "delete": "appmesh:DeleteVirtualService",
    },
    "AWS::CDK::Metadata": _NOTHING,
    "AWS::CloudFormation::WaitCondition": _NOTHING,
    "AWS::CloudFormation::WaitConditionHandle": _NOTHING,
    "AWS::CloudWatch::AnomalyDetector": {
        "create": "cloudwatch:PutAnomalyDetector",
        "read": "cloudwatch:DescribeAnomalyDetectors",
        "update": "cloudwatch:PutAnomalyDetector",
        "delete": "cloudwatch:DeleteAnomalyDetector",
    },
    "AWS::CodeBuild::Project": {
        "create": "codebuild:CreateProject codebuild:CreateWebhook codebuild:UpdateProjectVisibility iam:PassRole",
        "read": "codebuild:BatchGetProjects",
        "update": (
            "codebuild:CreateWebhook codebuild:DeleteWebhook codebuild:UpdateProject "
            "codebuild:UpdateProjectVisibility codebuild:UpdateWebhook iam:PassRole"
        ),
        "delete": "codebuild:DeleteProject codebuild:DeleteWebhook",
    },
    "AWS::DAX::Cluster": {
        "create": (
            "dax:CreateCluster dax:TagResource ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces "
            "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole "
            "iam:GetRole iam:PassRole"
        ),
        "read": "dax:DescribeClusters dax:ListTags",
        "update": (
            "dax:DecreaseReplicationFactor dax:IncreaseReplicationFactor dax:TagResource "
            "dax:UntagResource dax:UpdateCluster"
        ),
        "delete": "dax:DeleteCluster",
    },
    "AWS::DMS::ReplicationInstance": {
        "create": "dms:AddTagsToResource dms:CreateReplicationInstance",
        "read": "dms:DescribeReplicationInstances dms:ListTagsForResource",
        "update": "dms:AddTagsToResource dms:ModifyReplicationInstance dms:RemoveTagsFromResource",
        "delete": "dms:DeleteReplicationInstance",
    },
    "AWS::DocDB::DBCluster": {
        "create": (
            "iam:CreateServiceLinkedRole rds:AddTagsToResource rds:CreateDBCluster rds:DescribeDBClusters "
            "rds:RestoreDBClusterFromSnapshot"
        ),
        "read": "rds:DescribeDBClusters rds:ListTagsForResource",
        "update": "rds:AddTagsToResource rds:ModifyDBCluster rds:RemoveTagsFromResource",
        "delete": "rds:CreateDBClusterSnapshot rds:DeleteDBCluster",
    },
    "AWS::DocDB::DBInstance": {
        "create": "iam:CreateServiceLinkedRole rds:AddTagsToResource rds:CreateDBInstance",
        "read": "rds:DescribeDBInstances rds:ListTagsForResource",
        "update": "rds:AddTagsToResource rds:ModifyDBInstance rds:RebootDBInstance rds:RemoveTagsFromResource",
        "delete": "rds:DeleteDBInstance",
    },
    "AWS::EC2::ClientVpnEndpoint": {
        "create": "ec2:CreateClientVpnEndpoint ec2:CreateTags",
        "read": "ec2:DescribeClientVpnEndpoints",
        "update": "ec2:CreateTags ec2:DeleteTags ec2:ModifyClientVpnEndpoint",
        "delete": "ec2:DeleteClientVpnEndpoint",
    },
    "AWS::EC2::ClientVpnTargetNetworkAssociation": {
        "create": "ec2:AssociateClientVpnTargetNetwork",
        "read": "ec2:DescribeClientVpnTargetNetworks",
        "delete": "ec2:DisassociateClientVpnTargetNetwork",
    },
    "AWS::EMR::Cluster": {
        "create": "elasticmapreduce:AddTags elasticmapreduce:RunJobFlow iam:CreateServiceLinkedRole iam:PassRole",
        "read": (
            "elasticmapreduce:DescribeCluster elasticmapreduce:ListInstanceFleets elasticmapreduce:ListInstanceGroups"
        ),
        "update": (
            "elasticmapreduce:AddTags elasticmapreduce:ModifyInstanceFleet "
            "elasticmapreduce:ModifyInstanceGroups elasticmapreduce:PutAutoScalingPolicy "
            "elasticmapreduce:PutManagedScalingPolicy elasticmapreduce:RemoveTags "
            "elasticmapreduce:SetTerminationProtection"
        ),
        "delete": "elasticmapreduce:TerminateJobFlows",
    },
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": {
        "create": "elasticloadbalancing:AddListenerCertificates",
        "read": "elasticloadbalancing:DescribeListenerCertificates",
        "update": "elasticloadbalancing:AddListenerCertificates elasticloadbalancing:RemoveListenerCertificates",
        "delete": "elasticloadbalancing:RemoveListenerCertificates",
    },
    "AWS::Elasticsearch::Domain": {
        "create": "es:AddTags es:CreateElasticsearchDomain",
        "read": "es:DescribeElasticsearchDomain es:ListTags",
        "update": "es:AddTags es:RemoveTags es:UpdateElasticsearchDomainConfig es:UpgradeElasticsearchDomain",
        "delete": "es:DeleteElasticsearchDomain",
    },
    "AWS::FSx::FileSystem": {
        "create": "fsx:CreateFileSystem fsx:CreateFileSystemFromBackup fsx:TagResource iam:CreateServiceLinkedRole",
        "read": "fsx:DescribeFileSystems fsx:ListTagsForResource",
        "update": "fsx:TagResource fsx:UntagResource fsx:UpdateFileSystem",
        "delete": "fsx:DeleteFileSystem",
    },
    "AWS::IAM::AccessKey": {
        "create": "iam:CreateAccessKey iam:UpdateAccessKey",
        "read": "iam:ListAccessKeys",
        "update": "iam:UpdateAccessKey",
        "delete": "iam:DeleteAccessKey",
    },
    "AWS::IAM::UserToGroupAddition": {
        "create": "iam:AddUserToGroup",
        "read": "iam:GetGroup",
        "update": "iam:AddUserToGroup iam:RemoveUserFromGroup",
        "delete": "iam:RemoveUserFromGroup",
    },
    "AWS::LakeFormation::DataLakeSettings": {
        "create": "lakeformation:PutDataLakeSettings",
        "read": "lakeformation:GetDataLakeSettings",
        "update": "lakeformation:PutDataLakeSettings",
        "delete": "lakeformation:PutDataLakeSettings",
    },
    "AWS::LakeFormation::Permissions": {
        "create": "lakeformation:GrantPermissions",
        "read": "lakeformation:ListPermissions",
        "update": "lakeformation:GrantPermissions lakeformation:RevokePermissions",
        "delete": "lakeformation:RevokePermissions",
    },
    "AWS::LakeFormation::Resource": {
        "create": "iam:PassRole lakeformation:RegisterResource",
        "read": "lakeformation:DescribeResource",
        "update": "iam:PassRole lakeformation:UpdateResource",
        "delete": "lakeformation:DeregisterResource",
    },
    "AWS::OpenSearchService::Domain": {
        "update": "es:UpdateDomainConfig",
    },
    "AWS::Route53::RecordSetGroup": {
        "create": "route53:ChangeResourceRecordSets route53:GetChange route53:ListHostedZonesByName",
        "read": "route53:ListResourceRecordSets",
        "update": "route53:ChangeResourceRecordSets route53:GetChange",
        "delete": "route53:ChangeResourceRecordSets route53:GetChange",
    },
}
"""What CloudFormation calls for types whose schema does not say, and what one means by an action that no service has.

From each service's API reference, and the permissions that its page in the Service Authorization Reference asks for
beside; taken down in November 2026. Kept to types that are in use.
"""
LINKED_ROLES: Final[dict[str, str]] = {
    "AWS::APS::Scraper": "scraper.aps",
    "AWS::AccessAnalyzer": "access-analyzer",
    "AWS::AmazonMQ": "mq",
    "AWS::ApiGatewayV2::VpcLink": "ops.apigateway",
    "AWS::AppRunner::Service": "apprunner networking.apprunner",
    "AWS::AppRunner::VpcConnector": "networking.apprunner",
    "AWS::ApplicationAutoScaling::ScalableTarget": "${ServiceNamespace}.application-autoscaling.amazonaws.com",
    "AWS::ApplicationSignals": "application-signals.cloudwatch",
    "AWS::AutoScaling": "autoscaling",
    "AWS::AutoScalingPlans": "autoscaling-plans",
    "AWS::Backup": "backup",
    "AWS::Backup::Framework": "reports.backup",
    "AWS::Backup::ReportPlan": "reports.backup",
    "AWS::Backup::RestoreTestingPlan": "restore-testing.backup",
    "AWS::Batch": "batch",
    "AWS::Cassandra": "replication.cassandra cassandra.application-autoscaling cassandra-streams",
    "AWS::Chatbot": "management.chatbot",
    "AWS::Cloud9": "cloud9",
    "AWS::CloudFront::Distribution": "replicator.lambda logger.cloudfront",
    "AWS::CloudFront::VpcOrigin": "vpcorigin.cloudfront",
    "AWS::CloudHSM": "cloudhsm",
    "AWS::CloudTrail": "cloudtrail",
    "AWS::CodeGuruReviewer": "codeguru-reviewer",
    "AWS::Cognito": "cognito-idp email.cognito-idp",
    "AWS::Config::ConformancePack": "config-conforms",
    "AWS::Config::OrganizationConfigRule": "config-multiaccountsetup",
    "AWS::Config::OrganizationConformancePack": "config-multiaccountsetup",
    "AWS::Config::RemediationConfiguration": "remediation.config",
    "AWS::Connect": "connect",
    "AWS::DAX": "dax",
    "AWS::DSQL": "dsql",
    "AWS::DataSync": "datasync",
    "AWS::DocDB": "rds",
    "AWS::DocDBElastic": "docdb-elastic",
    "AWS::DynamoDB::GlobalTable": (
        "replication.dynamodb dynamodb.application-autoscaling kinesisreplication.dynamodb contributorinsights.dynamodb"
    ),
    "AWS::DynamoDB::Table": "kinesisreplication.dynamodb contributorinsights.dynamodb",
    "AWS::EC2::FlowLog": "delivery.logs",
    "AWS::EC2::IPAM": "ipam",
    "AWS::EC2::IPAMResourceDiscovery": "ipam",
    "AWS::EC2::InstanceConnectEndpoint": "ec2-instance-connect",
    "AWS::EC2::VerifiedAccessEndpoint": "verified-access",
    "AWS::EC2::VerifiedAccessInstance": "verified-access",
    "AWS::ECR::PullThroughCacheRule": "pullthroughcache.ecr",
    "AWS::ECR::ReplicationConfiguration": "replication.ecr",
    "AWS::ECS": "ecs",
    "AWS::EFS": "elasticfilesystem",
    "AWS::EKS::Cluster": "eks",
    "AWS::EKS::FargateProfile": "eks-fargate",
    "AWS::EKS::Nodegroup": "eks-nodegroup eks",
    "AWS::EMR": "elasticmapreduce",
    "AWS::EMRContainers": "emr-containers",
    "AWS::EMRServerless": "ops.emr-serverless",
    "AWS::ElastiCache": "elasticache",
    "AWS::ElasticLoadBalancingV2": "elasticloadbalancing",
    "AWS::EventSchemas": "schemas",
    "AWS::Events": "apidestinations.events",
    "AWS::FSx": "fsx",
    "AWS::FSx::DataRepositoryAssociation": "s3.data-source.lustre.fsx",
    "AWS::GuardDuty": "guardduty malware-protection.guardduty",
    "AWS::IAM::ServiceLinkedRole": "${AWSServiceName}",
    "AWS::ImageBuilder": "imagebuilder",
    "AWS::KafkaConnect": "kafkaconnect",
    "AWS::Lex": "lexv2",
    "AWS::MSK": "kafka",
    "AWS::MWAA": "airflow",
    "AWS::MemoryDB": "memorydb",
    "AWS::Neptune": "rds",
    "AWS::NeptuneGraph": "neptune-graph",
    "AWS::NetworkFirewall": "network-firewall",
    "AWS::NetworkManager": "networkmanager",
    "AWS::OSIS": "osis",
    "AWS::OpenSearchServerless": "observability.aoss",
    "AWS::OpenSearchService": "opensearchservice",
    "AWS::Organizations": "organizations",
    "AWS::RDS": "rds",
    "AWS::RUM": "rum",
    "AWS::Redshift": "redshift",
    "AWS::RedshiftServerless": "redshift",
    "AWS::RefactorSpaces": "refactor-spaces",
    "AWS::ResourceExplorer2": "resource-explorer-2",
    "AWS::RolesAnywhere": "rolesanywhere",
    "AWS::Route53Resolver": "route53resolver",
    "AWS::S3::StorageLens": "storage-lens.s3",
    "AWS::SSM": "ssm",
    "AWS::SSMIncidents": "ssm-incidents",
    "AWS::SSO": "sso",
    "AWS::SecurityLake": "securitylake",
    "AWS::ServiceCatalogAppRegistry": "servicecatalog-appregistry",
    "AWS::Shield": "shield",
    "AWS::SystemsManagerSAP": "ssm-sap",
    "AWS::Timestream": "timestream-influxdb",
    "AWS::VpcLattice": "vpc-lattice",
    "AWS::VpcLattice::AccessLogSubscription": "vpc-lattice delivery.logs",
    "AWS::WAFv2::LoggingConfiguration": "wafv2",
}
"""The services whose linked role a resource may need, without `.amazonaws.com`; or the property that tells it.

A service makes its role in an account once, with the permissions of whoever first asks for something that needs it.
Sources: "AWS services that work with IAM", and of each service "Using service-linked roles".
"""
PASSES_TO: Final[dict[str, str]] = {
    "AWS::ApiGateway::RestApi": "apigateway",
    "AWS::ApplicationAutoScaling::ScalableTarget": "application-autoscaling",
    "AWS::AutoScaling::AutoScalingGroup": "ec2",
    "AWS::AutoScaling::LaunchConfiguration": "ec2",
    "AWS::Batch::JobDefinition": "ecs-tasks",
    "AWS::CloudFormation::Stack": "cloudformation",
    "AWS::CloudWatch::MetricStream": "streams.metrics.cloudwatch",
    "AWS::EC2::FlowLog": "vpc-flow-logs",
    "AWS::EC2::Instance": "ec2",
    "AWS::EC2::SpotFleet": "spotfleet",
    "AWS::ECS::Service": "ecs",
    "AWS::ECS::TaskDefinition": "ecs-tasks",
    "AWS::Events::Rule": "events",
    "AWS::IAM::InstanceProfile": "ec2",
    "AWS::KinesisFirehose::DeliveryStream": "firehose",
    "AWS::Lambda::Function": "lambda",
    "AWS::Logs::SubscriptionFilter": "logs",
    "AWS::Pipes::Pipe": "pipes",
    "AWS::S3::Bucket": "s3",
    "AWS::SNS::Subscription": "sns",
    "AWS::SNS::Topic": "sns",
    "AWS::Scheduler::Schedule": "scheduler",
    "AWS::StepFunctions::StateMachine": "states",
}
"""The services that take the role of a resource, without `.amazonaws.com`; of other types, those that the role trusts.

Sources: "Granting a user permissions to pass a role to an AWS service" (IAM User Guide), and each service's guide.
"""
USUALLY_PASSES_TO: Final[dict[str, str]] = {
    "AWS::AppRunner::Service": "build.apprunner tasks.apprunner",
    "AWS::Cognito": "cognito-idp",
    "AWS::Cognito::IdentityPool": "cognito-identity",
    "AWS::Cognito::IdentityPoolRoleAttachment": "cognito-identity",
    "AWS::EMR": "application-autoscaling elasticmapreduce",
    "AWS::EMRContainers": "emr-containers",
    "AWS::KinesisAnalyticsV2": "kinesisanalytics",
    "AWS::Lex": "lexv2",
    "AWS::MSK": "kafka",
    "AWS::MWAA": "airflow airflow-env",
    "AWS::Neptune": "rds",
    "AWS::OSIS": "osis-pipelines",
    "AWS::RDS::DBCluster": "monitoring.rds rds",
    "AWS::RDS::DBInstance": "monitoring.rds rds",
    "AWS::RedshiftServerless": "redshift redshift-serverless",
    "AWS::Synthetics": "lambda synthetics",
}
"""The services that take a role which the template does not make, where they are called otherwise than the type's."""
OPTIONAL_CALLS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "AWS::Athena::WorkGroup": (("s3:*", "WorkGroupConfiguration"),),
    "AWS::Batch::ComputeEnvironment": (("eks:*", "EksConfiguration"),),
    "AWS::CertificateManager::Certificate": (
        ("acm-pca:*", "CertificateAuthorityArn"),
        ("route53:*", "DomainValidationOptions"),
    ),
    "AWS::CodeBuild::Project": (
        ("codebuild:*Webhook", "Triggers"),
        ("codebuild:UpdateProjectVisibility", "Visibility"),
    ),
    "AWS::DocDB::DBCluster": (("rds:RestoreDBClusterFromSnapshot", "SnapshotIdentifier"),),
    "AWS::DynamoDB::Table": (
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
        ("dynamodb:*TableReplica dynamodb:*Item dynamodb:Query dynamodb:Scan", ""),
    ),
    "AWS::FSx::FileSystem": (("fsx:CreateFileSystemFromBackup", "BackupId"),),
    "AWS::IAM::ManagedPolicy": (
        ("iam:AttachGroupPolicy iam:DetachGroupPolicy", "Groups"),
        ("iam:AttachRolePolicy iam:DetachRolePolicy", "Roles"),
        ("iam:AttachUserPolicy iam:DetachUserPolicy", "Users"),
    ),
    "AWS::IAM::Policy": (
        ("iam:*GroupPolicy", "Groups"),
        ("iam:*RolePolicy", "Roles"),
        ("iam:*UserPolicy", "Users"),
    ),
    "AWS::IAM::Role": (
        ("iam:AttachRolePolicy iam:DetachRolePolicy", "ManagedPolicyArns"),
        ("iam:PutRolePolicy iam:DeleteRolePolicy iam:GetRolePolicy", "Policies"),
        ("iam:PutRolePermissionsBoundary", "PermissionsBoundary"),
        ("iam:DeleteRolePermissionsBoundary", ""),
    ),
    "AWS::IAM::User": (
        ("iam:AttachUserPolicy iam:DetachUserPolicy", "ManagedPolicyArns"),
        ("iam:PutUserPolicy iam:DeleteUserPolicy iam:GetUserPolicy", "Policies"),
        ("iam:CreateLoginProfile iam:DeleteLoginProfile iam:UpdateLoginProfile", "LoginProfile"),
        ("iam:AddUserToGroup iam:RemoveUserFromGroup", "Groups"),
        ("iam:PutUserPermissionsBoundary", "PermissionsBoundary"),
        ("iam:DeleteUserPermissionsBoundary", ""),
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
        (
            ("lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig lambda:DeleteFunctionCodeSigningConfig"),
            "CodeSigningConfigArn",
        ),
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
    "AWS::Route53::HostedZone": (
        ("ec2:* route53:AssociateVPC* route53:DisassociateVPC*", "VPCs"),
        ("route53:CreateQueryLoggingConfig route53:DeleteQueryLoggingConfig", "QueryLoggingConfig"),
    ),
    "AWS::S3::Bucket": (
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
        ("s3:DeleteObject", ""),
    ),
    "AWS::SNS::Topic": (
        ("iam:*", "DeliveryStatusLogging"),
        ("sns:*DataProtectionPolicy", "DataProtectionPolicy"),
        ("sns:Subscribe sns:Unsubscribe", "Subscription"),
    ),
    "AWS::StepFunctions::StateMachine": (("s3:*", "DefinitionS3Location"),),
}
"""Pairs: patterns of a handler's actions, and the properties, any of which makes it call them; "": none does.

A type says what its handlers may call, not when. What is not here is called for any resource; of an action that several
pairs match, the first counts. Source: each property's page in the CloudFormation Template Reference.
"""
FURTHER_CALLS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "AWS::ApiGatewayV2::Stage": (
        (
            (
                "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups "
                "logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries "
                "logs:PutResourcePolicy logs:UpdateLogDelivery"
            ),
            "AccessLogSettings",
        ),
    ),
    "AWS::CloudFormation::Stack": (("s3:GetObject", "TemplateURL"),),
    "AWS::CloudFront::Distribution": (
        ("s3:GetBucketAcl s3:PutBucketAcl", "DistributionConfig.Logging"),
        (
            ("iam:CreateServiceLinkedRole lambda:DisableReplication lambda:EnableReplication lambda:GetFunction"),
            (
                "DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations "
                "DistributionConfig.CacheBehaviors.LambdaFunctionAssociations"
            ),
        ),
    ),
    "AWS::EFS::MountTarget": (
        (
            ("ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets"),
            "SubnetId",
        ),
        ("ec2:ModifyNetworkInterfaceAttribute", "SecurityGroups"),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (("iam:CreateServiceLinkedRole", "Subnets SubnetMappings"),),
    "AWS::Lambda::Function": (
        (
            "ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecr:GetRepositoryPolicy ecr:SetRepositoryPolicy",
            "Code.ImageUri",
        ),
    ),
    "AWS::OpenSearchService::Domain": (("iam:CreateServiceLinkedRole", "VPCOptions"),),
    "AWS::SecretsManager::Secret": (("kms:Decrypt kms:GenerateDataKey", "KmsKeyId"),),
}
"""Pairs: actions that a service asks of whoever deploys beside what the handlers list, and the properties that make it.

Sources: "Configure logging for HTTP APIs in API Gateway" (API Gateway Developer Guide); TemplateURL in "CreateStack"
(CloudFormation API Reference); "Permissions required to configure standard logging", "Set up IAM permissions and roles
for Lambda@Edge" (Amazon CloudFront Developer Guide); "CreateMountTarget" (Amazon EFS API Reference); "Service-linked
roles" (Elastic Load Balancing User Guide); "Creating VPC access for Amazon OpenSearch Service domains"; "Amazon ECR
permissions" (AWS Lambda Developer Guide); "Permissions for the KMS key" (AWS Secrets Manager User Guide).
"""
API_PATHS: Final[dict[str, str]] = {
    "AWS::ApiGateway": "/restapis /restapis/* /tags/*",
    "AWS::ApiGateway::Account": "/account",
    "AWS::ApiGateway::ApiKey": "/apikeys /apikeys/* /tags/*",
    "AWS::ApiGateway::BasePathMapping": "/domainnames/*",
    "AWS::ApiGateway::BasePathMappingV2": "/domainnames/*",
    "AWS::ApiGateway::DomainName": "/domainnames /domainnames/* /tags/*",
    "AWS::ApiGateway::DomainNameAccessAssociation": "/domainnames /domainnames/* /tags/*",
    "AWS::ApiGateway::DomainNameV2": "/domainnames /domainnames/* /tags/*",
    "AWS::ApiGateway::UsagePlan": "/usageplans /usageplans/* /tags/*",
    "AWS::ApiGateway::UsagePlanKey": "/usageplans /usageplans/* /tags/*",
    "AWS::ApiGateway::VpcLink": "/vpclinks /vpclinks/* /tags/*",
    "AWS::ApiGatewayV2": "/apis /apis/* /tags/*",
    "AWS::ApiGatewayV2::ApiMapping": "/domainnames/*",
    "AWS::ApiGatewayV2::DomainName": "/domainnames /domainnames/* /tags/*",
    "AWS::ApiGatewayV2::VpcLink": "/vpclinks /vpclinks/* /tags/*",
}
"""API Gateway's paths, which stand in the ARNs of its actions (GET …): these do not name a kind, and ids are made up.

Source: "How Amazon API Gateway works with IAM" (API Gateway Developer Guide).
"""
SIDE_RESOURCES: Final[dict[str, dict[str, str]]] = {
    "AWS::Events::Connection": {"secretsmanager:Secret": "secret:events!connection/{name}/*"},
    "AWS::RDS::DBCluster": {"secretsmanager:Secret": "secret:rds!*"},
    "AWS::RDS::DBInstance": {"secretsmanager:Secret": "secret:rds!*"},
    "AWS::Redshift::Cluster": {"secretsmanager:Secret": "secret:redshift!*"},
    "AWS::Synthetics::Canary": {
        "lambda:function": "function:cwsyn-{name}-*",
        "lambda:layer": "layer:cwsyn-{name}-*",
        "lambda:layerVersion": "layer:cwsyn-{name}-*:*",
    },
}
"""What services make for a resource, by IAM's kind: the ends of the ARNs, in which {name} is the resource's `Name`.

Sources: "AWS Secrets Manager secrets managed by other AWS services" (AWS Secrets Manager User Guide); "Required roles
and permissions for CloudWatch canaries".
"""
