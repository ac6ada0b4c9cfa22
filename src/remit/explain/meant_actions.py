"""Which actions a text names that somebody typed: an action, a pattern, a service, an operation of the API."""

from __future__ import annotations

from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import actions, services
from remit.catalogue.expand import expand, is_pattern
from remit.catalogue.operations import Operation, named, operation
from remit.catalogue.resemblance import nearest_actions, nearest_services
from remit.errors import RemitError


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
