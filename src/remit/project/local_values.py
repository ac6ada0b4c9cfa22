"""`.env.local`: the values of secrets, parameters and variables for runs on this machine. It never goes into a zip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import App

FILE: Final = ".env.local"
_QUOTES: Final = ('"', "'")


def local_values(folder: Path) -> Mapping[str, str]:
    """The values by name, each line `NAME=VALUE`: the name of the secret or parameter, or the variable that has it.

    Empty lines and those that begin with # say nothing; quotes around a value are left out; the last line for a name
    counts. No file has no values. RemitError (2): a line that is none of these, or the file cannot be read.
    """
    path = folder / FILE
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise RemitError(f"cannot read it: {type(error).__name__}", origin=Origin(FILE)) from None
    values: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise RemitError(f"this line of {FILE} is not NAME=VALUE", origin=Origin(FILE, number))
        written = value.strip()
        is_quoted = len(written) > 1 and written[0] == written[-1] and written[0] in _QUOTES
        values[name.strip()] = written[1:-1] if is_quoted else written
    return values


def with_local_variables(app: App, folder: Path) -> App:
    """An app as it runs on this machine: variables of its functions have the values that the file gives.

    One that names a secret or a parameter keeps that name. RemitError: as `local_values`.
    """
    values = local_values(folder)
    functions = []
    for function in app.functions:
        variables = dict(function.properties.get("Environment", {}).get("Variables", {}))
        own_names = variables.keys() - {value.variable for value in function.stored_values}
        changed = {name: values[name] for name in own_names & values.keys()}
        if changed:
            environment = {"Variables": {**variables, **changed}}
            function = replace(function, properties={**function.properties, "Environment": environment})  # noqa: PLW2901
        functions.append(function)
    return replace(app, functions=tuple(functions))


def local_value(name: str, function: str) -> str:
    """A value for code that runs on this machine, such as a test, from the file in the working folder.

    `function` is what messages call the caller. RuntimeError: the file does not have it. RemitError: as `local_values`.
    """
    values = local_values(Path.cwd())
    if name not in values:
        raise RuntimeError(
            f"{function}({name!r}) fetches its value inside a deployed function; here, write {name}=… into {FILE}"
        )
    return values[name]
