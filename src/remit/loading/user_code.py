"""Run a project's own code, its configuration and app module: a failure is told at the user's own line.

These are the only files of a project that are executed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Final

from remit.errors import Origin, RemitError
from remit.judge.judgement import exception_text, last_user_line
from remit.project import plain_files
from remit.project.current_load import STOPS, Loading, is_users_file, relative
from remit.project.settings import judged, may_be_among
from remit.source import python_file
from remit.source.late_reads import check_late_reads
from remit.source.layout import module_file, roots


def run_configuration(state: Loading) -> None:
    """Run config/deploy.py, then the stage's own file. Either may be absent.

    A mistake in one of them is noted, and the other one runs all the same.
    """
    for path in (
        state.folder / "config" / "deploy.py",
        state.folder / "config" / "deploy" / f"{state.stage}.py",
    ):
        state.ended[str(path)] = None
        with state.mistakes.noted():
            source = plain_files.content(path)
            del state.ended[str(path)]
            if source is not None:
                with user_code(state, path):
                    # `dont_inherit`: the `from __future__` of this file is not the project's.
                    namespace = {"__name__": f"config.{path.stem}", "__file__": str(path)}
                    exec(compile(source, str(path), "exec", dont_inherit=True), namespace)  # noqa: S102 - the project's
                check_late_reads(source, str(path), functions=True)


def import_shared(state: Loading) -> None:
    """Import the modules of shared/resources/, in the order of their names; what is wrong in one is noted."""
    folder = state.folder / "shared" / "resources"
    for path in sorted(folder.glob("*.py")):
        if path.stem != "__init__":
            with state.mistakes.noted(), user_code(state, path):
                importlib.import_module(f"shared.resources.{path.stem}")


def import_app(state: Loading) -> None:
    """Import the app module, whose decorators declare the functions.

    RemitError (2): there is none, or its code failed. That it is absent is not told where the configuration is absent,
    too, or the line that names the module may have failed.
    """
    settings = judged(state.config)
    name = settings.config.app
    path = module_file(state.folder, name)
    if path is None:
        for root in roots(state.folder):
            plain_files.content(root.joinpath(*name.split(".")).with_suffix(".py"))
        if not state.is_configured or may_be_among(settings.failed, ("app",)):
            return
        file = f"{name.replace('.', '/')}.py"
        raise RemitError(
            f"there is no app module in {state.folder_name!r}: neither `{file}` nor a package of that name",
            hint="`remit init NAME` makes a project; `config.app` names another module",
            origin=settings.config.assigned["app"][1].origin if "app" in settings.config.assigned else None,
        )
    with user_code(state, path):
        importlib.import_module(name)
    check_late_reads(path.read_bytes(), str(path), functions=False)


_OWN: Final = frozenset({"app", "config", "shared", "shared.resources"})
"""Names that are a project's own, whatever modules of other folders have them."""
_NEVER: Final = frozenset({"remit", "__main__"})


@contextlib.contextmanager
def importing(state: Loading) -> Iterator[None]:
    """Put the project's folder first on the path, and forget its modules afterwards, so that it can load again.

    What was read of their source is forgotten before: the files may change between two loads of one process.
    """
    root = state.folder
    added = [str(place) for place in roots(root)]
    sys.path[:0] = added
    finder = ModuleFinder(root)
    sys.meta_path.insert(0, finder)
    importlib.invalidate_caches()  # Python keeps the listing of a folder, which may have new files since the last load
    python_file.forget()
    before = set(sys.modules)
    # What a test has imported of the project by now would declare nothing to this load.
    names = _OWN.intersection(sys.modules).union(_inside(root, sys.modules))
    shadowed: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in sorted(names)}
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for place in added:
            sys.path.remove(place)
        for name in _inside(root, [name for name in sys.modules if name not in before]):
            del sys.modules[name]
        for place in tuple(sys.path_importer_cache):  # which every further load would look at
            if f"{place}{os.sep}".startswith(f"{root}{os.sep}"):
                del sys.path_importer_cache[place]
        sys.modules.update(shadowed)  # in the place of their namesakes that this load has imported


