"""Denied calls: each is told once, with the grant that would allow it, which is written on demand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.answers.grant_edit import spelled_grant
from remit.dev import denied_calls as steps
from remit.dev.denied_calls import DeniedCalls
from remit.dev.events import CallDenied, GrantWritten
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


def test_a_call_gets_the_grant_of_its_account_where_the_role_denies_it_or_allows_it_at_times(make: Make) -> None:
    statement = {
        "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::data/*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-12345678"}},
    }  # fmt: skip
    project = make(app=f"@app.function(policy=[{statement}])\ndef report(event, context): ...\n")
    calls, app = denied_calls(project), project.load()
    key = "arn:aws:kms:us-east-1:000000000000:key/0123"
    for action, resource in (("s3:DeleteObject", "arn:aws:s3:::data/a"), ("kms:Decrypt", key)):
        item = spelled_grant(app, app.functions[0], action, resource, project.folder, account="000000000000")
        call = calls.add(access(action=action, resource=resource, file="shop/a.py", because="why"))
        assert CallDenied("report", action, resource, "shop/a.py", 12, item, "why") == call
        assert item
    assert item != spelled_grant(app, app.functions[0], "kms:Decrypt", key, project.folder)


def test_a_grant_is_made_of_the_source_as_it_is_now_for_the_last_call_until_it_is_written(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(app=APP)
    calls = DeniedCalls(project.folder, "prod", project.load(), "1")
    last = CallDenied("Closing", "sqs:SendMessage", "arn:q", "shop/a.py", 3, "sqs.send()", "why")
    calls._to_write = [CallDenied("report", "s3:GetObject", "*", "b.py", 1, "s3.read()", "why"), last]
    namesake, asker = (SimpleNamespace(name=name, listed_as=id_) for name, id_ in (("Closing", "C"), ("x", "Closing")))
    app = SimpleNamespace(triggered=(namesake, asker))
    asked: list[Any] = []
    errors = [RemitError("shared/app.py was changed meanwhile")]

    def write() -> None:
        if errors:
            raise errors.pop()

    def edit(*given: Any, **options: Any) -> Any:
        asked.append((given, options))
        return SimpleNamespace(name="shared/app.py", diff="+a", write=write)

    monkeypatch.setattr(steps, "load", lambda *given: asked.append(given) or app)
    monkeypatch.setattr(steps, "grant_edit", edit)
    with pytest.raises(RemitError, match="was changed meanwhile"):
        calls.write_last()
    assert GrantWritten("shared/app.py", "+a") == calls.write_last()
    edited = ((app, asker, "sqs:SendMessage", "arn:q", project.folder), {"account": "1"})
    assert [(project.folder, "prod"), edited] * 2 == asked
    assert ["report"] == [call.function for call in calls._to_write]
