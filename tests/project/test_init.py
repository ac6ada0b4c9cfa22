"""What `remit init` writes into a new folder, and into a project that exists; and the files for its CI."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from remit.errors import Origin, RemitError
from remit.project.ci_files import ci_files, ci_notes
from remit.project.current_load import is_users_file, relative
from remit.project.init import FILES, init, with_ci

if TYPE_CHECKING:
    from pathlib import Path


def folder_with(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / {"app": "app.py", "pyproject": "pyproject.toml", "ignored": ".gitignore"}[name]).write_text(text)
    return folder


def test_a_new_folder_gets_every_file_and_an_app_of_its_name(tmp_path: Path) -> None:
    started = init(tmp_path / "deep" / "orders")
    assert (started.made, started.kept, started.notes) == (tuple(FILES), (), ())
    pyproject = tomllib.loads((tmp_path / "deep" / "orders" / "pyproject.toml").read_text())
    assert pyproject["project"]["name"] == "orders"
    assert init(folder_with(tmp_path)).made == tuple(FILES)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Orders", "is not a valid name for a project"),
        ("o" * 41, "is not a valid name"),
        ("taken", "is not an empty folder"),
    ],
)
def test_a_name_that_is_none_and_a_folder_with_files_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "a.txt").touch()
    with pytest.raises(RemitError, match=message):
        init(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(RemitError, match="exists already and is not an empty folder"):
        init(tmp_path / "file")


def test_a_project_that_exists_keeps_its_files_and_hears_what_is_left_to_do(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, app="x = 1\n", pyproject='[project]\nname = "Shop"\n', ignored="*.pyc\n")
    started = init(folder, existing=True)
    assert started.kept == ("pyproject.toml", ".gitignore", "app.py")
    assert started.made == ("config/deploy.py", "AGENTS.md")  # no test: it is of the skeleton's functions
    assert [note.partition(":")[0].partition(" ")[0] for note in started.notes] == ["add", "app.py", "add"]
    assert (folder / "app.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("line", [".remit/", ".remit", "/.remit/"])
def test_a_project_that_has_all_hears_nothing(tmp_path: Path, line: str) -> None:
    folder = folder_with(tmp_path, app="import remit\n", pyproject='dependencies = ["remit"]\n', ignored=f"a\n{line}\n")
    assert init(folder, existing=True).notes == ()


def test_a_project_without_an_app_gets_one_with_its_test(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ignored=".remit/\n")
    assert init(folder, existing=True).made == tuple(name for name in FILES if name != ".gitignore")


def test_the_workflow_stands_at_the_top_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    alone = ci_files(tmp_path, "github", "prod")
    assert [path.relative_to(tmp_path).as_posix() for path in alone] == [".github/workflows/remit.yml"]
    folder = folder_with(tmp_path / "services", app="")
    below = ci_files(folder, "github", "prod", ["@acme/security"])
    assert [path.relative_to(tmp_path).as_posix() for path in below] == [
        ".github/workflows/remit-orders.yml",
        ".github/CODEOWNERS",
    ]
    codeowners = below[tmp_path / ".github" / "CODEOWNERS"]
    assert "/services/orders/config/accepted.json" in codeowners
    assert "@acme/security" in codeowners
    gitlab = ci_files(folder, "gitlab", "prod")
    assert [path.relative_to(tmp_path).as_posix() for path in gitlab] == [".gitlab-ci.yml"]
    (tmp_path / ".gitlab-ci.yml").touch()
    with pytest.raises(RemitError, match="exists already: nothing was written"):
        ci_files(folder, "gitlab", "prod")
    with pytest.raises(RemitError, match="'acme' owns no code"):
        ci_files(folder, "github", "prod", ["@ann", "acme"])


@pytest.mark.parametrize(
    ("service", "places", "made"),
    [("github", (".github", "", "docs"), ".github"), ("gitlab", ("", "docs", ".gitlab"), ".gitlab")],
)
def test_owners_are_added_to_the_file_that_the_service_reads(
    tmp_path: Path, service: str, places: tuple[str, ...], made: str
) -> None:
    """GitHub: "About code owners". GitLab: FILE_PATHS in ee/lib/gitlab/code_owners.rb, the first of which counts."""
    (tmp_path / ".git").mkdir()
    (new,) = (path for path in ci_files(tmp_path, service, "prod", ["@bob"]) if path.name == "CODEOWNERS")
    assert new == tmp_path / made / "CODEOWNERS"
    for place in reversed(places):  # the one that is read first comes last
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "CODEOWNERS").write_text("/shop/config/accepted.json @ann\n")
        files = ci_files(tmp_path, service, "prod", ["@bob", "ann@example.com"])
        (path,) = (path for path in files if path.name == "CODEOWNERS")
        assert path == tmp_path / place / "CODEOWNERS"
        assert files[path].startswith("/shop/config/accepted.json @ann\n\n")
        assert f"\n/{'.github' if service == 'github' else '.gitlab-ci.yml'}" in files[path]


@pytest.mark.parametrize("place", [".github", "", "docs"])
def test_owners_are_added_where_owners_stand_and_once(tmp_path: Path, place: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / place).mkdir(exist_ok=True)
    path = tmp_path / place / "CODEOWNERS"
    path.write_text("* @ann")
    text = ci_files(tmp_path, "github", "prod", ["@bob"])[path]
    assert text.startswith("* @ann\n")
    assert "/config/accepted.json" in text
    path.write_text(text)
    assert path not in ci_files(tmp_path, "github", "prod", ["@bob"])
    assert path not in ci_files(tmp_path, "github", "prod")


def test_previews_are_named_as_the_project_says(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / ".git").mkdir()
    assert [note.partition(" ")[0] for note in ci_notes(folder, ())] == ["add", "nobody"]
    (folder / "config").mkdir()
    (folder / "config" / "deploy.py").write_text('config.stages.previews = "pr"\nconfig.stages.previews = "x"\n')
    assert [*ci_notes(folder, ["@ann"])] == []
    ((workflow, text),) = ci_files(folder, "github", "prod").items()
    assert 'STAGE: "pr${{ github.event.number }}"' in text
    assert "%%" not in text
    assert workflow.name == "remit.yml"


def test_the_files_for_ci_come_with_a_stage_in_a_new_project_alone(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    started = init(folder)
    files = ci_files(folder, "github", "prod")
    both = with_ci(folder, started, files, "prod", [])
    assert both.made == (*FILES, ".github/workflows/remit.yml")
    assert both.notes == (*started.notes, *ci_notes(folder, []))
    assert '"prod"' in (folder / "config" / "deploy.py").read_text()
    before = (folder / "config" / "deploy.py").read_text()
    (folder / ".github" / "workflows" / "remit.yml").unlink()
    again = with_ci(folder, init(folder, existing=True), files, "prod", ["@ann"])
    assert again.made == (".github/workflows/remit.yml",)
    assert (folder / "config" / "deploy.py").read_text() == before


def test_a_place_is_told_from_the_project_s_folder_also_through_a_link(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(folder)
    for file, expected in (
        (folder / "app.py", "app.py"),
        (link / "shared" / "x.py", "shared/x.py"),
        (tmp_path / "other.py", str(tmp_path / "other.py")),
        ("app.py", "app.py"),
    ):
        assert relative(Origin(str(file), 3, 5), link) == Origin(expected, 3, 5)
    assert relative(None, link) is None
    assert is_users_file(str(folder / "app.py"), folder)
    assert not is_users_file(str(folder / ".venv" / "site-packages" / "x.py"), folder)
    assert not is_users_file(str(tmp_path / "x.py"), folder)
