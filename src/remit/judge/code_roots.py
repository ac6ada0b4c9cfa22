"""`code=`: the folder that is the root of a function's zip, in the place of the project's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.iam import tokens
from remit.project.plain_files import folder_of_project
from remit.source import places

if TYPE_CHECKING:
    from pathlib import Path

    from remit.project.declared import Declaration


def code_root(declaration: Declaration, folder: Path) -> str:
    """The path of the folder at the root of a function's zip, from the project's; empty for the project itself.

    RemitError, at the argument: there is no such folder in the project, or the function is not in it.
    """
    given = [(span, tokens.plain(settings["code"])) for span, settings in declaration.settings if "code" in settings]
    if not given or not isinstance(given[0][1], str):  # what is no text is told with the other settings
        return ""
    span, written = given[0]  # a function's own comes before its groups'
    origin = places.argument_origin(span, "code")
    hint = 'such as `code="functions/orders"`: a folder with modules, by its path from the project\'s'
    root = folder_of_project(folder, written, f"the code of `{declaration.name}`", hint, origin)
    if root and declaration.function is not None:
        raise RemitError(
            f"`{declaration.name}` is declared in module `{declaration.function.__module__}`, "
            f"and its zip has the modules in {root} alone",
            hint=f'write `app.function(…, handler="module.function", code="{root}")`, without a decorator',
            origin=declaration.where.origin,
        )
    return root
