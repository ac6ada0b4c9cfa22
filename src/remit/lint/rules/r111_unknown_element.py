"""A document or a statement has a key that is not an element of the policy language.

IAM refuses the document. Element names are case-sensitive.

Flagged:

    {"effect": "Allow", "action": "s3:GetObject", "resource": "*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "IAM JSON policy elements reference" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import DOCUMENT, STATEMENT, is_policy, unknown
from remit.lint.finding import ERROR, Problem
from remit.template.policy_documents import included_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement

SEVERITY = ERROR


def document(document: PolicyDocument) -> Iterator[Problem]:
    """Unknown keys of a document; a bare statement, and what is not a policy at all, has a finding of R110."""
    raw = document.raw
    if isinstance(raw, dict) and "Effect" not in raw and (document.names is not None or is_policy(raw)):
        if included_file(raw) is not None:
            return  # a finding of R110
        yield from _problems(unknown(raw, DOCUMENT), "policy document")


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """Unknown keys of a statement."""
    yield from _problems(unknown(written.value, STATEMENT), "statement")


def _problems(slips: dict[str, str | None], subject: str) -> Iterator[Problem]:
    if not slips:
        return
    names = ", ".join(repr(name) for name in slips)
    meant = ", ".join(f"`{name}`" for name in slips.values() if name)
    cased = any(name and name.lower() == slip.lower() for slip, name in slips.items())
    hint = f"did you mean {meant}?" if meant else f"a {subject} has no such element: remove it"
    why = "element names are case-sensitive, and " if cased else ""
    keys = "key" if len(slips) == 1 else "keys"
    yield Problem(f"the {subject} has unknown {keys} {names}: {why}IAM refuses it", hint, (next(iter(slips)),))
