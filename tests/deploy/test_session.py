"""Which account a deploy goes to, and what is said when there is none."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from remit.deploy import session
from remit.deploy.aws_errors import remit_errors
from remit.deploy.session import connect
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Spoil
    from remit.deploy.session import Account

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "never-shown"}
SOURCE = str(Path(__file__).parents[2] / "src")
CONNECT = """
import sys
from remit.deploy import session
from remit.deploy.aws_errors import remit_errors
from remit.deploy.session import connect
from remit.errors import RemitError
try:
    connect(region="eu-central-1")
except RemitError as error:
    sys.exit(str(error))
"""


def connect_elsewhere(home: Path, **environment: str) -> str:
    """What a process with this environment alone says when it connects."""
    scrubbed = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": SOURCE} | environment
    process = subprocess.run(
        [sys.executable, "-c", CONNECT],
        env=scrubbed,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.stderr


def test_no_credentials_says_where_it_looked(tmp_path: Path) -> None:
    said = connect_elsewhere(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:9/")
    assert said == (
        "error: there are no AWS credentials; remit looked at\n"
        "  - AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment: not set\n"
        "  - profile 'default' in ~/.aws/credentials and ~/.aws/config: nothing there\n"
        "  - container credentials: not in a container that has any\n"
        "  - instance metadata (EC2): no answer\n"
        "hint: `aws configure` or `aws sso login` sets them up; `remit deploy --local` needs no account: "
        "it deploys to an AWS that runs on this machine\n"
    )


@contextlib.contextmanager
def asked() -> Iterator[tuple[str, list[socket.socket]]]:
    """An address that takes every connection and never answers, and the connections that it took."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        taken: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):  # closed: nobody will ask any more
                while True:
                    taken.append(silent.accept()[0])

        thread = threading.Thread(target=take)
        thread.start()
        yield f"127.0.0.1:{silent.getsockname()[1]}", taken
        silent.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in taken:
            connection.close()


def test_a_metadata_service_that_never_answers_is_asked_twice(tmp_path: Path) -> None:
    with asked() as (address, connections):
        said = connect_elsewhere(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=f"http://{address}/")
    assert "instance metadata (EC2): no answer" in said
    assert 2 == len(connections)


