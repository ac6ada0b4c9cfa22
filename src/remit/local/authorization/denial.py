"""The code and the status with which each service denies a request.

Source: "Common Errors" of each service's API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.authorization.requested_operation import Protocol

_CODES: Final[Mapping[str, tuple[str, int]]] = {
    "sns": ("AuthorizationError", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "s3control": ("AccessDenied", 403),
    "route53": ("AccessDenied", 403),
    "cloudfront": ("AccessDenied", 403),
}
"""The error's code and the status, where a service has others than its protocol."""
_OF_PROTOCOL: Final[Mapping[Protocol, tuple[str, int]]] = {
    "json": ("AccessDeniedException", 400),
    "cbor": ("AccessDeniedException", 400),
    "query": ("AccessDenied", 403),
    "rest": ("AccessDeniedException", 403),
}
_EC2: Final = "You are not authorized to perform this operation. "


def denial(client: str, protocol: Protocol, message: str) -> RefusedRequest:
    """The refusal of a request to a boto3 client's service."""
    code, status = _CODES.get(client, _OF_PROTOCOL[protocol])
    return RefusedRequest(code, f"{_EC2}{message}" if client == "ec2" else message, status)
