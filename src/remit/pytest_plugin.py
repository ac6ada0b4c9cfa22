"""The pytest plugin: fixtures for tests of an app, which pytest finds by itself where remit is installed.

- `remit` is the app as it runs on this machine (`remit.testing.LocalApp`).
- `recorded_jobs` has the jobs that a test's code sends, and runs none of them; `jobs_run_at_once` runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.testing.jobs import SentJob
    from remit.testing.local_app import AppOfTests, LocalApp


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of pytest's own configuration."""
    parser.addini("remit_project", "the folder of the project that remit deploys for tests", default=".")
    parser.addini("remit_stage", "the stage in which it is deployed for tests", default="")


@pytest.fixture(scope="session")
def _remit_app(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppOfTests]:
    """The app for all tests of one process: pytest-xdist has a folder of its own for each of its workers."""
    from remit.testing.local_app import AppOfTests  # noqa: PLC0415 - a test that needs no app waits for nothing

    folder = pytestconfig.rootpath / str(pytestconfig.getini("remit_project"))
    stage = str(pytestconfig.getini("remit_stage")) or None
    app = AppOfTests(folder, stage, tmp_path_factory.mktemp("remit"))
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
def recorded_jobs() -> Iterator[list[SentJob]]:
    """The jobs that the test's code sends, in their order; none of them runs."""
    from remit.testing import jobs  # noqa: PLC0415 - as above

    with jobs.recorded_jobs() as sent:
        yield sent


@pytest.fixture
def jobs_run_at_once() -> Iterator[None]:
    """Run the jobs that the test's code sends, there and then."""
    from remit.testing import jobs  # noqa: PLC0415 - as above

    with jobs.jobs_run_at_once():
        yield
