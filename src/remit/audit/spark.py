"""Run the parts of an audit on Spark, local or a cluster whose workers see the same files: the same results again.

Needs the extra `remit[spark]`, and Java 17 or later.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from remit.audit.workers import Workers
from remit.errors import RemitError


@contextlib.contextmanager
def spark(master: str) -> Iterator[Workers]:
    """The workers of Spark at `local[2]`, `spark://host:7077` and the like, until the end of the block.

    RemitError: pyspark is not installed, or Spark does not start.
    """
    context = _context(master)
    count = context.defaultParallelism

    def results(function: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        """Round by round, so that whoever is stopped keeps the results of the rounds before.

        RemitError (1): it failed there.
        """
        for start in range(0, len(parts), count):
            yield from _collected(context, function, parts[start : start + count])

    try:
        yield Workers(count, results)
    finally:
        context.stop()


def _collected(context: Any, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """The function's results for the parts, in their order, worked out by Spark. RemitError (1): it failed there."""
    try:
        collected: list[Any] = context.parallelize(parts, len(parts)).map(function).collect()
    except Exception as error:  # pyspark raises errors of many kinds, of its own and of Java's
        hint = "its workers need the same Python with remit (PYSPARK_PYTHON), and the same files at the same paths"
        raise RemitError(f"Spark failed at {context.master}: {_first_line(error)}", hint=hint, exit_code=1) from error
    return collected


def _context(master: str) -> Any:
    """Start Spark's context, or take the one that runs; its workers get this Python.

    RemitError (2): pyspark is not installed, or Spark does not start.
    """
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - of the extra `spark`
    except ImportError:
        raise RemitError("Spark is not installed", hint="pip install 'remit[spark]'") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setMaster(master).setAppName("remit audit")
    settings.set("spark.ui.enabled", "false").set("spark.log.level", "ERROR")
    try:
        return SparkContext.getOrCreate(settings)
    except Exception as error:  # as above
        message = f"Spark does not start at {master}: {_first_line(error)}"
        raise RemitError(message, hint="Spark needs Java 17 or later") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
