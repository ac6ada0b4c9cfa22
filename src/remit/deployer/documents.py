"""Measure policy documents as IAM counts them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.iam.policy import render

if TYPE_CHECKING:
    from remit.iam.policy import Policy

MANAGED: Final = quota("iam.managed").most
"""The most characters of a managed policy, white space not counted."""


def size(policy: Policy) -> int:
    """The characters of a policy's document, white space not counted."""
    return len(json.dumps(render(policy), separators=(",", ":"), ensure_ascii=False))
