"""The words in which AWS says that a caller may not do something.

Source: "Troubleshoot access denied error messages" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.local.authorization.stored_policies import StoredDecision

_POLICIES: Final = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
    "endpoint": "VPC endpoint policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
}


def denial_message(stored: StoredDecision) -> str:
    """`User: … is not authorized to perform: … on resource: … because no identity-based policy allows the … action`."""
    request = stored.decision.request
    subject = f"User: {request.principal} is not authorized to perform: {request.action} on resource: {request.asked}"
    denied_by = [layer for layer in stored.decision.layers if layer.verdict == "ExplicitlyDenied"]
    if denied_by:
        return f"{subject} with an explicit deny in {_with_article(_policy(denied_by[0].layer))}"
    silent = [layer for layer in stored.decision.layers if layer.verdict == "ImplicitlyDenied"]
    limits = [layer for layer in silent if layer.layer not in ("identity", "resource")]
    policy = _policy(limits[0].layer) if limits else _POLICIES["identity"]
    return f"{subject} because no {policy} allows the {request.action} action"


def _policy(layer: str) -> str:
    return _POLICIES[layer.partition("[")[0]]


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aei" else f"a {noun}"
