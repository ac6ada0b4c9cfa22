"""Projects of their own for the tests of the local AWS, whose servers end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """An empty project, in a folder with a space and letters beyond ASCII in its name."""
    folder = tmp_path / "my ördérs"
    folder.mkdir()
    yield folder
    aws.stop(folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws.LocalAws]:
    """A running AWS for all tests of one file, started by somebody who has credentials of their own."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as user:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            user.setenv(name, "the-users-own")
        user.setenv("HTTP_PROXY", "http://127.0.0.1:9/the-users-own")
        yield aws.start(folder)
    aws.stop(folder)
