"""An item that is added to a list, a call or an import stands as the others do; all else stays as it is written."""

from __future__ import annotations

import ast
from itertools import product
from typing import Any

import libcst as cst
import pytest

from remit.answers.imported_names import names_in, with_import
from remit.answers.layout import with_argument, with_element
from remit.errors import RemitError


def added(source: str) -> str:
    """A list, a tuple or a call with `new` as its last item, or `new=1` as its last argument."""
    expression: Any = cst.parse_expression(source)
    if isinstance(expression, cst.Call):
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        argument = cst.Arg(cst.Integer("1"), keyword=cst.Name("new"), equal=equal)
        expression = with_argument(expression, argument)
    else:
        expression = with_element(expression, cst.Element(cst.Name("new")))
    return cst.Module([]).code_for_node(expression)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[]", "[new]"),
        ("[ a ]", "[ a, new ]"),
        ("[a]", "[a, new]"),
        ("[a,]", "[a, new,]"),
        ("[a,b]", "[a,b,new]"),
        ("[a, b,  c]", "[a, b,  c,  new]"),
        ("(a,)", "(a, new,)"),
        ("((a, b))", "((a, b, new))"),
        ("[\n    a,\n    b,\n]", "[\n    a,\n    b,\n    new,\n]"),
        ("[\n    a\n]", "[\n    a,\n    new\n]"),
        ("[\n]", "[\n    new,\n]"),
        ("[\n    a,  # why a\n    b,  # why b\n]", "[\n    a,  # why a\n    b,  # why b\n    new,\n]"),
        ("[\n    a,\n    # the end\n]", "[\n    a,\n    # the end\n    new,\n]"),
        ("[  # why\n    a,\n]", "[  # why\n    a,\n    new,\n]"),
        ("[a,  # why a\n]", "[a,  # why a\n    new,\n]"),
        ("f()", "f(new=1)"),
        ("f(a)", "f(a, new=1)"),
        ("f( a )", "f( a, new=1 )"),
        ("f(a,)", "f(a, new=1,)"),
        ("f(\n    a,\n    b=2,\n)", "f(\n    a,\n    b=2,\n    new=1,\n)"),
        ("f(\n    a\n)", "f(\n    a,\n    new=1\n)"),
        ("f(a, b=2,  # why b\n)", "f(a, b=2,  # why b\n    new=1,\n)"),
    ],
)
def test_what_is_added_stands_as_the_others_do(source: str, expected: str) -> None:
    assert added(source) == expected


AROUND = (("[", "]"), ("(", ")"), ("f(", ")"))
OPENINGS = ("", " ", "  # first\n    ")
BETWEEN = (", ", ",\n    ", ",  # one\n    ")
CLOSINGS = ("", ",", ",\n", "\n", ",  # last\n", ",\n    # the end\n")


def test_whatever_the_layout_the_result_has_one_more_item_and_each_comment() -> None:
    for (start, end), items, opening, between, closing in product(AROUND, ("a", "abc"), OPENINGS, BETWEEN, CLOSINGS):
        comma = "," if start == "(" and len(items) == 1 and not closing.startswith(",") else ""
        source = f"{start}{opening}{between.join(items)}{comma}{closing}{end}"
        result = added(source)
        new = "new=1" if start == "f(" else "new"
        assert ast.dump(ast.parse(result)) == ast.dump(ast.parse(f"{start}{', '.join((*items, new))},{end}")), source
        assert result.count("#") == source.count("#"), source
        assert all(comment in result for comment in ("# first", "# one", "# last", "# the end") if comment in source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\n", "from remit import grants\nx = 1\n"),
        ('"""Text."""\nx = 1\n', '"""Text."""\nfrom remit import grants\nx = 1\n'),
        ("import a\nimport b\nx = 1\nimport z\n", "import a\nimport b\nfrom remit import grants\nx = 1\nimport z\n"),
        ("from remit import App\n", "from remit import App, grants\n"),
        ("from remit import App, http\n", "from remit import App, grants, http\n"),
        ("from remit import App, AWS\n", "from remit import App, AWS, grants\n"),
        ("from remit import aws, App\n", "from remit import aws, App, grants\n"),
        ("from remit import (\n    App,\n    on,\n)\n", "from remit import (\n    App,\n    grants,\n    on,\n)\n"),
        ("from remit import (\n    App,\n)\n", "from remit import (\n    App,\n    grants,\n)\n"),
        ("from . import x\n", "from . import x\nfrom remit import grants\n"),
        ("from .remit import x\n", "from .remit import x\nfrom remit import grants\n"),
        ("from remit import *\n", "from remit import *\nfrom remit import grants\n"),
        ("from remit.app import x\n", "from remit.app import x\nfrom remit import grants\n"),
    ],
)  # fmt: skip
def test_a_name_is_imported_in_the_line_that_imports_from_there_or_below_the_imports(
    source: str, expected: str
) -> None:
    assert with_import(cst.parse_module(source), "remit", "grants").code == expected


@pytest.mark.parametrize(
    ("before", "name", "expected"),
    [
        ("A, B", "ALL", "ALL, A, B"),
        ("AWS, Data", "Base", "AWS, Base, Data"),
        ("AWS, Data", "X", "AWS, Data, X"),
        ("data, other", "Last", "Last, data, other"),
    ],
)
def test_names_are_in_the_order_of_constants_classes_and_others(before: str, name: str, expected: str) -> None:
    assert with_import(cst.parse_module(f"from m import {before}\n"), "m", name).code == f"from m import {expected}\n"


@pytest.mark.parametrize(
    ("source", "spelled", "missing", "grants"),
    [
        ("", {"remit.grants.s3": "grants.s3", "shared.data.Data": "Data"}, {"grants", "Data"}, set()),
        ("from remit import grants",
            {"remit.grants.s3": "grants.s3", "shared.data.Data": "Data"}, {"Data"}, {"grants"}),
        ("from remit import grants as g", {"remit.grants.s3": "g.s3", "shared.data.Data": "Data"}, {"Data"}, {"g"}),
        ("from remit.grants import s3", {"remit.grants.s3": "s3", "shared.data.Data": "Data"}, {"Data"}, {"s3"}),
        ("from remit.grants import allow", {"remit.grants.s3": "grants.s3", "shared.data.Data": "Data"},
            {"grants", "Data"}, {"allow"}),
        ("from shared.data import Data as D", {"remit.grants.s3": "grants.s3", "shared.data.Data": "D"},
            {"grants"}, set()),
    ],
)  # fmt: skip
def test_a_file_spells_names_as_it_imports_them(
    source: str, spelled: dict[str, str], missing: set[str], grants: set[str]
) -> None:
    names = names_in(source.encode(), ["remit.grants.s3", "remit.grants.s3", "shared.data.Data"])
    assert names.spelled == spelled
    assert [name for _, name in names.missing] == [name for name in ("grants", "Data") if name in missing]
    assert names.grants == grants


@pytest.mark.parametrize("source", ["grants = 1", "def grants(): ...", "import grants", "from x import y as grants"])
def test_a_name_that_means_something_else_in_the_file_is_refused(source: str) -> None:
    with pytest.raises(RemitError) as caught:
        names_in(source.encode(), ["remit.grants.s3"])
    assert caught.value.message == "the file calls something else `grants`"
    assert caught.value.hint == "import it by another name: `from remit import grants as grants_`"
