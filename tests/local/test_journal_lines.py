"""The journal's lines by themselves: which messages are written, and what a save sets aside."""

from __future__ import annotations

import json
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied
from remit.local.journal import Journal, _Changes, _lines

if TYPE_CHECKING:
    from pathlib import Path

QUEUE_ARN: Final = "arn:aws:sqs:eu-west-1:1:q"


def written(path: Path) -> list[Any]:
    """The lines of a journal, each of which begins a line."""
    text = path.read_text()
    assert text.startswith("\n")
    return [json.loads(line) for line in text.removeprefix("\n").split("\n")]


@pytest.mark.parametrize("before", [[], [{"id": "a"}], [{"id": "a"}, {"id": "b"}]])
@pytest.mark.parametrize("new", [[], [{"id": "x"}], [{"id": "x"}, {"id": "y"}]])
def test_the_messages_that_a_send_has_added_are_written_the_newest_first(
    tmp_path: Path, before: list[Any], new: list[Any]
) -> None:
    journal = Journal(tmp_path / "state" / "messages.jsonl")
    queue = {"attributes": {"QueueArn": QUEUE_ARN}, "messages": [*before]}
    with journal._written_down(queue):
        queue["messages"] += new
    if not new:
        assert not journal.path.exists()
        return
    assert [{"queue": QUEUE_ARN, "message": message} for message in reversed(new)] == written(journal.path)


def test_nothing_is_written_of_a_send_that_fails_or_of_no_queue(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    queue: dict[str, Any] = {"attributes": {"QueueArn": QUEUE_ARN}, "messages": []}
    with suppress(KeyError), journal._written_down(queue):
        queue["messages"].append({"id": "x"})
        raise KeyError
    with journal._written_down(None):
        pass
    assert not journal.path.exists()


def test_what_a_save_sets_aside_is_forgotten_once_it_has_ended_and_kept_where_it_has_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    aside = tmp_path / "messages.saving"
    journal.begin_save()  # of nothing
    assert not aside.exists()
    journal._append({"n": 1})
    journal._written["sqs", "queues", ("1", "r", "q")] = 5
    journal.begin_save()
    assert ({}, False, [{"n": 1}]) == (journal._written, journal.path.exists(), written(aside))
    journal._append({"n": 2})
    journal.begin_save()  # the save before was cut off
    assert (False, [{"n": 1}, {"n": 2}]) == (journal.path.exists(), written(aside))
    journal._append({"n": 3})
    journal.end_save()
    assert (False, [{"n": 3}]) == (aside.exists(), written(journal.path))
    journal.end_save()
    assert ["", '{"n": 3}'] == _lines(journal.path)
    assert [] == _lines(aside)


def test_a_journal_that_cannot_be_written_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "messages.jsonl")
    journal._append({"n": 1})
    journal.begin_save()
    journal.end_save()
    assert [] == _lines(journal.path)


def test_entries_that_a_request_changed_are_written_and_those_that_it_only_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "messages.jsonl")
    kept = {"Value": "1", "History": ["a"]}
    data = {("1", "r", name): {"Value": name} for name in ("new", "changed")} | {("1", "r", "kept"): kept}
    copied(monkeypatch, "services.ssm", _parameters=SimpleNamespace(_data=data))

    def lines(**before: Any) -> dict[str, Any]:
        entries = {("ssm", "parameters", ("1", "r", name)): entry for name, entry in before.items()}
        found = list(journal._entries(_Changes(entries=entries)))
        assert all(("ssm", "parameters") == (line["service"], line["store"]) for line in found)
        return {line["place"][2]: line["entry"] for line in found}

    assert {"new": {"Value": "new"}, "changed": {"Value": "changed"}, "gone": None} == lines(
        new=None, changed={"Value": "changed"}, gone={"Value": "x"}, never=None
    )
    assert {"kept": kept} == lines(kept=kept)
    assert {} == lines(kept=kept)
    kept["History"].append("b")  # type: ignore[attr-defined]
    assert {"kept": kept} == lines(kept=kept)
    assert {"kept": kept} == lines(kept={**kept})  # another object is a change
