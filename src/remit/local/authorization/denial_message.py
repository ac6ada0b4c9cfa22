"""The words in which AWS says that a caller may not do something.

Source: "Troubleshoot access denied error messages" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.local.authorization.stored_policies import StoredDecision

# In the order in which AWS looks for what allows a request ("Policy evaluation logic", IAM User Guide).
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
    if request.who.kind == "federated":
        return f"Not authorized to perform {request.action}"
    denying_layers = [layer.layer for layer in stored.decision.layers if layer.verdict == "ExplicitlyDenied"]
    if denying_layers:
        return f"{subject} with an explicit deny in {_with_article(_policy(denying_layers[0]))}"
    if request.asks_trust:  # a role's trust policy is not told apart
        return subject
    silent_layers = {layer.layer for layer in stored.decision.layers if layer.verdict == "ImplicitlyDenied"}
    if request.needs_resource_policy and "identity" not in silent_layers:
        return f"{subject} because no {_POLICIES['resource']} allows the {request.action} action"
    layer = next((layer for layer in _POLICIES if layer in silent_layers), "identity")
    return f"{subject} because no {_policy(layer)} allows the {request.action} action"


def _policy(layer: str) -> str:
    return _POLICIES[layer.partition("[")[0]]


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aei" else f"a {noun}"
