"""What an app needs of the account and a deploy does not make: the sources of its triggers, and managed policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.catalogue.managed_policies import is_of_aws
from remit.errors import few
from remit.resources.names import name_of, own_id
from remit.triggers.trigger import BaseTrigger, triggers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from remit.app import App

BOUNDARY: Final = "permissions boundary"
MANAGED_POLICY: Final = "managed policy"


class ExistingSource(NamedTuple):
    """Something that must exist, what must hold of it (""), and the functions that it runs."""

    kind: str
    name: str
    condition: str
    functions: tuple[str, ...]

    @property
    def words(self) -> str:
        """It in words, with its condition and its functions: `queue orders, for ingest`."""
        condition = f", {self.condition}" if self.condition else ""
        users = f", for {few(self.functions)}" if self.functions else ""
        return f"{self.kind} {self.name}{condition}{users}"


def existing_sources(app: App, own_arns: Collection[str]) -> tuple[ExistingSource, ...]:
    """Return the existing sources of an app's triggers, its permissions boundary, and its functions' managed policies.

    They stand in this order. What is the app's own is left out: a reference to a resource of it, or one of `own_arns`,
    the ARNs that its resources have by name. So are AWS's own policies, which are always there.
    """
    needs = [
        (source.kind, name_of(source.arn), source.condition, function.name)
        for function, trigger in triggers_of(app.triggered, BaseTrigger)
        for source in trigger.sources()
        if source.arn not in own_arns and not own_id(source.arn)
    ]
    policies = [] if app.boundary is None else [(BOUNDARY, app.boundary, "")]
    policies += [(MANAGED_POLICY, arn, function.name) for function in app.functions for arn in function.managed]
    for kind, arn, name in policies:
        if not is_of_aws(arn) and arn not in own_arns and not own_id(arn):
            needs.append((kind, name_of(arn).removeprefix("policy/"), "", name))
    return gathered(needs)


def gathered(needs: Iterable[tuple[str, str, str, str]]) -> tuple[ExistingSource, ...]:
    """Things of the account, each once by kind, name and condition, with the functions that need it; in their order.

    A need is (kind, name, condition, function); "" for a function is none.
    """
    functions: dict[tuple[str, str, str], dict[str, None]] = {}
    for kind, name, condition, function in needs:
        names = functions.setdefault((kind, name, condition), {})
        if function:
            names[function] = None
    return tuple(ExistingSource(*need, tuple(names)) for need, names in functions.items())


def document(source: ExistingSource) -> dict[str, Any]:
    """A source as JSON for programs; the condition is null where nothing must hold of it."""
    return {
        "kind": source.kind,
        "name": source.name,
        "condition": source.condition or None,
        "functions": list(source.functions),
    }
