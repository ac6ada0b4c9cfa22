"""Why an access was denied: who asked for what, which layer said no, what the app's own roles say, and what to do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.arns import fill, parse, variables
from remit.explain.ask import standings
from remit.explain.asked import Here, actions_of, function_of, targets_of
from remit.explain.explanation import explain
from remit.explain.guard import broken
from remit.explain.remedy import remedy, shelf
from remit.iam.denial import FEDERATED
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.iam.wordings import EXECUTION_ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Function
    from remit.explain.ask import Standing
    from remit.explain.explanation import Explanation
    from remit.explain.remedy import Remedy
    from remit.iam.denial import Denial, LayerName
    from remit.iam.evaluate import Verdict

DEPLOYERS: Final = "for whoever deploys, `remit policy deployer` writes the whole policy"
"""The advice to somebody who is no role of the app."""
_ASSUMES: Final = frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"})
_ACCOUNT: Final = re.compile(r"arn:[^:]*:(?:sts|iam)::(\d{12}):")


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
_ORGANIZATION: Final = "no policy of the account can allow it: ask whoever owns the organization's policies"
_CHANGE: Final[dict[LayerName, str]] = {
    "boundary": "a boundary grants nothing and limits everything: whoever owns it must let the action through",
    "session": "whoever assumed the role passed a narrower policy along: widen it there",
    "resource": "let the policy of the resource (key, bucket, queue, secret) allow the role, or the role's account",
    "trust": "let the trust policy of that role name the one who assumes it",
    "endpoint": "let the policy of the VPC endpoint allow the action, or call past it",
    "scp": _ORGANIZATION,
    "rcp": _ORGANIZATION,
}
_EXCEPT: Final[dict[LayerName, str]] = {
    "identity": "no Allow outweighs a Deny: take it away, or narrow it",
    "boundary": "no Allow outweighs a Deny of the boundary: whoever owns it must except this",
    "resource": "no Allow outweighs a Deny of the resource's policy: except the role there, or meet its conditions",
    "trust": "no Allow outweighs a Deny of the trust policy: except whoever assumes the role there",
}
"""What to change where the layer has a Deny and does not merely lack an Allow."""
_ANONYMOUS: Final = "nobody signed the request: sign it as somebody, or let the resource's policy allow everyone"
_FEDERATED: Final = (
    "let the trust policy of the role name the provider as Principal.Federated, and compare its conditions (sub, aud) "
    "with the token's"
)
_SERVICE: Final = (
    "a service has no policies of its own: let the policy of the resource (queue, topic, key, function) allow "
    "Principal.Service {principal}, on the condition aws:SourceArn"
)
_DEPLOYS: Final = frozenset({"cloudformation", "iam", "lambda"})
"""Services whose denials are likely a deploy's, where the caller is no function, and the call is none of a function."""


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
        advice=(*_advice(denial), *_advice_here(denial, here, function, actions, answers)),
        unseen=_unseen(denial, here, function),
    )


def _answers(here: Here, denial: Denial, function: str | None, actions: tuple[str, ...]) -> Iterator[Explanation]:
    """What the function's role says; where nobody is named, what each role of the app says."""
    unnamed = function is None and (denial.principal is not None or denial.resource is None)
    if unnamed or denial.layer in ("trust", "other"):  # no policy of this role decides that one
        return
    if function is None and denial.deploying:  # nor of any role of the app
        return
    asked = standings(here.app, here.roles)
    names = [function] if function is not None else [one.name for one in here.app.functions if one.name in asked]
    for action in actions:
        for name in names:
            if name in asked:
                declared = next(one for one in here.app.functions if one.name == name)
                resource = denial.resource or next(iter(granted_on(asked[name], action)), _any(action))
                principal = denial.principal if (denial.principal or "").startswith("arn:") else None
                found = explain(asked[name], name, action, resource, principal=principal)
                yield replace(found, remedy=_fix(here, declared, found, denial))


def granted_on(role: Standing, action: str) -> tuple[str, ...]:
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
    return remedy(here.app, function, found.action, found.resource, here.folder, account=_account(denial))


def _account(denial: Denial) -> str:
    """The account that asked; where nobody is told, none, so that an ARN is taken as it stands."""
    found = _ACCOUNT.match(denial.principal or "")
    return found[1] if found else "unknown"


def _any(action: str) -> str:
    """A resource of the action's type, with the names of its parts for what the message does not say.

    `*` where the action needs several types at once, or one of several, and no typed grant tells which is meant.
    """
    targets = targets_of(action)
    needed = [one for one in targets if one.required] or list(targets)
    needed.sort(key=lambda one: len("".join(one.type.arns)))
    if not needed or (len(needed) > 1 and shelf(action.partition(":")[0]) is None):
        return "*"
    form = needed[0].type.arns[0]
    return fill(form, {name: PLACE.get(name, name) for name in variables(form)})


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
    asked = standings(here.app, here.roles)
    granted = [name for name, role in asked.items() if any(granted_on(role, action) for action in actions)]
    what = " or ".join(actions)
    return f"the message does not say who asked; of this app {', '.join(granted) or 'no function'} may {what} at all"


