"""The account that a deploy must go to, when somebody says which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import HELLO
from remit.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, endpoint: str, tmp_path: Path) -> Path:
    """A project, and credentials of account 999988887777 in the environment."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "999988887777",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("REMIT_ACCOUNT", raising=False)
    (tmp_path / "app.py").write_text(HELLO)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "-C", str(folder)])
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize("command", [("deploy",), ("delete",), ("status",), ("invoke", "hello")])
def test_with_credentials_of_another_account_nothing_is_done(
    capsys: pytest.CaptureFixture[str], elsewhere: Path, command: tuple[str, ...]
) -> None:
    code, err = run(capsys, elsewhere, *command, "--account", "111122223333")
    assert code == 2
    assert "the credentials are of account 999988887777, and it must be 111122223333: nothing was done" in err
    assert not (elsewhere / ".remit").exists()


def test_the_environment_says_it_for_a_whole_pipeline(
    capsys: pytest.CaptureFixture[str], elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_ACCOUNT", "111122223333")
    assert "it must be 111122223333" in run(capsys, elsewhere, "status")[1]
    assert run(capsys, elsewhere, "status", "--account", "999988887777") == (1, "")


def test_account_counts_with_local_where_it_is_given_and_not_from_the_environment(
    remit: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = remit("deploy", "--yes", "--account", "111122223333")
    assert code == 2
    assert "the AWS on this machine is account 000000000000, and it must be 111122223333: nothing was done" in err
    monkeypatch.setenv("REMIT_ACCOUNT", "111122223333")
    assert remit("status")[0] == 1
    assert remit("status", "--account", "000000000000")[0] == 1


def test_the_aws_on_this_machine_is_not_held_to_the_place_that_the_project_names(
    remit: Callable[..., tuple[int, str, str]], project: Path
) -> None:
    settings = project / "config" / "deploy.py"
    lines = ["config.aws.region = 'eu-west-1'", "config.aws.account = '111122223333'"]
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("\n    ".join(["from remit import configure\n\nwith configure() as config:", *lines]) + "\n")
    code, _, err = remit("deploy", "--first")
    settings.unlink()
    assert (code, "orders-dev in the AWS on this machine, eu-central-1: CREATE_COMPLETE" in err) == (0, True), err
