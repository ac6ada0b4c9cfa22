"""Take a section of a template, or a part of a resource, as the mapping or list of mappings that it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def section(value: Any, *names: str) -> Mapping[str, Any]:
    """Return the mapping at a path of names in a value; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; none of what is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
