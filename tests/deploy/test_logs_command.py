"""`remit logs`: what functions print, of one or of all, as text and as JSON, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

from random_cases import in_all_cases
from terminals import QuickTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APP = """
from remit import App

app = App()


@app.function
def report(event, context):
    print("reported", event.get("what", "nothing"))


@app.function
def ingest(event, context):
    print("ingested")
"""


def test_logs_of_one_function_or_of_all_are_printed_and_followed_until_ctrl_c(
    project: Path, remit: Callable[..., tuple[int, str, str]]
) -> None:
    (project / "app.py").write_text(APP)
    assert 2 == remit("logs", "report")[0]
    assert 0 == remit("deploy", "--yes")[0]
    assert 0 == remit("invoke", "report", "--event", '{"what": "orders"}')[0]
    assert 0 == remit("invoke", "ingest")[0]

    status, out, _ = remit("logs", "--filter", "ted")
    printed = [line.split("  ")[1:] for line in out.splitlines()]
    assert (0, [["report", "reported orders"], ["ingest", "ingested"]]) == (status, printed)

    lines = [json.loads(line) for line in remit("logs", "report", "--json", "--filter", "reported")[1].splitlines()]
    assert [("report", "reported orders")] == [(line["function"], line["message"]) for line in lines]
    assert ["time", "function", "stream", "message"] == list(lines[0])

    assert (0, "") == remit("logs", "--since", "2999-01-01")[:2]
    assert (2, "") == remit("logs", "nobody")[:2], "the logs of the others are not those of nobody"

    person = QuickTerminal(project, "logs", "--local", "-f", "--filter", "ted")
    person.until("reported orders")
    assert 0 == remit("invoke", "report", "--event", '{"what": "more"}')[0]
    person.until("reported more")
    os.killpg(person.process.pid, signal.SIGINT)
    status, rest = person.end()
    assert (130, "") == (status, rest.strip().replace("\x1b[0m", ""))


def test_a_function_or_a_time_that_is_wrong_is_told_with_what_is_right(
    project: Path, remit: Callable[..., tuple[int, str, str]]
) -> None:
    assert project.exists()
    assert "hint: did you mean `report`?" in remit("logs", "reprt")[2]
    assert "hint: write 90s, 10m, 2h, 7d" in remit("logs", "--since", "yesterday")[2]
    assert "error: orders-dev is not deployed in eu-central-1" in remit("logs")[2]


@in_all_cases
def test_logs_in_one_group_are_told_apart_by_function(
    project: Path, remit: Callable[..., tuple[int, str, str]]
) -> None:
    (project / "app.py").write_text(f"from remit import config\nconfig.lambda_.share_log_group = True\n{APP}")
    assert 0 == remit("deploy", "--yes")[0]
    assert [0, 0] == [remit("invoke", name)[0] for name in ("report", "ingest")]
    for name, line in (("report", "reported nothing"), ("ingest", "ingested")):
        printed = [json.loads(text) for text in remit("logs", name, "--json", "--filter", "ed")[1].splitlines()]
        assert [(name, line)] == [
            (text["function"], text["message"]) for text in printed if "Id" not in text["message"]
        ]
    printed = [line.split("  ")[1:] for line in remit("logs", "--filter", "ed")[1].splitlines() if "Id" not in line]
    assert [["report", "reported nothing"], ["ingest", "ingested"]] == printed
    assert 2 == remit("logs", "nobody")[0]
