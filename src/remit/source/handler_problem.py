"""What may be wrong with a handler, whether somebody looks at the function, at its source, or in a zip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable

HANDLER_FORM: Final = "a handler reads `module.function`"
WEB_APP_FORM: Final = "a web app reads `module:name`"
FUNCTION_FORM: Final = "write `def handler(event, context):`"


@dataclass(frozen=True, slots=True)
class HandlerProblem:
    """What is wrong with a handler, as the end of a sentence that begins with it, and what to do."""

    message: str
    hint: str | None = None


def split(handler: str) -> tuple[str, str]:
    """The module, with dots, and the name of a handler; Lambda takes a path for the module as well (`api/web.handler`).

    The module is empty where the handler has no dot.
    """
    module, _, name = handler.rpartition(".")
    return module.replace("/", "."), name


def takes_event_and_context(signature: inspect.Signature, bound: int = 0, named: Iterable[str] = ()) -> bool:
    """Return whether Lambda can call a function, some of whose arguments are given already: by position, by name."""
    try:
        signature.bind(*[None] * bound, "event", "context", **dict.fromkeys(named))
    except TypeError:
        return False
    return True


OF_CLASS: Final = HandlerProblem("is a class, and Lambda takes what it makes for the answer", FUNCTION_FORM)
"""The problem of a handler that is a class."""


def takes_others(parameters: str) -> HandlerProblem:
    """The problem of a handler with parameters that are not those with which Lambda calls it: `(event)`."""
    return HandlerProblem(f"takes {parameters}, and Lambda calls it with an event and a context", FUNCTION_FORM)


def asynchronous(place: str = "") -> HandlerProblem:
    """The problem of a handler that is `async`; `place` is as of `generator`."""
    return HandlerProblem("is `async`", f"Lambda calls plain functions: use asyncio.run() inside one{place}")


def generator(place: str = "") -> HandlerProblem:
    """The problem of a handler that yields; `place` says where it is, as the end of a hint."""
    hint = f"Lambda gives its caller what the handler returns: return a list, or the parts joined{place}"
    return HandlerProblem("is a generator", hint)
