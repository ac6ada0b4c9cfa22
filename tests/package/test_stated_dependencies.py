"""What each form of stating dependencies asks uv for, line by line, and which folders of one's own it builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.errors import RemitError
from remit.package.locks import uv_workspace
from remit.package.requirements import folder_of_dependencies, read_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.package.dependency_source import Source

    Project = Callable[[dict[str, str]], Path]

OWN = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["idna"]\n'


def lock(*packages: str) -> str:
    return "version = 1\n" + "".join(f"[[package]]\n{package}\n" for package in packages)


def source_of(folder: Path) -> Source:
    found = read_source(folder)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "lines", "local"),
    [
        ("idna==3 # pinned\nanyio#no-comment\n", ("idna==3", "anyio#no-comment"), []),
        ("idna \\\n  ==3\n\nanyio", ("idna    ==3", "anyio"), []),
        ("idna\nanyio \\", ("idna", "anyio"), []),
        ("-e ./lib", ("./lib",), ["lib"]),
        ("--editable=./lib", ("./lib",), ["lib"]),
        ("./lib --hash=sha256:ab", ("./lib --hash=sha256:ab",), ["lib"]),
        ("./lib[extra] ; python_version > '3'", ("./lib[extra] ; python_version > '3'",), ["lib"]),
        ("mine @ file://lib", ("mine @ file://lib",), ["lib"]),
        ("mine @ lib", ("mine @ lib",), ["lib"]),
        ("mine @ https://host/lib.whl", ("mine @ https://host/lib.whl",), []),
        ("https://host/lib.whl", ("https://host/lib.whl",), []),
        ("lib", ("lib",), []),
        ("--find-links ./lib\nidna", ("--find-links ./lib", "idna"), []),
    ],
)
def test_a_line_of_requirements_is_taken_as_uv_reads_it(
    project: Project, text: str, lines: tuple[str, ...], local: list[str]
) -> None:
    found = source_of(project({"requirements.txt": text, "lib/setup.py": ""}))
    assert found.lines == lines
    assert [name for name, _ in found.local] == local


@pytest.mark.parametrize("line", [".", "-e .", "./", "-e ./lib/.."])
def test_a_line_for_the_project_itself_means_its_own_dependencies_and_each_extra(project: Project, line: str) -> None:
    found = source_of(project({"requirements.txt": f"{line}[aws, web]", "pyproject.toml": OWN, "lib/a.py": ""}))
    assert (found.lines, found.local) == ((), ())
    assert found.arguments == ("--requirements", "pyproject.toml", "--extra=aws", "--extra=web")


@pytest.mark.parametrize(
    ("text", "names_remit", "only_remit"),
    [
        ("remit\n", True, True),
        ("Remit[cli]>=0.1\n", True, True),
        ("remit\nidna\n", True, False),
        ("--index-url https://host/simple\nremit\n", True, True),
        ("idna\n", False, False),
    ],
)
def test_remit_is_told_from_what_is_packed(project: Project, text: str, *, names_remit: bool, only_remit: bool) -> None:
    found = source_of(project({"requirements.txt": text}))
    assert (found.names_remit, found.only_remit) == (names_remit, only_remit)


def test_a_line_that_is_wrong_is_told_by_the_number_at_which_it_begins(project: Project) -> None:
    folder = project({"requirements.txt": "# first\nidna\\\n==3\n-r \\\nmore.txt\n"})
    with pytest.raises(RemitError, match=r"there is no more\.txt beside it") as caught:
        read_source(folder)
    assert str(caught.value.origin) == "requirements.txt:4"


def test_what_files_beside_say_is_in_the_settings_wherever_they_lie(project: Project) -> None:
    files = {"requirements.txt": "-c deep/limits.txt\nidna", "deep/limits.txt": "-r more.txt\n-c limits.txt",
             "deep/more.txt": "anyio<4"}  # fmt: skip
    folder = project(files)
    before = source_of(folder).settings
    assert source_of(folder).settings == before
    (folder / "deep/more.txt").write_text("anyio<5")
    assert source_of(folder).settings != before


def test_a_root_of_zips_states_its_own_dependencies_or_has_the_projects(project: Project) -> None:
    folder = project({"requirements.txt": "idna", "own/requirements.txt": "anyio", "plain/a.py": ""})
    assert folder_of_dependencies(folder, "own") == folder / "own"
    assert folder_of_dependencies(folder, "plain") == folder_of_dependencies(folder, "") == folder


def uv(project: Project, *packages: str, dependencies: str = '"idna"', name: str = "orders") -> Any:
    own = f'[project]\nname = "{name}"\nversion = "1"\ndependencies = [{dependencies}]\n'
    return read_source(project({"pyproject.toml": own, "uv.lock": lock(*packages)}))


ORDERS = 'name = "orders"\nsource = { editable = "." }'


def test_a_lock_builds_the_folders_of_ones_own_but_the_project_and_remit(project: Project) -> None:
    packages = (
        'name = "idna"',
        'name = "Shop_Lib"\nsource = { directory = "lib" }',
        'name = "tools"\nsource = { editable = "tools" }',
        'name = "remit"\nsource = { directory = "r" }',
    )
    found = uv(project, ORDERS, *packages)
    assert [(name, path.name) for name, path in found.local] == [("shop-lib", "lib"), ("tools", "tools")]
    assert (found.export, found.arguments, found.member) == (True, ("--no-deps",), "orders")


@pytest.mark.parametrize(
    ("dependencies", "packages", "names_remit", "only_remit"),
    [
        ('"remit"', ['name = "remit"'], True, True),
        ('"remit", "idna"', ['name = "remit"', 'name = "idna"'], True, False),
        ('"idna"', ['name = "remit"', 'name = "idna"'], True, False),
        ('"idna"', ['name = "idna"'], False, False),
        ("", ['name = "idna"'], False, True),
    ],
)
def test_a_lock_says_whether_remit_is_in_it_and_all_that_the_project_asks_for(
    project: Project, dependencies: str, packages: list[str], *, names_remit: bool, only_remit: bool
) -> None:
    found = uv(project, ORDERS, *packages, dependencies=dependencies)
    assert (found.names_remit, found.only_remit) == (names_remit, only_remit)


def test_a_lock_of_the_project_alone_asks_for_nothing(project: Project) -> None:
    assert uv(project, ORDERS, dependencies="") is None


WORKSPACE = '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n'


def test_a_folder_is_of_the_nearest_workspace_unless_that_excludes_it(project: Project) -> None:
    folder = project({"pyproject.toml": WORKSPACE, "packages/new/a.py": "", "packages/old/a.py": "", "other/a.py": ""})
    assert uv_workspace(folder / "packages" / "new") == folder.resolve()
    assert uv_workspace(folder / "packages" / "old") is None
    assert uv_workspace(folder / "other") is None


def test_of_a_workspace_without_a_lock_a_member_states_its_own(project: Project) -> None:
    folder = project({"pyproject.toml": WORKSPACE, "packages/new/pyproject.toml": OWN})
    assert source_of(folder / "packages" / "new").arguments == ("--requirements", "pyproject.toml")
    (folder / "uv.lock").write_text(lock(ORDERS, 'name = "idna"', 'name = "remit"'))
    found = source_of(folder / "packages" / "new")
    # Another member may need remit: this one does not.
    assert (found.workspace, found.member, found.names_remit) == (folder.resolve(), "orders", False)
    assert found.file == "../../uv.lock"


def test_of_a_pylock_what_remit_alone_needs_is_left_out_and_what_the_project_names_stays(project: Project) -> None:
    packages = ['name = "remit"\nversion = "1"\ndependencies = [{ name = "click" }, { name = "idna" }]',
                'name = "click"\nversion = "8"', 'name = "idna"\nversion = "3"',
                'name = "anyio"\nversion = "4"\ndependencies = [{ name = "sniffio" }]',
                'name = "sniffio"\nversion = "1"']  # fmt: skip
    text = 'lock-version = "1.0"\n' + "".join(f"[[packages]]\n{package}\n" for package in packages)
    found = source_of(project({"pylock.toml": text, "pyproject.toml": OWN}))
    assert found.lines == ("idna==3", "anyio==4", "sniffio==1")
    assert found.names_remit


@pytest.mark.parametrize(
    ("package", "line"),
    [
        (
            'archive = { url = "https://h/a.zip", path = "a.zip", hashes = { sha256 = "ab" } }',
            "@ https://h/a.zip --hash=sha256:ab",
        ),
        ('archive = { path = "deep/a.zip", hashes = { sha256 = "ab" } }', "@ ./deep/a.zip --hash=sha256:ab"),
        ('archive = { path = "../a.zip", hashes = { sha256 = "ab" } }', "@ ../a.zip --hash=sha256:ab"),
        ('directory = { path = "lib" }', "@ ./lib"),
        ('directory = { path = "/abs/lib" }', "@ /abs/lib"),
        ('vcs = { type = "git", url = "https://h/r.git", path = "r", commit-id = "c1" }', "@ git+https://h/r.git@c1"),
        ('vcs = { type = "git", path = "../r", commit-id = "c1" }', "@ git+../r@c1"),
    ],
)
def test_a_locked_package_is_taken_from_where_its_lock_says(project: Project, package: str, line: str) -> None:
    text = f'lock-version = "1.0"\n[[packages]]\nname = "a"\n{package}\n'
    assert source_of(project({"pylock.toml": text})).lines == (f"a {line}",)


def test_wheels_beside_a_lock_are_found_in_their_folders_and_those_with_an_address_are_not_looked_for(
    project: Project,
) -> None:
    wheels = ('{ path = "wheels/a.whl", hashes = { sha256 = "aa" } }', '{ path = "b.whl", hashes = { sha256 = "bb" } }',
              '{ path = "w/c.whl", url = "https://h/c.whl", hashes = { sha256 = "cc" } }')  # fmt: skip
    sdist = 'sdist = { path = "s/a.tar.gz", hashes = { sha256 = "dd" } }'
    text = f'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\nwheels = [{", ".join(wheels)}]\n{sdist}\n'
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in ("aa", "bb", "cc", "dd"))
    assert source_of(project({"pylock.toml": text})).lines == (
        "--find-links .", "--find-links s", "--find-links wheels", f"a==1 {hashes}",
    )  # fmt: skip


def test_remit_among_the_projects_own_dependencies_is_noticed_and_uvs_own_file_is_in_the_settings(
    project: Project,
) -> None:
    own = OWN.replace('"idna"', '"idna", "remit>=0.1"')
    folder = project({"requirements.txt": ".", "pyproject.toml": own})
    before = source_of(folder)
    assert before.names_remit
    (folder / "uv.toml").write_text('index-url = "https://host/simple"\n', "utf-8")
    assert source_of(folder).settings == before.settings + 'index-url = "https://host/simple"\n'
