"""The names that a module binds, wherever its statements do, and what `import *` takes of them."""

from __future__ import annotations

import ast

import pytest

from remit.source.modules import Definition, module_source
from remit.source.python_file import Import, parsed

SOURCE = """
import os.path, json as text
from . import near
from ..up import far as away
from .all import *
TABLE = 1
TYPED: int = 2
BARE: int
a.b = c[0] = 3
FIRST, SECOND = pair
CHAINED = OTHER = 4
TABLE += 1
def handler(event): inner = 1
async def later(): ...
class Kept:
    member = 1
if (walrus := 5) > read:
    CHOSEN = 6
    def maybe(): ...
elif other:
    CHOSEN = 7
else:
    del TABLE, x.y
for item in items:
    looped = item
with open(name) as file:
    opened = file
try:
    import fast
except ImportError as error:
    fast = None
    from .slow import fast
else:
    worked = 1
finally:
    while True:
        ended: int = 8
match value:
    case [first, *_]:
        matched = 9
print(printed)
del Kept
"""
BOUND = """
os: os; text: json; near: shop.web.near; away: shop.up.far; TABLE: 1; TYPED: 2; FIRST?: None; SECOND?: None
CHAINED?: None; OTHER?: None; TABLE?: None; handler: handler; later: later; Kept: Kept; walrus?: None; CHOSEN?: 6
maybe?: maybe; CHOSEN?: 7; TABLE?: deleted; item?: None; looped?: item; file?: None; opened?: file; fast?: None
fast?: fast; fast?: None; fast?: shop.web.slow.fast; worked?: 1; ended?: 8; matched?: None; matched?: 9; Kept: deleted
"""


def shown(definition: Definition) -> str:
    value = definition.value
    if isinstance(value, Import):
        return value.full_name
    if isinstance(value, ast.AST):
        return getattr(value, "name", "") or ast.unparse(value)
    return "deleted" if definition.is_deleted else "None"


def test_the_names_of_a_module_are_those_that_its_statements_bind_and_sure_where_no_block_does() -> None:
    source = module_source(parsed(SOURCE.encode()), "shop/web/api.py", "shop.web.api")
    expected: dict[str, list[str]] = {}
    for bound in BOUND.strip().replace("\n", "; ").split("; "):
        name, _, value = bound.partition(": ")
        expected.setdefault(name.rstrip("?"), []).append(f"{value}{'?' if name.endswith('?') else ''}")
    actual = {
        name: [f"{shown(definition)}{'' if definition.is_certain else '?'}" for definition in definitions]
        for name, definitions in source.definitions.items()
    }
    assert expected == actual
    assert [*expected] == [*actual]
    assert ("shop/web/api.py", ("shop.web.all",), False, False, None) == (
        source.file, source.stars, source.may_have_more, source.may_yield, source.all,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "listed", "exported"),
    [
        ("a = 1", None, ["a", "b"]),
        ("__all__ = ['_a', \"b\"]", ("_a", "b"), ["_a", "b"]),
        ("__all__ = ('a',)", ("a",), ["a"]),
        ("__all__ = ['a', b]", None, ["a", "b"]),
        ("__all__ = names", None, ["a", "b"]),
        ("__all__ = ['a']\n__all__ += ['b']", None, ["a", "b"]),
        ("if x:\n    __all__ = ['a']", ("a",), ["a"]),
    ],
)
def test_import_star_takes_what_all_lists_where_that_is_written_out_else_names_without_an_underscore(
    code: str, listed: tuple[str, ...] | None, exported: list[str]
) -> None:
    source = module_source(parsed(code.encode()), "a.py", "a")
    assert (listed, exported) == (source.all, [name for name in ("_a", "a", "b") if source.exports(name)])


@pytest.mark.parametrize(
    ("code", "may_have_more", "may_yield"),
    [
        ("a = 1", False, False),
        ("def __getattr__(name): ...", True, False),
        ("class A:\n    def __getattr__(self, name): ...", True, False),
        ("def set_up():\n    global a\n    a = 1", True, False),
        ("globals()['a'] = 1", True, False),
        ("module.setattr(a)", False, False),
        ("def a():\n    yield 1", False, True),
    ],
)
def test_a_module_may_have_names_that_its_source_does_not_spell(
    code: str, *, may_have_more: bool, may_yield: bool
) -> None:
    source = module_source(parsed(code.encode()), "a.py", "a")
    assert (may_have_more, may_yield) == (source.may_have_more, source.may_yield)