def _advice(denial: Denial) -> Iterator[str]:
    """What the message by itself calls for."""
    if denial.note is not None:
        yield denial.note
    if denial.others:
        yield f"the text tells of other denials, too, which can be asked one by one: {'; '.join(denial.others)}"
    if denial.encoded is not None:
        yield (
            f"decode it: aws sts decode-authorization-message --encoded-message {denial.encoded} "
            "--query DecodedMessage --output text | remit why"
        )
    if denial.authorization is not None:
        yield f"AWS keeps the evaluation under authorization ID {denial.authorization}: open the link in the message"
    if denial.layer == "trust" and denial.principal is None and (denial.action or "").lower() not in FEDERATED:
        yield "a role that was just made takes some seconds to be known everywhere: deploy again"
    if (change := _change(denial)) is not None:
        yield change
    elif denial.policy is not None:
        yield f"the policy that decided is {denial.policy}"


def _change(denial: Denial) -> str | None:
    """What has to change where it is not, or not alone, the policy of the one who asked."""
    if denial.principal in ("anonymous", "*"):
        return _ANONYMOUS
    if is_service(denial):
        return _SERVICE.format(principal=denial.principal)
    if denial.layer == "trust" and (denial.action or "").lower() in FEDERATED:
        return _FEDERATED
    if denial.layer is None or (denial.layer not in _CHANGE and not denial.explicit):
        return None
    change = _EXCEPT.get(denial.layer) if denial.explicit else None
    change = change or _CHANGE.get(denial.layer, "it is not IAM's policies that have to change")
    return change + (f" ({denial.policy})" if denial.policy else "")


def _advice_here(
    denial: Denial,
    here: Here | None,
    function: str | None,
    actions: tuple[str, ...],
    answers: tuple[Explanation, ...],
) -> Iterator[str]:
    """What the app in this folder, or its absence, adds to that."""
    own = denial.layer in (None, "identity") and not denial.explicit
    allowed = bool(answers) and all(one.decision.allowed for one in answers)
    if here is not None and function is not None and allowed and own:
        yield f"deploy this folder: remit deploy --stage {here.app.stage}"
    if here is not None and here.app.boundary is not None and denial.layer == "boundary":
        yield f"the boundary of this app's roles is {here.app.boundary}"
    if "s3:GetObject" in actions and (allowed or here is None or (function is None and not answers)):
        yield "S3 answers 403 for a key that does not exist, unless s3:ListBucket is allowed as well"
    if here is not None and function is not None and own and not allowed:
        yield from _taken_away(here, function, actions)
    if denial.principal is None and denial.encoded is None and function is None and own and not allowed:
        yield from _needed(here, actions, denial, answers)
    if not answers and own:
        yield from _of_the_resource(denial, actions)
    if function is None and denial.layer != "trust" and not denial.explicit and _of_a_deploy(denial, actions):
        yield DEPLOYERS


def _of_the_resource(denial: Denial, actions: tuple[str, ...]) -> Iterator[str]:
    """What the other side has to allow as well: a role whoever assumes it, another account its resource."""
    own, other = _ACCOUNT.match(denial.principal or ""), parse(denial.resource or "")
    if other is None or is_service(denial):
        return
    if _ASSUMES.isdisjoint(actions):
        if own is not None and other.account not in ("", own[1]) and other.account.isdigit():
            yield f"it belongs to another account, {other.account}: the resource's own policy must allow it as well"
    elif other.resource.startswith("role/"):
        yield f"the trust policy of {other.resource.rpartition('/')[2]} must let it in as well"


def is_service(denial: Denial) -> bool:
    """Whether an AWS service asked by itself: `events.amazonaws.com`."""
    return (denial.principal or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _of_a_deploy(denial: Denial, actions: tuple[str, ...]) -> bool:
    """Whether it was asked for somebody who deploys, as the message tells, or the action."""
    if denial.deploying or is_service(denial):
        return bool(denial.deploying)
    services = {action.partition(":")[0] for action in actions if not action.startswith("lambda:Invoke")}
    return denial.layer in (None, "identity") and bool(denial.logical_id or services & _DEPLOYS)


def _taken_away(here: Here, function: str, actions: tuple[str, ...]) -> Iterator[str]:
    """What the computed default would grant, had a setting not replaced it."""
    for one in broken(here.app, here.roles):
        if one.function == function and set(actions) & set(one.missing):
            yield f"`{one.setting}` took it away: {one.message}"


def _needed(
    here: Here | None, actions: tuple[str, ...], denial: Denial, answers: tuple[Explanation, ...]
) -> Iterator[str]:
    """The grant that a function of the app would need, where nobody says which one called."""
    if here is None or denial.deploying:
        return
    if denial.note == EXECUTION_ROLE:
        yield "remit grants it by default: where a setting replaced that, `remit build` names what is missing"
        return
    for function in here.app.functions[:1]:
        for action in actions[:1]:
            resource = answers[0].resource if answers else denial.resource or _any(action)
            made = remedy(here.app, function, action, resource, here.folder, account=_account(denial))
            code = " and ".join(f"`{line}`" for line in made.imports)
            with_it = f" (with {code})" if made.imports else ""
            vague = resource == "*" and denial.resource is None and targets_of(action)
            item = f'allow({json.dumps(action)}, on="arn:…")' if vague else made.item
            yield f"the function that calls it needs {item} in the policy of its decorator{with_it}"


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
