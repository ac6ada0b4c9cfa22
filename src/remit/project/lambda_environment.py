"""While a project loads, its code finds what it will find in Lambda: a region, and the variables functions declare.

`boto3.client("s3")` at the top of a module needs a region, and `os.environ["TABLE"]` a variable that the function gets
in Lambda alone. A variable that some function declares reads as a placeholder, which serves as any text does; so does
`os.environ.get("TABLE")`, as long as no default is given. It must not reach a declaration: nothing that is deployed can
be made of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, Origin, RemitError
from remit.project import current_load
from remit.project.setting_values import RESERVED_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import FrameType

    from remit.app import App
    from remit.project.current_load import Loading
    from remit.source.variables import DeclaredVariable

_PLACEHOLDER: Final = r"(?i)placeholder-for-([a-z0-9-]+)-from-remit"
_BEGINNING: Final = r"(?i)placeholder-for-[a-z0-9-]*"
"""What messages show of a placeholder, of a long one its first characters."""
_REGION: Final = ("AWS_DEFAULT_REGION", "AWS_REGION")
"""The variables of the region. botocore reads the first, before the files of the AWS CLI; Lambda sets both."""
_SDK: Final = frozenset({"boto3", "botocore"})
_METADATA: Final = "AWS_EC2_METADATA_DISABLED"
"""Unless it is true, botocore looks for credentials in the network of an EC2 instance, and waits for an answer."""


def placeholder_of(name: str) -> str:
    """The text that an environment variable reads as. It can be part of a host's name, since regions become one."""
    return f"placeholder-for-{name.replace('_', '-')}-from-remit"


class Placeholder(str):
    """A variable's placeholder. `int(os.environ["LIMIT"])` gives the number that the source declares."""

    __slots__ = ("declared",)
    declared: str | None

    def __int__(self) -> int:
        return int(str(self) if self.declared is None else self.declared)

    def __float__(self) -> float:
        return float(str(self) if self.declared is None else self.declared)


