"""The body of a request without the encodings of its transport (aws-chunked, gzip), and the members of forms and XML.

The members are called as botocore's models spell them.

Sources: "Signature calculations for the Authorization header: transferring a payload in multiple chunks", with and
without trailing headers (Amazon S3 API Reference); "requestCompression trait" (Smithy 2.0).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from remit.local.request import ReceivedRequest, RefusedRequest

_LONGEST: Final = 64 * 1024 * 1024  # bytes that are unpacked
_GZIP: Final = 16 + zlib.MAX_WBITS
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")


def encodings(request: ReceivedRequest) -> list[str]:
    """The encodings of a body, in the order in which they were applied, in lower case; `identity` is left out."""
    named = (request.header("content-encoding") or "").lower().split(",")
    return [encoding for text in named if (encoding := text.strip()) not in ("", "identity")]


def is_in_chunks(request: ReceivedRequest) -> bool:
    """Return whether a body comes in the chunks of aws-chunked, signed or not."""
    declared = (request.header("x-amz-content-sha256") or "").startswith("STREAMING-")
    return declared or "aws-chunked" in encodings(request)


def without_chunks(request: ReceivedRequest, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The data of aws-chunked, and the trailing headers by their names in lower case.

    Each chunk begins with its size in hexadecimal digits, and the last one is empty.

    Raises:
        RefusedRequest: the chunks do not end, or their data is not as long as the request says.
    """
    data: list[memoryview] = []  # what is joined is the only copy of a large object
    view = memoryview(body)
    place = 0
    while True:
        head = _CHUNK.match(body, place)
        if head is None:
            raise _incomplete()
        place = head.end()
        size = int(head[1], 16)
        if size == 0:
            break
        # Not the size alone counts: a chunk that is longer than it says could hide another request.
        if body[place + size : place + size + 2] != b"\r\n":
            raise _incomplete()
        data.append(view[place : place + size])
        place += size + 2
    content = b"".join(data)
    length = request.header("x-amz-decoded-content-length")
    if length is not None and length != str(len(content)):
        raise _incomplete()
    trailers: dict[str, str] = {}
    for line in body[place:].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return content, trailers


def decoded(request: ReceivedRequest, body: bytes) -> bytes:
    """The content of a body that is no object of S3, without chunks and compression.

    Raises:
        RefusedRequest: it is not encoded as the request says, in a way that no API takes (415), in two streams, or has
            more than 64 MiB.
    """
    content = without_chunks(request, body)[0] if is_in_chunks(request) else body
    encoding = [name for name in encodings(request) if name != "aws-chunked"]
    if not encoding:
        return content
    if encoding != ["gzip"]:
        raise RefusedRequest("UnsupportedMediaTypeException", f"no API takes the encoding {', '.join(encoding)!r}", 415)
    stream = zlib.decompressobj(_GZIP)
    try:
        unpacked = stream.decompress(content, _LONGEST)
    except zlib.error:
        raise _not_gzip("the body is not gzip") from None
    if not stream.eof or stream.unused_data:
        raise _not_gzip("the body is not one whole stream of gzip, or too long")
    return unpacked


def _incomplete() -> RefusedRequest:
    reason = "The request body terminated unexpectedly"
    return RefusedRequest("IncompleteBody", reason, 400)


def _not_gzip(reason: str) -> RefusedRequest:
    return RefusedRequest("SerializationException", reason, 400)


_DEEPEST: Final = 32  # of names between dots: no model has so many
_LONGEST_NUMBER: Final = 9  # digits of the number of an item


def form_members(pairs: Mapping[str, str], spelling: Any) -> dict[str, Any]:
    """The members of a form but Action and Version, as a body's spelling of `catalogue.request_formats` says.

    A name of more than 32 parts is left out.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs.items():
        steps = name.split(".")
        if len(steps) <= _DEEPEST:
            _put(tree, steps, value)
    members = _value(tree, spelling if isinstance(spelling, dict) else {})
    return {name: value for name, value in members.items() if name not in ("Action", "Version")}


def form_pairs(value: Any, spelling: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the pairs of a form that has a value under a name, or members without one; reverses `form_members`."""
    prefix = f"{name}." if name else ""
    if isinstance(value, list):
        _, item_name, inner = spelling
        if not value:
            yield name, ""
        for number, item in enumerate(value, start=1):
            yield from form_pairs(item, inner, f"{prefix}{item_name}{'.' if item_name else ''}{number}")
    elif not isinstance(value, dict):
        yield name, value
    elif isinstance(spelling, list):
        _, entry_name, key_name, value_name, inner = spelling
        for number, (key, item) in enumerate(value.items(), start=1):
            entry = f"{prefix}{entry_name}{'.' if entry_name else ''}{number}"
            yield f"{entry}.{key_name}", key
            yield from form_pairs(item, inner, f"{entry}.{value_name}")
    else:
        spelled: dict[str, tuple[str, Any]] = {}
        for wire_name, member in (spelling or {}).items():
            member_name, inner = (member, 0) if isinstance(member, str) else member
            spelled[member_name] = wire_name, inner
        for member_name, item in value.items():
            wire_name, inner = spelled.get(member_name, (member_name, 0))
            yield from form_pairs(item, inner, f"{prefix}{wire_name}")


