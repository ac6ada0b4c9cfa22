"""The account and the region that a project names, for all stages or for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import HELLO, write
from remit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBER = "999988887777"
SETTINGS = 'from remit import configure\n\nwith configure() as config:\n    config.app = "app"\n    '
REGION = f'{SETTINGS}config.aws.region = "eu-central-1"\n'
ACCOUNT = f'{SETTINGS}config.aws.account = "{NUMBER}"\n'
LINE = "\n  --> config/deploy.py:5:"
SPEAKING = (("deploy",), ("delete",), ("status",), ("logs",), ("invoke", "hello"), ("jobs", "list"), ("bootstrap",))
"""The commands that speak to AWS for a stage, and `diff --live` and `check deployer --live` beside them."""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, endpoint: str, tmp_path: Path) -> Path:
    """A project, credentials of an account in the environment, and no region."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": NUMBER,
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_CONFIG_FILE": str(tmp_path / "profiles"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "REMIT_ACCOUNT", "REMIT_STAGE"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path, {"app.py": HELLO})
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], project: Path) -> Callable[..., tuple[int, str]]:
    """Run a command in the project: its exit code, and what it says."""

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "-C", str(project)])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("command", [*SPEAKING, ("diff", "--live"), ("check", "deployer", "--live")])
def test_a_region_of_the_environment_that_is_another_is_refused_by_each_command(
    project: Path,
    run: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variable: str,
) -> None:
    write(project, {"config/deploy.py": REGION})
    monkeypatch.setenv(variable, "us-east-1")
    code, text = run(*command)
    assert code == 2
    assert (
        f"error: `config.aws.region` is eu-central-1, and {variable} says us-east-1: nothing was done{LINE}" in text
    ), text
    assert "`--region us-east-1`" in text
    assert not (project / ".remit").exists()


def test_a_region_of_the_profile_counts_unless_the_environment_says_one(
    project: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"config/deploy.py": REGION, "profiles": "[default]\nregion = eu-west-1\n[profile shop]\n"})
    assert "and profile default says eu-west-1: nothing" in run("status")[1]
    assert run("status", "--region", "eu-west-1")[1].endswith(" is not deployed in account 999988887777, eu-west-1\n")
    here = " is not deployed in account 999988887777, eu-central-1\n"
    monkeypatch.setenv("AWS_PROFILE", "shop")
    assert run("status")[1].endswith(here)
    write(project, {"profiles": "[profile shop]\nregion = eu-west-2\n"})
    assert "and profile shop says eu-west-2: nothing" in run("status")[1]
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert run("status")[1].endswith(here)


@pytest.mark.parametrize("command", SPEAKING)
def test_credentials_of_another_account_than_the_projects_are_refused_by_each_command(
    project: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    write(project, {"config/deploy.py": ACCOUNT})
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    code, text = run(*command)
    assert code == 2
    message = f"`config.aws.account` is {NUMBER}, and the credentials are of account 111122223333: nothing was done"
    assert f"error: {message}{LINE}" in text


def test_an_account_of_the_option_or_the_variable_that_is_another_is_refused(
    project: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"config/deploy.py": ACCOUNT})
    message = f"`config.aws.account` is {NUMBER}, and --account or REMIT_ACCOUNT says 111122223333: nothing was done"
    assert f"error: {message}{LINE}" in run("status", "--account", "111122223333")[1]
    monkeypatch.setenv("REMIT_ACCOUNT", "111122223333")
    assert f"error: {message}{LINE}" in run("status")[1]
    monkeypatch.setenv("REMIT_ACCOUNT", NUMBER)
    assert " is not deployed in account 999988887777" in run("status", "--region", "eu-west-1")[1]


def test_each_stage_is_deployed_where_its_file_says(project: Path, run: Callable[..., tuple[int, str]]) -> None:
    production = SETTINGS.replace('app = "app"', 'aws.region = "eu-west-1"')
    write(project, {"config/deploy.py": REGION, "config/deploy/prod.py": production})
    assert "bucket remit-artefacts-999988887777-eu-central-1" in run("bootstrap")[1]
    assert "bucket remit-artefacts-999988887777-eu-west-1" in run("bootstrap", "--stage", "prod")[1]
    code, text = run("deploy", "--stage", "prod", "--first")
    assert (code, "in account 999988887777, eu-west-1: CREATE_COMPLETE" in text) == (0, True), text
    assert "is not deployed in account 999988887777, eu-central-1" in run("delete", "--yes")[1]
    assert "is deleted from account 999988887777, eu-west-1" in run("delete", "--stage", "prod", "--yes")[1]


def test_a_region_of_another_partition_than_that_of_the_credentials_is_refused(
    project: Path, run: Callable[..., tuple[int, str]]
) -> None:
    write(project, {"config/deploy.py": REGION.replace("eu-central-1", "cn-north-1")})
    code, text = run("status")
    message = "`config.aws.region` is cn-north-1, and the credentials are of partition aws: nothing was done"
    assert (code, f"error: {message}{LINE}" in text) == (2, True), text


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ('region = "eu-centrl-1"', "`config.aws.region` is 'eu-centrl-1', which is no region"),
        ('region = "eu-central-"', "`config.aws.region` is 'eu-central-', which is no region"),
        ('region = "eu-central-1a"', "`config.aws.region` is 'eu-central-1a', which is no region"),
        ("region = 1", "`config.aws.region` must be a string, got int '1'"),
        ('account = "1234"', "`config.aws.account` is '1234'\n"),
        ("account = 111122223333", "`config.aws.account` must be a string, got int '111122223333'"),
        (
            'profile = "shop"',
            "`config.aws.profile` is no setting: a profile is a person's, and others name it otherwise",
        ),
    ],
)
def test_what_is_no_region_or_no_account_is_an_error_at_its_line(
    project: Path, run: Callable[..., tuple[int, str]], assignment: str, message: str
) -> None:
    write(project, {"config/deploy.py": f"{SETTINGS}config.aws.{assignment}\n"})
    for command in ("build", "status"):
        code, text = run(command)
        assert (code, f"error: {message}" in text) == (2, True), text
        assert "--> config/deploy.py:5:" in text
