"""A trust policy or a resource's policy that lets anyone in.

Principal "*" without a condition means every account, and for some services everyone on the internet.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
    ]}

Source: "AWS JSON policy elements: Principal" (IAM User Guide): all principals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem
from remit.lint.principals import provider
from remit.lint.rule_inputs import RESOURCE, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_EVERYONE = ((("AWS", "*"), ("*", "*")), (("AWS", "*"),))
"""Everyone, in the policy of a resource and in a trust policy, where `"Principal": "*"` is refused: R138 reports it."""


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Allow for everyone, or for everyone but a few, without conditions."""
    principals = item.statement.principals
    if (
        not item.allows
        or principals is None
        or item.statement.conditions
        or item.document.kind not in (RESOURCE, TRUST)
    ):
        return  # other kinds have no Principal, which R114 and R141 report, or let nobody in by themselves
    if principals.negated and item.document.kind == TRUST:
        return  # IAM refuses NotPrincipal there: R138 reports it
    if principals.negated:
        yield Problem("Allow with NotPrincipal lets in everyone else", "name who may, in Principal", ("NotPrincipal",))
    elif any((kind, value) in _EVERYONE[item.document.kind == TRUST] for kind, value in principals.patterns):
        admitted = (
            "everyone: every account, and the public"
            if item.document.kind == RESOURCE
            else "everyone, of every account"
        )
        message = f"Principal '*' without a condition lets in {admitted}"
        yield Problem(
            message, "name the account, or add aws:PrincipalOrgID, aws:SourceArn or aws:SourceAccount", ("Principal",)
        )
    elif principals.patterns and all(kind == "Federated" and provider(value) for kind, value in principals.patterns):
        message = "without a condition everyone with an account at the identity provider is let in"
        yield Problem(message, "compare the provider's :sub and :aud", ("Principal", *principals.patterns[0]))
