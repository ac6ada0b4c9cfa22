"""What remit asks the AWS on this machine, and what it makes of each answer, by a server that answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
from contextlib import suppress
from dataclasses import fields, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import parse, render
from remit.local import aws
from remit.local.authorization.access_log import AccessRecord
from remit.local.aws import LocalAwsStatus
from remit.local.control import clients
from remit.local.control.answers import AnsweringFunctions, _read, operation_model, serialised
from remit.local.control.clients import limited_credentials, session_as
from remit.local.control.invoke import has_aliases, invoke_and_watch, invoke_locally
from remit.local.control.plain_client import PlainClient, PlainPages, _content, _refusal, _request
from remit.local.control.server_commands import (
    NO_ACCESS,
    accesses,
    debug,
    keep_data,
    put_data_back,
    refuse_unknown,
    serve_code,
    simulated_delays,
    unknown_refused,
)
from remit.local.control.signed_request import LocalResponse, ask, command
from remit.local.prepared_answers import Answered, PreparedAnswers
from remit.local.request import RefusedRequest
from remit.local.routes import REFUSES_UNKNOWN
from remit.local.state_files import LocalAws, Record, StateFiles, seize

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, dict[str, str], Any]


class Told:
    """A server that gives one answer after the other, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                told.asked.append((self.command, self.path, headers, body))
                status, named, content = told.answers.pop(0)
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**named, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_arguments: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        port = self.server.server_port
        self.aws = LocalAws(f"http://127.0.0.1:{port}", port, 0, "eu-west-1", "111122223333", "key", "secret", "")
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    yield server
    server.server.shutdown()
    server.server.server_close()


def refused(aws: LocalAws, event: Any = None) -> tuple[str, int]:
    with pytest.raises(RemitError) as caught:
        invoke_locally(aws, "hello", event)
    return caught.value.message.partition("invoke hello: ")[2] or caught.value.message, caught.value.exit_code


