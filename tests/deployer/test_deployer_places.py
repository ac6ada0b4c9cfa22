"""On what a deployer's policy allows its actions: names, ids, defaults, what is looked up, what services make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases_of
from remit.app import Resource
from remit.catalogue.actions import action
from remit.catalogue.arns import matches, parse
from remit.catalogue.handlers import handlers
from remit.catalogue.types import resource_types
from remit.deployer.deployer_policy import Deployer, bound, deployer
from remit.deployer.planned_stack import PlannedStack, named_type, stack_of
from remit.deployer.targets import targets
from remit.iam.decide.evaluate import Request, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER, REGION = "111122223333", "eu-central-1"


def made(stack: str = "shop", **resources: Any) -> Deployer:
    return of({"Resources": resources}, stack)


def of(template: dict[str, Any], stack: str = "shop", parameters: dict[str, str] | None = None) -> Deployer:
    return bound(deployer(stack_of(stack, [template], parameters)), region=REGION, account=NUMBER)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def arn(service: str, tail: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{NUMBER}:{tail}"


def places(found: Deployer, name: str) -> set[str]:
    return {
        pattern
        for grant in found.grants
        if name in grant.statement.actions.patterns and grant.statement.resources is not None
        for pattern in grant.statement.resources.patterns
    }


def allowed(found: Deployer, name: str, place: str, **context: str) -> bool:
    asked = {key.replace("_", ":"): value for key, value in context.items()}
    return evaluate(Request(name, place, principal=arn("iam", "user/ci", ""), context=asked), found.policy).allowed


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


@pytest.mark.parametrize(
    ("properties", "mine", "others"),
    [
        ({}, ("og:default:mysql-8", "pg:default.mysql8", "subgrp:default"), ("og:mine", "pg:mine", "subgrp:mine")),
        (
            {"DBSubnetGroupName": "mine", "DBParameterGroupName": ref("Group")},
            ("og:default:mysql-8", "pg:shop-group-1", "subgrp:mine"),
            ("pg:default.mysql8", "subgrp:default", "subgrp:other", "secgrp:x"),
        ),
    ],
)
def test_a_database_is_made_in_the_groups_that_it_names_or_in_the_defaults(
    properties: dict[str, Any], mine: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = made(Db=resource("AWS::RDS::DBInstance", **properties), Group=resource("AWS::RDS::DBParameterGroup"))
    assert [place for place in mine if not allowed(found, "rds:CreateDBInstance", arn("rds", place))] == []
    assert [place for place in others if allowed(found, "rds:CreateDBInstance", arn("rds", place))] == []


def test_an_endpoint_is_made_in_the_network_that_it_names() -> None:
    found = made(
        It=resource("AWS::EC2::VPCEndpoint", VpcId="vpc-0a", RouteTableIds=[ref("Routes")]),
        Routes=resource("AWS::EC2::RouteTable", VpcId="vpc-0a"),
    )
    assert places(found, "ec2:CreateVpcEndpoint") == {
        arn("ec2", "vpc-endpoint/*"), arn("ec2", "vpc/vpc-0a"), arn("ec2", "route-table/*"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [
        (["subnet-0a", "subnet-0b"], {"subnet/subnet-0a", "subnet/subnet-0b"}),
        (["subnet-0a", ref("Given")], {"subnet/*"}),
        (ref("Told"), {"subnet/subnet-0c", "subnet/subnet-0d"}),
        (ref("Given"), {"subnet/*"}),
    ],
)
def test_ids_are_granted_as_they_are_unless_one_of_them_is_not_known(subnets: Any, expected: set[str]) -> None:
    template = {
        "Parameters": {
            "Given": {"Type": "String"},
            "Told": {"Type": "CommaDelimitedList", "Default": "subnet-0c, subnet-0d"},
        },
        "Resources": {"It": resource("AWS::EC2::NetworkInterface", SubnetId=subnets)},
    }
    found = places(of(template), "ec2:CreateNetworkInterface")
    assert {place for place in found if ":subnet/" in place} == {arn("ec2", tail) for tail in expected}


@pytest.mark.parametrize(
    ("kind", "properties", "name", "mine", "other"),
    [
        ("AWS::EKS::Cluster", {"Name": "k"}, "eks:DeleteCluster", "eks:cluster/k", "eks:cluster/l"),
        ("AWS::EKS::Nodegroup", {"ClusterName": "k", "NodegroupName": "n"}, "eks:DeleteNodegroup",
         "eks:nodegroup/k/n/1", "eks:nodegroup/l/n/1"),
        ("AWS::WAFv2::WebACL", {"Name": "edge", "Scope": "REGIONAL"}, "wafv2:DeleteWebACL",
         "wafv2:regional/webacl/edge/1", "wafv2:global/webacl/edge/1"),
        ("AWS::WAFv2::IPSet", {"Name": "us", "Scope": "CLOUDFRONT"}, "wafv2:DeleteIPSet",
         "wafv2:global/ipset/us/1", "wafv2:global/ipset/them/1"),
        ("AWS::ElastiCache::ReplicationGroup", {"ReplicationGroupId": "Fast"}, "elasticache:DeleteReplicationGroup",
         "elasticache:replicationgroup:fast", "elasticache:replicationgroup:slow"),
        ("AWS::Redshift::Cluster", {"ClusterIdentifier": "dw"}, "redshift:DeleteCluster", "redshift:cluster:dw",
         "redshift:cluster:other"),
        ("AWS::Glue::Database", {"DatabaseInput": {"Name": "lake"}}, "glue:DeleteDatabase", "glue:database/lake",
         "glue:database/sea"),
        ("AWS::Events::Connection", {"Name": "api"}, "events:DeleteConnection", "events:connection/api/uuid",
         "events:connection/other/uuid"),
        ("AWS::Events::Connection", {"Name": "api"}, "secretsmanager:CreateSecret",
         "secretsmanager:secret:events!connection/api/uuid-AbCdEf", "secretsmanager:secret:mine-AbCdEf"),
        ("AWS::RDS::DBInstance", {"ManageMasterUserPassword": True}, "secretsmanager:CreateSecret",
         "secretsmanager:secret:rds!db-1-AbCdEf", "secretsmanager:secret:mine-AbCdEf"),
        ("AWS::Cognito::UserPoolClient", {"UserPoolId": "eu-central-1_a"}, "cognito-idp:DeleteUserPoolClient",
         "cognito-idp:userpool/eu-central-1_a", "cognito-idp:userpool/eu-central-1_b"),
        ("AWS::Scheduler::ScheduleGroup", {"Name": "night"}, "scheduler:DeleteSchedule", "scheduler:schedule/night/a",
         "scheduler:schedule/day/a"),
        ("AWS::IAM::AccessKey", {"UserName": "ci"}, "iam:CreateAccessKey", "iam:user/ci", "iam:user/admin"),
        ("AWS::IAM::UserToGroupAddition", {"GroupName": "devs", "Users": ["ci"]}, "iam:AddUserToGroup",
         "iam:group/devs", "iam:group/admins"),
        ("AWS::CodeBuild::Project", {"Name": "b"}, "codebuild:DeleteProject", "codebuild:project/b",
         "codebuild:project/c"),
        ("AWS::Route53::RecordSetGroup", {"HostedZoneId": "Z1"}, "route53:ChangeResourceRecordSets",
         "route53:hostedzone/Z1", "route53:hostedzone/Z2"),
    ],
)  # fmt: skip
def test_what_the_template_names_is_the_only_one_that_is_reached(
    kind: str, properties: dict[str, Any], name: str, mine: str, other: str
) -> None:
    found = made(It=resource(kind, **properties))

    def at(place: str) -> str:
        service, _, tail = place.partition(":")
        global_ = {"iam": f"arn:aws:iam::{NUMBER}:{tail}", "route53": f"arn:aws:route53:::{tail}"}
        return global_.get(service, arn(service, tail))

    assert allowed(found, name, at(mine))
    assert not allowed(found, name, at(other))


@pytest.mark.parametrize(
    ("stack", "logical_id", "name"),
    [
        ("EC2ContainerService-default", "EcsElasticLoadBalancer", "EC2Co-EcsEl-4EBA2FWWZHYS"),
        ("FargateService", "FargateServiceLB", "Farga-Farga-8YOSE2GJ6GZ3"),
        ("web", "LB", "web-LB-8YOSE2GJ6GZ3"),
    ],
)
def test_a_load_balancer_is_known_by_what_is_left_of_the_stacks_name(stack: str, logical_id: str, name: str) -> None:
    """The first two names are those of load balancers that CloudFormation made."""
    found = made(
        stack,
        **{logical_id: resource("AWS::ElasticLoadBalancingV2::LoadBalancer", Subnets=["subnet-1"])},
        Port=resource("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref(logical_id)),
        Rule=resource("AWS::ElasticLoadBalancingV2::ListenerRule", ListenerArn=ref("Port")),
    )
    made_of = (
        ("DeleteLoadBalancer", "loadbalancer", "0a1b"),
        ("DeleteListener", "listener", "0a1b/2c"),
        ("DeleteRule", "listener-rule", "0a1b/2c/3d"),
    )
    for action_, kind, tail in made_of:
        assert allowed(
            found, f"elasticloadbalancing:{action_}", arn("elasticloadbalancing", f"{kind}/app/{name}/{tail}")
        )
        other = arn("elasticloadbalancing", f"{kind}/app/other/{tail}")
        assert not allowed(found, f"elasticloadbalancing:{action_}", other)
    network = arn("elasticloadbalancing", f"loadbalancer/net/{name}/0a1b")
    assert not allowed(found, "elasticloadbalancing:DeleteLoadBalancer", network)


def test_a_pipeline_is_known_however_its_stacks_name_is_cut() -> None:
    """The first name is the one in "AWS::CodePipeline::Pipeline" (CloudFormation Template Reference)."""
    found = made("mystack", MyPipeline=resource("AWS::CodePipeline::Pipeline"))
    for name, expected in (("mysta-MyPipeline-A1BCDEFGHIJ2", True), ("mystack-MyPipeline-A1BCDEFGHIJ2", True),
                           ("other-MyPipeline-A1BCDEFGHIJ2", False)):  # fmt: skip
        assert allowed(found, "codepipeline:DeletePipeline", arn("codepipeline", name)) is expected


def test_a_cluster_of_documents_reaches_its_own_and_the_defaults() -> None:
    found = made(It=resource("AWS::DocDB::DBCluster", DBClusterIdentifier="docs"))
    assert places(found, "rds:CreateDBCluster") == {
        arn("rds", tail) for tail in ("cluster:docs", "cluster-pg:default*", "og:default*", "subgrp:default*")
    }
    assert places(found, "rds:RestoreDBClusterFromSnapshot") == set()


def test_a_search_domain_is_tagged_as_a_domain() -> None:
    found = made(It=resource("AWS::Elasticsearch::Domain", DomainName="find"))
    assert places(found, "es:AddTags") == {arn("es", "domain/find")}


def test_two_hyphens_in_a_stacks_name_may_become_one() -> None:
    found = made("my--shop", It=resource("AWS::RDS::DBInstance"))
    for name in ("my--shop-it-1", "my-shop-it-1"):
        assert allowed(found, "rds:DeleteDBInstance", arn("rds", f"db:{name}"))
    assert not allowed(found, "rds:DeleteDBInstance", arn("rds", "db:myshop-it-1"))


def test_a_service_linked_role_is_made_for_the_service_that_needs_it_alone() -> None:
    found = made(
        Cluster=resource("AWS::ECS::Cluster"),
        Scale=resource("AWS::ApplicationAutoScaling::ScalableTarget", ServiceNamespace="ecs", ResourceId="service/a/b"),
    )
    for service, expected in (("ecs", True), ("ecs.application-autoscaling", True), ("rds", False),
                              ("dynamodb.application-autoscaling", False)):  # fmt: skip
        role = f"arn:aws:iam::{NUMBER}:role/aws-service-role/{service}.amazonaws.com/AWSServiceRoleForIt"
        context = {"iam_AWSServiceName": f"{service}.amazonaws.com"}
        assert allowed(found, "iam:CreateServiceLinkedRole", role, **context) is expected
        assert not allowed(found, "iam:CreateServiceLinkedRole", role, iam_AWSServiceName="spot.amazonaws.com")


def test_a_service_whose_linked_role_nobody_knows_is_told() -> None:
    found = made(Pipe=resource("AWS::Pipes::Pipe", LogConfiguration={"Level": "ERROR"}))
    assert any(note.startswith("whose service-linked role Pipe (AWS::Pipes::Pipe) may need") for note in found.notes)


REFERENCES = (
    ("{{resolve:ssm:/shop/${AWS::Region}/url:3}}", "ssm:GetParameters", arn("ssm", f"parameter/shop/{REGION}/url")),
    ("{{resolve:ssm-secure:key}}", "ssm:GetParameters", arn("ssm", "parameter/key")),
    ("{{resolve:ssm:/aws/service/x}}", "ssm:GetParameters", f"arn:aws:ssm:{REGION}::parameter/aws/service/x"),
    ("{{resolve:secretsmanager:shop/db:SecretString:password}}", "secretsmanager:GetSecretValue",
     arn("secretsmanager", "secret:shop/db-AbCdEf")),
    ("{{resolve:secretsmanager:shop/db}}", "secretsmanager:GetSecretValue",
     arn("secretsmanager", "secret:shop/db-AbCdEf")),
    (f"a {{{{resolve:secretsmanager:{arn('secretsmanager', 'secret:t-AbCdEf')}:SecretString:k::}}}} b",
     "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:t-AbCdEf")),
)  # fmt: skip


@pytest.mark.parametrize(("text", "name", "place"), REFERENCES)
def test_what_the_template_refers_to_dynamically_can_be_read(text: str, name: str, place: str) -> None:
    value: Any = {"Fn::Sub": text} if "${" in text else text
    found = made(It=resource("AWS::Lambda::Function", Environment={"Variables": {"A": value}}))
    assert allowed(found, name, place)
    assert not allowed(found, name, place.replace("shop", "other").replace("key", "x").replace("service", "y").replace(
        "t-AbCdEf", "other-AbCdEf"))  # fmt: skip
    assert places(made(It=resource("AWS::Lambda::Function")), name) == set()


def test_parameters_whose_values_are_in_the_store_can_be_looked_up_and_name_nothing() -> None:
    template = {
        "Parameters": {"Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/name"}},
        "Resources": {"It": resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "a-${Name}"})},
    }
    for told, expected in (({}, "/shop/name"), ({"Name": "/shop/other"}, "/shop/other")):
        found = of(template, parameters=told)
        assert places(found, "ssm:GetParameters") == {arn("ssm", f"parameter{expected}")}
        assert places(found, "sqs:CreateQueue") == {arn("sqs", "a-*")}


def test_a_transform_in_any_place_is_expanded_and_what_it_includes_is_fetched() -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://code/parts/a.yaml"}}
    for template in (
        {"Transform": include, "Resources": {}},
        {"Resources": {"Fn::Transform": include}},
        {"Resources": {"It": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": {"Fn::Transform": include}}}}},
    ):
        found = of(template)
        transform = f"arn:aws:cloudformation:{REGION}:aws:transform/Include"
        assert places(found, "cloudformation:CreateChangeSet") == {transform}
        assert places(found, "s3:GetObject") == {"arn:aws:s3:::code/parts/*"}
        assert any(note.startswith("what the transform AWS::Include makes") for note in found.notes)


def test_a_name_from_a_mapping_is_one_of_those_that_it_holds() -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Mappings": {"Names": {"dev": {"Q": "q-dev", "T": "t"}, "prod": {"Q": "q-prod", "T": "t"}}},
        "Resources": {
            "ByStage": resource("AWS::SQS::Queue", QueueName={"Fn::FindInMap": ["Names", ref("Stage"), "Q"]}),
            "ByRegion": resource("AWS::SNS::Topic", TopicName={"Fn::FindInMap": ["Names", ref("AWS::Region"), "Q"]}),
            "Nowhere": resource("AWS::DynamoDB::Table", TableName={"Fn::FindInMap": ["Other", "a", "b"]}),
        },
    }
    found = of(template)
    assert places(found, "sqs:CreateQueue") == {arn("sqs", "q-dev")}
    assert places(found, "sns:CreateTopic") == {arn("sns", "q-dev"), arn("sns", "q-prod")}
    assert places(found, "dynamodb:CreateTable") == {arn("dynamodb", "table/*")}


def test_managed_policies_that_a_condition_gives_can_be_attached() -> None:
    used = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    for policies in (
        {"Fn::If": ["Prod", [used], ref("AWS::NoValue")]},
        [{"Fn::If": ["Prod", used, ref("AWS::NoValue")]}],
    ):
        found = made(Runner=resource("AWS::IAM::Role", RoleName="r", ManagedPolicyArns=policies))
        role = f"arn:aws:iam::{NUMBER}:role/r"
        assert allowed(found, "iam:AttachRolePolicy", role, iam_PolicyARN=used)
        assert not allowed(found, "iam:AttachRolePolicy", role, iam_PolicyARN=used.replace("ReadOnly", "Administrator"))


@pytest.mark.parametrize(
    ("kept", "deleted"),
    [
        ({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}, False),
        ({"DeletionPolicy": "Retain"}, True),
        ({"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}, True),
        ({"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}, True),
    ],
)
def test_what_is_kept_in_any_case_need_not_be_deleted(kept: dict[str, str], deleted: bool) -> None:
    found = made(Orders={**resource("AWS::DynamoDB::Table", TableName="orders"), **kept})
    assert allowed(found, "dynamodb:CreateTable", arn("dynamodb", "table/orders"))
    assert allowed(found, "dynamodb:DeleteTable", arn("dynamodb", "table/orders")) is deleted


def test_a_table_is_made_in_the_regions_that_it_is_kept_in() -> None:
    replicas = [{"Region": ref("AWS::Region")}, {"Region": "us-east-1"}]
    found = made(World=resource("AWS::DynamoDB::GlobalTable", TableName="world", Replicas=replicas))
    for region, expected in ((REGION, True), ("us-east-1", True), ("us-west-2", False)):
        assert allowed(found, "dynamodb:CreateTableReplica", arn("dynamodb", "table/world", region)) is expected


def test_a_web_acl_is_put_on_what_it_guards_and_on_no_other_service() -> None:
    stage = {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/prod"}
    found = made(
        Api=resource("AWS::ApiGateway::RestApi"),
        It=resource("AWS::WAFv2::WebACLAssociation", ResourceArn=stage, WebACLArn=arn("wafv2", "regional/webacl/a/1")),
    )
    guarded = f"arn:aws:apigateway:{REGION}::/restapis/abc/stages/prod"
    assert allowed(found, "wafv2:AssociateWebACL", guarded)
    assert allowed(found, "wafv2:AssociateWebACL", arn("wafv2", "regional/webacl/a/1"))
    assert not allowed(found, "wafv2:AssociateWebACL", arn("wafv2", "regional/webacl/b/1"))
    assert places(found, "apigateway:SetWebACL")
    for name in ("appsync:SetWebACL", "cognito-idp:AssociateWebACL", "elasticloadbalancing:SetWebAcl"):
        assert places(found, name) == set()


def test_types_of_which_only_the_api_reference_speaks_are_named() -> None:
    found = made(Key=resource("AWS::IAM::AccessKey", UserName="ci"))
    assert found.unknown == ()
    assert any("since the type does not say: Key (AWS::IAM::AccessKey)" in note for note in found.notes)


def test_instances_are_run_with_the_keys_images_and_groups_that_the_template_names() -> None:
    data = {"ImageId": "ami-0b", "KeyName": "theirs", "SecurityGroupIds": ["sg-0b"]}
    found = made(
        One=resource("AWS::EC2::Instance", ImageId="ami-0a", KeyName="mine", SubnetId="subnet-0a"),
        Form=resource("AWS::EC2::LaunchTemplate", LaunchTemplateData=data),
        Fleet=resource("AWS::AutoScaling::AutoScalingGroup", LaunchTemplate={"LaunchTemplateId": ref("Form")}),
    )
    for tail, expected in (("key-pair/mine", True), ("key-pair/theirs", True), ("key-pair/other", False),
                           ("security-group/sg-0b", True), ("volume/vol-1", True)):  # fmt: skip
        assert allowed(found, "ec2:RunInstances", arn("ec2", tail)) is expected, tail
    for image, expected in (("ami-0a", True), ("ami-0b", True), ("ami-0c", False)):
        assert allowed(found, "ec2:RunInstances", f"arn:aws:ec2:{REGION}::image/{image}") is expected


def test_what_an_action_may_work_on_is_all_of_it_only_where_nothing_tells() -> None:
    """An address may be of a pool, a policy attached to an account, a unit or a root: one of them it must be."""
    free = made(It=resource("AWS::EC2::EIP"))
    assert arn("ec2", "ipv4pool-ec2/*") in places(free, "ec2:AllocateAddress")
    told = made(It=resource("AWS::EC2::NatGateway", SubnetId="subnet-0a", AllocationId={"Fn::ImportValue": "address"}))
    assert places(told, "ec2:CreateNatGateway") == {
        arn("ec2", tail) for tail in ("natgateway/*", "subnet/subnet-0a", "elastic-ip/*")
    }


def test_a_policys_holders_are_all_written_and_no_others() -> None:
    found = made(
        It=resource(
            "AWS::IAM::Policy", PolicyName="p", Roles=[ref("Mine"), "given"], Users=["ann"], Groups=[ref("Team")]
        ),
        Mine=resource("AWS::IAM::Role", Path="/app/"),
        Team=resource("AWS::IAM::Group", GroupName="team"),
    )
    for name, tails in (("iam:PutRolePolicy", ("role/app/shop-Mine-1", "role/given")),
                        ("iam:PutUserPolicy", ("user/ann",)), ("iam:PutGroupPolicy", ("group/team",))):  # fmt: skip
        for tail in tails:
            assert allowed(found, name, arn("iam", tail, ""))
        assert not allowed(found, name, arn("iam", f"{tails[0].partition('/')[0]}/other", ""))


@pytest.mark.parametrize("tag", [":1", "@sha256:00", ""])
def test_a_functions_image_is_read_from_its_repository(tag: str) -> None:
    uri = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop/web" + tag}
    found = made(It=resource("AWS::Lambda::Function", PackageType="Image", Code={"ImageUri": uri}))
    for name in ("ecr:BatchGetImage", "ecr:SetRepositoryPolicy"):
        assert places(found, name) == {arn("ecr", "repository/shop/web")}
    assert places(made(It=resource("AWS::Lambda::Function", Code={"ZipFile": "x"})), "ecr:BatchGetImage") == set()


def test_a_flow_logs_role_is_passed() -> None:
    role = f"arn:aws:iam::{NUMBER}:role/flow"
    found = made(It=resource("AWS::EC2::FlowLog", ResourceId="vpc-0a", DeliverLogsPermissionArn=role))
    assert allowed(found, "iam:PassRole", role, iam_PassedToService="vpc-flow-logs.amazonaws.com")
    assert places(found, "ec2:CreateFlowLogs") == {arn("ec2", "vpc-flow-log/*"), arn("ec2", "vpc/vpc-0a")}


def test_a_role_of_another_account_is_assumed_and_one_that_only_a_tag_mentions_is_not() -> None:
    peer, tagged = (f"arn:aws:iam::444455556666:role/{name}" for name in ("peer", "tagged"))
    tags = [{"Key": "runbook", "Value": tagged}]
    connection = {"VpcId": "vpc-0a", "PeerVpcId": "vpc-0b", "PeerRoleArn": peer, "Tags": tags}
    found = made(It=resource("AWS::EC2::VPCPeeringConnection", **connection))
    assert places(found, "sts:AssumeRole") == {peer}


def test_a_provider_is_named_as_its_address() -> None:
    found = made(It=resource("AWS::IAM::OIDCProvider", Url="https://token.actions.githubusercontent.com"))
    assert places(found, "iam:CreateOpenIDConnectProvider") == {
        arn("iam", "oidc-provider/token.actions.githubusercontent.com", "")
    }


@pytest.mark.parametrize(
    ("kind", "properties", "name", "service"),
    [
        ("AWS::Glue::Job", {"Role": "runner"}, "runner", "glue"),
        ("AWS::CodeBuild::Project", {"ServiceRole": "runner"}, "runner", "codebuild"),
        ("AWS::EMR::Cluster", {"ServiceRole": "runner", "JobFlowRole": "profile"}, "runner", "elasticmapreduce"),
        ("AWS::EMR::Cluster", {"AutoScalingRole": "scaler"}, "scaler", "application-autoscaling"),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": "runner"}, "runner", "ecs-tasks"),
    ],
)
def test_a_role_that_is_told_by_its_name_is_passed(
    kind: str, properties: dict[str, Any], name: str, service: str
) -> None:
    found = made(It=resource(kind, **properties))
    role = f"arn:aws:iam::{NUMBER}:role/{name}"
    assert allowed(found, "iam:PassRole", role, iam_PassedToService=f"{service}.amazonaws.com")
    assert not allowed(found, "iam:PassRole", role, iam_PassedToService="lambda.amazonaws.com")
    assert places(found, "iam:PassRole") == {role}


def test_the_role_in_an_instance_profile_from_elsewhere_is_told_to_be_unknown() -> None:
    told = (
        "the role in the instance profile given of It (AWS::EC2::Instance) is not known, so passing it is not granted"
    )
    mine = resource("AWS::IAM::InstanceProfile", Roles=["runner"])
    assert told in made(It=resource("AWS::EC2::Instance", IamInstanceProfile="given")).notes
    own = made(It=resource("AWS::EC2::Instance", IamInstanceProfile=ref("Mine")), Mine=mine)
    assert not any("instance profile" in note for note in own.notes)
    assert allowed(own, "iam:PassRole", arn("iam", "role/runner", ""), iam_PassedToService="ec2.amazonaws.com")


def test_what_a_pattern_of_actions_allows_is_not_said_again() -> None:
    found = made(
        It=resource("AWS::AutoScaling::AutoScalingGroup"), One=resource("AWS::EC2::Instance", ImageId="ami-0a")
    )
    named = {name for grant in found.grants for name in grant.statement.actions.patterns}
    assert "ec2:Describe*" in named
    assert [name for name in named if name.startswith("ec2:Describe")] == ["ec2:Describe*"]


def test_a_canarys_function_is_the_one_that_synthetics_makes_for_it() -> None:
    found = made(It=resource("AWS::Synthetics::Canary", Name="ping"))
    assert allowed(found, "lambda:UpdateFunctionCode", arn("lambda", "function:cwsyn-ping-1a2b"))
    assert not allowed(found, "lambda:UpdateFunctionCode", arn("lambda", "function:other"))


def test_apis_alone_are_put_and_tags() -> None:
    found = made(Domain=resource("AWS::ApiGateway::DomainName", DomainName="a.example.com"))
    assert places(found, "apigateway:PUT") == {f"arn:aws:apigateway:{REGION}::/tags/*"}


@pytest.mark.parametrize(
    "bucket",
    [{"Fn::GetAtt": ["Logs", "DomainName"]}, {"Fn::Sub": "cdn-logs.s3.${AWS::URLSuffix}"}, "cdn-logs.s3.amazonaws.com"],
)
def test_a_distribution_may_write_the_acl_of_its_log_bucket_alone(bucket: Any) -> None:
    origins = [{"DomainName": {"Fn::GetAtt": ["Site", "RegionalDomainName"]}, "Id": "o"}]
    found = made(
        It=resource(
            "AWS::CloudFront::Distribution", DistributionConfig={"Logging": {"Bucket": bucket}, "Origins": origins}
        ),
        Site=resource("AWS::S3::Bucket", BucketName="site"),
        Logs=resource("AWS::S3::Bucket", BucketName="cdn-logs"),
    )
    assert places(found, "s3:PutBucketAcl") == {"arn:aws:s3:::cdn-logs"}
    plain = made(It=resource("AWS::CloudFront::Distribution", DistributionConfig={"Origins": origins}))
    assert places(plain, "s3:PutBucketAcl") == set()


def test_functions_at_the_edge_are_replicated() -> None:
    edge = [{"EventType": "viewer-request", "LambdaFunctionARN": ref("V")}]
    for config in (
        {"DefaultCacheBehavior": {"LambdaFunctionAssociations": edge}},
        {"CacheBehaviors": [{}, {"LambdaFunctionAssociations": edge}]},
    ):
        found = made(
            It=resource("AWS::CloudFront::Distribution", DistributionConfig=config),
            V=resource("AWS::Lambda::Version", FunctionName=ref("Fn")),
            Fn=resource("AWS::Lambda::Function", FunctionName="edge"),
        )
        assert allowed(found, "lambda:EnableReplication", arn("lambda", "function:edge:3"))
        assert not allowed(found, "lambda:EnableReplication", arn("lambda", "function:other:3"))
        assert places(found, "iam:CreateServiceLinkedRole") == {
            arn("iam", f"role/aws-service-role/{name}.amazonaws.com/*", "")
            for name in ("replicator.lambda", "logger.cloudfront")
        }


NOT_SETTLED = {
    ("AWS::CloudTrail::Dashboard", "Name"),
    ("AWS::CodeCommit::Repository", "RepositoryName"),
    ("AWS::ECS::PrimaryTaskSet", "TaskSetId"),
    ("AWS::GameLift::GameServerGroup", "GameServerGroupName"),
    ("AWS::Lex::Bot", "Name"),
    ("AWS::MediaConnect::Bridge", "Name"),
    ("AWS::SageMaker::Device", "DeviceFleetName"),
    ("AWS::SageMaker::InferenceComponent", "InferenceComponentName"),
    ("AWS::SageMaker::ModelPackage", "ModelPackageName"),
    ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", "ProductId"),
    ("AWS::SystemsManagerSAP::Application", "ApplicationId"),
    ("AWS::XRay::Group", "GroupName"),
}
"""Names that ARNs have, by the Service Authorization Reference, though the schema lets an update change them."""


def test_names_in_arns_are_those_that_no_update_changes() -> None:
    """The schemas, as cfn-lint has them, are another source for what a name is: it identifies, and stays."""
    from cfnlint.schema.manager import (  # noqa: PLC0415 - half a second, for each process that collects tests
        PROVIDER_SCHEMA_MANAGER,
        ResourceNotFoundError,
    )

    unsettled: set[tuple[str, str]] = set()
    kinds = cases_of(tuple(name for name in resource_types() if handlers(name)), 100)
    for kind in kinds:
        try:
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        except ResourceNotFoundError:
            continue
        stay = {"createOnlyProperties", "primaryIdentifier", "readOnlyProperties", "conditionalCreateOnlyProperties"}
        fixed = {path.split("/")[2] for key in stay for path in schema.get(key, ())}
        for name in schema["properties"].keys() - fixed:
            if named_type(kind) is None and any(_named_by(kind, name)):
                unsettled.add((kind, name))
    assert unsettled == {(kind, name) for kind, name in NOT_SETTLED if kind in kinds}


def _named_by(kind: str, name: str) -> Iterator[str]:
    """The ARNs of the kind that a type is called like, part of which a property gives."""
    named = Resource("It", kind, {name: "gives-a-name"})
    last = kind.rpartition("::")[2].lower()
    known_handlers = handlers(kind)
    by_verb = {} if known_handlers is None else known_handlers.by_verb
    for called in {name for names in by_verb.values() for name in names}:
        known = action(called)
        alike = [target for target in known.targets if last.endswith(_folded(target.type.name))] if known else []
        for place in targets(PlannedStack("shop", {}, {}), named, called) if alike else ():
            found = parse(place)
            if (
                "gives-a-name" in place
                and found
                and any(matches(found, format_) for target in alike for format_ in target.type.arns)
            ):
                yield place


def _folded(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def test_a_boundary_of_the_account_itself_is_demanded_under_the_accounts_number() -> None:
    boundary = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/limit"}
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument={}, RoleName="worker", PermissionsBoundary=boundary)
    statements = [grant.statement for grant in of({"Resources": {"Worker": role}}).grants]
    conditions = [condition for statement in statements for condition in statement.conditions]
    limits = {condition.values for condition in conditions if condition.key.lower() == "iam:permissionsboundary"}
    assert {(f"arn:aws:iam::{NUMBER}:policy/limit",)} == limits
