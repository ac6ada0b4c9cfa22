"""Functions that bring a role of their own: what that role must allow, since remit cannot grant it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.roles.defaults import default_grants

if TYPE_CHECKING:
    from remit.app import App, Function


def needed_actions(app: App, function: Function) -> tuple[str, ...]:
    """What its triggers and settings need: the actions of the computed default, also where that is replaced."""
    computed = replace(app, default_policy=None, default_vpc_policy=None)
    grants = default_grants(computed, function)
    return tuple(dict.fromkeys(action for grant in grants for action in grant.statement.actions.patterns))


def notes_on_own_roles(app: App) -> tuple[str, ...]:
    """A sentence for each function that brings its role, by name."""
    return tuple(_note(app, function) for function in app.functions if "Role" in function.properties)


def _note(app: App, function: Function) -> str:
    needed = ", ".join(needed_actions(app, function))
    note = f"{function.name} brings a role of its own, which must allow {needed}"
    if function.policy or function.managed:
        note += "; what the configuration grants to every function does not reach it"
    return note