@pytest.mark.parametrize(
    ("answer", "region", "is_found"),
    [
        ((200, {}, {"id": "r1", "account": 5, "writes": 3}), None, True),
        ((200, {}, {"id": "r1", "account": 5, "writes": 3}), "us-east-2", True),
        ((200, {}, {"id": "r2", "account": 5, "writes": 3}), None, False),
        ((200, {}, ["r1"]), None, False),
        ((500, {}, {"id": "r1", "account": 5, "writes": 3}), None, False),
        ((200, {}, b"no JSON"), None, False),
    ],
)
def test_the_server_that_is_recorded_is_found_where_it_answers_with_its_id_and_holds_its_lock(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, region: str | None, *, is_found: bool
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    files = StateFiles.of(tmp_path)
    files.make()
    files.write(Record("r1", told.aws.port, 77, "AKIA", "secret"))
    told.answers = [answer]
    assert None is aws.find(tmp_path)
    assert [] == told.asked
    lock = seize(files.alive, patience=0)
    assert lock is not None
    found = aws.find(tmp_path, region=region)
    os.close(lock)
    expected = LocalAws(told.aws.url, told.aws.port, 77, region or "eu-north-1", "5", "AKIA", "secret", "r1/3")
    assert (expected if is_found else None) == found
    assert found is None or (expected.state, expected.secret_access_key) == (found.state, found.secret_access_key)
    assert [("GET", "/_remit/health")] == [(method, path) for method, path, _, _ in told.asked]


def test_the_saved_state_is_deleted_where_no_server_runs_and_nothing_is_unsaved_then(tmp_path: Path) -> None:
    files = StateFiles.of(tmp_path)
    assert (None, False, False) == (aws.reset(tmp_path), files.root.exists(), aws.stop(tmp_path))
    files.make()
    files.objects.mkdir(parents=True)
    files.write_unsaved("full")
    kept = LocalAwsStatus(None, files.state, files.log, kept=False, unsaved="full")
    assert kept == aws.status(tmp_path)
    files.write_unsaved(None)
    assert replace(kept, kept=True, unsaved=None) == aws.status(tmp_path)
    files.write_unsaved("full")
    assert (None, False, None) == (aws.reset(tmp_path), files.state.exists(), files.read_unsaved())
    assert replace(kept, kept=False, unsaved=None) == aws.status(tmp_path)
    with pytest.raises(RemitError, match="did not save its state"):
        aws.save(tmp_path)


def test_a_request_says_what_this_process_asks_of_each_for_as_long_as_it_does(told: Told) -> None:
    told.answers = [(200, {}, {})] * 2
    with unknown_refused():
        ask(told.aws, "GET", "/a", query="x=1", headers={"x-own": "1"})
    ask(told.aws, "POST", "/c", body=b"{}")
    (method, path, headers, _), (_, _, later, body) = told.asked
    assert ("GET", "/a?x=1", "true", "1") == (
        method, path, headers[REFUSES_UNKNOWN], headers["x-own"]
    )  # fmt: skip
    assert "/local/remit/aws4_request" in headers["authorization"]
    assert (False, b"{}") == (REFUSES_UNKNOWN in later, body)


def test_only_what_was_done_is_ok_and_what_is_no_json_is_no_answer() -> None:
    assert [True, False, False] == [LocalResponse(status, {}, b"").is_ok for status in (200, 204, 400)]
    with pytest.raises(RemitError, match="answered 502 and no JSON") as caught:
        LocalResponse(502, {}, b"<html>").document()
    assert 69 == caught.value.exit_code


def test_each_command_asks_the_server_at_a_path_of_its_own(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record: Any = dict.fromkeys((field.name for field in fields(AccessRecord)), "")
    documents = [{"last": 7, "records": [record]}, {"last": 9, "records": []}, {}, {}, {}, {}, {"port": None},
                 {"before": "s 1"}, {"before": "a&b"}, {"before": ""}]  # fmt: skip
    told.answers = [(200, {}, document) for document in documents]
    monkeypatch.chdir(tmp_path)
    assert (7, (AccessRecord(**record),)) == accesses(told.aws, after=3)
    assert (9, ()) == accesses(told.aws, after=NO_ACCESS)
    keep_data(told.aws)
    put_data_back(told.aws)
    serve_code(told.aws, "shop-f", Path("src"))
    serve_code(told.aws, "shop-f", None)
    assert None is debug(told.aws, "shop-f", None, project=tmp_path)
    with suppress(KeyError), simulated_delays(told.aws, "a&b"):
        assert 8 == len(told.asked)
        raise KeyError
    told_of = [(path, json.loads(body) if body else None) for _, path, _, body in told.asked]
    assert [
        ("/_remit/access?after=3", None), (f"/_remit/access?after={1 << 53}", None), ("/_remit/data/keep", None),
        ("/_remit/data/put-back", None),
        ("/_remit/functions/shop-f/code", {"folder": str(tmp_path.resolve() / "src")}),
        ("/_remit/functions/shop-f/code", {"folder": None}), ("/_remit/functions/shop-f/debug", {"port": None}),
        ("/_remit/delays?seed=a%26b", None), ("/_remit/delays?seed=s+1", None),
    ] == told_of  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((400, {}, {"message": "no such folder"}), "no such folder"),
        ((400, {}, {}), "the AWS on this machine answered 400 to /x"),
        ((500, {}, []), "the AWS on this machine answered 500 to /x"),
    ],
)
def test_a_command_that_is_refused_says_why(told: Told, answer: Answer, message: str) -> None:
    told.answers = [answer]
    with pytest.raises(RemitError) as caught:
        command(told.aws, "/x", document={"a": 1})
    assert message == caught.value.message
    assert ("POST", b'{"a": 1}') == (told.asked[0][0], told.asked[0][3])


@pytest.mark.parametrize(
    ("headers", "document", "reason"),
    [
        ({"x-amzn-errortype": "A"}, {"__type": "B", "Message": "m"}, "A: m"),
        ({}, {"__type": "B", "code": "C", "message": "m"}, "B: m"),
        ({}, {"code": "C"}, "C: no reason is given"),
        ({}, {"Message": "m", "message": "n"}, "m"),
    ],
)
def test_a_call_that_lambda_refuses_is_told_with_its_code(
    told: Told, headers: dict[str, str], document: Any, reason: str
) -> None:
    told.answers = [(400, headers, document)]
    assert (reason, 1) == refused(told.aws)


def test_a_function_that_is_not_there_is_none_and_its_name_may_have_an_alias(told: Told) -> None:
    told.answers = [(404, {}, {}), (404, {}, {}), (200, {}, {"Aliases": []}), (200, {}, {"Aliases": [{"Name": "a"}]})]
    assert invoke_locally(told.aws, "hello:live", {"a": "é"}) is None
    assert [False, False, True] == [has_aliases(told.aws, "hello") for _ in range(3)]
    method, path, headers, body = told.asked[0]
    assert ("POST", "/2015-03-31/functions/hello%3Alive/invocations", "Tail") == (
        method, path, headers["x-amz-log-type"]
    )  # fmt: skip
    assert {"a": "é"} == json.loads(body)
    assert "/eu-west-1/lambda/aws4_request" in headers["authorization"]


