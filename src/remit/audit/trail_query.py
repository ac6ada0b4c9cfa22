"""The query that sums up CloudTrail's logs where they lie as a table: in Parquet files (DuckDB), or in Athena.

The columns are those of the table that AWS's documentation makes for CloudTrail's logs.

Source: "Create the table for CloudTrail logs in Athena" (Amazon Athena User Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from remit.audit.entities import InputProblem
from remit.audit.trail import DENIED_SIGNS, DataSource, LoggedCall, TrailSummary, account_of
from remit.errors import RemitError

_OPTIONAL_COLUMNS: Final = ("errorcode", "eventcategory", "recipientaccountid")
"""What Parquet files lack that were made of events none of which has it."""
_TABLE: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+){0,2}")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_QUERY: Final = """SELECT principal, eventsource, eventname, account,
  max(CASE WHEN denied = 0 THEN eventtime END) AS last_use,
  min(eventtime) AS first_event, max(eventtime) AS last_event,
  count(*) AS events, sum(denied) AS denied, max(is_data) AS is_data
FROM (
  SELECT eventsource, eventname, CAST(eventtime AS VARCHAR) AS eventtime,
    CASE WHEN {denied} THEN 1 ELSE 0 END AS denied,
    CASE WHEN eventcategory = 'Data' THEN 1 ELSE 0 END AS is_data, recipientaccountid AS account,
    coalesce(
      useridentity.sessioncontext.sessionissuer.arn, CASE WHEN useridentity.type = 'IAMUser' THEN useridentity.arn END
    ) AS principal
  FROM {table}
  WHERE coalesce(eventcategory, '') <> 'Insight'
)
GROUP BY principal, eventsource, eventname, account"""


def athena_query(table: str) -> str:
    """The query on a table of Athena. RemitError: that is no name of a table."""
    if not _TABLE.fullmatch(table):
        raise RemitError(f"{table!r} is no name of a table", hint="write TABLE or DATABASE.TABLE")
    return _query(table)


def _query(table: str) -> str:
    denied = " OR ".join(f"errorcode LIKE '%{sign}%'" for sign in DENIED_SIGNS)
    return _QUERY.format(table=table, denied=denied)


def summed_up_parquet(files: Sequence[str]) -> TrailSummary:
    """Sum up Parquet files of logs; those that cannot be read as such are problems of the summary.

    RemitError: DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - of the extra `audit`
    except ImportError:
        hint = "pip install 'remit[audit]'"
        raise RemitError("Parquet is read with DuckDB, which is not installed", hint=hint) from None
    try:
        logs = duckdb.read_parquet(list(files), union_by_name=True)
        columns = {column.lower() for column in logs.columns}
        absent = [f"CAST(NULL AS VARCHAR) AS {name}" for name in _OPTIONAL_COLUMNS if name not in columns]
        calls = logs.project(", ".join(("*", *absent))).query("logs", _query("logs"))
        rows = [] if calls is None else calls.fetchall()
    except duckdb.Error as error:
        summary = TrailSummary()
        if len(files) == 1:
            first_line = str(error).partition("\n")[0]
            summary.unread = 1
            reason = f"it cannot be read as CloudTrail's logs in Parquet: {first_line}"
            summary.problems.append(InputProblem(files[0], reason))
            return summary
        for file in files:  # which cannot be read together
            summary.add(summed_up_parquet([file]))
        return summary
    summary = summary_of_rows(rows)
    summary.files = len(files)
    return summary


def summary_of_rows(rows: Iterable[Sequence[Any]]) -> TrailSummary:
    """Sum up the rows of the query; numbers may be texts, as Athena gives them. `files` stays 0."""
    summary = TrailSummary()
    for principal, source, name, logged_account, last_use, first, last, events, denied, is_data in rows:
        summary.events += int(events)
        summary.denied += int(denied)
        # Times are texts of one form, so that they compare as they follow.
        summary.first = min(filter(None, (summary.first, _time(first))), default="")
        summary.last = max(summary.last, _time(last))
        account = str(logged_account or account_of(str(principal or "")))
        summary.accounts.add(account)
        if int(is_data):
            summary.data_sources.add(DataSource(account, str(source)))
        if principal and last_use:
            call = LoggedCall(str(principal), str(source), str(name))
            summary.last_calls[call] = max(_time(last_use), summary.last_calls.get(call, ""))
    return summary


def _time(value: object) -> str:
    """A time as events write it, `2026-11-27T10:00:00Z`, also where the table has it as a timestamp (of UTC)."""
    text = str(value)
    return f"{text[:10]}T{text[11:19]}Z" if _TIMESTAMP.match(text) else text
