"""The policy that the statement blocks of Terraform's data source aws_iam_policy_document make.

A plan leaves out what is known after the apply only, or has null in its place: here it is late-bound text, so that the
rest can be looked at.

Source: "Data Source: aws_iam_policy_document" (AWS provider documentation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.documents.foreign_text import unfilled
from remit.iam.policy import VERSION
from remit.template.sections import mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.template.terraform.state import PlannedResource

POLICY_SOURCE: Final = "aws_iam_policy_document"
_ELEMENTS: Final = {
    "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource",
}  # fmt: skip
_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}


def policy_of_blocks(source: PlannedResource) -> dict[str, Any]:
    """The policy document of a data source, as far as its plan knows it."""
    statements = []
    for index, block in enumerate(mappings(source.values.get("statement"))):
        statements.append(_statement(block, f"{source.address}.statement[{index}]"))
    return {"Version": source.text("version") or VERSION, "Statement": statements}


def _statement(block: Mapping[str, Any], address: str) -> dict[str, Any]:
    """A statement block in IAM's words; the effect is Allow unless it says otherwise."""
    statement: dict[str, Any] = {"Effect": block.get("effect") or "Allow"}
    if block.get("sid"):
        statement["Sid"] = block["sid"]
    statement |= _lists(block, address)
    for attribute, element in _PRINCIPALS.items():
        principals = _principals(block, attribute, address)
        if principals:
            # The type "*" stands for everyone, whatever its identifiers are.
            statement[element] = "*" if "*" in principals else principals
    conditions = _conditions(block, address)
    if conditions:
        statement["Condition"] = conditions
    return statement


def _lists(block: Mapping[str, Any], address: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the elements of a statement that list actions or resources (NotAction, too), each with its texts.

    What is known after the apply is a text that may be anything.
    """
    for attribute, element in _ELEMENTS.items():
        if attribute in block:
            values = _texts(block, attribute, address)
        else:  # known after the apply, unless the element that excludes it stands there
            is_absent = attribute.startswith("not_") or block.get(f"not_{attribute}")
            values = [] if is_absent else [unfilled(f"{address}.{attribute}")]
        if values:
            yield element, values


def _principals(block: Mapping[str, Any], attribute: str, address: str) -> dict[str, list[str]]:
    """The identifiers of an attribute's blocks, by the type of principal."""
    principals: dict[str, list[str]] = {}
    for index, entry in enumerate(mappings(block.get(attribute))):
        identifiers = _texts(entry, "identifiers", f"{address}.{attribute}[{index}]")
        principals.setdefault(str(entry.get("type")), []).extend(identifiers)
    return principals


def _conditions(block: Mapping[str, Any], address: str) -> dict[str, dict[str, list[str]]]:
    """The conditions of a block, by operator and key.

    A key or value that is not known is late-bound; one without an operator is left out.
    """
    conditions: dict[str, dict[str, list[str]]] = {}
    for index, entry in enumerate(mappings(block.get("condition"))):
        place = f"{address}.condition[{index}]"
        operator, key = entry.get("test"), entry.get("variable") or unfilled(place)
        if isinstance(operator, str):
            conditions.setdefault(operator, {}).setdefault(str(key), []).extend(_texts(entry, "values", place))
    return conditions


def _texts(block: Mapping[str, Any], attribute: str, address: str) -> list[str]:
    """The texts of an attribute, whose `&{…}` become IAM's variables (`${…}`); late-bound where one is not known.

    An attribute that is missing is one such text; a value that is no list has none.
    """
    values = block.get(attribute, [None])
    texts = []
    for index, value in enumerate(values if isinstance(values, list) else ()):
        is_known = isinstance(value, str)
        texts.append(value.replace("&{", "${") if is_known else unfilled(f"{address}.{attribute}[{index}]"))
    return texts
