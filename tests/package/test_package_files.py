"""What of a project goes into its zips, what stays out and why, and what is refused by name."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from remit.errors import RemitError
from remit.package.archive import CHUNK
from remit.package.files import survey
from remit.package.packed_files import ChangedError, look, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Project = Callable[[dict[str, str]], Path]

CERTIFICATES = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8


def names(folder: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    return [entry.name for entry in survey(folder, exclude).entries]


def refusal(folder: Path) -> str:
    with pytest.raises(RemitError) as caught:
        survey(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.prod",
        "a/.envrc",
        "prod.env",
        "server.key",
        "a/server.pem",
        "id_rsa",
        "id_ed25519.pub",
        "a/x.p12",
        "x.pfx",
        "x.jks",
        ".netrc",
        ".pypirc",
        ".npmrc",
        ".aws/config",
        "credentials",
        "credentials.json",
        "credentials-prod.yml",
        "gcp-credentials.json",
        "rootkey.csv",
        "terraform.tfstate",
        ".git/config",
        ".git",
        ".hg/x",
        ".svn/x",
        "a/__pycache__/b.pyc",
        "b.pyc",
        ".mypy_cache/x",
        ".pytest_cache/x",
        "node_modules/x/y.js",
        ".tox/x",
        ".remit/build/x.zip",
        "tests/test_x.py",
        "test_x.py",
        ".coverage",
        "htmlcov/i.html",
        "dist/x.whl",
        "build/x",
        "x.egg-info/PKG-INFO",
        ".idea/x",
        "a/.DS_Store",
        "config/deploy.py",
        "config/deploy/prod.py",
        "Makefile",
        "README.md",
        "uv.lock",
        "pyproject.toml",
        "requirements-dev.txt",
        ".remitignore",
        ".github/workflows/x.yml",
    ],
)
def test_secrets_caches_tests_and_tools_stay_out(project: Project, name: str) -> None:
    folder = project({"app.py": "", name: ""})
    assert names(folder) == ["app.py"]
    assert sum(left.count for left in survey(folder).left_out) == 1


@pytest.mark.parametrize(
    "name",
    [
        "credentials.py",
        "credentials/store.py",
        "id_rsa_check.py",
        "config/app.yaml",
        "config/deployment.py",
        "a/tests/x.py",
        "a/dist/x.js",
        "a/test_x.py",
        "data/README.md",
        "LICENSE",
        "keys.json",
        "environment.py",
        "a/Makefile",
        "x.crt",
    ],
)
def test_what_merely_has_such_a_name_goes_in(project: Project, name: str) -> None:
    assert [name] == names(project({name: ""}))


def test_a_pem_of_certificates_alone_goes_in(project: Project) -> None:
    assert names(project({"global-bundle.pem": CERTIFICATES, "own.pem": CERTIFICATES + KEY})) == ["global-bundle.pem"]


def test_a_virtual_environment_stays_out_under_any_name(project: Project) -> None:
    folder = project({"app.py": "", "my python/pyvenv.cfg": "", "my python/lib/x.py": ""})
    assert names(folder) == ["app.py"]
    assert [str(left) for left in survey(folder).left_out] == ["virtual environments: my python/"]


def test_what_was_left_out_is_grouped_by_reason_with_five_names_and_a_count(project: Project) -> None:
    folder = project({f"cert{number}.key": "" for number in range(7)} | {"README.md": ""})
    assert [str(left) for left in survey(folder).left_out] == [
        "project files: README.md",
        "secrets never go into a zip: cert0.key, cert1.key, cert2.key, cert3.key, cert4.key and 2 more",
    ]


def test_remitignore_and_exclude_leave_more_out_and_bring_back_what_is_no_secret(project: Project) -> None:
    folder = project(
        {
            ".remitignore": "# data\n*.csv\n!keep.csv\n!README.md\n!.env\n!/build/\n",
            **dict.fromkeys(("a.csv", "keep.csv", "README.md", ".env", "build/index.html", "docs/x.md"), ""),
        }
    )
    assert names(folder, exclude=("/docs/",)) == ["README.md", "build/index.html", "keep.csv"]
    reasons = {left.reason for left in survey(folder, ("/docs/",)).left_out}
    assert {"listed in .remitignore", "excluded in the configuration"} <= reasons


def test_src_of_an_installed_project_lies_at_the_root_of_the_zip(project: Project) -> None:
    installed = "[build-system]\nrequires = []\n"
    folder = project({"pyproject.toml": installed, "app.py": "", "src/orders/__init__.py": "", "src/one.py": ""})
    assert names(folder) == ["app.py", "one.py", "orders/__init__.py"]


def test_src_that_is_a_package_or_lies_beside_the_app_s_modules_stays_where_it_is(project: Project) -> None:
    assert names(project({"app.py": "", "src/orders/__init__.py": ""})) == [
        "app.py",
        "src/orders/__init__.py",
    ]
    assert names(_only(project, {"src/__init__.py": "", "src/a.py": ""})) == ["src/__init__.py", "src/a.py"]


def _only(project: Project, files: dict[str, str]) -> Path:
    inner = project({f"inner/{name}": text for name, text in files.items()})
    return inner / "inner"


def test_two_files_that_src_would_make_one_are_refused(project: Project) -> None:
    folder = project({"pyproject.toml": "[build-system]\n", "app.py": "", "src/app.py": ""})
    assert "'src/app.py' and 'app.py' would be the same file in the zip" in refusal(folder)


def test_a_link_inside_the_project_gives_the_file_or_folder_that_it_leads_to(project: Project) -> None:
    folder = project({"real/a.py": "content"})
    (folder / "b.py").symlink_to("real/a.py")
    (folder / "other").symlink_to(folder / "real", target_is_directory=True)
    entries = survey(folder).entries
    assert [entry.name for entry in entries] == ["b.py", "other/a.py", "real/a.py"]
    assert {b"content"} == {b"".join(read(entry)) for entry in entries}


def test_links_that_leave_lead_nowhere_run_in_circles_or_reach_secrets_are_refused_together(
    project: Project,
) -> None:
    folder = project({"app.py": "", ".env": "A=1", "deep/x.py": "", "deep/er/y.py": ""})
    (folder / "a").symlink_to("/etc/hostname")
    (folder / "b").symlink_to("missing")
    (folder / "c").symlink_to("c")
    (folder / "deep" / "d").symlink_to(folder, target_is_directory=True)
    (folder / "deep" / "er" / "e").symlink_to("..", target_is_directory=True)
    (folder / "settings").symlink_to(".env")
    (folder / "up").symlink_to("../project-2")
    (folder.parent / "project-2").mkdir()
    told = refusal(folder).splitlines()
    assert told[:8] == [
        "error: cannot pack 7 files:",
        "  'a': a link that leaves the project ('/etc/hostname')",
        "  'b': a link that leads nowhere",
        "  'c': a link that leads back to itself",
        "  'deep/d': a link that leads back to itself",
        "  'deep/er/e': a link that leads back to itself",
        "  'settings': a link to '.env', which stays out (secrets never go into a zip)",
        "  'up': a link that leaves the project ('../project-2')",
    ]


def test_what_is_refused_can_be_left_out_instead(project: Project) -> None:
    folder = project({"app.py": "", ".remitignore": "pipe\nlink\n"})
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/etc/hostname")
    assert names(folder) == ["app.py"]


def test_a_fifo_is_refused_by_name_and_never_waited_for(project: Project) -> None:
    folder = project({"app.py": ""})
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "x.pem")
    assert {"'pipe': a FIFO", "'x.pem': a FIFO"} == {
        line.strip().partition(",")[0] for line in refusal(folder).splitlines()[1:3]
    }


def test_a_socket_is_refused_by_name(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project({})
    monkeypatch.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("here.sock")
        assert "cannot pack 'here.sock': a socket, not a file" in refusal(folder)


@pytest.mark.parametrize("name", [b"a\nb.py", b"a\\b.py", b"\xff.py", b"a\x1bb.py"])
def test_a_name_that_is_not_utf_8_or_has_control_characters_is_refused(project: Project, name: bytes) -> None:
    folder = project({"app.py": ""})
    (folder / os.fsdecode(name)).write_text("")
    told = refusal(folder)
    assert told.isascii()
    assert "not a name for a zip" in told


def test_a_name_in_any_language_goes_in(project: Project) -> None:
    assert names(project({"数.py": "", "é.py": ""})) == ["é.py", "数.py"]


def test_a_file_over_4_gib_is_refused_without_being_read(project: Project) -> None:
    folder = project({"app.py": ""})
    with (folder / "huge.bin").open("wb") as file:
        file.truncate((4 << 30) + 1)  # a hole: it takes no space
    assert "'huge.bin': 4,294,967,297 bytes" in refusal(folder)


def test_a_file_that_grows_shrinks_or_is_written_while_it_is_read_has_changed(project: Project) -> None:
    folder = project({})
    for change in (b"longer" * CHUNK, b"short", b"y" * (2 * CHUNK)):
        (folder / "big.bin").write_bytes(b"x" * (2 * CHUNK))
        (entry,) = survey(folder).entries
        chunks = read(entry)
        next(chunks)
        (folder / "big.bin").write_bytes(change)
        with pytest.raises(ChangedError):
            list(chunks)


def test_a_file_that_became_a_fifo_a_link_or_nothing_has_changed(project: Project) -> None:
    folder = project({"app.py": "", "other.py": ""})
    app = folder / "app.py"
    entry = survey(folder).entries[0]
    for become in (lambda: os.mkfifo(app), lambda: app.symlink_to("other.py"), lambda: None):
        app.unlink(missing_ok=True)
        become()
        with pytest.raises(ChangedError):
            list(read(entry))


def test_a_file_that_may_not_be_read_is_named(
    open_folder: Path, nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    for name, mode in (("app.py", 0o000), ("open.py", 0o644)):
        (open_folder / name).write_text("")
        (open_folder / name).chmod(mode)
    closed, readable = survey(open_folder).entries
    with nobody():
        assert list(read(readable)) == []
        with pytest.raises(RemitError, match=r"cannot read 'app.py': Permission denied"):
            list(read(closed))


def test_a_folder_that_may_not_be_listed_is_named(
    open_folder: Path, nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    (open_folder / "closed").mkdir(mode=0)
    with nobody():
        assert "cannot pack 'closed/': Permission denied" in refusal(open_folder)


@pytest.mark.parametrize(
    ("mode", "expected"), [(0o644, False), (0o755, True), (0o700, True), (0o750, True), (0o655, False)]
)
def test_a_file_is_packed_as_executable_where_its_owner_may_execute_it(
    tmp_path: Path, mode: int, *, expected: bool
) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"x")
    path.chmod(mode)
    entry = look(path, "bin/run")
    assert (entry.name, entry.written, entry.path) == ("bin/run", "bin/run", str(path))
    assert (entry.executable, entry.size) == (expected, 1)
