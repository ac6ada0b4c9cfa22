"""Say why no statement can make a denied request possible, and what has to change instead.

`explain` and `why` ask the same question here, so that neither of them proposes a fix that cannot help.

Sources: "AWS KMS keys" and "Alias ARN" (AWS KMS Developer Guide: the policy of a key that AWS manages cannot be
changed, and other accounts cannot use it); "Roles terms and concepts" and "AssumeRoleWithWebIdentity" (IAM, AWS STS);
"Permission sets" (IAM Identity Center User Guide); and the "Service Authorization Reference" for the ARNs of actions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.catalogue.action_resources import is_without_resources, resource_formats, takes
from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import OWNERS, Arn, matches, parse
from remit.catalogue.partitions import partition_of
from remit.iam.decide.special_requests import special_case
from remit.iam.placeholders import placeholder

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.request import Request

FEDERATED: Final = frozenset({"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})
"""Actions of callers who have no policies of their own: only the role's trust policy decides, folded."""
NAME_THE_PROVIDER: Final = (
    "let the trust policy of the role name the provider as Principal.Federated, and compare its conditions (sub, aud) "
    "with the token's"
)
_MASK: Final = re.compile(r"\*{2,}|#{2,}|\.{3}|…|[Xx]{4,}|[\[\]<>\s]")
"""What people write over a part of an ARN, and what no name has."""
_PLAIN_BUCKET: Final = re.compile(r"[^A-Z]*|.*[a-z].*")
"""A bucket's name, which is no `BUCKET_NAME`: since 2018 they have no capitals."""
_LETTERS: Final = re.compile(r"[A-Za-z]")
_BELOW: Final = ("/*", ":*")
_NO_STREAM: Final = ":log-stream:"
"""What an ARN of CloudWatch Logs ends with where no stream is meant."""
_MOST_FORMS: Final = 2
_OPEN: Final = frozenset("*?$")
_AWS_OWNED: Final = re.compile(r"[\w-]+[/:]/?(?:aws|amazon)", re.IGNORECASE)
"""How the names of AWS's own documents and parameters begin, whose ARNs leave out the account."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no Allow of the caller's policies makes a request possible, and what to do instead: two main clauses.

    `source` is the page of AWS that says so; empty where the request itself shows it.
    """

    reason: str
    instead: str
    source: str = ""


def obstacle(request: Request) -> Obstacle | None:
    """Why no statement of the caller's own policies can ever grant a request; None where one may."""
    return _first_obstacle(_OF_CALLERS, request) or resource_obstacle(request)


def resource_obstacle(request: Request) -> Obstacle | None:
    """Why no statement at all can grant a request, not even of the resource's own policy; None where one may."""
    return _first_obstacle(_OF_RESOURCES, request)


def obstacle_in_message(request: Request) -> Obstacle | None:
    """The obstacle of a request that a message of AWS's reports: its resource is one thing, and no set of them."""
    return _unnamed(request) or obstacle(request)


def resource_to_allow(action: str, resource: str) -> str:
    """The resource that an Allow must name so that it speaks of an action on what a request names.

    `*` for an action without resource types; what is in a bucket, say, where the action is on that; all of a log group
    where CloudWatch Logs asks on the group.
    """
    if is_without_resources(action.lower()):
        return "*"
    if resource.endswith(_NO_STREAM):
        return f"{resource.removesuffix('log-stream:')}*"
    arn = parse(resource)
    if arn is None or not targets_of(action) or takes(action, resource):
        return resource
    return next((resource + end for end in _BELOW if takes(action, resource + end)), resource)


def _first_obstacle(rules: tuple[_Rule, ...], request: Request) -> Obstacle | None:
    """The obstacle of the first rule that gives one; None where none does."""
    for rule in rules:
        first_obstacle = rule(request)
        if first_obstacle is not None:
            return first_obstacle
    return None


def _exception(request: Request) -> Obstacle | None:
    """One of IAM's exceptions, by which policies do not decide the request; None: there is none for it."""
    case = special_case(request)
    if case is None:
        return None
    instead = case.instead or "look at the credentials, and at the policy of a VPC endpoint that the request passes"
    return Obstacle(f"it {case.reason}", instead, case.source)


def _without_policies(request: Request) -> Obstacle | None:
    """A caller who has no policies, or none that can be changed; None: it has some."""
    caller = request.who
    if caller.kind == "anonymous":
        return Obstacle("nobody signed the request", "sign it as somebody, or let the resource's policy allow everyone")
    if caller.kind == "service":
        return Obstacle(
            "a service has no policies of its own",
            "let the policy of the resource (queue, topic, key, function) allow "
            f"Principal.Service {caller.text}, on the condition aws:SourceArn",
        )
    if caller.kind == "root":
        return Obstacle(
            "a root user has no policies of its own",
            "look at the service and resource control policies of the organization, and at the resource's own policy",
        )
    if caller.service_linked:
        return Obstacle(
            "the service of a service-linked role alone changes its policies",
            "let the resource's own policy allow the role, or turn the feature of its service off and on again",
            "Create a service-linked role (IAM User Guide)",
        )
    if request.folded in FEDERATED:
        return Obstacle(
            "whoever asks it has no policies yet, so that the role's trust policy alone decides",
            NAME_THE_PROVIDER,
        )
    return None


