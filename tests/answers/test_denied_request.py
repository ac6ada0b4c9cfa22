"""The function of this app that asked is found by its session's name, its role's, or its resource in a failed stack."""

from __future__ import annotations

from typing import Final

import pytest

from projects import APP, Project, write
from remit.answers.denial import Denial
from remit.answers.denied_request import LoadedApp, actions_of, function_of, stage_of
from remit.roles.assign import assign

FUNCTIONS: Final = """
@app.function
def report(event, context): ...

@app.function
def report_function(event, context): ...

@app.function(policy=["sqs:ListQueues"])
def ingest(event, context): ...

@app.function(logical_id="Mail")
def send(event, context): ...
"""
HERE: Final = "arn:aws:sts::111122223333:assumed-role/"
ROLE: Final = "orders-dev-IngestRole-1ABCDEFGHIJK"
ASKED: Final[dict[str, tuple[Denial, str | None]]] = {
    "the session has the function's name": (Denial(f"{HERE}another/orders-dev-ingest"), "ingest"),
    "the session has another app's": (Denial(f"{HERE}another/shop-dev-ingest"), None),
    "the session has another stage's": (Denial(f"{HERE}another/orders-prod-ingest"), None),
    "the role is the function's": (Denial(f"{HERE}{ROLE}/x"), "ingest"),
    "the role is the function's, without a session": (
        Denial(f"arn:aws:iam::111122223333:role/{ROLE}"), "ingest",
    ),
    "the role is the function's, under a path": (
        Denial(f"arn:aws:iam::111122223333:role/team/a/{ROLE}"), "ingest",
    ),
    "the role is one of a short name that begins like the function's": (
        Denial(f"{HERE}orders-dev-Ing-1ABCDEFGHIJK/x"), None,
    ),
    "the role is another stage's": (Denial(f"{HERE}{ROLE.replace('dev', 'prod')}/x"), None),
    "the log is the function's": (Denial(function="orders-dev-report"), "report"),
    "the log is the function's, and another asked": (Denial(f"{HERE}other/x", function="orders-dev-report"), None),
    "a resource of the function": (Denial(logical_id="IngestDataQueue"), "ingest"),
    "a resource of one whose name begins with another's": (
        Denial(logical_id="ReportFunctionDataQueue"), "report_function",
    ),
    "a resource of the shorter of both": (Denial(logical_id="ReportDataQueue"), "report"),
    "the shorter of both itself": (Denial(logical_id="ReportFunction"), "report"),
    "the longer of both itself": (Denial(logical_id="ReportFunctionFunction"), "report_function"),
    "a function that has an id of its own": (Denial(logical_id="Mail"), "send"),
    "a resource of the function that has an id of its own": (Denial(logical_id="SendDataQueue"), "send"),
    "a resource of this stack": (Denial(logical_id="IngestDataQueue", stack="orders-dev"), "ingest"),
    "a resource of another stack": (Denial(logical_id="IngestDataQueue", stack="shop-dev"), None),
    "a resource of the app's own": (Denial(logical_id="DataQueue", stack="orders-dev"), None),
    "a resource, for somebody else": (Denial(f"{HERE}other/x", logical_id="IngestDataQueue"), None),
    "a resource that the deployer may not make": (
        Denial(logical_id="IngestDataQueue", deploying=True), None,
    ),
    "a role that the deployer's service may not take": (
        Denial(logical_id="IngestDataQueue", deploying=True, layer="trust"), "ingest",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> LoadedApp:
    folder = tmp_path_factory.mktemp("asked") / "orders"
    write(folder, {"app.py": APP + FUNCTIONS})
    app = Project(folder).load()
    return LoadedApp(app, assign(app), folder)


def test_the_stage_is_that_of_the_role_that_asked_else_of_the_stack_that_failed() -> None:
    assert [
        stage_of(Denial(principal, stack=stack), "orders")
        for principal, stack in (
            (f"{HERE}orders-prod-IngestRole-1ABCDEFGHIJK/x", "orders-dev"),
            (f"{HERE}shop-prod-IngestRole-1ABCDEFGHIJK/x", "orders-dev"),
            (None, "orders-dev"),
            (None, "orders-dev-child"),
            (None, "shop-dev"),
            (None, None),
        )
    ] == ["prod", "dev", "dev", "dev-child", None, None]


@pytest.mark.parametrize("told", ASKED)
def test_who_asked_is_a_function_where_the_denial_names_it_and_this_app(told: str, orders: LoadedApp) -> None:
    denial, expected = ASKED[told]
    assert function_of(orders, denial) == expected


def test_an_operation_of_several_services_is_of_those_that_whoever_asked_deals_with(orders: LoadedApp) -> None:
    queues, tags = Denial(operation="ListQueues"), Denial(operation="TagResource")
    assert [("sqs:ListQueues",)] * 2 == [actions_of(queues, orders, who) for who in (None, "ingest")]
    assert actions_of(queues, None, None) == actions_of(queues, orders, "send") != ("sqs:ListQueues",)
    assert ("s3:GetObject",) == actions_of(Denial(operation="CopyObject"), None, None), "each client's first alone"
    assert ("s3:TagResource",) == actions_of(tags, None, None)
    assert ("logs:TagResource",) == actions_of(tags, orders, "send")
