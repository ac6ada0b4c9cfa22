"""Resources of a type that the actions do not take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.catalogue.actions import action as action_named
from remit.catalogue.arns import parse as parse_arn
from remit.iam.placeholders import placeholder
from remit.lint import resource_fit
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.resource_types import types_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

_SURE = resource_fit.RELIABLE | {"iam"}
_WITHOUT_REGION = frozenset({"cloudfront", "iam", "organizations", "route53", "sts"})
"""Services that are the same in every region, so that none of their ARNs names one (`iam:*` means several types)."""


@rule("R302", ERROR, looks_at="statement")
def wrong_resource_type(item: ParsedStatement) -> Iterator[Problem]:
    """An action is allowed on a resource of another type than it acts on.

    It never matches: an object action on a bucket, a table action on an index.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Some grants of the AWS CDK list actions of streams beside those of tables, or of consumers beside those of streams: that
    is a note, since it harms nothing and no author wrote it.

    Source: the "Service Authorization Reference" (AWS): resource types of actions; "Use aliases to control access to KMS
    keys" (AWS KMS Developer Guide); "Permissions" of aws-dynamodb (AWS CDK Reference).
    """
    if item.unfit and any(text.count("${") > text.count("}") or placeholder(text) for text in item.resources):
        return  # R127 or R129 tells of it, and nobody knows what was meant
    for text, names in item.unfit:
        if resource_fit.same_service(names, item.shapes):
            yield _unfit(item, text, names)
    if not item.unfit and item.resource_element == "Resource":
        yield from _nameless(item)


def _unfit(item: ParsedStatement, text: str, names: tuple[str, ...]) -> Problem:
    """An action, or a pattern that means some, none of which acts on a resource of the statement."""
    subject = f"'{names[0]}'" if len(names) == 1 else f"'{text}'"
    root_user = _root_user(item)
    meant = None if root_user else resource_fit.meant_resource(names, item.resources, item.shapes)
    needless = _needless(item.resources[0], meant) if len(item.resources) == 1 else ""
    target = resource_fit.acted_on(names[0], meant if needless else None)
    reason = f"whose ARN has no {needless}" if needless else "and no Resource here is one"
    message = f"{subject} acts on {target}, {reason}: it never matches"
    no_such_arn = bool(needless) and item.allows  # such an ARN is no resource's, whatever acts on it
    severity = ERROR if no_such_arn else item.severity_of(names[0])
    from remit.lint import cdk_grants  # noqa: PLC0415 - asked of mistakes alone

    hint = cdk_grants.hint_on(text, item.statement.actions.patterns)
    if hint is not None:
        severity = NOTE
    elif root_user is not None:
        hint = f'a root user asks, and is no resource: compare {{"ArnLike": {{"aws:PrincipalArn": "{root_user}"}}}}'
    else:
        hint = _hint(item, names, meant) or f"name {target} in Resource"
    broken_resource = _broken(item) if meant else None
    spot = ("Action", text) if broken_resource is None else ("Resource", broken_resource)
    return Problem(message, hint, spot, severity)


def _hint(item: ParsedStatement, names: tuple[str, ...], meant: str | None) -> str | None:
    """Return a replacement; None where nothing is known to be meant."""
    alias = _alias(item) if names[0].startswith("kms:") else None
    if alias is not None:  # the id of a key is no alias
        return f"name the key's ARN, or allow key/* if ForAnyValue:StringLike kms:ResourceAliases is '{alias}'"
    if len(names) == 1 and _may_be_everywhere(names[0]):
        return "allow it on '*', in a statement of its own"
    return f"did you mean '{meant}'?" if meant else None


def _nameless(item: ParsedStatement) -> Iterator[Problem]:
    """Resources beside others, or of every action, that name none, since such an ARN has no region or no account."""
    for text in item.resources:
        arn = parse_arn(text)
        if arn is None or arn.service not in _SURE or types_named(arn.service, text):
            continue
        for parts in (("region",), ("account",), ("region", "account")):
            meant = str(replace(arn, **dict.fromkeys(parts, "")))
            if types_named(arn.service, meant):
                message = f"'{text}' names nothing: the ARN of such a resource has no {' and no '.join(parts)}"
                severity = ERROR if item.allows else WARNING
                yield Problem(message, f"did you mean '{meant}'?", ("Resource", text), severity)
                break


def _root_user(item: ParsedStatement) -> str | None:
    """The first ARN of a root user among the resources."""
    for text in item.resources:
        arn = parse_arn(text)
        if arn is not None and (arn.service, arn.resource) == ("iam", "root"):
            return text
    return None


def _alias(item: ParsedStatement) -> str | None:
    """The first alias of a key that the statement names, as one or as if it were the id of a key."""
    for text in item.resources:
        arn = parse_arn(text)
        name = "" if arn is None else arn.resource.removeprefix("key/")
        if name.startswith("alias/"):
            return name
    return None


def _broken(item: ParsedStatement) -> str | None:
    """The first resource that is none of its service, whatever is done with it: there the mistake is."""
    for text, shape in zip(item.resources, item.shapes, strict=True):
        arn = parse_arn(shape)
        if arn is not None and not types_named(arn.service.lower(), shape):
            return text
    return None


def _needless(written: str, meant: str | None) -> str:
    """The parts that an ARN has, and the one that was meant has not: `region`, `account`, both."""
    arn, meant_arn = parse_arn(written), parse_arn(meant or "")
    if arn is None:
        return ""
    if meant_arn is None or arn.resource != meant_arn.resource:
        return "region" if arn.region and arn.service in _WITHOUT_REGION else ""
    return " and no ".join(
        name for name in ("region", "account") if getattr(arn, name) and not getattr(meant_arn, name)
    )


def _may_be_everywhere(name: str) -> bool:
    """Return whether an action names its one type of resource in some requests alone, as PutMetricData does."""
    action = action_named(name)
    return action is not None and len(action.targets) == 1 and not action.targets[0].required
