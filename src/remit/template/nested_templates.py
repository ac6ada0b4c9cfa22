"""Put nested templates that are local files into their template, so that all of them are read as one.

The role `Worker` of the nested stack `Auth` is `Auth/Worker` there. Its parameters are what the stack gives them, else
their defaults, and `Auth.Outputs.X` is what its template says. A template at a URL stays a nested stack.

Sources: "AWS::CloudFormation::Stack", "Work with nested stacks" (CloudFormation), "AWS::Serverless::Application" (SAM).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.documents.read import ParsedFile, read
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.template.parameters import parameters
from remit.template.role_resources import names_in
from remit.template.sections import section
from remit.template.settled_values import settled_source
from remit.template.written_template import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from remit.documents.json_text import Path

Beside: TypeAlias = "Callable[[str], tuple[bytes, str] | None]"
"""The content and the name of a file, by its path from the folder of a template; None where there is no such file."""
STACK: Final = "AWS::CloudFormation::Stack"
_LOCATIONS: Final = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
_DEEPEST, _MOST = 10, 200
"""How many templates may be inside each other, and nested in one: more are named."""
_LONGEST: Final = 4096
"""Characters of an output that a parameter may take: "AWS CloudFormation quotas"."""
_OWN_NAMES: Final = ("AWS::StackId", "AWS::StackName")
"""The pseudo parameters that are others in a nested stack."""
_PATH: Final = re.compile(r"(?!/|[A-Za-z0-9]+:|.*(\$\{|\{\{))[^\0-\x1f]+")
"""A path that is no URL, and not known at the deploy only."""
_IN_SUB: Final = re.compile(r"\$\{((?:AWS::)?[A-Za-z0-9/]+(?:\.[A-Za-z0-9_.-]+)?)\}")
_SECTIONS: Final = ("Parameters", "Mappings", "Conditions", "Globals", "Resources", "Outputs")


@dataclass(slots=True)
class WholeTemplate:
    """A template with its nested ones, the stacks that were followed, and why others were not, by logical id."""

    source: ParsedFile
    followed: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)


def whole_template(source: ParsedFile, beside: Beside, left_out: Collection[str] = ()) -> WholeTemplate:
    """A settled template with the nested templates that are files beside it, but for the stacks that are left out."""
    whole = WholeTemplate(source)
    if is_template(source.value):
        whole.source = _Follower(beside, left_out, whole).with_nested(source, "", ("",))
    return whole


def whole_templates(old: ParsedFile, new: ParsedFile, besides: tuple[Beside, Beside]) -> tuple[WholeTemplate, ...]:
    """Two versions with their nested templates, the old one first; a stack that both have is followed in both or none.

    `problems` say in which version it could not be followed.
    """
    old_beside, new_beside = besides
    wholes = (whole_template(old, old_beside), whole_template(new, new_beside))
    one_sided = wholes[0].followed ^ wholes[1].followed
    for whole in wholes:
        resources = section(whole.source.value, "Resources").items()
        one_sided &= {name for name, body in resources if section(body).get("Type") in _LOCATIONS}
    if not one_sided:
        return wholes
    again = (whole_template(old, old_beside, one_sided), whole_template(new, new_beside, one_sided))
    return tuple(replace(side, problems=whole.problems) for side, whole in zip(again, wholes, strict=True))


class _Follower:
    """Reads the nested templates of a template, and notes which."""

    def __init__(self, beside: Beside, left_out: Collection[str], whole: WholeTemplate) -> None:
        self._beside = beside
        self._left_out = left_out
        self._whole = whole

    def with_nested(self, source: ParsedFile, prefix: str, files: tuple[str, ...]) -> ParsedFile:
        """A template and all that is nested in it; `files` are the paths of what it is nested in, and its own."""
        resources = section(source.value, "Resources")
        waiting = {name: body for name, body in resources.items() if _local_path(body) is not None}
        nested: dict[str, ParsedFile] = {}
        merged = {name: dict(section(source.value, name)) for name in _SECTIONS}
        outputs: dict[str, Any] = {}
        while waiting:
            # A stack that takes the outputs of others comes after them.
            ready = (
                name
                for name, body in waiting.items()
                if waiting.keys().isdisjoint(names_in(section(body, "Properties", "Parameters")) - {name})
            )
            name = next(ready, next(iter(waiting)))
            stack = _Renaming("", outputs).value(waiting.pop(name))
            child = self._read(f"{prefix}{name}", stack, files)
            if child is None:
                continue
            nested[name] = child
            outputs |= _put_in(merged, name, stack, child.value)
        if not nested:
            return source

        def locate(path: Path) -> Origin:
            stack, is_nested, name = str(path[1]).partition("/") if len(path) > 1 else ("", "", "")
            return nested[stack].locate((path[0], name, *path[2:])) if is_nested else source.locate(path)

        filled = _Renaming("", outputs).value(merged)
        return replace(source, value={**source.value, **filled}, locate=locate)

    def _read(self, stack_id: str, stack: Mapping[str, Any], files: tuple[str, ...]) -> ParsedFile | None:
        """The template of a stack with all that is nested in it, which is noted as followed.

        None where it is left out, or cannot be followed: then the reason is noted among the problems.
        """
        if stack_id in self._left_out:
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(files[-1]), _local_path(stack) or ""))
        try:
            child = self._child(path, stack, files)
        except RemitError as error:
            self._whole.problems[stack_id] = f"{error.origin}: {error.message}" if error.origin else error.message
            return None
        self._whole.followed.add(stack_id)
        return self.with_nested(child, f"{stack_id}/", (*files, path))

    def _child(self, path: str, stack: Mapping[str, Any], files: tuple[str, ...]) -> ParsedFile:
        """A nested template with what is known of its parameters.

        RemitError: it is nested in itself, too deep or one too many; there is no such file, or it is no template.
        """
        if path in files:
            raise RemitError(f"{path} is nested in itself")
        if len(files) > _DEEPEST or len(self._whole.followed) >= _MOST:
            raise RemitError(f"{path} is nested more than {_DEEPEST} deep, or one of more than {_MOST}")
        content = self._beside(path)
        if content is None:
            raise RemitError(f"there is no file {path}")
        source = read(*content)
        if not is_template(source.value):
            raise RemitError(f"{content[1]} is not a template")
        values = _values(source.value, stack).items()
        return settled_source(source, {name: value for name, value in values if isinstance(value, str) and value})


def _local_path(stack: Any) -> str | None:
    """The path of a stack's template beside its own; None for a URL, and what is no nested stack."""
    location = section(stack, "Properties").get(_LOCATIONS.get(section(stack).get("Type", ""), ""))
    return location if isinstance(location, str) and _PATH.fullmatch(location) else None


