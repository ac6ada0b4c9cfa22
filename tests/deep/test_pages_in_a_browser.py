"""Pages of several origins, in a real browser, against the control plane of a running local AWS.

Not in the usual run, as it takes a browser: `make deep`.
"""

from __future__ import annotations

import io
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from processes import listening
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import debug
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTACKS = Path(__file__).with_name("attacks.js").read_text("utf-8")
PORT_ATTACKS = Path(__file__).with_name("port_attacks.js").read_text("utf-8")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",  # the gate is tried, not these
)
HANDLER = """
import boto3, pathlib

def handler(event, context):
    if "rawPath" not in event:
        boto3.client("sqs").create_queue(QueueName="invoked")
        return None
    if event["rawPath"] == "/page":
        page = pathlib.Path(__file__).with_name("page.html").read_text()
        return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": page}
    return {"statusCode": 200, "headers": {"access-control-allow-origin": "*"}, "body": "hello"}
"""
SECRET = "what the object holds"  # noqa: S105 - of this test


@dataclass(frozen=True, slots=True)
class World:
    """A running AWS with an app and things to lose, and the server of pages."""

    running: aws.LocalAws
    clients: dict[str, Any]
    pages: ThreadingHTTPServer
    reports: queue.Queue[dict[str, str]]
    page: str
    url: str

    def holds(self) -> dict[str, Any]:
        """All that an attack could have changed."""
        stacks = self.clients["cloudformation"].list_stacks()["StackSummaries"]
        functions = self.clients["lambda"].list_functions()["Functions"]
        stored = self.clients["s3"].get_object(Bucket="secrets", Key="secret")["Body"].read().decode()
        return {
            "stacks": [(stack["StackName"], stack["StackStatus"]) for stack in stacks],
            "functions": [function["FunctionName"] for function in functions],
            "queues": [name.rsplit("/", 1)[1] for name in self.clients["sqs"].list_queues().get("QueueUrls", [])],
            "object": stored,
        }


BUSY = """
import time

def handler(event, context):
    print(context.aws_request_id)
    time.sleep(event["seconds"])
    return "its own"
"""


