"""Decide one request against policies, and say which statement decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.decide.decision import Decision
from remit.iam.decide.evaluation_logic import KEPT, Layers, Verdict, rules_by_layer, verdict_on
from remit.iam.decide.prepared_statements import kept_by_identity
from remit.iam.policy import Policy
from remit.iam.request import ALL, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.iam.decide.endpoint import EndpointType


def evaluate(
    request: Request,
    policies: Layers | Policy | Sequence[Policy] = (),
    *,
    boundary: Policy | Sequence[Policy] | None = None,
    session: Policy | Sequence[Policy] | None = None,
    resource: Policy | Sequence[Policy] | None = None,
    scp: Sequence[Sequence[Policy]] = (),
    rcp: Sequence[Sequence[Policy]] = (),
    endpoint: Policy | Sequence[Policy] | None = None,
    endpoint_type: EndpointType = "",
) -> Decision:
    """Decide `request`. `policies` are the identity's, or all `Layers`.

    `endpoint` is the policy of the VPC endpoint that the request passes, if it passes one; `endpoint_type` its type.

    Every policy is compiled once per object; fastest is to keep a `Layers` (or one policy) and ask it often.

    RemitError: a statement has a condition operator that does not exist.
    """
    if isinstance(policies, Layers):
        layers = policies
    elif boundary is session is resource is endpoint is None and not scp and not rcp:
        # A list may change under us.
        layers = _identity_only(policies) if isinstance(policies, Policy | tuple) else Layers(tuple(policies))
    else:
        layers = Layers(
            _as_tuple(policies),
            _as_tuple(boundary),
            _as_tuple(session),
            None if resource is None else _as_tuple(resource),
            tuple(_as_tuple(level) for level in scp),
            tuple(_as_tuple(level) for level in rcp),
            _as_tuple(endpoint),
            endpoint_type,
        )
    return Decision(verdict_on(request, rules_by_layer(layers)), request, layers)


def _as_tuple(policies: Policy | Sequence[Policy] | None) -> tuple[Policy, ...]:
    """Policies that are given as one, as several, or not at all."""
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, Policy) else tuple(policies)


@kept_by_identity(KEPT)
def _identity_only(policies: Policy | tuple[Policy, ...]) -> Layers:
    """The layers of an identity without any others, made once per object."""
    return Layers(_as_tuple(policies))


__all__ = ["ALL", "Decision", "Layers", "Request", "Verdict", "evaluate"]
