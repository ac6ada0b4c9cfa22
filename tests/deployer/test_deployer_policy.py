"""What the policy of a template's deployer holds, for apps and for any template."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import effort
from random_cases import ASKS_ALL, cases, in_all_cases
from remit.catalogue.actions import action
from remit.catalogue.handlers import handlers
from remit.catalogue.types import resource_types
from remit.deployer.deployer_policy import Deployer, bound, deployer
from remit.deployer.lookups_and_repairs import reverting
from remit.deployer.merged_statements import merged
from remit.deployer.needed_actions import DeployCall, Need, Purpose, sentences
from remit.deployer.planned_stack import stack_of
from remit.deployer.s3_objects import _locations, stored_objects
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.pattern import matches
from remit.iam.policy import Condition, Policy, allow, parse, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Grant

HERE = Path(__file__).parent
NUMBER, REGION = "111122223333", "eu-central-1"
BOUNDARY = f"arn:aws:iam::{NUMBER}:policy/edge"
TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [{}]}}


def made(*, boundary: str | None = None, stack: str = "shop", **resources: Any) -> Deployer:
    """The deployer of a template with these resources, in one account and region."""
    found = deployer(stack_of(stack, [{"Resources": resources}]), (), boundary)
    return bound(found, region=REGION, account=NUMBER)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def permission(function: Any) -> dict[str, Any]:
    return resource("AWS::Lambda::Permission", FunctionName=function)


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": ROLE["Properties"] | properties}


def places(found: Deployer, name: str) -> set[str]:
    """Where an action is allowed."""
    return {
        pattern
        for grant in found.grants
        if name in grant.statement.actions.patterns and grant.statement.resources is not None
        for pattern in grant.statement.resources.patterns
    }


def actions(found: Deployer) -> set[str]:
    return {name for grant in found.grants for name in grant.statement.actions.patterns}


def allowed(found: Deployer | Policy, name: str, place: str, context: Mapping[str, Any] | None = None) -> bool:
    policy = found.policy if isinstance(found, Deployer) else found
    return evaluate(Request(name, place, context=dict(context or {})), policy).allowed


def arn(service: str, tail: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{NUMBER}:{tail}"


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        (resource("AWS::SQS::Queue"), "sqs:CreateQueue", arn("sqs", "shop-It-*")),
        (resource("AWS::SQS::Queue", QueueName="jobs"), "sqs:CreateQueue", arn("sqs", "jobs")),
        (resource("AWS::SNS::Topic"), "sns:CreateTopic", arn("sns", "shop-It-*")),
        (resource("AWS::S3::Bucket"), "s3:CreateBucket", "arn:aws:s3:::shop-it-*"),
        (resource("AWS::S3::Bucket", BucketName={"Fn::Sub": "logs-${AWS::AccountId}"}), "s3:CreateBucket",
         f"arn:aws:s3:::logs-{NUMBER}"),
        (resource("AWS::DynamoDB::Table"), "dynamodb:CreateTable", arn("dynamodb", "table/shop-It-*")),
        (resource("AWS::Events::Rule"), "events:PutRule", arn("events", "rule/shop-It-*")),
        (resource("AWS::Events::Rule", EventBusName="bus"), "events:PutRule", arn("events", "rule/bus/shop-It-*")),
        (resource("AWS::Events::Rule", EventBusName=arn("events", "event-bus/bus")), "events:PutRule",
         arn("events", "rule/bus/shop-It-*")),
        (resource("AWS::Scheduler::Schedule", GroupName="nightly"), "scheduler:CreateSchedule",
         arn("scheduler", "schedule/nightly/shop-It-*")),
        (resource("AWS::Scheduler::Schedule"), "scheduler:CreateSchedule",
         arn("scheduler", "schedule/default/shop-It-*")),
        (resource("AWS::SSM::Parameter", Name="/shop/url"), "ssm:PutParameter", arn("ssm", "parameter/shop/url")),
        (resource("AWS::SSM::Parameter"), "ssm:PutParameter", arn("ssm", "parameter/CFN-It-*")),
        (resource("AWS::SecretsManager::Secret", Name="db"), "secretsmanager:CreateSecret",
         arn("secretsmanager", "secret:db-*")),
        (role(RoleName="runner", Path="/app/"), "iam:CreateRole", arn("iam", "role/app/runner", "")),
        (role(), "iam:CreateRole", arn("iam", "role/shop-It-*", "")),
        (resource("AWS::Lambda::EventSourceMapping"), "lambda:GetEventSourceMapping",
         arn("lambda", "event-source-mapping:*")),
        (resource("AWS::EC2::SecurityGroup"), "ec2:DeleteSecurityGroup", arn("ec2", "security-group/*")),
        (resource("AWS::Cognito::UserPool"), "cognito-idp:DeleteUserPool", arn("cognito-idp", "userpool/*")),
        (resource("AWS::Cognito::UserPool"), "cognito-idp:CreateUserPool", "*"),
        (resource("AWS::CloudFormation::Stack"), "cloudformation:CreateStack",
         arn("cloudformation", "stack/shop-It-*/*")),
    ],
)  # fmt: skip
def test_a_resource_is_named_as_cloudformation_will_name_it(declared: dict[str, Any], name: str, expected: str) -> None:
    assert places(made(It=declared), name) == {expected}


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        (resource("AWS::ECS::Cluster"), "ecs:DeleteCluster", arn("ecs", "cluster/shop-Thing-*")),
        (resource("AWS::ECR::Repository"), "ecr:DeleteRepository", arn("ecr", "repository/shop-thing-*")),
        (
            resource("AWS::RDS::DBInstance", DBInstanceIdentifier={"Fn::Sub": "Orders-${AWS::AccountId}"}),
            "rds:RebootDBInstance",
            arn("rds", f"db:orders-{NUMBER}"),
        ),
        (resource("AWS::RDS::DBCluster", DBClusterIdentifier="C"), "rds:DeleteDBCluster", arn("rds", "cluster:c")),
        (resource("AWS::RDS::DBSubnetGroup", DBSubnetGroupName="C"), "rds:DeleteDBSubnetGroup", arn("rds", "subgrp:c")),
        (
            resource("AWS::RDS::DBParameterGroup", DBParameterGroupName="C"),
            "rds:DeleteDBParameterGroup",
            arn("rds", "pg:c"),
        ),
        (resource("AWS::RDS::OptionGroup", OptionGroupName="C"), "rds:DeleteOptionGroup", arn("rds", "og:c")),
        (
            resource("AWS::RDS::DBClusterParameterGroup", DBClusterParameterGroupName="C"),
            "rds:DeleteDBClusterParameterGroup",
            arn("rds", "cluster-pg:c"),
        ),
        (resource("AWS::KMS::Alias", AliasName="alias/x", TargetKeyId="k"), "kms:DeleteAlias", arn("kms", "alias/x")),
        (resource("AWS::Glue::Job", Name="etl"), "glue:DeleteJob", arn("glue", "job/etl")),
        (resource("AWS::OpenSearchService::Domain", DomainName="d"), "es:DeleteDomain", arn("es", "domain/d")),
    ],
)
def test_a_name_that_the_template_gives_is_the_only_one_that_is_reached(
    declared: dict[str, Any], name: str, expected: str
) -> None:
    kind = expected[: max(expected.rfind("/"), expected.rfind(":")) + 1]
    assert {place for place in places(made(Thing=declared), name) if place.startswith(kind)} == {expected}


def test_what_is_done_to_a_resource_is_told_in_the_order_of_its_life() -> None:
    purposes = [Purpose(verb, "Queue", "AWS::SQS::Queue") for verb in ("delete", "update", "create")]
    assert ["to create, update and delete Queue (AWS::SQS::Queue)"] == list(sentences(purposes))


def test_a_domain_name_of_api_gateway_is_granted_by_its_name() -> None:
    domain = resource("AWS::ApiGateway::DomainName", DomainName="api.example.com")
    mapping = resource("AWS::ApiGateway::BasePathMapping", DomainName="api.example.com")
    found = made(Domain=domain, Mapping=mapping)
    base = "arn:aws:apigateway:eu-central-1::"
    granted = {f"{base}/domainnames{end}" for end in ("", "/api.example.com", "/api.example.com/*")}
    assert granted | {f"{base}/tags/*"} == places(found, "apigateway:DELETE")
    assert not any("on every resource of their kind" in note for note in found.notes)


def test_a_record_in_a_zone_of_its_own_id_is_not_said_to_be_in_every_zone() -> None:
    by_id = resource("AWS::Route53::RecordSet", HostedZoneId="Z123", Name="a.example.com")
    by_name = resource("AWS::Route53::RecordSet", HostedZoneName="example.com.", Name="a.example.com")
    found = made(Record=by_id)
    assert {"arn:aws:route53:::hostedzone/Z123"} == places(found, "route53:ChangeResourceRecordSets")
    assert not any("Record" in note for note in found.notes)
    assert [True] == [
        "gives its hosted zone by name" in note for note in made(Record=by_name).notes if "Record" in note
    ]


def test_where_a_generated_name_is_not_foretold_the_kind_is_granted_and_said() -> None:
    found = made(Find=resource("AWS::OpenSearchService::Domain"), Etl=resource("AWS::Glue::Job", Role="r"))
    assert places(found, "es:DeleteDomain") == {arn("es", "domain/*")}
    assert any(
        note.startswith("on every resource of their kind")
        and "Find (AWS::OpenSearchService::Domain), Etl (AWS::Glue::Job)" in note
        for note in found.notes
    )


@pytest.mark.parametrize(
    ("kind", "name", "properties"),
    [
        ("AWS::Athena::WorkGroup", "s3:PutObject", {"WorkGroupConfiguration": {"EnforceWorkGroupConfiguration": True}}),
        ("AWS::Cognito::UserPoolClient", "iam:CreateServiceLinkedRole", {"AnalyticsConfiguration": {"RoleArn": "r"}}),
        ("AWS::RDS::DBInstance", "secretsmanager:CreateSecret", {"ManageMasterUserPassword": True}),
        ("AWS::CertificateManager::Certificate", "route53:ChangeResourceRecordSets", {"DomainValidationOptions": [{}]}),
    ],
)
def test_what_reaches_far_is_granted_only_where_a_property_asks_for_it(
    kind: str, name: str, properties: dict[str, Any]
) -> None:
    assert places(made(Thing=resource(kind)), name) == set()
    assert places(made(Thing=resource(kind, **properties)), name) != set()


def test_a_log_group_is_named_in_both_forms_that_iam_asks_for() -> None:
    found = made(Logs=resource("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/x"))
    group = arn("logs", "log-group:/aws/lambda/x")
    assert places(found, "logs:CreateLogGroup") == {group, f"{group}:*"}


def test_a_name_that_is_too_long_is_a_pattern_of_what_a_cut_leaves() -> None:
    """Source of the example: a role of CloudFormation's in a stack of 35 characters, of 64 in all."""
    found = made(stack="MyStackDev-MyNestedApplicationStack", MyLambdaFunctionName=role())
    (pattern,) = places(found, "iam:CreateRole")
    assert matches(pattern, arn("iam", "role/MyStackDev-MyNestedApplicatio-MyLambdaFunctionName-1U44TLUZ7OR55", ""))
    assert not matches(pattern, arn("iam", "role/MyStackDev-MyNestedApplicatio-Other-1U44TLUZ7OR55", ""))


