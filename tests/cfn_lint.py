"""What cfn-lint says of templates, asked in this process: as a program it takes a second to begin, each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BY_THE_DAY = ("E2531", "E2533", "W2531")
"""Findings that a runtime's support has ended: they come with a day, not with a change of remit."""


def findings(*templates: Path, regions: tuple[str, ...] = ()) -> list[str]:
    """Each finding of any severity, as cfn-lint prints it; none where all is fine in these regions."""
    from cfnlint.config import ConfigMixIn  # noqa: PLC0415 - half a second, for each process that collects tests
    from cfnlint.runner import Runner  # noqa: PLC0415 - as above

    options = ["--ignore-checks", *BY_THE_DAY, *(["--regions", *regions] if regions else [])]
    config = ConfigMixIn([*options, "--template", *map(str, templates)])
    return [str(match) for match in Runner(config).run()]
