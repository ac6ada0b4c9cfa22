"""Elements of policies and statements that are missing, misplaced, or spelt as IAM takes none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.catalogue.types import access_of
from remit.documents.foreign_text import is_unfilled, without_unfilled
from remit.iam.policy import OLD_VERSION, VERSION
from remit.lint.elements import DOCUMENT, STATEMENT, has, is_policy, unknown
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule
from remit.lint.rule_inputs import IDENTITY, RESOURCE, TRUST, PolicyDocument, WrittenStatement
from remit.template.policy_documents import included_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip


@rule("R101", ERROR, looks_at="shape")
def no_effect(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has no Effect.

    IAM refuses the document (MalformedPolicyDocument). remit never guesses whether Allow or Deny was meant.

    Flagged:

        {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "IAM JSON policy elements: Effect" (IAM User Guide).
    """
    if not has(written.value, "Effect"):
        yield Problem("the statement has no 'Effect': IAM refuses it", "add 'Effect': 'Allow' (or 'Deny')")


@rule("R104", ERROR, looks_at="shape")
def no_action(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has neither Action nor NotAction.

    IAM refuses the document.

    Flagged:

        {"Effect": "Allow", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements: Action" (IAM User Guide).
    """
    if not has(written.value, "Action"):
        message = "the statement has no 'Action' and no 'NotAction': IAM refuses it"
        yield Problem(message, "add 'Action': 'service:Operation'")


@rule("R106", ERROR, looks_at="shape")
def no_resource(written: WrittenStatement) -> Iterator[Problem]:
    """A statement of an identity policy has neither Resource nor NotResource.

    IAM refuses the document. Only trust policies have no Resource.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "IAM JSON policy elements: Resource" (IAM User Guide).
    """
    if written.document.kind == IDENTITY and not has(written.value, "Resource"):
        hint = "add 'Resource': an ARN, or '*' if it must be everything"
        yield Problem("the statement has no 'Resource': an identity policy must say on what", hint)


@rule("R109", ERROR, looks_at="shape")
def no_principal(written: WrittenStatement) -> Iterator[Problem]:
    """A statement of a trust policy, or of another resource's policy, does not say who.

    IAM refuses a trust policy without Principal, and the services refuse resource policies without it.

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole}

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide).
    """
    document = written.document
    kind = "a trust policy" if document.kind == TRUST else "the policy of a resource"
    is_declared = document.kind == RESOURCE and document.names is None and document.sure
    is_asked = is_declared or access_of(document.types.get(document.title, "")).policies == "resource"
    if (document.kind == TRUST or is_asked) and not has(written.value, "Principal"):
        hint = "add 'Principal': {'Service': …}"
        yield Problem(f"the statement has no 'Principal': {kind} must say who", hint)


_WRAP = 'wrap the statements: {"Version": "2012-10-17", "Statement": [...]}'


@rule("R110", ERROR, looks_at="document")
def no_statement(document: PolicyDocument) -> Iterator[Problem]:
    """A policy document has no Statement.

    IAM refuses it. A single statement must be wrapped in a document; a file with nothing else may be a part of one, which
    is a warning. A document or statements that a tool takes from another file are a note: that file is not looked at.

    Flagged:

        {"Version": "2012-10-17"}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
        ]}

    Source: "IAM JSON policy elements: Statement" (IAM User Guide).
    """
    raw = document.raw
    if document.names is None and isinstance(raw, dict) and not is_policy(raw):
        hint = "a policy has Statement, a template Resources; `remit explain` and `remit diff` read plans of Terraform"
        yield Problem("here is neither a policy document nor a template", hint)
    elif included_file(raw) is not None:
        yield _included("the policy document is", raw, ())
    elif isinstance(raw, dict) and "Statement" not in raw and "Statement" not in unknown(raw, DOCUMENT).values():
        if "Effect" not in raw:
            yield Problem("the document has no 'Statement': IAM refuses it", _WRAP)
        elif document.names is None:  # a file of its own, that a program may put into a policy
            message = "a statement stands where a policy document must: IAM refuses it by itself"
            yield Problem(message, f"fine for a part of a policy; else {_WRAP}", severity=WARNING)
        else:
            yield Problem("a statement stands where a policy document must: IAM refuses it", _WRAP)
    for spot, statement in _included_statements(raw):
        yield _included("statements are", statement, spot)


def _included_statements(raw: Any) -> Iterator[tuple[Spot, Any]]:
    """Yield the statements of a document that name a file to include, each with its spot."""
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    if isinstance(statements, list):
        for index, statement in enumerate(statements):
            if included_file(statement) is not None:
                yield ("Statement", index), statement
    elif included_file(statements) is not None:
        yield ("Statement",), statements


def _included(subject: str, value: Any, spot: Spot) -> Problem:
    message = f"{subject} taken from '{included_file(value)}' by a tool: what stands there is not looked at"
    return Problem(message, "lint that file, too", spot, severity=NOTE)


@rule("R105", ERROR, looks_at="shape")
def both_elements(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has an element and its negative: Action and NotAction, Resource and NotResource, Principal likewise.

    IAM refuses the document: exactly one of each pair may be there.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "NotAction": "s3:DeleteObject", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
    """
    for element in ("Action", "Resource", "Principal"):
        negative = f"Not{element}"
        if element in written.value and negative in written.value:
            message = f"the statement has both '{element}' and '{negative}': IAM allows exactly one of them"
            yield Problem(message, "delete one of them, or split the statement in two", (negative,))


