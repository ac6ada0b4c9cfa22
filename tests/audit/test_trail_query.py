"""The query on tables of logs gives what the log files themselves give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from audit_accounts import ACCOUNT, OTHER
from remit.audit.trail import LoggedCall
from remit.audit.trail_query import athena_query, summary_of_rows
from remit.audit.workers import summed_up_trail
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

X = f"arn:aws:iam::{ACCOUNT}:role/x"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
DENIED = "Client.UnauthorizedOperation"
EVENTS = (
    ("AssumedRole", "session", X, "2026-11-20T10:00:00Z", "ec2.amazonaws.com", "StartInstances", None, "Management"),
    ("AssumedRole", "session", X, "2026-11-22T10:00:00Z", "ec2.amazonaws.com", "StartInstances", DENIED, ""),
    ("IAMUser", ANN, None, "2026-11-21T10:00:00Z", "s3.amazonaws.com", "GetObject", None, "Data"),
    ("AWSService", None, None, "2026-11-21T11:00:00Z", "sts.amazonaws.com", "AssumeRole", None, "Management"),
)  # fmt: skip


def parquet(path: Path) -> None:
    identity = "{'type': ?, 'arn': ?, 'sessioncontext': {'sessionissuer': {'arn': ?}}}"
    names = ("eventtime", "eventsource", "eventname", "errorcode", "eventcategory")
    columns = ", ".join((f"{identity} AS useridentity", *(f"? AS {name}" for name in names)))
    selects = " UNION ALL ".join(f"SELECT {columns}" for _ in EVENTS)
    values = [value for event in EVENTS for value in event]
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"COPY ({selects}) TO '{path}' (FORMAT parquet)", values)


def test_parquet_files_are_summed_up(tmp_path: Path) -> None:
    parquet(tmp_path / "logs" / "a.parquet")
    summary = summed_up_trail(tmp_path)
    assert {
        LoggedCall(X, "ec2.amazonaws.com", "StartInstances"): "2026-11-20T10:00:00Z",
        LoggedCall(ANN, "s3.amazonaws.com", "GetObject"): "2026-11-21T10:00:00Z",
    } == summary.last_calls
    assert (4, 1, {(ACCOUNT, "s3.amazonaws.com")}) == (summary.events, summary.denied, summary.data_sources)
    assert ("2026-11-20T10:00:00Z", "2026-11-22T10:00:00Z") == (summary.first, summary.last)


def test_parquet_files_may_lack_columns_that_no_event_filled(tmp_path: Path) -> None:
    identity = f"{{'type': 'IAMUser', 'arn': '{ANN}', 'sessioncontext': {{'sessionissuer': {{'arn': NULL}}}}}}"
    columns = f"{identity} AS userIdentity, 'ec2.amazonaws.com' AS eventSource, 'StartInstances' AS eventName"
    duckdb.execute(f"COPY (SELECT {columns}, '2026-11-20' AS eventTime) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)")
    summary = summed_up_trail(tmp_path)
    assert {LoggedCall(ANN, "ec2.amazonaws.com", "StartInstances"): "2026-11-20"} == summary.last_calls


def test_times_in_parquet_are_written_as_events_have_them_and_insights_are_no_use(tmp_path: Path) -> None:
    identity = f"{{'type': 'IAMUser', 'arn': '{ANN}', 'sessioncontext': {{'sessionissuer': {{'arn': NULL}}}}}}"
    columns = (
        f"{identity} AS useridentity, 'ec2.amazonaws.com' AS eventsource, TIMESTAMP '2026-11-20 10:00' AS eventtime"
    )
    calls = " UNION ALL ".join(
        f"SELECT {columns}, '{name}' AS eventname, '{category}' AS eventcategory"
        for name, category in (("StartInstances", "Management"), ("StopInstances", "Insight"))
    )
    duckdb.execute(f"COPY ({calls}) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)")
    summary = summed_up_trail(tmp_path)
    assert {LoggedCall(ANN, "ec2.amazonaws.com", "StartInstances"): "2026-11-20T10:00:00Z"} == summary.last_calls


def test_parquet_of_something_else_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet")
    duckdb.execute(f"COPY (SELECT 1 AS one) TO '{tmp_path / 'b.parquet'}' (FORMAT parquet)")
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    summary = summed_up_trail(tmp_path)
    reasons = [(problem.file[-9:], problem.message.partition(": ")[0]) for problem in summary.problems]
    reason = "it cannot be read as CloudTrail's logs in Parquet"
    assert ([("b.parquet", reason), ("c.parquet", reason)], 2) == (reasons, summary.unread)
    assert 2 == len(summary.last_calls)
    (tmp_path / "b.parquet").unlink()
    assert (1, 2) == (summed_up_trail(tmp_path).unread, len(summed_up_trail(tmp_path).last_calls))


def test_rows_of_athena_are_texts() -> None:
    first, last = "2026-11-20T10:00:00Z", "2026-11-22T10:00:00Z"
    row = (X, "s3.amazonaws.com", "GetObject", OTHER, first, first, last, "2", "1", "1")
    of_aws = (None, "sts.amazonaws.com", "AssumeRole", ACCOUNT, None, first, last, "1", "1", "0")
    summary = summary_of_rows([row, of_aws])
    assert {LoggedCall(X, "s3.amazonaws.com", "GetObject"): first} == summary.last_calls
    assert (3, 2, {(OTHER, "s3.amazonaws.com")}) == (summary.events, summary.denied, summary.data_sources)
    assert {ACCOUNT, OTHER} == summary.accounts


@pytest.mark.parametrize("table", ["logs; DROP TABLE x", "", "a.b.c.d", "logs--"])
def test_a_name_that_is_no_table_is_refused(table: str) -> None:
    with pytest.raises(RemitError) as refused:
        athena_query(table)
    assert f"{table!r} is no name of a table" == refused.value.message


def test_the_query_is_on_the_table_that_was_named() -> None:
    assert "FROM audit.cloudtrail_logs\n" in athena_query("audit.cloudtrail_logs")
