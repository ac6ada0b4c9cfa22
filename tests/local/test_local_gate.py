"""The door of the AWS on this machine: the app answers pages, the control plane answers none."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from remit.local.control.clients import client_arguments, session
from remit.local.gate import _check_size_of_call
from remit.local.request import ReceivedRequest, RefusedRequest
from terminals import HANGS

if TYPE_CHECKING:
    from conftest import Deployed
    from remit.local.state_files import LocalAws

FOREIGN = {"Origin": "https://evil.example"}
NO_ID = "x" * 31


def ask(
    running: LocalAws, method: str, path: str, host: str = "127.0.0.1", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of an answer to a request that names a host of its choice."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=HANGS)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": host, "Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def status(running: LocalAws, path: str, host: str = "127.0.0.1", **headers: str) -> int:
    return ask(running, "GET", path, host, **headers)[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:4566", "bucket.localhost"])
def test_this_machines_names_come_in(shared: LocalAws, host: str) -> None:
    assert status(shared, "/_remit/health", host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "", "10.0.0.1"],
)
def test_a_name_that_somebody_else_points_here_does_not(shared: LocalAws, host: str) -> None:
    assert status(shared, "/_remit/health", host) == 403
    assert status(shared, f"/_aws/lambda-url/{'a' * 32}/", host) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "file://",
        "http://localhost.evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://app.localhost:3000",
    ],
)
def test_no_page_comes_in_not_even_one_of_this_machine(shared: LocalAws, origin: str) -> None:
    assert status(shared, "/_remit/health", Origin=origin) == 403


@pytest.mark.parametrize(
    ("site", "expected"), [("cross-site", 403), ("same-site", 403), ("same-origin", 403), ("none", 200)]
)
def test_a_page_that_sends_no_origin_is_known_by_what_its_browser_says(
    shared: LocalAws, site: str, expected: int
) -> None:
    assert status(shared, "/_remit/health", Sec_Fetch_Site=site) == expected


@pytest.fixture(scope="module")
def queues(shared: LocalAws) -> Any:
    return session(shared).client("sqs", **client_arguments(shared))


def names(queues: Any) -> list[str]:
    return [url.rsplit("/", 1)[1] for url in queues.list_queues().get("QueueUrls", [])]


CREATE_QUEUE = {
    "Content_Type": "application/x-amz-json-1.0",
    "X_Amz_Target": "AmazonSQS.CreateQueue",
    "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sqs/aws4_request, "
    "SignedHeaders=host, Signature=00",
}


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("x.lambda-url.localhost", "/"),
        ("x.lambda-url.us-east-1.localhost", "/"),
        (f"{NO_ID}.lambda-url.us-east-1.localhost", "/"),
        (f"{NO_ID}xx.lambda-url.us-east-1.localhost", "/"),
        (f"a.{'a' * 32}.lambda-url.us-east-1.localhost", "/"),
        ("app.execute-api.localhost", "/"),
        ("abcdef0.execute-api.localhost", "/"),
        ("abcdef012.execute-api.localhost", "/"),
        ("abcdef01.execute-api.us-east-1.localhost", "/"),
        ("127.0.0.1", "/_aws/lambda-url/"),
        ("127.0.0.1", "/_aws/lambda-url/app/"),
        ("127.0.0.1", f"/_aws/lambda-url/{'a' * 32}"),
        ("127.0.0.1", f"/_aws/lambda-url/{NO_ID}/"),
        ("127.0.0.1", "/_aws/execute-api/app/"),
        ("127.0.0.1", "/_aws/execute-api/abcdef01"),
        ("127.0.0.1", "/_aws/execute-api/abcdef01/$default/@connections/c"),
        ("127.0.0.1", "/restapis/abcdef01/prod/_user_request_/"),
        ("127.0.0.1", "/%5faws/lambda-url/app/"),
        ("127.0.0.1", "//_aws/lambda-url/app/"),
    ],
)
@pytest.mark.parametrize("page", [FOREIGN, {"Sec_Fetch_Site": "cross-site"}])
def test_what_only_looks_like_the_apps_route_is_closed_to_pages(
    shared: LocalAws, queues: Any, host: str, path: str, page: dict[str, str]
) -> None:
    body = json.dumps({"QueueName": "attack"}).encode()
    assert ask(shared, "POST", path, host, body, **CREATE_QUEUE, **page)[0] == 403
    assert "attack" not in names(queues)


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_remit/reset", "/_ministack/config", "/health"])
def test_a_host_of_the_app_leads_nowhere_but_to_the_app(
    shared: LocalAws, queues: Any, deployed: Deployed, path: str
) -> None:
    for host in (f"{deployed.url}.lambda-url.us-east-1.localhost", f"{deployed.api}.execute-api.localhost"):
        answered, _, body = ask(shared, "POST", path, host, **FOREIGN)
        assert (answered, json.loads(body)["path"]) == (200, path)
    assert names(queues) == []


def test_the_apps_routes_answer_every_page_with_its_own_cors(shared: LocalAws, deployed: Deployed) -> None:
    routes = [
        ("127.0.0.1", f"/_aws/lambda-url/{deployed.url}/a/b"),
        (f"{deployed.url}.lambda-url.us-east-1.localhost:{shared.port}", "/a/b"),
        ("127.0.0.1", f"/_aws/execute-api/{deployed.api}/a/b"),
        (f"{deployed.api}.execute-api.localhost", "/a/b"),
    ]
    for host, path in routes:
        answered, headers, body = ask(shared, "GET", path, host, Origin="https://shop.example")
        assert (answered, json.loads(body)["path"]) == (200, "/a/b")
        assert headers["access-control-allow-origin"] == "https://shop.example"


def test_an_id_that_nothing_has_is_not_found_and_reaches_nothing_else(shared: LocalAws, queues: Any) -> None:
    body = json.dumps({"QueueName": "attack"}).encode()
    for path in (f"/_aws/lambda-url/{'a' * 32}/", "/_aws/execute-api/abcdef01/"):
        assert ask(shared, "POST", path, body=body, **CREATE_QUEUE, **FOREIGN)[0] in {403, 404}
    assert names(queues) == []


@pytest.mark.parametrize("path", ["/", "/bucket/key", "/2015-03-31/functions", "/_remit/reset"])
def test_the_control_plane_refuses_preflights(shared: LocalAws, path: str) -> None:
    answered, headers, _ = ask(shared, "OPTIONS", path, Access_Control_Request_Method="POST", **FOREIGN)
    assert (answered, [name for name in headers if name.startswith("access-control-")]) == (403, [])


def test_an_answer_of_the_control_plane_lets_no_page_read_it(queues: Any) -> None:
    headers = queues.list_queues()["ResponseMetadata"]["HTTPHeaders"]
    assert [name for name in headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_ministack/sqs/messages", "/_remit/x"])
def test_the_emulators_own_paths_are_closed(shared: LocalAws, path: str) -> None:
    assert ask(shared, "POST", path)[0] == 403


@pytest.mark.parametrize("path", ["/_remit/health", "/_remit/save", "/_remit/reset"])
def test_remits_own_paths_open_no_websocket(shared: LocalAws, path: str) -> None:
    handshake = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    assert ask(shared, "GET", path, Connection="Upgrade", Upgrade="websocket", **handshake)[0] == 403


def test_a_custom_resource_answers_with_its_token_and_nothing_else_does(shared: LocalAws) -> None:
    answer = "/_ministack/cfn-response/01234567-89ab-cdef-0123-456789abcdef"
    assert ask(shared, "PUT", answer, body=b"{}")[0] == 200
    assert ask(shared, "PUT", answer, body=b"{}", **FOREIGN)[0] == 403
    assert ask(shared, "POST", answer, body=b"{}")[0] == 403
    assert ask(shared, "PUT", answer[:-1], body=b"{}")[0] == 403


@pytest.mark.parametrize(
    ("path", "most"), [("/_aws/lambda-url/0a1b/", 6_291_456), ("/_aws/execute-api/0a1b/prod/orders", 10_485_760)]
)
def test_a_request_to_the_app_may_have_as_much_as_aws_takes_and_no_byte_more(path: str, most: int) -> None:
    for length in ("", "x", "0", str(most)):
        _check_size_of_call(ReceivedRequest("POST", path, "", {"content-length": (length,)}), path)
    _check_size_of_call(ReceivedRequest("POST", path, "", {}), path)
    with pytest.raises(RefusedRequest, match="Request Entity Too Large") as refused:
        _check_size_of_call(ReceivedRequest("POST", path, "", {"content-length": (str(most + 1),)}), path)
    assert 413 == refused.value.status


def test_what_is_too_large_is_refused_as_aws_does(shared: LocalAws, deployed: Deployed) -> None:
    functions = session(shared).client("lambda", **client_arguments(shared))
    for kind, most in (("RequestResponse", 6_291_456), ("Event", 1_048_576)):
        with pytest.raises(ClientError, match=f"smaller than {most} bytes") as refused:
            functions.invoke(FunctionName="app", InvocationType=kind, Payload=b'"' + b"x" * most + b'"')
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
        assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    for path, most in (
        (f"/_aws/lambda-url/{deployed.url}/", 6_291_456),
        (f"/_aws/execute-api/{deployed.api}/", 10_485_760),
    ):
        assert ask(shared, "POST", path, body=b"x" * (most + 1))[0] == 413