def test_the_accesses_of_an_invocation_are_its_functions_and_its_own_or_of_none(told: Told) -> None:
    def record(function: str, request_id: str) -> dict[str, Any]:
        made = AccessRecord(
            caller="c", function=function, request_id=request_id, action=f"a:{function}{request_id}", resource="*",
            operation="a:B", decision="allowed", because="", statement="", refused=False,
        )  # fmt: skip
        return {name: getattr(made, name) for name in AccessRecord.__slots__}

    records = [record(*of) for of in (("hello", "r1"), ("hello", "r0"), ("hello", ""), ("other", "r1"), ("", ""))]
    log = base64.b64encode(b"START\n").decode()
    answered = {"X-Amzn-RequestId": "r1", "X-Amz-Log-Result": log}
    told.answers = [(200, {}, {"last": 7, "records": []}), (200, answered, {"x": 1})]
    told.answers += [(200, {}, {"last": 12, "records": records})]
    invocation = invoke_and_watch(told.aws, "hello:live", {})
    assert invocation is not None
    assert ["a:hellor1", "a:hello"] == [access.action for access in invocation.accesses]
    assert "r1" == invocation.answer.request_id
    assert told.asked[2][1].endswith("?after=7")


def test_whether_it_was_refused_before_is_true_or_false(told: Told) -> None:
    told.answers = [(200, {}, {"before": before}) for before in (True, False, None)] + [(200, {}, {})]
    assert [True, False, False, False] == [refuse_unknown(told.aws, refuse=True) for _ in range(4)]
    told.answers = [(200, {}, {"before": True})]
    refuse_unknown(told.aws, refuse=False, client=12)
    assert told.asked[-1][1].endswith("?client=12&on=false")


