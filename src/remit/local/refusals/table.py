"""The table of what AWS refuses and the emulator does not.

`tests/local/test_refusals.py` tries each row on the emulator alone, too, and fails when a row is not needed any more.
"""

from __future__ import annotations

from typing import Final

from remit.local.refusals import existing_names

REFUSALS: Final = (existing_names.REFUSAL,)


def refuse_what_aws_refuses() -> None:
    """Make every refusal, once, in the process that serves."""
    for refusal in REFUSALS:
        refusal.install()
