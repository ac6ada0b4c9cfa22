"""Forms that a page sends to a bucket: what they hold, whether they are as their policy says, and the answer."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator_copies import copied
from remit.local.browser_uploads import BrowserUpload, cors_headers, is_upload, preflight, upload
from remit.local.request import ReceivedRequest, RefusedRequest

NOW = datetime(2026, 11, 28, 10, 15, tzinfo=UTC)
LATER = "2026-11-28T10:15:00Z"
PAGE = ReceivedRequest("POST", "/pages", "", {"content-type": ("multipart/form-data; boundary=xx",)})


def part(name: str, content: str, file_name: str = "") -> str:
    file = f'; filename="{file_name}"' if file_name else ""
    return f'--xx\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'


FILE = part("file", "a\r\n--x\r\n", "C:\\me\\cat.png")


def test_a_form_holds_its_fields_by_small_names_and_the_file_byte_by_byte() -> None:
    body = part("Key", "in/${filename}") + part("x-amz-meta-Team", "shop é") + FILE + part("after", "1") + "--xx--\r\n"
    form = upload(PAGE, "/pages", body.encode())
    fields = {"key": "in/cat.png", "x-amz-meta-team": "shop é"}
    assert ("pages", fields, b"a\r\n--x\r\n", "in/cat.png") == (form.bucket, form.fields, form.content, form.key)


@pytest.mark.parametrize(
    ("method", "content_type", "is_form"),
    [
        ("POST", "Multipart/Form-Data; boundary=x", True), ("PUT", "multipart/form-data", False),
        ("POST", "multipart/mixed", False), ("POST", "", False),
    ],
)  # fmt: skip
def test_a_form_is_a_post_of_its_content_type(method: str, content_type: str, *, is_form: bool) -> None:
    headers = {"content-type": (content_type,)} if content_type else {}
    assert is_form is is_upload(ReceivedRequest(method, "/pages", "", headers))


def test_a_form_may_have_a_large_file_lines_before_it_and_headers_with_spaces() -> None:
    spaced = '--xx\r\n Content-Disposition :form-data; name="Tagging"\r\nContent-Type: text/plain\r\n\r\nt\r\n'
    large = part("FILE", "x" * 30_000)
    body = f"preamble\r\n{part('KEY', 'a/${filename}/${filename}')}{part('empty', '')}{spaced}{large}--xx--\r\n"
    fields = {"key": "a//", "empty": "", "tagging": "t"}
    assert BrowserUpload("pages", fields, b"x" * 30_000) == upload(PAGE, "/pages/", body.encode())


@pytest.mark.parametrize("path", ["/pages/in/a", "pages/in/a"])
def test_a_page_of_another_site_is_answered_by_the_rules_of_the_bucket(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    answers: dict[str, Any] = {
        "cors_preflight": lambda *asked: (200, {"asked": asked}, b"body"),
        "cors_response_headers": lambda *asked: {"asked": asked},
    }
    copied(monkeypatch, "services.s3", **answers)
    request = ReceivedRequest("PUT", "/", "", {"origin": ("a", "b")})
    joined = request.joined_headers()
    assert (200, {"asked": ("pages", "in/a", joined)}, b"body") == preflight(request, path)
    assert {"asked": ("pages", "PUT", joined)} == cors_headers(request, path)


LONG = part("long", "x" * 20_480)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/", part("key", "k") + FILE, "MethodNotAllowed"),
        ("/pages/k", part("key", "k") + FILE, "MethodNotAllowed"),
        ("/pages", part("key", "k"), "InvalidArgument"),
        ("/pages", FILE + part("key", "k"), "InvalidArgument"),
        ("/pages", part("key", "k") + part("Key", "k") + FILE, "InvalidArgument"),
        ("/pages", part("key", "k") + LONG + FILE, "InvalidArgument"),
        ("/pages", part("key", "k") + '--xx\r\nContent-Disposition: form-data; name="file"', "InvalidArgument"),
        ("/pages", "nothing", "InvalidArgument"),
    ],
)
def test_what_is_no_form_with_a_key_and_then_one_file_is_refused(path: str, body: str, code: str) -> None:
    with pytest.raises(RefusedRequest) as refused:
        upload(PAGE, path, f"{body}--xx--\r\n".encode())
    assert code == refused.value.code


def test_a_form_without_a_boundary_is_refused() -> None:
    page = ReceivedRequest("POST", "/pages", "", {"content-type": ("multipart/form-data",)})
    with pytest.raises(RefusedRequest, match="boundary"):
        upload(page, "/pages", b"")


def form(conditions: Any, fields: dict[str, str] | None = None, expiration: str = LATER) -> BrowserUpload:
    policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()
    return BrowserUpload("pages", {"key": "in/a", "policy": policy, **(fields or {})}, b"12345")


KEY = ["eq", "$Key", "in/a"]


@pytest.mark.parametrize(
    ("conditions", "fields", "code"),
    [
        ([KEY], {}, ""),
        ([{"Key": "in/a"}], {}, ""),
        ([["starts-with", "$key", "in/"]], {}, ""),
        ([["starts-with", "$key", ""]], {}, ""),
        ([["starts-with", "$key", "out/"]], {}, "AccessDenied"),
        ([["eq", "$key", "in/"]], {}, "AccessDenied"),
        ([{"key": "in/b"}], {}, "AccessDenied"),
        ([KEY, {"bucket": "pages"}], {}, ""),
        ([KEY, {"bucket": "other"}], {}, "AccessDenied"),
        ([KEY, {"bucket": "other"}], {"bucket": "other"}, "AccessDenied"),
        ([KEY, {"x-amz-meta-n": 5}], {"x-amz-meta-n": "5"}, ""),
        ([KEY, {"acl": "private"}], {}, "AccessDenied"),
        ([KEY, {"acl": "private"}], {"acl": "private"}, ""),
        ([KEY], {"acl": "private"}, "AccessDenied"),
        ([KEY], {"x-amz-meta-n": "5"}, "AccessDenied"),
        ([KEY], {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, "AccessDenied"),
        ([KEY], {"x-ignore": "1"}, "AccessDenied"),
        ([KEY], {"x-ignore-me": "1", "x-amz-signature": "s", "awsaccesskeyid": "a", "signature": "s"}, ""),
        ([KEY, ["content-length-range", 5, 5]], {}, ""),
        ([KEY, ["content-length-range", 0, 4]], {}, "EntityTooLarge"),
        ([KEY, ["content-length-range", 6, 9]], {}, "EntityTooSmall"),
        ([KEY, ["content-length-range", 0, 9], {"bucket": "other"}], {}, "AccessDenied"),
        ([KEY, ["like", "$key", "in"]], {}, "InvalidPolicyDocument"),
        ([KEY, {"a": "1", "b": "2"}], {}, "InvalidPolicyDocument"),
        ([["eq", "$key"]], {}, "InvalidPolicyDocument"),
        ([["content-length-range", "a", 5]], {}, "InvalidPolicyDocument"),
        ([["eq", 5, "in"]], {}, "InvalidPolicyDocument"),
        ([KEY, ["starts-with", "$acl", 5]], {"acl": "private"}, "InvalidPolicyDocument"),
        (None, {}, "InvalidPolicyDocument"),
        ([KEY], {"policy": "no base64"}, "InvalidPolicyDocument"),
        ([KEY], {"policy": base64.b64encode(b"{}").decode()}, "InvalidPolicyDocument"),
    ],
)
def test_a_form_is_held_to_each_condition_of_its_policy(conditions: Any, fields: dict[str, str], code: str) -> None:
    sent = form(conditions, fields)
    if not code:
        sent.check(NOW)
        return
    with pytest.raises(RefusedRequest) as refused:
        sent.check(NOW)
    assert (code, 403 if code == "AccessDenied" else 400) == (refused.value.code, refused.value.status)


def test_a_policy_holds_until_the_moment_that_it_says_of_a_zone_that_it_says() -> None:
    form([KEY]).check(NOW)
    with pytest.raises(RefusedRequest, match="expired"):
        form([KEY]).check(NOW + timedelta(microseconds=1))
    with pytest.raises(RefusedRequest, match="expired"):
        form([KEY], expiration="2026-11-28T10:15:00").check(NOW - timedelta(days=1))


def test_the_object_is_put_with_what_the_form_says_of_it_and_nothing_of_its_signature() -> None:
    fields = {
        "key": "in/a b", "acl": "private", "tagging": "t", "content-type": "text/plain", "cache-control": "no",
        "content-disposition": "inline", "content-encoding": "gzip", "expires": "0", "content-type-x": "x",
        "x-amz-meta-team": "shop", "x-amz-algorithm": "A", "x-amz-credential": "c", "x-amz-date": "d",
        "x-amz-signature": "s", "x-amz-security-token": "t", "success_action_status": "201", "policy": "p",
    }  # fmt: skip
    request = BrowserUpload("pages", fields, b"").request("localhost")
    assert ("PUT", "/pages/in/a%20b", "") == (request.method, request.path, request.query)
    kept = {"content-type": "text/plain", "cache-control": "no", "x-amz-meta-team": "shop"}
    kept |= {"content-disposition": "inline", "content-encoding": "gzip", "expires": "0"}
    assert {"host": "localhost", **kept, "x-amz-acl": "private", "x-amz-tagging": "t"} == request.joined_headers()


LOCATION = "http://127.0.0.1:4566/pages/in/a%20b"
XML = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>{LOCATION}</Location>'
    '<Bucket>pages</Bucket><Key>in/a b</Key><ETag>"e&amp;"</ETag></PostResponse>'
)
TOLD = "bucket=pages&key=in%2Fa+b&etag=%22e%26%22"


@pytest.mark.parametrize(
    ("fields", "status", "location", "content_type", "body"),
    [
        ({}, 204, LOCATION, None, ""),
        ({"success_action_status": "200"}, 200, LOCATION, "application/xml", ""),
        ({"success_action_status": "201"}, 201, LOCATION, "application/xml", XML),
        ({"success_action_status": "418"}, 204, LOCATION, None, ""),
        ({"success_action_redirect": "https://a.example/b"}, 303, f"https://a.example/b?{TOLD}", None, ""),
        (
            {
                "success_action_redirect": "https://a.example/b",
                "redirect": "https://b.example",
                "success_action_status": "201",
            },
            303,
            f"https://a.example/b?{TOLD}",
            None,
            "",
        ),
        ({"redirect": "https://a.example/?c=1"}, 303, f"https://a.example/?c=1&{TOLD}", None, ""),
        ({"redirect": "https://a.example/\nx: y", "success_action_status": "204"}, 204, LOCATION, None, ""),
        ({"redirect": "https://a.example/\rx: y"}, 204, LOCATION, None, ""),
    ],
)
def test_a_page_is_answered_as_its_form_asks_for(
    fields: dict[str, str], status: int, location: str, content_type: str | None, body: str
) -> None:
    of_object = {"etag": '"e&"', "content-length": "0", "content-type": "x", "x-amz-id-2": "i"}
    sent = BrowserUpload("pages", {"key": "in/a b", **fields}, b"")
    told_status, headers, told = sent.answer(of_object, 4566)
    assert (status, body) == (told_status, told.decode())
    kept = {"etag": '"e&"', "x-amz-id-2": "i", "location": location}
    assert (kept if content_type is None else {**kept, "content-type": content_type}) == headers
