"""Web apps on the AWS of this machine: frameworks that stay as they are, asked by a real client."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from projects import write
from random_cases import in_all_cases
from web_clients import Issuer, ask, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

APP = """
from remit import App, on

app = App()
app.web("shop.main:api", auth="NONE")
app.web("shop.admin:api", on.api("ANY /admin/{{path+}}", auth=on.jwt("{issuer}", audience=["shop"])), name="admin")
app.web("shop.site:site", on.http(auth="NONE"), on.rest("ANY /site/{{path+}}", auth="NONE"), name="site")
app.web("shop.main:api", on.rest("ANY /{{path+}}", auth="NONE"), on.rest("ANY /", auth="NONE"), name="rest")
"""
CONFIG = """
from remit import configure
with configure() as config:
    config.rest.binary_media_types = ["*/*"]
"""
MAIN = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import Cookie, FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel


class Order(BaseModel):
    item: str
    count: int = 1


started = []


@asynccontextmanager
async def lifespan(app):
    started.append(True)
    yield {"opened": asyncio.Event()}


api = FastAPI(lifespan=lifespan)
api.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_methods=["POST"])


@api.post("/orders/", status_code=201)
def place(order: Order, response: Response, seen: str = Cookie("")):
    response.set_cookie("seen", order.item)
    response.set_cookie("count", str(order.count))
    return {"item": order.item, "seen": seen, "started": len(started)}


@api.get("/state")
async def state(request: Request):
    request.state.opened.set()
    await request.state.opened.wait()
    return {"started": len(started)}


@api.get("/orders/{name}")
def order(name: str):
    raise HTTPException(404, name)


@api.get("/picture")
def picture():
    return Response(bytes(range(256)), media_type="image/png")
"""
ADMIN = """
from fastapi import FastAPI, Request
api = FastAPI()

@api.get("/admin/me")
def me(request: Request):
    return request.scope["aws.event"]["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]
"""
SITE = """
from flask import Flask, request
site = Flask(__name__)

@site.post("/hello")
def hello():
    return f"hello {request.form['name']}"

@site.get("/site/<name>")
def picture(name):
    return bytes(range(256)), 200, {"content-type": "image/png", "x-name": name}

@site.get("/fail")
def fail():
    raise ValueError("it broke")
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of the deployed app."""
    issuer = Issuer()
    folder = tmp_path_factory.mktemp("project") / "shop"
    write(
        folder,
        {
            "app.py": APP.format(issuer=issuer.address),
            "shop/__init__.py": "",
            "shop/main.py": MAIN,
            "shop/admin.py": ADMIN,
            "shop/site.py": SITE,
            "config/deploy.py": CONFIG,
            "requirements.txt": f"fastapi=={version('fastapi')}\nflask=={version('flask')}\n",
        },
    )
    with deployed(folder) as addresses:
        yield {**addresses, "token": issuer.token()}
    issuer.close()


def test_fastapi_answers_behind_the_api(outputs: dict[str, str]) -> None:
    """Paths, bodies, cookies, errors and its own page reach it whole; its start has run."""
    api = outputs["ApiUrl"]
    headers = {"content-type": "application/json", "cookie": "seen=table"}
    placed = ask("POST", f"{api}/orders/", headers, json.dumps({"item": "chair", "count": 2}))
    assert (201, {"item": "chair", "seen": "table", "started": 1}) == (placed.status, placed.json)
    assert ["seen=chair", "count=2"] == [cookie.partition(";")[0] for cookie in placed.all("set-cookie")]
    assert 422 == ask("POST", f"{api}/orders/", headers, "{}").status
    missing = ask("GET", f"{api}/orders/a%20b")
    assert (404, {"detail": "a b"}) == (missing.status, missing.json)
    assert "swagger" in ask("GET", f"{api}/docs").body


@in_all_cases
def test_frameworks_answer_behind_a_rest_api(outputs: dict[str, str]) -> None:
    """The stage is no part of the path that they see; bytes come through."""
    api = outputs["RestApiUrl"]
    headers = {"content-type": "application/json", "cookie": "seen=table"}
    placed = ask("POST", f"{api}/orders/", headers, json.dumps({"item": "chair", "count": 2}))
    assert (201, {"item": "chair", "seen": "table", "started": 1}) == (placed.status, placed.json)
    assert ["seen=chair", "count=2"] == [cookie.partition(";")[0] for cookie in placed.all("set-cookie")]
    assert (404, {"detail": "a b"}) == ((missing := ask("GET", f"{api}/orders/a%20b")).status, missing.json)
    assert 404 == ask("GET", f"{api}/").status
    for path in ("/picture", "/site/a%20b"):
        picture = ask("GET", api + path, {"accept": "image/png"})
        assert (200, bytes(range(256))) == (picture.status, picture.content)
    assert ["a b"] == picture.all("x-name")


def test_the_app_starts_once_for_all_requests_with_its_state(outputs: dict[str, str]) -> None:
    answers = [ask("GET", f"{outputs['ApiUrl']}/state") for _ in range(3)]
    assert [(200, {"started": 1})] * 3 == [(answer.status, answer.json) for answer in answers]


def test_bytes_come_through(outputs: dict[str, str]) -> None:
    picture = ask("GET", f"{outputs['ApiUrl']}/picture")
    assert (["image/png"], 256) == (picture.all("content-type"), len(picture.content))


def test_the_frameworks_own_cors_answers(outputs: dict[str, str]) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    preflight = ask("OPTIONS", f"{outputs['ApiUrl']}/orders/", headers)
    assert (200, ["https://shop.example"]) == (preflight.status, preflight.all("access-control-allow-origin"))


def test_a_web_app_behind_a_route_is_protected_by_it(outputs: dict[str, str]) -> None:
    url = f"{outputs['ApiUrl']}/admin/me"
    assert 401 == ask("GET", url).status
    answer = ask("GET", url, {"authorization": f"Bearer {outputs['token']}"})
    assert (200, "ann") == (answer.status, answer.json)


def test_flask_answers_at_a_url_of_its_own(outputs: dict[str, str]) -> None:
    url = outputs["SiteUrl"].rstrip("/")
    hello = ask("POST", f"{url}/hello", {"content-type": "application/x-www-form-urlencoded"}, "name=Zo%C3%AB")
    assert (200, "hello Zoë") == (hello.status, hello.body)
    assert 500 == ask("GET", f"{url}/fail").status
