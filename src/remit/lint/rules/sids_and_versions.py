"""Sids and versions of policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.documents.foreign_text import is_unfilled, without_unfilled
from remit.iam.policy import OLD_VERSION, VERSION
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument, WrittenStatement


@rule("R115", ERROR, looks_at="shape")
def bad_sid(written: WrittenStatement) -> Iterator[Problem]:
    """A Sid has characters other than letters and digits.

    IAM refuses it in the policies of roles, users and groups.

    Flagged:

        {"Sid": "read orders!", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}

    Better:

        {"Sid": "ReadOrders", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}

    Source: "IAM JSON policy elements: Sid" (IAM User Guide).
    """
    sid = written.value.get("Sid")
    if not isinstance(sid, str) or written.document.kind == RESOURCE:
        return
    strange = dict.fromkeys(re.findall(r"[^A-Za-z0-9]", without_unfilled(sid, "")))
    if strange:
        fixed = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", sid))
        contains = " and ".join(repr(sign) for sign in strange)
        message = f"Sid {sid!r} contains {contains}: only A-Z, a-z and 0-9 are allowed"
        yield Problem(message, f"use {fixed!r}", ("Sid",))


@rule("R116", ERROR, looks_at="policy")
def repeated_sid(document: PolicyDocument) -> Iterator[Problem]:
    """Two statements of a policy have the same Sid.

    IAM refuses the document: Sids must be unique in a policy. In the policy of a resource it is a warning: some services
    take them twice.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Sid": "ReadOrders", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Sid": "ReadBills", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
        ]}

    Source: "IAM JSON policy elements: Sid" (IAM User Guide).
    """
    earlier: dict[str, list[ParsedStatement]] = {}
    for item in document.statements:
        sid = item.statement.sid
        if not sid:
            continue
        if sid not in earlier:
            earlier[sid] = [item]
            continue
        namesake = next((candidate for candidate in earlier[sid] if not candidate.excludes(item)), None)
        earlier[sid].append(item)
        if namesake is not None:
            lax = document.kind == RESOURCE
            why = "not every service takes that" if lax else "IAM refuses the policy"
            message = f"Sid {sid!r} stands twice, first in {namesake.called}: {why}"
            severity = WARNING if lax else ERROR
            yield Problem(message, "give one another Sid, or none", ("Sid",), severity, item.index)


_VARIABLE = re.compile(r"\$\{[a-z0-9-]+:(?!:)[^}]*\}", re.IGNORECASE)


@rule("R117", ERROR, looks_at="document")
def old_version(document: PolicyDocument) -> Iterator[Problem]:
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
    """Yield texts that would be variables of IAM's in a newer version."""
    for item in document.statements:
        values = [value for condition in item.statement.conditions for value in condition.values]
        for text in (*item.resources, *values):
            variable = _VARIABLE.search(text)
            if variable is not None:
                yield variable.group()


@rule("R117", looks_at="slip")
def _old_version_in_slip(slip: Slip) -> Iterator[Problem]:
    """The old version in a document of an app, whose statements all become 2012-10-17."""
    if slip.kind == "version":
        message = "Version '2008-10-17': in the app's roles its statements are read as 2012-10-17, with variables"
        yield Problem(message, f"use '{VERSION}'", severity=WARNING)


@rule("R118", ERROR, looks_at="document")
def unknown_version(document: PolicyDocument) -> Iterator[Problem]:
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
    version = document.raw.get("Version", VERSION) if isinstance(document.raw, dict) else VERSION
    if isinstance(version, str) and version not in (VERSION, OLD_VERSION) and not is_unfilled(version):
        message = f"Version {version!r} does not exist: it is the version of the language, not a date"
        yield Problem(message, f"use '{VERSION}'", ("Version",))
