"""Condition keys, the actions that carry them, and what sessions set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue import managed_policies
from remit.catalogue.action_keys import is_of_one_service, takes
from remit.catalogue.actions import service, target_names
from remit.catalogue.expand import expand
from remit.iam.tokens import references
from remit.lint import conditions, resource_fit
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.plain_text import is_plain
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, ParsedStatement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition


@rule("R502", ERROR, looks_at="condition")
def unknown_condition_key(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition key that does not exist.

    No request has it: an Allow never applies, a Deny with a negated operator always. It is a warning where AWS's own
    policies use the key, or its service exists and has no key that is like it.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVcp": "vpc-1"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

    Source: "AWS global condition context keys" (IAM User Guide); the "Service Authorization Reference" (AWS).
    """
    key = condition.key
    is_whole_block = condition.values == (key,)  # see `Condition`
    if item.document.raw is None and not is_whole_block and references(key):
        message = f"the condition key '{key}' is filled in by nothing: CloudFormation fills in values, never keys"
        hint = "write the key whole, or decide by `project.stage`"
        yield Problem(message, hint, ("Condition", condition.spelled, key))
        return
    prefix, colon, name = key.partition(":")
    is_a_providers = bool(colon) and "." in prefix
    if conditions.exists(key) or "${" in key or is_a_providers or conditions.is_of_another_service(key):
        return
    from remit.catalogue.meant_names import nearest_key  # noqa: PLC0415 - asked of mistakes alone

    spot = ("Condition", condition.spelled, key)
    if not (colon and name):
        # The services of the statement's actions are tried first.
        candidates = (f"{owner}:{key}" for owner in sorted(item.services) if service(owner))
        meant = next(filter(conditions.exists, candidates), None) or nearest_key(f"aws:{key}")
        hint = f"did you mean `{meant}`?" if meant else "a key reads aws:Name or service:Name"
        yield Problem(f"'{key}' is not a condition key: it has no prefix", hint, spot)
        return
    meant = nearest_key(key)
    hint = f"did you mean `{meant}`?" if meant else "`remit explain ACTION` lists the keys of an action"
    sure = meant is not None or service(prefix) is None
    severity = ERROR if sure and not managed_policies.occurs(key) else WARNING
    yield Problem(f"unknown condition key '{key}': no request has it, so it is never met", hint, spot, severity)


_LISTED = 3


@rule("R503", ERROR, looks_at="condition")
def key_of_other_actions(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition key that requests for these actions, or for some of them, do not have.

    An Allow with it never applies. It is a warning where some of the actions alone lack the key, where AWS's reference may
    not list it, and where a negated condition is always met for want of it.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "alice"}}}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
         "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "alice"},
                       "Null": {"dynamodb:LeadingKeys": "false"}}}

    Source: the "Service Authorization Reference" (AWS): condition keys of actions and resource types.
    """
    names = item.known_actions
    if not names or item.document.kind != IDENTITY or not item.allows or any("*" in prefix for prefix in item.services):
        return  # of `*`, some action takes every key
    if not is_of_one_service(condition.key):
        return
    if not conditions.needs_key(condition):
        yield from _always(item, condition)
        return
    takers = [name for name in names if takes(name, condition.key)]
    if len(takers) == len(names):
        return
    if not takers:
        lacks = f"'{min(names)}' has no" if len(names) == 1 else "none of these actions has the"
        foreign = condition.key.partition(":")[0].lower() not in {name.partition(":")[0] for name in names}
        reliable = all(map(resource_fit.reliable, names))
        message = f"{lacks} condition key '{condition.key}': it is never met, and nothing is granted"
        key_owners = conditions.takers(condition.key)
        hint = (
            f"it is a key of {' and '.join(key_owners[:2])}"
            if key_owners
            else "`remit explain ACTION` lists an action's keys"
        )
        yield Problem(message, hint, condition.path, ERROR if foreign or reliable else WARNING)
    else:
        yield from _partly(item, condition.key, condition.path)


def _always(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """Yield the problem of a negated condition that is always met, since no request for these actions has its key."""
    foreign = condition.key.partition(":")[0].lower() not in item.services
    if not conditions.negated(condition) or condition.if_exists or not foreign:
        return
    if not any(takes(name, condition.key) for name in item.known_actions):
        message = f"none of these actions has the condition key '{condition.key}': {condition.spelled} is always met"
        yield Problem(message, "use a key that they have, or aws:ResourceTag/KEY for tags", condition.path, WARNING)


def _partly(item: ParsedStatement, key: str, spot: tuple[str, ...]) -> Iterator[Problem]:
    """Yield one problem of all the actions, or patterns, whose requests never have a condition's key."""
    idle = []
    for text in item.statement.actions.patterns:
        names = expand(text)
        if names and not any(takes(name, key) for name in names):
            idle.append(text)
    if idle:
        listed = ", ".join(idle[:_LISTED]) + (f" and {len(idle) - _LISTED} more" if len(idle) > _LISTED else "")
        verb = "has" if len(idle) == 1 else "have"
        message = (
            f"{listed} {verb} no condition key '{key}': the statement never grants {'it' if len(idle) == 1 else 'them'}"
        )
        yield Problem(message, "move it to a statement without the condition", spot, WARNING)


