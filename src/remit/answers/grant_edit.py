"""The smallest edit of an app's source that grants one action on one resource to one function.

A typed grant (`grants.dynamodb.put(Data.table)`) comes into the `policy=[…]` of the function's decorator, and with it
what the file has to import. Where no typed grant fits, it is `grants.allow("service:Action", on=…)` with the exact ARN.
"""

from __future__ import annotations

import difflib
import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

from remit.answers.imported_names import Names, names_in, with_import
from remit.answers.layout import with_argument, with_element
from remit.answers.remedy import NeededGrant, needed_grant
from remit.catalogue.actions import action as catalogued
from remit.errors import Origin, RemitError
from remit.project import plain_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.app import App, Triggered


@dataclass(frozen=True, slots=True)
class SourceEdit:
    """An edit of a file: its text before and after, and its path from the project's folder."""

    path: Path
    name: str
    before: bytes
    after: bytes

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        old_lines = self.before.decode("utf-8", "replace").splitlines(keepends=True)
        new_lines = self.after.decode("utf-8", "replace").splitlines(keepends=True)
        lines = difflib.unified_diff(old_lines, new_lines, f"a/{self.name}", f"b/{self.name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Put the new content in the place of the old, with the file's mode.

        RemitError: the file is not as it was when the edit was made, or it cannot be written.
        """
        if plain_files.content(self.path, self.name) != self.before:
            raise RemitError(
                f"{self.name} was changed meanwhile, and is left as it is",
                hint="save it, and write the line once more",
                origin=Origin(self.name),
            )
        target = self.path.resolve()  # a link stays one
        temporary = target.with_name(f".{target.name}.remit-{os.getpid()}")
        try:
            mode = stat.S_IMODE(target.stat().st_mode)
            # Nobody else can read it before it has the mode of the file whose place it takes.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.after)
                os.fchmod(file.fileno(), mode)
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise RemitError(f"cannot write {self.name}: {error.strerror}", origin=Origin(self.name)) from None


def grant_edit(
    app: App, function: Triggered, action: str, resource: str, folder: Path, *, account: str = ""
) -> SourceEdit:
    """The edit of a project's source by which `function` may do `action` on `resource` (an ARN, or `*`).

    Nothing is written. `account` is the one that the denial comes from, as `needed_grant` has it. RemitError (2), with
    what to write by hand: the function's decorator cannot be found, its file is no Python or has a name that is needed
    for something else, its `policy=` is computed, or the grant would be a wildcard.
    """
    needed = needed_grant(app, action, resource, folder, account=account)
    row = catalogued(action)
    takes_resource = row is not None and any(target.required for target in row.targets)
    if not needed.complete or (resource == "*" and takes_resource):
        raise RemitError(
            f"{action} needs a resource, and the denial names none",
            hint=f"write the grant with the ARN that you mean: grants.allow({json.dumps(action)}, on=…)",
        )
    origin = function.origin
    source = None if origin is None else plain_files.content(folder / origin.file, origin.file)
    if origin is None or source is None:
        raise _by_hand(function, "its decorator cannot be found", needed)
    try:
        names = names_in(source, needed.names)
        module = cst.parse_module(source)
    except (SyntaxError, ValueError, RecursionError, cst.ParserSyntaxError):
        raise _by_hand(function, f"{origin.file} cannot be read as Python", needed) from None
    wrapper = MetadataWrapper(module)
    declaration = _declaration(wrapper, origin)
    if declaration is None:
        raise _by_hand(function, "its decorator cannot be found", needed)
    item = _spelled(needed, names)
    with_item: cst.Call | None = cst.Call(declaration, args=[_policy_argument(cst.List([cst.Element(item)]))])
    if isinstance(declaration, cst.Call):  # else a bare decorator
        with_item = _with_policy(declaration, item, names.grants)
    if with_item is None:
        raise _by_hand(function, "its policy is computed", needed)
    edited = cst.ensure_type(wrapper.module.deep_replace(declaration, with_item), cst.Module)
    for source_module, name in names.missing:
        edited = with_import(edited, source_module, name)
    return SourceEdit(folder / origin.file, origin.file, source, edited.bytes)


def spelled_grant(app: App, function: Triggered, action: str, resource: str, folder: Path, *, account: str = "") -> str:
    """The grant as `grant_edit` would write it into the function's file; where it cannot, as one writes it by hand."""
    needed = needed_grant(app, action, resource, folder, account=account)
    origin = function.origin
    try:
        source = None if origin is None else plain_files.content(folder / origin.file, origin.file)
        names = names_in(source or b"", needed.names)
    except (RemitError, SyntaxError, ValueError, RecursionError):
        return needed.item
    return cst.Module([]).code_for_node(_spelled(needed, names))


def _by_hand(function: Triggered, problem: str, needed: NeededGrant) -> RemitError:
    return RemitError(
        f"the grant for `{function.name}` cannot be written: {problem}",
        hint=f"add it by hand: {needed.item}",
        origin=function.origin,
    )


class _Spelling(cst.CSTTransformer):
    """Puts the file's own names in the place of those of a grant, but not of attributes and keywords."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802 - libcst's name
        name = self._names.get(original_node.value)
        return updated_node if name is None else cst.parse_expression(name)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802 - as above
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802 - as above
        return updated_node.with_changes(keyword=original_node.keyword)


def _spelled(needed: NeededGrant, names: Names) -> cst.BaseExpression:
    """The grant as the file spells its names."""
    by_last_part = {full_name.rpartition(".")[2]: name for full_name, name in names.spelled.items()}
    spelled = cst.parse_expression(needed.item).visit(_Spelling(by_last_part))
    return cast("cst.BaseExpression", spelled)


def _declaration(wrapper: MetadataWrapper, origin: Origin) -> cst.BaseExpression | None:
    """Find the node at a function's origin: a call, or a decorator without parentheses.

    None: nothing begins there, so the file has changed.
    """
    positions: Mapping[Any, Any] = wrapper.resolve(PositionProvider)
    lines = wrapper.module.code.splitlines()
    for node in positions:
        expression = node.decorator if isinstance(node, cst.Decorator) else node
        is_call = isinstance(expression, cst.Call) and not isinstance(expression.func, cst.Call)
        if not is_call and not isinstance(node, cst.Decorator):
            continue
        start = positions[expression].start
        column = len(lines[start.line - 1][: start.column].encode())  # Python counts bytes
        if (start.line, column) == (origin.line, origin.column - 1):
            return cast("cst.BaseExpression", expression)
    return None


def _policy_argument(value: cst.BaseExpression) -> cst.Arg:
    """The argument `policy=VALUE`."""
    plain_equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, keyword=cst.Name("policy"), equal=plain_equal)


def _with_policy(call: cst.Call, item: cst.BaseExpression, grants: frozenset[str]) -> cst.Call | None:
    """The call with the grant in its `policy=`, or with a `policy=` of its own; None where that is computed."""
    for position, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == "policy":
            value = _with_item(argument.value, item, grants)
            if value is None:
                return None
            changed = argument.with_changes(value=value)
            return call.with_changes(args=[*call.args[:position], changed, *call.args[position + 1 :]])
    if any(argument.star == "**" for argument in call.args):
        return None
    return with_argument(call, _policy_argument(cst.List([cst.Element(item)])))


def _with_item(
    policy: cst.BaseExpression, item: cst.BaseExpression, grants: frozenset[str]
) -> cst.BaseExpression | None:
    """A policy with one more item; None where its items are computed."""
    if isinstance(policy, cst.List):
        return with_element(policy, cst.Element(item))
    if isinstance(policy, cst.Tuple) and policy.lpar and policy.elements:
        return with_element(policy, cst.Element(item))
    if isinstance(policy, cst.Name | cst.Attribute):
        return cst.List([cst.StarredElement(policy), cst.Element(item)])
    # A typed grant is a call: of a module's verb, or of `allow`.
    called = get_full_name_for_node(policy.func) if isinstance(policy, cst.Call) else None
    is_grant = (called or "").partition(".")[0] in grants
    if is_grant or isinstance(policy, cst.SimpleString | cst.FormattedString | cst.Dict):
        return cst.List([cst.Element(policy), cst.Element(item)])
    return None
