"""The picture of the README shows what the commands print now."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = runpy.run_path(str(ROOT / "tools" / "pictures.py"))


def test_the_picture_is_up_to_date() -> None:
    assert PICTURES["PICTURE"].read_text("utf-8") == PICTURES["picture"](), "`make pictures` draws it"
