"""Let the emulator know the protocol of a service without reading all of the service's model.

It gives each answer the Content-Type of AWS's protocol for the service. For that it loads the SDK and the whole model,
which takes a tenth of a second for the first service, and up to that for each other one. The protocol stands in the
first lines of the model's file, below `metadata`.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable

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