@rule("R107", ERROR, looks_at="shape")
def resource_in_trust_policy(written: WrittenStatement) -> Iterator[Problem]:
    """A trust policy has a Resource or a NotResource.

    The role itself is the resource; IAM refuses the document ("Has prohibited field Resource").

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole", "Resource": "*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "How to use trust policies with IAM roles" (AWS Security Blog).
    """
    for element in ("Resource", "NotResource"):
        if written.document.kind == TRUST and element in written.value:
            message = f"a trust policy has no '{element}': the role itself is the resource, and IAM refuses it"
            yield Problem(message, "remove it", (element,))


@rule("R111", ERROR, looks_at="document")
def unknown_element(document: PolicyDocument) -> Iterator[Problem]:
    """A document or a statement has a key that is not an element of the policy language.

    IAM refuses the document. Element names are case-sensitive.

    Flagged:

        {"effect": "Allow", "action": "s3:GetObject", "resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements reference" (IAM User Guide).
    """
    raw = document.raw
    if isinstance(raw, dict) and "Effect" not in raw and (document.names is not None or is_policy(raw)):
        if included_file(raw) is not None:
            return  # a finding of R110
        yield from _problems(unknown(raw, DOCUMENT), "policy document")


@rule("R111", looks_at="shape")
def _unknown_element_in_shape(written: WrittenStatement) -> Iterator[Problem]:
    """Unknown keys of a statement."""
    yield from _problems(unknown(written.value, STATEMENT), "statement")


def _problems(slips: dict[str, str | None], subject: str) -> Iterator[Problem]:
    """One problem on all unknown keys of a subject, each given with the element that it resembles; none without keys."""
    if not slips:
        return
    names = ", ".join(repr(name) for name in slips)
    meant = ", ".join(f"`{name}`" for name in slips.values() if name)
    cased = any(name and name.lower() == slip.lower() for slip, name in slips.items())
    hint = f"did you mean {meant}?" if meant else f"a {subject} has no such element: remove it"
    why = "element names are case-sensitive, and " if cased else ""
    keys = "key" if len(slips) == 1 else "keys"
    yield Problem(f"the {subject} has unknown {keys} {names}: {why}IAM refuses it", hint, (next(iter(slips)),))


@rule("R114", ERROR, looks_at="shape", needs='Principal"')
def principal_in_identity_policy(written: WrittenStatement) -> Iterator[Problem]:
    """A policy of a role or user has a Principal.

    The role itself is the principal; IAM refuses the document.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide).
    """
    if written.document.kind != IDENTITY:
        return
    for element in ("Principal", "NotPrincipal"):
        if element in written.value:
            message = f"'{element}' is not allowed in an identity policy: the role itself is the principal"
            yield Problem(message, "remove it; who may assume the role stands in its trust policy", (element,))


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


_VARIABLE = re.compile(r"\$\{[a-z0-9-]+:(?!:)[^}]*\}", re.IGNORECASE)


@rule("R117", ERROR, looks_at="document")
def old_version(document: PolicyDocument) -> Iterator[Problem]:
    """A policy with variables is written in the old version of the language, by its Version or because it has none.

    In 2008-10-17, variables such as ${aws:username} are literal text, so that a statement with one matches nothing.
    Without variables the versions mean the same. A document in an app that says 2008-10-17 is a warning: its statements
    are read as 2012-10-17.

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
    for item in document.statements:
        for _, text in item.texts:
            variable = _VARIABLE.search(text)
            if variable is not None:
                message = f"{subject}: {variable.group()} is literal text there, not a variable"
                yield Problem(message, f"use '{VERSION}'", spot)
                return


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
