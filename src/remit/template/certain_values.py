"""Put in what is certain of a template before any deploy: loops, mappings, and parameters that have one value only.

What is one of a few texts becomes a choice (see `choices`).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.template.alternatives import with_choices
from remit.template.branches import written_at
from remit.template.loops import unrolled
from remit.template.sections import section
from remit.template.values import in_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.documents.read import Source
    from remit.template.policy_documents import Place

_PLACE: Final = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_KEYS: Final = 3  # a mapping, and two keys


def settled(template: Mapping[str, Any], place: Place, given: Mapping[str, str] | None = None) -> tuple[Any, Place]:
    """The template with loops, mappings and settled parameters put in, as far as they are known; and its places.

    `given` are the values of parameters that somebody tells.
    """
    values = {**_parameters(template.get("Parameters")), **(given or {})}
    loops = unrolled(template, values)
    template, moved = loops.template, loops.moved
    put = _Settled(values, section(template, "Mappings"))
    if put.values or put.mappings:
        sections = {name: put.value(template[name]) for name in ("Resources", "Conditions") if name in template}
        template = {**template, **sections}
    return with_choices(template), (lambda path: place(written_at(path, moved))) if moved else place


def settled_source(source: Source, given: Mapping[str, str] | None = None) -> Source:
    """A template that was read, settled; any other document as it is."""
    if not isinstance(source.value, dict) or not isinstance(source.value.get("Resources"), dict):
        return source
    value, place = settled(source.value, source.place, given)
    return replace(source, value=value, place=place)


def _parameters(declared: Any) -> dict[str, Any]:
    """The parameters that can have a single value."""
    values: dict[str, Any] = {}
    for name, parameter in declared.items() if isinstance(declared, dict) else ():
        is_text = isinstance(parameter, dict) and not str(parameter.get("Type")).startswith(
            "AWS::SSM::"
        )  # which gives what is there
        allowed = parameter.get("AllowedValues") if is_text else None
        if isinstance(allowed, list) and len(allowed) == 1 and isinstance(allowed[0], str | int | float):
            values[str(name)] = _text(allowed[0])
    return values


def _text(value: str | float) -> str:
    """A parameter's value, which is text in every template."""
    return value if isinstance(value, str) else json.dumps(value)


class _Settled:
    """One pass over a template's resources."""

    def __init__(self, values: Mapping[str, str], mappings: Mapping[str, Any]) -> None:
        self.values = values
        self.mappings = mappings

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        put = {key: self.value(item) for key, item in value.items()}
        if len(put) != 1:
            return put
        ((function, argument),) = put.items()
        if function == "Ref" and isinstance(argument, str):
            return self.values.get(argument, put)
        if function == "Fn::Sub":
            return {function: self.substituted(argument)}
        return self.found(put, argument) if function == "Fn::FindInMap" else put

    def found(self, lookup: dict[str, Any], keys: Any) -> Any:
        if not isinstance(keys, list) or len(keys) < _KEYS or not all(isinstance(key, str) for key in keys[:_KEYS]):
            return lookup
        matches = in_mapping(self.mappings, [{key} for key in keys[:_KEYS]])
        return matches[0][1] if matches else lookup

    def substituted(self, argument: Any) -> Any:
        """The argument of a Fn::Sub, with settled parameters in the text unless its own variables hide them."""
        text, variables = tokens.substitution(argument)
        if not text:
            return argument
        put = self.put(text, variables)
        return put if isinstance(argument, str) else [put, argument[1]]

    def put(self, text: str, variables: Mapping[str, Any]) -> str:
        return _PLACE.sub(
            lambda match: self.values[match[1]] if match[1] in self.values and match[1] not in variables else match[0],
            text,
        )
