"""The table of what AWS refuses and the emulator does not.

`tests/local/test_refusals.py` tries each row on the emulator alone, too, and fails when a row is not needed any more.
"""

from __future__ import annotations

from typing import Final

from remit.local.refusals import (
    bucket_owners,
    busy_stacks,
    capabilities,
    dangling_references,
    existing_names,
    filled_buckets,
    function_roles,
    missing_policies,
    simulated_policies,
    stack_policies,
    unknown_properties,
)

REFUSALS: Final = (
    capabilities.REFUSAL,
    dangling_references.REFUSAL,
    unknown_properties.REFUSAL,
    busy_stacks.REFUSAL,
    stack_policies.REFUSAL,
    existing_names.REFUSAL,
    missing_policies.REFUSAL,
    function_roles.REFUSAL,
    filled_buckets.REFUSAL,
    bucket_owners.REFUSAL,
    simulated_policies.REFUSAL,
)


def refuse_what_aws_refuses() -> None:
    """Make every refusal, once, in the process that serves."""
    for refusal in REFUSALS:
        refusal.install()
