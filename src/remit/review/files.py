"""The roles that files hold: templates of CloudFormation and SAM, plans of Terraform; or that they hold policies."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.review.beside import giving
from remit.review.change import Version
from remit.review.changes import review
from remit.review.worlds import merged
from remit.templates.branches import conditions_in
from remit.templates.files import is_template, read_source
from remit.templates.plan import read_plan
from remit.templates.read import read
from remit.templates.roles import roles_in
from remit.templates.settled import settled_source
from remit.templates.worlds import MOST, bearing, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Role
    from remit.review.change import Review
    from remit.templates.roles import Read

_RUN: Final = {"AWS::Lambda::Function": "Role", "aws_lambda_function": "role"}
"""A function's type, and the property that says under which role it runs."""
_SAYING: Final = ("AWS::SSM::Parameter", "AWS::CloudFormation::", "Custom::")
"""Types whose attributes may say anything."""
_TEMPLATE: Final = frozenset(("Resources", "AWSTemplateFormatVersion"))
_SECTION: Final = re.compile(rb"^[^\w\n]*(Resources|AWSTemplateFormatVersion)['\"]?[ \t]*:", re.MULTILINE)
"""A section of a template in YAML, whatever its indentation and quotes are."""
_PLAN: Final = frozenset(("planned_values", "terraform_version"))


def holds_roles(data: bytes) -> bool:
    """Whether a file is a template or a plan, not a policy. What is neither is read as a policy, and refused there."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _SECTION.search(data) is not None
    return isinstance(value, dict) and not (_TEMPLATE | _PLAN).isdisjoint(value)


def review_files(old: tuple[bytes, str], new: tuple[bytes, str]) -> Review:
    """What changes between two templates or plans, each as bytes and name. RemitError at line and column.

    Templates with conditions are compared in every way in which those may fall out; parameters are put equal.
    """
    one, other = settled_source(read(*old)), settled_source(read(*new))
    if not (is_template(one.value) and is_template(other.value)):
        return _reviewed(read_source(one), one.file, read_source(other), other.file)
    every, complete = worlds(one.value, other.value)
    uncertain = _uncertain(one.value, other.value)
    if _alike(one.value, other.value):
        every = every[:1]  # whatever holds, both are the same
    elif not complete:
        uncertain[""] = f"its conditions may fall out in more than {MOST} ways: not each of them was looked at"
    found = [
        (world, _reviewed(roles_in(world, one), one.file, _noting(roles_in(world, other), uncertain), other.file))
        for world in every
    ]
    return merged(found)


def _alike(old: Any, new: Any) -> bool:
    """Whether all that bears on roles is the same text in both."""
    return bearing(old) == bearing(new) and all(
        old.get(section) == new.get(section) for section in ("Conditions", "Parameters", "Mappings")
    )


def _reviewed(old: Read, before: str, new: Read, after: str) -> Review:
    found = review(_version(old, before), _version(new, after))
    return replace(found, notes=tuple(dict.fromkeys((*old.notes, *new.notes, *found.notes))))


def _uncertain(old: Any, new: Any) -> dict[str, str]:
    """What may be another text now where a role refers to it, by the text that does so."""
    found: dict[str, str] = {}
    for name, (before, after) in _both(old, new, "Parameters"):
        was, now = (one.get("Default") if isinstance(one, dict) else None for one in (before, after))
        if was != now:
            hidden = any(isinstance(one, dict) and "NoEcho" in one for one in (before, after))
            told = "" if hidden else f": {now} in place of {was}"
            sentence = f"parameter {name}, on which it depends, has another default{told}"
            found |= dict.fromkeys((f"${{{name}}}", f'{{"Ref":"{name}"}}'), sentence)
            if _decides(name, old) or _decides(name, new):
                found[""] = sentence
    for name, (before, after) in _both(old, new, "Mappings"):
        if before != after:
            found[f'{{"Fn::FindInMap":["{name}"'] = f"mapping {name}, on which it depends, is not what it was"
    for name, (before, after) in _both(old, new, "Resources"):
        if before != after and any(_says_anything(one) for one in (before, after)):
            sentence = f"{name}, on which it depends, is not what it was: what it gives is known at the deploy only"
            found |= dict.fromkeys((f"${{{name}}}", f"${{{name}."), sentence)
    return found


def _says_anything(resource: Any) -> bool:
    """Whether what a resource's attributes say is in its properties, or in somebody's code, and not made by AWS."""
    kind = resource.get("Type") if isinstance(resource, dict) else None
    return isinstance(kind, str) and kind.startswith(_SAYING)


def _both(old: Any, new: Any, section: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    one, other = (found if isinstance(found := value.get(section), dict) else {} for value in (old, new))
    yield from ((str(name), (one[name], other[name])) for name in one if name in other)


def _decides(name: str, template: Any) -> bool:
    """Whether conditions that bear on roles look at a parameter."""
    conditions = json.dumps(template.get("Conditions"), default=str)
    return f'{{"Ref": "{name}"}}' in conditions and any(conditions_in(bearing(template)))


def _noting(read: Read, uncertain: Mapping[str, str]) -> Read:
    """The roles with a note on each thing that they refer to and that may be something else now."""
    return replace(read, roles=tuple(_noted(role, uncertain) for role in read.roles)) if uncertain else read


def _noted(role: Role, uncertain: Mapping[str, str]) -> Role:
    text = repr(([grant.statement for grant in role.grants], role.managed, role.boundary, role.trust))
    notes = dict.fromkeys(sentence for mention, sentence in uncertain.items() if mention in text)
    return replace(role, notes=(*role.notes, *notes))


def plan_review(data: bytes, file: str) -> Review:
    """What a Terraform plan changes. RemitError as above."""
    plan = read_plan(data, file)
    return _reviewed(plan.before, f"{file}, before", plan.after, f"{file}, after")


def _version(read: Read, where: str) -> Version:
    served = {name for role in read.roles for name in role.functions}
    others = {
        one.logical_id: tokens.text_of(role)
        for one in read.resources
        if one.type in _RUN and one.logical_id not in served and (role := one.properties.get(_RUN[one.type]))
    }
    return Version(where, read.roles, documents=read.documents, others=others, giving=giving(read.resources))