def _inside(root: Path, modules: Iterable[str]) -> list[str]:
    """Those of the modules that come from the project's own folder, in order; remit never does, wherever it lies."""
    folder = f"{root}{os.sep}"
    names = []
    for name in tuple(modules):  # thousands, where a project's tests run
        module = sys.modules[name]
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            if not file.startswith(folder):
                continue
            places = [file]
        else:
            places = [str(place) for place in getattr(module, "__path__", ())]
        is_own = any(place.startswith(folder) and "site-packages" not in place for place in places)
        if is_own and name.partition(".")[0] not in _NEVER:
            names.append(name)
    return names


@contextlib.contextmanager
def user_code(state: Loading, path: Path) -> Iterator[None]:
    """Turn an exception that ends a module of the user's into an error at its line, once; its output is talk.

    A second module that the same exception ends says nothing. A process that the code has forked ends here, with status
    0.
    """
    process = os.getpid()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except STOPS:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
        is_told = any(error is earlier for earlier in state.ended.values())  # a module that both import ended
        state.ended[str(path)] = error
        if not is_told:
            raise mistake(state, error, str(path)) from None
    finally:
        if os.getpid() != process:  # the code forked, and this is not the process that loads
            os._exit(0)


def mistake(state: Loading, error: BaseException, file: str) -> RemitError:
    """Return an exception of a file's code as a RemitError at the user's last line.

    One that is a RemitError stays itself, and gets that line where it has none.
    """
    name = Path(file).relative_to(state.folder).as_posix() if Path(file).is_absolute() else file
    if isinstance(error, RemitError):
        origin = error.origin or last_user_line(state.folder, error, file)
        for part in error.all:
            part.origin = part.origin or origin
        return error
    if isinstance(error, SyntaxError):
        at = Origin(error.filename or file, max(error.lineno or 0, 0), max(error.offset or 0, 0))
        shown = relative(at, state.folder) or at
        return RemitError(f"{shown.file} is not valid Python: {error.msg}", origin=at)
    at = last_user_line(state.folder, error, file)
    if isinstance(error, SystemExit):
        return RemitError(f"{name} ended the program (exit {error.code})", origin=at)
    from remit.loading.exception_advice import advice  # noqa: PLC0415 - only when something failed

    hint = advice(error, state)
    return RemitError(f"{name} raised {type(error).__name__}: {exception_text(error)}", hint=hint, origin=at)


_SETTLED: Final = 2.0  # seconds: by its time in whole seconds Python tells a changed file from the compiled one


@dataclass(eq=False)
class ModuleFinder:
    """Finds the modules of a project. Who imports one again that ended gets the exception that it ended with."""

    folder: Path
    ended: dict[str, BaseException] = field(default_factory=dict)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a module of the project; None for any other."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not spec.origin:
            return None
        if not is_users_file(spec.origin, self.folder):
            return None
        spec.loader = _Loader(name, spec.origin)
        spec.loader.ended = self.ended
        return spec


class _Loader(SourceFileLoader):
    """Loads a module of the project, once."""

    ended: dict[str, BaseException]

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; one that an exception ended is not run again, and raises the same one."""
        if module.__name__ in self.ended:
            raise self.ended[module.__name__]
        try:
            super().exec_module(module)
        except STOPS:
            raise
        except BaseException as error:
            self.ended[module.__name__] = error
            raise

    def set_data(self, path: str, data: bytes, *, _mode: int = 0o666) -> None:  # type: ignore[override] # as its base
        """Keep a compiled file, unless its source may change again within the same second."""
        if time.time() - os.stat(self.path).st_mtime > _SETTLED:  # noqa: PTH116 - the path is a text
            super().set_data(path, data, _mode=_mode)
