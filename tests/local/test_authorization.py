"""What callers may do in the AWS on this machine: calls of boto3 with the verdicts that AWS gives them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from random_cases import cases_of
from remit.answers.denial import parse
from remit.deploy.audit_collection import Collecting, collect, needed_policy
from remit.deploy.session import connect as connected
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import accesses, refuse_unknown, unknown_refused
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
HERE = f"us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/worker"
OPEN = f"arn:aws:iam::{ACCOUNT}:role/open"
FUNCTIONS = f"arn:aws:lambda:{HERE}:function"
ACTIVITIES = f"arn:aws:states:{HERE}:activity"
OF_A_PROFILE = [f"arn:aws:bedrock:{HERE}:inference-profile/*.a.b", "arn:aws:bedrock:*::foundation-model/a.b"]


def allow(action: str | list[str], resource: str | list[str], **condition: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, condition)


def deny(action: str | list[str], resource: str | list[str], **condition: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, condition)


def statement(
    effect: str, action: str | list[str], resource: str | list[str], condition: dict[str, Any]
) -> dict[str, Any]:
    written = {"Effect": effect, "Action": action, "Resource": resource}
    return {**written, "Condition": condition} if condition else written


POLICY = [
    allow("s3:GetObject", ["arn:aws:s3:::shop/public/*", "arn:aws:s3:::listed/*"]),
    allow("s3:ListBucket", "arn:aws:s3:::listed"),
    allow(["s3:PutObject", "s3:DeleteObject"], ["arn:aws:s3:::shop/inbox/*", "arn:aws:s3:::shop/safe/*"]),
    deny("s3:PutObject", "arn:aws:s3:::shop/safe/*", Null={"s3:x-amz-server-side-encryption": "true"}),
    deny("s3:*", "arn:aws:s3:::shop/inbox/locked/*"),
    allow("s3:PutObjectTagging", "arn:aws:s3:::shop/inbox/tagged/*"),
    allow("s3:ListBucket", "arn:aws:s3:::shop", StringLike={"s3:prefix": "public/*"}),
    allow(
        ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:BatchWriteItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
        f"arn:aws:dynamodb:{HERE}:table/orders",
    ),
    allow("dynamodb:PartiQLSelect", f"arn:aws:dynamodb:{HERE}:table/orders"),
    allow(
        ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"],
        f"arn:aws:dynamodb:{HERE}:table/carts",
        **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ada"]}},
    ),
    allow(
        "dynamodb:PartiQLSelect",
        f"arn:aws:dynamodb:{HERE}:table/carts",
        Bool={"dynamodb:FullTableScan": "false"},
        **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ada"]}},
    ),
    allow("sqs:SendMessage", f"arn:aws:sqs:{HERE}:work"),
    allow("sns:Publish", f"arn:aws:sns:{HERE}:news"),
    allow("sns:Subscribe", f"arn:aws:sns:{HERE}:news", StringEquals={"sns:Protocol": "sqs"}),
    allow("lambda:InvokeFunction", [f"{FUNCTIONS}:report", f"{FUNCTIONS}:mail:live"]),
    allow("lambda:InvokeFunctionUrl", f"{FUNCTIONS}:page"),
    allow("lambda:InvokeFunction", f"{FUNCTIONS}:page", Bool={"lambda:InvokedViaFunctionUrl": "true"}),
    allow("execute-api:Invoke", f"arn:aws:execute-api:{HERE}:*/$default/GET/open/*"),
    allow("execute-api:Invoke", f"arn:aws:execute-api:{HERE}:*/live/GET/open"),
    allow("execute-api:Invoke", f"arn:aws:execute-api:{HERE}:*/talk/$connect"),
    allow("lambda:ListFunctions", "*"),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{HERE}:log-group:/app/web:*"),
    allow("logs:DescribeLogGroups", "*"),
    allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-??????"),
    allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:DeleteParameters"], f"arn:aws:ssm:{HERE}:parameter/app/*"),
    allow("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/app/web"),
    allow("kms:Encrypt", "*", StringEquals={"kms:EncryptionContext:app": "shop"}),
    allow(
        ["kms:Decrypt", "kms:GenerateDataKey"], "*",
        StringEquals={"kms:ViaService": "ssm.us-east-1.amazonaws.com"},
        **{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"}},
    ),
    allow("kms:DescribeKey", "*", **{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"}}),
    allow("kms:GetKeyRotationStatus", "*", StringEquals={"kms:RequestAlias": "alias/shop"}),
    allow("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/open"),
    allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"], f"arn:aws:dynamodb:{HERE}:table/sealed"),
    allow(["dynamodb:GetItem", "dynamodb:Query"], f"arn:aws:dynamodb:{HERE}:table/vault"),
    allow(
        "kms:Decrypt", "*",
        StringEquals={"kms:EncryptionContext:aws:dynamodb:tableName": "sealed"},
        StringLike={"kms:ViaService": "dynamodb.*"},
    ),
    allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:sealed-*"),
    allow("sqs:SendMessage", f"arn:aws:sqs:{HERE}:sealed"),
    allow("s3:PutObject", "arn:aws:s3:::sealed/*"),
    allow("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default", StringEquals={"events:source": "shop"}),
    allow("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    allow("iam:PutRolePolicy", "*", StringLike={"iam:PermissionsBoundary": "*:policy/boundary"}),
    allow("ssm:SendCommand", ["arn:aws:ssm:*:*:document/AWS-*", f"arn:aws:ec2:{HERE}:instance/i-1"]),
    allow("ssm:AddTagsToResource", f"arn:aws:ssm:{HERE}:parameter/app/*"),
    allow("cloudformation:UpdateStack", "*", StringLike={"cloudformation:RoleArn": "*"}),
    allow("ecs:RunTask", "*", ArnEquals={"ecs:cluster": f"arn:aws:ecs:{HERE}:cluster/default"}),
    allow(
        "ses:SendEmail", f"arn:aws:ses:{HERE}:identity/post.example",
        **{"ForAllValues:StringLike": {"ses:Recipients": ["*@b.example"]}},
    ),
    allow("kms:CreateGrant", "*", Bool={"kms:GrantIsForAWSResource": "true"}),
    allow("secretsmanager:BatchGetSecretValue", "*"),
    allow("events:PutTargets", "*", ArnEquals={"events:TargetArn": f"{FUNCTIONS}:report"}),
    allow(
        "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1",
        **{"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsActions": ["UPSERT", "CREATE"]}},
    ),
    allow("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/primary"),
    allow(["events:PutRule", "events:DescribeRule"], f"arn:aws:events:{HERE}:rule/nightly"),
    allow("events:PutRule", f"arn:aws:events:{HERE}:rule/sold", StringEquals={"events:source": "shop"}),
    allow("sts:AssumeRole", [OPEN, f"arn:aws:iam::{ACCOUNT}:role/closed"]),
    allow("iam:PassRole", OPEN, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}),
    allow(["lambda:CreateFunction", "scheduler:CreateSchedule"], "*"),
    allow("iam:GetRole", ROLE),
    allow(["iam:CreateUser", "iam:TagUser"], "*", StringEquals={"aws:RequestTag/team": "web"}),
    allow(
        [
            "dynamodb:CreateTable", "ec2:CreateVpc", "kms:CreateKey", "logs:CreateLogGroup", "sns:CreateTopic",
            "sqs:CreateQueue", "ssm:PutParameter", "states:CreateActivity",
        ],
        "*",
    ),
    allow(["s3:CreateBucket", "lambda:UpdateFunctionCode", "iam:AddRoleToInstanceProfile"], "*"),
    allow("secretsmanager:RotateSecret", "*"),
    allow("ssm:LabelParameterVersion", f"arn:aws:ssm:{HERE}:parameter/app/*"),
    allow("sns:TagResource", f"arn:aws:sns:{HERE}:tagged"),
    allow("logs:TagResource", f"arn:aws:logs:{HERE}:log-group:/tagged"),
    allow("ec2:CreateTags", f"arn:aws:ec2:{HERE}:vpc/*", StringEquals={"ec2:CreateAction": "CreateVpc"}),
    allow("ec2:DescribeSubnets", "*", StringEquals={"ec2:Region": "us-east-1"}),
    allow("ec2:DeleteSecurityGroup", "*", StringEquals={"aws:ResourceTag/team": "web"}),
    allow("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{HERE}:secret:new-??????"),
    allow("s3:GetObjectVersion", "arn:aws:s3:::versions/*"),
    allow("s3:PutObjectRetention", "arn:aws:s3:::shop/inbox/*"),
    allow("sqs:StartMessageMoveTask", f"arn:aws:sqs:{HERE}:work"),
    allow("kms:ScheduleKeyDeletion", "*", NumericLessThan={"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}),
    allow("glue:GetDatabase", [f"arn:aws:glue:{HERE}:database/*", f"arn:aws:glue:{HERE}:table/*"]),
    allow(
        "glue:GetTable",
        [f"arn:aws:glue:{HERE}:catalog", f"arn:aws:glue:{HERE}:database/shop", f"arn:aws:glue:{HERE}:table/shop/*"],
    ),
    allow("kinesis:PutRecord", f"arn:aws:kinesis:{HERE}:stream/clicks"),
    allow("states:SendTaskSuccess", [f"arn:aws:states:{HERE}:stateMachine:orders", f"{ACTIVITIES}:packing"]),
    allow("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "shop"}),
    allow("sqs:*", "*", StringEquals={"aws:ResourceTag/team": "web"}),
    allow("sqs:ListQueues", "*", IpAddress={"aws:SourceIp": "203.0.113.0/24"}),
    allow("ec2:DescribeVpcs", "*"),
    allow("ses:SendEmail", f"arn:aws:ses:{HERE}:identity/shop.example", StringLike={"ses:FromAddress": "*@shop.*"}),
    allow("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
    allow("bedrock:InvokeModel", OF_A_PROFILE),
    deny("bedrock:*", "*", StringEquals={"aws:RequestedRegion": "unspecified"}),
    allow("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/shop/*"),
]  # fmt: skip
BOUNDARY = [allow("*", "*"), deny("dynamodb:DeleteTable", "*")]
LIMITED = [allow(["s3:*", "sqs:*"], "*")]

ITEM = {"id": {"S": "ada"}}
OTHER = {"id": {"S": "eve"}}
ZIP = b"PK\x05\x06" + bytes(18)
FUNCTION = {"Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": ZIP}}
SCHEDULE = {"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
QUEUE = f"http://127.0.0.1/{ACCOUNT}"
MAIL = {"Destination": {"ToAddresses": ["a@b.example"]}, "Message": {"Subject": {"Data": "s"}, "Body": {}}}
TAGS = [{"Key": "a", "Value": "b"}]
QUERY = {"KeyConditionExpression": "id = :id"}
ADA, EVE = {":id": {"S": "ada"}}, {":id": {"S": "eve"}}
EVES = EVE.values()
YES, NO, PERHAPS = "allowed", "denied", "unknown"


SOURCE = {"Bucket": "shop", "Key": "public/a"}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


def tagged(kind: str) -> dict[str, Any]:
    """Tags for what EC2 makes."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAGS}]}


