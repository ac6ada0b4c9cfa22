"""Know how the resources of a type are named, where that is known before the deploy.

Sources: each type's page in the CloudFormation Template Reference ("Name type", and what Ref returns); the kinds and
variables of ARNs are the Service Authorization Reference's. How a generated name is cut: `IdentifierUtils` in
aws-cloudformation/cloudformation-cli-java-plugin (Apache-2.0), which AWS's own handlers use, those of RDS among them:
a hyphen and 12 characters at the end, the rest shared between the stack's name and the logical id. Those of load
balancers and target groups are 24 characters at most (`EC2Co-EcsEl-4EBA2FWWZHYS`), and pipelines' are cut as short.

What has an id instead (a key of KMS, a network) cannot be told from others of its kind: a tag of the stack would tell,
but KMS, for one, is not given it ("KMS does not support system tags": aws-cloudformation-resource-providers-kms).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shape:
    """How a type is named: its kinds in IAM (`lambda:function`) and the variable of their ARNs that the name fills.

    `property` (a path) gives the name; without one it is generated in `styles`, with {stack} and {id}, cut to `limit`,
    which leaves `shortest` characters of each at least; no style: nothing is known of it. `lower`: the service keeps
    names in small letters. `suffix` follows a given name, `prefix` begins it, which the ARN's format has as well.
    """

    kinds: tuple[str, ...]
    variable: str
    property: str
    limit: int = 255
    styles: tuple[str, ...] = ("{stack}-{id}-*",)
    lower: bool = False
    suffix: str = ""
    prefix: str = ""
    shortest: int = 24


SHAPES: Final[dict[str, Shape]] = {
    "AWS::Athena::WorkGroup": Shape(("athena:workgroup",), "WorkGroupName", "Name", styles=()),
    "AWS::AutoScaling::AutoScalingGroup": Shape(
        ("autoscaling:autoScalingGroup",), "GroupFriendlyName", "AutoScalingGroupName"
    ),
    "AWS::AutoScaling::LaunchConfiguration": Shape(
        ("autoscaling:launchConfiguration",), "LaunchConfigurationName", "LaunchConfigurationName"
    ),
    "AWS::CloudFormation::Stack": Shape(("cloudformation:stack",), "StackName", "", 128),
    "AWS::CloudWatch::Alarm": Shape(("cloudwatch:alarm",), "AlarmName", "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": Shape(("cloudwatch:alarm",), "AlarmName", "AlarmName"),
    "AWS::CloudWatch::Dashboard": Shape(("cloudwatch:dashboard",), "DashboardName", "DashboardName", styles=()),
    "AWS::CodeDeploy::Application": Shape(("codedeploy:application",), "ApplicationName", "ApplicationName", styles=()),
    "AWS::CodePipeline::Pipeline": Shape(("codepipeline:pipeline",), "PipelineName", "Name", 24, shortest=5),
    "AWS::DynamoDB::GlobalTable": Shape(
        ("dynamodb:table", "dynamodb:index", "dynamodb:stream"), "TableName", "TableName"
    ),
    "AWS::DynamoDB::Table": Shape(("dynamodb:table", "dynamodb:index", "dynamodb:stream"), "TableName", "TableName"),
    "AWS::ECR::Repository": Shape(("ecr:repository",), "RepositoryName", "RepositoryName", 256, lower=True),
    "AWS::ECS::Cluster": Shape(("ecs:cluster",), "ClusterName", "ClusterName", 255),
    "AWS::ECS::Service": Shape(("ecs:service", "ecs:service-deployment"), "ServiceName", "ServiceName"),
    "AWS::ECS::TaskDefinition": Shape(("ecs:task-definition",), "TaskDefinitionFamilyName", "Family"),
    "AWS::EKS::Cluster": Shape(("eks:cluster",), "ClusterName", "Name", styles=()),
    "AWS::ElasticLoadBalancing::LoadBalancer": Shape(
        ("elasticloadbalancing:loadbalancer",), "LoadBalancerName", "LoadBalancerName", 24, shortest=5
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Shape(
        (
            "elasticloadbalancing:loadbalancer/app/",
            "elasticloadbalancing:loadbalancer/net/",
            "elasticloadbalancing:loadbalancer/gwy/",
        ),
        "LoadBalancerName",
        "Name",
        24,
        shortest=5,
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Shape(
        ("elasticloadbalancing:targetgroup",), "TargetGroupName", "Name", 24, shortest=5
    ),
    "AWS::Events::EventBus": Shape(("events:event-bus", "events:event-busv2"), "EventBusName", "Name", styles=()),
    "AWS::Events::Rule": Shape(
        ("events:rule-on-default-event-bus", "events:rule-on-custom-event-bus"), "RuleName", "Name", 64
    ),
    "AWS::Glue::Database": Shape(("glue:database",), "DatabaseName", "DatabaseInput.Name", styles=()),
    "AWS::Glue::Job": Shape(("glue:job",), "JobName", "Name", styles=()),
    "AWS::Glue::Table": Shape(("glue:table",), "TableName", "TableInput.Name", styles=()),
    "AWS::IAM::Group": Shape(("iam:group",), "GroupNameWithPath", "GroupName", 128),
    "AWS::IAM::InstanceProfile": Shape(
        ("iam:instance-profile",), "InstanceProfileNameWithPath", "InstanceProfileName", 128
    ),
    "AWS::IAM::ManagedPolicy": Shape(("iam:policy",), "PolicyNameWithPath", "ManagedPolicyName", 128),
    "AWS::IAM::OIDCProvider": Shape(("iam:oidc-provider",), "OidcProviderName", "Url", styles=(), prefix="https://"),
    "AWS::IAM::Role": Shape(("iam:role",), "RoleNameWithPath", "RoleName", 64),
    "AWS::IAM::User": Shape(("iam:user",), "UserNameWithPath", "UserName", 64),
    "AWS::KMS::Alias": Shape(("kms:alias",), "Alias", "AliasName", styles=(), prefix="alias/"),
    "AWS::Kinesis::Stream": Shape(("kinesis:stream",), "StreamName", "Name", 128),
    "AWS::KinesisFirehose::DeliveryStream": Shape(
        ("firehose:deliverystream",), "DeliveryStreamName", "DeliveryStreamName", 64
    ),
    "AWS::Lambda::Function": Shape(
        ("lambda:function", "lambda:function alias", "lambda:function version"), "FunctionName", "FunctionName", 64
    ),
    "AWS::Lambda::LayerVersion": Shape(("lambda:layer", "lambda:layerVersion"), "LayerName", "LayerName", styles=()),
    "AWS::Logs::LogGroup": Shape(("logs:log-group",), "LogGroupName", "LogGroupName", 512),
    "AWS::OpenSearchService::Domain": Shape(("es:domain",), "DomainName", "DomainName", styles=()),
    "AWS::Pipes::Pipe": Shape(("pipes:pipe",), "Name", "Name", styles=()),
    "AWS::RDS::DBCluster": Shape(("rds:cluster",), "DbClusterInstanceName", "DBClusterIdentifier", 63, lower=True),
    "AWS::RDS::DBClusterParameterGroup": Shape(
        ("rds:cluster-pg",), "ClusterParameterGroupName", "DBClusterParameterGroupName", lower=True
    ),
    "AWS::RDS::DBInstance": Shape(("rds:db",), "DbInstanceName", "DBInstanceIdentifier", 63, lower=True),
    "AWS::RDS::DBParameterGroup": Shape(("rds:pg",), "ParameterGroupName", "DBParameterGroupName", lower=True),
    "AWS::RDS::DBSubnetGroup": Shape(("rds:subgrp",), "SubnetGroupName", "DBSubnetGroupName", lower=True),
    "AWS::RDS::OptionGroup": Shape(("rds:og",), "OptionGroupName", "OptionGroupName", lower=True),
    "AWS::Redshift::Cluster": Shape(("redshift:cluster",), "ClusterName", "ClusterIdentifier", styles=(), lower=True),
    "AWS::S3::Bucket": Shape(("s3:bucket", "s3:object"), "BucketName", "BucketName", 63, lower=True),
    "AWS::SNS::Topic": Shape(("sns:topic",), "TopicName", "TopicName", 256),
    "AWS::SQS::Queue": Shape(("sqs:queue",), "QueueName", "QueueName", 80),
    "AWS::SSM::Parameter": Shape(
        ("ssm:parameter",), "ParameterNameWithoutLeadingSlash", "Name", styles=("CFN-{id}-*",)
    ),
    "AWS::Scheduler::Schedule": Shape(("scheduler:schedule",), "ScheduleName", "Name", 64),
    "AWS::Scheduler::ScheduleGroup": Shape(("scheduler:schedule-group",), "GroupName", "Name", styles=()),
    "AWS::SecretsManager::Secret": Shape(
        ("secretsmanager:Secret",), "SecretId", "Name", styles=("{id}-*",), suffix="-*"
    ),
    "AWS::StepFunctions::StateMachine": Shape(
        ("states:statemachine",), "StateMachineName", "StateMachineName", 80, ("{id}-*", "{stack}-{id}-*")
    ),
}
"""How the types are named whose names are known before the deploy."""
BESIDE: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "AWS::ECS::Service": (("ClusterName", "Cluster", "default"),),
    "AWS::Events::Rule": (("EventBusName", "EventBusName", "default"),),
    "AWS::Glue::Table": (("DatabaseName", "DatabaseName", "*"),),
    "AWS::Scheduler::Schedule": (("GroupName", "GroupName", "default"),),
}
"""Other variables of a type's ARNs: the variable, the property that gives it, and what holds without."""
REPLICAS: Final = {"AWS::DynamoDB::GlobalTable": "Replicas", "AWS::SecretsManager::Secret": "ReplicaRegions"}
"""Types that are kept in other regions, too, and the property that lists these."""
