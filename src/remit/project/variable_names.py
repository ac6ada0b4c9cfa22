"""How the environment variable is called that tells a function where a linked resource is."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+"


def variable_of(resource: str) -> str:
    """The variable of a resource, by its logical id, or by its class and its name there: `DataTable`, `Data_table`."""
    return "_".join(re.findall(_WORD, resource)).upper()
