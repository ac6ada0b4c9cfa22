"""Every page of the documentation says what happens: its files are written, its commands run, their output compared."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

import pages
from random_cases import in_all_cases
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = ("deploys", "rest-apis", "testing", "web-apps")
"""Pages that take several seconds, whose commands other tests run, too."""
_ACCOUNTS = itertools.count(111122223333)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[pages.Reader]:
    """Somebody in an empty folder `orders`."""
    folder = tmp_path / "orders"
    folder.mkdir()
    yield pages.Reader(folder, pages.environment(tmp_path))
    for lock in tmp_path.glob("**/.remit/local/server.lock"):
        aws.stop(lock.parents[2])


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=in_all_cases if page.stem in LONG else (), id=page.stem) for page in pages.PAGES],
)
def test_a_page_says_what_happens(page: Path, reader: pages.Reader, request: pytest.FixtureRequest) -> None:
    """With REMIT_RECORD=1 the page is written anew where it says otherwise."""
    text = page.read_text("utf-8")
    if pages.ACCOUNT in text:
        reader.environment |= {
            "AWS_ENDPOINT_URL": request.getfixturevalue("emulator_url"),
            "AWS_ACCESS_KEY_ID": str(next(_ACCOUNTS)),
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
    played = pages.played(text, reader)
    if "REMIT_RECORD" in os.environ:
        page.write_text(played, "utf-8")
    assert played == text
