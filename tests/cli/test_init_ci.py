"""`remit init --ci`: the files, what it says, and what it refuses; `tests/test_ci_workflows.py` runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from projects import inside, remit, write

ROOT = Path(__file__).parents[2]
WORKFLOWS = {"github": ".github/workflows/remit.yml", "gitlab": ".gitlab-ci.yml"}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("service", WORKFLOWS)
def test_a_project_that_exists_gets_the_workflow_alone(tmp_path: Path, service: str) -> None:
    assert remit("init", str(tmp_path / "shop")).status == 0
    before = files(tmp_path / "shop")
    with inside(tmp_path / "shop", {}):
        ran = remit("init", "--ci", service, "--stage", "live")
    after = files(tmp_path / "shop")
    assert ran.status == 0
    assert after.keys() - before.keys() == {WORKFLOWS[service]}
    assert before.items() <= after.items()
    assert "--stage live" in after[WORKFLOWS[service]].decode()
    assert 'add `config.stages.previews = "pull"` to config/deploy.py' in ran.err
    assert "--owners @acme/security writes who does into CODEOWNERS" in ran.err


def test_previews_are_called_as_the_project_says(tmp_path: Path) -> None:
    config = "from remit import configure\n\nwith configure() as config:\n    config.stages.previews = 'mr-'\n"
    write(tmp_path, {"config/deploy.py": config, "app.py": ""})
    with inside(tmp_path, {}):
        ran = remit("init", "--ci", "gitlab")
    assert "config.stages.previews" not in ran.err
    assert '--stage "mr-$CI_MERGE_REQUEST_IID"' in (tmp_path / ".gitlab-ci.yml").read_text()


@pytest.mark.parametrize("service", WORKFLOWS)
def test_a_workflow_that_exists_is_named_and_nothing_is_written(tmp_path: Path, service: str) -> None:
    write(tmp_path, {WORKFLOWS[service]: "mine", ".git/HEAD": "", "shop/app.py": ""})
    before = files(tmp_path)
    with inside(tmp_path, {}):
        for arguments in (["."], ["new"] if service == "gitlab" else ["."]):
            ran = remit("init", *arguments, "--ci", service)
            assert (ran.status, "exists already: nothing was written" in ran.err) == (2, True)
            assert str(tmp_path / WORKFLOWS[service]) in ran.err
    assert files(tmp_path) == before


def test_each_project_of_a_repository_has_a_workflow_of_its_own_at_its_top(tmp_path: Path) -> None:
    write(tmp_path, {".git/HEAD": "", "README.md": ""})
    with inside(tmp_path, {}):
        for name in ("shop", "stock"):
            assert remit("init", f"services/{name}", "--ci", "github", "--owners", "@acme/security").status == 0
    shop, stock = (
        yaml.safe_load((tmp_path / f".github/workflows/remit-{name}.yml").read_text()) for name in ("shop", "stock")
    )
    assert shop["defaults"]["run"]["working-directory"] == "services/shop"
    assert (shop["name"], stock["name"]) == ("remit-shop", "remit-stock")
    owners = (tmp_path / ".github/CODEOWNERS").read_text()
    assert "/services/shop/config/accepted.json @acme/security" in owners
    assert "/services/stock/config/accepted.json @acme/security" in owners


def test_codeowners_that_exists_keeps_its_lines_and_is_extended_once(tmp_path: Path) -> None:
    write(tmp_path, {"CODEOWNERS": "* @acme/all\n", ".git/HEAD": "", "app.py": ""})
    with inside(tmp_path, {}):
        for service in WORKFLOWS:
            assert (
                remit("init", "--ci", service, "--owners", "@acme/security", "--owners", "ann@acme.example").status == 0
            )
    lines = (tmp_path / "CODEOWNERS").read_text().splitlines()
    assert lines[0] == "* @acme/all"
    assert lines.count("/config/accepted.json @acme/security ann@acme.example") == 1
    assert not (tmp_path / ".github/CODEOWNERS").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a folder is missing"),
        (("shop", "--stage", "prod"), "--stage and --owners go with --ci"),
        (("--ci", "github"), "there is no project in "),
        (("shop", "--ci", "github", "--owners", "security"), "'security' owns no code"),
        (("shop", "--ci", "github", "--stage", "PR/7"), "stage 'PR/7' is not a stage's name"),
        (("shop", "--ci", "jenkins"), "invalid value for '--ci': 'jenkins'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    with inside(tmp_path, {}):
        ran = remit("init", *arguments)
    assert (ran.status, message in ran.err) == (2, True), ran.err
    assert files(tmp_path) == {}


def test_actions_of_others_are_pinned_by_their_commit_as_in_remit_s_own_workflows() -> None:
    pinned = r"uses: (\S+)@([0-9a-f]{40}) # (v[0-9.]+)"
    written = (ROOT / "src/remit/project/skeleton/ci/github.yml.in").read_text()
    own = "".join(path.read_text() for path in (ROOT / "action.yml", *(ROOT / ".github/workflows").glob("*.yml")))
    assert len(re.findall(pinned, written)) == written.count("uses:")
    known = {name: (commit, version) for name, commit, version in re.findall(pinned, own)}
    for name, commit, version in re.findall(pinned, written):
        assert known.get(name, (commit, version)) == (commit, version)


def test_gitlab_s_jobs_install_the_uv_that_remit_is_tested_with() -> None:
    written = (ROOT / "src/remit/project/skeleton/ci/gitlab.yml.in").read_text()
    (version,) = re.findall(r"uv==([0-9.]+)", written)
    assert re.search(rf"^uv=={re.escape(version)} ", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
