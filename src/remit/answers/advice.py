"""Advice on a denied access: from the message by itself, and from the app in this folder."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from remit.answers.denied_request import ACCOUNT, Cause, LoadedApp, account_of, caller_of, role_and_session
from remit.answers.obstacles import FEDERATED, NAME_THE_PROVIDER, Obstacle
from remit.answers.remedy import remedy, resource_form_of
from remit.answers.wordings import EXECUTION_ROLE
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import parse
from remit.catalogue.inference_profiles import geography_and_model, is_profile
from remit.roles.broken_features import broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.answers.denial import Denial, LayerName

DEPLOYER_COMMAND: Final = "remit policy deployer"
"""What writes the policy of whoever deploys the app of this folder; for a template, its file follows."""
_ASSUMES: Final = frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"})
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
    "session": "no Allow outweighs a Deny of the session policy: whoever assumed the role must pass it without",
    "endpoint": "no Allow outweighs a Deny of the VPC endpoint's policy: except this there, or call past it",
    "trust": "no Allow outweighs a Deny of the trust policy: except whoever assumes the role there",
}
"""What to change where the layer has a Deny and does not merely lack an Allow."""
_BARE: Final = re.compile(r"[\w/+=.@-]{1,512}")
_DEPLOYS: Final = frozenset({"cloudformation", "iam", "lambda"})
"""Services whose denials are likely of a deploy: the caller is not a function, and no function makes the call."""


def advice(denial: Denial) -> Iterator[str]:
    """Yield advice from the message by itself, the remark that explains it first."""
    if denial.note is not None:
        yield denial.note
    if denial.others:
        yield f"the text reports other denials, too. Ask about them one by one: {'; '.join(denial.others)}"
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
    """Return the change that is needed beside, or in place of, one of the caller's policies.

    None: the caller's policies are all that has to change, or which layer denied is not known.
    """
    if denial.layer == "trust" and (denial.action or "").lower() in FEDERATED:
        return NAME_THE_PROVIDER
    if denial.layer is None or (denial.layer not in _CHANGE and not denial.explicit):
        return None
    change = _EXCEPT.get(denial.layer) if denial.explicit else None
    change = change or _CHANGE.get(denial.layer, "it is not IAM's policies that have to change")
    return change + (f" ({denial.policy})" if denial.policy else "")


def lacks_an_allow(denial: Denial) -> bool:
    """Return whether the policies of the one who asked may be what was short, as far as the message tells."""
    return denial.layer in (None, "identity") and not denial.explicit


def advice_here(  # noqa: C901 - one piece of advice after the other
    cause: Cause, project: LoadedApp | None, *, deployer_command: str | None = DEPLOYER_COMMAND
) -> Iterator[str]:
    """Yield the advice that the app in this folder, or its absence, adds.

    `deployer_command` writes the policy of whoever deploys; None where it was surely not they who asked.
    """
    denial, function, actions, answers = cause.denial, cause.function, cause.actions, cause.answers
    lacks_allow = lacks_an_allow(denial)
    is_allowed = bool(answers) and all(answer.decision.allowed for answer in answers)
    if project is not None and function is not None and is_allowed and lacks_allow:
        yield f"deploy this folder: remit deploy --stage {project.app.stage}"
    yield from _own_boundary(denial, project)
    if is_allowed or (not answers and (project is None or function is None)):
        yield from _missing_object(cause)
    if project is not None and function is not None and lacks_allow and not is_allowed:
        for lost in broken(project.app, project.roles):
            if lost.function == function and set(actions) & set(lost.missing):
                yield f"{lost.cause} took it away: {lost.message}"
    if lacks_allow:
        is_anonymous = function is None and caller_of(denial) is None and denial.encoded is None
        if is_anonymous and not is_allowed and project is not None:
            yield from _needed(cause, project)
        asked_action, name = (denial.action or "").lower(), denial.resource or "*"
        is_bare_secret = asked_action.startswith("secretsmanager:") and not name.startswith("arn:")
        if not answers and is_bare_secret and _BARE.fullmatch(name):  # an answer names it in its fix
            owner = account_of(denial).replace("unknown", "ACCOUNT")
            arn = f"arn:aws:secretsmanager:REGION:{owner}:secret:{name}-??????"
            yield f"name the secret as {arn}: six signs of its own end its ARN"
        if project is None or not answers:
            yield from _of_the_resource(cause)
        yield from _models_behind(cause)
        role, _ = role_and_session(denial)
        if role is not None and role.startswith("AWSReservedSSO_"):
            yield "the role is made of a permission set of IAM Identity Center: put the statement there"
    may_be_a_deployer = function is None and denial.layer != "trust" and not denial.explicit
    if may_be_a_deployer and deployer_command is not None and _of_a_deploy(denial, actions):
        yield f"for whoever deploys, `{deployer_command}` writes the whole policy"


def advice_on_obstacle(cause: Cause, obstacle: Obstacle, project: LoadedApp | None) -> Iterator[str]:
    """Yield advice where no statement helps."""
    denial = cause.denial
    if lacks_an_allow(denial):
        yield obstacle.instead
    elif obstacle.instead == _change(denial):  # which `advice` says already
        yield obstacle.reason
    else:
        yield f"{obstacle.reason}: {obstacle.instead}"
    yield from _own_boundary(denial, project)
    yield from _missing_object(cause)


def _own_boundary(denial: Denial, project: LoadedApp | None) -> Iterator[str]:
    if project is not None and project.app.boundary is not None and denial.layer == "boundary":
        yield f"the boundary of this app's roles is {project.app.boundary}"


def _missing_object(cause: Cause) -> Iterator[str]:
    denial = cause.denial
    if "s3:GetObject" in cause.actions and denial.layer is None and not denial.explicit:
        yield "S3 answers 403 for a key that does not exist, unless s3:ListBucket is allowed as well"


def _models_behind(cause: Cause) -> Iterator[str]:
    """Yield how to allow the model, too, to which an inference profile sends requests; nothing for another resource."""
    profile = parse(cause.denial.resource or "")
    if profile is None or not is_profile(str(profile)):
        return
    parts = geography_and_model(str(profile))
    model = "MODEL" if parts is None else parts[1]
    if any(answer.remedy is not None and answer.remedy.typed for answer in cause.answers):
        yield f"the profile runs {model}, which bedrock.invoke_profile allows as well"
        return
    statement = {
        "Effect": "Allow",
        "Action": cause.actions[0],
        "Resource": f"arn:{profile.partition}:bedrock:*::foundation-model/{model}",
        "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": str(profile)}},
    }
    yield f"the profile runs {model}, which must be allowed as well, in each of its regions: {json.dumps(statement)}"


def _of_the_resource(cause: Cause) -> Iterator[str]:
    """Yield changes on the other side: a role must trust its caller, another account must share its resource."""
    denial = cause.denial
    caller, resource = ACCOUNT.match(denial.principal or ""), parse(denial.resource or "")
    if resource is None or is_service(denial):
        return
    if _ASSUMES.isdisjoint(cause.actions):
        owner = resource.account
        if caller is not None and owner.isdigit() and owner != caller[1]:
            yield f"it belongs to another account, {owner}: the resource's own policy must allow it as well"
    elif resource.resource.startswith("role/"):
        yield f"the trust policy of {resource.resource.rpartition('/')[2]} must let it in as well"


def is_service(denial: Denial) -> bool:
    """Return whether an AWS service asked by itself: `events.amazonaws.com`."""
    return denial.principal is not None and denial.principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _of_a_deploy(denial: Denial, actions: tuple[str, ...]) -> bool:
    """Return whether it was asked for somebody who deploys, as the message tells, or the action."""
    if denial.note == EXECUTION_ROLE:
        return False  # it is asked of the function's role, whoever deploys
    if denial.deploying or is_service(denial):
        return bool(denial.deploying)
    services = {action.partition(":")[0] for action in actions if not action.startswith("lambda:Invoke")}
    return denial.layer in (None, "identity") and bool(denial.logical_id or services & _DEPLOYS)


def _needed(cause: Cause, project: LoadedApp) -> Iterator[str]:
    """Yield the grant that a function of the app would need, where nobody says which one called; nothing for a deploy.

    The app's first function stands for any, and the first of the actions.
    """
    denial, answers = cause.denial, cause.answers
    if denial.deploying:
        return
    if denial.note == EXECUTION_ROLE:
        yield "remit grants it by default: where a setting replaced that, `remit build` names what is missing"
        return
    for function in project.app.functions[:1]:
        for action in cause.actions[:1]:
            asked = denial.resource if denial.resource not in (None, "*") else resource_form_of(action)
            resource = answers[0].resource if answers else str(asked)
            fix = remedy(project.app, function, action, resource, project.folder, account=account_of(denial))
            code = " and ".join(f"`{line}`" for line in fix.imports)
            with_it = f" (with {code})" if fix.imports else ""
            vague = resource == "*" and targets_of(action)
            item = f'allow({json.dumps(action)}, on="arn:…")' if vague else fix.item
            yield f"the function that calls it needs {item} in the policy of its decorator{with_it}"
