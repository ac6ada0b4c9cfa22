"""How the modules of remit depend on each other, beside the rooms that import-linter holds (pyproject.toml)."""

from __future__ import annotations

import ast
import importlib
import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

import remit


def test_no_modules_import_each_other() -> None:
    """Not in functions either, nor for types alone: a reader could understand none of them without the others."""
    graph = grimp.build_graph("remit", exclude_type_checking_imports=False, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()  # a CycleError names the circle


def test_the_runtime_imports_the_sdk_in_functions_alone() -> None:
    """A handler that calls no other service does not wait for it."""
    outside = set()
    for path in (Path(remit.__file__).parent / "runtime").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        inside = {id(node) for function in functions for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in inside:
                outside |= {alias.name for alias in node.names} | {getattr(node, "module", None)}
    assert set() == {name for name in outside if name and name.partition(".")[0] in ("boto3", "botocore")}


def test_a_file_imports_a_module_once() -> None:
    """Once a module is imported, its types cost nothing: a block for type checkers names other modules alone."""
    twice = set()
    for path in Path(remit.__file__).parent.rglob("*.py"):
        body = ast.parse(path.read_text("utf-8")).body
        imported = {node.module for node in body if isinstance(node, ast.ImportFrom)}
        blocks = [node for node in body if isinstance(node, ast.If)]
        for node in (node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)):
            if node.module in imported:
                module = importlib.import_module(str(node.module))  # type checkers alone know some of its names
                twice |= {f"{path}: {alias.name}" for alias in node.names if hasattr(module, alias.name)}
    assert set() == twice


def test_a_public_class_name_stands_once() -> None:
    """A noun has one home. A zip's stand-ins, and the declarations of an app, are called as what they stand for."""
    source = Path(remit.__file__).parent
    homes: dict[str, set[str]] = {}
    for path in source.rglob("*.py"):
        if "skeleton" in path.parts:
            continue
        for name in re.findall(r"^ *class ([^\W_]\w*)[:(\[]", path.read_text("utf-8"), re.MULTILINE):
            homes.setdefault(name, set()).add(path.relative_to(source).as_posix())
    assert {"App", "Shared"} == {name for name, modules in homes.items() if len(modules) > 1}


def test_the_local_aws_alone_knows_the_emulator() -> None:
    source = Path(remit.__file__).parent
    knowing = {
        path.relative_to(source).parts[0] for path in source.rglob("*.py") if "ministack" in path.read_text("utf-8")
    }
    assert {"local"} == knowing
