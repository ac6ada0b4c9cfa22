"""A Version that does not exist.

It is the version of the policy language, not the date of the policy; IAM refuses any other.

Flagged:

    {"Version": "2024-01-01", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    ]}

Source: "IAM JSON policy elements: Version" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.documents.foreign_text import is_unfilled
from remit.iam.policy import OLD_VERSION, VERSION
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = ERROR


def document(document: PolicyDocument) -> Iterator[Problem]:
    """Another Version than the two that exist."""
    version = document.raw.get("Version", VERSION) if isinstance(document.raw, dict) else VERSION
    if isinstance(version, str) and version not in (VERSION, OLD_VERSION) and not is_unfilled(version):
        message = f"Version {version!r} does not exist: it is the version of the language, not a date"
        yield Problem(message, f"use '{VERSION}'", ("Version",))