@rule("R507", ERROR, looks_at="condition")
def tag_key_without_name(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition key of tags without the name of a tag, or a key by itself with a name after it.

    aws:PrincipalTag is a family of keys; only aws:PrincipalTag/NAME is one. aws:username is no family: no request has
    aws:username/NAME.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag": "orders"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}

    Source: "AWS global condition context keys" (IAM User Guide).
    """
    if conditions.lacks_name(condition.key):
        bare = condition.key.rstrip("/")
        yield Problem(f"'{condition.key}' needs a tag's name", f"write `{bare}/NAME`", condition.path)
    elif conditions.has_name_too_much(condition.key):
        bare = condition.key.partition("/")[0]
        yield Problem(
            f"'{bare}' is a key by itself: no request has '{condition.key}'", f"write `{bare}`", condition.path
        )


_OF_PRINCIPALS = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principaltag/", "aws:username",
)  # fmt: skip
_OF_RESOURCES = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount")
_OF_ENDPOINTS = ("aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")


@rule("R517", ERROR, looks_at="condition")
def key_out_of_place(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition key where it says nothing: of a caller that has none, of the resource itself, of any service at all.

    A service that calls by itself belongs to no account and no organisation of yours, so the condition is never met. The
    policy of a resource need not ask whose resource it is (that of a VPC endpoint must): a note. And the owner of a VPC
    endpoint is known to some services alone: a warning.

    Flagged:

        {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
         "Resource": "arn:aws:s3:::data/*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

    Better:

        {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
         "Resource": "arn:aws:s3:::data/*",
         "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1"}}}

    Source: "AWS global condition context keys" (IAM User Guide): availability.
    """
    key, spot = condition.key.lower(), condition.path
    calls_by_itself = item.principal_element == "Principal" and {kind for kind, _ in item.principals} == {"Service"}
    if key.startswith(_OF_PRINCIPALS) and item.allows and calls_by_itself and conditions.needs_key(condition):
        message = f"a service that calls by itself has no {condition.key}: the condition is never met"
        yield Problem(message, "compare aws:SourceArn, aws:SourceAccount or aws:SourceOrgID", spot)
    elif key in _OF_RESOURCES and item.document.kind == RESOURCE and conditions.family(condition) != "Null":
        # In the policy of a VPC endpoint, through which every resource of a service is reached, the owner matters.
        if not any(sibling.everywhere and "kms" not in sibling.services for sibling in item.document.statements):
            message = f"{condition.key} is the owner of this very resource: the policy of a resource need not ask"
            yield Problem(message, "remove it, or use it in the policies of roles", spot, NOTE)
    elif key in _OF_ENDPOINTS and (
        item.statement.actions.negated or not {"*", "*:*"}.isdisjoint(item.statement.actions.patterns)
    ):
        message = f"{condition.key} is known to some services alone, and the statement is about all of them"
        yield Problem(message, "name the actions of services that support it", spot, WARNING)


@rule("R518", ERROR, looks_at="conditional")
def repeated_condition_key(item: ParsedStatement) -> Iterator[Problem]:
    """A condition key stands twice in a block, in different case.

    Keys ignore case, so the two are one key: IAM refuses the block, or reads one of the two.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:principaltag/Team": "blue"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}}

    Source: "IAM JSON policy elements: Condition" (IAM User Guide); "IAM policy validation check reference" (there):
    duplicate keys with different case.
    """
    spellings: dict[tuple[str, str], str] = {}
    for condition in item.statement.conditions if len(item.statement.conditions) > 1 else ():
        earlier = spellings.setdefault((condition.spelled, condition.key.lower()), condition.key)
        if earlier != condition.key:
            message = f"'{condition.key}' and '{earlier}' are one key, which ignores case: IAM refuses the block"
            yield Problem(message, "give one key all values", condition.path)


_KEY = "aws:ResourceTag/"


@rule("R526", WARNING, looks_at="condition", needs="aws:ResourceTag/")
def tag_key_of_other_actions(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition on the tags of a resource, for an action that has no resource with tags.

    The key is not in the request: a Deny with it never denies the action, an Allow never allows it, which is a note.

    Flagged:

        {"Effect": "Deny", "Action": ["ec2:StopInstances", "s3:ListAllMyBuckets"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}}

    Better:

        {"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}}

    Source: "Controlling access to AWS resources using tags" (IAM User Guide); the "Service Authorization Reference" (AWS):
    condition keys of resource types; "IAM policy validation check reference" (IAM User Guide): deny with unsupported tag
    condition key for service.
    """
    if not condition.key.startswith(_KEY) or not conditions.needs_key(condition):
        return
    severity = NOTE if item.allows else WARNING
    if item.statement.actions.negated:
        verb = "allowed" if item.allows else "denied"
        message = f"NotAction means actions without {condition.key}, too, and they are not {verb}"
        yield Problem(message, "name the actions in Action", condition.path, severity)
        return
    for text in item.statement.actions.patterns:
        names = expand(text) if is_plain(text) else ()
        if names and names[0].partition(":")[0] in resource_fit.RELIABLE and not target_names(names[0]):
            verb = "allows" if item.allows else "denies"
            message = f"{text} acts on nothing that has tags: with {condition.key} the statement never {verb} it"
            hint = "move it to a statement without the condition"
            yield Problem(message, hint, (item.action_element, text), severity)


@rule("R516", WARNING, looks_at="condition")
def mfa_trap(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition on multi-factor authentication that misses whoever has none.

    Requests with long-term keys have no `aws:MultiFactorAuthPresent` at all, so a Deny with Bool "false" does not reach
    them, and an Allow with Bool "false" is for those without it. BoolIfExists reaches both.

    Flagged:

        {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
         "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}

    Better:

        {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:MultiFactorAuthPresent.
    """
    if condition.key.lower() != "aws:multifactorauthpresent" or conditions.family(condition) != "Bool":
        return
    if [value.lower() for value in condition.values] != ["false"]:
        return
    if item.allows:
        message = f"the Allow is for requests without multi-factor authentication: {condition.key} is 'false'"
        yield Problem(message, "did you mean 'true'?", condition.path)
    elif not condition.if_exists:
        message = f"the Deny misses requests without {condition.key}, as those with long-term keys are"
        yield Problem(message, f"use {condition.spelled}IfExists", condition.path)


_SPOOFABLE = frozenset({"aws:referer", "aws:useragent"})


@rule("R521", WARNING, looks_at="condition")
def spoofable_key(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition on what the caller writes at will: the referer, the user agent.

    Anyone can send the value that the policy asks for.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringLike": {"aws:UserAgent": "Boto3*"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:referer, aws:UserAgent.
    """
    if condition.key.lower() in _SPOOFABLE:
        service = any(kind == "Service" for kind, _ in item.principals)
        message = f"{condition.key} is what the caller says: anyone can send the value that the policy asks for"
        hint = "compare aws:SourceAccount or aws:SourceArn" if service else "compare aws:SourceVpce or aws:PrincipalArn"
        yield Problem(message, hint, condition.path)


_PARTNERS = {
    "aws:vpcsourceip": (
        frozenset({"aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce"}),
        "an address inside a VPC says nothing while any VPC will do",
        "add aws:SourceVpc",
    ),
    "dynamodb:attributes": (
        frozenset({"dynamodb:select", "dynamodb:returnvalues"}),
        "a request that names no attributes gets all of them",
        'add "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}',
    ),
}
_PEOPLE = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"})
_SERVICES = frozenset({"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount"})
_IS_SERVICE = "aws:principalisawsservice"


@rule("R522", WARNING, looks_at="condition")
def key_without_its_partner(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition key without the one that makes it safe.

    Addresses inside a VPC are anybody's, until the VPC is named. DynamoDB looks at the attributes of those requests alone
    that name some. And a resource control policy concerns services, too, unless it says that it means people, or services.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}, "StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:VpcSourceIp; "Using IAM policy conditions for
    fine-grained access control" (Amazon DynamoDB Developer Guide); "Resource control policy examples" (AWS Organizations
    User Guide).
    """
    keys = item.keys
    of_resources = item.document.kind == CONTROL and item.statement.principals is not None and not item.allows
    key, spot = condition.key.lower(), condition.path
    partners, why, hint = _PARTNERS.get(key, (keys, "", ""))
    if partners.isdisjoint(keys) and item.allows and conditions.family(condition) != "Null":
        yield Problem(f"{condition.key} alone does not hold: {why}", hint, spot)
    if not of_resources or not conditions.negated(condition):
        return
    needed = {sibling.key.lower() for sibling in item.statement.conditions if conditions.needs_key(sibling)}
    if key in _PEOPLE and _IS_SERVICE not in keys:
        message = f"services that act for you have no {condition.key}: they are denied, too"
        yield Problem(message, 'add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}', spot)
    elif key in _SERVICES and _IS_SERVICE not in keys:
        message = f"people have no {condition.key}: they are denied, too"
        yield Problem(message, 'add "Bool": {"aws:PrincipalIsAWSService": "true"}', spot)
    elif key in _SERVICES and needed.isdisjoint(("aws:sourceaccount", "aws:sourcearn")):
        message = f"not every request of a service has {condition.key}: those without are denied, too"
        yield Problem(message, 'add "Null": {"aws:SourceAccount": "false"}', spot)
