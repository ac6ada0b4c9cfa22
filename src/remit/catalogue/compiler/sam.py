"""SAM's policy templates, out of the translator that AWS runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.compiler.source_files import document

if TYPE_CHECKING:
    from pathlib import Path

Chunks = dict[tuple[str, str], Any]


def sam_policies(source: Path) -> Chunks:
    """The chunk `sam-policies`: by name, the names of a template's parameters and its policy document."""
    templates: dict[str, Any] = document(source)["Templates"]
    return {
        ("sam-policies", ""): {
            name: [sorted(templates[name].get("Parameters", {})), templates[name]["Definition"]]
            for name in sorted(templates)
        }
    }
