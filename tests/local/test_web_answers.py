"""Callers of function URLs and APIs learn that a function failed, and no more; the emulator alone shows the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from web_clients import ask
from zips import zip_of

if TYPE_CHECKING:
    from clouds import Cloud

FAILS = "1 / 0"
RETURNS_NO_TEXT = "return {'statusCode': 200, 'body': {'a': 1}}"
RETURNS_ANYTHING = "return {'message': 'hello'}"
ANSWERS = "return {'statusCode': 201, 'body': 'made'}"
INVOCATIONS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a function answers the web."""

    url: str
    http_api: str
    rest_api: str


def function(cloud: Cloud, name: str, code: str) -> str:
    functions = cloud.client("lambda")
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/app",
        Code={"ZipFile": zip_of(f"def handler(event, context):\n    {code}\n")},
    )
    functions.add_permission(FunctionName=name, StatementId="call", Action="lambda:InvokeFunction", Principal="*")
    functions.add_permission(
        FunctionName=name,
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    return str(made["FunctionArn"])


def addresses(cloud: Cloud, name: str, code: str) -> Addresses:
    """A function of that code behind a URL, an HTTP API and a REST API."""
    arn = function(cloud, name, code)
    functions, http_apis, rest_apis = (cloud.client(client) for client in ("lambda", "apigatewayv2", "apigateway"))
    url = functions.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    http_api = http_apis.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = http_apis.create_integration(
        ApiId=http_api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    http_apis.create_route(ApiId=http_api, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}")
    http_apis.create_stage(ApiId=http_api, StageName="$default", AutoDeploy=True)
    rest_api = rest_apis.create_rest_api(name=name)["id"]
    (root,) = rest_apis.get_resources(restApiId=rest_api)["items"]
    method = {"restApiId": rest_api, "resourceId": root["id"], "httpMethod": "GET"}
    rest_apis.put_method(**method, authorizationType="NONE")
    rest_apis.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=INVOCATIONS.format(arn))
    rest_apis.create_deployment(restApiId=rest_api, stageName="live")
    here = functions.meta.endpoint_url
    url_id = (urlsplit(url).hostname or "").partition(".")[0] if cloud.is_bare else urlsplit(url).path.split("/")[-2]
    return Addresses(
        f"{here}/_aws/lambda-url/{url_id}/",
        f"{here}/_aws/execute-api/{http_api}/",
        f"{here}/_aws/execute-api/{rest_api}/live/",
    )


def answers(cloud: Cloud, name: str, code: str) -> list[tuple[int, Any]]:
    places = addresses(cloud, name, code)
    responses = [ask("GET", place) for place in (places.url, places.http_api, places.rest_api)]
    return [(response.status, response.body) for response in responses]


INTERNAL = (502, '{"message":"Internal Server Error"}')
INTERNAL_OF_REST = (502, '{"message": "Internal server error"}')


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("fails", FAILS, [INTERNAL, INTERNAL, INTERNAL_OF_REST]),
        ("returns-no-text", RETURNS_NO_TEXT, [INTERNAL, INTERNAL, INTERNAL_OF_REST]),
        ("returns-anything", RETURNS_ANYTHING, [(200, '{"message": "hello"}')] * 2 + [INTERNAL_OF_REST]),
        ("answers", ANSWERS, [(201, "made")] * 3),
    ],
)
def test_callers_get_an_answer_or_internal_server_error(
    cloud: Cloud, name: str, code: str, expected: list[tuple[int, str]]
) -> None:
    received = answers(cloud, name, code)
    if not cloud.is_bare:
        assert expected == received
    elif name == "fails":  # the emulator still shows the exception
        assert [True] * 3 == ["division by zero" in body for _, body in received], received


def test_the_exception_stands_in_the_log(cloud: Cloud) -> None:
    if cloud.is_bare:
        return
    cloud.client("logs").create_log_group(logGroupName="/aws/lambda/logged")
    assert [502] * 3 == [status for status, _ in answers(cloud, "logged", FAILS)]
    events = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/logged")["events"]
    assert 3 == sum("ZeroDivisionError" in event["message"] for event in events)
