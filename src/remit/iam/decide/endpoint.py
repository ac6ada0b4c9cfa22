"""The VPC endpoint that a request passes: its policy, and its type, which says whom the policy's principals mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from remit.iam.policy import Policy

EndpointType: TypeAlias = Literal["", "Gateway", "Interface"]
"""The type of a VPC endpoint, as CloudFormation spells it; empty where it is not known."""
ENDPOINT_TYPES: Final[tuple[EndpointType, ...]] = ("Gateway", "Interface")


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint. Without policies: none, or one with the default policy, which allows everything."""

    policies: tuple[Policy, ...] = ()
    type: EndpointType = ""


NO_ENDPOINT: Final = VpcEndpoint()
