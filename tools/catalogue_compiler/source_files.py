"""Read the JSON files of the sources, and the rows kept by hand (TOML, beside this file)."""

from __future__ import annotations

import gzip
import json
import tomllib
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from remit.errors import RemitError

Chunks = dict[tuple[str, str], Any]
"""The parts of the snapshot, by kind and name: `remit.catalogue.snapshot` says how they are kept."""


@cache
def kept_by_hand(name: str) -> dict[str, Any]:
    """The tables of one of the TOML files, which say what their rows hold and where that comes from."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))


def document(path: Path) -> Any:
    """Read a JSON file, gzipped or not. RemitError: it is not there, or broken, as a download that was cut short is."""
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
