"""Requests of `remit dev` about one function: serve its code from a folder, let a debugger attach to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.functions.worker_pool import WorkerPool

_PATH: Final = re.compile(r"/_remit/functions/([A-Za-z0-9_-]{1,140})/(code|debug)")


@dataclass(frozen=True, slots=True)
class FunctionRequests:
    """Answers requests at `/_remit/functions/NAME/…`, whose sender has been verified."""

    pool: WorkerPool

    def answer(self, path: str, body: bytes) -> Mapping[str, Any]:
        """The answer to a request, as JSON.

        RefusedRequest: 403 for another path, 400 for a folder that does not exist or a port that is not free.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise RefusedRequest("AccessDenied", f"the AWS on this machine does not serve {path!r}")
        name, document = match[1], json.loads(body)
        if match[2] == "code":  # from its next invocation on; from its zip again where the folder is null
            folder = document["folder"]
            if folder is not None and not Path(folder).is_dir():
                raise _invalid(name, f"there is no folder {folder!r}")
            self.pool.serve_code(name, None if folder is None else Path(folder))
            return {"function": name, "folder": folder}
        port = document["port"]  # at which the next worker waits for a debugger (0: a free one); null: none any more
        if port is None:
            self.pool.debug(name, None)
            return {"function": name, "port": None}
        packages, project = Path(document["packages"]), Path(document["project"])
        try:
            return {"function": name, "port": self.pool.debug(name, port, packages, project)}
        except (OSError, OverflowError) as error:  # the latter: no port has that number
            reason = getattr(error, "strerror", None) or error
            raise _invalid(name, f"a debugger cannot be waited for at port {port}: {reason}") from None


def _invalid(function: str, problem: str) -> RefusedRequest:
    return RefusedRequest("ValidationException", f"function `{function}`: {problem}", 400)
