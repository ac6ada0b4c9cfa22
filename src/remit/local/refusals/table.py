"""The table of what AWS refuses and the emulator does not.

`tests/local/test_refusals.py` tries each row on the emulator alone, too, and fails when a row is not needed any more.
"""

from __future__ import annotations

from typing import Final

from remit.local.refusals import resources, simulated_policies, stacks, templates

REFUSALS: Final = (
    templates.CAPABILITIES,
    templates.DANGLING_REFERENCES,
    templates.UNKNOWN_PROPERTIES,
    stacks.BUSY_STACKS,
    stacks.STACK_POLICIES,
    resources.EXISTING_NAMES,
    templates.MISSING_POLICIES,
    resources.FUNCTION_ROLES,
    resources.FILLED_BUCKETS,
    resources.BUCKET_OWNERS,
    simulated_policies.REFUSAL,
)


def refuse_what_aws_refuses() -> None:
    """Make every refusal, once, in the process that serves."""
    for refusal in REFUSALS:
        refusal.install()
