"""The pytest plugin: fixtures for tests of an app, which pytest finds by itself where remit is installed.

- `remit` is the app as it runs on this machine (`remit.testing.LocalApp`).
- `recorded_jobs` has the jobs that a test's code sends, and runs none of them; `jobs_run_at_once` runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.testing.jobs import SentJob
    from remit.testing.local_app import AppOfTests, LocalApp


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of pytest's own configuration."""
    parser.addini("remit_project", "the folder of the project that remit deploys for tests", default=".")
    parser.addini("remit_stage", "the stage in which it is deployed for tests", default="")


def _project(pytestconfig: pytest.Config) -> tuple[Path, str | None]:
    """The project's folder, and the stage, if the settings name one."""
    folder = pytestconfig.rootpath / str(pytestconfig.getini("remit_project"))
    return folder, str(pytestconfig.getini("remit_stage")) or None


@pytest.fixture(scope="session")
def _remit_app(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppOfTests]:
    """The app for all tests of one process: pytest-xdist has a folder of its own for each of its workers."""
    from remit.testing.local_app import AppOfTests  # noqa: PLC0415 - a test that needs no app waits for nothing

    app = AppOfTests(*_project(pytestconfig), tmp_path_factory.mktemp("remit"))
    yield app
    app.stop()


@pytest.fixture
def remit(_remit_app: AppOfTests) -> Iterator[LocalApp]:
    """The app as it runs on this machine: deployed once for all tests, with its data put back after each."""
    from remit.testing.local_app import LocalApp  # noqa: PLC0415 - as above

    app = LocalApp(_remit_app)
    yield app
    app.finish()


@pytest.fixture
def recorded_jobs(pytestconfig: pytest.Config) -> Iterator[list[SentJob]]:
    """The jobs that the test's code sends, in their order; none of them runs."""
    from remit.testing import jobs  # noqa: PLC0415 - as above

    with jobs.recorded_jobs(*_project(pytestconfig)) as sent:
        yield sent


@pytest.fixture
def jobs_run_at_once(pytestconfig: pytest.Config) -> Iterator[None]:
    """Run the jobs that the test's code sends, there and then."""
    from remit.testing import jobs  # noqa: PLC0415 - as above

    with jobs.jobs_run_at_once(*_project(pytestconfig)):
        yield
