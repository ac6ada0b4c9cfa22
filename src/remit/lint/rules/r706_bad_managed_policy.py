"""A managed policy or a permissions boundary that is not a policy's ARN, or one that AWS does not have.

The role cannot be created.

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

Source: "AWS Managed Policy Reference Guide" (AWS).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.catalogue.quotas import quota
from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.catalogue.types import access_of
from remit.errors import did_you_mean
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

SEVERITY = ERROR
_ARN = re.compile(r"arn:[^:]+:iam::(?:aws|\d{12}|\*):policy/[\w+=,.@/-]+")
_OF_SAM = "Policies"
"""The property that takes policies of every form."""


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """What roles, users and groups are given by ARN."""
    for name, resource in written.resources.items():
        properties = resource.get("Properties")
        given = access_of(str(resource["Type"])).managed
        if not given or not isinstance(properties, dict):
            continue
        path: Spot = ("Resources", name, "Properties")
        if given == _OF_SAM:
            yield from _named(properties.get(given), (*path, given))
        else:
            arns = properties.get(given)
            yield from _too_many(name, arns, (*path, given))
            for index, arn in enumerate(arns if isinstance(arns, list) else ()):
                yield from _problem(arn, (*path, given, index), "managed policy")
        if "PermissionsBoundary" in properties:
            yield from _problem(
                properties["PermissionsBoundary"], (*path, "PermissionsBoundary"), "permissions boundary"
            )


def _named(policies: Any, path: Spot) -> Iterator[Problem]:
    """SAM takes AWS's own policies by their names, too."""
    for item in items(policies, path):
        one, at = item.value, item.path
        if not isinstance(one, str) or (":" not in one and managed_policy(one) is not None):
            continue
        if ":" in one or "/" in one:
            yield from _problem(one, at, "managed policy")
        elif sam_policy(one) is not None:
            message = f"'{one}' is one of SAM's policy templates, and needs its parameters"
            yield Problem(message, f"{one}: {{…}}", at)
        elif not one.startswith("${"):
            near = _near(one) or did_you_mean(one, sam_policies())
            yield Problem(f"AWS has no managed policy '{one}'", near, at, ERROR if near else WARNING)


def _near(name: str) -> str | None:
    """The policy that a name cut short begins, or that it resembles."""
    known = managed_policies()
    longer = min((one for one in known if one.startswith(name)), key=len, default=None)
    return f"did you mean `{longer}`?" if longer else did_you_mean(name, known)


def _too_many(name: str, arns: Any, spot: Spot) -> Iterator[Problem]:
    most = quota("iam.role.managed").most
    if isinstance(arns, list) and len(arns) > most:
        message = f"{name} has {len(arns)} managed policies; IAM allows {most} unless AWS has raised the quota"
        yield Problem(message, "grant what is used of them in a policy instead", spot)


def _problem(value: Any, spot: Spot, what: str) -> Iterator[Problem]:
    text = tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else value
    if not isinstance(text, str):
        return
    text = text.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", "111122223333")
    if "${" in text:
        return
    if not _ARN.fullmatch(text):
        found = managed_policy(text)
        hint = f"did you mean '{found.arn('aws')}'?" if found else "arn:aws:iam::ACCOUNT:policy/NAME"
        yield Problem(f"'{text}' is not an ARN of a policy: the {what} is refused", hint, spot)
    elif ":iam::aws:policy/" in text and managed_policy(text) is None:
        name = text.rpartition("/")[2]
        found = managed_policy(name)
        near = f"did you mean '{found.arn('aws')}'?" if found else _near(name)
        message = f"AWS has no managed policy '{text.partition(':policy/')[2]}'"
        yield Problem(message, near, spot, ERROR if near else WARNING)
