"""Rows about CloudFormation's resource types that no package has right, and what none of them says.

A row holds the columns that `types` names. The compile fails on a value that is derived all the same, and on a type,
property or variable that is gone. Sources: each type's page in the CloudFormation Template Reference (what Ref returns,
names), "Name type" and "DeletionPolicy attribute" there, the Service Authorization Reference (ARNs).

How a generated name is cut: `IdentifierUtils` in aws-cloudformation/cloudformation-cli-java-plugin (Apache-2.0), which
AWS's own handlers use: a hyphen and 12 characters at the end, the rest shared between the stack's name and the logical
id. Load balancers, target groups (`EC2Co-EcsEl-4EBA2FWWZHYS`) and pipelines get 24 characters at most.

Who invokes functions, and under which SourceArn: aws-sam-translator's events and connectors, and public templates with
an AWS::Lambda::Permission, counted behind each row.
"""

from __future__ import annotations

from typing import Any, Final

from remit.catalogue.compiler.type_policies import POLICIES

_BALANCERS: Final = "arn:${Partition}:elasticloadbalancing:${Region}:${Account}:"
HOLD_DATA: Final = (
    "AWS::ACMPCA::CertificateAuthority",
    "AWS::APS::Workspace",
    "AWS::AmazonMQ::Broker",
    "AWS::Backup::LogicallyAirGappedBackupVault",
    "AWS::Bedrock::KnowledgeBase",
    "AWS::BedrockAgentCore::Memory",
    "AWS::Cassandra::Keyspace",
    "AWS::Cassandra::Table",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFront::KeyValueStore",
    "AWS::CloudHSM::Cluster",
    "AWS::CloudTrail::EventDataStore",
    "AWS::CodeArtifact::Repository",
    "AWS::CodeCommit::Repository",
    "AWS::Cognito::IdentityPool",
    "AWS::Connect::Instance",
    "AWS::CustomerProfiles::Domain",
    "AWS::DAX::Cluster",
    "AWS::DSQL::Cluster",
    "AWS::DocDB::GlobalCluster",
    "AWS::DocDBElastic::Cluster",
    "AWS::DynamoDB::Backup",
    "AWS::ECR::PublicRepository",
    "AWS::ECR::Repository",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Events::Archive",
    "AWS::FSx::Backup",
    "AWS::FSx::StorageVirtualMachine",
    "AWS::FSx::Volume",
    "AWS::FinSpace::Environment",
    "AWS::HealthImaging::Datastore",
    "AWS::HealthLake::FHIRDatastore",
    "AWS::KMS::ReplicaKey",
    "AWS::Kendra::Index",
    "AWS::KinesisVideo::Stream",
    "AWS::Lightsail::Bucket",
    "AWS::Lightsail::Database",
    "AWS::Lightsail::Disk",
    "AWS::Lightsail::Instance",
    "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster",
    "AWS::MemoryDB::Cluster",
    "AWS::MemoryDB::MultiRegionCluster",
    "AWS::Neptune::GlobalCluster",
    "AWS::NeptuneGraph::Graph",
    "AWS::Omics::AnnotationStore",
    "AWS::Omics::ReferenceStore",
    "AWS::Omics::SequenceStore",
    "AWS::Omics::VariantStore",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchServerless::Index",
    "AWS::PaymentCryptography::Key",
    "AWS::QBusiness::Application",
    "AWS::QBusiness::Index",
    "AWS::RDS::ClusterSnapshot",
    "AWS::RDS::DBShardGroup",
    "AWS::RDS::DBSnapshot",
    "AWS::RDS::GlobalCluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::Rekognition::Collection",
    "AWS::Route53::HostedZone",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Files::FileSystem",
    "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::Table",
    "AWS::S3Tables::TableBucket",
    "AWS::S3Vectors::Index",
    "AWS::S3Vectors::VectorBucket",
    "AWS::SES::MailManagerArchive",
    "AWS::SageMaker::Domain",
    "AWS::SageMaker::FeatureGroup",
    "AWS::SimSpaceWeaver::Simulation",
    "AWS::Timestream::Database",
    "AWS::Timestream::InfluxDBCluster",
    "AWS::Timestream::InfluxDBInstance",
    "AWS::Timestream::Table",
    "AWS::VerifiedPermissions::PolicyStore",
    "AWS::Wisdom::KnowledgeBase",
    "AWS::WorkSpaces::Workspace",
    "AWS::WorkspacesInstances::Volume",
)
"""Types whose data goes with their resource, beside those that CDK knows: data that the template does not give.

A key holds none, but what it encrypted cannot be read without it. Sources: "DeletionPolicy attribute",
"UpdateReplacePolicy attribute" (CloudFormation User Guide), and the types' pages; all that cfn-lint warns about
(StatefulResources.json) is among them or among CDK's.
"""
ROWS: Final[dict[str, dict[str, Any]]] = {
    # Evidence of who invokes: 37 templates.
    "AWS::ApiGateway::Authorizer": {
        "references": {"target": ["AuthorizerUri"]},
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${RestApiId}/authorizers/${AuthorizerId}",
            "role": "AuthorizerCredentials",
        },
    },
    # Evidence of who invokes: as of AWS::ApiGateway::RestApi.
    "AWS::ApiGateway::Method": {
        "references": {"target": ["Integration.Uri"]},
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${RestApiId}/${Stage}/${Method}/${Path}",
            "role": "Integration.Credentials",
        },
    },
    # Evidence of who invokes: SAM push.py, connector profile.
    "AWS::ApiGateway::RestApi": {
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${RestApiId}/${Stage}/${Method}/${Path}",
        }
    },
    # Evidence of who invokes: SAM push.py, connector profile.
    "AWS::ApiGatewayV2::Api": {
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${ApiId}/${Stage}/${Route}",
        }
    },
    # Evidence of who invokes: SAM.
    "AWS::ApiGatewayV2::Authorizer": {
        "references": {"target": ["AuthorizerUri"]},
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${ApiId}/authorizers/${AuthorizerId}",
            "role": "AuthorizerCredentialsArn",
        },
    },
    # Evidence of who invokes: as of AWS::ApiGatewayV2::Api.
    "AWS::ApiGatewayV2::Integration": {
        "references": {"target": ["IntegrationUri"], "role": ["CredentialsArn"]},
        "invokes": {
            "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:${Partition}:execute-api:${Region}:${Account}:${ApiId}/${Stage}/${Route}",
            "role": "CredentialsArn",
        },
    },
    # It calls the function with a role that trusts it.
    "AWS::AppSync::DataSource": {"invokes": {"principal": "appsync.amazonaws.com", "role": "ServiceRoleArn"}},
    # Evidence of who invokes: connector profile; 9 templates.
    "AWS::AppSync::GraphQLApi": {
        "arn_of": {"GraphQLAPIId": "ApiId"},
        "invokes": {"principal": "appsync.amazonaws.com", "source_arn": "own"},
    },
    "AWS::ApplicationAutoScaling::ScalableTarget": {"arn_of": {}},
    "AWS::ApplicationAutoScaling::ScalingPolicy": {"ref": "arn", "ref_of": ["Arn"]},
    "AWS::AutoScaling::AutoScalingGroup": {
        "arn_is": "granted",
        "generated": ["{stack}-{id}-*"],
        "tags": ["Tags", "propagated list"],
    },
    "AWS::AutoScaling::LaunchConfiguration": {"arn_is": "granted", "generated": ["{stack}-{id}-*"]},
    "AWS::AutoScaling::LifecycleHook": {"ref": "name", "ref_of": ["LifecycleHookName"]},
    "AWS::AutoScaling::ScheduledAction": {"ref": "name", "ref_of": ["ScheduledActionName"]},
    # Evidence of who invokes: public code.
    "AWS::Bedrock::Agent": {
        "references": {"function": ["ActionGroups[].ActionGroupExecutor.Lambda"]},
        "invokes": {"principal": "bedrock.amazonaws.com", "source_arn": "own", "source_account": True},
    },
    "AWS::CDK::Metadata": {"ref": "unknown"},
    "AWS::CertificateManager::Certificate": {"references": {"hosted zone": ["DomainValidationOptions[].HostedZoneId"]}},
    "AWS::CloudFormation::CustomResource": {"ref": "unknown"},
    "AWS::CloudFormation::Stack": {
        "ref": "arn",
        "arn_from": ["Ref"],
        "arn_of": {"StackName": ""},
        "arn_is": "granted",
        "generated": ["{stack}-{id}-*"],
        "generated_most": 128,
    },
    "AWS::CloudFormation::WaitConditionHandle": {"ref": "url"},
    # Evidence of who invokes: 1 template (origin access to a function URL).
    "AWS::CloudFront::AnycastIpList": {"tags": ["Tags.Items", "list"]},
    "AWS::CloudFront::Distribution": {
        "invokes": {"principal": "cloudfront.amazonaws.com", "source_arn": "own", "action": "lambda:InvokeFunctionUrl"}
    },
    # Evidence of who invokes: 10 public files.
    "AWS::CloudWatch::Alarm": {
        "references": {"target": ["AlarmActions[]", "InsufficientDataActions[]", "OKActions[]"]},
        "invokes": {"principal": "lambda.alarms.cloudwatch.amazonaws.com", "source_arn": "own", "source_account": True},
    },
    # Evidence of who invokes: as alarms.
    "AWS::CloudWatch::CompositeAlarm": {
        "generated": ["{stack}-{id}-*"],
        "references": {"target": ["AlarmActions[]", "InsufficientDataActions[]", "OKActions[]"]},
        "invokes": {"principal": "lambda.alarms.cloudwatch.amazonaws.com", "source_arn": "own", "source_account": True},
    },
    "AWS::CodeDeploy::Application": {"generated": []},
    # It calls the function with a role that trusts it.
    "AWS::CodePipeline::Pipeline": {
        "name_most": 100,
        "generated": ["{stack}-{id}-*"],
        "generated_most": 24,
        "generated_least": 5,
        "invokes": {"principal": "codepipeline.amazonaws.com", "role": "RoleArn"},
    },
    # Evidence of who invokes: SAM push.py; 15 templates.
    "AWS::Cognito::UserPool": {
        "references": {"function": ["LambdaConfig.UserMigration"]},
        "invokes": {"principal": "cognito-idp.amazonaws.com", "source_arn": "own"},
    },
    # Evidence of who invokes: 19 templates, none with SourceArn.
    "AWS::Config::ConfigRule": {"invokes": {"principal": "config.amazonaws.com", "source_account": True}},
    # Evidence of who invokes: public code.
    "AWS::Connect::Instance": {
        "invokes": {"principal": "connect.amazonaws.com", "source_arn": "own", "source_account": True}
    },
    # DMS makes up the ends of its ARNs, whatever the identifiers.
    "AWS::DMS::Certificate": {"arn_of": {}},
    "AWS::DMS::Endpoint": {"arn_of": {}},
    "AWS::DMS::ReplicationTask": {"arn_of": {}},
    "AWS::DMS::ReplicationInstance": {"arn_of": {}, "ref": "arn"},
    "AWS::DataZone::Environment": {"arn": ""},
    "AWS::DocDB::DBCluster": {
        "arn_of": {"DbClusterInstanceName": "DBClusterIdentifier"},
        "name_is": "identity",
        "name_most": 63,
        "name_lower": True,
    },
    "AWS::DocDB::DBInstance": {"name_most": 63, "name_lower": True},
    "AWS::DynamoDB::GlobalTable": {
        "arn": "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}",
        "arn_of": {"TableName": "TableName"},
        "iam": ["dynamodb:table", "dynamodb:index", "dynamodb:stream"],
        "name_most": 255,
        "replicas": "Replicas",
        "tags": ["Replicas[].Tags", "list"],
    },
    "AWS::DynamoDB::Table": {"iam": ["dynamodb:table", "dynamodb:index", "dynamodb:stream"], "name_most": 255},
    "AWS::EC2::CapacityReservation": {"tags": ["TagSpecifications", "specifications", "capacity-reservation"]},
    "AWS::EC2::CapacityReservationFleet": {
        "tags": ["TagSpecifications", "specifications", "capacity-reservation-fleet"]
    },
    "AWS::EC2::ClientVpnEndpoint": {"tags": ["TagSpecifications", "specifications", "client-vpn-endpoint"]},
    "AWS::EC2::EC2Fleet": {"tags": ["TagSpecifications", "specifications", "fleet"]},
    "AWS::EC2::IPv4Pool": {"iam": ["ec2:ipv4pool-ec2"]},
    "AWS::EC2::LaunchTemplate": {"tags": ["TagSpecifications", "specifications", "launch-template"]},
    "AWS::EC2::SpotFleet": {
        "tags": ["SpotFleetRequestConfigData.TagSpecifications", "specifications", "spot-fleet-request"]
    },
    "AWS::ECR::Repository": {"name_lower": True},
    "AWS::ECS::Cluster": {"name_most": 255},
    "AWS::ECS::Service": {
        "arn_is": "granted",
        "arn_defaults": {"ClusterName": "default"},
        "iam": ["ecs:service", "ecs:service-deployment"],
        "name_most": 255,
        "generated": ["{stack}-{id}-*"],
    },
    "AWS::ECS::TaskDefinition": {
        "arn_of": {"TaskDefinitionFamilyName": "Family"},
        "arn_is": "granted",
        "name": "Family",
        "name_is": "identity",
        "name_most": 255,
        "generated": ["{stack}-{id}-*"],
    },
    "AWS::EMR::Cluster": {"references": {"instance profile": ["JobFlowRole"]}},
    "AWS::ElastiCache::CacheCluster": {"name_lower": True},
    "AWS::ElastiCache::ReplicationGroup": {"name_lower": True},
    "AWS::ElasticBeanstalk::ApplicationVersion": {"ref": "name", "ref_of": ["Id"]},
    "AWS::ElasticBeanstalk::ConfigurationTemplate": {"ref": "name", "ref_of": ["TemplateName"]},
    "AWS::ElasticLoadBalancing::LoadBalancer": {"name_most": 32, "generated_most": 24, "generated_least": 5},
    "AWS::ElasticLoadBalancingV2::Listener": {
        "arn": _BALANCERS + "listener/${Kind}/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}",
    },
    "AWS::ElasticLoadBalancingV2::ListenerRule": {
        "arn": _BALANCERS + "listener-rule/${Kind}/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}/${RuleId}",
    },
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {
        "arn": _BALANCERS + "loadbalancer/${Kind}/${LoadBalancerName}/${LoadBalancerId}",
        "arn_of": {"LoadBalancerName": "Name"},
        "iam": [
            "elasticloadbalancing:loadbalancer/app/",
            "elasticloadbalancing:loadbalancer/net/",
            "elasticloadbalancing:loadbalancer/gwy/",
        ],
        "name_is": "identity",
        "name_most": 32,
        "generated_most": 24,
        "generated_least": 5,
    },
    # Evidence of who invokes: Terraform and Pulumi examples; 10 templates without.
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "arn_of": {"TargetGroupName": "Name"},
        "arn_is": "granted",
        "name_is": "identity",
        "name_most": 32,
        "generated": ["{stack}-{id}-*"],
        "generated_most": 24,
        "generated_least": 5,
        "invokes": {"principal": "elasticloadbalancing.amazonaws.com", "source_arn": "own"},
    },
    "AWS::Events::EventBus": {"iam": ["events:event-bus", "events:event-busv2"]},
    "AWS::Events::EventBusPolicy": {"ref": "name", "references": {"event bus": ["EventBusName"]}},
    # Evidence of who invokes: SAM push.py, connector profile; 145 templates.
    "AWS::Events::Rule": {
        "ref": "name",
        "ref_of": ["Name"],
        "arn_of": {"RuleName": "Name"},
        "arn_else": {"EventBusName": "arn:${Partition}:events:${Region}:${Account}:rule/${EventBusName}/${RuleName}"},
        "arn_defaults": {"EventBusName": "default"},
        "iam": ["events:rule-on-default-event-bus", "events:rule-on-custom-event-bus"],
        "generated": ["{stack}-{id}-*"],
        "references": {"target": ["Targets[].Arn"]},
        "invokes": {"principal": "events.amazonaws.com", "source_arn": "own"},
    },
    "AWS::Glue::Connection": {"ref": "name", "ref_of": ["Name"]},
    "AWS::Glue::Database": {"arn_of": {"DatabaseName": "DatabaseInput.Name"}, "name": "DatabaseInput.Name"},
    "AWS::Glue::Table": {
        "ref": "name",
        "ref_of": ["Name"],
        "arn_of": {"DatabaseName": "DatabaseName", "TableName": "TableInput.Name"},
        "arn_is": "granted",
        "name": "TableInput.Name",
    },
    "AWS::Greengrass::ConnectorDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::CoreDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::DeviceDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::FunctionDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::GroupVersion": {"ref": "arn"},
    "AWS::Greengrass::LoggerDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::ResourceDefinitionVersion": {"ref": "arn"},
    "AWS::Greengrass::SubscriptionDefinitionVersion": {"ref": "arn"},
    "AWS::IAM::AccessKey": {"references": {"user": ["UserName"]}},
    "AWS::IAM::Group": {"name_path": "Path"},
    "AWS::IAM::InstanceProfile": {"name_path": "Path", "generated": ["{stack}-{id}-*"]},
    "AWS::IAM::ManagedPolicy": {
        "arn_of": {"PolicyNameWithPath": "ManagedPolicyName"},
        "name_is": "identity",
        "name_most": 128,
        "name_path": "Path",
        "generated": ["{stack}-{id}-*"],
        "references": {"group": ["Groups[]"], "user": ["Users[]"]},
    },
    "AWS::IAM::OIDCProvider": {
        "arn_of": {"OidcProviderName": "Url"},
        "name": "Url",
        "name_is": "identity",
        "name_starts": "https://",
    },
    "AWS::IAM::Policy": {"arn": "", "references": {"group": ["Groups[]"], "user": ["Users[]"]}},
    "AWS::IAM::GroupPolicy": {
        "name": "PolicyName",
        "name_is": "identity",
        "name_most": 128,
        "references": {"group": ["GroupName"]},
    },
    "AWS::IAM::RolePolicy": {"name": "PolicyName", "name_is": "identity", "name_most": 128},
    "AWS::IAM::UserPolicy": {
        "name": "PolicyName",
        "name_is": "identity",
        "name_most": 128,
        "references": {"user": ["UserName"]},
    },
    "AWS::IAM::Role": {"name_path": "Path"},
    "AWS::IAM::User": {"name_path": "Path"},
    "AWS::IAM::UserToGroupAddition": {"references": {"group": ["GroupName"]}},
    # Evidence of who invokes: SAM push.py; 25 templates.
    "AWS::IoT::TopicRule": {"invokes": {"principal": "iot.amazonaws.com", "source_arn": "own"}},
    "AWS::KMS::Alias": {"name_starts": "alias/"},
    "AWS::Kinesis::Stream": {"stream": "Arn"},
    "AWS::Kinesis::StreamConsumer": {
        "arn": "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}/consumer/${ConsumerName}:${Created}",
        "arn_of": {"ConsumerName": "ConsumerName"},
    },
    # It calls the function with a role that trusts it.
    "AWS::KinesisFirehose::DeliveryStream": {
        "generated": ["{stack}-{id}-*"],
        "invokes": {"principal": "firehose.amazonaws.com", "role": "ExtendedS3DestinationConfiguration.RoleARN"},
    },
    "AWS::Lambda::Alias": {
        "arn": "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}:${Alias}",
        "arn_of": {"FunctionName": "FunctionName", "Alias": "Name"},
    },
    "AWS::Lambda::EventInvokeConfig": {
        "references": {"target": ["DestinationConfig.OnFailure.Destination", "DestinationConfig.OnSuccess.Destination"]}
    },
    "AWS::Lambda::EventSourceMapping": {
        "references": {"target": ["DestinationConfig.OnFailure.Destination", "EventSourceArn"]}
    },
    "AWS::Lambda::Function": {
        "iam": ["lambda:function", "lambda:function alias", "lambda:function version"],
        "name_most": 64,
    },
    "AWS::Lambda::LayerVersion": {
        "arn_is": "granted",
        "iam": ["lambda:layer", "lambda:layerVersion"],
        "name": "LayerName",
        "name_is": "identity",
    },
    "AWS::Lambda::Permission": {"ref": "name"},
    "AWS::Lambda::Url": {"ref_type": "AWS::Lambda::Function", "arn_from": []},
    "AWS::Lambda::Version": {
        "arn": "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}:${Version}",
        "arn_of": {"FunctionName": "FunctionName", "Version": "Version"},
    },
    "AWS::Lex::Bot": {"arn": "arn:${Partition}:lex:${Region}:${Account}:bot/${BotId}", "arn_of": {"BotId": "Id"}},
    # Evidence of who invokes: public code.
    "AWS::Lex::BotAlias": {
        "invokes": {"principal": "lexv2.amazonaws.com", "source_arn": "own", "source_account": True}
    },
    "AWS::Logs::LogGroup": {"arn_ends": {"Arn": ":*"}},
    # Evidence of who invokes: SAM cloudwatchlogs.py; 13 templates.
    "AWS::Logs::SubscriptionFilter": {
        "references": {"target": ["DestinationArn"]},
        "invokes": {"principal": "logs.amazonaws.com", "source_arn": "LogGroupName"},
    },
    "AWS::MSK::ServerlessCluster": {
        "arn": "arn:${Partition}:kafka:${Region}:${Account}:cluster/${ClusterName}/${Uuid}",
        "arn_of": {"ClusterName": "ClusterName"},
    },
    "AWS::Neptune::DBCluster": {"name_lower": True},
    "AWS::Neptune::DBInstance": {"name_most": 63, "name_lower": True},
    "AWS::OpenSearchService::Domain": {"generated": []},
    # It calls the function with a role that trusts it.
    "AWS::Pipes::Pipe": {
        "references": {"target": ["Enrichment", "Source", "Target"]},
        "invokes": {"principal": "pipes.amazonaws.com", "role": "RoleArn"},
    },
    "AWS::RDS::DBCluster": {"name_lower": True, "generated": ["{stack}-{id}-*"]},
    "AWS::RDS::DBClusterParameterGroup": {"name_most": 255, "name_lower": True, "generated": ["{stack}-{id}-*"]},
    "AWS::RDS::DBInstance": {"name_lower": True},
    "AWS::RDS::DBParameterGroup": {"name_most": 255, "name_lower": True, "generated": ["{stack}-{id}-*"]},
    "AWS::RDS::DBSubnetGroup": {"name_most": 255, "name_lower": True, "generated": ["{stack}-{id}-*"]},
    "AWS::RDS::OptionGroup": {"name_most": 255, "name_lower": True, "generated": ["{stack}-{id}-*"]},
    "AWS::Redshift::Cluster": {"name_lower": True},
    "AWS::Route53::DNSSEC": {"references": {"hosted zone": ["HostedZoneId"]}},
    "AWS::Route53::KeySigningKey": {"references": {"hosted zone": ["HostedZoneId"]}},
    "AWS::Route53::RecordSet": {"references": {"hosted zone": ["HostedZoneId"]}},
    "AWS::Route53::RecordSetGroup": {"references": {"hosted zone": ["HostedZoneId"]}},
    # Evidence of who invokes: SAM push.py, connector profile.
    "AWS::S3::Bucket": {
        "iam": ["s3:bucket", "s3:object"],
        "name_lower": True,
        "invokes": {"principal": "s3.amazonaws.com", "source_arn": "own", "source_account": True},
    },
    # Evidence of who invokes: 1 template, public code.
    "AWS::SES::ReceiptRule": {
        "ref": "name",
        "ref_of": ["RuleName"],
        "invokes": {
            "principal": "ses.amazonaws.com",
            "source_arn": (
                "arn:${Partition}:ses:${Region}:${Account}:receipt-rule-set/${RuleSetName}:receipt-rule/${RuleName}"
            ),
            "source_account": True,
        },
    },
    "AWS::SNS::Subscription": {
        "arn": "arn:${Partition}:sns:${Region}:${Account}:${TopicName}:${Uuid}",
        "references": {"target": ["Endpoint"], "queue": ["RedrivePolicy.deadLetterTargetArn"]},
        "invokes": {"principal": "sns.amazonaws.com", "source_arn": "TopicArn"},
    },
    # Evidence of who invokes: SAM push.py, connector profile; 42 templates.
    "AWS::SNS::Topic": {
        "references": {"target": ["Subscription[].Endpoint"]},
        "invokes": {"principal": "sns.amazonaws.com", "source_arn": "own"},
    },
    "AWS::SQS::Queue": {"name_most": 80, "references": {"queue": ["RedrivePolicy.deadLetterTargetArn"]}},
    "AWS::SSM::Parameter": {"name_most": 1011, "name_starts": "/", "generated": ["CFN-{id}-*"], "generated_most": 255},
    # It calls the function with a role that trusts it.
    "AWS::Scheduler::Schedule": {
        "arn_is": "granted",
        "arn_defaults": {"GroupName": "default"},
        "generated": ["{stack}-{id}-*"],
        "references": {"target": ["Target.Arn"]},
        "invokes": {"principal": "scheduler.amazonaws.com", "role": "Target.RoleArn"},
    },
    "AWS::SecretsManager::ResourcePolicy": {"ref_type": "AWS::SecretsManager::Secret"},
    # Evidence of who invokes: 1 template and public code.
    "AWS::SecretsManager::RotationSchedule": {
        "ref_type": "AWS::SecretsManager::Secret",
        "arn_from": [],
        "invokes": {"principal": "secretsmanager.amazonaws.com", "source_arn": "SecretId", "source_account": True},
    },
    "AWS::SecretsManager::Secret": {
        "arn": "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${Name}-${Random6}",
        "arn_of": {"Name": "Name"},
        "name_is": "identity",
        "generated": ["{id}-*"],
        "generated_most": 255,
        "replicas": "ReplicaRegions",
    },
    "AWS::SecretsManager::SecretTargetAttachment": {"ref_type": "AWS::SecretsManager::Secret"},
    "AWS::Serverless::Api": {"makes": "AWS::ApiGateway::RestApi"},
    "AWS::Serverless::Application": {"ref": "arn", "makes": "AWS::CloudFormation::Stack"},
    "AWS::Serverless::CapacityProvider": {"ref": "unknown"},
    "AWS::Serverless::Connector": {"ref": "unknown"},
    "AWS::Serverless::Function": {"makes": "AWS::Lambda::Function"},
    "AWS::Serverless::GraphQLApi": {"ref": "arn", "makes": "AWS::AppSync::GraphQLApi"},
    "AWS::Serverless::HttpApi": {"makes": "AWS::ApiGatewayV2::Api"},
    "AWS::Serverless::LayerVersion": {"makes": "AWS::Lambda::LayerVersion"},
    "AWS::Serverless::MicrovmImage": {"ref": "unknown"},
    "AWS::Serverless::NetworkConnector": {"ref": "unknown"},
    "AWS::Serverless::SimpleTable": {"makes": "AWS::DynamoDB::Table"},
    "AWS::Serverless::StateMachine": {"makes": "AWS::StepFunctions::StateMachine"},
    "AWS::Serverless::WebSocketApi": {"ref": "name", "makes": "AWS::ApiGatewayV2::Api"},
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": {"arn": ""},
    # It calls the function with a role that trusts it.
    "AWS::StepFunctions::StateMachine": {
        "generated": ["{id}-*", "{stack}-{id}-*"],
        "invokes": {"principal": "states.amazonaws.com", "role": "RoleArn"},
    },
    # Evidence of who invokes: 2 public files.
    "AWS::Transfer::Server": {
        "references": {"function": ["IdentityProviderDetails.Function"]},
        "invokes": {"principal": "transfer.amazonaws.com", "source_arn": "own"},
    },
    # Evidence of who invokes: 2 public files.
    "AWS::VpcLattice::TargetGroup": {
        "references": {"target": ["Targets[].Id"]},
        "invokes": {"principal": "vpc-lattice.amazonaws.com", "source_arn": "own"},
    },
    "AWS::WorkspacesInstances::Volume": {"tags": ["TagSpecifications", "specifications", "volume"]},
}
ROWS_AND_DATA: Final = {
    name: ROWS.get(name, {})
    | ({"holds_data": True} if name in HOLD_DATA else {})
    | ({"access": POLICIES[name]} if name in POLICIES else {})
    for name in sorted({*ROWS, *HOLD_DATA, *POLICIES})
}
"""The rows, `holds_data` and `access` among them."""
