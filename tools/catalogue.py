"""Compile the catalogue's snapshot and tools/catalogue.lock from the packages in this environment.

    python tools/catalogue.py [FOLDER]

FOLDER holds the two packages that cannot be installed beside the others; without it they are fetched. `remit
data refresh` does the same for an installed remit.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from remit.catalogue import compiler, store
from remit.catalogue.compiler.sources import locked, sources

_LOCK = Path(__file__).with_name("catalogue.lock")


def main(arguments: list[str]) -> None:
    """Write the snapshot and the lock, and say how big the snapshot is."""
    with sources(Path(arguments[0]) if arguments else None) as found:
        content = compiler.compiled(found)
        _LOCK.write_text(locked(found))
    store.replace(content)
    print(f"catalogue.bin: {len(content):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
