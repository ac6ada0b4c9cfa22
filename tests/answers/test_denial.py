"""What is read out of the words in which AWS, SDKs, logs and CloudFormation tell that an access was denied."""

# ruff: noqa: E501 - the messages stand as they are printed
from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import effort
from random_cases import cases, cases_of
from remit.answers.denial import Denial, parse
from remit.answers.denied_request import user_name

USER = "arn:aws:iam::777788889999:user/JohnDoe"
SESSION = "arn:aws:sts::111122223333:assumed-role/orders-dev-IngestRole-1ABCDEFGHIJK/orders-dev-ingest"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
NEWS = "arn:aws:sns:eu-west-1:111122223333:news"
ROLE = "arn:aws:iam::111122223333:role/ingest"
EXECUTION_ROLE = "Lambda asks this of the function's own role when it makes the function or its event source"
GRANT = (
    "Lambda decrypts them by a grant to the function's role: where that role was deleted and made again, give the "
    "function its role, or its key, anew"
)
ENCODED = "KzCTdjlfnw3kFnfFPzPDmpF530fFDONK9EnK5cZIRTaavlLqjLjyEeneWsxcgLT43Vo3oBUl"


def told(
    who: str,
    action: str,
    resource: str | None = None,
    layer: str | None = None,
    *,
    explicit: bool | None = None,
    deploying: bool | None = None,
    **more: str,
) -> Denial:
    given = {"explicit": explicit, "deploying": deploying}
    return Denial(principal=who, action=action, resource=resource, layer=layer, **given, **more)  # type: ignore[arg-type]


