"""Who may use the AWS on this machine: whoever holds its keys, which are new at each start and its owner's alone."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from processes import children, listening
from remit.local import aws
from remit.local.control.clients import client_arguments, environment, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Deployed
    from remit.local.state_files import LocalAws


def ask(
    running: LocalAws, method: str, target: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of an answer; `target` is a path or a URL of this server."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=HANGS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target.removeprefix(running.url), body, named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def client(running: LocalAws, service: str, **instead: Any) -> Any:
    return session(running).client(service, **{**client_arguments(running), **instead})


def refused(call: Callable[[], Any]) -> tuple[str, int]:
    """The error code and the status of a call that fails."""
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {  # by protocol
    "json": ("dynamodb", "list_tables"),
    "query": ("cloudformation", "list_stacks"),
    "rest-json": ("lambda", "list_functions"),
    "rest-xml": ("s3", "list_buckets"),
    "ec2": ("ec2", "describe_vpcs"),
}


@pytest.mark.parametrize("protocol", CALLS)
def test_its_keys_open_it_and_a_wrong_secret_does_not(shared: LocalAws, protocol: str) -> None:
    service, operation = CALLS[protocol]
    answer = getattr(client(shared, service), operation)()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    wrong = client(shared, service, aws_secret_access_key="local")  # noqa: S106 - as it was once
    assert refused(getattr(wrong, operation)) == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize("key", ["000000000000", "test", "111122223333", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_it_did_not_make_is_refused(shared: LocalAws, key: str) -> None:
    stranger = client(shared, "sqs", aws_access_key_id=key)
    assert refused(stranger.list_queues) == ("InvalidClientTokenId", 403)


def test_what_is_not_signed_is_refused(shared: LocalAws) -> None:
    unsigned = client(shared, "dynamodb", config=Config(signature_version=UNSIGNED, proxies={})).list_tables
    assert refused(unsigned) == ("MissingAuthenticationToken", 403)


def test_version_4a_is_refused_by_name(shared: LocalAws) -> None:
    _, _, answer = ask(shared, "GET", "/", Authorization="AWS4-ECDSA-P256-SHA256 Credential=a/b")
    assert b"SigV4a is not supported by the AWS on this machine" in answer


def test_a_page_that_learnt_the_keys_is_refused_still(shared: LocalAws) -> None:
    queues = client(shared, "sqs")
    queues.meta.events.register("before-sign.sqs", lambda request, **_: request.headers.add_header("Origin", "null"))
    assert refused(queues.list_queues) == ("AccessDenied", 403)


def test_the_account_is_the_one_that_it_always_was(shared: LocalAws) -> None:
    identity = client(shared, "sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")


TRUST = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}}'
READING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}}'


def test_keys_that_it_gave_out_open_it_too(shared: LocalAws) -> None:
    identities = client(shared, "iam")
    identities.create_user(UserName="ci")
    made = identities.create_access_key(UserName="ci")["AccessKey"]
    user = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    assert client(shared, "sts", **user).get_caller_identity()["Account"] == shared.account
    assert refused(client(shared, "sts", **{**user, "aws_secret_access_key": "x"}).get_caller_identity)[1] == 403
    identities.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    identities.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=READING)
    role = client(shared, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{shared.account}:role/reader", RoleSessionName="test"
    )
    assumed = {
        "aws_access_key_id": role["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": role["Credentials"]["SecretAccessKey"],
    }
    token = role["Credentials"]["SessionToken"]
    assert client(shared, "sqs", **assumed, aws_session_token=token).list_queues()
    assert refused(client(shared, "sqs", **assumed, aws_session_token="x").list_queues)[1] == 403  # noqa: S106 - wrong


def test_a_user_pool_serves_its_users_unsigned_as_on_aws_and_no_page(shared: LocalAws) -> None:
    pools = client(shared, "cognito-idp")
    pool = pools.create_user_pool(PoolName="users")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = pools.create_user_pool_client(UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows)
    app = made["UserPoolClient"]["ClientId"]
    pools.sign_up(ClientId=app, Username="ann", Password="Passw0rd!")  # noqa: S106 - of this test
    pools.admin_confirm_sign_up(UserPoolId=pool, Username="ann")
    credentials = {"USERNAME": "ann", "PASSWORD": "Passw0rd!"}
    answer = pools.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=credentials)
    assert "AccessToken" in answer["AuthenticationResult"]
    keys = f"/{pool}/.well-known/jwks.json"
    assert ask(shared, "GET", keys)[0] == 200
    assert ask(shared, "GET", keys, Origin="http://localhost:3000")[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/", {"X_Amz_Target": "AWSCognitoIdentityProviderService.AdminGetUser"}),
        ("POST", "/?Action=DeleteStack", {"X_Amz_Target": "AWSCognitoIdentityProviderService.SignUp"}),
        ("POST", "/2015-03-31/functions", {"X_Amz_Target": "AWSCognitoIdentityProviderService.SignUp"}),
        ("POST", "/", {"X_Amz_Target": "AWSCognitoIdentityService.GetCredentialsForIdentity"}),
        ("GET", "/bucket/.well-known/jwks.json", {}),
        ("GET", "/us-east-1_abc/x/.well-known/jwks.json", {}),
        ("PUT", "/us-east-1_abc/.well-known/jwks.json", {}),
    ],
)
def test_what_is_near_the_user_pools_operations_is_closed(
    shared: LocalAws, method: str, path: str, headers: dict[str, str]
) -> None:
    assert ask(shared, method, path, b"{}", **headers)[0] == 403


def test_a_function_url_that_asks_for_iam_answers_a_true_signature_alone(shared: LocalAws, deployed: Deployed) -> None:
    functions = client(shared, "lambda")
    functions.update_function_url_config(FunctionName="app", AuthType="AWS_IAM")
    path = f"/_aws/lambda-url/{deployed.url}/"
    try:
        request = AWSRequest("GET", shared.url + path)
        SigV4Auth(Credentials(shared.access_key_id, shared.secret_access_key), "lambda", shared.region).add_auth(
            request
        )
        true = dict(request.headers)
        forged = {**true, "Authorization": re.sub(r"Signature=\w{4}", "Signature=0000", true["Authorization"])}
        assert [ask(shared, "GET", path, **headers)[0] for headers in ({}, forged, true)] == [403, 403, 200]
    finally:
        functions.update_function_url_config(FunctionName="app", AuthType="NONE")


def version_of(version: str) -> Config:
    """The settings of a client that signs URLs with this version (`s3` is Signature Version 2)."""
    return Config(signature_version=version, s3={"addressing_style": "path"}, proxies={})


@pytest.fixture(scope="module")
def bucket(shared: LocalAws) -> Any:
    storage = client(shared, "s3")
    storage.create_bucket(Bucket="keys")
    return storage


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("key", ["plain", "a b/ключ+1.txt", "a%2Fb", "x/../y", "~!*'();:@&=+$,?#[]", ".../ ."])
def test_objects_of_odd_names_are_put_read_and_handed_out_by_signed_urls(
    bucket: Any, shared: LocalAws, key: str, version: str
) -> None:
    bucket.put_object(Bucket="keys", Key=key, Body=b"content", Metadata={"from": "a  test"})
    assert bucket.get_object(Bucket="keys", Key=key)["Body"].read() == b"content"
    named = {"Bucket": "keys", "Key": key}
    signer = client(shared, "s3", config=version_of(version))
    url = signer.generate_presigned_url("get_object", {**named, "ResponseContentType": "text/x-test; a=1"})
    status, headers, content = ask(shared, "GET", url)
    assert (status, content, headers["content-type"]) == (200, b"content", "text/x-test; a=1")
    upload = signer.generate_presigned_url("put_object", named)
    assert ask(shared, "PUT", upload, b"uploaded")[0] == 200
    assert bucket.get_object(Bucket="keys", Key=key)["Body"].read() == b"uploaded"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_signed_url_is_good_for_its_request_alone(bucket: Any, shared: LocalAws, version: str) -> None:
    bucket.put_object(Bucket="keys", Key="one", Body=b"1")
    bucket.put_object(Bucket="keys", Key="two", Body=b"2")
    signer = client(shared, "s3", config=version_of(version))
    url = signer.generate_presigned_url("get_object", {"Bucket": "keys", "Key": "one"}, ExpiresIn=60)
    attempts = [
        ask(shared, "GET", url.replace("/one?", "/two?")),
        ask(shared, "GET", re.sub(r"Expires=\d+", "Expires=9999", url)),
        ask(shared, "DELETE", url),
        ask(shared, "GET", url, x_amz_target="AmazonSQS.ListQueues"),
        ask(shared, "GET", f"{url}&Action=ListUsers&Version=2010-05-08"),
        ask(shared, "GET", f"{url}&%41ction=ListUsers&Version=2010-05-08"),
        ask(shared, "GET", f"{url}&X-Amz-Credential=x/20261127/us-east-1/iam/aws4_request"),
    ]
    assert [status for status, _, _ in attempts] == [403] * 7
    assert ask(shared, "GET", url)[2] == b"1"
    if version == "s3":  # its signature does not cover the host, which may name a bucket
        assert ask(shared, "GET", url, Host="keys.localhost")[2] == b"1"
        upload = signer.generate_presigned_url("put_object", {"Bucket": "keys", "Key": "one"}, ExpiresIn=60)
        for added in ("x-amz-copy-source=keys/two", "x-amz-acl=public-read", "legal-hold", "x-amz-tagging=a%3Db"):
            assert ask(shared, "PUT", f"{upload}&{added}", b"x")[0] == 403
        assert ask(shared, "GET", url)[2] == b"1"
    else:
        assert ask(shared, "GET", url, Host="keys.localhost")[0] == 403


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_uploads_with_checksums_and_in_parts_come_in(bucket: Any, algorithm: str) -> None:
    bucket.put_object(Bucket="keys", Key="sum", Body=b"content" * 1000, ChecksumAlgorithm=algorithm)
    upload = bucket.create_multipart_upload(Bucket="keys", Key="parts", ChecksumAlgorithm=algorithm)["UploadId"]
    part = bucket.upload_part(Bucket="keys", Key="parts", UploadId=upload, PartNumber=1, Body=b"x" * 6_000_000)
    done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], f"Checksum{algorithm}": part[f"Checksum{algorithm}"]}]}
    bucket.complete_multipart_upload(Bucket="keys", Key="parts", UploadId=upload, MultipartUpload=done)
    assert bucket.head_object(Bucket="keys", Key="parts")["ContentLength"] == 6_000_000


def test_a_body_that_is_not_the_signed_one_is_refused(bucket: Any) -> None:
    def swap(request: Any, **_: Any) -> None:
        request.body = b"swapped"

    bucket.meta.events.register("before-send.s3.PutObject", swap)
    try:
        assert refused(lambda: bucket.put_object(Bucket="keys", Key="swap", Body=b"content"))[1] == 403
    finally:
        bucket.meta.events.unregister("before-send.s3.PutObject", swap)


def test_keys_are_new_at_each_start_and_of_the_shape_of_awss(project: Path) -> None:
    first = aws.start(project)
    old = client(first, "sqs")
    aws.stop(project)
    second = aws.start(project)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", second.access_key_id)
    assert (first.access_key_id, first.secret_access_key) != (second.access_key_id, second.secret_access_key)
    assert refused(old.list_queues) == ("InvalidClientTokenId", 403)


def test_the_health_that_everybody_may_ask_for_holds_no_secret(shared: LocalAws) -> None:
    content = ask(shared, "GET", "/_remit/health")[2].decode()
    assert shared.access_key_id not in content
    assert shared.secret_access_key not in content


@pytest.mark.parametrize("path", ["/_remit/reset", "/_ministack/reset", "/_ministack/lambda-code/app", "/health"])
def test_nobody_resets_or_reads_it_without_its_keys(shared: LocalAws, bucket: Any, path: str) -> None:
    assert ask(shared, "POST", path)[0] == 403
    assert [found["Name"] for found in bucket.list_buckets()["Buckets"]] == ["keys"]


def test_the_secret_stands_in_its_file_alone(project: Path) -> None:
    running = aws.start(project)
    client(running, "sqs").create_queue(QueueName="any")
    client(running, "s3").create_bucket(Bucket="any")
    assert repr(running).find(running.secret_access_key) == -1
    command = Path(f"/proc/{running.pid}/cmdline").read_bytes()
    assert running.secret_access_key.encode() not in command
    aws.stop(project)
    holders = [
        path.name
        for path in sorted((project / ".remit").rglob("*"))
        if path.is_file() and running.secret_access_key.encode() in path.read_bytes()
    ]
    assert holders == ["server.json"]


def test_the_sdk_with_the_environment_that_is_shown_gets_in(shared: LocalAws) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    variables = {"PATH": os.environ["PATH"], **environment(shared)}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert run.stdout == "000000000000\n", run.stderr


def test_it_opens_no_other_door() -> None:
    code = (
        "import socket, sys; from remit.local.functions.doors import refuse_other_doors\n"
        "sys.addaudithook(refuse_other_doors)\n"
        "for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::1')):\n"
        "    try: socket.socket(family).bind((host, 0))\n"
        "    except PermissionError as error: print(error)\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = [
        f"the AWS on this machine has one door, and opens none on {host!r}"
        for host in ("127.0.0.1", "0.0.0.0", "::1")  # noqa: S104 - the very thing that is refused
    ]
    assert run.stdout.splitlines() == expected, run.stderr


def as_nobody(attempt: Callable[[], Any]) -> Any:
    """What an attempt gives (JSON) that another user of the machine makes."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread and takes no lock
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(writing, json.dumps(attempt()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        content = answer.read()
    os.waitpid(child, 0)
    return json.loads(content)


@pytest.mark.skipif(os.geteuid() != 0, reason="not tried: only root can become another user")
class TestAnotherUserOfTheMachine:
    """What another user gets: the app, and nothing besides."""

    def test_cannot_read_its_files(self, project: Path) -> None:
        aws.start(project)
        for folder in (project, *project.parents[:-1]):
            folder.chmod(folder.stat().st_mode | 0o005)  # as people's folders are
        root = project / ".remit" / "local"

        def readable() -> list[str]:
            names = ("server.json", "server.log", "server.lock", "state/services/sqs.json")
            return [path for path in ("", "state", "home", "tmp", *names) if os.access(root / path, os.R_OK)]

        assert os.access(root / "server.json", os.R_OK)
        assert as_nobody(readable) == []

    def test_cannot_see_its_keys_where_processes_are_listed(self, shared: LocalAws, deployed: Deployed) -> None:
        assert ask(shared, "GET", f"/_aws/lambda-url/{deployed.url}/")[0] == 200  # its function's process lives
        workers = [Path(f"/proc/{pid}/environ").read_bytes() for pid in children(shared.pid)]
        assert workers != []
        key = re.findall(rb"AWS_SECRET_ACCESS_KEY=([^\0]+)", b"\0".join(workers))[0]  # its function's own

        def seen() -> list[str]:
            showing = []
            for path in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")):
                try:
                    if key in path.read_bytes():
                        showing.append(str(path))
                except OSError:
                    continue
            return showing

        assert seen() != []
        assert as_nobody(seen) == []

    def test_gets_the_app_and_nothing_else(self, shared: LocalAws, deployed: Deployed) -> None:
        scope = "20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
        signatures = [
            {},
            {"Authorization": f"AWS4-HMAC-SHA256 Credential=000000000000/{scope}"},
            {"Authorization": f"AWS4-HMAC-SHA256 Credential={shared.access_key_id}/{scope}"},
            {"Authorization": f"AWS {shared.access_key_id}:AAAA"},
        ]
        paths = ["/", "/_remit/reset", "/_ministack/reset", "/2015-03-31/functions", "/keys/one", "/health"]

        def attempts() -> list[int]:
            closed = [ask(shared, "POST", path, b"", **headers)[0] for path in paths for headers in signatures]
            return [*closed, ask(shared, "GET", f"/_aws/lambda-url/{deployed.url}/")[0]]

        assert as_nobody(attempts) == [*[403] * 24, 200]

    def test_is_hung_up_on_by_the_runtime_api_of_a_function(self, shared: LocalAws, deployed: Deployed) -> None:
        page = f"/_aws/lambda-url/{deployed.url}/"
        assert ask(shared, "GET", page)[0] == 200
        ports = listening(shared.pid).union(*map(listening, children(shared.pid)))
        assert len(ports) == 2  # its own, and that of the function's worker
        (port,) = ports - {shared.port}

        def answer() -> str:
            with socket.create_connection(("127.0.0.1", port), timeout=HANGS) as connected:
                connected.sendall(
                    b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
                )
                ask(shared, "GET", page)  # the worker is busy, and so its API is looked at
                try:
                    return connected.recv(100).decode()
                except ConnectionResetError:
                    return ""

        assert as_nobody(answer) == ""
        assert answer() == ""  # nor does another process of the same user get anything
