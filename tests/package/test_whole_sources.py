"""Everything that is read of a project's dependencies and files, and asked of the imports of a zip, compared whole."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from remit.app import App, Function, JobQueue, WebApp
from remit.errors import Origin, RemitError
from remit.package.app_zip import bytes_in_words
from remit.package.dependency_source import Source
from remit.package.files import LeftOut, survey
from remit.package.packed_imports import (
    _Answer,
    _by_request,
    _Failure,
    _is_lacking,
    _own_file,
    _problem_of_handlers,
    _problem_of_web_app,
    _request,
    _way_to_pack,
)
from remit.package.requirements import folder_of_dependencies, read_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[[dict[str, str]], Path]

LIBRARY = '[project]\nname = "My_Lib"\n'


def source_of(folder: Path) -> Source | None:
    """What is read, without the texts that only a cache's key has."""
    source = read_source(folder)
    return None if source is None else replace(source, settings="")


def test_a_file_of_requirements_gives_its_lines_and_folders(project: Project) -> None:
    folder = project({
        "requirements.txt": "# all\n--find-links ./wheels  # ours\n-r more.txt\nidna>=3 ; python_version > '3' \\\n"
        "  --hash=sha256:ab\n-e ./lib\nother @ file:./none\n./wheels/a.whl\nremit-extra\n  ",
        "more.txt": "click==8\n#end",
        "lib/pyproject.toml": LIBRARY,
    })  # fmt: skip
    assert source_of(folder) == Source(
        "requirements.txt",
        ("--find-links ./wheels", "click==8", "idna>=3 ; python_version > '3'    --hash=sha256:ab", "./lib",
         "other @ file:./none", "./wheels/a.whl", "remit-extra"),
        local=(("my-lib", folder / "lib"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "extras", "stated", "names_remit", "only_remit"),
    [
        (".", (), '["remit"]', True, True),
        ("-e .[aws, web]", ("--extra=aws", "--extra=web"), '["Remit[local]", "idna"]', True, False),
        ("--editable=.", (), '["idna"]', False, False),
    ],
)
def test_the_project_in_its_own_requirements_is_what_it_states(
    project: Project, line: str, extras: tuple[str, ...], stated: str, *, names_remit: bool, only_remit: bool
) -> None:
    text = f'[project]\nname = "shop"\ndependencies = {stated}\n'
    folder = project({"requirements.txt": f"{line}\n--no-binary :all:\n", "pyproject.toml": text})
    assert source_of(folder) == Source(
        "requirements.txt", arguments=("--requirements", "pyproject.toml", *extras),
        names_remit=names_remit, only_remit=only_remit,
    )  # fmt: skip
    assert "shop" in (read_source(folder) or Source("")).settings


def test_a_project_that_states_its_dependencies_gives_them_with_its_folders(project: Project) -> None:
    text = (
        '[project]\nname = "shop"\ndependencies = ["remit", "My.Lib"]\n[tool.uv.sources]\n'
        '"My.Lib" = [{ path = "lib" }, { path = "none" }]\nother = { git = "https://x" }\n'
    )
    folder = project({"pyproject.toml": text, "lib/a.py": ""})
    expected = Source(
        "pyproject.toml", arguments=("--requirements", "pyproject.toml"), local=(("my-lib", folder / "lib"),),
        names_remit=True,
    )  # fmt: skip
    assert source_of(folder) == expected
    assert source_of(project({"pyproject.toml": '[project]\nname = "shop"\ndependencies = ["remit"]\n'})) == replace(
        expected, local=(), only_remit=True
    )
    assert source_of(project({"pyproject.toml": '[project]\nname = "shop"\ndependencies = []\n'})) is None


def package(name: str, source: str = '{ path = "a.whl" }') -> str:
    return f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {source}\n'


def test_a_lock_of_uv_gives_what_is_built_from_folders(project: Project) -> None:
    lock = "version = 1\n" + "".join((
        package("shop", '{ editable = "." }'), package("idna"), package("My_Lib", '{ directory = "lib" }'),
        package("remit", '{ editable = "../remit" }'), package("other", '{ editable = "libs/other" }'),
    ))  # fmt: skip
    text = '[project]\nname = "Shop"\ndependencies = ["Idna", "my-lib"]\n'
    folder = project({"uv.lock": lock, "pyproject.toml": text, "requirements.txt": "click"})
    assert source_of(folder) == Source(
        "uv.lock", arguments=("--no-deps",), export=True, names_remit=True, member="shop",
        local=(("my-lib", folder / "lib"), ("other", folder / "libs/other")),
    )  # fmt: skip
    alone = project({"uv.lock": "version = 1\n" + package("shop", '{ virtual = "." }'), "pyproject.toml": text[:24]})
    assert source_of(alone) is None


def test_a_member_of_a_workspace_takes_the_lock_of_its_root(project: Project) -> None:
    members = '[tool.uv.workspace]\nmembers = ["apps/*"]\nexclude = ["apps/old"]\n'
    text = '[project]\nname = "shop"\ndependencies = ["remit"]\n'
    root = project({
        "pyproject.toml": members, "uv.lock": "version = 1\n" + package("shop", '{ virtual = "apps/shop" }')
        + package("remit") + package("lib", '{ editable = "libs/lib" }'),
        "apps/shop/pyproject.toml": text, "apps/old/pyproject.toml": text,
    })  # fmt: skip
    assert source_of(root / "apps/shop") == Source(
        "../../uv.lock", arguments=("--no-deps",), export=True, local=(("lib", root / "libs/lib"),), names_remit=True,
        only_remit=True, workspace=root.resolve(), member="shop",
    )  # fmt: skip
    assert source_of(root / "apps/old") == Source(
        "pyproject.toml", arguments=("--requirements", "pyproject.toml"), names_remit=True, only_remit=True
    )


def test_a_root_of_zips_states_its_own_dependencies_or_takes_the_projects(project: Project) -> None:
    folder = project({"requirements.txt": "idna", "a/requirements.txt": "click", "b/app.py": ""})
    roots = {code: folder_of_dependencies(folder, code) for code in ("", "a", "b")}
    assert roots == {"": folder, "a": folder / "a", "b": folder}


def test_every_file_of_a_project_goes_in_or_is_listed_under_its_reason(project: Project) -> None:
    names = ("app.py", "run.sh", "src2/b.py", ".env", "a/credentials.json", "a/credentials.py", "tests/t.py",
             "a/tests/t.py", "keep/dump.bin", "drop/x.bin", "README.md", "a/README.md", "own.log", "venv/pyvenv.cfg",
             *(f"c{n}.pyc" for n in range(7)))  # fmt: skip
    folder = project({
        **dict.fromkeys(names, "12345"), ".remitignore": "*.bin\n!keep/dump.bin\n!.env\n!a/tests/\n!own.log\n",
        "ca.pem": "-----BEGIN CERTIFICATE-----", "key.pem": "-----BEGIN PRIVATE KEY-----",
    })  # fmt: skip
    (folder / "run.sh").chmod(0o755)
    tree = survey(folder, ("*.log",))
    assert [(each.name, each.written, each.executable, each.size) for each in tree.entries] == [
        ("a/README.md", "a/README.md", False, 5), ("a/credentials.py", "a/credentials.py", False, 5),
        ("a/tests/t.py", "a/tests/t.py", False, 5), ("app.py", "app.py", False, 5), ("ca.pem", "ca.pem", False, 27),
        ("keep/dump.bin", "keep/dump.bin", False, 5), ("run.sh", "run.sh", True, 5),
        ("src2/b.py", "src2/b.py", False, 5),
    ]  # fmt: skip
    assert tree.left_out == (
        LeftOut("caches", ("c0.pyc", "c1.pyc", "c2.pyc", "c3.pyc", "c4.pyc"), 7),
        LeftOut("excluded in the configuration", ("own.log",), 1),
        LeftOut("listed in .remitignore", ("drop/x.bin",), 1),
        LeftOut("only for the build", (".remitignore",), 1),
        LeftOut("project files", ("README.md",), 1),
        LeftOut("secrets never go into a zip", (".env", "a/credentials.json", "key.pem"), 3),
        LeftOut("tests", ("tests/",), 1),
        LeftOut("virtual environments", ("venv/",), 1),
    )
    assert [(each.name, each.written) for each in survey(folder, (), "a").entries] == [
        ("credentials.py", "a/credentials.py"), ("tests/t.py", "a/tests/t.py"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KB"), (1536, "1.5 KB"), (1024**2, "1.0 MB"),
     (250 * 1024**2, "250.0 MB"), (1024**3, "1.0 GB"), (5000 * 1024**3, "5000.0 GB")],
)  # fmt: skip
def test_a_size_is_told_in_the_biggest_unit_of_which_it_has_one(size: int, words: str) -> None:
    assert bytes_in_words(size) == words


def function(name: str, handler: str = "app.web", **more: object) -> Function:
    return replace(Function(name, name.title(), handler, {}), **more)  # type: ignore[arg-type]  # of several kinds


def test_functions_of_the_same_modules_share_a_request_and_a_web_app_has_its_own() -> None:
    site = function("site", "remit.web.handler", web=WebApp("shop.main:api", "asgi"))
    variables = {"Environment": {"Variables": {"URL": "${AWS::Region}-x", "A": "1", "LANG": "C"}}}
    first, second = function("a", "app.one", properties=variables), function(
        "b", "app.two", properties={"Environment": {"Variables": {"A": "2", "B": 3, "PATH": "mine"}}}
    )  # fmt: skip
    worker, idle = function("worker", "app.work", queue="mail"), function("idle", "other.run", queue="none")
    queue = JobQueue("mail", 1, 1, jobs=("app:send", "shop.jobs:pay", "shop.jobs:again"))
    app = App("shop", "dev", (first, site, second, worker, idle), queues=(queue,))
    groups = _by_request(app, app.functions)
    assert groups == {
        "app": [first, second], "site shop.main:api": [site], "app shop.jobs": [worker], "other": [idle],
    }  # fmt: skip
    common = {
        "LANG": "C.UTF-8", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true", "REMIT_STAGE": "dev",
    }  # fmt: skip
    assert [_request(name, app, group) for name, group in list(groups.items())[:3]] == [
        {"name": "app", "modules": ("app",), "web": None, "interface": None, "environment": {
            **common, "PATH": os.defpath, "AWS_LAMBDA_FUNCTION_NAME": "a", "URL": "known-in-lambda", "LANG": "C",
            "A": "1", "B": "3"}},
        {"name": "site shop.main:api", "modules": (), "web": "shop.main:api", "interface": "asgi", "environment": {
            **common, "PATH": os.defpath, "AWS_LAMBDA_FUNCTION_NAME": "site"}},
        {"name": "app shop.jobs", "modules": ("app", "shop.jobs"), "web": None, "interface": None, "environment": {
            **common, "PATH": os.defpath, "AWS_LAMBDA_FUNCTION_NAME": "worker"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "exact", "another"),
    [
        ("boto3.session", False, False),
        ("click", True, True),
        ("click.core", True, True),
        ("", True, False),
        ("tomllib", True, False),
        ("annotationlib", True, False),
        ("packed", True, False),
        ("packed.deep", True, False),
        ("single", True, False),
        ("native", True, False),
        ("pack", True, True),
    ],
)
def test_a_module_is_lacking_for_certain_where_another_python_has_none_of_it(
    missing: str, *, exact: bool, another: bool
) -> None:
    names = frozenset({"packed/__init__.py", "single.py", "native.cpython-313-x86_64-linux-gnu.so"})
    failure = _Failure("no module", missing, "app.py", 1)
    assert [_is_lacking(failure, names, is_exact=is_exact) for is_exact in (True, False)] == [exact, another]


def test_a_missing_module_is_told_how_it_is_packed(project: Project) -> None:
    folder = project({"app.py": "", "shared/money.py": "", "a/app.py": "", "a/own.py": "", "left/data.txt": ""})
    place = Origin("app.py", 1)
    project_has_it = "the project has it, and the zip leaves it out: a line `!name` in .remitignore takes it in"
    assert {
        (code, module): _way_to_pack(folder, code, module, place)
        for code, module in (("", "shared.money"), ("", "left.data"), ("a", "own"), ("a", "shared.money"),
                             ("", "click"), ("", "no_such.deep"))
    } == {
        ("", "shared.money"): project_has_it,
        ("", "left.data"): project_has_it,
        ("a", "own"): project_has_it,
        ("a", "shared.money"): "the project has it, and the zip has only what is in a: put it, or a link to it, "
        "into that folder",
        ("", "click"): "list `click` in requirements.txt or pyproject.toml: the zip holds what they name",
        ("", "no_such.deep"): "list the package of `no_such` in requirements.txt or pyproject.toml: the zip holds "
        "what they name",
    }  # fmt: skip
    packed = (("", "app.py"), ("a", "own.py"), ("", ""), ("", "x.py"))
    assert [_own_file(folder, code, name) for code, name in packed] == ["app.py", "a/own.py", None, None]


def told(error: RemitError) -> tuple[str, str | None, Origin | None]:
    return error.message, error.hint, error.origin


def test_an_import_that_fails_is_told_with_its_place_or_at_the_functions(project: Project) -> None:
    folder, place = project({"app.py": "", "a/app.py": ""}), Origin("app.py", 3)
    first, second = function("a"), function("b")
    hint = "list the package of `no_such` in requirements.txt or pyproject.toml: the zip holds what they name"
    assert [
        told(_problem_of_handlers(folder, "no_such", "lib/x.py", None, [first])),
        told(_problem_of_handlers(folder, "no_such", "app.py", place, [first, second])),
        told(_problem_of_handlers(folder, "no_such", "", None, [first])),
        told(_problem_of_handlers(folder, "cannot import name 'x'", "lib/x.py", None, [first])),
    ] == [
        ("`no_such`, which the handler of function a imports in lib/x.py, is not in the zip", hint, None),
        ("`no_such`, which the handler of functions a, b imports, is not in the zip", hint, place),
        ("`no_such`, which the handler of function a imports, is not in the zip", hint, None),
        ("the handler of function a cannot be imported from the zip: cannot import name 'x'", None, None),
    ]
    web = WebApp("shop.main:api")
    failures = (_Failure("no module", "no_such", "app.py", 3), _Failure("no", "", "", 0), None)
    assert [
        told(_problem_of_web_app(folder, first, web, _Answer("a", "is none", failure, ()))) for failure in failures
    ] == [
        (
            "the web app `shop.main:api` of function `a` cannot be imported from its zip: no module (app.py:3)",
            hint,
            None,
        ),
        ("the web app `shop.main:api` of function `a` cannot be imported from its zip: no", None, None),
        ("the web app `shop.main:api` of function `a` is none", None, None),
    ]


def test_what_decides_beside_the_requirements_is_in_the_settings(project: Project) -> None:
    root = project({
        "pyproject.toml": '[tool.uv]\nfind-links = ["./wheels"]\n[tool.uv.workspace]\nmembers = ["shop"]\n',
        "uv.toml": "offline = true",
        "uv.lock": "version = 1\n" + package("shop", '{ virtual = "shop" }') + package("idna"),
        "shop/pyproject.toml": '[project]\nname = "shop"\ndependencies = ["idna"]\n', "shop/uv.toml": "no-cache = true",
    })  # fmt: skip
    source = read_source(root / "shop")
    assert source is not None
    rules = '{"find-links": ["./wheels"], "workspace": {"members": ["shop"]}}offline = true'
    assert source.settings == (root / "uv.lock").read_text("utf-8") + '[["idna"], "shop"]' + rules


@pytest.mark.parametrize("count", [1, 2, 10, 11])
def test_ten_files_that_cannot_be_packed_are_told_and_how_many_more(project: Project, count: int) -> None:
    folder = project({"app.py": ""})
    for number in range(count):
        (folder / f"link{number:02}").symlink_to("none")
    with pytest.raises(RemitError) as caught:
        survey(folder)
    lines = [f"'link{number:02}': a link that leads nowhere" for number in range(count)]
    if count == 1:
        assert caught.value.message == f"cannot pack {lines[0]}"
    else:
        more = ["  … and 1 more"] if count == 11 else []
        shown = [f"  {line}" for line in lines[:10]]
        assert caught.value.message.splitlines() == [f"cannot pack {count} files:", *shown, *more]


def test_a_table_of_poetry_beside_a_project_decides_nothing(project: Project) -> None:
    text = '[project]\nname = "shop"\ndependencies = ["idna"]\n[tool.poetry.dependencies]\nclick = "*"\n'
    assert source_of(project({"pyproject.toml": text})) == Source(
        "pyproject.toml", arguments=("--requirements", "pyproject.toml")
    )
