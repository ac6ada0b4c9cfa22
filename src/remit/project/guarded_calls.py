"""A call of something of remit's in a project's module, of which each argument may fail by itself.

An option that does not exist, a positional argument too many and one that is missing are noted, each by itself, where
Python would stop at one of them. The call is then made with `Unread` for what failed, so that what is wrong with the
other arguments is noted, too. What it gives is nothing to go on with, unless it is a declaration (`app.function`),
which is made of what is right of it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any, Final

from remit.declare.unread import Unread
from remit.did_you_mean import MISSPELT, nearest
from remit.errors import Origin, RemitError, UnreadError, writer
from remit.project import current_load
from remit.project.process_end import ProcessEndError
from remit.project.setting_values import FUNCTION_SETTINGS
from remit.project.time_limit import LoadTooLongError
from remit.project.tried_code import is_tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

STOPS: Final = (KeyboardInterrupt, GeneratorExit, LoadTooLongError, ProcessEndError)
"""What ends a load as a whole."""
_OF_DECLARATIONS: Final = "remit.project.declarations"
"""The module of `App`, and of the methods that declare functions."""
_LINK: Final = "link"
"""The option of functions that is access as well as a setting."""
_BY_POSITION: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class GuardedCall:
    """A call that is being made: of what, and whether all of it is right so far.

    What is no call of remit's is left to Python: the first argument that fails ends it. So is what the project's own
    code tries, since it handles the exception itself.
    """

    def __init__(self, note: Callable[[Exception], None]) -> None:
        self.note = note
        self.spelled = ""
        self.parameters: tuple[inspect.Parameter, ...] | None = None
        """What the function takes; None: the call is left to Python."""
        self.is_declaration = False
        self.is_incomplete = False
        self.place = Origin("")
        self.supplied: set[str] = set()
        """The parameters that get a value, as far as the call shows it."""

    def result(self, make: Callable[[GuardedCall], Any]) -> Any:
        """What the call gives. UnreadError: it is incomplete, which is noted, and no declaration."""
        try:
            value = make(self)
        except Exception as error:
            if not self.is_incomplete:
                raise
            if not isinstance(error, TypeError):  # which says that an argument is missing
                self.note(error)
            raise UnreadError from None
        if self.is_incomplete and not self.is_declaration:
            raise UnreadError
        return value

    def function(self, evaluate: Callable[[], Any], spelled: str, count: int | None, *names: str) -> Any:
        """What is called, with `count` positional arguments (None: not known) and those of these names."""
        self.spelled = spelled
        state = current_load.current()
        if state is None or is_tried(state.folder):
            return evaluate()
        try:
            function = evaluate()
        except Exception as error:  # noqa: BLE001 - the project's own code may raise anything
            self._failed(error)
            state.lost_names.add("")
            self.parameters = _OF_ANYTHING
            return _anything
        module = str(getattr(function, "__module__", ""))
        if module.partition(".")[0] != "remit" or not callable(function):
            return function
        self.parameters = _parameters_of(function)
        self.is_declaration = module == _OF_DECLARATIONS
        if self.is_declaration:
            self.place = writer()
        by_position = [parameter.name for parameter in self.parameters if parameter.kind in _BY_POSITION]
        self.supplied = {*by_position[:count], *names}
        missing = [] if count is None else self._missing(names)
        if not missing or self.is_declaration:
            return function
        return functools.partial(function, **{parameter.name: Unread() for parameter in missing})

    def argument(self, written: Any, position: int) -> tuple[Any, ...]:
        """A positional argument, as `_evaluated` takes it; none, or one that is unread, where it fails."""
        if self.parameters is None:
            return (_evaluated(written),)
        by_position = [parameter for parameter in self.parameters if parameter.kind in _BY_POSITION]
        is_open = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in self.parameters)
        is_surplus = position >= len(by_position) and not is_open
        if is_surplus and position == len(by_position):
            by_name = self.parameters[len(by_position) :]
            self._failed(
                RemitError(
                    f"`{self.spelled}` takes {_counted(len(by_position))} without a name",
                    hint=f"what it takes with a name: {_listed(by_name)}" if by_name else None,
                    origin=writer(),
                )
            )
        try:
            value = _evaluated(written)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed_trigger(error)
            return () if self.is_declaration or is_surplus else (Unread(),)
        return () if is_surplus else (value,)

    def arguments(self, evaluate: Callable[[], Iterable[Any]]) -> tuple[Any, ...]:
        """Positional arguments from a list, `*triggers`; none where it fails."""
        if self.parameters is None:
            return tuple(evaluate())
        try:
            return tuple(evaluate())
        except Exception as error:  # noqa: BLE001 - as above
            self._failed_trigger(error)
            return ()

    def option(self, written: Any, name: str) -> dict[str, Any]:
        """An argument that is given by its name, which is checked as the one that was meant where it is misspelt.

        It comes as `_evaluated` takes it. None where the function takes none of the name. One that is unread where it
        fails; a declaration gets none then.
        """
        if self.parameters is None:
            return {name: _evaluated(written)}
        meant: str | None = name
        is_misspelt = False
        if not self._takes(name):
            self._failed(self._unknown(name))
            meant = self._meant(name)
            is_misspelt = meant is not None and nearest(name, (meant,), MISSPELT) is not None
        try:
            value = _evaluated(written)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
            value = Unread()
        if meant != name and not is_misspelt:
            value = Unread()
        if meant is None or (self.is_declaration and type(value) is Unread):
            return {}
        return {meant: value}

    def options(self, evaluate: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """As `option`, of a dict of them: `**options`."""
        if self.parameters is None:
            return evaluate()
        try:
            options = dict(evaluate())
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
            return {}
        known_options: dict[str, Any] = {}
        for name, value in options.items():
            known_options.update(self.option(lambda value=value: value, name))
        return known_options

    def _failed(self, error: Exception) -> None:
        self.is_incomplete = True
        self.note(error)

    def _failed_trigger(self, error: Exception) -> None:
        """Note why a positional argument failed; a declaration's are its triggers."""
        self._failed(error)
        state = current_load.current()
        if self.is_declaration and state is not None:
            state.without_triggers.add(self.place)

    @property
    def _is_open(self) -> bool:
        """Whether it takes names that its signature does not list: the settings of a function, properties."""
        return any(parameter.kind is parameter.VAR_KEYWORD for parameter in self.parameters or ())

    @property
    def _options(self) -> Sequence[str]:
        """The names of what it takes, as far as they are known."""
        settings = (*FUNCTION_SETTINGS, _LINK) if self._is_open and self.is_declaration else ()
        return [*_by_name(self.parameters or ()), *settings]

    def _takes(self, name: str) -> bool:
        return name in self._options or (self._is_open and not self.is_declaration)

    def _meant(self, name: str) -> str | None:
        """The option that somebody meant by a name that does not exist; None: there is none, or it has a value."""
        return nearest(name, [option for option in self._options if option not in self.supplied])

    def _unknown(self, name: str) -> RemitError:
        meant = self._meant(name)
        hint = "anything that CloudFormation takes goes into `properties`"
        triggers = _triggers_with(name)
        if meant is not None:
            hint = f"did you mean `{meant}`?"
        elif not self._is_open:
            hint = f"it takes {_listed(self.parameters or ())}"
        elif triggers:
            hint = f"it is an option of {', '.join(triggers)}"
        return RemitError(f"`{self.spelled}` has no option `{name}`", hint=hint, origin=writer())

    def _missing(self, names: Sequence[str]) -> Sequence[inspect.Parameter]:
        """The parameters that get no value and need one; they are noted, but for those that a wrong name means."""
        parameters = self.parameters or ()
        missing = [
            parameter
            for parameter in parameters
            if parameter.default is parameter.empty
            and parameter.kind in (*_BY_POSITION, parameter.KEYWORD_ONLY)
            and parameter.name not in self.supplied
        ]
        meant = {self._meant(name) for name in names if not self._takes(name)}
        for parameter in missing:
            self.is_incomplete = True
            if parameter.name not in meant:
                hint = f"it takes {_listed(parameters)}"
                self.note(RemitError(f"`{self.spelled}` lacks `{parameter.name}`", hint=hint, origin=writer()))
        return missing


