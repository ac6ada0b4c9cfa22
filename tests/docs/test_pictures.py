"""The pictures of the README show what the commands print now."""

from __future__ import annotations

import runpy
from pathlib import Path

from ports import free_ports
from random_cases import in_all_cases

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "pictures.py"))


@in_all_cases
def test_the_picture_of_a_deploy_is_up_to_date() -> None:
    assert (TOOL["PICTURES"] / "terminal.svg").read_text("utf-8") == TOOL["terminal_picture"](), "`make pictures`"


@in_all_cases
def test_the_picture_of_a_denial_that_a_key_grants_is_up_to_date() -> None:
    assert (TOOL["PICTURES"] / "dev.svg").read_text("utf-8") == TOOL["dev_picture"](free_ports(1)), "`make pictures`"


def test_the_readme_shows_the_app_of_the_picture() -> None:
    assert f"```python\n# app.py\n{TOOL['VISIT']}```\n" in (ROOT / "README.md").read_text("utf-8")
