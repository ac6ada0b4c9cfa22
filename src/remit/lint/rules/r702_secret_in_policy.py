"""A policy holds what looks like a secret: a key of AWS, a private key, a token.

Policies are read by many, and are kept in versions. Remove it, and rotate the key.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/key": "AKIAQ3EGRIBQ2B5VZ7FT"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}

Source: "Secure access keys" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit import secrets
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_LEAST = 16


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Secrets among resources and the values of conditions."""
    for spot, text in item.texts:
        if len(text) < _LEAST:
            continue
        is_name = text.startswith("arn:") or "${" in text  # names may be long, and mix cases and digits
        secret = secrets.kind(text) if is_name else secrets.bare_key(text)
        if secret is not None:
            yield Problem(f"a text of this policy looks like {secret}", "remove it, and rotate the key", spot)
