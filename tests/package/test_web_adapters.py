"""Web apps in their zips: each framework, started by an interpreter that sees the zip alone, as Lambda's does."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases, cases_of
from remit.build import build
from remit.errors import RemitError
from remit.package.app_zip import package
from remit.package.installer import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.network

FRAMEWORKS = {  # the small ones first: of ASGI two, of WSGI one
    "fastapi": """
from fastapi import FastAPI, Request
api = FastAPI()

@api.post("/orders/{name}")
async def order(name: str, request: Request, q: str = ""):
    return {"name": name, "q": q, "body": (await request.body()).decode()}
""",
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def order(request):
    body = (await request.body()).decode()
    return JSONResponse({"name": request.path_params["name"], "q": request.query_params["q"], "body": body})

api = Starlette(routes=[Route("/orders/{name}", order, methods=["POST"])])
""",
    "flask": """
from flask import Flask, request
api = Flask(__name__)

@api.post("/orders/<name>")
def order(name):
    return {"name": name, "q": request.args["q"], "body": request.get_data(as_text=True)}
""",
    "litestar": """
from litestar import Litestar, Request, post

@post("/orders/{name:str}", status_code=200)
async def order(name: str, q: str, request: Request) -> dict[str, str]:
    return {"name": name, "q": q, "body": (await request.body()).decode()}

api = Litestar([order])
""",
    "django": """
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x")

from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

def order(request, name):
    return JsonResponse({"name": name, "q": request.GET["q"], "body": request.body.decode()})

urlpatterns = [path("orders/<name>", order)]
api = get_wsgi_application()
""",
}
EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/orders/chair",
    "rawQueryString": "q=red",
    "queryStringParameters": {"q": "red"},
    "headers": {"host": "api.example", "content-type": "text/plain", "x-forwarded-proto": "https"},
    "requestContext": {
        "accountId": "111122223333",
        "apiId": "a1b2c3d4e5",
        "domainName": "api.example",
        "http": {
            "method": "POST",
            "path": "/orders/chair",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "test",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "27/Nov/2026:00:00:00 +0000",
        "timeEpoch": 1795737600000,
    },
    "body": "two pieces",
    "isBase64Encoded": False,
}


def _at(path: str) -> dict[str, Any]:
    """The event at another path."""
    context: dict[str, Any] = EVENT["requestContext"]
    return {**EVENT, "rawPath": path, "requestContext": {**context, "http": {**context["http"], "path": path}}}


CALL = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.environ["REMIT_WEB_APP"] = sys.argv[2]
from remit.web import handler
print(json.dumps([handler(event, None) for event in json.load(sys.stdin)]))
"""


def _call(zipped: Path, target: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """What the handler answers to each event, in an interpreter without an environment and without site-packages."""
    folder = zipped.parent / "task"
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder)
    command = [sys.executable, "-W", "error::DeprecationWarning:mangum", "-I", "-S", "-c", CALL, str(folder), target]
    ran = subprocess.run(command, input=json.dumps(events), capture_output=True, encoding="utf-8", check=False)
    assert 0 == ran.returncode, ran.stderr
    answers: list[dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize("framework", tuple(FRAMEWORKS)[: cases(1, deep=5)])
def test_a_framework_answers_from_its_zip_alone(
    framework: str, project: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    """At the version that remit's development group locks; the app is as its framework's manual writes it.

    An HTTP API passes a path on with its escapes decoded, but that of `%`; a function URL passes it on as it came.
    """
    files = {"shop.py": FRAMEWORKS[framework], "requirements.txt": f"{framework}=={version(framework)}\n"}
    packed = package(project(files), this_machine(), serves_web_app=True)
    zipped = tmp_path / "app.zip"
    zipped.write_bytes(packed.path.read_bytes())
    paths = "/orders/Stühle 5%25 日", "/orders/St%C3%BChle%205%25%20%E6%97%A5"
    for answer in _call(zipped, "shop:api", *map(_at, paths)):
        assert 200 == answer["statusCode"]
        assert {"name": "Stühle 5% 日", "q": "red", "body": "two pieces"} == json.loads(answer["body"])


PLAIN = {
    "an async function": "async def api(scope, receive, send): ...\n",
    "an object with an async call": (
        "class Api:\n    async def __call__(self, scope, receive, send): ...\napi = Api()\n"
    ),
    "a function": "def api(environ, start_response): ...\n",
    "an object": "class Api:\n    def __call__(self, environ, start_response): ...\napi = Api()\n",
}


@pytest.mark.parametrize("shape", PLAIN)
def test_the_interface_is_told_from_the_shape_of_the_object(shape: str) -> None:
    from remit.runtime.web import interface_of  # noqa: PLC0415 - it is a file of a zip, and imported here alone

    names: dict[str, Any] = {}
    exec(PLAIN[shape], names)  # noqa: S102 - the texts above
    assert ("asgi" if "async" in PLAIN[shape] else "wsgi") == interface_of(names["api"])


WSGI = """
def api(environ, start_response):
    cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2")]
    start_response("200 OK", [("content-type", "application/octet-stream"), *cookies])
    return [bytes([0, 255]), environ["wsgi.input"].read()]
"""


def test_the_adapters_come_by_themselves_and_always_the_same(project: Callable[[dict[str, str]], Path]) -> None:
    folder = project({"shop.py": WSGI})
    first = package(folder, this_machine(), serves_web_app=True)
    (folder / ".remit" / "cache").rename(folder / "elsewhere-cache-of-remit")
    (folder / "elsewhere-cache-of-remit").rename(folder.parent / "elsewhere")
    second = package(folder, this_machine(), serves_web_app=True)
    assert (first.sha256, first.contents) == (second.sha256, second.contents)
    with zipfile.ZipFile(second.path) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {"mangum", "apig_wsgi", "typing_extensions.py", "remit", "shop.py"} <= tops
    without = package(folder, this_machine())
    with zipfile.ZipFile(without.path) as archive:
        assert "mangum/__init__.py" not in archive.namelist()
    assert hashlib.sha256(without.path.read_bytes()).hexdigest() == without.sha256


LIFESPAN = """
starts = []

