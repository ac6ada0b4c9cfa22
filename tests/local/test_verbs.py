"""Calls of boto3 for each verb of `remit.grants`: a role with the verb alone may make them, and they need all of it."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from random_cases import cases_of
from remit import grants
from remit.catalogue.operations import operation
from remit.iam.policy import render_statement
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import NO_ACCESS, accesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import Grant
    from remit.local.state_files import LocalAws

ACCOUNT: Final = "000000000000"
HERE: Final = f"us-east-1:{ACCOUNT}"
PSEUDO_PARAMETERS: Final = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": "us-east-1",
    "${AWS::AccountId}": ACCOUNT,
    "${AWS::URLSuffix}": "amazonaws.com",
}
QUERY: Final = "the id of a query"
ITEM: Final = {"id": {"S": "1"}}
ORDER: Final = {"TableName": "orders", "Key": ITEM}
BY_KEY: Final = {"KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "1"}}}
UPLOAD: Final = {"Bucket": "uploads", "Key": "in/a"}
PART: Final = {**UPLOAD, "UploadId": "1"}
VERSION: Final = {**UPLOAD, "VersionId": "1"}
TAGGED: Final = {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
QUEUE: Final = {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/orders"}
RECEIPT: Final = {**QUEUE, "ReceiptHandle": "r"}
TOPIC: Final = {"TopicArn": f"arn:aws:sns:{HERE}:news"}
MACHINE: Final = {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:orders"}
EXECUTION: Final = {"executionArn": f"arn:aws:states:{HERE}:execution:orders:1"}
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/scheduler-runs"
REMINDER: Final = {"Name": "reminder-1", "GroupName": "shop"}
SCHEDULE: Final = {
    **REMINDER,
    "ScheduleExpression": "rate(1 day)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": f"arn:aws:lambda:{HERE}:function:f", "RoleArn": ROLE},
}
POOL: Final = {"UserPoolId": "us-east-1_Ab1"}
USER: Final = {**POOL, "Username": "ann"}
EMAIL: Final = {"UserAttributes": [{"Name": "email", "Value": "a@b.example"}]}
PASSWORD: Final = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "ClientId": "c"}
TEXT: Final = {"Body": {"Text": {"Data": "t"}}, "Subject": {"Data": "s"}}
TO: Final = {"Destination": {"ToAddresses": ["a@b.example"]}}
DATABASE: Final = {
    "resourceArn": f"arn:aws:rds:{HERE}:cluster:shop",
    "secretArn": f"arn:aws:secretsmanager:{HERE}:secret:/shop/db-AbCdEf",
}
TRANSACTION: Final = {**DATABASE, "transactionId": "t"}
MODEL: Final = {"modelId": "amazon.nova-lite-v1:0"}
SCAN: Final = {"S3Object": {"Bucket": "scans", "Name": "a.pdf"}}
HOUR: Final = {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}
Calls = list[tuple[str, str, dict[str, Any]]]
"""The service, the method and the parameters of each."""

CALLS: Final[dict[str, Calls]] = {
    'athena.query("reports", database="shop", data="lake", results="answers")': [
        ("athena", "start_query_execution", {"QueryString": "SELECT 1", "WorkGroup": "reports"}),
        ("athena", "get_query_execution", {"QueryExecutionId": QUERY}),
        ("athena", "get_query_results", {"QueryExecutionId": QUERY}),
        ("athena", "stop_query_execution", {"QueryExecutionId": QUERY}),
    ],
    'bedrock.invoke("amazon.nova-lite-v1:0")': [
        ("bedrock-runtime", "invoke_model", {**MODEL, "body": b"{}"}),
        ("bedrock-runtime", "converse", {**MODEL, "messages": []}),
        ("bedrock-runtime", "invoke_model_with_response_stream", {**MODEL, "body": b"{}"}),
        ("bedrock-runtime", "converse_stream", {**MODEL, "messages": []}),
    ],
    'bedrock.invoke_profile("eu.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0")': [
        ("bedrock-runtime", "converse", {"modelId": "eu.amazon.nova-lite-v1:0", "messages": []}),
        ("bedrock-runtime", "converse_stream", {"modelId": "eu.amazon.nova-lite-v1:0", "messages": []}),
    ],
    'bedrock.invoke_profile("global.amazon.nova-lite-v1:0")': [
        ("bedrock-runtime", "converse", {"modelId": "global.amazon.nova-lite-v1:0", "messages": []}),
        ("bedrock-runtime", "converse_stream", {"modelId": "global.amazon.nova-lite-v1:0", "messages": []}),
    ],
    'bedrock.guard("gr-1a2b")': [
        (
            "bedrock-runtime",
            "apply_guardrail",
            {"guardrailIdentifier": "gr-1a2b", "guardrailVersion": "1", "source": "INPUT", "content": []},
        ),
    ],
    'bedrock.retrieve("KB12345678")': [
        ("bedrock-agent-runtime", "retrieve", {"knowledgeBaseId": "KB12345678", "retrievalQuery": {"text": "q"}}),
    ],
    'bedrock.invoke_agent("AGENT12345", "ALIAS12345")': [
        (
            "bedrock-agent-runtime",
            "invoke_agent",
            {"agentId": "AGENT12345", "agentAliasId": "ALIAS12345", "sessionId": "s1", "inputText": "q"},
        ),
    ],
    'cloudwatch.put("Shop")': [
        ("cloudwatch", "put_metric_data", {"Namespace": "Shop", "MetricData": [{"MetricName": "m", "Value": 1}]}),
    ],
    "cloudwatch.read()": [
        ("cloudwatch", "get_metric_data", {"MetricDataQueries": [], **HOUR}),
        ("cloudwatch", "get_metric_statistics", {"Namespace": "Shop", "MetricName": "m", "Period": 60, **HOUR}),
        ("cloudwatch", "list_metrics", {"Namespace": "Shop"}),
    ],
    'cloudwatch.read_alarm("shop-errors")': [
        ("cloudwatch", "describe_alarms", {"AlarmNames": ["shop-errors"]}),
        ("cloudwatch", "describe_alarm_history", {"AlarmName": "shop-errors"}),
    ],
    'cloudwatch.set_alarm("shop-errors")': [
        ("cloudwatch", "set_alarm_state", {"AlarmName": "shop-errors", "StateValue": "OK", "StateReason": "r"}),
    ],
    'cognito.read_users("us-east-1_Ab1")': [
        ("cognito-idp", "admin_get_user", USER),
        ("cognito-idp", "admin_list_groups_for_user", USER),
    ],
    'cognito.list_users("us-east-1_Ab1")': [
        ("cognito-idp", "list_users", POOL),
        ("cognito-idp", "list_users_in_group", {**POOL, "GroupName": "staff"}),
    ],
    'cognito.create_users("us-east-1_Ab1")': [("cognito-idp", "admin_create_user", USER)],
    'cognito.update_users("us-east-1_Ab1")': [("cognito-idp", "admin_update_user_attributes", {**USER, **EMAIL})],
    'cognito.set_passwords("us-east-1_Ab1")': [
        ("cognito-idp", "admin_set_user_password", {**USER, "Password": "Secret-123", "Permanent": True}),
    ],
    'cognito.disable_users("us-east-1_Ab1")': [
        ("cognito-idp", "admin_disable_user", USER),
        ("cognito-idp", "admin_enable_user", USER),
    ],
    'cognito.delete_users("us-east-1_Ab1")': [("cognito-idp", "admin_delete_user", USER)],
    'cognito.change_groups("us-east-1_Ab1")': [
        ("cognito-idp", "admin_add_user_to_group", {**USER, "GroupName": "staff"}),
        ("cognito-idp", "admin_remove_user_from_group", {**USER, "GroupName": "staff"}),
    ],
    'cognito.sign_in("us-east-1_Ab1")': [
        ("cognito-idp", "admin_initiate_auth", {**POOL, **PASSWORD}),
        (
            "cognito-idp",
            "admin_respond_to_auth_challenge",
            {**POOL, "ClientId": "c", "ChallengeName": "SMS_MFA"},
        ),
    ],
    'dynamodb.get("orders")': [
        ("dynamodb", "get_item", ORDER),
        ("dynamodb", "transact_get_items", {"TransactItems": [{"Get": ORDER}]}),
    ],
    'dynamodb.read("orders")': [
        ("dynamodb", "get_item", ORDER),
        ("dynamodb", "batch_get_item", {"RequestItems": {"orders": {"Keys": [ITEM]}}}),
    ],
    'dynamodb.query("orders")': [("dynamodb", "query", {"TableName": "orders", **BY_KEY})],
    'dynamodb.query("orders", index="by-day")': [
        ("dynamodb", "query", {"TableName": "orders", "IndexName": "by-day", **BY_KEY}),
    ],
    'dynamodb.scan("orders")': [("dynamodb", "scan", {"TableName": "orders"})],
    'dynamodb.list("orders")': [
        ("dynamodb", "query", {"TableName": "orders", **BY_KEY}),
        ("dynamodb", "scan", {"TableName": "orders"}),
    ],
    'dynamodb.put("orders")': [
        ("dynamodb", "put_item", {"TableName": "orders", "Item": ITEM}),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "orders", "Item": ITEM}}]},
        ),
    ],
    'dynamodb.update("orders")': [("dynamodb", "update_item", ORDER)],
    'dynamodb.delete("orders")': [
        ("dynamodb", "delete_item", ORDER),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Delete": ORDER}]}),
    ],
    'dynamodb.batch_write("orders")': [
        (
            "dynamodb",
            "batch_write_item",
            {
                "RequestItems": {
                    "orders": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": {"id": {"S": "2"}}}}]
                }
            },
        ),
    ],
    'dynamodb.check("orders")': [
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"ConditionCheck": {**ORDER, "ConditionExpression": "attribute_exists(id)"}}]},
        ),
    ],
    'dynamodb.select("orders")': [
        ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM orders WHERE id = '1'"}),
        ("dynamodb", "batch_execute_statement", {"Statements": [{"Statement": "SELECT * FROM orders WHERE id = '1'"}]}),
        (
            "dynamodb",
            "execute_transaction",
            {"TransactStatements": [{"Statement": "SELECT * FROM orders WHERE id = '1'"}]},
        ),
    ],
    'dynamodb.insert("orders")': [
        ("dynamodb", "execute_statement", {"Statement": "INSERT INTO orders VALUE {'id': '3'}"}),
    ],
    'dynamodb.partiql_update("orders")': [
        ("dynamodb", "execute_statement", {"Statement": "UPDATE orders SET paid = 1 WHERE id = '3'"}),
    ],
    'dynamodb.partiql_delete("orders")': [
        ("dynamodb", "execute_statement", {"Statement": "DELETE FROM orders WHERE id = '3'"}),
    ],
    'dynamodb.describe("orders")': [("dynamodb", "describe_table", {"TableName": "orders"})],
    "events.put()": [
        ("events", "put_events", {"Entries": [{"Source": "shop", "DetailType": "Paid", "Detail": "{}"}]}),
    ],
    'events.put("orders", source="shop.*", detail_type="Paid")': [
        (
            "events",
            "put_events",
            {
                "Entries": [
                    {"Source": f"shop.{name}", "DetailType": "Paid", "Detail": "{}", "EventBusName": "orders"}
                    for name in ("orders", "carts")
                ]
            },
        ),
    ],
    'firehose.put("audit")': [
        ("firehose", "put_record", {"DeliveryStreamName": "audit", "Record": {"Data": b"x"}}),
        ("firehose", "put_record_batch", {"DeliveryStreamName": "audit", "Records": [{"Data": b"x"}]}),
    ],
    'kinesis.put("clicks")': [
        ("kinesis", "put_record", {"StreamName": "clicks", "Data": b"x", "PartitionKey": "a"}),
        ("kinesis", "put_records", {"StreamName": "clicks", "Records": [{"Data": b"x", "PartitionKey": "a"}]}),
    ],
    'kinesis.read("clicks")': [
        ("kinesis", "describe_stream_summary", {"StreamName": "clicks"}),
        ("kinesis", "list_shards", {"StreamName": "clicks"}),
        (
            "kinesis",
            "get_shard_iterator",
            {"StreamName": "clicks", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"},
        ),
        ("kinesis", "get_records", {"StreamARN": f"arn:aws:kinesis:{HERE}:stream/clicks", "ShardIterator": "i"}),
    ],
    'kms.decrypt("alias/shop")': [("kms", "decrypt", {"KeyId": "alias/shop", "CiphertextBlob": b"x"})],
    'kms.encrypt("alias/shop")': [("kms", "encrypt", {"KeyId": "alias/shop", "Plaintext": b"x"})],
    'kms.data_key("alias/shop")': [
        ("kms", "generate_data_key", {"KeyId": "alias/shop", "KeySpec": "AES_256"}),
        ("kms", "generate_data_key_without_plaintext", {"KeyId": "alias/shop", "KeySpec": "AES_256"}),
    ],
    'kms.sign("alias/shop")': [
        ("kms", "sign", {"KeyId": "alias/shop", "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}),
    ],
    'kms.verify("alias/shop")': [
        (
            "kms",
            "verify",
            {"KeyId": "alias/shop", "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": b"s"},
        ),
        ("kms", "get_public_key", {"KeyId": "alias/shop"}),
    ],
    'kms.mac("alias/shop")': [
        ("kms", "generate_mac", {"KeyId": "alias/shop", "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}),
        ("kms", "verify_mac", {"KeyId": "alias/shop", "Message": b"x", "MacAlgorithm": "HMAC_SHA_256", "Mac": b"m"}),
    ],
    'lambda_.invoke("report")': [
        ("lambda", "invoke", {"FunctionName": "report"}),
        ("lambda", "invoke", {"FunctionName": "report", "InvocationType": "Event"}),
        ("lambda", "invoke_with_response_stream", {"FunctionName": "report"}),
    ],
    'lambda_.invoke("report", qualifier="live")': [
        ("lambda", "invoke", {"FunctionName": "report", "Qualifier": "live"}),
        ("lambda", "invoke", {"FunctionName": "report:live"}),
    ],
    'rds_data.execute("shop", secret="/shop/db")': [
        ("rds-data", "execute_statement", {**DATABASE, "sql": "SELECT 1"}),
        ("rds-data", "batch_execute_statement", {**DATABASE, "sql": "SELECT 1"}),
        ("rds-data", "begin_transaction", DATABASE),
        ("rds-data", "commit_transaction", TRANSACTION),
        ("rds-data", "rollback_transaction", TRANSACTION),
    ],
    "rekognition.detect()": [
        ("rekognition", f"detect_{name}", {"Image": {"Bytes": b"x"}})
        for name in ("labels", "text", "faces", "moderation_labels")
    ],
    "rekognition.compare_faces()": [
        ("rekognition", "compare_faces", {"SourceImage": {"Bytes": b"x"}, "TargetImage": {"Bytes": b"x"}}),
    ],
    'rekognition.search_faces("staff")': [
        ("rekognition", "search_faces", {"CollectionId": "staff", "FaceId": "0a1b2c3d-0000-0000-0000-000000000000"}),
        ("rekognition", "search_faces_by_image", {"CollectionId": "staff", "Image": {"Bytes": b"x"}}),
    ],
    'rekognition.index_faces("staff")': [
        ("rekognition", "index_faces", {"CollectionId": "staff", "Image": {"Bytes": b"x"}}),
        (
            "rekognition",
            "delete_faces",
            {"CollectionId": "staff", "FaceIds": ["0a1b2c3d-0000-0000-0000-000000000000"]},
        ),
    ],
    's3.read("uploads", "in/*")': [("s3", "get_object", UPLOAD), ("s3", "head_object", UPLOAD)],
    's3.list("uploads", "in/*")': [
        ("s3", "list_objects_v2", {"Bucket": "uploads", "Prefix": "in/"}),
        ("s3", "list_objects", {"Bucket": "uploads", "Prefix": "in/a"}),
    ],
    's3.list("uploads")': [("s3", "head_bucket", {"Bucket": "uploads"})],
    's3.put("uploads", "in/*")': [
        ("s3", "put_object", {**UPLOAD, "Body": b"x"}),
        ("s3", "create_multipart_upload", UPLOAD),
        ("s3", "upload_part", {**PART, "PartNumber": 1, "Body": b"x"}),
        (
            "s3",
            "complete_multipart_upload",
            {**PART, "MultipartUpload": {"Parts": [{"ETag": "e", "PartNumber": 1}]}},
        ),
    ],
    's3.delete("uploads")': [
        ("s3", "delete_object", UPLOAD),
        ("s3", "delete_objects", {"Bucket": "uploads", "Delete": {"Objects": [{"Key": "in/b"}]}}),
    ],
    's3.read_versions("uploads")': [("s3", "get_object", VERSION), ("s3", "head_object", VERSION)],
    's3.list_versions("uploads", "in/*")': [
        ("s3", "list_object_versions", {"Bucket": "uploads", "Prefix": "in/"}),
    ],
    's3.delete_versions("uploads", "in/*")': [
        ("s3", "delete_object", VERSION),
        ("s3", "delete_objects", {"Bucket": "uploads", "Delete": {"Objects": [{"Key": "in/b", "VersionId": "1"}]}}),
    ],
    's3.read_tags("uploads")': [("s3", "get_object_tagging", UPLOAD)],
    's3.put_tags("uploads")': [("s3", "put_object_tagging", {**UPLOAD, **TAGGED})],
    's3.multipart("uploads", "in/*")': [
        ("s3", "abort_multipart_upload", PART),
        ("s3", "list_parts", PART),
        ("s3", "list_multipart_uploads", {"Bucket": "uploads"}),
    ],
    'scheduler.create("reminder-*", role="scheduler-runs", group="shop")': [("scheduler", "create_schedule", SCHEDULE)],
    'scheduler.update("reminder-*", role="scheduler-runs", group="shop")': [("scheduler", "update_schedule", SCHEDULE)],
    'scheduler.read("reminder-*", group="shop")': [("scheduler", "get_schedule", REMINDER)],
    'scheduler.delete("reminder-*", group="shop")': [("scheduler", "delete_schedule", REMINDER)],
    "scheduler.list()": [("scheduler", "list_schedules", {"GroupName": "shop"})],
    'secretsmanager.read("/shop/db")': [("secretsmanager", "get_secret_value", {"SecretId": "/shop/db"})],
    'secretsmanager.put("/shop/db")': [
        ("secretsmanager", "put_secret_value", {"SecretId": "/shop/db", "SecretString": "y"}),
    ],
    'secretsmanager.rotate("/shop/db")': [
        ("secretsmanager", "describe_secret", {"SecretId": "/shop/db"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "/shop/db", "VersionStage": "AWSPENDING"}),
        ("secretsmanager", "get_random_password", {}),
        (
            "secretsmanager",
            "put_secret_value",
            {"SecretId": "/shop/db", "SecretString": "y", "VersionStages": ["AWSPENDING"]},
        ),
        ("secretsmanager", "update_secret_version_stage", {"SecretId": "/shop/db", "VersionStage": "AWSCURRENT"}),
    ],
    'secretsmanager.describe("/shop/db")': [
        ("secretsmanager", "describe_secret", {"SecretId": "/shop/db"}),
        ("secretsmanager", "list_secret_version_ids", {"SecretId": "/shop/db"}),
    ],
    'ses.send("shop.example")': [
        ("ses", "send_email", {"Source": "a@shop.example", **TO, "Message": TEXT}),
        ("ses", "send_raw_email", {"Source": "a@shop.example", "RawMessage": {"Data": b"x"}}),
        ("sesv2", "send_email", {"FromEmailAddress": "a@shop.example", **TO, "Content": {"Simple": TEXT}}),
    ],
    'ses.send("shop.example", sender="*@shop.example", configuration_set="receipts", template="paid")': [
        (
            "ses",
            "send_email",
            {"Source": "a@shop.example", **TO, "Message": TEXT, "ConfigurationSetName": "receipts"},
        ),
        ("ses", "send_raw_email", {"Source": "a@shop.example", "RawMessage": {"Data": b"x"}}),
        (
            "ses",
            "send_templated_email",
            {"Source": "a@shop.example", **TO, "Template": "paid", "TemplateData": "{}"},
        ),
        (
            "sesv2",
            "send_email",
            {"FromEmailAddress": "a@shop.example", **TO, "Content": {"Template": {"TemplateName": "paid"}}},
        ),
    ],
    'ses.send_bulk("shop.example", template="news")': [
        (
            "ses",
            "send_bulk_templated_email",
            {
                "Source": "a@shop.example",
                "Template": "news",
                "DefaultTemplateData": "{}",
                "Destinations": [TO],
            },
        ),
        (
            "sesv2",
            "send_bulk_email",
            {
                "FromEmailAddress": "a@shop.example",
                "DefaultContent": {"Template": {"TemplateName": "news"}},
                "BulkEmailEntries": [TO],
            },
        ),
    ],
    'sns.publish("news")': [
        ("sns", "publish", {**TOPIC, "Message": "m"}),
        ("sns", "publish_batch", {**TOPIC, "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]}),
    ],
    'sns.read("news")': [("sns", "get_topic_attributes", TOPIC)],
    'sns.list("news")': [("sns", "list_subscriptions_by_topic", TOPIC)],
    'sqs.send("orders")': [
        ("sqs", "send_message", {**QUEUE, "MessageBody": "m"}),
        ("sqs", "send_message_batch", {**QUEUE, "Entries": [{"Id": "1", "MessageBody": "m"}]}),
    ],
    'sqs.consume("orders")': [
        ("sqs", "receive_message", QUEUE),
        ("sqs", "delete_message", RECEIPT),
        ("sqs", "delete_message_batch", {**QUEUE, "Entries": [{"Id": "1", "ReceiptHandle": "r"}]}),
        ("sqs", "change_message_visibility", {**RECEIPT, "VisibilityTimeout": 1}),
        (
            "sqs",
            "change_message_visibility_batch",
            {**QUEUE, "Entries": [{"Id": "1", "ReceiptHandle": "r", "VisibilityTimeout": 1}]},
        ),
    ],
    'sqs.read("orders")': [
        ("sqs", "get_queue_url", {"QueueName": "orders"}),
        ("sqs", "get_queue_attributes", {**QUEUE, "AttributeNames": ["All"]}),
    ],
    'ssm.read("/shop/prod/url")': [("ssm", "get_parameter", {"Name": "/shop/prod/url", "WithDecryption": True})],
    'ssm.read_batch("/shop/prod/url")': [("ssm", "get_parameters", {"Names": ["/shop/prod/url"]})],
    'ssm.list("/shop/prod")': [
        ("ssm", "get_parameters_by_path", {"Path": "/shop/prod", "Recursive": True}),
        ("ssm", "get_parameters_by_path", {"Path": "/shop/prod/"}),
    ],
    'ssm.put("/shop/prod/url")': [
        ("ssm", "put_parameter", {"Name": "/shop/prod/url", "Value": "v", "Type": "String", "Overwrite": True}),
    ],
    'ssm.delete("/shop/prod/url")': [
        ("ssm", "delete_parameter", {"Name": "/shop/prod/url"}),
        ("ssm", "delete_parameters", {"Names": ["/shop/prod/url"]}),
    ],
    'states.start("orders")': [("stepfunctions", "start_execution", MACHINE)],
    'states.start_sync("orders")': [("stepfunctions", "start_sync_execution", MACHINE)],
    'states.list("orders")': [("stepfunctions", "list_executions", MACHINE)],
    'states.read("orders")': [
        ("stepfunctions", "describe_execution", EXECUTION),
        ("stepfunctions", "get_execution_history", EXECUTION),
    ],
    'states.stop("orders")': [("stepfunctions", "stop_execution", EXECUTION)],
    "states.answer()": [
        ("stepfunctions", "send_task_success", {"taskToken": "t", "output": "{}"}),
        ("stepfunctions", "send_task_failure", {"taskToken": "t"}),
        ("stepfunctions", "send_task_heartbeat", {"taskToken": "t"}),
    ],
    "textract.read()": [
        ("textract", "detect_document_text", {"Document": {"Bytes": b"x"}}),
        ("textract", "analyze_document", {"Document": {"Bytes": b"x"}, "FeatureTypes": ["FORMS"]}),
    ],
    "textract.analyze_receipts()": [
        ("textract", "analyze_expense", {"Document": {"Bytes": b"x"}}),
        ("textract", "analyze_id", {"DocumentPages": [{"Bytes": b"x"}]}),
    ],
    'textract.start("scans")': [
        ("textract", "start_document_text_detection", {"DocumentLocation": SCAN}),
        ("textract", "get_document_text_detection", {"JobId": "1"}),
        ("textract", "start_document_analysis", {"DocumentLocation": SCAN, "FeatureTypes": ["FORMS"]}),
        ("textract", "get_document_analysis", {"JobId": "1"}),
    ],
    'transcribe.start("calls-*", recordings="calls", results="texts")': [
        (
            "transcribe",
            "start_transcription_job",
            {
                "TranscriptionJobName": "calls-1",
                "Media": {"MediaFileUri": "s3://calls/1.mp3"},
                "OutputBucketName": "texts",
            },
        ),
        ("transcribe", "get_transcription_job", {"TranscriptionJobName": "calls-1"}),
    ],
    'transcribe.delete("calls-*")': [
        ("transcribe", "delete_transcription_job", {"TranscriptionJobName": "calls-1"}),
    ],
}


WITHOUT_BOTO3: Final = {
    "lambda_.answer": "takes an execution that waits: `test_triggers_fire.py` answers for one",
    "lambda_.call_url": "a signed request to a URL: `test_authorization.py` makes it",
    "opensearch": "signed requests to a domain, or to a collection",
    "transcribe.stream": "HTTP/2, which boto3 does not speak",
    "websocket": "calls of the app's own API: `test_local_websockets.py` makes them",
}
"""Verbs, and modules of them, whose access boto3 does not use here."""
BY_THE_SERVICE: Final = {
    "athena.query": ("glue:", "s3:"),
    "rds_data.execute": ("secretsmanager:",),
    "textract.start": ("s3:",),
    "transcribe.start": ("s3:",),
}
"""What services use of their caller's access when they work, by verbs: the emulator does not."""


