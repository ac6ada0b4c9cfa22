"""Read the roles of a file's bytes, as the commands do in two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.documents.read import read
from remit.template.role_files import policy_source, read_source, template_source

if TYPE_CHECKING:
    from remit.template.roles import FileRoles


def read_roles(content: bytes, file: str) -> FileRoles:
    """The roles of a policy document, a template or a plan."""
    return read_source(read(content, file))


def read_policy(content: bytes, file: str) -> FileRoles:
    """A policy document, which counts as a role."""
    return policy_source(read(content, file))


def read_template(content: bytes, file: str) -> FileRoles:
    """The roles of a template or a plan."""
    return template_source(read(content, file))
