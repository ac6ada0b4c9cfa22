"""Values of a template as Python: parameters are constants, conditions are booleans, Fn::Sub is an f-string."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from remit.catalogue.types import arn_of
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import Left
from remit.importing.python_text import Bracketed, Conditional, Item, Source, enclosed, flat, literal, quoted
from remit.template.branches import NO_VALUE, choice
from remit.template.parameters import Parameter  # noqa: TC001 - a field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.errors import Origin

T = TypeVar("T")
_WORD: Final = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"
_PLACES: Final = {
    "AWS::AccountId": "aws.account",
    "AWS::Partition": "aws.partition",
    "AWS::Region": "aws.region",
    "AWS::URLSuffix": "aws.url_suffix",
}
_ESCAPED: Final = re.compile(r"\$\{!|\$\{")
_COMPARISONS: Final = {"Fn::And": " and ", "Fn::Or": " or "}
_OF_TEXTS: Final = ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::FindInMap", "Fn::Join", "Fn::ImportValue", "Fn::Select")
_LOGIC: Final = ("Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or")


class UnsayableError(Exception):
    """A value of the template has no form in an app of remit; the text says why."""


def said(make: Callable[[], T], what: str, origin: Origin | None, left: list[Left]) -> T | None:
    """The result of a call, or None: what it cannot say, or remit's own checks refuse, is added to `left`."""
    try:
        return make()
    except UnsayableError as error:
        left.append(Left(what, str(error), origin))
    except RemitError as error:
        left.append(Left(what, error.message, origin))
    return None


def words(name: str) -> str:
    """A name of a template in snake_case: `OrdersTable` is `orders_table`, `KMSKey` is `kms_key`."""
    return "_".join(re.findall(_WORD, name)).lower()


