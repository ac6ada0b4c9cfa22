"""The emulator (ministack), and the one way in which remit changes what it does: a function around one of its own.

It has no types and no interface of its own to be changed by, so that repairs name its private functions. A version of
it without such a name is noticed when the server starts.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import AbstractContextManager, contextmanager
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

from remit.catalogue.arns import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextvars import ContextVar

Value = TypeVar("Value")


def emulated(module: str) -> Any:
    """A module of the emulator, by its name there: `services.sqs`. It is imported if it was not yet."""
    name = f"ministack.{module}"
    return sys.modules.get(name) or importlib.import_module(name)  # the latter takes a microsecond each time


def instead_of(holder: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function in the place of one of a module (`holder.name`) or of a table (`holder[name]`).

    It is called with the function that it replaces, and then with what that one would get. Of two in one place the
    later one is called first, and gets the other.

    Raises:
        AttributeError, KeyError: when this version of the emulator has no such place.
    """

    def take_hold(function: Callable[..., Any]) -> Callable[..., Any]:
        """Put the function in the place of the original, which it gets as its first argument."""
        original = holder[name] if isinstance(holder, dict) else getattr(holder, name)
        # With the signature of the original: `deliveries.py` finds arguments by their names.
        replacement = update_wrapper(partial(function, original), original)
        if isinstance(holder, dict):
            holder[name] = replacement
        else:
            setattr(holder, name, replacement)
        return function

    return take_hold


@contextmanager
def during(variable: ContextVar[Value], value: Value) -> Iterator[None]:
    """Give a variable of the context a value for as long as this lasts."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def service_of(arn: str) -> str:
    """The service of an ARN (`kinesis`); "" for what is no ARN."""
    parsed = parse(arn)
    return "" if parsed is None else parsed.service


def place_of_request() -> Mapping[str, str]:
    """The place of the request that the emulator answers: Partition, Region and Account, as ARN formats call them."""
    responses = emulated("core.responses")
    return {"Partition": "aws", "Region": responses.get_region(), "Account": responses.get_account_id()}


def arn_here(service: str, resource: str) -> str:
    """An ARN in the account and the region of the request that the emulator answers."""
    place = place_of_request()
    return f"arn:{place['Partition']}:{service}:{place['Region']}:{place['Account']}:{resource}"


def as_request_of(account: str, region: str) -> AbstractContextManager[None]:
    """In it, the emulator works as if it answered a request of an account in a region."""
    scope: AbstractContextManager[None] = emulated("core.responses").request_scope(account, region)
    return scope
