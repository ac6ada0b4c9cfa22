"""Files that `make derived` makes from other files are what it would make now."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DERIVED = runpy.run_path(str(ROOT / "tools" / "derived.py"))["DERIVED"]


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_file_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == DERIVED[name](), "`make derived` writes it"
