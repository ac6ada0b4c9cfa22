"""Why an access was denied: who asked for what, which layer said no, what the app's own roles say, and what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.answers.advice import advice, advice_here, advice_on_obstacle, lacks_an_allow
from remit.answers.denied_request import Cause, LoadedApp, account_of, actions_of, caller_of, function_of
from remit.answers.explanation import Explanation, explain
from remit.answers.obstacles import Obstacle, obstacle_in_message
from remit.answers.remedy import remedy, resource_form_of
from remit.answers.unused_actions import unused_actions
from remit.answers.wordings import EXECUTION_ROLE
from remit.app import Function
from remit.catalogue.actions import targets_of
from remit.iam.pattern import matches
from remit.iam.policy import Globs
from remit.iam.request import Request
from remit.roles.role_policies import ready_roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.answers.denial import Denial, LayerName
    from remit.holders import Holder
    from remit.iam.decide.evaluate import Verdict


_LAYER_WORDS: Final[dict[LayerName, str]] = {
    "identity": "the policy of the role or user",
    "boundary": "the permissions boundary",
    "session": "the session policy",
    "resource": "the resource's own policy",
    "trust": "the trust policy of the role that was to be assumed",
    "endpoint": "the policy of the VPC endpoint",
    "scp": "a service control policy of the organization",
    "rcp": "a resource control policy of the organization",
    "other": "a control that is not one of IAM's policies",
}


def why(denial: Denial, project: LoadedApp | None) -> Cause:
    """Find the cause of a denial, as far as it can be told from the app; from the message alone where it is None."""
    function = None if project is None else function_of(project, denial)
    actions = actions_of(denial, project, function)
    cause = Cause(denial, actions, function, obstacle=_obstacle(denial, actions))
    if cause.obstacle is not None:
        return _without_fix(cause, cause.obstacle, project)
    if project is not None:
        is_workflow = any(item.listed_as == function for item in project.app.workflows)
        kind = "workflow" if is_workflow else "function"
        cause = replace(cause, kind=kind, answers=tuple(_answers(cause, project)))
    return replace(
        cause,
        conclusion=on_missing_object(cause) + _conclusion(cause, project),
        advice=(*advice(denial), *advice_here(cause, project)),
        unread=_unread(cause, project),
    )


def _obstacle(denial: Denial, actions: tuple[str, ...]) -> Obstacle | None:
    """The reason why no statement helps, whichever of the actions it was: that of the first one.

    None: one may help with some of them, or no action is known. A resource that the denial does not name counts as `*`.
    """
    first_obstacle = None
    for action in actions:
        obstacle = obstacle_in_message(Request(action, denial.resource or "*", principal=caller_of(denial)))
        if obstacle is None:
            return None
        first_obstacle = first_obstacle or obstacle
    return first_obstacle


def _without_fix(cause: Cause, obstacle: Obstacle, project: LoadedApp | None) -> Cause:
    """The cause as that of a denial which no statement can change: with conclusion, advice, and what is unread."""
    layer_conclusion = _layer_conclusion(cause.denial)
    reason = f"{obstacle.reason}: see {obstacle.source}" if obstacle.source else obstacle.reason
    conclusions = [layer_conclusion] if layer_conclusion else []
    unread: tuple[str, ...] = ()
    if lacks_an_allow(cause.denial):
        conclusions.append(reason)
    else:
        unread = _unread(cause, project)
    all_advice = (*advice(cause.denial), *advice_on_obstacle(cause, obstacle, project))
    return replace(cause, conclusion="; ".join(conclusions), advice=all_advice, unread=unread)


def _answers(cause: Cause, project: LoadedApp) -> Iterator[Explanation]:
    """Yield the explanation of the function's role for each action, with the line that would grant it.

    Where nobody is named, each function of the app is asked. Nothing where a policy that no role has decided it (a
    trust policy, say), where somebody asked who is not of this app, or whoever deploys.
    """
    denial, function = cause.denial, cause.function
    unnamed = function is None and (denial.principal is not None or denial.resource is None)
    if unnamed or denial.layer in ("trust", "other"):  # no policy of this role decides that one
        return
    if function is None and denial.deploying:  # nor of any role of the app
        return
    roles_by_function = ready_roles(project.app, project.roles)
    principal = denial.principal if (denial.principal or "").startswith("arn:") else None
    for action in cause.actions:
        for asker in project.app.triggered:
            name = asker.listed_as
            is_asked = function == name or (function is None and asker in project.app.functions)
            if name not in roles_by_function or not is_asked:
                continue
            role = roles_by_function[name]
            if denial.note == EXECUTION_ROLE:
                role = replace(role, source_arn=None)
            resource = asked_resource(denial, role, action)
            answer = explain(role, name, action, resource, principal=principal)
            granted = "" if answer.resource == "*" and targets_of(action) else answer.resource  # nobody said on which
            fix = remedy(project.app, asker, action, granted, project.folder, account=account_of(denial))
            yield replace(answer, remedy=fix)


def asked_resource(denial: Denial, role: Holder, action: str) -> str:
    """Return the resource in question; where the message does not name it, the role's, else the form of its ARN."""
    if denial.resource is None or (denial.resource == "*" and targets_of(action)):
        return next(iter(granted_on(role, action)), resource_form_of(action))
    return denial.resource