WORDINGS = {
    "identity, implicit": (
        (
            f"User: {USER} is not authorized to perform: codecommit:ListRepositories because no identity-based policy "
            "allows the codecommit:ListRepositories action"
        ),
        told(USER, "codecommit:ListRepositories", layer="identity", explicit=False),
    ),
    "identity, explicit": (
        (
            f"User: {USER} is not authorized to perform: codecommit:ListRepositories on resource: arn:aws:codecommit:"
            "us-east-1:123456789012:* with an explicit deny in an identity-based policy"
        ),
        told(
            USER,
            "codecommit:ListRepositories",
            "arn:aws:codecommit:us-east-1:123456789012:*",
            "identity",
            explicit=True,
        ),
    ),
    "identity, with the policy's ARN and an authorization ID": (
        (
            f"User: {USER} is not authorized to perform: iam:CreateInstanceProfile on resource: arn:aws:iam::123456789012:"
            "instance-profile/mine with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/Deny. "
            "Go to https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/EXAMPLE1a2b"
        ),
        told(
            USER,
            "iam:CreateInstanceProfile",
            "arn:aws:iam::123456789012:instance-profile/mine",
            "identity",
            explicit=True,
            policy="arn:aws:iam::123456789012:policy/Deny",
            authorization="EXAMPLE1a2b",
        ),
    ),
    "service control policy, implicit": (
        (
            f"User: {USER} is not authorized to perform: codecommit:ListRepositories because no service control policy "
            "allows the codecommit:ListRepositories action"
        ),
        told(USER, "codecommit:ListRepositories", layer="scp", explicit=False),
    ),
    "service control policy, explicit, with its ARN": (
        (
            f"User: {SESSION} is not authorized to perform: dynamodb:PutItem on resource: {TABLE} with an explicit deny in a "
            "service control policy: arn:aws:organizations::999988887777:policy/o-1/service_control_policy/p-1"
        ),
        told(
            SESSION,
            "dynamodb:PutItem",
            TABLE,
            "scp",
            explicit=True,
            policy="arn:aws:organizations::999988887777:policy/o-1/service_control_policy/p-1",
        ),
    ),
    "resource control policy": (
        (
            f"User: {USER} is not authorized to perform: secretsmanager:CreateSecret on resource: * with an explicit deny in a "
            "resource control policy"
        ),
        told(USER, "secretsmanager:CreateSecret", "*", "rcp", explicit=True),
    ),
    "VPC endpoint policy": (
        (
            f"User: {USER} is not authorized to perform: codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:"
            "123456789012:deploymentgroup:* because no VPC endpoint policy allows the codedeploy:ListDeployments action"
        ),
        told(
            USER,
            "codedeploy:ListDeployments",
            "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*",
            "endpoint",
            explicit=False,
        ),
    ),
    "permissions boundary, implicit": (
        (
            f"User: {USER} is not authorized to perform: codedeploy:ListDeployments on resource: * because no permissions "
            "boundary allows the codedeploy:ListDeployments action"
        ),
        told(USER, "codedeploy:ListDeployments", "*", "boundary", explicit=False),
    ),
    "permissions boundary, explicit": (
        (
            f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: * with an explicit deny in a permissions "
            "boundary"
        ),
        told(USER, "sts:AssumeRole", "*", "boundary", explicit=True),
    ),
    "session policy": (
        (
            f"User: {SESSION} is not authorized to perform: codecommit:ListRepositories because no session policy allows the "
            "codecommit:ListRepositories action"
        ),
        told(SESSION, "codecommit:ListRepositories", layer="session", explicit=False),
    ),
    "resource-based policy": (
        (
            f"User: {SESSION} is not authorized to perform: secretsmanager:GetSecretValue because no resource-based policy "
            "allows the secretsmanager:GetSecretValue action"
        ),
        told(SESSION, "secretsmanager:GetSecretValue", layer="resource", explicit=False),
    ),
    "role trust policy": (
        (
            f"User: {USER} is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole "
            "action"
        ),
        told(USER, "sts:AssumeRole", layer="trust", explicit=False),
    ),
    "botocore, DynamoDB": (
        (
            "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the PutItem operation: "
            f"User: {SESSION} is not authorized to perform: dynamodb:PutItem on resource: {TABLE} because no identity-based "
            "policy allows the dynamodb:PutItem action"
        ),
        told(SESSION, "dynamodb:PutItem", TABLE, "identity", explicit=False, operation="PutItem"),
    ),
    "botocore, S3": (
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        Denial(operation="PutObject"),
    ),
    "botocore, S3, HEAD": (
        "An error occurred (403) when calling the HeadObject operation: Forbidden",
        Denial(operation="HeadObject"),
    ),
    "S3's XML": (
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
            "<RequestId>656c76696e6727732072657175657374</RequestId></Error>"
        ),
        Denial(),
    ),
    "Route 53's XML": (
        (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: {USER} is not authorized to "
            "perform: route53:ListHostedZones</Message></Error></ErrorResponse>"
        ),
        told(USER, "route53:ListHostedZones"),
    ),
    "the AWS CLI, Lambda": (
        (
            "\nAn error occurred (AccessDeniedException) when calling the Invoke operation: User: "
            f"{SESSION} is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:"
            "111122223333:function:other because no identity-based policy allows the lambda:InvokeFunction action\n"
        ),
        told(
            SESSION,
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:111122223333:function:other",
            "identity",
            explicit=False,
            operation="Invoke",
        ),
    ),
    "SNS, with its own code and case": (
        (
            f"An error occurred (AuthorizationError) when calling the Publish operation: User: {SESSION} is not authorized to "
            "perform: SNS:Publish on resource: arn:aws:sns:eu-west-1:111122223333:news"
        ),
        told(SESSION, "SNS:Publish", "arn:aws:sns:eu-west-1:111122223333:news", operation="Publish"),
    ),
    "SQS, in small letters": (
        (
            f"User: {SESSION} is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111122223333:out "
            "because no identity-based policy allows the sqs:sendmessage action"
        ),
        told(SESSION, "sqs:sendmessage", "arn:aws:sqs:eu-west-1:111122223333:out", "identity", explicit=False),
    ),
    "SQS, by the queue's URL": (
        (
            "An error occurred (AccessDenied) when calling the SendMessage operation: Access to the resource "
            "https://sqs.eu-west-1.amazonaws.com/111122223333/out is denied."
        ),
        Denial(operation="SendMessage", service="sqs", resource="arn:aws:sqs:eu-west-1:111122223333:out"),
    ),
    "KMS": (
        (
            f"An error occurred (AccessDeniedException) when calling the Decrypt operation: User: {SESSION} is not authorized to "
            "perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/1234 because no resource-based policy "
            "allows the kms:Decrypt action"
        ),
        told(
            SESSION,
            "kms:Decrypt",
            "arn:aws:kms:eu-west-1:111122223333:key/1234",
            "resource",
            explicit=False,
            operation="Decrypt",
        ),
    ),
    "KMS, older": (
        (
            "An error occurred (AccessDeniedException) when calling the Decrypt operation: The ciphertext refers to a customer "
            "master key that does not exist, does not exist in this region, or you are not allowed to access."
        ),
        Denial(
            action="kms:Decrypt",
            operation="Decrypt",
            note="KMS answers alike for a key that is gone or is in another region: check that first",
        ),
    ),
    "EC2, encoded": (
        (
            "An error occurred (UnauthorizedOperation) when calling the RunInstances operation: You are not authorized to "
            f"perform this operation. Encoded authorization failure message: {ENCODED}"
        ),
        Denial(operation="RunInstances", service="ec2", encoded=ENCODED),
    ),
    "EC2, named and encoded": (
        (
            f"You are not authorized to perform this operation. User: {USER} is not authorized to perform: "
            "ec2:CreateVpcEndpoint on resource: arn:aws:ec2:eu-west-2:123456789012:vpc-endpoint/* because no identity-based "
            f"policy allows the vpce:AllowMultiRegion action. Encoded authorization failure message: {ENCODED}"
        ),
        told(
            USER,
            "vpce:AllowMultiRegion",
            "arn:aws:ec2:eu-west-2:123456789012:vpc-endpoint/*",
            "identity",
            explicit=False,
            encoded=ENCODED,
        ),
    ),
    "passing a role": (
        f"User: {USER} is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/worker",
        told(USER, "iam:PassRole", "arn:aws:iam::123456789012:role/worker"),
    ),
    "STS, web identity": (
        (
            "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform "
            "sts:AssumeRoleWithWebIdentity"
        ),
        Denial(
            operation="AssumeRoleWithWebIdentity",
            action="sts:AssumeRoleWithWebIdentity",
            layer="trust",
            explicit=False,
        ),
    ),
    "API Gateway": (
        (
            '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: '
            'arn:aws:execute-api:us-east-1:********9012:abc/dev/GET/"}'
        ),
        told("anonymous", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:********9012:abc/dev/GET/"),
    ),
    "API Gateway, explicit": (
        '{"Message":"User is not authorized to access this resource with an explicit deny"}',
        Denial(explicit=True),
    ),
    "Lambda, of an execution role": (
        "The provided execution role does not have permissions to call ReceiveMessage on SQS",
        Denial(operation="ReceiveMessage", service="SQS", note=EXECUTION_ROLE),
    ),
    "Lambda, of its environment": (
        "KMSAccessDeniedException: Lambda was unable to decrypt the environment variables because KMS access was denied.",
        Denial(action="kms:Decrypt", note=GRANT),
    ),
    "Lambda, of a role that it may not assume": (
        "The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400)",
        Denial(action="sts:AssumeRole", layer="trust", explicit=False, service="Lambda"),
    ),
    "the SDK for Go": (
        (
            "operation error EC2: CreateVpcEndpoint, https response error StatusCode: 403, RequestID: 84c8, api error "
            f"UnauthorizedOperation: You are not authorized to perform this operation. User: {USER} is not authorized to "
            "perform: ec2:CreateVpcEndpoint on resource: *"
        ),
        told(USER, "ec2:CreateVpcEndpoint", "*", service="EC2", operation="CreateVpcEndpoint"),
    ),
    "the SDK for Java": (
        (
            f"com.amazonaws.services.dynamodbv2.model.AmazonDynamoDBException: User: {SESSION} is not authorized to perform: "
            f"dynamodb:Scan on resource: {TABLE} (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: "
            "AccessDeniedException; Request ID: 1)"
        ),
        told(SESSION, "dynamodb:Scan", TABLE, service="AmazonDynamoDBv2"),
    ),
    "boto3's response as Python prints it": (
        (
            f"{{'Error': {{'Message': 'User: {SESSION} is not authorized to perform: dynamodb:Scan on resource: {TABLE}', "
            "'Code': 'AccessDeniedException'}, 'ResponseMetadata': {}}"
        ),
        told(SESSION, "dynamodb:Scan", TABLE),
    ),
    "a Lambda log": (
        (
            "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the Scan operation: User: "
            f"{SESSION} is not authorized to perform: dynamodb:Scan on resource: {TABLE}\nTraceback (most recent call last):\n"
            '  File "/var/task/app.py", line 33, in report\n    orders = table().scan()["Items"]\n'
        ),
        told(SESSION, "dynamodb:Scan", TABLE, operation="Scan"),
    ),
    "an invocation's payload": (
        json.dumps(
            {
                "errorMessage": f"An error occurred (AccessDeniedException) when calling the Scan operation: User: {SESSION} "
                f"is not authorized to perform: dynamodb:Scan on resource: {TABLE}",
                "errorType": "ClientError",
                "stackTrace": ['  File "/var/task/app.py", line 33\n'],
            }
        ),
        told(SESSION, "dynamodb:Scan", TABLE, operation="Scan"),
    ),
    "a CloudTrail event": (
        json.dumps(
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "errorCode": "AccessDenied",
                "errorMessage": "Access Denied",
                "userIdentity": {"type": "AssumedRole", "arn": SESSION},
                "requestParameters": {"bucketName": "uploads", "key": "a.csv"},
                "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::uploads/a.csv"}],
            }
        ),
        Denial(principal=SESSION, operation="GetObject", service="s3", resource="arn:aws:s3:::uploads/a.csv"),
    ),
    "records of CloudTrail, EC2": (
        json.dumps(
            {
                "Records": [
                    {"eventSource": "s3.amazonaws.com", "eventName": "GetObject"},
                    {
                        "eventSource": "ec2.amazonaws.com",
                        "eventName": "RunInstances",
                        "errorCode": "Client.UnauthorizedOperation",
                        "errorMessage": f"You are not authorized to perform this operation. Encoded authorization failure "
                        f"message: {ENCODED}",
                        "userIdentity": {"arn": USER},
                    },
                ]
            }
        ),
        Denial(principal=USER, operation="RunInstances", service="ec2", encoded=ENCODED),
    ),
    "a decoded authorization message": (
        json.dumps(
            {
                "DecodedMessage": json.dumps(
                    {
                        "allowed": False,
                        "explicitDeny": False,
                        "context": {
                            "principal": {"id": "A", "arn": USER},
                            "action": "iam:PassRole",
                            "resource": "arn:aws:iam::123456789012:role/r",
                        },
                    }
                )
            }
        ),
        told(USER, "iam:PassRole", "arn:aws:iam::123456789012:role/r", explicit=False),
    ),
    "a failed stack event, as CDK prints it": (
        (
            '10:01:02 | CREATE_FAILED | AWS::SQS::Queue | Orders Resource handler returned message: "User: '
            f"{USER} is not authorized to perform: sqs:createqueue on resource: arn:aws:sqs:eu-west-1:777788889999:x because no "
            'identity-based policy allows the sqs:createqueue action (Service: Sqs, Status Code: 403, Request ID: 1)" '
            "(RequestToken: 2, HandlerErrorCode: AccessDenied)"
        ),
        told(
            USER,
            "sqs:createqueue",
            "arn:aws:sqs:eu-west-1:777788889999:x",
            "identity",
            explicit=False,
            service="Sqs",
            logical_id="Orders",
            deploying=True,
        ),
    ),
    "a failed stack event, as the AWS CLI prints it": (
        json.dumps(
            {
                "StackEvents": [
                    {
                        "StackName": "orders-dev",
                        "LogicalResourceId": "IngestDataQueueQueue",
                        "ResourceStatus": "CREATE_FAILED",
                        "ResourceStatusReason": 'Resource handler returned message: "Invalid request provided: The provided '
                        "execution role does not have permissions to call ReceiveMessage on SQS (Service: Lambda, Status "
                        'Code: 400)" (RequestToken: 1, HandlerErrorCode: InvalidRequest)',
                    }
                ]
            }
        ),
        Denial(
            operation="ReceiveMessage",
            service="SQS",
            logical_id="IngestDataQueueQueue",
            stack="orders-dev",
            note=EXECUTION_ROLE,
        ),
    ),
    "CloudFormation's own call": (
        "API: s3:CreateBucket Access Denied",
        Denial(action="s3:CreateBucket", deploying=True),
    ),
    "CloudFormation's own call, named": (
        (
            f"API: iam:CreateRole User: {USER} is not authorized to perform: iam:CreateRole on resource: "
            "arn:aws:iam::777788889999:role/orders-dev-IngestRole-1"
        ),
        told(USER, "iam:CreateRole", "arn:aws:iam::777788889999:role/orders-dev-IngestRole-1", deploying=True),
    ),
}


