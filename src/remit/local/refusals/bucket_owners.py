"""A request that names the owner of a bucket fails when another has it; the emulator does not look at the header."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator_place import place_of_request
from remit.local.refusals.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS: Final = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")


def _install() -> None:
    s3: Any = importlib.import_module("ministack.services.s3")
    handle = s3.handle_request

    async def answer(method: str, path: str, headers: Mapping[str, str], *arguments: Any, **options: Any) -> Any:
        owner = place_of_request()["Account"]
        if any(headers.get(name, owner) != owner for name in _HEADERS):
            return s3._error("AccessDenied", "Access Denied", 403, path)  # noqa: SLF001 - as it writes all errors
        return await handle(method, path, headers, *arguments, **options)

    s3.handle_request = answer


REFUSAL: Final = Refusal(
    what="A request expects another owner of a bucket than it has.",
    source="`Verifying bucket ownership with bucket owner condition` (Amazon S3 User Guide)",
    install=_install,
)
