"""What a resource says about access outside of policies: roles that it hands over, members, and what is no secret."""

from __future__ import annotations

import re
from typing import Any

import pytest

from remit.app import Resource
from remit.review.access_settings import in_words, role_meant, settings_of

ROLE = Resource("Role", "AWS::IAM::Role", {"RoleName": "named"})
DECLARED = (
    ROLE,
    Resource("Profile", "AWS::IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]}),
    Resource("Empty", "AWS::IAM::InstanceProfile", {}),
    Resource("Outside", "AWS::IAM::InstanceProfile", {"Roles": ["of-another-team"]}),
    Resource("Topic", "AWS::SNS::Topic", {"TopicName": "named"}),
    Resource("Staged", "AWS::IAM::Role", {"RoleName": {"Fn::Sub": "${AWS::StackName}-app"}}),
    Resource("aws_iam_role.planned", "aws_iam_role", {"name": "planned"}),
    Resource("Ann", "AWS::IAM::User", {"UserName": "ann"}),
    Resource("Devs", "AWS::IAM::Group", {"GroupName": "devs"}),
)
RESOURCES = {resource.ref: resource for resource in DECLARED}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::GetAtt": ["Role", "Arn"]}, "${Role.Arn}"),
        ({"Fn::Sub": "${Role.Arn}"}, "${Role.Arn}"),
        ({"Ref": "Role"}, "${Role.Arn}"),
        ({"Fn::GetAtt": ["Role", "name"]}, "${Role.Arn}"),
        ({"Fn::GetAtt": ["Role", "RoleId"]}, None),
        ({"Fn::Sub": "for ${Role.Arn}"}, None),
        ("arn:aws:iam::111122223333:role/named", "${Role.Arn}"),
        ("arn:aws:iam::111122223333:role/teams/shop/named", "${Role.Arn}"),
        ({"Fn::Sub": "arn:aws:iam::111122223333:role/${Role}"}, "${Role.Arn}"),
        ({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}-app"}, "${Staged.Arn}"),
        ("arn:aws:iam::111122223333:role/planned", "${aws_iam_role.planned.Arn}"),
        ("arn:aws:iam::111122223333:role/other", None),
        ("arn:aws:iam::111122223333:user/named", None),
        ({"Ref": "Profile"}, "${Role.Arn}"),
        ({"Fn::GetAtt": ["Profile", "Arn"]}, "${Role.Arn}"),
        ({"Ref": "Outside"}, "of-another-team"),
        ({"Ref": "Empty"}, "${Empty}"),
        ({"Ref": "Topic"}, None),
        ("named", None),
        (["${Role.Arn}"], None),
    ],
)
def test_a_value_means_a_role_of_the_template_by_its_reference_its_arn_or_its_profile(
    value: Any, expected: str | None
) -> None:
    assert role_meant(value, RESOURCES) == expected