def granted_on(role: Holder, action: str) -> tuple[str, ...]:
    """The resources, as its statements spell them, on which a role allows an action to some request of today.

    Each once, in the order of the statements. A statement with NotAction or NotResource is left out.
    """
    granted_resources: dict[str, None] = {}
    for grant in role.grants:
        actions, resources = grant.statement.actions, grant.statement.resources
        if grant.statement.effect != "Allow" or actions.negated or resources is None or resources.negated:
            continue
        if not any(matches(pattern.lower(), action.lower()) for pattern in actions.patterns):
            continue
        for resource in resources.patterns:
            allowing = replace(grant.statement, actions=Globs((action,)), resources=Globs((resource,)))
            if not unused_actions(allowing, grant.version):
                granted_resources[resource] = None
    return tuple(granted_resources)


def _conclusion(cause: Cause, project: LoadedApp | None) -> str:
    """Word the layer that said no: one that the message names, or the role of the function that asked."""
    denial, answers = cause.denial, cause.answers
    if cause.function is None or not answers:
        return _layer_conclusion(denial) or _unknown_caller_words(cause, project)
    role = f"the role of {cause.function}"
    verdicts = {answer.decision.verdict for answer in answers}
    is_boundary = is_beyond_boundary(answers)
    if denial.layer not in (None, "identity"):
        verb = "allows it" if verdicts == {"Allowed"} or is_boundary else "does not allow it either"
        return f"{_layer_conclusion(denial)}; {role} {verb}"
    if is_boundary:
        return f"the permissions boundary of {role} does not allow it; {role} allows it"
    return _role_words(denial, role, verdicts, answers)


def is_beyond_boundary(answers: tuple[Explanation, ...]) -> bool:
    """Return whether all roles allow it by themselves, and the permissions boundary of one of them does not."""
    layers = [layer for answer in answers for layer in answer.decision.layers]
    own = {layer.verdict for layer in layers if layer.layer == "identity"}
    limits = {layer.verdict for layer in layers if layer.layer == "boundary"}
    return own == {"Allowed"} and not limits.isdisjoint(("ExplicitlyDenied", "ImplicitlyDenied"))


def on_missing_object(cause: Cause) -> str:
    """The beginning of a sentence where S3 asked for s3:ListBucket, as it does if an object is not there; else ""."""
    operation = cause.denial.operation or ""
    if "s3:ListBucket" not in cause.actions or re.fullmatch(_READS_OBJECT, operation) is None:
        return ""
    return "the object does not exist, and only then S3 asks for s3:ListBucket: check its key first; "


