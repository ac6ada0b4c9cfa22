"""Say as a choice what can only be one of a few texts: an Effect, a Version, an action from a parameter or a mapping.

Each becomes a choice on a condition of its own, `Mode = Allow`: whoever knows conditions knows these.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.iam.policy import OLD_VERSION, VERSION
from remit.template.branches import Choice, choice
from remit.template.sections import section
from remit.template.values import in_mapping
from remit.template.worlds import Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EFFECTS: Final = ("Allow", "Deny")
_VERSIONS: Final = (VERSION, OLD_VERSION)
_ACTIONS: Final = frozenset({"Action", "NotAction"})
_MOST: Final = 8
"""Actions that a parameter or a mapping may give and that are taken one by one."""
_KEYS: Final = 3  # a mapping, and two keys


def with_choices(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with such texts as choices, and their conditions among its own."""
    put = _Choices(section(template, "Parameters"), section(template, "Mappings"))
    changed = {**template, "Resources": put.value(template.get("Resources"))}
    if put.conditions:
        changed["Conditions"] = {**section(template, "Conditions"), **put.conditions}
    return changed


class _Choices:
    """One pass over a template's resources; `conditions` are those that the choices ask."""

    def __init__(self, parameters: Mapping[str, Any], mappings: Mapping[str, Any]) -> None:
        self.parameters = parameters
        self.mappings = mappings
        self.conditions: dict[str, Any] = {}

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: self.element(key, item, value) for key, item in value.items()}

    def element(self, key: str, item: Any, around: Mapping[str, Any]) -> Any:
        if key == "Effect" and not _ACTIONS.isdisjoint(around):
            return self.chosen(item, _EFFECTS)
        if key == "Version" and "Statement" in around:
            return self.chosen(item, _VERSIONS)
        if key in _ACTIONS and "Effect" in around:
            return [self.chosen(action) for action in item] if isinstance(item, list) else self.chosen(item)
        return self.value(item)

    def chosen(self, value: Any, among: tuple[str, ...] = ()) -> Any:
        """A value as a choice of its possible texts: those `among` which it must be, or a few that are written."""
        written = choice(value)
        if written is not None:
            if_true, if_false = written.values
            return Choice(written.condition, (self.chosen(if_true, among), self.chosen(if_false, among))).written()
        if not tokens.is_intrinsic(value):
            return value
        options = [option for option in self.options(value) if not among or option[2] in among]
        if not options or (not among and len(options) > _MOST):
            options = [(value, text, text) for text in among]
        return self.nested(options) if options else value

    def nested(self, options: list[tuple[Any, str, Any]]) -> Any:
        """What most of the tests give, where none of the others holds."""
        ((most, _),) = Counter(json.dumps(text) for _, _, text in reversed(options)).most_common(1)
        chosen = json.loads(most)
        for tested, tested_text, text in reversed(options):
            if json.dumps(text) != most:
                name = Test(tokens.text_of(tested), tested_text).words(holds=True)
                self.conditions[name] = {"Fn::Equals": [tested, tested_text]}
                chosen = Choice(name, (text, chosen)).written()
        return chosen

    def options(self, value: dict[str, Any]) -> Iterator[tuple[Any, str, Any]]:
        """What may be there, as far as the template tells: when one value is a text, this text (or list of them)."""
        late = tokens.references(tokens.from_intrinsic(value))
        ((function, argument),) = value.items()
        if function == "Fn::FindInMap":
            yield from self.found(argument)
        elif len(late) == 1 and late[0].text == tokens.from_intrinsic(value):
            declared = section(self.parameters, late[0].target or "")
            allowed = declared.get("AllowedValues") if declared.get("Type") == "String" else None
            for text in allowed if isinstance(allowed, list) else ():
                yield late[0].intrinsic, str(text), str(text)

    def found(self, keys: Any) -> Iterator[tuple[Any, str, Any]]:
        """What a mapping gives of which one key is known."""
        if not isinstance(keys, list) or len(keys) != _KEYS or not isinstance(keys[0], str):
            return
        unknown = [key for key in keys[1:] if not isinstance(key, str)]
        if len(unknown) != 1 or not tokens.is_intrinsic(unknown[0]):
            return
        place = keys.index(unknown[0])
        matches = in_mapping(self.mappings, [{key} if isinstance(key, str) else None for key in keys])
        options = [(path[place], option) for path, option in matches if option is not None]
        if all(isinstance(option, str | list) for _, option in options):
            yield from ((unknown[0], key, option) for key, option in options)
