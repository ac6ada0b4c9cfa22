"""`App`: the decorators that declare functions. They return the function as it is and note it in the current load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from remit.errors import RemitError, Span, caller_span
from remit.iam import tokens
from remit.project import current_load, web_apps
from remit.project.declared_functions import Access, Declaration
from remit.runtime import Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from remit.app import Trigger
    from remit.project.setting_values import FunctionSettings
    from remit.triggers.api import Authorization

F = TypeVar("F", bound=Callable[..., Any])


class Group:
    """Functions with something in common: a group's grants and settings reach all of its functions."""

    def __init__(
        self,
        name: str = "",
        *,
        access: tuple[Access, ...] = (),
        settings: tuple[tuple[Span, Mapping[str, Any]], ...] = (),
    ) -> None:
        self.name = name
        self._access = access
        self._settings = settings

    def group(
        self, name: str, *, policy: Any = (), managed_policy: Any = (), **settings: Unpack[FunctionSettings]
    ) -> Group:
        """A group inside this one."""
        span, name = caller_span(), tokens.plain(name)
        access = Access("group", name, policy, managed_policy, span)
        return Group(name, access=(access, *self._access), settings=((span, dict(settings)), *self._settings))

    @overload
    def function(self, function: F, /) -> F: ...
    @overload
    def function(
        self,
        *triggers: Trigger,
        name: str | None = None,
        handler: str | None = None,
        policy: Any = (),
        managed_policy: Any = (),
        **settings: Unpack[FunctionSettings],
    ) -> Callable[[F], F]: ...
    def function(
        self,
        *triggers: Any,
        name: str | None = None,
        handler: str | None = None,
        policy: Any = (),
        managed_policy: Any = (),
        **settings: Any,
    ) -> Any:
        """Declare a Lambda function: what runs it, what it may do, how it is set up.

        `handler="package.module.attribute"` declares one that is not decorated, such as a framework's adapter
        (`app.function(http(), name="web", handler="web.handler")`). Its module is read, and not imported.
        """
        span, name, handler = caller_span(), tokens.plain(name), tokens.plain(handler)
        arguments = (policy, managed_policy, dict(settings), span)
        if len(triggers) == 1 and _is_function(triggers[0]):
            self._declare(triggers[0], (), name, arguments)
            return triggers[0]
        if handler is not None:
            self._declare_by_name(handler, triggers, name, arguments)
            return None

        def decorate(function: F) -> F:
            self._declare(function, triggers, name, arguments)
            return function

        return decorate

    def web(
        self,
        target: str,
        *triggers: Trigger,
        auth: Authorization | None = None,
        name: str = "web",
        interface: Literal["asgi", "wsgi"] | None = None,
        policy: Any = (),
        managed_policy: Any = (),
        **settings: Unpack[FunctionSettings],
    ) -> None:
        """Declare a function that serves a web app: `app.web("shop.main:api", auth="NONE")`.

        `target` names the framework's object (FastAPI, Starlette, Litestar, Flask, Django and whatever else is ASGI or
        WSGI), which stays as it is: the adapter comes with the zip. It answers every request to the app's HTTP API that
        no other route takes, or as `triggers` say: `on.http()` for a URL of its own, or routes. `auth` is that of
        `on.api`. `interface` is told from the object unless it is given.
        """
        span = caller_span()
        web_app, web_triggers = web_apps.declared(target, triggers, auth, interface)
        declaration = self._declaration(
            tokens.plain(name),
            web_apps.HANDLER,
            web_triggers,
            (policy, managed_policy, dict(settings), span),
            None,
            nested=False,
        )
        state = current_load.current()
        if state is not None:
            state.declarations.append(replace(declaration, web=web_app))

    @overload
    def job(self, function: Callable[..., Any], /) -> Job: ...
    @overload
    def job(
        self, function: None = None, /, *, queue: str = "default", policy: Any = (), managed_policy: Any = ()
    ) -> Callable[[Callable[..., Any]], Job]: ...
    def job(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        queue: str = "default",
        policy: Any = (),
        managed_policy: Any = (),
    ) -> Any:
        """Declare a background job: `name.perform_later(…)` puts it on its queue, whose worker runs it.

        Its grants reach the worker of its queue.
        """
        span = caller_span()

        def decorate(function: Callable[..., Any]) -> Job:
            job = Job(function, tokens.plain(queue))
            self._declare(function, (), None, (policy, managed_policy, {}, span), job.queue)
            return job

        return decorate if function is None else decorate(function)

    def _declare(
        self,
        function: Any,
        triggers: tuple[Any, ...],
        name: str | None,
        arguments: tuple[Any, Any, Mapping[str, Any], Span],
        job_queue: str | None = None,
    ) -> None:
        state = current_load.current()
        if state is None:
            return
        if not callable(function):
            raise RemitError(f"{function!r:.60} is not a function", origin=arguments[3].origin)
        qualname = getattr(function, "__qualname__", type(function).__qualname__)
        handler = f"{getattr(function, '__module__', '')}.{qualname}"
        nested = "<locals>" in qualname
        function_name = name if name is not None else getattr(function, "__name__", qualname)
        declaration = self._declaration(function_name, handler, triggers, arguments, job_queue, nested=nested)
        state.declarations.append(replace(declaration, function=_undecorated(function)))

    def _declare_by_name(
        self,
        handler: str,
        triggers: tuple[Any, ...],
        name: str | None,
        arguments: tuple[Any, Any, Mapping[str, Any], Span],
    ) -> None:
        state = current_load.current()
        if state is not None:
            function_name = name if name is not None else handler.rpartition(".")[2]
            state.declarations.append(
                self._declaration(function_name, handler, triggers, arguments, None, nested=False)
            )

    def _declaration(
        self,
        name: str,
        handler: str,
        triggers: tuple[Any, ...],
        arguments: tuple[Any, Any, Mapping[str, Any], Span],
        job_queue: str | None,
        *,
        nested: bool,
    ) -> Declaration:
        policy, managed_policy, settings, span = arguments
        kind: Literal["function", "job"] = "function" if job_queue is None else "job"
        return Declaration(
            name=name,
            handler=handler,
            triggers=triggers,
            access=(Access(kind, name, policy, managed_policy, span), *self._access),
            settings=((span, settings), *self._settings),
            where=span,
            job_queue=job_queue,
            nested=nested,
        )


def _is_function(value: Any) -> bool:
    """Whether a decorator is used without parentheses; a class is a trigger that nobody made."""
    return callable(value) and hasattr(value, "__qualname__") and not isinstance(value, type)


def _undecorated(function: Any) -> Any:
    """What functools.wraps wraps, to the bottom."""
    for _ in range(100):
        if not hasattr(function, "__wrapped__"):
            break
        function = function.__wrapped__
    return function


class App(Group):
    """A project's functions: `app = App()`. Outside of a load the decorators do nothing."""

    def __init__(self) -> None:
        super().__init__()
