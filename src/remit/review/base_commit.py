"""A project's roles at a commit of its git repository; a template or policy beside what it was, or nothing, there."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError
from remit.review.role_files import beside_file, holds_roles, review_files
from remit.review.separate_process import loading_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.review.access_change import Review, Version

_QUIET: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.sparseCheckout=false")
"""Only files are wanted: no hook of the repository runs, and what is not checked out here is still there."""
_HOOK: Final = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"))
"""What git sets around a hook, for its own folder: the repository is the one that the project is in."""
_SINCE: Final = "..."
Content: TypeAlias = tuple[bytes, str]
"""What a file holds, and how messages name it."""
_NO_TEMPLATE: Final = b'{"Resources": {}}'
_NO_POLICY: Final = b'{"Version": "2012-10-17", "Statement": []}'


@contextlib.contextmanager
def loading_base(folder: Path, stage: str | None, ref: str) -> Iterator[Callable[[], Version]]:
    """Begin to load the project as it was at a commit, and yield a function that waits for it.

    Only what is committed counts; submodules and the contents of large files (LFS) are left out. `main...` is the
    commit at which this branch left main. RemitError: no git, no repository, no such commit, no project there, or a
    mistake in the project as it was.
    """
    inside = _inside(folder)
    commit = _commit(folder, ref)
    with tempfile.TemporaryDirectory(prefix="remit-") as temporary:
        place = Path(temporary).resolve() / (folder.resolve().name or "project")
        _check_out(inside, commit, ref, place)
        with loading_apart(place, stage, ref) as wait:
            yield lambda: _version_at(wait, ref, commit)


@dataclass(frozen=True, slots=True)
class FilePair:
    """A file as it was at a commit, and as it is."""

    path: Path
    ref: str
    old: Content
    new: Content

    def review(self) -> Review:
        """The review of two templates, which read nested ones beside them, of the commit or as they are.

        One that cannot be read as it was then is compared with nothing, and noted. RemitError: the new one cannot.
        """

        def at_ref(name: str) -> Content | None:
            """The content and the name of a file of the commit; None: it has none such."""
            content = _file_at(self.path.parent / name, self.ref)
            return None if content is None else (content, f"{self.path.parent / name} at {self.ref}")

        try:
            return review_files(self.old, self.new, (at_ref, beside_file(self.path)))
        except RemitError as error:
            nothing = _NO_TEMPLATE, self.old[1]
            reviewed = review_files(nothing, self.new, (at_ref, beside_file(self.path)))  # raises what is wrong with it
            note = f"{self.old[1]} cannot be read, so everything is shown as new: {error.message}"
            return replace(reviewed, notes=(note, *reviewed.notes))


def since(path: Path, ref: str) -> FilePair:
    """A file and what it was at a commit; one that is new or deleted beside an empty template or policy.

    RemitError: no git, no such commit, or no file on either side.
    """
    before = _file_at(path, ref)
    now = path.read_bytes() if path.is_file() else None
    if before is None and now is None:
        raise RemitError(f"there is no file {path}, neither here nor at {ref}")
    nothing = _NO_TEMPLATE if holds_roles(now or before or b"") else _NO_POLICY
    old = (before, f"{path} at {ref}") if before is not None else (nothing, f"nothing ({path} is new)")
    new = (now, str(path)) if now is not None else (nothing, f"nothing ({path} is deleted)")
    return FilePair(path, ref, old, new)


def _file_at(path: Path, ref: str) -> bytes | None:
    """A file as it was at a commit; None if there was none. RemitError: no git, no repository, no such commit."""
    place = path.parent.resolve() / path.name
    folder = next(parent for parent in place.parents if parent.is_dir())  # its own may be deleted by now
    top = _inside(folder).top.resolve()
    answer = _git(top, "cat-file", "blob", f"{_commit(top, ref)}:{place.relative_to(top).as_posix()}")
    return answer.content if answer.ok else None


def head_of(folder: Path) -> tuple[str | None, bool]:
    """The commit of the working tree, and whether no file differs from it; (None, False) where git knows no commit."""
    with contextlib.suppress(RemitError):
        lines = _git(folder, "status", "--porcelain=v2", "--branch").out.splitlines()
        commits = [line.removeprefix("# branch.oid ") for line in lines if line.startswith("# branch.oid ")]
        if commits and commits[0] != "(initial)":
            return commits[0], all(line.startswith("#") for line in lines)
    return None, False


def _version_at(wait: Callable[[], Version], ref: str, commit: str) -> Version:
    """The version for which `wait` waits, with `ref` and the commit as its `where`.

    RemitError: its mistakes, changed in place to say `ref` before their message and file.
    """
    try:
        version = wait()
    except RemitError as error:
        for mistake in error.all:
            at = mistake.origin
            mistake.message = f"at {ref}: {mistake.message}"
            mistake.origin = at and Origin(f"{ref}:{at.file}", at.line, at.column)
        raise
    return replace(version, where=f"{ref} ({commit[:7]})")


@dataclass(frozen=True, slots=True)
class _GitAnswer:
    """What git answered."""

    ok: bool
    content: bytes
    err: str

    @property
    def out(self) -> str:
        """The content as text, without the end of its last line."""
        return self.content.decode("utf-8", errors="replace").strip()


def _git(folder: Path, *arguments: str, index: Path | None = None) -> _GitAnswer:
    """Run git in a folder, with another index where one is named, and no hooks' variables. RemitError without git."""
    variables = {"GIT_LFS_SKIP_SMUDGE": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if index is not None:
        variables["GIT_INDEX_FILE"] = str(index)
    around = {name: value for name, value in os.environ.items() if name not in _HOOK}
    try:
        done = subprocess.run(
            ["git", *_QUIET, "-C", str(folder), *arguments],  # noqa: S607 - git is where PATH says
            env={**around, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise RemitError("git is not installed, which --base needs", hint="install git") from None
    return _GitAnswer(done.returncode == 0, done.stdout, done.stderr.decode("utf-8", errors="replace").strip())


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where the project's folder is in its repository: the repository's own folder, and the path from there."""

    top: Path
    prefix: str


@functools.cache
def _inside(folder: Path) -> _Inside:
    """The repository that a folder is in, and the path to it there (`apps/shop/`, "" for its top); asked once.

    RemitError (2): it is in none, or git fails.
    """
    answer = _git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    if answer.ok:
        top, _, prefix = answer.out.partition("\n")
        return _Inside(Path(top), prefix)
    if "not a git repository" in answer.err:
        raise RemitError(
            f"{str(folder)!r} is in no git repository, which --base needs",
            hint="`remit diff OLD NEW` compares two files",
        )
    raise RemitError(f"git says: {answer.err}")


def _commit(folder: Path, ref: str) -> str:
    """The hash of the commit of a name, or of `origin/` and the name.

    With `...` after the name, it is that at which this branch left it.

    RemitError: git knows none, or this branch has no commit in common with it.
    """
    name = ref.removesuffix(_SINCE)
    if not name or name.startswith("-"):
        raise _no_commit(folder, name)
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if not commit.ok:  # a clone of CI has no branches of its own
        commit = _git(folder, "rev-parse", "--verify", "--quiet", f"origin/{name}^{{commit}}")
    if not commit.ok:
        raise _no_commit(folder, name)
    if name == ref:
        return commit.out
    base = _git(folder, "merge-base", commit.out, "HEAD")
    if not base.ok:
        raise RemitError(f"this branch has no commit in common with {name}", hint=_in_ci(folder, name))
    return base.out.splitlines()[0]


def _no_commit(folder: Path, name: str) -> RemitError:
    """The error for a name that git does not know, with what may be meant or missing."""
    names = _git(folder, "for-each-ref", "--format=%(refname:short)").out.split()
    hint = _in_ci(folder, name) or did_you_mean(name, names)
    return RemitError(
        f"git knows no commit {name!r}", hint=hint or "a branch, a tag or a commit; `main...` is where you left main"
    )


def _in_ci(folder: Path, name: str) -> str | None:
    """What to compare with in a clone on no branch, or without all commits, as CI makes them; None in any other."""
    is_shallow = _git(folder, "rev-parse", "--is-shallow-repository").out == "true"
    if not is_shallow and _git(folder, "symbolic-ref", "--quiet", "HEAD").ok:
        return None
    ways = ["`--base HEAD^1` is what a pull request is merged onto (with `fetch-depth: 2` of actions/checkout)"]
    branch = name.removeprefix("origin/")
    if branch and not branch.startswith("HEAD"):
        fetch = f"git fetch origin {branch}:refs/remotes/origin/{branch}"
        ways.append(f"`--base origin/{branch}` is the branch, once `{fetch}` has it")
    if is_shallow:
        ways.append("this clone does not have all commits: `git fetch --unshallow` gets them")
    return "; ".join(ways)


def _check_out(inside: _Inside, commit: str, ref: str, place: Path) -> None:
    """Write the project's files at a commit into `place`. An index of their own leaves the repository as it is.

    RemitError (2): the folder was not there, or git cannot write them.
    """
    index = place.parent / "index"
    tree = f"{commit}:{inside.prefix}"
    if inside.prefix and not _git(inside.top, "cat-file", "-e", tree).ok:
        raise RemitError(f"at {ref}, there is no folder `{inside.prefix.rstrip('/')}` in the repository")
    answer = _git(inside.top, "read-tree", tree, index=index)
    if answer.ok:
        answer = _git(inside.top, "checkout-index", "--all", "--quiet", f"--prefix={place}{os.sep}", index=index)
    if not answer.ok:
        last_line = answer.err.splitlines()[-1] if answer.err else ""
        raise RemitError(f"git cannot write the files of {ref}: {last_line}")
    place.mkdir(exist_ok=True)
