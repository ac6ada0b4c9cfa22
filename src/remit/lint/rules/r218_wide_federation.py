"""A trust policy lets in more of an identity provider's users than somebody meant.

Whoever has an account at Google, or a workflow at GitHub, gets tokens of that provider: what tells yours from theirs is
a condition on the token's claims.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
       "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
       "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
       "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
       "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                                      "token.actions.githubusercontent.com:sub": "repo:acme/shop:environment:prod"}}}
    ]}

Source: "Create a role for OpenID Connect federation" (IAM User Guide): configuring a role for GitHub.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.tokens import REFERENCE
from remit.lint import conditions, principals
from remit.lint.finding import NOTE, WARNING, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_GITHUB = "token.actions.githubusercontent.com"
_CLAIMS = frozenset(f"{_GITHUB}:{claim}" for claim in ("sub", "repository", "repository_id", "job_workflow_ref"))
"""What tells a workflow of one repository from all others."""
_SUBJECT = r"repo:(?P<owner>[^/:]+)/(?P<repository>[^/:]+):(?P<rest>.+)"


def concerned(text: str) -> bool:
    """Whether a document has federated principals."""
    return '"Federated"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Providers of OpenID Connect without a condition that is theirs; GitHub's without a repository."""
    federated = item.statement.principals
    if not item.allows or federated is None or federated.negated or not item.statement.conditions:
        return  # without any condition R216 tells
    keys = item.keys
    for kind, value in federated.patterns:
        provider = principals.provider(value) if kind == "Federated" else None
        if provider == _GITHUB and keys.isdisjoint(_CLAIMS):
            message = "workflows of every repository of GitHub are let in: nothing compares the token's subject"
            hint = f'compare "{_GITHUB}:sub" with "repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH"'
            yield Problem(message, hint, ("Principal", kind, value))
        elif provider and not any(key.startswith(f"{provider}:") for key in keys):
            message = "everyone with an account at the identity provider is let in: no condition compares its token"
            yield Problem(message, f'compare "{provider}:sub" and "{provider}:aud"', ("Principal", kind, value))
    for condition in item.statement.conditions:
        if condition.key.lower() == f"{_GITHUB}:sub":
            yield from _subjects(condition, keys)


def _subjects(condition: Condition, keys: frozenset[str]) -> Iterator[Problem]:
    for value in condition.values if conditions.name_of(condition) == "StringLike" else ():
        subject = REFERENCE.sub("late-bound", value)
        if is_plain(subject) or "${" in subject:
            continue
        spot = ("Condition", condition.spelled, condition.key, value)
        parts = re.fullmatch(_SUBJECT, subject)
        if parts is None or not (is_plain(parts["owner"]) and is_plain(parts["repository"])):
            message = f"'{value}' lets in more repositories than one, those of others perhaps among them"
            hint = "name the repository and the branch: repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH"
            yield Problem(message, hint, spot)
        elif f"{_GITHUB}:ref" not in keys and not parts["rest"].startswith(("ref:", "environment:")):
            message = f"'{value}' lets in every branch, tag and pull request of the repository"
            yield Problem(message, f"name the branch, or compare {_GITHUB}:ref", spot, NOTE)
