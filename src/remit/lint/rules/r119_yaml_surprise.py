"""A YAML value is read otherwise than it looks: a date without quotes, an account number with leading zeros.

YAML 1.1 reads 2012-10-17 as a date and 011122223333 as an octal number, another account. CloudFormation keeps the
date as text; other tools do not.

Flagged:

    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Action: s3:GetObject
        Resource: arn:aws:s3:::data/*
        Condition: {StringEquals: {aws:ResourceAccount: 011122223333}}

Better:

    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Action: s3:GetObject
        Resource: arn:aws:s3:::data/*
        Condition: {StringEquals: {aws:ResourceAccount: "011122223333"}}

Source: "Timestamp" and "Integer" language-independent types for YAML 1.1 (yaml.org).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip

SEVERITY = ERROR


def slip(slip: Slip) -> Iterator[Problem]:
    """A date, but in a template, or an octal number of an account's length."""
    quoted = f"quote it: '{slip.text}'"
    name = next((str(step) for step in reversed(slip.spot) if isinstance(step, str)), "the value")
    if slip.kind == "date" and name != "AWSTemplateFormatVersion" and "Resources" not in slip.spot:
        yield Problem(f"{name} {slip.text} is a date to YAML, not text", quoted)
    elif slip.kind == "octal":
        number = int(slip.text, 8)
        is_account = len(slip.text) == 12  # noqa: PLR2004 - digits of an account
        meaning = "another account" if is_account else "another number"
        message = f"{name} {slip.text} is an octal number to YAML 1.1: {number}, {meaning}"
        yield Problem(message, quoted, (), ERROR if is_account else WARNING)
