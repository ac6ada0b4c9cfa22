"""`remit local`, as a person and as a program sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from remit.cli import main
from remit.local import aws

if TYPE_CHECKING:
    from pathlib import Path


def remit(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["local", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_start_tells_how_to_point_tools_at_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert remit("start", "-C", str(project)) == 0
    running = aws.find(project)
    assert running is not None
    printed = capsys.readouterr()
    assert printed.err == "starting the AWS on this machine ...\n"
    assert printed.out.splitlines() == [
        f"the AWS on this machine answers at {running.url} (region us-east-1, account 000000000000)",
        "",
        "To point AWS tools at it:",
        f"export AWS_ENDPOINT_URL={running.url}",
        "export AWS_REGION=us-east-1",
        "export AWS_DEFAULT_REGION=us-east-1",
        f"export AWS_ACCESS_KEY_ID={running.access_key_id}",
        f"export AWS_SECRET_ACCESS_KEY={running.secret_access_key}",
        "export AWS_SESSION_TOKEN=",
    ]


def test_json_says_the_same_to_programs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert remit("start", "--json", "-C", str(project)) == 0
    started = json.loads(capsys.readouterr().out)
    assert (started["running"], started["environment"]["AWS_ENDPOINT_URL"]) == (True, started["url"])
    assert "*" not in "".join(started["environment"].values())  # a program reads the keys of this machine here
    assert remit("status", "--json", "-C", str(project)) == 0
    assert json.loads(capsys.readouterr().out).items() >= started.items()
    assert remit("reset", "--json", "-C", str(project)) == 0
    assert json.loads(capsys.readouterr().out) == {"reset": True, "running": True}
    assert remit("stop", "--json", "-C", str(project)) == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": True, "unsaved": None}


def test_each_says_what_it_did_when_nothing_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("status", "stop", "reset"):
        assert remit(name, "-C", str(project)) == 0
    printed = capsys.readouterr().out.splitlines()
    root = project / ".remit" / "local"
    assert printed == [
        "not running (`remit local start` starts it)",
        f"state: {root / 'state'} (none)",
        f"log: {root / 'server.log'}",
        "it was not running",
        "reset: it holds nothing now, and is not running",
    ]


def test_a_mistake_is_a_sentence_and_status_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert remit("start", "-C", str(project), "--region", "mars") == 2
    assert capsys.readouterr().err.startswith("error: 'mars' is not a region\nhint: ")


@pytest.mark.parametrize("name", ["start", "stop", "reset", "status"])
def test_help_shows_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert remit(name, "--help") == 0
    assert f"Examples:\n    remit local {name}" in capsys.readouterr().out.replace("      ", "    ")
