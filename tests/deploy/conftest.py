"""The real AWS on this machine that every test here deploys to, and an account of its own for each."""

from __future__ import annotations

import io
import itertools
import shutil
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

import scripted_proxy
from projects import ORDERS
from remit.cli import main
from remit.deploy.session import Account, connect
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripted_proxy import ScriptedProxy

_ACCOUNTS = itertools.count(100_000_000_000)


@pytest.fixture(scope="session")
def endpoint(emulator_url: str) -> str:
    """The address of a local AWS, run for this session."""
    return emulator_url


@pytest.fixture
def join(endpoint: str) -> Iterator[Callable[..., Account]]:
    """Make accounts: each call another one, empty, unless it is named. None is asked who it is: that is known."""
    joined: list[Account] = []

    def fresh(number: str = "", region: str = "eu-central-1") -> Account:
        number = number or str(next(_ACCOUNTS))
        core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        keys = {"aws_access_key_id": number, "aws_secret_access_key": "local"}
        session = boto3.Session(botocore_session=core, region_name=region, **keys)
        account = Account(number, region, "aws", session, endpoint, f"arn:aws:iam::{number}:root")
        joined.append(account)
        return account

    yield fresh
    for account in joined:
        for client in account._clients.values():
            client.close()


@pytest.fixture
def spoil(account: Account) -> Spoil:
    """Make chosen requests of the account fail: an outside fault, put where the SDK sends."""
    return Spoil(account)


@pytest.fixture
def spoil_remote(remote: Account) -> Spoil:
    """As `spoil`, for the account as one that is far."""
    return Spoil(remote)


class Spoil:
    """Faults for an account's requests."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.left: dict[str, int] = {}

    def answer(self, operation: str, status: int, code: str, message: str = "", *, times: int = 1) -> None:
        """The next requests of `service.Operation` get this error instead of reaching AWS."""
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"

        def spoiled(request: Any, **_: Any) -> AWSResponse:
            return AWSResponse(request.url, status, {"date": _AWS_TIME}, _Raw(body.encode()))

        self._instead(operation, spoiled, times)

    def lose_answer(self, operation: str, *, times: int = 1) -> None:
        """The next requests reach AWS, and the connection breaks before the answer is read."""
        client = self.account.client(operation.split(".", maxsplit=1)[0])

        def spoiled(request: Any, **_: Any) -> None:
            client._endpoint.http_session.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

        self._instead(operation, spoiled, times)

    def _instead(self, operation: str, spoiled: Callable[..., Any], times: int) -> None:
        service, name = operation.split(".")
        self.left[operation] = times

        def hook(request: Any, **context: Any) -> Any:
            if self.left[operation] == 0:
                return None
            self.left[operation] -= 1
            return spoiled(request, **context)

        self.account.client(service).meta.events.register_first(f"before-send.{service}.{name}", hook)


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


_AWS_TIME = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.fixture
def account(join: Callable[..., Account]) -> Account:
    """An empty account."""
    return join()


@pytest.fixture
def remote(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The same account as one that is far: it is asked for what is needed alone, and not for all at once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(account.endpoint))
    credentials = {"aws_access_key_id": account.account, "aws_secret_access_key": "local"}
    far = connect(region=account.region, credentials=credentials)
    yield far
    for client in far._clients.values():
        client.close()


@pytest.fixture
def requests(account: Account) -> list[str]:
    """The operations asked of AWS from now on, as `service.Operation`."""
    return watch(account)


def watch(account: Account) -> list[str]:
    """Record the operations that an account is asked for, retries included."""
    seen: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        seen.append(event_name.removeprefix("before-send."))

    for service in ("cloudformation", "s3", "sts"):
        account.client(service).meta.events.register(f"before-send.{service}", note)
    return seen


@pytest.fixture
def zip_file(tmp_path: Path) -> Path:
    """A small artefact."""
    path = tmp_path / "report.zip"
    path.write_bytes(b"PK" + bytes(1000))
    return path


@pytest.fixture(scope="session")
def _machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a project whose AWS runs for all files of tests: to start one takes a second of a processor."""
    folder = tmp_path_factory.mktemp("machine") / "orders"
    folder.mkdir()
    aws.start(folder, region="eu-central-1")
    yield folder
    aws.stop(folder)


@pytest.fixture(scope="module")
def machine(_machine: Path) -> Path:
    """A project whose AWS runs while these tests do; nothing of other files of tests is in its folder."""
    for path in _machine.iterdir():
        if path.name == ".remit":
            remove([kept for kept in path.iterdir() if kept.name != "local"])
        else:
            remove([path])
    (_machine / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')
    aws.start(_machine, region="eu-central-1")
    return _machine


def remove(paths: list[Path]) -> None:
    """Remove files and folders."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.fixture
def project(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with its app as it was, and an AWS that holds nothing."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("REMIT_STAGE", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    (machine / "app.py").write_text(ORDERS.format(verb="query"))
    (machine / "shared" / "resources" / "data.py").unlink(missing_ok=True)
    (machine / "config" / "accepted.json").unlink(missing_ok=True)
    aws.reset(machine)
    return machine


@pytest.fixture
def elsewhere(project: Path) -> Iterator[Account]:
    """The same account from another place."""
    running = aws.find(project)
    assert running is not None
    keys = {"aws_access_key_id": running.access_key_id, "aws_secret_access_key": running.secret_access_key}
    account = connect(region="eu-central-1", endpoint=running.url, credentials=keys)
    yield account
    for client in account._clients.values():
        client.close()


@pytest.fixture
def remit(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in the project, on its AWS: exit code, standard output, standard error."""

    def run(command: str, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([command, "--local", "-C", str(project), *arguments])
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out, printed.err

    return run


@pytest.fixture
def proxy(project: Path) -> Iterator[ScriptedProxy]:
    """A proxy in front of the project's AWS."""
    running = aws.find(project)
    assert running is not None
    with scripted_proxy.in_front_of(running.url) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: ScriptedProxy, project: Path) -> Iterator[Account]:
    """The project's account, through the proxy."""
    running = aws.find(project)
    assert running is not None
    keys = {"aws_access_key_id": running.access_key_id, "aws_secret_access_key": running.secret_access_key}
    account = connect(region="eu-central-1", endpoint=proxy.url, credentials=keys)
    yield account
    for client in account._clients.values():
        client.close()
