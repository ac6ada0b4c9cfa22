"""The project as it was at a commit: what git holds, loaded apart, with the repository left as it is."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import quick_loads
from projects import APP, HELLO, Project, configuration, write
from random_cases import cases_of
from remit.errors import RemitError
from remit.review.base_commit import head_of, loading_base
from remit.review.changes import review
from remit.review.working_tree import tree

if TYPE_CHECKING:
    from pathlib import Path

    from remit.holders import Holder
    from remit.iam.policy import Statement
    from remit.review.access_change import Version

READS = f'{APP}@app.function(policy=["s3:GetObject"])\ndef hello(event, context): ...\n'
_WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody's configuration would."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *_WHO, "-C", str(folder), *arguments],  # noqa: S607 - git is where PATH says
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str], message: str = "a state") -> str:
    write(folder, files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit, `main`, has a function without access of its own."""
    folder = tmp_path / "orders"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, {"app.py": HELLO, ".gitignore": ".remit/\n"})
    return folder


def at(folder: Path, ref: str, stage: str | None = None) -> Version:
    with quick_loads.forked(), loading_base(folder, stage, ref) as loaded:
        return loaded()


def refused(folder: Path, ref: str) -> RemitError:
    with pytest.raises(RemitError) as caught:
        at(folder, ref)
    assert caught.value.exit_code == 2
    return caught.value


def test_the_working_tree_is_held_against_a_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    write(repository, {"app.py": READS})
    old = at(repository, "main")
    (change,) = review(old, tree(repository)).changes
    assert [piece.action for piece in change.access.gained] == ["s3:GetObject"]
    assert (old.where, old.namespace) == (f"main ({head[:7]})", "orders-dev")


def test_the_roles_of_a_commit_are_those_that_were_loaded_then(repository: Path) -> None:
    then, now = at(repository, "HEAD").roles, Project(repository).roles()
    assert [role.logical_id for role in then] == [role.logical_id for role in now]
    assert [_grants(role) for role in then] == [_grants(role) for role in now]


def _grants(role: Holder) -> list[tuple[Statement, str, str]]:
    return [(grant.statement, grant.because, str(grant.origin)) for grant in role.grants]


def test_what_is_not_committed_does_not_count(repository: Path) -> None:
    write(repository, {"app.py": READS, "config/deploy.py": configuration("config.lambda_.function.timeuot = 3")})
    git(repository, "add", "config")
    assert [len(role.grants) for role in at(repository, "HEAD").roles] == [1]


def test_the_repository_is_left_as_it_is(repository: Path) -> None:
    write(repository, {"app.py": READS})
    before = git(repository, "status", "--porcelain"), sorted(path.name for path in (repository / ".git").iterdir())
    at(repository, "main")
    after = git(repository, "status", "--porcelain"), sorted(path.name for path in (repository / ".git").iterdir())
    assert before == after


