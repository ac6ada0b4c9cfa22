"""Repairs of how the emulator finds the service that a request is for."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from remit.catalogue.request_formats import signing_names
from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.request import ReceivedRequest

DECIDED: Final[ContextVar[str]] = ContextVar("remit_decided_service", default="")
"""The boto3 client of the operation that the gate decided on; empty for a request to the app or of the server's own."""

_BY_PATH: Final = frozenset({"execute-api", "apigatewaymanagementapi", "rds-data", "s3control", "sesv2"})
"""The clients whose operations the emulator finds by their paths alone."""


def send_to_the_decided_service() -> None:
    """A request reaches the service that the gate decided on, whatever its path looks like.

    The emulator looks at some paths before it looks at who is asked: `/health`, `/iceberg/…` and
    `/restapis/…/_user_request_/…` are also paths of objects in S3.

    Emulator: app.py.
    Test: test_fidelity.py::test_a_bucket_may_be_called_like_a_path_of_the_emulators_own.
    """

    async def unless_decided(by_path: Any, *arguments: Any, **named: Any) -> Any:
        decided = DECIDED.get()
        if decided and decided not in _BY_PATH:
            return None
        return await by_path(*arguments, **named)

    for name in ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request"):
        instead_of(emulated("app"), name)(unless_decided)


def simulated_services() -> Callable[[ReceivedRequest, str], bool]:
    """Return a function that tells whether the emulator has what a request asks for, by the service it is signed for.

    Where it does not have that service, the emulator's own guess at the request decides.

    For a service that it does not have the emulator reads all of botocore's models, to see whether AWS has it: four
    seconds, and 400 MB that it never gives back.

    Emulator: core/router.py.
    Test: test_emulator_repairs.py::test_a_service_that_it_does_not_have_is_looked_for_in_all_models_of_the_sdk.
    """
    emulator, router = emulated("app"), emulated("core.router")
    instead_of(router, "_is_aws_service_name")(lambda _is_name, name: name in signing_names())
    served = frozenset(emulator.SERVICE_HANDLERS) | frozenset(emulator.SERVICE_NAME_ALIASES)

    def is_simulated(request: ReceivedRequest, signing_name: str) -> bool:
        if signing_name in served:
            return True
        query = parse_qs(request.query, keep_blank_values=True)
        return router.detect_service(request.method, request.path, request.joined_headers(), query) in served

    return is_simulated


def read_no_models() -> None:
    """The Content-Type of an answer is as the emulator's service writes it, which SDKs do not look at.

    The emulator corrects it by the protocol in botocore's model, and loads all of that: a tenth of a second for the
    first service of a server, and up to that for each other one.

    Emulator: core/responses.py.
    Test: test_emulator_repairs.py::test_the_whole_model_of_a_service_is_read_for_the_type_of_an_answer.
    """
    instead_of(emulated("core.responses"), "_service_model")(lambda _model, _service: None)
