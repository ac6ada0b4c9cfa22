"""References within a template."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from remit.did_you_mean import MISSPELT, did_you_mean, nearest
from remit.documents.foreign_text import is_unfilled
from remit.iam import tokens
from remit.lint.elements import is_policy
from remit.lint.finding import ERROR, WARNING, Problem, Spot, rule
from remit.template.references import functions, named_by, references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument
    from remit.template.written_template import WrittenTemplate

_VARIABLE = r"\$\{([a-z][a-z0-9-]*:[^{}]+)\}"
_BRACES = r"(?<![${])\{([A-Za-z][A-Za-z0-9:.]*)\}(?!\})"


@rule("R401", ERROR, looks_at="template", needs='"Ref"|"Fn::')
def unknown_reference(written: WrittenTemplate) -> Iterator[Problem]:
    """A reference to what is not in the template, or one that CloudFormation does not read as it was meant.

    CloudFormation refuses it (Unresolved resource dependencies). In a policy file there is no template: nothing resolves
    it. Flagged are also conditions, mappings, attributes and functions that do not exist, and in Fn::Sub variables of IAM
    and braces without a dollar sign. It is a warning of an attribute, and where another tool or the whole of the template
    may supply what is named.

    Flagged:

        Resources:
          Table: {Type: "AWS::DynamoDB::Table"}
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Tabel.Arn}

    Better:

        Resources:
          Table: {Type: "AWS::DynamoDB::Table"}
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Table.Arn}

    Source: "Ref", "Fn::GetAtt", "Fn::Sub" (CloudFormation User Guide).
    """
    foreign_names: dict[str, Spot] = {}
    for section in ("Resources", "Outputs", "Conditions"):
        for function, argument, spot in functions(written.raw.get(section), (section,)):
            for reference in named_by(function, argument):
                if _is_foreign(reference, written):
                    foreign_names.setdefault(str(reference.target), spot)
                else:
                    yield from _problem(reference, spot, written)
            if written.exact:
                yield from _function(function, argument, spot, written)

    if foreign_names:
        name, spot = next(iter(foreign_names.items()))
        more = len(foreign_names) - 1
        others = f", nor {more} more that it refers to" if more else ""
        message = (
            f"'{name}' is neither a resource nor a parameter of this file{others}: CloudFormation refuses it alone"
        )
        hint = "fine for a part of a template; else declare it in Resources or Parameters"
        yield Problem(message, hint, spot, WARNING)


def _is_foreign(reference: tokens.Reference, written: WrittenTemplate) -> bool:
    """Return whether a part of a template names what the whole declares: a module, an include, a test's expectation."""
    name = reference.target
    if name is None or not written.exact or "AWSTemplateFormatVersion" in written.raw:
        return False
    return not name.startswith("AWS::") and name not in written.names and not _is_misspelt(name, written.names)


@lru_cache(maxsize=1024)
def _is_misspelt(name: str, names: frozenset[str]) -> bool:
    """Return whether a name is one of some others, but for a letter or two."""
    return nearest(name, names, MISSPELT) is not None


@lru_cache(maxsize=1024)
def _meant(name: str, names: frozenset[str]) -> str | None:
    """The nearest name that somebody may have meant; None: none is near."""
    return nearest(name, names)


