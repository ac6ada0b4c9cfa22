"""Policy variables, `${aws:username}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.catalogue.actions import service
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.condition_keys import global_key, put_in
from remit.documents.foreign_text import without_unfilled
from remit.iam import tokens
from remit.lint import conditions
from remit.lint.finding import ERROR, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

_OPEN = r"\$\{[^{}]*(?:\$\{|\Z)"


@rule("R127", ERROR, looks_at="variable", needs=r"\$\{")
def unclosed_variable(item: ParsedStatement) -> Iterator[Problem]:
    """A `${` that is never closed.

    It is not a variable but literal text, which matches nothing that was meant.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*"}

    Source: "IAM policy elements: Variables and tags" (IAM User Guide).
    """
    for spot, text in item.variable_texts:
        unclosed = re.search(_OPEN, without_unfilled(text, ""))  # `${…}` within a reference is a tool's, and closed
        if unclosed is not None:
            part = unclosed.group().removesuffix("${")
            message = f"'{part}' is not closed: it is literal text, and nothing matches"
            yield Problem(message, "add '}' where the variable ends", spot)


_VARIABLE = r"\$\{([^{}]*)\}"
_QUOTES = "'\""
_QUOTED = r" '[^']*'"
_TOOLS = frozenset({"cf", "env", "file", "git", "opt", "param", "self", "sls"})
"""What variables of the Serverless Framework begin with; Terraform's have an underscore and a dot."""
_TERRAFORM = r"[a-z0-9]+_[a-z0-9_]+\..+"
_LATE = r"AWS::[A-Za-z]+|[A-Za-z0-9]+(?:\.[A-Za-z0-9_.-]+)?"


@rule("R128", ERROR, looks_at="variable", needs=r"\$\{")
def unknown_variable(item: ParsedStatement) -> Iterator[Problem]:
    """A variable that no request has, or one whose default IAM cannot read.

    It has no value, and a statement with it matches nothing. A default stands between single quotes, after a comma and a
    space.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:usrname}/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"}

    Source: "IAM policy elements: Variables and tags", "AWS global condition context keys" (IAM User Guide).
    """
    for spot, text in item.variable_texts:
        for variable in re.finditer(_VARIABLE, text):
            written, comma, default = variable[1].partition(",")
            name = written.strip()
            if name.partition(":")[0] in _TOOLS or re.match(_TERRAFORM, name):
                message = f"unknown policy variable ${{{name}}}: it has no value, and nothing matches"
                yield Problem(message, "put the value in: a policy file is not a template", spot)
            elif comma and ":" in name and not re.fullmatch(_QUOTED, default):
                message = f"the default of ${{{variable[1]}}} is not between single quotes: IAM refuses it"
                yield Problem(message, f"write `${{{name}, '{default.strip().strip(_QUOTES)}'}}`", spot)
            elif written != name and name:
                message = f"${{{written}}} has a space in its name: it has no value, and nothing matches"
                yield Problem(message, f"write `${{{name}}}`", spot)
            elif name not in ("*", "?", "$") and not re.fullmatch(_LATE, name) and not _is_raw(text, variable.start()):
                yield from _problem(name, spot, late=item.document.names is not None)


def _federated(name: str, spot: Spot) -> Iterator[Problem]:
    """A key of a federation provider, whose keys are its own; the best known are told."""
    meant = conditions.nearest_federated_key(name)
    if meant is not None:
        message = f"unknown policy variable ${{{name}}}: its provider gives none of that name"
        yield Problem(message, f"did you mean `${{{meant}}}`?", spot, WARNING)


def _is_raw(text: str, start: int) -> bool:
    """Return whether it is inside an intrinsic function that stands there as JSON."""
    return "${{" in text[: start + 3]


