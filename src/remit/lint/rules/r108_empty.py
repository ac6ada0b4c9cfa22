"""An element is an empty list or an empty object.

IAM refuses empty lists; an empty condition block would always be true. Often a loop or a variable gave nothing.

Flagged:

    {"Effect": "Allow", "Action": [], "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import STATEMENT
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement

SEVERITY = ERROR
_HINT = "often a loop or a variable that gave nothing: add a value, or remove the statement"


def concerned(text: str) -> bool:
    """Whether a document has anything empty."""
    return "[]" in text or "{}" in text


def document(document: PolicyDocument) -> Iterator[Problem]:
    """No statements at all."""
    if isinstance(document.raw, dict) and document.raw.get("Statement") in ([], {}):
        yield Problem("Statement is empty: IAM refuses the document", _HINT, ("Statement",))


def shape(written: WrittenStatement) -> Iterator[Problem]:
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
    """With ForAllValues and IfExists a condition without values is met where the key is absent."""
    subject = f"{operator} on {key} has no values"
    if operator.lower().startswith("forallvalues:") or operator.lower().endswith("ifexists"):
        hint = f'write "Null": {{"{key}": "true"}}, or add a value'
        return Problem(f"{subject}: it is met by requests without the key alone", hint, spot)
    return Problem(f"{subject}: it never matches", "add a value", spot)
