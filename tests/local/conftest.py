"""Projects of their own for the tests of the local AWS, whose servers end with them."""

from __future__ import annotations

import http.client
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.config import Config

from clouds import Cloud
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


HANDLER = """
import json

def handler(event, context):
    body = json.dumps({"path": event["rawPath"], "host": event["headers"]["host"]})
    return {"statusCode": 200, "headers": {"access-control-allow-origin": "https://shop.example"}, "body": body}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """An empty project, in a folder with a space and letters beyond ASCII in its name."""
    folder = tmp_path / "my ördérs"
    folder.mkdir()
    yield folder
    aws.stop(folder)


@pytest.fixture(scope="module")
def own_emulator() -> Iterator[None]:
    """The emulator's modules anew in this process, for one file of tests: functions of theirs may be replaced."""
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "ministack"}
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "ministack"]:
        del sys.modules[name]
    sys.modules.update(others)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project whose AWS is `shared`."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def _started(shared_folder: Path) -> Iterator[aws.LocalAws]:
    """A running AWS for all files of tests, started by somebody who has credentials of their own."""
    with pytest.MonkeyPatch.context() as user:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            user.setenv(name, "the-users-own")
        user.setenv("HTTP_PROXY", "http://127.0.0.1:9/the-users-own")
        running = aws.start(shared_folder)
    yield running
    aws.stop(shared_folder)


@pytest.fixture(scope="module")
def shared(_started: aws.LocalAws, shared_folder: Path) -> Iterator[aws.LocalAws]:
    """The running AWS, with nothing in it that tests of another file made."""
    yield _started
    aws.reset(shared_folder)


@dataclass(frozen=True, slots=True)
class Deployed:
    """An app that answers pages: the ids of its function URL and of its HTTP API."""

    url: str
    api: str


@pytest.fixture(scope="module")
def deployed(shared: aws.LocalAws) -> Deployed:
    """A function with a URL and an HTTP API of its own."""
    clients = session(shared)
    functions = clients.client("lambda", **client_arguments(shared))
    made = functions.create_function(
        FunctionName="app",
        Runtime="python3.12",
        Handler="app.handler",
        Role=f"arn:aws:iam::{shared.account}:role/app",
        Code={"ZipFile": zip_of(HANDLER)},
    )
    allowed = {"FunctionName": "app", "Principal": "*"}
    functions.add_permission(StatementId="call", Action="lambda:InvokeFunction", **allowed)
    functions.add_permission(
        StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **allowed
    )
    url = functions.create_function_url_config(FunctionName="app", AuthType="NONE")["FunctionUrl"]
    apis = clients.client("apigatewayv2", **client_arguments(shared))
    api = apis.create_api(Name="app", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=made["FunctionArn"], PayloadFormatVersion="2.0"
    )
    apis.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration['IntegrationId']}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return Deployed(url.rstrip("/").rsplit("/", 1)[-1], api)


@pytest.fixture(scope="module")
def bare_url(emulator_url: str) -> Iterator[str]:
    """The address of the emulator by itself, with nothing in it that tests of another file made."""
    yield emulator_url
    address = urlsplit(emulator_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=HANGS)  # past any proxy: it is this machine
    connection.request("POST", "/_ministack/reset")
    assert 200 == connection.getresponse().status
    connection.close()


@pytest.fixture(scope="module")
def bare(bare_url: str) -> Cloud:
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    clients = boto3.Session(botocore_session=core, region_name="us-east-1", **keys)
    return Cloud(partial(clients.client, endpoint_url=bare_url, config=Config(proxies={})), is_bare=True)


@pytest.fixture(scope="module", params=["bare", "refusing"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The emulator by itself, and with what remit adds."""
    if request.param == "bare":
        return request.getfixturevalue("bare")
    aws = request.getfixturevalue("shared")
    return Cloud(partial(session(aws).client, **client_arguments(aws)), is_bare=False)