def zipped(page: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", HANDLER)
        archive.writestr("page.html", page)
    return content.getvalue()


def serve(page: str, reports: queue.Queue[dict[str, str]]) -> ThreadingHTTPServer:
    """A server that shows the page, and to which pages report."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An app with a function URL and an API, a stack, an object, and pages that attack them."""
    folder = tmp_path_factory.mktemp("project")
    running = aws.start(folder)
    names = ("lambda", "apigatewayv2", "s3", "sqs", "cloudformation")
    clients = {name: session(running).client(name, **client_arguments(running)) for name in names}
    functions, apis, storage = clients["lambda"], clients["apigatewayv2"], clients["s3"]
    made = functions.create_function(
        FunctionName="app",
        Runtime="python3.12",
        Handler="app.handler",
        Role=f"arn:aws:iam::{running.account}:role/app",
        Code={"ZipFile": zipped("")},
        Timeout=30,
    )
    allowed = {"FunctionName": "app", "Principal": "*"}
    functions.add_permission(StatementId="call", Action="lambda:InvokeFunction", **allowed)
    functions.add_permission(
        StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **allowed
    )
    url = functions.create_function_url_config(FunctionName="app", AuthType="NONE")["FunctionUrl"]
    api = apis.create_api(Name="app", ProtocolType="HTTP")["ApiId"]
    target = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=made["FunctionArn"], PayloadFormatVersion="2.0"
    )
    apis.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{target['IntegrationId']}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    storage.create_bucket(Bucket="secrets")
    storage.put_object(Bucket="secrets", Key="secret", Body=SECRET.encode())
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    clients["cloudformation"].create_stack(StackName="victim", TemplateBody=json.dumps(template))
    clients["cloudformation"].get_waiter("stack_create_complete").wait(
        StackName="victim", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    reports: queue.Queue[dict[str, str]] = queue.Queue()
    collector = serve("", reports)
    leaked = {"Bucket": "secrets", "Key": "secret"}
    config = {
        "port": running.port,
        "url": url.rstrip("/").rsplit("/", 1)[1],
        "api": api,
        "presigned": storage.generate_presigned_url("get_object", leaked),
        "upload": storage.generate_presigned_url("put_object", leaked),
        "report": f"http://127.0.0.1:{collector.server_port}/",
    }
    page = f"<!doctype html><body><script>const config = {json.dumps(config)};\n{ATTACKS}</script></body>"
    functions.update_function_code(FunctionName="app", ZipFile=zipped(page))
    pages = serve(page, reports)
    yield World(running, clients, pages, reports, page, url)
    for server in (pages, collector):
        server.shutdown()
        server.server_close()
    aws.stop(folder)


def show(world: World, address: str, profile: Path) -> dict[str, str]:
    """What the page at an address reports once a browser has shown it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.fail(f"there is no browser to try it in ({', '.join(BROWSERS)})")
    command = [browser, *FLAGS, f"--user-data-dir={profile}", address]
    quiet = subprocess.DEVNULL
    environment = {"PATH": os.environ["PATH"], "HOME": str(profile)}
    shown = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment)
    try:
        return world.reports.get(timeout=HANGS)
    finally:
        shown.terminate()
        shown.wait(timeout=HANGS)


ORIGINS = ["localhost", "x.localhost", "127.0.0.1", "file", "function URL", "function URL by host"]


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_reads_nothing_and_changes_nothing(world: World, tmp_path: Path, origin: str) -> None:
    if origin == "file":
        path = tmp_path / "page.html"
        path.write_text(world.page, "utf-8")
        address = path.as_uri()
    elif origin == "function URL":
        address = f"{world.url}page"
    elif origin == "function URL by host":
        name = world.url.rstrip("/").rsplit("/", 1)[1]
        address = f"http://{name}.lambda-url.us-east-1.localhost:{world.running.port}/page"
    else:
        address = f"http://{origin}:{world.pages.server_port}/"
    before = world.holds()
    results = show(world, address, tmp_path / "profile")
    assert world.holds() == before
    controls = {name: outcome for name, outcome in results.items() if name.startswith("control")}
    assert set(controls.values()) == {"200 hello"}
    attacks = {name: outcome for name, outcome in results.items() if name not in controls}
    assert len(attacks) > 100
    # The app's own answer is no harm, to a page of its own: its path only looks like the control plane's.
    read = {name: outcome for name, outcome in attacks.items() if outcome[:1] == "2" and outcome != "200 hello"}
    assert read == {}
    assert SECRET not in "".join(attacks.values())
    assert [name for name, outcome in attacks.items() if name.startswith("socket") and outcome == "open"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="not tried: it looks at /proc")
def test_a_page_gets_nothing_from_a_busy_worker_or_a_debuggers_port(world: World, tmp_path: Path) -> None:
    functions = world.clients["lambda"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("busy.py", BUSY)
    functions.create_function(
        FunctionName="busy",
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="busy.handler",
        Role=f"arn:aws:iam::{world.running.account}:role/app",
        Code={"ZipFile": content.getvalue()},
        Timeout=120,
    )
    before = listening(world.running.pid)
    functions.invoke(FunctionName="busy", Payload=b'{"seconds": 0}')
    (worker,) = listening(world.running.pid) - before
    debugger = debug(world.running, "app", 0, project=tmp_path)
    config = {
        "ports": {"worker": worker, "debugger": debugger},
        "invocation": "00000000-0000-0000-0000-000000000000",
        "report": f"http://127.0.0.1:{world.pages.server_port}/",
    }
    script = f"const config = {json.dumps(config)};\n{PORT_ATTACKS}"
    pages = serve(f"<!doctype html><body><script>{script}</script></body>", world.reports)
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(functions.invoke, FunctionName="busy", Payload=b'{"seconds": 45}')
        results = show(world, f"http://localhost:{pages.server_port}/", tmp_path / "profile")
        assert json.loads(waiting.result()["Payload"].read()) == "its own"
    pages.shutdown()
    pages.server_close()
    debug(world.running, "app", None, project=tmp_path)
    assert len(results) == 66
    # A beacon says that it was sent, and never what came of it.
    harmless = {"silence", "error", "failed: TypeError", "true"}
    assert {name: outcome for name, outcome in results.items() if outcome not in harmless} == {}
