"""Policy variables, `${aws:username}`, and references that nothing fills in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.catalogue.action_keys import key_type
from remit.catalogue.actions import keys, service
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.condition_keys import global_key, is_put_in_by_service
from remit.did_you_mean import MISSPELT, nearest
from remit.documents.foreign_text import without_unfilled
from remit.iam import tokens
from remit.iam.placeholders import placeholder
from remit.iam.policy import only_texts
from remit.iam.tokens import REFERENCE
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule
from remit.lint.plain_text import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument, WrittenStatement
    from remit.lint.unfilled_places import UnfilledPlace

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
    space. It is a warning where the prefix is an identity provider's, or is AWS's and no key is like it.

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
            elif name not in ("*", "?", "$") and not re.fullmatch(_LATE, name):
                if "${{" in text[: variable.start() + 3]:
                    continue  # inside an intrinsic function that stands there as JSON
                yield from _problem(name, spot, late=item.document.names is not None)


def _problem(name: str, spot: Spot, *, late: bool) -> Iterator[Problem]:
    """Yield what is wrong with a variable that is no condition key; nothing where a service or a provider may give it.

    With `late`, pseudo parameters are meant, too.
    """
    from remit.catalogue.meant_names import nearest_key  # noqa: PLC0415 - asked of mistakes alone

    prefix, colon, _ = name.partition(":")
    if colon and "." in prefix:
        # The keys of a federation provider are its own; those of which a listed one is misspelt are told.
        listed = [key.name for key in keys("sts") if "." in key.name.partition(":")[0]]
        federated_key = nearest(name, listed, MISSPELT)
        if federated_key is not None and federated_key.lower() != name.lower():
            message = f"unknown policy variable ${{{name}}}: its provider gives none of that name"
            yield Problem(message, f"did you mean `${{{federated_key}}}`?", spot, WARNING)
        return
    if colon and (key_type(name) is not None or prefix.lower() in ("saml", "sts")):
        return
    if is_put_in_by_service(name):
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


_SIGNS = frozenset("{<_-%$")
_BARE_VARIABLE = r"\$?\{([a-z][\w.-]*:[\w/-]+)\}|\$([a-z][\w-]*:[A-Za-z]+)"
"""One of IAM's variables without its dollar sign or its braces."""
_FORGOTTEN = 2
"""Placeholders, or texts with one, that somebody may have forgotten; a policy with more is a pattern to fill in."""
_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource", "Condition", "Principal")
_OBJECTS = ("Condition", "Principal")  # elsewhere an object is a finding of R103
_COLONS = 5  # of an ARN, before its resource
_PLAIN_NAMES = frozenset({"dynamodb", "kinesis", "lambda", "secretsmanager", "sns", "sqs", "states"})
"""Services in whose names no sign may stand with which templates mark a place; a key of S3's holds any."""
_FORMAT = r"(?<!\$)\{+\s*(?:aws|project)\.\w+\s*\}+"


@rule("R129", ERROR, looks_at="statement", needs=r'\{[^"}]|<|%[sd(]|\{\}|ACCOUNT|REGION|BUCKET|\$')
def forgotten_substitution(item: ParsedStatement) -> Iterator[Problem]:
    """A placeholder that nothing replaces: `{aws.region}` without an f-string, `${Table.Arn}` without Fn::Sub, `<account>`.

    It stays literal text, and the statement matches nothing. Names of most services cannot hold such signs; keys of S3's
    can, and where one does, a comment allows it. What may be meant is a warning, and so is a file with several placeholders.
    A policy file with `<account>`, or with ACCOUNT_ID in many places, is a pattern to fill in, which is a note.

    Flagged:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:${AWS::Region}:111122223333:orders"}

    Better:

        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action: sqs:SendMessage
                    Resource: !Sub "arn:aws:sqs:${AWS::Region}:111122223333:orders"

    Source: "Fn::Sub" (CloudFormation User Guide).
    """
    if item.document.raw is not None:
        return
    for spot, text in item.texts:
        marker = placeholder(text)
        if marker is not None:
            message = f"'{marker}' in '{text}' is a placeholder: nothing replaces it"
            is_arn = spot[0] != "Condition" or text.startswith("arn:")
            yield Problem(message, "put the value in, by an f-string", spot, ERROR if is_arn else WARNING)


@rule("R129", looks_at="document")
def _forgotten_substitution_in_document(document: PolicyDocument) -> Iterator[Problem]:
    """Yield the places that a person has yet to fill in, once in a document: in Resource, Principal or Condition."""
    if document.names is None and not document.late:
        yield from _references_of_file(document)
    places = [place for place in document.unfilled if not place.tool]
    if not places:
        return
    if document.names is None and _are_for_people(places):
        markers = tuple(dict.fromkeys(place.marker for place in places))
        named = markers[0] if len(markers) == 1 else f"{markers[0]} and {len(markers) - 1} more"
        message = f"this policy is a pattern for people to fill in ({named}): what they put in is not looked at"
        yield Problem(message, "put the values in before it is attached", places[0].spot, NOTE)
        return
    place = next(filter(_never_fits, places), places[0])
    around = f" in '{place.text}'" if place.text != place.marker else ""
    others = f", nor {len(places) - 1} more of this policy" if len(places) > 1 else ""
    message = f"'{place.marker}'{around} is a placeholder: nothing replaces it{others}"
    is_pattern = len({place.marker for place in places}) > _FORGOTTEN
    severity = ERROR if _never_fits(place) and not is_pattern else WARNING
    yield Problem(message, "put the value in", place.spot, severity)


