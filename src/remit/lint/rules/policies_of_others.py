"""Actions and resources that this kind of policy does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.catalogue.types import access_of
from remit.lint.finding import ERROR, Problem, rule
from remit.lint.plain_text import is_plain
from remit.lint.resource_types import acts_on
from remit.lint.rule_inputs import RESOURCE, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

_PLAIN = "sts:AssumeRole"
_ENTRIES = {":oidc-provider/": "sts:AssumeRoleWithWebIdentity", ":saml-provider/": "sts:AssumeRoleWithSAML"}
_WEB = ("cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com")


@rule("R306", ERROR, looks_at="outward", needs='Principal"')
def not_an_assume_action(item: ParsedStatement) -> Iterator[Problem]:
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
    """Return whether all principals of a statement come in by one way, which is known."""
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


@rule("R307", ERROR, looks_at="outward", needs='Principal"')
def resource_of_another_policy(item: ParsedStatement) -> Iterator[Problem]:
    """The policy of a resource names an ARN, or an action, of another service.

    A bucket's policy is about that bucket, a queue's about that queue: the service refuses the rest, or it does nothing.

    Flagged:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
         "Resource": ["arn:aws:s3:::data/*", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"]}

    Better:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
         "Resource": ["arn:aws:s3:::data/*"]}

    Source: "IAM policy validation check reference" (IAM User Guide): unsupported resource ARN in policy, unsupported action
    in policy.
    """
    yield from _actions(item)
    if item.document.kind != RESOURCE or item.statement.actions.negated or len(item.resources) < 2:  # noqa: PLR2004 - one beside it
        return
    vendors = {
        text: arn.service.lower()
        for text, shape in zip(item.resources, item.shapes, strict=True)
        if (arn := parse_arn(shape)) is not None and is_plain(arn.service)
    }
    own_services = item.services.intersection(vendors.values())
    for text, vendor in vendors.items():
        if own_services and vendor not in own_services and not any(acts_on(name, text) for name in item.known_actions):
            message = f"the policy of a resource of {min(own_services)} is about no resource of {vendor}: it is refused"
            yield Problem(
                message, f"grant it in the policy of the {vendor} resource, or of the role", ("Resource", text)
            )


def _actions(item: ParsedStatement) -> Iterator[Problem]:
    kind = item.document.types.get(item.document.title, "")
    if access_of(kind).policies != "resource" or item.unfit:  # then R303 tells
        return
    service = kind.split("::")[1].lower()
    for text in item.statement.actions.patterns:
        prefix = text.partition(":")[0].lower()
        if ":" in text and is_plain(prefix) and prefix != service and expand(text):
            message = f"'{text}' is not an action of {service}, whose policy this is: it is refused"
            yield Problem(message, f"name actions of {service}", (item.action_element, text))
