"""A policy document has no Statement.

IAM refuses it. A single statement must be wrapped in a document; a file with nothing else may be a part of one.

Flagged:

    {"Version": "2012-10-17"}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    ]}

Source: "IAM JSON policy elements: Statement" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.lint.elements import DOCUMENT, is_policy, unknown
from remit.lint.finding import ERROR, NOTE, WARNING, Problem
from remit.template.policy_documents import included_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = ERROR
_WRAP = 'wrap the statements: {"Version": "2012-10-17", "Statement": [...]}'


def document(document: PolicyDocument) -> Iterator[Problem]:
    """A document without statements."""
    raw = document.raw
    if document.names is None and isinstance(raw, dict) and not is_policy(raw):
        hint = "a policy has Statement, a template Resources; `remit explain` and `remit diff` read plans of Terraform"
        yield Problem("here is neither a policy document nor a template", hint)
    elif included_file(raw) is not None:
        yield _included("the policy document is", raw, ())
    elif isinstance(raw, dict) and "Statement" not in raw and "Statement" not in unknown(raw, DOCUMENT).values():
        if "Effect" not in raw:
            yield Problem("the document has no 'Statement': IAM refuses it", _WRAP)
        elif document.names is None:  # a file of its own, that a program may put into a policy
            message = "a statement stands where a policy document must: IAM refuses it by itself"
            yield Problem(message, f"fine for a part of a policy; else {_WRAP}", severity=WARNING)
        else:
            yield Problem("a statement stands where a policy document must: IAM refuses it", _WRAP)
    for spot, statement in _included_statements(raw):
        yield _included("statements are", statement, spot)


def _included_statements(raw: Any) -> Iterator[tuple[Spot, Any]]:
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    if isinstance(statements, list):
        for index, statement in enumerate(statements):
            if included_file(statement) is not None:
                yield ("Statement", index), statement
    elif included_file(statements) is not None:
        yield ("Statement",), statements


def _included(subject: str, value: Any, spot: Spot) -> Problem:
    message = f"{subject} taken from '{included_file(value)}' by a tool: what stands there is not looked at"
    return Problem(message, "lint that file, too", spot, severity=NOTE)