@dataclass(frozen=True, slots=True)
class Account:
    """The running AWS, and the clients of a role that has one verb at a time."""

    aws: LocalAws
    own: Callable[[str], Any]
    client: Callable[[str], Any]
    query: str
    """The id of a query that Athena ran."""

    def decisions(self, verb: str) -> set[tuple[str, str, str]]:
        """What was decided on the calls of a verb under a role that has nothing else: decision, action and resource."""
        self.own("iam").put_role_policy(RoleName="verb", PolicyName="verb", PolicyDocument=policy(verb))
        last, _ = accesses(self.aws, NO_ACCESS)
        known: set[tuple[str, str, str]] = set()
        for service, method, parameters in CALLS[verb]:
            if self.is_without(service, method, parameters):
                known |= {("allowed", action, "") for action in catalogued(self.client(service), service, method)}
        _, records = accesses(self.aws, last)
        return known | {(record.decision, record.action, record.resource) for record in records}

    def is_without(self, service: str, method: str, parameters: dict[str, Any]) -> bool:
        """Make a call; whether the AWS on this machine does not have its service, and so decides nothing.

        The account has not everything that calls name: what was decided stands in the log.
        """
        named = {name: self.query if value is QUERY else value for name, value in parameters.items()}
        try:
            answer = getattr(self.client(service), method)(**named)
        except ClientError as error:
            return error.response["Error"]["Code"] == "NotImplemented"
        for value in answer.values():
            if hasattr(value, "close"):  # a stream, which holds its connection
                value.close()
        return False


