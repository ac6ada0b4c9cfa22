"""From a policy document of a template or a plan to grants: each statement with its line, its reason, its version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from remit.app import NO_REASON, Grant, Reason
from remit.documents.json_text import Locate, Path, read_json
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.policy import OLD_VERSION, Policy, parse, parse_statement
from remit.template.branches import Branch, ConditionOutcome, branches, items, variants

_STATEMENT: Final = '"Statement"'
_TRANSFORM: Final = "Fn::Transform"
_TO_JSON: Final = "Fn::ToJsonString"
_FILE: Final = re.compile(r"[^\s{}]+\.(?:json|ya?ml)")
_JSON: Final = re.compile(r"\s*(?:\[|\{(?!\{))")
"""How a document in JSON begins, or a list in its place; `{{` begins a place that is filled in."""
_SHOWN: Final = 80
"""Characters of a text that is no JSON which are shown of it."""
_ELEMENTS: Final = frozenset({"Effect", "Action", "NotAction"})
"""The elements by which a statement of a policy is told from what else is called a statement."""


def grants_of(
    document: Any, base: Path, locate: Locate, reason: Reason = NO_REASON, outcomes: tuple[ConditionOutcome, ...] = ()
) -> list[Grant]:
    """The statements of a document at `base`; those of every branch where conditions choose. RemitError at the line.

    A document may be JSON text, which Terraform has, CloudFormation takes, and Fn::Sub may fill. Statements that are
    put in from elsewhere are left out.
    """
    return [grant for branch in branches(document, base, outcomes) for grant in _grants(branch, locate, reason)]


def policy_of(document: Any, base: Path, locate: Locate) -> Policy | None:
    """A document as one policy; None when it is not there, or known at the deploy only.

    RemitError at the part that is wrong.
    """
    return policy_in(grants_of(document, base, locate))


def whole_policy(document: Any, base: Path, locate: Locate) -> Policy | None:
    """The policy of a document; None also when a part of it is known at the deploy only.

    RemitError at the part that is wrong.
    """
    policy = policy_of(document, base, locate)
    return policy if known(document) else None


def policy_in(grants: Sequence[Grant]) -> Policy | None:
    """The statements of one document as a policy, of the version of the first; None when there are none."""
    return Policy(tuple(grant.statement for grant in grants), grants[0].version) if grants else None


def services(trust: Policy | None) -> tuple[str, ...]:
    """The services that statements with Allow let take on the role of a trust policy, each once, whatever else it says.

    None of None.
    """
    names: dict[str, None] = {}
    for statement in () if trust is None else trust.statements:
        principals = statement.principals
        if statement.effect == "Allow" and principals is not None and not principals.negated:
            names |= dict.fromkeys(name for kind, name in principals.patterns if kind == "Service")
    return tuple(names)


def document_in_text(value: Any) -> dict[str, Any] | None:
    """A document that is written as JSON in one text, in which Fn::Sub may fill each part alike; None: it is not.

    Fn::ToJsonString makes such a text of a document.
    """
    if isinstance(value, dict) and list(value) == [_TO_JSON]:
        written = value[_TO_JSON]
        return written if isinstance(written, dict) and "Statement" in written else None
    is_filled = isinstance(value, dict) and list(value) == ["Fn::Sub"]
    text, variables = tokens.substitution(value["Fn::Sub"]) if is_filled else (value, {})
    if not isinstance(text, str) or _STATEMENT not in text or not text.lstrip().startswith("{"):
        return None
    try:
        document, _ = read_json(text, "the policy")
    except RemitError:
        return None
    if not isinstance(document, dict):
        return None
    return _filled(document, variables) if is_filled else document


def _filled(part: Any, variables: dict[str, Any]) -> Any:
    """A part of a text that Fn::Sub fills, with its own variables. A key is filled as text: no function may be one."""
    if isinstance(part, dict):
        return {tokens.text_of(_filled(key, variables)): _filled(item, variables) for key, item in part.items()}
    if isinstance(part, list):
        return [_filled(item, variables) for item in part]
    if isinstance(part, str) and "${" in part:
        return {"Fn::Sub": [part, variables] if variables else part}
    return part


def is_policy_document(value: Mapping[str, Any]) -> bool:
    """Tell whether the `Statement` of a value has statements of a policy: a web ACL's rules have others by that name.

    One that is put in from elsewhere counts as one.
    """
    for part in items(value.get("Statement")):
        if not isinstance(part.value, dict):
            continue
        if put_in_from(part.value) is not None or not _ELEMENTS.isdisjoint(part.value):
            return True
    return False


def known(document: Any) -> bool:
    """Return whether a document is written here, and no part of it put in from elsewhere."""
    return next(_put_in(document), None) is None


def unknown(document: Any) -> str:
    """From where a document, or statements of it, are put in, as text: each source once, with commas."""
    return ", ".join(dict.fromkeys(_put_in(document)))


def _put_in(document: Any) -> Iterator[str]:
    """Yield from where a document, or a statement of it, is put in, in any branch of a choice."""
    for branch in branches(document):
        written = branch.value
        if isinstance(written, str) or tokens.is_intrinsic(written):
            written = document_in_text(written) or written
        statements = written.get("Statement") if isinstance(written, dict) else None
        for value in (written, *(item.value for item in items(statements))):
            source = put_in_from(value)
            if source is not None:
                yield source


def put_in_from(value: Any) -> str | None:
    """From where CloudFormation or another tool puts a document in, or a statement, as text; None: it stands here.

    CloudFormation puts it in by a function (Fn::Transform also stands beside other keys) or by a dynamic reference;
    other tools by the path of a file, or by what is no JSON yet.
    """
    if isinstance(value, str):
        return None if _JSON.match(value) is not None else value.strip().partition("\n")[0][:_SHOWN]
    if not isinstance(value, dict):
        return None
    if tokens.is_intrinsic(value):
        return None if document_in_text(value) is not None else tokens.from_intrinsic(value)
    if _TRANSFORM in value:
        return tokens.from_intrinsic({_TRANSFORM: value[_TRANSFORM]})
    return included_file(value)


def included_file(value: Any) -> str | None:
    """The file whose content a tool puts in place of a value: `{"$ref": "./policy.json"}`, `file: ./policy.yaml`.

    None: the value names none.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (path,) = value.values()
    return path if isinstance(path, str) and _FILE.fullmatch(path) else None


