"""IAM's evaluation logic written down again, slow and obvious, for small worlds: it shares no code with remit.

A request is an action, a resource, a caller and the values of condition keys. Whoever asks whether access exists tries
every request of the world.

Sources: "Policy evaluation logic", "Permissions boundaries for IAM entities", "AWS JSON policy elements", "AWS global
condition context keys" (IAM User Guide).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Statement = dict[str, Any]
Context = dict[str, str]


def texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def is_like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def filled(pattern: str, context: Context) -> str | None:
    """A pattern with the values of IAM's variables, whose `*` is no wildcard; None: one of them has no value."""
    for name in re.findall(r"\$\{([^}]+)\}", pattern):
        if name.lower() not in context:
            return None
        pattern = pattern.replace(f"${{{name}}}", context[name.lower()])
    return pattern


def is_met(operator: str, values: Iterable[str], key: str, context: Context) -> bool:
    actual = context.get(key.lower())
    wanted = [value for value in (filled(value, context) for value in values) if value is not None]
    if operator == "Null":
        return (actual is None) == (wanted == ["true"])
    if_exists = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    negated = "Not" in name
    if actual is None:
        return if_exists or negated
    if name.endswith("IpAddress"):
        return any(ip_address(actual) in ip_network(value) for value in wanted) != negated
    if name == "Bool":
        return actual in wanted
    if name.startswith("Date"):
        return any(actual < value if name == "DateLessThan" else actual > value for value in wanted)
    is_pattern = "Like" in name or name.startswith("Arn")
    same = any(is_like(value, actual) if is_pattern else value == actual for value in wanted)
    return same != negated


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, texts(values)


def names(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    patterns = texts(statement.get("Action", statement.get("NotAction")))
    return any(is_like(pattern.lower(), action.lower()) for pattern in patterns) != ("NotAction" in statement)


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement is about a request, its principals aside."""
    if not names(statement, action):
        return False
    if "Resource" in statement or "NotResource" in statement:
        patterns = [filled(text, context) for text in texts(statement.get("Resource", statement.get("NotResource")))]
        on_it = any(pattern is not None and is_like(pattern, resource) for pattern in patterns)
        if on_it == ("NotResource" in statement):
            return False
    return all(is_met(operator, values, key, context) for operator, key, values in conditions(statement))


def has(documents: Iterable[Sequence[Statement]], effect: str, action: str, resource: str, context: Context) -> bool:
    return any(
        statement["Effect"] == effect and applies(statement, action, resource, context)
        for document in documents
        for statement in document
    )


@dataclass(frozen=True)
class Held:
    """What decides for a principal: documents, a boundary or None, levels of SCPs, and the keys that it decides.

    A key with None is absent in all of its requests.
    """

    documents: list[list[Statement]]
    boundary: list[Statement] | None = None
    scps: list[list[list[Statement]]] = field(default_factory=list)
    keys: dict[str, str | None] = field(default_factory=dict)

    def layers(self) -> list[list[list[Statement]]]:
        return [self.documents, *([[self.boundary]] if self.boundary is not None else []), *self.scps]

    def statements(self) -> list[Statement]:
        return [statement for layer in self.layers() for document in layer for statement in document]

    def allows(self, action: str, resource: str, context: Context) -> bool:
        layers = self.layers()
        if any(has(layer, "Deny", action, resource, context) for layer in layers):
            return False
        return all(has(layer, "Allow", action, resource, context) for layer in layers)


def contexts(statements: Iterable[Statement], fixed: Mapping[str, str | None]) -> Iterator[Context]:
    """Every context that matters: keys that are not fixed are absent, of a value that is named, or of another one."""
    settled = {key: value for key, value in fixed.items() if value is not None}
    named: dict[str, set[str]] = {}
    for statement in statements:
        for name in re.findall(r"\$\{([^}]+)\}", str(statement)):
            if name.lower() not in fixed:
                named.setdefault(name.lower(), set())
        for _, key, values in conditions(statement):
            if key.lower() not in fixed:
                own_values = (filled(value, settled) for value in values)
                named.setdefault(key.lower(), set()).update(plain(value) for value in own_values if value is not None)
    tags = {value for key, value in settled.items() if "tag/" in key}  # a variable may ask for the same tag
    choices = [
        [None, "other", *sorted(values | (tags if "tag/" in key else set()))] for key, values in sorted(named.items())
    ]
    for values in itertools.product(*choices):
        yield {**settled, **{key: value for key, value in zip(sorted(named), values, strict=True) if value is not None}}


def plain(pattern: str) -> str:
    """A text that a pattern matches."""
    return pattern.replace("*", "x").replace("?", "x")
