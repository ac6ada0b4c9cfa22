"""How the modules of remit depend on each other, beside the rooms that import-linter holds (pyproject.toml)."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp


def test_no_modules_import_each_other() -> None:
    """Not in functions either, nor for types alone: a reader could understand none of them without the others."""
    graph = grimp.build_graph("remit", exclude_type_checking_imports=False, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()  # a CycleError names the circle
