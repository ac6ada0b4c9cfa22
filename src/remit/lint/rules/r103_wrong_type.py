"""An element holds a value of the wrong type: a number, None, a list in a list, a string where an object must be.

IAM refuses the document. None is usually the value of an environment variable that is not set.

Flagged:

    {"Effect": "Allow", "Action": [["s3:GetObject"]], "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.documents.foreign_text import is_unfilled
from remit.documents.json_text import read_json
from remit.errors import RemitError
from remit.iam.tokens import is_dynamic, is_intrinsic
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import PolicyDocument
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR


def document(document: PolicyDocument) -> Iterator[Problem]:
    """A document, its Statement or its Id of the wrong type; what is inside a statement is found when it is parsed."""
    raw = document.raw
    if not isinstance(raw, dict):
        hint = 'wrap the list: {"Version": "2012-10-17", "Statement": [...]}' if isinstance(raw, list) else None
        yield Problem(f"a policy document must be an object, not {_shown(raw)}", hint)
        return
    if "Statement" in raw:
        yield from _statements(raw["Statement"])
    for name in ("Id", "Version"):
        if name in raw and not isinstance(raw[name], str) and not is_intrinsic(raw[name]):
            yield Problem(f"{name} must be a string, not {_shown(raw[name])}", None, (name,))


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """What stands in a template where its resources, or a policy document, must, and is none."""
    if not is_unfilled(written.raw.get("Resources")):
        yield from _no_resources(written.raw.get("Resources", {}), written)
    for name, resource in written.resources.items():
        yield from _no_documents(resource.get("Properties"), ("Resources", name, "Properties"))


def _no_resources(value: Any, written: WrittenTemplate) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(
            f"Resources must be an object, not {_shown(value)}", "Resources: {NAME: {Type: …}}", ("Resources",)
        )
        return
    for name, resource in value.items():
        if str(name).startswith("Fn::") or is_unfilled(resource):
            continue  # a macro, or another tool, makes them
        if not isinstance(resource, dict):
            hint = "a resource reads {Type: …, Properties: …}"
            yield Problem(f"the resource {name} must be an object, not {_shown(resource)}", hint, ("Resources", name))
        elif "Type" not in resource and not written.opaque and not any(str(key).startswith("Fn::") for key in resource):
            yield Problem(f"the resource {name} has no Type", "such as AWS::IAM::Role", ("Resources", name))
        elif not isinstance(resource.get("Type", ""), str):
            message = f"the Type of {name} must be a string, not {_shown(resource['Type'])}"
            yield Problem(message, "such as AWS::IAM::Role", ("Resources", name, "Type"))


def _no_documents(value: Any, spot: Spot) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from _no_documents(part, (*spot, index))
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in ("PolicyDocument", "AssumeRolePolicyDocument") and _begins_as_json(part) and not is_dynamic(part):
                yield from _broken_text(key, part, (*spot, key))
            elif (
                key in ("PolicyDocument", "AssumeRolePolicyDocument")
                and not isinstance(part, dict)
                and not is_unfilled(part)
                and not is_dynamic(part)
            ):
                hint = (
                    'wrap the list: {"Version": "2012-10-17", "Statement": [...]}' if isinstance(part, list) else None
                )
                yield Problem(f"{key} must be an object, not {_shown(part)}", hint, (*spot, key))
            else:
                yield from _no_documents(part, (*spot, key))


def _begins_as_json(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip().startswith("{")


def _broken_text(key: str, text: str, spot: Spot) -> Iterator[Problem]:
    """What is wrong with a document that is written as JSON in one text, which CloudFormation takes as well."""
    try:
        read_json(text, "its text")
    except RemitError as error:
        yield Problem(f"{key} is a text that is not JSON: {error.message} ({error.origin})", error.hint, spot)


def _statements(value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict | list) and not is_unfilled(value):
        hint = "write it out: {'Effect': 'Allow', 'Action': …, 'Resource': …}"
        yield Problem(f"Statement must be an object or a list of objects, not {_shown(value)}", hint, ("Statement",))
    for index, statement in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(statement, dict) and not is_unfilled(statement):
            yield Problem(f"Statement[{index}] must be an object, not {_shown(statement)}", None, ("Statement", index))


def _shown(value: Any) -> str:
    kind = {list: "a list", dict: "an object", str: "the string", bool: "the value", type(None): "null"}
    name = kind.get(type(value), "the number")
    return name if isinstance(value, list | dict | None) else f"{name} {json.dumps(value, default=str)[:40]}"
