"""A principal is the unique id of a role or a user, not its ARN.

IAM itself writes the id where the principal of a saved policy was deleted: who is created anew under the same name has
another id, and is not let in.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "AROADBQP57FF2AEXAMPLE"}, "Action": "sts:AssumeRole"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole"}
    ]}

Source: "IAM identifiers" (IAM User Guide): unique identifiers; "IAM policy validation check reference" (there): invalid
role reference, invalid user reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_ID = r"(AROA|AIDA)[A-Z0-9]{12,}"
_HOLDERS = {"AROA": "role", "AIDA": "user"}


def concerned(text: str) -> bool:
    """Whether a document has principals, and ids."""
    return 'Principal"' in text and re.search(_ID, text) is not None


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Ids of roles and users."""
    for kind, value in item.principals:
        unique_id = re.fullmatch(_ID, value) if kind == "AWS" else None
        if unique_id is not None:
            holder = _HOLDERS[unique_id[1]]
            message = f"'{value}' is the id of a {holder}: the policy ends with it, should it be deleted"
            yield Problem(
                message,
                f"write the {holder}'s ARN: arn:aws:iam::ACCOUNT:{holder}/NAME",
                (item.principal_element, kind, value),
            )