def _grants(branch: Branch, locate: Locate, reason: Reason) -> Iterator[Grant]:
    """Yield the statements of a document in one branch of a choice, but those that are put in from elsewhere.

    RemitError at the part that is wrong.
    """
    document, base = branch.value, branch.path
    if put_in_from(document) is not None:
        if not isinstance(document, dict) or "Statement" not in document:
            return
        document = {key: item for key, item in document.items() if key != _TRANSFORM}
    if isinstance(document, str) or tokens.is_intrinsic(document):
        at = locate(base)
        document = _text_document(document, at) if isinstance(document, str) else document_in_text(document)
        base, locate = (), lambda _: at
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(statements, dict | list):
        if put_in_from(statements) is None:
            _refuse_if_wrong(document, base, locate)
        return
    for head in variants({key: item for key, item in document.items() if key != "Statement"}, base, branch.when):
        _refuse_if_wrong({**head.value, "Statement": []}, base, locate)
        version = head.value.get("Version", OLD_VERSION)
        yield from _statements(Branch(statements, (*base, "Statement"), head.when), version, locate, reason)


def _statements(branch: Branch, version: str, locate: Locate, reason: Reason) -> Iterator[Grant]:
    """The statements of a document, but those that are put in from elsewhere. RemitError at the part that is wrong."""
    is_list = isinstance(branch.value, list)
    for number, element in enumerate(items(branch.value, branch.path, branch.when)):
        if put_in_from(element.value) is not None:
            continue
        path: Path = ("Statement", number) if is_list else ("Statement",)
        for variant in variants(element.value, element.path, element.when):
            try:
                statement = parse_statement(as_deployed(variant.value), path)
            except RemitError as error:
                origin = locate(variant.at(error.path[len(path) :]))
                raise RemitError(error.message, hint=error.hint, origin=origin) from None
            conditions = tuple(outcome.words for outcome in variant.when)
            yield Grant(statement, replace(reason, conditions=conditions), locate(element.path), version=version)


def as_deployed(statement: Any) -> Any:
    """A statement of a template as IAM gets it: CloudFormation makes a text of a number."""
    if isinstance(statement, dict) and type(statement.get("Sid")) is int:
        return {**statement, "Sid": str(statement["Sid"])}
    return statement


def _refuse_if_wrong(document: Any, base: Path, locate: Locate) -> None:
    """Do nothing for a document. RemitError at its line: it is none, or its own elements are wrong."""
    try:
        parse(document)
    except RemitError as error:
        raise RemitError(error.message, hint=error.hint, origin=locate(base)) from None


def _text_document(text: str, at: Origin) -> Any:
    """The value of a document in JSON text. RemitError at the line of the text: it is no JSON."""
    try:
        return read_json(text, "the policy")[0]
    except RemitError as error:
        inside = f" (line {error.origin.line}, column {error.origin.column} of the text)" if error.origin else ""
        raise RemitError(f"the policy in this text is not JSON: {error.message}{inside}", origin=at) from None
