"""The gate against the emulator by itself: what is let in is what was decided, and what AWS takes is let in.

Requests of every protocol are changed in the ways in which a looser reading could be made use of. A user without
policies gets none of those answered that the emulator answers. A user who may do all gets those, but for the kinds in
`REFUSED_BY_AWS`.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.control.clients import client_arguments, session
from remit.local.signature import signed_headers
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.local.state_files import LocalAws

CASES: Final = cases(40, deep=20_000)
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/x-amz-json-1.0"
SUCCEED: Final = 0.3
"""The share of requests at least that the emulator by itself answers: mutations that it refuses show nothing."""
REFUSED_BY_AWS: Final = {
    "UnknownOperationException": "Common Error Types (Amazon DynamoDB API Reference and others)",
    "InvalidAction": "Common Errors (AWS STS API Reference and others): the action or operation is invalid",
    "InvalidSignatureException": "Troubleshoot Signature Version 4: credential should be scoped to correct service",
    "NoSuchKey": "Creating object key names (Amazon S3 User Guide): a slash at the end is part of the key",
    "MethodNotAllowed": "Error responses (Amazon S3 API Reference)",
    "MalformedQueryString": "Common Errors (AWS STS API Reference and others): a syntax error in the query string",
    "SerializationException": "AWS JSON 1.0 protocol (Smithy 2.0): a body that is no document of the operation's input",
    "UnsupportedMediaTypeException": "HTTP protocol compliance (Smithy 2.0): 415 of an encoding that nobody takes",
    "InvalidArgument": "Error responses (Amazon S3 API Reference): one parameter twice, conflicting subresources",
    "InvalidBucketName": "Bucket naming rules (Amazon S3 User Guide)",
    "IncompleteBody": "Error responses (Amazon S3 API Reference)",
    "MalformedXML": "Error responses (Amazon S3 API Reference)",
    "InvalidAddress": "Common Errors (Amazon SQS API Reference)",
    "NoSuchBucket": "Virtual hosting of general purpose buckets (Amazon S3 User Guide): the host names another bucket",
}
"""The code of a refusal of what the emulator by itself takes, with the page on which AWS says it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request before it is signed."""

    service: str
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_header(self, name: str, value: str) -> Sent:
        return replace(self, headers=(*(pair for pair in self.headers if pair[0] != name), (name, value)))


def of_json(service: str, target: str, **members: Any) -> Sent:
    headers = (("x-amz-target", target), ("content-type", JSON))
    return Sent(service, "POST", "/", headers=headers, body=json.dumps(members).encode())


def of_form(service: str, body: str) -> Sent:
    return Sent(service, "POST", "/", headers=(("content-type", FORM),), body=body.encode())


QUEUE: Final = "http://localhost/000000000000/open"
ITEM: Final = {"id": {"S": "1"}}
METRIC: Final = (
    b"\xa2\x69Namespace\x61x\x6aMetricData\x81\xa2\x6aMetricName\x61m\x65Value\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"
)
REQUESTS: Final = (
    of_json("dynamodb", "DynamoDB_20120810.PutItem", TableName="open", Item=ITEM),
    of_json("dynamodb", "DynamoDB_20120810.GetItem", TableName="open", Key=ITEM),
    of_json("dynamodb", "DynamoDB_20120810.ListTables"),
    of_json("sqs", "AmazonSQS.SendMessage", QueueUrl=QUEUE, MessageBody="x"),
    of_json("sqs", "AmazonSQS.ListQueues"),
    of_json("logs", "Logs_20140328.DescribeLogGroups"),
    of_json("ssm", "AmazonSSM.PutParameter", Name="open", Value="x", Type="String", Overwrite=True),
    of_json("events", "AWSEvents.ListRules"),
    of_json("kms", "TrentService.ListKeys"),
    of_json("monitoring", "GraniteServiceVersion20100801.ListMetrics"),
    of_form("sqs", f"Action=GetQueueAttributes&QueueUrl={QUEUE}&AttributeName.1=All&Version=2012-11-05"),
    of_form("sns", "Action=Publish&TopicArn=arn:aws:sns:us-east-1:000000000000:open&Message=x&Version=2010-03-31"),
    of_form("sns", "Action=ListTopics&Version=2010-03-31"),
    of_form("iam", "Action=ListUsers&Version=2010-05-08"),
    of_form("ec2", "Action=DescribeVpcs&Version=2016-11-15"),
    of_form("cloudformation", "Action=ListStacks&Version=2010-05-15"),
    Sent("sns", "GET", "/", "Action=ListTopics&Version=2010-03-31"),
    Sent("sqs", "GET", "/000000000000/open/", "Action=SendMessage&MessageBody=x"),
    Sent(
        "monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        headers=(("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")), body=METRIC,
    ),
    Sent("lambda", "GET", "/2015-03-31/functions/"),
    Sent("lambda", "GET", "/2015-03-31/functions/open"),
    Sent("lambda", "GET", "/2015-03-31/functions/open/configuration"),
    Sent("lambda", "GET", "/2018-10-31/layers"),
    Sent("apigateway", "GET", "/v2/apis"),
    Sent("apigateway", "GET", "/restapis"),
    Sent("scheduler", "GET", "/schedules"),
    Sent("s3", "GET", "/open/a"),
    Sent("s3", "PUT", "/open/b", body=b"content"),
    Sent("s3", "HEAD", "/open/a"),
    Sent("s3", "GET", "/open", "list-type=2&prefix=a"),
    Sent("s3", "GET", "/open", "location"),
    Sent("s3", "GET", "/"),
    Sent("s3", "PUT", "/open/c", headers=(("x-amz-copy-source", "open/a"),)),
    Sent("s3", "POST", "/open", "delete", body=b"<Delete><Object><Key>none</Key></Object></Delete>"),
)  # fmt: skip
SERVICES: Final = tuple(sorted({request.service for request in REQUESTS}))
TARGETS: Final = tuple(value for request in REQUESTS for name, value in request.headers if name == "x-amz-target")


def chunked(body: bytes) -> bytes:
    return b"%x;chunk-signature=0\r\n%b\r\n0;chunk-signature=0\r\n\r\n" % (len(body), body)


def doubled(request: Sent) -> Sent:
    """Every parameter of a request twice."""
    if request.headers and request.headers[0][1] == FORM:
        return replace(request, body=request.body + b"&" + request.body)
    if request.body[:1] == b"{" and len(request.body) > 2:
        return replace(request, body=request.body[:-1] + b", " + request.body[1:])
    return replace(request, query=f"{request.query}&{request.query}" if request.query else "")


def in_query(request: Sent) -> Sent:
    """The form of a request in its query."""
    text = request.body.decode("latin-1")
    is_form = ("content-type", FORM) in request.headers and text.isascii() and text.isprintable() and " " not in text
    return replace(request, query=text, body=b"") if is_form else request


MUTATIONS: Final[dict[str, Callable[[Sent, Any], Sent]]] = {
    "signed for another service": lambda request, draw: replace(request, service=draw(st.sampled_from(SERVICES))),
    "another target": lambda request, draw: request.with_header("x-amz-target", draw(st.sampled_from(TARGETS))),
    "a longer target": lambda request, draw: replace(
        request,
        headers=tuple(
            (name, draw(st.sampled_from(("x.", "X-"))) + value if name == "x-amz-target" else value)
            for name, value in request.headers
        ),
    ),
    "another content type": lambda request, draw: request.with_header(
        "content-type", draw(st.sampled_from((FORM, JSON, "text/plain", "application/xml", "application/json")))
    ),
    "an encoding": lambda request, draw: request.with_header(
        "content-encoding", draw(st.sampled_from(("gzip", "GZIP", "identity", "aws-chunked", "br", "gzip, gzip")))
    ),
    "gzip": lambda request, draw: replace(request, body=gzip.compress(request.body, mtime=0)).with_header(
        "content-encoding", draw(st.sampled_from(("gzip", "GZIP", "Gzip")))
    ),
    "chunks": lambda request, draw: replace(request, body=chunked(request.body)).with_header(
        "content-encoding", draw(st.sampled_from(("aws-chunked", "AWS-Chunked")))
    ),
    "parameters twice": lambda request, _: doubled(request),
    "a form in the query": lambda request, _: in_query(request),
    "an action in the query": lambda request, draw: replace(
        request, query=f"{request.query}&Action={draw(st.sampled_from(('ListUsers', 'ListTopics')))}".lstrip("&")
    ),
    "another method": lambda request, draw: replace(
        request, method=draw(st.sampled_from(("GET", "POST", "PUT", "HEAD", "PATCH")))
    ),
    "another date": lambda request, draw: replace(
        request, path=request.path.replace("/201", draw(st.sampled_from(("/200", "/199"))), 1)
    ),
    "doubled slashes": lambda request, draw: replace(
        request, path=request.path.replace("/", "//", draw(st.integers(1, 3)))
    ),
    "a closing slash": lambda request, _: replace(request, path=f"{request.path}/"),
    "an encoded letter": lambda request, _: replace(request, path=request.path.replace("o", "%6F", 1)),
    "an encoded slash": lambda request, _: replace(
        request, path=request.path[:2] + request.path[2:].replace("/", "%2F", 1)
    ),
    "capitals": lambda request, _: replace(request, path=request.path.swapcase()),
    "a host": lambda request, draw: request.with_header(
        "host",
        draw(st.sampled_from(("open.s3.localhost", "open.localhost", "localhost", "sqs.localhost", "s3.localhost"))),
    ),
    "an unknown parameter": lambda request, _: replace(request, query=f"{request.query}&x=1".lstrip("&")),
    "a subresource": lambda request, draw: replace(
        request, query=f"{request.query}&{draw(st.sampled_from(('acl', 'policy', 'location', 'tagging')))}".lstrip("&")
    ),
    "an unknown header": lambda request, _: request.with_header("x-amz-other", "1"),
}
"""Ways to change a request, by what they do."""


@st.composite
def requests(draw: Any) -> Sent:
    """A request of any protocol, as SDKs send it or changed once or twice."""
    request: Sent = draw(st.sampled_from(REQUESTS))
    names = draw(st.lists(st.sampled_from(tuple(MUTATIONS)), max_size=2, unique=True))
    for name in names:
        request = MUTATIONS[name](request, draw)
    return request


@dataclass(slots=True)
class Door:
    """Where requests are sent, and by whom they are signed."""

    port: int
    access_key_id: str
    secret: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS)

    def answer(self, request: Sent) -> tuple[int, str]:
        """The status of the answer, and the code of the error."""
        further = dict(request.headers)
        host = further.pop("host", "127.0.0.1")
        pairs = sorted(pair if "=" in pair else f"{pair}=" for pair in request.query.split("&") if pair)
        headers = signed_headers(
            self.access_key_id, self.secret, request.method, host, request.path, datetime.now(UTC),
            query="&".join(pairs), body=request.body, further=further, region="us-east-1", service=request.service,
        )  # fmt: skip
        target = f"{request.path}?{request.query}" if request.query else request.path
        self.connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {**headers, "content-length": str(len(request.body))}.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(request.body)
        response = self.connection.getresponse()
        content = response.read()
        if response.will_close:
            self.connection.close()
        code = re.search(rb"<Code>(\w+)</Code>", content)
        in_body = "" if code is None else code[1].decode()
        if request.method == "HEAD" and response.status == HTTPStatus.NOT_FOUND:  # it has no body that says so
            in_body = "NoSuchBucket"
        return response.status, response.getheader("x-amzn-errortype") or in_body


def keys_of(aws: LocalAws, name: str, **statement: str) -> Door:
    iam = session(aws).client("iam", **client_arguments(aws))
    iam.create_user(UserName=name)
    if statement:
        document = json.dumps({"Statement": [{"Effect": "Allow", **statement}]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Door(aws.port, key["AccessKeyId"], key["SecretAccessKey"])


def furnish(client: Callable[[str], Any]) -> None:
    """Make what the requests are about; what is there already stays."""
    storage, tables, functions = client("s3"), client("dynamodb"), client("lambda")
    storage.create_bucket(Bucket="open")
    storage.put_object(Bucket="open", Key="a", Body=b"content")
    client("sqs").create_queue(QueueName="open")
    client("sns").create_topic(Name="open")
    if "open" not in tables.list_tables()["TableNames"]:
        tables.create_table(
            TableName="open",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    if not functions.list_functions()["Functions"]:
        role = "arn:aws:iam::000000000000:role/open"
        functions.create_function(
            FunctionName="open", Role=role, Runtime="python3.12", Handler="a.b", Code={"ZipFile": zip_of("")}
        )


@dataclass(frozen=True, slots=True)
class Sides:
    """The emulator by itself, and the gate for a user who may do nothing and for one who may do all."""

    bare: Door
    empty: Door
    mighty: Door
    furnish: Callable[[], None]


@pytest.fixture(scope="module")
def sides(shared: LocalAws, bare_url: str, bare: Any) -> Iterator[Sides]:
    def furnish_both() -> None:
        furnish(bare.client)
        furnish(lambda service: session(shared).client(service, **client_arguments(shared)))

    furnish_both()
    bare_door = Door(int(bare_url.rpartition(":")[2]), "000000000000", "local")
    found = Sides(
        bare_door, keys_of(shared, "empty"), keys_of(shared, "mighty", Action="*", Resource="*"), furnish_both
    )
    yield found
    for door in (found.bare, found.empty, found.mighty):
        door.connection.close()


def is_success(status: int) -> bool:
    return status < 300


def unzipped(request: Sent) -> bytes:
    """The body of a request as it is meant."""
    return gzip.decompress(request.body) if request.body.startswith(b"\x1f\x8b") else request.body


def test_what_the_emulator_answers_is_decided_and_goes_on_where_aws_takes_it(sides: Sides) -> None:
    tally: Counter[str] = Counter()

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(requests())
    def check(request: Sent) -> None:
        tally["requests"] += 1
        if not is_success(sides.bare.answer(request)[0]):
            return
        tally["answered"] += 1
        is_let_in = is_success(sides.empty.answer(request)[0])
        assert not is_let_in or b"<Delete>" in unzipped(request)  # of whose keys each is denied by itself
        status, code = sides.mighty.answer(request)
        if not is_success(status) and code not in REFUSED_BY_AWS:
            sides.furnish()  # an earlier request may have taken away from one of them what this one is about
            again, (status, code) = sides.bare.answer(request), sides.mighty.answer(request)
            assert not is_success(again[0]) or is_success(status), (request, status, code)

    check()
    assert tally["answered"] >= SUCCEED * tally["requests"], tally
