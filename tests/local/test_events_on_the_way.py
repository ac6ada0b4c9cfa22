"""An event that is on its way is in a file until it is delivered, and one that cannot be written is no error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from remit.local.event_sources.asynchronous_invocations import EventsOnTheWay

if TYPE_CHECKING:
    from pathlib import Path


def test_an_event_is_in_a_file_with_its_place_until_it_is_forgotten(tmp_path: Path) -> None:
    events = EventsOnTheWay(tmp_path / "on-the-way")
    path = events.write_down({"event": {"a": 1}})
    assert path is not None
    content = json.loads(path.read_text("utf-8"))
    assert ({"a": 1}, {"Partition", "Region", "Account"}) == (content["event"], content["place"].keys())
    events.forget(path)
    events.forget(path)
    assert [] == list(events.folder.iterdir())


@pytest.mark.parametrize("event", [b"bytes", {1, 2}])
def test_what_is_no_json_is_not_kept(tmp_path: Path, event: object) -> None:
    assert EventsOnTheWay(tmp_path).write_down({"event": event}) is None
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert EventsOnTheWay(tmp_path / "file").write_down({"event": 1}) is None
