"""Functions that shared a role get roles of their own: what a plan says of it, and that they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

SHARED = """
from remit import config

config.lambda_.iam.share_roles = True
"""
APP = """
from remit import App
from remit.grants import dynamodb

app = App()


@app.function(policy=dynamodb.query("orders"))
def report(event, context):
    return "ok"


@app.function(policy=dynamodb.query("orders"))
def summary(event, context):
    return "short"
"""


def test_a_deploy_that_ends_the_sharing_names_the_functions_whose_role_changes(
    remit: Remit, project: Path, elsewhere: Account
) -> None:
    (project / "app.py").write_text(SHARED + APP)
    assert remit("deploy", "--yes")[0] == 0
    (project / "app.py").write_text(APP)
    code, _, err = remit("deploy", "--yes")
    assert code == 0
    assert "and the roles of functions\n  ~ SummaryFunction runs under SummaryRole, no longer under ReportRole\n" in err
    assert [0, 0] == [remit("invoke", name)[0] for name in ("report", "summary")]
    roles = {
        function["FunctionName"]: function["Role"].rpartition("/")[2].rpartition("-")[0]
        for function in elsewhere.client("lambda").list_functions()["Functions"]
    }
    assert {"orders-dev-report": "orders-dev-ReportRole", "orders-dev-summary": "orders-dev-SummaryRole"} == roles
