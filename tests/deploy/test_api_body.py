"""An HTTP API whose routes move into its Body, or out of it: another API, and so only where its address stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

APP = """
from remit import App, config, on

config.api.routes_in_body = {}
app = App()


@app.function(on.api("GET /a", auth="NONE"), on.api("GET /b"))
def report(event, context):
    return "ok"
"""
DOMAIN = """
from remit import config

config.api.domain_name = "api.shop.example"
config.api.certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-0000-0000-0000-000000000000"
"""


@pytest.mark.parametrize("before", [False, True])
def test_a_deploy_that_would_change_the_address_of_an_api_is_refused(
    remit: Remit,
    project: Path,
    before: bool,
) -> None:
    (project / "app.py").write_text(APP.format(before))
    assert 0 == remit("deploy", "--yes")[0]
    (project / "app.py").write_text(APP.format(not before))
    code, _, err = remit("deploy", "--yes")
    assert (2, True) == (
        code,
        f"hint: set `config.api.routes_in_body = {before}`; or give the API a domain first" in err,
    )


def test_routes_move_into_the_body_of_an_api_with_a_domain(remit: Remit, project: Path, elsewhere: Account) -> None:
    for in_body in (False, True):
        (project / "app.py").write_text(DOMAIN + APP.format(in_body))
        assert 0 == remit("deploy", "--yes")[0]
        apis = elsewhere.client("apigatewayv2")
        (api,) = apis.get_apis()["Items"]
        routes = {
            route["RouteKey"]: route["AuthorizationType"] for route in apis.get_routes(ApiId=api["ApiId"])["Items"]
        }
        assert {"GET /a": "NONE", "GET /b": "AWS_IAM"} == routes