def _masked(request: Request) -> Obstacle | None:
    """An ARN of which a part is masked, left out, or a placeholder. None: it is whole, or no ARN.

    Parts that are open on purpose (`*`, `${…}`) count as whole.
    """
    if not request.resource.startswith("arn:"):
        return None
    arn = parse(request.resource)
    if arn is None:
        return Obstacle("the ARN of the resource is cut off", "ask again with the whole ARN")
    account, name = arn.account, arn.resource
    is_open = not account or account in OWNERS or "$" in account or account == "*"
    is_bucket = arn.service == "s3" and not account
    if is_bucket:
        name, _, _ = name.partition("/")  # a key may have any characters
    part = ""
    if not is_open and not (account.isdigit() and len(account) == _ACCOUNT_DIGITS):
        part = "the account of the resource"
    elif arn.region and _OPEN.isdisjoint(arn.region) and partition_of(arn.region) is None:
        part = "the region of the resource"
    elif is_bucket and _PLAIN_BUCKET.fullmatch(name) is None:
        part = "the name of the bucket"
    elif _MASK.search(re.sub(r"\$\{[^{}]*\}", "", name)) is not None or placeholder(name) is not None:
        part = "the name of the resource"
    put = "put the real one in its place, and ask again"
    return Obstacle(f"{part} is masked, or a placeholder", put) if part else None


_ACCOUNT_DIGITS: Final = 12


def _managed_key(request: Request) -> Obstacle | None:
    """A key that AWS manages, by its alias; None: the resource is none."""
    arn = parse(request.resource)
    if arn is None or arn.service != "kms" or not arn.resource.startswith("alias/aws/"):
        return None
    caller_account = request.who.account
    if caller_account is not None and arn.account.isdigit() and arn.account != caller_account:
        reason = f"no other account can use {arn.resource}, a key that AWS manages"
    else:
        reason = f"nobody can change the policy of {arn.resource}, a key that AWS manages and its service uses"
    return Obstacle(
        reason, "use a key of your own, whose policy can allow it", "AWS KMS keys (AWS KMS Developer Guide)"
    )


def _no_role(request: Request) -> Obstacle | None:
    """Return the obstacle of a role that nobody, or nobody by AssumeRole, can take on.

    None: it may be one that can be, or another action is asked for.
    """
    arn = parse(request.resource)
    if request.folded != "sts:assumerole" or arn is None or arn.service not in ("iam", "sts"):
        return None
    if arn.resource.startswith("role/aws-service-role/") and request.who.kind != "service":
        return Obstacle("a service-linked role can be taken on by its service alone", "take on a role of your own")
    if arn.resource.startswith("role/aws-reserved/") and request.who.kind != "service":
        return Obstacle(
            "a role under aws-reserved trusts IAM Identity Center alone",
            "sign in by IAM Identity Center (aws sso login), or take on a role of your own",
        )
    is_open = arn.resource.startswith(("role/", "*", "${")) or "role/".startswith(arn.resource.partition("*")[0])
    if is_open and arn.service == "iam":
        return None
    return Obstacle(
        f"{request.resource} is no role, so nobody can assume it",
        "name the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME",
    )


def _unnamed(request: Request) -> Obstacle | None:
    """Return the obstacle of a message that names all of a service's resources, where the one meant is missing.

    None: it names one, or the action only lists, or has no resources.
    """
    arn = parse(request.resource)
    known = catalogued(request.action)
    if arn is None or known is None or not targets_of(request.action) or known.level == "List":
        return None
    if arn.service == "ssm" and "*" in arn.resource:
        return Obstacle(
            "Parameter Store names no parameter that does not exist",
            "check the parameter's name, path and region, and allow …:parameter/NAME",
        )
    if arn.resource != "*":
        return None
    return Obstacle(
        "the message names all of the service's resources in place of the one that was asked for",
        f"check its name, and allow {_forms(request.action)}",
    )


def _other_type(request: Request) -> Obstacle | None:
    """A resource that is none of the action's, or whose ARN leaves out a part.

    None: the action takes it, or its resources are not known.
    """
    arn = parse(request.resource)
    if arn is None or not targets_of(request.action):
        return None
    name = request.action
    if takes(name, resource_to_allow(name, request.resource)) and not _leaves_out_account(name, arn):
        return None
    whole = replace(arn, region=arn.region or "*", account=arn.account or "*")
    if takes(name, resource_to_allow(name, str(whole))):
        part = "the account"
        if not arn.region and not takes(name, str(replace(arn, account=whole.account))):
            part = "the region"
        return Obstacle(f"the ARN leaves out {part} of the resource", f"name it in the ARN: {_forms(name)}")
    return Obstacle(
        f"{name} is not asked on such a resource, so that no statement on it matters",
        f"name what it is asked on: {_forms(name)}",
    )


def _leaves_out_account(action: str, arn: Arn) -> bool:
    """Return whether an ARN has no account though all formats that it may have need one.

    AWS's own documents have none.
    """
    if arn.account or _AWS_OWNED.match(arn.resource) is not None:
        return False
    known = catalogued(action)
    formats = [] if known is None else [format_ for target in known.targets for format_ in target.type.arns]
    fitting = [format_ for format_ in formats if matches(arn, format_)]
    return bool(fitting) and all("${Account}" in format_ for format_ in fitting)


def _forms(action: str) -> str:
    """The ARNs of an action, as people read them: `arn:…:iam::…:role/…`."""
    forms = [form.replace("*", "…") for form in resource_formats(action)[:_MOST_FORMS]]
    return " or ".join(dict.fromkeys(forms))


_Rule: TypeAlias = "Callable[[Request], Obstacle | None]"
_OF_CALLERS: Final[tuple[_Rule, ...]] = (_exception, _without_policies)
_OF_RESOURCES: Final[tuple[_Rule, ...]] = (_exception, _masked, _managed_key, _no_role, _other_type)
