"""What a page of a browser may send to the AWS on this machine: URLs and forms of S3 that somebody signed for it."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.state_files import LocalAws

PAGE = {"Origin": "https://shop.example"}
OTHER_PAGE = {"Origin": "https://evil.example"}
BOUNDARY = "----x"


@pytest.fixture(scope="module")
def bucket(shared: LocalAws) -> Any:
    storage = session(shared).client("s3", **client_arguments(shared))
    storage.create_bucket(Bucket="pages")
    rule = {"AllowedOrigins": [PAGE["Origin"]], "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": ["*"]}
    storage.put_bucket_cors(Bucket="pages", CORSConfiguration={"CORSRules": [rule]})
    return storage


@pytest.fixture(params=["s3v4", "s3"])
def signing(shared: LocalAws, request: pytest.FixtureRequest) -> Any:
    """A client that signs with Version 4 or 2."""
    config = Config(signature_version=request.param, proxies={})
    return session(shared).client("s3", **{**client_arguments(shared), "config": config})


def ask(
    running: LocalAws, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=HANGS)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def form(fields: Mapping[str, str], content: bytes = b"\x00\r\nfile", name: str = "file") -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="C:\\\\me\\\\cat.png"\r\n'
    file = f"{head}Content-Type: image/png\r\n\r\n".encode() + content
    return "".join(parts).encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(running: LocalAws, body: bytes, path: str = "/pages", **headers: str) -> tuple[int, dict[str, str], bytes]:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return ask(running, "POST", path, body=body, **{"Content-Type": content_type, **PAGE, **headers})


def test_a_page_uploads_by_a_signed_form(bucket: Any, shared: LocalAws, signing: Any) -> None:
    fields = {"Content-Type": "image/png", "x-amz-meta-from": "page", "acl": "private"}
    conditions = [*({name: value} for name, value in fields.items()), ["content-length-range", 1, 100]]
    signed = signing.generate_presigned_post("pages", "in/${filename}", fields, conditions)
    status, headers, body = send(shared, form(signed["fields"]))
    assert (204, b"", PAGE["Origin"]) == (status, body, headers["access-control-allow-origin"])
    stored = bucket.get_object(Bucket="pages", Key="in/cat.png")
    assert b"\x00\r\nfile" == stored["Body"].read()
    assert ("image/png", {"from": "page"}) == (stored["ContentType"], stored["Metadata"])


def refusal(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    return answer[0], answer[1]["x-amzn-errortype"]


@pytest.mark.usefixtures("bucket")
def test_a_form_is_refused_that_is_not_as_its_policy_says(shared: LocalAws, signing: Any) -> None:
    rules = [["content-length-range", 1, 10], ["starts-with", "$x-amz-meta-from", "a"], {"acl": "private"}]
    given = {"acl": "private", "x-amz-meta-from": "ada"}
    fields = signing.generate_presigned_post("pages", "mine", given, rules)["fields"]
    assert 204 == send(shared, form(fields))[0]
    changed = [
        (form({**fields, "key": "yours"}), (403, "AccessDenied")),
        (form({**fields, "x-amz-meta-from": "bob"}), (403, "AccessDenied")),
        (form({**fields, "acl": "public-read"}), (403, "AccessDenied")),
        (form({**fields, "x-amz-storage-class": "GLACIER"}), (403, "AccessDenied")),
        (form({**fields, "policy": fields["policy"][:-4] + "AAAA"}), (403, "SignatureDoesNotMatch")),
        (form(fields, b"x" * 11), (400, "EntityTooLarge")),
        (form(fields, b""), (400, "EntityTooSmall")),
        (form(fields, name="other"), (400, "InvalidArgument")),
        (form({"key": "mine"}), (403, "AccessDenied")),
        (form(fields)[:-30], (400, "InvalidArgument")),
        (b"", (400, "InvalidArgument")),
    ]
    assert [expected for _, expected in changed] == [refusal(send(shared, body)) for body, _ in changed]
    assert (403, "AccessDenied") == refusal(send(shared, form(fields), "/other"))
    assert (405, "MethodNotAllowed") == refusal(send(shared, form(fields), "/_remit/reset"))
    expired = signing.generate_presigned_post("pages", "mine", ExpiresIn=-60)["fields"]
    assert b"Policy expired" in send(shared, form(expired))[2]


@pytest.mark.usefixtures("bucket")
def test_a_form_says_how_it_is_answered(shared: LocalAws, signing: Any) -> None:
    for status in ("200", "201"):
        field = {"success_action_status": status}
        fields = signing.generate_presigned_post("pages", "a", field, [field])["fields"]
        answered, _, body = send(shared, form(fields))
        assert (int(status), status == "201") == (answered, b"<Key>a</Key>" in body)
    field = {"success_action_redirect": "https://shop.example/done"}
    fields = signing.generate_presigned_post("pages", "a", field, [field])["fields"]
    answered, headers, _ = send(shared, form(fields))
    assert (303, True) == (answered, headers["location"].startswith("https://shop.example/done?bucket=pages&key=a&"))


@pytest.mark.usefixtures("bucket")
def test_a_form_does_what_its_signer_may_do(shared: LocalAws) -> None:
    iam = session(shared).client("iam", **client_arguments(shared))
    iam.create_user(UserName="signer")
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::pages/mine"}
    iam.put_user_policy(UserName="signer", PolicyName="p", PolicyDocument=json.dumps({"Statement": [allowed]}))
    key = iam.create_access_key(UserName="signer")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    signing = session(shared).client("s3", **{**client_arguments(shared), **keys})
    statuses = [send(shared, form(signing.generate_presigned_post("pages", key)["fields"]))[0] for key in ("mine", "x")]
    assert [204, 403] == statuses


@pytest.mark.usefixtures("bucket")
def test_a_page_uses_a_signed_url_and_reads_the_answer_where_the_bucket_lets_it(shared: LocalAws, signing: Any) -> None:
    url = signing.generate_presigned_url("put_object", {"Bucket": "pages", "Key": "by-url"})
    target = url.removeprefix(shared.url)
    asked = {"Access-Control-Request-Method": "PUT"}
    status, headers, _ = ask(shared, "OPTIONS", "/pages/by-url", **PAGE, **asked)
    assert (200, PAGE["Origin"]) == (status, headers["access-control-allow-origin"])
    assert 403 == ask(shared, "OPTIONS", "/pages/by-url", **OTHER_PAGE, **asked)[0]
    status, headers, _ = ask(shared, "PUT", target, body=b"x", **PAGE)
    assert (200, PAGE["Origin"]) == (status, headers["access-control-allow-origin"])
    status, headers, _ = ask(shared, "PUT", target, body=b"x", **OTHER_PAGE)
    assert (200, False) == (status, "access-control-allow-origin" in headers)
    assert 403 == ask(shared, "PUT", target.replace("by-url", "other"), body=b"x", **PAGE)[0]
    # What curl sends by itself is no form of the query protocol.
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    if "X-Amz-Algorithm" in url:
        assert 200 == ask(shared, "PUT", target, body=b"x", **form_type)[0]