_READS_OBJECT: Final = r"(?:Get|Head|Copy|Restore|Select)Object(?!s)\w*|PutObject(?:Acl|Tagging)"
"""The operations on one object that is there."""


def _layer_conclusion(denial: Denial) -> str:
    """The layer that said no, as far as the message names one; empty where it says nothing of layers."""
    if denial.layer is not None:
        verb = "denies it" if denial.explicit else "does not allow it"
        return f"{_LAYER_WORDS[denial.layer]} {verb}"
    return "a Deny says no, and the message does not say of which layer" if denial.explicit else ""


def _role_words(denial: Denial, role: str, verdicts: set[Verdict], answers: tuple[Explanation, ...]) -> str:
    """Word the role's own policies where no other layer is named, and the conclusion."""
    if "ExplicitlyDenied" in verdicts:
        return f"a Deny of {role} itself says no"
    if denial.explicit:
        return f"a Deny says no, which {role} as built from this folder does not have"
    if "ImplicitlyDenied" in verdicts:
        return f"{role} does not allow it{_on_what(denial)}"
    if "Unknown" in verdicts:
        keys = ", ".join(dict.fromkeys(key for answer in answers for key in answer.decision.unknown))
        return f"{role} allows it on a condition that was not met, or is not known here: {keys}"
    if denial.resource is None:
        return f"{role} as built from this folder allows it on {answers[0].resource}{_on_what(denial)}"
    hidden_layer = "" if denial.layer == "identity" else ", or a layer that is not visible from here says no"
    return f"{role} as built from this folder allows it: the deployed one is older{hidden_layer}"


def _on_what(denial: Denial) -> str:
    return "" if denial.resource is not None else "; the message does not say on what it was asked for"


def _unknown_caller_words(cause: Cause, project: LoadedApp | None) -> str:
    """Word the case in which no role of the app is known to have asked."""
    denial, actions, answers = cause.denial, cause.actions, cause.answers
    if denial.encoded is not None and denial.action is None:
        return "the message is encoded: decode it to see what was denied"
    if denial.deploying and denial.principal is None:
        return "whoever deploys may not do it: CloudFormation asks with their permissions"
    if caller_of(denial) is not None:
        if project is None:
            return "the message does not say which layer"
        return f"whoever asked is not a role of {project.app.namespace}"
    if project is None or not actions:
        return "the message does not say who asked, nor which layer said no"
    if answers:
        may_do = [answer.asker for answer in answers if answer.decision.allowed]
        exception = " and the others may not" if len(may_do) < len(answers) else ""
        subject = f"{', '.join(dict.fromkeys(may_do))} may do it{exception}" if may_do else "no function may do it"
    else:
        roles = ready_roles(project.app, project.roles)
        functions = [name for name, role in roles.items() if any(granted_on(role, action) for action in actions)]
        subject = f"{', '.join(functions) or 'no function'} may {' or '.join(actions)} at all"
    return f"the message does not say who asked; of this app {subject}"


def _unread(cause: Cause, project: LoadedApp | None) -> tuple[str, ...]:
    """The layers that may have said no and that this folder does not hold."""
    triggered = () if project is None else project.app.triggered
    callers = [caller for caller in triggered if caller.listed_as == cause.function]
    has_boundary = project is not None and project.app.boundary is not None
    may_be_in_vpc = not callers or (isinstance(callers[0], Function) and "VpcConfig" in callers[0].properties)
    layers: list[tuple[LayerName, str, bool]] = [
        ("scp", "service and resource control policies", True),
        ("boundary", "the permissions boundary", has_boundary or not callers),
        ("session", "a session policy", True),
        ("resource", "the resource's own policy", True),
        ("endpoint", "the policy of a VPC endpoint", may_be_in_vpc),
    ]
    unknown = [(layer, words) for layer, words, may_apply in layers if may_apply]
    # a message that names a service control policy says nothing of resource control policies, and the reverse
    return tuple(words for layer, words in unknown if layer == "scp" or layer != cause.denial.layer)
