"""What a person sees of each event of `remit dev`: a line or a few, logs apart from messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from remit.cli.dev import _Screen
from remit.dev import events

if TYPE_CHECKING:
    from remit.dev.events import DevEvent

TABLE: Final = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
SHOWN: Final = (
    (events.Waiting("installing"), "installing ...\n"),
    (events.Deployed("shop-dev", changed=True, seconds=1.5), "shop-dev: deployed in 1.50 s\n"),
    (events.Deployed("shop-dev", changed=False, seconds=0.25), "shop-dev: no changes in 0.25 s\n"),
    (events.Serving("HelloUrl", "http://127.0.0.1:8000/"), "  HelloUrl  http://127.0.0.1:8000/\n"),
    (events.DebuggerWaits("report", 5678), "report waits for a debugger: attach to 127.0.0.1:5678\n"),
    (events.FilesChanged(("app.py", "b.py")), "changed: app.py, b.py\n"),
    (events.CodeServed(0.05), "the next invocation runs the new code (0.05 s)\n"),
    (
        events.CallDenied("report", "dynamodb:PutItem", TABLE, "app.py", 12, 'dynamodb.put("orders")', "why"),
        f"""denied: report may not dynamodb:PutItem at app.py:12
  on {TABLE}
  add to its policy: dynamodb.put("orders")   (w writes it)
""",
    ),
    (
        events.CallDenied("report", "dynamodb:PutItem", TABLE, "", 0, "", "the boundary denies it"),
        f"""denied: report may not dynamodb:PutItem
  on {TABLE}
  its role grants it, and something else denies it: the boundary denies it
""",
    ),
    (
        events.CallUnknown("report", "ListQueues", "aws:SourceIp is not known", refused=True),
        "not checked: ListQueues of report was refused: aws:SourceIp is not known\n",
    ),
    (
        events.CallUnknown("report", "ListQueues", "aws:SourceIp is not known", refused=False),
        "not checked: ListQueues of report was let through: aws:SourceIp is not known\n",
    ),
    (events.GrantWritten("app.py", "-policy=[]\n+policy=[a]\n"), "-policy=[]\n+policy=[a]\n"),
    (events.WentWrong("no such file", None, None, None), "error: no such file\n"),
    (events.WentWrong("a mistake", "look", "app.py", 3), "error: a mistake\n  --> app.py:3\nhint: look\n"),
    (events.WentWrong("a mistake", None, "app.py", None), "error: a mistake\n  --> app.py\n"),
)


@pytest.mark.parametrize(("event", "text"), SHOWN)
def test_an_event_is_told_on_standard_error(event: DevEvent, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    _Screen().show(event)
    assert ("", text) == capsys.readouterr()


def test_a_line_of_a_log_is_the_answer_and_those_of_lambda_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    screen = _Screen()
    of_lambda = ("INIT_START Runtime Version: python:3.13", "START RequestId: 1 Version: $LATEST", "END RequestId: 1",
                 "REPORT RequestId: 1\tDuration: 1.00 ms", "XRAY TraceId: 1-2\tSegmentId: 3")  # fmt: skip
    for message in (*of_lambda, "START reading orders"):
        screen.show(events.Logged("2026-12-01T10:11:12.345Z", "hello", message))
    assert ("10:11:12.345Z  hello  START reading orders\n", "") == capsys.readouterr()


def test_each_kind_of_event_is_shown() -> None:
    kinds = {event.kind for event, _ in SHOWN}
    assert {kind.kind for kind in events.DevEvent.__subclasses__()} == kinds | {events.Logged.kind}
