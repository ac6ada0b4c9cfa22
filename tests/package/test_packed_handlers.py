"""Lambda finds each handler in its zip, or where the zip says nothing of it: compiled, in a layer, or Lambda's own."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from remit.app import Function
from remit.errors import Origin, RemitError
from remit.package.app_zip import Package
from remit.package.packed_handlers import check_handlers

if TYPE_CHECKING:
    from pathlib import Path

COMPILED = ".cpython-313-x86_64-linux-gnu.so"
HANDLER = b"def hello(event, context): ...\n"


def zipped(path: Path, files: dict[str, bytes]) -> Package:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Package(path, path.stem, 1, 1, (), (), path.stem)


def function(name: str, handler: str, line: int = 1, **properties: Any) -> Function:
    return Function(name, name.title(), handler, properties, origin=Origin("app.py", line))


def told(functions: tuple[Function, ...], packages: dict[str, Package]) -> list[tuple[str, Origin | None]]:
    try:
        check_handlers(functions, packages)
    except RemitError as error:
        return [(each.message, each.origin) for each in error.all]
    return []


@pytest.mark.parametrize(
    ("files", "handler", "properties", "is_right"),
    [
        (["shop.py"], "shop.hello", {}, True),
        (["shop/__init__.py"], "shop.hello", {}, True),
        (["shop/web.py"], "shop.web.hello", {}, True),
        (["shop/web.py"], "shop.api.hello", {}, False),
        ([f"shop{COMPILED}"], "shop.hello", {}, True),
        ([f"shop/web{COMPILED}"], "shop.web.hello", {}, True),
        ([f"shop/__init__{COMPILED}"], "shop.hello", {}, True),
        ([f"shop/web{COMPILED}", f"shopping{COMPILED}"], "shop.hello", {}, False),
        (["other.py"], "shop.hello", {"Layers": ["arn"]}, True),
        (["other.py"], "shop.hello", {"Layers": []}, False),
        (["other.py"], "awslambdaric.bootstrap.run", {}, True),
        (["other.py"], "json.dumps", {}, True),
    ],
)
def test_a_handler_is_in_its_zip_unless_it_is_elsewhere(
    tmp_path: Path, files: list[str], handler: str, properties: dict[str, Any], is_right: bool
) -> None:
    package = zipped(tmp_path / "a.zip", dict.fromkeys(files, HANDLER))
    module = handler.rpartition(".")[0]
    problem = f"the handler `{handler}` of function `web` is not in its zip, which has no module `{module}`"
    expected = [] if is_right else [(problem, Origin("app.py", 1))]
    assert expected == told((function("web", handler, **properties),), {"web": package})


def test_each_function_is_looked_for_in_its_own_zip_and_all_that_lack_theirs_are_told(tmp_path: Path) -> None:
    first, second = (zipped(tmp_path / f"{name}.zip", {f"{name}.py": HANDLER}) for name in ("a", "b"))
    functions = (
        function("one", "b.hello", 1),
        function("two", "a.hello", 2),
        function("three", "b.hello", 3),
        function("four", "a.missing", 4),
        function("five", "a.hello", 5),
    )
    packages = {"one": first, "two": first, "three": second, "four": first, "five": second}
    lines = [(message.split("`")[1:4:2], origin.line) for message, origin in told(functions, packages) if origin]
    assert [(["b.hello", "one"], 1), (["a.missing", "four"], 4), (["a.hello", "five"], 5)] == lines


def test_a_package_comes_before_a_module_of_its_name_as_python_imports_it(tmp_path: Path) -> None:
    both = zipped(tmp_path / "a.zip", {"shop/__init__.py": HANDLER, "shop.py": b""})
    assert [] == told((function("web", "shop.hello"),), {"web": both})
