"""The managed policies of the account that roles get and a deploy does not make: they must exist already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.catalogue.managed_policies import is_of_aws
from remit.resources.names import name_of, own_id
from remit.triggers.existing_sources import ExistingSource

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.app import App

BOUNDARY: Final = "permissions boundary"
MANAGED_POLICY: Final = "managed policy"


def existing_policies(app: App, own_arns: Collection[str]) -> tuple[ExistingSource, ...]:
    """The managed policies of the account's own that roles get, and their permissions boundary."""
    functions: dict[tuple[str, str], list[str]] = {}
    if app.boundary is not None:
        functions[BOUNDARY, app.boundary] = []
    for function in app.functions:
        for arn in function.managed:
            functions.setdefault((MANAGED_POLICY, arn), []).append(function.name)
    return tuple(
        ExistingSource(kind, name_of(arn).removeprefix("policy/"), "", tuple(names))
        for (kind, arn), names in functions.items()
        if not is_of_aws(arn) and arn not in own_arns and not own_id(arn)
    )