def _values(template: Any, stack: Any) -> dict[str, Any]:
    """Return the values of a nested template's parameters, by name: what the stack gives, else their defaults.

    A list has its items, numbers and truth values their texts. Without parameters that have no value, are secret
    (NoEcho), or whose value SSM's store has.
    """
    given = section(stack, "Properties", "Parameters")
    values: dict[str, Any] = {}
    for name, parameter in parameters(template).items():
        value = given.get(name, parameter.default)
        if value is None or parameter.is_stored or parameter.is_hidden:
            continue
        if isinstance(value, bool | int | float):
            value = str(value).lower()
        is_list = parameter.type == "CommaDelimitedList" or parameter.type.startswith("List<")
        values[name] = [item.strip() for item in value.split(",")] if is_list and isinstance(value, str) else value
    return values


def _put_in(merged: dict[str, dict[str, Any]], stack: str, body: Mapping[str, Any], child: Any) -> dict[str, Any]:
    """Add a nested template to the sections of its parent, in place; return its outputs by the text of Fn::GetAtt.

    An output whose value is very long is not among them.
    """
    values = _values(child, body)
    renaming = _Renaming(f"{stack}/", values)
    # An empty text decides conditions. What it stands in elsewhere is not there then, and would be no policy.
    in_resources = _Renaming(f"{stack}/", {name: value for name, value in values.items() if value not in ("", [""])})
    parts = {}
    for name in _SECTIONS:
        rename = renaming if name == "Conditions" else in_resources
        parts[name] = {f"{stack}/{key}": rename.value(item) for key, item in section(child, name).items()}
    given = section(body, "Properties", "Parameters")
    parts["Parameters"] = {
        f"{stack}/{name}": {**section(declaration), "Default": given[name]} if name in given else declaration
        for name, declaration in section(child, "Parameters").items()
        if name not in values
    }
    resources = parts["Resources"]
    for resource in resources.values():
        if isinstance(resource, dict) and isinstance(resource.get("Condition"), str):
            resource["Condition"] = f"{stack}/{resource['Condition']}"
    attributes = {key: item for key, item in body.items() if key in ("Condition", "DependsOn")}
    if isinstance(body.get("Condition"), str):  # nothing of the nested template is there without it
        parts["Conditions"] = {
            name: {"Fn::And": [{"Condition": body["Condition"]}, condition]}
            for name, condition in parts["Conditions"].items()
        }
        for name, resource in resources.items():
            resources[name] = {"Condition": body["Condition"], **section(resource)}
    outputs = parts.pop("Outputs")
    for name, items in parts.items():
        merged[name] |= items
    merged["Resources"][stack] = {"Type": STACK, **attributes}
    known_outputs = {}
    for name, output in outputs.items():
        value = section(output).get("Value")
        if len(str(value)) <= _LONGEST:
            known_outputs[name.replace("/", ".Outputs.")] = value
    return known_outputs


