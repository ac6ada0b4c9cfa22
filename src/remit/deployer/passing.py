"""Say which roles a deploy passes to which services: iam:PassRole on exactly these, to exactly those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.deployer.declared import OPEN, ROLE_TYPE, Declared, Stack, texts
from remit.deployer.needs import Need, Purpose
from remit.deployer.optional import called
from remit.deployer.references import ROLES, referred
from remit.deployer.targets import targets
from remit.iam.policy import Condition

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSED_TO: Final = {
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
"""Who takes the role of a resource ("Granting a user permissions to pass a role to an AWS service", each service's).

Of a type that is not here, whom the role trusts.
"""
PRINCIPALS: Final = {
    "AWS::AppRunner::Service": "build.apprunner tasks.apprunner",
    "AWS::Cognito::IdentityPool": "cognito-identity",
    "AWS::Cognito::IdentityPoolRoleAttachment": "cognito-identity",
    "AWS::Cognito": "cognito-idp",
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
"""The services of types whose role is not of the template, where they are called otherwise than the types."""


def passed(stack: Stack, declared: Declared) -> Iterator[Need]:
    """iam:PassRole for a resource that is given a role: only the role that its properties name, to its service."""
    if not passes(declared):
        return
    by_arn = {
        arn: role
        for role in referred(stack, declared, ROLES)
        if role.type == ROLE_TYPE
        for arn in targets(stack, role, "iam:GetRole")
    }
    for arn in targets(stack, declared, "iam:PassRole"):
        role = by_arn.get(arn)
        services = _services(stack, declared, role)
        name = arn.rpartition("/")[2] if role is None else role.logical_id
        reason = Purpose("pass", f"{name} to {declared.logical_id}", declared.type)
        yield Need("iam:PassRole", arn, reason, (Condition("StringEquals", "iam:PassedToService", services),))


def passes(declared: Declared) -> bool:
    """Whether deploying a resource may pass a role."""
    return "iam:PassRole" in called(declared)


def _services(stack: Stack, declared: Declared, role: Declared | None) -> tuple[str, ...]:
    """The services that take the role: what the type is known for, else who the role trusts."""
    known = PASSED_TO.get(declared.type)
    trusted = () if role is None or known else tuple(trusts(stack, role))
    service = declared.type.rpartition("::")[0]
    named = known or PRINCIPALS.get(declared.type) or PRINCIPALS.get(service) or service.rpartition("::")[2].lower()
    return trusted or tuple(f"{name}.amazonaws.com" for name in named.split())


def trusts(stack: Stack, role: Declared) -> Iterator[str]:
    """The services that may assume a role, by its trust policy."""
    document: Any = role.properties.get("AssumeRolePolicyDocument")
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {}) if isinstance(statement, dict) else {}
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        for service in services if isinstance(services, list) else [services]:
            yield from (text for text in texts(stack, service) if OPEN not in text)
