"""Find what a value of a template refers to: its intrinsic functions, and the resources and parameters that they name.

Source: "Ref", "Fn::GetAtt", "Fn::Sub" (CloudFormation User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.iam import tokens
from remit.iam.tokens import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.documents.json_text import Path


def functions(value: Any, path: Path = (), *, late: bool = False) -> Iterator[tuple[str, Any, Path]]:
    """Yield every intrinsic function in a value, with its argument and its place.

    `late` says that late-bound parts stand in plain text, as in an app: what they hold is found, too. The text of a
    Fn::Sub is its argument, and no plain text.
    """
    if isinstance(value, str):
        for reference in tokens.references(value) if late else ():
            yield from functions(reference.intrinsic, path, late=late)
        return
    if isinstance(value, tokens.Verbatim):
        return
    if tokens.is_intrinsic(value):
        ((name, argument),) = value.items()
        yield name, argument, path
        if name == "Fn::Sub":
            _, variables = tokens.substitution(argument)
            yield from functions(variables, (*path, name, 1), late=late)
            return
    parts: Iterable[tuple[int | str, Any]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list | tuple):
        parts = enumerate(value)
    for key, item in parts:
        # Most of a template is plain text, which holds no function.
        if not isinstance(item, str) or (late and "${" in item):
            yield from functions(item, (*path, key), late=late)


def named_by(function: str, argument: Any) -> Iterator[Reference]:
    """Yield what a function itself names: resources, parameters, attributes; not what functions among its parts name.

    Ref, Fn::GetAtt and Fn::Sub name some; another function, or an argument of another form, names none.
    """
    if function == "Ref" and isinstance(argument, str):
        yield Reference(f"${{{argument}}}", {"Ref": argument})
    elif function == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) > 1 and isinstance(parts[0], str):
            attribute = parts[1] if isinstance(parts[1], str) else ""
            yield Reference(f"${{{parts[0]}.{attribute}}}", {"Fn::GetAtt": [parts[0], attribute]})
    elif function == "Fn::Sub":
        text, variables = tokens.substitution(argument)
        for reference in tokens.references(text) if "${{" not in text else ():
            if reference.target not in variables:
                yield reference


def references(value: Any, path: Path = (), *, late: bool = False) -> Iterator[tuple[Reference, Path]]:
    """Yield every resource, parameter and attribute that a value names, with its place; `late` is as in `functions`."""
    for function, argument, place in functions(value, path, late=late):
        for reference in named_by(function, argument):
            yield reference, place