def _evaluated(written: Any) -> Any:
    """The value of an argument: a constant is its own, and anything else comes as a function that evaluates it."""
    return written() if callable(written) else written


def _parameters_of(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """What a callable takes, without the instance of a method."""
    if inspect.ismethod(function):
        return _signature(function.__func__)[1:]
    if inspect.isfunction(function) or isinstance(function, type):
        return _signature(function)
    return tuple(inspect.signature(function).parameters.values())


@functools.lru_cache(maxsize=256)
def _signature(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """The parameters of a function or class, read once: the functions of an app are declared with the same few."""
    return tuple(inspect.signature(function).parameters.values())


def option_names(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    """What a function takes, as messages name it."""
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            yield f"*{parameter.name}"
        elif parameter.kind in _BY_NAME:
            yield parameter.name


def _by_name(parameters: Iterable[inspect.Parameter]) -> Sequence[str]:
    return [parameter.name for parameter in parameters if parameter.kind in _BY_NAME]


def _triggers_with(option: str) -> tuple[str, ...]:
    """The triggers that have an option, as people write them."""
    triggers = importlib.import_module("remit.triggers")
    with_option = [name for name in triggers.__all__ if option in _by_name(_parameters_of(getattr(triggers, name)))]
    return tuple(f"`on.{name}(…)`" for name in with_option)


def _listed(parameters: Iterable[inspect.Parameter]) -> str:
    return ", ".join(option_names(parameters))


def _counted(number: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(number, f"{number} arguments")


def _anything(*_arguments: Any, **_options: Any) -> None:
    """Stand for a function that cannot be called."""


_OF_ANYTHING: Final = tuple(inspect.signature(_anything).parameters.values())
