"""Compile the catalogue's snapshot and tools/catalogue.lock from the packages in this environment.

    python tools/catalogue.py [FOLDER]
    python tools/catalogue.py --report FILE [FOLDER]

FOLDER holds the packages that cannot be installed beside the others; without it they are fetched. `remit data refresh`
does the same for an installed remit. The report is JSON: by CloudFormation type and column of its row, the value and
the source that it came from (schema, joined, cdk, curated); nothing else is written then.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from remit.catalogue import compiler, request_formats, snapshot
from remit.catalogue.compiler.sources import locked, sources

_LOCK = Path(__file__).with_name("catalogue.lock")


def main(arguments: list[str]) -> None:
    """Write the snapshot and the lock, and say how big the snapshot is; or write the report alone."""
    if arguments[:1] == ["--report"]:
        report_file, *folders = arguments[1:]
        with sources(Path(folders[0]) if folders else None) as found:
            Path(report_file).write_text(json.dumps(compiler.type_report(found), indent=1) + "\n")
        return
    with sources(Path(arguments[0]) if arguments else None) as found:
        content = compiler.compiled(found)
        formats = compiler.compiled_request_formats(found)
        _LOCK.write_text(locked(found))
    snapshot.replace(content)
    snapshot.replace(formats, request_formats.FILE)
    print(f"catalogue.bin: {len(content):,} bytes; request_formats.bin: {len(formats):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
