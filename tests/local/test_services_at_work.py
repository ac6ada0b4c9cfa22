"""What services ask before they do something for a function, a stack or a page, each decision by itself."""

from __future__ import annotations

import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.authorization.caller import Caller
from remit.local.authorization.stack_caller import _parameter, _resource_policy, _secret, acting_for
from remit.local.emulator import as_request_of, during, emulated
from remit.local.event_sources.mappings import Mappings
from remit.local.event_sources.subscriptions import may_write_logs
from remit.local.event_sources.web_callers import _may_call_url
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.repairs.apis import _import, _with_settings
from remit.local.stack_operations import ResourceOperation

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, REGION = "888899990000", "eu-west-1"
ROLE = f"arn:aws:iam::{HERE}:role/worker"
QUEUE, STREAM = f"arn:aws:sqs:{REGION}:{HERE}:q", f"arn:aws:kinesis:{REGION}:{HERE}:stream/s"
TABLE = f"arn:aws:dynamodb:{REGION}:{HERE}:table/t/stream/1"


STORES = {
    "apigateway": ("_apis", "_routes", "_integrations", "_authorizers"),
    "cloudformation": ("_stacks",),
    "cloudwatch_logs": ("_log_groups",),
    "iam": ("_roles",),
    "kinesis": ("_streams",),
    "lambda_svc": ("_functions",),
    "secretsmanager": ("_secrets",),
    "sqs": ("_queues", "_queue_name_to_url"),
}


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """An account of these tests alone, of which nothing stays."""
    with as_request_of(HERE, REGION):
        yield
    for module, names in STORES.items():
        for name in names if f"ministack.services.{module}" in sys.modules else ():
            entries = getattr(emulated(f"services.{module}"), name)._data
            for key in [key for key in entries if key[0] == HERE]:
                del entries[key]


