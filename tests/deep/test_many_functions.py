"""An app of 250 functions with a route each, in one stack: deployed to the AWS on this machine, and each route called.

Not in the usual run, as it starts 250 workers: `make deep`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from projects import remit, write
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from web_clients import ask, deployed

if TYPE_CHECKING:
    from pathlib import Path

COUNT: Final = 250
CONFIG: Final = """
from remit import configure

with configure() as config:
    config.api.routes_in_body = True
    config.lambda_.share_log_group = True
    config.lambda_.iam.share_roles = True
"""


def test_each_of_250_functions_answers_at_its_route_and_writes_to_its_streams(tmp_path: Path) -> None:
    functions = (
        f'@app.function(on.api("GET /f{number}/{{id}}", auth="NONE"))\n'
        f"def fn_{number}(event, context):\n"
        f'    print("called", {number})\n'
        f'    return event["pathParameters"]["id"] + " of {number}"\n'
        for number in range(COUNT)
    )
    folder = tmp_path / "shop"
    app = f"from remit import App, on\n\napp = App()\n{''.join(functions)}"
    write(folder, {"app.py": app, "config/deploy.py": CONFIG})
    with deployed(folder) as outputs:
        answers = [ask("GET", f"{outputs['ApiUrl']}/f{number}/7") for number in range(COUNT)]
        assert [(200, f"7 of {number}") for number in range(COUNT)] == [(item.status, item.body) for item in answers]
        here = aws.start(folder)
        stack: Any = session(here).client("cloudformation", **client_arguments(here))
        pages = stack.get_paginator("list_stack_resources").paginate(StackName="shop-dev")
        assert sum(len(page["StackResourceSummaries"]) for page in pages) < 270
        printed = remit("logs", "--local", "--json", "--filter", "called", "-C", str(folder)).out.splitlines()
    lines = {line["function"]: line["message"] for line in map(json.loads, printed)}
    assert {f"fn_{number}": f"called {number}" for number in range(COUNT)} == lines
