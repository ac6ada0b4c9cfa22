"""The place of a part of a value is found in the source, in whatever form people write it."""

from __future__ import annotations

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