def settings(kind: str, properties: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The values of what a resource says, by their paths."""
    resource = Resource("Own", kind, properties)
    return {setting.path: setting.values for setting in settings_of(resource, {**RESOURCES, resource.ref: resource})}


def members(*texts: str) -> dict[str, tuple[str, ...]]:
    """What a type says of which every property counts."""
    return {"": texts}


ADDITION = "AWS::IAM::UserToGroupAddition"
LATE = {"Ref": "X"}
ARN: dict[str, Any] = {"Fn::GetAtt": ["Role", "Arn"]}
LISTS = "PublicAccessBlockConfiguration"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("AWS::SNS::Topic", {"Tags": [{"Key": "k", "Value": ARN}]}, {}),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": ARN, "Tags": [{"Value": ARN}]}, {"TaskRoleArn": ("${Role.Arn}",)}),
        ("AWS::Lambda::Function", {"Role": ARN, "Description": ARN}, {}),
        ("AWS::Lambda::Function", {"Role": "arn:aws:iam::1:role/x"}, {}),
        ("AWS::StepFunctions::StateMachine", {"RoleArn": ARN}, {}),
        ("AWS::StepFunctions::StateMachine", {"RoleArn": "arn:x:role/x"}, {"RoleArn": ("arn:x:role/x",)}),
        ("AWS::IAM::Role", {"Path": ARN}, {}),
        ("AWS::ApiGateway::Method", {"AuthorizationType": "NONE", "Integration": {"Type": "MOCK"}}, {}),
        (
            "AWS::S3::Bucket",
            {"AccessControl": "PublicRead", LISTS: {"IgnorePublicAcls": True, "BlockPublicAcls": False}},
            {f"{LISTS}.IgnorePublicAcls": ("true",), f"{LISTS}.BlockPublicAcls": ("false",)},
        ),
        (
            "AWS::S3::Bucket",
            {"AccessControl": "PublicRead", LISTS: {"IgnorePublicAcls": False}},
            {"AccessControl": ("PublicRead",), f"{LISTS}.IgnorePublicAcls": ("false",)},
        ),
        (
            "AWS::S3::Bucket",
            {
                "AccessControl": "PublicRead",
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                LISTS: {"BlockPublicAcls": False, "BlockPublicPolicy": True},
            },
            {
                "OwnershipControls.Rules[].ObjectOwnership": ("BucketOwnerEnforced",),
                f"{LISTS}.BlockPublicPolicy": ("true",),
            },
        ),
        ("AWS::IAM::User", {"Groups": [{"Ref": "Devs"}, "devs", "admins"]}, {"Groups": ("admins",)}),
        ("AWS::IAM::User", {"Groups": [LATE, "devs"]}, {"Groups": ("${X}",)}),
        (ADDITION, {"GroupName": {"Ref": "Devs"}, "Users": [{"Ref": "Ann"}]}, {}),
        (ADDITION, {"GroupName": "devs", "Users": ["ann", "b"]}, members("GroupName = devs", "Users = b")),
        (ADDITION, {"GroupName": "devs", "Users": [LATE]}, members("GroupName = devs", "Users = ${X}")),
        (ADDITION, {"GroupName": LATE, "Users": ["ann"]}, {}),
        ("aws_iam_group_membership", {"group": {"Ref": "Devs"}, "users": [{"Ref": "Ann"}]}, {}),
        ("aws_iam_group_membership", {"group": "admins", "users": ["ann"]}, members("group = admins", "users = ann")),
        ("aws_iam_group_membership", {"group": "devs", "users": ["bob"]}, members("group = devs", "users = bob")),
        ("aws_iam_user_group_membership", {"user": "ann", "groups": ["x"]}, members("user = ann", "groups = x")),
        ("aws_iam_user_group_membership", {"user": "ann", "groups": ["devs"]}, {}),
        ("AWS::CloudTrail::Trail", {"S3BucketName": {"Ref": "Topic"}}, {}),
        ("AWS::CloudTrail::Trail", {"S3BucketName": "out"}, {"S3BucketName": ("out",)}),
        ("AWS::CloudTrail::Trail", {"S3BucketName": LATE}, {"S3BucketName": ("${X}",)}),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": "alias/aws/sqs"}, {}),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": "alias/own"}, {"KmsMasterKeyId": ("alias/own",)}),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": {"Fn::GetAtt": ["Topic", "X"]}}, {"KmsMasterKeyId": ("${Topic}",)}),
        ("AWS::ApiGateway::Method", {"AuthorizationScopes": ["a", "b"]}, {"AuthorizationScopes": ("a", "b")}),
        ("AWS::Lightsail::Bucket", {"ReadOnlyAccessAccounts": ["1", "2"]}, {"ReadOnlyAccessAccounts": ("1", "2")}),
        ("AWS::EC2::Instance", {"IamInstanceProfile": "outside"}, {"IamInstanceProfile": ("outside",)}),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": "named"}, {"TaskRoleArn": ("${Role.Arn}",)}),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": []}, {}),
    ],
)  # fmt: skip
def test_what_a_resource_says_is_read_without_what_is_compared_elsewhere(
    kind: str, properties: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    assert {path: values for path, values in settings(kind, properties).items() if any(values)} == expected


API, RESOURCE, ROOT = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Resource", {"Fn::GetAtt": ["Api", "RootResourceId"]}
PATHS = (
    Resource("Shop", RESOURCE, {"PathPart": "shop", "ParentId": ROOT}),
    Resource("Orders", RESOURCE, {"PathPart": "orders", "ParentId": {"Ref": "Shop"}}),
    Resource("Socket", "AWS::ApiGatewayV2::Api", {"ProtocolType": "WEBSOCKET"}),
)
IN_API = {"RestApiId": {"Ref": "Api"}}
GET = {**IN_API, "ResourceId": {"Ref": "Orders"}, "HttpMethod": "GET", "AuthorizationType": "NONE"}
METHOD, ROUTE = "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route"
OF_METHOD, OF_ROUTE = "AWS_IAM<COGNITO_USER_POOLS~CUSTOM<NONE=-!", "AWS_IAM<JWT~CUSTOM<NONE=-!"
GRANTEE = {"DataLakePrincipal": {"DataLakePrincipalIdentifier": ARN}, "Permissions": ["ALL"]}
HIDDEN = "(not shown)"


@pytest.mark.parametrize(
    ("kind", "properties", "of_api", "expected"),
    [
        (METHOD, GET, {}, [("AuthorizationType", "door", OF_METHOD, "NONE", "GET /shop/orders", False)]),
        (METHOD, GET, {"Policy": LATE}, [("AuthorizationType", "door", OF_METHOD, "NONE", "GET /shop/orders", True)]),
        (
            METHOD, GET, {"EndpointConfiguration": {"Types": ["PRIVATE"]}},
            [("AuthorizationType", "door", OF_METHOD, "NONE", "GET /shop/orders", True)],
        ),
        (
            METHOD, {**GET, "ResourceId": ROOT}, {"EndpointConfiguration": {"Types": ["REGIONAL"]}},
            [("AuthorizationType", "door", OF_METHOD, "NONE", "GET /", False)],
        ),
        (
            METHOD, {**IN_API, "ResourceId": LATE, "ApiKeyRequired": True}, {},
            [
                ("ApiKeyRequired", "door", "true<false=-", "true", "ANY of Own ApiKeyRequired", False),
                ("AuthorizationType", "door", OF_METHOD, "", "ANY of Own", False),
            ],
        ),
        (
            ROUTE, {"ApiId": {"Ref": "Socket"}, "RouteKey": "$connect"}, {},
            [("AuthorizationType", "door", OF_ROUTE, "", "$connect", False)],
        ),
        (ROUTE, {"ApiId": {"Ref": "Socket"}, "RouteKey": "$default"}, {}, []),
        (
            ROUTE, {"ApiId": {"Ref": "Api"}, "RouteKey": "GET /a"}, {},
            [("AuthorizationType", "door", OF_ROUTE, "", "GET /a", False)],
        ),
        ("AWS::Serverless::Function", {"CodeUri": "."}, {}, []),
        (
            "AWS::SageMaker::Domain", {"DefaultUserSettings": {"ExecutionRole": ARN}}, {},
            [("DefaultUserSettings.ExecutionRole", "role", "", "${Role.Arn}", "", False)],
        ),
        (
            "AWS::LakeFormation::Permissions", GRANTEE, {},
            [(
                "", "grant", "any",
                'DataLakePrincipal = {"DataLakePrincipalIdentifier": "${Role.Arn}"}, Permissions = ALL', "", False,
            )],
        ),
        (
            "AWS::ApiGatewayV2::Api", {"CorsConfiguration": {"AllowOrigins": ["https://a"]}}, {},
            [("CorsConfiguration.AllowOrigins", "network", "", HIDDEN, "", False)],
        ),
        (
            "AWS::SQS::QueuePolicy", {"PolicyDocument": "arn:x", "Queues": ["q"]}, {},
            [("PolicyDocument", "door", "any", "arn:x", "", False)],
        ),
        ("AWS::SQS::QueuePolicy", {"PolicyDocument": {"Statement": []}, "Queues": ["q"]}, {}, []),
        ("AWS::SQS::QueuePolicy", {"PolicyDocument": LATE, "Queues": ["q"]}, {}, []),
        (
            "AWS::Cognito::UserPoolClient", {"GenerateSecret": True, "AllowedOAuthFlows": ["code", "implicit"]}, {},
            [
                ("GenerateSecret", "door", "true<false=-", "true", "", False),
                ("AllowedOAuthFlows", "door", "adds", "code, implicit", "", False),
            ],
        ),
        (
            "Custom::Thing", {"Mode": "a", "RoleName": "x"}, {},
            [("", "unknown", "code", f"Mode = {HIDDEN}, RoleName = {HIDDEN}", "", False)],
        ),
        ("AWS::Brand::New", {"Size": 3}, {}, [("Size", "unknown", "unknown type", HIDDEN, "", False)]),
        ("other_cloud", {"size": 3}, {}, []),
    ],
)  # fmt: skip
def test_a_setting_has_its_order_its_values_its_door_and_whether_something_limits_it(
    kind: str, properties: dict[str, Any], of_api: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    resource = Resource("Own", kind, properties)
    resources = {each.ref: each for each in (*DECLARED, *PATHS, Resource("Api", API, of_api), resource)}
    actual = []
    for each in settings_of(resource, resources):
        values = re.sub(r"(\(not shown\)) \w+", r"\1", ", ".join(each.values))
        actual.append((each.path, each.kind, each.opens, values, each.door, each.is_limited))
    assert expected == actual


@pytest.mark.parametrize(
    ("name", "value", "is_told"),
    [
        ("Mode", "READ", True),
        ("GenerateSecret", True, True),
        ("Password", "hunter2-and-more", False),
        ("Settings", {"Password": "hunter2-and-more"}, False),
        ("Count", 3, True),
    ],
)
def test_a_property_is_told_in_words_unless_it_may_be_a_secret(name: str, value: Any, *, is_told: bool) -> None:
    words = in_words(name, value)
    assert words.startswith(f"{name} = (not shown) ") == (not is_told)
    assert in_words(name, value, is_told=False).startswith(f"{name} = (not shown) ")


def test_a_digest_is_equal_where_values_are_however_their_members_are_ordered() -> None:
    one, other = ({"b": 1, "a": ARN}, {"a": {"Fn::Sub": "${Role.Arn}"}, "b": 1})
    assert in_words("P", one, is_told=False) == in_words("P", other, is_told=False)
    assert in_words("P", one) == in_words("P", other)
    assert in_words("P", True) == "P = true"  # noqa: FBT003 - as a template has it
