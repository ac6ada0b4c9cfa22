"""The calls that put a role back as its template has it, each as a value: made by `revert`, shown as a command.

Source: IAM API Reference and Lambda API Reference, the page of each call. Every one may be made again.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.deployed_references import filled, is_known, is_open
from remit.iam.policy import Policy, render
from remit.roles.reference_names import fill_policy_with_principals, fill_references, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.holders import Holder

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONG: Final = frozenset({
    "AssumeRolePolicyDocument", "AttributeValue", "Policy", "PolicyDocument", "ResourcePolicy",
})  # fmt: skip
_COPIED: Final = ("Path", "Description", "Tags")
"""Properties of a role that CreateRole takes as they are."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One call: the service and method of boto3, and its parameters by name.

    `until` is boto3's waiter for a call that takes effect a moment later; the waiter is given the first parameter.
    """

    service: str
    method: str
    parameters: tuple[tuple[str, Any], ...]
    until: str = ""

    @property
    def operation(self) -> str:
        """Its name in the API's reference: `iam.DeleteRolePolicy`."""
        return f"{self.service}.{self.method.title().replace('_', '')}"

    @property
    def command(self) -> str:
        """The same as a command of the AWS CLI, with documents left out."""
        service = {"s3": "s3api"}.get(self.service, self.service)
        words = [f"aws {service} {self.method.replace('_', '-')}"]
        for name, value in self.parameters:
            option = _WORDS.sub("-", name).lower()
            words.append(f"--no-{option}" if value is False else f"--{option}")
            if not isinstance(value, bool):
                text = value if isinstance(value, str) else json.dumps(value)
                words.append("…" if name in _LONG or isinstance(value, dict) else shlex.quote(text))
        return " ".join(words)


def method_of(operation: str) -> str:
    """The name of boto3's method for an operation: `delete_role_policy` for `DeleteRolePolicy`."""
    return _WORDS.sub("_", operation).lower()


def repair(operation: str, until: str = "", **parameters: Any) -> Repair:
    """A call such as `lambda.RemovePermission`, by its parameters."""
    service, name = operation.split(".")
    return Repair(service, method_of(name), tuple(parameters.items()), until)


def put_inline(role: str, name: str, policy: Policy) -> Repair:
    """The call that writes an inline policy, over another of its name."""
    document = json.dumps(render(policy))
    return repair("iam.PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=document)


def make_role(declared: Holder, own: Mapping[str, Any], name: str, names: Mapping[str, str]) -> tuple[Repair, ...]:
    """The calls that make a role again, with all that its template gives it; none where a part of that is not known.

    `own` are the properties that the template writes, and `names` the values of references. CreateRole comes first,
    then the inline policies and the managed ones. Stacks refer to a role by its name, so CloudFormation takes it for
    the one that it made.
    """
    trust = fill_policy_with_principals(declared.trust_policy, names)
    inline = {
        fill_references(policy, names): fill_policy_with_principals(document, names)
        for policy, document in declared.inline.items()
    }
    attached = [fill_references(arn, names) for arn in declared.attached]
    properties = {name: filled(own[name], names) for name in _COPIED if name in own}
    if "MaxSessionDuration" in own:
        # CloudFormation takes a number that is written as text; the SDK does not.
        properties["MaxSessionDuration"] = int(own["MaxSessionDuration"])
    boundary = "" if declared.boundary is None else fill_references(declared.boundary, names)
    if boundary:
        properties["PermissionsBoundary"] = boundary
    has_open_text = any(references(text) for text in (*inline, *attached, boundary))
    has_open_document = any(is_open(document) for document in (trust, *inline.values()))
    if not declared.is_inline_known or not trust.statements or has_open_text or has_open_document:
        return ()
    if not is_known(properties):
        return ()
    trust_text = json.dumps(render(trust))
    created = {"RoleName": name, "AssumeRolePolicyDocument": trust_text, **properties}
    repairs = [repair("iam.CreateRole", "role_exists", **created)]
    repairs += [put_inline(name, policy, document) for policy, document in inline.items()]
    repairs += [repair("iam.AttachRolePolicy", RoleName=name, PolicyArn=arn) for arn in attached]
    return tuple(repairs)
