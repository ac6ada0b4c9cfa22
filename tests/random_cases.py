"""How many random cases a test asks: some in each run, all in `make deep` and in CI.

Every file that imports `cases` is run once more by `make deep` and by `.ci/run`, with REMIT_ALL_CASES=1.
"""

from __future__ import annotations

import os

ASKS_ALL = os.environ.get("REMIT_ALL_CASES") == "1"


def cases(quick: int, *, deep: int) -> int:
    """`quick` cases, or `deep` ones where all are asked for."""
    return deep if ASKS_ALL else quick
