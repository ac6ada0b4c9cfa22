"""The members of an XML body, as the restXml protocol spells them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from remit.local.request import RefusedRequest


def xml_members(content: bytes, spelling: Any) -> dict[str, Any]:
    """The members of the structure that is the body.

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
    members: dict[str, Any] = {}
    for child in element:
        member = spelling.get(_name(child), _name(child))
        name, inner = (member, 0) if isinstance(member, str) else member
        if isinstance(inner, list) and inner[0] == "list" and not inner[1]:
            members.setdefault(name, []).append(_value(child, inner[2]))
        elif name in members:
            raise malformed_xml()
        else:
            members[name] = _value(child, inner)
    return members


def _value(element: ET.Element, spelling: Any) -> Any:
    if isinstance(spelling, dict):
        return _structure(element, spelling)
    if not isinstance(spelling, list):
        return _structure(element, {}) if len(element) else element.text or ""
    if spelling[0] == "list":
        return [_value(child, spelling[2]) for child in element]
    _, _, key_name, value_name, inner = spelling
    members: dict[str, Any] = {}
    for entry in element:
        parts = {_name(part): part for part in entry}
        if key_name in parts and value_name in parts:
            members[parts[key_name].text or ""] = _value(parts[value_name], inner)
    return members


def _name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
