"""Where a project's dependencies are stated, what of that counts, and what is not the whole truth."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from random_cases import cases
from remit.errors import RemitError
from remit.package.dependency_source import requirement_name
from remit.package.locks import _locked_lines
from remit.package.requirements import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[[dict[str, str]], Path]

PYPROJECT = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["idna"]\n'
LOCK = (
    'version = 1\n[[package]]\nname = "orders"\nsource = { virtual = "." }\n[[package]]\nname = "idna"\nversion = "3"\n'
)
PYLOCK = (
    'lock-version = "1.0"\n[[packages]]\nname = "idna"\nversion = "3"\nmarker = "python_version > \'3\'"\n'
    'wheels = [{ url = "https://host/idna-3-py3-none-any.whl", hashes = { sha256 = "ab" } }]\n'
)


def refusal(folder: Path) -> str:
    with pytest.raises(RemitError) as caught:
        read_source(folder)
    return str(caught.value)


def test_uv_lock_comes_before_pylock_before_requirements_before_pyproject(project: Project) -> None:
    files = {"uv.lock": LOCK, "pylock.toml": PYLOCK, "requirements.txt": "idna", "pyproject.toml": PYPROJECT}
    folder = project(files)
    used = []
    for name in files:
        source = read_source(folder)
        used.append(source.file if source else None)
        (folder / name).unlink()
    assert ([*files], None) == (used, read_source(folder))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"requirements.txt": "# nothing\n\n--index-url https://host/simple\n"},
        {"pyproject.toml": '[project]\nname = "orders"\nversion = "1"\n'},
        {"pyproject.toml": "[tool.ruff]\n"},
        {"pylock.toml": 'lock-version = "1.0"\npackages = []\n'},
        {
            "uv.lock": LOCK.partition('[[package]]\nname = "idna"')[0],
            "pyproject.toml": PYPROJECT.replace('"idna"', ""),
        },
    ],
)
def test_a_project_without_dependencies_has_none(project: Project, files: dict[str, str]) -> None:
    assert read_source(project(files)) is None


def test_requirements_may_have_comments_continued_lines_hashes_markers_and_included_files(
    project: Project,
) -> None:
    text = "\ufeffidna==3 \\\n  --hash=sha256:ab  # why\n# no\n-r more.txt\n-c limits.txt\nb ; python_version > '3'\n"
    source = read_source(project({"requirements.txt": text, "more.txt": "c>=1\n", "limits.txt": "c<2\n"}))
    assert source is not None
    told = tuple(" ".join(line.split()) for line in source.lines)
    assert told == ("idna==3 --hash=sha256:ab", "c>=1", "-c limits.txt", "b ; python_version > '3'")


def test_the_project_itself_in_requirements_means_its_stated_dependencies(project: Project) -> None:
    source = read_source(project({"requirements.txt": "-e .[web]\nidna\n", "pyproject.toml": PYPROJECT}))
    assert source is not None
    assert (
        source.lines,
        source.arguments,
    ) == (("idna",), ("--requirements", "pyproject.toml", "--extra=web"))


def test_a_package_in_a_folder_is_the_user_s_own_and_never_editable(project: Project) -> None:
    library = '[project]\nname = "My_Lib"\nversion = "1"\n'
    folder = project({"requirements.txt": "-e ./lib\n", "lib/pyproject.toml": library})
    source = read_source(folder)
    assert source is not None
    assert (("./lib",), (("my-lib", folder / "./lib"),)) == (source.lines, source.local)


@pytest.mark.parametrize(
    "name", ["remit", "Remit[local]>=1", "remit==1 --hash=sha256:ab", "remit @ https://host/remit.whl"]
)
def test_remit_among_the_dependencies_is_noticed(project: Project, name: str) -> None:
    source = read_source(project({"requirements.txt": f"idna\n{name}\n"}))
    assert source is not None
    assert source.names_remit


def test_pylock_names_a_place_by_its_address_or_its_path(project: Project) -> None:
    text = """
