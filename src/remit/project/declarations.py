"""`App`: the decorators that declare functions. They return the function as it is and note it in the current load."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, ParamSpec, TypeVar, Unpack, overload

from remit import triggers as all_triggers
from remit.declare.fitting import FurtherOptions, declaring, option_names, parameters
from remit.declare.recording import note
from remit.declare.unread import unknown
from remit.errors import RemitError, Span, writer, writer_span
from remit.iam import tokens
from remit.project import current_load
from remit.project.declared import HANDLER, NO_JOB, Access, Declaration, JobOptions, WebOptions, WorkflowDeclaration
from remit.project.setting_values import FUNCTION_SETTINGS, OWN_NAMES, Links, PolicyItems

if TYPE_CHECKING:
    from remit.app import Trigger
    from remit.project.resource_handles import StateMachineHandle
    from remit.project.setting_values import FunctionSettings, OwnFunctionSettings
    from remit.project.shared import Shared
    from remit.runtime.job import Job
    from remit.triggers.api import Authorization
    from remit.triggers.event import Event
    from remit.triggers.schedule import Schedule

    P = ParamSpec("P")
    R_co = TypeVar("R_co", covariant=True)

    class DeclaredJob(Job, Generic[P, R_co]):
        """What `@app.job` makes of a function, as type checkers see it; where functions run, it is a `Job`."""

        def __call__(self, *arguments: P.args, **options: P.kwargs) -> R_co:
            """Run the job here and now."""

        def perform_now(self, *arguments: P.args, **options: P.kwargs) -> R_co:
            """Run the job here and now."""

        @overload
        def perform_later(self, *arguments: P.args, **options: P.kwargs) -> str: ...
        @overload
        def perform_later(self, *arguments: Any, group: str, **options: Any) -> str: ...
        def perform_later(self, *arguments: Any, **options: Any) -> str:
            """Send the job to its queue, in a group if that is a FIFO queue."""

        def perform_in(self, seconds: float, /, *arguments: P.args, **options: P.kwargs) -> str:
            """Send the job so that it runs after some seconds."""


F = TypeVar("F", bound=Callable[[Any, Any], Any])  # a handler takes an event and a context


def _advice_on_option(option: str) -> str:
    """The hint about an option that a function does not have: the triggers that have it, or else `properties`."""
    with_option = [
        name for name in all_triggers.__all__ if option in option_names(parameters(getattr(all_triggers, name)))
    ]
    if with_option:
        return f"it is an option of {', '.join(f'`on.{name}(…)`' for name in with_option)}"
    return "anything that CloudFormation takes goes into `properties`"


_FUNCTION_OPTIONS: Final = FurtherOptions(frozenset({*FUNCTION_SETTINGS, "link"}), _advice_on_option)
"""The options of functions beside their parameters: settings."""
_GROUP_OPTIONS: Final = _FUNCTION_OPTIONS._replace(names=_FUNCTION_OPTIONS.names - OWN_NAMES)


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

    if not TYPE_CHECKING:  # type checkers would take any name

        def __getattr__(self, name: str) -> Any:
            known = [attribute for attribute in dir(type(self)) if not attribute.startswith("_")]
            return unknown(f"an app has no `{name}`", name, self, known)

    @declaring(_GROUP_OPTIONS)
    def group(
        self,
        name: str,
        *,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        **settings: Unpack[FunctionSettings],
    ) -> Group:
        """A group inside this one."""
        span, name = writer_span(), tokens.plain(name)
        own_settings, link = _without_link(settings)
        access = Access("group", name, policy, managed_policy, span, link)
        return Group(name, access=(access, *self._access), settings=((span, own_settings), *self._settings))

    @overload
    def function(self, function: F, /) -> F: ...
    @overload
    def function(
        self,
        *triggers: Trigger,
        name: str | None = None,
        handler: str | None = None,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        sends: Sequence[Job | str] | None = None,
        reads: Sequence[type[Shared]] | None = None,
        **settings: Unpack[OwnFunctionSettings],
    ) -> Callable[[F], F]: ...
    @declaring(_FUNCTION_OPTIONS)
    def function(
        self,
        *triggers: Any,
        name: str | None = None,
        handler: str | None = None,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        sends: Any = None,
        reads: Any = None,
        **settings: Any,
    ) -> Any:
        """Declare a Lambda function: what runs it, what it may do, how it is set up.

        `sends=[send_mail]` are the jobs that it sends, `reads=[Data]` the shared resources whose outputs it looks up.
        `handler="package.module.attribute"` declares one that is not decorated, such as a framework's adapter
        (`app.function(http(), name="web", handler="web.handler")`). Its module is read, and not imported.
        """
        arguments = _Arguments(writer_span(), policy, managed_policy, settings, sends, reads)
        name, handler = tokens.plain(name), tokens.plain(handler)
        if len(triggers) == 1 and _is_function(triggers[0]):
            self._decorated(triggers[0], (), name, arguments)
            return triggers[0]
        if handler is not None:
            named = _NamedFunction()
            function_name = name if name is not None else handler.rpartition(".")[2]
            self._declare(function_name, handler, triggers, arguments, named=named)
            return named

        def decorate(function: F) -> F:
            self._decorated(function, triggers, name, arguments)
            return function

        return decorate

    @declaring(_FUNCTION_OPTIONS)
    def web(
        self,
        target: str,
        *triggers: Trigger,
        auth: Authorization | None = None,
        name: str = "web",
        interface: Literal["asgi", "wsgi"] | None = None,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        sends: Sequence[Job | str] | None = None,
        reads: Sequence[type[Shared]] | None = None,
        **settings: Unpack[OwnFunctionSettings],
    ) -> None:
        """Declare a function that serves a web app: `app.web("shop.main:api", auth="NONE")`.

        `target` names the framework's object (FastAPI, Starlette, Litestar, Flask, Django and whatever else is ASGI or
        WSGI), which stays as it is: the adapter comes with the zip. It answers every request to the app's HTTP API that
        no other route takes, or as `triggers` say: `on.http()` for a URL of its own, or routes. `auth` is that of
        `on.api`. `interface` is told from the object unless it is given.
        """
        arguments = _Arguments(writer_span(), policy, managed_policy, dict(settings), sends, reads)
        web_options = WebOptions(target, auth, interface)
        self._declare(tokens.plain(name), HANDLER, triggers, arguments, web_options=web_options)

    @overload
    def job(self, function: Callable[P, R_co], /) -> DeclaredJob[P, R_co]: ...
    @overload
    def job(
        self,
        *schedules: Schedule,
        queue: str = "default",
        timeout: float | None = None,
        retries: int | None = None,
        concurrency: int | None = None,
        once: bool = False,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        sends: Sequence[Job | str] | None = None,
        reads: Sequence[type[Shared]] | None = None,
        link: Links = (),
    ) -> Callable[[Callable[P, R_co]], DeclaredJob[P, R_co]]: ...
    @declaring()
    def job(
        self,
        *schedules: Any,
        queue: str = "default",
        timeout: float | None = None,
        retries: int | None = None,
        concurrency: int | None = None,
        once: bool = False,
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        sends: Any = None,
        reads: Any = None,
        link: Links = (),
    ) -> Any:
        """Declare a background job: `name.perform_later(…)` puts it on its queue, whose worker runs it.

        `@app.job(on.schedule("rate(1 day)"))` puts it there by the clock, with the schedule's `input` as its arguments.
        It is stopped after `timeout` seconds, runs again up to `retries` times when it fails, and never again once it
        has finished with `once`. `concurrency` is of its queue: how many jobs run at the same time at most. Its grants
        and links reach the worker of its queue.
        """
        options = JobOptions(tokens.plain(queue), timeout, retries, concurrency, once)
        arguments = _Arguments(writer_span(), policy, managed_policy, {"link": link}, sends, reads, options)
        is_bare = len(schedules) == 1 and _is_function(schedules[0])  # `@app.job` without parentheses
        triggers: tuple[Any, ...] = () if is_bare else schedules

        from remit.runtime.job import Job  # noqa: PLC0415 - few apps have jobs

        def decorate(function: Callable[..., Any]) -> Job:
            """Declare the function as a job, and give the Job that stands for it in its module."""
            job = Job(function, options.queue, timeout=timeout, retries=retries, once=once)
            named_options = replace(options, path=job.path)
            self._decorated(function, triggers, None, arguments._replace(job=named_options))
            return job

        return decorate(schedules[0]) if is_bare else decorate

    def _decorated(self, function: Any, triggers: tuple[Any, ...], name: str | None, arguments: _Arguments) -> None:
        """Declare the function that a decorator stands above; anything else is noted as a mistake."""
        if not callable(function):
            if current_load.current() is not None:
                note(RemitError(f"{function!r:.60} is not a function", origin=arguments.span.origin))
            return
        qualname = getattr(function, "__qualname__", type(function).__qualname__)
        handler = f"{getattr(function, '__module__', '')}.{qualname}"
        function_name = name if name is not None else getattr(function, "__name__", qualname)
        nested = "<locals>" in qualname  # Python puts it into the name of what a function's body defines
        self._declare(function_name, handler, triggers, arguments, function=undecorated(function), nested=nested)

    def _declare(
        self, name: str, handler: str, triggers: tuple[Any, ...], arguments: _Arguments, **further: Any
    ) -> None:
        """Note a declaration, with its `further` fields; outside of a load nobody reads any."""
        state = current_load.current()
        if state is None:
            return
        kind: Literal["function", "job"] = "function" if arguments.job is NO_JOB else "job"
        settings, link = _without_link(arguments.settings)
        access = Access(kind, name, arguments.policy, arguments.managed_policy, arguments.span, link)
        declaration = Declaration(
            name=name,
            handler=handler,
            triggers=triggers,
            access=(access, *self._access),
            settings=((arguments.span, settings), *self._settings),
            where=arguments.span,
            job=arguments.job,
            sends=arguments.sends,
            reads=arguments.reads,
            **further,
        )
        state.declarations.append(declaration)


class _Arguments(NamedTuple):
    """What stands in a decorator's parentheses beside its triggers, unchecked, and where."""

    span: Span
    policy: Any
    managed_policy: Any
    settings: Mapping[str, Any]
    sends: Any
    reads: Any
    job: JobOptions = NO_JOB


