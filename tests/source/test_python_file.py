"""A file of somebody's Python is parsed once, and gives everybody the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from effort import calls_of
from remit.errors import Span
from remit.source import places
from remit.source.python_file import bound_names, forget, imports, parsed, read

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

BUILD: Final = """
import sys
text = open("app.py", "rb").read()
parses = []
sys.addaudithook(lambda event, given: parses.append(given[1]) if event == "compile" and given[0] == text else None)
from remit.cli import main
try:
    main(["build"])
finally:
    print(len(parses), file=sys.stderr)
"""
APP: Final = """from remit import App, aws, on
app = App()
@app.function(on.sqs("orders"), policy=["logs", "s3:ListAllMyBuckets"])
def hello(event, context): ...
app.function(name="by-name", handler="app.late")
def late(event, context): ...
"""


def test_a_build_parses_a_file_once_to_run_it_and_once_for_all_who_read_it(make: Make) -> None:
    """Places of mistakes, late-bound values, handlers by name, and in the zip both handlers and imports."""
    folder = make(app=APP).folder
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=folder, capture_output=True, text=True, check=False)
    assert (0, "2") == (done.returncode, done.stderr.splitlines()[-1])


def test_what_stands_at_a_place_is_told_outer_nodes_first_and_an_assignment_at_each_target() -> None:
    file = parsed(b"a = b.c = f(x)(y)\n")
    assert ["Assign", "Name"] == [type(node).__name__ for node in file.at(1, 1)]
    assert ["Attribute", "Name"] == [type(node).__name__ for node in file.at(1, 5) if type(node).__name__ != "Assign"]
    assert ["Call", "Call", "Name"] == [type(node).__name__ for node in file.at(1, 11)]
    assert 1 == sum(type(node).__name__ == "Assign" for node in file.at(1, 5))


@pytest.mark.parametrize(
    ("line", "package", "expected"),
    [
        ("import a.b", "", [("a", "a")]),
        ("import a.b as c", "", [("a.b", "c")]),
        ("from a import b, c as d", "", [("a.b", "b"), ("a.c", "d")]),
        ("from a import *", "", [("a.*", "*")]),
        ("from . import b", "x.y", [("x.y.b", "b")]),
        ("from ..a import b", "x.y", [("x.a.b", "b")]),
        ("from ..a import b", "x", [(".a.b", "b")]),
        ("from .a import b", "", [(".a.b", "b")]),
    ],
)
def test_an_import_has_its_full_name(line: str, package: str, expected: list[tuple[str, str]]) -> None:
    file = parsed(line.encode())
    assert expected == [(each.full_name, each.bound) for each in imports(file.nodes, package)]


def test_every_way_to_bind_a_name_counts() -> None:
    source = b"""
import a.b
from c import d as e
def f(g, *h): i = 1
class J: pass
async def k(): del l
for m in (n := []): pass
"""
    assert {"a", "e", "f", "g", "h", "i", "J", "k", "l", "m", "n"} == set(bound_names(parsed(source).nodes))


@pytest.mark.parametrize("again", ["def LIST(): ...", "from a import LIST", "LIST = []", "class LIST: ..."])
def test_a_name_that_something_else_binds_stands_for_nothing(again: str) -> None:
    assert {"LIST"} == parsed(b"LIST = ['logs']\n").assigned_once.keys()
    assert set() == parsed(f"LIST = ['logs']\n{again}\n".encode()).assigned_once.keys()


def test_a_name_with_a_type_is_assigned_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("COMMON: list[str] = [\n    'logs',\n    'xray',\n]\nx.y = COMMON\n", encoding="utf-8")
    node = places.value_node(Span(str(path), 5, 0, 5, 3))
    assert [2, 3] == [part.lineno for part in places.item_nodes(node, 2, str(path)) if part is not None]


@pytest.mark.parametrize(
    "content", [b"def", b"\0", b"# coding: none\n", b"(" * 300], ids=["syntax", "nul", "coding", "deep"]
)
def test_what_is_no_python_has_nothing_in_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(content)
    assert [] == read(str(path)).tree.body
    assert [] == read(str(tmp_path / "missing.py")).tree.body


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert [] == read(str(tmp_path / "a.py")).tree.body


def test_a_file_that_changed_is_read_again_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    for content in ("a = 1\n", "b = 1\n"):
        path.write_text(content, encoding="utf-8")
        forget()
        assert [content[0]] == [*read(str(path)).assigned_once]


def test_the_bodies_of_functions_are_not_searched_for_what_stands_outside_of_them() -> None:
    body = "".join(f"    a = b({number})\n" for number in range(1000))
    file = parsed(f"@c.d(1)\ndef e():\n{body}".encode())
    assert calls_of(lambda: file.at(1, 2)) < 200
    assert ["Assign", "Name"] == [type(node).__name__ for node in file.at(3, 5)]
