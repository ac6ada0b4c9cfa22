"""The actions that resource control policies (RCPs) reach: on others an RCP has no effect, whatever its actions.

The evaluator and the prover both ask here.

Source: "Resource control policies (RCPs)" (AWS Organizations User Guide).
"""

from __future__ import annotations

from typing import Final

from remit.catalogue.rcp_services import RCP_SERVICES
from remit.iam.special_cases import SPECIAL_CASES

BEYOND_RCPS: Final = frozenset(action for case in SPECIAL_CASES if case.layer == "rcp" for action in case.actions)
"""The actions of these services that no RCP denies."""
REACHED_PATTERNS: Final = tuple(f"{service}:*" for service in sorted(RCP_SERVICES))


def is_reached(action: str) -> bool:
    """Return whether RCPs bind requests for an action (in lower case)."""
    return action.partition(":")[0] in RCP_SERVICES and action not in BEYOND_RCPS