def changes(action: str) -> dict[str, Any]:
    """A batch that changes one record set."""
    record = {"Name": "shop.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    return {"Changes": [{"Action": action, "ResourceRecordSet": record}]}


Row = tuple[str, str, dict[str, Any], str]
CALLS: list[Row] = [
    ("s3", "get_object", {"Bucket": "shop", "Key": "public/a b/ü.txt"}, YES),
    ("s3", "get_object", {"Bucket": "shop", "Key": "private/a"}, NO),
    ("s3", "head_object", {"Bucket": "shop", "Key": "public/a"}, YES),
    ("s3", "head_object", {"Bucket": "shop", "Key": "private/a"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"<x>"}, YES),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/locked/a", "Body": b"x"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"x", "Tagging": "a=b"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/tagged/a", "Body": b"x", "Tagging": "a=b"}, YES),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"x", "ACL": "public-read"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "safe/a", "Body": b"x"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "safe/a", "Body": b"x", "ServerSideEncryption": "AES256"}, YES),
    ("s3", "delete_object", {"Bucket": "shop", "Key": "inbox/a"}, YES),
    ("s3", "delete_object", {"Bucket": "shop", "Key": "inbox/a", "VersionId": "null"}, NO),
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": "shop/public/a b/ü.txt"}, YES),
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": "shop/private/a"}, NO),
    ("s3", "list_objects_v2", {"Bucket": "shop", "Prefix": "public/x"}, YES),
    ("s3", "list_objects_v2", {"Bucket": "shop"}, NO),
    ("s3", "get_bucket_policy", {"Bucket": "shop"}, NO),
    ("s3", "get_object", {"Bucket": "partner", "Key": "a"}, YES),  # the bucket's policy lets the role in
    ("s3", "get_object", {"Bucket": "partner", "Key": "secret/a"}, NO),  # and denies this to everybody
    ("s3", "list_buckets", {}, NO),
    ("s3", "get_object", {"Bucket": "shop", "Key": "public/missing"}, NO),  # whoever may not list learns no more
    ("s3", "head_object", {"Bucket": "shop", "Key": "public/missing"}, NO),
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": "shop/public/missing"}, NO),
    ("s3", "get_object", {"Bucket": "listed", "Key": "missing"}, YES),
    ("s3", "get_object", {"Bucket": "none", "Key": "missing"}, NO),
    ("dynamodb", "put_item", {"TableName": "orders", "Item": ITEM}, YES),
    ("dynamodb", "put_item", {"TableName": f"arn:aws:dynamodb:{HERE}:table/orders", "Item": ITEM}, YES),
    ("dynamodb", "delete_item", {"TableName": "orders", "Key": ITEM}, NO),
    ("dynamodb", "get_item", {"TableName": "carts", "Key": ITEM}, YES),
    ("dynamodb", "get_item", {"TableName": "carts", "Key": OTHER}, NO),
    ("dynamodb", "query", {"TableName": "carts", **QUERY, "ExpressionAttributeValues": ADA}, YES),
    ("dynamodb", "query", {"TableName": "carts", **QUERY, "ExpressionAttributeValues": EVE}, NO),
    ("dynamodb", "query", {"TableName": "orders", "IndexName": "day", **QUERY, "ExpressionAttributeValues": ADA}, NO),
    ("dynamodb", "batch_write_item", {"RequestItems": {"orders": [{"PutRequest": {"Item": ITEM}}]}}, YES),
    (
        "dynamodb", "batch_write_item",
        {"RequestItems": {name: [{"PutRequest": {"Item": ITEM}}] for name in ("orders", "carts")}}, NO,
    ),
    (
        "dynamodb", "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM}}]}, YES,
    ),
    (
        "dynamodb", "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM}},
                           {"Delete": {"TableName": "orders", "Key": OTHER}}]}, NO,
    ),
    ("dynamodb", "execute_statement", {"Statement": 'SELECT * FROM "orders" WHERE id = \'ada\''}, YES),
    ("dynamodb", "execute_statement", {"Statement": 'SELECT * FROM "orders"."day"'}, NO),
    ("dynamodb", "execute_statement", {"Statement": "DELETE FROM orders WHERE id = 'ada'"}, NO),
    ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM carts WHERE id = 'ada'"}, YES),
    ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM carts WHERE id = ?", "Parameters": [*EVES]}, NO),
    ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM carts WHERE name = 'ada'"}, NO),  # the whole table
    ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM carts WHERE id = 'ada' OR name = 'x'"}, PERHAPS),
    ("sqs", "send_message", {"QueueUrl": f"{QUEUE}/work", "MessageBody": "x"}, YES),
    ("sqs", "send_message_batch", {"QueueUrl": f"{QUEUE}/work", "Entries": [{"Id": "1", "MessageBody": "x"}]}, YES),
    ("sqs", "receive_message", {"QueueUrl": f"{QUEUE}/work"}, NO),
    ("sqs", "receive_message", {"QueueUrl": f"{QUEUE}/tagged"}, YES),
    ("sqs", "list_queues", {}, PERHAPS),
    ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:news", "Message": "x"}, YES),
    ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:other", "Message": "x"}, NO),
    ("sns", "publish", {"PhoneNumber": "+15550100", "Message": "x"}, NO),
    (
        "sns", "subscribe",
        {"TopicArn": f"arn:aws:sns:{HERE}:news", "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{HERE}:work"}, YES,
    ),
    ("sns", "subscribe", {"TopicArn": f"arn:aws:sns:{HERE}:news", "Protocol": "email", "Endpoint": "a@b.c"}, NO),
    ("lambda", "invoke", {"FunctionName": "report"}, YES),
    ("lambda", "invoke", {"FunctionName": f"{FUNCTIONS}:report"}, YES),
    ("lambda", "invoke", {"FunctionName": "report", "Qualifier": "live"}, NO),
    ("lambda", "invoke", {"FunctionName": "mail:live"}, YES),
    ("lambda", "invoke", {"FunctionName": "page"}, NO),
    ("lambda", "list_functions", {}, YES),
    ("lambda", "create_function", {"FunctionName": "new", "Role": OPEN, **FUNCTION}, YES),
    ("lambda", "create_function", {"FunctionName": "new", "Role": ROLE, **FUNCTION}, NO),
    (
        "scheduler", "create_schedule",
        {**SCHEDULE, "Target": {"Arn": "arn:aws:sqs:x", "RoleArn": OPEN}}, NO,
    ),
    ("logs", "create_log_stream", {"logGroupName": "/app/web", "logStreamName": "s"}, YES),
    (
        "logs", "put_log_events",
        {"logGroupName": "/app/web", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "x"}]}, YES,
    ),
    ("logs", "create_log_stream", {"logGroupName": "/app/webhook", "logStreamName": "s"}, NO),
    ("logs", "describe_log_groups", {}, YES),
    ("secretsmanager", "get_secret_value", {"SecretId": "db"}, YES),
    ("secretsmanager", "get_secret_value", {"SecretId": "mail"}, NO),
    ("ssm", "get_parameter", {"Name": "/app/url"}, YES),
    ("ssm", "get_parameters", {"Names": ["/app/url", "/other"]}, NO),
    ("ssm", "delete_parameters", {"Names": ["/app/old", "/app/older"]}, YES),
    ("ssm", "delete_parameters", {"Names": ["/app/old", "/other"]}, NO),
    ("ssm", "get_parameters_by_path", {"Path": "/app/web"}, YES),
    ("ssm", "get_parameters_by_path", {"Path": "/"}, NO),
    ("kms", "encrypt", {"KeyId": "alias/shop", "Plaintext": b"x", "EncryptionContext": {"app": "shop"}}, YES),
    ("kms", "encrypt", {"KeyId": "alias/shop", "Plaintext": b"x"}, NO),
    ("kms", "describe_key", {"KeyId": "alias/shop"}, YES),
    ("kms", "describe_key", {"KeyId": "alias/other"}, NO),
    ("kms", "get_key_rotation_status", {"KeyId": f"arn:aws:kms:{HERE}:alias/shop"}, YES),
    ("kms", "get_key_rotation_status", {"KeyId": "alias/other"}, NO),
    # What a service encrypts it reads and writes with its caller's access to the key.
    ("ssm", "get_parameter", {"Name": "/app/sealed", "WithDecryption": True}, YES),
    ("ssm", "get_parameter", {"Name": "/app/other", "WithDecryption": True}, NO),
    ("ssm", "get_parameter", {"Name": "/app/other"}, YES),
    ("ssm", "get_parameter", {"Name": "/app/of-aws", "WithDecryption": True}, YES),
    ("secretsmanager", "get_secret_value", {"SecretId": "sealed"}, NO),  # the key lets in Parameter Store alone
    ("sqs", "send_message", {"QueueUrl": f"{QUEUE}/sealed", "MessageBody": "x"}, NO),
    ("s3", "put_object", {"Bucket": "sealed", "Key": "a", "Body": b"x"}, NO),
    ("s3", "put_object", {"Bucket": "sealed", "Key": "a", "Body": b"x", "ServerSideEncryption": "AES256"}, YES),
    ("s3", "get_object", {"Bucket": "listed", "Key": "sealed"}, NO),
    ("s3", "head_object", {"Bucket": "listed", "Key": "sealed"}, YES),
    ("ssm", "get_parameters_by_path", {"Path": "/open", "WithDecryption": True}, YES),
    ("ssm", "get_parameters_by_path", {"Path": "/open"}, YES),
    ("ssm", "get_parameters_by_path", {"Path": "/app/web", "WithDecryption": True}, NO),  # has one of the other key
    ("dynamodb", "get_item", {"TableName": "sealed", "Key": ITEM}, YES),
    ("dynamodb", "batch_get_item", {"RequestItems": {"sealed": {"Keys": [ITEM]}}}, YES),
    ("dynamodb", "get_item", {"TableName": "vault", "Key": ITEM}, NO),
    ("dynamodb", "query", {"TableName": "vault", **QUERY, "ExpressionAttributeValues": ADA}, NO),
    ("kms", "decrypt", {"KeyId": "alias/shop", "CiphertextBlob": b"x"}, NO),  # not through Parameter Store
    # A key of all services is never read from a parameter that is called like it.
    ("iam", "create_access_key", {"UserName": "ada"}, NO),
    ("iam", "put_role_policy", {"RoleName": "worker", "PolicyName": "x", "PolicyDocument": "{}"}, YES),
    ("iam", "put_role_policy", {"RoleName": "open", "PolicyName": "x", "PolicyDocument": "{}"}, NO),
    ("ssm", "send_command", {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-1"]}, YES),
    ("ssm", "send_command", {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-1", "i-2"]}, NO),
    ("ssm", "add_tags_to_resource", {"ResourceType": "Parameter", "ResourceId": "/app/url", "Tags": TAGS}, YES),
    ("ssm", "add_tags_to_resource", {"ResourceType": "Parameter", "ResourceId": "/bank/url", "Tags": TAGS}, NO),
    ("cloudformation", "update_stack", {"StackName": "shop", "TemplateBody": "{}"}, NO),
    ("ecs", "run_task", {"taskDefinition": "web:1"}, YES),
    ("ecs", "run_task", {"taskDefinition": "web:1", "cluster": "other"}, NO),
    ("ses", "send_email", {"Source": "orders@post.example", **MAIL}, YES),
    (
        "ses", "send_email",
        {"Source": "orders@post.example", **MAIL, "Destination": {"ToAddresses": ["a@c.example"]}}, NO,
    ),
    ("kms", "create_grant", {"KeyId": "alias/shop", "GranteePrincipal": ROLE, "Operations": ["Decrypt"]}, NO),
    ("secretsmanager", "batch_get_secret_value", {"SecretIdList": ["db"]}, YES),
    ("secretsmanager", "batch_get_secret_value", {"Filters": [{"Key": "name", "Values": ["db"]}]}, NO),  # lists, too
    ("events", "put_targets", {"Rule": "nightly", "Targets": [{"Id": "1", "Arn": f"{FUNCTIONS}:report"}]}, YES),
    ("events", "put_targets", {"Rule": "nightly", "Targets": [{"Id": "1", "Arn": f"{FUNCTIONS}:mail"}]}, NO),
    ("route53", "change_resource_record_sets", {"HostedZoneId": "Z1", "ChangeBatch": changes("UPSERT")}, YES),
    ("route53", "change_resource_record_sets", {"HostedZoneId": "Z1", "ChangeBatch": changes("DELETE")}, NO),
    ("athena", "start_query_execution", {"QueryString": "select 1"}, YES),
    ("athena", "start_query_execution", {"QueryString": "select 1", "WorkGroup": "other"}, NO),
    ("events", "put_events", {"Entries": [{"Source": "shop", "DetailType": "d", "Detail": "{}"}]}, YES),
    ("events", "put_events", {"Entries": [{"Source": "bank", "DetailType": "d", "Detail": "{}"}]}, NO),
    ("events", "put_rule", {"Name": "nightly", "ScheduleExpression": "rate(1 day)"}, YES),
    ("events", "put_rule", {"Name": "nightly", "EventBusName": "shop", "EventPattern": "{}"}, NO),
    ("events", "put_rule", {"Name": "sold", "EventPattern": '{"source": ["shop"]}'}, PERHAPS),  # whatever it holds
    ("sts", "assume_role", {"RoleArn": OPEN, "RoleSessionName": "probe"}, YES),
    ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/closed", "RoleSessionName": "probe"}, NO),
    # Trust that lets nobody set tags: the access to AssumeRole is not enough.
    ("sts", "assume_role", {"RoleArn": OPEN, "RoleSessionName": "probe", "Tags": TAGS}, NO),
    ("sts", "assume_role", {"RoleArn": OPEN, "RoleSessionName": "probe", "SourceIdentity": "ada"}, NO),
    ("sts", "get_caller_identity", {}, YES),
    # Tags that a request gives to what it creates need the action that tags it.
    ("dynamodb", "create_table", {**TABLE, "TableName": "made", "Tags": TAGS}, NO),
    ("sns", "create_topic", {"Name": "plain"}, YES),
    ("sns", "create_topic", {"Name": "labelled", "Tags": TAGS}, NO),
    ("sns", "create_topic", {"Name": "tagged", "Tags": TAGS}, YES),
    ("sqs", "create_queue", {"QueueName": "labelled", "tags": {"a": "b"}}, NO),
    ("logs", "create_log_group", {"logGroupName": "/labelled", "tags": {"a": "b"}}, NO),
    ("logs", "create_log_group", {"logGroupName": "/tagged", "tags": {"a": "b"}}, YES),
    ("kms", "create_key", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}, NO),
    ("ssm", "put_parameter", {"Name": "/made", "Value": "x", "Type": "String", "Tags": TAGS}, NO),
    ("secretsmanager", "create_secret", {"Name": "new", "SecretString": "x", "Tags": TAGS}, NO),
    ("secretsmanager", "create_secret", {"Name": "new", "SecretString": "x"}, YES),
    ("stepfunctions", "create_activity", {"name": "labelled", "tags": [{"key": "a", "value": "b"}]}, NO),
    ("lambda", "create_function", {"FunctionName": "new", "Role": OPEN, **FUNCTION, "Tags": {"a": "b"}}, NO),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", **tagged("vpc")}, YES),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", **tagged("subnet")}, NO),
    ("ec2", "describe_subnets", {}, YES),
    ("ec2", "delete_security_group", {"GroupId": "sg-1"}, NO),  # it has no tags
    # A version of an object has actions of its own, as the source of a copy, too.
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": SOURCE}, YES),
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": {**SOURCE, "VersionId": "null"}}, NO),
    ("s3", "copy_object", {"Bucket": "shop", "Key": "inbox/b", "CopySource": "versions/a?versionId=null"}, YES),
    ("s3", "put_object_retention", {"Bucket": "shop", "Key": "inbox/a", "Retention": {}}, YES),
    (
        "s3", "put_object_retention",
        {"Bucket": "shop", "Key": "inbox/a", "Retention": {}, "BypassGovernanceRetention": True}, NO,
    ),
    ("s3", "create_multipart_upload", {"Bucket": "shop", "Key": "inbox/a", "Tagging": "a=b"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"x", "ObjectLockLegalHoldStatus": "ON"}, NO),
    ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"x", "GrantRead": "id=x"}, NO),
    ("s3", "create_bucket", {"Bucket": "made", "ACL": "private"}, YES),
    ("s3", "create_bucket", {"Bucket": "made-public", "ACL": "public-read"}, NO),
    ("s3", "create_bucket", {"Bucket": "made-locked", "ObjectLockEnabledForBucket": True}, NO),
    ("lambda", "update_function_code", {"FunctionName": "none", "S3Bucket": "shop", "S3Key": "public/a"}, YES),
    ("lambda", "update_function_code", {"FunctionName": "none", "S3Bucket": "shop", "S3Key": "private/a"}, NO),
    ("secretsmanager", "rotate_secret", {"SecretId": "db", "RotationLambdaARN": f"{FUNCTIONS}:page"}, NO),
    ("iam", "add_role_to_instance_profile", {"InstanceProfileName": "none", "RoleName": "worker"}, NO),
    ("ssm", "label_parameter_version", {"Name": "/app/url", "Labels": ["live"]}, YES),
    ("kms", "generate_mac", {"KeyId": "alias/granted", "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}, YES),
    ("kms", "verify_mac", {"KeyId": "alias/granted", "Message": b"x", "MacAlgorithm": "HMAC_SHA_256", "Mac": b"x"}, NO),
    ("sqs", "start_message_move_task", {"SourceArn": f"arn:aws:sqs:{HERE}:work"}, NO),
    ("ssm", "get_parameter", {"Name": "/app/url:1"}, YES),
    ("kms", "schedule_key_deletion", {"KeyId": "alias/none", "PendingWindowInDays": 30}, NO),
    ("glue", "get_database", {"Name": "shop"}, NO),  # nor the catalog that it is in
    ("glue", "get_table", {"DatabaseName": "shop", "Name": "orders"}, YES),
    ("glue", "get_table", {"DatabaseName": "bank", "Name": "orders"}, NO),
    ("iam", "get_role", {"RoleName": "worker"}, YES),
    ("iam", "get_role", {"RoleName": "open"}, NO),
    ("iam", "create_user", {"UserName": "ada", "Tags": [{"Key": "team", "Value": "web"}]}, YES),
    ("iam", "create_user", {"UserName": "eve", "Tags": [{"Key": "team", "Value": "ops"}]}, NO),
    ("kinesis", "put_record", {"StreamName": "clicks", "Data": b"x", "PartitionKey": "k"}, YES),
    ("kinesis", "put_record", {"StreamName": "other", "Data": b"x", "PartitionKey": "k"}, NO),
    ("stepfunctions", "send_task_success", {"taskToken": "t", "output": "{}"}, PERHAPS),  # of whichever machine
    ("stepfunctions", "send_task_failure", {"taskToken": "t"}, NO),
    ("cloudwatch", "put_metric_data", {"Namespace": "shop", "MetricData": [{"MetricName": "m", "Value": 1.5}]}, YES),
    ("cloudwatch", "put_metric_data", {"Namespace": "bank", "MetricData": [{"MetricName": "m", "Value": 1.5}]}, NO),
    ("ec2", "describe_vpcs", {}, YES),
    ("ec2", "describe_instances", {}, NO),
    ("ses", "send_email", {"Source": "Shop <orders@shop.example>", **MAIL}, YES),
    ("ses", "send_email", {"Source": "orders@bank.example", **MAIL}, NO),
    ("bedrock-runtime", "invoke_model", {"modelId": "amazon.nova-lite-v1:0", "body": b"{}"}, YES),
    ("bedrock-runtime", "invoke_model", {"modelId": "eu.amazon.nova-lite-v1:0", "body": b"{}"}, NO),
    ("bedrock-runtime", "invoke_model", {"modelId": "eu.a.b", "body": b"{}"}, YES),
    ("bedrock-runtime", "invoke_model", {"modelId": "global.a.b", "body": b"{}"}, NO),
    ("cloudformation", "describe_stacks", {"StackName": "shop"}, YES),
    ("cloudformation", "describe_stacks", {"StackName": "bank"}, NO),
]  # fmt: skip
DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403"}


@dataclass(frozen=True, slots=True)
class Worker:
    """What calls with the credentials of a role."""

    aws: LocalAws
    clients: Callable[[str], Any]

    def verdict(self, service: str, operation: str, parameters: dict[str, Any]) -> str:
        """What was decided on a call, by its answer and by the log."""
        last, _ = accesses(self.aws, 1 << 60)
        code = ""
        try:
            getattr(self.clients(service), operation)(**parameters)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        _, records = accesses(self.aws, last)
        decisions = {record.decision for record in records}
        logged = next((verdict for verdict in (NO, PERHAPS) if verdict in decisions), YES)
        return logged if (logged == NO) == (code in DENIALS) else f"{logged}, but answered {code!r}"

    def ask(self, method: str, path: str, service: str, region: str = "us-east-1") -> int:
        """The status of the answer to a plain request, which is signed for a region."""
        credentials = self.clients("sqs")._request_signer._credentials
        request = AWSRequest(method, f"{self.aws.url}{path}", data=b"")
        SigV4Auth(credentials, service, region).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.aws.port)
        connection.request(method, path, b"", dict(request.headers.items()))
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture(scope="module")
def worker(shared: LocalAws) -> Worker:
    """A session of the role `team/worker`, in an account that has what `CALLS` name."""
    clients = session(shared)

    def own(service: str) -> Any:
        return clients.client(service, **client_arguments(shared))

    trust = [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]
    nobody = [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    iam = own("iam")
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document(BOUNDARY))["Policy"]["Arn"]
    iam.create_role(
        RoleName="worker", Path="/team/", AssumeRolePolicyDocument=document(trust), PermissionsBoundary=boundary
    )
    iam.put_role_policy(RoleName="worker", PolicyName="worker", PolicyDocument=document(POLICY))
    iam.create_role(RoleName="open", AssumeRolePolicyDocument=document(trust))
    iam.create_role(RoleName="closed", AssumeRolePolicyDocument=document(nobody))
    s3 = own("s3")
    for bucket in ("shop", "partner", "listed", "versions"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket="partner",
        Policy=document(
            [
                {**allow("s3:GetObject", "arn:aws:s3:::partner/*"), "Principal": {"AWS": ROLE}},
                {**deny("s3:GetObject", "arn:aws:s3:::partner/secret/*"), "Principal": "*"},
            ]
        ),
    )
    for bucket, key in (("shop", "public/a b/ü.txt"), ("shop", "public/a"), ("partner", "a"), ("listed", "a")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for table in ("orders", "carts"):
        own("dynamodb").create_table(TableName=table, **TABLE)
    own("sqs").create_queue(QueueName="work")
    own("sqs").create_queue(QueueName="tagged", tags={"team": "web"})
    own("sns").create_topic(Name="news")
    for name in ("db", "mail"):
        own("secretsmanager").create_secret(Name=name, SecretString="x")
    key = own("kms").create_key()["KeyMetadata"]["KeyId"]
    own("kms").create_alias(AliasName="alias/shop", TargetKeyId=key)
    other = own("kms").create_key()["KeyMetadata"]["KeyId"]
    own("kms").create_alias(AliasName="alias/other", TargetKeyId=other)
    granted = own("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    own("kms").create_alias(AliasName="alias/granted", TargetKeyId=granted)
    own("kms").create_grant(KeyId=granted, GranteePrincipal=ROLE, Operations=["GenerateMac"])
    for name, options in (("sealed", {"KeyId": "alias/shop"}), ("other", {"KeyId": other}), ("of-aws", {})):
        own("ssm").put_parameter(Name=f"/app/{name}", Value="x", Type="SecureString", **options)
    for name, key_id in (("/open/sealed", "alias/shop"), ("/app/web/sealed", other)):
        own("ssm").put_parameter(Name=name, Value="x", Type="SecureString", KeyId=key_id)
    encryption = {"SSEType": "KMS", "KMSMasterKeyId": key}
    own("dynamodb").create_table(TableName="sealed", **TABLE, SSESpecification={"Enabled": True, **encryption})
    vault = {"TableName": "vault", **TABLE, "SSESpecification": {"SSEEnabled": True, **encryption}}
    template = json.dumps({"Resources": {"Vault": {"Type": "AWS::DynamoDB::Table", "Properties": vault}}})
    own("cloudformation").create_stack(StackName="vault", TemplateBody=template)
    own("cloudformation").get_waiter("stack_create_complete").wait(StackName="vault", WaiterConfig={"Delay": 1})
    own("secretsmanager").create_secret(Name="sealed", SecretString="x", KmsKeyId=key)
    own("sqs").create_queue(QueueName="sealed", Attributes={"KmsMasterKeyId": key})
    s3.create_bucket(Bucket="sealed")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="listed", Key="sealed", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    own("logs").create_log_group(logGroupName="/app/web")
    return Worker(shared, assumed(shared))


def document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def assumed(aws: LocalAws, **options: str) -> Callable[[str], Any]:
    """The clients of a session of the role, each made once."""
    sts = session(aws).client("sts", **client_arguments(aws))
    credentials = sts.assume_role(RoleArn=ROLE, RoleSessionName="probe", **options)["Credentials"]
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = session(aws).client(
                service,
                **client_arguments(aws)
                | {
                    "aws_access_key_id": credentials["AccessKeyId"],
                    "aws_secret_access_key": credentials["SecretAccessKey"],
                    "aws_session_token": credentials["SessionToken"],
                },
            )
        return clients[service]

    return client


def test_each_call_gets_the_verdict_of_aws(worker: Worker) -> None:
    wrong = []
    for service, operation, parameters, expected in cases_of(CALLS, 40):
        verdict = worker.verdict(service, operation, parameters)
        if verdict != expected:
            wrong.append(f"{service}.{operation} {parameters}: {verdict}, expected {expected}")
    assert [] == wrong
    assert len(CALLS) > 60


CODE = """
import boto3

def handler(event, context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["operation"])(**event["parameters"])
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Message"]
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


CALL_LINE = 7
"""The line of `CODE` that makes the call."""


@pytest.fixture(scope="module")
def function(worker: Worker) -> Any:
    """Invoke a function under the role `team/worker`: what it returns."""
    functions = session(worker.aws).client("lambda", **client_arguments(worker.aws))
    functions.create_function(
        FunctionName="shop-dev-worker",
        Runtime="python3.12",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": zip_of(CODE)},
        Timeout=60,
    )

    def invoke(service: str, operation: str, **parameters: Any) -> Any:
        event = {"service": service, "operation": operation, "parameters": parameters}
        answer = functions.invoke(FunctionName="shop-dev-worker", Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return invoke


def test_whoever_gathers_an_audit_needs_no_more_than_the_printed_policy(worker: Worker, tmp_path: Path) -> None:
    arguments = client_arguments(worker.aws)
    own = partial(session(worker.aws).client, **arguments)
    root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    own("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=document([root]))
    policy = json.dumps(needed_policy())
    own("iam").put_role_policy(RoleName="auditor", PolicyName="own", PolicyDocument=policy)
    keys = own("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/auditor", RoleSessionName="audit")[
        "Credentials"
    ]
    credentials = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    account = connected(region="us-east-1", endpoint=arguments["endpoint_url"], credentials=credentials)
    assert () == collect(account, Collecting(tmp_path), lambda _: None)
    content = json.loads((tmp_path / "resource-policies" / f"{ACCOUNT}.json").read_text("utf-8"))
    assert "arn:aws:kms" in json.dumps(content)


def test_a_function_runs_under_its_role(worker: Worker, function: Any) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/shop-dev-worker"
    assert arn == function("dynamodb", "put_item", TableName="orders", Item=ITEM)
    table = f"arn:aws:dynamodb:{HERE}:table/orders"
    expected = (
        f"User: {arn} is not authorized to perform: dynamodb:DeleteItem on resource: {table} "
        "because no identity-based policy allows the dynamodb:DeleteItem action"
    )
    assert expected == function("dynamodb", "delete_item", TableName="orders", Key=ITEM)
    _, records = accesses(worker.aws)
    denied = [record for record in records if record.decision == NO and record.function == "shop-dev-worker"]
    denied = [record for record in denied if not record.action.startswith("logs:")]  # its role writes no log either
    assert [("dynamodb:DeleteItem", table)] == [(record.action, record.resource) for record in denied]
    assert [("app.py", CALL_LINE)] == [(record.file, record.line) for record in denied]


def test_what_functions_used_is_kept_without_keys_of_items(worker: Worker, function: Any) -> None:
    folder = Path(f"/proc/{worker.aws.pid}/cwd").readlink().parents[1]  # the project's
    function("s3", "get_object", Bucket="shop", Key="public/a b/ü.txt")
    lines = [json.loads(line) for file in (folder / ".remit/seen").iterdir() for line in file.read_text().splitlines()]
    seen = {(line["function"], line["action"], line["resource"], line["decision"]) for line in lines}
    assert ("shop-dev-worker", "s3:GetObject", "arn:aws:s3:::shop/*", YES) in seen
    assert len(lines) == len(seen)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "layer", "explicit"),
    [
        ("dynamodb", "delete_item", {"TableName": "orders", "Key": ITEM}, "identity", False),
        ("dynamodb", "delete_table", {"TableName": "orders"}, "boundary", True),
        ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/locked/a"}, "identity", True),
        ("s3", "get_object", {"Bucket": "partner", "Key": "secret/a"}, "resource", True),
        ("sqs", "receive_message", {"QueueUrl": f"{QUEUE}/work"}, "identity", False),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:other", "Message": "x"}, "identity", False),
        ("ec2", "describe_instances", {}, "identity", False),
        ("cloudwatch", "put_metric_data", {"Namespace": "b", "MetricData": [{"MetricName": "m"}]}, "identity", False),
    ],
)  # fmt: skip
def test_remit_why_reads_each_denial(
    worker: Worker, service: str, operation: str, parameters: dict[str, Any], layer: str, *, explicit: bool
) -> None:
    last, _ = accesses(worker.aws, 1 << 60)
    with pytest.raises(ClientError) as caught:
        getattr(worker.clients(service), operation)(**parameters)
    (record,) = (record for record in accesses(worker.aws, last)[1] if record.decision == NO)
    denial = parse(str(caught.value))
    assert denial is not None
    expected = (record.caller, record.action, record.resource, layer, explicit)
    assert expected == (denial.principal, denial.action, denial.resource, denial.layer, denial.explicit)


def test_a_signed_url_gives_what_its_signer_may_do(worker: Worker) -> None:
    storage = worker.clients("s3")
    statuses = []
    for key in ("public/a b/ü.txt", "private/a"):
        url = urlsplit(storage.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": key}))
        connection = http.client.HTTPConnection("127.0.0.1", worker.aws.port)
        connection.request("GET", f"{url.path}?{url.query}")
        statuses.append(connection.getresponse().status)
        connection.close()
    assert [200, 403] == statuses


def test_a_session_policy_limits_a_session(worker: Worker) -> None:
    limited = assumed(worker.aws, Policy=document(LIMITED))
    assert limited("sqs").send_message(QueueUrl=f"{QUEUE}/work", MessageBody="x")["MessageId"]
    with pytest.raises(ClientError, match="because no session policy allows the dynamodb:GetItem action"):
        limited("dynamodb").get_item(TableName="orders", Key=ITEM)


@pytest.mark.parametrize("kept", [["db"], []])
def test_each_secret_of_a_batch_is_given_or_denied_by_itself(worker: Worker, kept: list[str]) -> None:
    answer = worker.clients("secretsmanager").batch_get_secret_value(SecretIdList=[*kept, "mail", "sealed", "none"])
    assert kept == [secret["Name"] for secret in answer["SecretValues"]]
    denied = {error["SecretId"]: error["Message"] for error in answer["Errors"]}
    assert {"AccessDeniedException"} == {error["ErrorCode"] for error in answer["Errors"]}
    assert ["mail", "none", "sealed"] == sorted(denied)
    assert "because no identity-based policy allows the secretsmanager:GetSecretValue action" in denied["mail"]
    assert "is not authorized to perform: kms:Decrypt" in denied["sealed"]


@pytest.mark.parametrize("kept", [["inbox/x"], []])
def test_each_key_is_deleted_or_denied_by_itself(worker: Worker, kept: list[str]) -> None:
    keys = [*kept, "public/a & b"]
    deleted = worker.clients("s3").delete_objects(
        Bucket="shop", Delete={"Objects": [{"Key": key} for key in keys], "Quiet": False}
    )
    assert kept == [entry["Key"] for entry in deleted.get("Deleted", [])]
    (error,) = deleted["Errors"]
    assert ("public/a & b", "AccessDenied") == (error["Key"], error["Code"])
    assert "because no identity-based policy allows the s3:DeleteObject action" in error["Message"]


def test_what_is_unknown_is_refused_where_that_is_asked_for(worker: Worker) -> None:
    queues = worker.clients("sqs")
    assert queues.list_queues()
    assert refuse_unknown(worker.aws, refuse=True) is False
    last, _ = accesses(worker.aws)
    with pytest.raises(ClientError, match=r"sqs:ListQueues on \* depends on aws:SourceIp"):
        queues.list_queues()
    assert [("unknown", True)] == [(record.decision, record.refused) for record in accesses(worker.aws, last)[1]]
    assert refuse_unknown(worker.aws, refuse=False) is True
    assert queues.list_queues()


def test_a_client_refuses_what_is_unknown_of_its_own_requests_alone(worker: Worker) -> None:
    queues = worker.clients("sqs")
    with unknown_refused(), pytest.raises(ClientError, match="depends on aws:SourceIp"):
        queues.list_queues()
    assert queues.list_queues()


def test_a_client_that_is_killed_leaves_nothing_refused(worker: Worker) -> None:
    queues = worker.clients("sqs")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as client:
        refuse_unknown(worker.aws, refuse=True, client=client.pid)
        with pytest.raises(ClientError, match="depends on aws:SourceIp"):
            queues.list_queues()
        client.kill()
    assert queues.list_queues()


def test_a_function_is_refused_what_is_unknown_where_its_caller_asks_for_it(worker: Worker) -> None:
    code = """
import boto3

def handler(event, context):
    try:
        return len(boto3.client("sqs").list_queues())
    except Exception as error:
        return str(error)
"""
    functions = session(worker.aws).client("lambda", **client_arguments(worker.aws))
    function = {**FUNCTION, "Code": {"ZipFile": zip_of(code)}}
    functions.create_function(FunctionName="asks", Role=ROLE, **function)
    answers = []
    for strict in (False, True, False):
        with unknown_refused() if strict else nullcontext():
            answers.append(functions.invoke(FunctionName="asks")["Payload"].read())
    assert [False, True, False] == [b"depends on aws:SourceIp" in answer for answer in answers]


def test_a_service_that_is_not_simulated_is_refused_before_the_emulator(worker: Worker) -> None:
    with pytest.raises(ClientError, match="textract:GetDocumentAnalysis is not simulated"):
        session(worker.aws).client("textract", **client_arguments(worker.aws)).get_document_analysis(JobId="x")


@pytest.mark.parametrize(
    "path",
    [
        "/_remit/access",
        "/_remit/strict",
        "/_remit/save",
        "/_remit/reset",
        "/%5Fremit/reset",
        "/_remit/functions/x/code",
    ],
)
def test_a_role_does_not_reach_what_is_the_servers_own(worker: Worker, path: str) -> None:
    assert 403 == worker.ask("POST", path, "remit")


def test_a_function_url_with_iams_authorization_asks_for_both_actions(worker: Worker) -> None:
    functions = session(worker.aws).client("lambda", **client_arguments(worker.aws))
    statuses = []
    for name in ("page", "closed"):
        functions.create_function(FunctionName=name, Role=OPEN, **FUNCTION)
        url = functions.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
        statuses.append(worker.ask("GET", urlsplit(url).path, "lambda"))
    assert [502, 403] == statuses  # the function's code is empty: who comes so far was let in


def test_a_url_of_the_app_takes_signatures_for_its_own_region_alone(worker: Worker) -> None:
    """Whatever the signer may do in the other region."""
    functions = session(worker.aws).client("lambda", **client_arguments(worker.aws))
    functions.create_function(FunctionName="page-here", Role=OPEN, **FUNCTION)
    url = functions.create_function_url_config(FunctionName="page-here", AuthType="AWS_IAM")["FunctionUrl"]
    apis = session(worker.aws).client("apigatewayv2", **client_arguments(worker.aws))
    api = apis.create_api(Name="here", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(ApiId=api, IntegrationType="HTTP_PROXY", IntegrationUri="http://127.0.0.1:9")
    target = f"integrations/{integration['IntegrationId']}"
    apis.create_route(ApiId=api, RouteKey="GET /a", AuthorizationType="AWS_IAM", Target=target)
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    iam = session(worker.aws).client("iam", **client_arguments(worker.aws))
    actions = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction", "execute-api:Invoke"]
    policy = document([allow(actions, "*")])
    iam.put_role_policy(RoleName="worker", PolicyName="everywhere", PolicyDocument=policy)
    for path, service in ((urlsplit(url).path, "lambda"), (f"/_aws/execute-api/{api}/a", "execute-api")):
        statuses = [worker.ask("GET", path, service, region) for region in ("us-east-1", "eu-west-1")]
        assert [502, 403] == statuses  # neither has anything behind it: who comes so far was let in
    iam.delete_role_policy(RoleName="worker", PolicyName="everywhere")


def test_a_route_with_iams_authorization_asks_for_its_invocation(worker: Worker) -> None:
    apis = session(worker.aws).client("apigatewayv2", **client_arguments(worker.aws))
    api = apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(ApiId=api, IntegrationType="HTTP_PROXY", IntegrationUri="http://127.0.0.1:9")
    target = f"integrations/{integration['IntegrationId']}"
    apis.create_route(ApiId=api, RouteKey="$default", AuthorizationType="AWS_IAM", Target=target)
    apis.create_route(ApiId=api, RouteKey="GET /all", AuthorizationType="NONE", Target=target)
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    paths = ("/open/a", "/closed/a", "/all")
    denied = [403 == worker.ask("GET", f"/_aws/execute-api/{api}{path}", "execute-api") for path in paths]
    assert [False, True, False] == denied


def test_a_method_of_a_rest_api_with_iams_authorization_asks_for_its_invocation(worker: Worker) -> None:
    """By the caller's policies, or by the policy of the API, which lets nobody else in where IAM is not asked."""
    apis = session(worker.aws).client("apigateway", **client_arguments(worker.aws))
    let_in = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "execute-api:Invoke"}
    policy = json.dumps({"Statement": [{**let_in, "Resource": "execute-api:/live/GET/shared"}]})
    api = apis.create_rest_api(name="rest", policy=policy)["id"]
    (root,) = apis.get_resources(restApiId=api)["items"]
    paths = ("open", "closed", "shared", "all")
    for path in paths:
        resource = apis.create_resource(restApiId=api, parentId=root["id"], pathPart=path)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        apis.put_method(**method, authorizationType="NONE" if path == "all" else "AWS_IAM")
        apis.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apis.create_deployment(restApiId=api, stageName="live")
    address = f"/_aws/execute-api/{api}/live/"
    denied = [403 == worker.ask("GET", f"{address}{path}", "execute-api") for path in paths]
    assert [False, True, False, True] == denied
    unsigned = [
        status_of(worker.aws, f"{address}{path}", headers)
        for path, headers in (("open", {}), ("open", {"Authorization": "Bearer x"}), ("all", {}))
    ]
    assert [403, 403, 403] == unsigned


def status_of(aws: LocalAws, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_web_socket_with_iams_authorization_asks_for_the_connection(worker: Worker) -> None:
    apis = session(worker.aws).client("apigatewayv2", **client_arguments(worker.aws))
    options = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
    api = apis.create_api(Name="talk", **options)["ApiId"]
    apis.create_route(ApiId=api, RouteKey="$connect", AuthorizationType="AWS_IAM")
    credentials = worker.clients("sqs")._request_signer._credentials
    statuses = []
    for stage in ("talk", "closed"):
        apis.create_stage(ApiId=api, StageName=stage)
        request = AWSRequest("GET", f"{worker.aws.url}/_aws/execute-api/{api}/{stage}")
        SigV4QueryAuth(credentials, "execute-api", "us-east-1").add_auth(request)
        try:
            with connect(str(request.url).replace("http://", "ws://"), proxy=None):
                statuses.append(101)
        except InvalidStatus as refused:
            statuses.append(refused.response.status_code)
    assert [101, 403] == statuses
