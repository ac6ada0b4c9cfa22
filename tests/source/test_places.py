"""The place of a part of a value is found in the source, in whatever form people write it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from remit.errors import Origin, Span
from remit.source import places

if TYPE_CHECKING:
    from pathlib import Path

SPELLINGS = {
    "Action": ("Action", "action", "actions"),
    "NotResource": ("NotResource", "not_resource", "not_resources"),
}


@pytest.mark.parametrize(("key", "spelling"), [(key, one) for key, several in SPELLINGS.items() for one in several])
@pytest.mark.parametrize(
    ("document", "ordinal"),
    [
        ("STATEMENT", 0),
        ('{"Statement": STATEMENT}', 0),
        ('{"statement": [{"Effect": "Deny"}, STATEMENT]}', 1),
        ('{"PolicyName": "x", "PolicyDocument": {"Statement": ({}, {}, STATEMENT)}}', 2),
    ],
)
def test_a_part_of_a_statement_is_found_in_each_spelling(
    tmp_path: Path, key: str, spelling: str, document: str, ordinal: int
) -> None:
    statement = f'{{"Effect": "Allow",\n "{spelling}": [\n  "first",\n  "second"]}}'
    (tmp_path / "a.py").write_text(document.replace("STATEMENT", statement), "utf-8")
    found = [places.inside(tmp_path, Origin("a.py", 1, 1), (key, step), ordinal) for step in (0, "second", 7)]
    assert [3, 4, 2] == [origin.line for origin in found]


@pytest.mark.parametrize(
    "call",
    [
        'f("T", {"VisibilityTimeout":\n 7})',
        'f("T", visibility_timeout=\n 7)',
        'f("T", **{"VisibilityTimeout":\n 7})',
        'f("T", properties={"VisibilityTimeout":\n 7})',
        'f("T", {"Other": 1}, properties={"visibility_timeout":\n 7})',
    ],
)
def test_what_a_call_gives_a_property_is_found_in_each_form(tmp_path: Path, call: str) -> None:
    (tmp_path / "a.py").write_text(call, "utf-8")
    assert places.inside(tmp_path, Origin("a.py", 1, 1), ("VisibilityTimeout",)) == Origin("a.py", 2, 2)
    assert places.inside(tmp_path, Origin("a.py", 1, 1), ("Nothing",)) == Origin("a.py", 1, 1)


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("x = \\\n 7", 0, (1, 1)),
        ("y = x = \\\n 7", 4, (1, 5)),
        ("x: int = \\\n 7", 0, (1, 1)),
        ("x.y += \\\n 7", 0, (1, 3)),
        ("x.y += \\\n 7", 0, (2, 2)),
        ("x.y: int = \\\n 7", 0, (2, 2)),
        ("x + (\n 7)", 0, (2, 3)),
        ("[] + x + [\n 7]", 0, (2, 3)),
    ],
)
def test_the_value_that_a_statement_assigns_or_adds_is_found(
    tmp_path: Path, code: str, start: int, end: tuple[int, int]
) -> None:
    path = tmp_path / "a.py"
    path.write_text(code, "utf-8")
    node = places.value_node(Span(str(path), 1, start, *end))
    assert node is not None
    assert node.end_lineno == 2


def span_of(path: Path, source: str) -> Span:
    """The span of the first call in a source, or of what its first assignment assigns to."""
    path.write_text(source, "utf-8")
    statement = ast.parse(source).body[0]
    node: ast.AST = statement.targets[0] if isinstance(statement, ast.Assign) else statement.value  # type: ignore[attr-defined]
    return Span(str(path), node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def at(source: str, origin: Origin) -> str:
    """What stands at a place, to the end of its line."""
    return source.splitlines()[origin.line - 1][origin.column - 1 :]


@pytest.mark.parametrize(
    ("source", "name", "position", "found"),
    [
        ("f(1, 2, x=3)", "x", None, "3)"),
        ("f(1, 2, x=3)", "y", 1, "2, x=3)"),
        ("f(1, 2, x=3)", "x", 0, "3)"),
        ("f(1, 2, x=3)", "y", 2, "f(1, 2, x=3)"),
        ("f(*a, 2)", "y", 1, "f(*a, 2)"),
        ("f(1, *a)", "y", 0, "1, *a)"),
        ("f(1, *a)", "y", 1, "f(1, *a)"),
        ("f(1)", "y", None, "f(1)"),
    ],
)
def test_an_argument_is_found_by_name_or_position(
    tmp_path: Path, source: str, name: str, position: int | None, found: str
) -> None:
    assert at(source, places.argument_origin(span_of(tmp_path / "a.py", source), name, position)) == found


@pytest.mark.parametrize(
    ("source", "name", "found"),
    [
        ("f(a=1, b=2)", "b", "b=2)"),
        ("f(a=1, **more)", "b", "more)"),
        ("f(**more, b=2)", "b", "b=2)"),
        ("f(a=1)", "b", "f(a=1)"),
        ("x = 1", "b", "x = 1"),
    ],
)
def test_an_option_is_found_where_its_name_stands_or_what_gives_it(
    tmp_path: Path, source: str, name: str, found: str
) -> None:
    span = span_of(tmp_path / "a.py", source)
    assert at(source, places.option_origin(span, name)) == found
    assert places.function_called(span) == ("this" if source.startswith("x") else "f")


VALUE = "{'a': [\n 1,\n {'b':\n  3, 4: 5}], 'c':\n 6,\n 't':\n ('one',\n 'two',\n )}"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), "{'a': ["),
        (("a",), "{'a': ["),
        (("a", 0), "1,"),
        (("a", 1), "{'b':"),
        (("a", 1, "b"), "'b':"),
        (("a", 1, "4"), "4: 5}], 'c':"),
        (("a", 1, "nothing"), "{'b':"),
        (("a", 2), "{'a': ["),
        (("c",), "'c':"),
        (("c", 0), "'c':"),
        (("t", 1), "'two',"),
        (("t", 2), "'t':"),
    ],
)
def test_a_part_of_an_argument_is_found_as_far_as_the_source_shows_it(
    tmp_path: Path, path: tuple[str | int, ...], found: str
) -> None:
    for file, source, keyword in (("a.py", f"f(x={VALUE})", "x"), ("b.py", f"x.y = {VALUE}", None)):
        origin = places.part_origin(span_of(tmp_path / file, source), keyword, path)
        stands = found if keyword or found != "{'a': [" else f"x.y = {found}"
        assert at(source, origin).rstrip(")") == stands


@pytest.mark.parametrize(
    ("source", "count", "items"),
    [
        ("[1, 2]", 2, ["1", "2"]),
        ("[1, 2]", 3, ["[1, 2]"] * 3),
        ("[1, *more, 2]", 4, ["1", "more", "more", "2"]),
        ("[1, *more, 2]", 2, ["1", "2"]),
        ("[1, *more, 2]", 1, ["[1, *more, 2]"]),
        ("[1, *(2, 3)]", 3, ["1", "2", "3"]),
        ("[1] + LIST + [2]", 4, ["1", "7", "8", "2"]),
        ("[*more, 1, *others]", 4, ["[*more, 1, *others]"] * 4),
        ("LIST - [1]", 3, ["LIST - [1]"] * 3),
        ("LOOP", 2, ["LOOP"] * 2),
        ("OTHER", 2, ["OTHER"] * 2),
    ],
)
def test_the_items_of_a_list_are_found_through_sums_stars_and_names(
    tmp_path: Path, source: str, count: int, items: list[str]
) -> None:
    path = tmp_path / "a.py"
    path.write_text(f"LIST = [7, 8]\nLOOP = [1, *LOOP]\nOTHER = f()\nx = {source}\n", "utf-8")
    node = ast.parse(source, mode="eval").body
    assert [ast.unparse(item) for item in places.item_nodes(node, count, str(path)) if item is not None] == items
    assert places.item_nodes(None, 2, str(path)) == [None, None]


def test_a_key_that_stands_again_is_told_with_the_first_of_it() -> None:
    tree = ast.parse("{'a': 1, 'b': {'a': 2}, 'a': 3, x: 1, x: 2, 'a': 4, **more}")
    found = [(again.col_offset, first.col_offset) for again, first in places.repeated_keys(ast.walk(tree))]
    assert found == [(24, 1), (44, 1)]


DOCUMENT = """{"Version": "2012-10-17",
 "Statement": [
  {"Effect": "Allow",
   "Action": ["s3:GetObjectAcl",
    "s3:GetObject",
    action],
   "Resource": [f"{anything}",
    f"arn:{partition}:s3:::in/*",
    f"arn:{x}:s3:::{y}"]},
  statement(effect="Deny",
   actions=[
    "s3:*"])]}
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), "{"),
        (("Statement",), '{"Effect": "Allow",'),
        (("Statement", 0, "Action"), '["s3:GetObjectAcl",'),
        (("Statement", 0, "Action", 1), '"s3:GetObject",'),
        (("Statement", 0, "Action", "s3:GetObject"), '"s3:GetObject",'),
        (("Statement", 0, "Action", "s3:Get"), '["s3:GetObjectAcl",'),
        (("Statement", 0, "Action", 3), '["s3:GetObjectAcl",'),
        (("Statement", 0, "Resource", "arn:aws:s3:::in/*"), 'f"arn:{partition}:s3:::in/*",'),
        (("Statement", 0, "Resource", "arn:aws:s3:::out/*"), 'f"arn:{x}:s3:::{y}"]},'),
        (("Statement", 0, "Resource", "other"), '[f"{anything}",'),
        (("Statement", 0, "Condition"), '{"Effect": "Allow",'),
        (("Statement", 1, "Effect"), '"Deny",'),
        (("Statement", 1, "Actions", 0), '"s3:*"])]}'),
        (("Statement", 2), '{"Version": "2012-10-17",'),
        (("Statement", 2, "Effect"), '"Effect": "Allow",'),
    ],
)
def test_a_part_of_a_document_is_found_by_its_path_and_texts_by_what_is_written_of_them(
    tmp_path: Path, path: tuple[str | int, ...], found: str
) -> None:
    (tmp_path / "a.py").write_text(DOCUMENT, "utf-8")
    place = places.part(tmp_path, Origin("a.py", 1, 1), path)
    assert at(DOCUMENT, place).startswith(found)
    assert ("a.py", DOCUMENT.count(found) > 0) == (place.file, True)


NAMED = """\
FIRST = [1, 2]
SUM = FIRST + [3]
OPEN = [4, *more, 5]
TWICE = [6]
TWICE = [7]
value = [*SUM, 8] + OPEN + (TWICE,)
"""


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (7, "1 2 3 8 4 5 TWICE"),
        (9, "1 2 3 8 4 more more 5 TWICE"),
        (3, "value value value"),
    ],
)
def test_the_items_of_a_list_are_followed_through_names_and_sums(tmp_path: Path, count: int, expected: str) -> None:
    file = tmp_path / "a.py"
    file.write_text(NAMED, "utf-8")
    assigned = ast.parse(NAMED).body[-1]
    assert isinstance(assigned, ast.Assign)
    nodes = places.item_nodes(assigned.value, count, str(file))
    told = ["value" if node is assigned.value else node and ast.unparse(node) for node in nodes]
    assert told == expected.split()