@dataclass(frozen=True, slots=True)
class TypedResource:
    """A resource as the catalogue is asked for it."""

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)


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

    def source(self, value: Any) -> Source:
        """A value of a property. UnsayableError: it has no form here."""
        chosen = choice(value)
        if chosen is not None:
            condition = self._condition(chosen.condition)
            yes, no = (enclosed(self.source(branch)) for branch in chosen.values)
            return Conditional(yes, condition, no)
        if isinstance(value, str):
            return self._plain_text(value)
        if isinstance(value, list):
            return Bracketed("[", tuple(self._items(value)), "]")
        if tokens.is_intrinsic(value):
            return self._intrinsic(value)
        if isinstance(value, dict):
            return Bracketed("{", tuple(self._entries(value)), "}")
        return repr(value)

    def text(self, value: Any) -> Source:
        """A value where Python must give text, such as a variable of the environment."""
        if isinstance(value, bool):
            return '"true"' if value else '"false"'
        if isinstance(value, int | float):
            return quoted(str(value))
        source = self.source(value)
        if isinstance(source, Bracketed) and source.begin == "{":
            if not tokens.is_intrinsic(value):
                raise UnsayableError("its text holds `${…}`, which remit takes for a reference")
            return self._function_text(value)
        if tokens.is_intrinsic(value) and self._type_of_known(value) == "Number":
            return f"str({flat(source)})"
        return source

    def _function_text(self, value: dict[str, Any]) -> Source:
        """A function of CloudFormation's as late-bound text, with the parameters in it put in by Python."""
        marks: dict[str, str] = {}

        def marked(part: Any) -> Any:
            if isinstance(part, list):
                return [marked(item) for item in part]
            if not isinstance(part, dict):
                return part
            if part.get("Ref") in self.parameters or not tokens.SECTIONS.keys().isdisjoint(part):
                marks[f"MARK{len(marks)}MARK"] = flat(self.text(part))
                mark = f"MARK{len(marks) - 1}MARK"
                return mark if self.known(part) else {"Fn::Sub": mark}
            if "Fn::Sub" in part:
                text, variables = tokens.substitution(part["Fn::Sub"])
                for name in re.findall(r"\$\{(\w+)\}", text):
                    if name in self.parameters and name not in variables:
                        put = marked({"Ref": name})
                        text = text.replace(f"${{{name}}}", put if isinstance(put, str) else put["Fn::Sub"])
                return {"Fn::Sub": [text, marked(variables)] if variables else text}
            return {key: marked(item) for key, item in part.items()}

        self._raw(value)  # it raises what cannot be said
        text = tokens.from_intrinsic(marked(value))
        pieces = re.split(r"(MARK\d+MARK)", text)
        return _joined([(True, marks[piece]) if piece in marks else (False, piece) for piece in pieces])

    def condition(self, condition: Any) -> str:
        """A condition of the template as an expression of Python's."""
        if isinstance(condition, dict) and len(condition) == 1:
            ((function, argument),) = condition.items()
            if function == "Condition":
                return self._condition(argument)
            arguments = argument if isinstance(argument, list) else [argument]
            if function == "Fn::Equals" and len(arguments) == 2:  # noqa: PLR2004 - two are compared
                return self._equals(arguments, "==")
            if function == "Fn::Not" and len(arguments) == 1:
                inner = arguments[0]
                if isinstance(inner, dict) and len(inner.get("Fn::Equals", ())) == 2:  # noqa: PLR2004 - as above
                    return self._equals(inner["Fn::Equals"], "!=")
                return f"not {self._inside(inner)}"
            if function in _COMPARISONS:
                return _COMPARISONS[function].join(map(self._inside, arguments))
        raise UnsayableError("its form is not known here")

    def known(self, value: Any) -> bool:  # noqa: PLR0911 - one function after the other
        """Whether Python knows a value before the deploy: it hangs on parameters, mappings and conditions alone."""
        if isinstance(value, list):
            return all(map(self.known, value))
        if not isinstance(value, dict):
            return not (isinstance(value, str) and "${" in value)
        if not tokens.is_intrinsic(value):
            return all(map(self.known, value.values()))
        ((function, argument),) = value.items()
        if function == "Ref":
            return argument in self.parameters and not self.declared[argument].is_stored
        if function == "Fn::Sub":
            text, variables = tokens.substitution(argument)
            names = re.findall(r"\$\{([^!}]+)\}", text)
            return all(name in variables or self.known({"Ref": name}) for name in names) and self.known(
                list(variables.values())
            )
        if tokens.SECTIONS.get(function) == "Conditions" and isinstance(argument, list):
            return self.known(argument[1:])
        return function in ("Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split") and self.known(argument)

    def reference(self, name: str, attribute: str | None) -> str | None:
        """The expression for a resource's Ref or attribute; None where a text stands for it (of a function, say)."""
        if name in self.left:
            raise UnsayableError(self.left[name])
        if name not in self.resources:
            if name not in self.texts and self.renamed.get(name, name) not in self.texts:
                raise UnsayableError(f"{name} is not in the template")
            return None
        start = f"{self.owner}{self.resources[name]}"
        if attribute is None:
            return f"{start}.ref"
        typed = TypedResource(name, self.types[name])
        if arn_of(typed) == f"${{{name}.{attribute}}}":
            return f"{start}.arn"
        return f'{start}.attribute("{attribute}")'

    def _condition(self, name: Any) -> str:
        if name not in self.conditions:
            raise UnsayableError(f"condition {name} is decided by what only the deploy knows")
        return self.conditions[name]

    def _equals(self, sides: list[Any], sign: str) -> str:
        if not self.known(sides):
            raise UnsayableError("it compares what only the deploy knows")
        first, second = (flat(enclosed(self.text(side))) for side in sides)
        return f"{first} {sign} {second}"

    def _inside(self, condition: Any) -> str:
        text = self.condition(condition)
        return f"({text})" if " " in text else text

    def _type_of_known(self, value: Any) -> str:
        name = value.get("Ref")
        return self.declared[name].type if name in self.declared else ""

    def _items(self, values: list[Any]) -> Iterator[Item]:
        for value in values:
            chosen = choice(value)
            if value == NO_VALUE:
                continue
            if chosen is not None and (NO_VALUE in chosen.values or any(isinstance(x, list) for x in chosen.values)):
                yes, no = ([] if x == NO_VALUE else x if isinstance(x, list) else [x] for x in chosen.values)
                many = Conditional(self.source(yes), self._condition(chosen.condition), self.source(no), enclosed=True)
                yield Item(many, "*")
            else:
                yield Item(self.source(value))

    def _entries(self, values: Mapping[str, Any]) -> Iterator[Item]:
        for key, value in values.items():
            yield self.entry(str(key), value, self.source)

    def entry(self, key: str, value: Any, source: Any, *, keyword: bool = False) -> Item:
        """A key of a dict, or a keyword of a call, with its value; one that a condition may leave out as `**`."""
        if _may_be_away(value):
            return Item(enclosed(self._optional(key, value, source)), "**")
        return Item(source(value), f"{key}=" if keyword else f"{quoted(key)}: ")

    def _optional(self, key: str, value: Any, source: Any) -> Source:
        """A dict that has a key, or is empty."""
        chosen = choice(value)
        if chosen is not None and _may_be_away(value):
            condition, (there, away) = self._condition(chosen.condition), chosen.values
            if there == NO_VALUE:
                condition, there, away = f"not {condition}", away, there
            yes, no = (enclosed(self._optional(key, branch, source)) for branch in (there, away))
            return Conditional(yes, condition, no)
        return "{}" if value == NO_VALUE else Bracketed("{", (Item(source(value), f"{quoted(key)}: "),), "}")

    def _plain_text(self, text: str) -> Source:
        # remit reads `${Name}` in any text as a reference; CloudFormation does in Fn::Sub alone.
        if "${" in text and tokens.references(text):
            return Bracketed("{", (Item(literal(text.replace("${", "${!")), '"Fn::Sub": '),), "}")
        return literal(text)

    def _intrinsic(self, value: dict[str, Any]) -> Source:  # noqa: PLR0911 - one function after the other
        ((function, argument),) = value.items()
        if function == "Ref":
            return self._ref(str(argument))
        if function == "Fn::GetAtt":
            name, _, attribute = (
                argument.partition(".") if isinstance(argument, str) else (argument[0], ".", ".".join(argument[1:]))
            )
            if f"{name}.{attribute}" in self.renamed:  # SAM's word for another resource: `Report.Alias`
                return self._ref(f"{name}.{attribute}")
            expression = self.reference(name, attribute)
            return expression or quoted(f"${{{self.renamed.get(name, name)}.{attribute}}}")
        if function == "Fn::Sub":
            return self._sub(argument)
        if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004 - [delimiter, parts]
            return self._join(*argument)
        if function == "Fn::FindInMap":
            return self._find(argument)
        if function == "Fn::Select" and self.known(value):
            return f"{self._operand(argument[1])}[{flat(self._number(argument[0]))}]"
        if function == "Fn::Split" and self.known(value):
            return f"{self._operand(argument[1])}.split({flat(self.source(argument[0]))})"
        if function == "Fn::Transform":
            raise UnsayableError("a macro makes it")
        return self._raw(value)

    def _operand(self, value: Any) -> str:
        return flat(enclosed(self.source(value)))

    def _number(self, value: Any) -> Source:
        return value if isinstance(value, str) and value.isdigit() else self.source(value)

    def _ref(self, name: str) -> Source:
        name = self.renamed.get(name, name) if "." in name else name
        if name in _PLACES:
            return _PLACES[name]
        if name == "AWS::NoValue":
            return "None"
        if name in self.parameters:
            return self.parameters[name]
        return self.reference(name, None) or quoted(f"${{{self.renamed.get(name, name)}}}")

    def _sub(self, argument: Any) -> Source:
        text, variables = tokens.substitution(argument)
        if re.search(r"\$\{!\w+\}", text) or any("${" in str(variable) for variable in variables.values()):
            # `${!VAR}` is a text that remit would take for a reference again: it stays CloudFormation's function.
            return self._raw({"Fn::Sub": argument})
        pieces: list[tuple[bool, str]] = []
        for index, piece in enumerate(re.split(r"\$\{([^!}][^}]*)\}", text)):
            if index % 2 == 0:
                pieces.append((False, piece.replace("${!", "${")))
            elif piece.strip() in variables:
                pieces.append((True, flat(self.text(variables[piece.strip()]))))
            else:
                name, _, attribute = piece.strip().partition(".")
                intrinsic = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
                pieces.append((True, flat(self.text(intrinsic))))
        return _joined(pieces)

    def _join(self, delimiter: Any, parts: Any) -> Source:
        if isinstance(parts, list) and not any(_is_maybe_list(part) for part in parts):
            pieces: list[tuple[bool, str]] = []
            for part in parts:
                pieces += [(False, str(delimiter))] if pieces else []
                pieces.append((False, part) if isinstance(part, str) else (True, flat(self.text(part))))
            return _joined(pieces)
        if self.known(parts):
            return f"{quoted(str(delimiter))}.join({flat(self.source(parts))})"
        return self._raw({"Fn::Join": [delimiter, parts]})

    def _find(self, keys: Any) -> str:
        if not (isinstance(keys, list) and len(keys) == 3 and keys[0] in self.mappings):  # noqa: PLR2004 - a mapping, two keys
            raise UnsayableError("the mapping that it looks into is not known here")
        if not self.known(keys[1:]):
            raise UnsayableError("it looks into a mapping by what only the deploy knows")
        first, second = (flat(self.text(key)) for key in keys[1:])
        return f"{self.mappings[keys[0]]}[{first}][{second}]"

    def _raw(self, value: Any) -> Source:  # noqa: PLR0911 - one form after the other
        """A value of which CloudFormation's functions stay as they are; parameters are put in."""
        if isinstance(value, list):
            return Bracketed("[", tuple(Item(self._raw(item)) for item in value), "]")
        if not isinstance(value, dict):
            return literal(value) if isinstance(value, str) else repr(value)
        if tokens.is_intrinsic(value):
            ((function, argument),) = value.items()
            if function in tokens.SECTIONS or (function != "Fn::Sub" and self.known(value)):
                return self.source(value)
            if function == "Fn::Sub":
                return Bracketed("{", (Item(self._raw_text(argument), '"Fn::Sub": '),), "}")
            name = argument if function == "Ref" else argument[0] if function == "Fn::GetAtt" else ""
            if name in self.left:
                raise UnsayableError(self.left[name])
            if function == "Ref" and argument in self.parameters:
                constant = self.parameters[argument]
                is_list = self.declared[argument].type.endswith(("List>", ">>"))
                return constant if is_list else Bracketed("{", (Item(constant, '"Fn::Sub": '),), "}")
            if function == "Ref":
                argument = self.renamed.get(argument, argument)
            return Bracketed("{", (Item(self._raw(argument), f"{quoted(function)}: "),), "}")
        return Bracketed("{", tuple(Item(self._raw(item), f"{quoted(str(key))}: ") for key, item in value.items()), "}")

    def _raw_text(self, argument: Any) -> Source:
        """The argument of a Fn::Sub, with the parameters of its text put in by Python."""
        text, variables = tokens.substitution(argument)
        pieces: list[tuple[bool, str]] = []
        for index, piece in enumerate(re.split(r"\$\{(\w+)\}", text)):
            if index % 2 == 0:
                pieces.append((False, piece))
            elif piece in self.parameters and piece not in variables:
                pieces.append((True, self.parameters[piece]))
            elif piece in self.left:
                raise UnsayableError(self.left[piece])
            else:
                pieces.append((False, f"${{{self.renamed.get(piece, piece)}}}"))
        put = _joined(pieces)
        return Bracketed("[", (Item(put), Item(self._raw(variables))), "]") if variables else put


