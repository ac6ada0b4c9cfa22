"""Read the roles of a file, whatever it is: a policy, a CloudFormation or SAM template, a Terraform plan."""

from __future__ import annotations

from dataclasses import replace

from remit.documents.read import ParsedFile, read
from remit.errors import Origin, RemitError
from remit.template.policy_files import ComparisonSide, side_of
from remit.template.roles import FileRoles, policy_role, template_roles
from remit.template.terraform.plan import plan_roles
from remit.template.terraform.state import is_plan
from remit.template.written_template import is_template


def read_source(source: ParsedFile) -> FileRoles:
    """The roles of a policy document, a template or a plan. RemitError at line and column."""
    file = source.file
    is_policy = isinstance(source.value, dict) and "Statement" in source.value and "Resources" not in source.value
    if is_plan(source.value) or (is_template(source.value) and not is_policy):
        return template_source(source)
    if is_policy:
        return policy_role(source.value, file, source.locate)
    raise RemitError(
        f"{file} is not a policy document, a CloudFormation template or a Terraform plan",
        hint="a policy has Statement, a template Resources; `terraform show -json PLAN` prints a plan",
        origin=Origin(file, 1, 1),
    )


def policy_source(source: ParsedFile) -> FileRoles:
    """A policy document, which counts as a role. RemitError at line and column."""
    file = source.file
    if is_template(source.value) or is_plan(source.value):
        kind = "plan" if is_plan(source.value) else "template"
        raise RemitError(
            f"{file} is a {kind}, not a policy document", hint="--template reads it", origin=Origin(file, 1, 1)
        )
    return policy_role(source.value, file, source.locate)


def read_policies(content: bytes, file: str) -> ComparisonSide:
    """A side of a comparison: a policy document, a list of them, or layers; in JSON or YAML. RemitError at the line."""
    source = read(content, file)
    return side_of(source.value, source.locate, source.file)


def template_source(source: ParsedFile) -> FileRoles:
    """The roles of a template or a plan. RemitError at line and column."""
    if is_plan(source.value):
        return plan_roles(source.value, source.file, source.locate)
    read_roles = template_roles(source.value, source.file, source.locate)
    return replace(read_roles, notes=(*source.warnings, *read_roles.notes))