def _without_link(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The settings that are a function's own, and the links, which are access as well."""
    others = dict(settings)
    link = others.pop("link", ())
    return others, link


class _NamedFunction:
    """A function that `handler=` names: a workflow is linked to it, and it decorates nothing."""

    def __call__(self, function: F) -> F:
        """Note the mistake that `handler=` decorates a function; the function stays as it is. Nothing is raised."""
        decorated = getattr(function, "__name__", "it")
        refused = RemitError(
            f"`handler=` names the function that Lambda runs, and decorates another one, `{decorated}`",
            hint="leave `handler=` out, or write `app.function(handler=…)` in a line of its own, "
            f"not above `{decorated}`",
            origin=writer(),
        )
        note(refused)
        return function


def _is_function(value: Any) -> bool:
    """Return whether a decorator is used without parentheses; a class of remit's is a trigger that nobody made."""
    is_trigger = isinstance(value, type) and value.__module__.startswith("remit.")
    return callable(value) and hasattr(value, "__qualname__") and not is_trigger


def undecorated(function: Any) -> Any:
    """The innermost function that functools.wraps wraps; itself where it wraps none."""
    for _ in range(100):  # a wrapper may name itself
        if not hasattr(function, "__wrapped__"):
            break
        function = function.__wrapped__
    return function


class App(Group):
    """A project's functions: `app = App()`. Outside of a load the decorators do nothing."""

    @declaring()
    def __init__(self) -> None:
        super().__init__()

    @declaring()
    def workflow(
        self,
        name: str,
        definition: str | Mapping[str, Any],
        *triggers: Schedule | Event,
        link: Mapping[str, Any] | None = None,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",  # noqa: A002 - CloudFormation's word
        policy: PolicyItems = (),
        managed_policy: str | Sequence[str] = (),
        properties: Mapping[str, Any] | None = None,
        logical_id: str | None = None,
    ) -> StateMachineHandle:
        """Declare a state machine of Step Functions: `app.workflow("render", "render.asl.json", link={…})`.

        `definition` is a file of the project in the Amazon States Language (JSON or YAML), or the same as a dict.
        `link={"Prepare": prepare, "Orders": Data.orders}` gives what `${Prepare}` and `${Orders}` stand for in it: the
        ARN of a function, what Ref gives of a shared resource, or a text. The role is computed of its states.
        `policy` adds what they alone do not tell. `triggers` start it: `on.schedule(…)`, `on.event(…)`. `properties`
        are CloudFormation's of AWS::StepFunctions::StateMachine, which `logical_id` names in the stack: that of one
        that exists keeps it. It returns what `grants.states.start` takes.
        """
        from remit.project.resource_handles import StateMachineHandle  # noqa: PLC0415 - few apps have workflows
        from remit.resources.names import logical  # noqa: PLC0415 - as above

        span, name = writer_span(), tokens.plain(name)
        own_id = str(tokens.plain(logical_id)) if logical_id is not None else f"{logical(str(name))}Workflow"
        state = current_load.current()
        if state is not None:
            access = Access("workflow", name, policy, managed_policy, span)
            declaration = WorkflowDeclaration(name, own_id, definition, triggers, link, access, type, properties, span)
            state.workflows.append(declaration)
        spelled = f'app.workflow("{name}")'
        return StateMachineHandle("AWS::StepFunctions::StateMachine", {}, {}, span, own_id, spelled)
