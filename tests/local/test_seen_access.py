"""The access that functions were seen to use is kept in the project: bounded, without keys of items, each kind once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from remit.local.authorization.access_log import AccessLog, AccessRecord, SeenAccess, without_keys

if TYPE_CHECKING:
    from pathlib import Path

RECORD = AccessRecord(
    time="2026-11-27T12:00:00.000000Z",
    caller="arn:aws:sts::000000000000:assumed-role/worker/report",
    function="report",
    request_id="1",
    operation="s3:GetObject",
    action="s3:GetObject",
    resource="arn:aws:s3:::shop/orders/ada@example.com",
    decision="allowed",
    because="",
    statement="identity[0].Statement[0]",
    file="app.py",
    line=7,
    refused=False,
)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for file in sorted(folder.iterdir()) for line in file.read_text().splitlines()]


def test_a_kind_of_access_is_written_once_a_day_also_by_another_server(tmp_path: Path) -> None:
    for _ in range(2):
        seen = SeenAccess(tmp_path / "seen")
        seen.note(RECORD)
        seen.note(replace(RECORD, resource="arn:aws:s3:::shop/orders/eve", request_id="2"))
        seen.note(replace(RECORD, function=""))
    seen.note(replace(RECORD, time="2026-11-28T12:00:00.000000Z"))
    expected = {
        "function": "report", "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/*", "decision": "allowed",
        "statement": "identity[0].Statement[0]", "file": "app.py", "line": 7, "time": RECORD.time,
    }  # fmt: skip
    assert [expected, expected | {"time": "2026-11-28T12:00:00.000000Z"}] == lines(tmp_path / "seen")


def test_only_the_last_days_are_kept(tmp_path: Path) -> None:
    for day in range(1, 32):
        (tmp_path / f"2026-10-{day:02}.jsonl").write_text("")
    SeenAccess(tmp_path).note(RECORD)
    assert ("2026-10-02.jsonl", "2026-11-27.jsonl") == (min(tmp_path.iterdir()).name, max(tmp_path.iterdir()).name)


@pytest.mark.parametrize(("missing", "count"), [(1, 0), (0, 1)])
def test_the_file_of_a_day_grows_to_four_mebibytes_and_no_further(tmp_path: Path, missing: int, count: int) -> None:
    SeenAccess(tmp_path / "line").note(RECORD)
    room = (tmp_path / "line" / "2026-11-27.jsonl").stat().st_size - missing
    file = tmp_path / "2026-11-27.jsonl"
    file.write_text("\n" * (4 * 1024 * 1024 - room))
    SeenAccess(tmp_path).note(RECORD)
    assert count == file.read_text().count("s3:GetObject")


def test_a_folder_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "seen").symlink_to(tmp_path / "elsewhere")
    SeenAccess(tmp_path / "seen").note(RECORD)
    assert [] == lines(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", "*"),
        ("arn:aws:s3:::shop", "arn:aws:s3:::shop"),
        ("arn:aws:s3:::shop/in/a.txt", "arn:aws:s3:::shop/*"),
        ("arn:aws:s3:r:1:accesspoint/shop/object/in/a.txt", "arn:aws:s3:r:1:accesspoint/shop/object/*"),
        ("arn:aws:s3:r:1:accesspoint/shop", "arn:aws:s3:r:1:accesspoint/shop"),
        ("arn:aws:dynamodb:r:1:table/orders", "arn:aws:dynamodb:r:1:table/orders"),
        ("arn:aws:execute-api:r:1:a/prod/POST/@connections/x=", "arn:aws:execute-api:r:1:a/prod/POST/@connections/*"),
        ("arn:aws:logs:r:1:log-group:/a:log-stream:s", "arn:aws:logs:r:1:log-group:/a:log-stream:*"),
        ("+15550100", "(no ARN)"),
    ],
)
def test_resources_are_without_what_names_one_item(resource: str, expected: str) -> None:
    assert expected == without_keys(resource)


def test_the_log_gives_what_came_after_a_number() -> None:
    log = AccessLog()
    for number in range(6000):
        log.add(replace(RECORD, line=number))
    assert (6000, [5998, 5999]) == (log.after(5998)["last"], [record["line"] for record in log.after(5998)["records"]])
    assert (5000, 0, 0) == tuple(len(log.after(number)["records"]) for number in (0, 6000, 1 << 60))
    assert 5000 == len(log.records_after({"after": "-1"})["records"])