@pytest.mark.parametrize(
    ("about", "name", "expected"),
    [
        (permission({"Ref": "Fn"}), "lambda:AddPermission", "shop-Fn-*"),
        (permission({"Fn::GetAtt": "Fn.Arn"}), "lambda:AddPermission", "shop-Fn-*"),
        (permission("mine"), "lambda:AddPermission", "mine"),
        (permission(arn("lambda", "function:far")), "lambda:AddPermission", "far"),
        (resource("AWS::Lambda::Url", TargetFunctionArn={"Ref": "Fn"}), "lambda:CreateFunctionUrlConfig", "shop-Fn-*"),
    ],
)
def test_what_is_about_another_resource_is_granted_on_that_one(about: dict[str, Any], name: str, expected: str) -> None:
    found = made(Fn=resource("AWS::Lambda::Function"), About=about)
    assert places(found, name) == {arn("lambda", f"function:{expected}")}


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        (resource("AWS::EC2::EIP"), "ec2:CreateTags", {arn("ec2", "elastic-ip/*")}),
        (resource("AWS::RDS::DBParameterGroup"), "rds:AddTagsToResource", {arn("rds", "pg:shop-it-*")}),
        (resource("AWS::Neptune::DBCluster"), "rds:AddTagsToResource", {arn("rds", "cluster:*")}),
        (resource("AWS::MSK::VpcConnection"), "ec2:CreateTags", {arn("ec2", "*")}),
        (resource("AWS::ECS::TaskDefinition", Family="web"), "ecs:RegisterTaskDefinition",
         {arn("ecs", "task-definition/web:*")}),
        (resource("AWS::ECS::Service", Cluster="main"), "ecs:UpdateService", {arn("ecs", "service/main/shop-It-*")}),
        (resource("AWS::ECS::Service"), "ecs:UpdateService", {arn("ecs", "service/default/shop-It-*")}),
        (resource("AWS::Route53::RecordSet", HostedZoneId="Z1"), "route53:ChangeResourceRecordSets",
         {"arn:aws:route53:::hostedzone/Z1"}),
        (resource("AWS::Route53::RecordSet", HostedZoneId="Z1"), "route53:GetChange", {"arn:aws:route53:::change/*"}),
        (resource("AWS::CertificateManager::Certificate", DomainValidationOptions=[{"HostedZoneId": "Z2"}]),
         "route53:ChangeResourceRecordSets", {"arn:aws:route53:::hostedzone/Z2"}),
    ],
)  # fmt: skip
def test_a_type_is_granted_as_the_kind_that_iam_calls_it(
    declared: dict[str, Any], name: str, expected: set[str]
) -> None:
    assert places(made(It=declared), name) == expected


def test_objects_are_written_where_a_location_says_and_not_on_their_bucket() -> None:
    storage = {"StorageDescriptor": {"Location": "s3://lake/orders/2026"}}
    found = made(Orders=resource("AWS::Glue::Table", DatabaseName="shop", TableInput=storage))
    assert places(found, "s3:PutObject") == {"arn:aws:s3:::lake/orders/*"}


