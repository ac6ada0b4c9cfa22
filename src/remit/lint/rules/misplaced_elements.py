"""Elements that may not stand where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import DOCUMENT, STATEMENT, is_policy, unknown
from remit.lint.finding import ERROR, Problem, rule
from remit.lint.rule_inputs import IDENTITY, TRUST
from remit.template.policy_documents import included_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument, WrittenStatement


@rule("R105", ERROR, looks_at="shape")
def both_elements(written: WrittenStatement) -> Iterator[Problem]:
    """A statement has an element and its negative: Action and NotAction, or Resource and NotResource.

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
    """A trust policy has a Resource.

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
