"""Requests of unusual shape: none reaches what its caller may not use, and what no model has is refused as AWS does."""

from __future__ import annotations

import base64
import http.client
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases_of
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import refuse_unknown
from remit.local.signature import signed_headers
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.state_files import LocalAws

SHAPES = [json.loads(line) for line in (Path(__file__).parent / "data/request_shapes.jsonl").read_text().splitlines()]
"""What AWS answers to each shape, the status and code: `aws` to a role that may do little, `root` to all others."""
ACCOUNT = "000000000000"
HERE = f"us-east-1:{ACCOUNT}"
NARROW = {
    "s3:GetObject": "arn:aws:s3:::open/*",
    "s3:PutObject": "arn:aws:s3:::open/*",
    "s3:GetBucketLocation": "arn:aws:s3:::shop",
    "sqs:SendMessage": f"arn:aws:sqs:{HERE}:open",
    "dynamodb:PutItem": f"arn:aws:dynamodb:{HERE}:table/open",
    "sns:Publish": f"arn:aws:sns:{HERE}:open",
    "sns:ListTopics": "*",
    "lambda:GetFunction": f"arn:aws:lambda:{HERE}:function:open*",
    "iam:ListUsers": "*",
    "ec2:DescribeVpcs": "*",
}


@dataclass(frozen=True, slots=True)
class Signer:
    """Keys that sign requests to a server."""

    port: int
    access_key_id: str
    secret: str
    token: str = ""

    def answer(self, shape: dict[str, Any]) -> str:
        """The status and the code of the answer to a shape; the status alone where there is no code."""
        path, _, query = shape["target"].partition("?")
        body = base64.b64decode(shape["body64"]) if "body64" in shape else shape.get("body", "").encode()
        further = dict(shape.get("headers", {}))
        host = further.pop("host", "127.0.0.1")
        if self.token:
            further["x-amz-security-token"] = self.token
        now = datetime.now(UTC)
        pairs = sorted(pair if "=" in pair else f"{pair}=" for pair in query.split("&") if pair)
        headers = signed_headers(
            self.access_key_id, self.secret, shape["method"], host, path, now,
            query="&".join(pairs), body=body, further=further, region="us-east-1", service=shape["service"],
        )  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS)
        connection.putrequest(shape["method"], shape["target"], skip_host=True, skip_accept_encoding=True)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        code = response.getheader("x-amzn-errortype") or code_in(content)
        return f"{response.status} {code}".strip()


def code_in(content: bytes) -> str:
    match = re.search(rb"<Code>(\w+)</Code>|\"__type\": ?\"(?:[\w.]+#)?(\w+)\"", content)
    return "" if match is None else (match[1] or match[2]).decode()


@pytest.fixture(scope="module")
def root(shared: LocalAws) -> Signer:
    clients = session(shared)
    arguments = client_arguments(shared)
    for name in ("shop", "open"):
        clients.client("s3", **arguments).create_bucket(Bucket=name)
        clients.client("s3", **arguments).put_object(Bucket=name, Key="a", Body=b"secret")
    for name in ("jobs", "open"):
        clients.client("sqs", **arguments).create_queue(QueueName=name)
    for name in ("orders", "open"):
        clients.client("dynamodb", **arguments).create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    clients.client("sns", **arguments).create_topic(Name="news")
    return Signer(shared.port, shared.access_key_id, shared.secret_access_key)


def signer(shared: LocalAws, name: str, statements: list[dict[str, str]]) -> Signer:
    clients = session(shared)
    iam = clients.client("iam", **client_arguments(shared))
    user = iam.create_user(UserName=name)["User"]["UserName"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=user, PolicyName="narrow", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return Signer(shared.port, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="module")
def narrow(shared: LocalAws) -> Signer:
    return signer(shared, "narrow", [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in NARROW.items()])


@pytest.fixture(scope="module")
def empty(shared: LocalAws) -> Signer:
    return signer(shared, "empty", [])


@pytest.fixture(params=cases_of(("strict", "by default"), 1))
def _strictness(shared: LocalAws, request: pytest.FixtureRequest) -> Iterator[None]:
    refuse_unknown(shared, refuse=request.param == "strict")
    yield
    refuse_unknown(shared, refuse=False)


def differing(caller: Signer, shapes: list[dict[str, Any]], expected: str) -> str:
    """The shapes that are not answered as AWS does, a line each."""
    answers = [(shape, caller.answer(shape)) for shape in shapes]
    return "\n".join(
        f"{shape['kind']}, {shape['shape']}: {answer}, on AWS {shape[expected]}"
        for shape, answer in answers
        if shape[expected] != answer
    )


@pytest.mark.usefixtures("root", "_strictness")
def test_no_shape_reaches_what_a_narrow_policy_does_not_allow(narrow: Signer) -> None:
    assert not differing(narrow, SHAPES, "aws")


@pytest.mark.usefixtures("root", "_strictness")
def test_no_shape_of_a_user_without_policies_is_answered(empty: Signer) -> None:
    assert [] == [shape["shape"] for shape in SHAPES if empty.answer(shape)[0] != "4"]


@pytest.mark.usefixtures("_strictness")
def test_what_no_model_has_is_refused_whoever_asks(root: Signer) -> None:
    assert not differing(root, [shape for shape in SHAPES if "root" in shape], "root")
