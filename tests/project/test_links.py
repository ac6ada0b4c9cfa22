"""`link=`: access to a shared resource, and the variable that says where it is, in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projects import at

if TYPE_CHECKING:
    from conftest import Make

SHARED = {
    "shared/resources/data.py": """
from remit import Shared, resource
class ShopData(Shared):
    order_queue = resource("AWS::SQS::Queue")
    files = resource("AWS::S3::Bucket")
    key = resource("AWS::KMS::Key", key_policy={})
"""
}
HEAD = "from remit import grants\nfrom shared.resources.data import ShopData\n"


def test_a_link_is_a_grant_and_a_variable_with_the_name_or_url(make: Make) -> None:
    app = f"""{HEAD}
LINK = [grants.sqs.send(ShopData.order_queue), grants.s3.read(ShopData.files, "in/*", key=ShopData.key)]
@app.function(link=LINK, environment={{"OTHER": "1"}}, policy=[grants.s3.list(ShopData.files)])
def hello(event, context): ...
"""
    project = make(app=app, **SHARED)
    variables = project.resources("AWS::Lambda::Function")["HelloFunction"]["Environment"]["Variables"]
    assert {
        "SHOP_DATA_ORDER_QUEUE": {"Ref": "ShopDataOrderQueue"},
        "SHOP_DATA_FILES": {"Ref": "ShopDataFiles"},
        "OTHER": "1",
    } == {name: value for name, value in variables.items() if not name.startswith("REMIT_")}
    assert ["s3:ListBucket", "sqs:SendMessage", "s3:GetObject", "kms:Decrypt"] == [
        statement["Action"] for statement in project.statements()[1:]
    ]


def test_a_groups_links_reach_its_functions_and_jobs_and_a_variable_of_ones_own_wins(make: Make) -> None:
    app = f"""{HEAD}
group = app.group("g", link=[grants.sqs.send(ShopData.order_queue)])
@group.function(environment={{"SHOP_DATA_ORDER_QUEUE": "mine"}})
def hello(event, context): ...
@group.job(link=[grants.s3.read(ShopData.files)])
def later(): ...
"""
    project = make(config="config.job.enable = True", app=app, **SHARED)
    found = {
        name: function["Environment"]["Variables"]["SHOP_DATA_ORDER_QUEUE"]
        for name, function in project.resources("AWS::Lambda::Function").items()
    }
    assert {"HelloFunction": "mine", "WorkerDefaultFunction": {"Ref": "ShopDataOrderQueue"}} == found
    worker = project.resources("AWS::Lambda::Function")["WorkerDefaultFunction"]
    assert {"Ref": "ShopDataFiles"} == worker["Environment"]["Variables"]["SHOP_DATA_FILES"]
    assert "s3:GetObject" in str(project.role("worker-default").grants)


def test_a_link_to_what_the_app_does_not_declare_is_an_error_at_its_line(make: Make) -> None:
    error = make(
        app=f'{HEAD}@app.function(link=[grants.sqs.send("other")])\ndef hello(event, context): ...\n', **SHARED
    ).error()
    assert ("app.py:11:21", "a link names no shared resource of the app: sends to queue other") == (
        at(error),
        error.message,
    )
    error = make(app=f'{HEAD}@app.function(link=["sq s"])\ndef hello(event, context): ...\n', **SHARED).error()
    assert error.message.startswith("link[0] is ")
