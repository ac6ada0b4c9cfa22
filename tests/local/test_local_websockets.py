"""An app's WebSocket API on the AWS of this machine, spoken to by a client's library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from projects import write
from remit.local import aws
from terminals import HANGS
from web_clients import deployed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import json, os
import boto3
from remit import App, grants, on

app = App()


@app.function(on.websocket("$connect"CONNECT))
def door(event, context):
    return {"statusCode": 200}


@app.function(on.websocket("echo", reply=True), on.websocket("quiet"), on.websocket("$default", reply=True))
def echo(event, context):
    return {"statusCode": 200, "body": event["requestContext"]["routeKey"] + " " + event["body"]}


@app.function(on.websocket("push"), policy=[grants.websocket.send(), grants.websocket.disconnect()])
def push(event, context):
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["REMIT_WEBSOCKET_ENDPOINT"])
    own = event["requestContext"]["connectionId"]
    connections.post_to_connection(ConnectionId=own, Data=b"pushed")
    connections.delete_connection(ConnectionId=own)
    return {"statusCode": 200}
"""


@pytest.fixture
def open_address(tmp_path: Path) -> Iterator[str]:
    """Where everyone may connect."""
    write(tmp_path / "chat", {"app.py": APP.replace("CONNECT", ', auth="NONE"')})
    with deployed(tmp_path / "chat") as outputs:
        yield outputs["WebSocketUrl"]


def test_messages_run_functions_that_answer_and_push(open_address: str) -> None:
    """A route without `reply` keeps what its function returns; the function that may send does, and hangs up."""
    with connect(open_address, proxy=None) as client:
        for message, answer in (
            ({"action": "echo"}, 'echo {"action": "echo"}'),
            ({"action": "unknown"}, '$default {"action": "unknown"}'),
        ):
            client.send(json.dumps(message))
            assert answer == client.recv(timeout=HANGS)
        client.send(json.dumps({"action": "quiet"}))
        client.send(json.dumps({"action": "push"}))
        assert ["pushed"] == list(client)


def test_whoever_signs_may_connect_and_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "chat"
    write(folder, {"app.py": APP.replace("CONNECT", "")})
    with deployed(folder) as outputs:
        address = outputs["WebSocketUrl"]
        with pytest.raises(InvalidStatus) as refused:
            connect(address, proxy=None)
        assert 403 == refused.value.response.status_code
        here = aws.start(folder)
        request = AWSRequest("GET", address.replace("ws://", "http://"))
        keys = Credentials(here.access_key_id, here.secret_access_key)
        SigV4QueryAuth(keys, "execute-api", here.region).add_auth(request)
        with connect(str(request.url).replace("http://", "ws://"), proxy=None) as client:
            client.send(json.dumps({"action": "echo"}))
            assert 'echo {"action": "echo"}' == client.recv(timeout=HANGS)


# What `remit.local.api_repairs` changes, of the emulator by itself.


def _client(service: str, url: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


def _stack(url: str, name: str, resources: dict[str, Any], outputs: dict[str, Any]) -> dict[str, str]:
    stacks = _client("cloudformation", url)
    template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


API = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "chat", "ProtocolType": "WEBSOCKET"}}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}
CODE = "import os\ndef handler(event, context): return {'statusCode': 200, 'body': os.environ['ENDPOINT']}"
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": CODE},
        "Environment": {
            "Variables": {"ENDPOINT": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev"}}
        },
    },
}
OPEN = {
    "Api": API,
    "Role": ROLE,
    "Function": FUNCTION,
    "Stage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "dev", "AutoDeploy": True},
    },
    "Integration": {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
        },
    },
    "Route": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": "Api"},
            "RouteKey": "$default",
            "Target": {"Fn::Sub": "integrations/${Integration}"},
        },
    },
}


def test_a_bare_emulator_replies_without_a_response_and_sends_functions_to_aws(bare_url: str) -> None:
    api = _stack(bare_url, "chat", OPEN, {"Id": {"Ref": "Api"}})["Id"]
    with connect(f"{bare_url.replace('http://', 'ws://')}/_aws/execute-api/{api}/dev", proxy=None) as client:
        client.send("hello")
        assert f"https://{api}.execute-api.us-east-1.amazonaws.com/dev" == client.recv(timeout=HANGS)


def test_the_emulator_still_knows_no_route_responses_of_templates(bare_url: str) -> None:
    response = {
        "Type": "AWS::ApiGatewayV2::RouteResponse",
        "Properties": {"ApiId": {"Ref": "Api"}, "RouteId": {"Ref": "Route"}, "RouteResponseKey": "$default"},
    }
    with pytest.raises(ClientError, match="RouteResponse"):
        _stack(bare_url, "reply", {**OPEN, "Response": response}, {})


def test_the_emulator_still_gives_routes_a_reference_that_aws_does_not(bare_url: str) -> None:
    """On AWS it is the id of the route alone."""
    outputs = _stack(bare_url, "refs", OPEN, {"Route": {"Ref": "Route"}, "Api": {"Ref": "Api"}})
    assert outputs["Route"].startswith(f"{outputs['Api']}/")
