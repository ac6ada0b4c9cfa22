"""The parameters, mappings and conditions of a template as constants: what remit decides, it decides in Python."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Path, RemitError
from remit.importing.app_model import Leftovers, PythonStatement
from remit.importing.python_text import Bracketed, Item, Source, call, flat, literal, quoted
from remit.importing.template_values import TemplateNames, unused, words
from remit.template.parameters import Parameter, parameters
from remit.template.references import references
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.documents.json_text import Locate

_TEXTS_OF_PYTHON: Final = frozenset({
    "Fn::FindInMap", "FunctionName", "Handler", "Method", "Path", "Runtime", "Schedule",
    "ScheduleExpression", "StageName",
})  # fmt: skip
"""Where remit takes only what is known before the deploy."""
_POLICY: Final = "arn:aws:iam::111122223333:policy/"
"""How the boundary reads that is to be filled in."""
_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_STORED: Final = "AWS::SSM::Parameter::Value<"
_NOT_NAMES: Final = frozenset((*keyword.kwlist, *dir(builtins), "app", "aws", "config", "on", "project"))


def constants_of(
    template: Mapping[str, Any], locate: Locate, leftovers: Leftovers
) -> tuple[tuple[PythonStatement, ...], TemplateNames, tuple[str, ...]]:
    """The parameters, mappings and conditions of a template as constants, their names in Python, and those to fill in.

    To be filled in, by constant, are parameters without a default: where Python decides nothing by one, it is read from
    Parameter Store. Mappings and conditions without a form go to `leftovers`.
    """
    declared = parameters(template)
    taken: set[str] = set(_NOT_NAMES)
    constants: list[PythonStatement] = []
    to_fill_in: list[str] = []
    parameter_names: dict[str, str] = {}
    deciding = _named_at(template, lambda path: path[0] == "Conditions" or not _TEXTS_OF_PYTHON.isdisjoint(path))
    bounding = _named_at(template, lambda path: "PermissionsBoundary" in path)
    for name, parameter in declared.items():
        constant = parameter_names[name] = unused(words(name).upper(), taken)
        comment = str(section(template, "Parameters", name).get("Description") or "")
        if parameter.default is None:
            to_fill_in.append(constant)
            comment = f"{comment}\nfill in: {name} has no default".strip()
            is_decided = parameter.is_hidden or parameter.allowed or parameter.type == "Number" or name in deciding
            if not is_decided:
                # A deploy stops where the store has no such parameter, rather than take a value that nobody meant.
                declared = {**declared, name: replace(parameter, type=f"{_STORED}{parameter.type}>")}
        source = _value_of_parameter(name, declared[name], template, _POLICY if name in bounding else "")
        constants.append(PythonStatement(source, constant, comment=comment))
    names = TemplateNames(parameters=parameter_names, declared=declared, leftovers=leftovers)
    mapping_names: dict[str, str] = {}
    for name, mapping in section(template, "Mappings").items():
        value = leftovers.convert(partial(names.source, mapping), f"mapping {name}", locate(("Mappings", name)))
        if value is not None:
            mapping_names[name] = unused(words(name).upper(), taken)
            constants.append(PythonStatement(value, mapping_names[name]))
    names = replace(names, mappings=mapping_names)
    names, conditions = _conditions(template, locate, names, taken)
    constants += conditions
    return tuple(constants), names, tuple(to_fill_in)


def _conditions(
    template: Mapping[str, Any], locate: Locate, names: TemplateNames, taken: set[str]
) -> tuple[TemplateNames, list[PythonStatement]]:
    """The names with those of the conditions added; and the constants for these, each after those that it names.

    One that Python cannot decide is left. `taken` gets the constants' names.
    """
    constants: list[PythonStatement] = []
    written = section(template, "Conditions")
    failed = dict.fromkeys(written, "")
    for _ in written:  # one may name another that is declared below it
        for name in list(failed):
            try:
                expression = names.condition(written[name])
            except RemitError as error:
                failed[name] = error.message
                continue
            del failed[name]
            constant = unused(words(name), taken)
            names = replace(names, conditions={**names.conditions, name: constant})
            constants.append(PythonStatement(expression, constant))
    for name, because in failed.items():
        names.leftovers.add(f"condition {name}", because, locate(("Conditions", name)))
    return names, constants


def _named_at(template: Mapping[str, Any], is_meant: Callable[[Path], bool]) -> set[str]:
    """Names that a template refers to at the paths that `is_meant` accepts: parameters and resources alike."""
    parts = {name: template.get(name) for name in ("Conditions", "Globals", "Resources")}
    return {str(reference.target) for reference, path in references(parts, late=False) if is_meant(path)}


def _value_of_parameter(name: str, parameter: Parameter, template: Mapping[str, Any], prefix: str) -> Source:
    """An expression for a parameter's value: what is stored, or a secret's name instead of a hidden value.

    Else the first of: its default, a value that it allows, the least number (365 without one), `prefix` and its name.
    A list becomes a list of texts.
    """
    own_name = words(name).replace("_", "-")
    if parameter.is_stored:
        path = f"/{own_name}" if parameter.default is None else str(parameter.default)
        stored = call("existing.parameter", Item(quoted(path)))
        return f'{flat(stored)}.split(",")' if "List<" in parameter.type or "Comma" in parameter.type else stored
    if parameter.is_hidden:
        # Its value would stand in the template: the name of a secret does not.
        return quoted(f"{{{{resolve:secretsmanager:{own_name}}}}}")
    is_number = parameter.type == "Number"
    least = section(template, "Parameters", name).get("MinValue") if is_number else f"{prefix}{own_name}"
    value = next(each for each in (parameter.default, *parameter.allowed, least, 365) if each is not None)
    if parameter.type == "CommaDelimitedList" or parameter.type.startswith("List<"):
        texts = [text.strip() for text in str(value).split(",")]
        return Bracketed("[", tuple(Item(literal(text)) for text in texts if text), "]")
    text = json.dumps(value) if isinstance(value, bool | int | float) else str(value)
    return text if is_number and re.fullmatch(_NUMBER, text) else literal(text)
