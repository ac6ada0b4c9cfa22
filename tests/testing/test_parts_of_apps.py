"""Parts of an app under test, without an AWS: the event that a function gets, and the uses that the project keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.testing.local_app import AppOfTests, LocalApp, _append

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conftest import Make

APP = "@app.function(http(auth='NONE'))\ndef order(event, context): ...\n"


@pytest.mark.parametrize(
    ("event", "request_line", "expected"),
    [
        ("tea", "POST /", "tea"),
        ({"tea": 1}, "POST /", '{"tea": 1}'),
        (0, "POST /", "0"),
        (None, "POST /", None),
        (None, None, {}),
        (0, None, 0),
    ],
)
def test_a_function_gets_an_event_as_it_is_or_as_the_body_of_a_request(
    make: Make, tmp_path: Path, event: Any, request_line: str | None, expected: Any
) -> None:
    app = LocalApp(AppOfTests(make(app=APP).folder, None, tmp_path))
    got = app._event("order", event, request_line, None)
    assert expected == (got if request_line is None else got.get("body"))


def test_each_use_is_kept_once_and_no_more_where_the_days_file_is_full(tmp_path: Path) -> None:
    source, kept = tmp_path / "day.jsonl", tmp_path / "seen" / "day.jsonl"
    for text in ("1\n2\n", "2\n3\n"):
        source.write_text(text)
        _append(source, kept)
    assert "1\n2\n3\n" == kept.read_text()
    with kept.open("wb") as full:
        full.truncate(4 * 1024 * 1024 + 1)
    _append(source, kept)
    assert 4 * 1024 * 1024 + 1 == kept.stat().st_size
