"""The body of a request without the encodings of its transport, and the protocol that it is spelled in."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from remit.local.authorization.canonical_request import canonical_request
from remit.local.authorization.request_bodies import (
    decoded,
    encodings,
    form_members,
    form_pairs,
    without_chunks,
    xml_members,
)
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


@pytest.mark.parametrize("kind", ["AWS4-HMAC-SHA256-PAYLOAD", "UNSIGNED-PAYLOAD-TRAILER"])
def test_a_body_comes_in_chunks_where_its_hash_says_so(kind: str) -> None:
    request = received(x_amz_content_sha256=f"STREAMING-{kind}")
    assert b"text" == decoded(request, b"4\r\ntext\r\n0\r\n\r\n")


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
        (received("/1111/q", content_type=FORM), "sqs", "rest"),
        (received("/111122223333/q/r", "Action=SendMessage"), "sqs", "rest"),
        (received("/queues", "Action=ListQueues"), "sqs", "rest"),
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


XML_SPELLING: Any = {
    "TagSet": ("Tags", ["list", "Tag", {"K": "Key"}]),
    "Flat": ("Flats", ["list", "", 0]),
    "Pairs": ("Attributes", ["map", "entry", "Name", "Value", {"N": "Number"}]),
    "Inner": ("Inside", {"A": "B"}),
}


def test_the_members_of_xml_are_the_models() -> None:
    content = b"""<Root xmlns="urn:x"><TagSet><Tag><K>a</K><V/></Tag><Tag><K>b</K></Tag></TagSet><Flat>f</Flat>
    <Pairs><entry><Name>n</Name><Value><N>1</N></Value></entry><entry><Name/><Value/></entry>
    <entry><Name>alone</Name></entry><entry><Value><N>2</N></Value></entry>
    <entry><Name>Upper</Name><Value/></entry></Pairs>
    <Inner><A>x</A><Other>y</Other></Inner><Flat/><Other><Deep>z</Deep></Other></Root>"""
    assert xml_members(content, XML_SPELLING) == {
        "Tags": [{"Key": "a", "V": ""}, {"Key": "b"}],
        "Flats": ["f", ""],
        "Attributes": {"n": {"Number": "1"}, "": {}, "Upper": {}},
        "Inside": {"B": "x", "Other": "y"},
        "Other": {"Deep": "z"},
    }
    assert {"A": "x"} == xml_members(b"<Root><A>x</A></Root>", 0)
    with pytest.raises(RefusedRequest) as refused:
        xml_members(b"<Root><A>x</A><A>y</A></Root>", {})
    assert ("MalformedXML", 400) == (refused.value.code, refused.value.status)
