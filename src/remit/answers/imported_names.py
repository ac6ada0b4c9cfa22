"""How a file spells what it imports, and the import that it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst
from libcst.helpers import get_full_name_for_node

from remit.answers.layout import gap_between
from remit.errors import RemitError
from remit.source.python_file import bound_names, imports, parsed

_GRANTS: Final = "remit.grants"


@dataclass(frozen=True, slots=True)
class Names:
    """How a file is to spell full names, and the names that it has to import for it, as (module, name)."""

    spelled: Mapping[str, str]
    missing: tuple[tuple[str, str], ...]
    grants: frozenset[str]
    """What the file calls `remit.grants`, its modules, and `allow`."""


def names_in(source: bytes, full_names: Sequence[str]) -> Names:
    """How a file spells each of these full names (`remit.grants.dynamodb`, `shared.resources.data.Data`).

    Typed grants are spelled by `grants`, as in `grants.dynamodb`, unless the file imports the service's own module.
    RemitError (2): the file calls something else by a name that it would need. SyntaxError or ValueError: it is no
    Python.
    """
    file = parsed(source)
    imported = {item.full_name: item.bound for item in imports(file.tree.body) if item.name is not None}
    bound = frozenset(bound_names(file.nodes))
    spelled: dict[str, str] = {}
    missing: list[tuple[str, str]] = []
    for full_name in full_names:
        if full_name in imported:
            spelled[full_name] = imported[full_name]
            continue
        needed, rest = full_name, ""
        if full_name.startswith(f"{_GRANTS}."):
            needed, rest = _GRANTS, full_name.removeprefix(_GRANTS)
        module, _, name = needed.rpartition(".")
        if needed not in imported:
            if name in bound:
                hint = f"import it by another name: `from {module} import {name} as {name}_`"
                raise RemitError(f"the file calls something else `{name}`", hint=hint)
            missing.append((module, name))
        spelled[full_name] = f"{imported.get(needed, name)}{rest}"
    grants = frozenset(name for full, name in imported.items() if full == _GRANTS or full.startswith(f"{_GRANTS}."))
    return Names(spelled, tuple(dict.fromkeys(missing)), grants)


def with_import(module: cst.Module, source_module: str, name: str) -> cst.Module:
    """The file with `from source_module import name`: in the line that imports from there, else in one of its own."""
    position = 0
    for number, statement in enumerate(module.body):
        line = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if isinstance(line, cst.ImportFrom) and _extends(line, source_module):
            extended = statement.with_deep_changes(line, names=_with_name(line, name))
            return module.with_changes(body=[*module.body[:number], extended, *module.body[number + 1 :]])
        is_import = isinstance(line, cst.Import | cst.ImportFrom)
        is_text = isinstance(line, cst.Expr) and isinstance(line.value, cst.SimpleString | cst.ConcatenatedString)
        if position == number and (is_import or (number == 0 and is_text)):
            position = number + 1  # behind the imports at the top: names must be there before they are used
    added = cst.parse_statement(f"from {source_module} import {name}\n", config=module.config_for_parsing)
    return module.with_changes(body=[*module.body[:position], added, *module.body[position:]])


def _extends(line: cst.ImportFrom, source_module: str) -> bool:
    if line.relative or line.module is None or isinstance(line.names, cst.ImportStar):
        return False
    return get_full_name_for_node(line.module) == source_module


def _with_name(line: cst.ImportFrom, name: str) -> list[cst.ImportAlias]:
    """The names of an import and one more, before the first that follows it in the order of isort, else at the end."""
    aliases = [] if isinstance(line.names, cst.ImportStar) else [*line.names]
    opening = line.lpar or cst.LeftParen()
    between = cst.Comma(whitespace_after=gap_between(aliases, opening.whitespace_after))
    new = cst.ImportAlias(cst.Name(name), comma=between)
    for position, alias in enumerate(aliases):
        if _order(alias.evaluated_name) > _order(name):
            return [*aliases[:position], new, *aliases[position:]]
    *first, last = aliases
    return [*first, last.with_changes(comma=between), new.with_changes(comma=last.comma)]


def _order(name: str) -> tuple[int, str]:
    """The key by which isort and ruff sort the names of an import: constants, classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name
