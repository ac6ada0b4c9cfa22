"""The roles that files hold: templates of CloudFormation and SAM, plans of Terraform; or that they hold policies."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.documents.read import read
from remit.errors import RemitError
from remit.review.access_change import NotCompared, Review
from remit.review.template_changes import review_reads, review_templates
from remit.template.nested_templates import STACK, Beside, whole_templates
from remit.template.role_files import read_source
from remit.template.settled_values import settled_source
from remit.template.terraform.plan import read_plan
from remit.template.written_template import is_template

if TYPE_CHECKING:
    from pathlib import Path


_TEMPLATE: Final = frozenset(("Resources", "AWSTemplateFormatVersion"))
_SECTION: Final = re.compile(rb"^[^\w\n]*(Resources|AWSTemplateFormatVersion)['\"]?[ \t]*:", re.MULTILINE)
"""A section of a template in YAML, whatever its indentation and quotes are."""
_PLAN: Final = frozenset(("planned_values", "terraform_version"))


def holds_roles(content: bytes) -> bool:
    """Return whether a file is a template or a plan, not a policy.

    What is neither is read as a policy, and refused there.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        # YAML is read once it is known what it holds: a line that begins a section tells enough.
        return _SECTION.search(content) is not None
    return isinstance(value, dict) and not (_TEMPLATE | _PLAN).isdisjoint(value)


def review_files(old: tuple[bytes, str], new: tuple[bytes, str], beside: tuple[Beside, Beside] | None = None) -> Review:
    """The review of two templates or plans, each as bytes and name. RemitError at line and column.

    Templates with conditions are compared in every way in which those may turn out; parameters are put equal. Nested
    templates that are among the files `beside` the old one and the new one are read with them.
    """
    before, after = settled_source(read(*old)), settled_source(read(*new))
    if not (is_template(before.value) and is_template(after.value)):
        return review_reads(read_source(before), before.file, read_source(after), after.file)
    if beside is None:
        return review_templates(before, after)
    wholes = whole_templates(before, after, beside)
    reviewed = review_templates(*(whole.source for whole in wholes))
    unread = {name: why for whole in wholes for name, why in whole.problems.items()}
    notes = (f"nested template {name}: {why}" for name, why in unread.items())
    not_compared = (NotCompared(STACK, name, "", "other template") for name in unread)
    return replace(
        reviewed,
        notes=(*reviewed.notes, *notes),
        not_compared=tuple(dict.fromkeys((*reviewed.not_compared, *not_compared))),
    )


def beside_file(path: Path) -> Beside:
    """A function that reads the files beside one on this machine.

    It gives None for a file that is not there, or beside standard input. RemitError (2) from it: the file cannot be
    read.
    """

    def content(name: str) -> tuple[bytes, str] | None:
        """The content and path of a file beside it; None: there is none, or stdin was read.

        RemitError (2): it is unreadable.
        """
        file = path.parent / name
        try:
            return (file.read_bytes(), str(file)) if str(path) != "-" and file.is_file() else None
        except OSError as error:
            raise RemitError(f"{file} cannot be read: {error.strerror}") from None

    return content


def plan_review(content: bytes, file: str) -> Review:
    """The review of a Terraform plan's two sides. RemitError at line and column."""
    plan = read_plan(content, file)
    return review_reads(plan.before, f"{file}, before", plan.after, f"{file}, after")
