"""How long the gate of the AWS on this machine takes for a call: `python bench/gate.py`.

Each call is signed by boto3 and read, verified, recognised, decided and noted as the server does it; the emulator is
there as a library, holds one role, and answers nothing. `first` is the call in a process that has decided no other one,
`first of a kind` one after calls to other services; these two are processor time, since the machine may be busy.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from remit.local.authorization.access_log import AccessLog
from remit.local.authorization.authorizer import RequestAuthorizer, prepare
from remit.local.authorization.callers import Caller
from remit.local.authorization.canonical_request import canonical_request
from remit.local.request import ReceivedRequest
from remit.local.signature import check, read

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "000000000000"
HERE = f"us-east-1:{ACCOUNT}"
SECRET = "s" * 40
TIMES = 2000
CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dynamodb PutItem": ("dynamodb", "put_item", {"TableName": "orders", "Item": {"id": {"S": "ada"}}}),
    "s3 PutObject": ("s3", "put_object", {"Bucket": "shop", "Key": "inbox/a", "Body": b"x" * 1000}),
    "s3 ListObjectsV2 with a condition": ("s3", "list_objects_v2", {"Bucket": "shop", "Prefix": "public/"}),
    "sqs SendMessage": ("sqs", "send_message", {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/work", "MessageBody": "x"}),
    "sns Publish": ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:news", "Message": "x"}),
    "lambda Invoke": ("lambda", "invoke", {"FunctionName": "report", "Payload": b"{}"}),
    "ec2 DescribeInstances": ("ec2", "describe_instances", {"InstanceIds": ["i-0a"]}),
    "cloudwatch PutMetricData": (
        "cloudwatch", "put_metric_data", {"Namespace": "shop", "MetricData": [{"MetricName": "m", "Value": 1.5}]},
    ),
}  # fmt: skip
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": f"arn:aws:dynamodb:{HERE}:table/orders"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::shop/inbox/*"},
        {
            "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shop",
            "Condition": {"StringLike": {"s3:prefix": "public/*"}},
        },
        {"Effect": "Allow", "Action": ["sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["ec2:DescribeInstances", "cloudwatch:PutMetricData"], "Resource": "*"},
    ],
}  # fmt: skip


def sent(service: str, operation: str, parameters: dict[str, Any]) -> tuple[ReceivedRequest, bytes]:
    """The request that boto3 sends for a call."""
    import boto3  # noqa: PLC0415 - only who makes the calls needs it
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - as above
    from botocore.config import Config  # noqa: PLC0415 - as above
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above
    from urllib3 import HTTPResponse  # noqa: PLC0415 - as above

    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:4566",
        aws_access_key_id="ASIAIOSFODNN7EXAMPLE",
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )
    requests: list[Any] = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 403, {}, HTTPResponse(io.BytesIO(), preload_content=False))

    client.meta.events.register("before-send", keep)
    with suppress(ClientError, ResponseParserError):  # the answer is empty
        getattr(client, operation)(**parameters)
    request = requests[0]
    body = request.body or b""
    body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    address = urlsplit(request.url)
    headers = {name.lower(): (_text(value),) for name, value in request.headers.items()}
    headers.setdefault("host", (address.netloc,))
    return ReceivedRequest(request.method, address.path, address.query, headers), body


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def gate() -> Callable[[ReceivedRequest, bytes], None]:
    """What the server does with a request of a role before the emulator gets it."""
    from ministack.services import iam  # noqa: PLC0415 - only this process is the server

    iam._roles["worker"] = {  # noqa: SLF001 - the emulator's memory is what the gate reads
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/worker",
        "InlinePolicies": {"worker": json.dumps(POLICY)},
        "AttachedPolicies": [],
        "AssumeRolePolicyDocument": "{}",
    }
    prepare()
    authorizer = RequestAuthorizer(AccessLog())
    caller = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/f", ACCOUNT, function="f")

    def decide(request: ReceivedRequest, body: bytes) -> None:
        signature = read(request)
        check(signature, request, SECRET, body, datetime.now(UTC))
        authorizer.check(canonical_request(request, signature.service, body), signature.region, caller)

    return decide


def measured(times: int) -> dict[str, list[float]]:
    """By call: the milliseconds of each time that it was decided, in the order of `CALLS`."""
    requests = {name: sent(*call) for name, call in CALLS.items()}
    decide = gate()
    for module in ("s3", "sqs", "sns", "lambda_svc", "dynamodb", "tagging"):
        __import__(f"ministack.services.{module}")
    taken: dict[str, list[float]] = {}
    for name, (request, body) in requests.items():
        taken[name] = []
        for _ in range(times):
            begin = time.process_time()
            decide(request, body)
            taken[name].append((time.process_time() - begin) * 1000)
    return taken


def main(arguments: list[str]) -> None:
    """Print a row for each call."""
    if arguments:
        first, *others = arguments
        chosen = {first: CALLS[first], **{name: CALLS[name] for name in others}}
        CALLS.clear()
        CALLS.update(chosen)
        print(json.dumps(measured(1)[first][0]))
        return
    rows = measured(TIMES)
    print(f"{'milliseconds':36} {'median':>8} {'first of a kind':>16} {'first':>8}")
    for name, taken in rows.items():
        command = [sys.executable, __file__, name]
        alone = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(3)]
        print(f"{name:36} {statistics.median(taken):8.3f} {taken[0]:16.2f} {statistics.median(alone):8.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