async def api(scope, receive, send):
    if scope["type"] == "lifespan":
        starts.append(await receive())
        scope["state"]["pool"] = "open"
        await send({"type": "lifespan.startup.complete"})
        return await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{len(starts)} {scope['state']['pool']}".encode()})
"""


def test_bytes_and_cookies_pass_and_an_asgi_app_begins_once_for_all_requests(
    project: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    zipped = tmp_path / "app.zip"
    folder = project({"shop.py": WSGI, "begun.py": LIFESPAN})
    zipped.write_bytes(package(folder, this_machine(), serves_web_app=True).path.read_bytes())
    (answer,) = _call(zipped, "shop:api", {**EVENT, "body": "/wA=", "isBase64Encoded": True})
    assert (True, "AP//AA==", ["a=1", "b=2"]) == (answer["isBase64Encoded"], answer["body"], answer["cookies"])
    assert ["1 open"] * 2 == [answer["body"] for answer in _call(zipped, "begun:api", EVENT, EVENT)]


def test_an_adapter_that_the_app_brings_is_the_apps(project: Callable[[dict[str, str]], Path]) -> None:
    files = {"shop.py": WSGI, "requirements.txt": "mangum==0.19.0\n"}
    packed = package(project(files), this_machine(), serves_web_app=True)
    with zipfile.ZipFile(packed.path) as archive:
        versions = [name for name in archive.namelist() if name.startswith("mangum-")]
    assert {"mangum-0.19.0.dist-info"} == {name.partition("/")[0] for name in versions}


def _web(module: str) -> dict[str, str]:
    runtime = f"python3.{sys.version_info.minor}"
    options = f'runtime="{runtime}", environment={{"TABLE": "orders"}}'
    app = f'from remit import App\napp = App()\napp.web("shop:api", {options})\n'
    return {"app.py": app, "shop.py": module}


UNIMPORTABLE = {
    "import notinstalled\napi = 1\n": (
        "cannot be imported from its zip: ModuleNotFoundError: No module named 'notinstalled' (shop.py:1)",
        "list the package of `notinstalled` in requirements.txt or pyproject.toml: the zip holds what they name",
    ),
    "import pytest\napi = 1\n": (
        "cannot be imported from its zip: ModuleNotFoundError: No module named 'pytest' (shop.py:1)",
        "list `pytest` in requirements.txt or pyproject.toml: the zip holds what they name",
    ),
    "import os\nopen('orders.json')\napi = 1\n": (
        (
            "cannot be imported from its zip: FileNotFoundError: [Errno 2] No such file or directory: 'orders.json' "
            "(shop.py:2)"
        ),
        None,
    ),
    "api = {'a': 1}\n": ("is no web app but dict", None),
    "def api(): ...\n": (
        "takes (), and WSGI calls an app with (environ, start_response): what makes an app is none itself",
        None,
    ),
    "async def api(scope): ...\n": (
        "takes (scope), and ASGI calls an app with (scope, receive, send): what makes an app is none itself",
        None,
    ),
    "import sys\nsys.exit(3)\napi = 1": ("cannot be imported from its zip: SystemExit: 3 (shop.py:2)", None),
}


@pytest.mark.parametrize("module", cases_of(tuple(UNIMPORTABLE), 3))
def test_a_web_app_that_cannot_be_imported_is_told_at_the_build(
    module: str, project: Callable[[dict[str, str]], Path]
) -> None:
    """What remit's own environment has does not count: pytest is installed here, and not in the zip."""
    with pytest.raises(RemitError) as caught:
        build(project(_web(module)))
    problem, hint = UNIMPORTABLE[module]
    assert (f"the web app `shop:api` of function `web` {problem}", hint, "app.py:3:9") == (
        caught.value.message,
        caught.value.hint,
        str(caught.value.origin),
    )


def test_a_web_app_with_layers_is_not_tried(project: Callable[[dict[str, str]], Path]) -> None:
    files = _web("import of_a_layer\napi = 1\n")
    layer = "arn:aws:lambda:us-east-1:111122223333:layer:frameworks:1"
    files["app.py"] = files["app.py"].replace("environment=", f'layers=["{layer}"], environment=')
    assert "the web app `shop:api` is not tried: layers may hold what it imports" in build(project(files)).notes


def test_what_lambda_brings_is_there_while_a_web_app_is_imported(project: Callable[[dict[str, str]], Path]) -> None:
    module = "import os, boto3\ntable = boto3.resource('dynamodb').Table(os.environ['TABLE'])\n"
    built = build(project(_web(f"{module}async def api(scope, receive, send): ...\n")))
    assert [] == [note for note in built.notes if "the web app" in note]


def test_a_zip_for_a_python_that_is_not_here_is_said_not_to_have_been_tried(
    project: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _web("import notinstalled\napi = 1\n")
    other = "3.14" if sys.version_info.minor != 14 else "3.13"
    files["app.py"] = files["app.py"].replace(f"3.{sys.version_info.minor}", other)
    monkeypatch.setenv("PATH", "/nowhere")
    (note,) = [note for note in build(project(files)).notes if "not at hand" in note]
    assert (
        f"the web app `shop:api` is packed for Python {other} on x86_64, which is not at hand: "
        "whether it can be imported shows when it runs"
    ) == note
