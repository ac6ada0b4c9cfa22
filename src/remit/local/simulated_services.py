"""Services of the AWS on this machine, looked up before a request for another one reaches the emulator.

For a service that it does not have the emulator reads all of botocore's models, to see whether AWS has it: four
seconds, and 400 MB that it never gives back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from remit.catalogue.request_formats import signing_names
from remit.local.emulator import emulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.request import ReceivedRequest


def simulated_services() -> Callable[[ReceivedRequest, str], bool]:
    """Return whether the emulator has what a request asks for, by the request and the service that it is signed for."""
    emulator = emulated("app")
    router = emulated("core.router")
    router._is_aws_service_name = signing_names().__contains__
    served = frozenset(emulator.SERVICE_HANDLERS) | frozenset(emulator.SERVICE_NAME_ALIASES)

    def is_simulated(request: ReceivedRequest, signing_name: str) -> bool:
        if signing_name in served:
            return True
        headers = {name: ",".join(values) for name, values in request.headers.items()}
        query = parse_qs(request.query, keep_blank_values=True)
        return router.detect_service(request.method, request.path, headers, query) in served

    return is_simulated