def _may_be_away(value: Any) -> bool:
    """Whether a value is AWS::NoValue, or a condition may make it so."""
    chosen = choice(value)
    return value == NO_VALUE or (chosen is not None and any(map(_may_be_away, chosen.values)))


def _is_maybe_list(value: Any) -> bool:
    return isinstance(value, dict) and choice(value) is None and value.keys().isdisjoint(_OF_TEXTS)


def _joined(pieces: list[tuple[bool, str]]) -> Source:
    """Texts and expressions as one text: an f-string, where there is anything to put in."""
    pieces = [(is_expression, text) for is_expression, text in pieces if text]
    merged: list[tuple[bool, str]] = []
    for is_code, code in pieces:
        literal_inside = re.fullmatch(r'"([^"\\]*)"', code) if is_code else None
        is_expression, text = (is_code, code) if literal_inside is None else (False, literal_inside[1])
        if merged and not is_expression and not merged[-1][0]:
            merged[-1] = (False, merged[-1][1] + text)
        else:
            merged.append((is_expression, text))
    if not any(is_expression for is_expression, _ in merged):
        return literal("".join(text for _, text in merged))
    if len(merged) == 1:
        return merged[0][1]
    if any("'" in text or "\\" in text for is_expression, text in merged if is_expression) or any(
        "\n" in text for _, text in merged
    ):
        parts = (Item(text if is_expression else literal(text)) for is_expression, text in merged)
        return Bracketed('"".join([', tuple(parts), "])")
    body = "".join(
        f"{{{text.replace(chr(34), chr(39))}}}"
        if is_expression
        else quoted(text)[1:-1].replace("{", "{{").replace("}", "}}").replace('"', '\\"')
        if quoted(text)[0] == "'"
        else quoted(text)[1:-1].replace("{", "{{").replace("}", "}}")
        for is_expression, text in merged
    )
    return f'f"{body}"'
