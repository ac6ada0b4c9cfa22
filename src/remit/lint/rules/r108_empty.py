"""An element is an empty list or an empty object.

IAM refuses empty lists of actions, resources and principals; an empty condition block would always be true. A condition
key with an empty list is a warning: IAM takes it, and it equals no value. Often a loop or a variable gave nothing.

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
    """A condition that IAM takes, though it compares with nothing."""
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
