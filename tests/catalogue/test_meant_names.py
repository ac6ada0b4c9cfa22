"""The name that AWS has, for a name that somebody wrote: all answers in full, and none where nothing is near."""

from __future__ import annotations

import pytest

from remit.catalogue.meant_names import (
    by_name,
    misspelt_action,
    nearest_actions,
    nearest_key,
    nearest_managed_policy,
    nearest_services,
    needed_by_operation,
    operation_of,
    ranked,
    spoken,
)


def test_a_condition_key_is_understood_by_its_content_its_letters_and_its_family() -> None:
    meant = {
        "account": "aws:PrincipalAccount",
        "AWS:SourceIPAddress": "aws:SourceIp",
        "clientIp": "aws:SourceIp",
        "SSL": "aws:SecureTransport",
        "kms:EncryptionContext": "kms:EncryptionContext:KEY",
        "kms:encryptioncontext": "kms:EncryptionContext:KEY",
        "s3:ExistingObjectTag": "s3:ExistingObjectTag/KEY",
        "ec2:ResourceTag": "ec2:ResourceTag/KEY",
        "s3:ExistingObjectTg/team": "s3:ExistingObjectTag/team",
        "secretsmanager:resourcetags/x": "secretsmanager:ResourceTag/x",
        "aws:ResourceTag:x": "aws:ResourceTag/x",
        "iam:ResourceTag:x": "iam:ResourceTag/x",
        "dynamodb:leadingkey": "dynamodb:LeadingKeys",
        "ddb:LeadingKeys": "dynamodb:LeadingKeys",
        "Secretsmanager:SecretID": "secretsmanager:SecretId",
        "lambda:FunctionArns": "lambda:FunctionArn",
        "aws:TagKey": "aws:TagKeys",
        "aws:Multifactorauthage/x": "aws:MultiFactorAuthAge",
        "sts:ExternalID": "sts:ExternalId",
        "aws:SourceThing/x": None,  # a member says that it is no other key
        "cognito:LeadingKeys": None,
        "token.actions.githubusercontent.com:subs": None,
        "xyz:Foo": None,
    }
    assert {written: nearest_key(written) for written in meant} == meant


def test_a_managed_policy_is_understood_by_the_same_words_no_more_and_no_fewer() -> None:
    meant = {
        "LambdaBasicExecutionRole": "AWSLambdaBasicExecutionRole",
        "S3FullAccess": "AmazonS3FullAccess",
        "S3ReadOnlyAccess": "AmazonS3ReadOnlyAccess",
        "AmazonS3ReadonlyAccess": "AmazonS3ReadOnlyAccess",
        "AmazonS3FullAcess": "AmazonS3FullAccess",
        "awslambdabasicexecutionrole": "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccess": "AWSLambdaVPCAccessExecutionRole",
        "AmazonDynamoDBReadOnly": "AmazonDynamoDBReadOnlyAccess",
        "AmazonDynamoDB": None,  # several begin so
        "AmazonS4FullAccess": None,  # a service is no slip of another
        "AmazonEC2ReadAccess": "AmazonEC2ReadOnlyAccess",
        "AWSXRayDaemonWriteOnlyAccess": None,  # it would give more than was written
        "AWSXRayDaemonWritesAccess": "AWSXRayDaemonWriteAccess",
        "AmazonS3ReadOnlyAcess": "AmazonS3ReadOnlyAccess",
        "AIDevsOpsAgentAccessPolicy": None,  # Dev has three letters
        "ReadAccess": None,
        "Zzzz": None,
    }
    assert {written: nearest_managed_policy(written) for written in meant} == meant


def test_a_service_is_understood_by_its_prefix_its_names_and_the_names_of_its_clients() -> None:
    meant = {
        "DynamoDB": ("dynamodb",),
        "aws-lambda": ("lambda",),
        "Amazon SQS": ("sqs",),
        "AWS Lambda": ("lambda",),
        "CloudWatch Logs": ("logs",),
        "Key Management Service": ("kms",),
        "cfn": ("cloudformation",),
        "step functions": ("states",),
        "opensearch": ("opensearch",),  # a prefix means itself
        "bedrock-runtime": ("bedrock",),
        "elbv2": ("elasticloadbalancing",),
        "rdsdata": ("rds-data",),
        "lamda": ("lambda",),
        "secretmanager": ("secretsmanager", "network-security-manager", "license-manager"),
        "s3control": ("s3", "s3-outposts", "s3express"),
        "aws": ("aps",),
        "zz": (),
    }
    assert {written: nearest_services(written) for written in meant} == meant
    words = {"cfn": "cloudformation", "ELB": "elasticloadbalancing", "step-function": "states", "sqs": None, "": None}
    assert {written: spoken(written) for written in words} == words


def test_a_client_whose_calls_ask_for_actions_of_several_services_means_the_first_three() -> None:
    assert nearest_services("s3control") == ("s3", "s3-outposts", "s3express")
    assert nearest_services("servicecatalog-appregistry") == ("iam", "servicecatalog")


