"""Requests of `remit dev` about one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.local.control.signed_request import command
from remit.local.environment import install_debugger
from remit.local.routes import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.local.aws import LocalAws


def serve_code(aws: LocalAws, function: str, folder: Path | None) -> None:
    """Serve a function's code from a folder from its next invocation on, and again whenever it has changed.

    What the folder does not have, such as dependencies, comes from the deployed zip. With None, all comes from the zip
    again. `function` is the deployed name.

    Raises:
        RemitError: if there is no such folder, or nothing answers.
    """
    document = {"folder": None if folder is None else str(folder.resolve())}
    command(aws, f"{FUNCTIONS}{function}/code", document=document)


def debug(
    aws: LocalAws,
    function: str,
    port: int | None,
    *,
    project: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> int | None:
    """Let the next invocation of a function wait for a debugger at a port of this machine, or let none wait any more.

    Args:
        aws: The AWS on this machine.
        function: The deployed name.
        port: The port; 0: a free one; None: no debugger is waited for any more.
        project: The folder of the files that the function's code is a copy of, under whose names it is debugged. Its
            settings of uv hold, which installs debugpy into the user's cache once.
        progress: Told what is being done, in a short sentence.

    Returns:
        The port. The Debug Adapter Protocol is spoken there: an editor attaches to 127.0.0.1 and this port.

    Raises:
        RemitError: if debugpy cannot be installed, the port is not free, or nothing answers.
    """
    document: dict[str, Any] = {"port": port}
    if port is not None:
        document["packages"] = str(install_debugger(project, progress))
        document["project"] = str(project.resolve())
    answer: int | None = command(aws, f"{FUNCTIONS}{function}/debug", document=document)["port"]
    return answer
