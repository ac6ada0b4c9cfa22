"""Files that are no plain files: a pipe is read where somebody writes to it, and not waited for else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import filled_pipe
from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

POLICY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain",),
        ("policy", "deployer"),
        ("minimise",),
        ("diff", "old.json"),
        ("why", "is not authorized to perform: s3:GetObject", "--template"),
    ],
)
def test_a_pipe_to_which_nobody_writes_is_empty(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "old.json").write_text(POLICY)
    text = [str(tmp_path / one) if one == "old.json" else one for one in arguments]
    ran = remit(*text, str(tmp_path / "pipe.json"))
    assert (ran.status, "pipe.json is empty" in ran.err) == (2, True)


def test_what_a_shell_substitutes_for_a_file_is_explained(tmp_path: Path) -> None:
    """`remit explain <(…)` names a pipe, without an ending."""
    pipe = tmp_path / "pipe"
    with filled_pipe.filled(pipe, POLICY):
        assert "Allow on *" in remit("explain", str(pipe)).out
