"""Values of a template as Python: parameters are constants, conditions are booleans, Fn::Sub is an f-string."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from remit.app import Resource
from remit.catalogue.types import arn_of
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import Leftovers
from remit.importing.python_text import Bracketed, Item, Source, conditional, flat, joined, literal, quoted
from remit.template.branches import IF, NO_VALUE, choice
from remit.template.parameters import Parameter  # noqa: TC001 - a field
from remit.template.references import functions, named_by
from remit.template.sections import section

_WORD: Final = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"
_PLACES: Final = {
    "AWS::AccountId": "aws.account",
    "AWS::NoValue": "None",
    "AWS::Partition": "aws.partition",
    "AWS::Region": "aws.region",
    "AWS::URLSuffix": "aws.url_suffix",
}
_OF_PYTHON: Final = ("Ref", "Fn::FindInMap", IF, "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub")
"""Functions whose values Python can have before the deploy."""
_VARIABLE: Final = r"\$\{([^!}]+)\}"
_ESCAPED: Final = r"\$\{!\w+\}"
_MARK: Final = r"(MARK\d+MARK)"
_PAIR: Final = 2


def words(name: str) -> str:
    """A name of a template in snake_case: `OrdersTable` is `orders_table`, `KMSKey` is `kms_key`."""
    return "_".join(re.findall(_WORD, name)).lower()


def unused(name: str, taken: set[str]) -> str:
    """A name that is not taken: `_` comes before a digit, and behind a name until it is free. `taken` gets it."""
    name = f"_{name}" if not name or name[:1].isdigit() else name
    while name in taken:
        name += "_"
    taken.add(name)
    return name


@dataclass(frozen=True, slots=True)
class TemplateNames:
    """Python's names of a template's parts, by the names that the template has for them."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    declared: Mapping[str, Parameter] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    """Attributes of the class, by logical id."""
    types: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Logical ids that remit gives to what the source calls otherwise: its API, a role."""
    left: Mapping[str, str] = field(default_factory=dict)
    """What is not there to be referred to, and why."""
    texts: frozenset[str] = frozenset(tokens.PSEUDO)
    """Logical ids of the app's that are no attributes: functions, their roles, the app's API."""
    owner: str = "Data."
    """What stands before an attribute; empty inside the class."""
    leftovers: Leftovers = field(default_factory=Leftovers)

    @property
    def inside(self) -> TemplateNames:
        """The same inside the class."""
        return replace(self, owner="")

    def without(self, gone: Mapping[str, str]) -> TemplateNames:
        """The same without some resources, each with the reason."""
        resources = {name: attribute for name, attribute in self.resources.items() if name not in gone}
        return replace(self, resources=resources, left={**self.left, **gone})

    def source(self, value: Any) -> Source:  # noqa: PLR0911 - one form after the other
        """A value of a property. RemitError: it has no form here."""
        chosen = choice(value)
        if chosen is not None:
            yes, no = map(self.source, chosen.values)
            return conditional(yes, self._condition(chosen.condition), no)
        if isinstance(value, str):
            # remit reads `${Name}` in any text as a reference; CloudFormation does in Fn::Sub alone.
            if "${" in value and tokens.references(value):
                return Bracketed("{", (Item(literal(value.replace("${", "${!")), '"Fn::Sub": '),), "}")
            return literal(value)
        if isinstance(value, list):
            return Bracketed("[", tuple(self.items(value, self.source)), "]")
        if tokens.is_intrinsic(value):
            return self._intrinsic(value)
        if isinstance(value, dict):
            entries = (self.entry(str(key), item, self.source) for key, item in value.items())
            return Bracketed("{", tuple(entries), "}")
        return repr(value)

    def text(self, value: Any) -> Source:
        """A value where Python must give text, such as a variable of the environment; true is `"true"`, 1 is `"1"`.

        RemitError (2): it is no text, or has no form here.
        """
        if isinstance(value, bool):
            return '"true"' if value else '"false"'
        if isinstance(value, int | float):
            return quoted(str(value))
        source = self.source(value)
        if isinstance(source, Bracketed) and source.begin == "{":
            if not tokens.is_intrinsic(value) or re.search(_ESCAPED, str(value)):
                raise RemitError("it is no text, or holds `${…}`, which remit takes for a reference")
            marks: dict[str, str] = {}
            return joined(_pieces(tokens.from_intrinsic(self._marked(value, marks)), marks))
        return self._spelled(value, source)

    def condition(self, condition: Any, equals: str = " == ") -> str:
        """A condition of the template as an expression of Python's; one that compares does it by `equals`.

        RemitError (2): only the deploy can decide it, or its form is another.
        """
        if isinstance(condition, dict) and len(condition) == 1:
            ((function, argument),) = condition.items()
            parts = argument if isinstance(argument, list) else [argument]
            if function == "Condition":
                return self._condition(argument)
            if function == "Fn::Equals" and len(parts) == _PAIR:
                if not self.known(parts):
                    raise RemitError("it compares what only the deploy knows")
                return equals.join(flat(self.text(side)) for side in parts)
            if function == "Fn::Not" and len(parts) == 1:
                is_equation = "Fn::Equals" in section(parts[0])
                return self.condition(parts[0], " != ") if is_equation else f"not {_operand(self.condition(parts[0]))}"
            operands = [self.condition(part) for part in parts] if function in ("Fn::And", "Fn::Or") else []
            if operands:
                return f" {function.removeprefix('Fn::').lower()} ".join(map(_operand, operands))
        raise RemitError("its form is not known here")

    def known(self, value: Any) -> bool:
        """Return whether Python knows a value before the deploy: it hangs on parameters, mappings, conditions alone.

        A parameter whose value is stored is not known.
        """
        for function, argument, _ in functions(value):
            if function not in _OF_PYTHON:
                return False
            for reference in named_by(function, argument):
                name = str(reference.target)
                if name not in self.parameters or self.declared[name].is_stored:
                    return False
        return True

    def _spelled(self, value: Any, source: Source) -> Source:
        """The source of a value as text: a number that a parameter has, by `str(…)`."""
        is_number = tokens.is_intrinsic(value) and self._type_of(value.get("Ref")) == "Number"
        return f"str({flat(source)})" if is_number else source

    def _type_of(self, name: Any) -> str:
        return self.declared[name].type if name in self.declared else ""

    def _condition(self, name: Any) -> str:
        """The Python of a condition. RemitError (2): only the deploy decides it."""
        if str(name) not in self.conditions:
            raise RemitError(f"condition {name} is decided by what only the deploy knows")
        return self.conditions[str(name)]

    def items(self, values: list[Any], source: Callable[[Any], Source]) -> list[Item]:
        """The items of a list, each made by `source`; those that a condition may leave out as `*`.

        AWS::NoValue is no item. RemitError (2): only the deploy decides the condition.
        """
        items: list[Item] = []
        for value in values:
            chosen = choice(value)
            if chosen is not None and (NO_VALUE in chosen.values or any(isinstance(x, list) for x in chosen.values)):
                branches = (branch if isinstance(branch, list) else [branch] for branch in chosen.values)
                yes, no = (Bracketed("[", tuple(self.items(branch, source)), "]") for branch in branches)
                items.append(Item(conditional(yes, self._condition(chosen.condition), no), "*"))
            elif value != NO_VALUE:
                items.append(Item(source(value)))
        return items

    def entry(self, key: str, value: Any, source: Callable[[Any], Source], *, keyword: bool = False) -> Item:
        """A key of a dict, or a keyword of a call, with its value; one that a condition may leave out as `**`."""
        if _may_be_away(value):
            return Item(self._optional(key, value, source), "**")
        return Item(source(value), f"{key}=" if keyword else f"{quoted(key)}: ")

    def _optional(self, key: str, value: Any, source: Callable[[Any], Source]) -> Source:
        """The source of a dict with the key, or of an empty one where a condition leaves it out.

        RemitError (2): only the deploy decides the condition.
        """
        chosen = choice(value)
        if chosen is None or not _may_be_away(value):
            return "{}" if value == NO_VALUE else Bracketed("{", (Item(source(value), f"{quoted(key)}: "),), "}")
        condition, (there, away) = self._condition(chosen.condition), chosen.values
        if there == NO_VALUE:
            condition, there, away = f"not {condition}", away, there
        yes, no = (self._optional(key, branch, source) for branch in (there, away))
        return conditional(yes, condition, no)

    def _intrinsic(self, value: dict[str, Any]) -> Source:
        """An expression for what a function of CloudFormation's gives; the function itself where a text escapes `${`.

        RemitError: it has no form here.
        """
        decided = self._decided(value)
        if decided is not None:
            return decided
        marks: dict[str, str] = {}
        marked = self._marked(value, marks)
        text = tokens.from_intrinsic(marked)
        # `${!VAR}` is a text that remit would take for a reference again: it stays CloudFormation's function.
        if "${{" in text or re.search(_ESCAPED, str(value)):
            return _as_it_is(marked, marks)
        pieces: list[tuple[bool, str]] = []
        for part in tokens.split(text):
            if isinstance(part, str):
                pieces += _pieces(part, marks)
            else:
                expression = self._expression(str(part.target), part.attribute)
                pieces.append((False, part.text) if expression is None else (True, expression))
        return joined(pieces)

    def _decided(self, value: dict[str, Any]) -> Source | None:  # noqa: PLR0911 - one function after the other
        """The expression of what Python decides of an intrinsic function; None for what CloudFormation has to do.

        RemitError: only the deploy knows what it looks into a mapping by, or the mapping is not known.
        """
        if choice(value) is not None:
            return self.source(value)
        ((function, argument),) = value.items()
        if function == "Ref":
            return self.parameters.get(str(argument))
        if function == "Fn::FindInMap":
            name = str(argument[0]) if isinstance(argument, list) and argument else ""
            if name not in self.mappings:
                raise RemitError("the mapping that it looks into is not known here")
            if not self.known(argument):
                raise RemitError("it looks into a mapping by what only the deploy knows")
            keys = "".join(f"[{flat(self.text(key))}]" for key in argument[1:])
            return f"{self.mappings[name]}{keys}"
        is_pair = isinstance(argument, list) and len(argument) == _PAIR
        if is_pair and function in ("Fn::Join", "Fn::Select", "Fn::Split") and self.known(value):
            first, operand = argument[0], flat(self.source(argument[1]))
            if function == "Fn::Select":
                return f"{operand}[{first if str(first).isdigit() else flat(self.source(first))}]"
            if function == "Fn::Split":
                return f"{operand}.split({flat(self.source(first))})"
            return f"{quoted(str(first))}.join({operand})" if isinstance(argument[1], dict) else None
        return None

    def _marked(self, value: Any, marks: dict[str, str]) -> Any:
        """A value in which marks stand for what Python puts in, and the app's logical ids for the source's.

        `marks` gets the expression for each mark. RemitError: a macro makes it.
        """
        if not tokens.is_intrinsic(value):
            is_one = not isinstance(value, dict | list)
            return value if is_one else tokens.with_leaves(value, partial(self._marked, marks=marks))
        decided = self._decided(value)
        if decided is not None:
            mark = f"MARK{len(marks)}MARK"
            marks[mark] = flat(self._spelled(value, decided))
            is_list = self._type_of(value.get("Ref")).endswith(("List>", ">>"))
            return mark if is_list or self.known(value) else {"Fn::Sub": mark}
        ((function, argument),) = value.items()
        if function == "Fn::Transform":
            raise RemitError("a macro makes it")
        if function in ("Ref", "Fn::GetAtt"):
            name = ".".join(map(str, argument)) if isinstance(argument, list) else str(argument)
            return self._referred(name, is_attribute=function == "Fn::GetAtt")
        marked = self._substituted if function == "Fn::Sub" else self._marked
        return {function: marked(argument, marks)}

    def _substituted(self, argument: Any, marks: dict[str, str]) -> Any:
        """The argument of a Fn::Sub, with marks in its text and in its own variables; `marks` gets them."""
        text, variables = tokens.substitution(argument)

        def put(variable: re.Match[str]) -> str:
            """The text of a variable of Fn::Sub, marked; one that the function defines itself stays."""
            name, _, attribute = variable[1].strip().partition(".")
            if name in variables:
                return variable[0]
            written = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
            return tokens.text_of(self._marked(written, marks))

        text = re.sub(_VARIABLE, put, text)
        return [text, self._marked(variables, marks)] if variables else text

    def _referred(self, whole: str, *, is_attribute: bool) -> dict[str, Any]:
        """A Ref or Fn::GetAtt of what the app has. RemitError: the template has no such resource, or it was left."""
        name, attribute = whole, ""
        if whole in self.renamed:  # SAM's word for another resource: `Report.Alias`
            name = self.renamed[whole]
        elif is_attribute:
            name, _, attribute = whole.partition(".")
        own = self.renamed.get(name, name)
        if name in self.left:
            raise RemitError(self.left[name])
        if name not in self.resources and own not in self.texts:
            raise RemitError(f"{name} is not in the template")
        return {"Fn::GetAtt": [own, attribute]} if attribute else {"Ref": own}

    def _expression(self, name: str, attribute: str | None) -> str | None:
        """The expression for a resource's Ref or attribute; None where a text stands for it (of a function, say)."""
        if name in _PLACES:
            return _PLACES[name]
        if name not in self.resources:
            return None
        start = f"{self.owner}{self.resources[name]}"
        if attribute is None:
            return f"{start}.ref"
        is_arn = arn_of(Resource(name, self.types[name], {})) == f"${{{name}.{attribute}}}"
        return f"{start}.arn" if is_arn else f'{start}.attribute("{attribute}")'


def _operand(expression: str) -> str:
    return f"({expression})" if " " in expression else expression


def _pieces(text: str, marks: Mapping[str, str]) -> list[tuple[bool, str]]:
    """A text's parts as `joined` takes them: expressions (True) where marks stand, and the texts between."""
    return [(piece in marks, marks.get(piece, piece)) for piece in re.split(_MARK, text)]


def _as_it_is(value: Any, marks: Mapping[str, str]) -> Source:
    """A value of which CloudFormation's functions stay as they are."""
    if isinstance(value, list):
        return Bracketed("[", tuple(Item(_as_it_is(item, marks)) for item in value), "]")
    if isinstance(value, dict):
        items = (Item(_as_it_is(item, marks), f"{quoted(str(key))}: ") for key, item in value.items())
        return Bracketed("{", tuple(items), "}")
    return joined(_pieces(value, marks)) if isinstance(value, str) else repr(value)


def _may_be_away(value: Any) -> bool:
    """Return whether a value is AWS::NoValue, or a condition may make it so."""
    chosen = choice(value)
    return value == NO_VALUE or (chosen is not None and any(map(_may_be_away, chosen.values)))
