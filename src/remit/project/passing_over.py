"""Run a project's module so that a statement that fails does not hide the mistakes of the next ones.

Each statement at the top of the module, of a class there, of a loop, and of its `with configure()` gets a `try` of its
own (`guarded_source.py`). What it raises is noted, the names that it would have bound are remembered, and a NameError
for one of those is no mistake of its own. Each argument of a decorator that declares something may fail by itself as
well, and so may each item of a policy, and each argument of a trigger, a grant or a resource (`guarded_calls.py`).
Whoever imports the module goes on with what is right of it; one that tries the import gets its first exception, which
carries all the others. A module stops where it says so, with `raise`, `assert` or `sys.exit`.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from remit.declare.unread import Unread
from remit.errors import UnreadError
from remit.project import current_load, guarded_source
from remit.project.current_load import is_users_file
from remit.project.guarded_calls import STOPS, GuardedCall
from remit.project.tried_code import is_tried

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from remit.errors import RemitError

    Told: TypeAlias = Callable[[BaseException, str], RemitError]
    """Says what an exception means to people, which a file raised."""

T = TypeVar("T")
_DECLARES: Final = rb"remit|\.\s*(?:%s)\b" % "|".join(sorted(guarded_source.DECLARING)).encode()
"""What stands in the source of each module that declares something."""
_MISTAKES: Final = "remit_mistakes"
"""The attribute of an exception that has the mistakes of the module which it ended."""


def mistakes_of(error: BaseException, file: str, told: Told) -> list[RemitError]:
    """The mistakes that an exception stands for: those of the modules that it ended, or itself alone."""
    carried: list[RemitError] | None = getattr(error, _MISTAKES, None)
    return list(told(error, file).all) if carried is None else carried


class _Run:
    """A module that runs: what failed in it, and which names are therefore missing."""

    def __init__(self, file: str, namespace: dict[str, Any], told: Told) -> None:
        self.file = file
        self.namespace = namespace
        self.told = told
        self.first: Exception | None = None
        self.mistakes: list[RemitError] = []
        self.missing: set[str] = set()
        self.may_lack_others = False
        """Whether a statement failed that binds no names, and may still have given the module some."""
        self.is_over = False

    @property
    def hooks(self) -> dict[str, Callable[..., Any]]:
        """What the module asks for, by the names in `guarded_source.HOOKS`."""
        return {
            guarded_source.PASS_OVER: self.pass_over,
            guarded_source.CALL: self.call,
            guarded_source.ITEM: partial(self.evaluated, otherwise=()),  # an empty list, which says nothing
            guarded_source.PAIR: partial(self.evaluated, otherwise={}),
            guarded_source.VALUE: partial(self.evaluated, otherwise=Unread()),
        }

    def pass_over(self, lost: Sequence[str], *names: str) -> None:
        """Note why a statement failed, which would have bound these names, and declared what is `lost`."""
        error = sys.exception()
        if not isinstance(error, Exception):
            return
        state = current_load.current()
        if state is not None:
            state.lost_names.update([""] if isinstance(error, ModuleNotFoundError) else lost)
        self.note(error)
        self.may_lack_others = self.may_lack_others or not names
        for name in names:
            self.missing.add(name)
            self.namespace.pop(name, None)  # what it was before is not what the next statements mean

    def evaluated(self, evaluate: Callable[[], T], otherwise: T) -> T:
        """A part of a statement; a note, and something else in its place, where it fails."""
        state = current_load.current()
        if state is None or is_tried(state.folder):
            return evaluate()
        try:
            return evaluate()
        except Exception as error:  # noqa: BLE001 - the project's own code may raise anything
            self.note(error)
            return otherwise

    def call(self, make: Callable[[GuardedCall], Any]) -> Any:
        """What a call gives. UnreadError: nothing, since what is wrong with it is noted."""
        return GuardedCall(self.note).result(make)

    def note(self, error: Exception) -> None:
        """Note an exception, unless it follows from what is noted."""
        if self.follows(error):
            return
        mistakes = mistakes_of(error, self.file, self.told)
        state = current_load.current()
        if self.is_over and state is not None:  # a function of the module, which another one calls
            state.mistakes.errors += mistakes
            return
        self.first = self.first or error
        self.mistakes += mistakes

    def follows(self, error: BaseException) -> bool:
        """Whether an exception only repeats that an earlier statement, or an argument of this one, failed."""
        state = current_load.current()
        imported = {} if state is None else state.missing_names
        match error:
            case UnreadError():
                return True
            case NameError(name=name):
                own_names = (self.missing, *imported.values())  # `from module import *` gave those that are there
                return any(name in names for names in own_names) or "*" in self.missing
            case ImportError(name=str(module)) if module in imported:
                name = getattr(error, "name_from", None)  # new in Python 3.12
                return name is None or _is_among(imported[module], name)
            case AttributeError(obj=ModuleType(__name__=module), name=str(name)):
                return _is_among(imported.get(module, ()), name)
            case AttributeError(obj=type(__name__=owner, __module__=module), name=str(name)):
                return {owner, name} <= {*self.missing, *imported.get(module, ())}
        return False


def _is_among(names: Collection[str], name: str) -> bool:
    return name in names or "*" in names


def run(source: bytes, file: str, namespace: dict[str, Any], told: Told) -> None:
    """Execute a module's source. What it raises carries every mistake of the module."""
    module = _executed(source, file, namespace, told)
    if module.first is not None:
        module.first.remit_mistakes = module.mistakes  # type: ignore[attr-defined] # as below
        raise module.first


