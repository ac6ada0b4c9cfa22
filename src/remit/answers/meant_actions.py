"""Actions named by a typed text: an action, a pattern, a service, an operation of the API."""

from __future__ import annotations

from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import actions, services
from remit.catalogue.expand import expand
from remit.catalogue.meant_names import nearest_actions, nearest_services
from remit.catalogue.operations import named, operation
from remit.errors import RemitError
from remit.iam.pattern import is_pattern


def meant(text: str) -> tuple[tuple[str, ...], str | None]:
    """The actions that a text names: itself, a pattern's, or those that an API operation needs; and a note on that.

    The note is None where the text is the action. RemitError: (2) it is none of these, or the action that an operation
    needs is not known; (1) the operation needs no permission.
    """
    same_action = catalogued(text)
    if same_action is not None:
        return (same_action.full_name,), None
    if is_pattern(text):
        matching_actions = expand(text)
        if matching_actions:
            plural = "" if len(matching_actions) == 1 else "s"
            return matching_actions, f"{text} covers {len(matching_actions):,} action{plural}"
        raise RemitError(f"no action matches `{text}`", hint=_hint_for_unknown(text.rstrip("*?")))
    client, bare = _parted(text)  # `s3:ListObjectsV2`, `s3.list_objects_v2` or `ListObjectsV2`
    operations = named(bare)
    if client:
        api_operation = operation(client, bare)
        operations = () if api_operation is None else (api_operation,)
    needed_actions: dict[str, None] = {}
    for api_operation in operations:
        needed_actions |= dict.fromkeys(api_operation.actions or api_operation.perhaps)
    if needed_actions:
        owner = "the API" if client else ", ".join(api_operation.client for api_operation in operations)
        verb = "needs" if any(api_operation.actions for api_operation in operations) else "may need"
        note = f"{text} is an operation of {owner} and no action; it {verb} {', '.join(needed_actions)}"
        return tuple(needed_actions), note
    if any(api_operation.free for api_operation in operations):
        raise RemitError(f"`{text}` is an operation of the API that needs no permission", exit_code=1)
    if operations:
        raise RemitError(
            f"`{text}` is an operation of the API, and which action it needs is not known", hint=_hint_for_unknown(text)
        )
    raise RemitError(f"there is no action `{text}`", hint=_hint_for_unknown(text))


def is_meant(text: str) -> bool:
    """Return whether a word without a service names something of AWS: a service, or an operation of some client."""
    return text.lower() in services() or named(text) != ()


def _parted(text: str) -> tuple[str, str]:
    """The client and the name of an operation; an empty client where only a name is given."""
    head, _, bare = text.replace(":", ".", 1).rpartition(".")
    return head, bare


def _hint_for_unknown(text: str) -> str:
    """The hint for a text that names no action: the nearest names, else how to find the right one."""
    client, bare = _parted(text)
    meant_names = nearest_actions(f"{client}:{bare}" if client else text)
    if meant_names:
        return _did_you_mean(meant_names)
    if not client:
        return "actions read `service:Operation`"
    if client in services():
        return f"`remit explain '{client}:*'` lists the {len(actions(client))} actions of {client}"
    meant_services = nearest_services(client)
    suggestion = f": {_did_you_mean(meant_services)}" if meant_services else ""
    return f"there is no service `{client}`{suggestion}"


def _did_you_mean(names: tuple[str, ...]) -> str:
    return f"did you mean {', '.join(f'`{name}`' for name in names)}?"