@pytest.mark.parametrize("name", WORDINGS)
def test_each_wording_is_read(name: str) -> None:
    text, expected = WORDINGS[name]
    assert parse(text) == expected


@pytest.mark.parametrize("name", WORDINGS)
def test_a_wording_is_read_alike_when_a_terminal_wrapped_it_or_a_log_has_text_around(name: str) -> None:
    text, expected = WORDINGS[name]
    if text.lstrip().startswith(("{", "[")):
        assert parse(f"\n\n  {text}  \n") == expected
    else:
        assert parse(text.replace(" ", "\n", 3)) == expected
        assert parse(f"2026-11-25T00:00:00Z INFO start\n{text}\nINFO end") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "everything is fine",
        "{}",
        "[1, 2]",
        '{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "errorCode": "NoSuchKey"}',
        "An error occurred (ResourceNotFoundException) when calling the GetItem operation: Requested resource not found",
        "An error occurred (ThrottlingException) when calling the PutItem operation: Rate exceeded",
    ],
)
def test_what_tells_of_no_denial_is_none(text: str) -> None:
    assert parse(text) is None


def test_what_would_move_a_terminals_cursor_is_taken_out() -> None:
    found = parse(json.dumps({"Message": f"User: {USER}\x1b[2J is not authorized to perform: s3:GetObject\x07"}))
    assert found is not None
    assert "\x1b" not in repr(found.principal) + repr(found.resource)
    assert found.action == "s3:GetObject"


