"""Things that an app needs and the account lacks, for the report of a build that is refused anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.deploy.existing_values import look_up_existing
from remit.deploy.stored_values import look_up, must_exist
from remit.errors import Mistakes, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.app import App
    from remit.deploy.session import Account


def lacking(app: App, folder: Path, connect: Callable[[], Account]) -> tuple[RemitError, ...]:
    """The secrets, parameters and VPCs that do not exist, each at the line that names it; nothing is made or changed.

    The account is asked for only if there is something to look up. Where it does not answer, or the caller may not
    look, nothing is said: the next deploy says it.
    """
    if not must_exist(app) and not app.existing:
        return ()
    missing = Mistakes()
    with missing.noted():
        account = connect()
        with missing.noted():
            look_up(app, account, folder, _silent, only_looks=True)
        with missing.noted():
            look_up_existing(app.existing, account, folder, _silent)
    return tuple(error for error in missing.errors if error.origin is not None)


def _silent(_: str) -> None:
    pass
