"""The modules of a project: each runs once, also where it ends with an exception and another one imports it again."""

from __future__ import annotations

import os
import time
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Final

from remit.project.current_load import is_users_file
from remit.project.process_end import ProcessEndError
from remit.project.time_limit import LoadTooLongError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

STOPS: Final = (KeyboardInterrupt, GeneratorExit, LoadTooLongError, ProcessEndError)
"""What ends a load as a whole."""
_SETTLED: Final = 2.0  # seconds: by its time in whole seconds Python tells a changed file from the compiled one


class ModuleFinder:
    """Finds the modules of a project. Who imports one again that ended gets the exception that it ended with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ended: dict[str, BaseException] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a module of the project; None for any other."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not spec.origin:
            return None
        if not is_users_file(spec.origin, self.folder):
            return None
        spec.loader = _Loader(name, spec.origin, self.ended)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, ended: dict[str, BaseException]) -> None:
        super().__init__(name, path)
        self.ended = ended

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, once."""
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