def _executed(source: bytes, file: str, namespace: dict[str, Any], told: Told) -> _Run:
    """Execute a module's source to its end. What ends it before carries every mistake of the module."""
    module = _Run(file, namespace, told)
    code = compile(guarded_source.guarded(source, file), file, "exec", dont_inherit=True)
    hooks = module.hooks
    namespace.update(hooks)
    try:
        exec(code, namespace)  # noqa: S102 - the project's own code, whose declarations are what is wanted
    except STOPS:
        raise
    except BaseException as error:
        follows = bool(module.mistakes) and isinstance(error, Exception) and module.follows(error)
        last = [] if follows else mistakes_of(error, file, told)
        error.remit_mistakes = [*module.mistakes, *last]  # type: ignore[attr-defined] # any exception carries them
        raise
    finally:
        module.is_over = True
        namespace.pop(guarded_source.PASS_OVER, None)  # the others, functions of the module may still ask for
    return module


class Finder:
    """Finds the modules of a project that declare something, and has them run by `run`.

    Others are imported as ever, from their compiled files: those that neither speak of remit nor declare anything with
    an app that they import.
    """

    def __init__(self, folder: Path, told: Told) -> None:
        self.folder = folder
        self.told = told
        self.failed: dict[str, BaseException] = {}
        """By name, the modules that failed: who imports one again gets the same exception, and nothing runs twice."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a module that declares something; None for any other."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not spec.origin:
            return None
        if not is_users_file(spec.origin, self.folder):
            return None
        if re.search(_DECLARES, spec.loader.get_data(spec.origin)) is None:
            return None
        spec.loader = _Loader(name, spec.origin, self)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, finder: Finder) -> None:
        super().__init__(name, path)
        self.finder = finder

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, once."""
        failure = self.finder.failed.get(module.__name__)
        if failure is not None:
            raise failure
        try:
            self._execute(module)
        except STOPS:
            raise
        except BaseException as error:
            self.finder.failed[module.__name__] = error
            state = current_load.current()
            if state is not None:
                state.lost_names.add("")
            raise

    def _execute(self, module: ModuleType) -> None:
        """Run the module. What is wrong with it is noted, and no exception, unless the project tries the import."""
        source, told, state = self.get_data(self.path), self.finder.told, current_load.current()
        if state is None or is_tried(self.finder.folder, is_in_function=True):
            run(source, self.path, module.__dict__, told)
            return
        executed = _executed(source, self.path, module.__dict__, told)
        if executed.first is not None:
            state.mistakes.errors += executed.mistakes
            others = {"*"} if executed.may_lack_others else set()
            state.missing_names[module.__name__] = executed.missing | others