class _Environ(os._Environ):  # type: ignore[type-arg] # noqa: SLF001 - the class of os.environ has no other name
    """`os.environ` while a project loads: `os.environ[…]` in the project's code has what the function will have.

    `in`, `get` with a default, other libraries and processes see the environment as it is: code that asks whether a
    variable is set has an answer for both. AWS's SDK sees a region, where it would find none.
    """

    def __getitem__(self, name: str) -> str:
        """The value of a variable, as the process has it, and a note that the project's code read it.

        One that is unset has the value that Lambda gives it. KeyError: neither has it.
        """
        try:
            value: str = super().__getitem__(name)
        except KeyError:
            unset = _value_in_lambda(name, sys._getframe(1))  # noqa: SLF001 - the answer depends on who asks
            if unset is None:
                raise
            return unset
        _note_read(name)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value, else the default; without one, for the project's code, a declared variable's placeholder."""
        value = super().get(key, default)
        if value is not None:
            _note_read(key)
            return value
        asking = sys._getframe(1)  # noqa: SLF001 - the answer depends on who asks
        if asking.f_globals.get("__name__") == "os" and asking.f_back is not None:
            asking = asking.f_back  # `os.getenv`
        state = _loading_for(asking)
        variable = None if state is None else state.declared_variables.get(key)
        # One that the deploy hands on is absent where the deploy has none, and code may ask whether it is set.
        is_given = state is None or variable is None or variable.is_handed_on
        return None if is_given else _placeholder(key, variable)


def _note_read(name: str) -> None:
    """Note a name among those that the app reads, where a load is under way."""
    state = current_load.current()
    if state is not None:
        state.read_variables.add(name)


def _value_in_lambda(name: str, asking: FrameType) -> str | None:
    """Return the value of an unset variable for the code that asks; None: it stays a KeyError."""
    if asking.f_globals.get("__name__") == "collections.abc" and asking.f_back is not None:
        asking = asking.f_back  # `in` and `get`
    elif (state := _loading_for(asking)) is not None:
        variable = state.declared_variables.get(name)
        return _placeholder(name, variable) if name in RESERVED_VARIABLES or variable is not None else None
    if str(asking.f_globals.get("__name__")).partition(".")[0] not in _SDK:
        return None
    if name == _METADATA:
        return "true"
    if name != _REGION[0] or _profile_has_region():
        return None
    return os.environ.get(_REGION[1]) or _noted_placeholder(name)


def _loading_for(frame: FrameType) -> Loading | None:
    """The load whose project's code a frame executes; None: no load runs, or the code is another's."""
    state = current_load.current()
    is_own = state is not None and current_load.is_users_file(frame.f_code.co_filename, state.folder)
    return state if is_own else None


def _placeholder(name: str, variable: DeclaredVariable | None) -> str:
    """The placeholder of a variable that Lambda sets in each function (None), or that some function declares."""
    placeholder = Placeholder(_noted_placeholder(name))
    placeholder.declared = None if variable is None else variable.text
    return placeholder


def _noted_placeholder(name: str) -> str:
    """The placeholder of a variable; the load that is going on notes which one it is."""
    value, state = placeholder_of(name), current_load.current()
    if state is not None:
        state.placeholders[value.casefold()] = name
    return value


@contextlib.contextmanager
def lambda_environment() -> Iterator[None]:
    """Let the code in the block find in `os.environ` what it finds in Lambda.

    Afterwards the environment and the working folder are as they were, whatever it raises.
    """
    ordinary, folder = type(os.environ), _working_folder()
    # The object stays the same one: modules hold it since they said `from os import environ`.
    os.environ.__class__ = _Environ
    try:
        yield
    finally:
        os.environ.__class__ = ordinary
        if folder is not None and _working_folder() != folder:
            os.chdir(folder)


def _working_folder() -> str | None:
    """The folder that the process works in; None: it has been deleted."""
    try:
        return os.getcwd()  # noqa: PTH109 - a text to go back to
    except OSError:  # it has been deleted
        return None


def _profile_has_region() -> bool:
    """Return whether the files of the AWS CLI give a region to the profile that the SDK, which asks, uses by itself.

    False where the SDK cannot read them.
    """
    session = sys.modules["botocore.session"].Session()
    try:
        return "region" in session.get_scoped_config()
    except sys.modules["botocore.exceptions"].BotoCoreError:  # the SDK refuses the files as well, and says why
        return False


def check_placeholders(placeholders: Mapping[str, str], app: App, mistakes: Mistakes) -> None:
    """No placeholder may stand in what is declared: each line that holds one is noted."""
    for declared, origin in declared_parts(app):
        match = re.search(_PLACEHOLDER, repr(declared))
        if match is not None:
            name = placeholders.get(match[0].casefold(), match[1])
            mistakes.errors.append(placeholder_error(name, origin))


def explain_placeholders(placeholders: Mapping[str, str], mistakes: Iterable[RemitError]) -> None:
    """Give each mistake whose message shows a placeholder a hint that says which variable that is."""
    for mistake in mistakes:
        match = re.search(_BEGINNING, mistake.message)
        shown = "" if match is None else match[0].casefold()
        names = [name for placeholder, name in placeholders.items() if shown and placeholder.startswith(shown)]
        if names and f"{names[0]} has a value" not in (mistake.hint or ""):
            placeholder = placeholder_of(names[0])
            meaning = f"{placeholder!r} stands for the environment variable {names[0]}, which is not set"
            mistake.hint = f"{meaning} where remit runs: {_hint(names[0])}"


def _hint(name: str) -> str:
    """The hint about a variable that is not set: how to declare its value."""
    if name in _REGION:
        return "write `aws.region` (`from remit import aws`), which is right in every region"
    return f"write the value that the function's `environment` gives to {name}, or set the variable before the build"


def placeholder_error(name: str, origin: Origin | None = None) -> RemitError:
    """The error about a placeholder in a declaration."""
    called = name if name in _REGION else f"the environment variable {name}"
    return RemitError(
        f"{called} is not set where remit runs, and this declaration needs its value", hint=_hint(name), origin=origin
    )


def placeholder_in(text: str) -> str | None:
    """The variable of which a text holds the placeholder; None for any other text."""
    state = current_load.current()
    if state is None or not state.placeholders:
        return None
    match = re.search(_PLACEHOLDER, text)
    return None if match is None else state.placeholders.get(match[0].casefold())


def declared_parts(app: App) -> Iterator[tuple[Any, Origin | None]]:
    """The parts of an app that are deployed, each with the line that declares it."""
    for function in app.functions:
        for grant in function.policy:
            yield grant.statement, grant.origin
        for name, value in function.properties.items():
            yield value, function.written.get(name, function.origin)
        yield from ((arn, origin or function.origin) for arn, origin in function.managed_written.items())
        yield (function.name, function.handler, function.triggers), function.origin
    yield from ((resource, resource.origin) for resource in app.resources)
    yield from ((output, output.origin) for output in app.outputs)
    for grant in (*(app.default_policy or ()), *(app.default_vpc_policy or ())):
        yield grant.statement, grant.origin
    yield app.boundary, app.boundary_origin
    yield app.queues, app.queues_origin
