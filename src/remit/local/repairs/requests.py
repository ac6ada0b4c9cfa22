"""Repairs of how the emulator finds the service that a request is for."""

from __future__ import annotations

import gzip
import json
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
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
    """Return whether the emulator has what a request asks for, by the request and the service that it is signed for.

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
        headers = {name: ",".join(values) for name, values in request.headers.items()}
        query = parse_qs(request.query, keep_blank_values=True)
        return router.detect_service(request.method, request.path, headers, query) in served

    return is_simulated


_HEAD: Final = 4096  # characters; the longest metadata of botocore's models ends after 600
_METADATA: Final = '"metadata"'


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """A model of botocore's of which the metadata are read; all else of it is read when it is asked for."""

    metadata: dict[str, Any]
    whole: Callable[[], Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole(), name)


def read_metadata_alone() -> None:
    """Give the emulator models of services that know their metadata, and read the rest when it is needed.

    Emulator: core/responses.py.
    Test: test_service_metadata.py::test_metadata_are_those_of_the_whole_model_and_are_read_without_it.
    """
    responses = emulated("core.responses")
    clients: dict[str, str] = responses._BOTOCORE_NAME
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        return
    models = Path(spec.origin).parent / "data"

    @instead_of(responses, "_service_model")
    @cache
    def service_model(whole_model: Callable[[str], Any], service: str) -> Any:
        metadata = _metadata(models / clients.get(service, service))
        return whole_model(service) if metadata is None else ServiceModel(metadata, lambda: whole_model(service))


def _metadata(folder: Path) -> dict[str, Any] | None:
    """The metadata of a service's newest model; None where there is none, or its file begins with something else."""
    file = max(folder.glob("*/service-2.json*"), default=None)
    if file is None:
        return None
    read = gzip.open if file.suffix == ".gz" else open
    with read(file, "rt", encoding="utf-8") as text:
        head = text.read(_HEAD)
    begin = head.find("{", head.find(_METADATA))
    try:
        metadata: dict[str, Any] = json.JSONDecoder().raw_decode(head, begin)[0]
    except ValueError:
        return None
    return metadata if "protocol" in metadata else None
