"""Where a project keeps its modules, whichever way its folders are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.source.layout import beside, module_file, package_of, python_files, roots, src_layout

if TYPE_CHECKING:
    from pathlib import Path

BUILD = "[build-system]\nrequires = []\n"


def laid_out(folder: Path, *files: str, pyproject: str | None = None) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("", "utf-8")
    if pyproject is not None:
        (folder / "pyproject.toml").write_text(pyproject, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "pyproject", "is_src"),
    [
        (["src/shop/__init__.py"], None, True),
        (["src/shop.py"], None, True),
        (["src/shop.py", "src/more/__init__.py"], None, True),
        (["src/shop.py", "app.py"], None, False),
        (["src/shop.py", "app.py"], BUILD, True),
        (["src/shop.py", "app.py"], "[project]\n", False),
        (["src/__init__.py", "src/shop.py"], BUILD, False),
        (["src/data.json"], BUILD, False),
        (["src/shop/page.py"], BUILD, False),
        (["app.py"], BUILD, False),
    ],
)
def test_src_goes_to_the_root_where_an_installed_project_has_it(
    tmp_path: Path, files: list[str], pyproject: str | None, *, is_src: bool
) -> None:
    folder = laid_out(tmp_path, *files, pyproject=pyproject)
    assert src_layout(folder) is is_src
    assert roots(folder) == ((folder, folder / "src") if is_src else (folder,))
    assert roots(folder, "api") == (folder / "api",)


def test_a_module_is_a_file_before_it_is_a_package_in_the_folder_before_src(tmp_path: Path) -> None:
    files = ("shop.py", "shop/__init__.py", "api/__init__.py", "src/api.py", "src/more/deep.py", "src/x/__init__.py")
    folder = laid_out(tmp_path, *files, pyproject=BUILD)
    expected = {"shop": "shop.py", "api": "api/__init__.py", "more.deep": "src/more/deep.py", "nothing": None, "": None}
    for module, file in expected.items():
        assert module_file(folder, module) == (None if file is None else folder / file)
    assert module_file(folder / "shop", "") is None
    (folder / "named.py").mkdir()
    assert module_file(laid_out(folder, "named/__init__.py"), "named") == folder / "named/__init__.py"
    assert module_file(folder, "deep", "src/more") == folder / "src/more/deep.py"
    assert module_file(folder, "shop", "src/more") is None


def test_a_module_beside_a_file_is_told_how_to_be_imported(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, "src/shop/api/app.py", "src/shop/api/web.py", "src/shop/__init__.py", "web.py",
                      pyproject=BUILD)  # fmt: skip
    assert beside(folder, "src/shop/api/app.py", "web") == (
        'src/shop/api/web.py lies beside it: import `shop.api.web`, or write `handler=` and `code="src/shop/api"`, '
        "the root of its zip"
    )
    assert beside(folder, "src/shop/api/app.py", "nothing") is None
    assert beside(folder, "app.py", "web") is None
    assert beside(laid_out(folder, "src/other.py"), "src/app.py", "other") is None


def test_a_module_is_in_its_package_and_a_package_in_itself() -> None:
    assert [package_of("a.b", path) for path in ("a/b.py", "a/b/__init__.py")] == ["a", "a.b"]
    assert package_of("a", "a.py") == ""


def test_the_files_of_a_project_are_its_own_in_the_order_of_their_names(tmp_path: Path) -> None:
    own = ("a.py", "b.py", "lib/c.py", "lib/inner/d.py")
    others = (".venv/e.py", "node_modules/f.py", "lib/__pycache__/g.py", "env/h.py", "env/pyvenv.cfg", "notes.txt")
    folder = laid_out(tmp_path, *reversed(own), *others)
    assert [str(path).removeprefix(f"{folder}/") for path in python_files(folder)] == [*own]
