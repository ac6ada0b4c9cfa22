"""What a role that SAM makes has in its order and under its names, and what is refused, at which place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.documents.read import read
from remit.errors import Origin, RemitError
from remit.template.sam.expand import ExpandedTemplate, expanded, plain_template
from remit.template.sam.polled_sources import failures, statements
from remit.template.sam.resources import SamEvent

if TYPE_CHECKING:
    from remit.documents.json_text import Path

QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs"
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
PUT_IN = {"Version": "2012-10-17", "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b"}}}


def sam(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


def resources_of(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    source = read(json.dumps({**sections, "Resources": resources}).encode(), "template.json")
    return dict(expanded(source.value, source.locate).resources)


def managed(name: str) -> dict[str, Any]:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}


def trusting(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_a_functions_role_has_what_its_properties_add_before_its_policies_and_its_sources_last() -> None:
    function = sam(
        "Function",
        Tracing={"Enabled": True},
        VpcConfig={"SubnetIds": ["s"]},
        DeadLetterQueue={"Type": "SNS", "TargetArn": "t"},
        EventInvokeConfig={"DestinationConfig": "put in"},
        RolePath="/p/",
        PermissionsBoundary="b",
        Tags={"a": "b"},
        Policies=[
            "AWSXrayWriteOnlyAccess",
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            {"Statement": [STATEMENT]},
            {"Ref": "AWS::NoValue"},
            PUT_IN,
            {"Ref": "Managed"},
        ],
        Events={
            "Jobs": {"Type": "SQS", "Properties": {"Queue": QUEUE}},
            "More": {"Type": "SQS", "Properties": {"Queue": QUEUE}},
            "News": {"Type": "SNS", "Properties": {"Topic": "t"}},
            "Broker": {"Type": "MQ", "Properties": {"Broker": "m"}},
        },
    )
    letters = {"Version": "2012-10-17", "Statement": [allow("sns:Publish", "t")]}
    assert resources_of({"F": function})["FRole"] == {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com"),
            "ManagedPolicyArns": [
                managed("service-role/AWSLambdaBasicExecutionRole"),
                managed("AWSXrayWriteOnlyAccess"),
                managed("service-role/AWSLambdaVPCAccessExecutionRole"),
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
                {"Ref": "Managed"},
                managed("service-role/AWSLambdaSQSQueueExecutionRole"),
            ],
            "Policies": [
                {"PolicyName": "DeadLetterQueuePolicy", "PolicyDocument": letters},
                {"PolicyName": "FRolePolicy2", "PolicyDocument": {"Statement": [STATEMENT]}},
                {"PolicyName": "FRolePolicy4", "PolicyDocument": PUT_IN},
                {"PolicyName": "FBrokerPolicy", "PolicyDocument": {"Statement": [allow(["mq:DescribeBroker"], "m")]}},
            ],
            "Path": "/p/",
            "PermissionsBoundary": "b",
            "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "a", "Value": "b"}],
        },
    }


@pytest.mark.parametrize(("tracing", "xray"), [({"Enabled": True}, ["AWSXrayWriteOnlyAccess"]), ("Active", [])])
def test_step_functions_alone_takes_on_the_role_of_a_machine_whatever_a_function_could_say(
    tracing: Any, xray: list[str]
) -> None:
    machine = sam(
        "StateMachine",
        AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"),
        Tracing=tracing,
        VpcConfig={"SubnetIds": ["s"]},
        DeadLetterQueue={"Type": "SNS", "TargetArn": "t"},
        RolePath="/p/",
        Policies=["AWSStepFunctionsFullAccess", {"Statement": [STATEMENT]}],
        Events={"Jobs": {"Type": "SQS", "Properties": {"Queue": QUEUE}}},
    )
    assert resources_of({"M": machine})["MRole"]["Properties"] == {
        "AssumeRolePolicyDocument": trusting("states.amazonaws.com"),
        "ManagedPolicyArns": [managed("AWSStepFunctionsFullAccess"), *map(managed, xray)],
        "Policies": [{"PolicyName": "MRolePolicy1", "PolicyDocument": {"Statement": [STATEMENT]}}],
        "Path": "/p/",
        "Tags": [{"Key": "stateMachine:createdBy", "Value": "SAM"}],
    }


IN_F = ("Resources", "F", "Properties")
NO_POLICY = "an entry of Policies must be a name, an ARN, a policy document or one of SAM's policy templates"


@pytest.mark.parametrize(
    ("properties", "place", "message", "hint"),
    [
        ({"Policies": ["p", {"a": 1, "b": 2}]}, ("Policies", 1), NO_POLICY, None),
        ({"Policies": [1]}, ("Policies", 0), NO_POLICY, None),
        ({"Policies": {"a": 1, "b": 2}}, ("Policies",), NO_POLICY, None),
        (
            {"Policies": [{"SQSPolerPolicy": {}}]},
            ("Policies", 0),
            "SAM has no policy template SQSPolerPolicy",
            "did you mean `SQSPollerPolicy`?",
        ),
        (
            {"Policies": [{"SQSPollerPolicy": "q"}]},
            ("Policies", 0),
            "the parameters of SQSPollerPolicy must be a mapping",
            None,
        ),
        (
            {"Policies": [{"Fn::If": ["C", "arn:p", {"Fn::If": ["D", [], "p"]}]}]},
            ("Policies", 0, "Fn::If", 2, "Fn::If", 1),
            NO_POLICY,
            None,
        ),
        (
            {"Policies": [{"Fn::If": ["C", "arn:p", {"Statement": []}]}]},
            ("Policies", 0),
            "a condition of Policies chooses between a managed policy, a document and a policy template",
            "give each kind a condition of its own, with AWS::NoValue beside it",
        ),
        ({"Events": []}, ("Events",), "Events must be a mapping", None),
        ({"Events": {"On": {"Type": 5}}}, ("Events", "On"), "event On must be a mapping with a Type", None),
        ({"Events": {"On": "SQS"}}, ("Events", "On"), "event On must be a mapping with a Type", None),
        (
            {"Events": {"On": {"Type": "SQS", "Properties": ""}}},
            ("Events", "On"),
            "the Properties of event On must be a mapping",
            None,
        ),
        ([], (), "Properties must be a mapping", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_at_its_place(properties: Any, place: Path, message: str, hint: str | None) -> None:
    resources = {"F": {"Type": "AWS::Serverless::Function", "Properties": properties}}
    source = read(json.dumps({"Resources": resources}, indent=1).encode(), "template.json")
    with pytest.raises(RemitError) as refused:
        expanded(source.value, source.locate)
    error = refused.value
    assert (f"`F` (AWS::Serverless::Function): {message}", hint, source.locate((*IN_F, *place))) == (
        error.message,
        error.hint,
        error.origin,
    )


def test_events_and_settings_that_a_function_puts_in_add_nothing() -> None:
    put_in = {"Fn::Transform": {"Name": "Own"}}
    bare = resources_of({"F": sam("Function")})
    assert bare == resources_of(
        {
            "F": sam(
                "Function", Events=put_in, EventInvokeConfig=put_in, DeadLetterQueue=put_in, FunctionUrlConfig=put_in
            )
        }
    )
    key = {"Ref": "KeyType"}
    table = resources_of({"T": sam("SimpleTable", PrimaryKey={"Type": key})})["T"]["Properties"]
    assert table == {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": key}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def test_credentials_without_a_place_or_that_are_no_secrets_bring_no_statement() -> None:
    def brought(kind: str, **properties: Any) -> list[dict[str, Any]]:
        event = SamEvent("FOn", "On", kind, properties, ())
        return [*statements(event), *failures(event)]

    def secret(name: str) -> dict[str, Any]:
        return allow(["secretsmanager:GetSecretValue"], name)

    kinds = ("BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SASL_SCRAM_256_AUTH")
    no_secrets = (
        "IAM_AUTH", "IAM_OAUTHBEARER_AUTH", "OAUTHBEARER_AUDIENCE", "OAUTHBEARER_IDENTITY_POOL",
        "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_SCOPE", "VPC_SECURITY_GROUP",
    )  # fmt: skip
    access: list[Any] = [{"Type": kind, "URI": f"of {kind}"} for kind in (*kinds, *no_secrets)]
    access += [{"Type": "BASIC_AUTH"}, {"Type": "BASIC_AUTH", "URI": ""}, {"URI": "untyped"}, "odd"]
    shared = {"SourceAccessConfigurations": access, "DestinationConfig": {"OnFailure": "odd"}}
    schemas = {"SchemaRegistryURI": "https:schemas/r", "AccessConfigs": [{"URI": "login"}, {"Type": "BASIC_AUTH"}]}
    here = "${AWS::Region}:${AWS::AccountId}"
    key = allow("kms:Decrypt", {"Fn::Sub": f"arn:${{AWS::Partition}}:kms:{here}:key/k"})
    decrypts = {**key, "Action": ["kms:Decrypt"]}
    assert brought("SelfManagedKafka", **shared, SchemaRegistryConfig=schemas, SecretsManagerKmsKeyId="k") == [
        *(secret(f"of {kind}") for kind in kinds),
        secret("untyped"),
        secret("login"),
        decrypts,
    ]
    assert brought("MSK", **shared, SecretsManagerKmsKeyId="k") == [secret("of CLIENT_CERTIFICATE_TLS_AUTH")]
    assert brought("MQ", **shared, Broker="b", SecretsManagerKmsKeyId="k") == [
        secret("of BASIC_AUTH"),
        allow(["mq:DescribeBroker"], "b"),
        decrypts,
    ]
    network = ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"]
    network += ["DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups"]
    assert brought("DocumentDB", **shared, Cluster="c") == [
        secret("of BASIC_AUTH"),
        allow(["rds:DescribeDBClusterParameters"], {"Fn::Sub": f"arn:${{AWS::Partition}}:rds:{here}:cluster-pg:*"}),
        allow(["rds:DescribeDBSubnetGroups"], {"Fn::Sub": f"arn:${{AWS::Partition}}:rds:{here}:subgrp:*"}),
        allow(["rds:DescribeDBClusters"], "c"),
        allow([f"ec2:{name}" for name in network], "*"),
    ]
    assert brought("SQS", **shared, SecretsManagerKmsKeyId="k", SchemaRegistryConfig=schemas) == []


def test_a_nested_templates_globals_and_apis_are_its_own() -> None:
    event = {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}}
    http = {"Type": "HttpApi"}
    resources = {"F": sam("Function", Events={"On": http}), "Part/F": sam("Function", Events={"On": event, "At": http})}
    shared = {
        "Function": {"Timeout": 1},
        "Part/Function": {"Timeout": 2},
        "Api": {"Name": "outer"},
        "Part/Api": {"Name": "inner"},
    }
    source = read(json.dumps({"Globals": shared, "Resources": resources}).encode(), "template.json")
    declared = expanded(source.value, source.locate).declared
    assert [(each.logical_id, each.type, each.properties) for each in declared[2:]] == [
        ("ServerlessHttpApi", "AWS::Serverless::HttpApi", {}),
        ("Part/ServerlessRestApi", "AWS::Serverless::Api", {"StageName": "Prod", "Name": "inner"}),
        ("Part/ServerlessHttpApi", "AWS::Serverless::HttpApi", {}),
    ]
    assert [each.properties["Timeout"] for each in declared[:2]] == [1, 2]


def test_the_implicit_api_calls_under_the_role_that_the_globals_give_it() -> None:
    """Source: "Globals section of the AWS SAM template", ApiFunctionAuth (AWS SAM Developer Guide)."""
    role = "arn:aws:iam::111122223333:role/caller"
    event = {"Type": "Api", "Properties": {"Path": "/a", "Method": "get"}}
    made = resources_of(
        {"F": sam("Function", Events={"E": event})},
        Globals={"Api": {"Auth": {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": role}}},
    )
    called = made["ServerlessRestApi"]["Properties"]["Body"]["paths"]["/a"]["get"]
    assert called == {"x-amazon-apigateway-integration": {"credentials": role}}


def test_an_event_of_rest_apis_is_not_written_into_an_http_api() -> None:
    auth = {"Authorizer": "AWS_IAM", "InvokeRole": "role"}
    event = {"Type": "Api", "Properties": {"Path": "/a", "Method": "GET", "Auth": auth}}
    bodies = {}
    for name, kind in (("R", "Api"), ("H", "HttpApi")):
        event["Properties"] = {"Path": "/a", "Method": "GET", "Auth": auth, "RestApiId": {"Ref": name}}
        made = resources_of({name: sam(kind, StageName="s"), "F": sam("Function", Events={"On": event})})
        bodies[name] = made[name]["Properties"]["Body"]
    integration = {"x-amazon-apigateway-integration": {"credentials": "role"}}
    assert bodies == {"R": {"paths": {"/a": {"get": integration}}}, "H": {}}


def test_the_reason_of_the_nearest_part_counts_and_a_part_without_one_has_none() -> None:
    reasons: dict[Path, str] = {("A",): "outer", ("A", "B"): "inner"}
    template = ExpandedTemplate({}, lambda _: Origin("t"), reasons=reasons)
    paths: list[Path] = [("A", "B", "C"), ("A", "B"), ("A", "C"), ("A",), ("B",), ()]
    assert [template.reason(path) for path in paths] == ["inner", "inner", "outer", "outer", "", ""]


def test_a_parameter_with_an_empty_value_stays_a_reference() -> None:
    template = {
        "Parameters": {name: {"Type": "String"} for name in ("Empty", "Given", "Absent")},
        "Resources": {
            "F": sam("Function", Environment={"Variables": {n: {"Ref": n} for n in ("Empty", "Given", "Absent")}})
        },
    }
    source = read(json.dumps(template).encode(), "template.json")
    made, _ = plain_template(source.value, source.locate, {"Empty": "", "Given": "g"})
    variables = {"Empty": {"Ref": "Empty"}, "Given": "g", "Absent": {"Ref": "Absent"}}
    assert made["Resources"]["F"]["Properties"]["Environment"] == {"Variables": variables}