def _function(name: str, argument: Any, spot: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    """Yield a condition, mapping or function that does not exist, and what Fn::Sub replaces or leaves by mistake."""
    section = tokens.SECTIONS.get(name)
    entry = argument[0] if section is not None and isinstance(argument, list) and argument else None
    defined = {} if section is None else written.raw.get(section) or {}
    if section is not None and isinstance(entry, str) and entry not in defined:
        message = f"{name} asks for '{entry}', and the template has no such {section.lower().removesuffix('s')}"
        yield Problem(message, did_you_mean(entry, defined) or f"add it to {section}", spot)
    elif name.startswith("Fn::") and name not in tokens.FUNCTIONS:
        meant = nearest(name, tokens.FUNCTIONS, MISSPELT)
        if meant is not None:
            yield Problem(f"CloudFormation has no function {name}", f"did you mean `{meant}`?", spot)
    elif name == "Fn::Sub":
        yield from _substituted(argument, spot, written)


def _substituted(argument: Any, spot: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    """Variables of IAM that Fn::Sub takes for resources, and braces that it leaves as they are."""
    text, _ = tokens.substitution(argument)
    variable = re.search(_VARIABLE, text)
    if variable is not None:
        message = f"Fn::Sub takes ${{{variable[1]}}} for a resource, and CloudFormation refuses it"
        yield Problem(message, f"write `${{!{variable[1]}}}`, which leaves IAM's variable alone", spot)
    if "\n" in text:
        return  # in code, braces are the language's own
    for braces in re.finditer(_BRACES, text):
        if braces[1].partition(".")[0] in written.names or braces[1] in tokens.PSEUDO:
            message = f"{braces.group()} in '{text}' is literal text: Fn::Sub replaces ${{…}} alone"
            yield Problem(message, f"did you mean `${{{braces[1]}}}`?", spot)


@rule("R401", looks_at="document")
def _unknown_reference_in_document(document: PolicyDocument) -> Iterator[Problem]:
    """References of CloudFormation's in a policy file, which has no template around it."""
    if document.names is None and isinstance(document.raw, dict) and is_policy(document.raw):
        for reference, spot in references(document.raw):
            if is_unfilled(reference.text):
                continue  # which is said once of the whole file
            if reference.target is not None and reference.target not in tokens.PSEUDO:
                message = f"{_shown(reference)} names no resource: a policy file has no template around it"
                severity = ERROR if "Ref" in reference.intrinsic else WARNING  # what a template's part may well hold
                yield Problem(message, "write the ARN", spot, severity)


@rule("R401", looks_at="statement")
def _unknown_reference_in_statement(item: ParsedStatement) -> Iterator[Problem]:
    """References in the grants of an app, to what its template will hold."""
    names = item.document.names
    if item.document.raw is not None or names is None:
        return
    element = item.resource_element
    for text in item.resources:
        for reference in tokens.references(text):
            name = reference.target
            if name is None or name in names or name in tokens.PSEUDO:
                continue
            meant = nearest(name, names)
            hint = f"did you mean `{meant}`?" if meant else "`remit build` writes the template with all names"
            yield Problem(f"{_shown(reference)} names no resource of the app", hint, (element, text))


def _problem(reference: tokens.Reference, spot: Spot, written: WrittenTemplate) -> Iterator[Problem]:
    """Yield what is wrong with a reference: there is no such pseudo parameter, resource, parameter or attribute."""
    name = reference.target
    if name is None or is_unfilled(reference.text):
        return
    if name.startswith("AWS::"):
        if name not in tokens.PSEUDO:
            yield Problem(f"there is no pseudo parameter {name}", did_you_mean(name, tokens.PSEUDO), spot)
    elif name not in written.names:
        if written.makes(name) or (written.unread and not _is_misspelt(name, written.names)):
            return  # a macro or another tool may make it
        meant = _meant(name, written.names)
        hint = f"did you mean `{meant}`?" if meant else "add it to Resources or Parameters"
        severity = ERROR if written.exact else WARNING
        yield Problem(f"{_shown(reference)} names no resource and no parameter of the template", hint, spot, severity)
    elif reference.attribute and name in written.resources:
        from remit.catalogue.types import resource_type  # noqa: PLC0415 - an app's own template is right

        kind = resource_type(written.type_of(name))
        if kind is not None and kind.attributes and not kind.has_attribute(reference.attribute) and written.exact:
            attributes = ", ".join(kind.attributes)
            arn = reference.attribute.endswith(("Arn", "ARN")) and "Arn" in kind.attributes
            meant = "did you mean `Arn`?" if arn else did_you_mean(reference.attribute, kind.attributes)
            hint = meant or f"it has {attributes}"
            yield Problem(
                f"{kind.name} has no attribute '{reference.attribute}' for {_shown(reference)}", hint, spot, WARNING
            )


def _shown(reference: tokens.Reference) -> str:
    return f"Ref '{reference.target}'" if reference.attribute is None else f"'{reference.target}.{reference.attribute}'"
