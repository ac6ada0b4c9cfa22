"""Why an access was denied: who asked for what, which layer said no, what the app's own roles say, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.explain.explanation import explain
from remit.explain.remedy import any_of, remedy
from remit.iam.pattern import matches
from remit.roles.role_policies import ready_roles
from remit.why.advice import advice, advice_here
from remit.why.denied_request import Here, account_of, actions_of, function_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Function
    from remit.explain.explanation import Explanation
    from remit.explain.remedy import Remedy
    from remit.iam.decide.evaluate import Verdict
    from remit.roles.role_policies import ReadyRole
    from remit.why.denial import Denial, LayerName


@dataclass(frozen=True, slots=True)
class Cause:
    """What is behind a denial.

    `actions` are in AWS's own case; several where the message leaves it open. `function` is one of this app, when the
    one who asked is. `answers` are what the app's roles say, `conclusion` puts it in a sentence, `advice` says what to
    do, `unseen` names the layers that nobody can look at from here.
    """

    denial: Denial
    actions: tuple[str, ...]
    function: str | None
    answers: tuple[Explanation, ...]
    conclusion: str
    advice: tuple[str, ...]
    unseen: tuple[str, ...]


_BY: Final[dict[LayerName, str]] = {
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


def why(denial: Denial, here: Here | None) -> Cause:
    """What is behind a denial, as far as it can be told from this folder."""
    function = None if here is None else function_of(here, denial)
    actions = actions_of(denial, here, function)
    answers = () if here is None else tuple(_answers(here, denial, function, actions))
    return Cause(
        denial=denial,
        actions=actions,
        function=function,
        answers=answers,
        conclusion=_conclusion(denial, here, function, actions, answers),
        advice=(*advice(denial), *advice_here(denial, here, function, actions, answers)),
        unseen=_unseen(denial, here, function),
    )


def _answers(here: Here, denial: Denial, function: str | None, actions: tuple[str, ...]) -> Iterator[Explanation]:
    """What the function's role says; where nobody is named, what each role of the app says."""
    unnamed = function is None and (denial.principal is not None or denial.resource is None)
    if unnamed or denial.layer in ("trust", "other"):  # no policy of this role decides that one
        return
    if function is None and denial.deploying:  # nor of any role of the app
        return
    asked = ready_roles(here.app, here.roles)
    names = [function] if function is not None else [one.name for one in here.app.functions if one.name in asked]
    for action in actions:
        for name in names:
            if name in asked:
                declared = next(one for one in here.app.functions if one.name == name)
                resource = denial.resource or next(iter(granted_on(asked[name], action)), any_of(action))
                principal = denial.principal if (denial.principal or "").startswith("arn:") else None
                found = explain(asked[name], name, action, resource, principal=principal)
                yield replace(found, remedy=_fix(here, declared, found, denial))


def granted_on(role: ReadyRole, action: str) -> tuple[str, ...]:
    """The resources on which a role's own statements allow an action at all."""
    return tuple(
        dict.fromkeys(
            pattern
            for grant in role.role.grants
            if grant.statement.effect == "Allow" and not grant.statement.actions.negated
            if any(matches(one.lower(), action.lower()) for one in grant.statement.actions.patterns)
            if grant.statement.resources is not None and not grant.statement.resources.negated
            for pattern in grant.statement.resources.patterns
        )
    )


def _fix(here: Here, function: Function, found: Explanation, denial: Denial) -> Remedy:
    return remedy(here.app, function, found.action, found.resource, here.folder, account=account_of(denial))


def _conclusion(
    denial: Denial,
    here: Here | None,
    function: str | None,
    actions: tuple[str, ...],
    answers: tuple[Explanation, ...],
) -> str:
    layer = denial.layer
    told = "" if layer is None else f"{_BY[layer]} {'denies it' if denial.explicit else 'does not allow it'}"
    if layer is None and denial.explicit and (function is None or not answers):
        told = "a Deny says no, and the message does not say of which layer"
    if function is None or not answers:
        return told or _nobody(denial, here, actions, answers)
    role, verdicts = f"the role of {function}", {one.decision.verdict for one in answers}
    if layer not in (None, "identity"):
        return f"{told}; {role} {'allows it' if verdicts == {'Allowed'} else 'does not allow it either'}"
    return _of_role(denial, role, verdicts, answers)


def _of_role(denial: Denial, role: str, verdicts: set[Verdict], answers: tuple[Explanation, ...]) -> str:
    """Where no layer but the role's own policies is named: what they say, and what that means."""
    if "ExplicitlyDenied" in verdicts:
        return f"a Deny of {role} itself says no"
    if denial.explicit:
        return f"a Deny says no, which {role} as built from this folder does not have"
    if "ImplicitlyDenied" in verdicts:
        return f"{role} does not allow it{_on_what(denial)}"
    if "Unknown" in verdicts:
        keys = ", ".join(dict.fromkeys(key for one in answers for key in one.decision.unknown))
        return f"{role} allows it on a condition that was not met, or is not known here: {keys}"
    if denial.resource is None:
        return f"{role} as built from this folder allows it on {answers[0].resource}{_on_what(denial)}"
    other = "" if denial.layer == "identity" else ", or a layer that is not visible from here says no"
    return f"{role} as built from this folder allows it: the deployed one is older{other}"


def _on_what(denial: Denial) -> str:
    return "" if denial.resource is not None else "; the message does not say on what it was asked for"


def _nobody(denial: Denial, here: Here | None, actions: tuple[str, ...], answers: tuple[Explanation, ...]) -> str:
    """Where no role of the app is known to have asked."""
    if denial.encoded is not None and denial.action is None:
        return "the message is encoded: what was denied stands in it"
    if denial.deploying and denial.principal is None:
        return "whoever deploys may not do it: CloudFormation asks with their permissions"
    if denial.principal is not None:
        return "the message does not say which layer" if here is None else f"not a role of {here.app.namespace} asked"
    if here is None or not actions:
        return "the message does not say who asked, nor which layer said no"
    if answers:
        allowed = [one.asker for one in answers if one.decision.allowed]
        other = " and the others may not" if allowed and len(allowed) < len(answers) else ""
        may = f"{', '.join(dict.fromkeys(allowed))} may do it{other}" if allowed else "no function may do it"
        return f"the message does not say who asked; of this app {may}"
    asked = ready_roles(here.app, here.roles)
    granted = [name for name, role in asked.items() if any(granted_on(role, action) for action in actions)]
    what = " or ".join(actions)
    return f"the message does not say who asked; of this app {', '.join(granted) or 'no function'} may {what} at all"


def _unseen(denial: Denial, here: Here | None, function: str | None) -> tuple[str, ...]:
    """The layers that may have said no and that this folder does not hold."""
    made = None if here is None else next((one for one in here.app.functions if one.name == function), None)
    names = [
        "service and resource control policies",
        "a session policy",
        "the resource's own policy",
    ]
    if here is None or here.app.boundary is not None or made is None:
        names.insert(1, "the permissions boundary")
    if made is None or "VpcConfig" in made.properties:
        names.append("the policy of a VPC endpoint")
    return tuple(_without(names, denial.layer))


def _without(names: Iterable[str], layer: LayerName | None) -> Iterator[str]:
    """All of them but what the message names itself."""
    word = {"boundary": "boundary", "session": "session", "resource": "resource's", "endpoint": "endpoint"}.get(
        layer or ""
    )
    yield from (name for name in names if word is None or word not in name)
