"""Know whose service-linked role a deploy may make: the service that iam:CreateServiceLinkedRole is asked for.

A service makes its role in an account once, with the permissions of whoever first asks for something that needs it.

Sources: "AWS services that work with IAM", and of each service "Using service-linked roles".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.deployer.declared import OPEN, texts

if TYPE_CHECKING:
    from remit.deployer.declared import Declared, Stack

LINKED: Final = {
    "AWS::APS::Scraper": "scraper.aps",
    "AWS::AccessAnalyzer": "access-analyzer",
    "AWS::AmazonMQ": "mq",
    "AWS::ApiGatewayV2::VpcLink": "ops.apigateway",
    "AWS::AppRunner::Service": "apprunner networking.apprunner",
    "AWS::AppRunner::VpcConnector": "networking.apprunner",
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
    "AWS::ElasticLoadBalancing": "elasticloadbalancing",
    "AWS::ElasticLoadBalancingV2": "elasticloadbalancing",
    "AWS::EventSchemas": "schemas",
    "AWS::Events": "apidestinations.events",
    "AWS::FSx": "fsx",
    "AWS::FSx::DataRepositoryAssociation": "s3.data-source.lustre.fsx",
    "AWS::GuardDuty": "guardduty malware-protection.guardduty",
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
"""The services by type, else by the type's own service. Of those that are not here, nothing is known."""


def linked(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The services whose linked role a resource of this type may need; none: nobody knows."""
    service = declared.type.rpartition("::")[0]
    if declared.type == "AWS::IAM::ServiceLinkedRole":
        return _told(stack, declared, "AWSServiceName", "{}")
    if declared.type == "AWS::ApplicationAutoScaling::ScalableTarget":
        return _told(stack, declared, "ServiceNamespace", "{}.application-autoscaling.amazonaws.com")
    named = LINKED.get(declared.type, LINKED.get(service, ""))
    return tuple(f"{name}.amazonaws.com" for name in named.split())


def _told(stack: Stack, declared: Declared, name: str, form: str) -> tuple[str, ...]:
    """What a property tells; the namespace of a custom resource is not spelled as its service."""
    found = texts(stack, declared.properties.get(name))
    return () if any(OPEN in text for text in found) else tuple(form.format(text) for text in found)
