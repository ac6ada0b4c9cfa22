"""New buckets block all public access, as AWS's do; the emulator's do so only where it checks signatures by itself.

Source: "Blocking public access to your Amazon S3 storage" (Amazon S3 User Guide): all four settings since April 2023.
"""

from __future__ import annotations

from typing import Any

from remit.local.emulator import emulated, instead_of


def block_public_access() -> None:
    """Give each new bucket the four settings.

    Emulator: services/s3.py.
    Test: ../deploy/test_by_hand_resources.py::test_after_a_deploy_nothing_was_changed_by_hand,
    test_emulator_repairs.py::test_a_new_bucket_blocks_no_public_access.
    """
    s3 = emulated("services.s3")

    @instead_of(s3, "_new_bucket_public_access_block")
    def block(_: Any) -> dict[str, Any]:
        return {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}
