"""A denial in AWS's words, and in the shape that the SDK which sent the request reads.

Sources: "Troubleshoot access denied error messages" (IAM User Guide) for the wordings; "Common Errors" of each
service's API Reference for the codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.iam.decide.evaluate import Decision
    from remit.local.authorization.requested_operation import Protocol

_POLICIES: Final = {
    "identity": ("an identity-based policy", "no identity-based policy"),
    "boundary": ("a permissions boundary", "no permissions boundary"),
    "session": ("a session policy", "no session policy"),
    "resource": ("a resource-based policy", "no resource-based policy"),
}
"""By layer: the kind of policy that denies, and the kind of which none allows."""

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


def message_of(decision: Decision) -> str:
    """What AWS says of a request that is denied: who asked for what, and which kind of policy is why."""
    request = decision.request
    asked = f"User: {request.principal} is not authorized to perform: {request.action} on resource: {request.asked}"
    by_layer = {layer.layer: layer.verdict for layer in decision.layers}
    for layer, (denying, _) in _POLICIES.items():
        if by_layer.get(layer) == "ExplicitlyDenied":
            return f"{asked} with an explicit deny in {denying}"
    if request.asks_trust:
        return asked
    for layer, (_, silent) in _POLICIES.items():
        is_silent = by_layer.get(layer, "ImplicitlyDenied" if layer == "resource" else "Allowed") == "ImplicitlyDenied"
        if is_silent:
            return f"{asked} because {silent} allows the {request.action} action"
    return asked
