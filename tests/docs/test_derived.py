"""Files that `make derived` makes from other files are what it would make now, and names are where people look."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

from remit import grants, triggers

ROOT = Path(__file__).parents[2]
DERIVED = runpy.run_path(str(ROOT / "tools" / "derived.py"))["DERIVED"]


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_file_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == DERIVED[name](), "`make derived` writes it"


def test_every_trigger_and_authorizer_is_in_the_triggers_by_the_name_of_its_file() -> None:
    bases = {"BaseTrigger", "StreamTrigger", "RouteTrigger", "RouteAuthorizer", "TokenAuthorizer"}
    found = {}
    for path in (ROOT / "src/remit/triggers").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            is_named_so = isinstance(node, ast.ClassDef) and node.name == path.stem.title().replace("_", "")
            if is_named_so and bases & {ast.unparse(base) for base in node.bases}:
                found[path.stem] = node.name
    assert sorted(found) == triggers.__all__
    assert found == {name: getattr(triggers, name).__name__ for name in triggers.__all__}


def test_every_module_of_grants_is_in_the_grants_also_for_type_checkers() -> None:
    files = {path.stem for path in (ROOT / "src/remit/grants").glob("*.py")} - {"__init__", "typed"}
    text = (ROOT / "src/remit/grants/__init__.py").read_text("utf-8")
    imported = {name for name in files if f"\n    from remit.grants import {name} as {name}\n" in text}
    assert grants.__all__ == ["allow", *sorted(files)]
    assert files == imported
    assert files == {name for name in files if getattr(grants, name).__name__ == f"remit.grants.{name}"}