def catalogued(client: Any, service: str, method: str) -> set[str]:
    """The actions that a method of a client needs, by the catalogue."""
    known = operation(service, client.meta.method_to_api_mapping[method])
    assert known is not None
    return {call.action for call in known.calls}


def policy(verb: str) -> str:
    """The policy that a verb gives, in this account."""
    text = json.dumps([render_statement(grant.statement) for grant in given(verb)])
    for name, value in PSEUDO_PARAMETERS.items():
        text = text.replace(name, value)
    return json.dumps({"Version": "2012-10-17", "Statement": json.loads(text)})


def given(verb: str) -> tuple[Grant, ...]:
    """What a call of a verb gives."""
    modules = {name: getattr(grants, name) for name in grants.__all__}
    return eval(verb, modules)  # type: ignore[no-any-return]  # noqa: S307 - the calls stand in this file


def spelled(verb: str) -> str:
    return verb.partition("(")[0]


@pytest.fixture(scope="module")
def account(shared: LocalAws) -> Iterator[Account]:
    arguments = client_arguments(shared)
    own = cache(partial(session(shared).client, **arguments))
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = own("iam").create_role(RoleName="verb", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    keys = own("sts").assume_role(RoleArn=role, RoleSessionName="verb")["Credentials"]
    once = Config(s3={"addressing_style": "path"}, proxies={}, inject_host_prefix=False, retries={"max_attempts": 0})
    credentials = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
        "config": once,
    }
    own("secretsmanager").create_secret(Name="/shop/db", SecretString="x")
    key = own("kms").create_key()["KeyMetadata"]["KeyId"]
    own("kms").create_alias(AliasName="alias/shop", TargetKeyId=key)
    own("s3").create_bucket(Bucket="uploads")
    own("s3").put_object(**UPLOAD, Body=b"x")
    own("athena").create_work_group(Name="reports")
    query = own("athena").start_query_execution(
        QueryString="SELECT 1", WorkGroup="reports", ResultConfiguration={"OutputLocation": "s3://uploads/"}
    )["QueryExecutionId"]
    client = cache(partial(session(shared).client, **{**arguments, **credentials}))
    yield Account(shared, own, client, query)
    for service in {service for calls in CALLS.values() for service, _, _ in calls}:
        client(service).close()


def test_a_role_with_a_verb_may_make_the_calls_that_the_verb_is_for_and_needs_all_that_it_gives(
    account: Account,
) -> None:
    wrong = []
    for verb in cases_of(tuple(CALLS), 12):
        decisions = account.decisions(verb)
        wrong += [f"{verb}: {' '.join(decision)}" for decision in sorted(decisions) if decision[0] != "allowed"]
        used = {action for decision, action, _ in decisions if decision == "allowed"}
        for action in {action for grant in given(verb) for action in grant.statement.actions.patterns} - used:
            if not action.startswith(BY_THE_SERVICE.get(spelled(verb), "-")):
                wrong.append(f"{verb}: no call needs {action}")
    assert [] == sorted(wrong)


def test_every_verb_is_tried_or_says_why_not() -> None:
    for name in grants.__all__:
        module = getattr(grants, name)
        if not inspect.ismodule(module) or name in WITHOUT_BOTO3:
            continue
        verbs = {
            f"{name}.{verb}"
            for verb, function in vars(module).items()
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not verb.startswith("_")
        }
        assert set() == verbs - {spelled(verb) for verb in CALLS} - set(WITHOUT_BOTO3)
