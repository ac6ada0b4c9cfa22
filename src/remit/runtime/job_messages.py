"""Jobs as messages of a queue: which job, with which arguments, restored by the worker as they were sent."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LARGEST = 1_048_576
"""Bytes of a message ("Amazon SQS message quotas")."""
_TAG = "$remit"
"""The key that marks what JSON does not know: {"$remit": "decimal.Decimal", "value": "1.50"}."""
_AS_TEXT: dict[str, Callable[[Any], str]] = {
    "datetime.datetime": lambda value: str(value.isoformat()),
    "datetime.date": lambda value: str(value.isoformat()),
    "datetime.time": lambda value: str(value.isoformat()),
    "decimal.Decimal": str,
    "uuid.UUID": str,
}
"""What is sent as text, by the name of its type."""


def written(job: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The body of a job's message. TypeError: an argument cannot be sent; ValueError: they are too large together."""
    import uuid

    name = job.rpartition(":")[2].rpartition(".")[2]
    message = {
        "job": job,
        "id": uuid.uuid4().hex,
        "arguments": [_sendable(value, f"argument {place + 1} of {name}") for place, value in enumerate(arguments)],
        "options": {key: _sendable(value, f"{key} of {name}") for key, value in options.items()},
    }
    body = json.dumps(message, separators=(",", ":"))
    if len(body) > LARGEST:
        raise ValueError(f"the arguments of {name} take {len(body):,} bytes, and a message of SQS {LARGEST:,} at most")
    return body


def sending_id(body: str) -> str:
    """The id of a message's sending, which stays the same however often SQS delivers it."""
    return str(json.loads(body)["id"])


def read(body: str) -> tuple[str, str | None, list[Any], dict[str, Any]]:
    """The job of a message, the id of its sending (None before there were ids), its arguments and options."""
    message = json.loads(body)
    arguments = [_restored(value) for value in message["arguments"]]
    options = {name: _restored(value) for name, value in message["options"].items()}
    return message["job"], message.get("id"), arguments, options


def _sendable(value: Any, place: str) -> Any:
    """A value as JSON; only exact types, since a subclass would arrive as something else.

    TypeError: it is of another type, with its place among the arguments.
    """
    kind = type(value)
    if value is None or kind in (str, bool, int):
        return value
    if kind is float and value - value == 0:  # neither infinite nor not a number, which JSON cannot hold
        return value
    if kind is list:
        return [_sendable(item, f"{place}, item {number}") for number, item in enumerate(value)]
    if kind is tuple:
        return _tagged("tuple", [_sendable(item, f"{place}, item {number}") for number, item in enumerate(value)])
    if kind is dict and all(type(key) is str for key in value):
        content = {key: _sendable(item, f"{place}, {key!r}") for key, item in value.items()}
        return _tagged("dict", content) if _TAG in content else content
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name in _AS_TEXT:
        return _tagged(name, _AS_TEXT[name](value))
    what = "a dict whose keys are not all str" if kind is dict else f"a {name.removeprefix('builtins.')}"
    raise TypeError(f"{place} is {what} ({value!r:.60}): a job takes what JSON holds, dates, Decimal, UUID and tuples")


def _tagged(kind: str, value: Any) -> dict[str, Any]:
    return {_TAG: kind, "value": value}


def _restored(value: Any) -> Any:
    """A value as it was before `_sendable`. ValueError: it has a type that this version does not know."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: _restored(item) for key, item in value.items()}
    kind, content = value[_TAG], value["value"]
    if kind == "dict":
        return {key: _restored(item) for key, item in content.items()}
    if kind == "tuple":
        return tuple(_restored(item) for item in content)
    return _from_text(kind, content)


def _from_text(kind: str, text: str) -> Any:
    """A value of a type that JSON has not, from its text. ValueError: it is none that `_sendable` sends."""
    if kind not in _AS_TEXT:
        raise ValueError(f"a job's argument is a {kind}, which this version cannot restore")
    import importlib

    module, _, name = kind.rpartition(".")
    restored_type: Any = getattr(importlib.import_module(module), name)
    return restored_type.fromisoformat(text) if module == "datetime" else restored_type(text)
