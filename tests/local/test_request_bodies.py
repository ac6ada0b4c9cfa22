"""The body of a request without the encodings of its transport, and the protocol that it is spelled in."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from remit.local.authorization.canonical_request import canonical_request
from remit.local.authorization.request_bodies import decoded, encodings, form_members, form_pairs, without_chunks
from remit.local.authorization.requested_operation import protocol_of
from remit.local.request import ReceivedRequest, RefusedRequest

FORM = "application/x-www-form-urlencoded"


def received(path: str = "/", query: str = "", method: str = "POST", **headers: str) -> ReceivedRequest:
    return ReceivedRequest(method, path, query, {name.replace("_", "-"): (text,) for name, text in headers.items()})


PACKED = gzip.compress(b"text", mtime=0)


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("", b"text", b"text"),
        ("identity", b"text", b"text"),
        ("GZip", PACKED, b"text"),
        (" gzip , identity", PACKED, b"text"),
        ("gzip,aws-chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(PACKED), PACKED), b"text"),
        ("gzip, gzip", gzip.compress(PACKED, mtime=0), 415),
        ("br", b"text", 415),
        ("br, gzip", PACKED, 415),
        ("gzip", b"text", 400),
        ("gzip", PACKED[:-1], 400),
        ("gzip", PACKED + PACKED, 400),
        ("gzip", PACKED + b"x", 400),
        ("aws-chunked", b"4\r\ntext\r\n", 400),
        ("aws-chunked", b"3\r\ntext\r\n0\r\n\r\n", 400),
    ],
)
def test_a_body_is_unpacked_as_its_request_says(encoding: str, body: bytes, content: bytes | int) -> None:
    request = received(content_encoding=encoding)
    if isinstance(content, bytes):
        assert content == decoded(request, body)
        return
    with pytest.raises(RefusedRequest) as refused:
        decoded(request, body)
    assert content == refused.value.status


def test_encodings_are_in_their_order_and_chunks_have_trailers() -> None:
    assert ["gzip", "aws-chunked"] == encodings(received(content_encoding="GZIP, identity,, aws-chunked"))
    body = b"A;chunk-signature=0\r\n0123456789\r\n1\r\nx\r\n0;chunk-signature=1\r\nX-Amz-Sum : a:b \r\nnothing\r\n\r\n"
    for length in ({}, {"x_amz_decoded_content_length": "11"}):
        assert (b"0123456789x", {"x-amz-sum": "a:b"}) == without_chunks(received(**length), body)
    for length in ("10", "12", "x"):
        with pytest.raises(RefusedRequest, match="terminated unexpectedly"):
            without_chunks(received(x_amz_decoded_content_length=length), body)


SPELLING: Any = {
    "Tag": ("Tags", ["list", "member", {"K": "Key", "V": "Value"}]),
    "Attribute": ("Attributes", ["map", "entry", "Name", "Value", 0]),
    "Flat": ("Flats", ["list", "", 0]),
}


def test_the_members_of_a_form_are_the_models_and_become_the_same_pairs_again() -> None:
    pairs = {
        "Action": "Do", "Version": "1", "Plain": "p", "Tag.member.2.K": "b", "Tag.member.10.K": "c",
        "Tag.member.1.K": "a", "Tag.member.1.V": "x", "Attribute.entry.1.Name": "n", "Attribute.entry.1.Value": "v",
        "Attribute.entry.2.Value": "without a name", "Flat.1": "f", "Flat.2": "g", "Flat.x": "no number",
        ".".join(["Deep"] * 33): "left out",
    }  # fmt: skip
    members = {
        "Plain": "p",
        "Tags": [{"Key": "a", "Value": "x"}, {"Key": "b"}, {"Key": "c"}],
        "Attributes": {"n": "v"},
        "Flats": ["f", "g"],
    }
    assert members == form_members(pairs, SPELLING)
    again = {
        "Plain": "p", "Tag.member.1.K": "a", "Tag.member.1.V": "x", "Tag.member.2.K": "b", "Tag.member.3.K": "c",
        "Attribute.entry.1.Name": "n", "Attribute.entry.1.Value": "v", "Flat.1": "f", "Flat.2": "g",
    }  # fmt: skip
    assert again == dict(form_pairs(members, SPELLING))
    assert members == form_members(again, SPELLING)
    assert {"Tag": ""} == dict(form_pairs({"Tags": []}, SPELLING))
    assert {"Tags": []} == form_members({"Tag": "", "Tag.member.1.K": "late"}, SPELLING)
    assert {"Plain": "first"} == form_members({"Plain": "first", "Plain.1": "late"}, SPELLING)


@pytest.mark.parametrize(
    ("request_", "service", "protocol"),
    [
        (received(content_type=FORM), "sns", "query"),
        (received(path="", content_type=f"{FORM.upper()}; charset=utf-8"), "sns", "query"),
        (received(query="Action=ListTopics"), "sns", "query"),
        (received(query="Version=1&Action=ListTopics"), "sns", "query"),
        (received(query="NoAction=ListTopics"), "sns", "rest"),
        (received("/tags", content_type=FORM), "lambda", "rest"),
        (received("/tags", "Action=TagResource"), "lambda", "rest"),
        (received("/111122223333/q", content_type=FORM), "sqs", "query"),
        (received("/111122223333/q", content_type=FORM), "sns", "rest"),
        (received(content_type=FORM), "s3", "rest"),
        (received(x_amz_target="A.B", content_type=FORM), "sqs", "json"),
        (received("/service/A/operation/B"), "monitoring", "cbor"),
        (received("/service/A/operation/B/C"), "monitoring", "rest"),
        (received("/"), "lambda", "rest"),
    ],
)
def test_a_request_is_spelled_in_the_protocol_that_its_headers_path_and_query_say(
    request_: ReceivedRequest, service: str, protocol: str
) -> None:
    assert protocol == protocol_of(request_, service)


@pytest.mark.parametrize("path", ["", "/"])
def test_a_request_to_sqs_may_have_no_path(path: str) -> None:
    request = received(path, x_amz_target="AmazonSQS.GetQueueUrl", content_type="application/x-amz-json-1.0")
    asked = canonical_request(request, "sqs", b'{"QueueName": "q"}')
    assert ("GetQueueUrl", "/", {"QueueName": "q"}) == (asked.operation.name, asked.path, asked.parameters)
