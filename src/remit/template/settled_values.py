"""Put in what is certain of a template before any deploy: loops, mappings, and parameters that have one value only.

An Effect or a Version that a parameter gives becomes a choice on a condition, `Mode = Allow`: whoever knows conditions
knows these.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.iam.policy import OLD_VERSION, VERSION
from remit.template.branches import Choice, choice, written_at
from remit.template.condition_outcomes import Test
from remit.template.loops import unrolled
from remit.template.parameters import parameters
from remit.template.resolved_texts import in_mapping
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.documents.json_text import Locate
    from remit.documents.read import ParsedFile

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_KEYS: Final = 3  # a mapping, and two keys
_ACTIONS: Final = frozenset({"Action", "NotAction"})


def settled(template: Mapping[str, Any], locate: Locate, values: Mapping[str, str] | None = None) -> tuple[Any, Locate]:
    """The template with loops, mappings and settled parameters put in, as far as they are known; and its `locate`.

    `values` are those of parameters that somebody tells.
    """
    declared = parameters(template)
    certain = {name: parameter.only_value for name, parameter in declared.items() if parameter.only_value is not None}
    certain |= values or {}
    loops = unrolled(template, certain)
    template, moved = loops.template, loops.moved
    mappings = section(template, "Mappings")
    if certain or mappings:
        substitution = _Substitution(certain, mappings)
        parts = [name for name in ("Resources", "Conditions") if name in template]
        template = {**template, **{name: substitution.value(template[name]) for name in parts}}
    choices = _Choices()
    template = {**template, "Resources": choices.resources(template.get("Resources"))}
    if choices.conditions:
        template["Conditions"] = {**section(template, "Conditions"), **choices.conditions}
    return template, (lambda path: locate(written_at(path, moved))) if moved else locate


def settled_source(source: ParsedFile, values: Mapping[str, str] | None = None) -> ParsedFile:
    """A template that was read, settled; any other document as it is."""
    if not isinstance(source.value, dict) or not isinstance(source.value.get("Resources"), dict):
        return source
    value, locate = settled(source.value, source.locate, values)
    return replace(source, value=value, locate=locate)


def with_values(value: Any, values: Mapping[str, str], mappings: Mapping[str, Any]) -> Any:
    """A part of a template with these values of parameters, and what mappings give for them, put in at any depth."""
    return _Substitution(values, mappings).value(value)


class _Substitution:
    """Puts values in place of Ref, `${…}` in Fn::Sub and Fn::FindInMap, where they are certain."""

    def __init__(self, values: Mapping[str, str], mappings: Mapping[str, Any]) -> None:
        self.values = values
        self.mappings = mappings

    def value(self, value: Any) -> Any:
        """The value with what is certain put in, at any depth; the functions of what is not certain stay."""
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        filled = {key: self.value(item) for key, item in value.items()}
        if len(filled) != 1:
            return filled
        ((function, argument),) = filled.items()
        if function == "Ref" and isinstance(argument, str):
            return self.values.get(argument, filled)
        if function == "Fn::Sub":
            return {function: self.substituted(argument)}
        return self.looked_up(filled, argument) if function == "Fn::FindInMap" else filled

    def looked_up(self, lookup: dict[str, Any], keys: Any) -> Any:
        """Look up keys that are texts in a mapping; else return the lookup itself."""
        if not isinstance(keys, list) or len(keys) < _KEYS or not all(isinstance(key, str) for key in keys[:_KEYS]):
            return lookup
        matches = in_mapping(self.mappings, [{key} for key in keys[:_KEYS]])
        return matches[0][1] if matches else lookup

    def substituted(self, argument: Any) -> Any:
        """The argument of a Fn::Sub, with settled parameters in the text unless its own variables hide them."""
        text, variables = tokens.substitution(argument)
        if not text:
            return argument

        def replaced(reference: re.Match[str]) -> str:
            name = reference[1]
            return self.values[name] if name in self.values and name not in variables else reference[0]

        put = _REFERENCE.sub(replaced, text)
        return [put, argument[1]] if isinstance(argument, list) else put


class _Choices:
    """One pass over a template's resources; `conditions` are those that the choices ask."""

    def __init__(self) -> None:
        self.conditions: dict[str, Any] = {}

    def resources(self, declared: Any) -> Any:
        """The resources; a Condition that is written out in one gets its text as its name."""
        resources = self.value(declared)
        for resource in resources.values() if isinstance(resources, dict) else ():
            condition = resource.get("Condition", "") if isinstance(resource, dict) else ""
            if not isinstance(condition, str):
                name = resource["Condition"] = json.dumps(condition, sort_keys=True, default=str)
                self.conditions[name] = condition
        return resources

    def value(self, value: Any) -> Any:
        """A value in which the Effect of statements, and the Version of documents, are choices of two texts."""
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: self.element(key, item, value) for key, item in value.items()}

    def element(self, key: str, item: Any, around: Mapping[str, Any]) -> Any:
        """An element of a policy document with its choices settled. Effect and Version become values that IAM takes."""
        if key == "Effect" and not _ACTIONS.isdisjoint(around):
            return self.chosen(item, ("Allow", "Deny"))
        if key == "Version" and "Statement" in around:
            return self.chosen(item, (VERSION, OLD_VERSION))
        return self.value(item)

    def chosen(self, value: Any, texts: tuple[str, str]) -> Any:
        """A value as a choice of the two texts that it can be, on the condition that it is the first, which is noted.

        The branches of a choice become such choices. A text, and a Fn::FindInMap that is not settled, stay.
        """
        written = choice(value)
        if written is not None:
            if_true, if_false = written.values
            return Choice(written.condition, (self.chosen(if_true, texts), self.chosen(if_false, texts))).written()
        if not tokens.is_intrinsic(value) or "Fn::FindInMap" in value:
            return value
        name = Test(tokens.text_of(value), texts[0]).words(holds=True)
        self.conditions[name] = {"Fn::Equals": [value, texts[0]]}
        return Choice(name, texts).written()
