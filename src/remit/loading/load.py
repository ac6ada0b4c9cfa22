"""Load a project: run its files as they are written, and judge what they declared."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.judge.judge import LoadedProject, judge, judgement
from remit.loading.deferred_imports import deferred_sdk
from remit.loading.process_end import process_kept
from remit.loading.time_limit import time_limit
from remit.loading.user_code import import_app, import_shared, importing, run_configuration
from remit.project.current_load import LoadEndError, Loading, loading, placed
from remit.project.lambda_environment import lambda_environment
from remit.project.settings import Config, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App


def load(folder: Path | str = ".", stage: str | None = None, folder_name: str | None = None) -> App:
    """The app that a project folder declares for a stage. RemitError has every mistake, each at its line.

    Messages name the folder by its path, or by `folder_name` where the path means nothing to people.
    """
    project = load_project(folder, stage, folder_name)
    project.mistakes.refuse()
    return project.app


def configuration(folder: Path | str, stage: str | None = None) -> Config:
    """The settings of a project's configuration, without its app. RemitError has every mistake in it."""
    with _running(folder, stage) as state:
        run_configuration(state)
        state.is_over = True
        settings = judged(state.config)
        placed([*state.mistakes.errors, *settings.mistakes], state.folder).refuse()
        return settings.config


def load_project(folder: Path | str, stage: str | None = None, folder_name: str | None = None) -> LoadedProject:
    """As `load`, with what is right of the app beside the mistakes. RemitError: the folder cannot be loaded at all."""
    with declared(folder, stage, folder_name) as said:
        # Here, since the project's own objects may be slow to tell their text, or end the process, too.
        return judge(said)


@contextlib.contextmanager
def declared(folder: Path | str, stage: str | None = None, folder_name: str | None = None) -> Iterator[Loading]:
    """Run a project's files, and give what they declare, unchecked, with the mistakes that are known by now.

    The code has ended then; its modules and the time limit last for the `with` block. RemitError: the folder cannot be
    loaded at all.
    """
    with _running(folder, stage, folder_name) as state:
        try:
            run_configuration(state)
            import_shared(state)
            with state.mistakes.noted():
                import_app(state)
        except LoadEndError:  # what is wrong before that is reported with it
            state.is_over = True
            state.mistakes.errors[:] = judgement(state).mistakes.errors
            raise
        state.is_over = True
        state.environment = {name: os.environ.get(name, "") for name in sorted(state.read_variables)}
        state.modules = dict(sys.modules)
        yield state


@contextlib.contextmanager
def _running(folder: Path | str, stage: str | None, folder_name: str | None = None) -> Iterator[Loading]:
    """Let the code of a project run inside of the `with` block. RemitError: there is no such folder."""
    root = Path(folder).resolve()  # which stays the same whatever its code does
    if not root.is_dir():
        raise RemitError(f"there is no folder {str(root)!r}")
    with (
        loading(root, stage, folder_name) as state,
        time_limit(state),
        process_kept(state),
        importing(state),
        deferred_sdk(),
        lambda_environment(),
    ):
        yield state
