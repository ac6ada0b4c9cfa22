"""Load a project: run its files as they are written, and judge what they declared."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.judge.judge import LoadedProject, judge, recorded_mistakes
from remit.judge.name_checks import imported_handlers
from remit.loading.deferred_imports import deferred_sdk
from remit.loading.process_end import process_kept
from remit.loading.time_limit import time_limit
from remit.loading.user_code import import_app, import_shared, importing, is_configured, run_configuration
from remit.project.current_load import Loading, LoadTooLongError, ProcessEndError, loading, placed
from remit.project.declared import Declared
from remit.project.lambda_environment import known_placeholders, lambda_environment
from remit.project.settings import judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App
    from remit.project.settings import Config


def load(folder: Path | str = ".", stage: str | None = None, folder_name: str | None = None) -> App:
    """The app that a project folder declares for a stage. RemitError has every mistake, each at its line.

    Messages name the folder by its path, or by `folder_name` where the path means nothing to people.
    """
    project = load_project(folder, stage, folder_name)
    project.mistakes.refuse()
    return project.app


def configuration(folder: Path | str, stage: str | None = None) -> Config:
    """The settings of a project's configuration, without its app. RemitError has every mistake in it."""
    root = _root(folder)
    with (
        loading(root, stage) as state,
        time_limit(state),
        process_kept(state),
        importing(state),
        deferred_sdk(),
        lambda_environment(),
    ):
        run_configuration(state)
        state.is_over = True
        settings = judged(state.config)
        placed([*state.mistakes.errors, *settings.mistakes], root).refuse()
        return settings.config


def _root(folder: Path | str) -> Path:
    """The absolute path of a project's folder, which stays the same whatever its code does."""
    root = Path(folder).resolve()
    if not root.is_dir():
        raise RemitError(f"there is no folder {str(root)!r}")
    return root


def load_project(folder: Path | str, stage: str | None = None, folder_name: str | None = None) -> LoadedProject:
    """As `load`, with what is right of the app beside the mistakes. RemitError: the folder cannot be loaded at all."""
    with declared(folder, stage, folder_name) as said:
        return judge(said)


@contextlib.contextmanager
def declared(folder: Path | str, stage: str | None = None, folder_name: str | None = None) -> Iterator[Declared]:
    """Run a project's files, and give what they declare, unchecked. RemitError: the folder cannot be loaded at all."""
    with (
        loading(_root(folder), stage, folder_name) as state,
        time_limit(state),  # the project's own objects may be slow to tell their text, too
        process_kept(state),
        importing(state),
        deferred_sdk(),
        lambda_environment(),
        known_placeholders(state.placeholders),
    ):
        try:
            run_configuration(state)
            import_shared(state)
            with state.mistakes.noted():
                import_app(state)
        except (LoadTooLongError, ProcessEndError):  # what is wrong before that is reported with it
            state.mistakes.errors[:] = recorded_mistakes(_declared(state))
            raise
        yield _declared(state)


def _declared(state: Loading) -> Declared:
    """All that the code said, which has ended."""
    state.is_over = True
    return Declared(
        folder=state.folder,
        name=state.name,
        stage=state.stage,
        config=state.config,
        declarations=tuple(state.declarations),
        workflows=tuple(state.workflows),
        resources=tuple(state.resources),
        handles=dict(state.handles),
        outputs=tuple(state.outputs),
        existing=dict(state.existing),
        layers=tuple(state.layers.values()),
        made=tuple(state.made),
        mistakes=tuple(state.mistakes.errors),
        is_configured=is_configured(state),
        is_complete=not state.ended,
        lost_names=frozenset(state.lost_names),
        placeholders=dict(state.placeholders),
        read_variables={name: os.environ.get(name, "") for name in sorted(state.read_variables)},
        imported_handlers=imported_handlers(state),
    )
