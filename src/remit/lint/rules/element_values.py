"""Values of the wrong kind, and empty ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.did_you_mean import nearest
from remit.documents.foreign_text import is_unfilled
from remit.documents.json_text import read_json
from remit.errors import RemitError
from remit.iam.tokens import is_dynamic, is_intrinsic
from remit.lint.elements import STATEMENT, texts
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement
    from remit.template.written_template import WrittenTemplate

_WRAP = 'wrap the list: {"Version": "2012-10-17", "Statement": [...]}'
_PERMITTING = frozenset({"permit", "grant", "accept", "authorize", "authorise", "enable", "true", "yes", "ok"})
_FORBIDDING = frozenset({"forbid", "block", "reject", "refuse", "disallow", "prohibit", "denied", "false", "no"})


@rule("R102", ERROR, looks_at="shape")
def bad_effect(written: WrittenStatement) -> Iterator[Problem]:
    """An Effect is neither Allow nor Deny.

    IAM refuses the document; the two words are case-sensitive.

    Flagged:

        {"Effect": "Permit", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements: Effect" (IAM User Guide).
    """
    effect = written.value.get("Effect")
    if isinstance(effect, str) and effect not in ("Allow", "Deny") and not is_unfilled(effect):
        meant = "Deny" if effect.lower() in _FORBIDDING else nearest(effect, ("Allow", "Deny"))
        meant = meant or ("Allow" if effect.lower() in _PERMITTING else None)
        message = f"Effect {effect!r} is not valid: only 'Allow' and 'Deny' exist, spelled so"
        yield Problem(message, f"did you mean `{meant}`?" if meant else "write one of the two", ("Effect",))


@rule("R103", ERROR, looks_at="document")
def wrong_type(document: PolicyDocument) -> Iterator[Problem]:
    """An element holds a value of the wrong type: a number, None, a list in a list, a string where an object must be.

    IAM refuses the document. None is usually the value of an environment variable that is not set. In a template, resources
    without a Type, and policy documents that are a text which is no JSON, are flagged, too.

    Flagged:

        {"Effect": "Allow", "Action": [["s3:GetObject"]], "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}

    Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
    """
    raw = document.raw
    if not isinstance(raw, dict):
        hint = _WRAP if isinstance(raw, list) else None
        yield Problem(f"a policy document must be an object, not {_shown(raw)}", hint)
        return
    if "Statement" in raw:
        yield from _statements(raw["Statement"])
    for name in ("Id", "Version"):
        if name in raw and not isinstance(raw[name], str) and not is_intrinsic(raw[name]):
            yield Problem(f"{name} must be a string, not {_shown(raw[name])}", None, (name,))


@rule("R103", looks_at="template")
def _wrong_type_in_template(written: WrittenTemplate) -> Iterator[Problem]:
    """Yield values of a template that stand for its resources or a policy document, and are none."""
    if not is_unfilled(written.raw.get("Resources")):
        yield from _no_resources(written.raw.get("Resources", {}), written)
    for name, resource in written.resources.items():
        yield from _no_documents(resource.get("Properties"), ("Resources", name, "Properties"))


def _no_resources(value: Any, written: WrittenTemplate) -> Iterator[Problem]:
    """Yield what is wrong with the form of a template's resources and their types.

    What macros and other tools fill in is not looked at.
    """
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
        elif "Type" not in resource and not written.unread and not any(str(key).startswith("Fn::") for key in resource):
            yield Problem(f"the resource {name} has no Type", "such as AWS::IAM::Role", ("Resources", name))
        elif not isinstance(resource.get("Type", ""), str):
            message = f"the Type of {name} must be a string, not {_shown(resource['Type'])}"
            yield Problem(message, "such as AWS::IAM::Role", ("Resources", name, "Type"))


def _no_documents(value: Any, spot: Spot) -> Iterator[Problem]:
    """Yield the policy documents in a value that are no objects. One in a text is right if it is JSON."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from _no_documents(part, (*spot, index))
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in ("PolicyDocument", "AssumeRolePolicyDocument") or isinstance(part, dict):
                yield from _no_documents(part, (*spot, key))
            elif isinstance(part, str) and part.lstrip().startswith("{") and not is_dynamic(part):
                try:
                    read_json(part, "its text")  # CloudFormation takes a document in one text as well
                except RemitError as error:
                    message = f"{key} is a text that is not JSON: {error.message} ({error.origin})"
                    yield Problem(message, error.hint, (*spot, key))
            elif not is_unfilled(part) and not is_dynamic(part):
                hint = _WRAP if isinstance(part, list) else None
                yield Problem(f"{key} must be an object, not {_shown(part)}", hint, (*spot, key))


def _statements(value: Any) -> Iterator[Problem]:
    """Yield what stands in the place of statements and is none; what other tools fill in is not looked at."""
    if not isinstance(value, dict | list) and not is_unfilled(value):
        hint = "write it out: {'Effect': 'Allow', 'Action': …, 'Resource': …}"
        yield Problem(f"Statement must be an object or a list of objects, not {_shown(value)}", hint, ("Statement",))
    for index, statement in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(statement, dict) and not is_unfilled(statement):
            yield Problem(f"Statement[{index}] must be an object, not {_shown(statement)}", None, ("Statement", index))


def _shown(value: Any) -> str:
    """A value in words, for messages: `a list`, `an object`, `null`, `the string "x"` with at most 40 characters."""
    kind = {list: "a list", dict: "an object", str: "the string", bool: "the value", type(None): "null"}
    name = kind.get(type(value), "the number")
    return name if isinstance(value, list | dict | None) else f"{name} {json.dumps(value, default=str)[:40]}"


_HINT = "often a loop or a variable that gave nothing: add a value, or remove the statement"


@rule("R108", ERROR, looks_at="document", needs=r"\[\]|\{\}")
def empty(document: PolicyDocument) -> Iterator[Problem]:
    """An element is an empty list or an empty object.

    IAM refuses empty lists of actions, resources and principals; an empty condition block would always be true. A condition
    key with an empty list is a warning: IAM takes it, and it equals no value. So is a Condition with nothing in it. Often a
    loop or a variable gave nothing.

    Flagged:

        {"Effect": "Allow", "Action": [], "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}

    Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
    """
    if isinstance(document.raw, dict) and document.raw.get("Statement") in ([], {}):
        yield Problem("Statement is empty: IAM refuses the document", _HINT, ("Statement",))


@rule("R108", looks_at="shape")
def _empty_in_shape(written: WrittenStatement) -> Iterator[Problem]:
    """Empty lists, and empty blocks of conditions."""
    for element, value in written.value.items():
        if value in ([], {}) and element in STATEMENT and element != "Condition":  # an unknown one has R111
            kind = "list" if value == [] else "object"
            yield Problem(f"'{element}' is an empty {kind}: IAM refuses it", _HINT, (element,))
    blocks = written.value.get("Condition")
    if blocks == {}:
        yield Problem("'Condition' is empty: the statement has none", "add one, or remove it", ("Condition",), WARNING)
    for operator, block in blocks.items() if isinstance(blocks, dict) else ():
        spot = ("Condition", operator)
        if block in ({}, []):
            yield Problem(f"the {operator} block is empty: the condition is silently absent", "add a key", spot)
        for key, values in block.items() if isinstance(block, dict) else ():
            if values == []:
                yield _no_values(str(operator), str(key), (*spot, key))


def _no_values(operator: str, key: str, spot: Spot) -> Problem:
    """The problem of a condition without values, which IAM takes: when it is met, as its operator has it."""
    quantifier, _, bare = operator.lower().rpartition(":")
    matches_absent_key = quantifier == "forallvalues" or bare.endswith("ifexists")
    if "not" in bare and quantifier != "foranyvalue":
        effect, hint = "it always matches", "add a value, or remove the condition"
    elif "not" in bare:
        effect, hint = "it matches whatever value the key has", f'write "Null": {{"{key}": "false"}}, or add a value'
    elif matches_absent_key:
        effect, hint = (
            "it is met by requests without the key alone",
            f'write "Null": {{"{key}": "true"}}, or add a value',
        )
    else:
        effect, hint = "it never matches", "add a value"
    return Problem(f"{operator} on {key} has no values: {effect}", hint, spot, WARNING)


_FIXES = {"Action": "write 'service:Operation'", "Resource": "write an ARN"}


@rule("R113", ERROR, looks_at="shape", needs=r'"["\s\\]')
def empty_string(written: WrittenStatement) -> Iterator[Problem]:
    """An action or a resource is an empty string.

    IAM refuses the document. Often an f-string or a variable that is empty. An empty Sid is a note.

    Flagged:

        {"Effect": "Allow", "Action": "", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
    """
    if written.value.get("Sid") == "":
        yield Problem("'Sid' is an empty string: it names nothing", "name the statement, or remove it", ("Sid",), NOTE)
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        for text in texts(written.value.get(element)):
            if not text.strip():
                fix = _FIXES[element.removeprefix("Not")]
                yield Problem(f"'{element}' is an empty string: IAM refuses it", fix, (element, text))