def test_an_alias_is_granted_as_part_of_its_function() -> None:
    found = made(
        Fn=resource("AWS::Lambda::Function", FunctionName="fn"),
        Live=resource("AWS::Lambda::Alias", FunctionName={"Ref": "Fn"}),
        Allow=resource("AWS::Lambda::Permission", FunctionName={"Ref": "Live"}),
    )
    assert allowed(found, "lambda:AddPermission", arn("lambda", "function:fn:live"))
    assert not allowed(found, "lambda:AddPermission", arn("lambda", "function:fn2:live"))


def test_the_ref_of_a_load_balancer_is_its_arn() -> None:
    found = made(
        Web=resource("AWS::ElasticLoadBalancingV2::LoadBalancer", Name="web"),
        Guard=resource("AWS::WAFv2::WebACLAssociation", ResourceArn={"Ref": "Web"}, WebACLArn=arn("wafv2", "x/y")),
    )
    for name, expected in (("web", True), ("other", False)):
        balancer = arn("elasticloadbalancing", f"loadbalancer/app/{name}/50dc6c495c0c9188")
        assert allowed(found, "wafv2:AssociateWebACL", balancer) is expected


def test_event_sources_are_connected_to_the_apps_functions_alone() -> None:
    found = made(
        Fn=resource("AWS::Lambda::Function", FunctionName="fn"),
        Map=resource("AWS::Lambda::EventSourceMapping", FunctionName={"Ref": "Fn"}, EventSourceArn=arn("sqs", "q")),
    )
    for name, expected in (("fn", True), ("other", False)):
        context = {"lambda:FunctionArn": arn("lambda", f"function:{name}")}
        assert allowed(found, "lambda:CreateEventSourceMapping", "*", context) is expected


USES = (
    ("VpcConfig", {"SubnetIds": ["subnet-1"]}, {"ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces"}),
    ("KmsKeyArn", arn("kms", "key/1"), {"kms:Decrypt", "kms:CreateGrant"}),
    ("Layers", [arn("lambda", "layer:dep:3")], {"lambda:GetLayerVersion"}),
    ("CodeSigningConfigArn", arn("lambda", "code-signing-config:csc-1"), {"lambda:PutFunctionCodeSigningConfig"}),
    ("ReservedConcurrentExecutions", 3, {"lambda:PutFunctionConcurrency"}),
    ("Code", {"S3Bucket": "code", "S3Key": "a/b.zip"}, {"s3:GetObject", "s3:GetObjectVersion"}),
    ("FileSystemConfigs", [{"Arn": arn("elasticfilesystem", "access-point/fsap-1")}],
     {"elasticfilesystem:DescribeMountTargets"}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), USES)
def test_what_only_a_property_needs_is_granted_with_it(name: str, value: Any, expected: set[str]) -> None:
    without = actions(made(Fn=resource("AWS::Lambda::Function")))
    with_it = actions(made(Fn=resource("AWS::Lambda::Function", **{name: value})))
    assert expected & without == set()
    assert expected - with_it == set()
    assert without - with_it == set()
    assert actions(made(Fn=resource("AWS::Lambda::Function", **{name: []}))) == without


def test_optional_things_are_granted_by_their_own_arns() -> None:
    found = made(Fn=resource("AWS::Lambda::Function", **{name: value for name, value, _ in USES}))
    assert places(found, "kms:Decrypt") == {arn("kms", "key/1")}
    assert places(found, "lambda:GetLayerVersion") == {arn("lambda", "layer:dep:3")}
    assert places(found, "s3:GetObject") == {"arn:aws:s3:::code/a/*"}
    assert places(found, "lambda:PutFunctionCodeSigningConfig") == {
        arn("lambda", "function:shop-Fn-*"), arn("lambda", "code-signing-config:csc-1"),
    }  # fmt: skip