def _problem(name: str, spot: Spot, *, late: bool) -> Iterator[Problem]:
    from remit.catalogue.meant_names import nearest_key  # noqa: PLC0415 - asked of mistakes alone

    prefix, colon, _ = name.partition(":")
    if colon and "." in prefix:
        yield from _federated(name, spot)
        return
    if colon and (key_type(name) is not None or prefix.lower() in ("saml", "sts")):
        return
    if put_in(name):
        return
    parameter = tokens.pseudo_parameter(name) if late else None
    if parameter is not None:  # in a template, or in an app, where it is `aws.region`
        message = f"unknown policy variable ${{{name}}}: it has no value, and nothing matches"
        yield Problem(message, f"did you mean `${{{parameter}}}`?", spot)
        return
    tagged = global_key(f"{name}/x")
    meant = f"{tagged.name}/KEY" if tagged is not None and tagged.tagged else nearest_key(name)
    hint = (
        f"did you mean `${{{meant}}}`?"
        if meant
        else "variables are condition keys: ${aws:username}, ${aws:PrincipalTag/team}"
    )
    sure = meant is not None or not colon or (prefix != "aws" and service(prefix) is None)
    severity = ERROR if sure else WARNING
    yield Problem(f"unknown policy variable ${{{name}}}: it has no value, and nothing matches", hint, spot, severity)


_VARIABLE_TOO_EARLY_VARIABLE = r"\$\{[^{}:]+:[^{}:][^{}]*\}"


@rule("R133", WARNING, looks_at="statement", needs=r"\$\{")
def variable_too_early(item: ParsedStatement) -> Iterator[Problem]:
    """A variable stands before the fifth colon of an ARN.

    There it is literal text: partition, service, region and account must be written out.

    Flagged:

        {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:${aws:PrincipalAccount}:alerts"}

    Better:

        {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:alerts"}

    Source: "IAM policy elements: Variables and tags" (IAM User Guide): where you can use variables.
    """
    for text in item.resources:
        arn = parse_arn(text) if "${" in text else None
        if arn is None:
            continue
        variable = re.search(_VARIABLE_TOO_EARLY_VARIABLE, f"{arn.partition} {arn.service} {arn.region} {arn.account}")
        if variable is not None:
            message = f"{variable.group()} stands before the fifth colon of '{text}', where variables are literal text"
            yield Problem(message, "write the value, or *", (item.resource_element, text))


_NAMED_INSTEAD = {
    "an action": "name the actions, or use a wildcard",
    "a principal": "name the principal, or compare aws:PrincipalArn or aws:PrincipalTag/KEY in a condition",
}
_VARIABLE_ELSEWHERE_VARIABLE = re.compile(r"\$\{([a-zA-Z][\w.-]*:[^:{},][^{},]*)[^{}]*\}")


@rule("R140", ERROR, looks_at="statement", needs=r"\$\{")
def variable_elsewhere(item: ParsedStatement) -> Iterator[Problem]:
    """A policy variable where IAM puts none in: in an action, in a principal.

    Variables have values in Resource and in conditions alone; elsewhere `${…}` is not a name that IAM knows.

    Flagged:

        {"Effect": "Allow", "Action": "s3:${aws:PrincipalTag/verb}Object", "Resource": "arn:aws:s3:::data/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*"}

    Source: "IAM policy elements: Variables and tags" (IAM User Guide): where you can use policy variables.
    """
    places: list[tuple[str, str, Spot]] = [
        (text, "an action", (item.action_element, text)) for text in item.statement.actions.patterns
    ]
    places += [(value, "a principal", (item.principal_element, kind, value)) for kind, value in item.principals]
    for text, place, spot in places:
        variable = _VARIABLE_ELSEWHERE_VARIABLE.search(text)
        if variable is not None and key_type(variable[1]) is not None:  # `${self:custom.account}` is another tool's
            message = f"{place} takes no variable, and {variable[0]} is literal text: IAM refuses it"
            yield Problem(message, _NAMED_INSTEAD[place], spot)
