"""Actions for people and programs: what the catalogue knows of one, and what a pattern covers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.action_resources import KIND_ARNS
from remit.catalogue.actions import LEVELS, Action, IamResourceType, actions, service, target_names
from remit.catalogue.actions import action as catalogued
from remit.catalogue.expand import expand
from remit.catalogue.operations import operations_of, owners
from remit.iam.pattern import is_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.catalogue.handlers import Handlers
    from remit.iam.policy import Globs

WIDTH: Final = 100
FUTURE: Final = "future actions"
"""The level of actions that AWS does not have today."""
LISTED: Final = 6  # texts on one line; of more, the number is told
_NAMED: Final = 400
"""Actions of one pattern that are told by name; of more, only how many there are."""


def action_lines(entry: Action) -> Iterator[str]:
    """One action: level, resources, keys, dependents, operations."""
    yield f"{entry.full_name}: {entry.level}, an action of {' and '.join(owners(entry))}"
    if entry.permission_only:
        yield "  no operation of the API has this name: it is a permission alone"
    subject = KIND_ARNS.get(entry.full_name)
    if subject is not None:
        yield f"  resources: none; it asks about {subject}"
    elif not entry.targets:
        yield "  resources: none; only a statement on * allows it"
    for target in entry.targets:
        yield f"  resource {target.type.name}{' (always needed)' if target.required else ''}"
        yield from (f"      {arn}" for arn in target.type.arns)
    yield from _listed("condition keys", [f"{key.name} ({key.type or 'type unknown'})" for key in entry.all_keys])
    if entry.dependents is None:
        yield "  also needs: unknown"
    else:
        yield from _listed("also needs", entry.dependents)
    yield from _listed("called by", [f"{client}.{name}" for client, name in operations_of(entry.full_name)])


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    text = ", ".join(items)
    yield from textwrap.wrap(
        f"{title}: {text or 'none'}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def type_lines(handlers: Handlers) -> Iterator[str]:
    """Yield CloudFormation's calls for a type, as the deployer."""
    yield f"{handlers.type}: what CloudFormation calls for it, with the permissions of whoever deploys"
    if not handlers.in_schema:
        yield "  as the API reference has it, since the type does not say"
    for verb, called in handlers.by_verb.items():
        yield from _listed(verb, called)


def type_document(handlers: Handlers) -> dict[str, Any]:
    """The calls of CloudFormation for a type, for programs; `told` says whether the type itself has them."""
    return {
        "type": handlers.type,
        "told": handlers.in_schema,
        **{verb: list(called) for verb, called in handlers.by_verb.items()},
    }


def arn_lines(text: str, kinds: tuple[IamResourceType, ...]) -> Iterator[str]:
    """Yield the resource types of an ARN, or a pattern of one, and the actions that take them."""
    yield f"{text}: a resource of {service(kinds[0].service) or kinds[0].service}"
    for kind in kinds:
        yield f"  {kind.name}"
        yield from (f"      {arn}" for arn in kind.arns)
        yield from _listed("actions", actions_on(kind))


def arn_document(text: str, kinds: tuple[IamResourceType, ...]) -> dict[str, Any]:
    """The resource types of an ARN, and the actions that take each, for programs."""
    types = [{"type": kind.name, "arns": list(kind.arns), "actions": list(actions_on(kind))} for kind in kinds]
    return {"arn": text, "service": kinds[0].service, "types": types}


def actions_on(kind: IamResourceType) -> tuple[str, ...]:
    """The actions of its own service that take a resource type."""
    return tuple(name for name in actions(kind.service) if kind.name in target_names(name))


def action_document(entry: Action) -> dict[str, Any]:
    """One action for programs; `dependents` is null where nobody knows."""
    return {
        "action": entry.full_name,
        "service": " and ".join(owners(entry)),
        "level": entry.level,
        "resources": [
            {"type": target.type.name, "arns": list(target.type.arns), "required": target.required}
            for target in entry.targets
        ],
        "condition_keys": [{"key": key.name, "type": key.type} for key in entry.all_keys],
        "dependents": None if entry.dependents is None else list(entry.dependents),
        "permission_only": entry.permission_only,
        "operations": [{"client": client, "operation": name} for client, name in operations_of(entry.full_name)],
    }


def covered(actions: Globs) -> tuple[tuple[str, str], ...]:
    """The actions that a statement names, each with its level; () for NotAction, and for too many to tell.

    A name or pattern that the catalogue does not know stands for itself, and its level is `unknown`.
    """
    if actions.negated:
        return ()
    names = dict.fromkeys(name for pattern in actions.patterns for name in (expand(pattern) or (pattern,)))
    if len(names) > _NAMED:
        return ()
    return tuple((name, level_of(name)) for name in names)


def level_of(name: str) -> str:
    """The access level of an action, `unknown` when the catalogue has no such action."""
    entry = catalogued(name)
    return "unknown" if entry is None else entry.level


def covered_lines(actions: Globs) -> Iterator[str]:
    """The covered actions by level: exact names one per line, patterns as lists."""
    levels = covered(actions)
    patterns = ", ".join(actions.patterns)
    if not levels:
        size = len({name for pattern in actions.patterns for name in expand(pattern)})
        if actions.negated:
            yield f"everything but {patterns}: all but {size:,} actions"
        else:
            yield f"{patterns}: {size:,} actions"
        return
    if not any(is_pattern(pattern) for pattern in actions.patterns):
        width = max(len(name) for name, _ in levels)
        yield from (f"{name:<{width}}  {level}" for name, level in levels)
        return
    yield f"{patterns}: {len(levels)} action{'' if len(levels) == 1 else 's'}"
    for level in (*LEVELS, "unknown"):
        names = [name for name, action_level in levels if action_level == level]
        if names:
            yield from (f"  {line}" for line in _listed(f"{level} ({len(names)})", names))


def levels_of(patterns: Iterable[str]) -> Iterator[str]:
    """`Write on ec2 (4 actions)` for all that patterns match, what matters most first.

    Of more than two services of a level the number is told; of every action, that alone.
    """
    names: dict[tuple[str, str], dict[str, None]] = {}
    for pattern in dict.fromkeys(patterns):
        if pattern in ("*", "*:*"):
            yield "every action"
            return
        for name in expand(pattern) or (pattern,):
            service_name = name.partition(":")[0].lower()
            entry = catalogued(name)
            names.setdefault((FUTURE if entry is None else entry.level, service_name), {})[name] = None
    for level in (*reversed(LEVELS), FUTURE):
        counts = {name: len(actions_of_level) for (of, name), actions_of_level in names.items() if of == level}
        if len(counts) > 2:  # noqa: PLR2004 - more than two
            yield f"{level} on {len(counts)} services ({some(tuple(counts))})"
            continue
        for name, count in counts.items():
            yield f"{level} on {name} ({count} action{'' if count == 1 else 's'})"


def some(texts: Sequence[str], most: int | None = LISTED) -> str:
    """The first `most` texts on one line, and how many there are beyond; with None, all."""
    if most is None or len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more"
