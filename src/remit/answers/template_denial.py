"""Why an access was denied, asked of the roles and users of a template or plan: which it was, and what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.answers.advice import DEPLOYER_COMMAND, advice, advice_here
from remit.answers.denied_request import Cause, role_and_session, user_name
from remit.answers.template_roles import Conditions, explain_in
from remit.answers.why import asked_resource, is_beyond_boundary, on_missing_object, why
from remit.roles.reference_names import names_in
from remit.roles.reference_shapes import shapes_of
from remit.roles.role_policies import ready_role
from remit.template.role_files import template_source
from remit.template.settled_values import settled_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.answers.denial import Denial
    from remit.answers.explanation import Explanation
    from remit.app import Resource
    from remit.documents.read import ParsedFile
    from remit.holders import Holder
    from remit.template.roles import FileRoles

_NAMES: Final = ("RoleName", "UserName", "FunctionName", "StateMachineName", "name", "function_name")
"""Properties that name what a role, a user or a function is called, CloudFormation's and Terraform's."""
_RANDOM: Final = re.compile(r"[A-Za-z0-9]{4,16}")


def why_of(denial: Denial, source: ParsedFile) -> Cause:
    """Find the cause of a denial, as far as the roles and users of a file tell.

    Where the message names nobody, all roles are asked. RemitError: the file is no template, or cannot be read as one.
    """
    source = settled_source(source)
    read = template_source(source)
    cause = why(denial, None)
    if cause.obstacle is not None:
        return cause
    callers = (*read.roles, *(user for user in read.users if user.kind == "user"))
    matching_roles = tuple(caller for caller in callers if _is_asker(caller, denial, read.resources))
    nobody = denial.principal is None and not denial.deploying  # CloudFormation asks for whoever deploys
    roles = matching_roles
    if not roles and nobody:
        roles = read.roles
    answers: tuple[Explanation, ...] = ()
    if denial.layer not in ("trust", "other"):
        answers = tuple(_answers(cause, roles, read, Conditions(source)))
    cause = replace(cause, answers=answers)
    deployer_command = None if matching_roles else f"{DEPLOYER_COMMAND} {source.file}"
    own_advice = advice_here(cause, None, deployer_command=deployer_command)
    cause = replace(cause, advice=(*advice(denial), *own_advice))
    if not answers and (denial.principal is None or denial.layer not in (None, "identity")):
        return cause
    if not answers:  # whoever asked is none of the template's, as far as the message tells
        stranger = f"whoever asked is not a {'role' if user_name(denial) is None else 'user'} of the template"
        layer_conclusion = "" if denial.layer is None else f"{cause.conclusion}; "
        return replace(cause, conclusion=f"{layer_conclusion}{stranger}")
    unread = cause.unread
    boundaries = [role.boundary for role in roles if role.boundary is not None]
    if all(boundary in read.documents for boundary in boundaries):
        unread = tuple(layer for layer in unread if layer != "the permissions boundary")
    conclusion = _conclusion(cause, matching_roles)
    if denial.layer in (None, "identity"):  # else the layer's conclusion has it
        conclusion = on_missing_object(cause) + conclusion
    return replace(cause, conclusion=conclusion, unread=unread)


def _answers(cause: Cause, roles: tuple[Holder, ...], read: FileRoles, conditions: Conditions) -> Iterator[Explanation]:
    """The explanations of the actions for each of some roles, in the ways in which the conditions may turn out."""
    denial = cause.denial
    names = {**shapes_of(read.resources).texts, **names_in("*", read.resources)}
    principal = denial.principal if (denial.principal or "").startswith("arn:") else None
    for role in roles:
        evaluated_role = ready_role(role, names, read.documents)
        for action in cause.actions:
            resource = asked_resource(denial, evaluated_role, action)
            yield explain_in(conditions, evaluated_role, role.title, action, resource, principal=principal)


def _is_asker(role: Holder, denial: Denial, resources: tuple[Resource, ...]) -> bool:
    """Return whether it was this role or user: by its name, or by that of a function that runs under it."""
    name, session = role_and_session(denial)
    if role.kind == "user":
        name = user_name(denial)
    own_names: dict[str, str] = {}
    for resource in resources:
        for value in map(resource.properties.get, _NAMES):
            if isinstance(value, str):
                own_names[resource.logical_id] = value
    if name is not None and _is_named(name, role.logical_id, own_names):
        return True
    return session is not None and any(_is_named(session, function, own_names) for function in role.functions)


def _is_named(name: str, logical_id: str, own_names: Mapping[str, str]) -> bool:
    """Return whether a name is the given one, or one that CloudFormation makes: `STACK-LogicalId-RANDOM`."""
    if logical_id in own_names:
        return name == own_names[logical_id]
    head, _, end = name.rpartition("-")
    return _RANDOM.fullmatch(end) is not None and head.endswith(f"-{logical_id}")


def _conclusion(cause: Cause, matching_roles: tuple[Holder, ...]) -> str:  # noqa: PLR0911 - one case after the other
    """Word the part that the template's roles play in a denial, in a sentence."""
    answers, layer = cause.answers, cause.denial.layer
    if len(matching_roles) == 1:
        roles, allow, do_not = f"the {matching_roles[0].kind} {matching_roles[0].logical_id}", "allows", "does not"
    else:
        roles, allow, do_not = "the roles of the template", "allow", "do not"
    verdicts = {answer.verdict for answer in answers}
    is_boundary = is_beyond_boundary(answers) and not any(answer.ways for answer in answers)
    if layer not in (None, "identity"):
        verb = f"{allow} it" if verdicts == {"Allowed"} or is_boundary else f"{do_not} allow it either"
        return f"{cause.conclusion}; {roles} {verb}"
    if "ExplicitlyDenied" in verdicts:
        return f"a Deny of {roles} itself says no"
    if is_boundary:
        return f"the permissions boundary of {roles} does not allow it; {roles} {allow} it"
    if "ImplicitlyDenied" in verdicts:
        return f"{roles} {do_not} allow it"
    lacking: list[str] = []
    unknown_keys: list[str] = []
    for answer in answers:
        lacking += [condition for condition, way in answer.ways if way.verdict != "Allowed"]
        unknown_keys += answer.decision.unknown
    if lacking:
        return f"{roles} {do_not} allow it if {', or if '.join(dict.fromkeys(lacking))}"
    if "Unknown" in verdicts:
        keys = ", ".join(dict.fromkeys(unknown_keys))
        return f"{roles} {allow} it on a condition that was not met, or is not known here: {keys}"
    return f"{roles} {allow} it: the deployed one is older, or a layer that is not visible from here says no"
