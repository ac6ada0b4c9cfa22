"""A deploy to the AWS on this machine with the delays of a real one: it takes longer, and ends the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Remit = Callable[..., tuple[int, str, str]]


def test_a_deploy_converges_against_the_delays_of_aws(remit: Remit) -> None:
    codes = [remit("deploy", "--yes", "--simulate-delays", "7")[0], remit("deploy", "--yes")[0]]
    assert codes == [0, 0]


def test_delays_are_for_the_aws_on_this_machine(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["deploy", "-C", str(project), "--simulate-delays"])
    assert (ended.value.code, "add --local" in capsys.readouterr().err) == (2, True)