PIECES = st.sampled_from(
    ["User: ", USER, " is not authorized to perform: ", "s3:GetObject", " on resource: ", "because no ", "{", "[", '"', "\\",
     "identity-based policy", " allows the ", " action", "(Service: ", "AccessDenied", "&#x0;", "AWS::S3::Bucket", "\n", ": ",
     "Encoded authorization failure message: ", "An error occurred (", ") when calling the ", "\ud800", "\x00"]
)  # fmt: skip


@settings(max_examples=cases(12, deep=800))
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5))).map("".join)))
def test_no_text_makes_it_fail(text: str) -> None:
    found = parse(text)
    assert found is None or isinstance(found, Denial)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | PIECES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "errorCode",
                    "eventSource",
                    "eventName",
                    "errorMessage",
                    "userIdentity",
                    "arn",
                    "resources",
                    "context",
                    "allowed",
                    "explicitDeny",
                    "ResourceStatusReason",
                    "Message",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=cases(25, deep=800))
@given(JSON)
def test_no_document_makes_it_fail(value: object) -> None:
    found = parse(json.dumps(value))
    assert found is None or isinstance(found, Denial)


HUGE = (
    "[" * 100_000,
    '{"a":' * 100_000,
    "not authorized to perform " * 50_000,
    "User: " + "a" * 1_000_000,
    "Access to the resource " + "x" * 1_000_000,
    f"User: {USER} " * 20_000,
    "AWS::" * 100_000 + " Access Denied",
    "a " * 500_000 + "Access Denied",
    "\\" * 1_000_000 + "AccessDenied",
    "arn:aws:iam::1:role/-\n" * 20_000 + "AccessDenied",
    (" " * 50 + "arn:aws:iam::111-\n") * 5_000 + "AccessDenied",
    "Encoded authorization failure message: " + ("A" * 60 + "\n") * 4_000,
    "/aws/lambda/" * 16_000 + "AccessDenied",
    "on resource: " * 20_000 + "not authorized to",
    '{"eventSource": [' * 20_000 + "AccessDenied",
)


