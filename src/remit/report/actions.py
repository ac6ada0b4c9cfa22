"""Actions for people and programs: what the catalogue knows of one, and what a pattern covers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import LEVELS, actions, service, services
from remit.catalogue.actions import action as catalogued
from remit.catalogue.expand import expand, is_pattern
from remit.catalogue.operations import Operation, named, operation, operations_of
from remit.catalogue.resemble import nearest_actions, nearest_services
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.catalogue.actions import Action
    from remit.iam.policy import Globs

WIDTH: Final = 100
_LISTED: Final = 400
"""Actions of one pattern that are told by name; of more, only how many there are."""


def action_lines(known: Action) -> Iterator[str]:
    """One action: level, resources, keys, dependents, operations."""
    owner = service(known.service)
    yield f"{known.full_name}: {known.level}, an action of {owner.name if owner else known.service}"
    if known.permission_only:
        yield "  no operation of the API has this name: it is a permission alone"
    if not known.targets:
        yield "  resources: none; only a statement on * allows it"
    for target in known.targets:
        yield f"  resource {target.type.name}{' (always needed)' if target.required else ''}"
        yield from (f"      {arn}" for arn in target.type.arns)
    yield from _listed("condition keys", [f"{key.name} ({key.type or 'type unknown'})" for key in known.all_keys])
    if known.dependents is None:
        yield "  needs besides: unknown"
    else:
        yield from _listed("needs besides", known.dependents)
    yield from _listed("called by", [f"{client}.{name}" for client, name in operations_of(known.full_name)])


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    found = ", ".join(items)
    yield from textwrap.wrap(
        f"{title}: {found or 'none'}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def action_document(known: Action) -> dict[str, Any]:
    """One action for programs; `dependents` is null where nobody knows."""
    owner = service(known.service)
    return {
        "action": known.full_name,
        "service": owner.name if owner else known.service,
        "level": known.level,
        "resources": [
            {"type": target.type.name, "arns": list(target.type.arns), "required": target.required}
            for target in known.targets
        ],
        "condition_keys": [{"key": key.name, "type": key.type} for key in known.all_keys],
        "dependents": None if known.dependents is None else list(known.dependents),
        "permission_only": known.permission_only,
        "operations": [{"client": client, "operation": name} for client, name in operations_of(known.full_name)],
    }


def meant(text: str) -> tuple[tuple[str, ...], str | None]:
    """The actions that a text names: itself, a pattern's, or those that an API operation needs; and a note on that.

    RemitError, with what resembles it, when it is none of these.
    """
    known = catalogued(text)
    if known is not None:
        return (known.full_name,), None
    if is_pattern(text):
        found = expand(text)
        if found:
            return found, f"{text} covers {len(found):,} action{'' if len(found) == 1 else 's'}"
        raise RemitError(f"no action matches `{text}`", hint=_resembling(text.rstrip("*?")))
    called = _called(text)
    needed = tuple(dict.fromkeys(name for one in called for name in one.actions or one.perhaps))
    if needed:
        whose = "the API" if _parted(text)[0] else ", ".join(one.client for one in called)
        verb = "needs" if any(one.actions for one in called) else "may need"
        return needed, f"{text} is an operation of {whose} and no action; it {verb} {', '.join(needed)}"
    if any(one.free for one in called):
        raise RemitError(f"`{text}` is an operation of the API that needs no permission", exit_code=1)
    if called:
        raise RemitError(
            f"`{text}` is an operation of the API, and which action it needs is not known", hint=_resembling(text)
        )
    raise RemitError(f"there is no action `{text}`", hint=_resembling(text))


def is_meant(text: str) -> bool:
    """Whether a word without a service names something of AWS: a service, or an operation of some client."""
    return text.lower() in services() or bool(named(text))


def _called(text: str) -> tuple[Operation, ...]:
    """The operations that `s3:ListObjectsV2`, `s3.list_objects_v2` or `ListObjectsV2` name."""
    client, bare = _parted(text)
    if not client:
        return named(bare)
    found = operation(client, bare)
    return () if found is None else (found,)


def _parted(text: str) -> tuple[str, str]:
    """The client and the name of an operation; no client where only a name is given."""
    head, _, bare = text.replace(":", ".", 1).rpartition(".")
    return head, bare


def _resembling(text: str) -> str:
    client, bare = _parted(text)
    near = nearest_actions(f"{client}:{bare}" if client else text)
    if near:
        return f"did you mean {', '.join(f'`{name}`' for name in near)}?"
    if client in services():
        return f"`remit explain '{client}:*'` lists the {len(actions(client))} actions of {client}"
    others = nearest_services(client)
    known = f": did you mean {', '.join(f'`{name}`' for name in others)}?" if others else ""
    return f"there is no service `{client}`{known}" if client else "actions read `service:Operation`"


def covered(actions: Globs) -> tuple[tuple[str, str], ...]:
    """The actions that a statement names, each with its level; () for all but some, and for too many to tell."""
    if actions.negated:
        return ()
    names = dict.fromkeys(name for pattern in actions.patterns for name in (expand(pattern) or (pattern,)))
    if len(names) > _LISTED:
        return ()
    return tuple((name, level_of(name)) for name in names)


def level_of(name: str) -> str:
    """The access level of an action, `unknown` when the catalogue has no such action."""
    known = catalogued(name)
    return "unknown" if known is None else known.level


def covered_lines(actions: Globs) -> Iterator[str]:
    """As `covered`, by level: exact names one per line, patterns as lists."""
    found = covered(actions)
    if not found:
        size = len({name for pattern in actions.patterns for name in expand(pattern)})
        but = "everything but " if actions.negated else ""
        yield f"{but}{', '.join(actions.patterns)}: {'all but ' if actions.negated else ''}{size:,} actions"
        return
    if not any(is_pattern(pattern) for pattern in actions.patterns):
        width = max(len(name) for name, _ in found)
        yield from (f"{name:<{width}}  {level}" for name, level in found)
        return
    yield f"{', '.join(actions.patterns)}: {len(found)} action{'' if len(found) == 1 else 's'}"
    for level in (*LEVELS, "unknown"):
        names = [name for name, own in found if own == level]
        if names:
            yield from (f"  {line}" for line in _listed(f"{level} ({len(names)})", names))
