"""Values of secrets in what an app declares: a template is read by many, and kept.

A variable such as DB_PASSWORD is taken for a secret by its name, one such as DATABASE_URL by its value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from remit.secrets import is_plain_word, secret_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from remit.errors import Mistakes, Origin

_ENTRY: Final = r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s#]*))"
"""A variable in a `.env` file."""
_LARGEST: Final = 100_000


def check_secrets(
    folder: Path,
    read_variables: Mapping[str, str],
    declarations: Iterable[tuple[Any, Origin | None]],
    mistakes: Mistakes,
) -> None:
    """Add to `mistakes` each of the `declarations` that holds the value of a secret of the project's environment.

    A declaration comes with its line. What is noted names the secret's variable, and does not show the value.
    """
    secrets = _secrets(folder, read_variables)
    for declared, origin in declarations if secrets else ():
        for name, text in _texts(declared, ""):
            held = (variable for secret, variable in secrets.items() if _stands_in(text, secret, is_whole=bool(name)))
            secret_variable = next(held, None)
            if secret_variable is not None:
                place = f"`{name}` of an environment" if name else "this declaration"
                variable = name or "DATABASE"
                mistakes.add(
                    f"{place} holds the value of {secret_variable}, a secret, which would stand in the template",
                    hint=f'write environment={{"{variable}": secret("/its/name")}}: the function fetches the value '
                    "when it runs",
                    origin=origin,
                )


def _stands_in(text: str, secret: str, *, is_whole: bool) -> bool:
    """Return whether a text has a secret in it; `is_whole`: a plain word may be one, if the text is nothing else."""
    if is_plain_word(secret):
        return (is_whole and text == secret) or f":{secret}@" in text
    # In a URL a password is percent-encoded, in one of two ways.
    return any(written in text for written in (secret, quote(secret, safe=""), quote_plus(secret)))


def _secrets(folder: Path, read_variables: Mapping[str, str]) -> dict[str, str]:
    """The variable of each secret, by its text: of those that the code has read, and of the project's `.env*` files.

    Of a file, plain words are left out; one of more than 100,000 bytes is not read. Of several variables, the first.
    """
    variables = dict(read_variables)
    for path in sorted(folder.glob(".env*")):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            text = path.read_text("utf-8", "replace")
            for entry in re.finditer(_ENTRY, text, re.MULTILINE):
                value = entry[2] or entry[3] or entry[4] or ""
                if not is_plain_word(value):  # nobody knows whether the code has read it
                    variables.setdefault(entry[1], value)
    secrets: dict[str, str] = {}
    for name, value in variables.items():
        for part in secret_parts(name, value):
            secrets.setdefault(part, name)
    return secrets


def _texts(declared: Any, name: str) -> Iterator[tuple[str, str]]:
    """The texts of a declaration, each with the function's variable that holds it; "" where none does."""
    if isinstance(declared, str):
        yield name, declared
    elif isinstance(declared, dict):
        for key, part in declared.items():
            is_environment = key == "Variables" and isinstance(part, dict)
            for variable, value in part.items() if is_environment else ():
                yield from _texts(value, str(variable))
            if not is_environment:
                yield from _texts(part, name)
    elif isinstance(declared, list | tuple | frozenset):
        for part in declared:
            yield from _texts(part, name)
    elif hasattr(declared, "__dataclass_fields__"):
        for field in declared.__dataclass_fields__:
            yield from _texts(getattr(declared, field, None), name)
