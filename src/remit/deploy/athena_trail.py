"""Sum up CloudTrail's logs by Athena, where they stay in AWS: run the query, wait, read its rows."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any, Final

from remit.audit.trail_query import athena_query, summary_of_rows
from remit.deploy.aws_errors import remit_errors
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.audit.trail import TrailSummary
    from remit.deploy.session import Account

_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)
_LONGEST_PAUSE: Final = 2.0
"""Seconds between questions about a query: a short one is answered soon, a long one is not asked about often."""
_RUNNING: Final = ("QUEUED", "RUNNING")


def summed_up_by_athena(
    account: Account,
    table: str,
    *,
    workgroup: str | None = None,
    output: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrailSummary:
    """Sum the logs up in a table of Athena. RemitError: AWS refuses, or the query fails.

    Ctrl-C stops the query in Athena, too.
    """
    athena = account.client("athena")
    arguments: dict[str, Any] = {"QueryString": athena_query(table)}
    if workgroup:
        arguments["WorkGroup"] = workgroup
    if output:
        arguments["ResultConfiguration"] = {"OutputLocation": output}
    with remit_errors():
        identifier = athena.start_query_execution(**arguments)["QueryExecutionId"]
        try:
            state = _ended_state(athena, identifier, progress)
        except KeyboardInterrupt:
            athena.stop_query_execution(QueryExecutionId=identifier)  # what it reads is paid for
            raise
        if state["State"] != "SUCCEEDED":
            reason = state.get("StateChangeReason", "Athena gives no reason")
            raise RemitError(f"the query of Athena ended as {state['State']}: {reason}", exit_code=1)
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=identifier)
        rows = (row["Data"] for page in pages for row in page["ResultSet"]["Rows"])
        next(rows, None)  # Athena gives the names of the columns as the first row of the first page
        summary = summary_of_rows([cell.get("VarCharValue") for cell in row] for row in rows)
    summary.name = table
    return summary


def _ended_state(athena: Any, identifier: str, progress: Callable[[str], None]) -> dict[str, Any]:
    """Wait until a query has ended, and return its status, of whatever state: a failed one is no error here.

    `progress` hears of each look; the pauses grow, and the wait has no end of its own.
    """
    for pause in itertools.chain(_PAUSES, itertools.repeat(_LONGEST_PAUSE)):
        execution = athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]
        status: dict[str, Any] = execution["Status"]
        if status["State"] not in _RUNNING:
            return status
        scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        progress(f"Athena: {status['State'].lower()}, {scanned / 1e9:,.1f} GB read")
        time.sleep(pause)
    raise AssertionError("the pauses never end")
