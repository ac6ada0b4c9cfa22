"""Actions that do not exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue import managed_policies
from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.catalogue.meant_names import misspelt_action, nearest_actions, operation_of
from remit.iam.pattern import is_pattern, matches
from remit.lint import meant_actions
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.plain_text import is_plain
from remit.lint.resource_fit import RELIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement


@rule("R201", ERROR, looks_at="doubtful")
def unknown_service(item: ParsedStatement) -> Iterator[Problem]:
    """An action of a service that does not exist.

    IAM accepts it and grants nothing: AccessDenied when the function runs. The prefix in actions is not always the name
    of the service, nor the name of its boto3 client. It is a warning where AWS's own policies use the prefix.

    Flagged:

        {"Effect": "Allow", "Action": "dynamdb:*", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: the "Service Authorization Reference" (AWS).
    """
    for text in item.statement.actions.patterns:
        if expand(text):
            continue
        prefix, colon, operation = text.partition(":")
        if not colon or not meant_actions.well_formed(text) or service(prefix):
            continue
        spot = (item.action_element, text)
        if prefix.lower() in meant_actions.CLIENT_WORDS:
            meant = meant_actions.by_name(operation, item)
            hint = f"did you mean `{meant[0]}`?" if meant else "an action reads service:Operation"
            yield Problem(f"'{text}' is a call of an SDK, not an IAM action: {item.nothing_done}", hint, spot)
            continue
        if managed_policies.has_action_of(prefix.lower()):
            message = f"'{prefix}' in '{text}' is not a documented service, though AWS's own policies use it"
            yield Problem(message, None, spot, WARNING)
            continue
        meant = meant_actions.of_another_service(text, item)
        hint = (
            f"did you mean `{meant[0]}`?" if meant else "`remit explain SERVICE:ACTION` knows the prefixes of actions"
        )
        yield Problem(f"unknown service '{prefix}' in '{text}': IAM accepts it, and {item.nothing_done}", hint, spot)


_GONE = {"sns:receive": "SNS writes it into the policy that a topic has at first"}
"""What AWS itself writes, folded, and why: whoever copied it made no slip."""
_OF_DEVICES = frozenset({"iot:assumerolewithcertificate"})
"""What only policies of AWS IoT know, which look like those of IAM."""


@rule("R202", ERROR, looks_at="doubtful")
def unknown_action(item: ParsedStatement) -> Iterator[Problem]:
    """An action that its service does not have: a slip, an API operation, a method of boto3.

    IAM accepts it and grants nothing. Some operations are authorised by an action of another name: `Invoke` by
    `lambda:InvokeFunction`, `HeadObject` by `s3:GetObject`. It is a warning where AWS's reference may have a gap: AWS's own
    policies use the action, or an operation of that name exists.

    Flagged:

        {"Effect": "Allow", "Action": "s3:HeadObject", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: the "Service Authorization Reference" (AWS); operations and their actions as the catalogue has them;
    "Authorizing direct calls to AWS services using AWS IoT Core credential provider" (AWS IoT Core Developer Guide).
    """
    for text in item.statement.actions.patterns:
        if expand(text) or ":" not in text or not is_plain(text) or text.lower() in _OF_DEVICES:
            continue
        if meant_actions.well_formed(text) and service(text.partition(":")[0]):
            yield _problem(text, item)


def _problem(text: str, item: ParsedStatement) -> Problem:
    """The problem of an action that the catalogue does not have.

    It is gone, it is an operation of the API, AWS's own policies use it, or it is unknown. A warning, not an error,
    where AWS's reference may have a gap.
    """
    prefix, _, name = text.partition(":")
    spot = (item.action_element, text)
    called = operation_of(prefix, name)
    if text.lower() in _GONE:
        return Problem(f"'{text}' is not an action any more, though {_GONE[text.lower()]}", "remove it", spot, WARNING)
    by_aws = managed_policies.occurs(text)
    severity = WARNING if by_aws else ERROR
    if called is not None and called.calls:
        needed = called.actions or called.perhaps
        message = f"'{text}' is an operation of the API, not an action: it is authorised by {', '.join(needed)}"
        return Problem(message, f"did you mean `{needed[0]}`?", spot, severity)
    if called is not None and called.free:
        message = f"'{text}' is an operation of the API that needs no permission: {item.nothing_done}"
        return Problem(message, "remove it", spot, severity)
    if called is not None:
        message = f"'{text}' is an operation of the API that AWS's reference lists no action for"
        return Problem(message, f"`remit explain {prefix}:*` lists the actions", spot, WARNING)
    if by_aws:
        return Problem(f"'{text}' is not a documented action, though AWS's own policies use it", None, spot, WARNING)
    meant = meant_actions.of_another_service(text, item)
    hint = f"did you mean `{meant[0]}`?" if meant else f"`remit explain {prefix}:*` lists the actions"
    is_sure = bool(meant) or prefix.lower() in RELIABLE  # some services have actions that no reference lists
    severity = ERROR if is_sure else WARNING
    return Problem(f"{prefix} has no action '{name}': IAM accepts it, and {item.nothing_done}", hint, spot, severity)


@rule("R203", ERROR, looks_at="doubtful")
def pattern_matches_nothing(item: ParsedStatement) -> Iterator[Problem]:
    """A pattern of actions that matches no action.

    It grants nothing.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:Fetch*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: the "Service Authorization Reference" (AWS).
    """
    for text in item.statement.actions.patterns:
        if expand(text) or not is_pattern(text):
            continue
        prefix, _, pattern = text.partition(":")
        if meant_actions.well_formed(text) and service(prefix):
            nearest_pattern = _nearest(prefix, pattern)
            hint = (
                f"nearest: `{nearest_pattern}`"
                if nearest_pattern
                else f"`remit explain '{prefix}:*'` lists its actions"
            )
            yield Problem(f"'{text}' matches no action: {item.nothing_done}", hint, (item.action_element, text))


def _nearest(prefix: str, pattern: str) -> str:
    """The action or pattern that a pattern, which matches nothing, was meant to be; "" where nothing is near.

    First an action that it misses by a slip, then the pattern with `*` at its end, with its words mended, a near
    action.
    """
    name = f"{prefix}:{pattern}".replace("*", "").replace("?", "")
    longer = f"{prefix}:{pattern}*"
    mended = misspelt_action(name) or (longer if expand(longer) else meant_actions.respelt(prefix, pattern))
    return mended or next(iter(nearest_actions(name)), "")


_FORM = "write service:Operation, as s3:GetObject"
_SHOWN = 80
_LONG = 200  # characters of no action


@rule("R204", ERROR, looks_at="doubtful")
def bad_action(item: ParsedStatement) -> Iterator[Problem]:
    """An action is not written as service:Operation.

    IAM refuses it: no prefix, two colons, spaces, a wildcard in the prefix, other signs.

    Flagged:

        {"Effect": "Allow", "Action": "GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "IAM JSON policy elements: Action" (IAM User Guide).
    """
    for text in item.statement.actions.patterns:
        means_nothing = not expand(text) or is_pattern(text.partition(":")[0])
        if means_nothing and not meant_actions.well_formed(text) and "${" not in text:
            excerpt = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]}… ({len(text):,} characters)"
            mistake, hint = _mistake(text, item)
            yield Problem(f"'{excerpt}' {mistake}", hint, (item.action_element, text))


def _mistake(text: str, item: ParsedStatement) -> tuple[str, str]:  # noqa: C901, PLR0911 - one after the other
    """The mistake that an action is, as a phrase, and a hint: of several the one that says most."""
    prefix, _, name = text.partition(":")
    if text.startswith("arn:"):
        return "is an ARN where an action must be", "ARNs stand in Resource"
    if ":" not in text and managed_policies.managed_policy(text.rpartition("/")[2]) is not None:
        return "is a managed policy, not an action", "attach it to the role, or name the actions"
    parts = [f"{part}:*" if service(part) else part for part in re.split(r"[\s,;|]+", text) if part]
    if len(parts) > 1 and all(":" in part and meant_actions.well_formed(part) for part in parts):
        listed = ", ".join(f'"{part}"' for part in parts)
        return f"holds {len(parts)} actions in one string: IAM refuses it", f"write a list: [{listed}]"
    if ":" not in text.removeprefix(":"):
        return _without_prefix(text.removeprefix(":"), item)
    if prefix.lower() in meant_actions.CLIENT_WORDS:
        return "is a call of an SDK, not an IAM action", _from_method(text, item)
    if "*" in prefix or "?" in prefix:
        actions = meant_actions.by_name(name, item) if is_plain(name) else ()
        fitting = [action for action in actions if matches(prefix.lower(), action.partition(":")[0])] or actions
        hint = f"did you mean `{fitting[0]}`?" if fitting else "name each service: s3:*, sqs:*"
        return "has a wildcard in its service: IAM refuses it", hint
    if re.search(r"\s", text):
        return "contains white space: IAM refuses it", _tidied(text, item)
    if text.count(":") > 1:
        return f"has {text.count(':')} colons: an action has one", _tidied(text, item)
    if text.endswith(":"):
        return "names no operation", f"`remit explain '{text}*'` lists the actions"
    sign = next((sign for sign in text if not re.match(r"[A-Za-z0-9:*?-]", sign)), "-")
    hint = _tidied(text, item, _from_method(text, item))
    if sign == "_" and hint != _FORM:
        return "contains '_': it is a method of an SDK, not an IAM action", hint
    if sign == "{":
        return "contains '{': a placeholder that nothing replaced", 'put the value in, or an f before the string: f"…"'
    return f"contains {sign!r}: actions have letters and digits only", hint


def _tidied(text: str, item: ParsedStatement, otherwise: str = _FORM) -> str:
    """A hint at the action that is left when white space, doubled colons and other signs are gone; else `otherwise`."""
    compact = re.sub(r"[\s\u200b\ufeff]+", "", text)
    compact = re.sub(r"(?<=[A-Za-z0-9]):{2,}|(?<=[A-Za-z0-9])[./](?=[A-Za-z])", ":", compact, count=1)
    actions = meant_actions.completed(compact, item) if compact != text and len(text) < _LONG else ()
    return f"did you mean `{actions[0]}`?" if actions else otherwise


def _from_method(text: str, item: ParsedStatement) -> str:
    """A hint at the action that a method of an SDK, or another service's action, means; else how one is written."""
    actions = meant_actions.completed(text, item)
    return f"did you mean `{actions[0]}`?" if actions else _FORM


def _without_prefix(text: str, item: ParsedStatement) -> tuple[str, str]:
    """The mistake and the hint for a text without a colon: another sign in its place, a service, or a name alone."""
    for sign in ("::", ".", "/", " ", "_", "-"):
        prefix, separator, operation = text.partition(sign)
        if separator and service(prefix):
            actions = meant_actions.of_service(prefix, operation)
            if actions:
                return "has no colon after its service", f"did you mean `{actions[0]}`?"
    if service(text):
        return "is a service, not an action", f"did you mean `{text.lower()}:*`?"
    actions = meant_actions.by_name(text, item)
    hint = f"did you mean `{actions[0]}`?" if actions else _FORM
    return "has no service before it", hint
