"""Read the JSON files of a source, and say which is broken: a download may have been cut short."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


def document(path: Path) -> Any:
    """Read a JSON file, gzipped or not. RemitError: it is not there, or holds something else."""
    try:
        content = path.read_bytes()
        return json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise broken(path, error) from None


def broken(path: Path, error: Exception) -> RemitError:
    """Return the error for a file that cannot be read."""
    return RemitError(
        f"{path} is missing or broken: {error}", hint="install its package again: pip install --force-reinstall …"
    )
