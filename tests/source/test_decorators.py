"""How a declaration is spelled in the user's source, so that a fix is told in the user's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.errors import Origin
from remit.source.decorators import attribute, decorator

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "import remit.triggers\nfrom remit.grants import sqs as q\n"


@pytest.mark.parametrize(
    ("line", "column", "text", "policy", "wider"),
    [
        ("@app.function(on.x(), policy=['a', \"b\"])\ndef f(): ...", 2, "app.function", ("'a'", '"b"'),
         "policy=['a', \"b\", NEW]"),
        ("@app.function(policy=('a', q.send(\n 'b')))\ndef f(): ...", 2, "app.function", ("'a'", "q.send('b')"),
         "policy=['a', q.send('b'), NEW]"),
        ("@app.function(policy='a')\ndef f(): ...", 2, "app.function", ("'a'",), "policy=['a', NEW]"),
        ("@app.function(policy=q.send('b'))\ndef f(): ...", 2, "app.function", ("q.send('b')",),
         "policy=[q.send('b'), NEW]"),
        ("@app.function(policy=f'{a}')\ndef f(): ...", 2, "app.function", ("f'{a}'",), "policy=[f'{a}', NEW]"),
        ("@app.function(policy={'a': 1})\ndef f(): ...", 2, "app.function", ("{'a': 1}",), "policy=[{'a': 1}, NEW]"),
        ("@app.function(policy=MORE)\ndef f(): ...", 2, "app.function", ("*MORE",), "policy=[*MORE, NEW]"),
        ("@app.function()\ndef f(): ...", 2, "app.function", (), "policy=[NEW]"),
        ("@app.job\ndef f(): ...", 2, "app.job", (), "@app.job(policy=[NEW])"),
        ("app.function(name='a')", 1, "app.function", (), "policy=[NEW]"),
        ("app.group(policy=['c'])(app.function())", 1, "app.group", ("'c'",), "policy=['c', NEW]"),
    ],
)  # fmt: skip
def test_a_declaration_is_read_with_its_policy_and_told_with_one_item_more(
    tmp_path: Path, line: str, column: int, text: str, policy: tuple[str, ...], wider: str
) -> None:
    (tmp_path / "app.py").write_text(HEAD + line, "utf-8")
    found = decorator(tmp_path, Origin("app.py", 3, column))
    assert found is not None
    assert (found.text, found.policy, found.with_policy("NEW")) == (text, policy, wider)
    assert found.imported == {"q": "remit.grants.sqs"}
    first_item = line.find("policy=") + len("policy=")
    assert found.origin.column == (first_item + 1 if "policy=" in line else column)


@pytest.mark.parametrize("line", ["x = 1", "@app.job\nclass A: ...", "def f(): ..."])
def test_what_declares_nothing_is_no_decorator(tmp_path: Path, line: str) -> None:
    (tmp_path / "app.py").write_text(f"@other\ndef g(): ...\n{line}", "utf-8")
    assert decorator(tmp_path, Origin("app.py", 3, 1)) is decorator(tmp_path, Origin("app.py", 3, 2)) is None
    assert decorator(tmp_path, None) is decorator(tmp_path, Origin("missing.py", 1, 1)) is None


def test_a_shared_resource_is_called_by_its_class_and_first_name(tmp_path: Path) -> None:
    source = "class Data(Shared):\n    table = other = resource('T')\n    more = resource('U')\nalone = resource('V')\n"
    source += "class Files(Shared):\n    bucket = resource('W')\n"
    (tmp_path / "data.py").write_text(source, "utf-8")
    places = {(2, 21): "Data.table", (3, 12): "Data.more", (3, 5): None, (4, 9): None, (6, 14): "Files.bucket"}
    assert {place: attribute(tmp_path, Origin("data.py", *place)) for place in places} == places
    assert attribute(tmp_path, None) is None
