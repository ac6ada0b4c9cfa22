"""What the server of the AWS on this machine does for remit: it tells of accesses, keeps data, serves code, is slow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from remit.local.authorization.access_log import AccessRecord
from remit.local.control.signed_request import OWN_HEADERS, command
from remit.local.routes import ACCESS, DELAYS, FUNCTIONS, KEEP_DATA, PUT_DATA_BACK, REFUSES_UNKNOWN, STRICT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.local.state_files import LocalAws

NO_ACCESS: Final = 1 << 53
"""A number that no access has: asking for those after it tells the number of the last one."""


def accesses(aws: LocalAws, after: int = 0) -> tuple[int, tuple[AccessRecord, ...]]:
    """The number of the last access, and those that came after a number, the oldest first.

    The server keeps the last 5,000. RemitError (69): nothing answers.
    """
    document = command(aws, ACCESS, query=f"after={after}")
    return int(document["last"]), tuple(AccessRecord(**record) for record in document["records"])


def refuse_unknown(aws: LocalAws, *, refuse: bool, client: int | None = None) -> bool:
    """Say whether a call of which nobody can decide here whether AWS would allow it is refused, or passes.

    At first it passes, with a record that says so. With `client`, the number of a process, it is refused for as long as
    that runs. Returns whether it was refused for everybody before.
    """
    process = "" if client is None else f"client={client}&"
    return command(aws, STRICT, query=f"{process}on={str(refuse).lower()}").get("before") is True


@contextmanager
def unknown_refused() -> Iterator[None]:
    """Refuse what is unknown of all that this process asks for as long as this lasts, and of what that starts."""
    OWN_HEADERS[REFUSES_UNKNOWN] = "true"
    try:
        yield
    finally:
        del OWN_HEADERS[REFUSES_UNKNOWN]


def keep_data(aws: LocalAws) -> None:
    """Have it keep the data as it is now: objects, items, messages, values of secrets, users, schedules, logs."""
    command(aws, KEEP_DATA)


def put_data_back(aws: LocalAws) -> None:
    """Have it put back what it kept last, and drop the records of streams. Stacks, functions and roles stay."""
    command(aws, PUT_DATA_BACK)


def simulate_delays(aws: LocalAws, seed: str) -> str:
    """Let new roles and calls be slow as on AWS, the same for the same seed; an empty seed ends it.

    Returns the seed that it had before.
    """
    return str(command(aws, DELAYS, query=urlencode({"seed": seed}))["before"])


@contextmanager
def simulated_delays(aws: LocalAws, seed: str) -> Iterator[None]:
    """Simulate delays for as long as this lasts; then those that were simulated before, or none."""
    before = simulate_delays(aws, seed)
    try:
        yield
    finally:
        simulate_delays(aws, before)


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
        from remit.local.environment import install_debugger  # noqa: PLC0415 - few debug

        document["packages"] = str(install_debugger(project, progress))
        document["project"] = str(project.resolve())
    answer: int | None = command(aws, f"{FUNCTIONS}{function}/debug", document=document)["port"]
    return answer