# Without an SDK


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "message"),
    [
        (400, {}, b'{"__type": "com.amazonaws#NotThere:http://x", "message": "m"}', "NotThere", "m"),
        (404, {"x-amzn-errortype": "NotThere:http://internal"}, b'{"Message": "m"}', "NotThere", "m"),
        (400, {"x-amzn-query-error": "Old.Code;Sender", "x-amzn-errortype": "New"}, b"{}", "Old.Code", ""),
        (409, {}, b'{"code": "Conflict"}', "Conflict", ""),
        (503, {}, b"", "503", ""),
        (403, {}, b"<Error><Code>AccessDenied</Code><Message>m</Message></Error>", "AccessDenied", "m"),
        (403, {}, b'<E xmlns="x"><Error><Code>Denied</Code></Error></E>', "Denied", ""),
    ],
)
def test_a_refusal_has_its_code_and_message_wherever_a_service_has_them(
    status: int, headers: dict[str, str], body: bytes, code: str, message: str
) -> None:
    error: Any = _refusal(LocalResponse(status, headers, body), "GetIt")
    assert {"Code": code, "Message": message} == error.response["Error"]
    assert (status, "GetIt") == (error.response["ResponseMetadata"]["HTTPStatusCode"], error.operation_name)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("lambda", "GetFunction", {"FunctionName": "a:b/c"}, ("GET", "/2015-03-31/functions/a%3Ab%2Fc", "")),
        ("lambda", "ListVersionsByFunction", {"FunctionName": "f", "MaxItems": 5, "Marker": "a b&c"},
         ("GET", "/2015-03-31/functions/f/versions", "Marker=a%20b%26c&MaxItems=5")),
        ("s3", "GetBucketTagging", {"Bucket": "b"}, ("GET", "/b", "tagging=")),
        ("dynamodb", "DescribeTable", {"TableName": "t"}, ("POST", "/", "")),
    ],
)  # fmt: skip
def test_a_call_is_spelled_as_its_model_has_it(
    service: str, operation: str, parameters: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert expected == _request(service, operation, parameters)[:3]
    with pytest.raises(AttributeError, match="has no operation Nothing"):
        _request(service, "Nothing", {})


def test_pages_are_asked_for_until_none_is_left_and_their_lists_joined() -> None:
    class Client:
        def __init__(self) -> None:
            self.asked: list[dict[str, Any]] = []

        def list_them(self, **parameters: Any) -> dict[str, Any]:
            self.asked.append(parameters)
            assert len(self.asked) < 5
            following = {"": {"NextMarker": "m1"}, "m1": {"NextMarker": "m2"}, "m2": {"NextMarker": ""}}[
                parameters.get("Marker", "")
            ]
            return {"Items": [parameters.get("Marker", "m0")], "Count": 1, **following}

    client: Any = Client()
    pages = PlainPages(client, "list_them").paginate(Name="n")
    assert {"Items": ["m0", "m1", "m2"], "Count": 1, "NextMarker": "m1"} == pages.build_full_result()
    markers: Any = ({}, {"Marker": "m1"}, {"Marker": "m2"})
    assert [{"Name": "n", **marker} for marker in markers] == client.asked


def test_what_s3_was_told_is_answered_in_the_same_words_with_truths() -> None:
    blocked = b"<A><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls></A>"
    content = _content("s3", "GetPublicAccessBlock", blocked)
    truths = {"BlockPublicAcls": True, "IgnorePublicAcls": False}
    assert {**truths, "PublicAccessBlockConfiguration": truths} == content
    assert {"Policy": "{}"} == _content("s3", "GetBucketPolicy", b"{}")
    assert {} == _content("sqs", "ListQueues", b"")


def test_a_client_without_an_sdk_has_one_page_where_a_listing_has_no_more(told: Told) -> None:
    told.answers = [(200, {}, {"QueueUrls": ["u"]}), (200, {}, {"a": 1, "nextToken": "n"}), (200, {}, {"a": 2})]
    client = PlainClient(told.aws, "sqs")
    assert [{"QueueUrls": ["u"]}] == list(client.get_paginator("list_queues").paginate())
    assert "AmazonSQS.ListQueues" == told.asked[0][2]["x-amz-target"]
    machines = PlainClient(told.aws, "stepfunctions").get_paginator("list_state_machines").paginate()
    assert [1, 2] == [page["a"] for page in machines]
    assert {"nextToken": "n"} == json.loads(told.asked[2][3])


# Answers in the place of services


def test_what_a_functions_error_lacks_is_a_bad_request(told: Told) -> None:
    model = operation_model(told.aws, "textract", "DetectDocumentText")
    functions = AnsweringFunctions()
    described: dict[str, Any] = {"Error": {"Code": "Throttled"}}
    full: Any = {"Error": {"Code": "A", "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
    errors = iter((described, full))

    def raising(_: dict[str, Any]) -> dict[str, Any]:
        raise ClientError(next(errors), "DetectDocumentText")  # type: ignore[arg-type]

    path = functions.address(model, raising).rpartition("/")[2]
    answers = [functions.answer(f"/{path}", {"parameters": {}, "body": ""}) for _ in range(2)]
    assert [("Throttled", "", 400), ("A", "m", 503)] == [tuple(answer.values()) for answer in answers]
    assert 403 == functions.answer("/other", {})["status"]
    assert [] == functions.errors

    def broken(_: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("x")

    path = functions.address(model, broken).rpartition("/")[2]
    answer = functions.answer(f"/{path}", {"parameters": {}, "body": ""})
    assert ("InternalFailure", 400) == (answer["error"], answer["status"])
    assert ["'x'"] == [str(error) for error in functions.errors]
    functions.close()


def test_a_function_gets_parameters_as_boto3_takes_them(told: Told) -> None:
    def read(service: str, operation: str, body: bytes = b"", **parameters: Any) -> Any:
        model = operation_model(told.aws, service, operation)
        return _read(model, {"parameters": parameters, "body": base64.b64encode(body).decode()})

    assert {"modelId": "m", "body": b"\xff"} == read("bedrock-runtime", "InvokeModel", b"\xff", modelId="m")
    attached: Any = {"InstanceIds": ["i"], "DryRun": "true", "MaxResults": "5"}
    assert {"InstanceIds": ["i"], "DryRun": True, "MaxResults": 5} == read("ec2", "DescribeInstances", **attached)
    image = base64.b64encode(b"\x00").decode()
    assert {"Document": {"Bytes": b"\x00"}} == read("textract", "DetectDocumentText", Document={"Bytes": image})
    assert {"Bucket": "b", "Policy": "{}"} == read("s3", "PutBucketPolicy", b"{}", Bucket="b")
    part = read("s3", "UploadPart", b"x", Bucket="b", ContentLength="7", PartNumber="2")
    assert {"Bucket": "b", "ContentLength": 7, "PartNumber": 2, "Body": b"x"} == part
    with pytest.raises(RemitError) as caught:
        operation_model(told.aws, "textract", "detect_document_text")
    assert "did you mean 'DetectDocumentText'?" == caught.value.hint


def test_a_session_leads_here_unless_a_client_is_led_elsewhere(told: Told) -> None:
    made: Any = session_as(told.aws, "key", "secret", "token")
    urls = [made.client("sqs", **more).meta.endpoint_url for more in ({}, {"endpoint_url": "http://127.0.0.1:1"})]
    assert [told.aws.url, "http://127.0.0.1:1"] == urls


IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


@pytest.mark.parametrize(
    ("service", "operation", "answer", "headers", "body"),
    [
        ("dynamodb", "GetItem", {"Item": {"id": {"S": "1"}}}, {"Content-Type": "application/x-amz-json-1.0"},
         b'{"Item": {"id": {"S": "1"}}}'),
        ("iam", "DeleteRole", {}, {}, b""),
        ("sns", "Publish", {}, {}, b"<PublishResponse><PublishResult/></PublishResponse>"),
        ("sts", "GetCallerIdentity", {"Account": "1"}, {},
         IDENTITY),
        ("ec2", "DescribeVpcs", {}, {}, b"<DescribeVpcsResponse></DescribeVpcsResponse>"),
        ("ec2", "DescribeVpcs", {"NextToken": "n"}, {},
         b"<DescribeVpcsResponse><nextToken>n</nextToken></DescribeVpcsResponse>"),
    ],
)  # fmt: skip
def test_an_answer_is_written_as_its_service_sends_it(
    service: str, operation: str, answer: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    model = botocore.session.Session().get_service_model(service).operation_model(operation)
    assert {"headers": headers, "body": base64.b64encode(body).decode()} == serialised(model, answer)


def test_a_map_of_an_answer_in_xml_has_a_text_for_each_key() -> None:
    entries = "".join(
        f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in (("a", "1"), ("b", ""))
    )
    body = f"<R><GetResult><Attributes>{entries}</Attributes><Empty/></GetResult></R>".encode()
    assert {"Attributes": {"a": "1", "b": ""}, "Empty": ""} == _content("sns", "GetTopicAttributes", body)


class Iam:
    """IAM and STS that keep what is made, and refuse what is there already."""

    exceptions = SimpleNamespace(EntityAlreadyExistsException=KeyError)

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            is_there = name.startswith("create_") and (name, parameters) in self.made
            self.made.append((name, parameters))
            if is_there:
                raise KeyError
            keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t"}
            return {"Credentials": keys}

        return call


def test_limited_credentials_are_those_of_a_role_for_each_set_of_policies(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam, asked = Iam(), []
    fake = SimpleNamespace(client=lambda service, **arguments: asked.append((service, arguments)) or iam)
    monkeypatch.setattr(clients, "session", lambda _aws: fake)
    one = parse({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    two = parse({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
    roles = []
    for identity, boundary in (((one, two), ()), ((one, two), ()), ((two,), ()), ((one, two), (two,))):
        iam.made.append(("next", {}))
        keys = limited_credentials(told.aws, "Deploys what/ever " + "x" * 40, Layers(identity, boundary))
        assert {"aws_access_key_id": "ASIA", "aws_secret_access_key": "s", "aws_session_token": "t"} == keys
        name, assumed = iam.made[-1]
        roles.append(assumed["RoleArn"].rpartition("/")[2])
        assert ("assume_role", "remit", f"arn:aws:iam::{told.aws.account}:role/{roles[-1]}") == (
            name, assumed["RoleSessionName"], assumed["RoleArn"]
        )  # fmt: skip
    assert ("Deploys-what-ever-" + "x" * 22, 8) == (roles[0][:40], len(roles[0][41:]))
    assert (True, 3) == (roles[0] == roles[1], len(set(roles)))
    last = iam.made[len(iam.made) - iam.made[::-1].index(("next", {})) :]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": told.aws.account}}
    arn = f"arn:aws:iam::{told.aws.account}:policy/{roles[3]}"
    texts = [json.dumps(render(policy)) for policy in (one, two)]
    assert last[:-1] == [
        ("create_role", {"RoleName": roles[3], "AssumeRolePolicyDocument": json.dumps({"Statement": [trust]})}),
        ("put_role_policy", {"RoleName": roles[3], "PolicyName": "policy-0", "PolicyDocument": texts[0]}),
        ("put_role_policy", {"RoleName": roles[3], "PolicyName": "policy-1", "PolicyDocument": texts[1]}),
        ("create_policy", {"PolicyName": roles[3], "PolicyDocument": texts[1]}),
        ("put_role_permissions_boundary", {"RoleName": roles[3], "PermissionsBoundary": arn}),
    ]
    services = dict(asked)
    for arguments in services.values():
        config = arguments.pop("config")
        assert ({"addressing_style": "path"}, {}) == (config.s3, config.proxies)
        assert arguments == {
            "endpoint_url": told.aws.url, "region_name": told.aws.region,
            "aws_access_key_id": told.aws.access_key_id, "aws_secret_access_key": told.aws.secret_access_key,
        }  # fmt: skip
    assert {"iam", "sts"} == set(services)


def test_the_process_of_a_test_is_asked_for_an_answer_with_the_parameters_and_the_body(told: Told) -> None:
    answers = PreparedAnswers()
    answers.prepare({"client": "sqs", "operation": "ListQueues", "address": f"{told.aws.url}/secret"})
    operation = SimpleNamespace(client="sqs", name="ListQueues")
    asked: Any = SimpleNamespace(operation=operation, parameters={"a": 1}, body=b"body")
    told.answers = [(200, {}, {"headers": {"x": "y"}, "body": "e30="}), (200, {}, b"no JSON"),
                    (200, {}, {"error": "E", "message": "m", "status": 409})]  # fmt: skip
    with pytest.raises(Answered) as answered:
        asyncio.run(answers.answer(asked))
    assert (200, {"x": "y"}, b"{}") == (answered.value.status, answered.value.headers, answered.value.body)
    ((method, path, _, question),) = told.asked
    assert ("POST", "/secret", {"parameters": {"a": 1}, "body": "Ym9keQ=="}) == (method, path, json.loads(question))
    refusals = []
    for _ in told.answers[:]:
        with pytest.raises(RefusedRequest) as refused:
            asyncio.run(answers.answer(asked))
        refusals.append((refused.value.code, refused.value.status))
    assert [("InternalFailure", 500), ("E", 409)] == refusals
    operation.name = "CreateQueue"
    asyncio.run(answers.answer(asked))
    assert 3 == len(told.asked)
    operation.name = "ListQueues"
    told.answers = [(500, {}, b"no")]
    with pytest.raises(RefusedRequest, match="the test does not answer: HTTP Error 500") as refused:
        asyncio.run(answers.answer(asked))
    assert ("InternalFailure", 500) == (refused.value.code, refused.value.status)


def test_the_last_answer_to_an_operation_counts_until_all_are_forgotten() -> None:
    answers = PreparedAnswers()
    operation = {"client": "sqs", "operation": "ListQueues"}
    asked: Any = SimpleNamespace(operation=SimpleNamespace(client="sqs", name="ListQueues"), parameters={}, body=b"")
    answers.prepare({**operation, "error": "E", "message": "m", "status": 409})
    answers.prepare({**operation, "headers": {"x": "y"}, "body": "e30="})
    answers.prepare({**operation, "operation": "CreateQueue", "headers": {}, "body": ""})
    with pytest.raises(Answered) as answered:
        asyncio.run(answers.answer(asked))
    assert (200, {"x": "y"}, b"{}") == (answered.value.status, answered.value.headers, answered.value.body)
    answers.prepare({**operation, "error": "E", "message": "m", "status": 409})
    with pytest.raises(RefusedRequest, match=r"^m$"):
        asyncio.run(answers.answer(asked))
    answers.prepare({"forget": True})
    for name in ("ListQueues", "CreateQueue"):
        asked.operation.name = name
        asyncio.run(answers.answer(asked))


@pytest.mark.parametrize(
    ("region", "own", "default", "named"),
    [
        ("mars", "eu-west-1", "eu-west-2", "mars"),
        (None, "eu-west-1a", "eu-west-2", "eu-west-1a"),
        ("", "mars", "eu-west-2", "mars"),
        (None, "", "eu-west-", "eu-west-"),
        (None, "eu", "mars", "eu"),
    ],
)
def test_a_region_is_that_of_the_option_then_of_aws_region_then_of_the_default(
    region: str | None, own: str, default: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", own)
    monkeypatch.setenv("AWS_DEFAULT_REGION", default)
    with pytest.raises(RemitError) as error:
        aws.start(tmp_path, region=region)
    assert (f"{named!r} is not a region", []) == (error.value.message, list(tmp_path.iterdir()))