class Calls:
    """Decisions on what services do with a role: all are allowed but the denied actions."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[tuple[str, str]] = []

    def may_act(self, role: str, service: str, action: str, resource: str, function: str) -> bool:
        assert (ROLE, "lambda.amazonaws.com", "web") == (role, service, function)
        self.asked.append((action, resource))
        return action not in self.denied


@pytest.fixture
def _function() -> None:
    functions = emulated("services.lambda_svc")._functions
    functions["web"] = {"config": {"FunctionName": "web", "Role": ROLE}, "policy": {"Statement": []}}


def problem_of(source: str, *denied: str, function: str = "web") -> tuple[str | None, list[tuple[str, str]]]:
    calls: Any = Calls(*denied)
    return Mappings(calls)._problem_of({"FunctionName": function, "EventSourceArn": source}), calls.asked


@pytest.mark.parametrize(
    ("source", "denied", "words"),
    [
        (QUEUE, "sqs:DeleteMessage", "does not have permissions to call DeleteMessage on SQS"),
        (QUEUE, "sqs:GetQueueAttributes", "call GetQueueAttributes on SQS"),
        (STREAM, "kinesis:GetRecords", f"Cannot access stream {STREAM}."),
        (STREAM, "kinesis:ListShards", "DescribeStream, and ListShards Actions"),
        (TABLE, "dynamodb:ListStreams", "DescribeStream, and ListStreams Actions"),
        (QUEUE, "", "The specified queue does not exist."),
        (STREAM, "", f"Stream not found: {STREAM}"),
        (f"{STREAM}/consumer/c:1", "", f"Stream not found: {STREAM}/consumer/c:1"),
    ],
)
@pytest.mark.usefixtures("_function")
def test_a_mapping_that_cannot_read_its_source_says_why_in_lambdas_words(source: str, denied: str, words: str) -> None:
    problem, _ = problem_of(source, denied)
    assert words in str(problem)


@pytest.mark.usefixtures("_function")
def test_a_mapping_asks_on_its_source_and_lists_streams_on_all() -> None:
    problem, asked = problem_of(TABLE)
    assert (None, ("dynamodb:ListStreams", "*")) == (problem, asked[-1])
    _, asked = problem_of(f"{STREAM}/consumer/c:1")
    assert {STREAM} == {resource for _, resource in asked}
    elsewhere = QUEUE.replace(HERE, "444455556666")
    assert (None, 3) == (problem_of(elsewhere)[0], len(problem_of(elsewhere)[1]))
    assert (None, []) == problem_of(QUEUE, function="other")
    queues = emulated("services.sqs")
    queues._queues["u"] = {"attributes": {"QueueArn": QUEUE}}
    queues._queue_name_to_url["q"] = "u"
    assert None is problem_of(QUEUE)[0]
    emulated("services.kinesis")._streams["s"] = {"StreamARN": STREAM}
    assert (None, None) == (problem_of(STREAM)[0], problem_of(f"{STREAM}/consumer/c:1")[0])
    assert [(None, [])] * 2 == [problem_of(""), problem_of("arn:aws:sqs")]  # of Kafka that is not AWS's, and no ARN


LOGS = f"arn:aws:logs:{REGION}:{HERE}:log-group:/aws/lambda/web"


@pytest.mark.parametrize(
    ("has_group", "denied", "may"),
    [
        (True, "", True),
        (True, "logs:CreateLogGroup", True),
        (False, "logs:CreateLogGroup", False),
        (True, "logs:PutLogEvents", False),
        (True, "logs:CreateLogStream", False),
    ],
)
def test_a_function_writes_its_log_where_its_role_may(denied: str, *, has_group: bool, may: bool) -> None:
    function = DeployedFunction.of(
        {"FunctionName": "web", "FunctionArn": f"arn:aws:lambda:{REGION}:{HERE}:function:web", "Role": ROLE}
    )
    roles, groups = emulated("services.iam")._roles, emulated("services.cloudwatch_logs")._log_groups
    calls: Any = Calls(denied)
    assert may_write_logs(calls, function, "s")  # a role that does not exist is not judged
    assert [] == calls.asked
    document = '{"Version": "2012-10-17", "Statement": []}'
    roles["worker"] = {
        "Arn": ROLE, "InlinePolicies": {}, "AttachedPolicies": [], "AssumeRolePolicyDocument": document,
    }  # fmt: skip
    if has_group:
        groups["/aws/lambda/web"] = {}
    assert may == may_write_logs(calls, function, "s")
    assert {LOGS, f"{LOGS}:log-stream:s"} >= {resource for _, resource in calls.asked}
    assert has_group == (("logs:CreateLogGroup", LOGS) not in calls.asked)


EVERYBODY = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
NONE_ALONE = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
BY_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
OPEN = [
    {**EVERYBODY, "Action": "lambda:InvokeFunctionUrl", "Condition": NONE_ALONE},
    {**EVERYBODY, "Action": "lambda:InvokeFunction", "Condition": BY_URL},
]


@pytest.mark.parametrize(
    ("method", "configuration", "statements", "may"),
    [
        ("GET", {"AuthType": "NONE"}, OPEN, True),
        ("GET", {"AuthType": "NONE"}, OPEN[:1], False),
        ("GET", {"AuthType": "NONE"}, OPEN[1:], False),
        ("GET", {"AuthType": "NONE"}, [], False),
        ("GET", {"AuthType": "AWS_IAM"}, [], True),
        ("OPTIONS", {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}}, [], True),
        ("OPTIONS", {"AuthType": "NONE"}, [], False),
        ("GET", {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}}, [], False),
    ],
)
@pytest.mark.usefixtures("_function")
def test_a_url_is_open_to_whom_the_functions_policy_lets_in(
    method: str, configuration: dict[str, Any], statements: list[Any], *, may: bool
) -> None:
    emulated("services.lambda_svc")._functions["web"]["policy"]["Statement"] = statements
    assert may == _may_call_url(method, HERE, REGION, "web", None, configuration)


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("/shop/name", f"arn:aws:ssm:{REGION}:{HERE}:parameter/shop/name"),
        ("name", f"arn:aws:ssm:{REGION}:{HERE}:parameter/name"),
        ("/a/aws/x", f"arn:aws:ssm:{REGION}:{HERE}:parameter/a/aws/x"),
        ("/aws/service/x", f"arn:aws:ssm:{REGION}::parameter/aws/service/x"),
        ("arn:aws:ssm:us-east-1:1:parameter/a", "arn:aws:ssm:us-east-1:1:parameter/a"),
    ],
)
def test_a_stack_asks_for_a_parameter_by_its_arn(name: str, arn: str) -> None:
    assert arn == _parameter(name)


SECRET = f"arn:aws:secretsmanager:{REGION}:{HERE}:secret:db-AbCdEf"


def test_a_stack_asks_for_a_secret_by_its_whole_arn_whatever_it_reads_of_it() -> None:
    secrets = emulated("services.secretsmanager")._secrets
    secrets["db"] = {"ARN": SECRET, "Name": "db"}
    for reference in ("db", "db:SecretString:password", "db:SecretString:password:AWSCURRENT", SECRET):
        assert SECRET == _secret(reference)
    del secrets["db"]
    assert f"{SECRET[:-6]}${{Unresolved}}" == _secret("db:SecretString:password")
    assert SECRET == _secret(f"{SECRET}:SecretString:a")


def test_a_nested_stack_is_made_with_the_role_of_the_stack_that_it_is_in() -> None:
    stacks = emulated("services.cloudformation")._stacks
    names = {"StackStatus": "CREATE_COMPLETE"}
    stacks["outer"] = {**names, "StackName": "outer", "StackId": "1", "RoleARN": ROLE}
    stacks["inner"] = {**names, "StackName": "inner", "StackId": "2", "_parent_stack_name": "outer"}
    stacks["alone"] = {**names, "StackName": "alone", "StackId": "3"}
    service_role = Caller(ROLE, HERE)
    assert [service_role, service_role, None] == [acting_for(name) for name in ("outer", "inner", "alone")]


KEY = f"arn:aws:kms:{REGION}:{HERE}:key/${{Unresolved}}"


@pytest.mark.parametrize(
    ("kind", "properties", "action", "arn", "count"),
    [
        ("AWS::SQS::Queue", {}, "sqs:CreateQueue", QUEUE, 0),
        ("AWS::SQS::Queue", {}, "sqs:SendMessage", QUEUE.replace(HERE, "444455556666"), None),
        ("AWS::S3::Bucket", {}, "s3:CreateBucket", "arn:aws:s3:::b", 0),
        ("AWS::KMS::Key", {}, "kms:CreateKey", KEY, 1),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [EVERYBODY | {"Action": "kms:*"}]}}, "kms:PutKeyPolicy", KEY, 1),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [{"Effect": "Perhaps"}]}}, "kms:PutKeyPolicy", KEY, None),
        ("AWS::KMS::Key", {}, "kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{HERE}:key/k1", 0),
        ("AWS::SQS::Queue", {}, "kms:Decrypt", KEY, None),
    ],
)
def test_a_key_that_is_made_is_decided_by_the_policy_that_it_will_have(
    kind: str, properties: dict[str, Any], action: str, arn: str, count: int | None
) -> None:
    policies = _resource_policy(ResourceOperation("create", kind, "s", "X", "", properties), action, arn)
    assert count == (None if policies is None else len(policies))
    if policies and not properties:
        principals = policies[0].statements[0].principals
        assert f"arn:aws:iam::{HERE}:root" in str(principals)


FUNCTION = f"arn:aws:lambda:{REGION}:{HERE}:function:web"
INTEGRATION = {"type": "aws_proxy", "uri": FUNCTION, "payloadFormatVersion": "1.0", "credentials": ROLE}
DOCUMENT: dict[str, Any] = {
    "info": {"title": "shop"},
    "servers": [{"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}],
    "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
    "components": {"securitySchemes": {
        "jwt": {"x-amazon-apigateway-authorizer": {"type": "jwt", "jwtConfiguration": {"issuer": "i"}}},
        "own": {"x-amazon-apigateway-authorizer": {
            "type": "request", "authorizerUri": FUNCTION, "authorizerCredentials": ROLE}},
        "iam": {},
    }},
    "paths": {
        "/a": {
            "get": {"x-amazon-apigateway-integration": INTEGRATION, "security": [{"jwt": ["read"]}]},
            "x-amazon-apigateway-any-method": {
                "x-amazon-apigateway-integration": INTEGRATION, "security": [{"own": []}]},
        },
        "/b": {"post": {"x-amazon-apigateway-integration": INTEGRATION, "security": [{"iam": []}]}},
        "/$default": {"x-amazon-apigateway-any-method": {
            "x-amazon-apigateway-integration": INTEGRATION, "isDefaultRoute": True}},
    },
}  # fmt: skip


def test_an_api_is_all_that_its_document_says_and_nothing_of_before() -> None:
    apis = emulated("services.apigateway")
    apis._apis["a"] = {"apiId": "a", "protocolType": "HTTP"}
    apis._routes["a"] = {"old": {"routeKey": "GET /old"}}
    _import("a", DOCUMENT)
    routes = {route["routeKey"]: route for route in apis._routes["a"].values()}
    kinds = {key: route["authorizationType"] for key, route in routes.items()}
    assert {"GET /a": "JWT", "ANY /a": "CUSTOM", "POST /b": "AWS_IAM", "$default": "NONE"} == kinds
    assert ["read"] == routes["GET /a"]["authorizationScopes"]
    for route in routes.values():
        integration = apis._integrations["a"][route["target"].removeprefix("integrations/")]
        names = ("integrationType", "integrationUri", "payloadFormatVersion", "credentialsArn")
        assert ("AWS_PROXY", FUNCTION, "1.0", ROLE) == tuple(integration[name] for name in names)
    authorizers = {item["authorizerId"]: item for item in apis._authorizers["a"].values()}
    assert "own" == authorizers[routes["ANY /a"]["authorizerId"]]["name"]
    assert "JWT" == authorizers[routes["GET /a"]["authorizerId"]]["authorizerType"]


def test_the_settings_of_an_api_are_those_of_its_document() -> None:
    settings = _with_settings({"Body": DOCUMENT, "Name": "other"})
    assert ("shop", {"allowOrigins": ["*"]}, True) == tuple(
        settings[name] for name in ("Name", "CorsConfiguration", "DisableExecuteApiEndpoint")
    )
    assert {"Name": "other"} == _with_settings({"Name": "other"})
    assert not _with_settings({"Body": {}})["DisableExecuteApiEndpoint"]


def test_what_a_variable_is_given_ends_with_its_block_also_where_that_fails() -> None:
    number: ContextVar[int] = ContextVar("number", default=0)
    with suppress(KeyError), during(number, 1), during(number, 2):
        assert 2 == number.get()
        raise KeyError
    assert 0 == number.get()