@pytest.mark.parametrize("text", cases_of(HUGE, 7))
def test_a_huge_text_takes_no_second(text: str) -> None:
    with effort.at_most(1):
        parse(text)


def _event(source: str, name: str, **more: object) -> str:
    caller = {"type": "AssumedRole", "arn": SESSION}
    shown = {"eventSource": source, "eventName": name, "errorCode": "AccessDenied", "awsRegion": "eu-west-1"}
    return json.dumps({**shown, "userIdentity": caller, **more})


def test_the_version_of_an_api_is_no_part_of_the_name_of_an_event() -> None:
    parameters = {"functionName": "ship"}
    found = parse(_event("lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", requestParameters=parameters))
    assert found is not None
    assert (found.service, found.operation) == ("lambda", "UpdateFunctionConfiguration")
    assert found.resource == "arn:aws:lambda:eu-west-1:111122223333:function:ship"


def test_an_event_names_the_table_that_a_request_was_about() -> None:
    found = parse(_event("dynamodb.amazonaws.com", "Query", requestParameters={"tableName": "orders"}))
    assert found is not None
    assert found.resource == TABLE


@pytest.mark.parametrize(
    ("service", "more", "resource"),
    [
        # what it lists itself, in either spelling, the first
        ("s3", {"resources": [{"type": "x"}, {"ARN": "arn:aws:s3:::a"}, {"ARN": "arn:aws:s3:::b"}]}, "arn:aws:s3:::a"),
        ("s3", {"resources": [{"arn": "arn:aws:s3:::a"}]}, "arn:aws:s3:::a"),
        ("s3", {"requestParameters": {"bucketName": "a", "key": "k/l"}}, "arn:aws:s3:::a/k/l"),
        ("s3", {"requestParameters": {"bucketName": "a"}}, "arn:aws:s3:::a"),
        # the one ARN of its service among the parameters, and none where there are two
        ("sns", {"requestParameters": {"topicArn": NEWS, "roleArn": ROLE}}, NEWS),
        ("sns", {"requestParameters": {"topicArn": NEWS, "targetArn": f"{NEWS}2"}}, None),
        # a bucket that another service reads is not what it was asked about
        ("firehose", {"requestParameters": {"bucketName": "a"}}, None),
        ("kinesis", {"requestParameters": {"streamName": "s"}}, "arn:aws:kinesis:eu-west-1:111122223333:stream/s"),
        ("dynamodb", {"requestParameters": {"tableName": "t"}, "awsRegion": None}, None),
    ],
)
def test_an_event_tells_its_resource_by_what_it_lists_or_by_its_parameters(
    service: str, more: dict[str, object], resource: str | None
) -> None:
    found = parse(_event(f"{service}.amazonaws.com", "Any", **more))
    assert resource == (found and found.resource)


