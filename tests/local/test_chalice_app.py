"""An unchanged Chalice app on the AWS of this machine: its routes, its answers and its schedule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from projects import remit, write
from random_cases import in_all_cases
from web_clients import Answer, ask, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.network, in_all_cases]  # Chalice is installed into the zip

SHOP = r"""
from chalice import BadRequestError, Chalice, Response

app = Chalice(app_name="shop")
app.api.binary_types.append("image/png")


@app.route("/")
def index():
    return {"hello": "world", "stage": app.current_request.context["stage"]}


@app.route("/orders/{number}", methods=["GET", "POST"])
def order(number):
    request = app.current_request
    query = request.query_params
    return {
        "number": number,
        "query": query and dict(query),
        "many": query.getlist("a") if query else None,
        "method": request.method,
        "body": request.json_body if request.method == "POST" else None,
    }


@app.route("/bad")
def bad():
    raise BadRequestError("no")


@app.route("/broken")
def broken():
    raise ValueError("a secret")


@app.route("/cookies")
def cookies():
    return Response("", headers={"Set-Cookie": ["a=1", "b=2"]}, status_code=204)


@app.route("/png", methods=["GET", "POST"], content_types=["image/png"])
def png():
    body = b"\x89PNG" + (app.current_request.raw_body or b"")
    return Response(body=body, headers={"Content-Type": "image/png"})


@app.schedule("rate(1 hour)")
def tick(event):
    return event.source
"""
APP = """
from remit import App, on

app = App()
ROUTES = ("GET /", "GET /orders/{number}", "POST /orders/{number}", "GET /bad", "GET /broken", "GET /cookies",
          "GET /png", "POST /png")
app.function(
    *(on.api(route, auth="NONE", payload_format_version="1.0") for route in ROUTES), name="api", handler="shop.app"
)
app.function(on.schedule("rate(1 hour)"), name="tick", handler="shop.tick")
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The project's folder and the address of its API."""
    folder = tmp_path_factory.mktemp("project") / "shop"
    requirements = (Path(__file__).parent / "data" / "chalice.txt").read_text("utf-8")
    write(folder, {"app.py": APP, "shop.py": SHOP, "requirements.txt": requirements})
    with deployed(folder) as outputs:
        yield folder, outputs["ApiUrl"]


@pytest.fixture
def url(shop: tuple[Path, str]) -> str:
    """The address of the API."""
    return shop[1]


def test_routes_answer_json_with_what_stands_in_the_path_and_the_query(url: str) -> None:
    assert {"hello": "world", "stage": "$default"} == ask("GET", f"{url}/").json
    answer = ask("GET", f"{url}/orders/7?a=1&a=2&b=x")
    assert (200, ["application/json"]) == (answer.status, answer.all("content-type"))
    expected = {"number": "7", "query": {"a": "2", "b": "x"}, "many": ["1", "2"], "method": "GET", "body": None}
    assert expected == answer.json
    posted = ask("POST", f"{url}/orders/7", {"Content-Type": "application/json"}, '{"n": [1, 2]}').json
    assert ("POST", {"n": [1, 2]}, None) == (posted["method"], posted["body"], posted["query"])


def test_errors_are_chalices(url: str) -> None:
    def error(answer: Answer) -> tuple[int, str]:
        return answer.status, answer.json["Code"]

    assert (400, "BadRequestError") == error(ask("GET", f"{url}/bad"))
    assert (500, "InternalServerError") == error(ask("GET", f"{url}/broken"))
    assert (415, "UnsupportedMediaType") == error(ask("POST", f"{url}/png", {"Content-Type": "text/plain"}, "x"))
    assert 404 == ask("GET", f"{url}/nowhere").status


def test_bodies_of_bytes_pass_both_ways(url: str) -> None:
    answer = ask("POST", f"{url}/png", {"Content-Type": "image/png", "Accept": "image/png"}, bytes(range(256)))
    assert (200, b"\x89PNG" + bytes(range(256))) == (answer.status, answer.content)


def test_several_headers_of_one_name_arrive(url: str) -> None:
    answer = ask("GET", f"{url}/cookies")
    assert (204, ["a=1", "b=2"]) == (answer.status, answer.all("set-cookie"))


def test_its_schedule_runs_its_handler(shop: tuple[Path, str]) -> None:
    invoked = remit("invoke", "--local", "tick", "--example", "schedule", "-C", str(shop[0]))
    assert (0, "aws.scheduler") == (invoked.status, json.loads(invoked.out))