def test_a_metadata_service_is_waited_for_less_than_two_seconds_altogether(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.delenv("AWS_METADATA_SERVICE_TIMEOUT", raising=False)
    core = session._session("eu-central-1", None, None)._session
    assert 2 > 2 * core.get_config_variable("metadata_service_timeout")
    assert 1 == core.get_config_variable("metadata_service_num_attempts")


def test_a_container_whose_credentials_are_refused_says_so(tmp_path: Path) -> None:
    said = connect_elsewhere(
        tmp_path,
        AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:9/credentials",
        AWS_EC2_METADATA_DISABLED="true",
    )
    assert said.startswith(
        "error: the AWS credentials cannot be read: Error when retrieving credentials from container"
    )


def test_an_unknown_profile_is_named_with_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = eu-west-1\n")
    said = connect_elsewhere(tmp_path, AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="wrok")
    assert said == "error: there is no AWS profile 'wrok'\nhint: known profiles: work\n"


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Profiles with keys and a region each, one without keys, and no other word of AWS in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = "aws_secret_access_key = never-shown\naws_access_key_id = AKIA"
    (tmp_path / "config").write_text(
        f"[default]\nregion = eu-west-1\n{keys}DEFAULT\n[profile shop]\nregion = eu-west-2\n{keys}SHOP\n"
        "[profile bare]\nregion = eu-west-3\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "TRUE")
    return monkeypatch


def test_a_region_is_the_given_one_else_that_of_the_environment_else_that_of_the_profile(
    profiles: pytest.MonkeyPatch,
) -> None:
    def found(region: str | None = None, profile: str | None = None) -> tuple[str, str]:
        made = session._session(region, profile, None)
        return made.region_name, made.get_credentials().access_key

    assert [found(), found(profile="shop")] == [("eu-west-1", "AKIADEFAULT"), ("eu-west-2", "AKIASHOP")]
    profiles.setenv("AWS_PROFILE", "shop")
    assert [found(), found(profile="default")] == [("eu-west-2", "AKIASHOP"), ("eu-west-1", "AKIADEFAULT")]
    profiles.setenv("AWS_REGION", "us-east-1")
    assert [found(), found("us-west-2")] == [("us-east-1", "AKIASHOP"), ("us-west-2", "AKIASHOP")]
    assert session._session(None, None, KEYS).region_name is None


@pytest.mark.parametrize("by_option", [True, False])
def test_a_profile_without_keys_is_named_with_the_files_that_were_read(
    profiles: pytest.MonkeyPatch, tmp_path: Path, *, by_option: bool
) -> None:
    if not by_option:
        profiles.setenv("AWS_PROFILE", "bare")
    with pytest.raises(RemitError) as raised:
        connect(profile="bare" if by_option else None)
    assert raised.value.message.split("\n  - ")[2:] == [
        f"profile 'bare' in {tmp_path / 'none'} and {tmp_path / 'config'}: nothing there",
        "container credentials: not in a container that has any",
        "instance metadata (EC2): turned off",
    ]


def test_no_region_is_a_mistake_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(RemitError, match="there is no region to deploy to"):
        connect(credentials=KEYS)


def test_given_credentials_ignore_the_persons_profile_and_files(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "broken").write_text("this is no configuration")
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "broken"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "local"}
    assert connect(region="eu-central-1", endpoint=endpoint, credentials=keys).account == "123456789012"


def test_the_account_knows_its_partition_who_asks_and_that_it_is_local(account: Account, endpoint: str) -> None:
    """As the accounts of other tests have it, which nobody asks."""
    keys = {"aws_access_key_id": account.account, "aws_secret_access_key": "local"}
    connected = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
    assert (connected.partition, connected.region, connected.local) == ("aws", "eu-central-1", True)
    assert (connected.account, connected.caller) == (account.account, account.caller)


def test_an_endpoint_that_does_not_answer_is_named_with_exit_code_69() -> None:
    with pytest.raises(RemitError) as refusal:
        connect(region="eu-central-1", endpoint="http://127.0.0.1:9", credentials=KEYS)
    assert "127.0.0.1:9 cannot be reached" in refusal.value.message
    assert refusal.value.exit_code == 69


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "credentials have expired"),
        ("InvalidClientTokenId", "The security token is invalid", "AWS does not know the access key"),
        ("SignatureDoesNotMatch", "x-amz-security-token:FwoGZX", "the secret does not fit the access key"),
        ("SignatureDoesNotMatch", "Signature expired: 2026 is now earlier", "clock is wrong: it is"),
        ("RequestTimeTooSkewed", "The difference is too large", "clock is wrong: it is"),
    ],
)
def test_refused_credentials_are_told_without_showing_them(
    account: Account, spoil: Spoil, code: str, words: str, expected: str
) -> None:
    spoil.answer("sts.GetCallerIdentity", 403, code, words)
    with pytest.raises(RemitError) as refusal, remit_errors():
        account.client("sts").get_caller_identity()
    assert expected in refusal.value.message
    assert "FwoGZX" not in str(refusal.value)


@pytest.mark.parametrize("program", ["/bin/echo nothing", "/nonexistent/program"])
def test_a_credential_process_that_gives_no_credentials_is_no_fault_of_remit(tmp_path: Path, program: str) -> None:
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    said = connect_elsewhere(tmp_path, AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert said.startswith("error: the AWS credentials cannot be read: ")
    assert "Traceback" not in said


def test_a_profile_that_asks_for_a_code_says_so_where_nobody_can_answer(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nmfa_serial = arn:x\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = never-shown\n"
    )
    said = connect_elsewhere(tmp_path, AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert "error: the AWS profile asks for an MFA code, and there is no terminal to ask at" in said


def test_a_slow_function_is_waited_for_and_never_run_twice(account: Account) -> None:
    """Lambda waits up to 900 seconds for an answer; asking again after a time-out would run the function again."""
    config = account.client("lambda", once=True).meta.config
    assert (1, True) == (config.retries["total_max_attempts"], config.read_timeout > 900)


@pytest.mark.parametrize("page", [b"<html>sign in</html>", b"", b"{}", b"<a>", b"never-shown"])
def test_a_page_in_the_place_of_aws_is_told_and_not_shown(page: bytes) -> None:
    """A hotel's sign-in page, a proxy, a wrong endpoint."""
    with answering(page) as url, pytest.raises(RemitError) as caught:
        connect(region="eu-central-1", endpoint=url, credentials=KEYS)
    assert (69, "what answers in the place of AWS is not AWS") == (caught.value.exit_code, caught.value.message)
    assert "never-shown" not in str(caught.value)


@pytest.mark.parametrize("address", ["garbage", "http://", "http://127.0.0.1:99999", "http://[::1"])
def test_an_endpoint_that_is_no_address_is_told(address: str) -> None:
    with pytest.raises(RemitError) as caught:
        connect(region="eu-central-1", endpoint=address, credentials=KEYS)
    assert "the endpoint of AWS is not a valid address" == caught.value.message


@contextlib.contextmanager
def answering(page: bytes) -> Iterator[str]:
    """A server that gives this page to whoever asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