def test_a_working_tree_is_its_commit_unless_something_differs_or_is_new(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert head_of(repository) == (head, True)
    (repository / "new.py").touch()
    assert head_of(repository) == (head, False)
    git(repository, "add", "new.py")
    assert head_of(repository) == (head, False)
    (repository / "new.py").unlink()
    git(repository, "reset", "--quiet")
    assert head_of(repository) == (head, True)
    write(repository, {"app.py": READS})
    assert head_of(repository) == (head, False)
    git(tmp_path, "init", "--quiet", "empty")
    assert [head_of(folder) for folder in (tmp_path / "empty", tmp_path)] == [(None, False)] * 2


def test_whoever_stops_waiting_for_a_commit_leaves_no_process_behind(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that waits for what never comes is ended at once, and not when its own time is over."""
    monkeypatch.setenv("REMIT_LOAD_SECONDS", "1")
    never, ended = tmp_path / "never", tmp_path / "ended"
    os.mkfifo(never)
    waits = f"try:\n    open({str(never)!r}).read()\nfinally:\n    open({str(ended)!r}, 'w').close()\n"
    commit(repository, {"app.py": waits})
    with pytest.raises(KeyboardInterrupt), loading_base(repository, None, "HEAD"):
        raise KeyboardInterrupt
    assert not ended.exists()


def test_around_a_hook_the_repository_is_still_the_projects_own(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert len(at(repository, "main").roles) == 1


def test_a_project_in_a_folder_of_the_repository_is_found_there(repository: Path) -> None:
    commit(repository, {"services/billing/app.py": READS})
    found = at(repository / "services" / "billing", "HEAD")
    assert (found.namespace, [len(role.grants) for role in found.roles]) == ("billing-dev", [2])
    error = refused(repository / "services" / "billing", "HEAD~1")
    assert error.message == "at HEAD~1, there is no folder `services/billing` in the repository"


def test_attributes_that_keep_files_out_of_archives_do_not_count(repository: Path) -> None:
    commit(repository, {".gitattributes": "app.py export-ignore\n"})
    assert len(at(repository, "HEAD").roles) == 1


def test_three_dots_mean_where_this_branch_began(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "feature")
    began = commit(repository, {"note.txt": "begun"})
    git(repository, "branch", "--force", "main", "feature")
    commit(repository, {"app.py": READS})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, {"other.txt": "main goes on"})
    git(repository, "checkout", "--quiet", "feature")
    assert at(repository, "main...").where == f"main... ({began[:7]})"


def test_stages_are_loaded_as_they_were(repository: Path) -> None:
    commit(repository, {"config/deploy/prod.py": configuration("config.lambda_.function.timeout = 9")})
    assert at(repository, "HEAD", "prod").namespace == "orders-prod"


def test_a_mistake_of_then_is_told_with_its_commit(repository: Path) -> None:
    settings = "config.lambda_.function.timeuot = 3\nconfig.lambda_.function.memory_size = 'much'"
    commit(repository, {"config/deploy.py": configuration(settings)})
    error = refused(repository, "HEAD")
    with pytest.raises(RemitError) as now:
        tree(repository)
    assert [(str(each.origin), each.hint, each.exit_code) for each in error.all] == [
        (f"HEAD:{each.origin}", each.hint, each.exit_code) for each in now.value.all
    ]
    assert str(error.origin) == "HEAD:config/deploy.py:5:5"
    assert error.message.startswith("at HEAD: there is no setting")
    assert error.hint == "did you mean `config.lambda_.function.timeout`?"


def test_a_commit_without_an_app_module_is_named_in_place_of_the_folder_it_was_checked_out_to(repository: Path) -> None:
    git(repository, "mv", "app.py", "application.py")
    commit(repository, {})
    error = refused(repository, "HEAD")
    assert error.message == ("at HEAD: there is no app module in 'HEAD': neither `app.py` nor a package of that name")


def test_the_projects_own_exception_keeps_its_text(repository: Path) -> None:
    commit(repository, {"app.py": "import os\nraise ValueError(f'no table in {os.path.dirname(__file__)}/orders/')\n"})
    error = refused(repository, "HEAD")
    assert error.message.startswith(f"at HEAD: app.py raised ValueError: no table in {os.sep}")
    assert error.message.endswith("/orders/orders/")


def test_a_module_that_can_be_imported_once_per_process_is_loaded_in_another(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = "import sys\nassert not getattr(sys, 'metric', False), 'registered twice'\nsys.metric = True\n"
    commit(repository, {"app.py": once + HELLO})
    monkeypatch.setattr("sys.metric", None, raising=False)
    with loading_base(repository, None, "HEAD") as loaded:
        assert review(loaded(), tree(repository)).changes == ()


def test_a_process_that_ends_without_an_answer_is_told(repository: Path) -> None:
    ends = "ctypes.CDLL(None)._exit(3)"  # past whatever remit has in the place of os._exit
    commit(repository, {"app.py": f"import ctypes, sys\nprint('out of luck', file=sys.stderr, flush=True)\n{ends}\n"})
    error = refused(repository, "HEAD")
    assert error.message == "at HEAD: loading the project ended with exit code 3"
    assert error.hint == "the last it said: out of luck"


@pytest.mark.parametrize("ref", ["mian", "--all", "", "...", "HEAD:app.py", "HEAD^{tree}"])
def test_what_is_no_commit_is_refused(repository: Path, ref: str) -> None:
    error = refused(repository, ref)
    assert error.message.startswith("git knows no commit")
    if ref == "mian":
        assert error.hint == "did you mean `main`?"


def test_a_folder_outside_of_any_repository_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": HELLO})
    assert "is in no git repository, which --base needs" in refused(tmp_path, "main").message


def test_a_shallow_clone_says_how_to_get_the_rest(repository: Path, tmp_path: Path) -> None:
    commit(repository, {"app.py": READS})
    git(tmp_path, "clone", "--quiet", "--depth", "1", repository.as_uri(), "clone")
    error = refused(tmp_path / "clone", "HEAD~1")
    assert error.hint is not None
    assert "`--base HEAD^1`" in error.hint


@pytest.mark.parametrize("depth", cases_of((["--depth", "1"], []), 1))
def test_a_clone_without_the_branch_proposes_what_is_merged_onto_and_origins_branch(
    repository: Path, tmp_path: Path, depth: list[str]
) -> None:
    """As actions/checkout makes them: on no branch, with one commit or all, and without the other branches."""
    git(repository, "checkout", "--quiet", "-b", "change")
    commit(repository, {"app.py": READS})
    git(tmp_path, "clone", "--quiet", *depth, "--single-branch", "--branch", "change", repository.as_uri(), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "--quiet", "--detach")
    git(clone, "branch", "--quiet", "-D", "change")
    error = refused(clone, "main")
    assert error.hint is not None
    assert "`--base HEAD^1` is what a pull request is merged onto" in error.hint
    assert (
        "`--base origin/main` is the branch, once `git fetch origin main:refs/remotes/origin/main` has it" in error.hint
    )
    assert ("git fetch --unshallow" in error.hint) == bool(depth)
    git(clone, "fetch", "--quiet", "origin", "main:refs/remotes/origin/main")
    for ref in ("main", "origin/main"):
        assert at(clone, ref).where.startswith(ref)


def test_without_git_a_sentence_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert refused(repository, "main").message == "git is not installed, which --base needs"
