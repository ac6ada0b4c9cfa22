"""The query that sums up CloudTrail's logs where they lie as a table: in Parquet files (DuckDB), or in Athena.

The columns are those of the table that AWS's documentation makes for CloudTrail's logs.

Source: "Create the table for CloudTrail logs in Athena" (Amazon Athena User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.audit.trail import DENIED_SIGNS, LoggedCall, TrailSummary
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TABLE: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+){0,2}")
_QUERY: Final = """SELECT principal, eventsource, eventname,
  max(CASE WHEN denied = 0 THEN eventtime END) AS last_use,
  min(eventtime) AS first_event, max(eventtime) AS last_event,
  count(*) AS events, sum(denied) AS denied, max(is_data) AS is_data
FROM (
  SELECT eventsource, eventname, CAST(eventtime AS VARCHAR) AS eventtime,
    CASE WHEN {denied} THEN 1 ELSE 0 END AS denied,
    CASE WHEN eventcategory = 'Data' THEN 1 ELSE 0 END AS is_data,
    coalesce(
      useridentity.sessioncontext.sessionissuer.arn, CASE WHEN useridentity.type = 'IAMUser' THEN useridentity.arn END
    ) AS principal
  FROM {table}
)
GROUP BY principal, eventsource, eventname"""


def athena_query(table: str) -> str:
    """The query on a table of Athena. RemitError: that is no name of a table."""
    if not _TABLE.fullmatch(table):
        raise RemitError(f"{table!r} is no name of a table", hint="write TABLE or DATABASE.TABLE")
    return _query(table)


def _query(table: str) -> str:
    denied = " OR ".join(f"errorcode LIKE '%{sign}%'" for sign in DENIED_SIGNS)
    return _QUERY.format(table=table, denied=denied)


def summed_up_parquet(files: Sequence[str]) -> TrailSummary:
    """What Parquet files of logs hold. RemitError: DuckDB is not installed, or cannot read them as such."""
    try:
        import duckdb  # noqa: PLC0415 - of the extra `audit`
    except ImportError:
        hint = "pip install 'remit[audit]'"
        raise RemitError("Parquet is read with DuckDB, which is not installed", hint=hint) from None
    try:
        rows = duckdb.execute(_query("read_parquet(?, union_by_name = true)"), [list(files)]).fetchall()
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise RemitError(f"{files[0]} cannot be read as CloudTrail's logs in Parquet: {reason}") from None
    summary = summary_of_rows(rows)
    summary.files = len(files)
    return summary


def summary_of_rows(rows: Iterable[Sequence[Any]]) -> TrailSummary:
    """What the rows of the query say; numbers may be texts, as Athena gives them."""
    summary = TrailSummary()
    for principal, source, name, last_use, first, last, events, denied, is_data in rows:
        summary.events += int(events)
        summary.denied += int(denied)
        summary.first = min(filter(None, (summary.first, str(first))), default="")
        summary.last = max(summary.last, str(last))
        if int(is_data):
            summary.data_sources.add(str(source))
        if principal and last_use:
            summary.last_calls[LoggedCall(str(principal), str(source), str(name))] = str(last_use)
    return summary