def test_an_action_is_understood_by_its_name_its_words_and_its_letters() -> None:
    meant = {
        "s3:ReadObject": ("s3:GetObject",),
        "sqs:Receive": ("sqs:ReceiveMessage",),
        "sqs:RecvMsg": ("sqs:ReceiveMessage",),
        "dynamodb:Put": ("dynamodb:PutItem",),
        "ec2:ListInstance": ("ec2:DescribeInstances",),
        "sns:PublishMessage": ("sns:Publish", "sns:PutDataProtectionPolicy"),
        "sns:SendMessage": ("sqs:SendMessage",),
        "lambda:CallFunction": ("lambda:InvokeFunction",),
        "rds:Connect": ("rds-db:connect",),
        "cognito-idp:CreateUser": ("cognito-idp:CreateUserPool", "cognito-idp:AdminCreateUser"),
        "cognito-idp:GetUserByAdmin": (
            "cognito-idp:GetUser", "cognito-idp:ListUsers", "cognito-idp:DescribeUserPool",
        ),
        "logs:WriteLogs": ("logs:PutLogEvents", "logs:PutLogGroupDeletionProtection", "logs:PutDestination"),
        "s3:AddObject": ("s3:CreateJob", "s3:CreateBucket", "s3:CreateAccessPointForObjectLambda"),
        "s3:Upload": ("s3:PutObject", "s3:PutBucketAcl", "s3:PutObjectAcl"),
        "secretsmanager:GetSecret": (
            "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:ListSecrets",
        ),
        "ssm:ReadParameter": ("ssm:GetParameter", "ssm:GetParameters"),
        "kinesis:PushRecords": ("kinesis:PutRecords", "kinesis:PutRecord"),
        "cloudwatch:SetAlarm": ("cloudwatch:SetAlarmState", "cloudwatch:PutMetricAlarm"),
        "ecr:PullImage": ("ecr:BatchGetImage",),
        "ddb:PutItm": ("dynamodb:PutItem",),
        "foo:GetObject": ("s3:GetObject",),
        "s3:PutItem": ("dynamodb:PutItem",),
        "S3:GetObjcet": ("s3:GetObject",),
        "S3:Upload": ("s3:PutObject", "s3:PutBucketAcl", "s3:PutObjectAcl"),
        "states:ExecuteStateMachine": ("states:StartExecution",),
        "events:ExecuteEventSource": (),
        "gamesparks:GetExtension": (),
        "kinesis:ConsumeRecords": (),
    }  # fmt: skip
    assert {written: nearest_actions(written) for written in meant} == meant
    spoken_of = {(): ("dynamodb:BatchWriteItem",), ("dax",): ("dax:BatchWriteItem",)}
    assert {services: nearest_actions("sns:BatchWriteItm", services) for services in spoken_of} == spoken_of


def test_an_action_is_misspelt_where_a_letter_or_two_are_wrong_and_no_word() -> None:
    meant = {
        "S3:GetObjectt": "s3:GetObject",
        "s3:getobject": "s3:GetObject",
        "kms:DeleteKey": "kms:ScheduleKeyDeletion",
        "sqs:SendMesages": "sqs:SendMessage",
        "s3:ListObjects": None,
        "s3:GetObjects": None,  # several are an operation of no service, and no letter is wrong
        "lambda:Invoke": None,
        "events:ExecuteEventSource": None,  # people have this verb for another
        "ecs:DeleteAttribute": None,
        "zz:Foo": None,
    }
    assert {written: misspelt_action(written) for written in meant} == meant


def test_actions_of_one_name_are_ranked_by_the_services_that_are_spoken_of_and_much_used() -> None:
    names = ("ts:A", "s3:A", "dynamodb:A", "a4b:A", "ecr:A", "kms:A", "s3:A")
    assert ranked(names) == ("dynamodb:A", "s3:A", "kms:A", "a4b:A", "ecr:A", "ts:A")
    assert ranked(names, ("kms", "ecr")) == ("kms:A", "ecr:A", "dynamodb:A", "s3:A", "a4b:A", "ts:A")
    assert by_name("putitem") == ("dynamodb:PutItem", "dax:PutItem")
    assert by_name("Put-Item", ("dax",)) == ("dax:PutItem", "dynamodb:PutItem")
    assert by_name("GetItm", ("s3", "dynamodb")) == ("dynamodb:GetItem",)
    assert by_name("SendMesage", ("sns",)) == ("sqs:SendMessage",)
    assert by_name("CreteTableReplica") == ("dynamodb:CreateTableReplica",)
    assert by_name("Zzzzzz") == ()


def test_an_operation_is_of_the_service_or_of_a_client_that_has_its_actions() -> None:
    expected = {
        ("s3", "ListObject"): ("", ("s3:ListBucket",)),  # an `s` was forgotten
        ("s3", "SelectObjectContents"): ("", ("s3:GetObject",)),  # or is too much
        ("S3", "HeadObject"): ("s3", ("s3:GetObject",)),
        ("s3", "CopyObject"): ("s3", ("s3:GetObject", "s3:PutObject")),
        ("Bedrock", "Converse"): ("bedrock-runtime", ("bedrock:InvokeModel",)),
        ("bedrock", "Converse"): ("bedrock-runtime", ("bedrock:InvokeModel",)),
        ("dynamodb", "GetRecords"): ("dynamodbstreams", ("dynamodb:GetRecords",)),
        ("apigateway", "CreateApi"): ("apigatewayv2", ("apigateway:POST",)),
        ("iot", "GetThingShadow"): ("iot-data", ("iot:GetThingShadow",)),
        ("rds", "ExecuteStatement"): ("rds-data", ("rds-data:ExecuteStatement",)),
        ("s3", "Zzz"): ("", ()),
    }
    answers = {}
    for prefix, name in expected:
        operation = operation_of(prefix, name)
        answers[prefix, name] = (
            "" if operation is None else operation.client,
            needed_by_operation(prefix, name, ()),
        )
    assert answers == expected


@pytest.mark.parametrize("speaking", [(), ("kms",)])
def test_at_most_three_actions_are_meant(speaking: tuple[str, ...]) -> None:
    assert len(nearest_actions("foo:TagResource", speaking)) == 3
    assert nearest_actions("foo:TagResource", speaking)[0].partition(":")[0] == (speaking or ("dynamodb",))[0]
