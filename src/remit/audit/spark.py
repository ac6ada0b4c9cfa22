"""Run the chunks of an audit on Spark, local or a cluster whose workers see the same files: the same results again.

Needs the extra `remit[spark]`, and Java 17 or later.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from remit.audit.workers import all_audited, parts_of
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.account_audit import AuditedAccount, Chunk

_CHUNKS_PER_CORE: Final = 4


def run_on_spark(chunk: Chunk, master: str) -> Iterator[AuditedAccount]:
    """The results of all accounts of a chunk, in their order, by Spark at `local[2]`, `spark://host:7077` and the like.

    RemitError: pyspark is not installed, or Spark does not start.
    """
    if not chunk.works:
        return
    context = _context(master)
    parts = parts_of(chunk, context.defaultParallelism * _CHUNKS_PER_CORE)
    try:
        results_of_parts = context.parallelize(parts, len(parts)).map(all_audited).collect()
    except Exception as error:
        hint = "its workers need the same Python with remit (PYSPARK_PYTHON), and the same files at the same paths"
        raise RemitError(f"Spark failed: {_first_line(error)}", hint=hint, exit_code=1) from error
    finally:
        context.stop()
    for results in results_of_parts:
        yield from results


def _context(master: str) -> Any:
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - of the extra `spark`
    except ImportError:
        raise RemitError("Spark is not installed", hint="pip install 'remit[spark]'") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setMaster(master).setAppName("remit audit").set("spark.ui.enabled", "false")
    try:
        return SparkContext.getOrCreate(settings)
    except Exception as error:  # pyspark raises errors of many kinds, of its own and of Java's
        message = f"Spark does not start at {master}: {_first_line(error)}"
        raise RemitError(message, hint="Spark needs Java 17 or later") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
