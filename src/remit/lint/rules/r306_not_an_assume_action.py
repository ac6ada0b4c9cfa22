"""A trust policy allows what is no way into a role, or not the way of its principal.

IAM takes actions of STS alone there: "AssumeRole policy may only specify STS AssumeRole actions". Who comes from an
identity provider takes AssumeRoleWithWebIdentity (OIDC) or AssumeRoleWithSAML, everybody else AssumeRole.

Flagged:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "lambda:InvokeFunction"}

Better:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}

Source: "Creating IAM roles", "Actions, resources, and condition keys for AWS Security Token Service" (IAM User Guide,
Service Authorization Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain
from remit.lint.rule_inputs import TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_PLAIN = "sts:AssumeRole"
_ENTRIES = {":oidc-provider/": "sts:AssumeRoleWithWebIdentity", ":saml-provider/": "sts:AssumeRoleWithSAML"}
_WEB = ("cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com")


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """The actions of a trust policy."""
    statement = item.statement
    if item.document.kind != TRUST or statement.actions.negated or statement.principals is None:
        return
    for text in statement.actions.patterns:
        if text.partition(":")[0].lower() != "sts" and "${" not in text and expand(text):
            message = f"'{text}' is no way into a role: a trust policy takes actions of STS alone, and IAM refuses it"
            yield Problem(message, f"did you mean `{_entry(item)}`?", (item.action_element, text))
    assume_actions = [text for text in statement.actions.patterns if text.lower().startswith("sts:assumerole")]
    entry = _entry(item)
    wrong_actions = [text for text in assume_actions if is_plain(text) and text.lower() != entry.lower()]
    if item.allows and wrong_actions and len(wrong_actions) == len(assume_actions) and _alike(item):
        caller = "who comes from an identity provider" if entry != _PLAIN else "an account, a user, a role or a service"
        if entry != _PLAIN and wrong_actions[0] != _PLAIN:
            caller = "who comes from this provider"
        message = f"{caller} never calls {wrong_actions[0]}: nobody is let in"
        yield Problem(message, f"did you mean `{entry}`?", (item.action_element, wrong_actions[0]))


def _alike(item: ParsedStatement) -> bool:
    """Whether all principals of a statement come in by one way, which is known."""
    if item.statement.principals is None or item.principal_element == "NotPrincipal":
        return False
    if item.document.names is not None and ("Service", "lambda.amazonaws.com") in item.principals:
        return False  # R705 tells of functions' roles
    federated = [kind == "Federated" for kind, _ in item.principals]
    return not any(federated) or (all(federated) and _entry(item) != _PLAIN)


def _entry(item: ParsedStatement) -> str:
    """The action by which all of a statement's principals come in."""
    providers = [value for kind, value in item.principals if kind == "Federated"]
    if not providers or len(providers) < len(item.principals):
        return _PLAIN
    for provider in providers:
        for part, entry in _ENTRIES.items():
            if part in provider:
                return entry
    return "sts:AssumeRoleWithWebIdentity" if providers[0] in _WEB else _PLAIN
