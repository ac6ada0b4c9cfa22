"""Web apps: what `app.web` makes of a framework's object, and what it refuses at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

SITE = {"shop/__init__.py": "", "shop/main.py": "async def api(scope, receive, send): ...\n"}


def _project(make: Make, call: str, **files: str) -> Project:
    return make(app=f"from remit import on\napp.web({call})\n", **{**SITE, **files})


def _routes(project: Project) -> list[tuple[str, str]]:
    routes = project.resources("AWS::ApiGatewayV2::Route").values()
    return [(route["RouteKey"], route["AuthorizationType"]) for route in routes]


def _function(project: Project) -> dict[str, Any]:
    (function,) = project.resources("AWS::Lambda::Function").values()
    return function


def test_a_web_app_takes_what_no_other_route_takes(make: Make) -> None:
    """Signed requests alone, as of any route, unless it says otherwise."""
    assert [("$default", "AWS_IAM")] == _routes(_project(make, '"shop.main:api"'))
    assert [("$default", "NONE")] == _routes(_project(make, '"shop.main:api", auth="NONE"'))


def test_the_zip_has_its_handler_and_the_template_says_what_it_serves(make: Make) -> None:
    function = _function(_project(make, '"shop.main:api", timeout=7, environment={"TABLE": "orders"}'))
    assert ("remit.web.handler", 7) == (function["Handler"], function["Timeout"])
    assert {
        "REMIT_STACK": {"Ref": "AWS::StackId"},
        "REMIT_STAGE": "dev",
        "REMIT_WEB_APP": "shop.main:api",
        "TABLE": "orders",
    } == function["Environment"]["Variables"]


def test_an_interface_that_is_given_is_not_told_from_the_object(make: Make) -> None:
    function = _function(_project(make, '"shop.main:api", interface="wsgi"'))
    assert "wsgi" == function["Environment"]["Variables"]["REMIT_WEB_INTERFACE"]


def test_a_web_app_may_have_a_url_of_its_own_or_routes(make: Make) -> None:
    url = _project(make, '"shop.main:api", on.http(auth="NONE")')
    assert (["WebUrl"], []) == (list(url.resources("AWS::Lambda::Url")), _routes(url))
    part = _project(make, '"shop.main:api", on.api("ANY /admin/{path+}")')
    assert [("ANY /admin/{path+}", "AWS_IAM")] == _routes(part)


@pytest.mark.parametrize("call", ["app.web(\n    'shop:api',", "app.function(\n    handler='shop.api', name='shop',"])
def test_what_a_zip_lacks_of_it_is_told_where_it_is_named(make: Make, call: str) -> None:
    project = make(app=f"{call}\n    timeout=3,\n)\n", **{"shop.py": "def api(event, context): ...\n"})
    (function,) = project.load().functions
    assert str(function.handler_origin).startswith("app.py:10:")


def test_it_has_grants_like_any_function(make: Make) -> None:
    project = _project(make, '"shop.main:api", policy=[dynamodb.query("orders")]')
    assert "dynamodb:Query" == project.statements("web")[-1]["Action"]


def test_a_group_has_web_apps_and_two_have_names(make: Make) -> None:
    app = 'group = app.group("sites", timeout=9)\ngroup.web("shop.main:api")\n'
    app += 'group.web("shop.main:api", on_url, name="second")\n'
    project = make(app=f"from remit import on\non_url = on.http()\n{app}", **SITE)
    functions = project.resources("AWS::Lambda::Function")
    assert [("WebFunction", 9), ("SecondFunction", 9)] == [
        (name, function["Timeout"]) for name, function in functions.items()
    ]


WRONG = {
    '"shop.main.api"': (
        "a web app is named by its module and its name there, got str 'shop.main.api'",
        "did you mean `shop.main:api`?",
    ),
    "None": ("a web app is named by its module and its name there, got None", 'such as "shop.main:api"'),
    '"shop.main:app"': ("the web app `shop.main:app` of function `web` does not exist", "did you mean `api`?"),
    '"shop.main:site"': (
        "the web app `shop.main:site` of function `web` does not exist",
        "a web app reads `module:name`",
    ),
    '"shop.mian:api"': (
        "the web app `shop.mian:api` of function `web` does not exist",
        "did you mean `shop.main:api`?",
    ),
    '"store:api"': ("the web app `store:api` of function `web` does not exist", "a web app reads `module:name`"),
    '"shop.main:api", interface="asgy"': ("interface cannot be 'asgy'", "did you mean `asgi`?"),
    '"shop.main:api.2"': (
        "a web app is named by its module and its name there, got str 'shop.main:api.2'",
        'such as "shop.main:api"',
    ),
    '"shop.main:api", interface=""': ("interface cannot be ''", "it can be asgi or wsgi"),
    '"shop.main:api", auth="none"': ("auth cannot be 'none'", "did you mean `NONE`?"),
    '"shop.main:api", on.http(), auth="NONE"': (
        "auth says whom the app's HTTP API lets in, and this web app has triggers of its own",
        "give `auth` to them: `on.api(…, auth=…)`, `on.http(auth=…)`",
    ),
    '"shop.main:api", on.http(invoke_mode="RESPONSE_STREAM")': (
        "a web app cannot stream its answers: no adapter of Python's web frameworks does on Lambda",
        "leave invoke_mode out; large files are better served from S3, by a presigned URL",
    ),
    '"shop.main:api", on.api("GET /", payload_format_version="1.0")': (
        "a web app gets payload format 2.0: its adapter reads no other",
        "leave payload_format_version out",
    ),
    '"shop.main:api", runtime="python3.9"': (
        "web app `web` runs on python3.9, which the adapters of web frameworks no longer support",
        'set `runtime="python3.13"`',
    ),
}


COLUMNS = {
    '"shop.main:app"': 9,
    '"shop.main:site"': 9,
    '"shop.mian:api"': 9,
    '"store:api"': 9,
    '"shop.main:api", runtime="python3.9"': 34,
}
"""Of what is known of one argument alone, its own."""


@pytest.mark.parametrize("call", WRONG)
def test_what_cannot_be_served_is_told_at_its_line(make: Make, call: str) -> None:
    error = _project(make, call).error()
    column = COLUMNS.get(call, 1)
    assert (*WRONG[call], f"app.py:10:{column}") == (error.message, error.hint, at(error))


def test_a_module_that_is_not_valid_python_is_told(make: Make) -> None:
    error = _project(make, '"shop.main:api"', **{"shop/main.py": "def api(:\n"}).error()
    assert (
        "the web app `shop.main:api` of function `web` is in shop/main.py, which is not valid Python" in error.message
    )


def test_two_web_apps_behind_the_api_want_routes(make: Make) -> None:
    error = _project(make, '"shop.main:api")\napp.web("shop.main:api", name="second"').error()
    assert ("route `$default` of `second` is declared twice;" in error.message, "app.py:11:1") == (True, at(error))
