"""The access to secrets and parameters that a function's environment names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.grants import secretsmanager, ssm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import App, Function, Grant, Store
    from remit.grants.typed import Grants

_READ: Final[dict[Store, Callable[..., Grants]]] = {"secretsmanager": secretsmanager.read, "ssm": ssm.read}


def stored_values(_app: App, function: Function) -> Iterator[Grant]:
    """Get the value of each, and decrypt it where a key of the user's own encrypts it, through that service alone."""
    for value in function.stored_values:
        for grant in _READ[value.store](value.subject, key=value.key):
            is_of_key = grant.statement.actions.patterns[0].startswith("kms:")
            encrypted = ", which this key encrypts" if is_of_key else ""
            reason = function.computed(f"reads {value.called}, which {value.variable} names{encrypted}")
            yield replace(grant, reason=reason, origin=value.origin)