def _references_of_file(document: PolicyDocument) -> Iterator[Problem]:
    """Yield one problem of all references of CloudFormation's in a policy file, which a template may take in."""
    literals = []
    for written in document.written:
        for element in _ELEMENTS:
            for text, spot in _texts(written.value.get(element), (element,)):
                reference = REFERENCE.search(without_unfilled(text, ""))
                if reference is not None:
                    literals.append((reference, text, (*written.path, *spot)))
    if not literals:
        return
    reference, text, spot = literals[0]
    others = f", nor {len(literals) - 1} more of this policy" if len(literals) > 1 else ""
    message = f"{reference.group()} in '{text}' is literal text: nothing replaces it{others}"
    is_pattern = len({reference.group() for reference, _, _ in literals}) > _FORGOTTEN
    yield Problem(message, _outside(reference[1]), spot, WARNING if is_pattern else ERROR)


def _are_for_people(places: list[UnfilledPlace]) -> bool:
    """Return whether somebody surely knows of the places: all are marked `<account>`, or words such as ACCOUNT_ID."""
    if all(place.marker.startswith("<") for place in places):
        return True
    by_words = all(PLACEHOLDER.fullmatch(place.marker) is not None for place in places)
    return by_words and len({place.text for place in places}) > _FORGOTTEN


def _never_fits(place: UnfilledPlace) -> bool:
    """Return whether a place can stand in no text that IAM accepts: before an ARN's name, or where no sign may be."""
    if place.text.startswith("arn:"):
        before = place.text.count(":", 0, place.text.index(place.marker))
        return before < _COLONS or place.text.split(":")[2] in _PLAIN_NAMES
    return place.marker.startswith("<")


@rule("R129", looks_at="shape")
def _forgotten_substitution_in_shape(written: WrittenStatement) -> Iterator[Problem]:
    """Texts of a statement that hold a placeholder."""
    for element in _ELEMENTS:
        value = written.value.get(element)
        for text, spot in () if _signless(value) else _texts(value, (element,)):
            if written.document.late:  # references are put in place by remit
                yield from _placeholder_in_arn(text, spot)
            else:
                yield from _placeholder_problem(text, spot, template=written.document.names is not None)


def _signless(value: Any) -> bool:
    """Return whether a text has none of the signs, nor any text of a list: of actions, nearly always."""
    text = "".join(value) if isinstance(value, list) and only_texts(value) else value
    return isinstance(text, str) and _SIGNS.isdisjoint(text)


def _texts(value: Any, spot: Spot) -> Iterator[tuple[str, Spot]]:
    """Yield the plain texts of a value with their spots, not those of Fn::Sub and its like."""
    if isinstance(value, str):
        yield value, spot
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*spot, index))
    elif isinstance(value, dict) and spot[0] in _OBJECTS and not any(str(key).startswith("Fn::") for key in value):
        for key, part in value.items():
            yield from _texts(part, (*spot, key))


def _placeholder_problem(text: str, spot: Spot, *, template: bool) -> Iterator[Problem]:
    """Yield what nothing replaces in a text: a reference, a format, a variable without its signs, a placeholder."""
    written, text = text, without_unfilled(text, "")  # said of the whole document
    if _SIGNS.isdisjoint(text):
        return
    if (literal := REFERENCE.search(text)) is not None:
        if template:  # of a file it is said once
            message = f"{literal.group()} in '{text}' is literal text: nothing replaces it"
            yield Problem(message, "write Fn::Sub (!Sub) around it", spot)
    elif (literal := re.search(_FORMAT, text)) is not None:
        yield Problem(f"{literal.group()} in '{text}' is literal text", 'put an f before the string: f"…"', spot)
    elif (variable := _without_signs(text)) is not None:
        message = f"{variable} in '{text}' is literal text: a variable of IAM's has a dollar sign and braces"
        yield Problem(message, f"did you mean `${{{variable.strip('${}')}}}`?", spot)
    elif spot[0] == "Condition" and not text.startswith("arn:") and text == written:
        marker = placeholder(text)
        if marker is not None:
            around = f" in '{text}'" if text != marker else ""
            message = f"'{marker}'{around} is a placeholder: nothing replaces it"
            yield Problem(message, "put the value in", spot, WARNING)
    else:
        yield from _placeholder_in_arn(text, spot)


def _placeholder_in_arn(text: str, spot: Spot) -> Iterator[Problem]:
    """Yield the placeholder in an ARN, also a word that people leave for others to replace; nothing for other texts."""
    if not text.startswith("arn:"):
        return
    marker, word = placeholder(text), PLACEHOLDER.search(text)
    if marker is not None:
        sure = text.count(":", 0, text.index(marker)) < _COLONS or text.split(":")[2] in _PLAIN_NAMES
    elif word is not None:
        marker, sure = word.group(), text.count(":", 0, word.start()) < _COLONS
    else:
        return
    message = f"'{marker}' in '{text}' is a placeholder: nothing replaces it"
    yield Problem(message, "put the value in", spot, ERROR if sure else WARNING)


def _outside(name: str) -> str:
    """Advise on `${name}` outside of a template: most likely a variable of IAM's without its prefix."""
    key = name.replace(".", ":", 1) if "." in name else f"aws:{name}"
    if key_type(key) is not None:
        return f"did you mean `${{{key}}}`?"
    return "put the value in: a policy file is not a template"


def _without_signs(text: str) -> str | None:
    """The first of IAM's variables in a text that lacks its dollar sign or its braces; None where there is none."""
    for variable in re.finditer(_BARE_VARIABLE, text):
        name = variable[1] or variable[2]
        if not variable.group().startswith("${") and key_type(name) is not None:
            return variable.group()
    return None
