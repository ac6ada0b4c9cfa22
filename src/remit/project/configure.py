"""`configure()` and `config`: the settings of the load that is going on, as a project's files write them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from remit.project import current_load
from remit.project.settings import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

_outside: Final = Config()


def the_config() -> Config:
    """The settings of the load that is going on; outside of one, settings that nobody reads."""
    state = current_load.current()
    return _outside if state is None else state.config


@contextlib.contextmanager
def configure() -> Iterator[Config]:
    """Open the project's settings: they are assigned in a `with` block that names them `config`."""
    yield the_config()