lock-version = "1.0"
[[packages]]
name = "far"
archive = {url = "https://example.com/far.zip", hashes = {sha256 = "ab"}}
[[packages]]
name = "near"
archive = {path = "wheels/near.zip", hashes = {sha256 = "cd"}}
[[packages]]
name = "both"
vcs = {type = "git", url = "https://example.com/both", path = "../both", commit-id = "abc"}
[[packages]]
name = "beside"
vcs = {type = "git", path = "../beside", commit-id = "def"}
"""
    source = read_source(project({"pylock.toml": text}))
    assert source is not None
    assert source.lines == (
        "far @ https://example.com/far.zip --hash=sha256:ab",
        "near @ ./wheels/near.zip --hash=sha256:cd",
        "both @ git+https://example.com/both@abc",
        "beside @ git+../beside@def",
    )


VERSIONS: Final = ("", "==3", ">=2,<4", "~=1.2", " >= 2", "===1", "!=2", " (>=2)", " @ https://host/x.whl")


@settings(max_examples=cases(30, deep=400))
@given(
    st.tuples(
        st.sampled_from(["idna", "Zope.Interface", "a_b-c", "x2"]),
        st.sampled_from(["", "[socks]", "[a,b]"]),
        st.sampled_from(VERSIONS),
        st.sampled_from(["", " ; python_version > '3'"]),
    ).map("".join)
)
def test_a_requirement_is_known_by_the_name_that_packaging_reads(line: str) -> None:
    assert requirement_name(line) == canonicalize_name(Requirement(line).name)


NAMES: Final = ("remit", "app", "click", "idna", "other")
NEEDED: Final = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), min_size=1)


@settings(max_examples=cases(15, deep=500))
@given(NEEDED, st.sets(st.sampled_from(NAMES[1:])))
def test_pylock_loses_remit_and_what_remit_alone_brings(needs: dict[str, set[str]], named: set[str]) -> None:
    """Who is there without remit stays: what the project names, or remit does not bring, and all that these need."""

    def reached(starts: set[str]) -> set[str]:
        found = starts & needs.keys() - {"remit"}
        while (more := {name for one in found for name in needs[one]} & needs.keys() - {"remit"} - found) != set():
            found |= more
        return found

    text = 'lock-version = "1.0"\n'
    for name, others in needs.items():
        listed = ", ".join(f'{{ name = "{other}" }}' for other in sorted(others))
        text += f'[[packages]]\nname = "{name}"\nversion = "1"\ndependencies = [{listed}]\n'
    by_remit = reached(set(needs.get("remit", set())))
    kept = reached((needs.keys() - by_remit) | named)
    stated = json.dumps([f"{name.title()}>=0" for name in sorted(named)])
    with TemporaryDirectory() as folder:
        Path(folder, "pylock.toml").write_text(text)
        Path(folder, "pyproject.toml").write_text(f'[project]\nname = "shop"\ndependencies = {stated}\n')
        source = read_source(Path(folder))
    lines = () if source is None else source.lines
    assert lines == tuple(f"{name}==1" for name in needs if name in kept)
    assert source is None or source.names_remit == ("remit" in needs)


HASHES: Final = st.dictionaries(st.sampled_from(["sha256", "sha512", "md5"]), st.text("0af", min_size=2), min_size=1)
WHEELS: Final = st.tuples(
    st.sampled_from([("url",), ("path",), ("url", "path")]), st.sampled_from(["", "wheels/"]), HASHES
)


@settings(max_examples=cases(15, deep=500))
@given(
    st.lists(WHEELS, max_size=3),
    st.none() | HASHES,
    st.sampled_from(["", "python_version > '3'", "sys_platform == 'linux'"]),
)
def test_pylock_becomes_pinned_lines_with_every_hash_and_marker(
    wheels: list[tuple[tuple[str, ...], str, dict[str, str]]], sdist: dict[str, str] | None, marker: str
) -> None:
    files: list[dict[str, Any]] = []
    for number, (keys, folder, hashes) in enumerate(wheels):
        place = f"{folder}idna-3-{number}.whl"
        addresses = {"url": f"https://host/{place}", "path": place}
        files.append({"hashes": hashes, **{key: addresses[key] for key in keys}})
    package: dict[str, Any] = {"name": "idna", "version": "3", "wheels": files}
    if sdist is not None:
        package["sdist"] = {"url": "https://host/idna-3.tar.gz", "hashes": sdist}
    if marker:
        package["marker"] = marker
    *links, line = _locked_lines(package)
    text, *told = line.split(" --hash=")
    requirement = Requirement(text)
    assert (requirement.name, str(requirement.specifier)) == ("idna", "==3")
    assert str(requirement.marker or "").replace('"', "'") == marker
    every = [
        f"{name}:{digest}" for hashes in (*(one for *_, one in wheels), sdist or {}) for name, digest in hashes.items()
    ]
    assert sorted(told) == sorted(every)
    assert links == sorted(
        {f"--find-links {folder.rstrip('/') or '.'}" for keys, folder, _ in wheels if keys == ("path",)}
    )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"uv.lock": LOCK, "pyproject.toml": PYPROJECT.replace("idna", "attrs")}, "does not know `attrs`"),
        ({"uv.lock": "version = ["}, "not valid TOML: Invalid value (at end of document)\n  --> uv.lock"),
        ({"uv.lock": "version = " + "[" * 5000}, "it is nested too deeply to be read\n  --> uv.lock"),
        ({"pylock.toml": PYLOCK.replace("python_version", "'dev' in extras and python_version")}, "an extra"),
        ({"requirements.txt": "-r more.txt\n"}, "no more.txt beside it\n  --> requirements.txt:1"),
        ({"requirements.txt": "\n-r requirements.txt\n"}, "includes itself\n  --> requirements.txt:2"),
        ({"requirements.txt": "-r a.txt", "a.txt": "-r requirements.txt"}, "txt includes itself\n  --> a.txt:1"),
        ({"poetry.lock": "", "pyproject.toml": PYPROJECT}, "poetry export -o requirements.txt"),
        ({"pyproject.toml": "[tool.poetry.dependencies]\nidna = '*'\n"}, "in poetry's own table"),
        ({"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'}, "([project].dynamic)"),
        ({"pyproject.toml": PYPROJECT + "[tool.uv.sources]\nidna = {workspace = true}\n"}, "which has no uv.lock"),
        ({"pyproject.toml": "[project\n"}, "  --> pyproject.toml:1:9"),
        ({"Pipfile.lock": "{}"}, "pipenv requirements > requirements.txt"),
    ],
)  # fmt: skip
def test_what_is_not_the_whole_truth_is_refused_with_what_to_do(
    project: Project, files: dict[str, str], told: str
) -> None:
    assert told in refusal(project(files))


def test_a_file_that_is_not_utf_8_is_named(project: Project) -> None:
    folder = project({})
    (folder / "requirements.txt").write_bytes(b"\xff\xfe")
    assert "cannot read requirements.txt: it is not UTF-8" in refusal(folder)


def test_a_file_that_only_includes_one_of_another_folder_states_dependencies(project: Project) -> None:
    folder = project({"requirements.txt": "-r requirements/prod.txt\n", "requirements/prod.txt": "idna==3.10\n"})
    source = read_source(folder)
    assert ("-r requirements/prod.txt",) == (source.lines if source else None)


def test_what_an_included_file_includes_decides_as_well(project: Project) -> None:
    files = {
        "requirements.txt": "-r requirements/prod.txt\n",
        "requirements/prod.txt": "-r more.txt\n-c limits.txt\n",
        "requirements/more.txt": "idna\n-r prod.txt\n",
        "requirements/limits.txt": "idna<3.9\n",
    }
    folder = project(files)
    seen = set()
    for name, text in (
        ("more.txt", "idna\n-r prod.txt\n"),
        ("more.txt", "-r prod.txt\nidna>2\n"),
        ("limits.txt", "-c limits.txt\n"),
    ):
        (folder / "requirements" / name).write_text(text)
        source = read_source(folder)
        seen.add(source.settings if source else None)
    assert (3, False) == (len(seen), None in seen)


def test_a_line_that_is_no_requirement_is_left_to_uv_to_refuse(project: Project) -> None:
    source = read_source(project({"requirements.txt": "!!!\n"}))
    assert ("!!!",) == (source.lines if source else None)


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": '[project]\nname = "orders"\ndynamic = 1\n'},
        {"pyproject.toml": "[project]\ndependencies = [1]\n"},
        {"pyproject.toml": "[tool]\nuv = 1\n"},
        {"pyproject.toml": "[tool.uv]\nsources = 1\n"},
        {"uv.lock": "package = 1\n"},
        {"uv.lock": "[[package]]\nx = 1\n"},
        {"uv.lock": '[[package]]\nname = "idna"\nsource = 1\n'},
        {"pylock.toml": "packages = 1\n"},
        {"pylock.toml": "[[packages]]\nx = 1\n"},
        {"pylock.toml": '[[packages]]\nname = "idna"\nwheels = [1]\n'},
        {"pylock.toml": '[[packages]]\nname = "idna"\n'},
        {"pylock.toml": '[[packages]]\nname = "idna"\nversion = "3"\nwheels = [{}]\n'},
    ],
)
def test_a_file_whose_values_have_other_shapes_than_its_format_says_is_refused(
    project: Project, files: dict[str, str]
) -> None:
    (name,) = files
    said = refusal(project(files))
    assert f"error: {name}, or the pyproject.toml beside it, is not built as its format says" in said
    assert f"--> {name}" in said
