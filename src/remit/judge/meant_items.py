"""What somebody meant by a text in a policy that is neither a service nor an action: never more than was written.

A hint names a right of the same width: a list for several items in one text, an action for an action. Where a managed
policy stands, it names the setting for those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.meant_names import by_name, nearest_actions, nearest_managed_policy, nearest_services
from remit.did_you_mean import MISSPELT

_POLICY_ARN: Final = r"arn:[^:]+:iam::[^:]*:policy/(?:.*/)?(?P<name>[^/]+)"
_SEPARATORS: Final = r"[\s,;|]+"
_PARTS: Final = r"(?P<service>[A-Za-z0-9-]+?)(?:::|[./_ -])(?P<operation>[A-Za-z][A-Za-z0-9_*?]*)"
_DASHED: Final = r"[a-z0-9]+-[A-Z]\w+"
_ACTION: Final = r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+"
_ACTION_FORM: Final = "an action reads `service:Operation`, such as `s3:GetObject` or `s3:Get*`"
_EXAMPLES: Final = 'name a service ("logs"), an action ("s3:GetObject") or a pattern ("s3:Get*")'


def hint(text: str) -> str:
    """Word the hint for a text that is no item of a policy."""
    return _first_meaning(_GUESSES, text) or _EXAMPLES


def hint_of_action(text: str) -> str:
    """As `hint`, for the Action of a statement, where all of a service reads `logs:*`."""
    if service(text):
        return f"did you mean `{text.lower()}:*`?"
    return _first_meaning(_GUESSES_OF_ACTIONS, text) or _ACTION_FORM


def of_unknown_service(text: str) -> str | None:
    """Return the hint for a word that reads as a service and is none; None where it may be one after all."""
    meaning = _managed_policy(text)
    if meaning is None and re.fullmatch(_DASHED, text):
        meaning = _respelt(text)
    return meaning or _action_alone(text)


def _first_meaning(guesses: Sequence[Callable[[str], str | None]], text: str) -> str | None:
    """The hint of the first guess that gives one; None: none does."""
    for guess in guesses:
        meaning = guess(text)
        if meaning is not None:
            return meaning
    return None


def _managed_policy(text: str) -> str | None:
    """The hint for a managed policy's ARN, name or path, or a name with a letter or two wrong; None: it is none."""
    arn = re.fullmatch(_POLICY_ARN, text)
    name = arn["name"] if arn else text.rpartition("/")[2]
    if arn is None and managed_policy(name) is None:
        is_service = bool(nearest_services(name, MISSPELT))
        name = "" if is_service else nearest_managed_policy(name) or ""
    if not name:
        return None
    return f'it is a managed policy: write `managed_policy=["{text if arn else name}"]`, and leave it out here'


def _arn(text: str) -> str | None:
    """What to do with an ARN, which belongs into a statement; None for what is none."""
    is_arn = text.startswith("arn:")
    return "an ARN is a Resource: write {'Effect': 'Allow', 'Action': …, 'Resource': …}" if is_arn else None


def _several_items(text: str, all_of: str = "") -> str | None:
    """The hint for services and actions that stand in one text: `logs, s3`. `all_of` follows each service in it.

    None: there are none, or something else stands among them.
    """
    parts = [part for part in re.split(_SEPARATORS, text) if part]
    items = []
    for part in parts:
        if service(part):
            items.append(f'"{part}{all_of}"')
        elif re.fullmatch(_ACTION, part) and expand(part):
            items.append(f'"{part}"')
    if not parts or len(items) < len(parts) or re.search(_SEPARATORS, text) is None:
        return None
    listed = ", ".join(items)
    return f"write `{listed}`" if len(items) == 1 else f"one text is one item: write `{listed}`"


def _respelt(text: str) -> str | None:
    """The hint for an action with other signs than a colon, or an SDK's method: `dynamodb.put_item`; else None."""
    parts = re.sub(r"\s+", "", text).replace("::", ":")
    if ":" not in parts:
        parts = re.sub(_PARTS, r"\g<service>:\g<operation>", parts, count=1)
    if not re.fullmatch(_ACTION, parts.replace("_", "")):
        return None
    prefix, _, operation = parts.partition(":")
    if "*" in operation or "?" in operation:
        return f"did you mean `{parts}`?" if expand(parts) else None
    if not service(prefix) and not nearest_services(prefix, MISSPELT):
        return None
    actions = nearest_actions(parts)
    return f"did you mean `{actions[0]}`?" if actions else None


def _action_alone(text: str) -> str | None:
    """The hint for an action, or an SDK's method, without its service: `PutItem`; else None."""
    name = re.sub(r"[\s_]+", "", text)
    actions = by_name(name) if name.isalnum() and len(name) > 1 and not nearest_services(name, MISSPELT) else ()
    return f"did you mean `{actions[0]}`?" if actions else None


def _service(text: str) -> str | None:
    """The hint for a service with stray signs, or with a letter wrong; None for anything else, and for an action."""
    if ":" in text:
        return None
    services = nearest_services(re.sub(r"[^A-Za-z0-9-]", "", text), MISSPELT)
    return f"did you mean `{services[0]}`?" if services else None


_GUESSES: Final = (_managed_policy, _arn, _several_items, _respelt, _action_alone, _service)
"""In the order of trust."""
_GUESSES_OF_ACTIONS: Final = (_managed_policy, _arn, partial(_several_items, all_of=":*"), _respelt, _action_alone)
