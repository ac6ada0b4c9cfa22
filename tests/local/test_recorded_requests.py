"""Requests that five clients sent (awscli, aiobotocore, the JavaScript SDK, curl, urllib), signed and sent once more.

Each has the status that it was answered with before requests were made anew.
"""

from __future__ import annotations

import base64
import http.client
import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from remit.local.aws import reset
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import accesses
from terminals import HANGS

if TYPE_CHECKING:
    from remit.local.state_files import LocalAws

REQUESTS = [
    json.loads(line) for line in (Path(__file__).parent / "data/recorded_requests.jsonl").read_text().splitlines()
]
REGION = "us-east-1"
ANSWERED = ("GetCallerIdentity", "?delete")
"""What is answered to everybody: who they are, and that each key of a list is denied by itself."""


class Declared:
    """Signs the hash that a request declares for its body, as its client did."""

    def payload(self, request: Any) -> Any:
        return request.headers.get("x-amz-content-sha256") or super().payload(request)  # type: ignore[misc]


class Signing(Declared, SigV4Auth):
    """Signs a request in its header."""


class SigningOfS3(Declared, S3SigV4Auth):
    """Signs a request to S3 in its header."""


def content(recorded: dict[str, Any]) -> bytes:
    if "body64" in recorded:
        return base64.b64decode(recorded["body64"])
    return str(recorded.get("body", "")).encode()


def status(aws: LocalAws, keys: Credentials, recorded: dict[str, Any]) -> int:
    """The status of the answer to a request that was recorded."""
    url = f"http://127.0.0.1:{aws.port}{recorded['target']}"
    body, service = content(recorded), recorded["service"]
    signed = recorded["signed"]
    headers = {} if signed == "url" else dict(recorded["headers"])
    request = AWSRequest(recorded["method"], url, headers=headers, data=body if signed == "header" else b"")
    if signed == "url":
        S3SigV4QueryAuth(keys, service, REGION, expires=60).add_auth(request)
    elif signed == "url of Version 2":
        HmacV1QueryAuth(keys, expires=60).add_auth(request)
    else:
        auth = SigningOfS3 if service == "s3" else Signing
        auth(keys, service, REGION).add_auth(request)
    prepared = request.prepare()
    sent = dict(prepared.headers) if signed == "header" else dict(recorded["headers"])
    sent = {name: value.decode() if isinstance(value, bytes) else value for name, value in sent.items()}
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=HANGS)
    target = prepared.url.removeprefix(f"http://127.0.0.1:{aws.port}")
    sent = {name: value for name, value in sent.items() if name.lower() not in {"content-length", "transfer-encoding"}}
    connection.request(recorded["method"], target, body, {**sent, "content-length": str(len(body))})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def named(recorded: dict[str, Any]) -> str:
    return f"{recorded['client']}: {recorded['method']} {recorded['target']} {content(recorded)[:80]!r}"


def user(aws: LocalAws, name: str, *statements: dict[str, str]) -> Credentials:
    iam = session(aws).client("iam", **client_arguments(aws))
    iam.create_user(UserName=name)
    for statement in statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Statement": [statement]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.mark.parametrize("caller", ["root", "a user who may do all"])
def test_real_clients_are_answered_as_before(shared: LocalAws, shared_folder: Path, caller: str) -> None:
    reset(shared_folder)  # each caller begins with nothing
    keys = Credentials(shared.access_key_id, shared.secret_access_key)
    if caller != "root":
        keys = user(shared, "mighty", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    answers = [(recorded, status(shared, keys, recorded)) for recorded in REQUESTS]
    assert not [
        f"{named(recorded)}: {answer}, before {recorded['status']}"
        for recorded, answer in answers
        if answer != recorded["status"]
    ]


def test_each_request_of_a_real_client_is_decided(shared: LocalAws) -> None:
    keys = user(shared, "empty")
    before, _ = accesses(shared)
    answers = [(recorded, status(shared, keys, recorded)) for recorded in REQUESTS]
    let_in = [named(recorded) for recorded, answer in answers if answer < HTTPStatus.BAD_REQUEST]
    assert [] == [name for name in let_in if not any(operation in name for operation in ANSWERED)]
    denied = [recorded for recorded, answer in answers if answer in {400, 403}]
    assert len(REQUESTS) - len(let_in) == len(denied)
    _, records = accesses(shared, before)
    assert len(records) >= len(denied)
