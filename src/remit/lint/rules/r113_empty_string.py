"""An action, a resource or a principal is an empty string.

IAM refuses the document. Often an f-string or a variable that is empty.

Flagged:

    {"Effect": "Allow", "Action": "", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.lint.elements import texts
from remit.lint.finding import ERROR, NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR
_BLANK = re.compile(r'"["\s\\]')
_FIXES = {"Action": "write 'service:Operation'", "Resource": "write an ARN"}


def concerned(text: str) -> bool:
    """Whether a document may have strings of white space alone."""
    return _BLANK.search(text) is not None


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """Empty texts; an empty Sid names nothing, and is taken."""
    if written.value.get("Sid") == "":
        yield Problem("'Sid' is an empty string: it names nothing", "name the statement, or remove it", ("Sid",), NOTE)
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        for text in texts(written.value.get(element)):
            if not text.strip():
                fix = _FIXES[element.removeprefix("Not")]
                yield Problem(f"'{element}' is an empty string: IAM refuses it", fix, (element, text))
