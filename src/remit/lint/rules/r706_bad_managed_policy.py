"""A managed policy or a permissions boundary that is not a policy's ARN, or one that AWS does not have.

The role cannot be created. Nor can it with the policy of a service-linked role, which IAM attaches to that role alone.

Flagged:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns: ["arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"]

Better:

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]

Source: "AWS Managed Policy Reference Guide" (AWS); "AttachRolePolicy" (IAM API Reference: PolicyNotAttachable).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.meant_names import nearest_managed_policy
from remit.catalogue.quotas import quota
from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.catalogue.types import access_of
from remit.did_you_mean import did_you_mean
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.reference_samples import settled
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_ARN = re.compile(r"arn:[^:]+:iam::(?:aws|\d{12}|\*):policy/[\w+=,.@/-]+")
_OF_SERVICE_LINKED_ROLE = ":policy/aws-service-role/"
_ATTACHED = "managed policy"
_MADE_BY_SERVICE = "leave it out: the service makes the role that has it"
_OF_SAM = "Policies"
"""The property that takes policies of every form."""


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """What roles, users and groups are given by ARN."""
    for name, kind, properties in written.with_properties():
        element = access_of(kind).managed
        if not element:
            continue
        path: Spot = ("Resources", name, "Properties")
        if element == _OF_SAM:
            yield from _named(properties.get(element), (*path, element))
        else:
            arns = properties.get(element)
            yield from _too_many(name, arns, (*path, element))
            for index, arn in enumerate(arns if isinstance(arns, list) else ()):
                yield from _problem(arn, (*path, element, index), _ATTACHED)
        if "PermissionsBoundary" in properties:
            yield from _problem(
                properties["PermissionsBoundary"], (*path, "PermissionsBoundary"), "permissions boundary"
            )


def _named(policies: Any, path: Spot) -> Iterator[Problem]:
    """SAM takes AWS's own policies by their names, too."""
    for item in items(policies, path):
        policy, at = item.value, item.path
        if not isinstance(policy, str) or (":" not in policy and managed_policy(policy) is not None):
            continue
        if ":" in policy or "/" in policy:
            yield from _problem(policy, at, _ATTACHED)
        elif sam_policy(policy) is not None:
            message = f"'{policy}' is one of SAM's policy templates, and needs its parameters"
            yield Problem(message, f"{policy}: {{…}}", at)
        elif not policy.startswith("${"):
            hint = _nearest_policy(policy) or did_you_mean(policy, sam_policies())
            yield Problem(f"AWS has no managed policy '{policy}'", hint, at, ERROR if hint else WARNING)


def _nearest_policy(name: str) -> str | None:
    meant = nearest_managed_policy(name)
    return None if meant is None else f"did you mean `{meant}`?"


def _too_many(name: str, arns: Any, spot: Spot) -> Iterator[Problem]:
    most = quota("iam.role.managed").most
    if isinstance(arns, list) and len(arns) > most:
        message = f"{name} has {len(arns)} managed policies; IAM allows {most} unless AWS has raised the quota"
        yield Problem(message, "grant what is used of them in a policy instead", spot)


def _problem(value: Any, spot: Spot, purpose: str) -> Iterator[Problem]:
    text = tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else value
    if not isinstance(text, str):
        return
    text = settled(text)
    if "${" in text or "{{resolve:" in text:
        return  # only the deploy knows it
    if not _ARN.fullmatch(text):
        hint = _full_arn(text) or "arn:aws:iam::ACCOUNT:policy/NAME"
        yield Problem(f"'{text}' is not an ARN of a policy: the {purpose} is refused", hint, spot)
    elif ":iam::aws:policy/" in text and managed_policy(text) is None:
        name = text.rpartition("/")[2]
        meant = _full_arn(name) or _nearest_policy(name)
        message = f"AWS has no managed policy '{text.partition(':policy/')[2]}'"
        yield Problem(message, meant, spot, ERROR if meant else WARNING)
    elif _OF_SERVICE_LINKED_ROLE in text and purpose == _ATTACHED:
        message = f"'{text}' is the policy of a service-linked role: IAM attaches it to no other"
        yield Problem(message, _MADE_BY_SERVICE, spot)


def _full_arn(name: str) -> str | None:
    policy = managed_policy(name)
    if policy is None:
        return None
    arn = policy.arn("aws")
    return _MADE_BY_SERVICE if _OF_SERVICE_LINKED_ROLE in arn else f"did you mean '{arn}'?"
