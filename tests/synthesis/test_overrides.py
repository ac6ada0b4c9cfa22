"""An override that breaks what an app uses stops its build, with all that breaks, unless a reason accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import App, Function, Grant, Reason
from remit.errors import Origin, RemitError
from remit.iam.policy import Globs, Statement
from remit.roles.assign import assign
from remit.synthesis.overrides import notes_on_overrides
from remit.triggers.sqs import Sqs

if TYPE_CHECKING:
    from pathlib import Path

SETTING: Final = Origin("config/deploy.py", 5, 5)
TAKES: Final = "hello takes messages from queue orders"
LOGS: Final = "warning: hello writes its logs, but without logs:CreateLogStream, logs:PutLogEvents on "


def grant(effect: str, *actions: str) -> Grant:
    statement = Statement(effect, Globs(actions), Globs(("*",)))  # type: ignore[arg-type]
    return Grant(statement, Reason("text", "x"), Origin("config/deploy.py", 9, 1))


def app(*triggers: Any, policy: tuple[Grant, ...] | None = (), **fields: Any) -> App:
    hello = Function("hello", "Hello", "app.hello", {}, triggers)
    return App("shop", "dev", (hello,), default_policy=policy, default_policy_origin=SETTING, **fields)


def noted(folder: Path, declared: App, accept: str | None = None) -> tuple[str, ...]:
    return notes_on_overrides(declared, assign(declared), accept, folder)


def refused(folder: Path, declared: App) -> RemitError:
    with pytest.raises(RemitError) as caught:
        noted(folder, declared)
    return caught.value


ORDERS: Final = Sqs("arn:aws:sqs:us-east-1:123456789012:orders")


def test_a_warning_is_told_with_its_line_and_stops_nothing(tmp_path: Path) -> None:
    (note,) = noted(tmp_path, app())
    assert note.startswith(LOGS)
    assert note.endswith(f"\n  --> {SETTING}")


def test_a_reason_accepts_what_would_stop_the_build_and_is_told_where_nothing_would(tmp_path: Path) -> None:
    logs, taken = noted(tmp_path, app(ORDERS), "another  team\n reads it")
    assert logs.startswith(LOGS)
    assert taken.startswith(f"accepted (another team reads it): {TAKES}, but without sqs:ReceiveMessage, ")
    unused = "warning: nothing needs --accept: no override stops the build"
    assert (unused,) == noted(tmp_path, app(policy=None), "a-1") == noted(tmp_path, app(), "a-1")[1:]
    for reason in ("", "--", " \n"):
        with pytest.raises(RemitError, match="--accept needs a reason"):
            noted(tmp_path, app(policy=None), reason)


def test_a_reason_of_the_project_accepts_before_that_of_the_command_and_warnings_as_well(tmp_path: Path) -> None:
    moved = app(ORDERS, allowed={"R704": ("it is moved", None)})
    (taken,) = noted(tmp_path, moved, "a-1")
    assert taken.startswith(f"accepted (it is moved): {TAKES}, ")
    assert (taken,) == noted(tmp_path, moved)


def test_all_that_breaks_is_told_in_one_error_with_a_way_for_each(tmp_path: Path) -> None:
    replaced = refused(tmp_path, app(ORDERS))
    first, broken, logs = replaced.message.splitlines()
    assert "`config.lambda_.iam.default_policy` replaces the computed default and breaks what the app uses:" == first
    assert broken.startswith(f"  {TAKES}, but without sqs:ReceiveMessage, ")
    assert logs.startswith("  (a warning) hello writes its logs, ")
    ways = "`config.lambda_.iam.default_policy += [...]`: sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes"
    assert f"add to it with {ways}; or continue with --accept REASON" == replaced.hint
    assert SETTING == replaced.origin


def test_what_a_deny_or_a_boundary_forbids_is_not_told_as_something_to_add(tmp_path: Path) -> None:
    everything, denied = grant("Allow", "*"), grant("Deny", "sqs:DeleteMessage")
    forbidden = refused(tmp_path, app(ORDERS, policy=(everything, denied)))
    assert "narrow the Deny; or continue with --accept REASON" == forbidden.hint
    both = refused(tmp_path, app(ORDERS, policy=(grant("Allow", "sqs:DeleteMessage"), denied)))
    ways = "add to it with `config.lambda_.iam.default_policy += [...]`: sqs:ReceiveMessage, sqs:GetQueueAttributes"
    assert f"{ways}; narrow the Deny; or continue with --accept REASON" == both.hint
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    bounded = refused(tmp_path, app(ORDERS, policy=(everything,), boundary=boundary))
    assert bounded.message.startswith("`config.lambda_.iam.permissions_boundary` forbids what the app uses:\n")
    assert "widen the permissions boundary; or continue with --accept REASON" == bounded.hint
    mixed = refused(tmp_path, app(ORDERS, policy=(grant("Allow", "sqs:DeleteMessage"),), boundary=boundary))
    assert "replaces the computed default and breaks" in mixed.message.splitlines()[0]
    assert str(mixed.hint).endswith("; widen the permissions boundary; or continue with --accept REASON")
    hello = Function("hello", "Hello", "app.hello", {}, (ORDERS,), policy=(denied,))
    by_a_line = refused(tmp_path, App("shop", "dev", (hello,)))
    assert by_a_line.message.startswith("a Deny forbids what the app uses:\n")
    assert "config/deploy.py:9:1" == str(by_a_line.origin)
