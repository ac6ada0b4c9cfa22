"""What `remit jobs` says of the jobs that it is done with, however it ends."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING

import click
import pytest

from remit.cli import jobs, options
from remit.deploy.failed_jobs import DeployedQueue, FailedJob

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = DeployedQueue("mail", "https://sqs/mail", "https://sqs/dead")


def failed(*ids: str, stops: bool = False) -> Iterator[FailedJob]:
    for identifier in ids:
        yield FailedJob(identifier, QUEUE, "app:send", "{}", "", None, 0, "m", "r", None)
    if stops:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("ids", "stops", "as_json", "said"),
    [
        (("a",), False, False, "1 job sent again\n"),
        (("a", "b"), True, False, "2 jobs sent again\n"),
        ((), False, False, "0 jobs sent again\n"),
        ((), True, False, ""),
        (("a", "b"), False, True, {"sent_again": ["a", "b"]}),
        (("a",), True, True, {"sent_again": ["a"]}),
        ((), True, True, ""),
    ],
)
def test_the_jobs_that_are_done_are_told_however_it_ends(
    ids: tuple[str, ...], said: object, *, stops: bool, as_json: bool
) -> None:
    out, err = io.StringIO(), io.StringIO()
    with (
        click.Context(click.Command("retry")) as context,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        options.expect_json(context, click.Option(["--json"]), as_json)
        with contextlib.suppress(KeyboardInterrupt), jobs._Progress("sent again") as progress:
            progress.follow(failed(*ids, stops=stops))
    text = out.getvalue()
    assert (json.loads(text) if as_json and text else text, err.getvalue()) == (said, "")
