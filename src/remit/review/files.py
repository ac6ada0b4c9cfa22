"""The roles that files hold: templates of CloudFormation and SAM, plans of Terraform; or that they hold policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.review.change import Version
from remit.templates.files import read_roles
from remit.templates.plan import read_plan

if TYPE_CHECKING:
    from remit.templates.roles import Read

_RUN: Final = {"AWS::Lambda::Function": "Role", "aws_lambda_function": "role"}
"""A function's type, and the property that says under which role it runs."""
_TEMPLATE: Final = frozenset(("Resources", "AWSTemplateFormatVersion"))
_PLAN: Final = frozenset(("planned_values", "terraform_version"))


def holds_roles(data: bytes) -> bool:
    """Whether a file is a template or a plan, not a policy. What is neither is read as a policy, and refused there."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        lines = data.splitlines()
        return any(line.startswith(f"{key}:".encode()) for key in _TEMPLATE for line in lines)
    return isinstance(value, dict) and not (_TEMPLATE | _PLAN).isdisjoint(value)


def file_version(data: bytes, file: str) -> tuple[Version, tuple[str, ...]]:
    """The roles of a template or a plan, and what was not read of it. RemitError at line and column."""
    return _version(read_roles(data, file), file)


def plan_versions(data: bytes, file: str) -> tuple[Version, Version, tuple[str, ...]]:
    """The roles before and after a Terraform plan, and what was not read of it. RemitError as above."""
    plan = read_plan(data, file)
    before, notes = _version(plan.before, f"{file}, before")
    after, more = _version(plan.after, f"{file}, after")
    return before, after, tuple(dict.fromkeys((*notes, *more)))


def _version(read: Read, where: str) -> tuple[Version, tuple[str, ...]]:
    served = {name for role in read.roles for name in role.functions}
    others = {
        one.logical_id: _text(role)
        for one in read.resources
        if one.type in _RUN and one.logical_id not in served and (role := one.properties.get(_RUN[one.type]))
    }
    return Version(where, read.roles, documents=read.documents, others=others), read.notes


def _text(value: Any) -> str:
    return tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else str(value)
