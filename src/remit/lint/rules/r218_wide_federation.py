"""A trust policy lets in more of an identity provider's users than somebody meant.

Whoever has an account at Google, or a workflow at GitHub or GitLab, gets tokens of that provider: what tells yours from
theirs is a condition on the token's claims.

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

Source: "Create a role for OpenID Connect federation" (IAM User Guide): configuring a role for GitHub;
"Configure OpenID Connect in AWS" (GitLab Docs).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from remit.iam.tokens import REFERENCE
from remit.lint import conditions, principals
from remit.lint.finding import NOTE, WARNING, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_GITHUB, _GITLAB = "token.actions.githubusercontent.com", "gitlab.com"


class _Forge(NamedTuple):
    """A service whose workflows get tokens: the claims that tell one repository's from all others, and its subjects."""

    name: str
    claims: tuple[str, ...]
    subject: str
    example: str


_FORGES = {
    _GITHUB: _Forge(
        "GitHub",
        ("sub", "repository", "repository_id", "job_workflow_ref"),
        r"repo:(?P<owner>[^/:]+)/(?P<repository>[^/:]+):(?P<rest>.+)",
        "repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH",
    ),
    _GITLAB: _Forge(
        "GitLab",
        ("sub", "project_path", "project_id", "namespace_path", "namespace_id"),
        r"project_path:(?P<owner>[^:]+)/(?P<repository>[^/:]+):(?P<rest>.+)",
        "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
    ),
}
_OF_ONE_BRANCH = ("ref:", "environment:", "ref_type:branch:ref:", "ref_type:tag:ref:")
_LATE = "late-bound"


def concerned(text: str) -> bool:
    """Whether a document has federated principals."""
    return '"Federated"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Providers of OpenID Connect without a condition that is theirs; GitHub and GitLab without a repository."""
    federated = item.statement.principals
    if not item.allows or federated is None or federated.negated or not item.statement.conditions:
        return  # without any condition R216 tells
    keys = item.keys
    for kind, value in federated.patterns:
        provider = principals.provider(value) if kind == "Federated" else None
        forge = _FORGES.get(provider or "")
        if forge is not None and keys.isdisjoint(f"{provider}:{claim}" for claim in forge.claims):
            message = f"workflows of every repository of {forge.name} are let in: nothing compares the token's subject"
            hint = f'compare "{provider}:sub" with "{forge.example}"'
            yield Problem(message, hint, ("Principal", kind, value))
        elif provider and not any(key.startswith(f"{provider}:") for key in keys):
            message = "everyone with an account at the identity provider is let in: no condition compares its token"
            yield Problem(message, f'compare "{provider}:sub" and "{provider}:aud"', ("Principal", kind, value))
    for condition in item.statement.conditions:
        for provider, forge in _FORGES.items():
            if condition.key.lower() == f"{provider}:sub":
                yield from _subjects(condition, keys, provider, forge)


def _subjects(condition: Condition, keys: frozenset[str], provider: str, forge: _Forge) -> Iterator[Problem]:
    for value in condition.values if conditions.name_of(condition) == "StringLike" else ():
        # a parameter may be the owner and the repository: `repo:${Repository}:*`
        subject = re.sub(rf":{_LATE}(?=:)", f":{_LATE}/{_LATE}", REFERENCE.sub(_LATE, value))
        if is_plain(subject) or "${" in subject:
            continue
        spot = ("Condition", condition.spelled, condition.key, value)
        parts = re.fullmatch(forge.subject, subject)
        if parts is None or not (is_plain(parts["owner"]) and is_plain(parts["repository"])):
            message = f"'{value}' lets in more repositories than one, those of others perhaps among them"
            hint = f"name the repository and the branch: {forge.example}"
            yield Problem(message, hint, spot)
        elif f"{provider}:ref" not in keys and not parts["rest"].startswith(_OF_ONE_BRANCH):
            message = f"'{value}' lets in every branch, tag and pull request of the repository"
            yield Problem(message, f"name the branch, or compare {provider}:ref", spot, NOTE)