def test_an_event_of_another_partition_names_what_is_there() -> None:
    caller = {"type": "AssumedRole", "arn": SESSION.replace("arn:aws:", "arn:aws-cn:"), "invokedBy": "x.amazonaws.com"}
    shown = _event("sqs.amazonaws.com", "SendMessage", requestParameters={"queueName": "q"}, awsRegion="cn-north-1")
    found = parse(json.dumps({**json.loads(shown), "userIdentity": caller}))
    assert found is not None
    assert (caller["arn"], "arn:aws-cn:sqs:cn-north-1:111122223333:q") == (found.principal, found.resource)


def test_an_event_whose_message_alone_tells_of_a_denial_is_one() -> None:
    message = f"User: {USER} is not authorized to perform: sqs:SendMessage because no identity-based policy allows it"
    found = parse(_event("sqs.amazonaws.com", "SendMessage", errorCode="ClientException", errorMessage=message))
    assert found is not None
    assert (USER, "SendMessage") == (found.principal, found.operation)


def test_whom_opensearch_denied_is_told() -> None:
    role = "arn:aws:iam::111122223333:role/ingest"
    found = parse(
        "AuthorizationException(403, 'security_exception', 'no permissions for [indices:admin/create] and User "
        f"[name={role}, backend_roles=[{role}], requestedTenant=null]')"
    )
    assert found is not None
    assert (found.principal, found.layer) == (role, "other")


@pytest.mark.parametrize(
    "line",
    [
        "upload failed: dist/a.js to s3://site/js/a.js",
        "download failed: s3://site/js/a.js to ./a.js",
        "delete failed: s3://site/js/a.js",
    ],
)
def test_the_object_of_a_line_of_aws_s3_is_told(line: str) -> None:
    cause = "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"
    found = parse(f"Command failed: aws s3 cp dist s3://site/ --recursive\n{line} {cause}")
    assert found is not None
    assert found.resource == "arn:aws:s3:::site/js/a.js"


def test_the_bucket_that_a_load_balancer_may_not_log_to_is_told() -> None:
    found = parse(
        "Access Denied for bucket: my-logs. Please check S3bucket permission (Service: ElasticLoadBalancingV2)"
    )
    assert found is not None
    assert (found.action, found.resource, found.layer) == ("s3:PutObject", "arn:aws:s3:::my-logs", "resource")


@pytest.mark.parametrize(
    ("principal", "name"),
    [("user/team/ann", "ann"), ("role/reader", None), ("assumed-role/reader/session", None), ("root", None)],
)
def test_a_user_alone_has_the_name_of_a_user(principal: str, name: str | None) -> None:
    assert name == user_name(Denial(principal=f"arn:aws:iam::111122223333:{principal}"))
