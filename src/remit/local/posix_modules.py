"""The modules of Python that Windows lacks: without them there is no AWS on this machine."""

from __future__ import annotations

from remit.errors import RemitError

try:
    import fcntl
    import pwd
except ModuleNotFoundError as error:
    raise RemitError(
        f"the AWS on this machine needs Linux or macOS: Python has no module {error.name} here",
        hint="on Windows it runs in WSL; lint, diff, explain, policy, build and deploy to AWS run without it",
    ) from error

__all__ = ["fcntl", "pwd"]
