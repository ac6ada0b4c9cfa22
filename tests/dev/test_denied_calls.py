"""Denied calls: each is told once, with the grant that would allow it, which is written on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.dev.denied_calls import DeniedCalls
from remit.dev.events import CallDenied
from remit.errors import RemitError
from remit.local.authorization.access_log import AccessRecord

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
APP = "@app.function(policy=[dynamodb.query('orders')])\ndef report(event, context): ...\n"


def access(**changes: Any) -> AccessRecord:
    values: dict[str, Any] = {
        "time": "2026-11-27T12:00:00Z", "caller": "arn:aws:sts::000000000000:assumed-role/report/report",
        "function": "orders-dev-report", "request_id": "1", "operation": "PutItem", "action": "dynamodb:PutItem",
        "resource": TABLE, "decision": "denied", "because": "no statement allows it", "statement": "",
        "file": "app.py", "line": 12, "refused": True,
    }  # fmt: skip
    return AccessRecord(**values | changes)


def denied_calls(project: Project) -> DeniedCalls:
    return DeniedCalls(project.folder, None, project.load(), "000000000000")


def test_a_denied_call_is_told_once_with_its_place_and_the_grant_that_it_lacks(make: Make) -> None:
    calls = denied_calls(make(app=APP))
    expected = CallDenied(
        "report", "dynamodb:PutItem", TABLE, "app.py", 12, 'dynamodb.put("orders")', "no statement allows it"
    )
    assert [expected, None] == [calls.add(access()), calls.add(access(line=20))]
    assert None is not calls.add(access(resource=f"{TABLE}-2"))
    assert None is not calls.add(access(action="dynamodb:DeleteItem"))


def test_what_another_function_is_denied_is_not_the_apps(make: Make) -> None:
    own_role = "@app.function(properties={'Role': 'arn:aws:iam::111122223333:role/x'})\ndef own(event, context): ...\n"
    calls = denied_calls(make(app=APP + own_role))
    assert [None, None] == [calls.add(access(function=f"{name}-dev-{name}")) for name in ("billing", "own")]
    assert None is calls.add(access(function="orders-dev-own"))


def test_a_call_that_the_role_allows_gets_no_grant(make: Make) -> None:
    """A boundary, or the policy of the resource, denies it."""
    calls = denied_calls(make(app=APP))
    call = calls.add(access(action="dynamodb:Query"))
    assert call is not None
    assert "" == call.item
    with pytest.raises(RemitError, match="there is nothing to write"):
        calls.write_last()


def test_the_grant_of_the_last_call_is_written_and_then_that_of_the_one_before(make: Make) -> None:
    project = make(app=APP)
    calls = denied_calls(project)
    calls.add(access())
    calls.add(access(action="dynamodb:DeleteItem"))
    assert "dynamodb.delete(" in calls.write_last().diff
    assert "dynamodb.put(" in calls.write_last().diff
    expected = 'policy=[dynamodb.query(\'orders\'), dynamodb.delete("orders"), dynamodb.put("orders")]'
    assert expected in (project.folder / "app.py").read_text()
    with pytest.raises(RemitError, match="there is nothing to write"):
        calls.write_last()


def test_a_grant_that_cannot_be_written_stays_to_be_written(make: Make) -> None:
    project = make(app=APP)
    calls = denied_calls(project)
    calls.add(access())
    source = (project.folder / "app.py").read_text()
    (project.folder / "app.py").write_text(source.replace("policy=[", "policy=[] + ["))
    with pytest.raises(RemitError, match="its policy is computed"):
        calls.write_last()
    (project.folder / "app.py").write_text(source)
    assert "dynamodb.put(" in calls.write_last().diff


def test_a_grant_of_a_function_that_is_gone_is_refused_and_stays_to_be_written(make: Make) -> None:
    project = make(app=APP)
    calls = denied_calls(project)
    calls.add(access())
    source = (project.folder / "app.py").read_text()
    (project.folder / "app.py").write_text(source.replace("def report", "def summary"))
    with pytest.raises(RemitError, match="there is no report any more to write a grant for"):
        calls.write_last()
    (project.folder / "app.py").write_text(source)
    assert "dynamodb.put(" in calls.write_last().diff


def test_the_grant_is_written_into_the_function_of_the_stage_that_runs(make: Make) -> None:
    in_prod = "from remit import project\nif project.stage == 'prod':\n    " + APP.replace("\ndef", "\n    def")
    project = make(config='config.stages = ["prod"]', app=in_prod)
    calls = DeniedCalls(project.folder, "prod", project.load("prod"), "000000000000")
    calls.add(access(function="orders-prod-report"))
    assert "dynamodb.put(" in calls.write_last().diff
