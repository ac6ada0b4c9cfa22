"""A policy with variables is written in the old version of the language, by its Version or because it has none.

In 2008-10-17, variables such as ${aws:username} are literal text, so that a statement with one matches nothing.
Without variables the versions mean the same.

Flagged:

    {"Version": "2008-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:username}/*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:username}/*"}
    ]}

Source: "IAM JSON policy elements: Version" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.policy import OLD_VERSION, VERSION
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip
    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = ERROR
_VARIABLE = re.compile(r"\$\{[a-z0-9-]+:(?!:)[^}]*\}", re.IGNORECASE)


def document(document: PolicyDocument) -> Iterator[Problem]:
    """The old version; an error where it turns a variable into text."""
    raw = document.raw
    if not isinstance(raw, dict) or "Statement" not in raw or raw.get("Version", OLD_VERSION) != OLD_VERSION:
        return
    is_written = "Version" in raw
    subject = "Version '2008-10-17'" if is_written else "the document has no 'Version', which means '2008-10-17'"
    spot = ("Version",) if is_written else ()
    variable = next(_variables(document), None)
    if variable is not None:
        yield Problem(f"{subject}: {variable} is literal text there, not a variable", f"use '{VERSION}'", spot)


def _variables(document: PolicyDocument) -> Iterator[str]:
    """What would be a variable of IAM's in a newer version."""
    for item in document.statements:
        values = [value for condition in item.statement.conditions for value in condition.values]
        for text in (*item.resources, *values):
            variable = _VARIABLE.search(text)
            if variable is not None:
                yield variable.group()


def slip(slip: Slip) -> Iterator[Problem]:
    """The old version in a document of an app, whose statements all become 2012-10-17."""
    if slip.kind == "version":
        message = "Version '2008-10-17': in the app's roles its statements are read as 2012-10-17, with variables"
        yield Problem(message, f"use '{VERSION}'", severity=WARNING)