def _put(tree: dict[str, Any], steps: list[str], value: str) -> None:
    """Put a value at the end of steps of nested dicts, in place; the first of several that contradict counts."""
    node = tree
    for step in steps[:-1]:
        child = node.setdefault(step, {})
        if not isinstance(child, dict):  # `Tag=1&Tag.1.Key=2`: the first of them counts
            return
        node = child
    node.setdefault(steps[-1], value)


def _value(node: Any, spelling: Any) -> Any:
    """The parameter that a part of a form is: lists, maps and names as the model's spelling has them.

    Items of a list come by their numbers; an entry of a map without a key is left out.
    """
    if not isinstance(node, dict):
        return [] if isinstance(spelling, list) and not node else node  # `Tags=` is an empty list
    members: dict[str, Any] = {}
    if isinstance(spelling, list):
        kind, item_name, *names, inner = spelling
        items = node.get(item_name, {}) if item_name else node
        if kind == "list":
            return [_value(items[place], inner) for place in _places(items)]
        key_name, value_name = names
        for place in _places(items):
            entry = items[place]
            if isinstance(entry, dict) and isinstance(entry.get(key_name), str):
                members[entry[key_name]] = _value(entry.get(value_name, ""), inner)
        return members
    for wire_name, child in node.items():
        member = spelling.get(wire_name, wire_name) if spelling else wire_name
        name, inner = (member, 0) if isinstance(member, str) else member
        members[name] = _value(child, inner)
    return members


def _places(items: Any) -> list[str]:
    """The numbers of the items of a list, as texts, the lowest first; names that are no number are left out."""
    if not isinstance(items, dict):
        return []
    numbers = (place for place in items if place.isascii() and place.isdecimal() and len(place) <= _LONGEST_NUMBER)
    return sorted(numbers, key=int)


def xml_members(content: bytes, spelling: Any) -> dict[str, Any]:
    """The members of the structure that the root element of an XML body is.

    expat stops entities that grow without end since 2.4.1, which every supported Python has.

    Raises:
        RefusedRequest: it is no XML, or has an element twice that is no list.
    """
    try:
        root = ET.fromstring(content)  # noqa: S314 - see above
    except (ET.ParseError, ValueError):
        raise malformed_xml() from None
    return _structure(root, spelling if isinstance(spelling, dict) else {})


def malformed_xml() -> RefusedRequest:
    """S3's refusal of a body that is not as its schema says ("Error responses", Amazon S3 API Reference)."""
    reason = "The XML you provided was not well-formed or did not validate against our published schema"
    return RefusedRequest("MalformedXML", reason, 400)


def _structure(element: ET.Element, spelling: dict[str, Any]) -> dict[str, Any]:
    """The members of an element, by the names of the model. RefusedRequest: one that is no list is there twice."""
    members: dict[str, Any] = {}
    for child in element:
        member = spelling.get(element_name(child), element_name(child))
        name, inner = (member, 0) if isinstance(member, str) else member
        if isinstance(inner, list) and inner[0] == "list" and not inner[1]:
            members.setdefault(name, []).append(_value_of_element(child, inner[2]))
        elif name in members:
            raise malformed_xml()
        else:
            members[name] = _value_of_element(child, inner)
    return members


def _value_of_element(element: ET.Element, spelling: Any) -> Any:
    """The value of an element, by its spelling in the model; entries of a map without key or value are left out."""
    if isinstance(spelling, dict):
        return _structure(element, spelling)
    if not isinstance(spelling, list):
        return _structure(element, {}) if len(element) else element.text or ""
    if spelling[0] == "list":
        return [_value_of_element(child, spelling[2]) for child in element]
    _, _, key_name, value_name, inner = spelling
    members: dict[str, Any] = {}
    for entry in element:
        parts = {element_name(part): part for part in entry}
        if key_name in parts and value_name in parts:
            members[parts[key_name].text or ""] = _value_of_element(parts[value_name], inner)
    return members


def element_name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
