"""Fit the arguments of a call to what its function takes, and tell what is wrong with the others, each at its place."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from remit.declare.recording import is_recording, judging_now, note
from remit.declare.unread import Unread
from remit.did_you_mean import MISSPELT, nearest
from remit.errors import Mistakes, RemitError, writer, writer_span
from remit.source import places

P = ParamSpec("P")
R = TypeVar("R")
_BY_POSITION: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class FurtherOptions(NamedTuple):
    """The options that a function takes by `**`: their names, and a hint about a name that is none of them."""

    names: frozenset[str]
    advice: Callable[[str], str]


class Fitted(NamedTuple):
    """The arguments of a call as far as its function takes them, and what is wrong with the others."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    mistakes: tuple[RemitError, ...]


def fitted(  # noqa: C901 - one kind of mistake after the other
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    options: Mapping[str, Any],
    further: FurtherOptions | None = None,
) -> Fitted:
    """Fit the arguments of the call that the user's code makes: an option that is misspelt counts as the one meant.

    What is missing is Unread. Nothing is raised or noted: the mistakes come back with the arguments.
    """
    taken = parameters(function)
    where = writer_span()
    spelled = places.function_called(where)
    by_position = [parameter for parameter in taken if parameter.kind in _BY_POSITION]
    is_open = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in taken)
    takes_any_name = further is None and any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken)
    known = [parameter.name for parameter in taken if parameter.kind in _BY_NAME]
    known += sorted(further.names) if further is not None else []
    mistakes = Mistakes()
    if len(arguments) > len(by_position) and not is_open:
        by_name = ", ".join(option_names(taken[len(by_position) :]))
        count = {0: "no argument", 1: "one argument"}.get(len(by_position), f"{len(by_position)} arguments")
        mistakes.add(
            f"`{spelled}` takes {count} without a name",
            hint=f"what it takes with a name: {by_name}" if by_name else None,
            origin=places.argument_origin(where, "", len(by_position)),
        )
        arguments = arguments[: len(by_position)]
    given_by_position = {parameter.name for parameter in by_position[: len(arguments)]}
    supplied = {*given_by_position, *options}
    known_options: dict[str, Any] = {}
    meant_names: set[str | None] = set()
    for name, value in options.items():
        if name in given_by_position:
            twice = f"`{spelled}` gets `{name}` twice, once without its name"
            mistakes.add(twice, origin=places.option_origin(where, name))
        elif name in known or takes_any_name:
            known_options[name] = value
        else:
            meant = nearest(name, [option for option in known if option not in supplied])
            meant_names.add(meant)
            hint = f"it takes {', '.join(option_names(taken))}" if further is None else further.advice(name)
            if meant is not None:
                hint = f"did you mean `{meant}`?"
                if nearest(name, (meant,), MISSPELT) is not None:
                    known_options[meant] = value
            unknown = f"`{spelled}` has no option `{name}`"
            mistakes.add(unknown, hint=hint, origin=places.option_origin(where, name))
    for parameter in taken:
        is_needed = parameter.default is parameter.empty and parameter.kind in (*_BY_POSITION, parameter.KEYWORD_ONLY)
        if not is_needed or parameter.name in given_by_position | known_options.keys():
            continue
        if parameter.name not in meant_names | options.keys():
            hint = f"it takes {', '.join(option_names(taken))}"
            mistakes.add(f"`{spelled}` lacks `{parameter.name}`", hint=hint, origin=where.origin)
        if parameter.kind is parameter.POSITIONAL_ONLY:
            arguments = (*arguments, Unread())
        else:
            known_options[parameter.name] = Unread()
    return Fitted(arguments, known_options, tuple(mistakes.errors))


@functools.lru_cache(maxsize=256)
def parameters(function: Callable[..., Any]) -> Sequence[inspect.Parameter]:
    """Return what a function takes, without the instance of a method; read once."""
    all_parameters = tuple(inspect.signature(function).parameters.values())
    return all_parameters[1:] if all_parameters and all_parameters[0].name == "self" else all_parameters


def option_names(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    """Yield what a function takes, as messages name it."""
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            yield f"*{parameter.name}"
        elif parameter.kind in _BY_NAME:
            yield parameter.name


def is_misfit(error: TypeError) -> bool:
    """Return whether the function that was called a frame below never began, since its arguments do not fit."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def judged_at_once(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function whose value people need at once give Unread where an argument is wrong, which is noted."""

    @functools.wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> Any:
        """Call the function.

        While a project loads, mistakes are noted at the line that calls, and the value is an Unread; elsewhere its
        errors are raised.
        """
        if not is_recording():
            return function(*arguments, **options)
        mistakes = Mistakes()
        value: Any = Unread()
        with judging_now(), mistakes.noted():
            try:
                value = function(*arguments, **options)
            except TypeError as error:
                if not is_misfit(error):
                    raise
                fit = fitted(function, arguments, options)
                mistakes.errors += fit.mistakes
                # Called for its mistakes alone: the value would be half of what was meant.
                function(*fit.arguments, **fit.options)
        for mistake in mistakes.errors:
            mistake.origin = mistake.origin or writer()
            note(mistake)
        return value

    return called


def declaring(further: FurtherOptions | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a method that declares something do so with what is right of its arguments, and note the others."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        """The method that takes what fits alone, while a project loads."""
        known = frozenset(method.__kwdefaults__ or ()) | (frozenset() if further is None else further.names)

        @functools.wraps(method)
        def declared(*arguments: P.args, **options: P.kwargs) -> R:
            """Call the method. While a project loads, arguments that do not fit are left out and noted as mistakes."""
            if not is_recording():
                return method(*arguments, **options)
            if further is None or options.keys() <= known:
                try:
                    return method(*arguments, **options)
                except TypeError as error:
                    if not is_misfit(error):
                        raise
            instance, *own_arguments = arguments
            fit = fitted(method, tuple(own_arguments), options, further)
            for mistake in fit.mistakes:
                note(mistake)
            return method(instance, *fit.arguments, **fit.options)  # type: ignore[arg-type] # which fit

        return declared

    return decorate