def test_what_a_service_asks_besides_is_granted_with_the_property_that_makes_it() -> None:
    stage = resource("AWS::ApiGatewayV2::Stage", AccessLogSettings={"DestinationArn": arn("logs", "log-group:x")})
    assert places(made(It=stage), "logs:CreateLogDelivery") == {"*"}
    assert places(made(It=resource("AWS::ApiGatewayV2::Stage")), "logs:CreateLogDelivery") == set()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s3.eu-west-1.amazonaws.com/code/shop/a.template", {"arn:aws:s3:::code/shop/*"}),
        ("https://s3.amazonaws.com/code/a.template", {"arn:aws:s3:::code/*"}),
        ("https://code.s3.cn-north-1.amazonaws.com.cn/x/a.yaml", {"arn:aws:s3:::code/x/*"}),
        (
            {"Fn::Sub": "https://code-${AWS::Region}.s3.${AWS::Region}.${AWS::URLSuffix}/x/a.yaml"},
            {f"arn:aws:s3:::code-{REGION}/x/*"},
        ),
        ({"Fn::Sub": "https://${Bucket}.s3.amazonaws.com/a.yaml"}, set()),
    ],
)
def test_a_nested_stacks_template_is_fetched_by_whoever_deploys(url: Any, expected: set[str]) -> None:
    found = made(Inner=resource("AWS::CloudFormation::Stack", TemplateURL=url))
    assert places(found, "s3:GetObject") == expected
    missing = (
        "not granted for Inner (AWS::CloudFormation::Stack), since the template does not say on what: s3:GetObject"
    )
    assert (missing in found.notes) == (not expected)


def test_what_is_asked_of_an_alias_alone_is_allowed_on_it() -> None:
    concurrency = {"ProvisionedConcurrentExecutions": 1}
    alias = resource("AWS::Lambda::Alias", FunctionName="shop", Name="live", ProvisionedConcurrencyConfig=concurrency)
    assert {arn("lambda", "function:shop:*")} == places(made(Live=alias), "lambda:PutProvisionedConcurrencyConfig")


def test_roles_are_passed_to_the_service_of_what_they_are_given_to() -> None:
    found = made(
        Runner=role(),
        Other=role(),
        Fn=resource(
            "AWS::Lambda::Function",
            Role={"Fn::GetAtt": ["Runner", "Arn"]},
            Environment={"Variables": {"OTHER": {"Fn::GetAtt": ["Other", "Arn"]}}},
        ),
        Night=resource("AWS::Scheduler::Schedule", Target={"RoleArn": {"Fn::GetAtt": ["Other", "Arn"]}}),
    )
    runner, other = (arn("iam", f"role/shop-{name}-1", "") for name in ("Runner", "Other"))
    to_lambda, to_scheduler = ({"iam:PassedToService": f"{name}.amazonaws.com"} for name in ("lambda", "scheduler"))
    assert allowed(found, "iam:PassRole", runner, to_lambda)
    assert allowed(found, "iam:PassRole", other, to_scheduler)
    assert not allowed(found, "iam:PassRole", other, to_lambda)
    assert not allowed(found, "iam:PassRole", runner, to_scheduler)


def test_roles_under_names_of_the_users_own_are_passed_as_well() -> None:
    """A pool of identities is given its roles as {"authenticated": …}."""
    attached = resource(
        "AWS::Cognito::IdentityPoolRoleAttachment",
        IdentityPoolId="pool",
        Roles={"authenticated": {"Fn::GetAtt": ["In", "Arn"]}},
    )
    trust = json.loads(json.dumps(TRUST).replace("lambda.", "cognito-identity."))
    found = made(In=role(AssumeRolePolicyDocument=trust), Attached=attached)
    place, context = f"arn:aws:iam::{NUMBER}:role/shop-In-1", {"iam:PassedToService": "cognito-identity.amazonaws.com"}
    assert allowed(found, "iam:PassRole", place, context)
    assert not allowed(found, "iam:PassRole", place, {"iam:PassedToService": "lambda.amazonaws.com"})


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (
            "AWS::ApiGateway::Method",
            {"HttpMethod": "GET", "Integration": {"Credentials": {"Fn::GetAtt": ["In", "Arn"]}}},
        ),
        ("AWS::ApiGatewayV2::Integration", {"CredentialsArn": {"Fn::GetAtt": ["In", "Arn"]}}),
        ("AWS::ApiGateway::Authorizer", {"AuthorizerCredentials": {"Fn::GetAtt": ["In", "Arn"]}}),
        ("AWS::Cognito::UserPool", {"SmsConfiguration": {"SnsCallerArn": {"Fn::GetAtt": ["In", "Arn"]}}}),
        ("AWS::Redshift::Cluster", {"IamRoles": [{"Fn::GetAtt": ["In", "Arn"]}]}),
        ("AWS::S3::Bucket", {"MetadataConfiguration": {"X": {"Role": {"Fn::GetAtt": ["In", "Arn"]}}}}),
    ],
)
def test_a_role_is_passed_whatever_the_property_is_called(kind: str, properties: dict[str, Any]) -> None:
    found = made(In=role(), Thing=resource(kind, **properties))
    assert places(found, "iam:PassRole") == {f"arn:aws:iam::{NUMBER}:role/shop-In-*"}


def test_where_a_type_does_not_say_a_role_is_passed_to_whom_it_trusts() -> None:
    trust = {"Statement": {"Principal": {"Service": ["tasks.apprunner.amazonaws.com"]}}}
    found = made(
        Builder=role(AssumeRolePolicyDocument=trust),
        Build=resource("AWS::AppRunner::Service", InstanceRoleArn={"Fn::GetAtt": ["Builder", "Arn"]}),
    )
    builder = arn("iam", "role/shop-Builder-1", "")
    assert allowed(found, "iam:PassRole", builder, {"iam:PassedToService": "tasks.apprunner.amazonaws.com"})
    assert not allowed(found, "iam:PassRole", builder, {"iam:PassedToService": "lambda.amazonaws.com"})


def test_a_role_that_trusts_another_service_than_usual_is_passed_to_that_one_alone() -> None:
    trust = {"Statement": {"Principal": {"Service": ["build.apprunner.amazonaws.com"]}}}
    found = made(
        Builder=role(AssumeRolePolicyDocument=trust),
        Build=resource("AWS::AppRunner::Service", InstanceRoleArn={"Fn::GetAtt": ["Builder", "Arn"]}),
    )
    builder = arn("iam", "role/shop-Builder-1", "")
    services = ("build.apprunner.amazonaws.com", "tasks.apprunner.amazonaws.com")
    passed = [allowed(found, "iam:PassRole", builder, {"iam:PassedToService": service}) for service in services]
    assert passed == [True, False]


def test_a_type_that_describes_by_patterns_is_told_by_its_logical_id() -> None:
    assert ("Nodes (AWS::Redshift::Cluster) needs ec2:Describe* on everything: its type says nothing narrower") in made(
        Nodes=resource("AWS::Redshift::Cluster")
    ).notes


def test_a_custom_resource_whose_function_only_the_deploy_knows_is_told() -> None:
    token = {"Fn::ImportValue": "seeder"}
    assert (
        "the ServiceToken of Seed (Custom::Seed) is known at the deploy only, so calling it is not granted"
    ) in made(Seed=resource("Custom::Seed", ServiceToken=token)).notes


@pytest.mark.parametrize(
    ("kind", "services"),
    [
        ("AWS::ApplicationAutoScaling::ScalableTarget", {"application-autoscaling"}),
        ("AWS::Batch::JobDefinition", {"ecs-tasks"}),
        ("AWS::EC2::FlowLog", {"vpc-flow-logs"}),
        ("AWS::RDS::DBInstance", {"monitoring.rds", "rds"}),
        ("AWS::Cognito::UserPool", {"cognito-idp"}),
        ("AWS::Cognito::IdentityPoolRoleAttachment", {"cognito-identity"}),
        ("AWS::Glue::Job", {"glue"}),
    ],
)
def test_a_role_from_elsewhere_is_passed_to_the_principal_that_takes_it(kind: str, services: set[str]) -> None:
    """Whose name is not always the type's; whom the role trusts is not known here."""
    place = arn("iam", "role/elsewhere", "")
    found = made(Thing=resource(kind, RoleARN=place))
    (only,) = (one.statement for one in found.grants if "iam:PassRole" in one.statement.actions.patterns)
    assert only.conditions[0].key == "iam:PassedToService"
    assert set(only.conditions[0].values) == {f"{name}.amazonaws.com" for name in services}


def test_only_the_managed_policies_in_use_can_be_attached() -> None:
    used = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    found = made(Runner=role(ManagedPolicyArns=[used]), Plain=role())
    runner, plain = (arn("iam", f"role/shop-{name}-1", "") for name in ("Runner", "Plain"))
    for name in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
        assert allowed(found, name, runner, {"iam:PolicyARN": used})
        assert not allowed(found, name, runner, {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"})
        assert not allowed(found, name, plain, {"iam:PolicyARN": used})


def test_a_managed_policy_that_nobody_knows_before_the_deploy_is_not_attached() -> None:
    runner = arn("iam", "role/shop-Runner-1", "")
    found = made(Runner=role(ManagedPolicyArns=[{"Ref": "Given"}]))
    assert not allowed(
        found, "iam:AttachRolePolicy", runner, {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    )
    assert any(
        "a managed policy of Runner (AWS::IAM::Role) is known at the deploy only" in note for note in found.notes
    )


def test_the_default_of_a_parameter_in_ssm_is_its_name_there_and_no_value() -> None:
    given = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/role"}
    template = {"Parameters": {"Given": given}, "Resources": {"Runner": role(RoleName={"Ref": "Given"})}}
    found = deployer(stack_of("shop", [template]))
    assert actions(found) == {"ssm:GetParameters"}
    assert any("Runner" in note and "known at the deploy only" in note for note in found.notes), found.notes


def test_a_macro_is_the_account_s_own_and_a_transform_is_aws_s() -> None:
    template = {"Transform": ["AWS::Include", "Ours"], "Resources": {}}
    found = bound(deployer(stack_of("shop", [template])), region=REGION, account=NUMBER)
    assert places(found, "cloudformation:CreateChangeSet") == {
        f"arn:aws:cloudformation:{REGION}:aws:transform/Include",
        f"arn:aws:cloudformation:{REGION}:{NUMBER}:transform/Ours",
    }


def test_a_name_that_cloudformation_makes_is_whole_up_to_the_service_s_limit() -> None:
    """A role's has 64 characters: `STACK-LOGICALID`, a hyphen and 12 more."""
    stack, logical_id = "s" * 25, "R" * 25
    assert places(made(stack=stack, **{logical_id: role()}), "iam:CreateRole") == {
        arn("iam", f"role/{stack}-{logical_id}-*", "")
    }
    assert places(made(stack=stack, **{f"{logical_id}R": role()}), "iam:CreateRole") == {
        arn("iam", f"role/{'s' * 24}*-{'R' * 24}*-*", "")
    }


@pytest.mark.parametrize(("conditions", "known"), [(4, 16), (5, 1)])
def test_of_a_text_with_several_conditions_all_are_known_up_to_sixteen(conditions: int, known: int) -> None:
    parts = [{"Fn::If": [f"C{number}", f"a{number}", f"b{number}"]} for number in range(conditions)]
    assert len(stack_of("shop", [{"Resources": {}}]).texts({"Fn::Join": ["-", parts]})) == known


def test_of_places_that_cover_each_other_the_first_stays() -> None:
    both = (arn("sqs", "a*"), arn("sqs", "a**"))
    found = merged(Need("sqs:CreateQueue", place, Purpose("create", "Jobs", "AWS::SQS::Queue")) for place in both)
    assert [one.statement.resources.patterns for one in found if one.statement.resources] == [both[:1]]


def test_with_a_boundary_roles_are_made_and_written_only_under_it() -> None:
    runner = arn("iam", "role/shop-Runner-1", "")
    under, other = {"iam:PermissionsBoundary": BOUNDARY}, {"iam:PermissionsBoundary": arn("iam", "policy/wide", "")}
    declared = made(Runner=role(PermissionsBoundary=BOUNDARY))
    forced = made(boundary=BOUNDARY, Runner=role(PermissionsBoundary=BOUNDARY))
    for found in (declared, forced):
        for name in ("iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"):
            assert allowed(found, name, runner, under)
            assert not allowed(found, name, runner, other)
            assert not allowed(found, name, runner)
        assert not allowed(found, "iam:DeleteRolePermissionsBoundary", runner, under)


def test_a_users_boundary_holds_as_a_roles_does() -> None:
    someone = arn("iam", "user/shop-Someone-1", "")
    under, other = {"iam:PermissionsBoundary": BOUNDARY}, {"iam:PermissionsBoundary": arn("iam", "policy/wide", "")}
    found = made(Someone=resource("AWS::IAM::User", PermissionsBoundary=BOUNDARY, Policies=[{}]))
    for name in ("iam:CreateUser", "iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:PutUserPermissionsBoundary"):
        assert allowed(found, name, someone, under)
        assert not allowed(found, name, someone, other)
        assert not allowed(found, name, someone)
    assert not allowed(found, "iam:DeleteUserPermissionsBoundary", someone, under)
    assert "iam:CreateLoginProfile" not in actions(found)


def test_a_boundary_that_the_stack_makes_itself_is_told_to_be_none() -> None:
    edge = resource("AWS::IAM::ManagedPolicy", ManagedPolicyName="edge", PolicyDocument={})
    told = (
        "the boundary Edge is a resource of the stack itself, so that whoever deploys may change it: make it elsewhere"
    )
    template = [{"Resources": {"Edge": edge, "Runner": role(PermissionsBoundary={"Ref": "Edge"})}}]
    assert told in deployer(stack_of("shop", template)).notes
    assert told not in made(Edge=edge, Runner=role(PermissionsBoundary=BOUNDARY + "2")).notes
    assert told in made(Edge=edge, Runner=role(PermissionsBoundary=BOUNDARY)).notes
    assert told in made(boundary=BOUNDARY, Edge=edge).notes
    assert told not in made(boundary=f"{BOUNDARY}2", Edge=edge).notes


def test_a_role_without_the_boundary_that_is_forced_is_told() -> None:
    found = made(boundary=BOUNDARY, Runner=role())
    assert f"Runner is declared without the boundary {BOUNDARY}, so this policy does not let it be made" in found.notes
    assert not allowed(found, "iam:CreateRole", arn("iam", "role/shop-Runner-1", ""))


def test_without_a_boundary_it_is_told_what_writing_roles_means() -> None:
    (note,) = [note for note in made(Runner=role()).notes if "boundary" in note]
    assert note.startswith("who writes Runner decides what may be done under it, unless a permissions boundary")


@pytest.mark.parametrize("name", [{"Ref": "Given"}, {"Fn::Sub": "${Given}-x"}, {"Fn::ImportValue": "x"}])
def test_nothing_is_granted_on_a_role_whose_name_is_not_known(name: Any) -> None:
    template = {"Parameters": {"Given": {"Type": "String"}}, "Resources": {"Runner": role(RoleName=name)}}
    found = deployer(stack_of("shop", [template]))
    assert actions(found) == set()
    assert any(
        note.startswith("the name of Runner (AWS::IAM::Role) is known at the deploy only") for note in found.notes
    )


def test_parameters_are_known_by_their_defaults_and_by_what_is_told() -> None:
    template = {
        "Parameters": {"Env": {"Type": "String", "Default": "dev"}, "Table": {"Type": "String"}},
        "Resources": {
            "Queue": resource("AWS::SQS::Queue", QueueName={"Fn::Join": ["-", ["q", {"Ref": "Env"}]]}),
            "Table": resource("AWS::DynamoDB::Table", TableName={"Ref": "Table"}),
        },
    }
    defaults = deployer(stack_of("shop", [template]))
    assert places(bound(defaults, region=REGION, account=NUMBER), "sqs:CreateQueue") == {arn("sqs", "q-dev")}
    told = deployer(stack_of("shop", [template], {"Env": "prod", "Table": "orders"}))
    assert places(bound(told, region=REGION, account=NUMBER), "sqs:CreateQueue") == {arn("sqs", "q-prod")}


def test_a_condition_in_a_name_gives_both_names() -> None:
    found = made(Queue=resource("AWS::SQS::Queue", QueueName={"Fn::If": ["Big", "big", {"Ref": "AWS::NoValue"}]}))
    assert places(found, "sqs:CreateQueue") == {arn("sqs", "big")}
    found = made(Queue=resource("AWS::SQS::Queue", QueueName={"Fn::If": ["Big", "big", "small"]}))
    assert places(found, "sqs:CreateQueue") == {arn("sqs", "big"), arn("sqs", "small")}


def test_two_templates_are_the_way_from_one_to_the_other() -> None:
    old = {"Resources": {"Logs": resource("AWS::Logs::LogGroup", LogGroupName="/a", RetentionInDays=3)}}
    new = {
        "Resources": {"Logs": resource("AWS::Logs::LogGroup", LogGroupName="/a"), "Queue": resource("AWS::SQS::Queue")}
    }
    alone = actions(deployer(stack_of("shop", [new])))
    both = actions(deployer(stack_of("shop", [old, new])))
    assert both - alone == {"logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"}
    assert {"logs:DeleteLogGroup", "sqs:CreateQueue"} < both


def test_types_whose_handlers_nobody_knows_are_named() -> None:
    found = made(Page=resource("AWS::Serverless::Function"), Meta=resource("AWS::CDK::Metadata"))
    assert found.unknown == (("Page", "AWS::Serverless::Function"),)


def test_a_custom_resource_is_the_call_of_its_function() -> None:
    found = made(
        Fn=resource("AWS::Lambda::Function", FunctionName="seed"),
        Seed=resource("Custom::Seed", ServiceToken={"Fn::GetAtt": ["Fn", "Arn"]}),
    )
    assert places(found, "lambda:InvokeFunction") == {arn("lambda", "function:seed")}
    assert found.unknown == ()


def test_each_statement_tells_what_it_is_for() -> None:
    call = DeployCall("s3.PutObject", ("s3:PutObject",), "arn:aws:s3:::b/{stack}/*", "to upload")
    resources = {"Jobs": resource("AWS::SQS::Queue"), "Mail": resource("AWS::SQS::Queue")}
    found = deployer(stack_of("shop", [{"Resources": resources}]), (call,))
    assert [grant.because for grant in found.grants] == [
        "to upload", "to create, read, update and delete Jobs, Mail (AWS::SQS::Queue)",
    ]  # fmt: skip


def test_the_nested_stacks_events_are_followed_as_well() -> None:
    here = "arn:aws:cloudformation:eu-central-1:111122223333:stack/{stack}/*"
    calls = tuple(DeployCall(f"cloudformation.{name}", (f"cloudformation:{name}",), here, "to follow", nested=nested)
                  for name, nested in (("DescribeStackEvents", True), ("ExecuteChangeSet", False)))  # fmt: skip
    template = {"Resources": {"Child": resource("AWS::CloudFormation::Stack", TemplateURL="https://x")}}
    found = bound(deployer(stack_of("shop", [template]), calls), region=REGION, account=NUMBER)
    child = arn("cloudformation", "stack/shop-Child-1/2")
    assert allowed(found, "cloudformation:DescribeStackEvents", child)
    assert not allowed(found, "cloudformation:ExecuteChangeSet", child)


def test_without_an_account_names_hold_the_callers_own() -> None:
    template = {"Resources": {"Bucket": resource("AWS::S3::Bucket", BucketName={"Fn::Sub": "b-${AWS::AccountId}"})}}
    found = bound(deployer(stack_of("shop", [template])))
    request = Request(
        "s3:CreateBucket", f"arn:aws:s3:::b-{NUMBER}", principal=f"arn:aws:iam::{NUMBER}:user/ci", context={}
    )
    assert places(found, "s3:CreateBucket") == {"arn:aws:s3:::b-${aws:PrincipalAccount}"}
    assert evaluate(request, found.policy).allowed


@cache
def of_each_type() -> dict[str, Deployer]:
    kinds = list(filter(handlers, resource_types()))[:: 1 if ASKS_ALL else 7]
    return {kind: made(It=resource(kind)) for kind in kinds}


def test_every_known_type_gives_a_policy_that_iam_takes_and_that_reaches_no_foreign_identity() -> None:
    for kind, found in of_each_type().items():
        assert parse(render(found.policy)).statements == found.policy.statements or not found.grants
        text = json.dumps(render(found.policy))
        assert "\\u0000" not in text
        assert "${AWS" not in text
        for name, tail in (("iam:PutRolePolicy", "role/admin"), ("iam:AttachRolePolicy", "role/admin"),
                           ("iam:PassRole", "role/admin"), ("sts:AssumeRole", "role/admin"),
                           ("iam:PutUserPolicy", "user/admin"), ("iam:CreateAccessKey", "user/admin")):  # fmt: skip
            asked = Request(name, arn("iam", tail, ""), principal=f"arn:aws:iam::{NUMBER}:user/ci")
            assert evaluate(asked, found.policy).verdict == "ImplicitlyDenied", (kind, name)


def test_actions_on_everything_are_those_that_know_nothing_narrower() -> None:
    for kind, found in of_each_type().items():
        for grant in found.grants:
            assert grant.statement.resources is not None
            if "*" in grant.statement.resources.patterns:
                known = [action(name) for name in grant.statement.actions.patterns if "*" not in name]
                assert [found.full_name for found in known if found is None or found.targets] == [], kind


@in_all_cases
def test_five_hundred_resources_take_seconds_at_most() -> None:
    many = {f"Fn{number}": resource("AWS::Lambda::Function") for number in range(500)}
    with effort.at_most(5):
        made(**many)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({}, "this is not a CloudFormation template: it has no `Resources`"),
        ({"Resources": []}, "this is not a CloudFormation template: it has no `Resources`"),
        ({"Resources": {"A": {}}}, "resource `A` of the template has no `Type`"),
        ({"Resources": {"A": []}}, "resource `A` of the template has no `Type`"),
        ({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": 3}}},
         "`Properties` in the template must be an object, got int"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused(template: Any, message: str) -> None:
    with pytest.raises(RemitError) as refusal:
        stack_of("shop", [template])
    assert refusal.value.message == message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["*", "A", "AWS::Region", "${A}-${B}", "${!A}", "s3://b/k"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "Role", "RoleName", "FunctionName",
            "Name", "ManagedPolicyArns", "PermissionsBoundary", "AssumeRolePolicyDocument", "Statement",
            "Principal", "Service", "Code", "S3Bucket", "S3Key", "KmsKeyArn", "Path", "TableName",
            "EventBusName", "ServiceToken", "Layers", "Fn::FindInMap", "VpcId", "SubnetIds", "Replicas", "Region",
            "ResourceArn", "LoadBalancerArn", "IamInstanceProfile", "ServiceNamespace", "DistributionConfig", "Logging",
        ]),
        inner, max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip
KINDS = ("AWS::EC2::VPCEndpoint", "AWS::RDS::DBInstance", "AWS::WAFv2::WebACLAssociation", "AWS::EMR::Cluster",
         "AWS::ElasticLoadBalancingV2::Listener", "AWS::DynamoDB::GlobalTable", "AWS::CloudFront::Distribution",
         "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Events::Rule", "Custom::X",
         "AWS::IAM::ManagedPolicy", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Topic", "A::B",
         "AWS")  # fmt: skip


@settings(max_examples=cases(15, deep=600))
@given(st.dictionaries(st.sampled_from("AB"), st.tuples(st.sampled_from(KINDS), VALUES), min_size=1))
def test_any_properties_give_a_policy_or_a_refusal(resources: dict[str, tuple[str, Any]]) -> None:
    template = {"Resources": {name: {"Type": kind, "Properties": value} for name, (kind, value) in resources.items()}}
    try:
        found = deployer(stack_of("shop", [template]))
    except RemitError:
        return
    for grant in found.grants:
        assert grant.statement.resources is not None
        assert grant.statement.resources.patterns
    assert not allowed(bound(found), "iam:CreateRole", arn("iam", "role/admin", "")) or "admin" in json.dumps(template)


ACTIONS = ("sqs:SendMessage", "sqs:DeleteQueue", "sqs:TagQueue", "iam:PassRole", "sns:Publish", "sqs:*Queue")
PLACES = ("*", "arn:aws:sqs:::a", "arn:aws:sqs:::ab", "arn:aws:sqs:::b", "arn:aws:sqs:::a*", "arn:aws:sqs:::*b")
CONDITIONS = st.lists(
    st.builds(
        Condition,
        st.sampled_from(["StringEquals", "ArnEquals"]),
        st.sampled_from(["iam:PassedToService", "lambda:FunctionArn"]),
        st.sampled_from([("arn:aws:x:::1",), ("arn:aws:x:::2",)]),
    ),
    max_size=2,
).map(tuple)
PURPOSES = st.builds(
    Purpose, st.sampled_from(["fetch", "create", "delete"]), st.sampled_from("ABCDEFGH"), st.just("AWS::X::Y")
)
NEEDS = st.builds(Need, st.sampled_from(ACTIONS), st.sampled_from(PLACES), PURPOSES, CONDITIONS)


def _covers(grant: Grant, need: Need) -> bool:
    """Whether a statement has the action, or a pattern of it, on its resource."""
    actions, resources = grant.statement.actions.patterns, grant.statement.resources
    assert resources is not None
    is_about = any(fnmatchcase(need.action, pattern) for pattern in actions)
    return is_about and any(fnmatchcase(need.resource, pattern) for pattern in resources.patterns)


@settings(max_examples=cases(15, deep=600))
@given(st.lists(NEEDS, min_size=1, max_size=12))
def test_merged_statements_allow_what_the_needs_did_and_nothing_else(needs: list[Need]) -> None:
    apart = Policy(tuple(allow(need.action, on=need.resource, when=need.conditions) for need in needs))
    grants = merged(needs)
    together = Policy(tuple(grant.statement for grant in grants))
    assert len(together.statements) <= len(apart.statements)
    for need in needs:
        told = " ".join(grant.because for grant in grants if _covers(grant, need))
        assert need.purpose.doing in told
        assert re.search(rf"\b{need.purpose.subject}\b", told)
    places = [*dict.fromkeys(need.resource for need in needs)]
    for grant in grants:
        resources = grant.statement.resources
        assert resources is not None
        assert [*resources.patterns] == sorted(resources.patterns, key=places.index)
    for name in ACTIONS:
        for place in (*PLACES[1:4], "arn:aws:sqs:::cb", "arn:aws:sqs:::c"):
            for first in (None, "arn:aws:x:::1", "arn:aws:x:::2"):
                for second in (None, "arn:aws:x:::1", "arn:aws:x:::2"):
                    context = {"iam:PassedToService": first, "lambda:FunctionArn": second}
                    assert allowed(apart, name, place, context) == allowed(together, name, place, context)


NAMED = {
    "AWS::SQS::Queue": "QueueName", "AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName", "AWS::IAM::Role": "RoleName", "AWS::Kinesis::Stream": "Name",
}  # fmt: skip
TEXTS = st.sampled_from([{"Ref": "P"}, {"Fn::Sub": "${P}-x"}, {"Fn::Join": ["-", ["x", {"Ref": "P"}]]}, "plain"])
PATHS = st.sampled_from([None, {"Ref": "Q"}, {"Fn::Sub": "/shop${Q}"}, "/shop/"])


def settled(value: Any, parameters: dict[str, str]) -> Any:
    """A value with its parameters filled in, as text."""
    text = json.dumps(value)
    for name, told in parameters.items():
        text = text.replace(json.dumps({"Ref": name}), json.dumps(told)).replace(f"${{{name}}}", told)
    return json.loads(text)


@settings(max_examples=cases(15, deep=300))
@given(
    st.dictionaries(st.sampled_from(sorted(NAMED)), TEXTS, max_size=2),
    TEXTS,
    PATHS,
    st.sampled_from(["jobs", "a-b"]),
    st.sampled_from(["/", "/team/", "/a/b/"]),
)
def test_whatever_a_parameter_turns_out_to_be_the_stack_may_be_made(
    names: dict[str, Any], role_name: Any, path: Any, name: str, path_told: str
) -> None:
    resources = {}
    for number, (kind, text) in enumerate({**names, "AWS::IAM::Role": role_name}.items()):
        properties = {NAMED[kind]: text, **(ROLE["Properties"] if kind == "AWS::IAM::Role" else {})}
        if kind == "AWS::IAM::Role" and path is not None:
            properties["Path"] = path
        resources[f"R{number}"] = {"Type": kind, "Properties": properties}
    open_template = {"Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}}, "Resources": resources}
    place = {"region": REGION, "account": NUMBER}
    unknown = bound(deployer(stack_of("shop", [open_template])), **place)
    told = {"Resources": settled(resources, {"P": name, "Q": path_told})}
    # Nothing is granted on a role of which nobody knows the name, and a note says so.
    is_noted = any("nothing is granted on it" in note for note in unknown.notes)
    assert is_noted <= (role_name != "plain")
    for grant in bound(deployer(stack_of("shop", [told])), **place).grants:
        for action_name in grant.statement.actions.patterns:
            for pattern in grant.statement.resources.patterns if grant.statement.resources else ():
                is_of_unnamed = is_noted and action_name.startswith("iam:")
                assert allowed(unknown, action_name, pattern) or is_of_unnamed, (action_name, pattern)


@pytest.mark.parametrize("boundary", [None, BOUNDARY])
def test_what_undoes_changes_by_hand_holds_for_roles_under_their_boundary_alone(boundary: str | None) -> None:
    """Whoever may detach a policy, or write a boundary, of other roles may widen them."""
    stack = stack_of("shop", [{"Resources": {"One": role(RoleName="one"), "Two": role(RoleName="two")}}])
    needs = [*reverting(stack, lambda _: boundary)]
    names = ["iam:DetachRolePolicy", f"iam:{'Delete' if boundary is None else 'Put'}RolePermissionsBoundary"]
    assert [need.action for need in needs] == names * 2
    only = () if boundary is None else (Condition("ArnEquals", "iam:PermissionsBoundary", (boundary,)),)
    assert {need.conditions for need in needs} == {only}
    assert {need.resource.rpartition("/")[2] for need in needs} == {"one", "two"}


BUCKETS, REGIONS = ("shop", "shop.code"), ("", "eu-west-1", "${AWS::Region}")
KEYS = st.lists(st.text("ab.-", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@settings(max_examples=cases(12, deep=300))
@given(st.sampled_from(BUCKETS), KEYS, st.sampled_from(REGIONS), st.sampled_from(["uri", "path", "host", "host-"]))
def test_an_object_is_found_by_each_of_its_addresses(bucket: str, key: str, region: str, style: str) -> None:
    """Source: "Methods for accessing an Amazon S3 bucket" (Amazon S3 User Guide)."""
    host = f"s3{'-' if style == 'host-' else '.'}{region}.amazonaws.com" if region else "s3.amazonaws.com"
    url = {
        "uri": f"s3://{bucket}/{key}",
        "path": f"https://{host}/{bucket}/{key}",
    }.get(style, f"https://{bucket}.{host}/{key}")
    (found,) = stored_objects(stack_of("shop", [{"Resources": {}}]), url)
    folder = f"{key.rpartition('/')[0]}/" if "/" in key else ""
    assert found == f"arn:${{AWS::Partition}}:s3:::{bucket}/{folder}*"


PLACES_IN_S3 = st.builds(
    lambda names, bucket, key: dict(zip(names, (bucket, key), strict=False)),
    st.sampled_from([("S3Bucket", "S3Key"), ("S3Bucket", "S3KeyPrefix"), ("Bucket", "Key"), ("S3Bucket",)]),
    st.sampled_from(BUCKETS),
    st.sampled_from("ab"),
)


@settings(max_examples=cases(12, deep=300))
@given(st.lists(PLACES_IN_S3, max_size=3), st.booleans())
def test_each_place_in_s3_is_found_once_however_deep_it_stands(
    drawn: list[dict[str, str]],
    in_list: bool,
) -> None:
    around = {"Code": drawn} if in_list else {f"P{number}": {"Q": place} for number, place in enumerate(drawn)}
    found = sorted(map(str, _locations({"Properties": around})))
    assert found == sorted(str((*place.values(), None)[:2]) for place in drawn)


@pytest.mark.parametrize("name", ["shop"])
def test_the_policy_of_a_rich_template_is_as_it_was_reviewed(name: str) -> None:
    template = json.loads((HERE / "templates" / f"{name}.json").read_text())
    found = bound(deployer(stack_of(name, [template])), region=REGION, account=NUMBER)
    golden = json.loads((HERE / "golden" / f"deployer-{name}.json").read_text())
    assert golden == {"policy": render(found.policy), "unknown": [list(pair) for pair in found.unknown],
                      "notes": list(found.notes)}  # fmt: skip


def test_types_that_call_nothing_need_no_word() -> None:
    found = made(Meta=resource("AWS::CDK::Metadata"), Wait=resource("AWS::CloudFormation::WaitConditionHandle"))
    assert (found.grants, found.unknown) == ((), ())
    assert [note for note in found.notes if "Meta" in note or "Wait" in note] == []


def test_a_role_by_its_name_is_passed_as_one_by_its_arn_is() -> None:
    place = arn("iam", "role/builder", "")
    assert places(made(It=resource("AWS::Amplify::App", IAMServiceRole="builder")), "iam:PassRole") == {place}
    assert places(made(It=resource("AWS::Amplify::App", IAMServiceRole=place)), "iam:PassRole") == {place}


def test_a_bucket_of_which_a_part_of_the_name_is_known_is_granted_by_that_part() -> None:
    bucket = resource("AWS::S3::Bucket", BucketName={"Fn::Sub": "${Given}-${AWS::Region}"})
    guard = resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Store"}, PolicyDocument={})
    assert places(made(Store=bucket, Guard=guard), "s3:PutBucketPolicy") == {f"arn:aws:s3:::*-{REGION}"}


def test_an_instance_profile_where_a_role_may_stand_is_taken_for_no_role() -> None:
    found = made(
        It=resource("AWS::EMR::Cluster", JobFlowRole={"Ref": "Profile"}, ServiceRole="emr"),
        Profile=resource("AWS::IAM::InstanceProfile", Roles=["machine"]),
    )
    assert arn("iam", "role/shop-Profile-*", "") not in places(found, "iam:PassRole")
    assert arn("iam", "role/emr", "") in places(found, "iam:PassRole")


def test_a_permission_that_no_service_has_is_the_action_it_means() -> None:
    found = made(Logs=resource("AWS::OpenSearchService::Domain", DomainName="logs"))
    assert places(found, "es:UpdateDomainConfig") == {f"arn:aws:es:{REGION}:{NUMBER}:domain/logs"}


@pytest.mark.parametrize(
    ("kind", "action_name", "needs"),
    [
        ("AWS::Pipes::Pipe", "s3:PutBucketPolicy", {"LogConfiguration": {"Level": "ERROR"}}),
        ("AWS::MSK::Cluster", "s3:PutBucketPolicy", {"LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": True}}}}),
        ("AWS::StepFunctions::StateMachine", "s3:GetObject", {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}),
        ("AWS::Batch::ComputeEnvironment", "eks:CreateAccessEntry", {"EksConfiguration": {"KubernetesNamespace": "a"}}),
        ("AWS::Route53::HostedZone", "route53:AssociateVPCWithHostedZone", {"VPCs": [{"VPCId": "vpc-1"}]}),
    ],
)
def test_what_a_property_alone_asks_for_is_granted_with_it_alone(
    kind: str, action_name: str, needs: dict[str, Any]
) -> None:
    assert not places(made(One=resource(kind)), action_name)
    assert places(made(One=resource(kind, **needs)), action_name)


def test_a_firewall_without_a_name_is_told_to_be_granted_on_every_one_of_its_scope() -> None:
    found = made(Acl=resource("AWS::WAFv2::WebACL", Scope="REGIONAL"))
    assert any(note.endswith("Acl (AWS::WAFv2::WebACL)") for note in found.notes)


def test_a_resource_that_a_macro_makes_whole_is_left_out_and_the_macro_is_told() -> None:
    included = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://parts/queue.yaml"}}}
    found = made(Included=included, Topic={**resource("AWS::SNS::Topic"), **included})
    assert "sns:CreateTopic" in actions(found)
    assert any("what the transform AWS::Include makes of the template is not in it" in note for note in found.notes)


def test_a_role_of_which_one_branch_is_known_is_passed_and_the_other_is_told() -> None:
    given_or_own = {"Fn::If": ["Given", {"Ref": "GivenRole"}, {"Fn::GetAtt": ["Own", "Arn"]}]}
    found = made(Own=role(), Work=resource("AWS::Lambda::Function", Role=given_or_own))
    assert places(found, "iam:PassRole") == {arn("iam", "role/shop-Own-*", "")}
    notes = [note for note in found.notes if "passing" in note]
    assert len(notes) == 1
    assert notes[0].startswith("another role of Work (AWS::Lambda::Function) is known at the deploy only")


def test_what_stands_beside_a_functions_alias_has_no_parts() -> None:
    alias = resource("AWS::Lambda::Alias", FunctionName={"Ref": "Work"}, FunctionVersion="1", Name="live")
    target = {"Arn": {"Ref": "Live"}, "RoleArn": {"Fn::GetAtt": ["Own", "Arn"]}}
    nightly = resource("AWS::Scheduler::Schedule", Name="n", ScheduleExpression="rate(1 day)", Target=target)
    found = made(Own=role(), Work=resource("AWS::Lambda::Function"), Live=alias, Nightly=nightly)
    reasons = [grant.because for grant in found.grants if "iam:PassRole" in grant.statement.actions.patterns]
    assert reasons == ["to pass Own to Nightly (AWS::Scheduler::Schedule)"]


def test_the_template_of_an_application_is_fetched_from_the_repository_that_has_it() -> None:
    application = arn("serverlessrepo", "applications/replay")
    nested = resource("AWS::CloudFormation::Stack", Location={"ApplicationId": application, "SemanticVersion": "1.0.0"})
    for action_name in ("CreateCloudFormationTemplate", "GetCloudFormationTemplate"):
        both_spellings = {application, arn("serverlessrepo", "applications~replay")}
        assert places(made(Replay=nested), f"serverlessrepo:{action_name}") == both_spellings


def test_a_resource_whose_type_is_none_is_passed_over() -> None:
    mapping = resource(
        "AWS::Lambda::EventSourceMapping", FunctionName="f", EventSourceArn={"Fn::GetAtt": ["Odd", "Arn"]}
    )
    assert actions(made(Map=mapping)) == actions(made(Map=mapping, Odd=resource("Odd")))


def test_the_instance_profile_of_another_is_named_and_the_stacks_own_is_not() -> None:
    """A note that a role is not passed stands beside no statement that passes it."""
    found = made(
        Profile=resource("AWS::IAM::InstanceProfile", Roles=["existing-role"], InstanceProfileName="web"),
        Own=resource("AWS::EC2::Instance", ImageId="ami-1", IamInstanceProfile="web"),
        ByRef=resource("AWS::EC2::Instance", ImageId="ami-1", IamInstanceProfile={"Ref": "Profile"}),
        Either=resource(
            "AWS::EC2::Instance", ImageId="ami-1", IamInstanceProfile={"Fn::If": ["Large", {"Ref": "Profile"}, "api"]}
        ),
    )
    notes = [note for note in found.notes if "instance profile" in note]
    assert notes == [
        "the role in the instance profile api of Either (AWS::EC2::Instance) is not known, so passing it is not granted"
    ]
    context = {"iam:PassedToService": "ec2.amazonaws.com"}
    assert allowed(found, "iam:PassRole", f"arn:aws:iam::{NUMBER}:role/existing-role", context)