class _Renaming:
    """Puts `prefix` before the names of a template, and `values` for references, by `Name` or `Name.Attribute`."""

    def __init__(self, prefix: str, values: Mapping[str, Any]) -> None:
        self._prefix = prefix
        self._values = values

    def value(self, value: Any) -> Any:  # noqa: PLR0911 - a case after the other
        """A part of the template with that done, at any depth."""
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function in ("Ref", "Fn::GetAtt"):
                parts = argument if isinstance(argument, list) else [argument]
                return self._reference(".".join(parts)) if all(isinstance(part, str) for part in parts) else value
            if function == "Fn::Sub":
                return {function: self._substituted(argument)}
            if function == "Condition" and isinstance(argument, str):
                return {function: f"{self._prefix}{argument}"}
            if function in tokens.SECTIONS and isinstance(argument, list) and isinstance(argument[0], str):
                return {function: [f"{self._prefix}{argument[0]}", *self.value(argument[1:])]}
        return {key: self.value(item) for key, item in value.items()}

    def _reference(self, text: str) -> Any:
        """A reference of a nested template in the whole one: its parameter's value, else the name with the prefix."""
        if text in self._values:
            return self._values[text]
        name, dot, attribute = text.partition(".")
        if self._prefix and (name in _OWN_NAMES or not name.startswith("AWS::")):
            name = f"{self._prefix}{name.removeprefix('AWS::')}"
        return {"Fn::GetAtt": [name, attribute]} if dot else {"Ref": name}

    def _substituted(self, argument: Any) -> Any:
        """An Fn::Sub with its references renamed; a value that no text can have becomes a variable of it."""
        text, variables = tokens.substitution(argument)
        put = {name: self.value(item) for name, item in variables.items()}

        def replaced(reference: re.Match[str]) -> str:
            """The text for a reference in Fn::Sub; a value that is no text becomes a variable, noted in `put`."""
            if reference[1] in variables:
                return reference[0]
            value = self._reference(reference[1])
            if isinstance(value, dict) and not value.keys() <= {"Ref", "Fn::GetAtt"}:
                put[f"Value_{len(put)}"] = value  # a text could not have the choice of a condition
                return f"${{Value_{len(put) - 1}}}"
            return tokens.text_of(value)

        filled = _IN_SUB.sub(replaced, text)
        return [filled, put] if put else filled
